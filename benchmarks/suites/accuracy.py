"""Largest error of every elementwise op in units of the last place (see benchmarks/accuracy.py), and of sums.

Names of this module begin with _: the others are ops, and `sums`.
"""

import math as _math

import numpy as _np
from work import suite as _suite
from work import table as _table

_DTYPES = ["float32", "float64"]
_WRONG = 2.0 ** 53                        # stands for a nan or an infinity where there should be none
_POINTS = 40000 if _table.LEVEL == "full" else 8000


def _collect(self):
    """Largest errors by op and dtype; an op that fails, or whose errors cannot be told, is left out."""
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
            if error is not None:
                found[name, dtype] = min(error, _WRONG)
    return found


_collect.timeout = 1800


def _largest(accuracy, row, dtype):
    rng = _np.random.default_rng(0)
    xs = accuracy.operands(row, dtype, accuracy.FEW if row.op.name in accuracy.EXACT else _POINTS, rng)
    if xs is None:
        return None
    if row.op.name in accuracy.EXACT:
        xs = [x[_np.isfinite(xs[0])] for x in xs]
    with _np.errstate(all="ignore"):
        got = row.op(*xs).numpy()
        return float(accuracy.errors(row, got, accuracy.reference(row, xs, dtype), xs).max())


def _look(name):
    def look(self, found, dtype):
        return found.get((name, dtype), float("nan"))
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
        _suite.add(__name__, _name, {"track_max_ulp": _look(_name)}, setup_cache=_collect, unit="ulp",
                   params=[_DTYPES], param_names=["dtype"])
