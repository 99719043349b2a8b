"""Arguments of methods in NumPy's order and in PyTorch's: taken as meant, or refused, never misread."""

import copy
import enum
import itertools
import json
import pickle

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

import nbgrad as nb
from nbgrad import errors

A = np.array([[0.3, 0.74, 0.6], [0.2, 0.43, 0.9]])
REDUCED = ["sum", "prod", "mean", "max", "min", "any", "all", "std", "var"]


# ---------------------------------------------------------------------------------------------------- size
def test_size_is_a_number_and_a_method():
    t = nb.asarray(A)
    assert t.size == 6 == np.size(t) and isinstance(t.size, int) and hash(t.size) == hash(6)
    assert (t.size(), t.size(0), t.size(dim=-1)) == ((2, 3), 2, 3)
    assert list(range(t.size))[-1] == 5 and np.zeros(t.size).shape == (6,) and json.dumps(t.size) == "6"
    assert f"{t.size} {t.size:03d} {t.size!r}" == "6 006 6" and t.reshape(t.size).shape == (6,)
    assert (nb.asarray(1.0).size, nb.zeros((0, 3)).size, nb.zeros((0, 3)).size()) == (1, 0, (0, 3))
    for n in (*[pickle.loads(pickle.dumps(t.size, p)) for p in range(2, 6)], copy.deepcopy(t.size)):
        assert n == 6 and n() == (2, 3)
    np.testing.assert_allclose(nb.grad(lambda x: nb.sum(x) / x.size)(A).numpy(), 1 / 6)


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_a_size_is_a_scalar_without_a_dtype_as_an_int_is(dtype):
    """It takes the dtype of what it meets; ints of other classes have one, as in NumPy."""
    n, two = nb.zeros(2).size, enum.IntEnum("Number", {"TWO": 2}).TWO
    x, t = np.ones(2, dtype), nb.ones(2, dtype=dtype)
    for f in (lambda x, n: x * n, lambda x, n: n - x, lambda x, n: x**n, lambda x, n: x / n,
              np.maximum, lambda x, n: np.multiply(n, x), lambda x, n: x < n):
        for z in (f(t, n), f(x, n)):
            assert z.dtype == f(x, 2).dtype
            np.testing.assert_allclose(np.asarray(z), f(x, 2))
        np.testing.assert_allclose(f(t, two).numpy(), f(x, two))
        assert f(t, two).dtype == f(x, two).dtype


# ------------------------------------------------------------------------------------- NumPy's and PyTorch's
@pytest.mark.parametrize("name", REDUCED)
def test_arguments_by_place_are_numpys_or_pytorchs_keepdim(name):
    """In NumPy's order dtype and out (std: ddof) come before keepdims; True can only be keepdim."""
    t, a = nb.asarray(A), A.copy()
    first = () if name in ("max", "min", "any", "all") else (None,)
    found = [getattr(t, name)(*args) for args in ((0,), (0, *first, None), (0, True), (None, *first, None))]
    like = [getattr(a, name)(0), getattr(a, name)(0), getattr(a, name)(0, keepdims=True), getattr(a, name)()]
    for z, want in zip(found, like, strict=True):
        assert z.shape == np.shape(want)
        np.testing.assert_allclose(z.numpy(), want)
    for z in (getattr(t, name)(dim=0, keepdim=True), getattr(t, name)(axis=0, keepdims=1)):
        np.testing.assert_allclose(z.numpy(), like[2])
    if name in ("std", "var"):
        np.testing.assert_allclose(getattr(t, name)(0, None, None, 1).numpy(), getattr(a, name)(0, ddof=1))


@pytest.mark.parametrize("call", [
    lambda t: t.sum(0, "float32"), lambda t: t.mean(0, np.float32), lambda t: t.sum(axis=0, dtype="float32"),
    lambda t: t.sum(where=A > 0.5), lambda t: t.min(initial=0.0), lambda t: t.argsort(0, "stable")])
def test_numpys_arguments_by_place_and_name_mean_what_they_do_there(call):
    z, want = call(nb.asarray(A)).numpy(), call(A)
    assert z.dtype == want.dtype
    np.testing.assert_allclose(z, want, rtol=1e-6)


