"""Grids, ranges, one shape for several arrays, and functions called along axes and for elements."""

import numpy as np
import pytest
from composite_checks import check_derivatives, check_values, interpreted  # noqa: F401

import nbgrad as nb
from nbgrad import errors
from nbgrad.testing import values

A = np.random.default_rng(0).normal(size=(3, 4))
B = np.random.default_rng(1).normal(size=(2, 3, 4))
C = np.array([-1.5, 0.5, 2.0, 3.0])
INTS = np.array([[3, -1, 2], [0, 5, 3]])

CASES = [
    ("broadcast_arrays", (A, C, np.array(2.0)), {}), ("meshgrid", (C, A[0, :2]), {}), ("meshgrid", (C,), {}),
    ("meshgrid", (C, A[0, :2], A[1, :3]), {"sparse": True}), ("meshgrid", (C, A[0]), {"indexing": "ij"}),
    ("unstack", (B,), {"axis": 1}), ("unstack", (C,), {}),
    ("logspace", (C, np.array(2.0)), {"num": 4}),
    ("logspace", (np.array(0.5), C, 3), {"axis": -1, "base": 2.0}),
    ("logspace", (np.array(0.5), C, 3), {"base": np.array(1.5), "endpoint": False}),
    ("geomspace", (np.array(0.5), np.abs(C)), {"num": 5}),
    ("geomspace", (-np.abs(C), np.array(-2.0), 4), {"axis": 1}),
    ("geomspace", (np.array(3.0), np.array(0.25), 4), {"endpoint": False}),
    ("geomspace", (np.array(3.0), np.array(0.25), 1), {}),
    ("geomspace", (np.array(3.0), np.array(0.25), 0), {}),
    ("apply_along_axis", (lambda x: x * x[0], 0, A), {}), ("apply_along_axis",
    (lambda x: (x * x).sum(), 1, B), {}),
    ("apply_along_axis", (lambda x, k: x[:2].reshape(2, 1) * k, 1, B, 3.0), {}),
    ("apply_over_axes", (lambda x, axis: (x * x).sum(axis), B, (0, -1)), {}),
    ("apply_over_axes", (lambda x, axis: x * 2, B, 0), {}),
]


def label(case):
    return f"{case[0]} {len(case[1])} {list(case[2])}"


@pytest.mark.parametrize("case", CASES, ids=label)
def test_values(case):
    """A function is given arrays by NumPy, and Tensors by us."""
    if case[0] == "meshgrid" and case[2].get("sparse"):
        assert [x.shape for x in nb.meshgrid(*case[1], sparse=True)] == [(1, 4, 1), (2, 1, 1), (1, 1, 3)]
    check_values(*case)


@pytest.mark.parametrize("case", CASES, ids=label)
def test_derivatives(case):
    name, args, params = case
    if name in ("meshgrid", "broadcast_arrays", "unstack"):
        def f(*xs):
            return list(getattr(nb, name)(*xs, **params))

        nb.testing.check_grads(f, list(args), order=1)
    else:
        check_derivatives(*case)


