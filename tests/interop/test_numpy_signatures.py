"""NumPy's functions on Tensors, called in every way that their signatures allow, give NumPy's answers.

The functions are those that Tensors answer to, found by asking them; the calls are drawn from the signatures
that NumPy tells of itself: each option alone and in pairs, by name and by place. What a call gives is
compared with what NumPy gives for arrays: value, dtype and shape; and its gradient with differences of
NumPy's values.
What is refused is listed here, and its message names the function and the argument.
"""

import inspect
import itertools
import re
import warnings
import zlib
from collections import Counter
from contextlib import nullcontext

import numpy as np
import pytest
import scipy.special

import nbgrad as nb
from nbgrad import errors, families
from nbgrad.compile import tiers
from nbgrad.define.registry import OPS
from nbgrad.engine.tree import flatten, map_leaves
from nbgrad.interop import numpy_functions
from nbgrad.interop.numpy_functions import Functions, called
from nbgrad.interop.numpy_spellings import METHODS

FOUND = Functions(nb)
# whose protocol no argument of these goes through
NOT_OF_ARRAYS = frozenset()
COUNTS = Counter()
ROUNDS, PAIRS = 8, 2                          # calls with one option or none, and with two
UNSET = inspect.Parameter.empty


def members(module):
    return {id(f): f for name in sorted(dir(module)) if not name.startswith("_")
            and callable(f := getattr(module, name)) and not isinstance(f, type)}.values()


ALL = {called(f): f for module in (np, np.linalg, np.fft, scipy.special) for f in members(module)
       if isinstance(f, np.ufunc) or hasattr(f, "_implementation")}
KNOWN = {name: f for name, f in ALL.items() if FOUND.known(f) is not None}
PLAIN = {name: f for name, f in KNOWN.items() if not isinstance(f, np.ufunc)}
# Special functions are called in one way: some stand for all, whose values tests/ops compares.
SPECIAL = ("scipy.special.gammaln", "scipy.special.xlogy", "scipy.special.betainc")
UFUNCS = {name: f for name, f in KNOWN.items() if isinstance(f, np.ufunc)
          and (name in SPECIAL or not getattr(FOUND.known(f), "name", "").startswith("special."))}

# ------------------------------------------------------------------------------------- what is not done
# Options that are refused unless they are NumPy's default, of all functions and of some.
NEVER = {"out", "order", "subok", "device", "like"}
REFUSED = {
    "numpy.median": {"overwrite_input"}, "numpy.nanmedian": {"overwrite_input"},
    **{f"numpy.{name}": {"overwrite_input", "weights"} for name in (
        "quantile", "percentile", "nanquantile", "nanpercentile")},
    "numpy.take": {"mode"}, "numpy.reshape": {"copy"},
    "numpy.linalg.svd": {"hermitian"},
    "numpy.pad": {"stat_length", "end_values", "reflect_type"}, "numpy.clip": {"where", "casting", "dtype"},
    "numpy.einsum": {"dtype", "casting"}, "numpy.logical_and.reduce": {"initial", "dtype"},
    "numpy.logical_or.reduce": {"initial", "dtype"},
}
OF_UFUNCS = {"where", "casting", "dtype", "signature", "axes", "axis", "keepdims"}
# Calls that NumPy answers and a Tensor does not, by the error: (function, message).
LIMITS = [
    (r".*", "a 0-d array has no axes"),                   # NumPy takes axis=0 of some functions there
    (r"scipy\.special\.expit", "not defined for dtypes bool"),
    (r"numpy\.copy", "order='F' asks for a layout"),
    (r"numpy\.roll", "2 shifts need as many axes"),
    (r"numpy\.linalg\.qr", "qr: mode='raw'"),
    (r"numpy\.(nan)?(mean|var|std)", r"^numpy\.\w+: dtype=int\d+ is no floating-point dtype"),
    (r"numpy\.(nan)?(quantile|percentile)", "method='weibull' is not one of"),
    (r"numpy\.pad", "mode='(linear_ramp|maximum|mean|median|minimum|empty)'"),
]


