"""The words of row programs, each with its meaning for one row: a NumPy array in the dtype of work.

Beside them a row program may use +, -, *, /, comparisons, conditional expressions, abs(v) and len(x), the
number of elements in the row.
"""

from __future__ import annotations

from math import inf, nan
from typing import Annotated, Any

import numpy as np
from numpy import exp, log, log1p, sqrt, where

from nbgrad.compile.rowprogram import SCALES

# What operands and results are.
Row = Annotated[Any, "an element for each element of the row"]
Number = Annotated[Any, "one element for the row"]


def sum(x: Row) -> Number:
    """What the elements add up to."""
    return np.sum(x)


def prod(x: Row) -> Number:
    """The product of the elements."""
    return np.prod(x)


def any(x: Row) -> Number:
    """Whether an element is not zero."""
    return np.any(x)


def all(x: Row) -> Number:
    """Whether no element is zero."""
    return np.all(x)


def max(x: Row) -> Number:
    """The largest element, nan if there is one; the least number there is where there are no elements."""
    return np.max(x, initial=-inf if x.dtype.kind == "f" else np.False_ if x.dtype.kind == "b" else
                  np.iinfo(x.dtype).min)


def min(x: Row) -> Number:
    """The smallest element, nan if there is one; the largest number there is where there are no elements."""
    return np.min(x, initial=inf if x.dtype.kind == "f" else np.True_ if x.dtype.kind == "b" else
                  np.iinfo(x.dtype).max)


def first(x: Row) -> Number:
    """The first element of an operand; 0 where there is none."""
    return x[0] if x.size else x.dtype.type(0)


def keep(x: Row) -> Row:
    """x, which later sweeps read from the result's memory: what is not kept they compute again."""
    return x


def small(x: Row) -> Number:
    """A sum of squares of numbers like x below which digits are lost."""
    return x.dtype.type(SCALES[x.dtype.name]["small"])


def up(x: Row) -> Number:
    """The power of two that brings numbers like x whose squares are too small into the range."""
    return x.dtype.type(SCALES[x.dtype.name]["up"])


def down(x: Row) -> Number:
    """The power of two that brings numbers like x whose squares are too large into the range."""
    return x.dtype.type(SCALES[x.dtype.name]["down"])


WORDS: dict[str, Any] = {"exp": exp, "log": log, "log1p": log1p, "sqrt": sqrt, "abs": abs}
SCALE_WORDS: dict[str, Any] = {"small": small, "up": up, "down": down}
FOLD_WORDS: dict[str, Any] = {"sum": sum, "prod": prod, "any": any, "all": all, "max": max, "min": min}
__all__ = ["Number", "Row", "all", "any", "down", "exp", "first", "inf", "keep", "log", "log1p", "max",
           "min", "nan", "prod", "small", "sqrt", "sum", "up", "where"]
