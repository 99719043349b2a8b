"""nbgrad.optim: steps against closed forms and PyTorch, both ways of use, trees, and what is refused."""

import dataclasses
import importlib.util

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.compile import cache
from nbgrad.errors import GradientError, ShapeError, ValueRangeError

METHODS = {
    "sgd": lambda *p: nb.optim.SGD(*p, lr=0.1),
    "momentum": lambda *p: nb.optim.SGD(*p, lr=0.1, momentum=0.9),
    "adam": lambda *p: nb.optim.Adam(*p, lr=0.1),
    "adamw": lambda *p: nb.optim.AdamW(*p, lr=0.1),
    "rmsprop": lambda *p: nb.optim.RMSProp(*p, lr=0.1),
    "rmsprop_momentum": lambda *p: nb.optim.RMSProp(*p, lr=0.1, momentum=0.9),
}
each_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


def leaf(values, dtype="float64"):
    return nb.tensor(values, dtype=dtype, requires_grad=True)


def gradients(steps, shape=(3,), seed=0):
    return np.random.default_rng(seed).normal(size=(steps, *shape))


# ---------------------------------------------------------------------------------------- closed forms
def test_sgd_on_a_parabola():
    """The gradient of a/2 x^2 shrinks x by 1 - lr a in every step."""
    a, x = np.array([1.0, 3.0, 5.0]), nb.asarray([1.0, -2.0, 0.5])
    optimizer = nb.optim.SGD(lr=0.1)
    for _ in range(20):
        x = optimizer.update(x, a * x)
    np.testing.assert_allclose(x, np.array([1.0, -2.0, 0.5]) * (1 - 0.1 * a) ** 20, rtol=1e-13)


def test_momentum_on_a_parabola():
    """(x, v) goes through the same matrix in every step."""
    a, lr, mu = 2.0, 0.1, 0.9
    x, optimizer = nb.asarray([1.5]), nb.optim.SGD(lr=lr, momentum=mu)
    for _ in range(20):
        x = optimizer.update(x, a * x)
    step = np.array([[1 - lr * a, -lr * mu], [a, mu]])
    np.testing.assert_allclose(x[0], (np.linalg.matrix_power(step, 20) @ [1.5, 0.0])[0], rtol=1e-12)


def test_momentum_by_hand():
    optimizer, x = nb.optim.SGD(lr=0.5, momentum=0.5), 1.0
    for g, want in ((2.0, 0.0), (4.0, -2.5), (0.0, -3.75)):       # v = 2, 5, 2.5
        x = optimizer.update(x, g)
        assert x.item() == want


def test_adam_by_hand():
    """The first step is lr long whatever the gradient; the next ones follow algorithm 1 of the paper."""
    first = nb.optim.Adam(lr=0.01, eps=0).update(np.zeros(3), np.array([1e-6, -3.0, 1e5]))
    np.testing.assert_allclose(first, [-0.01, 0.01, -0.01], rtol=1e-14)

    lr, b1, b2, eps = 0.03, 0.8, 0.95, 1e-3
    optimizer, x = nb.optim.Adam(lr=lr, betas=(b1, b2), eps=eps), nb.asarray([1.0, 2.0, 3.0])
    want, m, v = np.array([1.0, 2.0, 3.0]), 0.0, 0.0
    for t, g in enumerate(gradients(12), 1):
        x = optimizer.update(x, g)
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g ** 2
        want = want - lr * (m / (1 - b1 ** t)) / (np.sqrt(v / (1 - b2 ** t)) + eps)
        np.testing.assert_allclose(x, want, rtol=1e-13)


def test_adam_without_a_gradient_of_its_own():
    """Zero gradients move nothing and divide by nothing."""
    x = nb.optim.Adam().update(np.ones(3), np.zeros(3))
    np.testing.assert_array_equal(x, np.ones(3))