# --------------------------------------------------------------------------------- arguments by their names
class Draw:
    """Random arguments of one call.

    x : the first array. other : the dtype that is drawn beside float64. apart : whether elements of float64
    lie apart in some calls. Both depend on the function: each is a kernel more to compile.
    """

    def __init__(self, name, rng):
        self.name, self.rng, self.x, self.given = name, rng, None, {}
        seed = zlib.crc32(name.encode())
        self.other, self.apart = ("f4", "i8", "?", "i4")[seed % 4], seed % 3 == 0

    def pick(self, *choices):
        return choices[self.rng.integers(len(choices))]

    def array(self, shape, dtype=None):
        dtype = dtype or self.pick("f8", "f8", "f8", "f8", self.other)
        x = self.rng.normal(size=shape)
        x = x > 0 if dtype == "?" else (x * 3).round() if dtype[0] == "i" else x
        return self.laid(np.asarray(x, dtype))

    def laid(self, x):
        """x, contiguous, or with gaps and backwards, or in the order of columns."""
        how = self.rng.integers(4) if x.ndim and x.dtype == "f8" and self.apart else 0
        if how == 1:
            big = np.zeros([2 * n for n in x.shape], x.dtype)
            view = big[tuple([slice(None, None, -2)] * x.ndim)]
            view[...] = x
            return view
        return x.copy("F") if how == 2 else x

    def first(self, *shapes, dtype=None):
        shapes = shapes or ((), (3,), (4,), (2, 3), (3, 2), (2, 3, 4), (0, 3))
        self.x = self.array(self.pick(*shapes), dtype)
        return self.x

    def with_nan(self, x):
        """x with one nan in it, or with several, or none."""
        if x.dtype.kind == "f" and x.size:
            x[self.rng.random(x.shape) < self.pick(0, 1, 0.4)] = np.nan
            x[tuple([self.rng.integers(n) for n in x.shape])] = np.nan
        return x

    def axis(self):
        return int(self.rng.integers(-self.x.ndim, self.x.ndim)) if self.x.ndim else self.pick(0, -1)

    def axes(self):
        if self.x.ndim > 1 and self.rng.random() < 0.4:
            return tuple(self.rng.permutation(self.x.ndim)[:2].tolist())
        return self.pick(None, self.axis(), self.axis(), (), (self.axis(),), np.int64(self.axis()))

    def mask(self):
        """Booleans that broadcast to x."""
        shape = self.pick(self.x.shape, self.x.shape[-1:], (1,) * self.x.ndim)
        return self.pick(True, self.array(shape, "?"))

    def number(self):
        return self.pick(0, 1, -1.5, 2.5, np.float32(0.5))

    def matrices(self):
        n = self.pick(1, 2, 3)
        self.x = self.array((*self.pick((), (), (2,)), n, n), self.pick("f8", "f8", "f4"))
        self.x = self.laid((self.x + 4 * np.eye(n)).astype(self.x.dtype))
        return self.x

    def definite(self):
        x = self.matrices()
        self.x = (x @ x.mT / 4 + np.triu(x, 1)).astype(x.dtype)
        if self.name == "numpy.linalg.cholesky" and self.given.get("upper"):
            self.x = np.ascontiguousarray(self.x.mT)
        return self.x

    def alike(self):
        """One to three arrays that fit together."""
        shape = self.pick((3,), (2, 3), (0, 2), (2, 1, 2))
        self.x = self.array(shape)
        return [self.x, *[self.array(shape) for _ in range(self.rng.integers(3))]]

    def pair(self):
        """A second operand of a product with x."""
        whole, last = self.x.shape, self.x.shape[-1:]
        shapes = {"numpy.dot": (last, (*last, 2)), "numpy.kron": ((2,), (2, 1, 2), ()),
                  "numpy.inner": (last, (2, *last)), "numpy.outer": ((2,), (2, 2)),
                  "numpy.linalg.outer": ((2,),), "numpy.linalg.vecdot": (whole, last),
                  "numpy.linalg.matmul": ((*last, 2), (2, *last, 1)), "numpy.vdot": (whole,)}
        return self.array(self.pick(*shapes.get(self.name, (whole, last))))

    def chain(self):
        """Two to four matrices or vectors whose product there is."""
        self.x = self.array(self.pick((2, 3), (3,)), "f8")
        return [self.x, *[self.array((3, 3), "f8") for _ in range(self.rng.integers(3))],
                self.array(self.pick((3, 4), (3,)), "f8")]

    def contracted(self):
        if self.x.ndim < 2:
            return self.pick(0, 1, ([0], [0]), (0, 0))
        return self.pick(2, 0, ([0, 1], [0, 1]), ((1, 0), (1, 0)), (0, 0), [[-1], [-1]])

    def sizes(self):
        n = self.x.size
        return self.pick((n,), n, (-1,), -1, (1, n), (n, 1, 1), *([(2, -1)] if n and n % 2 == 0 else []))

    def wider(self):
        return self.pick(self.x.shape, (2, *self.x.shape), *([4] if self.x.shape in ((), (1,)) else []))

    def places(self):
        axis, n = self.given.get("axis"), self.x.size
        n = n if axis is None else self.x.shape[axis] if self.x.ndim else 1
        return self.rng.integers(-n, n, self.pick((), (2,), (2, 1))) if n else np.zeros(0, int)

    def places_along(self):
        axis = self.given.get("axis", -1)
        if axis is None:
            return self.rng.integers(0, self.x.size, 4)
        shape = list(self.x.shape)
        shape[axis] = 2
        return self.rng.integers(-self.x.shape[axis], self.x.shape[axis], shape)

    def widths(self):
        return self.pick(0, 1, 2, (1, 2), [[1, 2]], *([[(1, k) for k in range(self.x.ndim)]]))

    def subscripts(self):
        a, b, c = self.array((2, 3)), self.array((3, 2)), self.array((2, 2))
        self.x = a
        return self.pick(("ij,jk", a, b), ("ij,jk->k", a, b), ("ij,jk,kl->il", a, b, c), ("ii->i", c),
                         ("...j->...", a), (a, [0, 1], b, [1, 2]), (a, [0, 1], b, [1, 2], [2, 0]),
                         (a, [3, ...], [...]), ("i...,...i", a, b), (c, [30, 1], a, [1, 2]))

    def weights(self):
        axis = self.given.get("axis")
        shapes = [self.x.shape]
        if isinstance(axis, (int, np.integer)) and self.x.ndim:
            shapes.append((self.x.shape[axis],))
        elif isinstance(axis, tuple) and axis:
            shapes.append(tuple(self.x.shape[a] for a in axis))
        return np.abs(self.array(self.pick(*shapes), self.pick("f8", "f4", "i8"))) + 1

    def means(self):
        axis = self.given.get("axis") if self.x.ndim else None
        with warnings.catch_warnings(action="ignore"):    # of nothing
            return np.mean(self.x, axis, keepdims=True, where=self.given.get("where", True))

    def sections(self):
        n = self.x.shape[self.given.get("axis", 0)] if self.x.ndim else 1
        return self.pick(1, n or 2, [1], (0, 2), [1, -1], np.array([1, 5]))

    def observations(self):
        return self.x.shape[-1 if self.given.get("rowvar", True) or self.x.ndim == 1 else 0]

    def dtype(self):
        return self.pick("f8", "f4", np.float32, float, np.dtype("f8"), None, "i8", int, "i4")


MATRIX = {"numpy.linalg.cholesky", "numpy.linalg.eigh", "numpy.linalg.eigvalsh"}
SQUARE = {"numpy.linalg.det", "numpy.linalg.inv", "numpy.linalg.slogdet", "numpy.linalg.solve",
          "numpy.linalg.matrix_power", "numpy.linalg.cond"}
COMPOSITES = {"numpy.average", "numpy.std", "numpy.var", "numpy.cross", "numpy.vdot",
              "numpy.poly", "numpy.polyfit", "numpy.polyint", "numpy.polydiv",
              "numpy.polyadd", "numpy.polysub", "numpy.polymul", "numpy.polyder",
              *[f"numpy.linalg.{name}" for name in (
                  "cond", "cross", "diagonal", "lstsq", "matrix_rank", "multi_dot", "pinv", "qr", "tensorinv",
                  "tensorsolve", "trace")]}
