"""Seconds of whole models: value and gradients, or a training step. Most are rows of work/models.py."""

import functools as _functools

import numpy as _np
from work import suite as _suite
from work.libraries import library as _library
from work.models import gaussian_process as _gaussian_process
from work.models import logistic as _logistic
from work.models import mlp as _mlp
from work.models import transformer as _transformer

_DIGITS = 1347 // 64                      # steps of an epoch of examples/digits.py


def _lstm(nb, steps=16, batch=16, width=32):
    """Value and gradients of an LSTM's squared outputs."""
    rng = _np.random.default_rng(0)
    xs = [nb.asarray(rng.normal(size=(batch, width)).astype("float32")) for _ in range(steps)]
    w = nb.asarray((rng.normal(size=(2 * width, 4 * width)) / width ** 0.5).astype("float32"))
    b = nb.asarray(_np.zeros(4 * width, "float32"))

    def loss(w, b):
        h = c = nb.asarray(_np.zeros((batch, width), "float32"))
        total = 0.0
        for x in xs:
            z = nb.concat([x, h], axis=1) @ w + b
            i, f, o, g = [z[:, k * width:(k + 1) * width] for k in range(4)]
            c = nb.sigmoid(f) * c + nb.sigmoid(i) * nb.tanh(g)
            h = nb.sigmoid(o) * nb.tanh(c)
            total = total + nb.mean(h * h)
        return total

    both = nb.value_and_grad(loss, (0, 1))
    return lambda: both(w, b)


def _digits(nb):
    """An epoch of training on as many images of 8 x 8 as the digits have."""
    row = _mlp(64, "Adam", (64, 32, 10))
    step = row.make(_library("nbgrad"), row.inputs())

    def epoch():
        for _ in range(_DIGITS):
            step()

    return epoch


def _row(make, *given):
    def ready(nb):
        row = make(*given)
        return row.make(_library("nbgrad"), row.inputs())
    return ready


_MODELS = {
    "logistic_regression": _row(_logistic, 1000, 20),
    "mlp": _row(_mlp, 64, "Adam"),
    "transformer": _row(_transformer),
    "lstm": _lstm,
    "gaussian_process": _row(_gaussian_process, 200),
    "digits": _digits,
}


@_functools.cache
def _ready(model):
    import nbgrad as nb

    return _MODELS[model](nb)


def _prepare(self):
    """Compile the kernels before a clock starts; names of what this commit lacks."""
    return _suite.prepared(_ready, [(model,) for model in _MODELS])


_prepare.timeout = 900


def _timed(model):
    def run(self, missing):
        _ready(model)()
    return run


for _model in _MODELS:
    _kind = "time_epoch" if _model == "digits" else "time_step"
    _suite.add(__name__, _model, {_kind: _timed(_model)}, setup_cache=_prepare,
               warmup_time=0.3, sample_time=0.02, rounds=1, repeat=(3, 10, 2.0))