def test_adamw_by_hand():
    """The decay is no part of the gradient: it shrinks x by the same factor whatever the memory."""
    lr, b1, b2, eps, decay = 0.03, 0.8, 0.95, 1e-3, 0.2
    optimizer = nb.optim.AdamW(lr=lr, betas=(b1, b2), eps=eps, weight_decay=decay)
    x, want, m, v = nb.asarray([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]), 0.0, 0.0
    for t, g in enumerate(gradients(12), 1):
        x = optimizer.update(x, g)
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g ** 2
        want = (1 - lr * decay) * want - lr * (m / (1 - b1 ** t)) / (np.sqrt(v / (1 - b2 ** t)) + eps)
        np.testing.assert_allclose(x, want, rtol=1e-13)
    same, plain = nb.optim.AdamW(lr=0.1, weight_decay=0), nb.optim.Adam(lr=0.1)
    for g in gradients(3):
        np.testing.assert_array_equal(same.update(np.ones(3), g), plain.update(np.ones(3), g))


@pytest.mark.parametrize("momentum", [0.0, 0.7])
def test_rmsprop_by_hand(momentum):
    lr, alpha, eps = 0.03, 0.8, 1e-3
    optimizer = nb.optim.RMSProp(lr=lr, alpha=alpha, eps=eps, momentum=momentum)
    x, want, v, u = nb.asarray([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]), 0.0, 0.0
    for g in gradients(12):
        x = optimizer.update(x, g)
        v = alpha * v + (1 - alpha) * g ** 2
        u = momentum * u + g / (np.sqrt(v) + eps)
        want = want - lr * u
        np.testing.assert_allclose(x, want, rtol=1e-13)


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("name, kwargs", [
    ("SGD", {"lr": 0.1}), ("SGD", {"lr": 0.1, "momentum": 0.9}), ("Adam", {"lr": 0.05}),
    ("Adam", {"lr": 0.05, "betas": (0.7, 0.9), "eps": 1e-2}),
    ("AdamW", {}), ("AdamW", {"lr": 0.05, "betas": (0.7, 0.9), "eps": 1e-2, "weight_decay": 0.3}),
    ("RMSprop", {}), ("RMSprop", {"lr": 0.05, "alpha": 0.7, "eps": 1e-2, "momentum": 0.8})])
@pytest.mark.parametrize("dtype, rtol", [("float64", 1e-12), ("float32", 1e-4)])
def test_same_as_torch(name, kwargs, dtype, rtol):
    """Also when a parameter misses some gradients, and when lr changes."""
    import torch

    start, given = gradients(2, (4, 3), seed=1), gradients(30, (2, 4, 3), seed=2)
    ours = [leaf(s, dtype) for s in start]
    theirs = [torch.tensor(s, dtype=getattr(torch, dtype), requires_grad=True) for s in start]
    optimizer = getattr(nb.optim, name.replace("RMSprop", "RMSProp"))(ours, **kwargs)
    reference = getattr(torch.optim, name)(theirs, **kwargs)
    start_lr = optimizer.lr
    assert start_lr == reference.param_groups[0]["lr"]
    for k, pair in enumerate(given):
        optimizer.zero_grad()
        reference.zero_grad()
        for x, t, g in zip(ours[k % 3 == 0:], theirs[k % 3 == 0:], pair, strict=False):
            (x * g).sum().backward()
            (t * torch.tensor(g)).sum().backward()
        optimizer.lr = reference.param_groups[0]["lr"] = start_lr / (1 + k)
        optimizer.step()
        reference.step()
    for x, t in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(x.detach(), t.detach().numpy(), rtol=rtol, atol=rtol)


