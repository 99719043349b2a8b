"""What a function does at its kinks: which it meets, and its derivative to one side.

Each is a trace that asks the table of ops/kinks.py, op by op; the ops themselves know nothing of it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from nbgrad.arrays import devices
from nbgrad.arrays.dtypes import is_complex
from nbgrad.define.scalar import Elementwise
from nbgrad.engine import modes
from nbgrad.engine.arguments import Inputs
from nbgrad.engine.checkpoint import Checkpoint
from nbgrad.engine.graph import Op, Tangents, apply, evaluate, next_id
from nbgrad.engine.tensor import ENDED, Tensor, raw, tensor, unwrap, wrap
from nbgrad.engine.transforms import check_function, jvp, no_grad
from nbgrad.engine.tree import flatten, map_leaves
from nbgrad.errors import gradient_errors
from nbgrad.ops.compare import equal, logical_and, logical_or
from nbgrad.ops.elementwise import where
from nbgrad.ops.kinks import KINKS, UNKNOWN
from nbgrad.ops.reduce import any as any_of

_COMPARISONS = ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")
_LOGIC = ("logical_and", "logical_or", "logical_xor", "logical_not", "both", "either")
# What puts numbers in an order: that of complex ones jumps where their real parts are equal.
_ORDERING = ("maximum", "minimum", "clip", "max", "min", "sort", "argsort", "argmax", "argmin",
             "searchsorted", "extremum_vjp")
_HARMLESS = ("isnan", "isinf", "isfinite", "binade")          # no direction changes what these say
# Composites that are smooth, though they are made of pieces: their own rules hold everywhere.
_SMOOTH = ("sigmoid", "softsign", "gelu", "logistic_density", "square_sech", "leg", "atan_slope", "portion",
           "binade")
_CLOSE = 1e3                                  # of the unit in the last place: what is no jump


def inside(op: Op) -> Callable[..., Any] | None:
    """The function of Tensors that an op is made of; None of one that is not made of others."""
    if type(op) is Checkpoint:
        return op.f
    if isinstance(op, Elementwise) and not op.primitive and op.name not in (*KINKS, *UNKNOWN, *_SMOOTH):
        return op.value
    return None


def constants(xs: Sequence[Any]) -> list[Any]:
    """Inner values as Tensors that no trace watches; Python numbers stay."""
    return [tensor(raw(x)) if hasattr(raw(x), "dtype") else x for x in xs]


def tensors(xs: Sequence[Any]) -> list[Any]:
    return [wrap(x) if hasattr(raw(x), "dtype") else x for x in xs]


def mask(op: Op, xs: Sequence[Any], z: Any, params: dict[str, Any]) -> Tensor | None:
    """Where an op of the tables is at a kink; None if it is nowhere."""
    at = KINKS[op.name].at if op.name in KINKS else UNKNOWN.get(op.name)
    if at is None:
        return None
    known = tuple(map(tensor, map(raw, z))) if type(z) is tuple else tensor(raw(z))
    found = at(constants(xs), known, params)
    return found if _some(found) else None


def _some(mask: Tensor) -> bool:
    return bool(devices.host(raw(any_of(mask))))


# ---------------------------------------------------------------------------------------- what is met
class Kink(NamedTuple):
    """An op that a function has evaluated exactly at a kink, or at a jump.

    op : its name
    argument : the place of the first of its operands that the arguments move
    elements : at how many elements of its result
    first : the index of the first of them
    """

    op: str
    argument: int
    elements: int
    first: tuple[int, ...]


class _Watch:
    """The trace that looks for kinks. A Tensor's mark says no more than that it is watched."""

    __slots__ = ("found", "id", "names")
    discrete = True

    def __init__(self) -> None:
        self.id, self.found, self.names = next_id(), list[Kink](), list[str]()

    def record(self, op: Op, xs: Sequence[Any], params: dict[str, Any], marks: Sequence[Any],
               nested: bool) -> Any:
        if (within := inside(op)) is not None:
            self.names.append(op.name)
            z = within(*[tensor(x, self, True) if m else x
                         for x, m in zip(tensors(xs), marks, strict=True)])
            self.names.pop()
            return z
        z = evaluate(op, xs, params, nested)
        moving = next(i for i, m in enumerate(marks) if m)
        if op.name in _COMPARISONS:
            tie = equal(*constants(xs))
            self._note(op, moving, tie if _some(tie) else None)
        else:
            self._note(op, moving, mask(op, xs, z, params))
        if op.discrete:
            return tuple(map(wrap, z)) if type(z) is tuple else wrap(z)
        return tuple([tensor(p, self, True) for p in z]) if type(z) is tuple else tensor(z, self, True)

    def _note(self, op: Op, argument: int, at: Tensor | None) -> None:
        if at is not None:
            self.found.append(kink_of(self.names[0] if self.names else op.name, argument, at))


