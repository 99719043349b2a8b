"""nbgrad's functions in PyTorch and PyTorch's in nbgrad: values, derivatives of several orders, refusals."""

import gc
import pickle
import sys
import weakref

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import errors, testing

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")

to_torch, from_torch = nb.interop.to_torch, nb.interop.from_torch
A, B = np.array([0.3, 0.7, -0.4]), np.array([1.5, 0.2, 0.9])
f64 = torch.float64


def leaf(x, dtype=f64):
    return torch.tensor(x, dtype=dtype, requires_grad=True)


def energy(x, y):
    """Of Tensors."""
    return nb.sum(nb.sin(x) * y**2 + x[0] * y)


def same_energy(x, y):
    """Of PyTorch's."""
    return torch.sum(torch.sin(x) * y**2 + x[0] * y)


def close(found, expected, rtol=1e-12):
    found, expected = [np.asarray(x.detach()) for x in (found, expected)]
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-14)


# ----------------------------------------------------------------------------------------------- to_torch
@pytest.mark.parametrize("dtype", [torch.float32, f64])
def test_backward(dtype):
    x, y, u, v = leaf(A, dtype), leaf(B, dtype), leaf(A, dtype), leaf(B, dtype)
    z, w = to_torch(energy)(x, y), same_energy(u, v)
    assert z.dtype == dtype
    z.backward()
    w.backward()
    for found, expected in ((z, w), (x.grad, u.grad), (y.grad, v.grad)):
        assert found.dtype == dtype
        close(found, expected, 1e-6 if dtype == torch.float32 else 1e-14)


def test_all_orders_and_modes():
    function, arguments = to_torch(energy), (leaf(A), leaf(B))
    assert torch.autograd.gradcheck(function, arguments, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(function, arguments, check_fwd_over_rev=True)
    x, y = (t.detach() for t in arguments)
    for transform in (torch.func.grad, torch.func.hessian, torch.func.jacrev, torch.func.jacfwd,
                      lambda f: torch.func.jacrev(torch.func.jacrev(torch.func.grad(f))),
                      lambda f: torch.func.jacfwd(torch.func.grad(f))):
        close(transform(function)(x, y), transform(same_energy)(x, y))
    rows = torch.stack([x, 2 * x])
    close(torch.func.vmap(function, (0, None))(rows, y), torch.func.vmap(same_energy, (0, None))(rows, y))
    close(torch.autograd.functional.hessian(lambda x: function(x, y), x),
          torch.autograd.functional.hessian(lambda x: same_energy(x, y), x))


def test_trees_constants_and_several_results():
    def f(parameters, scale, *, power):
        w, places = parameters["w"], parameters["i"]
        return {"taken": w[places] * scale, "power": [w**power, nb.argmax(w)], "none": None, "number": 3}

    w = leaf(A)
    z = to_torch(f)({"w": w, "i": torch.tensor([2, 0])}, 2.0, power=3)
    close(z["taken"], 2 * w[[2, 0]])
    close(z["power"][0], w**3)
    assert (z["power"][1].item(), z["power"][1].requires_grad) == (1, False)
    assert (z["none"], z["number"].item()) == (None, 3)
    found, = torch.autograd.grad(z["taken"].sum() + z["power"][0].sum(), w)
    close(found, 3 * w**2 + torch.tensor([2.0, 0.0, 2.0]))
    assert torch.equal(to_torch(f)({"w": w.detach(), "i": torch.tensor([1])}, 2.0, power=1)["taken"],
                       2 * w.detach()[[1]])


def test_only_what_is_wanted_is_differentiated():
    """A rule that is missing is not asked for where the input is a constant, and for an unused result."""
    op = nb.op("halved", kernel=lambda x, y: x * y, vjp=(lambda g, z, x, y: g * y, None))
    x, y = leaf(A), torch.tensor(B)
    to_torch(op)(x, y).sum().backward()
    close(x.grad, y)
    with pytest.raises(errors.GradientError, match="no derivative"):
        to_torch(op)(x, y.clone().requires_grad_()).sum().backward()
    with torch.no_grad():
        assert not to_torch(energy)(x, y).requires_grad


def test_in_a_module_and_optimiser():
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(3, dtype=f64))

        def forward(self, x):
            return to_torch(lambda w, x: nb.logsumexp(x * w, axis=1))(self.weight, x)

    x, model = torch.tensor(np.stack([A, B])), Model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    values = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = model(x).sum()
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    assert values == sorted(values, reverse=True)
    expected = torch.zeros(3, dtype=f64, requires_grad=True)
    torch.logsumexp(x * expected, 1).sum().backward()
    model.zero_grad()
    with torch.no_grad():
        model.weight.zero_()
    model(x).sum().backward()
    close(model.weight.grad, expected.grad)


def test_writes_and_memory():
    x = leaf(A)
    z = to_torch(lambda x: x * x)(x)
    with torch.no_grad():
        x += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()
    kept = []

    def f(x):
        kept.append(weakref.ref(x))
        return nb.exp(x)

    z = to_torch(f)(leaf(A)).sum()
    assert kept[0]() is None or z.requires_grad
    z.backward()
    del z
    gc.collect()
    assert kept[0]() is None


