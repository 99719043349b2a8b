"""Linear algebra of complex matrices: values of NumPy and SciPy, derivatives in both parts."""

import warnings

import numpy as np
import pytest
import scipy.linalg
from composite_checks import cast, checks_of, interpreted  # noqa: F401

import nbgrad as nb
from nbgrad import errors, linalg
from nbgrad.engine.tree import flatten
from nbgrad.testing import check_grads, values

RNG = np.random.default_rng(7)


def drawn(*shape):
    return RNG.normal(size=shape) + 1j * RNG.normal(size=shape)


SIZES = [drawn(3, 3), drawn(4, 2), drawn(2, 4), drawn(2, 2, 3)]
EMPTY = [np.zeros(shape, "c16") for shape in ((0, 3), (2, 3, 0), (0, 2, 2))]
SQUARE = SIZES[0]
RANK_ONE = np.outer([1.0, 2j, -1.0], [1.0, 0.5 - 1j])

# ------------------------------------------------------------------------------------- pseudo-inverses
PINV = [*[("linalg.pinv", (a,), {}) for a in (*SIZES, *EMPTY)], ("linalg.pinv", (RANK_ONE,), {"rcond": 1e-6}),
        ("linalg.pinv", (SIZES[3],), {"rtol": None}), ("linalg.pinv", (SQUARE,), {"hermitian": True})]
# Beside a matrix of less than full rank the rank changes, and no difference is a derivative.
test_pseudo_inverses, test_derivatives_of_pseudo_inverses = checks_of(
    [case for case in PINV if case[1][0] is not RANK_ONE], [case for case in PINV if case[1][0] is RANK_ONE])


def test_a_rank_that_stays_has_a_derivative():
    """Of x @ y.T it is the adjoint over both squared lengths."""
    x, y = drawn(3, 1), drawn(1, 2)

    def one(s, t):
        return linalg.pinv(s @ t, rcond=1e-8)

    def two(s, t):
        return (s @ t).mH / (nb.sum(nb.abs(s) ** 2) * nb.sum(nb.abs(t) ** 2))

    for k in (0, 1):
        got, want = [values(nb.grad(lambda s, t, f=f: nb.sum(nb.real(f(s, t) * RANK_ONE.T)), k)(x, y))
                     for f in (one, two)]
        np.testing.assert_allclose(got, want, rtol=1e-11)
    with pytest.raises(errors.GradientError, match=r"pinv: .*cutoff"):
        nb.grad(lambda t: nb.sum(nb.abs(linalg.pinv(t, 0.9))))(SQUARE)


def test_of_hermitian_matrices_one_triangle_is_read():
    slope = values(nb.grad(lambda t: nb.sum(nb.abs(linalg.pinv(t, hermitian=True)) ** 2))(SQUARE))
    np.testing.assert_array_equal(np.triu(slope, 1), 0)
    np.testing.assert_allclose(np.diagonal(slope).imag, 0, atol=1e-15)
    check_grads(lambda t: linalg.pinv(t, hermitian=True), [SQUARE], order=1)


