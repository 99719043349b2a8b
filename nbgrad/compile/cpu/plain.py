"""What generated programs may call, where nothing is compiled: the plain meaning of each word.

A program is then run as Python, on NumPy's scalars, whose arithmetic is that of the machine.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Sequence
from math import inf, nan
from typing import Any

import numpy as np

from nbgrad.arrays import memory
from nbgrad.compile import integers
from nbgrad.compile.cpu import interpreter, language
from nbgrad.compile.cpu.language import Array
from nbgrad.compile.cpu.machine import lock, unlock
from nbgrad.compile.cpu.objects import PyObject
from nbgrad.compile.record import isrecord

_LINE = 64                                # bytes of a line of the cache
_SCALARS = {float: np.float64, int: int, bool: bool, complex: np.complex128}


# ------------------------------------------------------------------------------------------------ memory
def load(x: Array[Any], index: int) -> Any:
    """x's element at a position of its memory."""
    return x.scalar(x[index])


def load_at(x: Array[Any], offset: int) -> Any:
    """x's element that many bytes from its first one."""
    return x.scalar(x.read(offset))


def store(x: Array[Any], index: int, value: Any) -> None:
    x[index] = value


def size(x: Array[Any]) -> int:
    return x.size


def moved(x: Array[Any], offset: int) -> Array[Any]:
    return x.moved(offset)


def either(first: bool, x: Array[Any], y: Array[Any]) -> Array[Any]:
    return x if first else y


def plain(x: Array[Any], out: Array[Any]) -> bool:
    """Whether x is C-contiguous and has the shape of out."""
    return bool(x.whole.flags.c_contiguous and x.whole.shape == out.whole.shape)


def beyond(x: Array[Any], offset: int) -> int:
    """Elements of x from the beginning of a line to the place that is `offset` bytes after its first one."""
    return (x.place + offset) % _LINE // x.itemsize


def stream(x: Array[Any], offset: int, block: Array[Any], n: int) -> None:
    """Copy the n elements of block to x, from `offset` bytes after its first element on."""
    for i in range(n):
        x.put(offset + i * x.itemsize, block[i])


def settle() -> None:
    """Nothing is on its way to memory."""


# ------------------------------------------------------------------------------------------ threads, results
def share(part: Callable[..., None], n: int, least: int, *args: Any) -> None:
    """All of the work, in this thread."""
    part(0, n, *args)


def given(x: Array[Any]) -> bool:
    """There is memory, or NumPy has raised an error."""
    return True


def drop(x: Array[Any]) -> None:
    """Python gives up what nobody refers to."""


def fresh(x: Array[Any]) -> np.ndarray:
    return x.whole


def declined() -> None:
    """What a kernel returns for operands that it is not made for."""


def _maker(dtype: np.dtype) -> Callable[..., Any]:
    return lambda like: Array(np.empty(like.whole.shape, dtype))


# ------------------------------------------------------------------------------------------- mathematics
def _cast(dtype: np.dtype) -> Callable[..., Any]:
    return lambda x: np.asarray(x).astype(dtype)[()]


def _real(x: Any) -> Any:
    """A number as mathematical functions take it: of float32, or else of float64."""
    return x if type(x) is np.float32 else np.float64(x)


def _function(ufunc: Any) -> Callable[..., Any]:
    def function(*xs: Any) -> Any:
        if ufunc.__name__ in integers.BINARY and not any(isinstance(x, (float, np.floating)) for x in xs):
            return integers.BINARY[ufunc.__name__](*xs)
        xs = tuple(map(_real, xs))
        wide = all(type(x) is np.float32 for x in xs)
        return ufunc(*xs) if wide else ufunc(*map(np.float64, xs))

    return function


def _of_square(factor: float) -> Callable[..., Any]:
    """e^(factor x^2), of the square in more digits than are asked for."""
    def function(x: Any) -> Any:
        x = _real(x)
        return x.dtype.type(np.exp(factor * np.longdouble(x) ** 2))

    return function


def _pow(x: Any, y: Any) -> Any:
    return np.power(x, y)


def _whole(ufunc: Any) -> Callable[..., Any]:
    """A rounding; integers are whole numbers already."""
    return lambda x: ufunc(x) if isinstance(x, (float, np.floating)) else x


_pow.__name__ = "pow"
_RENAMED = {"acos": np.arccos, "acosh": np.arccosh, "asin": np.arcsin, "asinh": np.arcsinh, "atan": np.arctan,
            "atanh": np.arctanh, "atan2": np.arctan2, "exp2_slope": interpreter.exp2_slope,
            "expm1_slope": np.exp, "pow": _pow}
_NUMPYS = ("cbrt", "cos", "cosh", "exp", "exp2", "expm1", "log", "log10", "log1p", "log2", "sin", "sinh",
           "tan", "tanh", "floor_divide", "hypot", "logaddexp", "remainder")

SCOPE: dict[str, Any] = {
    **{word.__name__: word for word in (
        load, load_at, store, size, moved, either, plain, beyond, stream, settle, unlock, lock, share, given,
        drop, fresh, declined)},
    **{name: language.WORDS[name] for name in (
        "store_at", "scratch", "maximum", "minimum", "fold_add", "fold_multiply", "fold_maximum",
        "fold_minimum")},
    **{name: _function(getattr(np, name)) for name in _NUMPYS},
    **{name: _function(function) for name, function in _RENAMED.items()},
    **{name: _function(function) for name, function in interpreter.SPECIAL.items()},
    "gauss": _of_square(-1.0), "half_gauss": _of_square(-0.5), "decay": lambda x: np.exp(-np.abs(x)),
    **{name: getattr(np, name) for name in (
        "sqrt", "rint", "isnan", "isinf", "isfinite", "signbit", "nextafter", "sign", "left_shift",
        "right_shift")},
    **{name: _whole(getattr(np, name)) for name in ("floor", "ceil", "trunc")},
    "inf": inf, "nan": nan, "compose": lambda real, imag: interpreter.compose(real, imag)[()],
    **{name: _cast(np.dtype(name)) for name in memory.DTYPES if name != "bool"},
    **{f"new_{name}": _maker(np.dtype(name)) for name in memory.DTYPES},
}


# ---------------------------------------------------------------------------------------------- kernels
def uncompiled(name: str, source: str, kinds: Sequence[Any]) -> Callable[..., Any]:
    """The function that a program defines, as it stands. A debugger finds its lines."""
    file = f"<nbgrad {name}>"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    space = dict(SCOPE)
    exec(compile(source, file, "exec"), space)
    return called(name, space[name], kinds)


def called(name: str, function: Callable[..., Any], kinds: Sequence[Any], **fixed: Any) -> Callable[..., Any]:
    """A kernel's function for arguments as a compiled one takes them. Nothing warns.

    kinds : dtypes of arrays, types of scalars
    """
    def run(*args: Any) -> Any:
        if len(args) != len(kinds):
            raise RuntimeError(f"nbgrad kernel {name} takes {len(kinds)} arguments")
        with np.errstate(all="ignore"):
            return function(*[_given(name, i, *each) for i, each in enumerate(zip(args, kinds))], **fixed)

    return run


def _given(name: str, place: int, value: Any, kind: Any) -> Any:
    if isrecord(kind) and issubclass(kind, PyObject):
        return kind(id(value))
    if not isinstance(kind, np.dtype):
        return _SCALARS.get(kind, kind)(value)
    if not isinstance(value, np.ndarray) or value.dtype != kind:
        raise TypeError(f"nbgrad kernel {name} takes an array of {kind} in place {place}")
    return Array(value)
