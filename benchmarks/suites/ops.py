"""Seconds of every op of the table, forward and VJP: ops.<op>.time_forward, ops.<op>.time_vjp.

Names of this module begin with _: the others are ops.
"""

from work import calls as _calls
from work import suite as _suite
from work import table as _table

_READY = {}


def _timed(which, name):
    def run(self, ready, n, dtype):
        key = which, name, n, dtype
        if key not in _READY:             # its kernel is in the cache: it is ready before warming up is over
            _READY[key] = getattr(_calls.calls(name, n, dtype), which)
        _READY[key]()
    return run


def _prepare(self):
    """Compile everything before a clock starts. (A setup() would have asv time single calls.)"""
    return _calls.compile_all()


_prepare.timeout = 1800


for _name, _row in _table.rows().items():
    _kinds = {"time_forward": _timed("forward", _name)}
    if _table.differentiable(_row):
        _kinds["time_vjp"] = _timed("vjp", _name)
    _suite.add(__name__, _name, _kinds, setup_cache=_prepare, param_names=["n", "dtype"],
               params=[_table.sizes(_row), _table.dtypes(_row)],
               warmup_time=0.05, sample_time=0.005, rounds=1, repeat=(3, 8, 0.2))
