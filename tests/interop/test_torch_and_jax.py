"""Arrays of PyTorch and jax as arguments of transforms and operands: converted, or refused by name."""

import operator

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.errors import DtypeError, TraceError

VALUES = np.array([[0.5, 1.5], [2.5, 3.5]])


def of_torch(values):
    return pytest.importorskip("torch").tensor(values)


def of_jax(values):
    return pytest.importorskip("jax").numpy.asarray(values)


@pytest.fixture(params=[of_torch, of_jax])
def make(request):
    return request.param


def f(x):
    return nb.sum(nb.sin(x) * x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_transform_takes_them_as_arguments(make, dtype):
    data = make(VALUES.astype(dtype))
    x = nb.asarray(np.asarray(data))          # jax has float32 unless it is told otherwise
    for found, expected in [
            (nb.grad(f)(data), nb.grad(f)(x)), (nb.vjp(f, data)[1](1.0)[0], nb.grad(f)(x)),
            (nb.jvp(f, (data,), (data,))[1], nb.jvp(f, (x,), (x,))[1]),
            (nb.hvp(f, data, data), nb.hvp(f, x, x)),
            (nb.grad(lambda tree: f(tree[0]))([data, 3])[0], nb.grad(f)(x))]:
        assert type(found) is nb.Tensor
        assert found.dtype == x.dtype
        assert np.array_equal(found.numpy(), expected.numpy())


@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow,
                                operator.matmul], ids=lambda op: op.__name__)
@pytest.mark.parametrize("swapped", [False, True])
def test_operators_record_on_either_side(make, op, swapped):
    other = make(VALUES)

    def loss(x, other):
        return nb.sum(op(other, x) if swapped else op(x, other))

    for found, expected in zip(nb.value_and_grad(loss)(VALUES, other),
                               nb.value_and_grad(loss)(VALUES, np.asarray(other))):
        assert np.array_equal(found.numpy(), expected.numpy())
    one = nb.value_and_grad(lambda x: loss(x[:, :1], other) if op is operator.matmul and swapped else
                            loss(x[:1], other))(VALUES)
    assert type(one[0]) is nb.Tensor


def test_comparisons_ufuncs_and_lists(make):
    x, other = nb.asarray(VALUES), make(VALUES)
    assert bool((x == other).all()) and bool((other <= x).all())
    assert np.array_equal(np.add(x, other).numpy(), 2 * VALUES)
    assert np.array_equal(nb.asarray([other, other]).numpy(), [VALUES, VALUES])
    assert nb.where(x > 1, other, x).shape == (2, 2)


def test_values_are_copied():
    torch = pytest.importorskip("torch")
    data = torch.ones(3, dtype=torch.float64)
    x = nb.asarray(data, copy=None)
    data += 1
    assert x.tolist() == [1, 1, 1]


USES = [nb.asarray, nb.grad(f), nb.sin, lambda x: nb.ones(2) * x, lambda x: x * nb.ones(2),
        lambda x: np.add(x, nb.ones(2)), lambda x: nb.asarray([x, x]), lambda x: nb.asarray([[1.0, x[0]]])]


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")    # of torch itself
@pytest.mark.parametrize("use", USES)
def test_what_pytorch_records_is_refused(use):
    torch = pytest.importorskip("torch")
    forward = torch.autograd.forward_ad
    x = torch.ones((2, 2), dtype=torch.float64)
    for watched in (x.clone().requires_grad_(), x.clone().requires_grad_() * 2):
        with pytest.raises(TraceError, match="to_torch"):
            use(watched)
    with torch.no_grad(), pytest.raises(TraceError, match="to_torch"):
        use(x.clone().requires_grad_())
    with forward.dual_level(), pytest.raises(TraceError, match="to_torch"):
        use(forward.make_dual(x, x))

    def through(x):
        return torch.as_tensor(use(x).sum().item())

    with pytest.raises(TraceError, match="to_torch"):
        torch.func.grad(through)(x)
    with pytest.raises(TraceError, match="to_torch"):
        torch.func.jvp(through, (x,), (x,))
    with pytest.raises((DtypeError, RuntimeError)):       # torch refuses to give values out
        torch.func.vmap(through)(x)


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("transform", ["grad", "jit", "vmap"])
def test_what_jax_traces_is_refused(use, transform):
    jax = pytest.importorskip("jax")
    with pytest.raises(TraceError, match="to_jax"):
        getattr(jax, transform)(lambda x: use(x).sum().item())(jax.numpy.ones((2, 2)))


def test_what_numpy_has_no_dtype_for_is_refused():
    torch = pytest.importorskip("torch")
    for data in (torch.ones(2, dtype=torch.bfloat16), torch.ones(2, dtype=torch.float16),
                 torch.ones(2).to_sparse()):
        with pytest.raises(DtypeError, match=r"bfloat16|BFloat16|float16|[Ss]parse"):
            nb.grad(f)(data)
    jax = pytest.importorskip("jax")
    for dtype in ("bfloat16", "float16"):
        with pytest.raises(DtypeError, match=dtype):
            nb.grad(f)(jax.numpy.ones(2, dtype))