# ------------------------------------------------------------------------------------- singular values
ORDERS = ["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]
VALUES = [*[("linalg.svdvals", (a,), {}) for a in (*SIZES, *EMPTY)],
          *[("linalg.matrix_norm", (SIZES[3],), {"ord": p}) for p in ORDERS],
          *[("linalg.norm", (SIZES[1],), {"ord": p}) for p in ("nuc", 2, -2)],
          *[("linalg.cond", (a,), {"p": p}) for a, p in (
              (SIZES[1], None), (SIZES[2], -2), (SQUARE, 2), (SQUARE, 1), (SQUARE, "nuc"))]]
VECTORS = [("linalg.svd", (a,), {"full_matrices": full}) for a in (*SIZES, *EMPTY) for full in (True, False)]
RANKS = [("linalg.matrix_rank", (a,), how) for a, how in (
    (SIZES[3], {}), (RANK_ONE, {}), (RANK_ONE @ RANK_ONE.conj().T, {"hermitian": True}), (SQUARE[0], {}))]
test_singular_values, test_derivatives_of_singular_values = checks_of(VALUES, VECTORS + RANKS)


def weighed(a):
    """A function of all parts, whatever the phases of the vectors."""
    u, s, vh = nb.svd(a, full_matrices=False)
    turned = (u * nb.exp(-s)[..., None, :]) @ vh
    return nb.real(nb.sum(turned * (2 - 1j))) + nb.sum(nb.abs(u[..., 0, :]) ** 4) + nb.sum(
        s * nb.abs(vh[..., 0]) ** 2)


@pytest.mark.parametrize("a", [*SIZES, drawn(3, 1)], ids=lambda a: str(a.shape))
def test_derivatives_of_singular_vectors(a):
    check_grads(weighed, [a], rtol=1e-5)
    t = drawn(*a.shape)
    (u, s, vh), (du, ds, dvh) = nb.jvp(lambda a: nb.svd(a, full_matrices=False), (a,), (t,))
    u, s, vh, du, ds, dvh = map(values, (u, s, vh, du, ds, dvh))
    whole = (du * s[..., None, :]) @ vh + (u * ds[..., None, :]) @ vh + (u * s[..., None, :]) @ dvh
    np.testing.assert_allclose(whole, t, atol=1e-12)
    slope = nb.grad(lambda a: nb.sum(nb.svdvals(a) ** 2))(a)
    np.testing.assert_allclose(values(slope), 2 * a.conj(), atol=1e-12)


def test_what_depends_on_phases_of_singular_vectors_is_refused():
    for f in (lambda a: nb.real(nb.svd(a).U[0, 0]), lambda a: nb.imag(nb.svd(a).Vh[0, 0]),
              lambda a: nb.real(nb.svd(a).U[0, 0] + nb.svd(a).Vh[0, 0])):
        for a in (SQUARE, SQUARE[:1, :1]):
            with pytest.raises(errors.GradientError, match=r"svd: .*phases of vectors \(shape"):
                nb.grad(f)(a)
    with pytest.raises(errors.GradientError, match=r"svd: .*repeated or zero"):
        nb.grad(lambda a: nb.abs(nb.svd(a).U[0, 0]))(np.eye(2) * 1j)
    with pytest.raises(errors.GradientError, match=r"svd: .*full_matrices=False"):
        nb.grad(lambda a: nb.sum(nb.abs(nb.svd(a).U) ** 4))(SIZES[1])
    both = np.stack([SQUARE, SQUARE])
    both[1, 0, 0] = np.inf
    assert np.isfinite(values(nb.svdvals(both))).all(-1).tolist() == [True, False]


# ------------------------------------------------------------------------------- orthogonal factors
FACTORS = [*[("linalg.qr", (a,), {}) for a in (*SIZES, drawn(2, 3, 2), *EMPTY)],
           ("linalg.qr", (SIZES[2],), {"mode": "r"}), ("linalg.qr", (SIZES[2],), {"mode": "complete"})]
test_orthogonal_factors, test_derivatives_of_orthogonal_factors = checks_of(
    FACTORS, [("linalg.qr", (a,), {"mode": "complete"}) for a in (SIZES[1], EMPTY[0])])


def test_the_triangular_factor_has_a_real_diagonal():
    for a in SIZES:
        q, r = map(values, linalg.qr(a))
        np.testing.assert_array_equal(np.diagonal(r, axis1=-2, axis2=-1).imag, 0)
        np.testing.assert_allclose(q @ r, a, atol=1e-14)
    slope = nb.grad(lambda t: nb.sum(nb.abs(linalg.qr(t, "r")) ** 2))(SIZES[2])
    np.testing.assert_allclose(values(slope), 2 * SIZES[2].conj(), atol=1e-13)
    with pytest.raises(errors.GradientError, match=r"qr: .*shape \(3, 2\)"):
        nb.grad(lambda t: nb.real(linalg.qr(t).R[0, 0] + linalg.qr(t).Q[0, 1]))(RANK_ONE)
    with pytest.raises(errors.GradientError, match=r"qr: .*beyond"):
        nb.grad(lambda t: nb.sum(nb.real(linalg.qr(t, "complete").Q)))(SIZES[1])


# -------------------------------------------------------------------------------------- least squares
SYSTEMS = [(SQUARE, drawn(3)), (SIZES[1], drawn(4)), (SIZES[1], drawn(4, 2)), (SIZES[2], drawn(2, 3)),
           (SIZES[1].real, drawn(4)), (EMPTY[0], drawn(0, 2))]


@pytest.mark.parametrize("args", SYSTEMS, ids=lambda pair: f"{pair[0].shape} {pair[1].shape}")
@pytest.mark.parametrize("parts", [np.float32, np.float64])
def test_solutions_are_numpys(args, parts):
    args = [cast(x, parts) for x in args]
    for got, want in zip(linalg.lstsq(*args), np.linalg.lstsq(*args), strict=True):
        got, want = values(got), np.asarray(want)
        assert (got.shape, got.dtype.kind) == (want.shape, want.dtype.kind)
        assert got.dtype.kind == "i" or got.dtype == want.dtype
        rounding = 1e3 * np.finfo(parts).eps
        np.testing.assert_allclose(got, want, rtol=rounding, atol=rounding)


@pytest.mark.parametrize("args", SYSTEMS[:-1], ids=lambda pair: f"{pair[0].shape} {pair[1].shape}")
def test_derivatives_of_solutions(args):
    check_grads(lambda a, b: linalg.lstsq(a, b)[:2] + linalg.lstsq(a, b)[3:], args)


def test_a_solution_without_full_rank_has_no_derivative():
    for a in (RANK_ONE, RANK_ONE.T):
        with pytest.raises(errors.GradientError, match=r"lstsq: a matrix, shape .*rank below.*pinv"):
            nb.grad(lambda t: nb.real(nb.sum(linalg.lstsq(t, np.ones(t.shape[0]))[0])))(a)
    x, _, _, s = linalg.lstsq(SQUARE * np.nan, np.ones(3))
    assert (x.dtype, s.dtype) == (np.complex128, np.float64) and np.isnan(values(s)).all()


def test_polynomials_that_fit_complex_values():
    x, y = RNG.normal(size=5), drawn(5)
    np.testing.assert_allclose(values(nb.polyfit(x, y, 2)), np.polyfit(x, y, 2), rtol=1e-12)
    check_grads(lambda x, y: nb.polyfit(x, y, 2), [x, y], order=1)


# ------------------------------------------------------------------------- functions and systems of SciPy
REGULAR, OTHER = SQUARE + 3 * np.eye(3), drawn(2, 2)
JORDAN = np.array([[2j, 1.0], [0.0, 2j]])
BAND = 0.4 * drawn(4, 3) + 3 * (np.arange(4) == 1)[:, None]
COLUMN, ROW = drawn(3) + 4 * (np.arange(3) == 0), drawn(3)
STACK = np.stack([REGULAR, 2j * REGULAR.T])


def each(f):
    """SciPy's function of one matrix on a stack of them."""
    return lambda a: np.stack([f(one) for one in a]) if a.ndim > 2 else f(a)


def power(t):
    return (lambda a: linalg.fractional_matrix_power(a, t),
            lambda a: scipy.linalg.fractional_matrix_power(a, t))


def solved(trans):
    return (lambda a, b: linalg.lu_solve(linalg.lu_factor(a), b, trans),
            lambda a, b: scipy.linalg.lu_solve(scipy.linalg.lu_factor(a), b, trans))


SCIPYS = {
    "expm": (linalg.expm, scipy.linalg.expm, [(REGULAR,), (JORDAN,), (STACK,), (4j * REGULAR,)]),
    "sqrtm": (linalg.sqrtm, each(scipy.linalg.sqrtm), [(REGULAR,), (JORDAN,), (STACK,), (1e5 * OTHER,)]),
    "logm": (linalg.logm, each(scipy.linalg.logm), [(REGULAR,), (JORDAN,), (STACK,), (1e5 * OTHER,)]),
    "power 0.3": (*power(0.3), [(REGULAR,), (JORDAN,)]), "power -2": (*power(-2), [(REGULAR,)]),
    "solve_sylvester": (linalg.solve_sylvester, scipy.linalg.solve_sylvester,
                        [(REGULAR, OTHER, drawn(3, 2))]),
    "lu": (lambda a: linalg.lu(a)[1:], lambda a: scipy.linalg.lu(a)[1:], [(a,) for a in SIZES]),
    "lu, rows": (lambda a: linalg.lu(a, permute_l=True), lambda a: scipy.linalg.lu(a, permute_l=True),
                 [(SIZES[1],)]),
    **{f"lu_solve {trans}": (*solved(trans), [(REGULAR, drawn(3, 2)), (REGULAR, drawn(3)),
                                              (REGULAR.real, drawn(3))]) for trans in (0, 1, 2)},
    "solve_banded": (lambda ab, b: linalg.solve_banded((2, 1), ab, b),
                     lambda ab, b: scipy.linalg.solve_banded((2, 1), ab, b),
                     [(BAND, drawn(3)), (BAND, drawn(3, 2)), (BAND.real, drawn(3))]),
    "solve_toeplitz": (lambda c, r, b: linalg.solve_toeplitz((c, r), b),
                       lambda c, r, b: scipy.linalg.solve_toeplitz((c, r), b), [(COLUMN, ROW, drawn(3, 2))]),
    "solve_toeplitz, Hermitian": (linalg.solve_toeplitz, scipy.linalg.solve_toeplitz, [(COLUMN, drawn(3))]),
    "multi_dot": (lambda *xs: linalg.multi_dot(xs), lambda *xs: np.linalg.multi_dot(xs),
                  [(drawn(2, 3), SQUARE, drawn(3, 2))]),
    "block_diag": (linalg.block_diag, scipy.linalg.block_diag, [(OTHER, ROW)]),
    "hankel": (linalg.hankel, scipy.linalg.hankel, [(COLUMN, ROW)]),
    "circulant": (linalg.circulant, scipy.linalg.circulant, [(COLUMN,)]),
}


@pytest.mark.parametrize("name", SCIPYS)
def test_functions_are_scipys(name):
    ours, theirs, cases = SCIPYS[name]
    for args in cases:
        for parts in (np.float64, np.float32):
            xs = [cast(x, parts) for x in args]
            with warnings.catch_warnings(action="ignore", category=RuntimeWarning):     # of SciPy's accuracy
                want = theirs(*xs)
            for got, w in zip(flatten(ours(*xs))[0], flatten(want)[0], strict=True):
                got, rounding = values(got), 1e4 * np.finfo(parts).eps
                assert (got.shape, got.dtype) == (w.shape, np.result_type(parts, "c8"))
                np.testing.assert_allclose(got, w, rtol=rounding, atol=rounding * np.abs(w).max())


@pytest.mark.parametrize("name", SCIPYS)
def test_functions_have_derivatives(name):
    ours, _, cases = SCIPYS[name]
    for args in cases:
        check_grads(ours, args, 2 if np.abs(args[0]).max() < 10 else 1, rtol=1e-5)


def test_sylvesters_equation_of_real_and_complex_matrices():
    """SciPy's answer does not solve it where a real matrix has complex eigenvalues."""
    a, b, q = np.array([[0.6, 0.8, 0.0], [-0.8, 0.6, 1.0], [0.0, 0.0, 2.0]]), OTHER, drawn(3, 2)
    z = values(linalg.solve_sylvester(a, b, q))
    np.testing.assert_allclose(a @ z + z @ b, q, atol=1e-13)
    check_grads(linalg.solve_sylvester, [a, b, q], rtol=1e-5)
    check_grads(linalg.solve_sylvester, [STACK, b, q], order=1, rtol=1e-5)


PRODUCTS = [("cross", (drawn(2, 3), drawn(2, 3)), {}), ("linalg.cross", (drawn(3), drawn(2, 3)), {}),
            ("linalg.tensorsolve", (drawn(2, 3, 6), drawn(2, 3)), {}),
            ("linalg.tensorinv", (drawn(4, 2, 2),), {"ind": 1}), ("linalg.matrix_power", (SQUARE, 5), {})]
test_products, test_derivatives_of_products = checks_of(PRODUCTS)


def test_functions_of_empty_matrices():
    for shape in ((0, 0), (0, 2, 2)):
        empty = np.zeros(shape, "c16")
        for f in (linalg.expm, linalg.sqrtm, linalg.logm, power(0.5)[0], lambda a: linalg.lu(a)[1]):
            assert (f(empty).shape, f(empty).dtype) == (shape, np.complex128)
    assert linalg.lu(EMPTY[1])[0].dtype == np.float64
    assert linalg.solve_banded((0, 0), np.zeros((1, 0), "c16"), np.zeros(0)).dtype == np.complex128


def test_the_exponential_of_what_is_large():
    """Of i times a Hermitian matrix it is unitary, at any size; along a diagonal NumPy's of numbers."""
    h = SQUARE + SQUARE.conj().T
    for size, dtype, rounding in ((1e3, "c16", 1e-11), (1e3, "c8", 3e-3), (1e-200, "c16", 1e-15)):
        z = values(linalg.expm((1j * size * h).astype(dtype)))
        np.testing.assert_allclose(z @ z.conj().T, np.eye(3), atol=rounding)
    ends = np.array([1 + 2j, -1e3j, -1e4])
    np.testing.assert_array_equal(values(linalg.expm(np.diag(ends))), np.diag(np.exp(ends)))
    large = drawn(70, 70) / 4
    np.testing.assert_allclose(values(linalg.expm(large)), scipy.linalg.expm(large), atol=1e-10)
    _, slope = nb.jvp(linalg.expm, (h,), (1e300 * h,))
    np.testing.assert_allclose(values(slope) / 1e300, h @ values(linalg.expm(h)), rtol=1e-11, atol=1e-11)


def test_negative_eigenvalues_have_complex_functions():
    a, nilpotent = np.diag([4.0, -9.0]), np.eye(2, k=1) + 0j
    for f, want in ((linalg.sqrtm, [2, 3j]), (linalg.logm, [np.log(4), np.log(9) + 1j * np.pi])):
        with pytest.raises(errors.SingularError, match=r"negative eigenvalue.*complex.*astype\(nb\.c"):
            f(a)
        np.testing.assert_allclose(values(f(nb.asarray(a).astype(nb.complex128))), np.diag(want), atol=1e-14)
        with pytest.raises(errors.SingularError, match=f"{f.name}: a matrix is singular"):
            f(nilpotent)
    with pytest.raises(errors.SingularError, match=r"solve_sylvester: .*sum is zero"):
        linalg.solve_sylvester(1j * np.eye(2), -1j * np.eye(2), np.eye(2))
    with pytest.raises(errors.GradientError, match=r"lu: .*shape \(2, 2\).*singular"):
        nb.grad(lambda a: nb.sum(nb.abs(linalg.lu(a)[2])))(RANK_ONE[:2])
    with pytest.raises(errors.SingularError, match=r"solve_banded: .*shape \(2, 2\)"):
        linalg.solve_banded((0, 0), np.zeros((1, 2), "c16"), np.ones(2))


def test_powers_are_differentiated_by_complex_exponents():
    check_grads(linalg.fractional_matrix_power, [REGULAR, np.array(0.7)], rtol=1e-5)
    check_grads(linalg.fractional_matrix_power, [REGULAR, np.array(0.7 - 0.4j)], rtol=1e-5)
    turned = values(linalg.fractional_matrix_power(np.diag([2.0, 3.0]), 1j))
    np.testing.assert_allclose(turned, np.diag([2.0**1j, 3.0**1j]), atol=1e-14)
    assert linalg.fractional_matrix_power(np.eye(2, dtype="f4"), 1j).dtype == np.complex64
