"""The kernels for CUDA are functions: they do their work on NumPy's arrays as they are, with one thread."""

import numpy as np
import pytest

from nbgrad.kernels.cpu import random as on_cpu
from nbgrad.kernels.cuda import (
    cholesky,
    conv,
    cumulative,
    factor,
    jacobi,
    linalg,
    lu,
    onesided,
    pivots,
    pooling,
    random,
    search,
    sort,
    triangular,
)

RNG = np.random.default_rng(0)
A = RNG.normal(size=(2, 5, 5))
SYMMETRIC = A @ A.swapaxes(-1, -2) + np.eye(5)


def like(got, wanted):
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)


def factored(complete):
    a, facts = A.copy(), np.zeros((2, 2), np.uint32)
    p, q = np.zeros((2, 5), np.uint32), np.zeros((2, 5), np.uint32)
    lu.eliminate.function(a, p, q, facts, 0, 5, complete=complete)
    return a, p, q, facts


@pytest.mark.parametrize("complete", [False, True])
def test_triangular_factors(complete):
    a, p, q, _ = factored(complete)
    for found, rows, columns, of in zip(a, p, q, A):
        d = np.diag(np.diag(found)) if complete else np.eye(5)
        upper = np.triu(found, 1) + (np.eye(5) if complete else np.diag(np.diag(found)))
        like((np.tril(found, -1) + np.eye(5)) @ d @ upper, of[rows][:, columns])


def test_determinants():
    a, _, _, facts = factored(False)
    out, signs = np.zeros(2), np.zeros(2)
    pivots.determinants.function(out, signs, a, facts, logarithm=False)
    like(out, np.linalg.det(A))
    pivots.determinants.function(out, signs, a, facts, logarithm=True)
    like((signs, out), np.linalg.slogdet(A))


def test_permutations():
    _, p, q, _ = factored(True)
    out, back = np.zeros_like(A), np.zeros_like(A)
    pivots.exchange.function(out, A, p, q, back=False)
    pivots.exchange.function(back, out.swapaxes(-1, -2).copy(), p, q, back=True)
    like(back, A)
    pivots.permute.function(out, A, p)
    like(out[1], A[1][p[1]])


def test_cofactors():
    d, out, facts = np.diag([2.0, 0.0, 3.0])[None], np.zeros((1, 3, 3)), np.zeros((1, 2), np.uint32)
    linalg.cofactors.function(out, d, d, facts, push=False)
    like(out[0], np.diag([0, 6, 0]))
    e = RNG.normal(size=(1, 3, 3))
    linalg.cofactors.function(out, d, e, facts, push=True)
    like(out[0, 0], [3 * e[0, 1, 1], -3 * e[0, 1, 0], 0])


def test_cholesky_and_substitution():
    a, facts = SYMMETRIC.copy(), np.zeros(2, np.int32)
    cholesky.factor.function(a, facts, 0, 5)
    like(a, np.linalg.cholesky(SYMMETRIC))
    with np.errstate(invalid="ignore"):
        cholesky.factor.function(-SYMMETRIC, facts, 0, 5)
    assert facts.all()
    b = RNG.normal(size=(2, 5, 3))
    for forward, triangle in ((True, a), (False, a.swapaxes(-1, -2))):
        x = b.copy()
        triangular.substitution.function(x, triangle, 2, forward, False)
        like(triangle @ x, b)


def test_eigenvalues_and_gaps():
    w, z = np.zeros((2, 5)), np.zeros((2, 5, 5))
    eps = np.finfo(float).eps
    room = np.zeros_like(A), np.zeros((2, 3, 4))
    jacobi.diagonalise.function(w, z, SYMMETRIC.copy(), *room, eps=eps / 8, floor=eps**2)
    like(w, np.linalg.eigvalsh(SYMMETRIC))
    like(z * w[:, None] @ z.swapaxes(-1, -2), SYMMETRIC)
    out, equal = np.zeros((2, 5, 5)), np.zeros((2, 5, 5), np.int32)
    factor.gaps.function(out, equal, w, eps=eps)
    like(out[0, 1, 2], 1 / (w[0, 2] - w[0, 1]))
    assert not equal.any()


