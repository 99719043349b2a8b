"""nbgrad's functions in jax and jax's in nbgrad: values, derivatives of all orders, jit, vmap, refusals."""

import pickle
import sys

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import errors, testing

jax = pytest.importorskip("jax")
jnp = jax.numpy

to_jax, from_jax = nb.interop.to_jax, nb.interop.from_jax
A, B = np.array([0.3, 0.7, -0.4]), np.array([1.5, 0.2, 0.9])


def energy(x, y):
    """Of Tensors."""
    return nb.sum(nb.sin(x) * y**2 + x[0] * y)


def same_energy(x, y):
    """Of jax's arrays."""
    return jnp.sum(jnp.sin(x) * y**2 + x[0] * y)


def close(found, expected, rtol):
    found, expected = [x if isinstance(x, (tuple, list)) else (x,) for x in (found, expected)]
    for z, y in zip(found, expected, strict=True):
        assert z.dtype == y.dtype
        np.testing.assert_allclose(np.asarray(z), np.asarray(y), rtol=rtol, atol=rtol)


@pytest.fixture(params=[False, True], ids=["float32", "float64"])
def wide(request):
    """Whether jax has float64."""
    with jax.enable_x64(request.param):
        yield request.param


# ------------------------------------------------------------------------------------------------- to_jax
def summed(f):
    """The gradient of the sum of f's elements."""
    return jax.grad(lambda x, y: f(x, y).sum())


TRANSFORMS = {
    "value": lambda f: f,
    "grad": jax.grad,
    "of both": lambda f: jax.grad(f, argnums=(0, 1)),
    "jit of grad": lambda f: jax.jit(jax.grad(f)),
    "grad of jit": lambda f: jax.grad(jax.jit(f)),
    "second order": lambda f: jax.jit(jax.jacrev(jax.grad(f))),
    "third order": lambda f: summed(summed(jax.grad(f))),
    "remat": lambda f: jax.grad(jax.checkpoint(f)),
    "vmap": lambda f: lambda x, y: jax.vmap(f, (0, None))(jnp.stack([x, 2 * x]), y),
    "vmap of grad": lambda f: lambda x, y: jax.jit(jax.vmap(jax.grad(f)))(jnp.stack([x, y]),
                                                                          jnp.stack([y, x])),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms(name, wide):
    transform, x, y = TRANSFORMS[name], jnp.asarray(A), jnp.asarray(B)
    close(transform(to_jax(energy))(x, y), transform(same_energy)(x, y), 1e-12 if wide else 3e-6)


def test_trees_constants_and_several_results():
    def f(parameters, scale, *, power):
        w, places = parameters["w"], parameters["i"]
        return {"taken": w[places] * scale, "power": [w**power, nb.argmax(w)], "none": None}

    w, places = jnp.asarray(A), jnp.array([2, 0])
    z = to_jax(f)({"w": w, "i": places}, 2.0, power=3)
    assert (z["power"][1].dtype.kind, z["none"]) == ("i", None)

    def loss(w, i):
        z = to_jax(f)({"w": w, "i": i}, 2.0, power=3)
        return z["taken"].sum() + z["power"][0].sum() + z["power"][1]

    for transform in (jax.grad, lambda f: jax.jit(jax.grad(f))):
        close(transform(loss)(w, places), 3 * w**2 + jnp.array([2.0, 0.0, 2.0]), 1e-6)


def test_shapes_by_ones_or_as_they_are_said():
    matrix = jnp.asarray(np.cov(np.random.default_rng(0).normal(size=(3, 9))))
    calls = []

    def f(a):
        calls.append(a.detach().tolist())
        return nb.cholesky(a)

    with pytest.raises(errors.TraceError, match=r"fails on ones.*SingularError.*out="):
        jax.grad(lambda a: to_jax(f)(a).sum())(matrix)
    calls.clear()
    said = to_jax(f, out=lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype))
    close(jax.jit(jax.grad(lambda a: said(a).sum()))(matrix),
          jax.jit(jax.grad(lambda a: to_jax(nb.cholesky, out=lambda a: a)(a).sum()))(matrix), 1e-6)
    assert [[1.0] * 3] * 3 not in calls
    expected = jax.grad(lambda a: jnp.linalg.cholesky(a, symmetrize_input=True).sum())(matrix)
    found = jax.grad(lambda a: said(a).sum())(matrix)
    close(found + found.T, expected + expected.T, 1e-5)       # how the two share a symmetric gradient differs
    with pytest.raises(Exception, match=r"has shape \(3, 3\) and dtype float32, and shape \(2, 3\)"):
        jax.jit(to_jax(f, out=lambda a: jax.ShapeDtypeStruct((2, 3), a.dtype)))(matrix).block_until_ready()


