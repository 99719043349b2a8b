"""Largest errors of every elementwise op, of its first and second partial derivatives, and of sums, in units
of the last place (see benchmarks/accuracy.py).

Names of this module begin with _: the others are ops, and `sums`.
"""

import math as _math

import numpy as _np
from work import suite as _suite
from work import table as _table

_DTYPES = ["float32", "float64"]
_WRONG = 2.0 ** 53                        # stands for a nan or an infinity where there should be none
_PARTIALS = 60
_POINTS = 40000 if _table.LEVEL == "full" else 8000


def _collect(self):
    """Largest errors by op, dtype and what they are of; what fails, or has no reference, is left out."""
    try:
        import accuracy
    except ImportError as error:
        print(f"accuracy is left out: {error}")
        return {}
    accuracy.FEW = 1000
    found = {}
    for name, row in _table.rows().items():
        for dtype in _DTYPES if row.kind == "elementwise" and row.like is not None else ():
            try:
                error = _largest(accuracy, row, _np.dtype(dtype).type)
            except Exception as problem:
                print(f"left out: {name} in {dtype}: {type(problem).__name__}: {problem}")
                continue
            for what, value in error.items():
                found[name, dtype, what] = min(value, _WRONG)
    return found


_collect.timeout = 1800


def _largest(accuracy, row, dtype):
    """By what they are of: values, first and second partials."""
    rng = _np.random.default_rng(0)
    both = accuracy.compared(row, dtype, _POINTS, rng)
    found = {} if both is None else {"value": float(both[1].max())}
    xs = accuracy.finite_operands(row, dtype, _PARTIALS, rng)
    if xs is not None:
        found["first"], found["second"] = accuracy.derivatives.largest(row, xs)
    return found


def _look(name, what):
    def look(self, found, dtype):
        return found.get((name, dtype, what), float("nan"))
    return look


class sums:  # noqa: N801
    """The error of the sum of n positive numbers, in units of the last place."""

    version, timeout, unit = "1", 120, "ulp"
    params, param_names = [_DTYPES, [1000, 1_000_000]], ["dtype", "n"]

    def track_sum_error(self, dtype, n):
        import nbgrad as nb

        x = _np.random.default_rng(n).random(n).astype(dtype)
        exact = _math.fsum(x.tolist())
        unit = float(_np.spacing(_np.asarray(exact, dtype)))
        return _math.fabs(float(nb.sum(x).numpy()) - exact) / unit      # abs is an op here

    track_sum_error.less_is_better = True


for _name, _row in _table.rows().items():
    if _row.kind == "elementwise" and _row.like is not None and _table.floats(_row):
        _methods = {"track_max_ulp": _look(_name, "value")}
        if _table.differentiable(_row):
            _methods |= {f"track_max_ulp_{_order}": _look(_name, _order) for _order in ("first", "second")}
        _suite.add(__name__, _name, _methods, setup_cache=_collect, unit="ulp", params=[_DTYPES],
                   param_names=["dtype"])
