"""Order statistics and moments of several variables: what is made of sort, max, mean and matmul."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.arrays.dtypes import is_complex
from nbgrad.define.broadcast import astype
from nbgrad.define.complex import conj, real
from nbgrad.define.scalar import add, multiply
from nbgrad.engine.tensor import Tensor, as_tensor, raw
from nbgrad.engine.transforms import stop_gradient
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.along import take_along_axis
from nbgrad.ops.axes import flag, named_dim, reduced, several
from nbgrad.ops.compare import isfinite, isinf, isnan, logical_and
from nbgrad.ops.contract import matmul
from nbgrad.ops.diagonal import diag
from nbgrad.ops.elementwise import clip, divide, maximum, sqrt, subtract, where
from nbgrad.ops.reduce import Axis, average, bind_extremum, max, mean, min, sum
from nbgrad.ops.shape import concat, matrix_transpose, moveaxis, permute_dims, reshape, squeeze
from nbgrad.ops.sort import sort

_ROUNDED: dict[str, Any] = {"lower": np.floor, "higher": np.ceil, "nearest": np.around}
METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


@named_dim
def ptp(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the largest element less the smallest, over axes (None: all); nan if there is one.

    x: any shape, numbers. axis: one, several, or None. keepdims: the axes stay, with length 1.
    Derivative: that of `max` less that of `min`: equal extremes share it. Raises ShapeError if there is no
    element, AxisError, DtypeError for booleans.

    >>> nb.ptp([[1.0, 5.0], [7.0, 2.0]], axis=1)
    tensor([4., 5.])
    """
    (x,), params = bind_extremum("ptp", x, axis, keepdims)
    return subtract(max(x, **params), min(x, **params))


# ------------------------------------------------------------------------------------ order statistics
def _rows(name: str, x: Tensor, axis: Axis) -> tuple[Tensor, tuple[int, ...]]:
    """x with the axes put together as a last one, sorted along it; and the axes."""
    axes = several(name, axis, x.ndim, sequence=True)
    kept = [a for a in range(x.ndim) if a not in axes]
    rows = permute_dims(x, (*kept, *axes))
    return sort(reshape(rows, (*[x.shape[a] for a in kept], prod([x.shape[a] for a in axes]))), -1), axes


def _counts(rows: Tensor, skip: bool) -> tuple[np.ndarray, np.ndarray]:
    """Of each row, how many elements count, and whether it is nan: one is, or with skip all are."""
    n = rows.shape[-1]
    numbers = np.full((*rows.shape[:-1], 1), n)
    if rows.dtype.kind in "fc":
        numbers -= np.sum(devices.host(raw(isnan(rows))), -1, keepdims=True)
    return (numbers, numbers == 0) if skip else (np.full_like(numbers, n), numbers < n)


def _read(rows: Tensor, places: np.ndarray, void: np.ndarray) -> Tensor:
    """The elements at places of each row; of one that is nan its last, which is nan."""
    found: Tensor = take_along_axis(rows, np.where(void, rows.shape[-1] - 1, places), -1)
    return found


