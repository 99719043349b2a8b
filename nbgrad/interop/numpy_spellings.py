"""NumPy's functions where they say more than ours: with NumPy's arguments and defaults, written in ops.

What one of them has no parameter for is refused by name, see numpy_functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from string import ascii_lowercase, ascii_uppercase
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.broadcast import astype
from nbgrad.define.scalar import add, multiply
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import protocol_errors, value_errors
from nbgrad.ops import compare, contract, create, deviation, elementwise, reduce, sets, shape, sort
from nbgrad.ops.cumulative import cumulative_prod, cumulative_sum
from nbgrad.ops.elementwise import divide, logaddexp, maximum, minimum, subtract
from nbgrad.ops.exponential import logsumexp
from nbgrad.ops.index import nonzero

_Function = Callable[..., Any]


# ------------------------------------------------------------------------------------------ reductions
def _reduction(op: Any, identity: Any, together: _Function) -> _Function:
    """op with NumPy's dtype, initial and where.

    identity : the result of no element; None if there is none
    together : (result, initial) -> the result of one element more
    The function's attribute `usual` is op, which does the same where it takes all that is given.
    """

    def reduced(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, initial: Any = None,
                where: Any = True) -> Tensor:
        x = as_tensor(x) if dtype is None else astype(x, dtype)
        if dtype is initial is None and where is True:
            return op(x, axis, keepdims)
        z = reduce.reduction(op, identity, together, x, axis, keepdims, where, initial)
        return z if dtype is None or z.dtype == x.dtype else astype(z, x.dtype)

    reduced.usual = op                        # type: ignore[attr-defined]
    return reduced


_sum = _reduction(reduce.sum, 0, add)
_prod = _reduction(reduce.prod, 1, multiply)
_max = _reduction(reduce.max, None, maximum)
_min = _reduction(reduce.min, None, minimum)
_logsumexp = _reduction(logsumexp, -np.inf, logaddexp)


def _floats(name: str, x: Any, dtype: Any) -> Tensor:
    """x in the dtype that it is averaged in. Raises DtypeError for one that is no float."""
    x = as_tensor(x)
    found = reduce.floating(x.dtype) if dtype is None else devices.supported(dtype)
    if found.kind not in "fc":
        raise protocol_errors.not_averaged(f"numpy.{name}", found)
    return x if x.dtype == found else astype(x, found)


def _mean(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, where: Any = True) -> Tensor:
    x = _floats("mean", x, dtype)
    return reduce.mean(x, axis, keepdims, where=where)


def _correction(name: str, ddof: Any, correction: Any) -> Any:
    """The one of the two that was given. Raises ValueRangeError for both."""
    if correction is None:
        return ddof
    if ddof != 0:
        raise value_errors.bad_value(name, "got both ddof and correction, which are one parameter")
    return correction


def _var(x: Any, axis: Any = None, dtype: Any = None, ddof: Any = 0, keepdims: bool = False,
         where: Any = True, mean: Any = None, correction: Any = None) -> Tensor:
    x, ddof = _floats("var", x, dtype), _correction("var", ddof, correction)
    if where is True and mean is None:
        return deviation.var(x, axis, keepdims=keepdims, correction=ddof)
    z = deviation.var_chosen(x, axis, keepdims, where, mean, ddof)
    return z if dtype is None else astype(z, dtype)


def _std(x: Any, axis: Any = None, dtype: Any = None, ddof: Any = 0, keepdims: bool = False,
         where: Any = True, mean: Any = None, correction: Any = None) -> Tensor:
    x, ddof = _floats("std", x, dtype), _correction("std", ddof, correction)
    if where is True and mean is None:
        return deviation.std(x, axis, keepdims=keepdims, correction=ddof)
    z = deviation.std_chosen(x, axis, keepdims, where, mean, ddof)
    return z if dtype is None else astype(z, dtype)


# ------------------------------------------------------------------------------------- together, and new
def _joined(join: Any) -> tuple[_Function, _Function]:
    """join with NumPy's dtype and casting; and that with an axis."""

    def joined(arrays: Sequence[Any], dtype: Any = None, casting: Any = "same_kind", **axis: Any) -> Tensor:
        xs = list(arrays)
        if xs and (dtype is not None or casting != "same_kind"):
            xs = [as_tensor(x) for x in xs]
            found = np.result_type(*[x.dtype for x in xs]) if dtype is None else devices.supported(dtype)
            if not all(np.can_cast(x.dtype, found, casting) for x in xs):
                raise protocol_errors.no_cast(join.__name__, [x.dtype for x in xs], found, casting)
            xs = [x if x.dtype == found else astype(x, found) for x in xs]
        return join(xs, **axis)

    def along(arrays: Sequence[Any], axis: Any = 0, dtype: Any = None, casting: Any = "same_kind") -> Tensor:
        return joined(arrays, dtype, casting, axis=axis)

    return joined, along


