"""Products of vectors and chains of matrices, and matrices with a pattern."""

import functools
import itertools

import numpy as np
import pytest
import scipy.linalg
from composite_checks import check_derivatives, check_row, check_values, interpreted, label  # noqa: F401

import nbgrad as nb
from nbgrad import errors, linalg
from nbgrad.compile import tiers
from nbgrad.ops.products import _cheapest, crossed
from nbgrad.testing import check_grads, values

RNG = np.random.default_rng(0)
A, B, C = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 3, 2)), RNG.normal(size=(2, 5))
U, V, W = RNG.normal(size=3), RNG.normal(size=4), RNG.normal(size=(2, 3))

# (function, arguments, parameters)
CASES = [
    ("vdot", (A, A.T.copy()), {}), ("vdot", (V, V[::-1].copy()), {}),
    ("matvec", (A, V), {}), ("matvec", (B, W[0, :2]), {}), ("matvec", (B, RNG.normal(size=(4, 2))), {}),
    ("vecmat", (U, A), {}), ("vecmat", (W[:, None], B), {}),
    ("cross", (U, W[0]), {}), ("cross", (W, U), {}), ("cross", (A, U), {"axisa": 0, "axisc": 0}),
    ("cross", (B, B[:, ::-1].copy()), {"axis": 1}),
    ("linalg.cross", (W, U), {}), ("linalg.cross", (A, A[::-1].copy()), {"axis": 0}),
    ("linalg.diagonal", (B,), {}), ("linalg.diagonal", (B,), {"offset": -1}),
    ("linalg.trace", (B,), {}), ("linalg.trace", (A,), {"offset": 1}),
    *[("linalg.multi_dot", (arrays,), {}) for arrays in (
        [A, A.T], [A, B[:, :, 0], B[0]], [U, A, A.T, W.T], [A, V], [U, U], [V, A.T, W.T, C])],
]
EMPTY = [("vdot", (V[:0], V[:0]), {}), ("matvec", (A[:, :0], V[:0]), {}), ("matvec", (B[:0], V[:2]), {}),
         ("cross", (W[:0], U), {}), ("linalg.multi_dot", ([A[:0], A.T, A],), {})]


@pytest.mark.parametrize("case", [*CASES, *EMPTY], ids=label)
def test_values(case):
    check_values(*case)


@pytest.mark.parametrize("case", [case for case in CASES if "multi" not in case[0]], ids=label)
def test_derivatives(case):
    check_derivatives(*case)


def test_a_chain_has_the_derivatives_of_its_product():
    check_grads(lambda *xs: linalg.multi_dot(xs), [A, B[:, :, 0], W.T])
    with pytest.raises(errors.ValueRangeError, match="multi_dot: got 1 arrays"):
        linalg.multi_dot([A])


def brute(sizes):
    """The fewest multiplications of any order."""
    if len(sizes) == 2:
        return 0
    return min(brute(sizes[:k + 1]) + brute(sizes[k:]) + sizes[0] * sizes[k] * sizes[-1]
               for k in range(1, len(sizes) - 1))


@pytest.mark.parametrize("sizes", [(10, 100, 5, 50), (2, 9, 3, 7, 4), (30, 35, 15, 5, 10, 20, 25)], ids=str)
def test_the_order_of_a_chain_is_the_cheapest(sizes):
    parted = _cheapest(sizes)

    def cost(i, j):
        if i == j:
            return 0
        k = parted[i, j]
        return cost(i, k) + cost(k + 1, j) + sizes[i] * sizes[k + 1] * sizes[j + 1]

    assert cost(0, len(sizes) - 2) == brute(sizes)


def test_lists_of_axes_name_the_indices_of_einsum():
    x, y = nb.asarray(A), nb.asarray(A.T.copy())
    np.testing.assert_allclose(values(np.einsum(x, [0, 1], y, [1, 2])), A @ A.T)
    slope = nb.grad(lambda t: np.einsum(t, [0, 1], t, [0, 1], []))(x)
    np.testing.assert_allclose(values(slope), 2 * A)


