"""Counts, bins and histograms: NumPy's, and linear in their weights."""

import numpy as np
import pytest
from composite_checks import check_values, interpreted  # noqa: F401

import nbgrad as nb
from nbgrad import errors

RNG = np.random.default_rng(0)
X, Y, W = RNG.normal(size=12), RNG.normal(size=12), RNG.random(12)
INTS = RNG.integers(0, 5, 12)
EDGES = np.array([-1.0, -0.25, 0.25, 2.0])

CASES = [
    ("bincount", (INTS,), {}), ("bincount", (INTS,), {"minlength": 9}), ("bincount", (INTS, W), {}),
    ("bincount", (INTS, INTS), {"minlength": 3}), ("bincount", (np.zeros(0, int),), {"minlength": 2}),
    ("bincount", (np.array([True, False]),), {}),
    ("digitize", (X, EDGES), {}), ("digitize", (X, EDGES[::-1]), {}), ("digitize", (EDGES, EDGES, True), {}),
    ("digitize", (EDGES, EDGES[::-1], True), {}), ("digitize", (X.reshape(3, 4), INTS[:0].astype(float)), {}),
    ("histogram", (X,), {}), ("histogram", (X.reshape(3, 4), 4), {"range": (-1.0, 1.0)}),
    ("histogram", (X, EDGES), {"density": True}), ("histogram", (INTS,), {"bins": "auto"}),
    ("histogram", (np.zeros(0), 3), {}), ("histogram", (EDGES, EDGES), {}),
    ("histogram", (X, 5), {"weights": W}), ("histogram", (X, EDGES), {"weights": W, "density": True}),
    ("histogram", (X, 3), {"weights": INTS}), ("histogram_bin_edges", (X, 7), {}),
    ("histogram_bin_edges", (X,), {"range": (0.0, 1.0)}),
    ("histogramdd", (np.stack([X, Y, W], -1), 3), {}), ("histogramdd", ([X, Y], [EDGES, 2]), {}),
    ("histogramdd", (np.stack([X, Y], -1), [2, 3]), {"weights": W, "density": True}),
    ("histogramdd", (np.stack([X, Y], -1), 3), {"range": [(-1.0, 1.0), None], "weights": W}),
    ("histogram2d", (X, Y), {"bins": 3}), ("histogram2d", (X, Y, [3, EDGES]), {"weights": W}),
    ("histogram2d", (X, Y, EDGES), {"density": True}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {len(case[1])} {case[2].keys()}")
def test_values(case):
    """In float32 NumPy's own bins differ by rounding: those of whole arrays of float64 are compared."""
    name, args, params = case
    if name == "bincount" or name == "digitize":
        check_values(*case)
        return
    want, found = getattr(np, name)(*args, **params), getattr(nb, name)(*args, **params)
    for a, b in zip(nb_leaves(want), nb_leaves(found), strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_allclose(b, a, rtol=1e-13)


def nb_leaves(tree):
    if isinstance(tree, (tuple, list)):
        return [leaf for part in tree for leaf in nb_leaves(part)]
    return [tree.numpy() if isinstance(tree, nb.Tensor) else np.asarray(tree)]


WEIGHTED = {
    "bincount": lambda w: nb.bincount(INTS, w, 7),
    "histogram": lambda w: nb.histogram(X, EDGES, weights=w)[0],
    "histogram, a density": lambda w: nb.histogram(X, 4, density=True, weights=w)[0],
    "histogram2d": lambda w: nb.histogram2d(X, Y, 3, weights=w)[0],
    "histogramdd": lambda w: nb.histogramdd([X, Y], 2, density=True, weights=w)[0],
    "NumPy's": lambda w: np.bincount(INTS, w) + np.histogram(X, 5, weights=w)[0],
}


@pytest.mark.parametrize("name", WEIGHTED)
def test_derivatives_in_the_weights(name):
    nb.testing.check_grads(WEIGHTED[name], [W], order=2)


def test_weights_of_float32_stay_so():
    found, edges = nb.histogram(X, 3, weights=W.astype(np.float32))
    want, _ = np.histogram(X, 3, weights=W.astype(np.float32))
    assert (found.dtype, edges.dtype) == (want.dtype, np.float64)
    np.testing.assert_allclose(found.numpy(), want, rtol=1e-6)


def test_what_is_counted_has_slope_zero():
    def f(x):
        return nb.sum(nb.histogram(x, EDGES, weights=W)[0] * np.arange(3.0)) + nb.sum(x)

    np.testing.assert_array_equal(nb.grad(f)(X).numpy(), np.ones(12))


def test_edges_and_densities_move_with_the_extremes():
    nb.testing.check_grads(lambda x: nb.histogram(x, 4)[1], [X], order=1)
    nb.testing.check_grads(lambda x: nb.histogram_bin_edges(x, "sqrt"), [X], order=1)
    nb.testing.check_grads(lambda x: nb.histogram(x, 3, density=True, weights=W)[0], [X], order=2)
    nb.testing.check_grads(lambda e: nb.histogram(X, e, density=True)[0], [EDGES], order=2)
    nb.testing.check_grads(lambda x, y: list(nb.histogram2d(x, y, [2, EDGES], density=True)), [X, Y], order=1)


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: nb.bincount([0.5]), errors.DtypeError, "bincount: x must be integers"),
    (lambda: nb.bincount([-1]), errors.ValueRangeError, "bincount: .*negative"),
    (lambda: nb.bincount(INTS.reshape(3, 4)), errors.ShapeError, r"bincount: got shape \(3, 4\)"),
    (lambda: nb.bincount(INTS, W[:3]), errors.ShapeError, r"bincount: .*\(3,\).*\(12,\)"),
    (lambda: nb.digitize(X, [0.0, 2.0, 1.0]), errors.ValueRangeError, "digitize: .*rise or fall"),
    (lambda: nb.digitize(X, EDGES[None]), errors.ShapeError, "digitize: .*one axis"),
    (lambda: nb.histogram(X, 0), errors.ValueRangeError, "histogram: .*bins"),
    (lambda: nb.histogram(X, 3, weights=W[:2]), errors.ShapeError, r"histogram: .*\(2,\).*\(12,\)"),
    (lambda: nb.histogramdd([X, Y], [3]), errors.ValueRangeError, "histogramdd: .*dimension"),
    (lambda: nb.histogram2d(X, Y, 3, weights=W[:2]), errors.ShapeError, r"histogramdd: .*\(2,\)"),
    (lambda: nb.grad(lambda e: nb.sum(nb.histogram(X, range=(e, 1.0))[1]))(0.0), errors.TraceError,
     "histogram: .*through range"),
])
def test_errors_say_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()
