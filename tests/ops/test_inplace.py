"""What is written into a Tensor by NumPy's functions: its values, its views, and gradients."""

import numpy as np
import pytest
from composite_checks import interpreted  # noqa: F401

import nbgrad as nb
from nbgrad import errors
from nbgrad.testing import values

A = np.random.default_rng(0).normal(size=(3, 4))
V = np.array([7.0, 8.0, 9.0])
ORDER = np.argsort(A, 1)

CASES = {
    "fill_diagonal": ("fill_diagonal", A, (2.5,), {}),
    "fill_diagonal, wrapped": ("fill_diagonal", np.ones((7, 2)), (V,), {"wrap": True}),
    "fill_diagonal of a tall matrix": ("fill_diagonal", np.ones((7, 2)), (V,), {}),
    "fill_diagonal of a cube": ("fill_diagonal", np.ones((3, 3, 3)), (V[:2],), {}),
    "put": ("put", A, ([0, -1, 5], V), {}), "put, too few": ("put", A, ([0, 1, 2, 3, 4], V), {}),
    "put, clipped": ("put", A, ([0, 99, -99], V), {"mode": "clip"}),
    "put, wrapped": ("put", A, ([0, 13, -13], V), {"mode": "wrap"}),
    "put twice": ("put", A, ([2, 2], V), {}), "put nothing": ("put", A, ([], V), {}),
    "place": ("place", A, (A > 0, V), {}), "place of integers": ("place", np.arange(4), ([0, 1, 1, 0],
     [9]), {}),
    "putmask": ("putmask", A, (A > 0, V), {}), "putmask of one shape": ("putmask", A, (A > 0, -A), {}),
    "put_along_axis": ("put_along_axis", A, (ORDER[:, :1], 5.0), {"axis": 1}),
    "put_along_axis, a matrix": ("put_along_axis", A, (ORDER, A[::-1]), {"axis": 1}),
    "put_along_axis of all": ("put_along_axis", A, (np.array([0, 11]), V[:2]), {"axis": None}),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_written_is_what_numpy_writes(name):
    function, x, args, params = CASES[name]
    want = x.copy()
    getattr(np, function)(want, *args, **params)
    for module in (nb, np):
        t = nb.tensor(x)
        view = t[0]
        assert getattr(module, function)(t, *args, **params) is None
        np.testing.assert_array_equal(values(t), want)
        np.testing.assert_array_equal(values(view), want[0])
    array = x.copy()                          # of NumPy's own, which may be given constant Tensors
    given = [nb.asarray(a) if isinstance(a, np.ndarray) else a for a in args]
    getattr(np, function)(array, *given, **params)
    np.testing.assert_array_equal(array, want)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[1].dtype == "f8"])
def test_derivatives(name):
    function, x, args, params = CASES[name]
    place = next((k for k, a in enumerate(args) if getattr(a, "dtype", None) == "f8"), None)

    def f(x, *v):
        given = list(args)
        if v:
            given[place] = v[0]
        y = x * 2
        getattr(nb, function)(y, *given, **params)
        return y * y

    nb.testing.check_grads(f, [x] if place is None else [x, args[place]], order=2)


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: nb.put([1.0, 2.0], 0, 1.0), errors.DtypeError, "put: got list.*in place"),
    (lambda: nb.put(nb.ones(3), 3, 1.0), IndexError, "put: .*out of bounds"),
    (lambda: nb.put(nb.ones(3), 0, 1.0, mode="no"), errors.ValueRangeError, "put: mode='no'"),
    (lambda: nb.fill_diagonal(nb.ones(3), 1.0), errors.ShapeError, r"fill_diagonal: got shape \(3,\)"),
    (lambda: nb.fill_diagonal(nb.ones((2, 2, 3)), 1.0), errors.ShapeError, "fill_diagonal: .*one length"),
    (lambda: nb.place(nb.ones(3), [True], 1.0), errors.ShapeError, "place: .*mask"),
    (lambda: nb.place(nb.ones(1), [True], []), errors.ValueRangeError, "place: there is no value"),
    (lambda: nb.putmask(nb.ones(3), [True], 1.0), errors.ShapeError, "putmask: .*mask"),
    (lambda: nb.put_along_axis(nb.ones((2, 2)), [0], 1.0, 1), errors.ShapeError, "put_along_axis: .*2 axes"),
    (lambda: nb.put_along_axis(nb.ones((2, 2)), [[0]], 1.0, None), errors.ShapeError,
     "put_along_axis: .*1-d"),
    (lambda: nb.put(nb.tensor([1.0], requires_grad=True), 0, 1.0), errors.GradientError, "leaf|no_grad"),
    (lambda: nb.grad(lambda v: np.put(np.zeros(2), [0], v) or v)(1.0), errors.TraceError, "values"),
])
def test_errors_say_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()
