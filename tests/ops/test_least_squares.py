"""Pseudo-inverses, least squares, ranks and condition numbers, and systems whose unknowns are arrays."""

import warnings

import numpy as np
import pytest
from composite_checks import check_row, check_values, interpreted  # noqa: F401

import nbgrad as nb
from nbgrad import errors, linalg
from nbgrad.testing import check_grads, values

RNG = np.random.default_rng(0)
INF = np.inf


def full(*shape):
    return 0.4 * RNG.normal(size=shape) + 2 * np.eye(*shape[-2:])


SIZES = [full(3, 3), full(4, 2), full(2, 4), full(2, 2, 3), full(2, 3, 2)]
SYMMETRIC = full(3, 3) + np.diag([1.0, 0, -4])
RANK_ONE = np.outer([1.0, 2.0, -1.0], [1.0, 0.5])
ORTHOGONAL = np.linalg.qr(RNG.normal(size=(3, 3)))[0]


def label(case):
    return f"{case[0]} {case[1][0].shape if hasattr(case[1][0], 'shape') else ''} {case[2]}"


# ------------------------------------------------------------------------------------- pseudo-inverses
PINV = [*[("linalg.pinv", (a,), {}) for a in (
    *SIZES, np.zeros((2, 3)), np.zeros((0, 3)), np.zeros((2, 0, 3)))],
        ("linalg.pinv", (RANK_ONE,), {"rcond": 1e-6}), ("linalg.pinv", (SIZES[0],), {"rtol": 0.5}),
        ("linalg.pinv", (SIZES[1],), {"rtol": None}),
        ("linalg.pinv", (SIZES[3],), {"rcond": np.array([0.7, 1e-3])}),
        ("linalg.pinv", (SYMMETRIC,), {"hermitian": True}),
        ("linalg.pinv", (np.stack([SYMMETRIC, np.eye(3)]),), {"hermitian": True})]


@pytest.mark.parametrize("case", PINV, ids=label)
def test_pseudo_inverses_are_numpys(case):
    check_values(*case)


def test_derivatives_of_pseudo_inverses():
    check_row("truncated_inverse", *[(a,) for a in SIZES], (ORTHOGONAL,))
    check_grads(lambda t: linalg.pinv(t, hermitian=True), [SYMMETRIC])
    slope = values(nb.grad(lambda t: nb.sum(linalg.pinv(t, hermitian=True) ** 2))(SYMMETRIC))
    np.testing.assert_array_equal(np.triu(slope, 1), 0)


def test_a_rank_that_stays_has_a_derivative():
    """Of the rank-one matrix x @ y.T it is y @ x.T over both lengths."""
    x, y = RNG.normal(size=(3, 1)), RNG.normal(size=(1, 2))

    def one(s, t):
        return linalg.pinv(s @ t, rcond=1e-8)

    def two(s, t):
        return nb.matrix_transpose(s @ t) / (nb.sum(s * s) * nb.sum(t * t))

    np.testing.assert_allclose(values(one(x, y)), values(two(x, y)), rtol=1e-13)
    for k in (0, 1):
        got, want = [values(nb.jacobian(f, k)(x, y)) for f in (one, two)]
        np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-12)
    got, want = [values(nb.hessian(lambda s, f=f: nb.sum(nb.sin(f(s, y))))(x)) for f in (one, two)]
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)
    zero = nb.grad(lambda t: nb.sum(linalg.pinv(t)))(np.zeros((3, 2)))
    np.testing.assert_array_equal(values(zero), 0)


def test_what_is_cut_off_and_not_zero_is_refused():
    a = np.diag([2.0, 1.0, 0.1])
    with pytest.raises(errors.GradientError, match=r"pinv: .*shape \(3, 3\).*cutoff"):
        nb.grad(lambda t: nb.sum(linalg.pinv(t, 0.2)))(a)
    with pytest.raises(errors.GradientError, match="pinv"):
        nb.jvp(lambda t: linalg.pinv(t, 0.2), (a,), (a,))


# -------------------------------------------------------------------------------------- least squares
SYSTEMS = [(a, RNG.normal(size=size)) for a, size in (
    (SIZES[0], 3), (SIZES[0], (3, 2)), (SIZES[1], 4), (SIZES[1], (4, 2)), (SIZES[2], 2), (SIZES[2], (2, 3)),
    (full(5, 1), 5))]
OTHERS = [(RANK_ONE, np.ones(3)), (np.zeros((3, 2)), np.ones((3, 2))), (np.ones((3, 0)), np.ones(3)),
          (np.ones((0, 2)), np.ones((0, 3))), (np.array([[1, 2], [3, 4], [5, 7]]), np.array([1, 2, 2]))]


