"""Plans: calls that are alike have one, others never share it, and it does what the general path does."""

import sys
import warnings
import weakref

import numpy as np
import pytest

import nbgrad as nb
import nbgrad.linalg
from nbgrad import errors, testing
from nbgrad.compile import tiers
from nbgrad.define import finder, plans
from nbgrad.define.registry import OPS
from nbgrad.define.structured import Structured, op
from nbgrad.engine.graph import Graph, pull
from nbgrad.kernels import table

X = np.arange(12.0).reshape(3, 4)
STRUCTURED = [name for name, row in OPS.items()
              if row.kind == "structured" and getattr(row.op, "plans", None) is not None]


def values(z):
    return [values(part) for part in z] if isinstance(z, tuple) else np.asarray(z.detach())


def bits(z):
    """Dtype, shape and bytes of a result, or of several."""
    return [bits(part) for part in z] if isinstance(z, list) else (z.dtype, z.shape, z.tobytes())


@pytest.mark.parametrize("name", STRUCTURED)
def test_a_planned_call_does_what_the_first_one_does(name):
    """Values, views and gradients of each case's first call, for which nothing is planned, and of others."""
    made = OPS[name].op
    for case in testing.cases(OPS[name], "float64"):
        made.plans.clear()
        params = case.params
        xs = [nb.asarray(a, copy=False) if isinstance(a, np.ndarray) else a for a in case.args]
        calls = [made(*xs, **params) for _ in range(3)]
        if isinstance(calls[0], tuple):
            assert bits(values(calls[0])) == bits(values(calls[2]))
            continue
        first, *others = map(values, calls)   # sums of few terms may be rounded by where memory lies
        for z in others:
            assert (z.dtype, z.shape) == (first.dtype, first.shape)
            np.testing.assert_allclose(z, first, rtol=1e-14, atol=1e-15)
        assert [hasattr(z, "_view") for z in calls] == [hasattr(calls[0], "_view")] * 3
        assert len({z.value.strides for z in calls}) == 1
        if made.discrete or calls[0].dtype.kind != "f":
            continue
        made.plans.clear()
        larger = [x * 1.25 if isinstance(x, nb.Tensor) and x.dtype.kind == "f" else x for x in xs]
        alone = [cotangents(made, xs, params), cotangents(made, larger, params)]
        for values_of, expected in [(xs, alone[0])] * 4 + [(larger, alone[1])]:
            for g, c in zip(cotangents(made, values_of, params), expected, strict=True):
                np.testing.assert_allclose(g, c, rtol=1e-13, atol=1e-14)


def cotangents(made, xs, params):
    """Those of the inputs of an op, for one of different numbers."""
    graph = Graph()
    moving = [isinstance(x, nb.Tensor) and x.dtype.kind == "f" for x in xs]
    leaves = [graph.leaf(x.value) if move else x for x, move in zip(xs, moving, strict=True)]
    z = made(*leaves, **params)
    seed = np.linspace(1, 2, z.value.size, dtype=z.dtype).reshape(z.shape)
    gs = pull([(z.mark, seed)]) if z.trace is graph else {}
    watched = [x for x, move in zip(leaves, moving, strict=True) if move]
    return [np.asarray(gs.get(x.mark, np.zeros(x.shape))) for x in watched]


# Arguments that are equal, or hash alike, but mean something else or are refused.
UNLIKE = {
    "slices": (nb.getitem, [(slice(0, 2),), (slice(0, 2, 2),), (slice(None, 2),), (slice(0, True),),
                            ((0, 2),)]),
    "slices in tuples": (nb.getitem, [((slice(1, 2), 0),), ((slice(1, 2), slice(0, 1)),),
                                      ((slice(1, 2), False),)]),
    "axis 1 and True": (nb.sum, [(1,), (True,)]),
    "axis 0 and False": (nb.sum, [(0,), (False,)]),
    "axis 1 and 1.0": (nb.sum, [(1,), (1.0,)]),
    "axis 0 and -0.0": (nb.sum, [(0,), (-0.0,)]),
    "axes (0, 1) and (0, True)": (nb.sum, [((0, 1),), ((0, True),)]),
    "keepdims 1 and True": (nb.sum, [(1, True), (1, 1), (1, 1.0)]),
    "a NumPy integer": (nb.sum, [(1,), (np.int64(1),), (np.int8(0),)]),
    "tuple and list": (nb.sum, [((0, 1),), ([0, 1],)]),
    "shape with True": (nb.reshape, [((12, 1),), ((12, True),), ((12, 1.0),)]),
    "by place and by name": (nb.concat, [([X, X], 0), ([X, X], 1), ([X, X],)]),
    "k as a float": (nb.tril, [(1,), (True,), (1.0,)]),
}


