"""What is the same on every device: long rows, large and odd layouts, and steps of training.

Run with NBGRAD_DEVICE=cuda-sim, and with --ptx on the code of CUDA's kernels.
"""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import scipy.special

import nbgrad as nb

ROWS = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "var": np.var, "std": np.std,
        "logsumexp": scipy.special.logsumexp, "norm": lambda x, axis: np.sqrt(np.sum(x * x, axis=axis)),
        "any": np.any, "all": np.all, "softmax": scipy.special.softmax,
        "log_softmax": scipy.special.log_softmax}


@pytest.mark.parametrize("shape", [(3, 70), (70, 3), (2, 1300), (1300, 2), (2, 5, 70)], ids=str)
@pytest.mark.parametrize("name", ROWS)
def test_long_rows(name, shape, rng):
    x = rng.normal(size=shape).astype(np.float32)
    for axis in range(len(shape)):
        got = getattr(nb, name)(nb.asarray(x), axis=axis).numpy()
        want = ROWS[name](x.astype(np.float64), axis=axis)
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-5)


def test_rounding_does_not_grow_with_the_length(rng):
    x = (rng.normal(size=(3, 9000)) + 1e4).astype(np.float32)
    for got in (nb.mean(nb.asarray(x), axis=1), nb.mean(nb.asarray(x.T.copy()), axis=0),
                nb.einsum("ij,ij->i", nb.asarray(x), nb.asarray(x[:1] * 0 + 1)) / 9000):
        np.testing.assert_allclose(got.numpy(), x.mean(1, dtype=float), rtol=3e-7)


def test_columns_so_long_that_their_parts_have_parts(rng):
    x = rng.normal(size=(4200, 2))
    np.testing.assert_allclose(nb.sum(nb.asarray(x), axis=0).numpy(), x.sum(0), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(nb.max(nb.asarray(x), axis=0).numpy(), x.max(0))
    got = nb.einsum("ij,ij->j", nb.asarray(x), nb.asarray(x)).numpy()
    np.testing.assert_allclose(got, (x * x).sum(0), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["int8", "int32", "uint64", "bool", "float64"])
def test_long_rows_of_any_dtype(dtype, rng):
    x = rng.integers(0, 2 if dtype == "bool" else 5, (3, 1100)).astype(dtype)
    for name in ("sum", "max", "min", "any", "all", "mean"):
        for axis in (None, 0, 1):
            got = getattr(nb, name)(nb.asarray(x), axis=axis).numpy()
            want = getattr(np, name)(x, axis=axis)
            assert got.dtype == want.dtype
            np.testing.assert_allclose(got, want, rtol=1e-12)


def test_nan_and_infinities_in_long_rows():
    x = np.ones((4, 200))
    x[0, 150], x[1, 60], x[2, 199] = np.nan, np.inf, -np.inf
    for name in ("sum", "max", "min"):
        np.testing.assert_array_equal(getattr(nb, name)(nb.asarray(x), axis=1).numpy(),
                                      getattr(np, name)(x, axis=1))


def test_gradients_of_long_rows(rng):
    x = rng.normal(size=(2, 200))
    for f in (lambda t: nb.sum(nb.softmax(t, axis=1) ** 2), lambda t: nb.sum(nb.var(t, axis=0)),
              lambda t: nb.sum(nb.logsumexp(t, axis=1)), lambda t: nb.sum(nb.max(t, axis=1) ** 2),
              nb.norm):
        got = nb.grad(f)(nb.asarray(x)).numpy()
        with nb.device("cpu"):
            want = nb.grad(f)(nb.asarray(x)).numpy()
        np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-12)


LINES = [((65,), 0), ((2, 131), 1), ((70, 3), 0), ((2, 65, 2), 1)]