@pytest.mark.parametrize("args", [*SYSTEMS, *OTHERS], ids=lambda pair: f"{pair[0].shape} {pair[1].shape}")
def test_solutions_are_numpys(args):
    rank = np.linalg.matrix_rank(args[0])
    if rank == args[0].shape[1]:
        check_values("linalg.lstsq", args, {})
    for rcond in (None, -1, 0.4):
        want, found = np.linalg.lstsq(*args, rcond), linalg.lstsq(*args, rcond)
        assert [z.shape for z in found] == [np.shape(w) for w in want]
        for z, w in zip(found, want, strict=True):
            np.testing.assert_allclose(values(z), w, rtol=1e-12, atol=1e-13)
        assert int(found[2]) == want[2]


@pytest.mark.parametrize("args", SYSTEMS, ids=lambda pair: f"{pair[0].shape} {pair[1].shape}")
def test_derivatives_of_solutions(args):
    check_row("least_squares", args)
    check_grads(lambda a, b: linalg.lstsq(a, b)[:2], args)
    a, b = args
    check_grads(lambda a: linalg.lstsq(a, b)[0], [a], order=3 if b.ndim == 1 else 1, rtol=1e-5)


def test_a_solution_without_full_rank_has_no_derivative():
    for a in (RANK_ONE, RANK_ONE.T):
        b = np.ones(a.shape[0])
        with pytest.raises(errors.GradientError, match=r"lstsq: a matrix, shape .*rank below.*pinv"):
            nb.grad(lambda t, b=b: nb.sum(linalg.lstsq(t, b)[0]))(a)
        with pytest.raises(errors.GradientError, match="lstsq"):
            nb.jvp(lambda t, a=a: linalg.lstsq(a, t)[0], (b,), (b,))
    slope = nb.grad(lambda t: nb.sum(linalg.lstsq(t, np.ones(3))[3][0]))(RANK_ONE)
    np.testing.assert_allclose(values(slope), RANK_ONE / np.linalg.norm(RANK_ONE), atol=1e-13)


def test_what_is_not_finite_gives_nan():
    x, residuals, _, s = linalg.lstsq([[1.0, np.nan], [0.0, 1.0], [1.0, 2.0]], np.ones(3))
    assert np.isnan(values(x)).all()
    assert np.isnan(values(s)).all()
    assert residuals.shape == (0,)


# ----------------------------------------------------------------------------------------- polynomials
X, Y, W = np.array([0.0, 0.4, 1.1, 1.7, 2.5]), RNG.normal(size=5), np.array([1.0, 2.0, 0.5, 1.0, 3.0])
FITS = [((X, Y, 2), {}), ((X, RNG.normal(size=(5, 2)), 1), {}), ((X, Y, 2), {"w": W}), ((X, Y, 0), {}),
        ((X, RNG.normal(size=(5, 2)), 1), {"w": W, "cov": True}), ((X, Y, 1), {"cov": True}),
        ((X, Y, 1), {"cov": "unscaled"}), ((X, Y, 2), {"full": True})]


@pytest.mark.parametrize("fit", FITS, ids=lambda fit: str(list(fit[1])))
def test_fits_are_numpys(fit):
    (x, y, degree), how = fit
    want, found = np.polyfit(x, y, degree, **how), nb.polyfit(x, y, degree, **how)
    pair = [each if isinstance(each, tuple) else (each,) for each in (found, want)]
    for z, w in zip(*pair, strict=True):
        np.testing.assert_allclose(values(z), w, rtol=1e-12, atol=1e-12)
    how.pop("full", None)
    check_grads(lambda s, t: nb.polyfit(s, t, degree, **how), [x, y], order=1 if "cov" in how else 2)


def test_a_fit_is_differentiated_by_its_weights():
    check_grads(lambda w: nb.polyfit(X, Y, 2, w=w), [W])
    with pytest.raises(np.exceptions.RankWarning, match="polyfit"):
        nb.polyfit(X[:2], Y[:2], 3)


# ------------------------------------------------------------------------------------ ranks, conditions
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
RANKS = [*[("linalg.matrix_rank", (a,), {}) for a in (
             *SIZES, RANK_ONE, SINGULAR, np.zeros((2, 3)), np.zeros(3), np.ones(3), np.array(2.0),
             np.zeros((2, 0, 3)))],
         *[("linalg.matrix_rank", (SIZES[3],), how) for how in ({"tol": 2.5}, {"rtol": 0.9})],
         ("linalg.matrix_rank", (SIZES[3],), {"tol": np.array([1.0, 3.0])}),
         ("linalg.matrix_rank", (SIZES[3],), {"rtol": np.array([0.1, 0.9])}),
         ("linalg.matrix_rank", (SYMMETRIC,), {"hermitian": True}),
         ("linalg.matrix_rank", (np.stack([SINGULAR, np.eye(2)]),), {"hermitian": True})]
