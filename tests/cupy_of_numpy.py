"""NumPy in the place of CuPy, as far as nbgrad calls it, on the memory of Numba's simulator."""

import contextlib
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import scipy.linalg

CALLED = set()


def counted(function):
    def run(*args, **options):
        CALLED.add(function.__name__)
        return function(*args, **options)

    return run


def install():
    """Make `import cupy` and `import cupyx` find this."""
    cupy, cupyx, linalg = [ModuleType(name) for name in ("cupy", "cupyx", "cupyx.scipy.linalg")]
    for name in ("abs", "argmax", "broadcast_to", "expand_dims", "isfinite", "take_along_axis", "tril",
                 "triu", "where"):
        setattr(cupy, name, getattr(np, name))
    cupy.asarray = lambda flat: flat._ary
    cupy.lib, cupy.matmul = np.lib, counted(np.matmul)
    cupy.linalg = SimpleNamespace(**{name: counted(getattr(np.linalg, name))
                                     for name in ("solve", "inv", "slogdet", "cholesky", "eigh")})
    cupy.cuda = SimpleNamespace(ExternalStream=contextlib.nullcontext)
    cupyx.errstate = lambda linalg: contextlib.nullcontext()
    linalg.solve_triangular = counted(scipy.linalg.solve_triangular)
    sys.modules.update({"cupy": cupy, "cupyx": cupyx, "cupyx.scipy": ModuleType("cupyx.scipy"),
                        "cupyx.scipy.linalg": linalg})
