"""Factors of matrices, orthogonal and triangular, and systems that are solved by them."""

import numpy as np
import pytest
import scipy.linalg
from composite_checks import check_row, interpreted  # noqa: F401

import nbgrad as nb
from nbgrad import errors, linalg
from nbgrad.testing import check_grads, values

RNG = np.random.default_rng(0)
SIZES = [(3, 3), (4, 2), (2, 4), (2, 2, 3), (2, 3, 2), (1, 1), (2, 1)]
EMPTY = [(0, 0), (3, 0), (0, 3), (0, 2, 2), (2, 0, 2)]
DEPENDENT = np.array([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 0.0, 1.0]])


def full(*shape):
    return 0.4 * RNG.normal(size=shape) + 2 * np.eye(*shape[-2:])[::-1]


def near(found, want, digits=13):
    for got, w in zip(found, want, strict=True):
        got = values(got)
        assert (got.shape, got.dtype) == (w.shape, w.dtype)
        scale = np.abs(w).max(initial=1)
        rounding = 10.0**-digits if w.dtype == np.float64 else 1e-5
        np.testing.assert_allclose(got, w, rtol=rounding, atol=rounding * scale)


# ------------------------------------------------------------------------------------------------- qr
@pytest.mark.parametrize("shape", SIZES + EMPTY, ids=str)
@pytest.mark.parametrize("mode", ["reduced", "complete", "r"])
def test_factors_are_numpys(shape, mode):
    for a in (full(*shape), full(*shape).astype(np.float32), np.ones(shape, int)):
        want = np.linalg.qr(a, mode)
        for found in (linalg.qr(a, mode), np.linalg.qr(nb.asarray(a), mode)):
            near(*[[z] if mode == "r" else z for z in (found, want)])
    if mode != "r":
        assert found._fields == want._fields == ("Q", "R")


@pytest.mark.parametrize("shape", SIZES, ids=str)
def test_derivatives_of_qr(shape):
    a = full(*shape)
    check_row("qr_factors", (a,), (a, {"complete": shape[-2] <= shape[-1]}))
    check_row("triangular_factor", (a,))
    check_grads(lambda t: linalg.qr(t).Q, [a])
    check_grads(lambda t: linalg.qr(t).Q[..., :1], [a], order=1)


def test_what_qr_says_of_the_matrix():
    a = full(4, 3)
    slope = nb.grad(lambda t: nb.sum(nb.sin(nb.matmul(*linalg.qr(t)))))(a)
    np.testing.assert_allclose(values(slope), np.cos(a), atol=1e-13)
    logs = nb.grad(lambda t: nb.sum(nb.log(nb.abs(linalg.diagonal(linalg.qr(t, "r"))))))(a[:3])
    np.testing.assert_allclose(values(logs), np.linalg.inv(a[:3]).T, atol=1e-12)
    scaled = a * [1e-30, 1.0, 1e30]           # columns that are short are not dependent
    slope = nb.grad(lambda t: nb.sum(linalg.qr(t).Q))(scaled)
    np.testing.assert_allclose(values(slope) * [1e-30, 1.0, 1e30], values(nb.grad(
        lambda t: nb.sum(linalg.qr(t).Q))(a)), rtol=1e-9)


def test_where_qr_has_no_derivative():
    for a in (DEPENDENT, np.zeros((3, 2)), DEPENDENT[:2], DEPENDENT[[0, 0, 2]]):
        for f in (lambda t: linalg.qr(t).R, lambda t: linalg.qr(t).Q, lambda t: linalg.qr(t, "r")):
            with pytest.raises(errors.GradientError, match=r"qr: a matrix, shape .* depend on those before"):
                nb.grad(lambda t, f=f: nb.sum(f(t)))(a)
            with pytest.raises(errors.GradientError, match="qr"):
                nb.jvp(f, (a,), (np.ones(a.shape),))
    tall = full(4, 2)
    with pytest.raises(errors.GradientError, match=r"qr: the last columns of Q.*mode='reduced'"):
        nb.grad(lambda t: nb.sum(linalg.qr(t, "complete").Q ** 2))(tall)
    got, want = [values(nb.grad(lambda t, mode=mode: nb.sum(
        linalg.qr(t, mode).Q[:, :2] * linalg.qr(t, mode).R[:1]))(tall)) for mode in ("complete", "reduced")]
    np.testing.assert_allclose(got, want, rtol=1e-12)
    equal_values = np.linalg.qr(RNG.normal(size=(2, 3, 3))).Q
    check_grads(linalg.qr, [equal_values])


