"""The engine: nesting, perturbation confusion, the tape, memory."""

import gc
import itertools
import math
import threading
import weakref

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.engine.graph import TAPE
from nbgrad.engine.tensor import raw


def tangent(f):
    """The derivative of a function of a scalar by forward mode."""
    return lambda x: nb.jvp(f, (x,), (nb.ones_like(x) if isinstance(x, nb.Tensor) else 1.0,))[1]


MODES = {"reverse": nb.grad, "forward": tangent}
PAIRS = list(itertools.product(MODES, MODES))


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_no_perturbation_confusion(outer, inner):
    out, into = MODES[outer], MODES[inner]
    # Siskind and Pearlmutter 2005: d/dx (x * d/dy (x + y) at y = 1) at x = 1 is 1, not 2
    assert float(out(lambda x: x * into(lambda y: x + y)(1.0))(1.0)) == 1
    assert float(out(lambda x: x * into(lambda y: x * 1.0)(0.0))(1.0)) == 0
    # d/dx (x * d/dy (x y^2) at y = 3) = d/dx 6 x^2 = 24 at x = 2
    assert float(out(lambda x: into(lambda y: x * y * y)(3.0) * x)(2.0)) == 24


@pytest.mark.parametrize("modes", list(itertools.product(MODES, repeat=3)))
def test_third_derivative_in_every_nesting(modes):
    f = nb.tanh
    for mode in modes:
        f = MODES[mode](f)
    t = math.tanh(0.7)
    np.testing.assert_allclose(float(f(0.7)), (1 - t * t) * (6 * t * t - 2), rtol=1e-13)


@pytest.mark.parametrize("mode", MODES)
def test_a_leaked_tensor_is_a_constant(mode):
    kept = []
    nb.grad(lambda x: (kept.append(x), x * x)[1])(2.0)
    assert float(MODES[mode](lambda y: y * kept[0])(5.0)) == 2


def test_results_of_transforms_carry_no_trace():
    (value, aux), gradient = nb.value_and_grad(lambda x: (nb.sum(x * x), {"twice": 2 * x}), has_aux=True)(
        nb.ones(3)
    )
    y, pullback = nb.vjp(lambda x: [x * x, x], nb.ones(3))
    z, t = nb.jvp(nb.sin, (nb.ones(3),), (nb.ones(3),))
    w, push = nb.linearize(nb.sin, nb.ones(3))
    jac = nb.jacobian(nb.sin)(nb.ones(3))
    for result in (
        value,
        aux["twice"],
        gradient,
        *y,
        *pullback([nb.ones(3)] * 2),
        z,
        t,
        w,
        push(nb.ones(3)),
        jac,
    ):
        assert result.trace is None


# ------------------------------------------------------------------------------------------- no_grad
def test_no_grad_inside_grad_makes_constants():
    def f(x):
        with nb.no_grad():
            constant = x * x
        return constant * x

    assert float(nb.grad(f)(3.0)) == 9


def test_grad_inside_no_grad_works():
    with nb.no_grad():
        assert float(nb.grad(lambda x: x * x)(3.0)) == 6

    def f(x):
        with nb.no_grad():
            inner = nb.grad(lambda y: y * y * x)(3.0)
        return inner * x

    assert float(nb.grad(f)(2.0)) == 12


def test_no_grad_as_a_decorator_and_nested():
    @nb.no_grad()
    def square(x):
        return x * x

    w = nb.asarray(2.0, requires_grad=True)
    assert not square(w).requires_grad
    with nb.no_grad(), nb.no_grad():
        assert not (w * w).requires_grad
    assert (w * w).requires_grad


# ----------------------------------------------------------------------------------- the tape and .grad
def test_backward_accumulates():
    w = nb.asarray([1.0, 2.0], requires_grad=True)
    nb.sum(w * w).backward()
    nb.sum(3 * w).backward()
    np.testing.assert_array_equal(w.grad.numpy(), [5, 7])
    w.grad = None
    nb.sum(w).backward()
    np.testing.assert_array_equal(w.grad.numpy(), [1, 1])


