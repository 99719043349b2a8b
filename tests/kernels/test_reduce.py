"""Reductions of rows: accuracy, layouts, ends of the range, and blocks of every size."""

import itertools
import math

import numpy as np
import pytest
import scipy.special

import nbgrad as nb

NAN, INF = math.nan, math.inf
LIKE = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "prod": np.prod, "any": np.any,
        "all": np.all, "var": np.var, "std": np.std, "logsumexp": scipy.special.logsumexp,
        "norm": lambda x, axis: np.sqrt(np.sum(x * x, axis=axis)),
        "softmax": scipy.special.softmax, "log_softmax": scipy.special.log_softmax}
ONE_AXIS = ("softmax", "log_softmax")


def layouts(x):
    """x's values in memory of several forms."""
    yield x
    yield np.asfortranarray(x)
    yield np.repeat(x, 2, axis=-1)[..., ::2]
    yield x[:, ::-1][:, ::-1].copy()[::-1][::-1]
    yield np.ascontiguousarray(x[::-1, :, ::-1])[::-1, :, ::-1]
    yield np.ascontiguousarray(x.transpose(1, 0, 2)).transpose(1, 0, 2)


@pytest.mark.parametrize("name", LIKE)
def test_any_axes_of_any_layout(name, rng):
    x = rng.normal(size=(5, 4, 7))
    several = itertools.chain(*[itertools.combinations(range(3), k) for k in range(4)])
    axes = range(3) if name in ONE_AXIS else several
    for axis in axes:
        want = LIKE[name](x, axis=axis)
        for form in layouts(x):
            got = getattr(nb, name)(nb.asarray(form, copy=False), axis=axis).numpy()
            assert got.shape == want.shape
            assert got.dtype == want.dtype
            np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-14, err_msg=f"{axis} {form.strides}")


@pytest.mark.parametrize("name", ["sum", "max", "var", "norm", "softmax", "logsumexp"])
@pytest.mark.parametrize("shape", [(3, 513), (513, 3), (1025, 2), (2, 4097), (4, 600, 5), (300, 700)])
def test_rows_and_blocks_of_every_size(name, shape, rng):
    x = rng.normal(size=shape)
    for axis, form in itertools.product(range(len(shape)), (x, x[..., ::-1], np.asfortranarray(x))):
        got = getattr(nb, name)(nb.asarray(form, copy=False), axis=axis).numpy()
        np.testing.assert_allclose(got, LIKE[name](form, axis=axis), rtol=1e-12, atol=1e-14)


def test_a_broadcast_view_is_reduced_along_its_repeated_axes(rng):
    x = np.broadcast_to(rng.normal(size=(4, 1, 3)), (4, 5, 3))
    for name, axis in itertools.product(LIKE, range(3)):
        np.testing.assert_allclose(getattr(nb, name)(nb.asarray(x, copy=False), axis=axis).numpy(),
                                   LIKE[name](x, axis=axis), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("axis", [0, 1])
def test_sums_round_as_little_as_pairwise_ones(dtype, axis, rng):
    x = (rng.random(1 << 20) + 0.5).astype(dtype)
    exact = math.fsum(x.astype("float64"))
    rows = np.stack([x, x], 1 - axis)
    for got in nb.sum(nb.asarray(rows), axis=axis).numpy():
        assert abs(float(got) - exact) <= 8 * np.finfo(dtype).eps * exact
    for got in nb.mean(nb.asarray(rows), axis=axis).numpy():
        assert abs(float(got) - exact / len(x)) <= 8 * np.finfo(dtype).eps * exact / len(x)


def test_variances_of_large_numbers_do_not_cancel(rng):
    x = 1e8 + rng.normal(size=(1000, 3))
    for axis in (0, 1):
        np.testing.assert_allclose(nb.var(nb.asarray(x), axis=axis).numpy(), np.var(x, axis=axis), rtol=1e-9)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_norms_at_the_ends_of_the_range(axis, dtype):
    top, low = np.finfo(dtype).max / 4, np.finfo(dtype).smallest_normal
    cases = [([3 * top / 4, top], 1.25 * top), ([3 * low, 4 * low], 5 * low), ([0, 0], 0), ([INF, 1], INF),
             ([-INF, NAN], NAN), ([low / 8, 0], low / 8), ([1, low], 1), ([3, -4], 5)]
    x = np.array([row for row, _ in cases], dtype)
    got = nb.norm(nb.asarray(x if axis else x.T), axis=axis).numpy()
    np.testing.assert_allclose(got, np.array([z for _, z in cases], dtype), rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("axis", [0, 1])
def test_nan_infinities_and_zeros(axis):
    rows = np.array([[1, NAN, 2], [INF, 1, -INF], [-INF, -INF, -INF], [INF, 0, 0], [-0.0, 0.0, -0.0],
                     [5, 5, 5]])
    x = rows if axis else rows.T.copy()
    with np.errstate(all="ignore"):
        for name in ("sum", "mean", "max", "min", "prod", "var", "std", "logsumexp", "softmax"):
            got = getattr(nb, name)(nb.asarray(x), axis=axis).numpy()
            np.testing.assert_allclose(got, LIKE[name](x, axis=axis), rtol=1e-14, err_msg=name)


def test_nothing_to_reduce():
    for shape, axis in (((0, 3), 0), ((3, 0), 1), ((0, 0), (0, 1)), ((2, 0, 3), 1), ((0, 3), 1)):
        x = np.zeros(shape)
        for name, empty in (("sum", 0), ("prod", 1), ("any", False), ("all", True), ("mean", NAN),
                            ("var", NAN), ("norm", 0), ("logsumexp", -INF)):
            got = getattr(nb, name)(nb.asarray(x), axis=axis).numpy()
            want = np.full(np.sum(x, axis=axis).shape, empty)
            np.testing.assert_array_equal(got, want, err_msg=name)
    assert nb.softmax(nb.asarray(np.zeros((0, 3)))).shape == (0, 3)
    assert nb.softmax(nb.asarray(np.zeros((3, 0)))).shape == (3, 0)
    assert nb.var(nb.asarray([1.0]), correction=1).numpy() != 0


def test_scalars():
    x = nb.asarray(2.5)
    assert [float(f(x)) for f in (nb.sum, nb.mean, nb.max, nb.norm, nb.logsumexp)] == [2.5] * 5
    assert float(nb.var(x)) == 0


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int64", "uint64"])
def test_integers(dtype):
    x = np.array([[3, 0, 1], [2, 2, 0]]).astype(dtype)
    for name in ("sum", "mean", "max", "min", "any", "all"):
        for axis in (0, 1, (0, 1)):
            got, want = getattr(nb, name)(nb.asarray(x), axis=axis).numpy(), LIKE[name](x, axis=axis)
            assert got.dtype == want.dtype
            np.testing.assert_array_equal(got, want)


def test_a_softmax_keeps_the_order_of_its_axes_in_memory(rng):
    x = np.asfortranarray(rng.normal(size=(6, 5)))
    assert nb.softmax(nb.asarray(x, copy=False), axis=0).numpy().flags.f_contiguous


@pytest.mark.parametrize("n", [10, 100_000])
def test_elements_of_a_gradient_do_not_share_memory_that_can_be_written(n):
    gradient = nb.grad(nb.sum)(np.ones(n))
    with pytest.raises(ValueError, match="read-only"):
        gradient.numpy()[0] = 7
    assert not gradient.value.flags.writeable or np.all(gradient.value.strides)
    gradient[0] = 7
    assert gradient.tolist()[:3] == [7, 1, 1]
    assert np.from_dlpack(nb.grad(nb.sum)(np.ones(n))).strides == (8,)