def test_what_to_torch_refuses():
    held = nb.asarray(A, requires_grad=True)
    with pytest.raises(errors.GradientError, match="not one of its arguments"):
        to_torch(lambda x: x * held)(leaf(A))
    with pytest.raises(errors.GradientError, match="not one of its arguments"):
        nb.grad(lambda w: nb.asarray(to_torch(lambda x: nb.sum(x * w))(torch.tensor(A)).item()))(A)
    with pytest.raises(errors.DtypeError, match=r"to_torch\(<lambda>\): got str"):
        to_torch(lambda x: "text")(leaf(A))
    with pytest.raises(errors.DtypeError, match="BFloat16"):
        to_torch(energy)(leaf(A, torch.bfloat16), leaf(B))
    with pytest.raises(errors.ShapeError):
        to_torch(lambda x, y: x @ y)(leaf(A), leaf(B[:2]))
    with pytest.raises(errors.DtypeError, match="a function"):
        to_torch(3)
    assert pickle.loads(pickle.dumps(to_torch(energy)))(leaf(A), leaf(B)).requires_grad


# --------------------------------------------------------------------------------------------- from_torch
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_from_torch_has_values_and_gradients(dtype):
    a, b = A.astype(dtype), B.astype(dtype)
    for transform in (nb.grad, nb.value_and_grad, nb.hessian, nb.jacfwd,
                      lambda f: nb.grad(f, argnums=(0, 1))):
        found, expected = transform(from_torch(same_energy))(a, b), transform(energy)(a, b)
        for z, y in zip(*[x if isinstance(x, tuple) else (x,) for x in (found, expected)], strict=True):
            assert z.dtype == y.dtype == dtype
            close(z, y, 2e-6 if dtype == "float32" else 1e-12)


def test_from_torch_in_all_orders_and_modes():
    testing.check_grads(from_torch(same_energy), [A, B], 3)
    testing.check_grads(from_torch(lambda x, y: (torch.outer(x, y), x.cumsum(0) * y.norm())), [A, B], 2)
    x = nb.asarray(A, requires_grad=True)
    from_torch(same_energy)(x, B).backward()
    close(x.grad, nb.grad(energy)(A, B))


def test_from_torch_of_trees_and_several_results():
    def f(parameters, *, scale):
        w = parameters["w"]
        return {"scaled": w * scale, "rest": (torch.argmax(w), torch.max(w, dim=0)), "plain": 2.0}

    z = from_torch(f)({"w": A}, scale=3.0)
    assert (z["rest"][0].item(), z["rest"][0].dtype) == (1, np.int64)
    assert z["rest"][1].values.item() == 0.7
    assert z["plain"].item() == 2.0

    def loss(w):
        z = from_torch(f)({"w": w}, scale=nb.asarray(3.0) * 1)
        assert z["rest"][0].trace is None, "an integer is a constant"
        return nb.sum(z["scaled"]) + z["rest"][1].values

    assert nb.grad(loss)(A).tolist() == [3, 4, 3]


def test_from_torch_of_a_module():
    """Its parameters are constants, unless they are arguments."""
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)).double()
    parameters = {name: p.detach().numpy() for name, p in module.named_parameters()}

    def f(parameters, x):
        return torch.func.functional_call(module, parameters, (x,)).sum()

    found = nb.grad(from_torch(f))(parameters, A)
    module(torch.tensor(A)).sum().backward()
    for name, p in module.named_parameters():
        close(found[name], p.grad)
    testing.check_grads(from_torch(module), [A], 2)


def test_random_numbers_are_the_same_on_the_way_back():
    def f(x):
        return torch.nn.functional.dropout(x, 0.5) ** 2

    torch.manual_seed(1)
    once, again = from_torch(f)(np.ones(64)), from_torch(f)(np.ones(64))
    assert once.tolist() != again.tolist(), "each call draws its own"
    z, pullback = nb.vjp(from_torch(f), np.ones(64))
    assert pullback(np.ones(64))[0].tolist() == (2 * z).tolist()
    second = nb.vjp(lambda x: nb.vjp(from_torch(f), x)[1](np.ones(64))[0], np.ones(64))
    assert second[1](np.ones(64))[0].tolist() == second[0].tolist()
    assert set(second[0].tolist()) == {0.0, 8.0}


def test_what_from_torch_does_not_touch_and_what_it_refuses():
    x = A.copy()

    def f(x):
        x *= 2
        return x

    assert from_torch(f)(x).tolist() == (2 * A).tolist()
    assert nb.grad(lambda x: nb.sum(from_torch(f)(x)))(x).tolist() == [2, 2, 2]
    assert x.tolist() == A.tolist()
    constant = from_torch(lambda x: torch.ones(3, dtype=f64))
    assert nb.grad(lambda x: nb.sum(constant(x)))(A).tolist() == [0, 0, 0]
    held = nb.asarray(A, requires_grad=True)
    with pytest.raises(errors.TraceError):
        from_torch(lambda x: x * held)(A)
    with pytest.raises(errors.TraceError):
        nb.grad(lambda x: nb.sum(from_torch(lambda x: x * held)(x)))(A)
    for dtype in (torch.bfloat16, torch.complex64, torch.float16):
        with pytest.raises(errors.DtypeError):
            from_torch(lambda x, dtype=dtype: x.to(dtype))(A)
    with pytest.raises(errors.TraceError, match="only use elementwise"):
        nb.elementwise("foreign", from_torch(lambda x: x.sin()))(A)


def test_there_and_back_again():
    function = from_torch(to_torch(energy))
    close(nb.grad(function)(A, B), nb.grad(energy)(A, B))
    close(nb.hessian(function)(A, B), nb.hessian(energy)(A, B))


@pytest.mark.parametrize("name", ["to_torch", "from_torch"])
def test_without_pytorch(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(errors.MissingPackageError, match=f"{name}.*pip install torch"):
        getattr(nb.interop, name)(energy)
