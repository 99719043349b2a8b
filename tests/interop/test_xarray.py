"""DataArrays that wrap Tensors: what xarray computes of them stays one, and a gradient goes through it."""

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import errors, testing

xr = pytest.importorskip("xarray")

X = np.array([[0.5, 1.5, 2.5], [3.5, 4.5, 6.0]])
WEIGHTS = xr.DataArray([1.0, 2.0, 3.0], dims="b", coords={"b": list("xyz")})


def wrapped(x):
    return xr.DataArray(x, dims=("a", "b"), coords={"a": [10, 20], "b": list("xyz")}, name="q")


CALLS = {
    "arithmetic": lambda q: (q * 2 + 1 - q / 3) ** 2,
    "reflected": lambda q: 2.0**q - 1 / q,
    "a ufunc": lambda q: np.sin(q) + np.exp(-q),
    "mean": lambda q: q.mean() * q,
    "mean of an axis": lambda q: q.mean("a") ** 2,
    "mean without nan": lambda q: q.where(q > 1).mean("b"),
    "mean with nan": lambda q: q.mean("b", skipna=False),
    "sum and product": lambda q: q.sum("b") + q.prod("b"),
    "spread": lambda q: q.std() + q.var("b", ddof=1),
    "extremes": lambda q: q.max("a") - q.min(),
    "aligned by dimension": lambda q: (WEIGHTS * q).sum("b") + q.dot(WEIGHTS),
    "weighted": lambda q: q.weighted(WEIGHTS).mean("b"),
    "selected": lambda q: q.sel(a=20) * q.isel(b=[0, 2]),
    "laid out": lambda q: q.T.stack(z=("b", "a")) ** 2,
    "where": lambda q: q.where(q > 1, 0.0) + q.where(q < 3).fillna(1.0),
    "joined": lambda q: xr.concat([q, q * q], "a"),
    "along": lambda q: q.cumsum("b") + q.roll(b=1) + q.shift(b=1, fill_value=0.0),
    "differences": lambda q: q.diff("b") * q.integrate("a"),
    "groups": lambda q: q.groupby("b").mean(),
    "a Dataset": lambda q: q.to_dataset(name="u").mean()["u"],
    "covariance": lambda q: xr.corr(q, q**2) + xr.cov(q, np.sin(q)),
    "any function": lambda q: xr.apply_ufunc(lambda x: x * x, q),
}


@pytest.mark.parametrize("name", CALLS)
def test_values_and_gradients(name):
    call = CALLS[name]
    found, expected = call(wrapped(nb.asarray(X))), call(wrapped(X))
    assert type(found.data) is nb.Tensor
    assert (found.dims, found.dtype) == (expected.dims, expected.dtype)
    np.testing.assert_allclose(found.data.numpy(), expected.data, rtol=1e-13)
    testing.check_grads(lambda x: call(wrapped(x)).data, [X], 1)


@pytest.mark.parametrize("operand", [nb.asarray([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0])])
def test_beside_tensors_and_arrays(operand):
    for call in (lambda q: operand * q, lambda q: q * operand, lambda q: operand - q, lambda q: q / operand):
        gradient = nb.grad(lambda x, call=call: call(wrapped(x)).sum().data)(X)
        expected = nb.grad(lambda x, call=call: nb.sum(call(x)))(X)
        assert np.array_equal(gradient.numpy(), expected.numpy())


def test_medians_and_quantiles_have_gradients():
    expected = nb.grad(nb.median)(X).numpy()
    for call in (lambda q: q.median(), lambda q: q.quantile(0.5)):
        gradient = nb.grad(lambda x, call=call: call(wrapped(x)).data)(X)
        np.testing.assert_array_equal(gradient, expected)


@pytest.mark.parametrize("call", [lambda q: q.values, lambda q: q.as_numpy(), lambda q: float(q[0, 0])])
def test_what_would_lose_a_gradient_is_refused(call):
    with pytest.raises((errors.TraceError, errors.ProtocolError), match=r"detach\(\)"):
        nb.grad(lambda x: call(wrapped(x)))(X)
    call(wrapped(nb.asarray(X)))
