"""Norms of any order, axis and scale: values, first and second derivatives against 50 digits; conventions."""

import math
from itertools import permutations

import mpmath
import numpy as np
import pytest

import nbgrad as nb
from nbgrad import errors
from nbgrad.engine.tensor import raw
from nbgrad.testing import check_grads

INF = math.inf
POWERS = [0.5, 1, 1.25, 2, 2.5, 3, 7, 80, 1e3, 0.25, -1, -2.5, INF, -INF]
VECTORS = np.array([[3.0, -2.0, 0.75, 2.5], [-1.0, 1.0625, 1.5, -1.25]])
TANGENTS = np.array([[0.5, 1.0, -0.25, 2.0], [1.0, -2.0, 0.5, 0.25]])


def exact(x, p, v):
    """The norm of x, its gradient, its second derivative along v, each with its size: mpmath's numbers."""
    x, v = [mpmath.mpf(float(t)) for t in x], [mpmath.mpf(float(t)) for t in v]
    size, sign = [abs(t) for t in x], [mpmath.sign(t) for t in x]
    if math.isinf(p):
        n = (max if p > 0 else min)(size)
        return (n, n), ([s if t == n else 0 for t, s in zip(size, sign, strict=True)], 1), ([0] * len(x), 0)
    p = mpmath.mpf(p)
    n = sum(t**p for t in size) ** (1 / p)
    first = [s * (t / n) ** (p - 1) for t, s in zip(size, sign, strict=True)]
    along = sum(g * t for g, t in zip(first, v, strict=True))
    terms = [((t / n) ** (p - 2) * w, g * along) for t, w, g in zip(size, v, first, strict=True)]
    second = [(p - 1) / n * (a - b) for a, b in terms]         # where one element rules they cancel
    return (n, n), (first, max(map(abs, first))), (second, abs(p - 1) / n * max(map(abs, sum(terms, ()))))


@pytest.mark.parametrize("dtype, scales", [
    (np.float64, [1, 1e300, 1e-300, 1e5, 2.0**-1000]), (np.float32, [1, 1e35, 1e-32, 1e5])])
@pytest.mark.parametrize("p", POWERS)
def test_derivatives_at_every_scale(p, dtype, scales):
    x = np.concatenate([(VECTORS * scale).astype(dtype) for scale in scales])
    v = np.concatenate([TANGENTS.astype(dtype)] * len(scales))

    def gradient(t):
        return nb.grad(lambda u: nb.sum(nb.norm(u, p, axis=1)))(t)

    got = [nb.norm(x, p, axis=1), gradient(x), nb.jvp(gradient, (x,), (v,))[1],
           nb.grad(lambda t: nb.sum(gradient(t) * v))(x)]
    with mpmath.workdps(50):
        rows = [exact(a, p, t) for a, t in zip(x, v, strict=True)]
    # rounding of x by its scale counts p times, that of the root 1/p times
    most = (16 + 2 * (p if 16 < p < INF else 0) + 8 / abs(p)) * np.finfo(dtype).eps
    for found, place in zip(got, (0, 1, 2, 2), strict=True):
        assert found.dtype == dtype
        for value, row in zip(raw(found), rows, strict=True):
            want, size = row[place]
            off = np.max(np.abs(np.atleast_1d(value).astype(object) - np.array(want, dtype=object)))
            assert off <= most * size + np.finfo(dtype).tiny


SPELLINGS = [0, -1, np.int64(0), np.int8(-1), np.array(0), (0,), (np.int32(-1),), None]


@pytest.mark.parametrize("p", [*POWERS, 0, None])
def test_zero_has_gradient_zero_by_every_spelling_of_the_axis(p):
    for axis in SPELLINGS:
        np.testing.assert_array_equal(raw(nb.grad(lambda t, a=axis: nb.norm(t, p, a))(np.zeros(3))), 0)
    rows = np.array([[0.0, 0], [3, 4], [0, 0]])
    found = raw(nb.grad(lambda t: nb.sum(nb.norm(t, p, dim=1)))(rows))
    np.testing.assert_array_equal(found[[0, 2]], 0)
    np.testing.assert_allclose(found[1], raw(nb.grad(lambda t: nb.norm(t, p))(rows[1])), rtol=1e-15)


@pytest.mark.parametrize("p", [2, 2.5, 3, 4, 80])
def test_second_derivatives_with_zero_elements(p):
    x = np.array([0.0, 1.0, -2.0, 0.0])
    hessian = raw(nb.hessian(lambda t: nb.norm(t, p))(x))
    n = np.sum(np.abs(x) ** p) ** (1 / p)
    g = np.sign(x) * (np.abs(x) / n) ** (p - 1)
    want = (p - 1) / n * (np.diag((np.abs(x) / n) ** (p - 2)) - np.outer(g, g))
    np.testing.assert_allclose(hessian, want, rtol=1e-12, atol=1e-15)


def test_second_derivatives_that_are_infinite():
    hessian = raw(nb.hessian(lambda t: nb.norm(t, 1.5))(np.array([0.0, 1.0])))
    assert hessian[0, 0] == INF and abs(hessian[1, 1]) < 1e-15


@pytest.mark.parametrize("p", [0.5, -1, -2.5])
def test_a_zero_element_below_order_1(p):
    """A cusp has 0, the derivative of least norm; what a zero element makes zero stays as it is."""
    found = raw(nb.grad(lambda t: nb.norm(t, p))(np.array([0.0, 2.0, 1e-200])))
    assert found[0] == 0 and np.isfinite(found).all()
    assert float(nb.norm(np.array([0.0, 2.0]), p)) == (2 if p > 0 else 0)


