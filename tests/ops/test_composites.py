"""Functions made of ops of the table: NumPy's values, shapes and dtypes, and derivatives to second order."""

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import info
from nbgrad.define.registry import OPS
from nbgrad.testing import values

A = np.random.default_rng(0).normal(size=(3, 4))
B = np.random.default_rng(1).normal(size=(2, 3, 4))
INTS = np.array([[3, -1, 2], [0, 5, 3]])
BOOLS = np.array([[True, False, True], [True, True, False]])

# what is called: (ours, NumPy's, arguments, parameters)
CASES = {
    "cumulative_sum": (nb.cumulative_sum, np.cumulative_sum, (A,), {"axis": 1}),
    "cumulative_sum from 0": (
        nb.cumulative_sum,
        np.cumulative_sum,
        (B,),
        {"axis": 1, "include_initial": True},
    ),
    "cumulative_sum of one axis": (nb.cumulative_sum, np.cumulative_sum, (A[0],), {"include_initial": True}),
    "cumulative_sum of int8": (nb.cumulative_sum, np.cumulative_sum, (INTS.astype(np.int8),), {"axis": -1}),
    "cumulative_prod": (nb.cumulative_prod, np.cumulative_prod, (A,), {"axis": -2}),
    "cumulative_prod from 1": (
        nb.cumulative_prod,
        np.cumulative_prod,
        (A,),
        {"axis": 0, "include_initial": True},
    ),
    "cumsum of booleans": (nb.cumsum, np.cumsum, (BOOLS,), {"axis": 0}),
    "cumsum of uint8": (nb.cumsum, np.cumsum, (INTS.astype(np.uint8),), {"axis": 0}),
    "cumsum in float32": (nb.cumsum, np.cumsum, (A,), {"axis": 0, "dtype": "float32"}),
    "cumprod of integers": (nb.cumprod, np.cumprod, (INTS,), {}),
    "sort in falling order": (
        lambda x: nb.sort(x, 0, descending=True),
        lambda x: np.flip(np.sort(x, 0), 0),
        (A,),
        {},
    ),
    "sort of integers": (nb.sort, np.sort, (INTS,), {"axis": None}),
    "take_along_axis of argsort": (
        lambda x: nb.take_along_axis(x, nb.argsort(x, 0), 0),
        lambda x: np.take_along_axis(x, np.argsort(x, 0), 0),
        (A,),
        {},
    ),
    "take_along_axis of booleans": (nb.take_along_axis, np.take_along_axis, (BOOLS, INTS % 3), {"axis": 1}),
    "tile": (nb.tile, np.tile, (A,), {"reps": (2, 3)}),
    "tile in more axes": (nb.tile, np.tile, (A,), {"reps": (2, 1, 2)}),
    "tile of more axes": (nb.tile, np.tile, (B,), {"reps": 2}),
    "tile no times": (nb.tile, np.tile, (A,), {"reps": (0, 2)}),
    "tile of a scalar": (nb.tile, np.tile, (np.float64(2.0),), {"reps": 3}),
    "kron": (nb.kron, np.kron, (A[:2], B[0, :, :2]), {}),
    "kron of other axes": (nb.kron, np.kron, (B[:, :2, 0], B[0, 0]), {}),
    "kron with a scalar": (nb.kron, np.kron, (A, np.float64(2.0)), {}),
    "trace": (nb.trace, np.trace, (A,), {"offset": 1}),
    "trace of a batch": (nb.trace, np.trace, (B,), {"axis1": -2, "axis2": -1}),
    "trace of int8": (nb.trace, np.trace, (INTS.astype(np.int8),), {}),
    "diag of a vector": (nb.diag, np.diag, (A[0],), {"k": -2}),
    "diag of a matrix": (nb.diag, np.diag, (A,), {"k": 1}),
    "tril of a batch": (nb.tril, np.tril, (B,), {"k": -1}),
    "triu of a batch": (nb.triu, np.triu, (B,), {"k": 2}),
    "hstack": (lambda *xs: nb.hstack(xs), lambda *xs: np.hstack(xs), (A, A[:, :2]), {}),
    "hstack of scalars": (lambda *xs: nb.hstack(xs), lambda *xs: np.hstack(xs), (A[0, 0], A[0]), {}),
    "hstack of one matrix": (nb.hstack, np.hstack, (A,), {}),
    "vstack": (lambda *xs: nb.vstack(xs), lambda *xs: np.vstack(xs), (A, A[0]), {}),
    "vstack of scalars": (lambda *xs: nb.vstack(xs), lambda *xs: np.vstack(xs), (A[0, 0], A[0, :1]), {}),
    "pad": (nb.pad, np.pad, (A,), {"pad_width": 2}),
    "pad one side": (nb.pad, np.pad, (A,), {"pad_width": (0, 3)}),
    "pad with a number": (nb.pad, np.pad, (A,), {"pad_width": ((1, 0), (2, 1)), "constant_values": 2.5}),
    "pad with numbers": (
        nb.pad,
        np.pad,
        (A,),
        {"pad_width": ((1, 1), (2, 1)), "constant_values": ((1, 2), (3, 4))},
    ),
    "pad of integers": (nb.pad, np.pad, (INTS,), {"pad_width": 1, "constant_values": 7}),
    "pad no axis": (nb.pad, np.pad, (np.float64(2.0),), {"pad_width": 3, "mode": "edge"}),
    "pad with a reflection": (
        nb.pad,
        np.pad,
        (B,),
        {"pad_width": ((0, 1), (2, 2), (9, 0)), "mode": "reflect"},
    ),
    "pad of booleans": (nb.pad, np.pad, (BOOLS,), {"pad_width": 4, "mode": "symmetric"}),
    "diff": (nb.diff, np.diff, (A,), {}),
    "diff twice": (nb.diff, np.diff, (B,), {"n": 2, "axis": 1}),
    "diff more than there is": (nb.diff, np.diff, (A,), {"n": 5, "axis": 0}),
    "diff not at all": (nb.diff, np.diff, (A,), {"n": 0}),
    "diff with ends": (
        lambda x, a, b: nb.diff(x, axis=0, prepend=a, append=b),
        lambda x, a, b: np.diff(x, axis=0, prepend=a, append=b),
        (A, A[:2], np.float64(2.0)),
        {},
    ),
    "diff of booleans": (nb.diff, np.diff, (BOOLS,), {}),
    "diff of uint8": (nb.diff, np.diff, (INTS.astype(np.uint8),), {}),
}


