"""Views: Tensors that show what another one holds, their base, in part or in another order, as NumPy's do.

Nothing that could change is shared underneath: values never do. What is written through a view makes a new
value of its base, by ops that traces record, and so on up to the Tensor that is no view; then every view of
what is new is read again, by the op that made it. So each Tensor has the values that NumPy's array would
have, and the gradient of the program in which nothing is changed in place. Reading costs nothing.

A Tensor without axes that an op has computed is a scalar, as in NumPy: `s += 1` makes a new one and leaves
what else is called s. Made from data, or as a view, it is a 0-d array. Arrays have views, or are known by a
weak reference to them: so one look at those tells who is neither.
"""

from __future__ import annotations

import threading
from _weakref import getweakrefcount
from typing import Any
from weakref import ref

import numpy as np

from nbgrad.arrays import devices
from nbgrad.engine.graph import TAPE, Op, apply, no_grad_level
from nbgrad.engine.tensor import Tensor, Views, raw, tensor
from nbgrad.errors import gradient_errors

_FEW = 24
_lock = threading.Lock()                  # the first views of one Tensor may be taken in several threads
Change = tuple[Tensor, Tensor]            # a Tensor, and another with what it is to hold


def _views(x: Tensor) -> Views:
    """x's list of views, a new one if it has none."""
    with _lock:
        found: Views | None = getattr(x, "_views", None)
        if found is None:
            found = Views()
            found.base, found.limit = ref(x), _FEW
            x._views = found
    return found


def _prune(views: Views) -> None:
    """Leave out the dead. What another thread appends meanwhile stays."""
    with _lock:
        count = len(views)
        living = [r for r in views[:count] if r() is not None]
        views[:count] = living
        views.limit = 2 * len(living) + _FEW


def array(x: Tensor) -> Tensor:
    """x, which is no scalar: a 0-d array, if it has no axes."""
    if not x.value.shape:
        _views(x)
    return x


def link(op: Op, z: Tensor, x: Tensor, params: dict[str, Any]) -> Tensor:
    """z, the result of op on x, as a view of x. A scalar has none: NumPy makes a new array of it."""
    try:
        views = x._views
    except AttributeError:
        if not getweakrefcount(x) and not x.value.shape:
            return array(z)
        views = _views(x)
    z._view = x, op, params
    views.append(ref(z))
    if len(views) > views.limit:
        _prune(views)
    return z


def link_shared(op: Op, z: Tensor, x: Tensor, params: dict[str, Any]) -> Tensor:
    """`link` if z lies in the memory of x: what NumPy copies is no view."""
    value = z.value
    if type(value) is devices.Array:          # `devices.shares`, in line
        base, old = value.base, x.value
        shared = base is not None and (base is old or base is old.base)
    else:
        shared = devices.shares(raw(value), raw(x))
    return link(op, z, x, params) if shared else z


def is_leaf(x: Tensor) -> bool:
    """Whether x was made with requires_grad=True, not computed."""
    return x.trace is TAPE and x.mark.op is None


def write(x: Tensor, new: Tensor) -> None:
    """Make x, and all that shows the same elements, have the values of new.

    x and new are of one shape and dtype. A leaf with requires_grad=True keeps its place on the tape, and so
    do its views; it changes only under no_grad. No lock is taken: threads that write to one Tensor, or to
    views of it, need one of their own. Raises GradientError for a leaf that is recorded, ReadOnlyError for a
    view that cannot be written to.
    """
    if not getweakrefcount(x) or _alone(x):
        value = new.value
        if type(value) is not devices.Array or value.strides != x.value.strides:
            new = _laid_out(new, raw(x))
        x.value, x.trace, x.mark = new.value, new.trace, new.mark
        return
    upward = _upward(x, new)
    changes = _downward(*upward[-1], {id(y): value for y, value in upward[:-1]})
    if no_grad_level.get() <= TAPE.id and any(is_leaf(y) for y, _ in changes):
        raise gradient_errors.leaf_in_place()
    for y, value in changes:
        y.value, y.trace, y.mark = value.value, value.trace, value.mark


def _alone(x: Tensor) -> bool:
    """Whether x is no leaf, no view, and no view of it is alive."""
    if is_leaf(x) or hasattr(x, "_view"):
        return False
    views = getattr(x, "_views", None)
    if views is None or any(r() is not None for r in views):
        return views is None
    views.clear()
    return True


def _upward(x: Tensor, new: Tensor) -> list[Change]:
    """x and the bases above it, each with what it will hold; the last one is no view."""
    changes = [(x, new)]
    while (link := getattr(x, "_view", None)) is not None:
        x, op, params = link
        if op.write is None:
            raise gradient_errors.read_only(op.name)
        new = op.write(x, new, **params)
        changes.append((x, new))
    return changes


def _downward(x: Tensor, new: Tensor, known: dict[int, Tensor]) -> list[Change]:
    """x, which is no view, and all that views show of it, each with what it will hold.

    known : that of some views, by their ids; they only move to x's new memory
    """
    changes: list[Change] = []
    ahead = [(x, _laid_out(new, raw(x)), False)]
    while ahead:
        x, new, kept = ahead.pop()
        kept = kept or is_leaf(x)
        changes.append((x, _moved(x, raw(new)) if kept else new))
        for reference in list(getattr(x, "_views", ())):
            view = reference()
            if view is None:
                continue
            _, op, params = view._view
            if id(view) in known:
                shown = _moved(known[id(view)], op.run(raw(new), **params))
            else:
                shown = apply(op, (new,), params)
            ahead.append((view, shown, kept))
    return changes


def _moved(x: Tensor, value: Any) -> Tensor:
    """x with its raw value at another place in memory."""
    inner = _moved(x.value, value) if type(x.value) is Tensor else value
    return tensor(inner, x.trace, x.mark)


def _laid_out(new: Tensor, old: Any) -> Tensor:
    """new with the order in memory that old has: on it depends what of it is a view."""
    value = raw(new)
    if type(value) is not devices.Array or value.strides == old.strides:
        return new
    like = np.empty_like(old, subok=False)
    if like.strides == value.strides:
        return new
    like[...] = value
    return _moved(new, like)
