"""Numbers that are parameters go to the kernels by value: one kernel serves all of them."""

from functools import partial

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import testing
from nbgrad.compile import cache
from nbgrad.define.declare import Choice
from nbgrad.define.registry import OPS
from nbgrad.testing import values

NUMBERS = [(row, name) for _, row in sorted(OPS.items()) if isinstance(row.op, Choice)
           for name in row.op.numbers]
X = np.array([-2.5, -1.0, -0.25, 0.5, 1.0, 3.0])
# Functions of x and of a number that is no operand of theirs to differentiate by.
OTHERS = {
    "clip": lambda x, v: nb.clip(x, -v, v), "pow": lambda x, v: nb.pow(nb.abs(x), v + 0.0625),
    "huber": lambda x, v: nb.huber(x, 0.25, v, "none"), "dropout": lambda x, v: nb.dropout(x, v / 4, key=1),
    "layer_norm": lambda x, v: nb.layer_norm(x, eps=v), "isclose": lambda x, v: nb.isclose(x, 1.0, v),
    "norm": lambda x, v: nb.norm(x, ord=v + 2.125), "divide": lambda x, v: v / x,
}


def used(f, x, v):
    """f's value and gradient at x for a number."""
    y, pullback = nb.vjp(lambda t: f(t, v), x)
    return y, pullback(np.ones(y.shape))[0] if y.dtype.kind == "f" else None


def kernels_of_ten(f):
    """Kernels that ten numbers need beyond those that one needs."""
    x = nb.asarray(X)
    for _ in range(10):                       # the fast path is compiled after some calls
        used(f, x, 0.375)
    before = len(cache.LOADED)
    for v in np.linspace(0.4, 2.2, 10):
        used(f, x, float(v))
    return len(cache.LOADED) - before


@pytest.mark.parametrize("row, name", NUMBERS, ids=[f"{row.op.name} {name}" for row, name in NUMBERS])
def test_ten_values_of_a_parameter_are_one_kernel(row, name):
    assert kernels_of_ten(lambda x, v: row.op(x, **{name: v})) == 0
    for v in (0.375, 2, np.float32(1.5), nb.asarray(0.75), row.op.defaults[name]):
        number = values(v).item() if isinstance(v, nb.Tensor) else v
        np.testing.assert_allclose(values(row.op(nb.asarray(X), **{name: v})),
                                   testing.reference(row)(X, **{name: number}), rtol=4e-15)
    testing.check_grads(partial(row.op, **{name: 0.625}), [X])


@pytest.mark.parametrize("name", OTHERS)
def test_ten_values_of_a_number_are_one_kernel(name):
    assert kernels_of_ten(OTHERS[name]) == 0


def test_the_default_is_a_constant_of_the_kernel():
    for row, _ in NUMBERS:
        assert row.op.at() is row.op.usual
        assert row.op.usual.arity == row.op.arity


def test_the_fast_path_takes_parameters():
    x = nb.asarray(X, requires_grad=True)
    for _ in range(30):
        y = nb.leaky_relu(x, slope=0.2)
    fast = nb.leaky_relu._at({"slope": 0.2})[0].fastpath
    assert fast.record is None or fast.forward(x, 0.2) is not None
    nb.sum(y).backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.where(X > 0, 1, 0.2))


def test_parameters_of_a_users_op(own_ops):
    bump = nb.elementwise("bump_of_tests", lambda x, width=0.5, n=2: nb.exp(-(x / width) ** n) * width)
    assert kernels_of_ten(lambda x, v: bump(x, width=v)) == 0
    np.testing.assert_allclose(values(bump(X, width=0.7, n=4)), np.exp(-(X / 0.7) ** 4) * 0.7, rtol=1e-14)
    twice = nb.elementwise("twice_of_tests", lambda x, width=0.25: bump(x, width=width) + width)
    np.testing.assert_allclose(values(twice(X, width=2)), np.exp(-(X / 2) ** 2) * 2 + 2, rtol=1e-14)
    testing.check_grads(partial(twice, width=1.5), [X])


@pytest.mark.parametrize("bad", ["a", None, [1, 2], np.ones(2), 1j], ids=repr)
def test_a_parameter_is_a_number(bad):
    with pytest.raises(nb.errors.DtypeError, match=r"elu.*number for alpha"):
        nb.elu(X, alpha=bad)


def test_no_gradient_is_taken_by_a_parameter(own_ops):
    leaf = nb.asarray(0.5, requires_grad=True)
    scaled = nb.elementwise("scaled_of_tests", lambda x, s: nb.elu(x, alpha=s))
    for f in (lambda: nb.elu(X, alpha=leaf), lambda: nb.grad(lambda a: nb.sum(nb.elu(X, alpha=a)))(0.5),
              lambda: nb.jvp(lambda a: nb.softplus(X, beta=a), (0.5,), (1.0,)),
              lambda: nb.grad(lambda a: nb.sum(scaled(X, a)))(0.5)):
        with pytest.raises(nb.errors.TraceError, match="a parameter, for which the op has no derivative"):
            f()
    np.testing.assert_array_equal(values(nb.elu(X, alpha=leaf.detach())), values(nb.elu(X, alpha=0.5)))
    with pytest.raises(nb.errors.DtypeError, match="elu: takes 1 operands, got 2"):
        nb.elu(X, 0.5, alpha=1.0)
