"""The words of a CPU kernel, with their plain meaning: that of the kernel where nothing is compiled.

    @kernel
    def scale(out: Array[T], x: Array[T], factor: float) -> None:
        for start, stop in shares(x.size, least=4096):
            for i in range(start, stop):
                out[i] = x[i] * factor

An array is memory: x[i] is the element i places from the first one, whatever the shape, and load_at and
store_at count in bytes. x[p:] begins at the element p. words.py has what a word is when it is compiled.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Generic, TypeVar

import numpy as np

from nbgrad.arrays import memory
from nbgrad.arrays.dtypes import real_of

T = TypeVar("T")                          # dtypes of a kernel's arrays
U = TypeVar("U")
W = TypeVar("W")


@cache
def _cell_of(dtype: np.dtype) -> Any:
    """The type of C's that an element is, with its value."""
    if dtype.kind != "c":
        return np.ctypeslib.as_ctypes_type(dtype)
    part = _cell_of(real_of(dtype))

    class Cell(ctypes.Structure):
        _fields_ = (("real", part), ("imag", part))

        @property
        def value(self) -> complex:
            return complex(self.real, self.imag)

        @value.setter
        def value(self, value: complex) -> None:
            self.real, self.imag = value.real, value.imag

    return Cell


class Array(Generic[T]):
    """A parameter that is an array; where nothing is compiled, its memory.

    Elements of floats are NumPy's scalars; those of integers are Python's, which have no dtype.
    """

    __slots__ = ("_cell", "_inside", "dtype", "itemsize", "place", "scalar", "size", "whole")
    whole: np.ndarray
    dtype: np.dtype
    size: int
    itemsize: int
    place: Any

    def __init__(self, whole: np.ndarray) -> None:
        self.whole, self.dtype, self.size, self.itemsize = whole, whole.dtype, whole.size, whole.itemsize
        self._inside = range(*np.lib.array_utils.byte_bounds(whole))
        self.place = whole.__array_interface__["data"][0]
        self._cell: Any = _cell_of(whole.dtype)
        self.scalar: Any = whole.dtype.type

    def _at(self, offset: int) -> Any:
        place = self.place + int(offset)
        if place not in self._inside:
            raise IndexError(f"{offset} bytes from its first element is outside of {self!r}")
        return self._cell.from_address(place)

    def read(self, offset: int) -> Any:
        """The element that many bytes from the first one. Raises IndexError outside of the array."""
        value = self._at(offset).value
        return self.scalar(value) if type(value) in (float, complex) else value

    def put(self, offset: int, value: Any) -> None:
        """Write an element; an integer that is too large is wrapped."""
        self._at(offset).value = value if self.dtype.kind in "fc" else int(value)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self.moved(index.start * self.itemsize)
        return self.read(index * self.itemsize)

    def __setitem__(self, index: Any, value: Any) -> None:
        self.put(index * self.itemsize, value)

    def moved(self, offset: int) -> Array[T]:
        """The same memory as seen from the element that many bytes after the first one."""
        other: Array[T] = object.__new__(Array)
        for name in Array.__slots__:
            setattr(other, name, getattr(self, name))
        other.place += int(offset)
        return other

    def __repr__(self) -> str:
        return f"Array of {self.whole!r}"


def inline(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that is compiled as a part of whatever calls it."""
    function.__dict__["inline"] = True
    return function


# ------------------------------------------------------------------------------------------------- loops
def parallel(n: int, least: int) -> range:
    """0 .. n - 1, shared out over threads; `least` rounds are worth a thread.

    What the body assigns is its own: it is not known after the loop.
    """
    return range(n)


def shares(n: int, least: int) -> Iterator[tuple[int, int]]:
    """The same in ranges: start and stop of each thread's."""
    return iter([(0, n)])


def unrolled(n: int) -> range:
    """0 .. n - 1, known when the kernel is compiled: the body is written out n times."""
    return range(n)


def registers(n: int) -> list[Any]:
    """n variables, of which the places are known when the kernel is compiled."""
    return [None] * n


# ------------------------------------------------------------------------------------------------ memory
def load_at(x: Array[Any], offset: int) -> Any:
    """x's element that many bytes from its first one."""
    return x.read(offset)


def store_at(x: Array[Any], offset: int, value: Any) -> None:
    """Write x's element that many bytes from its first one."""
    x.put(offset, value)


def scratch(x: Array[Any]) -> Array[Any]:
    """Memory for 512 elements (memory.BLOCK) of x's dtype, which stays in the cache."""
    return Array(np.empty(memory.BLOCK, x.dtype))


# ------------------------------------------------------------------------------------------- mathematics
def maximum(x: Any, y: Any) -> Any:
    """The larger number; nan if one is. 0 is above -0."""
    if x == y == 0 and isinstance(x, float | np.floating):
        return x + y
    return x if x > y or x != x else y


def minimum(x: Any, y: Any) -> Any:
    """The smaller number; nan if one is. -0 is below 0."""
    if x == y == 0 and isinstance(x, float | np.floating):
        return -(-x - y)
    return x if x < y or x != x else y


def fold_add(total: Any, x: Any) -> Any:
    """total + x, where the order of what is added to a total is left open: a loop may add several at once."""
    return total + x


def fold_multiply(total: Any, x: Any) -> Any:
    """total * x, in any order."""
    return total * x


def fold_maximum(total: Any, x: Any) -> Any:
    """The larger number, in any order."""
    return maximum(total, x)


def fold_minimum(total: Any, x: Any) -> Any:
    """The smaller number, in any order."""
    return minimum(total, x)


sqrt: np.ufunc = np.sqrt
exp: np.ufunc = np.exp
log: np.ufunc = np.log
log1p: np.ufunc = np.log1p

WORDS: dict[str, Callable[..., Any]] = {word.__name__: word for word in (
    parallel, shares, load_at, store_at, scratch, maximum, minimum, fold_add, fold_multiply, fold_maximum,
    fold_minimum)} | {"sqrt": sqrt, "exp": exp, "log": log, "log1p": log1p}
