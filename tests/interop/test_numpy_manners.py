"""A Tensor among arrays: NumPy's functions, operators and indices, Python's protocols, pickles, DLPack."""

import copy
import math
import pickle

import numpy as np
import pytest
import scipy.special
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import nbgrad as nb
from nbgrad import errors, testing
from nbgrad.compile import tiers
from nbgrad.define.registry import OPS
from nbgrad.engine.tensor import Tensor
from nbgrad.engine.tree import flatten, map_leaves

A = np.array([[1.0, 2.0], [3.0, 5.0]])
B = np.array([[0.5, -1.0], [2.0, 4.0]])
SELDOM = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def leaf(x=A):
    return nb.asarray(x, requires_grad=True)


# ------------------------------------------------------------------------------------------ NumPy's functions
def of_numpy(row):
    """Whether the row's reference is a function of NumPy's or SciPy's that asks Tensors."""
    return isinstance(row.like, np.ufunc) or hasattr(row.like, "_implementation")


@pytest.mark.parametrize("row", [row for _, row in sorted(OPS.items()) if of_numpy(row)],
                         ids=lambda row: row.op.name)
def test_numpys_function_is_the_ops(row):
    """Its values, and its gradient, are those of the function that it stands for."""
    case = next(iter(testing.cases(row, "float64")))
    want = flatten(row.like(*case.args, **case.params))[0]
    got = flatten(row.like(*map(nb.asarray, case.args), **case.params))[0]
    for z, y in zip(got, want, strict=True):
        assert type(z) is Tensor
        np.testing.assert_allclose(z.numpy(), y, rtol=1e-12, atol=1e-12)
    if not row.op.discrete:
        z, pullback = nb.vjp(lambda *xs: row.like(*xs, **case.params), *case.args)
        found = pullback(map_leaves(nb.ones_like, z))
        assert any(g is not None and np.any(g.numpy() != 0) for g in found)