def kink_of(op: str, argument: int, at: Tensor) -> Kink:
    places = np.argwhere(devices.host(raw(at)))
    return Kink(op, argument, len(places), tuple(places[0].tolist()))


def kinks(f: Callable[..., Any], *args: Any) -> list[Kink]:
    """Return the ops that f(*args) evaluates exactly at a kink, in order: where its derivative is a choice.

    Each entry has the op's name, the place of the argument of the op that f's arguments move, the number of
    elements of its result that are at the kink, and the index of the first. Comparisons of equal numbers and
    steps at their jumps are listed too. An op that is made of others goes by its own name.
    f: a function. args: what it is called with, trees of floats among them. Not looked into are conversions
    to integers, the q of `quantile` and its kin, and what another library computes. Raises DtypeError
    where f is no function or no argument is a float.

    >>> nb.kinks(lambda x: nb.sum(x * nb.relu(x - 1)), np.array([0.0, 1.0, 2.0]))
    [Kink(op='relu', argument=0, elements=1, first=(1,))]
    """
    check_function("kinks", f)
    inputs, trace = Inputs("kinks", args, range(len(args))), _Watch()
    inputs.call(f, [tensor(v, trace, True) for v in inputs.values])
    trace.id = ENDED
    return trace.found


def meets(within: Callable[..., Any], xs: Sequence[Any], marks: Sequence[Any]) -> bool:
    """Whether an op that is made of others is at a kink of one of them."""
    trace = _Watch()
    within(*[x if m is None else tensor(raw(x), trace, True)
             for x, m in zip(constants(xs), marks, strict=True)])
    return bool(trace.found)


# ------------------------------------------------------------------------------------------- one side
class _Directions(Tangents):
    """Forward mode just beside the point: what is decided at a tie is decided by the tangents.

    The mark of a boolean is the mask of elements that the tangents leave undecided.
    """

    __slots__ = ()
    discrete = True

    def record(self, op: Op, xs: Sequence[Any], params: dict[str, Any], marks: Sequence[Any],
               nested: bool) -> Any:
        unsure = [m is not None and raw(x).dtype == np.bool_ for x, m in zip(xs, marks, strict=True)]
        if op.name == "where" and unsure[0]:
            return self._either(op, xs, params, marks, nested)
        of_complex = any(map(is_complex, xs))
        if of_complex and op.name in _ORDERING:
            raise gradient_errors.complex_sides(op.name)
        if op.name in _COMPARISONS:
            return self._compared(op, xs, params, marks, nested)
        if op.name in _LOGIC and any(unsure):
            open_at = [tensor(m) for m, u in zip(marks, unsure, strict=True) if u]
            z = evaluate(op, xs, params, nested)
            return tensor(z, self, raw(functools.reduce(logical_or, open_at)))
        if any(unsure):
            raise gradient_errors.undecided(op.name)
        if op.name == "sign" and not of_complex:
            return self._sign(op, xs, params, marks, nested)
        within = inside(op)
        if within is not None and (type(op) is Checkpoint or meets(within, xs, marks)):
            return within(*[x if m is None else tensor(unwrap(x), self, m)
                            for x, m in zip(tensors(xs), marks, strict=True)])
        z = evaluate(op, xs, params, nested)
        if op.discrete and op.name not in (*_HARMLESS, *UNKNOWN):
            raise gradient_errors.no_one_side(op.name)
        there = mask(op, xs, z, params)
        if there is not None and of_complex:
            raise gradient_errors.complex_sides(op.name)
        if there is not None and op.name in UNKNOWN:
            raise gradient_errors.no_one_side(op.name)
        if op.discrete:
            return wrap(z)
        if there is None:
            return self.carry(op, xs, params, marks, z)
        return tensor(z, self, self._beside(op, xs, params, marks, z, there))

    def _beside(self, op: Op, xs: Sequence[Any], params: dict[str, Any], marks: Sequence[Any], z: Any,
                at: Tensor) -> Any:
        """The tangent of an op of the table, some of whose results are at a kink."""
        ts = [None if m is None else wrap(m) for m in marks]
        us = [0.0 if m is None else tensor(raw(m)) for m in marks]
        there = KINKS[op.name].push(us, ts, tensors(xs), z, params)
        smooth = op.push(marks, xs, z, params)
        return unwrap(there if op.name == "sort" else where(at, there, wrap(smooth)))

    def _compared(self, op: Op, xs: Sequence[Any], params: dict[str, Any], marks: Sequence[Any],
                  nested: bool) -> Tensor:
        """A comparison, of the tangents where the operands are equal."""
        a, b = constants(xs)
        tie = equal(a, b)
        if not _some(tie):
            return wrap(evaluate(op, xs, params, nested))
        s, t = [0.0 if m is None else tensor(raw(m)) for m in marks]
        z = apply(op, (where(tie, s, a), where(tie, t, b)))
        undecided = logical_and(tie, equal(s, t))
        return tensor(raw(z), self, raw(undecided)) if _some(undecided) else z

    def _sign(self, op: Op, xs: Sequence[Any], params: dict[str, Any], marks: Sequence[Any],
              nested: bool) -> Tensor:
        (x,), t = constants(xs), tensor(raw(marks[0]))
        zero = equal(x, 0)
        if _some(logical_and(zero, equal(t, 0))):
            raise gradient_errors.undecided(op.name)
        return apply(op, (where(zero, t, x),))

    def _either(self, op: Op, xs: Sequence[Any], params: dict[str, Any], marks: Sequence[Any],
                nested: bool) -> Any:
        """A choice whose condition is not decided everywhere: there both arms must be alike."""
        _, x, y = constants(xs)
        s, t = [0.0 if m is None else tensor(raw(m)) for m in marks[1:]]
        alike = logical_and(equal(x, y), equal(s, t))
        if _some(logical_and(tensor(marks[0]), equal(alike, False))):
            raise gradient_errors.undecided(op.name)
        return Tangents.record(self, op, xs, params, (None, *marks[1:]), nested)


