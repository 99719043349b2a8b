"""Systems of matrices that a few diagonals, or one row and one column, determine."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nbgrad.define.broadcast import astype, broadcast_to
from nbgrad.define.complex import conj
from nbgrad.define.scalar import multiply
from nbgrad.define.structured import family
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.contract import product
from nbgrad.ops.elementwise import negative
from nbgrad.ops.index import getitem
from nbgrad.ops.linalg import column
from nbgrad.ops.pad import pad
from nbgrad.ops.reduce import floating, sum
from nbgrad.ops.shape import concat, flip, refit, stack

op: Any = family("banded")


def _floats(*xs: Any) -> list[Tensor]:
    """All in their common float dtype."""
    found = [as_tensor(x) for x in xs]
    dtype = floating(np.result_type(*[x.dtype for x in found]))
    return [x if x.dtype == dtype else astype(x, dtype) for x in found]


def _columns(*xs: Tensor) -> list[Tensor]:
    return [column(x) if x.ndim == 1 else x for x in xs]


def _each(name: str, solve: Callable[..., Tensor], *xs: Tensor, axes: Sequence[int]) -> Tensor:
    """A function of arrays of so many axes, of each of a batch: the axes in front broadcast."""
    fronts = [x.shape[:x.ndim - k] for x, k in zip(xs, axes, strict=True)]
    try:
        batch = np.broadcast_shapes(*fronts)
    except ValueError:
        raise shape_errors.no_broadcast(name, [x.shape for x in xs]) from None
    if not batch:
        return solve(*xs)
    ends = [x.shape[len(front):] for x, front in zip(xs, fronts, strict=True)]
    rows = [refit(broadcast_to(x, batch + end), (math.prod(batch), *end))
            for x, end in zip(xs, ends, strict=True)]
    found = [solve(*[getitem(x, i) for x in rows]) for i in range(math.prod(batch))]
    return refit(stack(found), batch + ends[-1]) if found else broadcast_to(xs[-1], batch + ends[-1])


# ------------------------------------------------------------------------------------------- few diagonals
def _transposed_band(ab: Tensor, lower: int, upper: int) -> Tensor:
    """The diagonals of the transpose: row k of the band is that of its number, moved along."""
    n = ab.shape[1]
    places = np.arange(lower + upper + 1)[:, None]
    moved = places - lower + np.arange(n)
    found: Tensor = getitem(pad(ab, ((0, 0), (lower, upper))), (places[::-1], moved + lower))
    return found


def _banded_rule(g: Any, z: Any, ab: Any, b: Any, wanted: Any, lower: int, upper: int) -> tuple[Any, Any]:
    """The transposed system for the right side; for the band the diagonals of -back @ z.T."""
    back = apply(banded_solution, (_transposed_band(ab, lower, upper), g), {"lower": upper, "upper": lower})
    rows, x = _columns(back, z)
    places = np.arange(lower + upper + 1)[:, None] + np.arange(ab.shape[1])
    beside = getitem(pad(rows, ((upper, lower), (0, 0))), places)
    return negative(sum(multiply(beside, x), -1)), back


def _dense(ab: np.ndarray, lower: int, upper: int) -> np.ndarray:
    n = ab.shape[1]
    a = np.zeros((n, n), ab.dtype)
    for i in range(n):
        for j in range(max(i - lower, 0), min(i + upper + 1, n)):
            a[i, j] = ab[upper + i - j, j]
    return a


def _heavy(rows: int, n: int, main: int) -> Any:
    """A band whose main diagonal outweighs the others."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        ab = 0.4 * rng.normal(size=(rows, n))
        ab[main] += 3
        return ab

    return draw


@op(out=lambda ab, b, **_: (b.shape, b.dtype), vjp_all=_banded_rule, multilinear=(1,), on_complex="same",
    like=lambda ab, b, lower, upper: np.linalg.solve(_dense(ab, lower, upper), b),
    cases=[(_heavy(4, 3, 1), (3, 2), {"lower": 2, "upper": 1})], private=True)
def banded_solution(ab: Any, b: Any, lower: int, upper: int) -> Any:
    """Return `solve_banded`."""
    return (as_tensor(ab), as_tensor(b)), {"lower": lower, "upper": upper}


