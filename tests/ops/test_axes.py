"""Every public function that takes an axis, however the axis is spelled: as NumPy's function of its name.

The functions are found by their signatures, so that none can be forgotten.
"""

import inspect
import warnings

import numpy as np
import pytest
import scipy.special

import nbgrad as nb
from nbgrad import errors
from nbgrad.engine.tensor import raw
from nbgrad.testing import check_grads

RNG = np.random.default_rng(0)
X, Y, CUBE = RNG.normal(size=(3, 4, 5)), RNG.normal(size=(3, 4, 5)), RNG.normal(size=(3, 3, 3))
PLACES = np.argsort(CUBE, -1)
NAMES = ("axis", "axes", "axis1", "axis2", "source", "destination", "dim", "dims")


ELSEWHERE = ("ravel_multi_index", "tensorsolve")      # what they take for axes is not one array's


def found():
    """(module, name, parameter) of what takes an axis."""
    for module, functions in (("nb", nb), ("linalg", nb.linalg)):
        for name in functions.__all__:
            function = getattr(functions, name)
            if callable(function) and not isinstance(function, type) and name not in ELSEWHERE:
                yield from [(module, name, p) for p in inspect.signature(function).parameters if p in NAMES]


def layer_norm(x, axis):
    return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + 1e-5)


def cross_entropy(x, target, axis):
    return -np.mean(np.sum(scipy.special.log_softmax(x, axis) * target, axis))


def put_along_axis(f, axis):
    x = CUBE.copy() if f is np.put_along_axis else nb.tensor(CUBE)
    f(x, PLACES, 7.0, axis=axis)
    return x


LIKE = {"partition": lambda x, kth, axis: np.sort(x, axis),
        "softmax": scipy.special.softmax, "log_softmax": scipy.special.log_softmax, "cat": np.concatenate,
        "sliding_window_view": np.lib.stride_tricks.sliding_window_view,
        "logsumexp": scipy.special.logsumexp, "layer_norm": layer_norm, "cross_entropy": cross_entropy,
        "norm": np.linalg.norm, "argpartition": lambda x, kth, axis: np.argsort(x, axis)}
# How a function is called where it is not f(X, axis=a).
CALLS = {
    **dict.fromkeys(["cat", "concat", "concatenate", "stack"], lambda f, a: f([X, Y], axis=a)),
    **dict.fromkeys(["quantile", "nanquantile", "percentile", "nanpercentile"],
                    lambda f, a: f(X, 0.3, axis=a)),
    **dict.fromkeys(["logspace", "geomspace"], lambda f, a: f(np.abs(X) + 1, np.abs(Y) + 1, 3, axis=a)),
    **dict.fromkeys(["partition", "argpartition"], lambda f, a: f(X, 1, axis=a)),
    "apply_along_axis": lambda f, a: f(np.sum, a, X), "apply_over_axes": lambda f, a: f(np.sum, X, a),
    "compress": lambda f, a: f([True, False, True], X, axis=a), "put_along_axis": put_along_axis,
    "append": lambda f, a: f(X, Y, axis=a), "delete": lambda f, a: f(X, 1, axis=a),
    "insert": lambda f, a: f(X, 1, 2.0, axis=a), "array_split": lambda f, a: f(CUBE, 3, axis=a),
    "repeat": lambda f, a: f(X, 2, axis=a), "roll": lambda f, a: f(X, 1, axis=a),
    "split": lambda f, a: f(CUBE, 3, axis=a), "take": lambda f, a: f(X, [0, 2, 1], axis=a),
    "take_along_axis": lambda f, a: f(CUBE, PLACES, axis=a), "vecdot": lambda f, a: f(X, Y, axis=a),
    "cross_entropy": lambda f, a: f(CUBE, np.abs(CUBE), axis=a), "axes": lambda f, a: f(X, axes=a),
    "tensordot": lambda f, a: f(CUBE, CUBE, axes=a), "squeeze": lambda f, a: f(X[:1, :, :1], axis=a),
    "source": lambda f, a: f(X, a, tuple(range(len(a)))[::-1] if isinstance(a, (tuple, list)) else 0),
    "destination": lambda f, a: f(X, tuple(range(len(a))) if isinstance(a, (tuple, list)) else 0, a),
    "cross": lambda f, a: f(CUBE, CUBE[::-1], axis=a),
    "sliding_window_view": lambda f, a: f(X, (1,) * (X.ndim if a is None else np.size(a)), axis=a),
    "axis1": lambda f, a: f(X, axis1=a, axis2=2), "axis2": lambda f, a: f(X, axis1=0, axis2=a),
}
WHOLE = [0, 1, 2, -1, -3, np.int64(1), np.int8(-1), np.uint8(1), np.array(1)]
SEVERAL = [(0, 1), (1, 0), (2, 0), (-1, 0), (np.int64(0), 2), (np.array(0), 1), (1,), (), (1, 2, 0),
           (-1, 0, 1)]
