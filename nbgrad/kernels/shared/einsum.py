"""Einsum on every device: how operands are contracted by subscripts, two at a time, and what drives it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

Shapes = tuple[tuple[int, ...], ...]


class Trim(NamedTuple):
    """The work on one operand alone: take a diagonal (subscripts or ""), drop axes of length 1, sum axes."""

    diagonal: str
    squeezed: tuple[int, ...]
    summed: tuple[int, ...]


class Pair(NamedTuple):
    """Two operands are taken by place, each is transposed and reshaped; they are multiplied and reshaped."""

    places: tuple[int, int]
    axes_a: tuple[int, ...]
    shape_a: tuple[int, ...]
    axes_b: tuple[int, ...]
    shape_b: tuple[int, ...]
    form: str
    shape: tuple[int, ...]


class Contraction(NamedTuple):
    """trims, pairs: the work in order; axes: last transposition; diagonal: the result's place in shape."""

    trims: tuple[Trim, ...]
    pairs: tuple[Pair, ...]
    axes: tuple[int, ...]
    shape: tuple[int, ...]
    diagonal: str


class Steps(NamedTuple):
    """A device's way to do the steps of a contraction.

    trim     : (x, dtype, trim) -> the work on one operand alone, in the dtype of the result
    multiply : (a, b, pair) -> the product of two operands
    permute  : (x, axes) -> x transposed
    place    : (z, subscripts, shape) -> zeros of a shape with z on the diagonal that the subscripts say
    """

    trim: Callable[[Any, np.dtype, Trim], Any]
    multiply: Callable[[Any, Any, Pair], Any]
    permute: Callable[[Any, tuple[int, ...]], Any]
    place: Callable[[Any, str, tuple[int, ...]], Any]


def contract(xs: Sequence[Any], subscripts: str, steps: Steps) -> Any:
    """The contraction of raw arrays; it may be a view of an operand.

    subscripts : explicit, without ellipsis; an index that the output repeats is its diagonal, among zeros
    """
    plan = planned(subscripts, tuple([x.shape for x in xs]))
    dtype = xs[0].dtype if len(xs) == 1 else np.result_type(*[x.dtype for x in xs])
    parts = [steps.trim(x, dtype, trim) for x, trim in zip(xs, plan.trims, strict=True)]
    for pair in plan.pairs:
        i, j = pair.places
        a, b = parts[i], parts[j]
        del parts[max(i, j)], parts[min(i, j)]
        parts.append(steps.multiply(a, b, pair))
    z = steps.permute(parts[0], plan.axes)
    return steps.place(z, plan.diagonal, plan.shape) if plan.diagonal else z


@lru_cache(maxsize=4096)
def planned(subscripts: str, shapes: Shapes) -> Contraction:
    """How to contract operands of these shapes."""
    left, _, out = subscripts.partition("->")
    terms = left.split(",")
    size: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        size |= {c: n for c, n in zip(term, shape, strict=True) if size.get(c, 1) == 1}
    trims = _trims(terms, shapes, out, size)
    pairs = []
    while len(terms) > 1:
        places = _next(terms, out, size)
        a, b = [terms[i] for i in places]
        rest = out + "".join(t for i, t in enumerate(terms) if i not in places)
        if len(terms) == 2 and out and out[-1] in a and out[-1] not in b:
            places, a, b = places[::-1], b, a           # the result comes out in the order asked for
        pair, term = _pair(places, a, b, rest, size)
        pairs.append(pair)
        terms = [t for i, t in enumerate(terms) if i not in places] + [term]
    unique = "".join(dict.fromkeys(out))
    axes, shape = tuple([terms[0].index(c) for c in unique]), tuple([size[c] for c in out])
    return Contraction(trims, tuple(pairs), axes, shape, f"{out}->{unique}" if unique != out else "")


def _trims(terms: list[str], shapes: Shapes, out: str, size: dict[str, int]) -> tuple[Trim, ...]:
    """The first work on each operand. In `terms` it leaves the indices that remain, each of its full size."""
    diagonals, squeezed = [], []
    for i, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
        unique = "".join(dict.fromkeys(term))
        own = dict(zip(term, shape, strict=True))
        diagonals.append(f"{term}->{unique}" if unique != term else "")
        squeezed.append(tuple([k for k, c in enumerate(unique) if own[c] == 1 != size[c]]))
        terms[i] = "".join([c for c in unique if own[c] == size[c]])
    trims = []
    every = out + "".join(terms)
    for i, term in enumerate(terms):
        alone = [c for c in term if every.count(c) == 1]
        trims.append(Trim(diagonals[i], squeezed[i], tuple([term.index(c) for c in alone])))
    for i, term in enumerate(terms):
        terms[i] = "".join([c for c in term if every.count(c) > 1])
    return tuple(trims)


def _next(terms: list[str], out: str, size: dict[str, int]) -> tuple[int, int]:
    """Places of the two operands whose product grows the least over the two themselves."""

    def growth(i: int, j: int) -> int:
        rest = out + "".join(t for k, t in enumerate(terms) if k != i and k != j)
        product = [c for c in dict.fromkeys(terms[i] + terms[j]) if c in rest]
        elements = [prod([size[c] for c in term]) for term in (product, terms[i], terms[j])]
        return elements[0] - elements[1] - elements[2]

    return min([(i, j) for j in range(len(terms)) for i in range(j)], key=lambda places: growth(*places))


def _pair(places: tuple[int, int], a: str, b: str, rest: str, size: dict[str, int]) -> tuple[Pair, str]:
    """The product of two operands and its indices. rest: the indices that are needed later."""
    batch = [c for c in a if c in b and c in rest]
    summed = [c for c in (a if prod(size[c] for c in a) >= prod(size[c] for c in b) else b)
              if c in a and c in b and c not in rest]
    rows, columns = [c for c in a if c not in b], [c for c in b if c not in a]
    sizes = [tuple([size[c] for c in group]) for group in (batch, rows, summed, columns)]
    term = "".join([*batch, *rows, *columns])
    if not summed:
        form = "multiply"
        shape_a, shape_b = sizes[0] + sizes[1] + (1,) * len(columns), sizes[0] + (1,) * len(rows) + sizes[3]
    elif batch and not rows and not columns:            # nothing for BLAS: one pass of NumPy's own loop
        both = "".join(batch + summed)
        form, shape_a, shape_b = f"{both},{both}->{term}", sizes[0] + sizes[2], sizes[0] + sizes[2]
    else:
        n, k, m = map(prod, sizes[1:])
        form, shape_a, shape_b = "matmul", (*sizes[0], n, k), (*sizes[0], k, m)
    axes_a = tuple([a.index(c) for c in [*batch, *rows, *summed]])
    axes_b = tuple([b.index(c) for c in [*batch, *summed, *columns]])
    return Pair(places, axes_a, shape_a, axes_b, shape_b, form, tuple([size[c] for c in term])), term
