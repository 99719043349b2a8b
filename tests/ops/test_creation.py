"""How arrays are made: arguments are taken or refused as in NumPy, and a Tensor holds no subclass."""

import pickle

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.engine.tensor import raw
from nbgrad.testing import values

i8 = np.int8
def _(*args, **kwargs):
    return args, kwargs


# Functions of NumPy and of nbgrad, and what they are called with.
CALLS = [
    ("arange", _(None)), ("arange", _(0, 1, 0)), ("arange", _(3, 0)), ("arange", _(np.nan)),
    ("arange", _(0, np.inf)), ("arange", _(0, 5, np.nan)), ("arange", _(5, None)), ("arange", _(None, 5)),
    ("arange", _(0, 5, None)), ("arange", _(True)), ("arange", _(3.5)), ("arange", _(i8(3))),
    ("arange", _(np.array(3))), ("arange", _(np.float32(3))), ("arange", _(np.array([3]))),
    ("arange", _(5, dtype="bool")), ("arange", _(2, dtype="bool")), ("arange", _(200, dtype="int8")),
    ("arange", _("a")), ("arange", _([3])), ("arange", _(-3.5, 3, dtype="int64")), ("arange", _(10, 0, -3)),
    ("arange", _(0, 1, 0.1, dtype="float32")), ("arange", _(0, 1, 0.1, dtype="int32")),
    ("arange", _(0, 10, -1)), ("arange", _(2**63, 2**63 + 3)), ("arange", _(-(2**70))), ("eye", _(-1)),
    ("eye", _(2, -1)), ("eye", _(2, k=5)), ("eye", _(2, k=-9)), ("eye", _(2, 3, i8(1))), ("eye", _(2.5)),
    ("eye", _(2, k=0.5)), ("eye", _(0)), ("eye", _(np.int64(2), dtype="int8")),
    ("linspace", _(0, 1, np.int64(3))), ("linspace", _(0, 1, 2.5)), ("linspace", _(0, 1, True)),
    ("linspace", _(0, 1, -1)), ("linspace", _(0, 1, 0)), ("linspace", _(0, 1, 1)),
    ("linspace", _(0, 1, 3, endpoint=False)), ("linspace", _(0, -10, 4, dtype="int64")),
    ("linspace", _(-3.5, 3.5, 4, dtype="int64")), ("linspace", _(np.array([0, 1]), 5, 3)),
    ("full", _(3, 300, dtype="int8")), ("full", _(3, -1, dtype="uint8")), ("full", _(2, 2**63)),
    ("full", _(2, -5, dtype="int8")), ("full", _(2, 1.5, dtype="int8")), ("full", _(-1, 0)),
    ("full", _((2, 2), [1, 2])), ("full", _(2, np.int64(300), dtype="int8")),
    ("full_like", _(np.zeros(2, i8), 300)), ("full_like", _(np.zeros(2, i8), 7)),
    ("asarray", _(300, dtype="int8")), ("asarray", _([300], dtype="int8")),
    ("asarray", _([[1, 2], [-3, 4]], dtype="uint8")), ("asarray", _([1.5, 2], dtype="int8")),
    ("asarray", _([np.nan], dtype="int8")), ("asarray", _([1e30], dtype="int64")),
    ("asarray", _([2.0**63], dtype="int64")), ("asarray", _(2**63, dtype="int64")),
    ("asarray", _(2**63 - 1, dtype="int64")), ("asarray", _(2**64 - 1, dtype="uint64")),
    ("asarray", _([True], dtype="int8")), ("asarray", _(np.array([300]), dtype="int8")),
    ("asarray", _(np.int64(300), dtype="int8")), ("asarray", _([5], dtype="bool")), ("zeros", _(-1)),
    ("zeros", _(2.0)), ("zeros", _("3")), ("ones", _((2, -1))), ("zeros", _(i8(2))),
    ("zeros", _((np.int64(2), 1))), ("empty", _(-3)),
]


@pytest.mark.parametrize("name, given", CALLS, ids=str)
def test_arguments_are_taken_as_in_numpy(name, given):
    args, kwargs = given
    try:
        want = getattr(np, name)(*args, **kwargs)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        with pytest.raises((TypeError, ValueError, OverflowError)):
            getattr(nb, name)(*args, **kwargs)
        return
    got = values(getattr(nb, name)(*args, **kwargs))
    assert (got.dtype, got.shape) == (want.dtype, want.shape)
    np.testing.assert_array_equal(got, want)


def test_an_integer_that_does_not_fit_is_not_written():
    x = nb.zeros(3, dtype="uint8")
    for v in (-1, 256):
        with pytest.raises(OverflowError, match=f"{v} does not fit dtype uint8"):
            x[0] = v
    x[1:] = 255
    np.testing.assert_array_equal(values(x), [0, 255, 255])


def test_linspace_of_tensors_in_integers_rounds_down():
    got = nb.linspace(nb.asarray(-3.5), 3.5, 4, dtype="int64")
    np.testing.assert_array_equal(values(got), np.linspace(-3.5, 3.5, 4, dtype="int64"))


