"""The scalar functions that kernels for CUDA may spell: libdevice's on a device, NumPy's in the simulator.

Sources: NVIDIA, libdevice User's Guide; NumPy's npy_math for divisions with a remainder.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.compile import integers

_TYPES = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64",
          "complex64", "complex128")
# name here -> NumPy's; libdevice has them by our name, and with an f behind it for float32
_UNARY = {
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan",
    "atanh": "arctanh", "cbrt": "cbrt", "ceil": "ceil", "cos": "cos", "cosh": "cosh", "exp": "exp",
    "exp2": "exp2", "expm1": "expm1", "floor": "floor", "log": "log", "log10": "log10", "log1p": "log1p",
    "log2": "log2", "rint": "rint", "sin": "sin", "sinh": "sinh", "sqrt": "sqrt", "tan": "tan",
    "tanh": "tanh", "trunc": "trunc"}
_BINARY = {"atan2": "arctan2", "hypot": "hypot"}
_OTHERS = ("isnan", "isinf", "isfinite", "signbit", "sign", "remainder", "floor_divide", "logaddexp")
_ONE = ("isnan", "isinf", "isfinite", "signbit", "sign", "gauss", "half_gauss", "decay",
        "exp2_slope", "expm1_slope")
_OURS = {"pow": "power", "left_shift": "left_shift", "right_shift": "right_shift"}


def quiet() -> AbstractContextManager[Any]:
    """In the simulator: inf and nan without a warning, as on a device."""
    return np.errstate(all="ignore")


def _simulated(extremum: np.ufunc, sign: np.ufunc) -> Callable[[Any, Any], Any]:
    """An extremum for which 0 is above -0. sign: that of a zero from those of two."""

    def found(x: Any, y: Any) -> Any:
        z = extremum(x, y)
        if x == y == 0 and z.dtype.kind == "f":
            return np.copysign(z, -1 if sign(np.signbit(x), np.signbit(y)) else 1, dtype=z.dtype)
        return z

    return found


def _composed(real: Any, imag: Any) -> Any:
    """A complex number of its parts."""
    z = np.empty(1, np.complex64 if type(real) is type(imag) is np.float32 else np.complex128)
    z.real, z.imag = real, imag
    return z[0]


@cache
def scope() -> dict[str, Any]:
    """The names that a kernel may use."""
    simulated = {**{ours: getattr(np, theirs) for ours, theirs in (_UNARY | _BINARY | _OURS).items()},
                 **{name: getattr(np, name) for name in (*_OTHERS, *_TYPES)},
                 "maximum": _simulated(np.maximum, np.logical_and),
                 "minimum": _simulated(np.minimum, np.logical_or),
                 "erf": lambda x: type(x)(math.erf(x)), "erfc": lambda x: type(x)(math.erfc(x)),
                 "normcdf": lambda x: type(x)(math.erfc(-float(x) * math.sqrt(0.5)) / 2),
                 "decay": lambda x: np.exp(-np.abs(x)), "expm1_slope": np.exp,
                 "exp2_slope": lambda x: type(x)(math.log(2)) * np.exp2(x / 2) * np.exp2(x / 2),
                 "gauss": lambda x: type(x)(np.exp(-np.longdouble(x) ** 2)),
                 "half_gauss": lambda x: type(x)(np.exp(-np.longdouble(x) ** 2 / 2)),
                 "compose": _composed, "rounded_product": np.multiply, "inf": math.inf, "nan": math.nan,
                 "bool_": np.bool_}
    if cuda.host().simulates:
        return simulated
    types, extending = import_module("numba.cuda").types, import_module("numba.cuda.extending")
    return simulated | _overloaded(types, extending.overload) | {
        "bool_": types.boolean} | {name: getattr(types, name) for name in _TYPES}


def _overloaded(types: Any, overload: Callable[..., Any]) -> dict[str, Any]:
    """Functions that Numba compiles for the types that they are called with."""
    library = import_module("numba.cuda.libdevice")
    found: dict[str, Any] = {}

    def declare(name: str, chosen: Callable[..., Any], arity: int) -> None:
        if arity == 1:
            def stub(x: Any) -> Any:
                raise NotImplementedError
            overload(stub)(lambda x: chosen(x))
        else:
            def stub(x: Any, y: Any) -> Any:          # type: ignore[misc]
                raise NotImplementedError
            overload(stub)(lambda x, y: chosen(x, y))
        found[name] = stub

    def is_float(x: Any) -> bool:
        return isinstance(x, types.Float)

    def of_library(name: str) -> tuple[Any, Any]:
        return getattr(library, f"{name}f"), getattr(library, name)

    for name in (*_UNARY, "erf", "erfc", "normcdf"):
        short, long = of_library(name)
        declare(name, _unary(short, long, is_float), 1)
    # a product that is not made one operation with what it is added to
    declare("rounded_product", _binary(library.fmul_rn, library.dmul_rn), 2)
    for name in _BINARY:
        declare(name, _binary(*of_library(name)), 2)
    for name, rule in _rules(of_library, is_float).items():
        declare(name, rule, 1 if name in _ONE else 2)
    return found


def _unary(short: Any, long: Any, is_float: Callable[[Any], bool]) -> Callable[[Any], Any]:
    def chosen(x: Any) -> Any:
        if not is_float(x):
            return lambda x: x            # roundings of integers
        return (lambda x: short(x)) if x.bitwidth == 32 else (lambda x: long(x))

    return chosen


def _binary(short: Any, long: Any) -> Callable[[Any, Any], Any]:
    return lambda x, y: (lambda x, y: short(x, y)) if x.bitwidth == 32 else (lambda x, y: long(x, y))


def _constants(x: Any) -> tuple[Any, ...]:
    """0, 1, log 2 and 1/2 in the float type x."""
    kind = np.float32 if x.bitwidth == 32 else np.float64
    return kind(0), kind(1), kind(math.log(2)), kind(0.5)


def _rules(of_library: Callable[[str], tuple[Any, Any]],
           is_float: Callable[[Any], bool]) -> dict[str, Callable[..., Any]]:
    """What is none of libdevice's, as choices by type."""

    def pick(name: str, x: Any) -> Any:
        return of_library(name)[0 if x.bitwidth == 32 else 1]

    def isnan(x: Any) -> Any:
        return (lambda x: x != x) if is_float(x) else (lambda x: False)

    def isinf(x: Any) -> Any:
        return (lambda x: abs(x) == math.inf) if is_float(x) else (lambda x: False)

    def isfinite(x: Any) -> Any:
        return (lambda x: abs(x) < math.inf) if is_float(x) else (lambda x: True)

    def signbit(x: Any) -> Any:
        if not is_float(x):
            return lambda x: x < 0
        copysign, (zero, one, *_) = pick("copysign", x), _constants(x)
        return lambda x: copysign(one, x) < zero

    def sign(x: Any) -> Any:
        if not is_float(x):
            return lambda x: (x > 0) - (x < 0)
        zero, one, *_ = _constants(x)
        return lambda x: x if x != x else one if x > zero else -one if x < zero else zero

    def maximum(x: Any, y: Any) -> Any:
        if not is_float(x):
            return lambda x, y: x if x > y else y
        fmax = pick("fmax", x)            # of 0 and -0 it is 0; nan it leaves out
        return lambda x, y: x if x != x else y if y != y else fmax(x, y)

    def minimum(x: Any, y: Any) -> Any:
        if not is_float(x):
            return lambda x, y: x if x < y else y
        fmin = pick("fmin", x)
        return lambda x, y: x if x != x else y if y != y else fmin(x, y)

    def logaddexp(x: Any, y: Any) -> Any:
        exp, log1p, (_, _, ln2, _) = pick("exp", x), pick("log1p", x), _constants(x)
        return lambda x, y: (x + ln2 if x == y else x + log1p(exp(y - x)) if x > y else
                             y + log1p(exp(x - y)) if x < y else x + y)

    def decay(x: Any) -> Any:
        exp = pick("exp", x)
        return lambda x: exp(-abs(x))

    def expm1_slope(x: Any) -> Any:
        exp = pick("exp", x)
        return lambda x: exp(x)

    def exp2_slope(x: Any) -> Any:        # 2^x may be beyond the range where log(2) 2^x is not
        exp2, (_, _, ln2, half) = pick("exp2", x), _constants(x)

        def of_floats(x):                 # Numba compares signatures, annotations too
            root = exp2(half * x)
            return ln2 * root * root

        return of_floats

    def gauss(x: Any) -> Any:
        exp, fma, (zero, *_) = pick("exp", x), pick("fma", x), _constants(x)

        def of_floats(x):                 # Numba compares signatures, annotations too
            square = x * x
            y = exp(-square)
            return y if y == zero else y - y * fma(x, x, -square)

        return of_floats

    def half_gauss(x: Any) -> Any:
        exp, fma, (zero, _, _, half) = pick("exp", x), pick("fma", x), _constants(x)

        def of_floats(x):                 # Numba compares signatures, annotations too
            square = x * x
            y = exp(-half * square)
            return y if y == zero else y - y * (half * fma(x, x, -square))

        return of_floats

    def compose(x: Any, y: Any) -> Any:
        return lambda x, y: complex(x, y)

    return {"compose": compose, "isnan": isnan, "isinf": isinf, "isfinite": isfinite,
            "signbit": signbit, "sign": sign, "maximum": maximum, "minimum": minimum, "logaddexp": logaddexp,
            "gauss": gauss,
            "half_gauss": half_gauss, "decay": decay, "exp2_slope": exp2_slope, "expm1_slope": expm1_slope,
            **_divisions(pick, is_float), **_integers(pick, is_float)}