@pytest.mark.parametrize("what", UNLIKE)
def test_calls_that_are_often_made_are_told_apart_too(what):
    """Whichever has been made often, others do not get its plan."""
    f, calls = UNLIKE[what]
    calls = [args if f is nb.concat else (X, *args) for args in calls]
    f.plans.clear()
    alone = [outcome(f, args) for args in calls]
    for often in calls:
        f.plans.clear()
        for _ in range(2 * finder.OFTEN):
            outcome(f, often)
        for _ in range(2 * finder.OFTEN):
            assert [outcome(f, args) for args in calls] == alone


def test_layouts_are_told_apart_where_calls_are_often_made():
    """By dtype, shape and strides, with one argument and with two: more than a finder has room for."""
    nb.sum.plans.clear()
    nb.matmul.plans.clear()
    arrays = [X.astype(dtype)[:n, :m:step] for dtype in (np.float64, np.float32, np.int64) for n in (1, 2, 3)
              for m in (2, 3, 4) for step in (1, 2)]
    tensors = [nb.asarray(a.copy(order="F"), copy=False) for a in arrays] + list(map(nb.asarray, arrays))
    for _ in range(2 * finder.OFTEN):
        for t in tensors:
            x = t.numpy()
            assert nb.sum(t).item() == x.sum()
            assert nb.sum(t, 0).numpy().tolist() == x.sum(0).tolist()
            np.testing.assert_allclose(nb.matmul(t, t.T).numpy(), x @ x.T)
    assert nb.sum.plans.find


def test_what_a_finder_knows_does_not_keep_arrays_alive():
    nb.sum.plans.clear()
    x = nb.asarray(X)
    for _ in range(2 * finder.OFTEN):
        nb.sum(x, 1)
    found = weakref.ref(x)
    del x
    assert found() is None


def test_a_tensor_that_is_written_to_is_looked_at_anew():
    x = nb.asarray(X)
    for _ in range(2 * finder.OFTEN):
        nb.sum(x, 1)
    x[0] = 100.0
    assert nb.sum(x, 1).numpy().tolist() == [400.0, *X[1:].sum(1)]


def outcome(f, args):
    """What a call returns, or the type and text of what it raises."""
    try:
        z = f(*[nb.asarray(a) if isinstance(a, np.ndarray) else a for a in args])
    except Exception as error:
        return type(error), str(error)
    return bits(values(z))


@pytest.mark.parametrize("what", UNLIKE)
def test_arguments_that_are_equal_but_not_alike_have_no_plan_in_common(what):
    f, calls = UNLIKE[what]
    calls = [args if f is nb.concat else (X, *args) for args in calls]
    alone = []
    for args in calls:
        f.plans.clear()
        alone.append(outcome(f, args))
    for first in calls:                       # whichever is planned, the others come out as they do alone
        f.plans.clear()
        for _ in range(2):
            outcome(f, first)
        assert [outcome(f, args) for args in calls] == alone
        assert [outcome(f, args) for args in reversed(calls)] == alone[::-1]


def test_dtypes_shapes_and_strides_have_plans_of_their_own():
    nb.sum.plans.clear()
    kinds = [X, X.astype(np.float32), X.astype(np.int64), X > 3, X.T, X[::2], X[:, ::-1], X.reshape(-1),
             np.asfortranarray(X), X[:0], np.float64(3)]
    for _ in range(3):
        for x in kinds:
            found = nb.sum(nb.asarray(x))
            assert found.dtype == np.sum(x).dtype
            assert found.item() == np.sum(x)


def test_positions_and_names_are_told_apart():
    x = nb.asarray(X)
    nb.sum.plans.clear()
    nb.solve_triangular.plans.clear()
    lower = np.tril(X[:3, :3]) + np.eye(3)
    for _ in range(3 * finder.OFTEN):
        assert nb.sum(x, 0).shape == (4,)
        assert nb.sum(x, axis=0).shape == (4,)
        assert nb.sum(x=x, axis=1).shape == (3,)
        assert nb.sum(axis=0, x=x).shape == (4,)
        assert nb.sum(x, dim=1).shape == (3,)
        assert nb.sum(x, keepdims=True).shape == (1, 1)
        assert nb.sum(x, keepdims=True, axis=1).shape == (3, 1)
        assert nb.sum(x, axis=1, keepdims=True).shape == (3, 1)
        assert nb.sum(x, 1, True).shape == (3, 1)
        found = nb.solve_triangular(b=nb.asarray(X[:3]), a=nb.asarray(lower), lower=True)
        np.testing.assert_allclose(found.numpy(), np.linalg.solve(lower, X[:3]), atol=1e-12)
        with pytest.raises(errors.NbgradError):
            nb.sum(x, axis=0, dim=0)
        with pytest.raises(errors.DtypeError):
            nb.sum(x, axis=True)
        with pytest.raises(TypeError):
            nb.sum(x, place=0)


