"""Matrix calculus, row by row: every sentence in a line or two of nbgrad, against exact results.

The rows are those of docs/matrix_calculus.md. Missing: gdot of row 6, the generalised product over any two
scalar functions, which nbgrad does not have yet.
"""

import importlib.util
import math
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import scipy.special
from sklearn.datasets import load_digits

import nbgrad as nb

ROOT = Path(__file__).parents[2]
RNG = np.random.default_rng(2024)
A, B = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))
M, N = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 3))
U, V = RNG.normal(size=5), RNG.normal(size=5)


def close(got, want, tol=1e-12):
    """Shapes are equal, values to a tolerance relative to their size or to 1."""
    want = np.asarray(want, float)
    assert isinstance(got, nb.Tensor) and got.shape == want.shape
    np.testing.assert_allclose(np.asarray(got), want, rtol=tol, atol=tol)


# --------------------------------------------------------------------------------------- products, reductions
def test_row_01_sum_is_the_inner_product_with_ones():
    want = math.fsum(U)
    for got in (nb.sum(U), nb.vecdot(U, nb.ones_like(U)), U @ nb.ones(5), nb.inner(U, nb.ones(5))):
        close(got, want)


def test_row_01_inner_product():
    want = math.fsum(u * v for u, v in zip(U, V, strict=True))
    x, y = nb.tensor(U), nb.tensor(V)
    for got in (nb.sum(x * y), x @ y, x.T @ y, nb.dot(x, y), nb.vecdot(x, y), nb.inner(x, y)):
        close(got, want)


def test_row_01_squared_norm_and_distance():
    x, y = nb.tensor(U), nb.tensor(V)
    want = math.fsum((u - v) ** 2 for u, v in zip(U, V, strict=True))
    close(x @ x + y @ y - 2 * (x @ y), want)
    close(nb.sum((x - y) ** 2), want)
    close(nb.norm(x - y) ** 2, want)
    close(x @ x, math.fsum(u * u for u in U))
    close(nb.norm(x) ** 2, math.fsum(u * u for u in U))


def test_row_02_column_wise_dot():
    want = [math.fsum(A[:, j] * B[:, j]) for j in range(3)]
    close(nb.vecdot(A, B, axis=0), want)
    close(nb.vecdot(A, B, dim=0), want)
    close((nb.tensor(A) * B).sum(axis=0), want)
    close((nb.tensor(A).T @ B)[range(3), range(3)], want)     # the diagonal of a product


def test_row_02_matrix_and_vector_by_extending_the_vector():
    v = RNG.normal(size=4)
    want = A.T @ v
    close(nb.vecdot(A, nb.expand_dims(v, 1), axis=0), want)
    close(nb.vecdot(A, nb.broadcast_to(v[:, None], A.shape), axis=0), want)
    close((nb.tensor(A) * v[:, None]).sum(axis=0), want)
    close(nb.matrix_transpose(A) @ nb.tensor(v), want)
    close(nb.tensor(v) @ A, want)


def test_row_03_hadamard_product_masks_and_scales():
    X, mask, scale = nb.tensor(A), A > 0, np.array([1.0, 10.0, 100.0])
    close(X * B, [[A[i, j] * B[i, j] for j in range(3)] for i in range(4)], 0)
    close(X * mask, np.where(mask, A, 0.0), 0)
    close(X * scale, A @ np.diag(scale))
    close(nb.grad(lambda X: nb.sum(X * B))(A), B, 0)
    close(nb.grad(lambda X: nb.sum(X * mask))(A), mask, 0)


def test_row_03_division_addition_subtraction():
    X = nb.tensor(A)
    close(X / B, A / B, 0)
    close(X + B, A + B, 0)
    close(X - B, A - B, 0)
    dx, dy = nb.grad(lambda X, Y: nb.sum(X / Y), (0, 1))(A, B)
    close(dx, 1 / B)
    close(dy, -A / B**2)


def test_row_03_a_vector_broadcasts_over_a_matrix():
    row, column = RNG.normal(size=3), RNG.normal(size=(4, 1))
    X = nb.tensor(A)
    for got, want in ((X + row, A + row), (X - column, A - column), (X * row, A * row),
                      (X / column, A / column), (row - X, row - A), (column / X, column / A)):
        close(got, want, 0)
    close(nb.grad(lambda b: nb.sum((A + b) * B))(row), B.sum(0))
    close(nb.grad(lambda b: nb.sum((A + b) * B))(column), B.sum(1, keepdims=True))
    with pytest.raises(ValueError):
        X + np.ones(4)


def test_row_04_matrix_vector_product_three_ways():
    x, y = RNG.normal(size=(2, 3))
    X, want = nb.tensor(A), np.array([math.fsum(A[i] * x) for i in range(4)])
    close(X @ x, want)
    close(sum(x[j] * X[:, j] for j in range(3)), want)               # a combination of the columns
    close(nb.stack([X[i] @ x for i in range(4)]), want)              # dots with the rows
    close(X @ (2 * x - 3 * y), 2 * (A @ x) - 3 * (A @ y))            # a linear map, whose matrix is
    close(nb.jacobian(lambda x: X @ x)(x), A, 0)                     # its Jacobian, whose columns are
    close(nb.stack([X @ e for e in np.eye(3)], axis=1), A, 0)        # the images of the unit vectors


def test_row_04_matrix_matrix_product_three_ways():
    X, Y = nb.tensor(A), nb.tensor(M)
    want = [[math.fsum(A[i] * M[:, j]) for j in range(3)] for i in range(4)]
    close(X @ Y, want)
    close(nb.stack([X @ Y[:, j] for j in range(3)], axis=1), want)   # columns A b_j
    close(nb.stack([nb.stack([X[i] @ Y[:, j] for j in range(3)]) for i in range(4)]), want)
    x = RNG.normal(size=3)
    close((X @ Y) @ x, np.asarray(X @ (Y @ x)))                      # composition of the maps
    close(nb.jacobian(lambda x: X @ (Y @ x))(x), want)


