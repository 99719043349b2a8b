"""Broadcasting, dtypes and indexing against NumPy, on inputs that hypothesis makes up."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import nbgrad as nb
from nbgrad.engine.tensor import raw

settings.register_profile("nbgrad", deadline=None, max_examples=150, derandomize=True)
settings.load_profile("nbgrad")

NUMBERS = st.floats(-1e3, 1e3, width=32)


def arrays(shape, dtype=np.float64):
    return hnp.arrays(dtype, shape, elements=NUMBERS)


def rearranged(draw, x):
    """The same values in another memory layout."""
    kind = draw(st.sampled_from(["C", "F", "backwards", "gaps"]))
    if kind == "F":
        return np.asfortranarray(x)
    if x.ndim and kind == "backwards":
        return np.ascontiguousarray(x[::-1])[::-1]
    if x.ndim and kind == "gaps":
        return np.repeat(x, 2, axis=-1)[..., ::2]
    return x


@st.composite
def operands(draw, count=2):
    shapes = draw(hnp.mutually_broadcastable_shapes(num_shapes=count, max_dims=4, max_side=4, min_side=0))
    return [rearranged(draw, draw(arrays(s))) for s in shapes.input_shapes]


@given(operands())
def test_binary_ops_broadcast_as_numpy(xs):
    x, y = xs
    want = x * y
    got = nb.multiply(nb.asarray(x, copy=None), nb.asarray(y, copy=None))
    assert got.shape == want.shape
    np.testing.assert_array_equal(raw(got), want)


@given(operands())
def test_broadcast_gradients_are_sums(xs):
    x, y = xs
    gx, gy = nb.grad(lambda a, b: nb.sum(a * b), (0, 1))(x, y)
    shape = np.broadcast_shapes(x.shape, y.shape)
    assert gx.shape == x.shape
    assert gy.shape == y.shape
    for g, own, other in ((gx, x, y), (gy, y, x)):
        spread = np.broadcast_to(other, shape)
        lead = len(shape) - own.ndim
        axes = tuple(range(lead)) + tuple(i + lead for i, n in enumerate(own.shape) if n == 1)
        want = spread.sum(axis=axes, keepdims=True).reshape(own.shape)
        np.testing.assert_allclose(raw(g), want, rtol=1e-12, atol=1e-9)


@given(operands(3))
def test_where_broadcasts_as_numpy(xs):
    c, x, y = xs
    np.testing.assert_array_equal(raw(nb.where(c > 0, x, y)), np.where(c > 0, x, y))


@given(st.lists(hnp.array_shapes(max_dims=3, max_side=4), min_size=2, max_size=2))
def test_shapes_that_do_not_broadcast_are_refused(shapes):
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        with pytest.raises(nb.errors.ShapeError, match=r"add: shapes .* do not broadcast"):
            nb.add(np.zeros(shapes[0]), np.zeros(shapes[1]))
    else:
        assert nb.add(np.zeros(shapes[0]), np.zeros(shapes[1])).shape == np.broadcast_shapes(*shapes)


DTYPES = [
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float32",
    "float64",
]


@settings(max_examples=40)                      # each compiles a kernel
@given(
    st.sampled_from(DTYPES),
    st.sampled_from([*DTYPES, "1", "2.5", "True"]),
    st.sampled_from(["add", "multiply", "maximum", "less"]),
)
def test_promotion_is_numpys(first, second, op):
    x = np.array([0, 1, 1], first)
    y = np.array([1, 1, 0], second) if second in DTYPES else {"1": 1, "2.5": 2.5, "True": True}[second]
    want = getattr(np, op)(x, y)
    got = raw(getattr(nb, op)(x, y))
    assume(want.dtype != np.float16)
    assert got.dtype == want.dtype
    np.testing.assert_array_equal(got, want)


@given(st.data())
def test_reductions_are_numpys(data):
    x = rearranged(
        data.draw, data.draw(arrays(hnp.array_shapes(min_dims=0, max_dims=4, max_side=4, min_side=1)))
    )
    axes = (
        data.draw(
            st.none()
            | st.lists(st.integers(-x.ndim, x.ndim - 1), unique_by=lambda a: a % max(x.ndim, 1)).map(tuple)
        )
        if x.ndim
        else None
    )
    keepdims = data.draw(st.booleans())
    for name in ("sum", "max", "min", "prod", "mean"):
        with np.errstate(over="ignore"):
            want = getattr(np, name)(x, axis=axes, keepdims=keepdims)
        got = raw(getattr(nb, name)(nb.asarray(x, copy=None), axis=axes, keepdims=keepdims))
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-9, err_msg=name)


@given(st.data())
def test_basic_indexing_is_numpys(data):
    x = data.draw(arrays(hnp.array_shapes(min_dims=1, max_dims=3, max_side=5)))
    index = data.draw(hnp.basic_indices(x.shape, allow_newaxis=True, allow_ellipsis=True))
    np.testing.assert_array_equal(raw(nb.asarray(x)[index]), x[index])
    g = nb.grad(lambda t: nb.sum(t[index] * 2.0))(x)
    want = np.zeros_like(x)
    want[index] = 2
    np.testing.assert_array_equal(raw(g), want)


@given(st.data())
def test_fancy_indexing_is_numpys(data):
    x = data.draw(arrays(hnp.array_shapes(min_dims=1, max_dims=3, max_side=5)))
    index = data.draw(
        hnp.integer_array_indices(x.shape, result_shape=hnp.array_shapes(max_dims=2, max_side=4))
    )
    np.testing.assert_array_equal(raw(nb.asarray(x)[index]), x[index])
    weights = np.arange(1.0, 1 + x[index].size).reshape(x[index].shape)
    g = nb.grad(lambda t: nb.sum(t[index] * weights))(x)
    want = np.zeros_like(x)
    np.add.at(want, index, weights)
    np.testing.assert_allclose(raw(g), want)


@given(st.data())
def test_boolean_masks_are_numpys(data):
    x = data.draw(arrays(hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)))
    mask = data.draw(hnp.arrays(bool, x.shape))
    np.testing.assert_array_equal(raw(nb.asarray(x)[mask]), x[mask])
    np.testing.assert_array_equal(raw(nb.grad(lambda t: nb.sum(t[mask]))(x)), mask.astype(float))


@given(st.data())
def test_assignment_is_numpys(data):
    x = data.draw(arrays(hnp.array_shapes(min_dims=1, max_dims=2, max_side=4)))
    index = data.draw(hnp.basic_indices(x.shape) | hnp.integer_array_indices(x.shape))
    value = data.draw(arrays(x[index].shape))
    want = x.copy()
    want[index] = value

    def f(t, v):
        y = t * 1.0
        y[index] = v
        return y

    np.testing.assert_array_equal(raw(f(nb.asarray(x), nb.asarray(value))), want)
    # Assignment is linear: its transpose is checked by <g, J(u, w)> = <J^T g, (u, w)>.
    g, u, w = (
        np.arange(1.0, x.size + 1).reshape(x.shape),
        np.cos(np.arange(x.size)).reshape(x.shape),
        np.sin(value),
    )
    t = nb.jvp(f, (x, value), (u, w))[1]
    gx, gv = nb.vjp(f, x, value)[1](g)
    np.testing.assert_allclose(
        np.sum(raw(t) * g), np.sum(raw(gx) * u) + np.sum(raw(gv) * w), rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cotangents_of_repeated_operands_are_summed_as_they_are_computed(dtype, rng):
    """Large enough for kernels that compute and sum in one go; the same as what is summed afterwards."""
    x = rng.normal(size=(90, 70)).astype(dtype)
    row, column, cube = x[0].copy(), x[:, :1].copy(), rng.normal(size=(3, 1, 70)).astype(dtype)
    forms = [(x, row), (x, column), (row, column), (np.asfortranarray(x), row), (x[::-1, ::2], row[::2]),
             (x, cube), (cube, column), (x, x[:1, :1]), (x.T, column.T), (x, np.asarray(x[0, 0]))]
    v = 1 + rng.random((3, 90, 90)).astype(dtype)
    tolerance = 2e-4 if dtype == "float32" else 1e-12
    functions = [(nb.divide, lambda a, b: (1 / b, -a / b / b)), (nb.multiply, lambda a, b: (b, a)),
                 (nb.hypot, lambda a, b: (a / np.hypot(a, b), b / np.hypot(a, b)))]
    for f, df in functions[:1 if dtype == "float32" else 3]:         # each form compiles kernels for each
        for a, b in forms:
            y, pull = nb.vjp(f, nb.asarray(a, copy=False), nb.asarray(b, copy=False))
            g = np.broadcast_to(v[(0,) * (3 - y.ndim)][..., :y.shape[-2], :y.shape[-1]], y.shape)
            for got, d, like in zip(pull(g), df(a, b), (a, b), strict=True):
                want = _summed_to(g * d, like.shape)
                assert got.shape == like.shape
                assert got.dtype == dtype
                np.testing.assert_allclose(got.numpy(), want, rtol=tolerance,
                                           atol=tolerance * np.max(np.abs(want)))


def _summed_to(x, shape):
    x = x.sum(axis=tuple(range(x.ndim - len(shape))))
    return x.sum(axis=tuple(a for a, n in enumerate(shape) if n == 1 != x.shape[a]), keepdims=True)