@pytest.mark.parametrize("name", CASES)
def test_values(name):
    ours, numpys, args, params = CASES[name]
    for dtype in ("float64", "float32"):
        xs = [np.asarray(a, dtype) if a.dtype.kind == "f" else a for a in args]
        got, want = ours(*xs, **params), numpys(*xs, **params)
        assert values(got).dtype == want.dtype
        np.testing.assert_allclose(values(got), want, rtol=1e-13 if dtype == "float64" else 2e-5, atol=1e-6)
        assert got.shape == want.shape


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[2][0].dtype.kind == "f"])
def test_derivatives(name):
    ours, _, args, params = CASES[name]
    nb.testing.check_grads(lambda *xs: nb.astype(ours(*xs, **params), np.float64) if "32" not in name
                           else ours(*xs, **params), args)


def test_unique_values_and_their_places():
    x = np.array([[3.0, 1.0, 3.0], [0.0, 1.0, np.nan]])
    for theirs, ours in zip(np.unique_all(x), nb.unique_all(x), strict=True):
        np.testing.assert_array_equal(values(ours), theirs)
    np.testing.assert_array_equal(values(nb.unique_counts(x).counts), np.unique_counts(x).counts)
    inverse = np.unique_inverse(x).inverse_indices
    np.testing.assert_array_equal(values(nb.unique_inverse(x).inverse_indices), inverse)
    np.testing.assert_array_equal(values(nb.unique_values(x)), [0, 1, 3, np.nan])
    gradient = nb.grad(lambda t: nb.sum(nb.unique_values(t) * np.arange(1.0, 5.0)))(x)
    np.testing.assert_array_equal(values(gradient), [[3, 2, 0], [1, 0, 4]])


