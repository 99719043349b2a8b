"""Reductions that leave nan out. What is left out has slope 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays.dtypes import is_complex, real_of
from nbgrad.define.broadcast import astype
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.ops.axes import named_dim
from nbgrad.ops.compare import isnan, logical_not
from nbgrad.ops.cumulative import cumprod, cumsum
from nbgrad.ops.deviation import bind_var, euclidean, square_size, std, var
from nbgrad.ops.elementwise import divide, maximum, sqrt, subtract, where
from nbgrad.ops.reduce import Axis, any, bind_extremum, max, mean, min, prod, sum


def there(x: Tensor) -> Tensor:
    """Which elements are numbers."""
    return logical_not(isnan(x))


def filled(x: Any, value: complex) -> Tensor:
    """x with a value where it is nan."""
    x = as_tensor(x)
    return where(there(x), x, value) if x.dtype.kind in "fc" else x


@named_dim
def nansum(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the `sum` of the elements that are not nan, over axes (None: all); 0 where there is none.

    x, axis, keepdims: as there. Derivative: 1, and 0 in what is left out. Raises AxisError, DtypeError.

    >>> nb.nansum([1.0, np.nan, 3.0])
    tensor(4.)
    """
    return sum(filled(x, 0), axis, keepdims)


@named_dim
def nanprod(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the product of the elements that are not nan, over axes (None: all); 1 where there is none.

    x, axis, keepdims: as in `prod`. Derivative: the product of the others, and 0 in what is left out. Raises
    AxisError, DtypeError.

    >>> nb.nanprod([2.0, np.nan, 3.0])
    tensor(6.)
    """
    return prod(filled(x, 1), axis, keepdims)


@named_dim
def nanmean(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the mean of the elements that are not nan, over axes (None: all); nan where there is none.

    x, axis, keepdims: as in `mean`. Derivative: 1 over their count, and 0 in what is left out. Raises
    AxisError, DtypeError.

    >>> nb.nanmean([1.0, np.nan, 4.0])
    tensor(2.5)
    """
    x = as_tensor(x)
    if x.dtype.kind not in "fc":
        return mean(x, axis, keepdims)
    return divide(sum(filled(x, 0), axis, keepdims), _count(x, axis, keepdims))


def _count(x: Tensor, axis: Axis, keepdims: bool) -> Tensor:
    """How many elements are no nan, in the dtype of x's parts."""
    found: Tensor = astype(sum(there(x), axis, keepdims), real_of(x.dtype))
    return found


def _deviations(x: Tensor, axis: Axis, keepdims: bool, correction: float) -> tuple[Tensor, Tensor]:
    """What elements differ from the mean by, 0 for nan; and their count less the correction, not below 0."""
    d = subtract(x, nanmean(x, axis, True))
    return where(there(x), d, 0), maximum(subtract(_count(x, axis, keepdims), correction), 0)


@named_dim
def nanvar(x: Any, axis: Axis = None, keepdims: bool = False, correction: float = 0,
           ddof: float | None = None) -> Tensor:
    """Return the variance of the elements that are not nan, over axes (None: all); nan where there is none.

    x, axis, keepdims, correction, ddof: as in `var`: the divisor is the count less one of the two.
    Derivative: as there, and 0 in what is left out. Raises ValueRangeError, AxisError, DtypeError.

    >>> nb.nanvar([1.0, np.nan, 3.0])
    tensor(1.)
    """
    (x,), params = bind_var("nanvar", x, axis, keepdims, correction, ddof)
    if x.dtype.kind not in "fc":
        return var(x, **params)
    d, left = _deviations(x, **params)
    return divide(sum(square_size(d), axis, keepdims), left)


@named_dim
def nanstd(x: Any, axis: Axis = None, keepdims: bool = False, correction: float = 0,
           ddof: float | None = None) -> Tensor:
    """Return the standard deviation of the elements that are not nan; nan where there is none.

    x, axis, keepdims, correction, ddof: as in `std`: the divisor is the count less one of the two.
    Derivative: as there, and 0 in what is left out. Raises ValueRangeError, AxisError, DtypeError.

    >>> nb.nanstd([1.0, np.nan, 3.0])
    tensor(1.)
    """
    (x,), params = bind_var("nanstd", x, axis, keepdims, correction, ddof)
    if x.dtype.kind not in "fc":
        return std(x, **params)
    d, left = _deviations(x, **params)
    return divide(euclidean(d, axis, keepdims), sqrt(left))


def _extreme(name: str, function: Any, x: Any, worst: float, axis: Axis, keepdims: bool) -> Tensor:
    """The largest or smallest number. worst: what all others are better than."""
    (x,), params = bind_extremum(name, x, axis, keepdims)
    z: Tensor = function(filled(x, complex(worst, worst) if is_complex(x) else worst), **params)
    return z if x.dtype.kind not in "fc" else where(any(there(x), **params), z, np.nan)


@named_dim
def nanmax(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the largest element that is not nan, over axes (None: all); nan where there is none.

    x, axis, keepdims: as in `max`. Derivative: as there, and 0 in what is left out. Raises ShapeError if
    there is no element, AxisError, DtypeError.

    >>> nb.nanmax([1.0, np.nan, 3.0])
    tensor(3.)
    """
    return _extreme("nanmax", max, x, -np.inf, axis, keepdims)


@named_dim
def nanmin(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the smallest element that is not nan, over axes (None: all); nan where there is none.

    x, axis, keepdims: as in `min`. Derivative: as there, and 0 in what is left out. Raises ShapeError if
    there is no element, AxisError, DtypeError.

    >>> nb.nanmin([1.0, np.nan, 3.0])
    tensor(1.)
    """
    return _extreme("nanmin", min, x, np.inf, axis, keepdims)


@named_dim
def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return `cumsum` with 0 in the place of nan.

    x, axis, dtype: as there, and so is the derivative; 0 in what is left out. Raises AxisError, DtypeError.

    >>> nb.nancumsum([1.0, np.nan, 3.0])
    tensor([1., 1., 4.])
    """
    return cumsum(filled(x, 0), axis, dtype)


@named_dim
def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return `cumprod` with 1 in the place of nan.

    x, axis, dtype: as there, and so is the derivative; 0 in what is left out. Raises AxisError, DtypeError.

    >>> nb.nancumprod([2.0, np.nan, 3.0])
    tensor([2., 2., 6.])
    """
    return cumprod(filled(x, 1), axis, dtype)