@pytest.mark.filterwarnings("ignore")                     # of jax, when a callback fails
def test_what_to_jax_refuses(wide):
    x, y, held = jnp.asarray(A), jnp.asarray(B), nb.asarray(A, requires_grad=True)
    for transform in (lambda f: f, jax.jit, jax.grad):
        with pytest.raises(errors.GradientError, match="not one of its arguments"):
            transform(to_jax(lambda x: nb.sum(x * held)))(x)
        with pytest.raises(errors.DtypeError, match=r"to_jax\(<lambda>\): got str"):
            transform(to_jax(lambda x: "text"))(x)
    for forward in (jax.hessian(to_jax(energy)), jax.jacfwd(to_jax(energy))):
        with pytest.raises(TypeError, match="forward-mode"):
            forward(x, y)
    with pytest.raises(errors.DtypeError, match="float16"):
        jax.grad(to_jax(nb.sum))(x.astype("float16"))
    with pytest.raises((errors.TraceError, errors.ShapeError)):
        jax.grad(to_jax(lambda x, y: x @ y))(x, y[:2])
    with pytest.raises(errors.DtypeError, match="a function"):
        to_jax(3)
    close(pickle.loads(pickle.dumps(to_jax(energy)))(x, y), same_energy(x, y), 1e-6)


# ----------------------------------------------------------------------------------------------- from_jax
@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_from_jax_computes_in_the_arguments_dtype(dtype, compiled):
    """float64 stays float64, though jax has float32 unless it is told otherwise."""
    function = from_jax(jax.jit(same_energy) if compiled else same_energy)
    a, b = A.astype(dtype), B.astype(dtype)
    for transform in (nb.grad, nb.value_and_grad, nb.hessian, nb.jacfwd,
                      lambda f: nb.grad(f, argnums=(0, 1))):
        close(transform(function)(a, b), transform(energy)(a, b), 3e-6 if dtype == "float32" else 1e-12)


def test_from_jax_in_all_orders_and_modes():
    testing.check_grads(from_jax(same_energy), [A, B], 3)
    testing.check_grads(from_jax(lambda x, y: (jnp.outer(x, y), jnp.cumsum(x) * y[1])), [A, B], 2)
    x = nb.asarray(A, requires_grad=True)
    from_jax(same_energy)(x, B).backward()
    close(x.grad, nb.grad(energy)(A, B), 1e-12)


def test_from_jax_of_trees_and_several_results():
    def f(parameters, *, scale):
        w = parameters["w"]
        return {"scaled": w * scale, "rest": (jnp.argmax(w), jnp.max(w)), "plain": 2.0}

    z = from_jax(f)({"w": A}, scale=3.0)
    assert (z["rest"][0].item(), z["rest"][0].dtype.kind, z["plain"].item()) == (1, "i", 2.0)

    def loss(w):
        z = from_jax(f)({"w": w}, scale=3.0)
        assert z["rest"][0].trace is None, "an integer is a constant"
        return nb.sum(z["scaled"]) + z["rest"][1]

    assert nb.grad(loss)(A).tolist() == [3, 4, 3]
    assert nb.grad(lambda x: nb.sum(from_jax(lambda x: jnp.ones(3))(x)))(A).tolist() == [0, 0, 0]


def test_what_from_jax_refuses():
    held = nb.asarray(A, requires_grad=True)
    for function in (lambda x: x * held, lambda x: jnp.asarray(held) * x):
        with pytest.raises(errors.TraceError):
            from_jax(function)(A)
        with pytest.raises(errors.TraceError):
            nb.grad(lambda x, function=function: nb.sum(from_jax(function)(x)))(A)
    for dtype in ("bfloat16", "complex64", "float16"):
        with pytest.raises(errors.DtypeError, match=dtype):
            from_jax(lambda x, dtype=dtype: x.astype(dtype))(A)
    with pytest.raises(errors.TraceError, match="only use elementwise"):
        nb.elementwise("foreign_jax", from_jax(jnp.sin))(A)


def test_there_and_back_again(wide):
    function = from_jax(to_jax(energy))
    close(nb.grad(function)(A, B), nb.grad(energy)(A, B), 1e-12)
    function, x, y = to_jax(from_jax(same_energy)), jnp.asarray(A), jnp.asarray(B)
    close(jax.grad(function)(x, y), jax.grad(same_energy)(x, y), 1e-6)


@pytest.mark.parametrize("name", ["to_jax", "from_jax"])
def test_without_jax(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(errors.MissingPackageError, match=f"{name}.*pip install jax"):
        getattr(nb.interop, name)(energy)
