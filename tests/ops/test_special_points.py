"""Derivatives of every elementwise op, to the third order and in both modes, where formulas tend to break.

The truth is that of benchmarks/exact.py: textbook formulas in mpmath, with the conventions of the op table at
kinks and limits at infinities. Only where one of the derivatives up to this order is infinite may another be
inf or nan: it is computed from the same parts. A third derivative that passes through 0 is compared with the
others.
"""

import itertools
import math
import sys
from contextlib import nullcontext
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.compile import tiers
from nbgrad.define.registry import OPS

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import exact

INF = math.inf
SIZES = [0.0, 5e-324, 1e-310, 1e-160, 1e-20, 0.5, 1.0, 1.5, 2.0, 3.0, 10.0, 40.0, 745.0, 1e8, 1e16, 1e160,
         1e300, np.finfo(float).max, INF]
FEWER = [0.0, 1e-310, 1e-160, 0.5, 1.0, 2.0, 40.0, 1e160, INF]
FEWEST = [0.0, 1e-310, 0.5, 1.0, 2.0, INF]
BY_PLACE = {                              # of ops of three operands, and of those that have bounds
    "clip": ([-2.0, -1.0, -0.5, 0.0, 1.0, 2.0, INF], [-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]),
    "huber_penalty": ([0.0, 1e-160, 0.5, 1.0, -1.0, 2.0, -1e160, INF], [0.5, 1.0]),
    "others": ([0.0, 1.0, -2.0], [1e-50, 1.0, 1e50], [1e-50, -1.0, 1e50]),
    "ratio": ([0.0, 1e-160, -1.0, 1e160], [0.0, 1e-160, -1.0, 1e160]),
    "remainder": ([0.5, -0.5, 7.5, -1e16, 1e-20], [1.0, -2.0, 3.0]),
    "tied": ([True, False], [0.0, -1.0, 1e160], [1.0, 2.0, 3.0]),
    "where": ([True, False], [0.0, 1e-310, -2.0, INF], [-0.0, 1e300, -INF]),
}
SMOOTH = [row for _, row in sorted(OPS.items()) if row.kind == "elementwise" and not row.op.discrete]
# For each order which of its derivatives are taken in forward mode, first the innermost
MODES = {1: [(0,), (1,)], 2: [(0, 0), (1, 1), (0, 1)], 3: [(0, 0, 0), (0, 1, 1)]}
# Those whose kernels are compiled: what follows is the same formulas' work, for which NumPy will do
COMPILED = [(0,), (1,), (0, 0)]


def unsettled_power(x, y):
    """Where x^y has no derivative; where it or a factor of its derivative is not a normal number."""
    if x < 0 or math.isinf(y) or x == y == 0 or (math.isinf(x) and y > 1e10):
        return True
    if not x > 0:
        return False
    least = min(y * math.log(x), (y - 1) * math.log(x))
    return least < -690 or (x < 1e-100 and 0 < abs(y) < 1e-100)


# Points of no derivative, or of one that jumps, for which the op table has a value all the same
FREE = {
    "atan2": lambda y, x: (x == y == 0) or (math.isinf(x) and math.isinf(y)),
    "divide": lambda x, y: (x == y == 0) or (math.isinf(x) and y in (0, INF, -INF)),
    "gelu": lambda x: x == -INF,              # the value is nan, as -inf * 0 is
    "hypot": lambda x, y: (x == y == 0) or (math.isinf(x) and math.isinf(y)),
    "logaddexp": lambda x, y: x == y and math.isinf(x),
    "pow": unsettled_power,
    "remainder": lambda x, y: x % y == 0,
    "silu": lambda x: x == -INF,
}


def points(row, order):
    """Arguments, one array for each operand: all combinations."""
    if row.op.arity == 1 or row.op.name in BY_PLACE:
        each = BY_PLACE.get(row.op.name, (SIZES + [-x for x in SIZES],))
    else:
        sizes = FEWER if order < 3 else FEWEST
        each = [sizes + [-x for x in sizes]] * row.op.arity
    return [np.array(x) for x in zip(*itertools.product(*each))]


@cache
def truth(name, xs, by):
    """The partial derivative as a float; None where the op has none there."""
    try:
        return float(exact.partial(name, xs, by))
    except ArithmeticError:
        return None


def derivative(f, place, forward):
    """The function's partial derivative in one operand, at every element."""
    def partial(*xs):
        def alone(x):
            return f(*xs[:place], x, *xs[place + 1:])

        if forward:
            return nb.jvp(alone, (xs[place],), (np.ones(xs[place].shape),))[1]
        return nb.grad(lambda x: nb.sum(alone(x)))(xs[place])

    return partial


def floats(xs):
    """The places of the operands that are no conditions."""
    return [i for i, x in enumerate(xs) if np.asarray(x).dtype != bool]


def up_to(row, at, order):
    """The derivatives up to this order, and the value; None where there is none."""
    return [truth(row.op.name, at, by) for k in range(order + 1)
            for by in itertools.combinations_with_replacement(floats(at), k)]


def faults(row, by, mode, xs):
    """The points where a derivative is not what it should be: (point, found, wanted)."""
    f = row.op
    for place, forward in zip(by, mode):
        f = derivative(f, place, forward)
    name, found = row.op.name, f(*xs).numpy()
    wrong = []
    for got, *at in zip(found.tolist(), *[x.tolist() for x in xs]):
        at = tuple(at)
        want = truth(name, at, by)
        if want is None or FREE.get(name, lambda *_: False)(*at):
            continue
        if got == want or abs(got - want) <= 1e-11 * abs(want) + 1000 * 5e-324:
            continue
        beside = up_to(row, at, len(by))
        if not math.isfinite(got) and not {INF, -INF, None}.isdisjoint(beside):
            continue
        if len(by) < 3 or None in beside or not abs(got - want) <= 1e-15 * max(map(abs, beside)):
            wrong.append((at, got, want))
    return wrong


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("row", SMOOTH, ids=lambda row: row.op.name)
def test_derivatives_at_special_points(row, order):
    xs, found = points(row, order), {}
    for by in itertools.product(floats(xs), repeat=order):
        for mode in MODES[order]:
            with nullcontext() if mode in COMPILED else tiers.chosen("interpreted"):
                if wrong := faults(row, by, mode, xs):
                    found[by, mode] = wrong
    assert not found, "\n".join(f"{by} {mode}: {len(w)} wrong, as {w[:4]}" for (by, mode), w in found.items())


def test_every_op_has_a_formula():
    assert [row.op.name for row in SMOOTH if row.op.name not in exact.FORMULAS] == []