@pytest.mark.parametrize("shape, axis", LINES, ids=str)
def test_scans_of_long_lines(shape, axis, rng):
    x = rng.normal(size=shape)
    for dtype, rtol in (("float32", 3e-7), ("float64", 1e-13)):
        given = x.astype(dtype)
        want = np.cumsum(given, axis, dtype=np.float64)
        got = nb.cumsum(nb.asarray(given), axis).numpy()
        np.testing.assert_allclose(got, want, rtol=rtol, atol=10 * rtol)
        np.testing.assert_allclose(nb.cumprod(nb.asarray(given), axis).numpy(),
                                   np.cumprod(given, axis, dtype=np.float64), rtol=100 * rtol)
    got = nb.grad(lambda t: nb.sum(nb.cumprod(t, axis) * x))(nb.asarray(x)).numpy()
    with nb.device("cpu"):
        want = nb.grad(lambda t: nb.sum(nb.cumprod(t, axis) * x))(nb.asarray(x)).numpy()
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-12)


def test_sums_that_overflow_in_parts_only():
    x = np.zeros(100, np.float32)
    x[:6] = [-3e38, 2e38, 2e38, -1e38, 1e38, 1e38]
    want = np.cumsum(x, dtype=np.float64)
    np.testing.assert_allclose(nb.cumsum(nb.asarray(x)).numpy(), want, rtol=1e-6)
    x[50], x[60] = np.inf, -np.inf
    with np.errstate(invalid="ignore"):
        want = np.cumsum(x, dtype=np.float64)
    np.testing.assert_allclose(nb.cumsum(nb.asarray(x)).numpy(), want, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool"])
@pytest.mark.parametrize("shape, axis", LINES, ids=str)
def test_order_of_long_lines_with_equal_elements(shape, axis, dtype, rng):
    x = rng.integers(0, 6, shape).astype(dtype)
    if dtype == "float32":
        x[rng.random(shape) < 0.1] = np.nan
    order = np.argsort(x, axis=axis, stable=True)
    np.testing.assert_array_equal(nb.argsort(nb.asarray(x), axis).numpy(), order)
    np.testing.assert_array_equal(nb.sort(nb.asarray(x), axis).numpy(), np.take_along_axis(x, order, axis))
    back = np.flip(x.shape[axis] - 1 - np.argsort(np.flip(x, axis), axis=axis, stable=True), axis)
    np.testing.assert_array_equal(nb.argsort(nb.asarray(x), axis, descending=True).numpy(), back)
    for name in ("argmax", "argmin"):
        np.testing.assert_array_equal(getattr(nb, name)(nb.asarray(x), axis).numpy(),
                                      getattr(np, name)(x, axis))
    found, want = nb.unique_all(nb.asarray(x)), np.unique_all(x)
    for got, like in zip(found, want, strict=True):
        np.testing.assert_array_equal(got.numpy(), like)


def test_places_of_long_rows(rng):
    x = rng.integers(0, 100, (2, 1300)).astype(np.float32)
    x[1, 700] = np.nan
    for axis in (None, 0, 1):
        for name in ("argmax", "argmin"):
            np.testing.assert_array_equal(getattr(nb, name)(nb.asarray(x), axis).numpy(),
                                          getattr(np, name)(x, axis))


@pytest.mark.parametrize("dtype", ["float64", "int8", "bool"])
def test_many_values_for_one_place(dtype, rng):
    places = rng.integers(0, 2, 700)
    places[:5] = 3
    v = (rng.random((700, 2)) * 3).astype(dtype)
    want = np.zeros((4, 2), dtype)
    np.add.at(want, places, v)
    np.testing.assert_allclose(nb.scatter(nb.asarray(v), places, (4, 2)).numpy(), want, rtol=1e-13)
    want = np.zeros((4, 2), dtype)
    np.add.at(want, (np.stack([places] * 2, 1), np.arange(2)), v)
    got = nb.add_along_axis(nb.asarray(v), places=np.stack([places] * 2, 1), axis=0, n=4)
    np.testing.assert_allclose(got.numpy(), want, rtol=1e-13)


def _part(rng, n):
    """A part of an index for an axis of length n."""
    choices = [lambda: int(rng.integers(-n, n)), lambda: rng.integers(-n, n, rng.choice([1, 2])),
               lambda: rng.integers(-n, n, (3, 1)), lambda: rng.random(n) < 0.6,
               lambda: slice(None, None, int(rng.choice([-2, -1, 1, 2]))), lambda: None, lambda: ...,
               lambda: True]
    return choices[rng.integers(len(choices))]()


@pytest.mark.parametrize("seed", range(30))
def test_an_index_does_what_it_does_in_numpy(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 2, 4))[:, ::-1]
    index = tuple(_part(rng, n) for n in rng.permutation([3, 2, 4, 2])[:rng.integers(1, 5)])
    try:
        want = x[index]
    except IndexError:
        with pytest.raises(IndexError):
            nb.asarray(x)[index]
        return
    np.testing.assert_array_equal(nb.asarray(x)[index].numpy(), want)
    v = rng.normal(size=want.shape)
    for op, ours in ((nb.setitem, np.ndarray.__setitem__), (nb.scatter_add, np.add.at)):
        changed = x.copy()
        ours(changed, index, v)
        np.testing.assert_allclose(op(nb.asarray(x), index, v).numpy(), changed, rtol=1e-13)


