"""Seconds of calls on few elements, forward, and forward and back: the time is not that of kernels."""

import functools as _functools

from work import smalls as _smalls
from work import suite as _suite
from work.libraries import library as _library

_SIZES = [4, 100]
# class -> the name of the work
_CALLS = {"sums": "sum", "row_sums": "sum of rows", "softmaxes": "softmax of rows", "reshapes": "reshape",
          "transposes": "transpose", "concats": "concat", "stacks": "stack", "rows": "x[0]",
          "slices": "x[:, half:]", "choices": "where", "broadcasts": "add a row", "numbers": "add a number",
          "products": "matmul", "dots": "dot", "outers": "outer", "diagonals": "diag", "inverses": "inv",
          "factors": "cholesky"}
_KINDS = {"time_forward": "forward", "time_and_back": "and back"}


@_functools.cache
def _ready(call, n):
    f, make = _smalls.WORK[_CALLS[call]]
    return _smalls.runs(_library("nbgrad"), f, make(n))


def _prepare(self):
    """Compile the kernels before a clock starts; names of what this commit lacks."""
    return _suite.prepared(lambda call, n, which: _ready(call, n)[which],
                           [(call, n, which) for call in _CALLS for n in _SIZES for which in _KINDS.values()])


_prepare.timeout = 600


def _timed(call, which):
    def run(self, missing, n):
        _ready(call, n)[which]()
    return run


for _call in _CALLS:
    _suite.add(__name__, _call, {_name: _timed(_call, _which) for _name, _which in _KINDS.items()},
               setup_cache=_prepare, params=[_SIZES], param_names=["n"],
               warmup_time=0.05, sample_time=0.005, rounds=1, repeat=(3, 8, 0.2))
