"""Linear algebra beyond the table: conventions, bad matrices, batches, and gradients that must not exist."""

import mpmath
import numpy as np
import pytest

import nbgrad as nb
from nbgrad import errors
from nbgrad.engine.tensor import raw
from nbgrad.testing import check_grads

RNG = np.random.default_rng(11)
NAN = np.nan


def regular(*shape):
    return RNG.normal(size=shape) + 4 * np.eye(shape[-1])


def positive(*shape):
    x = RNG.normal(size=shape)
    return x @ np.swapaxes(x, -1, -2) + np.eye(shape[-1])


# ------------------------------------------------------------------------------------- matrix_power
@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 8, -1, -3])
@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 3), (0, 0), (0, 2, 2)], ids=str)
def test_matrix_power_is_numpys(n, shape):
    a = regular(*shape)
    got = nb.linalg.matrix_power(a, n)
    np.testing.assert_allclose(raw(got), np.linalg.matrix_power(a, n), rtol=1e-12, atol=1e-12)
    if n and a.size:
        check_grads(lambda x: nb.matrix_power(x, n), [a / 4])


def test_matrix_power_of_integers_stays_exact_and_0_has_no_slope():
    fibonacci = raw(nb.matrix_power(np.array([[1, 1], [1, 0]]), 60))
    assert fibonacci.dtype == np.int64 and fibonacci[0, 1] == 1548008755920
    grad = nb.grad(lambda x: nb.sum(nb.matrix_power(x, 0)))(regular(3, 3).astype(np.float32))
    assert grad.dtype == np.float32 and not raw(grad).any()


# --------------------------------------------------------------------------- conventions and derivatives
LOWER = {"cholesky": nb.cholesky, "eigvalsh": nb.eigvalsh, "eigenvectors": lambda x: nb.eigh(x)[1] ** 2}
UPPER = {"cholesky": lambda x: nb.cholesky(x, upper=True), "eigvalsh": lambda x: nb.eigvalsh(x, "U"),
         "eigenvectors": lambda x: nb.eigh(x, UPLO="u")[1] ** 2}