FILLED = {"numpy.max", "numpy.min", "numpy.amax", "numpy.amin", "numpy.argmax", "numpy.argmin",
          "numpy.nanmax", "numpy.nanmin", "numpy.ptp", "numpy.median", "numpy.nanmedian", "numpy.quantile",
          "numpy.nanquantile", "numpy.percentile", "numpy.nanpercentile"}


def main(d):
    """The first array of a call."""
    if d.name in ("numpy.nanvar", "numpy.nanstd"):    # in float32 NumPy rounds deviations whatever dtype is
        return d.with_nan(d.first(dtype="f8"))
    if d.name.startswith("numpy.nan"):
        return d.with_nan(plain_main(d))
    return plain_main(d)


def plain_main(d):
    if d.name in MATRIX:
        return d.definite()
    if d.name in SQUARE:
        return d.matrices()
    if d.name in FILLED:
        return d.first((), (3,), (2, 3), (2, 3, 4), (2, 0))
    if d.name in ("numpy.cross", "numpy.linalg.cross"):
        return d.first((3,), (3, 3), (2, 3, 3), dtype="f8")
    if d.name in ("numpy.linalg.diagonal", "numpy.linalg.trace"):
        return d.first((2, 3), (2, 2, 3), (0, 2))
    if d.name in ("numpy.diagonal", "numpy.trace", "numpy.tril", "numpy.triu", "numpy.matrix_transpose",
                  "numpy.linalg.matrix_transpose"):
        return d.first((2, 3), (3, 3), (2, 3, 4), (0, 2))
    if d.name in ("numpy.linalg.svd", "numpy.linalg.svdvals", "numpy.linalg.matrix_norm"):
        return d.first((2, 3), (3, 3), (2, 3, 2))
    if d.name in ("numpy.linalg.pinv", "numpy.linalg.matrix_rank", "numpy.linalg.qr"):
        return d.first((3, 2), (3, 3), (2, 2, 2)) if not d.given.get("hermitian") else d.definite()
    if d.name in ("numpy.linalg.tensorsolve", "numpy.linalg.tensorinv"):
        return d.first((2, 2, 2, 2), dtype="f8")
    if d.name == "numpy.linalg.lstsq":
        return d.first((4, 2), (3, 3), dtype="f8")
    if d.name == "numpy.polyfit":
        return d.first((5,), dtype="f8")
    if d.name == "numpy.pad":
        return d.first((3,), (2, 3), (0, 3))
    if d.name in ("numpy.cov", "numpy.corrcoef"):
        return d.first((4,), (2, 4), (4, 3))
    if d.name in ("numpy.vander", "numpy.polyval") or d.name.startswith("numpy.poly"):
        return d.first((3,), (4,))
    if d.name in ("numpy.fliplr", "numpy.rot90", "numpy.rollaxis"):
        return d.first((2, 3), (2, 3, 4))
    if d.name in ("numpy.hsplit", "numpy.vsplit", "numpy.dsplit"):
        return d.first((2, 2, 2), (2, 2), dtype="f8")
    if d.name == "numpy.trapezoid":
        return d.first((4,), (2, 4), (4, 4))
    if d.name in ("numpy.convolve", "numpy.correlate"):
        return d.first((3,), (4,))
    if d.name in ("numpy.diag", "numpy.linalg.norm", "numpy.linalg.vector_norm"):
        return d.first((3,), (2, 3), (3, 2))
    if d.name in ("numpy.linalg.vecdot", "numpy.linalg.matmul", "numpy.dot", "numpy.inner",
                  "numpy.take_along_axis"):
        return d.first((3,), (2, 3), (2, 2, 3))
    if d.name == "numpy.linalg.outer":
        return d.first((3,))
    if d.name == "numpy.argsort":                     # which of equal ones comes first is not said
        return d.first(dtype=d.pick("f8", "f4"))
    if d.name == "numpy.searchsorted":
        d.x = np.sort(d.array((5,)))
        return d.x
    if d.name == "numpy.squeeze":
        return d.first((1,), (1, 3), (2, 1, 1), ())
    return d.first()