def test_views_and_copies_of_them(rng):
    a = rng.normal(size=(6, 8, 10))
    x = nb.asarray(a)
    for view, like in ((lambda t: t.permute_dims(2, 0, 1), a.transpose(2, 0, 1)),
                       (lambda t: nb.flip(t, (0, 2)), np.flip(a, (0, 2))),
                       (lambda t: nb.swapaxes(nb.flip(t, 1), 0, 2), np.swapaxes(np.flip(a, 1), 0, 2)),
                       (lambda t: nb.broadcast_to(nb.expand_dims(t, 0), (3, 6, 8, 10)),
                        np.broadcast_to(a[None], (3, 6, 8, 10)))):
        y = view(x)
        np.testing.assert_array_equal(y.numpy(), like)
        np.testing.assert_array_equal((y + y).numpy(), like + like)
        np.testing.assert_array_equal(nb.reshape(y, -1).numpy(), like.reshape(-1))
        np.testing.assert_allclose(nb.sum(y, axis=1).numpy(), like.sum(1))


def test_a_step_of_training_a_network(rng):
    data, classes = rng.normal(size=(20, 12)).astype(np.float32), rng.integers(0, 4, 20)
    sizes = [(12, 16), (16,), (16, 4), (4,)]
    start = [(0.3 * rng.normal(size=s)).astype(np.float32) for s in sizes]

    def trained():
        w1, b1, w2, b2 = weights = [nb.asarray(w, requires_grad=True) for w in start]
        descent = nb.optim.Adam(weights, lr=0.01)
        losses = []
        for _ in range(3):
            descent.zero_grad()
            loss = nb.cross_entropy(nb.tanh(nb.asarray(data) @ w1 + b1) @ w2 + b2, nb.asarray(classes))
            loss.backward()
            descent.step()
            losses.append(loss.item())
        return losses, [w.detach().numpy() for w in weights]

    losses, weights = trained()
    with nb.device("cpu"):
        expected, there = trained()
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    for got, want in zip(weights, there, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-5)


def test_steps_of_the_digits_example(rng, monkeypatch):
    if nb.ones(1).device == "cuda-sim":
        pytest.skip("the simulator takes minutes")
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "examples")
    digits = import_module("digits")
    data, start = digits.load(), rng.bit_generator.state

    def losses():
        rng.bit_generator.state = start
        params, found = digits.init(rng), []
        descent = nb.optim.Adam(lr=digits.RATE)
        for step in range(2):
            part = slice(8 * step, 8 * (step + 1))
            value, g = nb.value_and_grad(digits.loss)(params, data.train_x[part], data.train_y[part])
            params = descent.update(params, g)
            found.append(value.item())
        return found, digits.predict(params, data.test_x[:8])

    found, read = losses()
    with nb.device("cpu"):
        expected, there = losses()
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    np.testing.assert_array_equal(read, there)