# ------------------------------------------------------------------------------------------ subclasses
class Sub(np.ndarray):
    """An array of somebody's own."""


def mapped(folder):
    x = np.memmap(folder / "x", np.float64, "w+", shape=(3,))
    x[:] = [1, 2, 3]
    return x


KINDS = {
    "memmap": mapped, "recarray": lambda _: np.array([1.0, 2.0, 3.0]).view(np.recarray),
    "own": lambda _: np.array([1.0, 2.0, 3.0]).view(Sub),
    "matrix": lambda _: np.array([[1.0, 2.0, 3.0]]).view(np.matrix),
}


def leaf_with(v):
    x = nb.ones(3, requires_grad=True)
    x.grad = v
    return x.grad


def written(v):
    x = nb.zeros(np.shape(v))
    x[...] = v
    return x


def seeded(v):
    x = nb.ones(np.shape(v), requires_grad=True)
    (x * 2).backward(v)
    return x.grad


WAYS = {
    "asarray": nb.asarray, "shared": lambda v: nb.asarray(v, copy=None), "from_numpy": nb.from_numpy,
    "no copy": lambda v: nb.asarray(v, copy=False), "in a list": lambda v: nb.asarray([v, v]),
    "operand": lambda v: nb.add(v, 1.0), "structured": nb.flip, "dlpack": nb.from_dlpack,
    "written": written, "cotangent of backward": seeded, "grad": leaf_with,
    "cotangent": lambda v: nb.vjp(lambda t: t, nb.ones(np.shape(v)))[1](v)[0],
    "tangent": lambda v: nb.jvp(lambda t: t, (nb.ones(np.shape(v)),), (v,))[1],
    "primal": lambda v: nb.vjp(lambda t: t, v)[0], "leaf": lambda v: nb.tensor(v, requires_grad=True),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_a_tensor_holds_no_subclass(way, kind, tmp_path):
    x = WAYS[way](KINDS[kind](tmp_path))
    assert type(raw(x)) is np.ndarray
    assert nb.sum(x * 1.0).shape == ()


def test_sharing_a_subclass_makes_it_read_only(tmp_path):
    x = mapped(tmp_path)
    y = nb.from_numpy(x)
    assert np.shares_memory(raw(y), x)
    with pytest.raises(ValueError, match="read-only"):
        x[0] = 5


class Mapping(pickle.Unpickler):
    """Loads arrays as joblib does those over a megabyte: as maps of files."""

    def find_class(self, module, name):
        return Sub if name == "ndarray" else super().find_class(module, name)


def test_a_pickle_restores_plain_arrays(tmp_path):
    file = tmp_path / "pickle"
    file.write_bytes(pickle.dumps(nb.ones(3, requires_grad=True)))
    with file.open("rb") as stream:
        x = Mapping(stream).load()
    assert type(raw(x)) is np.ndarray
    assert x.requires_grad


# ------------------------------------------------------------------------------- what is none of ours
STRANGE = [np.array(None), np.array("a"), np.array(5, object), np.datetime64("2020-01-01"), np.timedelta64(3),
           None, "a", b"x", {}, {1}, np.void(b"ab"), np.clongdouble(1), np.float16(1), [np.array(None)],
           [1, "a"]]


@pytest.mark.parametrize("x", STRANGE, ids=repr)
def test_other_values_are_refused(x):
    for call in (nb.asarray, lambda v: nb.asarray(v, copy=None), lambda v: nb.asarray(v, dtype="float64"),
                 nb.sum, lambda v: nb.add(1.0, v)):
        with pytest.raises(nb.errors.DtypeError):
            call(x)


@pytest.mark.parametrize("result", [[1.0], None, "a", 1j, np.float16(1), np.array("a"),
                                    np.ma.masked_array([1.0])], ids=repr)
def test_a_kernel_returns_arrays(result, own_ops):
    op = nb.op("strange_of_tests", kernel=lambda x: result)
    with pytest.raises(nb.errors.DtypeError, match="strange_of_tests: its kernel returned"):
        op(nb.ones(3))


def test_what_a_kernel_returns_becomes_a_plain_array(own_ops):
    results = (np.ones(3).view(Sub), np.float32(1), 2, np.ones(2, ">f8"), np.ones((1, 1)).view(np.matrix))
    op = nb.op("several_of_tests", kernel=lambda x: results)
    for z, want in zip(op(nb.ones(3)), results, strict=True):
        assert type(raw(z)) is np.ndarray
        assert raw(z).dtype.isnative
        np.testing.assert_array_equal(values(z), want)


def test_what_a_rule_returns_becomes_a_plain_array(own_ops):
    op = nb.op("ruled_of_tests", kernel=lambda x: 2 * x, vjp=lambda g, z, x: np.full(3, 2.0).view(Sub))
    assert type(raw(nb.grad(lambda t: nb.sum(op(t)))(nb.ones(3)))) is np.ndarray