# How an argument is drawn, by its name, or by its function's and its own where they differ. An argument of
# NumPy's that is missing here fails the test.
VALUES = {
    **dict.fromkeys(["a", "x", "m", "v", "arr", "ary", "A", "array", "prototype", "element", "start", "x1"],
                    main),
    "arrays": Draw.alike, "tup": Draw.alike, "operands": Draw.subscripts,
    **dict.fromkeys(["b", "x2"], Draw.pair),
    "numpy.linalg.solve b": lambda d: d.array(d.pick(d.x.shape[-1:], (*d.x.shape[-1:], 2)), "f8"),
    "stop": lambda d: d.array(d.x.shape), "test_elements": lambda d: d.array((3,)),
    "numpy.searchsorted v": lambda d: d.array(d.pick((), (2, 3))),
    "sorter": lambda d: np.argsort(d.x), "condition": lambda d: d.first(dtype="?"),
    "numpy.where x": lambda d: d.array(d.x.shape),
    "numpy.where y": lambda d: d.pick(d.array(d.x.shape), 0, 1.5),
    "axis": Draw.axes, "axes": lambda d: d.pick(None, tuple(d.rng.permutation(d.x.ndim).tolist())),
    "numpy.tensordot axes": Draw.contracted, "numpy.linalg.tensordot axes": Draw.contracted,
    "axis1": Draw.axis, "axis2": Draw.axis, "source": Draw.axis, "destination": Draw.axis,
    "keepdims": lambda d: d.pick(True, False), "dtype": Draw.dtype, "where": Draw.mask,
    "initial": Draw.number, "out": lambda d: None, "order": lambda d: d.pick("C", "F", "A", "K"),
    "subok": lambda d: d.pick(True, False),
    "device": lambda d: d.pick(None, "cpu"), "copy": lambda d: d.pick(True, False),
    "ddof": lambda d: d.pick(0, 1, 0.5), "correction": lambda d: d.pick(0, 1, 0.5), "mean": Draw.means,
    "rtol": lambda d: d.pick(0.5, 1e-3), "atol": lambda d: d.pick(0.5, 0.0),
    "equal_nan": lambda d: d.pick(True, False), "kind": lambda d: d.pick("stable", "quicksort", None),
    "numpy.isin kind": lambda d: d.pick("sort", None), "stable": lambda d: d.pick(True, False, None),
    "numpy.sort order": lambda d: None, "numpy.argsort order": lambda d: None,
    "decimals": lambda d: d.pick(0, 1, 2, -1), "returned": lambda d: d.pick(True, False),
    "weights": Draw.weights, "shape": Draw.sizes, "numpy.broadcast_to shape": Draw.wider,
    **{f"numpy.{kind}_like shape": lambda d: d.pick((2,), 3, (), None)
       for kind in ("zeros", "ones", "empty", "full")},
    "numpy.astype dtype": lambda d: d.pick("f8", "f4", "i8", "?"),
    "a_min": lambda d: d.pick(-0.5, None, d.array(d.x.shape[-1:], "f8")),
    "a_max": lambda d: d.pick(0.5, None, d.array(d.x.shape[-1:], "f4")),
    "min": lambda d: d.pick(-0.5, 0, None), "max": lambda d: d.pick(0.5, 1, None),
    "numpy.clip kwargs": lambda d: d.pick({"dtype": "f8"}, {"casting": "same_kind"}, {"where": True}),
    "casting": lambda d: d.pick("same_kind", "safe", "unsafe", "no"),
    "include_initial": lambda d: d.pick(True, False), "k": lambda d: d.pick(-1, 0, 1, 5),
    "offset": lambda d: d.pick(-1, 0, 1, 5), "n": lambda d: d.pick(0, 1, 2), "prepend": Draw.number,
    "numpy.linalg.matrix_power n": lambda d: d.pick(-1, 0, 1, 3),
    "append": Draw.number, "optimize": lambda d: d.pick(True, False, "greedy", "optimal"),
    "numpy.einsum kwargs": lambda d: d.pick({"dtype": "f8"}, {"casting": "safe"}, {"order": "K"}, {}),
    "fill_value": Draw.number, "assume_unique": lambda d: d.pick(False, True),
    "invert": lambda d: d.pick(True, False),
    "num": lambda d: d.pick(0, 1, 2, 5), "endpoint": lambda d: d.pick(True, False),
    "retstep": lambda d: d.pick(True, False), "pad_width": Draw.widths,
    "numpy.linspace axis": lambda d: d.pick(0, -1),
    "mode": lambda d: d.pick("constant", "edge", "reflect", "symmetric", "wrap", "mean", "linear_ramp"),
    "numpy.take mode": lambda d: d.pick("raise", "wrap", "clip"),
    "numpy.pad kwargs": lambda d: d.pick({"constant_values": 2.5}, {"constant_values": (1, 2)},
                                         {"stat_length": 1}, {"reflect_type": "odd"}, {"end_values": 1}),
    "repeats": lambda d: d.pick(0, 2, [3], np.arange(3)), "shift": lambda d: d.pick(1, -2, (1, 2), 0),
    "side": lambda d: d.pick("left", "right"), "indices_or_sections": Draw.sections, "indices": Draw.places,
    "numpy.take_along_axis indices": Draw.places_along,
    "reps": lambda d: d.pick(2, (2, 1), (0,), (2, 1, 1, 2), np.array([1, 2])),
    "upper": lambda d: d.pick(True, False), "UPLO": lambda d: d.pick("L", "U", "l", "u"),
    "numpy.linalg.vector_norm ord": lambda d: d.pick(1, 2, np.inf, -np.inf, 3, 0),
    "ord": lambda d: d.pick(None, 1, 2, np.inf, -np.inf, "fro", 3, -1),
    "full_matrices": lambda d: d.pick(True, False), "compute_uv": lambda d: d.pick(True, False),
    "hermitian": lambda d: d.pick(True, False),
    **{f"numpy.{name} axis": lambda d: d.pick(None, d.axis()) for name in (
        "argmax", "argmin", "cumsum", "cumprod", "nancumsum", "nancumprod", "cumulative_sum",
        "cumulative_prod", "sort", "argsort", "repeat", "take", "take_along_axis")},
    **{f"numpy.{name} axis": Draw.axis for name in ("diff", "split", "concatenate", "stack", "expand_dims")},
    "numpy.linalg.vecdot axis": Draw.axis,
    **{f"numpy.{name} q": lambda d: d.pick(0.3, 0, [0.2, 0.7], d.rng.random(3), np.float32(0.5))
       for name in ("quantile", "nanquantile")},
    **{f"numpy.{name} q": lambda d: d.pick(30.0, 0, [20, 70], 100 * d.rng.random(3))
       for name in ("percentile", "nanpercentile")},
    "overwrite_input": lambda d: d.pick(True, False),
    "method": lambda d: d.pick("linear", "lower", "higher", "midpoint", "nearest", "weibull"),
    "numpy.cov y": lambda d: d.array(d.x.shape), "numpy.corrcoef y": lambda d: d.array(d.x.shape),
    "rowvar": lambda d: d.pick(True, False), "bias": lambda d: d.pick(True, False),
    "fweights": lambda d: d.rng.integers(1, 4, d.observations()),
    "aweights": lambda d: d.rng.random(d.observations()) + 0.1,
    **dict.fromkeys(["y", "f", "ary", "p"], main), "arys": Draw.alike,
    "numpy.rot90 axes": lambda d: d.pick((0, 1), (1, 0), (-1, 0)), "numpy.rollaxis axis": Draw.axis,
    "numpy.array_split axis": Draw.axis,
    "numpy.rollaxis start": lambda d: d.rng.integers(d.x.ndim + 1),
    "numpy.append values": lambda d: d.array(d.x.shape),
    **{f"numpy.{name} axis": lambda d: d.pick(None, d.axis()) for name in ("append", "insert", "delete")},
    "obj": lambda d: d.pick(0, -1, [1, 0], slice(0, 2), [-1]),
    "numpy.insert values": lambda d: d.pick(2.5, d.array(())),
    "new_shape": lambda d: d.pick((2, 3), 4, (0,), (3, 3, 1)), "N": lambda d: d.pick(None, 0, 2, 4),
    "increasing": lambda d: d.pick(True, False), "numpy.block arrays": Draw.alike,
    "condlist": lambda d: [d.first((3,), (2, 3), dtype="?")],
    "choicelist": lambda d: [d.array(d.given["condlist"][0].shape)], "default": Draw.number,
    "numpy.nan_to_num copy": lambda d: True, "nan": Draw.number, "posinf": Draw.number, "neginf": Draw.number,
    "numpy.polyval x": lambda d: d.array((2, 3)),
    "numpy.trapezoid x": lambda d: np.sort(d.array((4,), "f8")),
    "dx": lambda d: d.pick(0.5, 2), "numpy.trapezoid axis": Draw.axis, "numpy.unwrap axis": Draw.axis,
    "varargs": lambda d: d.pick([], [0.5], [np.float64(2.0)]), "edge_order": lambda d: d.pick(1, 2),
    "numpy.gradient axis": lambda d: d.pick(None, d.axis(), (0,)),
    "xp": lambda d: np.sort(d.array((4,), "f8")), "fp": lambda d: d.array((4,), "f8"),
    "left": Draw.number, "right": Draw.number, "numpy.interp period": lambda d: d.pick(None, 2.5, 4),
    "numpy.convolve v": lambda d: d.array(d.pick((2,), (5,))),
    "numpy.correlate v": lambda d: d.array(d.pick((2,), (5,))),
    **{f"numpy.{name} mode": lambda d: d.pick("full", "same", "valid") for name in ("convolve", "correlate")},
    "to_end": lambda d: d.pick(None, 1, 0.5, [1, 2]), "to_begin": lambda d: d.pick(None, 1, 0.5, [1, 2]),
    "numpy.linalg.multi_dot arrays": Draw.chain,
    **dict.fromkeys(["a1", "u", "seq_of_zeros"], main), "a2": lambda d: d.array(d.pick((2,), (4,)), "f8"),
    "numpy.polydiv v": lambda d: d.array(d.pick((2,), (4,)), "f8"), "numpy.polyder m": lambda d: d.pick(0, 2),
    "numpy.polyint m": lambda d: d.pick(0, 2), "numpy.polyint k": lambda d: d.pick(None, 2, 0.5, [1.0, 2.0]),
    **dict.fromkeys(["axisa", "axisb", "axisc"], lambda d: -1),
    **{f"numpy.{name} axis": lambda d: d.pick(-1, d.x.ndim - 1) for name in ("cross", "linalg.cross")},
    **dict.fromkeys(["rcond", "tol", "numpy.linalg.pinv rtol"], lambda d: d.pick(None, 1e-9)),
    "numpy.linalg.qr mode": lambda d: d.pick("reduced", "complete", "r", "raw"),
    "numpy.linalg.cond p": lambda d: d.pick(None, 2, -2, 1, -1, np.inf, -np.inf, "fro", "nuc"),
    "numpy.linalg.lstsq b": lambda d: d.array((*d.x.shape[:1], *d.pick((), (2,))), "f8"),
    "numpy.linalg.tensorsolve b": lambda d: d.array((2, 2), "f8"),
    "numpy.linalg.tensorsolve axes": lambda d: d.pick(None, (0, 1), (2, 0)), "ind": lambda d: 2,
    "numpy.polyfit y": lambda d: d.array(d.pick((5,), (5, 2)), "f8"), "deg": lambda d: d.pick(0, 1, 2),
    "full": lambda d: d.pick(True, False), "w": lambda d: d.rng.random(5) + 1,
    "numpy.polyfit cov": lambda d: d.pick(True, False, "unscaled"),
    "discont": lambda d: d.pick(None, 1.0, 4.0), "period": lambda d: d.pick(4, 2.5, 3),
    **dict.fromkeys(["filt", "ar1", "ar", "ary"], main), "xi": Draw.alike, "keys": Draw.alike,
    "numpy.broadcast_arrays args": Draw.alike,
    "ar2": lambda d: d.array((3,)),
    **{f"numpy.{name} a2": lambda d: d.pick(d.x, d.array(d.x.shape))
       for name in ("array_equal", "array_equiv")},
    **dict.fromkeys(["val", "numpy.angle z"], main), "numpy.angle deg": lambda d: d.pick(True, False),
    "minlength": lambda d: d.pick(0, 7),
    "numpy.digitize right": lambda d: d.pick(True, False),
    "numpy.histogram a": lambda d: d.first((4,), (2, 3)),
    "numpy.histogram_bin_edges a": lambda d: d.first((4,), (2, 3)),
    "bins": lambda d: d.pick(3, np.array([-1.0, 0.0, 0.5, 2.0])), "range": lambda d: d.pick(None, (-1, 1)),
    "density": lambda d: d.pick(None, True, False), "sample": lambda d: d.first((5, 2), (4, 3), dtype="f8"),
    "numpy.digitize bins": lambda d: np.array([-1.0, 0.0, 0.5, 2.0])[::d.pick(1, -1)],
    "numpy.histogramdd bins": lambda d: d.pick(3, 2), "numpy.histogramdd range": lambda d: None,
    "numpy.histogram2d range": lambda d: None, "numpy.histogram2d y": lambda d: d.array(d.x.shape, "f8"),
    **{f"numpy.{name} weights": lambda d: np.abs(d.array(d.x.shape[:1], "f8")) for name in (
        "bincount", "histogram2d", "histogramdd")},
    "kth": lambda d: d.pick(0, -1, [0, 1]), "numpy.partition order": lambda d: None,
    "numpy.argpartition order": lambda d: None,
    **{f"numpy.{name} kind": lambda d: "introselect" for name in ("partition", "argpartition")},
    **{f"numpy.{name} axis": lambda d: d.pick(None, d.axis()) for name in (
        "partition", "argpartition", "compress", "unique", "trim_zeros", "nanargmax", "nanargmin")},
    **{f"numpy.{name} axis": Draw.axis for name in ("lexsort", "unstack", "apply_along_axis")},
    **{f"numpy.{name} axis": lambda d: d.pick(0, -1) for name in ("logspace", "geomspace")},
    **{f"numpy.{name} {p}": lambda d: np.abs(d.array((3,), "f8")) + 0.1
       for name in ("logspace", "geomspace") for p in ("start", "stop")},
    "base": lambda d: d.pick(2.0, 10.0, 3),
    "numpy.compress condition": lambda d: d.rng.random(2) > 0.4,
     "numpy.extract condition": lambda d: d.first(dtype="?"),
    "numpy.extract arr": lambda d: d.array(d.x.shape), "numpy.choose a": lambda d: d.rng.integers(0, 2, (3,)),
    "choices": lambda d: [d.array((3,)), d.array((2, 3))],
    "numpy.choose mode": lambda d: d.pick("raise", "wrap", "clip"), "trim": lambda d: d.pick("fb", "f", "b"),
    "return_index": lambda d: d.pick(True, False), "return_inverse": lambda d: d.pick(True, False),
    "return_counts": lambda d: d.pick(True, False), "return_indices": lambda d: d.pick(True, False),
    "sorted": lambda d: True, "sparse": lambda d: d.pick(True, False), "indexing": lambda d: d.pick("xy",
     "ij"),
}
# Called in tests/ops: what is given functions or places, what writes into its argument and returns None, and
# what NumPy leaves in an order that it does not say.
ELSEWHERE = {f"numpy.{name}" for name in (
    "apply_along_axis", "apply_over_axes", "argpartition", "fill_diagonal", "ix_", "partition", "piecewise",
    "place", "put", "put_along_axis", "putmask", "ravel_multi_index", "unravel_index")}