ORDERS = [None, 2, -2, 1, -1, INF, -INF, "fro", "nuc"]
CONDITIONS = [*[("linalg.cond", (a,), {"p": p}) for a in (SIZES[0], full(2, 3, 3)) for p in ORDERS],
              *[("linalg.cond", (a,), {}) for a in (SIZES[1], SIZES[3])]]


@pytest.mark.parametrize("case", [*RANKS, *CONDITIONS], ids=label)
def test_ranks_and_conditions_are_numpys(case):
    check_values(*case)


@pytest.mark.parametrize("p", ORDERS, ids=str)
def test_conditions_have_derivatives(p):
    check_grads(lambda t: linalg.cond(t, p), [np.array([[2.0, 1, -0.5], [0.3, 3, 0.7], [-0.2, 0.4, 1.5]])])
    regular = np.diag([2.0, 1.0])
    found = values(linalg.cond(np.stack([SINGULAR, regular, np.full((2, 2), np.nan), np.zeros((2, 2))]), p))
    np.testing.assert_allclose(found[1], np.linalg.cond(regular, p), rtol=1e-13)
    assert np.isnan(found).tolist() == [False, False, True, False]
    assert found[3] == INF
    assert found[0] < 1e-15 if p == -2 else found[0] > 1e15


# --------------------------------------------------------------------------------- unknowns that are arrays
TENSOR = full(6, 6).reshape(2, 3, 6)
ARRAYS = [("linalg.tensorsolve", (TENSOR, RNG.normal(size=(2, 3))), {}),
          ("linalg.tensorsolve", (full(4, 4).reshape(2, 2, 2, 2), RNG.normal(size=(2, 2))),
           {"axes": (0, 2)}),
          ("linalg.tensorinv", (TENSOR,), {}),
          ("linalg.tensorinv", (full(6, 6).reshape(6, 3, 2),), {"ind": 1})]


@pytest.mark.parametrize("case", ARRAYS, ids=label)
def test_systems_of_arrays(case):
    check_values(*case)
    name, args, params = case
    check_grads(lambda *xs: getattr(linalg, name.partition(".")[2])(*xs, **params), args)


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: linalg.pinv(np.ones(3)), errors.ShapeError, r"pinv: got shape \(3,\)"),
    (lambda: linalg.pinv(SIZES[1], hermitian=True), errors.SingularError, "pinv: needs square"),
    (lambda: linalg.pinv(SIZES[0], 0.1, rtol=0.1), errors.ValueRangeError, "pinv: got both"),
    (lambda: linalg.lstsq(SIZES[3], np.ones(2)), errors.ShapeError, r"lstsq: shapes \(2, 2, 3\) and"),
    (lambda: linalg.lstsq(SIZES[0], np.ones(2)), errors.ShapeError, r"lstsq: shapes \(3, 3\) and \(2,\)"),
    (lambda: nb.polyfit(X, Y[:3], 1), errors.ShapeError, r"polyfit: shapes \(5,\) and \(3,\)"),
    (lambda: nb.polyfit(X, Y, -1), errors.ValueRangeError, "polyfit: deg=-1"),
    (lambda: nb.polyfit(X, Y, 1, w=W[:2]), errors.ShapeError, r"polyfit: got shape \(2,\)"),
    (lambda: nb.polyfit(X[:2], Y[:2], 1, cov=True), errors.ValueRangeError, "polyfit: cov needs more points"),
    (lambda: linalg.matrix_rank(SIZES[0], 0.1, rtol=0.1), errors.ValueRangeError, "matrix_rank: got both"),
    (lambda: linalg.cond(np.zeros((0, 0))), errors.ShapeError, r"cond: got shape \(0, 0\)"),
    (lambda: linalg.cond(SIZES[1], 1), errors.SingularError, "cond: needs square"),
    (lambda: linalg.tensorsolve(TENSOR, np.ones(4)), errors.ShapeError, "tensorsolve: shapes"),
    (lambda: linalg.tensorinv(TENSOR, 1), errors.ShapeError, "tensorinv: got shape"),
    (lambda: linalg.tensorinv(TENSOR, 0), errors.ValueRangeError, "tensorinv: ind=0"),
])
def test_errors_say_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message), warnings.catch_warnings(action="ignore"):
        call()