@pytest.mark.parametrize("a, b, c", [
    ((3,), (3,), ()), ((2, 3), (3,), (2,)), ((3,), (3, 2), (2,)), ((4, 3), (3, 2), (4, 2)),
    ((4, 5, 2), (4, 2, 3), (4, 5, 3)), ((4, 5, 2), (2,), (4, 5)), ((2,), (4, 2, 3), (4, 3)),
    ((10, 4, 5, 2), (10, 4, 2, 3), (10, 4, 5, 3)), ((3, 5, 2), (2, 3), (3, 5, 3)),
    ((10, 4, 5, 2), (4, 2, 3), (10, 4, 5, 3)), ((10, 1, 5, 2), (4, 2, 3), (10, 4, 5, 3))], ids=str)
def test_row_05_matmul(a, b, c):
    x, y, g = (np.random.default_rng(5).normal(size=s) for s in (a, b, c))
    left = "k" if len(a) == 1 else "...ik"
    right = "k" if len(b) == 1 else "...kj"
    out = "..." + ("" if len(a) == 1 else "i") + ("" if len(b) == 1 else "j")
    want = np.einsum(f"{left},{right}->{out}", x, y)
    assert want.shape == c
    close(nb.matmul(x, y), want)
    close(nb.tensor(x) @ y, want)
    close(x @ nb.tensor(y), want)
    dx, dy = nb.grad(lambda x, y: nb.sum(nb.tensor(g) * (x @ y)), (0, 1))(nb.tensor(x), nb.tensor(y))
    close(dx, _gradient(lambda x: np.sum(g * np.einsum(f"{left},{right}->{out}", x, y)), x))
    close(dy, _gradient(lambda y: np.sum(g * np.einsum(f"{left},{right}->{out}", x, y)), y))


def _gradient(linear, x):
    """The gradient of a linear function: its values at the unit vectors."""
    units = np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([linear(e) for e in units]).reshape(x.shape)


def test_row_05_batched_product():
    X, Y = RNG.normal(size=(6, 2, 3)), RNG.normal(size=(6, 3, 4))
    close(nb.matmul(X, Y), [x @ y for x, y in zip(X, Y, strict=True)])
    close(nb.einsum("nab,nbc->nac", X, Y), [x @ y for x, y in zip(X, Y, strict=True)])


@pytest.mark.parametrize(
    "a, b", [((2, 3), (2, 3)), ((3,), (2, 3)), ((), (3,)), ((4, 5, 2), (3, 2, 3))], ids=str)
def test_row_05_shapes_that_do_not_fit(a, b):
    with pytest.raises(ValueError, match="matmul"):
        nb.matmul(np.ones(a), np.ones(b))


def test_row_06_generalised_dot():
    X, Y = RNG.normal(size=(2, 2, 3, 4))
    want = math.fsum((X * Y).ravel())
    for f in (lambda X, Y: nb.sum(X * Y), lambda X, Y: nb.tensordot(X, Y, 3),
              lambda X, Y: nb.einsum("ijk,ijk->", X, Y), lambda X, Y: nb.vecdot(nb.ravel(X), nb.ravel(Y))):
        close(f(nb.tensor(X), nb.tensor(Y)), want)
        dx, dy = nb.grad(f, (0, 1))(X, Y)
        close(dx, Y, 0)
        close(dy, X, 0)


def distance(x, y):
    return abs(x - y)


GDOTS = {  # multiply, add: the same with all terms in one array
    "product": (nb.multiply, "sum", lambda a, b: a @ b),
    "max-plus": (nb.add, nb.maximum, lambda a, b: np.max(a[:, :, None] + b, 1)),
    "min-plus": (nb.add, nb.minimum, lambda a, b: np.min(a[:, :, None] + b, 1)),
    "L1 distances": (distance, nb.add, lambda a, b: np.sum(abs(a[:, :, None] - b), 1)),
    "squared distances": (lambda x, y: (x - y) ** 2, "sum", lambda a, b: np.sum((a[:, :, None] - b) ** 2, 1)),
    "largest distances": (distance, "max", lambda a, b: np.max(abs(a[:, :, None] - b), 1)),
    "log of sums": (nb.add, nb.logaddexp, lambda a, b: np.logaddexp.reduce(a[:, :, None] + b, 1)),
}


@pytest.mark.parametrize("name", GDOTS)
def test_row_06_gdot(name):
    multiply, add, want = GDOTS[name]
    a, b = RNG.permutation(12).reshape(4, 3) * 0.31, RNG.permutation(6).reshape(3, 2) * 0.47 + 0.17
    close(nb.gdot(a, b, multiply, add), want(a, b))
    steps = [np.eye(x.size).reshape(-1, *x.shape) * 1e-6 for x in (a, b)]
    da, db = nb.grad(lambda a, b: nb.sum(nb.gdot(a, b, multiply, add)), (0, 1))(a, b)
    for got, slopes in ((da, [want(a + e, b) - want(a - e, b) for e in steps[0]]),
                        (db, [want(a, b + e) - want(a, b - e) for e in steps[1]])):
        want_slope = np.sum(slopes, (1, 2)) / 2e-6
        np.testing.assert_allclose(np.asarray(got).ravel(), want_slope, rtol=1e-6, atol=1e-8)


def test_row_06_shortest_paths_by_min_plus_powers():
    inf = math.inf
    steps = np.array([[0, 1, 5, inf], [inf, 0, 2, 7], [inf, inf, 0, 1], [inf, inf, inf, 0.0]])

    def length(steps):
        two = nb.gdot(steps, steps, nb.add, nb.minimum)
        return nb.gdot(two, two, nb.add, nb.minimum)[0, 3]

    close(length(steps), 4)
    used = nb.grad(length)(steps)
    close(used - nb.eye(4) * used, [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]])


def test_row_06_gdot_makes_no_array_of_all_terms():
    n = 300
    a, b = nb.asarray(RNG.normal(size=(n, n))), nb.asarray(RNG.normal(size=(n, n)))
    gradient = nb.grad(lambda a, b: nb.sum(nb.gdot(a, b, nb.add, nb.maximum)), (0, 1))
    gradient(a, b)                            # what it needs is compiled, which takes memory too
    tracemalloc.start()
    gradient(a, b)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * 8 * n * n  # all terms take 300 * 8 * n * n