# ------------------------------------------------------------------------------------- with a pattern
PATTERNS = [
    (linalg.block_diag, scipy.linalg.block_diag, (A, W, U)),
    (linalg.block_diag, scipy.linalg.block_diag, (A,)),
    (linalg.block_diag, scipy.linalg.block_diag, (A[:, :0], W, A[:0])),
    (linalg.toeplitz, scipy.linalg.toeplitz, (U,)), (linalg.toeplitz, scipy.linalg.toeplitz, (U, V)),
    (linalg.toeplitz, scipy.linalg.toeplitz, (V, U[:1])),
    (linalg.hankel, scipy.linalg.hankel, (U,)), (linalg.hankel, scipy.linalg.hankel, (U, V)),
    (linalg.circulant, scipy.linalg.circulant, (V,)), (linalg.circulant, scipy.linalg.circulant, (W,)),
]


@pytest.mark.parametrize(("ours", "theirs", "args"), PATTERNS, ids=lambda part: getattr(part, "__name__", ""))
def test_patterns_are_scipys(ours, theirs, args):
    for dtype in (np.float64, np.float32):
        xs = [x.astype(dtype) for x in args]
        found, want = values(ours(*xs)), theirs(*xs)
        np.testing.assert_array_equal(found, want)
        assert found.dtype == want.dtype
    check_grads(lambda *xs: ours(*xs) ** 2, args)


def test_patterns_of_nothing():
    assert linalg.block_diag().shape == scipy.linalg.block_diag().shape
    assert linalg.circulant(np.zeros((2, 0))).shape == (2, 0, 0)
    assert linalg.toeplitz(np.zeros(0)).shape == (0, 0)


def test_the_op_of_cross_products():
    check_row("crossed", *nb.testing.row_of(crossed).cases)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128", "int8", "uint64"])
@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
def test_cross_products_are_numpys(tier, dtype):
    """To the bit but for complex numbers, which NumPy multiplies by fused steps."""
    x = (100 * RNG.normal(size=(2, 50, 3)) + (1j * RNG.normal(size=(2, 50, 3)) if dtype[0] == "c" else 0))
    a, b = np.abs(x).astype(dtype) if dtype[0] == "u" else x.astype(dtype)
    with tiers.chosen(tier):
        found, want = values(nb.cross(a, b)), np.cross(a, b)
        assert found.dtype == want.dtype
        np.testing.assert_allclose(found, want, rtol=1e-13 if dtype == "complex128" else 0)
        assert dtype == "complex128" or not values(nb.cross(a, a)).any()


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: nb.matvec(A, U), errors.ShapeError, r"matvec: shapes \(3, 4\) and \(3,\)"),
    (lambda: nb.vecmat(V, A), errors.ShapeError, r"vecmat: shapes \(4,\) and \(3, 4\)"),
    (lambda: nb.cross(V, V), errors.ShapeError, r"cross: got shape \(4,\).*3 elements"),
    (lambda: nb.cross(U, U, axis=1), errors.AxisError, "cross: axis 1"),
    (lambda: nb.cross(U > 0, U > 0), errors.DtypeError, "cross: .*bool"),
    (lambda: nb.cross(W, np.ones((4, 3))), errors.ShapeError, r"cross: .*\(2, 3\), \(4, 3\)"),
    (lambda: linalg.multi_dot([A, B, A]), errors.ShapeError, r"multi_dot: got shape \(4, 3, 2\)"),
    (lambda: linalg.multi_dot([A, A, A]), errors.ShapeError, r"multi_dot: shapes \(3, 4\) and \(3, 4\)"),
    (lambda: linalg.block_diag(B), errors.ShapeError, r"block_diag: got shape \(4, 3, 2\)"),
    (lambda: linalg.toeplitz(A), errors.ShapeError, "toeplitz: .*one axis"),
    (lambda: linalg.hankel(U, A), errors.ShapeError, "hankel: .*one axis"),
    (lambda: linalg.circulant(1.0), errors.ShapeError, "circulant: .*at least one axis"),
])
def test_errors_say_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_all_ways_to_part_a_chain_give_one_product():
    xs = [RNG.normal(size=(m, n)) for m, n in itertools.pairwise((2, 7, 1, 5, 3))]
    np.testing.assert_allclose(values(linalg.multi_dot(xs)), functools.reduce(np.matmul, xs))