def _median(name: str, x: Any, axis: Axis, keepdims: bool, skip: bool) -> Tensor:
    x, keepdims = as_tensor(x), flag(name, "keepdims", keepdims)
    rows, axes = _rows(name, x, axis)
    if rows.shape[-1] == 0:
        return mean(x, axes, keepdims)
    count, void = _counts(rows, skip)
    middle = np.concatenate([np.maximum(count - 1, 0) // 2, count // 2], -1)
    return reshape(mean(_read(rows, middle, void), -1), reduced(x, axes, keepdims))


@named_dim
def median(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the median over axes (None: all), a float: the mean of the two middle elements of an even count.

    x: any shape. axis: one, several, or None. keepdims: the axes stay, with length 1. nan if there is one, or
    no element. Derivative: 1 in the middle element, 1/2 in each of two; of equal elements those have it that
    are in the middle in the stable order of `sort`. Raises AxisError, DtypeError.

    >>> nb.median([3.0, 1.0, 2.0, 7.0])
    tensor(2.5)
    >>> nb.grad(nb.median)(np.array([3.0, 1.0, 2.0, 7.0]))
    tensor([0.5, 0. , 0.5, 0. ])
    """
    return _median("median", x, axis, keepdims, False)


@named_dim
def nanmedian(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return `median` of the elements that are not nan, over axes (None: all); nan where there is none.

    x, axis, keepdims: as there. Derivative: as there, and 0 in what is left out. Raises AxisError,
    DtypeError.

    >>> nb.nanmedian([3.0, np.nan, 2.0])
    tensor(2.5)
    """
    return _median("nanmedian", x, axis, keepdims, True)


def _fractions(name: str, q: Any, dtype: np.dtype, most: float) -> Tensor:
    """q / most, a number in x's float dtype as NumPy has it. Raises ValueRangeError, ShapeError."""
    plain = isinstance(q, (int, float)) and dtype.kind == "f"
    q = astype(as_tensor(q), dtype) if plain else as_tensor(q)
    values = devices.host(raw(q))
    if not np.all((values >= 0) & (values <= most)):
        raise value_errors.bad_value(name, f"q={values} does not lie from 0 to {most:g}")
    q = q if q.dtype.kind == "f" else astype(q, np.float64)
    return q if most == 1 else divide(q, most)


def _between(rows: Tensor, place: Tensor, at: np.ndarray, last: np.ndarray, method: str,
             void: np.ndarray) -> Tensor:
    """What lies at places between elements. at: their values. last: the greatest that counts in each row."""
    low = np.minimum(np.floor(at).astype(np.int64), np.maximum(last - 1, 0))
    a, b = [_read(rows, places, void) for places in (low, np.minimum(low + 1, last))]
    if a.dtype.kind != "f":
        a, b = [astype(each, np.float64) for each in (a, b)]
    part = subtract(place, low.astype(at.dtype))
    if method == "midpoint":
        part = as_tensor(np.where(at == np.floor(at), at - low, 0.5).astype(at.dtype))
    near = devices.host(raw(part)) >= 0.5                 # so that the end of an interval is met exactly
    z = where(near, b, a) + multiply(subtract(b, a), subtract(part, near.astype(at.dtype)))
    alone = logical_and(as_tensor(at == last), logical_and(isinf(a), isfinite(b)))
    return where(alone, b, z)             # the last is what it is, whatever lies before it


def _quantile(name: str, x: Any, q: Any, axis: Axis, keepdims: bool, method: str, most: float,
              skip: bool = False) -> Tensor:
    x, keepdims = as_tensor(x), flag(name, "keepdims", keepdims)
    if is_complex(x):
        raise value_errors.no_complex(name, [x.dtype])
    if method not in METHODS:
        raise value_errors.bad_choice(name, "method", method, METHODS)
    if method == "linear" and most == 1 and as_tensor(q).dtype.kind in "iu":
        method = "lower"                      # extremes, of x's dtype, as in NumPy
    q = _fractions(name, q, x.dtype, most)
    rows, axes = _rows(name, x, axis)
    if rows.shape[-1] == 0:
        raise shape_errors.empty_reduction(name, x.shape)
    count, void = _counts(rows, skip)
    last = np.maximum(count - 1, 0)
    place = multiply(reshape(q, (-1,)), last.astype(q.dtype))
    at = devices.host(raw(place))
    if method in _ROUNDED:
        z = _read(rows, _ROUNDED[method](at).astype(np.int64), void)
    elif x.dtype.kind == "b":
        raise value_errors.bad_operands(name, (x.dtype,))
    else:
        z = _between(rows, place, at, last, method, void)
    return reshape(moveaxis(z, -1, 0), (*q.shape, *reduced(x, axes, keepdims)))


@named_dim
def quantile(x: Any, q: Any, axis: Axis = None, keepdims: bool = False, method: str = "linear") -> Tensor:
    """Return the q-th quantiles over axes (None: all), those of each q along first axes as q has them.

    x: any shape. q: from 0 to 1, any shape. axis: one, several, or None. keepdims: the axes stay, with length
    1. method: between elements a and b, "linear" interpolates, "lower" is a, "higher" b, "midpoint" their
    mean, "nearest" the nearer, of equally near ones that at an even place. nan if there is one.
    Derivative: in x that of the interpolation; equal elements have it in the stable order of `sort`. In q,
    for "linear", the slope between the elements, at an element that to the right, at the last to the left;
    0 for the others. Raises ValueRangeError, ShapeError if there is no element, AxisError, DtypeError.

    >>> nb.quantile([1.0, 2.0, 4.0], [0.25, 0.75])
    tensor([1.5, 3. ])
    """
    return _quantile("quantile", x, q, axis, keepdims, method, 1)


@named_dim
def percentile(x: Any, q: Any, axis: Axis = None, keepdims: bool = False, method: str = "linear") -> Tensor:
    """Return the q-th percentiles over axes (None: all): `quantile` of q / 100.

    x, axis, keepdims, method: as there. q: from 0 to 100. Derivative: as there, in q a hundredth of it.
    Raises ValueRangeError, ShapeError if there is no element, AxisError, DtypeError.

    >>> nb.percentile([1.0, 2.0, 4.0], 75)
    tensor(3.)
    """
    return _quantile("percentile", x, q, axis, keepdims, method, 100)


@named_dim
def nanquantile(x: Any, q: Any, axis: Axis = None, keepdims: bool = False, method: str = "linear") -> Tensor:
    """Return `quantile` of the elements that are not nan; nan where there is none.

    x, q, axis, keepdims, method: as there. Derivative: as there, and 0 in what is left out.
    Raises ValueRangeError, ShapeError if there is no element, AxisError, DtypeError.

    >>> nb.nanquantile([1.0, np.nan, 4.0], 0.5)
    tensor(2.5)
    """
    return _quantile("nanquantile", x, q, axis, keepdims, method, 1, True)


@named_dim
def nanpercentile(x: Any, q: Any, axis: Axis = None, keepdims: bool = False,
                  method: str = "linear") -> Tensor:
    """Return `percentile` of the elements that are not nan; nan where there is none.

    x, q, axis, keepdims, method: as there. Derivative: as there, and 0 in what is left out.
    Raises ValueRangeError, ShapeError if there is no element, AxisError, DtypeError.

    >>> nb.nanpercentile([1.0, np.nan, 4.0], 50)
    tensor(2.5)
    """
    return _quantile("nanpercentile", x, q, axis, keepdims, method, 100, True)


# ----------------------------------------------------------------------------- moments of several variables
def _variables(name: str, m: Any, rowvar: bool, dtype: np.dtype) -> Tensor:
    """m as rows of observations, a variable each."""
    m = astype(as_tensor(m), dtype)
    if m.ndim > 2:
        raise shape_errors.bad_shape(name, m.shape, "needs one axis or two")
    if m.ndim < 2:
        return reshape(m, (1, -1))
    return m if rowvar else matrix_transpose(m)


def _weights(fweights: Any, aweights: Any, n: int) -> Tensor | None:
    """How much each of n observations counts; None: all once."""
    given = [as_tensor(w) for w in (fweights, aweights) if w is not None]
    for w in given:
        if w.shape != (n,):
            raise shape_errors.bad_shape("cov", w.shape, f"weights of {n} observations have shape ({n},)")
        if np.any(devices.host(raw(w)) < 0):
            raise value_errors.bad_value("cov", "weights cannot be negative")
    if fweights is not None and given[0].dtype.kind not in "iu":
        raise value_errors.needs_integers("cov", "fweights", given[0].dtype)
    given = [astype(w, np.float64) for w in given]
    return None if not given else given[0] if len(given) == 1 else multiply(*given)


def cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None,
        fweights: Any = None, aweights: Any = None, dtype: Any = None) -> Tensor:
    """Return the covariances of variables, (n, n), a number for one; float64 or of dtype.

    m: (n, k), a row for each variable; (k,) for one. y: more variables, in m's form. rowvar: False if columns
    are variables. bias: divide by the count k, not k - 1. ddof: divide by k - ddof, whatever bias says.
    fweights, aweights: (k,), how often each observation was made, integers; and how much each counts.
    Derivative: bilinear in what deviates from means; gradients flow to m, y and aweights. Raises ShapeError,
    ValueRangeError, DtypeError.

    >>> nb.cov([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    tensors = [as_tensor(each) for each in (m, y) if each is not None]
    found = np.result_type(*[t.dtype for t in tensors], np.float64) if dtype is None else (
        devices.supported(dtype))
    parts = [_variables("cov", t, rowvar, found) for t in tensors]
    if len({part.shape[1] for part in parts}) > 1:
        raise shape_errors.not_alike("cov", [part.shape for part in parts], 0)
    x, less_by = concat(parts), (0 if bias else 1) if ddof is None else ddof
    w = _weights(fweights, aweights, x.shape[1])
    centre = mean(x, 1, True) if w is None else average(x, 1, w, keepdims=True)
    d = astype(subtract(x, centre), found)
    if w is None:
        left = as_tensor(np.maximum(x.shape[1] - less_by, 0.0).astype(found))
    else:
        total = sum(w)
        lost = less_by if aweights is None else less_by * sum(w * aweights) / total
        left = maximum(total - lost, 0)
    z = divide(matmul(d, matrix_transpose(conj(d if w is None else multiply(d, w)))), left)
    return squeeze(z)


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, dtype: Any = None) -> Tensor:
    """Return the coefficients of correlation of variables: `cov`, divided by both standard deviations.

    x, y, rowvar, dtype: as there, x for m. nan for a variable that is constant; none is beyond -1 and 1.
    Derivative: of the quotient, at -1 and 1 too. Raises ShapeError, DtypeError.

    >>> nb.corrcoef([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    c = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return divide(c, c)
    s = sqrt(real(diag(c)))
    r = divide(divide(c, reshape(s, (-1, 1))), s)
    if is_complex(r):
        return r
    return add(r, stop_gradient(subtract(clip(r, -1, 1), r)))         # what is cut off is rounding alone
