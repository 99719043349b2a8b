"""Clipped gradients by hand and as PyTorch's; trees, dtypes, infinities, and derivatives."""

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.errors import ValueRangeError


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_norm_of_all_leaves(dtype):
    tree = {"w": np.array([[3.0, 0.0], [0.0, 0.0]], dtype), "b": [np.array(4.0, dtype), None, 7]}
    found = nb.optim.clip_by_norm(tree, 2.5)
    np.testing.assert_allclose(found["w"], tree["w"] / 2, rtol=1e-6)
    np.testing.assert_allclose(found["b"][0], 2, rtol=1e-6)
    assert found["b"][1:] == [None, 7]
    assert found["w"].dtype == found["b"][0].dtype == dtype
    for most in (5.0, 6.0, np.inf):
        np.testing.assert_array_equal(nb.optim.clip_by_norm(tree, most)["w"], tree["w"])


def test_values():
    tree = [np.array([-3.0, 0.5, np.nan, np.inf], np.float32), 3.0, None, np.arange(3)]
    found = nb.optim.clip_by_value(tree, 1.0)
    np.testing.assert_array_equal(found[0], np.float32([-1, 0.5, np.nan, 1]))
    assert found[0].dtype == np.float32 and found[1].item() == 1 and found[2] is None
    assert found[3] is tree[3]


def test_same_as_torch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    for scale in (0.01, 1.0, 100.0):
        grads = [scale * rng.normal(size=s) for s in ((3, 4), (5,), ())]
        theirs = [torch.zeros(g.shape, dtype=torch.float64, requires_grad=True) for g in grads]
        for clip, torchs, rtol in ((nb.optim.clip_by_norm, torch.nn.utils.clip_grad_norm_, 1e-6),
                                   (nb.optim.clip_by_value, torch.nn.utils.clip_grad_value_, 0)):
            for t, g in zip(theirs, grads, strict=True):
                t.grad = torch.tensor(g)
            torchs(theirs, 1.5)
            for x, t in zip(clip(grads, 1.5), theirs, strict=True):
                np.testing.assert_allclose(x, t.grad.numpy(), rtol=rtol)    # torch adds 1e-6 to the norm


def test_zeros_strides_and_no_elements():
    for x in (np.zeros(3), np.zeros((0, 2)), np.float64(0)):
        np.testing.assert_array_equal(nb.optim.clip_by_norm(x, 1.0), x)
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(nb.optim.clip_by_norm(x.T, 1.0), x.T / np.sqrt(55), rtol=1e-15)
    assert nb.optim.clip_by_norm([None, 1], 1.0) == [None, 1]


def test_sizes_that_overflow_and_what_is_not_finite():
    x = np.array([3e200, 4e200])
    np.testing.assert_allclose(nb.optim.clip_by_norm(x, 1.0), [0.6, 0.8], rtol=1e-14)
    np.testing.assert_array_equal(nb.optim.clip_by_norm([np.nan, 1.0], 1.0), [np.nan, np.nan])
    np.testing.assert_array_equal(nb.optim.clip_by_norm([np.inf, 1.0], 1.0), [np.nan, 0])


def test_gradients_flow_through():
    def loss(x, clip, most):
        return nb.sum(clip(x, most) * np.array([1.0, -2.0, 0.5]))

    x, u = np.array([0.3, 2.0, -1.0]), np.array([1.0, 0.5, -0.7])
    norm, value = nb.optim.clip_by_norm, nb.optim.clip_by_value
    for clip, most in ((norm, 1.0), (norm, 9.0), (value, 1.5)):
        slope = (loss(x + 1e-6 * u, clip, most) - loss(x - 1e-6 * u, clip, most)) / 2e-6
        np.testing.assert_allclose(nb.grad(loss)(x, clip, most) @ u, slope, rtol=1e-6)
        np.testing.assert_allclose(nb.jacfwd(loss)(x, clip, most) @ u, slope, rtol=1e-6)
    np.testing.assert_array_equal(nb.grad(loss)(np.zeros(3), nb.optim.clip_by_norm, 1.0), [1, -2, 0.5])


@pytest.mark.parametrize("clip", [nb.optim.clip_by_norm, nb.optim.clip_by_value])
@pytest.mark.parametrize("most", [0, -1.0, np.nan])
def test_what_is_refused(clip, most):
    with pytest.raises(ValueRangeError, match=f"{clip.__name__}: most must be above 0"):
        clip(np.ones(2), most)