# --------------------------------------------------------------------------------------- two ways of use
@each_method
def test_step_and_update_agree(method):
    def loss(p):
        return nb.sum(nb.square(p["w"] @ p["w"]) + p["b"])

    start = {"w": np.array([[0.5, -1.0], [2.0, 0.1]]), "b": np.array([1.0, 2.0])}
    leaves = {k: leaf(v) for k, v in start.items()}
    by_step, by_update, p = method(leaves), method(), start
    for _ in range(5):
        by_step.zero_grad()
        loss(leaves).backward()
        by_step.step()
        p = by_update.update(p, nb.grad(loss)(p))
    for k, x in p.items():
        np.testing.assert_array_equal(leaves[k].detach(), x)
        assert leaves[k].requires_grad
        assert leaves[k].is_leaf
        assert not x.requires_grad


@each_method
def test_step_leaves_saved_values_alone(method):
    w = leaf([1.0, 2.0])
    y = (w * w * w).sum()
    y.backward(retain_graph=True)
    before = w.grad
    method([w]).step()
    w.grad = None
    y.backward()
    np.testing.assert_array_equal(w.grad, before)
    np.testing.assert_array_equal(before, [3.0, 12.0])


def test_zero_grad_forgets_what_backward_adds_up():
    w = leaf([1.0, 2.0])
    optimizer = nb.optim.SGD([w], lr=1.0)
    for total in (1.0, 2.0):
        w.sum().backward()
        np.testing.assert_array_equal(w.grad, [total, total])
    optimizer.zero_grad()
    assert w.grad is None
    optimizer.step()
    np.testing.assert_array_equal(w.detach(), [1.0, 2.0])


@each_method
def test_step_under_no_grad(method):
    w = leaf([1.0, 2.0])
    w.sum().backward()
    optimizer = method([w])
    with nb.no_grad():
        optimizer.step()
    assert w.is_leaf
    np.testing.assert_array_equal(w.detach(), method().update(np.array([1.0, 2.0]), np.ones(2)))


# ----------------------------------------------------------------------------------------------- trees
@dataclasses.dataclass
class Layer:
    w: object
    b: object
    name: str = "dense"


@each_method
def test_trees_keep_their_form(method):
    params = {"layers": [Layer(np.ones((2, 3)), np.zeros(3)), Layer(np.ones(3), 0.5, "last")],
              "scale": (2.0, None), "count": 7}

    def loss(p):
        first, last = p["layers"]
        return nb.sum(first.w + first.b) * nb.sum(last.w) + last.b * p["scale"][0] * p["count"]

    new = method().update(params, nb.grad(loss)(params))
    assert list(new) == ["layers", "scale", "count"]
    assert type(new["layers"]) is list
    assert type(new["layers"][0]) is Layer
    assert new["layers"][1].name == "last"
    assert new["count"] == 7
    assert type(new["scale"]) is tuple
    assert new["scale"][1] is None
    assert new["layers"][0].w.shape == (2, 3)
    assert new["scale"][0].shape == ()
    assert loss(new).item() < loss(params)
    np.testing.assert_array_equal(params["layers"][0].w, np.ones((2, 3)))


@each_method
def test_a_leaf_without_gradient_stays_and_the_others_get_their_own(method):
    params = {"a": np.ones(2), "b": [np.ones(2), np.ones(2)], "c": np.ones(2)}
    optimizer = method()
    for _ in range(2):
        params = optimizer.update(params, {"c": np.full(2, -1.0), "b": None, "a": None})
    np.testing.assert_array_equal(params["a"], [1, 1])
    np.testing.assert_array_equal(params["b"], np.ones((2, 2)))
    assert (params["c"].numpy() > 1.19).all()


def test_bias_is_corrected_by_each_leafs_own_count():
    optimizer = nb.optim.Adam(lr=0.1, eps=0)
    x = optimizer.update([1.0, 1.0], [1.0, None])
    x = optimizer.update(x, [None, 3.0])
    np.testing.assert_allclose(x, [0.9, 0.9], rtol=1e-14)


@pytest.mark.parametrize("give", [
    lambda p: p, tuple, iter, lambda p: dict(enumerate(p)), lambda p: dict(enumerate(p)).values(),
    lambda p: Layer(*p), lambda p: {"nested": [p[0], {"deeper": p[1]}], "frozen": nb.ones(2)}])
