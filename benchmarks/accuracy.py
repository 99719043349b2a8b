"""Errors of every elementwise op, in units of the last place: the largest, its argument, and the mean.

    python benchmarks/accuracy.py                    # two minutes; exit status 1 if an op exceeds its limit
    python benchmarks/accuracy.py --only 'exp|log'   # ops in whose name the pattern is found
    python benchmarks/accuracy.py --points 1000000   # more arguments
    python benchmarks/accuracy.py --derivatives      # of first and second partials; six minutes
    python benchmarks/accuracy.py --special          # of nb.special's functions; three minutes

Arguments are drawn over all exponents of the format, and densely where functions bend. The reference is the
op's own `like`: in NumPy's long double (64 bits of mantissa on x86) for float64, in float64 for float32. Or
mpmath's, for functions that NumPy has not. Infinities and nan must be those of the reference.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import derivatives
import numpy as np
import scipy.special
from mpmath import mp, mpf

import nbgrad.linalg  # noqa: F401  the whole op table
from nbgrad.compile import tiers
from nbgrad.define.registry import OPS, Row

LIMIT = 4.0
FEW = 4000                                # arguments for mpmath
WIDER = {np.float32: np.float64, np.float64: np.longdouble}
SAME = {"floor_divide", "remainder"}      # these jump: the reference is `like` in the same format
# Where the reference of the row is no better than what it is to judge
EXACT = {
    "erf": mp.erf,
    "erfc": lambda x: mp.erfc(min(x, mpf(1e6))),
    "gelu": lambda x: x * mp.ncdf(x) if abs(x) < 1e6 else max(x, mpf(0)),
}
# Where the result of a sum is small beside its terms, its unit is that of the largest term
TERMS = {
    "logaddexp": (lambda x, y: np.maximum(abs(x), abs(y)), "log(e^x + e^y) passes through 0"),
    "silu": (lambda x: abs(x) * np.finfo(x.dtype).tiny, "x * sigmoid(x), which is subnormal there"),
    "gelu": (lambda x: 2 * abs(x) * scipy.special.ndtr(x), "a product of five rounded factors"),
}
# Intervals that keep arguments within what an op is made for
BOUNDS = dict.fromkeys(("huber_penalty", "others", "tied"), (1e-3, 1e3))


def points(dtype: Any, count: int, rng: np.random.Generator) -> np.ndarray:
    """Arguments: over all exponents, in intervals of several sizes, near 1, and at multiples of pi / 4."""
    info = np.finfo(dtype)
    n = count // 8
    sizes = 2.0 ** rng.uniform(info.minexp - info.nmant, info.maxexp, n)
    spread = [rng.uniform(-end, end, n) for end in (1, 4, 30, 110, 750)]
    ones = 1 + rng.normal(size=n // 2) * 10.0 ** rng.uniform(-8, -1, n // 2)
    turns = np.arange(1, n // 4) * (np.pi / 4)
    edges = [0.0, np.inf, np.nan, info.smallest_subnormal, info.tiny, info.max, 1.0, 0.5]
    x = np.concatenate([sizes, *spread, ones, turns, edges]).astype(dtype)
    return x * rng.choice(np.array([-1, 1], dtype), x.size)


def operands(row: Row, dtype: Any, count: int, rng: np.random.Generator) -> list[np.ndarray] | None:
    """Arguments of an op; None where it takes integers alone."""
    each = isinstance(row.at, tuple) and not isinstance(row.at[0], float)
    kinds = row.at if each else [row.at] * row.op.arity
    if int in kinds:
        return None
    xs = [rng.permutation(points(dtype, count, rng)) for _ in kinds]
    if len(kinds) > 1:                    # half of the pairs are of one size
        half = xs[0].size // 2
        with np.errstate(over="ignore"):
            near = [(xs[0][:half] * rng.uniform(0.1, 10, half)).astype(dtype) for _ in xs]
        xs = [np.concatenate([x[half:], n]) for x, n in zip(xs, near, strict=True)]
    if row.op.name in BOUNDS:
        xs = [np.clip(abs(x), *BOUNDS[row.op.name]).astype(dtype) for x in xs]
    return [rng.random(x.size) < 0.5 if kind is bool else x for x, kind in zip(xs, kinds, strict=True)]


def reference(row: Row, xs: Sequence[np.ndarray], dtype: Any) -> np.ndarray:
    """The results to more digits than dtype has."""
    wide = dtype if row.op.name in SAME else WIDER[dtype]
    if row.op.name in EXACT:
        with mp.workprec(100):
            found = [EXACT[row.op.name](*map(mpf, map(float, x))) if np.isfinite(x).all() else None
                     for x in zip(*xs, strict=True)]
            split = [(np.nan, 0.0) if f is None else (float(f), float(f - mpf(float(f)))) for f in found]
        return np.array([wide(a) + wide(b) for a, b in split])
    like = row.like
    if isinstance(like, str):
        like = getattr(scipy.special, like.rpartition(".")[2])
    return np.asarray(like(*[x if x.dtype == bool else x.astype(wide) for x in xs]))


def errors(row: Row, got: np.ndarray, want: np.ndarray, xs: Sequence[np.ndarray]) -> np.ndarray:
    """Distances of the results from the reference, in units of the last place; inf for a wrong nan or inf."""
    if got.dtype.kind != "f":
        return np.where(got == want, 0.0, np.inf)
    rounded = want.astype(got.dtype)
    size = abs(want)
    if row.op.name in TERMS:
        size = np.maximum(size, TERMS[row.op.name][0](*xs).astype(want.dtype))
    unit = np.spacing(np.minimum(size.astype(got.dtype), np.finfo(got.dtype).max)).astype(want.dtype)
    found = abs(got.astype(want.dtype) - want) / unit
    same = (got == rounded) | (np.isnan(got) & np.isnan(rounded))
    edge = ~np.isfinite(got) | ~np.isfinite(rounded)
    largest = np.finfo(got.dtype).max
    beside = (np.sign(got) == np.sign(rounded)) & (abs(got) >= largest) & (abs(rounded) >= largest)
    if row.op.name in SAME:
        return np.where(same, 0.0, np.where(edge, np.inf, found))
    return np.where(edge, np.where(same, 0.0, np.where(beside, 1.0, np.inf)), found)


def compared(row: Row, dtype: Any, count: int,
             rng: np.random.Generator) -> tuple[list[np.ndarray], np.ndarray] | None:
    """Arguments of an op in one dtype and the errors there; None without a reference, or for integers."""
    xs = operands(row, dtype, FEW if row.op.name in EXACT else count, rng)
    if xs is None or row.like is None:
        return None
    if row.op.name in EXACT:
        xs = [x[np.isfinite(xs[0])] for x in xs]
    with np.errstate(all="ignore"):
        got, want = row.op(*xs).numpy(), reference(row, xs, dtype)
        return xs, errors(row, got, want, xs)


def measure(row: Row, dtype: Any, count: int, rng: np.random.Generator) -> tuple[str, bool] | None:
    """A line for an op in one dtype, and whether it keeps its limit."""
    both = compared(row, dtype, count, rng)
    if both is None:
        return None
    xs, found = both
    worst = int(np.argmax(found))
    finite = found[np.isfinite(found)]
    good = bool(found[worst] <= LIMIT)
    at = ", ".join(repr(x[worst].item()) for x in xs)
    note = f"  [{TERMS[row.op.name][1]}]" if row.op.name in TERMS else ""
    return (f"{row.op.name:16s} {np.dtype(dtype).name}  max {found[worst]:6.2f}  mean {finite.mean():5.2f}  "
            f"{'    ' if good else 'FAIL'}  at {at}{note}"), good


def values(row: Row, dtype: Any, count: int, rng: np.random.Generator) -> Iterator[tuple[str, bool]]:
    """The line of an op's values, if there is one."""
    line = measure(row, dtype, count, rng)
    return iter(() if line is None else (line,))


