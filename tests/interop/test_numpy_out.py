"""Options of NumPy's functions: dtype and casting as there, and out, into a Tensor, with gradients."""

import numpy as np
import pytest
from composite_checks import interpreted  # noqa: F401

import nbgrad as nb
from nbgrad import errors

X, Y = np.array([1.0, -2.0, 3.0]), np.array([0.5, 4.0, -1.0])
MASK = np.array([True, False, True])


@pytest.mark.parametrize(("call", "dtype"), [
    (lambda x, y: np.add(x, y, dtype="f4"), "f4"), (lambda x, y: np.exp(x, dtype=np.float32), "f4"),
    (lambda x, y: np.multiply(x, 2, casting="safe"), "f8"), (lambda x, y: np.less(x, y, dtype=bool), "?"),
    (lambda x, y: np.add(x > 0, y > 0, dtype="i8"), "i8"), (lambda x, y: np.modf(x, dtype="f4"), "f4"),
    (lambda x, y: np.floor_divide(x, y, dtype="i4", casting="unsafe"), "i4"),
])
def test_the_dtype_is_that_of_numpys(call, dtype):
    with np.errstate(divide="ignore"):
        want = call(X, Y + (Y == 0.5) * 0.5)
    found = call(nb.asarray(X), nb.asarray(Y + (Y == 0.5) * 0.5))
    for w, z in zip(*[t if isinstance(t, tuple) else (t,) for t in (want, found)], strict=True):
        assert z.dtype == w.dtype == dtype
        np.testing.assert_allclose(z.numpy(), w, rtol=1e-6)


def test_results_are_written_where_a_mask_chooses():
    want, out = Y.copy(), nb.tensor(Y)
    view = out[1:]
    assert np.add(nb.asarray(X), 1, out=out, where=MASK) is out
    np.add(X, 1, out=want, where=MASK)
    np.testing.assert_array_equal(out.numpy(), want)
    np.testing.assert_array_equal(view.numpy(), want[1:])
    narrow = nb.zeros(3, dtype=nb.float32)
    np.add(nb.asarray(X), Y, out=narrow)
    assert narrow.dtype == np.float32
    np.testing.assert_array_equal(narrow.numpy(), X + Y)
    parts = nb.zeros(3), nb.zeros(3)
    assert np.modf(nb.asarray(Y), out=parts)[0] is parts[0]
    np.testing.assert_array_equal([part.numpy() for part in parts], np.modf(Y))


@pytest.mark.parametrize("call", [
    lambda x, out: np.sum(x, out=out), lambda x, out: np.add.reduce(x, out=out), lambda x, out: np.dot(x,
     x, out=out),
    lambda x, out: np.matmul(x, x, out=out), lambda x, out: np.median(x, keepdims=False, out=out),
    lambda x, out: np.mean(x, out=out), lambda x, out: np.take(x, 1, out=out),
])
def test_functions_write_into_a_tensor(call):
    out = nb.zeros(())
    assert call(nb.asarray(X), None).shape == ()           # which is kept as a plan, and is not that of out
    assert call(nb.asarray(X), out) is out
    np.testing.assert_allclose(out.numpy(), call(X, np.zeros(())), rtol=1e-15)

    def f(x):
        z = nb.zeros(())
        call(x * x, z)
        return z * z

    nb.testing.check_grads(f, [X], order=2)


def test_gradients_flow_into_what_is_written():
    def f(x, y):
        z = y * y
        np.multiply(x, x, out=z, where=MASK)
        return z * x

    nb.testing.check_grads(f, [X, Y], order=2)
    nb.testing.check_grads(lambda x: nb.astype(np.sin(x, dtype="f8", casting="no"), np.float64), [X], order=2)


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda t: np.sin(t, where=MASK), errors.ProtocolError, r"numpy\.sin: NumPy's argument 'where'"),
    (lambda t: np.sin(t, subok=False), errors.ProtocolError, r"numpy\.sin: NumPy's argument 'subok'"),
    (lambda t: np.add(t, t, dtype="i8"), errors.DtypeError, r"numpy\.add: .*same_kind"),
    (lambda t: np.add(t, t, casting="none"), errors.DtypeError, "casting='none'"),
    (lambda t: np.add(t, t, out=np.zeros(3)), errors.ProtocolError, r"numpy\.add: .*out="),
    (lambda t: np.add(t, t, out=nb.zeros(2)), errors.ShapeError, r"\(3,\).*\(2,\)"),
    (lambda t: np.add(t, t, out=nb.zeros(3, dtype="i8")), errors.DtypeError, r"numpy\.add with out="),
    (lambda t: np.matmul(t, t, out=np.zeros(())), errors.ProtocolError, r"numpy\.matmul: .*out="),
    (lambda t: np.add.reduce(t, out=np.zeros(())), errors.ProtocolError, r"add\.reduce: .*out="),
    (lambda t: np.sum(t, out=np.zeros(())), errors.ProtocolError, r"numpy\.sum: NumPy's argument 'out'"),
])
def test_what_is_refused_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call(nb.asarray(X))