@pytest.mark.parametrize(("ours", "numpys"), [
    (lambda: nb.mgrid[0:3, 1:2:4j], lambda: np.mgrid[0:3, 1:2:4j]),
    (lambda: nb.mgrid[:3], lambda: np.mgrid[:3]),
    (lambda: nb.ogrid[0:3, 1:2:4j], lambda: np.ogrid[0:3, 1:2:4j]),
    (lambda: nb.r_[A[0], 0:3, 2.5, 1:2:3j], lambda: np.r_[A[0], 0:3, 2.5, 1:2:3j]),
    (lambda: nb.r_[A, A], lambda: np.r_[A, A]), (lambda: nb.r_[:3], lambda: np.r_[:3]),
    (lambda: nb.r_[np.float32([1, 2]), 2.5], lambda: np.r_[np.float32([1, 2]), 2.5]),
    (lambda: nb.c_[A, C[:3], 1:4], lambda: np.c_[A, C[:3], 1:4]), (lambda: nb.c_[C, C], lambda: np.c_[C, C]),
    (lambda: nb.c_[1.0, 2], lambda: np.c_[1.0, 2]), (lambda: nb.indices((2, 3)), lambda: np.indices((2, 3))),
    (lambda: nb.indices((2, 3), float, True), lambda: np.indices((2, 3), float, True)),
    (lambda: nb.fromfunction(lambda i, j: i * j, (2, 3), dtype=int),
     lambda: np.fromfunction(lambda i, j: i * j, (2, 3), dtype=int)),
    (lambda: nb.logspace(0, 3, 4, dtype=int), lambda: np.logspace(0, 3, 4, dtype=int)),
    (lambda: nb.geomspace(1, 1000, 4), lambda: np.geomspace(1, 1000, 4)),
    (lambda: nb.vectorize(lambda x, y: (x + y, x > y))(C, 1.0),
     lambda: np.vectorize(lambda x, y: (x + y, x > y))(C, 1.0)),
    (lambda: nb.vectorize(lambda x: x, otypes=["f4"])(INTS), lambda: np.vectorize(lambda x: x, ["f4"])(INTS)),
    (lambda: nb.vectorize(lambda x: x, otypes=[float])([]), lambda: np.vectorize(lambda x: x, [float])([])),
    (lambda: nb.broadcast_shapes((2, 1), 3, (1, 3)), lambda: np.broadcast_shapes((2, 1), 3, (1, 3))),
])
def test_what_is_made_is_numpys(ours, numpys):
    found, want = [z if isinstance(z, tuple) else (z,) for z in (ours(), numpys())]
    for got, w in zip(found, want, strict=True):
        got = np.asarray(values(got))
        assert (got.shape, got.dtype) == (np.shape(w), np.asarray(w).dtype)
        np.testing.assert_allclose(got, w, rtol=1e-14)


def test_gradients_flow_through_joined_arrays_and_functions_of_elements():
    nb.testing.check_grads(lambda x, y: nb.r_[x, 2.0, y] * nb.r_[y, 1.0, x], [C, A[0]], order=1)
    nb.testing.check_grads(lambda x, y: nb.c_[x, y] ** 2, [C, A[0]], order=2)
    nb.testing.check_grads(nb.vectorize(lambda x, y: x * y if x > 1 else y * y), [C, A], order=2)
    nb.testing.check_grads(lambda a, b: np.linspace(a, b, 4) * np.geomspace(a, b, 4), [C[2], C[3]], order=2)


def test_arrays_are_equal():
    t = nb.asarray([1.0, np.nan])
    assert not nb.array_equal(t, t)
    assert nb.array_equal(t, t, equal_nan=True)
    assert not nb.array_equal([1.0], 1.0)
    assert nb.array_equiv([1.0, 1.0], 1.0)
    assert not nb.array_equiv(C, A[0])
    assert not nb.array_equiv(C, A[0, :2])
    assert np.einsum_path("ij,jk", nb.ones((2, 3)), nb.ones((3, 2)))[0] == np.einsum_path(
        "ij,jk", np.ones((2, 3)), np.ones((3, 2)))[0]


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: nb.broadcast_shapes((2,), (3,)), errors.ShapeError, r"broadcast_shapes: .*\(2,\).*\(3,\)"),
    (lambda: nb.broadcast_arrays(A, A[0, :3]), errors.ShapeError, "broadcast_arrays"),
    (lambda: nb.meshgrid(C, indexing="yx"), errors.ValueRangeError, "meshgrid: indexing='yx'"),
    (lambda: nb.unstack(nb.ones(2), axis=1), errors.AxisError, "unstack: axis 1"),
    (lambda: nb.geomspace(0.0, 1.0), errors.ValueRangeError, "geomspace: .* to 0"),
    (lambda: nb.geomspace(-1.0, 1.0), errors.ValueRangeError, "geomspace: .*one sign"),
    (lambda: nb.r_["r", C], errors.ValueRangeError, "r_: .*no text"),
    (lambda: nb.apply_along_axis(np.sum, 0, np.zeros((3, 0))), errors.ShapeError,
     "apply_along_axis: .*one line"),
    (lambda: nb.apply_over_axes(lambda x, axis: nb.sum(x), B, (0,)), errors.ShapeError,
     "apply_over_axes: .*3 axes"),
    (lambda: nb.vectorize(lambda x: x)([]), errors.ValueRangeError, "vectorize: there is no element"),
    (lambda: nb.copy(C, "F"), errors.ProtocolError, "copy: order='F'"),
    (lambda: np.copy(nb.asarray(C), subok=True), errors.ProtocolError, "copy: .*subok"),
])
def test_errors_say_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()