@pytest.mark.parametrize("f", [lambda a: linalg.qr(a).Q, lambda a: linalg.qr(a, "r"), linalg.pinv,
                               linalg.sqrtm, linalg.logm], ids=["Q", "R", "pinv", "sqrtm", "logm"])
def test_what_is_not_finite_stays_in_its_matrix(f):
    both = np.stack([np.eye(3), np.eye(3)]) + 0.1
    for value in (np.nan, np.inf):
        both[1, 0, 0] = value
        found = values(f(both))
        np.testing.assert_array_equal(found[0], values(f(both[:1]))[0])
        assert np.isnan(found[1]).all()


# ------------------------------------------------------------------------------------------------- lu
@pytest.mark.parametrize("shape", SIZES, ids=str)
@pytest.mark.parametrize("how", [{}, {"permute_l": True}, {"p_indices": True}], ids=str)
def test_factors_are_scipys(shape, how):
    for a in (full(*shape), full(*shape).astype(np.float32)):
        want = scipy.linalg.lu(a, **how)
        found = linalg.lu(a, **how)
        if how == {"p_indices": True}:
            np.testing.assert_array_equal(values(found[0]), want[0])
            found, want = found[1:], want[1:]
        near(found, want)


@pytest.mark.parametrize("shape", SIZES, ids=str)
def test_derivatives_of_lu(shape):
    a = full(*shape)
    check_row("lu_packed", (a,))
    check_grads(lambda t: linalg.lu(t)[1:], [a])
    check_grads(lambda t: linalg.lu(t, permute_l=True), [a])
    rebuilt = nb.grad(lambda t: nb.sum(nb.sin(nb.matmul(*linalg.lu(t, permute_l=True)))))(a)
    np.testing.assert_allclose(values(rebuilt), np.cos(a), atol=1e-12)


@pytest.mark.parametrize("trans", [0, 1, 2])
@pytest.mark.parametrize("right", [(3,), (3, 2), (2, 3, 1)], ids=str)
def test_systems_solved_by_lu(right, trans):
    a, b = full(3, 3) if len(right) < 3 else full(2, 3, 3), RNG.normal(size=right)
    for dtype in (np.float64, np.float32):
        x, y = a.astype(dtype), b.astype(dtype)
        near([linalg.lu_solve(linalg.lu_factor(x), y, trans)],
             [np.linalg.solve(np.swapaxes(x, -1, -2) if trans else x, y)], 12)
    if a.ndim == 2:
        near(linalg.lu_factor(a), scipy.linalg.lu_factor(a))
        near([linalg.lu_solve(scipy.linalg.lu_factor(a), b, trans)],
             [scipy.linalg.lu_solve(scipy.linalg.lu_factor(a), b, trans)])
    check_grads(lambda s, t: linalg.lu_solve(linalg.lu_factor(s), t, trans), [a, b])


def test_factors_of_nothing():
    p, lower, upper = linalg.lu(np.zeros((3, 0)))
    np.testing.assert_array_equal(values(p), np.eye(3))
    assert (lower.shape, upper.shape) == ((3, 0), (0, 0))
    assert [z.shape for z in linalg.lu(np.zeros((0, 2, 2)))] == [(0, 2, 2)] * 3


def test_singular_matrices_and_lu():
    near(linalg.lu(DEPENDENT), scipy.linalg.lu(DEPENDENT))
    with pytest.raises(errors.GradientError, match=r"lu: a matrix, shape .* singular"):
        nb.grad(lambda t: nb.sum(linalg.lu(t)[2]))(DEPENDENT)
    with pytest.raises(errors.SingularError, match="solve_triangular: a matrix is singular"):
        linalg.lu_solve(linalg.lu_factor(DEPENDENT), np.ones(3))
    a = np.diag([1e-200, 1.0, 1e200])         # far from a unit, but regular
    slope = nb.grad(lambda t: nb.sum(nb.log(nb.abs(linalg.diagonal(linalg.lu(t)[2])))))(a)
    np.testing.assert_allclose(np.diag(values(slope)), 1 / np.diag(a))


