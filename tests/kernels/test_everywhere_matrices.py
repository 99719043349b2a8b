"""What is the same on every device for matrices and images: sizes that are no multiple of a tile, sums cut in
parts, many images, and matrices that are singular or not finite.

Run as tests/kernels/test_everywhere.py.
"""

import numpy as np
import pytest
import scipy.linalg
import scipy.special

import nbgrad as nb


def near(got, want, digits=13):
    """A Tensor has the values of an array, but for the rounding of its dtype."""
    got = got.numpy()
    ok = np.isfinite(want)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    rounding = 10.0 ** -digits if got.dtype == np.float64 else 1e-5
    scale = np.abs(want[ok]).max(initial=1)
    np.testing.assert_allclose(got[ok], want[ok], rtol=rounding, atol=rounding * scale)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("a, b", [
    ((9, 5), (5, 17)), ((3, 150), (150, 5)), ((2, 3, 140), (140, 2)), ((700,), (700,)), ((1, 30), (30, 20)),
    ((20, 30), (30,)), ((2, 1, 9, 6), (3, 6, 9)), ((3, 0), (0, 2))], ids=str)
def test_products(a, b, dtype, rng):
    x, y = [rng.normal(size=s).astype(dtype) for s in (a, b)]
    near(nb.asarray(x) @ nb.asarray(y), x.astype(float) @ y.astype(float))
    if x.ndim > 1 and y.ndim > 1:
        near(nb.einsum("...ij,...jk->...ki", x, y), np.swapaxes(x.astype(float) @ y.astype(float), -1, -2))


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "uint64", "bool"])
def test_products_of_integers(dtype, rng):
    x, y = [rng.integers(0, 2 if dtype == "bool" else 100, s).astype(dtype) for s in ((6, 9), (9, 5))]
    for a, b in ((x, y), (x[0], y[:, 0]), (x[:, ::-2], y[::-2])):
        got = (nb.asarray(a) @ nb.asarray(b)).numpy()
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, a @ b)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("how", ["sum", "max", "logsumexp"])
def test_other_products_in_tiles(how, dtype, rng):
    """Sizes that are no multiple of a tile; of each derivative another index is summed over."""
    x, y = rng.normal(size=(2, 9, 6)).astype(dtype), rng.normal(size=(6, 10)).astype(dtype)[:, ::-1]
    terms = np.abs(x[:, :, :, None] - y.astype(float))
    want = {"sum": np.sum, "max": np.max, "logsumexp": scipy.special.logsumexp}[how](terms, axis=2)
    near(nb.gdot(x, y, lambda x, y: abs(x - y), how), want)
    z, pull = nb.vjp(lambda x, y: nb.gdot(x, y, lambda x, y: abs(x - y), how), nb.asarray(x), nb.asarray(y))
    top = want[:, :, None]
    weight = {"sum": 1.0, "max": terms == top, "logsumexp": np.exp(terms - top)}[how]
    if how != "max" or dtype == "float64":
        along = np.sign(x[:, :, :, None] - y.astype(float)) * weight
        got = pull(nb.asarray(np.ones(z.shape, dtype)))
        near(got[0], along.sum(-1), 12)
        near(got[1], -along.sum((0, 1)), 12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_systems(dtype, rng):
    a = (rng.normal(size=(2, 11, 11)) + 4 * np.eye(11)).astype(dtype)
    b, exact = rng.normal(size=(11, 7)).astype(dtype), a.astype(float)
    near(nb.linalg.solve(a, b), np.linalg.solve(exact, b))
    near(nb.linalg.inv(a[:, ::-1]), np.linalg.inv(exact[:, ::-1]))
    near(nb.linalg.det(a[:, ::-1] / 4), np.linalg.det(exact[:, ::-1] / 4), 12)
    near(nb.linalg.slogdet(a).logabsdet, np.linalg.slogdet(exact)[1])
    near(nb.linalg.matrix_power(a, 0), np.broadcast_to(np.eye(11), a.shape))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_systems_of_several_panels(dtype, rng):
    """Matrices of which a block takes a part only: their rows change places with rows of other panels."""
    a = (rng.normal(size=(2, 13, 13)) + 4 * np.eye(13)).astype(dtype)
    a[1] = a[1, ::-1]
    b, exact = rng.normal(size=(2, 13, 3)).astype(dtype)[..., ::-1], a.astype(float)
    got = nb.linalg.solve(np.swapaxes(a, -1, -2), b)
    near(got, np.linalg.solve(np.swapaxes(exact, -1, -2), b), 12)
    near(nb.linalg.solve(a[:, ::-1, ::-1], b[0]), np.linalg.solve(exact[:, ::-1, ::-1], b[0]), 12)
    sign, logarithm = nb.linalg.slogdet(a)
    near(sign, np.linalg.slogdet(exact)[0])
    near(logarithm, np.linalg.slogdet(exact)[1])
    again = nb.linalg.solve(np.swapaxes(a, -1, -2), b)
    np.testing.assert_array_equal(again.numpy(), got.numpy())


def test_permutations_of_several_panels(rng):
    order = rng.permutation(13)
    a, b = np.eye(13)[order], rng.normal(size=13)
    np.testing.assert_array_equal(nb.linalg.solve(a, b).numpy(), b[np.argsort(order)])
    np.testing.assert_array_equal(nb.linalg.det(a).numpy(), np.linalg.det(a))


@pytest.mark.parametrize("lower, trans, unit", list(np.ndindex(2, 2, 2)))
def test_triangular_systems_of_several_panels(lower, trans, unit, rng):
    a = 0.3 * rng.normal(size=(2, 11, 11)) + 3 * np.eye(11)
    b = rng.normal(size=(2, 1, 11, 3))
    if unit:
        a, b = a.astype(np.float32), b.astype(np.float32)
    got = nb.solve_triangular(a, b, lower=bool(lower), trans=trans, unit_diagonal=bool(unit))
    full = np.tril(a.astype(float)) if lower else np.triu(a.astype(float))
    if unit:
        full = full - full * np.eye(11) + np.eye(11)
    near(got, np.linalg.solve(np.swapaxes(full, -1, -2) if trans else full, b), 12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cholesky_factors_of_several_panels(dtype, rng):
    x = rng.normal(size=(2, 1, 11, 11))
    a = x @ np.swapaxes(x, -1, -2) + 9 * np.eye(11)
    exact = np.linalg.cholesky(a)
    a[1, 0, 0, 10] = a[1, 0, 10, 0] = np.nan
    exact[1] = np.nan
    near(nb.linalg.cholesky(a.astype(dtype)), exact, 12)
    near(nb.linalg.cholesky(a.astype(dtype), upper=True), np.swapaxes(exact, -1, -2), 12)


def test_a_large_matrix_of_a_batch_without_a_solution():
    a = np.stack([np.eye(11), np.eye(11)])
    a[1, 9, 9] = 0
    sign, logarithm = nb.linalg.slogdet(a)
    np.testing.assert_array_equal(sign.numpy(), [1, 0])
    np.testing.assert_array_equal(logarithm.numpy(), [0, -np.inf])
    for f in (lambda a: nb.linalg.solve(a, np.ones(11)), nb.linalg.cholesky,
              lambda a: nb.linalg.cholesky(a[:, ::-1, ::-1])):
        with pytest.raises(nb.errors.SingularError):
            f(a)
    a[1, 3, 9] = np.nan
    assert np.isnan(nb.linalg.det(a).numpy()[1])


def test_what_has_no_solution_is_refused():
    singular, zeros, ones = np.array([[1.0, 2], [2, 4]]), np.zeros((2, 2)), np.ones((2, 2))
    some = np.stack([ones + np.eye(2), zeros])
    for f in (lambda: nb.linalg.inv(singular), lambda: nb.linalg.solve(some, ones),
              lambda: nb.linalg.cholesky(-np.eye(2)), lambda: nb.solve_triangular(zeros, ones)):
        with pytest.raises(nb.errors.SingularError):
            f()
    with pytest.raises(nb.errors.GradientError, match="repeated eigenvalues"):
        nb.grad(lambda a: nb.sum(nb.linalg.eigh(a).eigenvectors ** 3))(nb.asarray(np.eye(3)))
    with pytest.raises(nb.errors.GradientError, match="repeated or zero singular values"):
        nb.grad(lambda a: nb.sum(nb.linalg.svd(a).U ** 3))(nb.asarray(np.diag([2.0, 0.0])))
    with pytest.raises(nb.errors.GradientError, match="full_matrices=False"):
        nb.grad(lambda a: nb.sum(nb.linalg.svd(a).U ** 3))(nb.asarray([[1.0], [2.0]]))


def test_derivatives_of_determinants_of_singular_matrices(rng):
    """Against differences of the determinants, which are polynomials."""
    ranks = [np.zeros((3, 3)), np.diag([0.0, 0, 2]), np.array([[1.0, 2, 3], [2, 4, 6], [1, 0, 1]]),
             np.eye(3)[[1, 2, 0]]]
    a, e = np.stack(ranks), rng.normal(size=(3, 3))
    total = lambda x: nb.sum(nb.linalg.det(x))  # noqa: E731
    first, second = nb.grad(total)(nb.asarray(a)).numpy(), nb.hvp(total, nb.asarray(a), nb.asarray(
        np.broadcast_to(e, a.shape).copy())).numpy()
    for k, m in enumerate(ranks):
        plus, minus = np.linalg.det(m + e), np.linalg.det(m - e)
        np.testing.assert_allclose(np.sum(first[k] * e), (plus - minus) / 2 - np.linalg.det(e), atol=1e-12)
        np.testing.assert_allclose(np.sum(second[k] * e), plus + minus - 2 * np.linalg.det(m), atol=1e-12)


def test_matrices_that_are_not_finite():
    a = np.stack([np.diag([1.0, 2.0]), np.diag([1.0, np.nan]), np.diag([np.inf, 1.0])])
    for f in (nb.linalg.cholesky, nb.linalg.eigvalsh, nb.expm, lambda x: nb.linalg.eigh(x).eigenvectors,
              nb.linalg.svdvals, lambda x: nb.linalg.svd(x).U, lambda x: nb.linalg.svd(x).Vh):
        found = f(nb.asarray(a)).numpy()
        assert np.isfinite(found[0]).all()
        assert np.isnan(found[1:]).all()


def test_one_triangle_is_read(rng):
    a = rng.normal(size=(2, 3, 3))
    a = a @ np.swapaxes(a, -1, -2) + np.eye(3)
    for other, up in ((np.triu(np.ones((3, 3)), 1), False), (np.tril(np.ones((3, 3)), -1), True)):
        skewed, uplo = np.where(other, [[[np.nan]], [[-7.0]]], a), "U" if up else "L"
        near(nb.linalg.cholesky(skewed, upper=up), np.linalg.cholesky(a, upper=up), 12)
        near(nb.linalg.eigvalsh(skewed, uplo), np.linalg.eigvalsh(a))
        near(nb.linalg.eigh(skewed, UPLO=uplo).eigenvalues, np.linalg.eigvalsh(a))
        gradient = nb.grad(lambda x, up=up: nb.sum(nb.linalg.cholesky(x, upper=up)))(skewed).numpy()
        assert np.array_equal(gradient != 0, np.broadcast_to(other == 0, a.shape))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_eigenvalues(dtype, rng):
    """Random ones, and such as are repeated and zero."""
    x = rng.normal(size=(7, 2))
    a = rng.normal(size=(7, 7))
    a = np.stack([a + a.T, x @ x.T]).astype(dtype)
    w, v = nb.linalg.eigh(a)
    near(w, np.linalg.eigvalsh(a.astype(float)))
    near(nb.matrix_transpose(v) @ v, np.broadcast_to(np.eye(7), a.shape))
    near(nb.asarray(a) @ v - v * nb.expand_dims(w, -2), np.zeros(a.shape))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("full", [True, False])
def test_singular_values(full, dtype, rng):
    """Tall and wide matrices: random ones, of rank 2, of zeros, with values far apart; and empty ones."""
    tall = [rng.normal(size=(6, 4)), rng.normal(size=(6, 2)) @ rng.normal(size=(2, 4)), np.zeros((6, 4)),
            np.eye(6)[:, :4] * [1, 1e-25, 2, 1e-9], 1e30 * rng.normal(size=(6, 4))]
    for a in (np.stack(tall), np.swapaxes(np.stack(tall), -1, -2)[:, ::-1], np.zeros((2, 3, 0))):
        a = a.astype(dtype)
        u, s, vh = nb.linalg.svd(a, full_matrices=full)
        size, k = np.abs(a).max((-2, -1), initial=1).astype(dtype), min(a.shape[1:])
        near(s / size[:, None], np.linalg.svd(a.astype(float), compute_uv=False) / size[:, None])
        for x in (nb.matrix_transpose(u) @ u, vh @ nb.matrix_transpose(vh)):
            near(x, np.broadcast_to(np.eye(x.shape[-1]), x.shape))
        again = (u[..., :k] * nb.expand_dims(s, -2)) @ vh[..., :k, :]
        near(again / size[:, None, None], a.astype(float) / size[:, None, None])


def test_norms_of_large_and_small_numbers():
    x = np.array([[3.0, -4.0, 0.0], [0.0, 0.0, 0.0]])
    for scale in (1.0, 1e300, 1e-300):
        for p in (1.5, 3, 80, 0.5):
            found, pull = nb.vjp(lambda t, p=p: nb.norm(t, p, axis=1), nb.asarray(x * scale))
            near(found / scale, np.linalg.norm(x, p, axis=1))
            slope = (np.abs(x[0, :2]) / np.linalg.norm(x[0], p)) ** (p - 1)
            near(pull(np.ones(2))[0], np.array([[slope[0], -slope[1], 0], [0, 0, 0]]))


def test_exponentials_of_all_sizes(rng):
    near(nb.expm(np.diag([1.0, 700, -700])), np.diag(np.exp([1.0, 700, -700])))
    a = np.stack([scale * rng.normal(size=(4, 4)) for scale in (1e-9, 1, 9)] + [np.diag(np.arange(4.0))])
    near(nb.expm(a)[2], scipy.linalg.expm(a[2]), 11)
    near(nb.expm(a), np.stack([scipy.linalg.expm(x) for x in a]), 11)


def test_convolutions_of_many_images(rng):
    x, w = rng.normal(size=(5, 3, 9, 8)), rng.normal(size=(4, 3, 3, 2))
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 2), (2, 3))
    near(nb.conv2d(x, w), np.einsum("nchwij,ocij->nohw", windows, w))
    got = nb.grad(lambda w: nb.sum(nb.conv2d(x, w)))(nb.asarray(w))
    near(got, np.broadcast_to(windows.sum((0, 2, 3)), w.shape), 12)
    got = nb.grad(lambda x: nb.sum(nb.conv2d(x, w, padding=2)))(nb.asarray(x))
    near(got, np.broadcast_to(w.sum((0, 2, 3))[:, None, None], x.shape), 12)


def test_pools_with_ties_and_nan():
    x = np.zeros((1, 4, 6))
    x[0, :2, :2], x[0, 2, 2] = [[1, 1], [0, 1]], np.nan
    x[0, 3, 5] = -np.inf
    near(nb.max_pool2d(x, 2), np.array([[[1.0, 0, 0], [0, np.nan, 0]]]))
    got = nb.grad(lambda t: nb.sum(nb.max_pool2d(t, 2)))(nb.asarray(x)).numpy()
    np.testing.assert_allclose(got[0, :2, :2], [[1 / 3, 1 / 3], [0, 1 / 3]])
    assert np.isnan(got[0, 2:, 2:4]).all()
    np.testing.assert_allclose(got[0, 2:, 4:], [[1 / 3, 1 / 3], [1 / 3, 0]])