def directional(f: Callable[..., Any], x: Any, v: Any) -> Any:
    """Return the one-sided derivative of f at x along v: the limit of (f(x + h v) - f(x)) / h for h -> 0+.

    It is exact also at kinks: of abs, relu, leaky_relu, elu, maximum, minimum, clip, hypot, max, min, sort,
    norm, std, and of what is made of them, where the directional derivative is no linear function of v and
    differs from <gradient, v>; elsewhere it is `directional_derivative`. Comparisons, `where` and Python's
    `if` are decided as they are just beside x; what `kinks` does not look into is decided as it is at x.
    Of complex numbers it is refused at kinks, and so is what orders them.
    f: of one argument, a tree; it is called twice. v: of x's form and shapes. The result has the form of
    f(x). Raises GradientError where f jumps, where a comparison is left undecided by the direction to first
    order, and at kinks whose sides are not known (of max_pool2d, floor, eigenvalues, ...); ShapeError where v
    does not fit x.

    >>> nb.directional(nb.abs, 0.0, -2.0)
    tensor(2.)
    >>> nb.directional(nb.max, np.array([1.0, 1.0]), np.array([2.0, -1.0]))
    tensor(2.)
    """
    check_function("directional", f)
    if any(_directed(leaf) for leaf in (*flatten(x)[0], *flatten(v)[0])):
        raise gradient_errors.nested_directions()
    here = flatten(no_grad()(f)(map_leaves(lambda leaf: tensor(raw(leaf)) if type(leaf) is Tensor else leaf,
                                           x)))[0]
    before = modes.forward.get()

    def first() -> Tangents:
        modes.forward.set(before)             # of f's own transforms
        return _Directions()

    token = modes.forward.set(first)
    try:
        y, t = jvp(f, (x,), (v,))
    finally:
        modes.forward.reset(token)
    for a, b in zip(flatten(y)[0], here, strict=True):
        if type(a) is Tensor and a.dtype.kind in "fc":
            _check_no_jump(devices.host(raw(a)), np.asarray(devices.host(raw(b))))
    return t


def _directed(x: Any) -> bool:
    """Whether a leaf is watched by a directional derivative."""
    while type(x) is Tensor:
        if isinstance(x.trace, _Directions):
            return True
        x = x.value
    return False


def _check_no_jump(beside: np.ndarray, here: np.ndarray) -> None:
    """Raises GradientError if the value just beside a point is not the value there."""
    alike = np.abs(beside - here) <= _CLOSE * np.finfo(beside.dtype).eps * np.max(np.abs(here), initial=0.0)
    if not np.all(alike | ~np.isfinite(here)):
        raise gradient_errors.jumps(here.shape)