def partials(row: Row, dtype: Any, count: int, rng: np.random.Generator) -> Iterator[tuple[str, bool]]:
    """The lines of an op's partial derivatives."""
    xs = finite_operands(row, dtype, count, rng)
    return iter(()) if xs is None else derivatives.measure(row, dtype, xs)


def finite_operands(row: Row, dtype: Any, count: int, rng: np.random.Generator) -> list[np.ndarray] | None:
    """Arguments for derivatives of an op; None where it has none."""
    xs = operands(row, dtype, count, rng)
    if row.op.discrete or xs is None:
        return None
    if row.op.name == "pow":              # beyond, y - 1 is y, or x^(y - 2) overflows before y x^(y - 2)
        xs[1] = np.copysign(np.clip(abs(xs[1]), 1e-6, 1e6), xs[1])
    finite = np.logical_and.reduce([np.isfinite(x) for x in xs])
    return [x[finite] for x in xs]


def special(only: str) -> int:
    """Print the lines of special functions; 1 where one is nan or infinite that should not be."""
    import special_errors

    print("Errors in units of the last place.")
    good = True
    for name in filter(re.compile(only).search, special_errors.rows()):
        for dtype in WIDER:
            for line, kept in special_errors.measure(name, dtype):
                print(line, flush=True)
                good = good and kept
    return 0 if good else 1


def main() -> int:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--only", default="", help="pattern of op names")
    parser.add_argument("--points", type=int, help="arguments of each op; 40000, of derivatives 1000")
    parser.add_argument("--derivatives", action="store_true", help="of partial derivatives instead of values")
    parser.add_argument("--special", action="store_true", help="of special functions and first derivatives")
    chosen = parser.parse_args()
    tiers.choose("compiled")
    if np.finfo(np.longdouble).nmant < 60:
        print("NumPy's long double is not wider than float64 here: the figures of float64 mean nothing")
        return 1
    if chosen.special:
        return special(chosen.only)
    rng = np.random.default_rng(0)
    good = True
    lines, count, limit = values, 40000, LIMIT
    if chosen.derivatives:
        lines, count, limit = partials, 1000, derivatives.LIMIT
    print(f"Errors in units of the last place; at most {limit} are allowed.")
    for name, row in sorted(OPS.items()):
        if row.kind != "elementwise" or not re.search(chosen.only, name):
            continue
        for dtype in WIDER:
            for line, kept in lines(row, dtype, chosen.points or count, rng):
                print(line, flush=True)
                good = good and kept
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
