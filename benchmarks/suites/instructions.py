"""Instructions of every op, forward and VJP, and of the tape, by callgrind: the same on a busy machine.

They are those of kernels compiled for AVX2, and of Python. They do not see caches or how long an instruction
takes: `ratio` does. Names of this module begin with _: the others are ops, and `tape`.
"""

from work import counting as _counting
from work import suite as _suite
from work import table as _table

_UNIT = "instructions"
_TAPE = ("apply", "record", "chain", "grad", "grad_of_grad", "backward", "jvp")


def _collect(self):
    """All counts, from two processes."""
    reason = _counting.missing()
    if reason:
        print(reason)
        return {}
    return _counting.counts()


_collect.timeout = 1800


def _op(which, name):
    def look(self, counts, n):
        return counts.get(f"{which}/{name}/{n}", float("nan"))
    return look


def _tape(what):
    def look(self, counts):
        return counts.get(f"tape/{what}", float("nan"))
    return look


for _name, _row in _table.rows().items():
    _kinds = {"track_forward": _op("forward", _name)}
    if _table.differentiable(_row):
        _kinds["track_vjp"] = _op("vjp", _name)
    _suite.add(__name__, _name, _kinds, setup_cache=_collect, unit=_UNIT, param_names=["n"],
               params=[_table.counted_sizes(_row)])
_kinds = {f"track_{_what}": _tape(_what) for _what in _TAPE}
_suite.add(__name__, "tape", _kinds, setup_cache=_collect, unit=_UNIT)
