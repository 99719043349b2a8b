"""nb.bench: what it measures, what it leaves out and says so, and what it refuses."""

import tracemalloc

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import errors
from nbgrad.bench import clock

X = np.linspace(-1, 1, 1000)


def short(f, *args, **options):
    return nb.bench(f, *args, seconds=0.001, **options)


def test_a_function_written_with_numpy_is_its_own_reference():
    found = short(lambda x: np.sum(np.tanh(x) * x), X)
    assert found.numpy > 0 and found.forward > 0 and found.first > 0 and not found.notes
    assert found.ratio == found.forward / found.numpy
    assert found.gradient > found.forward and found.first_gradient > 0
    assert found.as_dict()["ratio"] == found.ratio


@pytest.mark.parametrize("f", [nb.tanh, nb.sum, nb.matmul, nb.softmax, nb.logaddexp])
def test_ops_and_functions_know_their_reference(f):
    args = (np.eye(4), np.eye(4)) if f is nb.matmul else (X, X) if f is nb.logaddexp else (X,)
    found = short(f, *args, **({"numpy": lambda x: np.exp(x) / np.exp(x).sum()} if f is nb.softmax else {}))
    assert found.ratio is not None and found.name == f.__name__ if hasattr(f, "__name__") else f.name


def test_peaks_are_those_of_the_arrays():
    found = short(nb.exp, np.linspace(0, 1, 100_000))
    assert 800_000 <= found.peak < 810_000
    assert 800_000 <= found.numpy_peak < 810_000
    assert found.gradient_peak > 1_500_000
    assert not tracemalloc.is_tracing()


def test_kernels_of_first_calls_are_counted(own_ops):
    op = nb.elementwise("damped_for_bench", lambda x: nb.exp(-x) * nb.sin(x), at=(0, 3))
    found = short(op, X, gradient=False)
    assert found.compiled + found.loaded == 1
    assert found.gradient is None and found.first_gradient is None
    assert "has no reference" in repr(found)
    assert short(op, X, gradient=False).compiled == 0


def test_what_is_left_out_is_said():
    assert "returns Tensors; give numpy=" in short(lambda x: nb.tanh(x) + 1, X).notes[0]
    assert "raises AttributeError" in short(lambda x: x.exp(), X).notes[0]
    assert "it has no relu6" in short(named("relu6"), X).notes[0]
    assert "result is not floating-point" in short(nb.argmax, X).notes[0]
    assert "no argument is floating-point" in short(nb.add, np.arange(3), np.arange(3)).notes[0]


def named(name):
    def f(x):
        return nb.minimum(nb.maximum(x, 0.0), 6.0)

    f.__name__, f.__module__ = name, "nbgrad.ops.mine"
    return f


def test_trees_scalars_and_tensors_are_arguments():
    weights = {"w": X, "b": nb.tensor(0.5, requires_grad=True)}
    found = short(lambda p, scale: {"y": np.sum(p["w"] * scale) + p["b"], "n": 3}, weights, 2.0)
    assert found.gradient is not None and found.ratio is not None
    assert weights["b"].grad is None
    X[:1] = -1.0                                       # the user's array stays theirs


def test_the_repr_is_readable():
    text = repr(short(lambda x: np.sum(x * x), X))
    for part in ("forward", "of NumPy's time", "value, gradient", "first calls", "kernels compiled", "us"):
        assert part in text
    assert max(map(len, text.splitlines())) < 100


REFUSED = {
    "no function": (lambda: nb.bench(3, X), errors.DtypeError, "bench: got int, but needs a function"),
    "numpy= that is none": (lambda: nb.bench(nb.exp, X, numpy=X), errors.DtypeError, "numpy="),
    "seconds": (lambda: nb.bench(nb.exp, X, seconds=0), errors.ValueRangeError, "seconds=0 is not"),
    "nan seconds": (lambda: nb.bench(nb.exp, X, seconds=float("nan")), errors.ValueRangeError, "seconds=nan"),
    "no result": (lambda: nb.bench(lambda x: None, X), errors.DtypeError, "bench: got NoneType"),
    "text": (lambda: nb.bench(lambda x: "a", X), errors.DtypeError, "bench: got str"),
    "other values": (lambda: nb.bench(nb.exp, X, numpy=np.expm1), errors.ValueRangeError,
                     "values that are up to 1 from nbgrad's"),
    "other shapes": (lambda: nb.bench(nb.exp, X, numpy=np.sum), errors.ValueRangeError, r"shapes \[\(\)\]"),
    "complex numbers": (lambda: nb.bench(nb.floor, X.astype(complex)), errors.DtypeError, "complex128"),
    "a masked array": (lambda: nb.bench(nb.exp, np.ma.array(X)), errors.DtypeError, "masked"),
    "the function's own error": (lambda: nb.bench(nb.matmul, X, X[1:]), errors.ShapeError, "matmul"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_arguments_are_refused(name):
    run, kind, words = REFUSED[name]
    with pytest.raises(kind, match=words):
        run()


def test_functions_take_turns():
    order = []
    runs = {name: lambda name=name: order.append(name) for name in "ab"}
    found = clock.samples(runs, {"a": 1.0, "b": 1.0}, 1e-9)
    assert order == ["a", "b"] * 5
    assert [len(times) for times in found.values()] == [5, 5]
    assert clock.medians({"a": [1.0, 9.0, 2.0]}) == {"a": 2.0}


@pytest.mark.parametrize(("value", "unit", "text"), [
    (2.5, "s", "2.50 s"), (2.5e-3, "s", "2.50 ms"), (2.5e-7, "s", "0.25 us"), (0.0, "s", "0.00 us"),
    (2.5e7, "B", "25.00 MB"), (2.5e3, "B", "2.50 kB"), (12, "B", "12 B")])
def test_amounts(value, unit, text):
    assert clock.amount(value, unit) == text