def test_searchsorted_takes_the_order_of_an_unsorted_array():
    x, v = A[0], A[1]
    got = nb.searchsorted(x, v, sorter=nb.argsort(x))
    np.testing.assert_array_equal(values(got), np.searchsorted(np.sort(x), v))


def test_dtypes():
    x = nb.ones(3, dtype="float32")
    assert nb.result_type(x, 1.0) == np.float32
    assert nb.result_type(x, "int64", nb.ones(2)) == np.float64
    assert nb.result_type(1, 2.0) == np.float64
    assert nb.finfo(x).eps == np.finfo("float32").eps
    assert nb.iinfo(np.int8).max == 127
    assert nb.can_cast(x, "float64")
    assert not nb.can_cast("float64", x)
    assert nb.can_cast("float64", x, "same_kind")
    assert nb.isdtype(x.dtype, "real floating")
    assert nb.isdtype(x, ("bool", "float32"))
    assert not nb.isdtype("int8", "unsigned integer")


def test_dlpack_copies_in_and_out():
    x = np.arange(3.0)
    t = nb.from_dlpack(x)
    x[0] = 9
    np.testing.assert_array_equal(values(t), [0, 1, 2])
    back = np.from_dlpack(t.cpu())
    np.testing.assert_array_equal(back, [0, 1, 2])
    assert not np.shares_memory(back, values(t))
    np.testing.assert_array_equal(values(nb.from_dlpack(t * 2)), [0, 2, 4])


def test_shifts_are_operators():
    x = nb.asarray([1, -8])
    np.testing.assert_array_equal(values(x << 3), [8, -64])
    np.testing.assert_array_equal(values(x >> np.array([70, 70])), [0, -1])
    np.testing.assert_array_equal(values(1 << nb.asarray([0, 64, -1])), [1, 0, 0])


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "wrap"])
def test_borders_of_any_width(mode):
    for n in range(1, 6):
        x = np.arange(float(n))
        for before in range(9):
            for after in (0, 1, 4, 9):
                got = nb.pad(x, (before, after), mode)
                np.testing.assert_array_equal(values(got), np.pad(x, (before, after), mode))


def test_the_constants_of_a_border_have_gradients():
    def f(x, c, ends):
        return nb.pad(x, 1, constant_values=c) + nb.pad(x, (1, 1), constant_values=[[ends[0], 0.0], ends])

    nb.testing.check_grads(f, [A, np.float64(2.0), np.array([1.0, 3.0])])


def written_one_by_one(x, index, v):
    """x[index] = v, a place after the other; and which element of v each place has from it (-1: none)."""
    z, source = x.copy(), np.full(x.shape, -1)
    places = np.arange(x.size).reshape(x.shape)[index]
    for k, place in enumerate(places.reshape(-1)):
        z.reshape(-1)[place] = np.broadcast_to(v, places.shape).reshape(-1)[k]
        source.reshape(-1)[place] = np.broadcast_to(np.arange(v.size).reshape(v.shape), places.shape).flat[k]
    return z, source


def test_large_arrays_are_read_at_an_index_as_numpys_are():
    x = np.random.default_rng(3).normal(size=(20, 30, 40))
    i, j = np.array([[3, -1], [0, 29]]), np.array([5, 5, -19])
    for index in (
        (slice(None), i),
        (..., i),
        (..., j),
        (j,),
        (slice(None), i, i),
        (slice(1, None), i),
        (slice(None), i, slice(2, 3)),
        (j, slice(None), j),
        (None, slice(None), j),
        (slice(None), np.zeros((0,), int)),
        (x > 0,),
        (slice(None), x[0, :, 0] > 0),
    ):
        for y in (x, x[:, :, ::-1], x.astype(np.float32)):
            np.testing.assert_array_equal(values(nb.asarray(y)[index]), y[index])
    with pytest.raises(nb.errors.NbgradError, match=r"getitem.*\(20, 30, 40\).*out of bounds"):
        nb.asarray(x)[:, np.array([0, 30])]


