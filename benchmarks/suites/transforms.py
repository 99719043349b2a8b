"""Seconds of the transforms on one function, f(x) = sum(tanh(a @ x) ** 2), with a an n x n matrix."""

import functools as _functools

import numpy as _np
from work import suite as _suite

_SIZES = [10, 100]
_KINDS = ("grad", "value_and_grad", "vjp", "jvp", "jacobian", "hessian", "hvp", "checkpoint", "backward")


def _of(nb, kind, n):
    """The call that is timed."""
    rng = _np.random.default_rng(0)
    a, x, v = map(nb.asarray, (rng.normal(size=(n, n)) / n ** 0.5, rng.normal(size=n), _np.ones(n)))

    def inner(x):
        return nb.tanh(a @ x)

    def f(x):
        return nb.sum(inner(x) ** 2)

    def backward():
        leaf = nb.tensor(x.numpy(), requires_grad=True)
        f(leaf).backward()

    if kind == "backward":
        return backward
    if kind == "checkpoint":
        kept = nb.checkpoint(inner)
        return _functools.partial(nb.grad(lambda x: nb.sum(kept(x) ** 2)), x)
    calls = {"vjp": lambda: nb.vjp(f, x)[1](1.0), "jvp": lambda: nb.jvp(f, (x,), (v,)),
             "hvp": lambda: nb.hvp(f, x, v), "jacobian": lambda: nb.jacobian(inner)(x)}
    return calls[kind] if kind in calls else _functools.partial(getattr(nb, kind)(f), x)


@_functools.cache
def _ready(kind, n):
    import nbgrad as nb

    return _of(nb, kind, n)


def _prepare(self):
    """Compile the kernels before a clock starts; names of what this commit lacks."""
    return _suite.prepared(_ready, [(kind, n) for kind in _KINDS for n in _SIZES])


_prepare.timeout = 600


def _timed(kind):
    def run(self, missing, n):
        _ready(kind, n)()
    return run


for _kind in _KINDS:
    _suite.add(__name__, _kind, {f"time_{_kind}": _timed(_kind)}, setup_cache=_prepare, params=[_SIZES],
               param_names=["n"], warmup_time=0.1, sample_time=0.01, rounds=1, repeat=(3, 10, 1.0))