REFUSED = {
    "a number by place": (lambda t: t.std(0, 1), "dtype 1"),
    "out by name": (lambda t: t.max(0, out=A[0]), "max: NumPy's argument 'out'"),
    "a mode of take": (lambda t: t.take([0], 0, None, "clip"), "take: NumPy's argument 'mode'"),
    "out of clip": (lambda t: t.clip(0, 1, A), "clip: NumPy's argument 'out'"),
    "out of round": (lambda t: t.round(1, A), "round: NumPy's argument 'out'"),
    "a function's dtype": (lambda t: nb.sum(t, 0, np.float32), "sum: got type, but needs keepdims"),
    "a function's kind": (lambda t: nb.argsort(t, 0, "stable"), "argsort: got str, but needs descending"),
    "a truth value as an axis": (lambda t: t.sum(True), "sum: got bool, but needs an integer axis"),
    "the same of argmax": (lambda t: nb.argmax(t, True), "argmax: got bool, but needs an integer axis"),
    "keepdims of argmax": (lambda t: nb.argmax(t, 0, "a"), "argmax: got str, but needs keepdims"),
    "view as a dtype": (lambda t: t.view("float32"), "view: got str, but needs sizes.*astype"),
    "view as a type": (lambda t: t.view(np.int64), "view: got type, but needs sizes.*astype"),
    "casting": (lambda t: t.astype("float32", casting="safe"), "astype: NumPy's argument 'casting'"),
    "a layout": (lambda t: t.copy("F"), "copy: order='F' .* is nbgrad's own"),
    "a layout of an array": (lambda t: nb.array(A, order="F"), "array: order='F' .* ravel and flatten"),
    "a layout of zeros": (lambda t: nb.zeros((2, 2), order="F"), "zeros: order='F'"),
    "a layout of ones": (lambda t: nb.ones(2, order="F"), "ones: order='F'"),
    "a layout of what is empty": (lambda t: nb.empty(2, order="F"), "empty: order='F'"),
    "an order of nobody's": (lambda t: t.ravel("Z"), "ravel: order='Z' is not one of 'C', 'F', 'A', 'K'"),
    "K of reshape": (lambda t: t.reshape(6, order="K"), "reshape: order='K' is not one of"),
    "a name of flatten": (lambda t: t.flatten(dim=1), "flatten: NumPy's argument 'dim'"),
    "axes of flatten": (lambda t: t.flatten(1, 5), "flatten: axis 1 to 5"),
    "an item outside": (lambda t: t.item(7), "item: cannot index an array of shape"),
    "an item of many": (lambda t: t.item(), r"item\(\).*6 elements"),
    "rounding by another mode": (lambda t: t.div(t, rounding_mode="trunc"), "div: rounding_mode='trunc'"),
    "a float into integers": (lambda t: nb.asarray([1]).masked_fill([True], 0.5), "masked_fill.*int64"),
    "a negative place": (lambda t: t.gather(0, [[-1, 0, 0]]), "gather: .*cannot be negative"),
    "an index of other axes": (lambda t: t.gather(0, [0]), r"gather: got shape \(1,\).*2 axes"),
    "a piece outside": (lambda t: t.narrow(1, 2, 2), "narrow: .*2 elements from 2"),
    "an axis of a piece": (lambda t: t.narrow(4, 0, 1), "narrow: axis 4 is out of range"),
    "an axis of strides": (lambda t: t.stride(4), "stride: axis 4 is out of range"),
    "a mask of another shape": (lambda t: t.masked_select([True] * 7), "masked_select: shapes .* broadcast"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_argument_of_another_kind_is_refused(name):
    act, message = REFUSED[name]
    with pytest.raises(errors.NbgradError, match=message):
        act(nb.asarray(A))


# ------------------------------------------------------------------------------------------------- orders
def layouts():
    """Arrays that lie in memory in every way: permuted, reversed, with gaps, repeated, empty."""
    block = np.arange(48.0).reshape(2, 3, 4, 2)
    for axes in itertools.permutations(range(3)):
        x = block[..., 0].transpose(axes)
        yield from (x, np.ascontiguousarray(x), np.asfortranarray(x), x[::-1], x[:, 1:2], x[:, ::2, ::-1])
    for strides in itertools.product((0, 8, 16, -8, 24), repeat=3):
        yield as_strided(np.arange(99.0)[33:], (2, 3, 2), strides)
    yield from (np.zeros((0, 2)), np.array(1.0), np.arange(3.0)[::-1],
                np.broadcast_to(np.arange(2.0), (3, 2)))


def test_elements_are_read_in_numpys_orders_with_their_gradients():
    count = 0
    for x in layouts():
        t = nb.asarray(x, copy=None)
        assert t.strides == x.strides
        for order in "CFAKcf":
            found = [(t.ravel(order), x.ravel(order)), (t.flatten(order), x.flatten(order)),
                     (nb.ravel(t, order), x.ravel(order))]
            if order not in "K":
                wanted = (-1, *x.shape[:1][::-1]) if x.size else (0,)
                found += [(t.reshape(wanted, order=order), x.reshape(wanted, order=order)),
                          (nb.reshape(t, wanted, order), x.reshape(wanted, order=order))]
            for z, want in found:
                assert z.shape == want.shape
                np.testing.assert_array_equal(z.numpy(), want)
                count += 1
    assert count > 1000
    weights = np.arange(6.0)
    for order in "CFAK":
        g = nb.grad(lambda x, order=order: nb.sum(x.ravel(order) * weights))(np.asfortranarray(A))
        want = weights.reshape(2, 3, order="C" if order == "C" else "F")
        np.testing.assert_array_equal(g.numpy(), want)


# ------------------------------------------------------------------------------------------ variants of calls
def test_the_other_ways_of_a_call():
    t, big = nb.asarray(A), nb.asarray(np.arange(24.0).reshape(2, 3, 4))
    assert big.flatten(1).shape == big.flatten(-2).shape == (2, 12) and big.flatten(0, 1).shape == (6, 4)
    assert big.flatten(start_dim=1, end_dim=2).shape == (2, 12) and nb.asarray(1.0).flatten().shape == (1,)
    assert t.item(4) == A.item(4) and t.item(-1, 0) == A.item(-1, 0) and type(t.item(0)) is float
    assert t.expand(3, 2, 3).shape == (3, 2, 3) and t.unsqueeze(0).expand(4, -1, -1).shape == (4, 2, 3)
    assert t.astype("float64", copy=False) is t and t.astype("float64") is not t
    assert t.real is t and (t.imag == 0).all() and divmod(t, 0.5)[0].shape == (2, 3)
    assert [z.shape for z in divmod(2.0, t)] == [(2, 3)] * 2
    np.testing.assert_allclose(divmod(t, 0.4)[1].numpy(), divmod(A, 0.4)[1])
    np.testing.assert_allclose(t.add(t, alpha=3).numpy(), 4 * A)
    np.testing.assert_allclose(t.sub(1, alpha=3).numpy(), A - 3)
    np.testing.assert_array_equal(t.div(0.25, rounding_mode="floor").numpy(), A // 0.25)
    np.testing.assert_array_equal(t.diagonal(dim1=1, dim2=0).numpy(), A.diagonal(axis1=1, axis2=0))
    np.testing.assert_array_equal(t.argsort(1, True).numpy(), np.argsort(-A, 1))
    np.testing.assert_array_equal(nb.scatter_add(t, 0, 1.0).numpy(), t.scatter_add(0, 1.0).numpy())


def test_leaves_are_what_was_not_computed():
    w, c = nb.asarray(A, requires_grad=True), nb.asarray(A)
    assert w.is_leaf and c.is_leaf and not (w * 2).is_leaf and (c * 2).is_leaf and (w * 2).detach().is_leaf
    y = w * 2
    assert y.detach_() is y and not y.requires_grad
    assert w.detach_() is w and not w.requires_grad
    leaf = nb.asarray(A, requires_grad=True)
    with pytest.raises(errors.GradientError, match="leaf"):
        leaf.mul_(2)
    with nb.no_grad():
        assert leaf.mul_(2) is leaf and leaf.is_leaf
    np.testing.assert_array_equal(leaf.detach().numpy(), 2 * A)


def test_values_written_in_place_have_gradients():
    def f(x):
        y = nb.zeros((2, 3)).copy_(x[0]).mul_(x)
        y.fill_(y[0, 0]).add_(x, alpha=2)
        return nb.sum(y * y)

    def like(x):
        return nb.sum((x[0, 0] ** 2 + 2 * x) ** 2)

    np.testing.assert_allclose(nb.grad(f)(A).numpy(), nb.grad(like)(A).numpy())


def test_the_values_of_a_leaf_can_be_listed_and_those_of_a_transform_not():
    w = nb.asarray(A, requires_grad=True)
    assert w.tolist() == A.tolist() and w.tobytes() == A.tobytes() and w.item(0) == 0.3
    for take in (lambda x: x.tolist(), lambda x: x.tobytes(), lambda x: x.item(0)):
        with pytest.raises(errors.TraceError, match="detach"):
            nb.grad(lambda x, take=take: nb.sum(x) + take(x))(A)
