"""`nb.bench(f, *args)`: how long a function takes, forwards and with its gradient, beside NumPy."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbgrad.bench.clock import Run, amount, medians, once, peak, samples
from nbgrad.compile import cache, tiers
from nbgrad.define.registry import OPS
from nbgrad.engine import convert
from nbgrad.engine.arguments import is_float
from nbgrad.engine.tensor import Tensor, raw, tensor
from nbgrad.engine.transforms import vjp
from nbgrad.engine.tree import flatten, map_leaves
from nbgrad.errors import value_errors
from nbgrad.testing import reference

# Of the comparison with NumPy, to the largest value
_TOLERANCE = {"float32": 1e-3, "complex64": 1e-3, "float64": 1e-6, "complex128": 1e-6}


@dataclass(frozen=True)
class Bench:
    """What `nb.bench` found. Durations are medians in seconds, sizes are in bytes; None: not measured.

    forward  : the value alone
    gradient : the value and the gradients in all floating-point arguments, for a cotangent of ones
    numpy    : the same value by NumPy, in turns with forward
    first, first_gradient : the first call of each in this bench, which compiles or loads kernels
    compiled, loaded : how many kernels these two calls compiled, and loaded from the cache
    peak, gradient_peak, numpy_peak : by how much a call raises the memory that is allocated
    notes    : what was left out, and why
    """

    name: str
    forward: float
    gradient: float | None
    numpy: float | None
    first: float
    first_gradient: float | None
    compiled: int
    loaded: int
    peak: int
    gradient_peak: int | None
    numpy_peak: int | None
    notes: tuple[str, ...] = ()

    @property
    def ratio(self) -> float | None:
        """forward over numpy: below 1 nbgrad is faster. None without a NumPy function."""
        return None if self.numpy is None else self.forward / self.numpy

    def as_dict(self) -> dict[str, Any]:
        """All fields and the ratio, for JSON."""
        return {**dataclasses.asdict(self), "ratio": self.ratio}

    def __repr__(self) -> str:
        lines = [f"bench of {self.name}: medians, and the peak of allocated memory"]
        lines.append(_line("forward", self.forward, self.peak, "" if self.ratio is None else
                           f"{self.ratio:.2f} of NumPy's time"))
        if self.numpy is not None and self.numpy_peak is not None:
            lines.append(_line("NumPy", self.numpy, self.numpy_peak, ""))
        if self.gradient is not None and self.gradient_peak is not None:
            lines.append(_line("value, gradient", self.gradient, self.gradient_peak,
                               f"{self.gradient / self.forward:.2f} of forward's time"))
        firsts = [self.first] if self.first_gradient is None else [self.first, self.first_gradient]
        lines.append(f"  {'first calls':16s}{' and '.join(map(amount, firsts))}, "
                     f"{self.compiled} kernels compiled, {self.loaded} loaded")
        return "\n".join([*lines, *[f"  {note}" for note in self.notes]])


def _line(what: str, seconds: float, size: int, more: str) -> str:
    return f"  {what:16s}{amount(seconds):>10s}  {amount(size, 'B'):>10s}  {more}".rstrip()


def bench(f: Callable[..., Any], *args: Any, numpy: Callable[..., Any] | None = None, gradient: bool = True,
          seconds: float = 0.3) -> Bench:
    """Return how long f(*args) takes, alone and with its gradient, beside the same by NumPy.

    f     : takes and returns Tensors (or trees of them)
    args  : what f is called with; arrays among them become Tensors before the clock runs
    numpy : the same function for NumPy's arrays. Left out, f itself is taken if it works on them (it is
        written with np), or the reference of an op, or NumPy's function of the same name for one of nbgrad's.
    gradient : False times the value alone
    seconds  : about how long each part is timed

    nbgrad and NumPy take turns, after their values were compared. Nothing is interpreted (see
    NBGRAD_TIER): first calls compile kernels or load them from the cache on disk; kernels that this process
    has used already cost nothing then. Raises ValueRangeError if NumPy gives another value, or for bad
    arguments DtypeError.

    >>> found = nb.bench(lambda x: np.sum(np.tanh(x) * x), np.linspace(0, 1, 1000), seconds=0.01)
    >>> found.forward > 0
    True
    """
    _check(f, numpy, seconds)
    with tiers.chosen("compiled"):
        return _bench(f, args, numpy, gradient, seconds)


def _bench(f: Callable[..., Any], args: Sequence[Any], numpy: Any, gradient: bool, seconds: float) -> Bench:
    xs, arrays = [map_leaves(_tensor, x) for x in args], [map_leaves(_array, x) for x in args]
    before = cache.counts()
    first, y = once(lambda: f(*xs))
    _check_result(y)
    pull, why = _gradient(f, xs, y) if gradient else (None, "")
    first_gradient = None if pull is None else once(pull)[0]
    compiled, loaded = [now - then for now, then in zip(cache.counts(), before, strict=True)]
    native, lost = _native(f, numpy, arrays)
    runs: dict[str, Run] = {"forward": lambda: f(*xs)}
    if native is not None:
        _agree(y, native(*arrays), arrays)
        runs["numpy"] = lambda: native(*arrays)
    if pull is not None:
        runs["gradient"] = pull
    times = medians(samples(runs, {name: once(run)[0] for name, run in runs.items()}, seconds))
    peaks = {name: peak(run) for name, run in runs.items()}
    notes = tuple(note for note in (why, lost) if note)
    return Bench(_name(f), times["forward"], times.get("gradient"), times.get("numpy"), first, first_gradient,
                 compiled, loaded, peaks["forward"], peaks.get("gradient"), peaks.get("numpy"), notes)


def _check(f: Any, numpy: Any, seconds: Any) -> None:
    """Raise DtypeError or ValueRangeError for arguments that bench does not take."""
    if not callable(f):
        raise value_errors.bad_argument("bench", f, "a function, as in bench(nb.tanh, x)")
    if numpy is not None and not callable(numpy):
        raise value_errors.bad_argument("bench", numpy, "a function of arrays for numpy=")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds < float("inf"):
        raise value_errors.bad_value("bench", f"seconds={seconds!r} is not a positive number")


def _name(f: Any) -> str:
    return getattr(f, "name", None) or getattr(f, "__name__", None) or type(f).__name__


def _tensor(x: Any) -> Any:
    """An array as a Tensor of its own memory; anything else as it is."""
    return tensor(convert.array(raw(x))) if isinstance(x, (np.ndarray, Tensor)) else x


def _array(x: Any) -> Any:
    return np.array(raw(x)) if isinstance(x, Tensor) else x


def _check_result(y: Any) -> None:
    """Raise DtypeError unless a function's result holds Tensors, arrays and numbers alone."""
    leaves = flatten(y)[0]
    wrong = [leaf for leaf in leaves if not isinstance(leaf, (Tensor, np.ndarray, np.generic, int, float))]
    if wrong or not leaves:
        raise value_errors.bad_argument("bench", wrong[0] if wrong else y,
                                        "a function that returns Tensors, arrays or numbers")


