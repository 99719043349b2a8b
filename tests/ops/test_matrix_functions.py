"""Roots, logarithms, powers, Sylvester's equation; systems of bands and of equal diagonals."""

import math
import warnings

import numpy as np
import pytest
import scipy.linalg
from composite_checks import check_row, interpreted  # noqa: F401

import nbgrad as nb
from nbgrad import errors, linalg
from nbgrad.testing import check_grads, values

RNG = np.random.default_rng(0)
JORDAN, TURN = np.array([[2.0, 1.0], [0.0, 2.0]]), np.array([[0.6, 0.8], [-0.8, 0.6]])


def away(*shape):
    return 0.3 * RNG.normal(size=shape) + 2 * np.eye(shape[-1])


MATRICES = [away(3, 3), away(2, 2, 2), np.eye(3), JORDAN, TURN, away(1, 1), 1e5 * away(2, 2),
            1e-5 * away(2, 2), np.diag([1e-3, 1.0, 1e3]), away(20, 20)]
FUNCTIONS = [(linalg.sqrtm, scipy.linalg.sqrtm), (linalg.logm, scipy.linalg.logm),
             *[(lambda a, t=t: linalg.fractional_matrix_power(a, t),
                lambda a, t=t: scipy.linalg.fractional_matrix_power(a, t)) for t in (0.3, -1.5, 2, -1, 0)]]
NAMES = ["sqrtm", "logm", "0.3", "-1.5", "2", "-1", "0"]


@pytest.mark.parametrize(("ours", "theirs"), FUNCTIONS, ids=NAMES)
def test_functions_are_scipys(ours, theirs):
    for a in MATRICES:
        with warnings.catch_warnings(action="ignore", category=RuntimeWarning):     # of SciPy's accuracy
            want = theirs(a)
        near(ours(a), want, 1e-11)
        near(ours(a.astype(np.float32)), want, 3e-4)


def near(found, want, rounding):
    found = values(found)
    assert found.dtype == (np.float64 if rounding < 1e-8 else np.float32)
    np.testing.assert_allclose(found, want.real, rtol=rounding, atol=rounding * np.abs(want).max())


@pytest.mark.parametrize(("ours", "theirs"), FUNCTIONS, ids=NAMES)
def test_functions_have_derivatives(ours, theirs):
    for a in (MATRICES[1], JORDAN):
        check_grads(ours, [a])
    for shape in ((0, 0), (0, 2, 2)):
        assert ours(np.zeros(shape)).shape == shape


def test_derivatives_of_third_order():
    for name in ("sqrtm", "logm"):
        check_row(name, (np.stack([TURN, np.diag([3.0, 1.0])]),))
        check_grads(getattr(linalg, name), [JORDAN], order=3, rtol=1e-5)


def test_functions_undo_one_another():
    a = MATRICES[0]
    eye = np.eye(9).reshape(3, 3, 3, 3)
    for f in (lambda t: linalg.expm(linalg.logm(t)), lambda t: linalg.sqrtm(t @ t),
              lambda t: linalg.fractional_matrix_power(linalg.fractional_matrix_power(t, 0.4), 2.5)):
        np.testing.assert_allclose(values(nb.jacobian(f)(a)), eye, atol=1e-11)
    slope = nb.grad(lambda t: linalg.trace(linalg.logm(t)))(a)
    np.testing.assert_allclose(values(slope), np.linalg.inv(a).T, rtol=1e-11)


def test_a_power_is_differentiated_by_its_exponent():
    check_grads(linalg.fractional_matrix_power, [MATRICES[0], np.array(0.7)])
    check_grads(lambda t: linalg.fractional_matrix_power(MATRICES[0], t), [np.array(2.0)])


