"""Kinks, ties, zeros and infinities: the conventions of the docstrings, and the traps of the field."""

import math

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.engine.tensor import raw

INF, NAN = math.inf, math.nan


def slope(f, *xs):
    """Gradient of sum(f) by all arguments, as lists of floats."""
    gs = nb.grad(lambda *ts: nb.sum(f(*ts)), tuple(range(len(xs))))(*[np.asarray(x, float) for x in xs])
    return [raw(g).tolist() for g in gs]


CASES = {
    "abs at 0": (nb.abs, [0.0], [0.0]),
    "relu at 0": (nb.relu, [0.0], [0.0]),
    "leaky_relu at 0": (nb.leaky_relu, [0.0], [0.01]),
    "elu at 0": (nb.elu, [0.0], [1.0]),
    "maximum with 0 at 0": (lambda x: nb.maximum(x, 0.0), [0.0], [0.5]),
    "maximum at a tie": (nb.maximum, [2.0, 2.0], [0.5, 0.5]),
    "minimum at a tie": (nb.minimum, [2.0, 2.0], [0.5, 0.5]),
    "maximum, second larger": (nb.maximum, [1.0, 2.0], [0.0, 1.0]),
    "maximum of nan": (nb.maximum, [NAN, 1.0], [NAN, NAN]),
    "clip at its bounds": (
        lambda x: nb.clip(x, 0.0, 1.0),
        [[-1.0, 0.0, 0.5, 1.0, 2.0]],
        [[0.0, 0.0, 1.0, 0.0, 0.0]],
    ),
    "clip from below only": (lambda x: nb.clip(x, min=0.0), [[-1.0, 0.0, 2.0]], [[0.0, 0.0, 1.0]]),
    "max with ties": (nb.max, [[1.0, 1.0]], [[0.5, 0.5]]),
    "max with nan": (nb.max, [[NAN, 1.0]], [[NAN, NAN]]),
    "min with ties": (nb.min, [[1.0, 3.0, 1.0]], [[0.5, 0.0, 0.5]]),
    "sqrt at 0": (nb.sqrt, [0.0], [INF]),
    "cbrt at 0": (nb.cbrt, [0.0], [INF]),
    "norm at 0": (nb.norm, [[0.0, 0.0]], [[0.0, 0.0]]),
    "norm along an axis, one row 0": (
        lambda x: nb.norm(x, axis=1),
        [[[0.0, 0.0], [3.0, 4.0]]],
        [[[0.0, 0.0], [0.6, 0.8]]],
    ),
    "std of a constant": (nb.std, [[2.0, 2.0, 2.0]], [[0.0, 0.0, 0.0]]),
    "hypot at (0, 0)": (nb.hypot, [0.0, 0.0], [0.0, 0.0]),
    "atan2 at (0, 0)": (nb.atan2, [0.0, 0.0], [NAN, NAN]),
    "logaddexp of -inf": (nb.logaddexp, [-INF, -INF], [0.5, 0.5]),
    "logaddexp of inf and 1": (nb.logaddexp, [INF, 1.0], [1.0, 0.0]),
    "logsumexp of -inf": (nb.logsumexp, [[-INF, -INF]], [[0.5, 0.5]]),
    "logsumexp of inf": (nb.logsumexp, [[INF, 1.0]], [[1.0, 0.0]]),
    "x ** x at 0": (lambda x: nb.pow(x, x), [0.0], [-INF]),
    "x ** 0 at 0": (lambda x: x**0, [0.0], [0.0]),
    "x ** 0.0 with a tensor exponent": (nb.pow, [0.0, 0.0], [0.0, -INF]),
    "x ** 2 at 0": (lambda x: x**2, [0.0], [0.0]),
    "x ** 1.5 at 0": (lambda x: x**1.5, [0.0], [0.0]),
    "0 ** y": (lambda y: nb.pow(0.0, y), [2.0], [0.0]),
    "prod with a zero": (nb.prod, [[0.0, 2.0, 3.0]], [[6.0, 0.0, 0.0]]),
    "prod above the range": (nb.prod, [[1e200, 1e200, 2.0]], [[2e200, 2e200, math.inf]]),
    "prod below the range": (nb.prod, [[1e-200, 1e-200, 0.5]], [[5e-201, 5e-201, 0.0]]),
    "prod with two zeros": (nb.prod, [[0.0, 2.0, 0.0]], [[0.0, 0.0, 0.0]]),
    "sort with ties": (
        lambda x: nb.sort(x) * np.array([1.0, 2.0, 3.0, 4.0]),
        [[1.0, 0.0, 1.0, 0.0]],
        [[3.0, 1.0, 4.0, 2.0]],
    ),
    "sort with ties, falling": (
        lambda x: nb.sort(x, descending=True) * np.array([1.0, 2.0, 3.0, 4.0]),
        [[1.0, 0.0, 1.0, 0.0]],
        [[1.0, 3.0, 2.0, 4.0]],
    ),
    "sort with nan": (
        lambda x: nb.where(np.array([True, True, False]), nb.sort(x), 0.0),
        [[NAN, 2.0, 1.0]],
        [[0.0, 1.0, 1.0]],
    ),
    "cumprod with a zero": (nb.cumprod, [[2.0, 0.0, 3.0]], [[1.0, 8.0, 0.0]]),
    "cumprod with two zeros": (nb.cumprod, [[0.0, 2.0, 0.0, 3.0]], [[3.0, 0.0, 0.0, 0.0]]),
    "cumsum up to a nan": (nb.cumsum, [[1.0, NAN, 1.0]], [[3.0, 2.0, 1.0]]),
    "where of safe arms": (
        lambda x: nb.where(x > 0, nb.log(nb.where(x > 0, x, 1.0)), 0.0),
        [[0.0, 2.0]],
        [[0.0, 0.5]],
    ),
    "exp(log(x)) at 0, IEEE": (lambda x: nb.exp(nb.log(x)), [0.0], [NAN]),
    "full_like of a scalar": (lambda x: nb.full_like(np.zeros(3), x), [2.0], [3.0]),
    "full of a scalar": (lambda x: nb.full((2, 2), x), [2.0], [4.0]),
    "linspace of its ends": (lambda a, b: nb.linspace(a, b, 5), [0.0, 1.0], [2.5, 2.5]),
    "broadcast_to that adds axes": (lambda x: nb.broadcast_to(x, (4, 2)), [[1.0, 2.0]], [[4.0, 4.0]]),
    "where whose arms broadcast": (
        lambda x, y: nb.where(np.array([[True], [False]]), x, y),
        [[1.0, 2.0], 3.0],
        [[1.0, 1.0], 2.0],
    ),
    "stack of scalars taken out": (lambda x: nb.stack([x[0], x[0] * x[1]]), [[2.0, 3.0]], [[4.0, 2.0]]),
}