ELSEWHERE |= {f"numpy.fft.{name}" for name in nb.fft.__all__}
# drawn first, as others depend on them
ARRAYS = [name for name, draw in VALUES.items() if draw in (main, Draw.alike, Draw.subscripts)]
ORDER = ["upper", "hermitian", "rowvar", "condlist", "condition", *ARRAYS, "axis", "where"]


def drawn(name, function, wanted, rng):
    """The arguments of a call with these options: by place, by name, and all of them by name."""
    d, parameters = Draw(name, rng), inspect.signature(function).parameters
    required = [p for p in parameters if parameters[p].default is UNSET
                and parameters[p].kind is not inspect.Parameter.VAR_KEYWORD]
    if name == "numpy.where":
        required += ["x", "y"] * int(rng.integers(2))
    names = [p for p in parameters if p in wanted or p in required]
    for p in sorted(names, key=lambda p: ORDER.index(p) if p in ORDER else len(ORDER)):
        key = f"{name} {p}"
        d.given[p] = VALUES[key if key in VALUES else p](d)
    places, options = [], {}
    by_place = rng.integers(len(parameters) + 1)      # so many go by place, if they may
    for k, (p, parameter) in enumerate(parameters.items()):
        if parameter.kind is parameter.VAR_POSITIONAL:
            places += d.given[p]
        elif parameter.kind is parameter.VAR_KEYWORD:
            options |= d.given.get(p, {})
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            places += [d.given[p]] if p in d.given else []
        elif parameter.kind is parameter.POSITIONAL_OR_KEYWORD and k < by_place and any(
                q in names for q in list(parameters)[k:]):
            places.append(d.given.get(p, parameter.default))
        elif p in d.given:
            options[p] = d.given[p]
    return places, options


