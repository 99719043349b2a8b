"""NumPy's reductions that leave nan out, with what ops/nans.py does not take: where, dtype, initial."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nbgrad.arrays.dtypes import is_complex
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.interop.numpy_spellings import FUNCTIONS
from nbgrad.ops import elementwise, reduce
from nbgrad.ops.compare import logical_and
from nbgrad.ops.nans import there

_Function = Callable[..., Any]
_sum, _prod, _mean = [FUNCTIONS[f] for f in (np.sum, np.prod, np.mean)]


def _there(x: Tensor, where: Any = True) -> Any:
    """Which elements are numbers, among those that where chooses."""
    if x.dtype.kind not in "fc":
        return where
    return there(x) if where is True else logical_and(there(x), where)


def _nansum(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, initial: Any = None,
            where: Any = True) -> Tensor:
    x = as_tensor(x)
    return _sum(x, axis, dtype, keepdims, initial, _there(x, where))


def _nanprod(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, initial: Any = None,
             where: Any = True) -> Tensor:
    x = as_tensor(x)
    return _prod(x, axis, dtype, keepdims, initial, _there(x, where))


def _nanmean(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False,
             where: Any = True) -> Tensor:
    x = as_tensor(x)
    return _mean(x, axis, dtype, keepdims, _there(x, where))


def _spread(function: _Function) -> _Function:
    def spread(x: Any, axis: Any = None, dtype: Any = None, ddof: Any = 0, keepdims: bool = False,
               where: Any = True, mean: Any = None, correction: Any = None) -> Tensor:
        x = as_tensor(x)
        return function(x, axis, dtype, ddof, keepdims, _there(x, where), mean, correction)

    return spread


def _extreme(function: _Function, worst: float) -> _Function:
    """The largest or smallest number; nan where there is none. worst: what all others are better than."""
    def extreme(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None,
                where: Any = True) -> Tensor:
        x = as_tensor(x)
        if x.dtype.kind not in "fc":
            return function(x, axis, None, keepdims, initial, where)
        there = _there(x, where)
        least = complex(worst, worst) if is_complex(x) else worst
        z = function(x, axis, None, keepdims, least if initial is None else initial, there)
        return z if initial is not None else elementwise.where(reduce.any(there, axis, keepdims), z, np.nan)

    return extreme


NAN_FUNCTIONS: dict[Any, _Function] = {
    np.nansum: _nansum, np.nanprod: _nanprod, np.nanmean: _nanmean,
    np.nanvar: _spread(FUNCTIONS[np.var]), np.nanstd: _spread(FUNCTIONS[np.std]),
    np.nanmax: _extreme(FUNCTIONS[np.max], -np.inf), np.nanmin: _extreme(FUNCTIONS[np.min], np.inf),
}