def test_where_no_real_function_exists():
    negative, singular, nilpotent = np.diag([1.0, -2.0]), np.diag([1.0, 0.0]), np.eye(2, k=1)
    for name, f in (("sqrtm", linalg.sqrtm), ("logm", linalg.logm)):
        message = rf"{name}: .*shape \(2, 2\).*negative eigenvalue.*complex"
        with pytest.raises(errors.SingularError, match=message):
            f(negative)
    for name, f, a in (("logm", linalg.logm, singular), ("sqrtm", linalg.sqrtm, nilpotent),
                       ("logm", lambda a: linalg.fractional_matrix_power(a, 0.5), singular)):
        with pytest.raises(errors.SingularError, match=f"{name}: a matrix is singular"):
            f(a)
    np.testing.assert_array_equal(values(linalg.sqrtm(singular)), singular)
    with pytest.raises(errors.SingularError, match=r"solve_sylvester: .*sum is zero"):
        nb.grad(lambda t: nb.sum(linalg.sqrtm(t)))(singular)
    np.testing.assert_array_equal(values(linalg.fractional_matrix_power(singular, 2)), singular)


# ------------------------------------------------------------------------------------------ Sylvester
SHAPES = [((3, 3), (2, 2), (3, 2)), ((2, 2, 2), (3, 3), (2, 3)), ((2, 2), (1, 1), (2, 2, 1)),
          ((2, 1, 2, 2), (3, 2, 2), (2, 2)), ((0, 0), (2, 2), (0, 2)), ((2, 2), (2, 2), (0, 2, 2))]


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_sylvesters_equation(shapes):
    a, b, q = [away(*shape) if k < 2 else RNG.normal(size=shape) for k, shape in enumerate(shapes)]
    if a.ndim == b.ndim == q.ndim == 2:
        np.testing.assert_allclose(values(linalg.solve_sylvester(a, b, q)),
                                   scipy.linalg.solve_sylvester(a, b, q), atol=1e-13)
    check_row("solve_sylvester", (a, b, q))


# ------------------------------------------------------------------------------------- bands, Toeplitz
def band(lower, upper, n):
    ab = 0.4 * RNG.normal(size=(lower + upper + 1, n))
    ab[upper] += 3
    return ab


@pytest.mark.parametrize("bands", [(1, 1), (0, 2), (2, 1), (0, 0), (3, 0)], ids=str)
@pytest.mark.parametrize("right", [(4,), (4, 2), (4, 0)], ids=str)
def test_banded_systems(bands, right):
    ab, b = band(*bands, 4), RNG.normal(size=right)
    for dtype in (np.float64, np.float32):
        found = values(linalg.solve_banded(bands, ab.astype(dtype), b.astype(dtype)))
        assert found.dtype == dtype
        rounding = 1e4 * np.finfo(dtype).eps
        want = scipy.linalg.solve_banded(bands, ab, b)
        np.testing.assert_allclose(found, want, rtol=rounding, atol=rounding / 10)
    check_row("banded_solution", (ab, b, {"lower": bands[0], "upper": bands[1]}))
    unread = nb.grad(lambda t: nb.sum(linalg.solve_banded(bands, t, b)))(ab)
    i = np.arange(sum(bands) + 1)[:, None] - bands[1] + np.arange(4)
    assert not values(unread)[(i < 0) | (i > 3)].any()


@pytest.mark.parametrize("shapes", [((2, 3), (5, 2)), ((2,), (3, 2, 5, 1)), ((), (2, 5, 2)), ((3,), (5,))],
                         ids=str)
def test_batches_of_banded_and_toeplitz_systems(shapes):
    """As SciPy's, which takes one right side of one axis for all matrices."""
    front, right = shapes
    ab, b = np.stack([band(1, 2, 5) for _ in range(math.prod(front))]), RNG.normal(size=right)
    ab = ab.reshape(*front, 4, 5)
    c = ab[..., 2, :]
    r = np.roll(c, 1) / 5
    for f, g, args in ((linalg.solve_banded, scipy.linalg.solve_banded, ((1, 2), ab, b)),
                       (linalg.solve_toeplitz, scipy.linalg.solve_toeplitz, ((4 + c, r), b))):
        want = g(*args)
        found = f(*args)
        assert found.shape == want.shape
        np.testing.assert_allclose(values(found), want, rtol=1e-9, atol=1e-12)
    check_grads(lambda ab, b: linalg.solve_banded((1, 2), ab, b), [ab, b], 1)
    check_grads(lambda c, r, b: linalg.solve_toeplitz((c, r), b), [4 + c, r, b], 1)