CALLS = {
    "a ufunc": np.sin,
    "of two operands": lambda x: np.add(B, x),
    "of SciPy": lambda x: scipy.special.erf(x) + scipy.special.expit(x),
    "a second name": lambda x: np.absolute(x) + np.arctan(x),
    "power": lambda x: np.power(x, 3) + np.power(2.0, x),
    "reduce": lambda x: np.add.reduce(x) + np.multiply.reduce(x, axis=1, keepdims=True),
    "the largest by reduce": lambda x: np.maximum.reduce(x, axis=None),
    "accumulate": lambda x: np.add.accumulate(x, axis=1),
    "outer": lambda x: np.multiply.outer(B, x),
    "matmul": lambda x: np.matmul(x, B) + B @ x,
    "sum by its names": lambda x: np.sum(a=x, axis=0, keepdims=True),
    "sum of some, and of more": lambda x: np.sum(x, 0, None, None, False, 2.5, where=B > 2) + np.prod(
        x, where=B > 2, initial=x[0, 0]) + np.max(x, initial=x[0, 1]) + np.mean(x, 0, where=B > 1.5),
    "deviations of some": lambda x: np.std(x, 0, mean=np.mean(x, 0, keepdims=True), correction=1) + np.var(
        x, where=B > 1.1),
    "a default given": lambda x: np.sum(x, axis=0, dtype=None, out=None),
    "max": lambda x: np.amax(x, axis=1) + np.max(x),
    "concatenate": lambda x: np.concatenate([x, B], axis=1),
    "stack": lambda x: np.stack((B, x), axis=-1),
    "hstack, vstack": lambda x: np.hstack([np.vstack([x, B]), np.vstack([B, x])]),
    "where": lambda x: np.where(B > 1, x, 0.0),
    "clip": lambda x: np.clip(x, 1.5, 3) + np.clip(x, a_min=1.5, a_max=None) + np.clip(x, max=2.5),
    "reshape": lambda x: np.reshape(x, (4,)) + np.reshape(x, (4,), order="F") + np.ravel(x.T, order="K"),
    "transpose": lambda x: np.transpose(x) + np.swapaxes(x, 0, 1) + np.moveaxis(x, 0, 1),
    "split": lambda x: np.split(x, 2, axis=1)[1],
    "take": lambda x: np.take(x, [1, 0, 1], axis=1) * np.take(x, [3, 0])[0],
    "einsum": lambda x: np.einsum("ij,jk->k", x, B),
    "tensordot": lambda x: np.tensordot(x, B) + np.dot(x, B) + np.outer(x, B)[0, 0],
    "linalg": lambda x: np.linalg.inv(x) + np.linalg.det(x) + np.linalg.solve(x, B) + np.linalg.norm(x),
    "var": lambda x: np.var(x, axis=0, ddof=1) + np.std(x) + np.mean(x) + np.average(x, weights=B * B),
    "linspace": lambda x: np.linspace(x[0], x[1], 3),
    "rounding": lambda x: np.around(x * 1.234, 1) + np.floor(x),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_program_in_numpys_names_runs_on_tensors(name):
    f = CALLS[name]
    with tiers.chosen("interpreted"):
        z = f(nb.asarray(A))
        assert type(z) is Tensor
        np.testing.assert_allclose(z.numpy(), f(A), rtol=1e-12)
        testing.check_grads(f, [A * 1.01])


def test_operators_with_an_array_on_the_left_give_tensors():
    t = nb.asarray(A)
    for x in (B, np.float64(2), np.float32(0.5), np.int64(3)):
        for z, want in ((x + t, x + A), (x - t, x - A), (x * t, x * A), (x / t, x / A),
                        (abs(x) ** t, abs(x) ** A), (x < t, x < A), (x == t, x == A), (x >= t, x >= A)):
            assert type(z) is Tensor and z.dtype == want.dtype
            np.testing.assert_allclose(z.numpy(), want, rtol=1e-14)
    assert type(B @ t) is Tensor
    assert (np.float32(2) * nb.asarray(A, dtype="float32")).dtype == np.float32
    assert (np.float64(2) * nb.asarray(A, dtype="float32")).dtype == np.float64


def test_numpys_functions_work_within_elementwise(own_ops):
    wave = nb.elementwise("wave", lambda x: np.exp(-x) * np.sin(np.maximum(x, 0.0)), at=(0.1, 3))
    np.testing.assert_allclose(wave(A).numpy(), np.exp(-A) * np.sin(A), rtol=1e-14)


def test_questions_about_tensors_are_answered():
    t = leaf()
    assert (np.shape(t), np.ndim(t), np.size(t), np.size(t, 0)) == ((2, 2), 2, 4, 2)
    assert np.result_type(t, np.float32) == np.float64 and np.isrealobj(t) and not np.iscomplexobj(t)
    assert np.array_equal(t, A) and not np.array_equal(t, B)
    assert np.iterable(t) and not np.iterable(t[0, 0])
    assert np.array_repr(t).startswith("array(")


REFUSED = {
    "a function that is not there": (np.packbits, r"^numpy.packbits .*nb.op.*detach"),
    "one of SciPy": (scipy.special.wofz, r"^scipy.special.wofz .*nb.op.*nb.elementwise.*detach"),
    "a ufunc that is not there": (np.isnat, "numpy.isnat "),
    "a method of a ufunc": (lambda t: np.add.reduceat(t, [0, 1]), "numpy.add.reduceat"),
    "at": (lambda t: np.add.at(t, 0, 1.0), "numpy.add.at"),
    "a reduction that is not there": (np.subtract.reduce, "numpy.subtract.reduce"),
    "out": (lambda t: np.add(t, t, out=np.zeros((2, 2))), "add: .*out="),
    "out of a function": (lambda t: np.sum(t, out=np.zeros(())), "sum: .*'out'"),
    "an array changed in place": (lambda t: np.zeros((2, 2)).__iadd__(t), r"a \+= t"),
    "where": (lambda t: np.add(t, t, where=B > 0), "add: .*'where'"),
    "dtype": (lambda t: np.exp(t, dtype="int64"), "exp: .*same_kind.*astype"),
    "dtype of an average": (lambda t: np.mean(t, dtype="int64"), "numpy.mean: dtype=int64"),
    "initial": (lambda t: np.logical_or.reduce(t, initial=True), "numpy.logical_or.reduce: .*'initial'"),
    "mode": (lambda t: np.take(t, [0], mode="clip"), "take: .*'mode'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_tensors_do_not_do_is_refused(name):
    f, message = REFUSED[name]
    for t in (nb.asarray(A), leaf()):
        if t.requires_grad or f is not np.packbits:
            with pytest.raises((errors.ProtocolError, errors.DtypeError), match=message):
                f(t)


def test_without_a_gradient_numpy_answers_for_what_nbgrad_does_not_have():
    np.testing.assert_array_equal(np.packbits(nb.asarray(A > 0)), np.packbits(A > 0))
    with pytest.raises(errors.ProtocolError, match="packbits"):
        nb.grad(lambda x: nb.sum(np.packbits(x)))(A)


@pytest.mark.parametrize("f", [np.atleast_1d, np.atleast_2d, np.atleast_3d])
def test_results_without_a_gradient_enter_compiled_code_as_arrays(f):
    for _ in range(2):                        # also once a recorded one has been seen
        assert type(f(nb.asarray(A))) is np.ndarray
        np.testing.assert_array_equal(f(nb.asarray(A)), f(A))
        assert type(f(leaf())) is nb.Tensor
        np.testing.assert_array_equal(nb.grad(lambda x: nb.sum(f(x) * f(x)))(A), 2 * A)


def test_values_with_a_gradient_are_not_taken_out(tmp_path):
    for f in (np.asarray, np.array, lambda t: np.copyto(np.zeros((2, 2)), t),
              lambda t: np.full_like(A, t), lambda t: np.save(tmp_path / "x.npy", t)):
        with pytest.raises(errors.TraceError, match="detach"):
            f(leaf())
        with pytest.raises(errors.TraceError):
            nb.grad(lambda x, f=f: x.sum() + np.sum(f(x)))(A)
    np.save(tmp_path / "x.npy", nb.asarray(A))
    assert np.array_equal(np.load(tmp_path / "x.npy"), A)


def test_arrays_of_other_libraries_are_asked():
    class Other:
        def __array_ufunc__(self, *_, **__):
            return "other"

        def __array_function__(self, *_, **__):
            return "other"

    assert np.add(nb.asarray(A), Other()) == "other"
    assert np.concatenate([nb.asarray(A), Other()]) == "other"


def test_an_array_of_a_tensor_is_read_only_and_no_copy():
    t = nb.asarray(A)
    view = np.asarray(t)
    assert np.shares_memory(view, t.numpy()) and not view.flags.writeable
    assert np.array(t).flags.writeable
    assert np.asarray(t, dtype="float32").dtype == np.float32
    with pytest.raises(ValueError, match="copy"):
        np.array(t, dtype="float32", copy=False)


# ---------------------------------------------------------------------------------------- Python's protocols
def test_length_elements_and_membership():
    t = nb.asarray(A)
    assert len(t) == 2 and [row.shape for row in t] == [(2,), (2,)]
    assert [float(x) for x in reversed(nb.asarray([1.0, 2.0]))] == [2.0, 1.0]
    assert 5.0 in t and 7 not in t and math.inf not in t
    for f in (len, iter, list):
        with pytest.raises(errors.ProtocolError, match="0-d tensor"):
            f(nb.asarray(1.0))


def test_elements_of_a_loop_have_gradients():
    np.testing.assert_array_equal(nb.grad(lambda x: sum((row * row).sum() for row in x))(A), 2 * A)


def test_numbers():
    n, x = nb.asarray(3), nb.asarray([2.75])
    assert (int(x), float(x), complex(x), bool(x)) == (2, 2.75, 2.75 + 0j, True)
    assert list(range(5))[n] == 3 and hex(n) == "0x3" and math.floor(x) == 2
    assert f"{x:.1f}" == "2.8" and f"{nb.asarray(0.5)}" == "0.5" and f"{n:03d}" == "003"
    with pytest.raises(errors.DtypeError, match="index"):
        [1][nb.asarray(0.0)]


# --------------------------------------------------------------------------------------- pickles and copies
@pytest.mark.parametrize("again", [lambda t: pickle.loads(pickle.dumps(t)), copy.copy, copy.deepcopy])
def test_a_copy_is_of_the_same_kind_and_of_its_own(again):
    for x in (A, A.T, A[:, ::-1], np.array(2.0), np.zeros((0, 3)), np.arange(3), np.float32([1, np.nan])):
        t = nb.asarray(x)
        new = again(t)
        np.testing.assert_array_equal(new.numpy(), x)
        assert new.dtype == t.dtype and not new.requires_grad
        new += 1
        np.testing.assert_array_equal(t.numpy(), x)
    w = leaf()
    new = again(w)
    assert new.requires_grad and new.is_leaf and new is not w
    (new * new).sum().backward()
    np.testing.assert_array_equal(new.grad.numpy(), 2 * A)
    assert w.grad is None


def test_only_deepcopy_takes_the_gradient_along():
    w = leaf()
    w.sum().backward()
    assert copy.copy(w).grad is None and pickle.loads(pickle.dumps(w)).grad is None
    new = copy.deepcopy({"w": w, "same": w})
    assert new["w"] is new["same"]
    np.testing.assert_array_equal(new["w"].grad.numpy(), 1)
    new["w"].grad = None
    assert w.grad is not None


@pytest.mark.parametrize("again", [pickle.dumps, copy.copy, copy.deepcopy])
def test_what_was_computed_from_a_leaf_is_not_copied(again):
    with pytest.raises(errors.TraceError, match="detach"):
        again(leaf() * 2)
    with pytest.raises(errors.TraceError, match="detach"):
        nb.grad(lambda x: [again(x), x.sum()][1])(A)


def test_a_tensor_that_outlived_its_trace_can_be_pickled():
    kept = []
    nb.grad(lambda x: [kept.append(x * 2), x.sum()][1])(A)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(kept[0])).numpy(), 2 * A)


def test_an_optimiser_and_its_parameters_stay_together_in_a_pickle():
    w = leaf()
    optimizer = nb.optim.Adam([w], lr=0.1)
    new, moved = pickle.loads(pickle.dumps((optimizer, w)))
    for o, x in ((optimizer, w), (new, moved)):
        (x * x).sum().backward()
        o.step()
    np.testing.assert_array_equal(moved.detach().numpy(), w.detach().numpy())


# ------------------------------------------------------------------------------------------------- DLPack
class Old:
    """A producer for consumers that know no flags: it passes on no version."""

    def __init__(self, t, **options):
        self.t, self.options = t, options

    def __dlpack__(self, **_):
        return self.t.__dlpack__(**self.options)

    def __dlpack_device__(self):
        return self.t.__dlpack_device__()


def test_dlpack_goes_both_ways_without_a_way_to_write_into_a_tensor():
    t = nb.asarray(A)
    for taken in (np.from_dlpack(t), np.from_dlpack(Old(t))):
        np.testing.assert_array_equal(taken, A)
        assert not np.shares_memory(taken, t.numpy())
    shared = np.from_dlpack(t, copy=False)
    assert np.shares_memory(shared, t.numpy()) and not shared.flags.writeable
    assert t.__dlpack_device__() == (1, 0)
    x = A.copy()
    for new in (nb.from_dlpack(x), nb.from_dlpack(t)):
        np.testing.assert_array_equal(new.numpy(), A)
        assert not np.shares_memory(new.numpy(), x)
    assert np.shares_memory(nb.from_dlpack(x, copy=False).numpy(), x)


def test_dlpack_is_refused_where_a_gradient_or_a_flag_would_be_lost():
    with pytest.raises(errors.TraceError, match="detach"):
        np.from_dlpack(leaf())
    with pytest.raises(BufferError):
        np.from_dlpack(Old(nb.asarray(A), copy=False))
    with pytest.raises(errors.DtypeError, match="__dlpack__"):
        nb.from_dlpack([1.0])
    with pytest.raises(BufferError, match="longdouble"):
        nb.from_dlpack(np.zeros(2, np.longdouble))


# ---------------------------------------------------------------------------------------------- indexing
KINDS = ["int", "slice", "none", "dots", "array", "list", "empty", "mask", "masks", "bool", "stop"]


@st.composite
def keys(draw, shape):
    """An index of an array of that shape: all that NumPy takes, mixed."""
    parts, axis, width = [], 0, draw(st.integers(1, 3))
    while axis < len(shape) and len(parts) < 7:
        n = shape[axis]
        places = st.integers(-n, n - 1) if n else None
        bound = st.none() | st.integers(-n - 2, n + 2)
        kind = draw(st.sampled_from(KINDS))
        if kind == "stop":
            break
        if kind in ("int", "array", "list") and not n:
            continue
        if kind == "int":
            parts.append(draw(places))
        elif kind == "slice":
            parts.append(slice(draw(bound), draw(bound), draw(st.sampled_from([None, -3, -1, 1, 2]))))
        elif kind == "none":
            parts.append(None)
            axis -= 1
        elif kind == "dots":
            if any(p is Ellipsis for p in parts):
                continue
            parts.append(Ellipsis)
            axis = draw(st.integers(axis, len(shape))) - 1
        elif kind == "array":
            form = draw(st.sampled_from([(width,), (1,), (), (2, width), (2, 1)]))
            parts.append(draw(hnp.arrays(draw(st.sampled_from(["int64", "int8"])), form, elements=places)))
        elif kind == "list":
            parts.append(draw(st.lists(places, min_size=width, max_size=width)))
        elif kind == "empty":
            parts.append([])
        elif kind == "bool":
            parts.append(draw(st.booleans()))
            axis -= 1
        else:
            axes = 2 if kind == "masks" and axis + 1 < len(shape) else 1
            parts.append(draw(hnp.arrays(bool, shape[axis:axis + axes])))
            axis += axes - 1
        axis += 1
    return parts[0] if len(parts) == 1 and draw(st.booleans()) else tuple(parts)


INDEXED = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4).flatmap(
    lambda shape: st.tuples(st.just(shape), keys(shape)))