def test_backward_with_a_cotangent_is_a_vector_jacobian_product():
    x = nb.asarray([1.0, 2.0, 3.0], requires_grad=True)
    (x * x).backward(nb.asarray([1.0, 10.0, 100.0]))
    np.testing.assert_array_equal(x.grad.numpy(), [2, 40, 600])


def test_backward_twice_needs_retain_graph():
    x = nb.asarray(2.0, requires_grad=True)
    y = nb.sin(x) * x
    y.backward(retain_graph=True)
    y.backward()
    assert float(x.grad) == pytest.approx(2 * (math.cos(2) * 2 + math.sin(2)))
    with pytest.raises(nb.errors.GradientError, match=r"multiply.*retain_graph=True"):
        y.backward()


def test_a_shared_part_that_was_freed_is_named():
    x = nb.asarray(2.0, requires_grad=True)
    shared = nb.exp(x)
    (shared * 2.0).backward()
    with pytest.raises(nb.errors.GradientError, match="exp"):
        (shared * 3.0).backward()


def test_requires_grad_tensors_under_a_transform():
    w = nb.asarray(2.0, requires_grad=True)
    slope = nb.grad(lambda x: w * x * x)(3.0)
    assert slope.trace is TAPE
    assert float(slope) == 12
    (slope * slope).backward()  # d/dw (2 w x)^2 = 8 w x^2
    assert float(w.grad) == 144


def test_gradient_penalty_through_grad_of_a_leaf():
    w = nb.asarray([1.0, 2.0], requires_grad=True)
    g = nb.grad(lambda v: nb.sum(v**3))(w)
    nb.sum(g * g).backward()  # d/dw sum 9 w^4
    np.testing.assert_allclose(w.grad.numpy(), [36, 288])


def test_in_place_on_a_leaf():
    w = nb.asarray([1.0, 2.0], requires_grad=True)
    with pytest.raises(nb.errors.GradientError, match="no_grad"):
        w += 1.0
    with pytest.raises(nb.errors.GradientError, match="no_grad"):
        w[0] = 1.0
    handle = w
    with nb.no_grad():
        w -= 0.5
        w[1] = 7.0
    assert w is handle
    assert w.requires_grad
    nb.sum(w * w).backward()
    np.testing.assert_array_equal(w.grad.numpy(), [1, 14])