def test_batches_that_are_empty_or_do_not_fit():
    assert linalg.solve_banded((1, 1), np.ones((0, 3, 4)), np.ones((4, 2))).shape == (0, 4, 2)
    assert linalg.solve_toeplitz(np.ones((0, 4)), np.ones(4)).shape == (0, 4)
    with pytest.raises(errors.ShapeError, match=r"solve_banded: shapes \(2, 1, 4\), \(3, 4, 1\)"):
        linalg.solve_banded((0, 0), np.ones((2, 1, 4)), np.ones((3, 4, 1)))


def test_a_band_wider_than_the_matrix():
    check_row("banded_solution", (band(2, 2, 2), np.ones(2), {"lower": 2, "upper": 2}),
              (np.ones((3, 0)), np.ones((0, 2)), {"lower": 1, "upper": 1}))


@pytest.mark.parametrize("n, right", [(1, (1,)), (4, (4,)), (4, (4, 2)), (2, (2, 0))], ids=str)
def test_toeplitz_systems(n, right):
    c, r, b = RNG.normal(size=n) / 4, RNG.normal(size=n) / 4, RNG.normal(size=right)
    c[0] += 2
    for given in ((c, r), c):
        want = scipy.linalg.solve_toeplitz(given, b)
        np.testing.assert_allclose(values(linalg.solve_toeplitz(given, b)), want)
    assert linalg.solve_toeplitz(c.astype(np.float32), b.astype(np.float32)).dtype == np.float32
    check_row("toeplitz_solution", (c, r, b))
    check_grads(linalg.solve_toeplitz, [c, b])
    dense = values(nb.grad(lambda t: nb.sum(nb.solve(linalg.toeplitz(t), b)))(c))
    slope = values(nb.grad(lambda t: nb.sum(linalg.solve_toeplitz(t, b)))(c))
    np.testing.assert_allclose(slope, dense, atol=1e-12)


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: linalg.sqrtm(np.ones((2, 3))), errors.SingularError, "sqrtm: needs square"),
    (lambda: linalg.fractional_matrix_power(TURN, [1.0]), errors.ShapeError,
     "fractional_matrix_power: .*one number"),
    (lambda: linalg.solve_sylvester(TURN, TURN, np.ones((3, 2))), errors.ShapeError,
     "solve_sylvester: .*2 rows"),
    (lambda: linalg.solve_sylvester(away(2, 2, 2), away(3, 2, 2), TURN), errors.ShapeError,
     "solve_sylvester: .*broadcast"),
    (lambda: linalg.solve_sylvester(TURN, -TURN, TURN), errors.SingularError,
     "solve_sylvester: .*sum is zero"),
    (lambda: linalg.solve_banded((1, 1), np.ones((2, 3)), np.ones(3)), errors.ShapeError,
     "solve_banded: .*ab needs 3 rows"),
    (lambda: linalg.solve_banded((1, 1), np.ones((3, 3)), np.ones(2)), errors.ShapeError,
     "solve_banded: .*b needs 3 rows"),
    (lambda: linalg.solve_banded((-1, 1), np.ones((1, 3)), np.ones(3)), errors.ValueRangeError,
     "solve_banded: l_and"),
    (lambda: linalg.solve_banded((0, 0), np.zeros((1, 3)), np.ones(3)), errors.SingularError,
     "solve_banded: a matrix is singular"),
    (lambda: linalg.solve_toeplitz((np.ones(2), np.ones(3)), np.ones(2)), errors.ShapeError,
     "solve_toeplitz: .*one length"),
    (lambda: linalg.solve_toeplitz(np.ones(2), np.ones(3)), errors.ShapeError,
     "solve_toeplitz: .*b needs 2"),
    (lambda: linalg.solve_toeplitz([0.0, 1.0], np.ones(2)), errors.SingularError,
     "solve_toeplitz: a leading part"),
])
def test_errors_say_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()