def _divisions(pick: Callable[[str, Any], Any], is_float: Callable[[Any], bool]) -> dict[str, Any]:
    """Division with a remainder that has the sign of the divisor."""

    def remainder(x: Any, y: Any) -> Any:
        if not is_float(x):
            return integers.BINARY["remainder"]
        fmod, copysign, (zero, *_) = pick("fmod", x), pick("copysign", x), _constants(x)

        def of_floats(x, y):              # Numba compares signatures, annotations too
            r = fmod(x, y)
            if r == zero:
                return copysign(zero, y)
            return r + y if (y < zero) != (r < zero) else r

        return of_floats

    def floor_divide(x: Any, y: Any) -> Any:
        if not is_float(x):
            return integers.BINARY["floor_divide"]
        fmod, copysign, floor = pick("fmod", x), pick("copysign", x), pick("floor", x)
        zero, one, _, half = _constants(x)

        def of_floats(x, y):              # Numba compares signatures, annotations too
            if y == zero:
                return x / y
            r = fmod(x, y)
            quotient = (x - r) / y
            if r != zero and (y < zero) != (r < zero):
                quotient = quotient - one
            if quotient == zero:
                return copysign(zero, x / y)
            below = floor(quotient)
            return below + one if quotient - below > half else below

        return of_floats

    return {"remainder": remainder, "floor_divide": floor_divide}


def _integers(pick: Callable[[str, Any], Any], is_float: Callable[[Any], bool]) -> dict[str, Any]:
    """Powers, and shifts by more bits than there are, or fewer than none."""

    def pow(x: Any, y: Any) -> Any:
        if is_float(x):
            power = pick("pow", x)
            return lambda x, y: power(x, y)
        return integers.BINARY["pow"]

    def left_shift(x: Any, y: Any) -> Any:
        bits = x.bitwidth
        return lambda x, y: x << y if y >= 0 and y < bits else x - x

    def right_shift(x: Any, y: Any) -> Any:
        bits = x.bitwidth
        if not x.signed:
            return lambda x, y: x >> y if y < bits else x - x
        return lambda x, y: x >> y if y >= 0 and y < bits else (x - x) - (x < 0)

    return {"pow": pow, "left_shift": left_shift, "right_shift": right_shift}