def test_constructor_takes_trees_and_iterators(give):
    p = [leaf([1.0]), leaf([2.0])]
    optimizer = nb.optim.SGD(give(p), lr=1.0)
    (p[0] * p[1]).sum().backward()
    optimizer.step()
    assert [x.item() for x in p] == [-1.0, 1.0]


def test_constructor_takes_one_tensor():
    w = leaf([[1.0, 2.0], [3.0, 4.0]])
    w.sum().backward()
    nb.optim.SGD(w, lr=1.0).step()
    np.testing.assert_array_equal(w.detach(), [[0, 1], [2, 3]])


# ---------------------------------------------------------------------------------- dtypes and kernels
@each_method
@pytest.mark.parametrize("lr", [0.1, 1, np.float64(0.1), np.float32(0.1)])
def test_float32_is_kept(method, lr):
    optimizer, x = method(), nb.ones((2, 3), dtype="float32")
    optimizer.lr = lr
    for g in (np.ones((2, 3), np.float32), np.ones((2, 3))):
        x = optimizer.update(x, g)
        assert x.dtype == np.float32
    w = leaf(1.0, "float32")
    w.grad = nb.asarray(2.0)
    method([w]).step()
    assert w.dtype == np.float32


@each_method
def test_any_strides_and_no_elements(method):
    x, g = gradients(1, (3, 4))[0], gradients(1, (3, 4), seed=1)[0]
    want = method().update(x, g)
    np.testing.assert_array_equal(method().update(np.asfortranarray(x), g), want)
    np.testing.assert_array_equal(method().update(x, nb.asarray(g.T.copy()).T), want)
    assert method().update(np.ones((0, 2)), np.ones((0, 2))).shape == (0, 2)


@each_method
def test_a_new_lr_compiles_nothing(method):
    optimizer, x = method(), nb.ones(5)
    x = optimizer.update(x, x)
    kernels = len(cache.LOADED)
    for lr in (0.01, 0.02, 0.5):
        optimizer.lr = lr
        x = optimizer.update(x, x)
    assert len(cache.LOADED) == kernels


@each_method
def test_infinite_and_nan_gradients_show(method):
    x = method().update(np.ones(3), np.array([np.nan, np.inf, 1.0]))
    assert np.isnan(x[0].item())
    assert not np.isfinite(x[1].item())
    assert np.isfinite(x[2].item())


# ------------------------------------------------------------------------------ gradients of an update
def test_gradient_through_updates():
    """For two steps on a/2 x^2, x2 = (1 - lr a)^2 x0: derivatives of x2^2 / 2 in x0 and in lr."""
    a, x0, lr = 3.0, 0.7, 0.1

    def after(x, lr):
        optimizer = nb.optim.SGD(lr=lr)
        for _ in range(2):
            x = optimizer.update(x, nb.grad(lambda x: a / 2 * nb.square(x))(x))
        return nb.square(x) / 2

    gx, glr = nb.grad(after, (0, 1))(x0, lr)
    shrink = 1 - lr * a
    np.testing.assert_allclose([gx, glr], [shrink ** 4 * x0, -2 * a * shrink ** 3 * x0 ** 2], rtol=1e-13)
    _, t = nb.jvp(after, (x0, lr), (1.0, 0.0))
    np.testing.assert_allclose(t, shrink ** 4 * x0, rtol=1e-13)


@pytest.mark.parametrize("name", ["momentum", "adam", "adamw", "rmsprop", "rmsprop_momentum"])
def test_gradient_through_memory(name):
    g = gradients(3)

    def after(x):
        optimizer = METHODS[name]()
        for k in range(3):
            x = optimizer.update(x, x * g[k])
        return nb.sum(nb.square(x))

    x, u = np.array([0.5, -1.0, 2.0]), np.array([1.0, 0.3, -0.4])
    slope = (after(x + 1e-6 * u) - after(x - 1e-6 * u)) / 2e-6
    np.testing.assert_allclose(nb.grad(after)(x) @ u, slope, rtol=1e-7)
    np.testing.assert_allclose(nb.directional_derivative(after, x, u), slope, rtol=1e-7)