@pytest.mark.parametrize(
    "a, b", [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((4, 1, 2, 3), (5, 3, 2))], ids=str)
def test_row_06_gdot_has_the_shapes_of_matmul(a, b):
    x, y = RNG.normal(size=a), RNG.normal(size=b)
    z, pull = nb.vjp(lambda x, y: nb.gdot(x, y, lambda p, q: 2 * p * q), x, y)
    want, back = nb.vjp(lambda x, y: 2 * (x @ y), nb.tensor(x), nb.tensor(y))
    close(z, np.asarray(want))
    for got, expected in zip(pull(nb.ones_like(z)), back(nb.ones_like(z)), strict=True):
        close(got, np.asarray(expected))


def test_row_06_ties_share_and_other_constants_are_other_functions():
    a, b = np.zeros((1, 4)), np.zeros((4, 1))
    close(nb.grad(lambda a: nb.sum(nb.gdot(a, b, nb.add, "max")))(a), np.full((1, 4), 0.25))
    infinite = np.array([[-math.inf, -math.inf, -math.inf, -math.inf]])
    close(nb.grad(lambda a: nb.sum(nb.gdot(a, b, nb.add, "logsumexp")))(infinite), np.full((1, 4), 0.25))
    assert float(nb.gdot(a[:, :0], b[:0], nb.add, "logsumexp")[0, 0]) == -math.inf
    for c in (2.0, 3.0):
        close(nb.gdot(np.ones((1, 4)), np.ones((4, 1)), lambda x, y, c=c: c * x * y), [[4 * c]])


@pytest.mark.parametrize("act, kind, message", [
    (lambda a: nb.gdot(a, a, add="prod"), ValueError, "gdot: add='prod'.*logsumexp"),
    (lambda a: nb.gdot(a, a[:1]), ValueError, r"gdot: shapes \(2, 2\) and \(1, 2\)"),
    (lambda a: nb.gdot(a[:, :0], a[:0], nb.add, "max"), ValueError, "gdot.*no element"),
    (lambda a: nb.gdot(a, a, 3.0), TypeError, "gdot: got float.*two scalars"),
    (lambda a: nb.gdot(a, a, lambda x, y: x if x > y else y), TypeError, "where"),
    (lambda a: nb.gdot(a, a, lambda x, y: x * nb.asarray(a)), TypeError, "argument"),
    (lambda a: nb.gdot(a, a, lambda x, y: (x, y)), TypeError, "gdot: got tuple.*scalar"),
], ids=range(7))
def test_row_06_gdot_refuses(act, kind, message):
    with pytest.raises(kind, match=message):
        act(np.ones((2, 2)))


def test_a_gaussian_process_is_fitted_by_its_marginal_likelihood():
    x = RNG.uniform(-3, 3, (25, 1))
    y = np.sin(x[:, 0]) + 0.1 * RNG.normal(size=25)

    def cost(p):
        squares = nb.gdot(x, x.T, lambda a, b: (a - b) ** 2)
        kernel = nb.exp(p[0] - squares * nb.exp(-p[1])) + nb.exp(p[2]) * nb.eye(25)
        lower = nb.linalg.cholesky(kernel)
        white = nb.linalg.solve_triangular(lower, y, lower=True)
        return 0.5 * nb.sum(white ** 2) + 0.5 * nb.linalg.slogdet(kernel).logabsdet

    p = np.array([0.3, 0.7, -3.0])
    value, slope = nb.value_and_grad(cost)(p)

    def dense(p):
        kernel = np.exp(p[0] - (x - x.T) ** 2 * np.exp(-p[1])) + np.exp(p[2]) * np.eye(25)
        return 0.5 * y @ np.linalg.solve(kernel, y) + 0.5 * np.linalg.slogdet(kernel)[1]

    close(value, dense(p))
    want = [(dense(p + e) - dense(p - e)) / 2e-5 for e in 1e-5 * np.eye(3)]
    np.testing.assert_allclose(np.asarray(slope), want, rtol=1e-6)
    curved = nb.hessian(cost)(p)
    np.testing.assert_allclose(np.asarray(curved), np.asarray(curved).T, rtol=1e-8)


def test_row_07_reductions_by_axis_and_by_dim():
    X = nb.tensor(A)
    close(X.sum(axis=1), [math.fsum(row) for row in A])
    for axis in (0, 1, -1, (0, 1), None):
        for name, reference in (("sum", np.sum), ("mean", np.mean), ("max", np.max), ("min", np.min),
                                ("prod", np.prod), ("var", np.var), ("std", np.std)):
            want = reference(A, axis=axis)
            for got in (getattr(X, name)(axis=axis), getattr(X, name)(dim=axis),
                        getattr(nb, name)(A, axis=axis), getattr(nb, name)(A, dim=axis)):
                close(got, want)
            close(getattr(X, name)(axis=axis, keepdims=True), reference(A, axis=axis, keepdims=True))


def test_row_07_sums_along_whole_axes_are_products_with_ones():
    X, tall, wide = nb.tensor(A), nb.ones(4), nb.ones(3)
    close(X.sum(axis=0), np.asarray(tall @ X))
    close(X.sum(axis=1), np.asarray(X @ wide))
    close(X.sum(), np.asarray(tall @ X @ wide))
    close(nb.grad(lambda X: nb.sum(X.sum(axis=0) * U[:3]))(A), np.tile(U[:3], (4, 1)), 0)


def test_row_08_exp_of_elements_is_not_the_matrix_exponential():
    X = nb.tensor(M)
    close(nb.exp(X), [[math.exp(x) for x in row] for row in M])
    close(nb.linalg.expm(X), scipy.linalg.expm(M))
    close(nb.linalg.matrix_exp(X), scipy.linalg.expm(M))
    close(nb.linalg.expm(X), sum(np.linalg.matrix_power(M, k) / math.factorial(k) for k in range(60)))