def tensors(tree, rng):
    """The first array as a Tensor, and others of floats mostly; the rest as they are."""
    seen = []

    def one(leaf):
        if not isinstance(leaf, np.ndarray) or (seen and rng.random() < 0.3):
            return leaf
        seen.append(leaf)
        return nb.asarray(leaf.copy("K") if leaf.flags.forc else leaf, copy=None if leaf.flags.forc else True)

    return map_leaves(one, tree)


def leaves(z):
    return [leaf.numpy() if isinstance(leaf, nb.Tensor) else np.asarray(leaf) for leaf in flatten(z)[0]]


def agree(got, want, text):
    """The same values, dtypes and shapes; for float16, which Tensors do not have, another float."""
    got, want = leaves(got), leaves(want)
    assert len(got) == len(want), text
    for g, w in zip(got, want, strict=True):
        assert g.shape == w.shape, f"{text}: shape {g.shape}, NumPy's {w.shape}"
        if text.startswith("numpy.roots"):      # NumPy's are real where all of them happen to be
            w = w.astype(np.result_type(w, np.complex64))
        coarse = w.dtype == np.float16 and g.dtype.kind == "f"
        assert g.dtype == w.dtype or coarse, f"{text}: {g.dtype}, NumPy's {w.dtype}"
        eps = 0 if w.dtype.kind != "f" else np.finfo(w.dtype).eps
        scale = np.max(np.abs(w[np.isfinite(w)]), initial=1.0) if eps else 0
        np.testing.assert_allclose(g, w, rtol=100 * eps, atol=50 * eps * scale, err_msg=text)


def slope(call, places, options, rng, text):
    """The gradient in float64 arrays, along one direction, against a difference of NumPy's values."""
    found = flatten((places, options))[0]
    moving = [k for k, leaf in enumerate(found) if isinstance(leaf, np.ndarray) and leaf.dtype == "f8"]
    us = [rng.normal(size=found[k].shape) for k in moving]
    if not moving or any(np.unique(found[k]).size < found[k].size for k in moving):
        return False                          # at a tie nothing is a difference

    def at(xs):
        flat = [*found]
        for k, x in zip(moving, xs, strict=True):
            flat[k] = x
        it = iter(flat)
        args, kwargs = map_leaves(lambda _: next(it), (places, options))
        return call(*args, **kwargs)

    def moved(h):
        there = [np.asarray(found[k] + h * u) for k, u in zip(moving, us, strict=True)]
        return [z.astype("f8") for z in leaves(at(there))]

    y, pullback = nb.vjp(lambda *ts: at(ts), *[found[k] for k in moving])
    vs = map_leaves(lambda leaf: rng.normal(size=leaf.shape), y)
    want = sum(float(np.sum(v * (8 * (b - a) - (d - c)) / 6e-4)) for v, a, b, c, d in zip(
        flatten(vs)[0], moved(-0.5e-4), moved(0.5e-4), moved(-1e-4), moved(1e-4), strict=True))
    got = sum(float(np.sum(g.numpy() * u)) for g, u in zip(pullback(vs), us, strict=True) if g is not None)
    assert abs(got - want) <= 1e-6 * max(1, abs(want)), f"{text}: gradient {got}, differences {want}"
    return True