SEQUENCES = [[0], [0, 1], [2, 0], [2, 1, 0], ((1, 0), (0, 1)), ((0,), (1,)), [[0, 1], [1, 0]],
             np.array([1]), np.array([1, 0]), range(2)]
TRUE = np.array(True)
WRONG = [3, -4, 2**40, (0, 5), (0, 0), (0, -3), [1, 1], 1.0, np.float64(1), "0", (0.0,), (None,), slice(0, 1),
         np.True_, TRUE]
BOOLS = [True, False, (True, 0), [False]]
ONE_AXIS = {"softmax", "log_softmax", "cross_entropy", "cumulative_sum", "cumulative_prod"}


def stricter(name, axis):
    """What we refuse although the other library takes it."""
    if name in ONE_AXIS:
        return axis is None or isinstance(axis, tuple)
    if name in ("norm", "vector_norm"):                     # int("0") is an axis there
        return isinstance(axis, (float, str, np.bool_)) or axis is TRUE
    if name == "tensordot":
        return isinstance(axis, (int, np.int8)) and axis < 0
    if name == "apply_over_axes":                           # -4 of three axes is counted as -1 there
        return isinstance(axis, int) and axis < -3
    return name == "layer_norm" and isinstance(axis, tuple) and not axis


def stumbles(name, axis):
    """What NumPy itself does not take: -np.uint8(1), a set of arrays; the norm over no axis, or three."""
    if name == "norm":
        return isinstance(axis, tuple) and len(axis) in (0, 3)
    return name == "tensordot" and (isinstance(axis, np.uint8) or axis is SEVERAL[5])


def outcome(call, function, axis):
    """The arrays that come out, or the error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            got = call(function, axis)
        except Exception as error:
            return error
    return [np.asarray(raw(z)) for z in (got if isinstance(got, (list, tuple)) else [got])]


@pytest.mark.parametrize("module, name, parameter", list(found()))
def test_axes_are_taken_and_refused_as_numpy_does(module, name, parameter):
    ours = getattr(nb if module == "nb" else nb.linalg, name)
    theirs = LIKE.get(name) or getattr(np if module == "nb" else np.linalg, name)
    call = CALLS.get(name) or CALLS.get(parameter) or (lambda f, a: f(X, axis=a))
    taken = 0
    for axis in [*WHOLE, *SEVERAL, *SEQUENCES, None, *WRONG]:
        got, want = outcome(call, ours, axis), outcome(call, theirs, axis)
        if stumbles(name, axis):
            continue
        if isinstance(want, Exception) or stricter(name, axis):
            assert isinstance(got, errors.NbgradError), (axis, got, want)
            continue
        assert isinstance(got, list), (axis, got)
        assert [(z.shape, z.dtype) for z in got] == [(z.shape, z.dtype) for z in want], axis
        for z, w in zip(got, want, strict=True):
            np.testing.assert_allclose(z, w, rtol=1e-12, atol=1e-12, err_msg=f"{name} {axis!r}")
        taken += 1
    assert taken >= 4
    for axis in BOOLS:
        assert isinstance(outcome(call, ours, axis), errors.NbgradError), axis


WITH_AXIS = {name for _, name, parameter in found() if parameter == "axis"}


@pytest.mark.parametrize("name", sorted(WITH_AXIS - {"apply_along_axis"}))      # its names are the function's
def test_pytorchs_name_for_the_axis(name):
    ours = getattr(nb, name, None) or getattr(nb.linalg, name)
    call = CALLS.get(name) or (lambda f, a: f(X, axis=a))

    def renamed(*args, axis):
        return ours(*args, dim=axis)

    for axis in (0, -1, [0, 2], (2, 0)):
        plain = tuple(axis) if type(axis) is list else axis
        got, want = outcome(call, renamed, axis), outcome(call, ours, plain)
        if isinstance(want, Exception):
            assert type(got) is type(want), axis
        else:
            np.testing.assert_array_equal(got, want)


SMOOTH = ["sum", "mean", "prod", "max", "var", "std", "norm", "logsumexp", "softmax", "cumsum", "flip",
          "roll", "moveaxis", "diff", "take_along_axis", "trace", "tensordot", "stack", "average"]


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_along_axes_of_any_spelling(name):
    for axis in (np.int8(-1), (2, 0), ((2, 0), (0, -2))):
        calls = {"roll": lambda t, a: nb.roll(t, 1, a), "moveaxis": lambda t, a: nb.moveaxis(t, a, 0),
                 "take_along_axis": lambda t, a: nb.take_along_axis(t, PLACES, a),
                 "trace": lambda t, a: nb.trace(t, 0, a, 1), "tensordot": lambda t, a: nb.tensordot(t, t, a),
                 "stack": lambda t, a: nb.stack([t, t], axis=a)}
        call = calls.get(name, lambda t, a: getattr(nb, name)(t, axis=a))
        if not isinstance(outcome(call, CUBE, axis), Exception):
            check_grads(lambda t, axis=axis, call=call: call(t, axis), [CUBE], order=1)
