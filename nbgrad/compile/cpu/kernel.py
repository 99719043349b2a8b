"""kernel: a function that is compiled when it is called with arrays of dtypes that it has not met."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from nbgrad.compile.cache import compile_kernel
from nbgrad.compile.cpu.dialect import CpuDialect
from nbgrad.compile.kinds import Elements
from nbgrad.compile.syntax import prepared

_RESULTS = {"nothing": None, "bool": bool, "int": int, "float": float}
_SCALARS = {"int": int, "float": float, "bool": bool}
_DIALECT = CpuDialect()


class Kernel(dict[Any, Callable[..., Any]]):
    """A function for arrays of any dtypes, and the kernels that were compiled of it.

    Parameters are annotated: int, float, bool or a NumPy scalar type; Array[T] is an array, of the same dtype
    as all others that are Array[T]; Array[np.int64] has a dtype of its own. What stands after a * is fixed
    when it is compiled. The GIL is given up for the time of a call if the arrays are large.

        kernel[dtype, True](out, x, n)    # the kernel for T and the fixed parameter, called
        kernel(out, x, n, affine=True)    # the same, a little slower, by the dtype of the arrays
    """

    __hash__ = object.__hash__            # type: ignore[assignment]

    def __init__(self, function: FunctionType, exact: bool) -> None:
        self.function, self.exact = function, exact
        self.parameters = _parameters(function)
        code = function.__code__
        self.fixed = code.co_varnames[code.co_argcount:code.co_argcount + code.co_kwonlyargcount]
        spelled = [kind[1] for kind in self.parameters.values() if kind[0] == "Array"]
        self.variables = [name for name in dict.fromkeys(spelled) if not name.startswith("np.")]
        self.places = [list(self.parameters.values()).index(("Array", name)) for name in self.variables]

    def __call__(self, *args: Any, **fixed: Any) -> Any:
        key = (*[args[i].dtype for i in self.places], *[fixed[name] for name in self.fixed])
        return self[key if len(key) > 1 else key[0]](*args)

    def __missing__(self, key: Any) -> Callable[..., Any]:
        known = key if type(key) is tuple else (key,)
        count = len(self.variables)
        fixed = dict(zip(self.fixed, known[count:], strict=True))
        made = self[key] = self._compiled(known[:count], fixed)
        return made

    def _compiled(self, dtypes: Sequence[np.dtype], fixed: dict[str, Any]) -> Callable[..., Any]:
        found = dict(zip(self.variables, dtypes, strict=True))
        kinds: list[Any] = []
        arguments: list[Any] = []
        for sort, name in self.parameters.values():
            if sort == "Array":
                dtype = found[name] if name in found else np.dtype(getattr(np, name[3:]))
                kinds.append(Elements(dtype.name))
                arguments.append(dtype)
            else:
                kinds.append(name.removeprefix("np."))
                arguments.append(_SCALARS.get(name) or getattr(np, name.removeprefix("np.")))
        made = prepared(self.function, kinds, fixed, _DIALECT, f"inline_{self.function.__name__}")
        name = f"k_{self.function.__name__}"
        text = f"{made.text}\n{self._entry(name, made)}"
        return compile_kernel(name, text, arguments, _RESULTS[made.result], self.exact)

    def _entry(self, name: str, made: Any) -> str:
        """The function that Python calls."""
        given = ", ".join(self.parameters)
        sizes = " + ".join([f"size({x})" for x, (sort, _) in self.parameters.items() if sort == "Array"])
        call = f"{made.name}({given})"
        lines = [f"def {name}({given}):", f"    token = unlock({sizes})",
                 f"    {'' if made.result == 'nothing' else 'result = '}{call}", "    lock(token)"]
        return "\n".join([*lines, *([] if made.result == "nothing" else ["    return result"])])


def _parameters(function: FunctionType) -> dict[str, tuple[str, str]]:
    """Name -> ("Array", its dtype) or ("", its type), of the parameters that are given by place."""
    code, found = function.__code__, {}
    for name in code.co_varnames[:code.co_argcount]:
        text = function.__annotations__[name]
        sort, _, inner = text.partition("[")
        found[name] = ("Array", inner[:-1]) if sort == "Array" else ("", text)
    return found


def kernel(function: Any = None, *, exact: bool = False) -> Any:
    """A Kernel of a function. exact: see cache.compile_kernel."""
    return Kernel(function, exact) if function is not None else lambda function: Kernel(function, exact)