# ------------------------------------------------------------- far from regular, and all values equal
def test_badly_conditioned_matrices_give_what_lapack_gives():
    a, b = scipy.linalg.hilbert(10), RNG.normal(size=10)
    near(linalg.qr(a), np.linalg.qr(a))
    near(linalg.lu(a), scipy.linalg.lu(a))
    near([linalg.lu_solve(linalg.lu_factor(a), b)], [scipy.linalg.lu_solve(scipy.linalg.lu_factor(a), b)], 2)
    near([linalg.pinv(a, 1e-8)], [np.linalg.pinv(a, 1e-8)], 7)
    near([linalg.lstsq(a, b)[0]], [np.linalg.lstsq(a, b)[0]], 7)
    for f in (lambda t: nb.matmul(*linalg.qr(t)), lambda t: nb.matmul(*linalg.lu(t, permute_l=True))):
        slope = nb.grad(lambda t, f=f: nb.sum(f(t)))(a[:5, :5])
        np.testing.assert_allclose(values(slope), 1, atol=1e-9)


def test_where_all_singular_values_are_equal():
    """What needs no vectors is right there."""
    a = 2 * np.linalg.qr(RNG.normal(size=(3, 3))).Q
    nuclear = nb.grad(lambda t: linalg.matrix_norm(t, ord="nuc"))(a)
    np.testing.assert_allclose(values(nuclear), a / 2, atol=1e-14)
    logarithm = nb.grad(lambda t: linalg.slogdet(t).logabsdet)(a)
    np.testing.assert_allclose(values(logarithm), a / 4, atol=1e-14)
    check_grads(linalg.pinv, [a])
    check_grads(lambda t: linalg.sqrtm(t @ nb.matrix_transpose(t)), [a])


# ------------------------------------------------------------------------------------ positive definite
@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("right", [(3,), (3, 2), (2, 3, 1)], ids=str)
def test_systems_solved_by_cholesky(right, lower):
    x = full(*((3, 3) if len(right) < 3 else (2, 3, 3)))
    a, b = x @ np.swapaxes(x, -1, -2), RNG.normal(size=right)
    c, said = linalg.cho_factor(a, lower)
    assert said is lower
    if a.ndim == 2:
        want = scipy.linalg.cho_factor(a, lower)[0]
        near([c], [np.tril(want) if lower else np.triu(want)])
        near([linalg.cho_solve(scipy.linalg.cho_factor(a, lower), b)], [np.linalg.solve(a, b)], 12)
    near([linalg.cho_solve((c, lower), b)], [np.linalg.solve(a, b)], 12)
    check_grads(lambda s, t: linalg.cho_solve(linalg.cho_factor(s, lower), t), [a, b])


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: linalg.qr(np.ones(3)), errors.ShapeError, r"qr: got shape \(3,\).*two axes"),
    (lambda: linalg.qr(np.eye(2), "raw"), errors.ValueRangeError, "qr: mode='raw'"),
    (lambda: linalg.lu(np.ones(3)), errors.ShapeError, r"lu: got shape \(3,\).*two axes"),
    (lambda: linalg.lu_solve(linalg.lu_factor(np.eye(2)), np.ones(2), 3), errors.ValueRangeError,
     "lu_solve: trans=3"),
    (lambda: linalg.lu_solve(linalg.lu_factor(np.eye(2)), np.ones(3)), errors.ShapeError,
     r"lu_solve: shapes \(2, 2\) and \(3,\)"),
    (lambda: linalg.cho_factor(-np.eye(2)), errors.SingularError, "cholesky: .*not positive definite"),
    (lambda: linalg.cho_solve((np.ones((2, 3)), True), np.ones(2)), errors.SingularError,
     "cho_solve: needs square"),
])
def test_errors_say_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()
