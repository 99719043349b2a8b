"""First and second derivatives of structured ops at special points, against an evaluation in many digits.

Each op of the table whose derivative is not constant is tried at zeros, ties, equal elements, large means and
extreme scales: reverse over reverse, forward over reverse, and forward over forward.
"""

from contextlib import nullcontext
from math import inf

import matrix_cases
import mpmath
import numpy as np
import pytest
import structured_cases
from second_order import Jet, derivatives
from structured_cases import WITHIN

import nbgrad as nb
from nbgrad.compile import tiers
from nbgrad.define.registry import OPS
from nbgrad.engine.tensor import raw

CASES = structured_cases.CASES | matrix_cases.CASES
ORDERS = {"value": 0, "gradient": 1, "jvp": 1}
WEIGHTS = [1.0, -0.75, 0.4375, 1.5, -2.125, 0.6875, 0.3125, -1.25, 2.5]


def test_every_structured_op_has_a_case():
    for name, row in OPS.items():
        op = row.op
        if row.kind != "structured" or op.discrete or getattr(op, "linear", False):
            continue
        products = {0, 1} <= set(getattr(op, "multilinear", ()))      # its derivatives are such, too
        whole = name in ("split_at", "eig_factors", "polynomial_roots")
        known = name in CASES or name in WITHIN or products or whole
        assert known or row.where.startswith("tests/"), f"{name} needs a case in structured_cases.py"
    assert set(WITHIN.values()) <= set(CASES)


def holds(dtype, row):
    """Whether a dtype has all these numbers."""
    limits = np.finfo(dtype)
    low, high = float(limits.smallest_subnormal), float(limits.max)
    return all(x == 0 or abs(x) == inf or low <= abs(x) <= high for x in row)


def digits(row):
    """What it takes to keep 60 digits of sums and of exponentials of such numbers."""
    sizes = np.log10([abs(x) for x in row if x and np.isfinite(x)] or [1.0])
    return 60 + int(4 * (sizes.max() - sizes.min())) + (700 if 2 < sizes.max() < 4 else 0)


def exact(case, point):
    """A case's results, and gradient and second derivatives of their weighted sum, as floats."""
    mpmath.mp.dps = digits(point)

    def weighted(xs):
        return sum([z * w for z, w in zip(case.like(xs), WEIGHTS, strict=False)], Jet(0))

    numbers = [mpmath.mpf(float(x)) for x in point]
    _, first, second = derivatives(weighted, numbers)
    values = [float(z.v) for z in case.like([Jet(x) for x in numbers])]
    return np.array(values), np.array(first, float), np.array(second, float)


def found(case, x, forward):
    """The same of nbgrad, for each row of x, by mode. forward: also in those that have forward mode.

    Kernels are compiled for each mode alone; what forward mode makes of them, NumPy runs.
    """
    rows, m = x.shape
    units = [np.tile(e, (rows, 1)) for e in np.eye(m, dtype=x.dtype)]

    def each(t):
        z = case.f(t)
        return nb.sum(z * np.array(WEIGHTS[:z.shape[1]], x.dtype), 1)

    yield "value", raw(case.f(x))
    gradient = nb.grad(lambda t: nb.sum(each(t)))
    first, pull = nb.vjp(gradient, x)
    yield "gradient", raw(first)
    yield "reverse over reverse", np.stack([raw(pull(u)[0]) for u in units], 2)
    if not forward:
        return

    def push(u):
        return lambda t: nb.jvp(each, (t,), (u,))[1]

    yield "jvp", np.stack([raw(push(u)(x)) for u in units], 1)
    with tiers.chosen("interpreted"):
        mixed = np.stack([raw(nb.jvp(gradient, (x,), (u,))[1]) for u in units], 2)
        twice = np.stack(
            [np.stack([raw(nb.jvp(push(u), (x,), (v,))[1]) for u in units], 1) for v in units], 2)
    yield "forward over reverse", mixed
    yield "forward over forward", twice


def agrees(got, want, limits, case):
    """Whether derivatives are right to 32 ulp each, or to the case's ulp of the largest."""
    finite = np.abs(want) <= limits.max
    each, most = limits.eps * np.abs(want), limits.eps * np.max(np.abs(want[finite]), initial=case.size)
    slack = 32 * each + (0 if case.exact else case.ulps * most) + 4 * float(limits.smallest_subnormal)
    with np.errstate(invalid="ignore"):
        near = np.abs(got.astype(float) - want) <= slack
    return np.where(finite, near, got == np.copysign(inf, want)).all()


@pytest.fixture
def tier(name):
    """What LAPACK computes does not wait for the compiler."""
    with tiers.chosen("interpreted") if name in matrix_cases.CASES else nullcontext():
        yield


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_derivatives(name, dtype, tier):
    case, limits = CASES[name], np.finfo(dtype)
    if dtype == "float32" and not case.float32:
        pytest.skip("its kernels are the same")
    x = np.array([p for p in case.points if holds(dtype, p)], dtype)
    want = [exact(case, row.tolist()) for row in x]
    wrong = []
    for mode, values in found(case, x, dtype == "float64"):
        order = ORDERS.get(mode, 2)
        for row, got, right in zip(x.tolist(), values, want, strict=True):
            # an infinite slope times a zero in a tangent is nan, by IEEE's rules
            if mode in ("jvp", "forward over forward") and not (np.abs(right[1]) <= limits.max).all():
                continue
            if not agrees(got, right[order], limits, case):
                wrong.append(f"{mode} at {row}: {got.tolist()}, right {right[order].tolist()}")
            elif order == 2 and not agrees(got, got.T.astype(float), limits, case):
                wrong.append(f"{mode} at {row}: not symmetric, {got.tolist()}")
    assert not wrong, "\n".join(wrong)


def test_variances_divide_as_numpy_does():
    """A count less ddof that is not positive is 0."""
    for x in ([1.0, 2.0, 4.0], [3.0], [2.0, 2.0], []):
        for ddof in (0, 1, 2, 3, 5, -1, 0.5):
            with np.errstate(all="ignore"), pytest.MonkeyPatch.context() as quiet:
                quiet.setattr("warnings.warn", lambda *_, **__: None)
                want = np.var(x, ddof=ddof), np.std(x, ddof=ddof)
            got = [float(f(nb.asarray(np.array(x)), ddof=ddof)) for f in (nb.var, nb.std)]
            np.testing.assert_allclose(got, want, rtol=1e-15, err_msg=f"{x}, ddof={ddof}")
    assert raw(nb.grad(lambda x: nb.var(x, ddof=2))(np.array([1.0, 2.0]))).tolist() == [-inf, inf]
    assert np.isnan(raw(nb.grad(lambda x: nb.var(x, ddof=1))(np.array([1.0])))).all()