@pytest.mark.parametrize("seed", range(12))
def test_the_last_value_written_stays_and_has_the_gradient(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 4, 5))
    index = [
        (rng.integers(-3, 3, 7),),
        (slice(None), rng.integers(-4, 4, (2, 5))),
        (rng.integers(0, 3, 6), rng.integers(0, 4, 6)),
        (rng.integers(0, 3, 6), slice(1, None), rng.integers(0, 5, 6)),
        (..., rng.integers(0, 5, 9)),
        (rng.integers(0, 3, (4, 1)), rng.integers(0, 4, 3), slice(None, None, -2)),
        (x > 0,),
        (rng.integers(0, 2, 3) > 0, slice(None), 1),
        (slice(None, None, 2), None, 1),
        (1, rng.integers(0, 4, 5), rng.integers(0, 5, 5)),
        (rng.integers(0, 3, 5), 2),
        (slice(0, 0),),
    ][seed]
    for v in (rng.normal(size=x[index].shape), rng.normal(size=x[index].shape[-1:]), np.array(2.0)):
        want, source = written_one_by_one(x, index, v)
        np.testing.assert_array_equal(values(nb.setitem(x, index, v)), want)
        weights = rng.normal(size=x.shape)
        gx, gv = nb.grad(lambda a, b: nb.sum(nb.setitem(a, index, b) * weights), (0, 1))(x, v)  # noqa: B023
        np.testing.assert_array_equal(values(gx), np.where(source < 0, weights, 0))
        back = np.bincount(source[source >= 0], weights[source >= 0], v.size).reshape(v.shape)
        np.testing.assert_allclose(values(gv), back, atol=1e-12)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float32"])
@pytest.mark.parametrize("shape", [(), (1,), (0,), (0, 3), (2, 3, 4)])
def test_every_dtype_and_shape(dtype, shape):
    x = np.random.default_rng(0).integers(0, 5, shape).astype(dtype)
    for name, params in (
        ("cumsum", {}),
        ("cumprod", {}),
        ("sort", {"axis": None}),
        ("argsort", {"axis": None, "stable": True}),
        ("roll", {"shift": -7}),
        ("repeat", {"repeats": 3}),
        ("tile", {"reps": (1, 0, 2)}),
        ("tile", {"reps": ()}),
        ("pad", {"pad_width": (2, 3)}),
        ("unique_values", {}),
        ("flip", {}),
    ):
        got, want = getattr(nb, name)(x, **params), getattr(np, name)(x, **params)
        assert got.numpy().dtype == want.dtype, name
        assert got.shape == want.shape
        np.testing.assert_array_equal(got.numpy(), want)


def test_methods():
    x = nb.asarray(A)
    for got, want in (
        (x.cumsum(0), A.cumsum(0)),
        (x.cumsum(dim=1), A.cumsum(1)),
        (x.cumprod(), A.cumprod()),
        (x.diff(axis=0), np.diff(A, axis=0)),
        (x.argsort(dim=0, descending=True), np.argsort(-A, 0)),
        (x.repeat(2, axis=1), A.repeat(2, 1)),
        (x.tile(2, 1), np.tile(A, (2, 1))),
        (x.roll(1, 0), np.roll(A, 1, 0)),
        (x.diagonal(1), A.diagonal(1)),
        (x.diag(), np.diag(A)),
        (x[0].kron(x[1]), np.kron(A[0], A[1])),
        (x.tril(-1), np.tril(A, -1)),
        (x.nonzero()[0], A.nonzero()[0]),
    ):
        np.testing.assert_allclose(values(got), want)
    np.testing.assert_array_equal(values(x), A)


def test_info_lists_ops_and_what_is_made_of_them():
    listed = {row[0]: row[1] for row in info.ops()[1:]}
    assert listed["tanh"] == "elementwise"
    assert listed["sum"] == "structured"
    for name in ("kron", "diff", "conv2d", "embedding", "norm", "hstack", "dropout", "pad", "diag"):
        assert listed[name] == "composite"
    assert {name for name, row in OPS.items() if not row.private} <= set(listed)
    assert not {name for name, row in OPS.items() if row.private} & set(listed)
