"""pandas' Series and DataFrames as arguments, and beside Tensors under an operator: values and gradients."""

import operator

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.errors import DtypeError, TraceError

pd = pytest.importorskip("pandas")

VALUES = np.array([0.5, 1.5, 2.5])
SERIES = pd.Series(VALUES, index=list("abc"))
FRAME = pd.DataFrame(np.arange(1.0, 7.0).reshape(2, 3), columns=list("abc"))
OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]


@pytest.mark.parametrize("data", [SERIES, FRAME, SERIES.astype("float32"), SERIES.astype("Float64")],
                         ids=["series", "frame", "float32", "Float64"])
def test_every_transform_takes_them_as_arguments(data):
    def f(x):
        return nb.sum(nb.sin(x) * x)

    x = nb.asarray(data)
    for found, expected in [
            (nb.grad(f)(data), nb.grad(f)(x)), (nb.value_and_grad(f)(data)[1], nb.grad(f)(x)),
            (nb.vjp(f, data)[1](1.0)[0], nb.grad(f)(x)), (nb.hessian(f)(data), nb.hessian(f)(x)),
            (nb.jvp(f, (data,), (data,))[1], nb.jvp(f, (x,), (x,))[1]),
            (nb.hvp(f, data, data), nb.hvp(f, x, x)),
            (nb.linearize(f, data)[1](data), nb.sum(nb.grad(f)(x) * x)),
            (nb.grad(lambda tree: f(tree["x"]) * tree["n"])({"x": data, "n": 2})["x"], 2 * nb.grad(f)(x))]:
        assert type(found) is nb.Tensor
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-6 if x.dtype == "f4" else 1e-14)


@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.__name__)
@pytest.mark.parametrize("data", [SERIES, FRAME, FRAME.astype("int64"), pd.Index(VALUES)],
                         ids=["series", "frame", "int", "index"])
@pytest.mark.parametrize("swapped", [False, True])
def test_operators_record_on_either_side(op, data, swapped):
    array = data.to_numpy()

    def f(x, other):
        return nb.sum(op(other, x) if swapped else op(x, other))

    for found, expected in zip(nb.value_and_grad(f)(VALUES, data), nb.value_and_grad(f)(VALUES, array)):
        assert np.array_equal(found.numpy(), expected.numpy())
    one = nb.grad(lambda x: f(x[1], data))(VALUES)        # pandas looks into what has no axis
    assert np.array_equal(one.numpy(), nb.grad(lambda x: f(x[1], array))(VALUES).numpy())
    assert type(f(nb.asarray(VALUES), data)) is nb.Tensor, "the same without a gradient"


def test_comparisons_and_ufuncs():
    x = nb.asarray(VALUES[::-1].copy())
    assert (x > SERIES).numpy().tolist() == [True, False, False]
    assert operator.lt(SERIES, x).numpy().tolist() == [True, False, False]
    assert (x == SERIES).numpy().tolist() == [False, True, False]
    gradient = nb.grad(lambda x: np.sum(np.multiply(SERIES, x) + np.multiply(x, SERIES)))(VALUES)
    assert np.array_equal(gradient.numpy(), 2 * VALUES)
    gradient = nb.grad(lambda x: nb.sum(nb.where(SERIES > 1, x, 0.0) + nb.dot(FRAME, x)[0]))(VALUES)
    assert np.array_equal(gradient.numpy(), (VALUES > 1) + 3 * FRAME.to_numpy()[0])


def test_products():
    """pandas' own @ takes values out, and is refused with what to write where a gradient is taken."""
    gradient = nb.grad(lambda x: nb.sum(x @ FRAME.T))(VALUES)
    assert np.array_equal(gradient.numpy(), FRAME.sum().to_numpy())
    for product in (lambda x: FRAME @ x, lambda x: SERIES @ x, FRAME.dot):
        with pytest.raises(TraceError, match=r"nb\.asarray\(df\) @ x"):
            nb.grad(product)(VALUES)
    gradient = nb.grad(lambda x: nb.sum(nb.asarray(FRAME) @ x))(VALUES)
    assert np.array_equal(gradient.numpy(), FRAME.sum().to_numpy())


def test_in_place_and_containers_are_refused():
    def update(x):
        series = SERIES.copy()
        series += x
        return series

    with pytest.raises((TraceError, AttributeError)):     # pandas looks into what it was refused
        nb.grad(lambda x: nb.sum(nb.asarray(update(x))))(VALUES)
    for make in (pd.Series, pd.Index, lambda x: pd.DataFrame({"a": x}), lambda x: FRAME.assign(d=x[:2])):
        with pytest.raises(TraceError):
            nb.grad(make)(VALUES)
    with pytest.raises(TraceError, match="detach"):
        nb.grad(lambda x: float(FRAME.mul(x).to_numpy().sum()))(VALUES)


@pytest.mark.parametrize("data", [["a", "b"], [1, 2], ["2020-01-01"], [1.0, "a"]])
def test_what_is_no_float_is_refused(data):
    series = pd.Series(data) if data != ["2020-01-01"] else pd.to_datetime(pd.Series(data))
    with pytest.raises(DtypeError, match=r"number|float"):
        nb.grad(nb.sum)(series)


def test_missing_values_are_nan():
    data = pd.Series([1.0, None, 2.0], dtype="Float64")
    value, gradient = nb.value_and_grad(lambda x: nb.sum(x * x))(data)
    assert np.isnan(value.numpy())
    assert np.array_equal(gradient.numpy(), [2, np.nan, 4], equal_nan=True)
