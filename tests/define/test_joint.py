"""Ops that compute their slope beside their value when they are recorded, and save it."""

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.compile import tiers
from nbgrad.define import fastpath
from nbgrad.define.declare import elementwise
from nbgrad.define.registry import OPS
from nbgrad.define.scalar import Elementwise
from nbgrad.engine.graph import Graph, pull

ONE = (True,)
SUMS = {"silu", "gelu"}                   # whose slopes are sums that pass through 0, of subnormal terms too
ELEMENTWISE = [getattr(row.op, "usual", row.op) for row in OPS.values() if row.kind == "elementwise"]
JOINT = [op for op in ELEMENTWISE if op.joint]
needs_fast_path = pytest.mark.skipif(fastpath._engine() is None, reason="no fast path on this Python")
every_op = pytest.mark.parametrize("op", JOINT, ids=lambda op: op.name)
both_floats = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def points(dtype, n=1003):
    """Numbers of every size, infinities and nan; as many as leave some behind the last whole vector."""
    rng = np.random.default_rng(3)
    info = np.finfo(dtype)
    sizes = 2.0 ** rng.uniform(info.minexp - info.nmant, info.maxexp, n // 4)
    near = rng.uniform(-5, 5, n // 4), rng.uniform(-750, 1030, n // 4)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, info.max, info.tiny, 1024.3, 128.3, -1022.5]
    x = np.concatenate([sizes, -sizes, *near, special])
    return x[:n].astype(dtype)


def recorded(op, x):
    """The value of a recorded call on an array, and its node."""
    y = op(Graph().leaf(x))
    return y.value, y.mark


def layouts(dtype):
    x = points(dtype)
    return {"flat": x, "none": x[:0], "one": x[:1], "0-d": x[5].reshape(()), "strided": x[::3],
            "backwards": x[::-1], "turned": x[:1000].reshape(8, 125).T,
            "spread": np.broadcast_to(x[:7], (5, 7))}


def test_the_ops_that_are_joint():
    assert {op.name for op in JOINT} == {"tanh", "sigmoid", "exp2", "expm1", "silu", "gelu"}


@both_floats
@every_op
def test_recorded_values_are_the_others_bit_for_bit(op, dtype):
    for name, x in layouts(dtype).items():
        expected = op(nb.asarray(x)).numpy()
        for _ in range(2 if name != "flat" else 2 * fastpath._OFTEN):
            value, node = recorded(op, x)
            assert value.tobytes() == expected.tobytes(), name
            assert value.dtype == dtype
            assert [s.shape for s in node.memo[0]] == [x.shape]


@both_floats
@every_op
def test_the_pullback_is_that_of_the_rule(op, dtype):
    g = np.random.default_rng(0).uniform(0.5, 2, 1003).astype(dtype)
    for name, x in layouts(dtype).items():
        y = g[: x.size].reshape(x.shape)
        with np.errstate(all="ignore"):
            (expected,) = op.pull(y, op.save((x,), op.run(x), {}, ONE))
        for _ in range(2):
            node = recorded(op, x)[1]
            (found,) = node.op.pull(y, node.memo)
            finite, known = np.isfinite(expected), ~np.isnan(expected)     # g * x alone may overflow in rules
            np.testing.assert_array_equal(found[known & ~finite], expected[known & ~finite], name)
            terms = abs(y * np.exp(-abs(x))) + abs(x) * np.finfo(dtype).tiny if op.name in SUMS else 0
            unit = np.spacing(np.maximum(abs(expected), terms)[finite])
            assert (abs(found[finite] - expected[finite]) <= 4 * unit).all(), name


@every_op
def test_second_derivatives_are_those_of_the_rule(op):
    x = np.linspace(-2, 2, 9)

    def slope(t):
        return nb.grad(lambda u: nb.sum(op(u)))(t)

    for _ in range(2 * fastpath._OFTEN):
        found = nb.grad(lambda t: nb.sum(slope(t)))(x).numpy()
    expected = nb.jvp(slope, (x,), (np.ones(9),))[1].numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-14)
    step = 1e-6
    near = (slope(x + step).numpy() - slope(x - step).numpy()) / (2 * step)
    np.testing.assert_allclose(found, near, rtol=1e-7, atol=1e-8)


@needs_fast_path
def test_the_fast_path_saves_the_slope_alone():
    op = Elementwise("twice_sine", lambda x: nb.sin(x) * 2.0, arity=1, joint=True)
    x = np.linspace(-1, 1, 5)
    for _ in range(fastpath._OFTEN + 1):
        recorded(op, x)
    assert op.fastpath.forward(nb.asarray(x)) is None            # it knows the kernel of recorded calls alone
    leaf = Graph().leaf(x)
    y = op.fastpath.forward(leaf)
    (slope,) = y.mark.memo[0]
    np.testing.assert_allclose(slope, 2 * np.cos(x), rtol=1e-15)
    assert list(pull([(y.mark, np.ones(5))])) == [leaf.mark]
    for _ in range(2):
        op(nb.asarray(x))
    alone = op.fastpath.forward(nb.asarray(x))
    assert alone.trace is None
    assert alone.value.tobytes() == y.value.tobytes()


def test_slopes_that_are_numbers_or_operands():
    for value, slope in ((lambda x: x + x, 2.0), (lambda x: x + nb.exp(x), np.exp(0.5) + 1),
                         (lambda x: 3 * x, 3.0), (lambda x: x * x, 1.0)):
        op = Elementwise("simple", value, arity=1, joint=True)
        np.testing.assert_allclose(nb.grad(lambda t, op=op: nb.sum(op(t)))(np.full(3, 0.5)).numpy(), slope)


def test_a_slope_that_is_chosen_stays_out_of_products():
    op = Elementwise("chosen", lambda x: nb.where(x > 0, nb.sin(x), 0), arity=1, joint=True)
    node = recorded(op, np.array([-1.0, 0.0]))[1]
    np.testing.assert_array_equal(node.op.pull(np.full(2, np.inf), node.memo)[0], 0.0)


def test_an_operand_of_another_shape_or_dtype():
    op = Elementwise("scaled_tanh", lambda x, y: nb.tanh(x * y), arity=2, joint=True)
    x, y = np.linspace(-1, 1, 5), np.linspace(0.5, 2, 6000).reshape(1200, 5).astype(np.float32)
    for left, right in ((x, y), (x, y[:2]), (x[:, None], x), (y[0], x), (x, 2.0)):
        found = nb.grad(lambda t, right=right: nb.sum(op(t, right)))(left)
        with tiers.chosen("interpreted"):
            expected = nb.grad(lambda t, right=right: nb.sum(nb.tanh(t * right)))(left)
        assert found.dtype == left.dtype
        np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-5)
    both = nb.grad(lambda t: nb.sum(op(t, t)))(x)
    np.testing.assert_allclose(both.numpy(), 2 * x / np.cosh(x * x) ** 2, rtol=1e-14)


def test_checkpoints_and_muted_calls():
    x = nb.asarray(np.linspace(-1, 1, 5))
    plain = nb.grad(lambda t: nb.sum(nb.tanh(nb.sigmoid(t))))(x)
    again = nb.grad(lambda t: nb.sum(nb.checkpoint(lambda u: nb.tanh(nb.sigmoid(u)))(t)))(x)
    np.testing.assert_array_equal(plain.numpy(), again.numpy())
    leaf = nb.tensor(x.numpy(), requires_grad=True)
    with nb.no_grad():
        assert nb.tanh(leaf).mark is None


def test_a_row_says_so():
    op = elementwise("joint_cube", lambda x, scale=2.0: scale * x**3, joint=True, private=True)
    assert op.usual.joint
    nb.testing.check(op)