def _filled(make: _Function) -> _Function:
    """zeros, ones or empty, in the shape and dtype of an array where no others are given."""

    def like(x: Any, dtype: Any = None, shape: Any = None) -> Tensor:
        x = as_tensor(x)
        return make(x.shape if shape is None else shape, dtype=x.dtype if dtype is None else dtype)

    return like


def _full_like(x: Any, fill_value: Any, dtype: Any = None, shape: Any = None) -> Tensor:
    x = as_tensor(x)
    return create.full(x.shape if shape is None else shape, fill_value, x.dtype if dtype is None else dtype)


def _linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False,
              dtype: Any = None, axis: int = 0) -> Any:
    z = shape.moveaxis(create.linspace(start, stop, num, endpoint, dtype), 0, axis)
    if not retstep:
        return z
    gaps = num - 1 if endpoint else num
    return z, divide(subtract(stop, start), float(gaps)) if gaps > 0 else as_tensor(np.nan)


# -------------------------------------------------------- arguments that tell how, and not what, to compute
def _reciprocal(x: Any) -> Tensor:
    """1 / x, of integers an integer."""
    x = as_tensor(x)
    z = elementwise.reciprocal(x)
    return z if x.dtype.kind == "f" else astype(z, np.int8 if x.dtype.kind == "b" else x.dtype)


def _where(condition: Any, *values: Any) -> Any:
    return elementwise.where(condition, *values) if values else nonzero(condition)


def _divmod(x: Any, y: Any) -> tuple[Tensor, Tensor]:
    return compare.floor_divide(x, y), elementwise.remainder(x, y)


def _einsum(*operands: Any, optimize: Any = False) -> Tensor:
    """einsum in any order of contraction, also with lists of numbers for the letters."""
    if not operands or isinstance(operands[0], str):
        return contract.einsum(*operands)
    letters, pairs = ascii_uppercase + ascii_lowercase, len(operands) // 2
    terms = ["".join(["..." if k is Ellipsis else letters[k] for k in numbers])
             for numbers in (*operands[1:2 * pairs:2], *operands[2 * pairs:])]
    text = ",".join(terms[:pairs]) + "".join([f"->{out}" for out in terms[pairs:]])
    return contract.einsum(text, *operands[:2 * pairs:2])


def _stably(kind: Any, stable: Any) -> None:
    """Ours is stable, so that it is any kind. Raises ValueRangeError for what is none of NumPy's."""
    if kind not in (None, "quicksort", "mergesort", "heapsort", "stable") or (kind and stable is not None):
        raise value_errors.bad_choice("sort", "kind", kind, ("quicksort", "mergesort", "heapsort", "stable"))


def _sort(x: Any, axis: Any = -1, kind: Any = None, stable: Any = None) -> Tensor:
    _stably(kind, stable)
    return sort.sort(x, axis)


def _argsort(x: Any, axis: Any = -1, kind: Any = None, stable: Any = None) -> Tensor:
    _stably(kind, stable)
    return sort.argsort(x, axis)


def _isin(x: Any, values: Any, assume_unique: bool = False, invert: bool = False, kind: Any = None) -> Tensor:
    return sets.isin(x, values, invert)


def _astype(x: Any, dtype: Any, copy: bool = True) -> Tensor:
    return astype(x, dtype)


FUNCTIONS: dict[Any, _Function] = {
    np.divmod: _divmod,
    np.sum: _sum, np.prod: _prod, np.max: _max, np.amax: _max, np.min: _min, np.amin: _min,
    np.mean: _mean, np.var: _var, np.std: _std,
    np.concatenate: _joined(shape.concat)[1], np.stack: _joined(shape.stack)[1],
    np.hstack: _joined(shape.hstack)[0], np.vstack: _joined(shape.vstack)[0],
    np.zeros_like: _filled(create.zeros), np.ones_like: _filled(create.ones),
    np.empty_like: _filled(create.empty), np.full_like: _full_like, np.linspace: _linspace,
    np.einsum: _einsum, np.where: _where, np.sort: _sort, np.argsort: _argsort, np.isin: _isin,
    np.astype: _astype, np.reciprocal: _reciprocal,
}
# methods of ufuncs
METHODS: dict[tuple[np.ufunc, str], _Function] = {
    (np.add, "reduce"): _sum, (np.multiply, "reduce"): _prod, (np.maximum, "reduce"): _max,
    (np.minimum, "reduce"): _min, (np.logaddexp, "reduce"): _logsumexp,
    (np.logical_and, "reduce"): reduce.all, (np.logical_or, "reduce"): reduce.any,
    (np.add, "accumulate"): cumulative_sum, (np.multiply, "accumulate"): cumulative_prod,
}