def refused(name, error, given):
    """Whether an error is one of those listed: it names the function and an argument that was given."""
    text = str(error)
    hit = re.match(rf"{re.escape(name)}: NumPy's argument '(\w+)' is not supported", text)
    if hit or "out=" in text:
        argument = hit[1] if hit else "out"
        of_ufuncs = OF_UFUNCS if name.removesuffix(".outer") in UFUNCS else set()
        allowed = NEVER | REFUSED.get(name, set()) | of_ufuncs
        return argument in given and argument in allowed
    return any(re.fullmatch(function, name) and re.search(message, text) for function, message in LIMITS)


def compared(name, call, places, options, given, rng):
    """One call, compared with NumPy's if NumPy takes it."""
    text = f"{name}({', '.join(map(repr, places))}, **{options})"
    try:
        with np.errstate(all="ignore"):
            want = call(*places, **options)
    except Exception:
        COUNTS["calls that NumPy refuses"] += 1
        return
    COUNTS["calls"] += 1
    try:
        args, kwargs = tensors((places, options), rng)
        got = call(*args, **kwargs)
    except errors.NbgradError as error:
        assert refused(name, error, given), f"{text}: {error}"
        COUNTS["calls refused"] += 1
        return
    if name == "numpy.empty_like":
        assert (got.shape, got.dtype) == (want.shape, want.dtype), text
        return
    agree(got, np.sort(want) if name == "numpy.unique_values" else want, text)
    flat, exact = leaves(want), not name.endswith(".outer") or len(name) % 4 == 0
    if name == "numpy.linalg.svd" and options.get("full_matrices", True):
        return                                # the rest of a basis has no derivative
    exact = exact and name not in ("numpy.around", "numpy.round")         # a difference may cross a step
    if exact and all(z.dtype == "f8" and np.isfinite(z).all() for z in flat) and "f4" not in repr(options):
        with np.errstate(all="ignore"):
            COUNTS["gradients"] += slope(call, places, options, rng, text)


def subsets(names):
    return [(), *[(p,) for p in names], *itertools.combinations(names, 2)]


def in_its_tier(function, given, method=None):
    """What is made of ops, and ops in dtypes of the caller's choice, do not wait for the compiler; nor do
    calls of ufuncs, as test_ops.py and test_integers.py compile every elementwise op.
    """
    light = (function.__name__ in families.MODULES or not {"dtype", "casting"}.isdisjoint(given)
             or (isinstance(function, np.ufunc) and method in ("__call__", "outer")))
    return tiers.chosen("interpreted") if light else nullcontext()


@pytest.fixture
def tier(name):
    """What is made of ops that have their tests elsewhere does not wait for the compiler."""
    with tiers.chosen("interpreted") if name in COMPOSITES else nullcontext():
        yield


@pytest.mark.parametrize("name", PLAIN)
def test_a_function_gives_what_numpys_gives(name, tier):
    function, rng = PLAIN[name], np.random.default_rng(zlib.crc32(name.encode()))
    if name in ELSEWHERE | {"numpy.can_cast", "numpy.result_type"}:
        pytest.skip("takes no array, or is called elsewhere")
    options = [p for p, parameter in inspect.signature(function).parameters.items()
               if parameter.default is not UNSET or parameter.kind is parameter.VAR_KEYWORD]
    options = [p for p in options if name != "numpy.where"]
    for wanted in subsets(options):
        COUNTS["signatures"] += 1
        for _ in range(ROUNDS if len(wanted) < 2 else PAIRS):
            places, given = drawn(name, function, wanted, rng)
            with in_its_tier(function, wanted):
                compared(name, function, places, given, {*wanted, *given}, rng)


# ---------------------------------------------------------------------------------------------- ufuncs
CALL = {"where": Draw.mask, "casting": lambda d: d.pick("same_kind", "unsafe", "safe"), "dtype": Draw.dtype,
        "order": lambda d: d.pick("K", "C", "F"), "subok": lambda d: d.pick(True, False),
        "out": lambda d: None}
REDUCE = {"axis": Draw.axes, "dtype": Draw.dtype, "out": lambda d: None,
          "keepdims": lambda d: d.pick(True, False), "initial": Draw.number, "where": Draw.mask}
ACCUMULATE = {"axis": Draw.axis, "dtype": Draw.dtype, "out": lambda d: None}
UNGIVEN = {"axis": 0, "keepdims": False, "initial": np._NoValue, "where": True}


def operands(d, ufunc, outer):
    """Inputs of a ufunc, in its domain, that broadcast."""
    op = FOUND.known(ufunc)
    name = getattr(op, "name", op.__name__.strip("_"))
    row = OPS.get("remainder" if name == "divmod" else name)       # away from their jumps
    at = (row and row.at) or (-3.0, 3.0)
    spans = at if isinstance(at[0], (tuple, type)) else (at,) * ufunc.nin
    shapes = d.pick([(3,), (3,)], [(2, 3), (2, 3)], [(0, 3), (0, 3)], [(), ()])
    products = {"numpy.matmul": [(2, 3), (3, 2)], "numpy.matvec": [(2, 3), (3,)],
                "numpy.vecmat": [(2,), (2, 3)]}
    shapes = products.get(d.name, [(2, 3), (3,)] if outer else shapes)
    dtype = d.pick("f8", "f8", "f8", d.other)
    shapes += shapes[-1:] * (ufunc.nin - 2)
    for shape, span in zip(shapes, spans[:ufunc.nin], strict=False):
        if dtype in ("i8", "i4", "?") or span is int:
            yield np.asarray(d.rng.integers(1, 4, shape), "i8" if span is int else dtype)
        else:
            yield np.asarray(d.rng.uniform(*span, shape), dtype)