def solve_banded(l_and_u: Any, ab: Any, b: Any) -> Tensor:
    """Return the solution z of a @ z = b for a matrix that is zero beyond a few diagonals.

    l_and_u: how many diagonals there are below the main one and above it.
    ab: (l + u + 1, n), the diagonals as rows, the uppermost first: ab[u + i - j, j] is a[i, j]. What stands
        for no element of a is not read. b: (n,) or (n, k). float32, float64 or complex; other dtypes become
        float64. Either may have more axes in front, which broadcast: a batch is solved one by one.
    Derivative: linear in b; in the diagonals as in `solve`. Raises SingularError if a is singular, ShapeError
    if the shapes do not fit, ValueRangeError, DeviceError on CUDA.

    >>> nb.linalg.solve_banded((0, 1), [[0.0, 1.0], [2.0, 4.0]], [3.0, 4.0])
    tensor([1., 1.])
    """
    lower, upper = map(operator.index, l_and_u)
    if min(lower, upper) < 0:
        raise value_errors.bad_value("solve_banded", f"l_and_u={l_and_u} cannot be negative")
    ab, b = _floats(ab, b)
    if ab.ndim < 2 or ab.shape[-2] != lower + upper + 1:
        raise shape_errors.bad_shape("solve_banded", ab.shape, f"ab needs {lower + upper + 1} rows")
    if b.ndim < 1 or b.shape[-2:][0] != ab.shape[-1]:
        raise shape_errors.bad_shape("solve_banded", b.shape, f"b needs {ab.shape[-1]} rows")
    return _each("solve_banded", lambda ab, b: banded_solution(ab, b, lower, upper), ab, b,
                 axes=(2, min(b.ndim, 2)))


# ------------------------------------------------------------------------------- equal along diagonals
def _diagonal_sums(x: Tensor) -> Tensor:
    """The sums of a square matrix's diagonals, from the uppermost down, (2n - 1,).

    Where the reversed rows and n zeros behind each are cut into rows of 2n - 1 places instead of 2n, a
    diagonal's elements stand below one another.
    """
    n = x.shape[0]
    flat = refit(pad(flip(x, 1), ((0, 0), (0, n))), (2 * n * n,))
    return sum(refit(getitem(flat, slice(0, n * (2 * n - 1))), (n, 2 * n - 1)), 0)


def _toeplitz_rule(g: Any, z: Any, c: Any, r: Any, b: Any, wanted: Any) -> tuple[Any, Any, Any]:
    """The transposed system for the right side; for column and row the sums of diagonals of -back @ z.T."""
    first = getitem(c, slice(0, 1))
    back = apply(toeplitz_solution, (concat([first, getitem(r, slice(1, None))]), c, g))
    rows, x = _columns(back, z)
    n = c.shape[0]
    sums = negative(_diagonal_sums(product(rows, x, (False, True))))
    of_row = pad(flip(getitem(sums, slice(0, n - 1))), ((1, 0),)) if n > 1 else multiply(sums, 0.0)
    return getitem(sums, slice(n - 1, None)), of_row, back


def _toeplitz_like(c: np.ndarray, r: np.ndarray, b: np.ndarray) -> np.ndarray:
    n = c.shape[0]
    every = np.concatenate([r[:0:-1], c])
    return np.linalg.solve(every[np.arange(n)[:, None] - np.arange(n) + n - 1] if n else np.zeros((0, 0)), b)


def _steep(n: int) -> Any:
    return lambda rng: 0.3 * rng.normal(size=n) + 3 * (np.arange(n) == 0)


@op(out=lambda c, r, b: (b.shape, b.dtype), vjp_all=_toeplitz_rule, multilinear=(2,), like=_toeplitz_like,
    on_complex="same", cases=[(_steep(4), _steep(4), (4, 2))], private=True)
def toeplitz_solution(c: Any, r: Any, b: Any) -> Any:
    """Return `solve_toeplitz`. Raises SingularError where a leading part of the matrix is singular."""
    return (as_tensor(c), as_tensor(r), as_tensor(b)), {}


def solve_toeplitz(c_or_cr: Any, b: Any) -> Tensor:
    """Return the solution z of toeplitz(c, r) @ z = b, in about n^2 steps.

    c_or_cr: the first column c, (n,), or a tuple of it and the first row r, (n,), whose first element is not
        read; c alone: r is its conjugate. b: (n,) or (n, k). float32, float64 or complex; other dtypes become
        float64. Each may have more axes in front, which broadcast: a batch is solved one by one.
    Derivative: linear in b; in c and r as in `solve`. Raises SingularError if a leading part of the matrix is
    singular, ShapeError if the shapes do not fit, DeviceError on CUDA.

    >>> nb.linalg.solve_toeplitz([2.0, 1.0], [4.0, 5.0])
    tensor([1., 2.])
    """
    c, r, b = _floats(*(c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, conj(c_or_cr))), b)
    for x in (c, r):
        if x.ndim < 1 or x.shape[-1:] != c.shape[-1:]:
            raise shape_errors.bad_shape("solve_toeplitz", x.shape, "c and r need rows of one length")
    if b.ndim < 1 or b.shape[-2:][0] != c.shape[-1]:
        raise shape_errors.bad_shape("solve_toeplitz", b.shape, f"b needs {c.shape[-1]} rows")
    return _each("solve_toeplitz", toeplitz_solution, c, r, b, axes=(1, 1, min(b.ndim, 2)))