def test_row_08_matrix_exponential():
    close(nb.linalg.expm(nb.zeros((3, 3))), np.eye(3), 0)
    P, Q = M @ M + 2 * M, M @ M @ M / 5 - M                              # polynomials of M commute
    close(nb.linalg.expm(P / 9 + Q / 9), np.asarray(nb.linalg.expm(P / 9) @ nb.linalg.expm(Q / 9)))
    assert not nb.allclose(nb.linalg.expm(M + N), nb.linalg.expm(M) @ nb.linalg.expm(N))
    close(nb.linalg.expm(M) @ nb.linalg.expm(-M), np.eye(3), 1e-11)


@pytest.mark.parametrize("angle", [0.0, 0.3, -1.2, math.pi / 2, 3.0, 10.0])
def test_row_08_matrix_exponential_is_the_rotation(angle):
    J, c, s = nb.tensor([[0.0, -1.0], [1.0, 0.0]]), math.cos(angle), math.sin(angle)
    close(nb.linalg.expm(angle * J), [[c, -s], [s, c]])
    close(nb.jacobian(lambda t: nb.linalg.expm(t * J))(angle), [[-s, -c], [c, -s]])


def test_row_08_gradient_of_the_matrix_exponential():
    pull = nb.vjp(nb.linalg.expm, M)[1]
    close(pull(N)[0], scipy.linalg.expm_frechet(M.T, N, compute_expm=False))
    close(nb.jvp(nb.linalg.expm, (M,), (N,))[1], scipy.linalg.expm_frechet(M, N, compute_expm=False))
    close(nb.grad(lambda X: nb.sum(nb.linalg.expm(X)[range(3), range(3)]))(M), scipy.linalg.expm(M).T)
    close(nb.grad(lambda t: nb.sum(nb.linalg.expm(t * M)))(0.7), np.sum(M @ scipy.linalg.expm(0.7 * M)))


def test_row_08_matrix_exponential_solves_the_linear_differential_equation():
    start, t = nb.tensor(U[:3]), 1.3
    x, slope = nb.jvp(lambda t: nb.linalg.expm(t * nb.tensor(M)) @ start, (t,), (1.0,))
    close(slope, M @ np.asarray(x))
    close(nb.linalg.expm(0 * M) @ start, U[:3], 0)
    solved = scipy.integrate.solve_ivp(lambda t, x: M @ x, (0, t), U[:3], "DOP853", rtol=1e-12, atol=1e-13)
    close(x, solved.y[:, -1], 1e-9)


@pytest.fixture(scope="module")
def costs():
    """The benchmark of row 9."""
    file = ROOT / "benchmarks" / "product_exponent.py"
    found = importlib.util.spec_from_file_location(file.stem, file)
    module = sys.modules[file.stem] = importlib.util.module_from_spec(found)    # Numba looks it up there
    found.loader.exec_module(module)
    return module