@pytest.mark.parametrize("name", CASES)
def test_convention(name):
    f, xs, want = CASES[name]
    for got, expected in zip(slope(f, *xs), want, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-14)


def test_only_the_arm_taken_is_differentiated_in_a_fused_expression():
    safe_log = nb.elementwise("safe_log_of_tests", lambda x: nb.where(x > 0, nb.log(x), 0.0))
    safe_sqrt = nb.elementwise(
        "safe_sqrt_of_tests",
        lambda x: nb.where(x > 0, nb.sqrt(x), 0.0) + nb.where(x > 1, 2.0 * nb.sqrt(x), 0.0),
    )
    x = np.array([-1.0, 0.0, 2.0])
    np.testing.assert_array_equal(slope(safe_log, x)[0], [0, 0, 0.5])
    np.testing.assert_allclose(slope(safe_sqrt, x)[0], [0, 0, 1.5 / math.sqrt(2)])
    second = nb.grad(lambda t: nb.sum(nb.grad(lambda u: nb.sum(safe_log(u)))(t)))(x)
    np.testing.assert_array_equal(raw(second), [0, 0, -0.25])
    forward = nb.jvp(nb.grad(lambda u: nb.sum(safe_log(u))), (x,), (np.ones(3),))[1]
    np.testing.assert_array_equal(raw(forward), [0, 0, -0.25])