# ------------------------------------------------------------------------------------ what is refused
@pytest.mark.parametrize("make, message", [
    (lambda: nb.optim.SGD(lr=-0.1), "SGD: lr must not be negative, got -0.1"),
    (lambda: nb.optim.Adam(lr=-1), "Adam: lr must not be negative, got -1"),
    (lambda: nb.optim.Adam(lr=np.nan), "Adam: lr must not be negative, got nan"),
    (lambda: nb.optim.RMSProp(alpha=1), "RMSProp: alpha must lie from 0 to below 1, got 1"),
    (lambda: nb.optim.AdamW(weight_decay=-1), "AdamW: weight_decay must not be negative, got -1"),
    (lambda: nb.optim.LBFGS(max_iter=0), "LBFGS: max_iter must be 1 or more, got 0"),
    (lambda: nb.optim.SGD(lr=lambda step: -1.0).update(1.0, 1.0), "SGD: lr must not be negative, got -1.0"),
    (lambda: nb.optim.SGD(momentum=-0.5), "SGD: momentum must not be negative, got -0.5"),
    (lambda: nb.optim.Adam(betas=(0.9, 1.0)), r"Adam: betas must lie from 0 to below 1, got 1.0"),
])
def test_bad_numbers(make, message):
    with pytest.raises(ValueRangeError, match=message):
        make()


def test_zero_lr_moves_nothing():
    np.testing.assert_array_equal(nb.optim.Adam(lr=0).update(np.ones(2), np.ones(2)), [1, 1])


@pytest.mark.parametrize("params", [
    [], [nb.ones(2)], [np.ones(2)], nb.ones(2), 3.0, [leaf([1.0]) * 2], [leaf([1.0]), leaf([1.0]) * 2]])
def test_step_needs_leaves(params):
    with pytest.raises(GradientError, match=r"Adam: step\(\) moves tensors made with requires_grad=True"):
        nb.optim.Adam(params)


@pytest.mark.parametrize("params, grads, message", [
    ({"a": 1.0}, {"b": 1.0}, "update: got a tree of the form {'b': \\*}, but needs {'a': \\*}"),
    ([1.0, 2.0], [1.0], "update: got a tree"),
    ([1.0], {"a": 1.0}, "update: got a tree"),
    ({"a": 1.0, "b": 2.0}, np.ones(2), "update: got a tree"),
    (np.ones(3), np.ones((3, 3)), r"SGD: got shape \(3, 3\), but this gradient's parameter has shape \(3,\)"),
    (np.ones(3), 1.0, r"SGD: got shape \(\), but"),
])
def test_gradients_that_do_not_fit(params, grads, message):
    with pytest.raises(ShapeError, match=message):
        nb.optim.SGD().update(params, grads)


def test_one_optimizer_serves_one_tree():
    optimizer = nb.optim.Adam()
    optimizer.update(np.ones(3), np.ones(3))
    for other in (np.ones(4), [np.ones(3), np.ones(3)]):
        with pytest.raises(ShapeError, match=r"Adam: .* needs \[\(3,\)\] as before: make an optimiser"):
            optimizer.update(other, other)


def test_a_refused_step_changes_nothing():
    optimizer = nb.optim.Adam(lr=0.1, eps=0)
    with pytest.raises(ShapeError):
        optimizer.update([1.0, 1.0], [5.0, np.ones(2)])
    np.testing.assert_allclose(optimizer.update([1.0, 1.0], [1.0, -3.0]), [0.9, 1.1], rtol=1e-14)