def test_row_09_cost_of_the_product_grows_as_its_algorithm_says(costs):
    sizes = [64, 128, 256]
    seconds, counts = costs.measure(sizes, 3)
    assert counts["naive"] == [n**3 for n in sizes]
    assert counts["strassen"] == [7 ** round(math.log2(n // costs.LEAF)) * costs.LEAF**3 for n in sizes]
    assert costs.exponent(sizes, counts["naive"]) == pytest.approx(3, abs=1e-12)
    assert costs.exponent(sizes, counts["strassen"]) == pytest.approx(math.log2(7), abs=1e-12)
    assert set(seconds) == {"naive", "strassen", "blas"}
    assert min(map(min, seconds.values())) > 0
    assert 1.5 < costs.exponent(sizes, seconds["naive"]) < 5         # the machine may be busy with other work


def test_row_09_cost_of_a_rectangular_product_is_the_product_of_its_sizes(costs):
    a, b, count = RNG.normal(size=(5, 7)), RNG.normal(size=(7, 4)), np.zeros(1, np.int64)
    np.testing.assert_allclose(costs.naive(a, b, count), a @ b, rtol=1e-12, atol=1e-12)
    assert count[0] == 5 * 7 * 4


@pytest.mark.parametrize("n", [1, 2, 6, 8, 12, 33])
def test_row_09_strassen_is_a_matrix_product(costs, n):
    a, b = RNG.normal(size=(2, n, n))
    product = costs.strassen(a, b, 1, np.zeros(1, np.int64))
    np.testing.assert_allclose(product, a @ b, rtol=0, atol=1e-12 * n * n)


def test_row_09_the_benchmark_prints_an_exponent_for_each(costs, capsys):
    assert costs.main(["--quick", "32", "64"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in ("naive", "strassen", "blas", "3.000", "2.807"))
    with pytest.raises(SystemExit):
        costs.main(["64"])


# ----------------------------------------------------------------------------------------------- scalar rules
@pytest.mark.parametrize("f, derivative", [
    (lambda x: nb.tensor(4.0), lambda x: 0.0), (lambda x: 4.0, lambda x: 0.0), (lambda x: x, lambda x: 1.0),
    (lambda x: x**2, lambda x: 2 * x), (lambda x: x**5, lambda x: 5 * x**4),
    (lambda x: x**-3, lambda x: -3 * x**-4), (lambda x: x**2.5, lambda x: 2.5 * x**1.5),
    (lambda x: x**0.5, lambda x: 0.5 / math.sqrt(x)), (lambda x: x**0, lambda x: 0.0), (nb.exp, math.exp),
    (nb.log, lambda x: 1 / x), (nb.sin, math.cos), (nb.cos, lambda x: -math.sin(x))],
    ids=["constant", "number", "x", "x2", "x5", "x-3", "x2.5", "x0.5", "x0", "exp", "log", "sin", "cos"])
def test_row_10_derivative(f, derivative):
    for x in (0.3, 1.0, 2.7):
        close(nb.grad(f)(x), derivative(x))
        close(nb.jvp(f, (x,), (1.0,))[1], derivative(x))


def test_row_10_sum_product_and_chain_rule():
    u, v, x = nb.sin, nb.exp, 0.8
    du, dv = math.cos(x), math.exp(x)
    close(nb.grad(lambda x: u(x) + v(x))(x), du + dv)
    close(nb.grad(lambda x: u(x) * v(x))(x), math.sin(x) * dv + math.exp(x) * du)
    close(nb.grad(lambda x: u(v(x)))(x), math.cos(math.exp(x)) * dv)
    inner = v(x)
    close(nb.grad(u)(inner) * nb.grad(v)(x), math.cos(math.exp(x)) * dv)    # dy/du du/dx
    close(nb.grad(nb.grad(nb.grad(nb.sin)))(x), -math.cos(x))        # and again


def test_row_10_derivative_is_the_slope_of_the_tangent():
    f, x0 = lambda x: x**3, 2.0
    y0, slope = nb.value_and_grad(f)(x0)
    close(slope, 12.0, 0)
    for h in (1e-1, 1e-2, 1e-3):
        off = float(f(nb.tensor(x0 + h)) - (y0 + slope * h))
        assert off == pytest.approx(6 * h**2 + h**3, rel=1e-6)       # touches to first order


def test_row_11_default_subderivatives():
    x = np.array([-2.0, 0.0, 3.0])
    close(nb.grad(lambda x: nb.sum(nb.abs(x)))(x), [-1, 0, 1], 0)    # 0 of [-1, 1]
    close(nb.grad(lambda x: nb.sum(nb.relu(x)))(x), [0, 0, 1], 0)    # 0 of [0, 1]
    close(nb.grad(lambda x: nb.sum(nb.maximum(x, 0)))(x), [0, 0.5, 1], 0)    # a tie shares: 1/2 of [0, 1]
    close(nb.grad(nb.norm)(np.zeros(3)), [0, 0, 0], 0)
    for f in (nb.abs, nb.relu):
        for point in x:
            assert float(nb.jvp(f, (point,), (1.0,))[1]) == float(nb.grad(f)(point))


def test_row_11_subderivatives_are_documented():
    assert "at 0 is 0" in nb.abs.__doc__
    assert "at 0 is 0" in nb.relu.__doc__
    assert "At a tie each has derivative 1/2" in nb.maximum.__doc__
    assert "subderivative" in (ROOT / "docs" / "matrix_calculus.md").read_text()


def test_row_11_subderivatives_are_selected_by_an_op_of_your_own(own_ops):
    absolute = nb.elementwise("absolute", lambda x, a=0.0: nb.abs(x),
                              lambda x, z, a: nb.where(nb.equal(x, 0), a, nb.sign(x)))
    positive_part = nb.elementwise("positive_part", lambda x, a=0.0: nb.relu(x),
                                   lambda x, z, a: nb.where(nb.equal(x, 0), a, nb.where(x > 0, 1, 0)))
    x = np.array([-2.0, 0.0, 3.0])
    for a in (-1.0, 0.5):
        close(absolute(x, a=a), np.abs(x), 0)
        close(nb.grad(lambda x, a=a: nb.sum(absolute(x, a=a)))(x), [-1, a, 1], 0)
        close(nb.jvp(lambda x, a=a: absolute(x, a=a), (x,), (np.ones(3),))[1], [-1, a, 1], 0)
    for a in (0.5, 1.0):
        close(positive_part(x, a=a), np.maximum(x, 0), 0)
        close(nb.grad(lambda x, a=a: nb.sum(positive_part(x, a=a)))(x), [0, a, 1], 0)
    close(nb.grad(lambda x: nb.sum(absolute(x)))(x), [-1, 0, 1], 0)


# -------------------------------------------------------------- gradients, Jacobians, directional derivatives
def test_row_12_gradient_of_a_scalar_by_a_vector():
    close(nb.grad(lambda x: x[0] ** 2 + 2 * x[1] ** 2)(np.array([3.0, -5.0])), [6.0, -20.0], 0)
    close(nb.grad(lambda x: 7.0)(U), np.zeros(5), 0)
    close(nb.grad(nb.sum)(U), np.ones(5), 0)
    close(nb.grad(lambda x: nb.norm(x) ** 2)(U), 2 * U)
    close(nb.grad(lambda x: x @ x)(U), 2 * U)


def test_row_12_rules_of_the_gradient():
    C, D = RNG.normal(size=(2, 5, 5))
    u, v = lambda x: nb.sum(nb.sin(x)), lambda x: nb.sum(x**2)
    du, dv, u0, v0 = np.cos(U), 2 * U, np.sum(np.sin(U)), np.sum(U**2)
    close(nb.grad(lambda x: 3.5 * u(x))(U), 3.5 * du)
    close(nb.grad(lambda x: u(x) + v(x))(U), du + dv)
    close(nb.grad(lambda x: u(x) * v(x))(U), u0 * dv + v0 * du)
    f, g = lambda x: nb.sin(C @ x), lambda x: (D @ x) ** 2
    df, dg = np.cos(C @ U)[:, None] * C, 2 * (D @ U)[:, None] * D
    close(nb.grad(lambda x: nb.vecdot(f(x), g(x)))(U), np.sin(C @ U) @ dg + (D @ U) ** 2 @ df)
    close(f(U) @ nb.jacobian(g)(U) + g(U) @ nb.jacobian(f)(U), np.sin(C @ U) @ dg + (D @ U) ** 2 @ df)


def test_row_13_jacobian_of_a_vector_function():
    def f(p):
        return nb.stack([p[0] ** 2 + p[1], nb.sin(p[0]), p[1] ** 2])

    x, y = 0.7, -1.5
    want = [[2 * x, 1], [math.cos(x), 0], [0, 2 * y]]
    for mode in ("auto", "rev", "fwd"):
        close(nb.jacobian(f, mode=mode)(np.array([x, y])), want)
    rows = [nb.grad(lambda p, i=i: f(p)[i])(np.array([x, y])) for i in range(3)]
    close(nb.stack(rows), want)


def test_row_13_jacobian_is_the_derivative_or_the_gradient():
    close(nb.jacobian(nb.sin)(0.4), math.cos(0.4))
    close(nb.jacobian(lambda t: nb.stack([t, t**2, nb.exp(t)]))(0.4), [1, 0.8, math.exp(0.4)])
    close(nb.jacobian(lambda x: nb.sum(nb.exp(x)))(U), np.exp(U))
    close(nb.jacobian(lambda x: nb.sum(nb.exp(x), keepdims=True))(U), np.exp(U)[None])


def test_row_13_rules_of_the_jacobian():
    C, D = RNG.normal(size=(2, 4, 5))
    u, v = nb.sin, lambda x: x**3
    du, dv = np.diag(np.cos(U)), np.diag(3 * U**2)
    for f, want in ((lambda x: nb.tensor([1.0, 2.0]), np.zeros((2, 5))), (lambda x: x, np.eye(5)),
                    (lambda x: C @ x, C), (lambda x: x @ C.T, C), (lambda x: 2.5 * u(x), 2.5 * du),
                    (lambda x: D @ u(x), D @ du), (lambda x: u(x) + v(x), du + dv)):
        for mode in ("rev", "fwd"):
            close(nb.jacobian(f, mode=mode)(U), want)


def test_row_14_chain_rule():
    C, D = RNG.normal(size=(3, 5)), RNG.normal(size=(4, 3))
    g, f = lambda x: nb.tanh(C @ x), lambda u: nb.exp(D @ u)
    inner = np.tanh(C @ U)
    want = (np.exp(D @ inner)[:, None] * D) @ ((1 - inner**2)[:, None] * C)
    close(nb.jacobian(lambda x: f(g(x)))(U), want)
    close(nb.jacobian(f)(g(U)) @ nb.jacobian(g)(U), want)


def test_row_14_linearize_is_the_first_order_expansion():
    C = RNG.normal(size=(3, 5))
    f, J = lambda x: nb.sin(C @ x), np.cos(C @ U)[:, None] * C
    y, push = nb.linearize(f, U)
    close(y, np.sin(C @ U))
    close(push(V), J @ V)
    close(push(2 * V - U), J @ (2 * V - U))                          # any number of times
    for h in (1e-2, 1e-3):
        off = np.asarray(f(U + h * V)) - np.asarray(y + push(h * V))
        np.testing.assert_allclose(off, -0.5 * h**2 * np.sin(C @ U) * (C @ V) ** 2, rtol=0, atol=20 * h**3)


@pytest.mark.parametrize("f, x, d, slope", [
    (nb.sin, 0.5, 2.0, 2 * math.cos(0.5)), (lambda x: x @ x, U, V, 2 * U @ V)], ids=["number", "vector"])
def test_row_14_linearize_of_a_scalar(f, x, d, slope):
    close(nb.linearize(f, x)[1](d), slope)


def test_row_15_linear_map_by_the_vector_and_by_the_matrix():
    W, x, o, d = A, RNG.normal(size=3), 4, 3
    close(nb.jacobian(lambda x: W @ x)(x), W, 0)
    by_matrix = nb.jacobian(lambda W: W @ x)(W)
    close(by_matrix, np.einsum("ik,j->ikj", np.eye(o), x), 0)        # dy_i / dW_kj = [i = k] x_j
    assert by_matrix.shape == (o, o, d)
    close(nb.jacobian(lambda W: W @ x, layout="vec")(W), np.kron(np.eye(o), x), 0)
    assert nb.jacobian(lambda w: nb.reshape(w, (o, d)) @ x)(W.ravel()).shape == (o, o * d)


def test_row_15_row_vector_times_matrix():
    W, x = A, RNG.normal(size=4)
    close(nb.jacobian(lambda x: x @ W)(x), W.T, 0)


@pytest.mark.parametrize("op, by_u, by_v", [
    (lambda u, v: u + v, lambda u, v: np.ones(5), lambda u, v: np.ones(5)),
    (lambda u, v: u - v, lambda u, v: np.ones(5), lambda u, v: -np.ones(5)),
    (lambda u, v: u * v, lambda u, v: v, lambda u, v: u),
    (lambda u, v: u / v, lambda u, v: 1 / v, lambda u, v: -u / v**2)], ids=["+", "-", "*", "/"])
def test_row_16_jacobians_of_elementwise_operations_are_diagonal(op, by_u, by_v):
    close(nb.jacobian(op, 0)(U, V), np.diag(by_u(U, V)))
    close(nb.jacobian(op, 1)(U, V), np.diag(by_v(U, V)))
    close(nb.jvp(lambda u: op(u, V), (U,), (np.ones(5),))[1], by_u(U, V))    # the diagonal alone, a vector
    close(nb.vjp(lambda v: op(U, v), V)[1](np.ones(5))[0], by_v(U, V))


def test_row_16_elementwise_functions_of_elementwise_functions():
    f, g = nb.sin, nb.exp
    close(nb.jacobian(lambda u: f(u) * g(V))(U), np.diag(np.cos(U) * np.exp(V)))
    close(nb.jacobian(lambda v: f(U) / g(v))(V), np.diag(-np.sin(U) / np.exp(V)))


def test_row_16_the_diagonal_of_a_large_jacobian_needs_no_matrix():
    n = 1_000_000                                                    # the matrix would take 8 TB
    x = np.linspace(1, 2, n)
    close(nb.jvp(nb.log, (x,), (np.ones(n),))[1], 1 / x)


def test_row_17_bilinear_form():
    C, y = RNG.normal(size=(4, 5)), RNG.normal(size=4)
    dx, dy = nb.grad(lambda x, y: y @ C @ x, (0, 1))(nb.tensor(U), nb.tensor(y))
    close(dx, y @ C)
    close(dy, U @ C.T)


def test_row_17_quadratic_form():
    C = RNG.normal(size=(5, 5))
    S, f = C + C.T, lambda x, C: x @ C @ x
    close(nb.grad(f)(nb.tensor(U), C), (C + C.T) @ U)
    close(nb.grad(f)(nb.tensor(U), S), 2 * S @ U)
    close(nb.hessian(f)(nb.tensor(U), C), C + C.T)
    close(nb.grad(f, 1)(nb.tensor(U), C), np.outer(U, U))


def test_row_18_backward_with_a_cotangent():
    point, C = np.array([1.0, 2.0, 3.0]), np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 4.0], [5.0, 0.0, 1.0]])
    x, J = nb.tensor(point, requires_grad=True), C * (2 * point)
    for v in (np.ones(3), np.array([1.0, 2.0, 3.0])):
        y = nb.tensor(C) @ x**2
        y.backward(nb.tensor(v))
        close(x.grad, v @ J)
        close(nb.vjp(lambda x: C @ x**2, point)[1](v)[0], v @ J)
        x.grad = None


@pytest.mark.parametrize("clear", ["zero_", "None"])
def test_row_18_jacobian_row_by_row(clear):
    C = RNG.normal(size=(4, 5))
    x = nb.tensor(U, requires_grad=True)
    y, J = nb.sin(C @ x), nb.zeros(4, 5)
    for i, e in enumerate(np.eye(4)):
        y.backward(e, retain_graph=True)
        J[i] = x.grad.view(1, -1)
        if clear == "zero_":
            x.grad.zero_()
        else:
            x.grad = None
    close(J, np.cos(C @ U)[:, None] * C)
    close(J, np.asarray(nb.jacobian(lambda x: nb.sin(C @ x))(U)))


def test_row_18_gradients_of_a_linear_layer():
    x, W, b = (nb.tensor(RNG.normal(size=s), requires_grad=True) for s in ((2, 4), (4, 3), (3,)))
    loss = nb.sum(x @ W + b)
    loss.backward()
    ones = np.ones((2, 3))
    close(x.grad, ones @ np.asarray(W.detach()).T)
    close(W.grad, np.asarray(x.detach()).T @ ones)
    close(b.grad, np.full(3, 2.0))
    x = nb.tensor(RNG.normal(size=(1, 4)), requires_grad=True)       # one row: db is all ones
    b.grad = None
    nb.sum(x @ W + b).backward()
    close(b.grad, np.ones(3), 0)


_X = {"scalar": (), "vector": (3, 1), "matrix": (3, 2)}
_Y = {"scalar": (), "vector": (4, 1), "matrix": (4, 5)}
_NUMERATOR = {("scalar", "scalar"): (), ("scalar", "vector"): (1, 3), ("scalar", "matrix"): (2, 3),
              ("vector", "scalar"): (4, 1), ("vector", "vector"): (4, 3), ("vector", "matrix"): (4, 2, 3),
              ("matrix", "scalar"): (4, 5), ("matrix", "vector"): (4, 5, 3),
              ("matrix", "matrix"): (4, 5, 2, 3)}


@pytest.mark.parametrize("y, x", _NUMERATOR, ids=lambda name: name)
def test_row_19_layouts(y, x):
    out, into, want = _Y[y], _X[x], _NUMERATOR[y, x]
    T, point = RNG.normal(size=(*out, *into)), RNG.normal(size=into)
    J = T * point                                                    # of y = <T, x^2 / 2>

    def f(x):
        return nb.tensordot(T, nb.square(x) / 2, len(into))

    close(nb.jacobian(f)(point), J)
    close(nb.jacobian(f, layout="vec")(point), J.reshape(math.prod(out), math.prod(into)))
    swapped = np.transpose(J, (*range(len(out)), *reversed(range(len(out), J.ndim)))).reshape(want)
    close(nb.jacobian(f, layout="numerator")(point), swapped)
    close(nb.jacobian(f, layout="denominator")(point), swapped.T)
    for mode in ("rev", "fwd"):
        close(nb.jacobian(f, mode=mode, layout="numerator")(point), swapped)


def test_row_19_layouts_of_one_dimensional_vectors():
    C = RNG.normal(size=(4, 5))
    row = nb.jacobian(lambda x: x @ x, layout="numerator")(U)
    column = nb.jacobian(lambda t: t * nb.tensor(U), layout="numerator")(0.5)
    close(row, 2 * U[None])                                          # scalar by vector
    close(column, U[:, None])                                        # vector by scalar
    close(nb.jacobian(lambda x: x @ x, layout="denominator")(U), 2 * U[:, None])
    close(nb.jacobian(lambda t: t * nb.tensor(U), layout="denominator")(0.5), U[None])
    close(nb.jacobian(lambda x: C @ x, layout="numerator")(U), C)
    close(nb.jacobian(lambda x: C @ x, layout="denominator")(U), C.T)
    with pytest.raises(ValueError, match="layout"):
        nb.jacobian(lambda x: x, layout="columns")


def test_row_20_the_gradient_of_a_loss_has_the_shape_of_the_thing():
    values = {"scalar": 0.5, "vector": U, "matrix": A, "row": A[:1], "cube": RNG.normal(size=(2, 3, 4)),
              "layers": [A, (U, {"b": B})]}
    shapes = {"scalar": (), "vector": (5,), "matrix": (4, 3), "row": (1, 3), "cube": (2, 3, 4)}

    def loss(tree):
        return sum((nb.sum(nb.sin(leaf)) for leaf in _leaves(tree)), nb.tensor(0.0))

    gradient = nb.grad(loss)(values)
    for name, shape in shapes.items():
        close(gradient[name], np.cos(values[name]))
        assert gradient[name].shape == shape
    assert isinstance(gradient["layers"], list) and isinstance(gradient["layers"][1], tuple)
    close(gradient["layers"][1][1]["b"], np.cos(B))
    for x in map(nb.tensor, (0.5, U, A, A[:1])):
        x.requires_grad_()
        loss([x]).backward()
        assert x.grad.shape == x.shape


def _leaves(tree):
    if isinstance(tree, (list, tuple, dict)):
        for branch in tree.values() if isinstance(tree, dict) else tree:
            yield from _leaves(branch)
    else:
        yield tree


def _bowl(p):
    """Two variables; gradient (2 x + y, x + 6 y), least at 0."""
    return p[0] ** 2 + p[0] * p[1] + 3 * p[1] ** 2


_BOWL = np.array([[2.0, 1.0], [1.0, 6.0]])                           # its Hessian


def test_row_21_directional_derivative_is_one_forward_pass():
    at, p, calls = np.array([1.0, -2.0]), np.array([0.3, 0.4]), []

    def f(x):
        calls.append(x)
        return _bowl(x)

    got = nb.directional_derivative(f, at, p)
    assert len(calls) == 1
    g = _BOWL @ at
    cosine = g @ p / (np.linalg.norm(g) * np.linalg.norm(p))
    close(got, g @ p)
    close(got, np.linalg.norm(g) * np.linalg.norm(p) * cosine)
    close(nb.vecdot(nb.grad(_bowl)(at), p), g @ p)
    close(nb.norm(nb.grad(_bowl)(at)) * nb.norm(p) * cosine, np.asarray(got))


def test_row_21_descent_directions_and_steepest_descent():
    at = np.array([1.0, -2.0])
    g = np.asarray(nb.grad(_bowl)(at))
    angles = np.linspace(0, 2 * math.pi, 361)[:-1]
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    slopes = [float(nb.directional_derivative(_bowl, at, p)) for p in directions]
    for p, slope in zip(directions, slopes, strict=True):
        if abs(slope) > 1e-3:
            assert (slope <= 0) == (_bowl(at + 1e-6 * p) < _bowl(at))
    steepest = float(nb.directional_derivative(_bowl, at, -g / np.linalg.norm(g)))
    assert steepest == pytest.approx(-np.linalg.norm(g), rel=1e-14)
    assert steepest <= min(slopes)


def test_row_21_gradient_descent_with_its_path():
    eta, steps = 0.1, 200
    path = [nb.tensor([4.0, -3.0])]
    for _ in range(steps):
        path.append(path[-1] - eta * nb.grad(_bowl)(path[-1]))
    found = np.asarray(nb.stack(path))
    want = [np.linalg.matrix_power(np.eye(2) - eta * _BOWL, t) @ [4.0, -3.0] for t in range(steps + 1)]
    assert found.shape == (steps + 1, 2)
    np.testing.assert_allclose(found, want, rtol=1e-12, atol=1e-12)
    heights = np.asarray(nb.stack([_bowl(p) for p in path]))
    assert (np.diff(heights[:100]) < 0).all() and heights[-1] < 1e-12


def test_row_21_gradient_descent_by_the_optimiser():
    step, x = nb.optim.SGD(lr=0.1), nb.tensor([4.0, -3.0])
    for _ in range(50):
        x = step.update(x, nb.grad(_bowl)(x))
    close(x, np.linalg.matrix_power(np.eye(2) - 0.1 * _BOWL, 50) @ [4.0, -3.0])


def test_row_22_linear_layer():
    x, W, b, g = RNG.normal(size=(6, 4)), RNG.normal(size=(4, 3)), RNG.normal(size=3), RNG.normal(size=(6, 3))
    y, pull = nb.vjp(lambda x, W, b: x @ W + b, nb.tensor(x), W, b)
    close(y, x @ W + b)
    for got, want in zip(pull(g), (g @ W.T, x.T @ g, g.sum(0)), strict=True):
        close(got, want)


def test_row_22_softmax_cross_entropy():
    logits, classes = RNG.normal(size=(6, 4)), np.array([0, 3, 1, 1, 2, 0])
    log_p = scipy.special.log_softmax(logits, axis=1)
    loss, gradient = nb.value_and_grad(lambda z: nb.cross_entropy(z, classes))(logits)
    close(loss, -log_p[range(6), classes].mean())
    close(gradient, (np.exp(log_p) - np.eye(4)[classes]) / 6)
    close(nb.cross_entropy(logits, np.eye(4)[classes]), -log_p[range(6), classes].mean())


def _network(x, W0, b0, W1, b1, W2, b2, W3, b3):
    """A linear layer to width h, an FFN h -> 4h -> h, a linear layer to the classes."""
    hidden = x @ W0 + b0
    hidden = nb.relu(hidden @ W1 + b1) @ W2 + b2
    return hidden @ W3 + b3


def test_row_22_network_trained_to_convergence_on_handwritten_digits():
    data, rng, h = load_digits(), np.random.default_rng(0), 16
    order = rng.permutation(len(data.target))
    x, y, train, test = data.data[order] / 16, data.target[order], slice(0, 1400), slice(1400, None)
    params = []
    for n, m in [(64, h), (h, 4 * h), (4 * h, h), (h, 10)]:
        weights = rng.normal(size=(n, m)) / math.sqrt(n)
        params += [nb.tensor(weights, requires_grad=True), nb.zeros(m, requires_grad=True)]
    start, losses = nb.cross_entropy(_network(x[train], *params), y[train]).item(), []
    step = nb.optim.Adam(params, lr=0.01)
    for _ in range(40):
        for first in range(0, 1400, 100):
            loss = nb.cross_entropy(_network(x[first:first + 100], *params), y[first:first + 100])
            step.zero_grad()
            loss.backward()
            step.step()
        losses.append(nb.cross_entropy(_network(x[train], *params), y[train]).item())
    assert start > 2 and losses[-1] < 3e-3                           # from chance to fitted,
    assert max(losses[-5:]) - min(losses[-5:]) < 1e-3                # and there it stays
    found = np.asarray(_network(x, *params).detach().argmax(axis=1))
    assert (found[train] == y[train]).all() and (found[test] == y[test]).mean() > 0.95


def test_row_22_backward_gives_the_gradient():
    rng = np.random.default_rng(1)
    x, y, h = rng.normal(size=(7, 5)), rng.integers(0, 3, 7), 2
    values = [rng.normal(size=s) for n, m in ((5, h), (h, 4 * h), (4 * h, h), (h, 3)) for s in ((n, m), (m,))]
    params = [nb.tensor(v, requires_grad=True) for v in values]
    nb.cross_entropy(_network(x, *params), y).backward()
    gradients = nb.grad(lambda p: nb.cross_entropy(_network(x, *p), y))(values)
    for p, want in zip(params, gradients, strict=True):
        close(p.grad, np.asarray(want), 1e-14)
    nb.testing.check_grads(lambda *p: nb.cross_entropy(_network(x, *p), y), values, order=1)


def test_every_row_is_tested_by_name():
    assert {int(name[9:11]) for name in globals() if name.startswith("test_row_")} == set(range(1, 23))