@settings(SELDOM, max_examples=400)
@given(INDEXED)
def test_an_index_reads_what_numpys_does_and_its_gradient_goes_there(case):
    shape, key = case
    x = np.arange(float(math.prod(shape))).reshape(shape)
    try:
        want = x[key]
    except IndexError:
        with pytest.raises(IndexError, match="getitem"):
            nb.asarray(x)[key]
        return
    z, pullback = nb.vjp(lambda t: t[key], x)
    assert z.shape == np.shape(want)
    np.testing.assert_array_equal(z.numpy(), want)
    g = np.arange(1.0, 1 + z.numpy().size).reshape(z.shape)
    there = np.zeros(shape)
    np.add.at(there, key, g)
    np.testing.assert_array_equal(pullback(g)[0].numpy(), there)


def test_each_way_of_writing_a_call_is_bound_by_itself():
    """Arguments by place, by name and in another order, again and again, and those that are left unset."""
    x = nb.asarray(A)
    ways = [lambda f, t: f(t), lambda f, t: f(t, 0), lambda f, t: f(t, axis=0), lambda f, t: f(a=t, axis=-1),
            lambda f, t: f(axis=0, a=t), lambda f, t: f(t, keepdims=True, axis=0),
            lambda f, t: f(t, axis=0, keepdims=True), lambda f, t: f(t, 0, keepdims=np._NoValue),
            lambda f, t: f(t, 0, None, None, True), lambda f, t: f(t, (0,), keepdims=False)]
    for _ in range(3):
        for f in (np.sum, np.prod, np.max):
            for way in ways[:8] if f is np.max else ways:
                np.testing.assert_allclose(way(f, x).numpy(), way(f, A), rtol=1e-14)
    with pytest.raises(TypeError):
        np.sum(x, 0, axis=0)


def test_an_array_of_tensors():
    """np.array of a list of them has their values, or says how to keep the gradient that it would lose."""
    x = nb.asarray(A)
    for made in (np.array([x[0], x[1]]), np.asarray([list(row) for row in x]), np.array(list(x))):
        assert type(made) is np.ndarray
        assert np.array_equal(made, A)
    for watched in (leaf()[0], [leaf()], list(leaf()), [[1.0, leaf()[0, 0]]]):
        with pytest.raises(errors.TraceError, match=r"nb\.stack.*x\.detach\(\)" if type(watched) is list else
                           "nb.stack"):
            np.array(watched)
    for transform in (nb.grad, nb.jacobian, lambda f: lambda x: nb.jvp(f, (x,), (x,))):
        with pytest.raises(errors.TraceError, match=r"nb\.stack|nb\.zeros"):
            transform(lambda x: np.array([x[0, 0], x[1, 1]]).sum())(A)
        with pytest.raises(errors.TraceError, match=r"nb\.stack"):
            transform(lambda x: np.array([x, x]).sum())(A)
    assert nb.grad(lambda x: nb.sum(nb.stack([x[0], x[1]]) * A))(A).tolist() == A.tolist()