def test_what_was_converted_or_read_has_no_plan():
    """A list, an array and an index that is a Tensor are looked at anew at each call."""
    before = len(nb.matmul.plans)
    for k in range(3):
        np.testing.assert_array_equal(nb.matmul(nb.asarray(X), X.T + k).numpy(), X @ (X.T + k))
    assert len(nb.matmul.plans) == before
    x, places = nb.asarray(X), nb.asarray(np.array([0, 1]))
    assert nb.take(x, places, 0).numpy().tolist() == X[[0, 1]].tolist()
    places[0] = 2
    assert nb.take(x, places, 0).numpy().tolist() == X[[2, 1]].tolist()


def test_a_users_op_is_asked_at_each_call():
    """Its function may look at values: nothing that it found is kept."""
    limit = [10.0]

    def smaller(x, most):
        return np.minimum(x, most)

    @op(kernel=smaller)
    def limited_by_what_is_now(x):
        return (nb.asarray(x),), {"most": limit[0]}

    try:
        x = nb.asarray(X)
        assert limited_by_what_is_now(x).numpy().max() == 10
        limit[0] = 5.0
        assert limited_by_what_is_now(x).numpy().max() == 5
    finally:
        del OPS["limited_by_what_is_now"]


def test_a_planned_call_is_recorded_as_traces_want_it():
    x = nb.asarray(X)
    for _ in range(3):
        nb.sum(x, 1)
    f = lambda t: nb.sum(nb.square(nb.sum(t, 1)))                       # noqa: E731
    np.testing.assert_allclose(nb.grad(f)(x).numpy(), 2 * X.sum(1, keepdims=True) + 0 * X)
    np.testing.assert_allclose(nb.hessian(f)(x).numpy()[0, 0, 0], [2, 2, 2, 2])
    np.testing.assert_allclose(nb.jvp(f, (x,), (x,))[1].numpy(), 2 * (X.sum(1) ** 2).sum())
    leaf = nb.tensor(X, requires_grad=True)
    with nb.no_grad():
        assert not nb.sum(leaf, 1).requires_grad
    assert nb.sum(leaf, 1).requires_grad
    assert not nb.argmax(leaf).requires_grad
    outer = nb.grad(lambda s: nb.sum(nb.grad(lambda t: nb.sum(nb.sum(t, 1) * nb.sum(s, 1)))(x)))
    np.testing.assert_allclose(outer(x).numpy(), 4.0 + 0 * X)


def test_plans_are_not_kept_without_limit():
    reshape = nb.reshape
    for n in range(plans.MOST + 5):
        reshape(nb.asarray(np.zeros(n)), (n, 1))
    assert len(reshape.plans) <= plans.MOST


def test_a_reshape_is_a_view_or_a_copy_by_what_it_is_of():
    """The same shapes and strides: a scalar has no views; what broadcast_to repeats is copied as in NumPy."""
    for _ in range(3):
        computed, made = nb.sum(nb.asarray(X)), nb.tensor(3.0)
        v, w = nb.reshape(computed, (1,)), nb.reshape(made, (1,))
        made += 1
        assert w.item() == 4
        assert v.item() == X.sum()
        row = nb.asarray(np.arange(4.0))
        flat = nb.reshape(nb.broadcast_to(row, (3, 4)), (12,))
        row += 1
        assert flat.numpy().tolist() == np.tile(np.arange(4.0), 3).tolist()


PROGRAMS = {"sum": (), "softmax": (), "reshape": ((12,),), "matmul": (X.T,), "cumsum": (1,), "stack": None}


@pytest.mark.parametrize("name", PROGRAMS)
def test_rules_are_asked_until_their_program_is_known(name):
    """From then on other values of the same shapes go through kernels alone, which the first order shares."""
    made, given = OPS[name].op, PROGRAMS[name]
    made.plans.clear()
    made.programs.clear()
    asked = []
    cotangents_of = Structured._cotangents
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Structured, "_cotangents",
                      lambda self, *args: asked.append(self.name) or cotangents_of(self, *args))
        for k in range(6):
            xs = [nb.asarray(a + k) if isinstance(a, np.ndarray) else a for a in (X, *(given or ()))]
            cotangents(made, [*xs] if given is not None else [xs[0], xs[0]], {})
            if k == 3:
                asked.clear()
    assert name not in asked