def _gradient(f: Callable[..., Any], xs: list[Any], y: Any) -> tuple[Run | None, str]:
    """What computes value and gradients, or None and the reason."""
    if not any(is_float(leaf) for leaf in flatten(xs)[0]):
        return None, "no gradient: no argument is floating-point"
    if not any(is_float(leaf) for leaf in flatten(y)[0]):
        return None, "no gradient: the result is not floating-point"
    ones = map_leaves(lambda leaf: tensor(np.ones_like(np.asarray(raw(leaf)))), y)

    def run() -> Any:
        value, pull = vjp(f, *xs)
        return value, pull(ones)

    return run, ""


def _native(f: Any, given: Callable[..., Any] | None,
            arrays: list[Any]) -> tuple[Callable[..., Any] | None, str]:
    """The function for NumPy's arrays, or None and the reason."""
    if given is not None:
        return given, ""
    row = OPS.get(getattr(f, "name", ""))
    if row is not None and row.op is f:
        like = reference(row)
        return like, "" if like is not None else f"no NumPy: the op {row.op.name} has no reference"
    if str(getattr(f, "__module__", "")).startswith("nbgrad."):
        same = getattr(np, _name(f), None)
        return same, "" if same is not None else f"no NumPy: it has no {_name(f)}; give numpy="
    try:
        y = f(*arrays)
    except Exception as error:            # whatever a function of the user's raises says that it cannot
        return None, f"no NumPy: on NumPy's arrays it raises {type(error).__name__}; give numpy="
    if any(isinstance(leaf, Tensor) for leaf in flatten(y)[0]):
        return None, "no NumPy: on NumPy's arrays it returns Tensors; give numpy="
    return f, ""


def _agree(y: Any, like: Any, arrays: list[Any]) -> None:
    """Raise ValueRangeError unless NumPy's results are nbgrad's, up to rounding in sums of the arguments."""
    ours = [np.asarray(raw(leaf)) for leaf in flatten(y)[0]]
    theirs = [np.asarray(raw(leaf)) for leaf in flatten(like)[0]]
    if [a.shape for a in ours] != [b.shape for b in theirs]:
        shapes = [b.shape for b in theirs]
        raise value_errors.bench_differs(f"shapes {shapes}, nbgrad's {[a.shape for a in ours]}")
    given = [np.asarray(x) for x in flatten(arrays)[0] if is_float(x)]
    for a, b in zip(ours, theirs, strict=True):
        bound = _TOLERANCE.get(a.dtype.name, 0.0) * max(map(_largest, [*given, b]))
        if not np.allclose(a, b, rtol=0, atol=bound, equal_nan=True):
            with np.errstate(invalid="ignore"):
                far = np.nanmax(np.abs(a.astype(_wide(a)) - b), initial=0)
            raise value_errors.bench_differs(f"values that are up to {far:.3g} from nbgrad's")


def _largest(x: np.ndarray) -> float:
    """The largest finite absolute value."""
    return float(np.max(np.abs(x[np.isfinite(x)].astype(_wide(x))), initial=0))


def _wide(x: np.ndarray) -> str:
    """The dtype of most digits for such numbers."""
    return "complex128" if x.dtype.kind == "c" else "float64"