def test_in_place_on_a_result_rebinds_the_handle():
    x = nb.asarray([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 1.0
    saved = nb.square(y)  # reads y as it is now
    view = y[1:]
    alias = y
    y[0] = 5.0
    y *= 2.0
    assert alias is y
    np.testing.assert_array_equal(view.detach().numpy(), [4, 6])
    nb.sum(saved + y).backward()
    np.testing.assert_array_equal(x.grad.numpy(), [2, 6, 8])


def test_a_source_array_may_change_after_use():
    data = np.array([1.0, 2.0])
    x = nb.asarray([3.0, 4.0], requires_grad=True)
    y = nb.sum(x * data)
    data[:] = 100.0
    y.backward()
    np.testing.assert_array_equal(x.grad.numpy(), [1, 2])


def test_copy_false_shares_and_protects():
    data = np.arange(3.0)
    t = nb.asarray(data, copy=False)
    assert np.shares_memory(raw(t), data)
    with pytest.raises(ValueError, match="read-only"):
        data[0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        t.numpy()[0] = 1.0


# ------------------------------------------------------------------------------------------- transforms
def test_trees_go_through_every_transform():
    import dataclasses

    @dataclasses.dataclass
    class Layer:
        w: object
        n: int

    params = {"a": [nb.ones(2), 3.0], "b": (Layer(nb.full(2, 2.0), 5), None), "name": "net"}

    def f(p):
        return nb.sum(p["a"][0] * p["b"][0].w * p["b"][0].n) * p["a"][1]

    value, g = nb.value_and_grad(f)(params)
    assert float(value) == 60
    np.testing.assert_array_equal(g["a"][0].numpy(), [30, 30])
    assert float(g["a"][1]) == 20
    assert isinstance(g["b"][0], Layer)
    np.testing.assert_array_equal(g["b"][0].w.numpy(), [15, 15])
    assert g["b"][0].n is None
    assert g["b"][1] is None
    assert g["name"] is None
    hv = nb.hvp(lambda q: q["x"] * q["x"] * q["y"], {"x": 2.0, "y": 3.0}, {"x": 1.0, "y": 0.0})
    assert (float(hv["x"]), float(hv["y"])) == (6, 4)


def test_argnums_and_aux():
    def f(x, y, scale=1.0):
        return x * y * y * scale

    assert float(nb.grad(f, 1)(2.0, 3.0)) == 12
    gx, gy = nb.grad(f, (0, 1))(2.0, 3.0, scale=10.0)
    assert (float(gx), float(gy)) == (90, 120)
    assert [float(g) for g in nb.grad(f, (-1,))(2.0, 3.0)] == [12]
    g, aux = nb.grad(lambda x: (x * x, [x, "text"]), has_aux=True)(3.0)
    assert float(g) == 6
    assert float(aux[0]) == 3
    assert aux[1] == "text"


def test_integer_and_boolean_arguments_are_constants():
    y, pullback = nb.vjp(
        lambda x, i, m: nb.where(m, x[i], 0.0), nb.arange(4.0), np.array([3, 1]), np.array([True, False])
    )
    gx, gi, gm = pullback(np.array([1.0, 1.0]))
    np.testing.assert_array_equal(y.numpy(), [3, 0])
    np.testing.assert_array_equal(gx.numpy(), [0, 0, 0, 1])
    assert gi is None
    assert gm is None


def test_linearize_is_the_tangent():
    def f(x):
        return nb.sin(x) * nb.sum(x)

    x, dx = np.array([0.3, 0.5, -1.0]), np.array([1.0, -2.0, 0.5])
    y, push = nb.linearize(f, x)
    for scale in (1.0, 2.0):
        np.testing.assert_allclose(
            push(scale * dx).numpy(), nb.jvp(f, (x,), (scale * dx,))[1].numpy(), rtol=1e-13
        )
    np.testing.assert_allclose(y.numpy(), f(nb.asarray(x)).numpy())


@pytest.mark.parametrize("mode", ["rev", "fwd", "auto"])
def test_jacobian_modes_agree(mode, rng):
    a = rng.normal(size=(2, 3))

    def f(x):
        return nb.tanh(nb.asarray(a) @ x)

    x = rng.normal(size=3)
    want = (1 - np.tanh(a @ x) ** 2)[:, None] * a
    np.testing.assert_allclose(nb.jacobian(f, mode=mode)(x).numpy(), want, rtol=1e-13)


def test_jacobian_of_trees():
    jac = nb.jacobian(lambda p: {"s": nb.sum(p["x"]) * p["y"], "v": p["x"] * p["x"]})(
        {"x": np.array([1.0, 2.0]), "y": 3.0}
    )
    np.testing.assert_array_equal(jac["s"]["x"].numpy(), [3, 3])
    assert float(jac["s"]["y"]) == 3
    np.testing.assert_array_equal(jac["v"]["x"].numpy(), [[2, 0], [0, 4]])
    np.testing.assert_array_equal(jac["v"]["y"].numpy(), [0, 0])


def test_hessian_hvp_and_directional_derivative(rng):
    a = rng.normal(size=(4, 4))

    def f(x):
        return nb.sum(x * (nb.asarray(a) @ x)) + nb.sum(nb.exp(x))

    x, v = rng.normal(size=4), rng.normal(size=4)
    want = a + a.T + np.diag(np.exp(x))
    np.testing.assert_allclose(nb.hessian(f)(x).numpy(), want, rtol=1e-12)
    np.testing.assert_allclose(nb.hvp(f, x, v).numpy(), want @ v, rtol=1e-12)
    np.testing.assert_allclose(
        float(nb.directional_derivative(f, x, v)), nb.grad(f)(x).numpy() @ v, rtol=1e-12
    )


def test_checkpoint_recomputes():
    calls = []

    def f(p):
        calls.append(1)
        return {"y": nb.sin(p["x"]) * p["x"]}

    def loss(g):
        return lambda x: nb.sum(g({"x": x, "n": 3})["y"] ** 2)

    x = np.array([0.5, 1.5])
    g = nb.checkpoint(f)
    want = nb.grad(loss(f))(x).numpy()
    calls.clear()
    np.testing.assert_allclose(nb.grad(loss(g))(x).numpy(), want, rtol=1e-14)
    assert len(calls) == 2
    np.testing.assert_allclose(nb.hessian(loss(g))(x).numpy(), nb.hessian(loss(f))(x).numpy(), rtol=1e-13)
    np.testing.assert_allclose(float(nb.jvp(loss(g), (x,), (x,))[1]), want @ x, rtol=1e-13)


def test_checkpoint_refuses_hidden_inputs():
    w = nb.asarray(2.0, requires_grad=True)
    x = nb.asarray(3.0, requires_grad=True)
    with pytest.raises(nb.errors.GradientError, match="argument"):
        nb.checkpoint(lambda t: t * w)(x)


def test_stop_gradient():
    assert float(nb.grad(lambda x: nb.stop_gradient(x * x) * x)(3.0)) == 9
    assert float(nb.grad(nb.grad(lambda x: nb.stop_gradient({"a": x})["a"] * x))(3.0)) == 0


def test_gradients_have_the_dtype_of_their_inputs():
    x, w = np.ones(3, np.float32), np.ones(3)
    gx, gw = nb.grad(lambda x, w: nb.sum(x * w * 2.0), (0, 1))(x, w)
    assert gx.dtype == np.float32
    assert gw.dtype == np.float64
    gx, gw = nb.grad(lambda x, w: nb.sum(x + w), (0, 1))(x, w)
    assert gx.dtype == np.float32
    halved = nb.elementwise("halved_of_tests", lambda x: x * 0.5, lambda x, z: nb.where(x > 0, 0.5, 0.5))
    assert nb.grad(lambda x: nb.sum(halved(x)))(x).dtype == np.float32


# ------------------------------------------------------------------------------------- size and memory
def test_a_chain_of_100000_ops():
    x = nb.asarray(1.0, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y + 1e-5
    y.backward()
    assert float(x.grad) == 1
    del y  # freed without recursion, too


def test_an_unused_chain_is_freed_without_recursion():
    y = nb.asarray(1.0, requires_grad=True)
    for _ in range(100_000):
        y = nb.sin(y)
    del y


def leave_nothing():
    """Reverse mode on the tape, in a transform and nested; each drops all it made."""
    x = nb.asarray(np.ones(1000), requires_grad=True)
    y = nb.sum(nb.sin(x) * x)
    last = weakref.ref(y)
    y.backward()
    del y
    assert last() is None
    for f in (lambda t: nb.sum(nb.exp(t) * t), lambda t: nb.sum(nb.grad(lambda u: nb.sum(u * u * t))(t))):
        seen = []
        nb.grad(lambda t, f=f, seen=seen: (seen.append(weakref.ref(t)), f(t))[1])(x.detach())
        assert seen[0]() is None


def test_memory_is_freed_with_the_collector_off():
    leave_nothing()  # compiles its kernels, which leaves garbage of the compiler's
    gc.collect()
    gc.disable()
    try:
        leave_nothing()
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_backward_frees_what_was_saved():
    x = nb.asarray(np.ones(1000), requires_grad=True)
    y = nb.exp(x)
    saved = weakref.ref(raw(y))
    z = nb.sum(y)
    del y
    assert saved() is not None
    z.backward()
    assert saved() is None


def test_a_failure_leaves_nothing_behind():
    x = nb.asarray(np.ones(3), requires_grad=True)
    broken = nb.op("broken_of_tests", kernel=lambda x: x + 1.0)
    y = nb.sum(broken(nb.sin(x)))
    with pytest.raises(nb.errors.GradientError, match="broken_of_tests has no derivative"):
        y.backward()
    assert x.grad is None
    nb.sum(x).backward()
    np.testing.assert_array_equal(x.grad.numpy(), [1, 1, 1])


def test_threads_do_not_disturb_each_other():
    def work(k, out):
        x = nb.asarray(np.full(50, float(k)))
        for _ in range(50):
            with nb.no_grad():
                pass
            out[k] = nb.grad(lambda t: nb.sum(nb.sin(t) * t))(x).numpy()

    out = {}
    threads = [threading.Thread(target=work, args=(k, out)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for k in range(8):
        np.testing.assert_allclose(out[k], np.full(50, math.cos(k) * k + math.sin(k)), rtol=1e-13)