def test_singular_values():
    x = RNG.normal(size=(2, 3, 5))
    w, y, z, eps = np.zeros((2, 3)), np.zeros((2, 3, 3)), np.zeros((2, 5, 5)), np.finfo(float).eps
    onesided.orthogonalise.function(w, y, z, x.copy(), np.zeros((2, 3, 3)), np.zeros((2, 9)), True, eps=eps,
                                 floor=eps**4, far=1 / eps)
    like(w, np.linalg.svd(x)[1])
    like((y.swapaxes(-1, -2) * w[:, None]) @ z[:, :3], x)
    like(z @ z.swapaxes(-1, -2), np.broadcast_to(np.eye(5), (2, 5, 5)))


@pytest.mark.parametrize("alone", [False, True])
def test_searches(alone):
    x = np.array([[3.0, 1, 3, 0], [1, np.nan, 5, np.nan]])
    out = np.zeros(2, np.int64)
    search.best.function(out, x, 4, largest=True, alone=alone)
    assert out.tolist() == [0, 1]
    search.best.function(out, x.T[::-1].T, 4, largest=False, alone=alone)
    assert out.tolist() == [0, 0]
    ordered, out = np.array([1.0, 2, 2, 3]), np.zeros(3, np.int64)
    search.belonging.function(out, np.array([[2.0], [9], [0]]), ordered, right=alone)
    assert out.tolist() == np.searchsorted(ordered, [2, 9, 0], side="right" if alone else "left").tolist()


@pytest.mark.parametrize("falling", [False, True])
def test_sorting(falling):
    x = RNG.integers(-3, 4, size=(2, 6)).astype(float)
    z, at = np.zeros_like(x), np.zeros(x.shape, np.int64)
    sort.sort_tiles.function(z, at, x, falling=falling)      # tiles of one element
    assert (z == x).all()
    at, width = np.tile(np.arange(6), (2, 1)), 1
    while width < 6:
        others = np.zeros_like(x), np.zeros_like(at)
        sort.merge.function(*others, z, at, width, falling=falling)
        (z, at), width = others, 2 * width
    order = np.argsort(-x if falling else x, axis=1, kind="stable")
    assert (at == order).all() and (z == np.take_along_axis(x, order, 1)).all()


@pytest.mark.parametrize("scan", [cumulative.scan_lines, cumulative.scan_tiles])
def test_scans(scan):
    x, y, out = RNG.normal(size=(2, 3, 7)), RNG.normal(size=(2, 3, 7)), np.zeros((2, 3, 7))
    scan.function(out, x, x, rule="cumsum", sums=True, lag=0)
    like(out, np.cumsum(x, -1))
    scan.function(out, x, x, rule="cumprod", sums=False, lag=0)
    like(out, np.cumprod(x, -1))
    scan.function(out, x, y, rule="recurrence", sums=False, lag=1)
    like(out[..., 2], y[..., 2] + x[..., 1] * (y[..., 1] + x[..., 0] * y[..., 0]))


def test_pooling():
    x, out, shares = RNG.normal(size=(1, 4, 4)), np.zeros((1, 2, 2)), np.ones((1, 2, 2))
    squares = x.reshape(2, 2, 2, 2).swapaxes(1, 2).reshape(1, 2, 2, 4)
    numbers = 2, 2, 2, 2, 0, 0, 1, 1
    pooling.maxima.function(out, shares, x, *numbers, share=True)
    like(out, squares.max(-1))
    back = np.zeros_like(x)
    pooling.spread.function(back, shares, x, out, *numbers, mean=False, pads=False)
    assert back.sum() == 4 and (back[back > 0] == 1).all()
    pooling.picked.function(out, 2 * x, x, *numbers)
    like(out, 2 * squares.max(-1))
    pooling.means.function(out, x, *numbers, pads=True)
    like(out, squares.mean(-1))
    pooling.spread.function(back, out, out, out, *numbers, mean=True, pads=True)
    like(back.sum(), out.sum())


def test_windows():
    x, sizes = RNG.normal(size=(2, 1, 3, 3)), (2, 2, 2, 2, 3, 3, 1, 1, 0, 0, 1, 1)
    columns, out = np.zeros((2, 4, 4)), np.zeros((2, 1, 3, 3))
    conv.unfolded.function(columns, x, 4, True, *sizes)
    like(columns[1, 3], x[1, 0, 1:, 1:].reshape(-1))
    conv.folded.function(out, columns, *sizes)
    like(out, x * np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]))


def test_random_numbers():
    x, out, wanted = np.ones(1100, np.float32), np.zeros(1100, np.float32), np.zeros(1100, np.float32)
    on_cpu.drop(wanted, x, 0.25, 77 + (5 << 32))
    random.dropped.function(out, x, 77, 5, round(0.25 * 2**32), np.float32(1 / 0.75))
    assert (out == wanted).all()