def test_orders_without_end():
    np.testing.assert_allclose(raw(nb.norm(np.array([3e5, 2e5]), 80)), 3e5, rtol=1e-15)
    assert float(nb.norm(np.array([3.0, 2.0]), 1e300)) == 3
    assert float(nb.norm(np.full(4, 1e-300), 1e-3)) == pytest.approx(2.0**1000 * 1e-300 * 2.0**1000)
    assert math.isinf(float(nb.norm(np.array([1.0, INF]), 3))) and float(nb.norm([1.0, INF], -3)) == 1
    for p in (0.5, 1, 3, -2, INF, -INF):
        assert math.isnan(float(nb.norm([1.0, math.nan], p)))


# ------------------------------------------------------------------------------------------- matrices
ORDERS = [None, "fro", "f", "nuc", 1, -1, 2, -2, INF, -INF]
BLOCK = np.random.default_rng(5).normal(size=(3, 4, 2))


@pytest.mark.parametrize("ord", ORDERS)
def test_matrix_norms_in_axes_of_either_order(ord):
    for axes in permutations(range(3), 2):
        for axis in (axes, (axes[0] - 3, np.int8(axes[1]))):
            for keepdims in (False, True):
                got = nb.norm(BLOCK, ord, axis, keepdims)
                want = np.linalg.norm(BLOCK, ord, axis, keepdims)
                np.testing.assert_allclose(raw(got), want, rtol=1e-14)
                assert got.shape == want.shape
    check_grads(lambda t: nb.norm(t, ord, axis=(2, 0)), [BLOCK])
    np.testing.assert_allclose(raw(nb.norm(BLOCK[0], ord)), np.linalg.norm(BLOCK[0], ord), rtol=1e-14)
    for scale in (1e300, 1e-300):
        grad = raw(nb.grad(lambda t: nb.norm(t, ord))(BLOCK[0] * scale))
        np.testing.assert_allclose(grad, raw(nb.grad(lambda t: nb.norm(t, ord))(BLOCK[0])), atol=1e-14)
    assert not raw(nb.grad(lambda t: nb.norm(t, ord))(np.zeros((2, 3)))).any()


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (0, 0)], ids=str)
def test_norms_of_nothing_are_numpys(shape):
    for ord in [None, 0, 3, -3, *ORDERS]:
        try:
            with np.errstate(divide="ignore"):
                want = np.linalg.norm(np.zeros(shape), ord)
        except ValueError:
            with pytest.raises(ValueError):
                nb.norm(np.zeros(shape), ord)
        else:
            np.testing.assert_array_equal(raw(nb.norm(np.zeros(shape), ord)), want)
    with pytest.raises(errors.ShapeError, match="min"):
        nb.norm(np.zeros((3, 0)), -1)


def test_numpys_functions_and_the_array_apis():
    x = nb.asarray(BLOCK)
    for name, keywords in [("norm", {"ord": 1, "axis": (2, 0)}), ("norm", {"axis": 1, "ord": 3.0}),
                           ("vector_norm", {"ord": 3, "axis": (0, 2)}), ("vector_norm", {}),
                           ("vector_norm", {"keepdims": True, "ord": INF}), ("matrix_norm", {"ord": "nuc"}),
                           ("matrix_norm", {"ord": -2, "keepdims": True}), ("matrix_norm", {})]:
        ours, theirs = getattr(nb.linalg, name), getattr(np.linalg, name)
        for got in (ours(BLOCK, **keywords), theirs(x, **keywords)):
            assert type(got) is nb.Tensor
            np.testing.assert_allclose(raw(got), theirs(BLOCK, **keywords), rtol=1e-14)


def test_integers_become_floats():
    x = np.array([[3, -4, 1], [2, 0, 1]], np.int8)
    for ord in ORDERS:
        want = np.linalg.norm(x, ord)
        got = nb.norm(x, ord)
        np.testing.assert_allclose(raw(got), want, rtol=1e-14)
        assert got.dtype == np.float64
    for ord in (None, 0, 1, 2, 3, INF, -INF):
        assert nb.norm(x, ord, axis=0).dtype == np.float64


@pytest.mark.parametrize("act, kind, message", [
    (lambda: nb.norm(BLOCK, 1), errors.ValueRangeError, "ord=1.*3.*Give axis"),
    (lambda: nb.norm(3.0, 1), errors.ValueRangeError, "ord=1.*0"),
    (lambda: nb.norm(BLOCK, 3, axis=(0, 1)), errors.ValueRangeError, "ord=3.*nuc"),
    (lambda: nb.norm(BLOCK, "nuc", axis=0), errors.ValueRangeError, "ord='nuc'"),
    (lambda: nb.norm(BLOCK, 1, axis=(0, 1, 2)), errors.ValueRangeError, "not for 3.*vector_norm"),
    (lambda: nb.norm(BLOCK, 1j, axis=0), errors.DtypeError, "complex.*real number"),
    (lambda: nb.norm(BLOCK, 1, axis=(0, -3)), errors.ValueRangeError, "twice"),
    (lambda: nb.linalg.vector_norm(BLOCK, ord="fro"), errors.ValueRangeError, "ord='fro'"),
    (lambda: nb.linalg.matrix_norm(BLOCK, ord=3), errors.ValueRangeError, "ord=3"),
    (lambda: nb.linalg.matrix_norm(np.ones(3)), errors.ShapeError, "matrix_norm.*two axes"),
    (lambda: nb.grad(lambda p: nb.norm(np.ones(3), p))(2.5), errors.TraceError, "gradient"),
], ids=range(11))
def test_bad_arguments(act, kind, message):
    with pytest.raises(kind, match=message):
        act()