@pytest.mark.parametrize("name", LOWER)
def test_factors_read_one_triangle_and_have_no_gradient_in_the_other(name):
    a = positive(2, 3, 3)
    for f, other in ((LOWER[name], np.triu(np.ones((3, 3)), 1)), (UPPER[name], np.tril(np.ones((3, 3)), -1))):
        for strange in (7.0, NAN, np.inf):
            skewed = np.where(other, strange, a)
            np.testing.assert_array_equal(raw(f(skewed)), raw(f(a)))
            gradient = raw(nb.grad(lambda x, f=f: nb.sum(nb.sin(f(x))))(skewed))
            assert (gradient[..., other > 0] == 0).all() and (gradient[..., other == 0] != 0).all()
        check_grads(f, [np.where(other, 7.0, a)])
        whole = raw(nb.grad(lambda x, f=f: nb.sum(nb.sin(f((x + nb.matrix_transpose(x)) / 2))))(a))
        np.testing.assert_allclose(whole, np.swapaxes(whole, -1, -2), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(np.where(other, 0, whole) + np.swapaxes(np.where(other, whole, 0), -1, -2),
                                   gradient, rtol=1e-9, atol=1e-12)


def test_the_triangle_has_two_names():
    for f in (nb.eigh, nb.eigvalsh):
        with pytest.raises(errors.ValueRangeError, match=r"eigv?a?l?s?h: UPLO='X' is not one of 'L', 'U'"):
            f(np.eye(2), "X")


def test_log_determinants_three_ways():
    a = positive(2, 4, 4)
    ways = (lambda x: nb.sum(nb.slogdet(x).logabsdet), lambda x: nb.sum(nb.log(nb.eigvalsh(x))),
            lambda x: nb.sum(nb.log(nb.det(x))),
            lambda x: 2 * nb.sum(nb.log(nb.einsum("nii->ni", nb.cholesky(x)))))
    for f in ways:
        np.testing.assert_allclose(raw(f(a)), np.linalg.slogdet(a)[1].sum(), rtol=1e-12)
        gradient = raw(nb.grad(lambda x, f=f: f((x + nb.matrix_transpose(x)) / 2))(a))
        np.testing.assert_allclose(gradient, np.linalg.inv(a), rtol=1e-9, atol=1e-12)


def test_third_order():
    for f, a in ((nb.cholesky, positive(2, 2)), (nb.eigvalsh, np.diag([1.0, 3.0])),
                 (nb.slogdet, regular(2, 2)), (lambda x: nb.solve_triangular(x, nb.ones(2)), regular(2, 2))):
        check_grads(f, [a], order=3, rtol=1e-5)


def test_results_have_names():
    sign, logarithm = nb.slogdet(-np.eye(3))
    assert float(sign) == -1 and float(logarithm) == 0
    found = nb.linalg.eigh(np.diag([2.0, 1.0]))
    np.testing.assert_array_equal(raw(found.eigenvalues), [1, 2])
    np.testing.assert_array_equal(np.abs(raw(found.eigenvectors)), [[0, 1], [1, 0]])


def test_solve_triangular_reads_one_triangle_and_takes_pytorchs_name():
    a, b = regular(3, 3), RNG.normal(size=(3, 2))
    np.testing.assert_array_equal(
        raw(nb.solve_triangular(a, b, lower=True)), raw(nb.solve_triangular(np.tril(a), b, upper=False)))
    gradient = raw(nb.grad(lambda a: nb.sum(nb.solve_triangular(a, b, upper=True, unit_diagonal=True)))(a))
    np.testing.assert_array_equal(gradient, np.triu(gradient, 1))


def test_integers_become_floats():
    a = np.array([[4, 2], [2, 3]])
    for f in (nb.cholesky, nb.eigvalsh, nb.inv, nb.det, nb.expm):
        assert f(a).dtype == np.float64
    assert nb.solve_triangular(a.astype("float32"), np.array([1, 2])).dtype == np.float64
    assert nb.solve_triangular(a.astype("float32"), np.array([1, 2], "float32")).dtype == np.float32


# ------------------------------------------------------------------------------- repeated eigenvalues
REPEATED = np.diag([1.0, 1.0, 2.0])
TURNED = np.linalg.qr(RNG.normal(size=(3, 3)))[0]


@pytest.mark.parametrize("a", [REPEATED, TURNED @ REPEATED @ TURNED.T, np.zeros((2, 2))],
                         ids=["exact", "turned", "0"])
def test_repeated_eigenvalues(a):
    unit = np.eye(len(a))
    values = nb.grad(lambda x: nb.sum(nb.eigh((x + x.T) / 2).eigenvalues ** 2))(a)
    np.testing.assert_allclose(raw(values), 2 * a, atol=1e-13)
    np.testing.assert_allclose(raw(nb.grad(lambda x: nb.sum(nb.eigvalsh(x)))(a)), unit, atol=1e-13)
    np.testing.assert_allclose(raw(nb.jvp(nb.eigvalsh, (a,), (unit,))[1]), np.ones(len(a)), atol=1e-13)
    for act in (lambda: nb.grad(lambda x: nb.sum(nb.eigh(x).eigenvectors ** 3))(a),
                lambda: nb.jvp(lambda x: nb.eigh(x).eigenvectors, (a,), (a,)),
                lambda: nb.hessian(lambda x: nb.sum(nb.eigh(x).eigenvalues ** 2))(a),
                lambda: nb.hessian(lambda x: nb.sum(nb.eigvalsh(x) ** 2))(a)):
        with pytest.raises(errors.GradientError, match=r"eigh.*repeated eigenvalues.*eigvalsh"):
            act()


# ------------------------------------------------------------------------------------------ bad matrices
ONES = np.ones((2, 2))
CASES = {
    "cholesky of an indefinite matrix": (lambda: nb.cholesky(-np.eye(3)), r"cholesky.*definite.*\(3, 3\)"),
    "one of a batch": (lambda: nb.cholesky(np.stack([np.eye(2), ONES - 2])), r"definite.*\(2, 2, 2\)"),
    "one beside nan": (lambda: nb.cholesky(np.stack([NAN * ONES, -np.eye(2)])), "positive definite"),
    "cholesky, not square": (lambda: nb.cholesky(np.ones((2, 3))), r"cholesky.*square.*\(2, 3\)"),
    "eigh, not square": (lambda: nb.eigh(np.ones(3)), r"eigh.*square.*\(3,\)"),
    "slogdet, not square": (lambda: nb.slogdet(np.ones((2, 3))), r"slogdet.*square"),
    "matrix_power, not square": (lambda: nb.matrix_power(np.ones((2, 3)), 2), r"matrix_power.*square"),
    "negative power of a singular matrix": (lambda: nb.matrix_power(ONES, -1), "inv.*singular"),
    "a zero on the diagonal": (lambda: nb.solve_triangular(0 * ONES, ONES), "solve_triangular.*singular"),
    "solve, singular": (lambda: nb.solve(ONES, ONES), "solve.*singular"),
    "gradient of slogdet, singular": (lambda: nb.grad(lambda x: nb.slogdet(x)[1])(ONES), "singular"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_matrices(name):
    act, message = CASES[name]
    with pytest.raises(errors.SingularError, match=message):
        act()


@pytest.mark.parametrize("act, kind, message", [
    (lambda: nb.solve_triangular(ONES, np.ones(3)), errors.ShapeError, r"solve_triangular.*\(2, 2\).*\(3,\)"),
    (lambda: nb.solve_triangular(np.ones((3, 2, 2)), np.ones((4, 2, 1))), errors.ShapeError, "broadcast"),
    (lambda: nb.solve_triangular(ONES, 1.0), errors.ShapeError, "solve_triangular"),
    (lambda: nb.solve_triangular(ONES, ONES, trans=2), errors.ValueRangeError, "trans=2"),
    (lambda: nb.matrix_power(ONES, 0.5), errors.DtypeError, "matrix_power.*integer"),
    (lambda: nb.cholesky(1j * ONES), errors.SingularError, "cholesky.*positive definite"),
], ids=range(6))
def test_bad_arguments(act, kind, message):
    with pytest.raises(kind, match=message):
        act()


@pytest.mark.parametrize("value", [NAN, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_not_finite_stays_in_its_matrix(value, dtype):
    good = np.array([[2.0, 1], [1, 3]], dtype)
    both = np.stack([good, good])
    both[1, 0, 0] = value
    for f in (nb.cholesky, nb.eigvalsh, lambda x: nb.eigh(x)[1], nb.expm):
        z = raw(f(both))
        np.testing.assert_array_equal(z[0], raw(f(good)))
        assert np.isnan(z[1]).all() and z.dtype == dtype
    for f in (nb.inv, nb.det, lambda x: nb.slogdet(x)[1],
              lambda x: nb.solve_triangular(x, np.ones((2, 1), dtype))):
        np.testing.assert_array_equal(raw(f(both))[0], raw(f(both[:1]))[0])


def test_read_only_strided_and_large_systems():
    a = (0.05 * RNG.normal(size=(300, 300)) + 4 * np.eye(300))[::-1, ::-1]
    b = RNG.normal(size=(2, 300, 7)).swapaxes(0, 1)[:, ::-1].swapaxes(0, 1)
    a.flags.writeable = False
    for lower in (True, False):
        for trans in (0, 1):
            dense = (np.tril if lower else np.triu)(a)
            want = np.linalg.solve(dense.T if trans else dense, b)
            np.testing.assert_allclose(raw(nb.solve_triangular(a, b, trans, lower)), want, atol=1e-13)


def test_what_was_given_is_not_changed():
    a = positive(3, 3)
    b, kept = np.ones((3, 2)), a.copy()
    for f in (nb.cholesky, nb.eigh, nb.inv, nb.slogdet, nb.expm):
        f(nb.asarray(a, copy=None))
    nb.solve_triangular(a, nb.asarray(b, copy=None))
    np.testing.assert_array_equal(a, kept)
    np.testing.assert_array_equal(b, 1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_exponentials_of_a_stack_are_those_of_its_matrices(dtype):
    stack = (RNG.normal(size=(60, 4, 4)) * 10.0 ** RNG.uniform(-6, 1, (60, 1, 1))).astype(dtype)
    stack[3], stack[4], stack[5] = NAN, np.diag([1, 2, 3, 4]), 0
    stack[6, 0, 0], stack[7], stack[7, 0, 1] = 1e9, 0, 1e5
    np.testing.assert_array_equal(raw(nb.expm(stack)), np.stack([raw(nb.expm(x)) for x in stack]))
    assert nb.expm(stack).dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("gap", [1.0, 1e-3, 1e-6, 1e-12, 0.0])
def test_cofactors_keep_their_digits_as_matrices_become_singular(gap, dtype, rng):
    q, _ = np.linalg.qr(rng.normal(size=(2, 5, 5)))
    s = np.array([3.0, 2.0, 1.5, 1.0, gap])
    a = ((q[0] * s) @ q[1]).astype(dtype)
    with mpmath.workdps(60):
        want = [[(-1) ** (i + j) * mpmath.det(mpmath.matrix(np.delete(np.delete(a, i, 0), j, 1).tolist()))
                 for j in range(5)] for i in range(5)]
    got = nb.grad(nb.det)(a).numpy()
    want = np.array(want, dtype=np.float64)
    assert np.abs(got - want).max() <= 200 * np.finfo(dtype).eps ** (2 / 3) * np.abs(want).max()


def test_cofactors_beyond_the_range_of_the_determinant(rng):
    a = 1e-80 * (rng.normal(size=(5, 5)) + 4 * np.eye(5))
    assert nb.det(a).item() == 0
    unit = nb.grad(nb.det)(1e80 * a).numpy()
    np.testing.assert_allclose(nb.grad(nb.det)(a).numpy(), unit * 1e-320, rtol=1e-3)
    far = nb.grad(nb.det)(np.full((2, 2), 1e300) * np.eye(2)).numpy()
    assert far.tolist() == [[1e300, 0], [0, 1e300]]