def test_a_fused_zero_of_the_users_own_stays_ieee():
    f = nb.elementwise("own_zero_of_tests", lambda x, y: nb.where(x > 0, x, 0.0) * y)
    assert math.isnan(float(f(-1.0, INF)))


def test_nan_and_inf_flow_as_in_numpy():
    x = np.array([NAN, INF, -INF, 0.0, -0.0, 1e308, 5e-324])
    with np.errstate(all="ignore"):
        for ours, theirs in (
            (nb.exp, np.exp),
            (nb.log, np.log),
            (nb.sqrt, np.sqrt),
            (nb.sin, np.sin),
            (nb.tanh, np.tanh),
            (nb.reciprocal, np.reciprocal),
            (nb.square, np.square),
            (nb.floor, np.floor),
            (nb.sign, np.sign),
        ):
            np.testing.assert_allclose(raw(ours(x)), theirs(x), rtol=1e-15, err_msg=ours.name)
        for ours, theirs in (
            (nb.add, np.add),
            (nb.multiply, np.multiply),
            (nb.divide, np.divide),
            (nb.maximum, np.maximum),
            (nb.minimum, np.minimum),
            (nb.pow, np.power),
            (nb.remainder, np.remainder),
            (nb.hypot, np.hypot),
        ):
            np.testing.assert_allclose(
                raw(ours(x[:, None], x)), theirs(x[:, None], x), rtol=1e-15, err_msg=str(ours)
            )
        for name in ("sum", "max", "min", "prod", "mean"):
            np.testing.assert_array_equal(raw(getattr(nb, name)(x)), getattr(np, name)(x), err_msg=name)
    assert np.signbit(raw(nb.negative(np.array([0.0]))))[0]
    assert np.signbit(raw(nb.multiply(nb.asarray([-0.0]), 1.0)))[0]


def test_cumulative_sums_overflow_where_numpys_do():
    x = np.array([1.0, -1e308, -5e307, 1e308, 1e308, -1e308, 1.0, 2.0, 3.0, 1e308, 1e308, INF, 1.0, NAN, 2.0])
    with np.errstate(all="ignore"):
        for y in (x, x[::-1], np.concatenate([x[:9], x[:9]])):
            for rows in (y, np.stack([y] * 9, 1)):
                np.testing.assert_array_equal(raw(nb.cumsum(rows, 0)), np.cumsum(rows, 0))
                np.testing.assert_array_equal(raw(nb.cumprod(rows, 0)), np.cumprod(rows, 0))
    assert np.signbit(raw(nb.cumsum(np.array([-0.0, -0.0]))))[1]


def test_nan_and_inf_raise_no_warning():
    """Warnings are errors here."""
    x = np.array([INF, 1.0, -INF, NAN])
    for f in (nb.var, nb.std, nb.mean, nb.norm, nb.logsumexp, nb.max, nb.cumsum, nb.cumprod, nb.diff,
              lambda t: t @ t,
              lambda t: nb.einsum("i,i", t, t)):
        nb.grad(lambda t, f=f: nb.sum(f(t)))(x)
    assert raw(nb.asarray(1e300).astype("float32")) == INF


def test_activations_do_not_overflow():
    x = np.array([-1e4, -800.0, 800.0, 1e4])
    np.testing.assert_array_equal(raw(nb.sigmoid(x)), [0, 0, 1, 1])
    np.testing.assert_array_equal(raw(nb.softplus(x)), [0, 0, 800, 1e4])
    np.testing.assert_array_equal(raw(nb.elu(x)), [-1, -1, 800, 1e4])
    for f in (nb.sigmoid, nb.softplus, nb.silu, nb.gelu, nb.elu, nb.tanh):
        assert np.all(np.isfinite(slope(f, x)[0]))
    np.testing.assert_array_equal(raw(nb.softmax(np.array([1e4, 0.0]))), [1, 0])
    np.testing.assert_array_equal(raw(nb.log_softmax(np.array([1e4, 0.0]))), [0, -1e4])