def test_a_rule_that_looks_at_values_is_asked_each_time():
    """The product's is written for factors of which none is zero, and for others."""
    nb.prod.plans.clear()
    f = nb.grad(lambda t: nb.sum(nb.prod(t, 1)))
    for _ in range(5):
        np.testing.assert_allclose(f(X[1:] + 0.5).numpy()[0, 0], 5.5 * 6.5 * 7.5)
    zeros = X[1:] * [0, 1, 1, 1]
    np.testing.assert_allclose(f(zeros).numpy()[0], [5 * 6 * 7, 0, 0, 0])


def test_programs_know_no_value_of_the_call_they_were_found_in():
    """The caller's numbers are a part of the key; what a rule has computed is not kept."""
    f = nb.grad(lambda t, p: nb.sum(nb.var(t, 1, correction=p) + nb.logsumexp(t, 1)))
    for p in (0, 1, 0, 1, 0, 1, 0, 1):
        for x in (X, X[::-1].copy(), X * 0.5):
            e = np.exp(x - x.max(1, keepdims=True))
            expected = 2 * (x - x.mean(1, keepdims=True)) / (4 - p) + e / e.sum(1, keepdims=True)
            np.testing.assert_allclose(f(x, p).numpy(), expected, rtol=1e-12)


def test_programs_take_both_parts_of_complex_numbers():
    """The cotangent of a right side that is broadcast is a sum, which acts on parts."""
    z = X[:, :3] + np.eye(3) + 1j * np.cos(X[:, 1:])
    a, b, g = [nb.asarray(z * np.arange(1.0, n + 1)[:, None, None]) for n in (2, 1, 2)]
    pullback = nb.vjp(lambda b: nb.solve(a, b), b[0])[1]
    with tiers.chosen("interpreted"), warnings.catch_warnings(action="ignore"):
        first, *others = [values(pullback(g)[0]) for _ in range(4)]
    for other in others:
        np.testing.assert_array_equal(other, first)


def test_a_kernel_that_is_registered_later_runs_the_next_pullback(monkeypatch):
    f = nb.grad(lambda t: nb.sum(nb.flip(t, 0)[0]))
    for _ in range(5):
        before = f(X).numpy()
    monkeypatch.setattr(table, "KERNELS", dict(table.KERNELS))
    try:
        table.register("flip", lambda x, axis: x[::-1] + 1)
        np.testing.assert_array_equal(f(X).numpy(), before + 1)
    finally:
        monkeypatch.undo()
        nb.flip.plans.clear()
        nb.flip.programs.clear()
    np.testing.assert_array_equal(f(X).numpy(), before)


@pytest.mark.parametrize("name", ["sum", "softmax", "reshape", "matmul"])
def test_from_the_call_to_the_kernel_are_few_steps(name):
    """Python functions entered by a planned call, besides the kernel's own."""
    x = nb.asarray(X[:3, :3].copy())
    call = {"sum": lambda: nb.sum(x), "softmax": lambda: nb.softmax(x),
            "reshape": lambda: nb.reshape(x, (9,)), "matmul": lambda: nb.matmul(x, x)}[name]
    for _ in range(2 * finder.OFTEN):
        call()
    entered = []
    sys.setprofile(lambda frame, event, _: entered.append(frame.f_code.co_name) if event == "call" else None)
    try:
        call()
    finally:
        sys.setprofile(None)
    assert len(entered[1:]) <= 3, entered


def test_ops_whose_calls_are_seldom_alike_are_not_planned():
    assert all(isinstance(OPS[name].op, Structured) for name in STRUCTURED)
    assert not {"setitem", "drop", "embedding_rows"} & set(STRUCTURED)


def test_a_kernel_that_is_registered_later_runs_the_next_call(monkeypatch):
    x = nb.asarray(X)
    before = [values(nb.flip(x, 0)) for _ in range(3)][-1]
    monkeypatch.setattr(table, "KERNELS", dict(table.KERNELS))
    try:
        table.register("flip", lambda x, axis: x + 1)
        np.testing.assert_array_equal(values(nb.flip(x, 0)), X + 1)
    finally:
        monkeypatch.undo()
        nb.flip.plans.clear()
    np.testing.assert_array_equal(values(nb.flip(x, 0)), before)