def ufunc_calls(name, ufunc, method, table, rounds):
    rng = np.random.default_rng(zlib.crc32(f"{name}.{method}".encode()))
    for wanted in subsets(table):
        COUNTS["signatures"] += 1
        for _ in range(rounds if len(wanted) < 2 else 1):
            d = Draw(name, rng)
            if method in ("reduce", "accumulate"):
                places = [d.first((3,), (2, 3), (2, 3, 4), (0, 3))]
            else:
                places = list(operands(d, ufunc, method == "outer"))
                whole = method == "outer" or ufunc.signature
                d.x = np.zeros((2, 3) if whole else np.broadcast(*places).shape)
            given = {p: table[p](d) for p in sorted(wanted, key=lambda p: p != "axis")}
            if method == "__call__" and ufunc.nout > 1 and "out" in given:
                given["out"] = (None,) * ufunc.nout
            options = given
            if table is not CALL and rng.random() < 0.3:
                last = max([k for k, p in enumerate(table) if p in given], default=-1)
                places += [given.get(p, UNGIVEN.get(p)) for k, p in enumerate(table) if k <= last]
                options = {}
            if method == "__call__" and given.get("where", True) is not True:
                with pytest.raises(errors.ProtocolError, match=rf"{name}: NumPy's argument"):
                    ufunc(*map(nb.asarray, places), **options)     # NumPy's is arbitrary where it is not
                continue
            full = name if method == "__call__" else f"{name}.{method}"
            with in_its_tier(ufunc, given, method):
                compared(full, getattr(ufunc, method), places, options, {*given, "out"}, rng)


@pytest.mark.parametrize("name", UFUNCS)
def test_a_ufunc_gives_what_numpys_gives(name):
    ufunc = UFUNCS[name]
    table = CALL
    if ufunc.signature:
        table = {p: draw for p, draw in CALL.items() if p != "where"} | {
            "axis": Draw.axis, "keepdims": REDUCE["keepdims"],
            "axes": lambda d: d.pick([(-2, -1)] * 3, [-1, -1, ()])}
    ufunc_calls(name, ufunc, "__call__", table, 2)
    if ufunc.nin == 2 and ufunc.signature is None:
        ufunc_calls(name, ufunc, "outer", {"dtype": Draw.dtype}, 1)


@pytest.mark.parametrize(("ufunc", "method"), METHODS, ids=lambda part: getattr(part, "__name__", part))
def test_a_method_of_a_ufunc_gives_what_numpys_gives(ufunc, method):
    ufunc_calls(called(ufunc), ufunc, method, REDUCE if method == "reduce" else ACCUMULATE, ROUNDS)


# --------------------------------------------------------------------------------- defaults, and refusals
def test_our_defaults_are_numpys():
    """What a call leaves out is left to our function."""
    for name, function in PLAIN.items():
        ours = inspect.signature(FOUND.known(function)).parameters
        for p, parameter in inspect.signature(function).parameters.items():
            if p in ours and parameter.default not in (UNSET, np._NoValue):
                assert ours[p].default == parameter.default, f"{name}: {p}"


def required(function):
    if isinstance(function, np.ufunc):
        return function.nin
    among = [p for p in inspect.signature(function).parameters.values() if p.default is UNSET]
    return max(1, sum(p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in among))


TOLD = r" does not take Tensors.*nb\.op.*nb\.elementwise.*Only where.*detach"


def test_what_there_is_no_rule_for_is_refused_by_the_name_that_was_called():
    """And the message names the ways that keep the gradient before the one that gives it up."""
    count = 0
    for path, function in ALL.items():
        if path in KNOWN or function in numpy_functions.ASKED | numpy_functions._TAKEN | NOT_OF_ARRAYS:
            continue
        x = nb.asarray(np.eye(2), requires_grad=True)
        with pytest.raises(errors.ProtocolError, match=re.escape(path) + TOLD):
            function(*[x] * required(function))
        count += 1
    assert count > 100


def test_an_argument_that_is_given_twice_is_refused():
    x = nb.asarray([1.0, 2, 4])
    for call, message in ((lambda: np.clip(x, 1, 2, min=3), r"numpy\.clip: got 'min'"),
                          (lambda: np.std(x, ddof=1, correction=1), "std: got both"),
                          (lambda: nb.var(x, ddof=1, correction=1), "var: got both"),
                          (lambda: np.var(x, ddof=1, correction=2, mean=1.0), "var: got both")):
        with pytest.raises(errors.ValueRangeError, match=message):
            call()


def test_ufuncs_of_others_are_not_taken_for_those_of_a_name():
    mine = np.frompyfunc(lambda x: 7.0, 1, 1)
    assert mine.__name__ not in UFUNCS
    with pytest.raises(errors.ProtocolError, match="does not take Tensors"):
        mine(nb.asarray([1.0]))


def test_the_correction_arrives():
    x = nb.asarray([1.0, 2, 4])
    for call in (lambda: np.std(x, correction=1), lambda: np.std(x, ddof=1),
                 lambda: np.std(x, None, None, None, 1),
                 lambda: nb.std(x, correction=1), lambda: nb.std(x, ddof=1)):
        np.testing.assert_allclose(call().numpy(), np.std([1.0, 2, 4], ddof=1), rtol=1e-15)


LIKE = [(np.zeros, (3,), {}), (np.zeros, ((2, 3), "f4"), {"order": "C"}), (np.ones, (2,), {"dtype": int}),
        (np.full, ((2, 2), 7), {}), (np.full, (3, 2.5, "f4"), {}), (np.arange, (3,), {}),
        (np.arange, (1, 7, 2), {"dtype": "f4"}), (np.eye, (3,), {}), (np.eye, (2, 3, 1), {"dtype": "f4"}),
        (np.eye, (2,), {"M": 4, "k": -1}), (np.asarray, ([1.0, 2],), {}),
        (np.array, ([[1, 2]],), {"dtype": "f8"})]


def test_arrays_are_made_like_a_tensor():
    t = nb.asarray([1.0])
    for make, args, options in LIKE:
        got = make(*args, **options, like=t)
        assert type(got) is nb.Tensor
        agree(got, make(*args, **options), f"{make.__name__}{args}")
    for call, message in ((lambda: np.zeros(3, order="F", like=t), "zeros: order='F'"),
                          (lambda: np.array([1.0], ndmin=2, like=t), r"numpy\.array: .*'ndmin'")):
        with pytest.raises(errors.NbgradError, match=message):
            call()
