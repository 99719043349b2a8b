"""Calls of structured ops, and plans: what a call comes to, found once for all calls that are alike.

Calls are alike if their Tensors have the same dtypes, shapes and strides, and their other arguments the same
types and values. Then the parameters are the same ones, and so are the kernel and the way in which it runs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nbgrad import errors
from nbgrad.arrays.devices import Array
from nbgrad.define.finder import OFTEN, Finder, finder, fits
from nbgrad.engine.graph import Graph, apply
from nbgrad.engine.tensor import Spec, Tensor, raw, spec
from nbgrad.engine.views import link
from nbgrad.errors import value_errors
from nbgrad.kernels import table

MOST = 1024                               # plans that an op keeps
_STATIC = frozenset([int, bool, str, type(None), type(Ellipsis)])
_all_static = _STATIC.issuperset
_ARRAYS = frozenset([Array])


class Plan:
    """How an op runs in calls that are alike.

    params : its parameters, which nobody changes
    run    : the result, raw, of raw inputs
    inputs, output : the shapes and dtypes of the inputs and of the output; a tuple of several outputs
    finish : what makes the result a view of the first input, where it is one; see structured.op
    count  : the number of inputs
    met    : calls, as long as they are few
    """

    __slots__ = ("count", "finish", "inputs", "met", "output", "params", "run")
    count: int
    finish: Any
    inputs: Sequence[Spec]
    met: int
    output: Any
    params: dict[str, Any]
    run: Any

    def __init__(self, params: dict[str, Any], run: Any, inputs: Sequence[Spec], output: Any,
                 finish: Any) -> None:
        self.params, self.run, self.inputs, self.output, self.finish = params, run, inputs, output, finish
        self.count, self.met = len(inputs), 0

    def direct(self, op: Any, args: Sequence[Any]) -> Any:
        """How the result on Tensors that no trace watches is made at once, see Finder.add; or None."""
        views = (None, link) if type(args[0]) is Tensor else (None,)
        if type(self.output) is tuple or self.finish not in views:
            return None
        viewing = (None, None) if self.finish is None else (op, self.params)
        return self.run, self.count, *viewing


class Plans(dict[Any, Plan]):
    """The plans of one op, by what is alike in the calls that they are for."""

    __slots__ = ("find", "finders")

    def __init__(self) -> None:
        super().__init__()
        self.finders: dict[Any, Finder] = {}
        self.find: dict[Any, Any] = {}        # by `_form` of a call: what gives its plan or None
        table.keep(self)

    def clear(self) -> None:
        super().clear()
        for each in self.finders.values():
            each.clear()

    def meet(self, op: Any, plan: Plan, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        """Have the plan of a call found faster once it is often made."""
        plan.met += 1
        form, args = _form(args, kwargs), (*args, *kwargs.values())
        if plan.met == OFTEN and fits(args, plan.count):
            place = self.finders.get(form) or finder(len(args))
            if place is None:             # not yet
                plan.met = 0
                return
            self.finders[form] = place
            self.find[form] = place.find
            if not place.add(args, plan, plan.direct(op, args)):     # those that are still met come in again
                for other in self.values():
                    other.met = 0

    def learn(self, key: Any, op: Any, given: Sequence[Tensor], xs: Sequence[Any], params: dict[str, Any],
              z: Any) -> None:
        """Keep the plan of a call with these Tensors that came to op(*xs, **params) = z, if it has one.

        It has none where something was done to the Tensors before, or where another device runs it.
        """
        parts = list(map(raw, z)) if isinstance(z, tuple) else [raw(z)]
        if len(given) != len(xs) or list in map(type, params.values()):
            return
        if not _ARRAYS.issuperset(map(type, parts)):
            return
        for a, x in zip(given, xs, strict=True):
            if a is not x:
                return
        values = [x.value for x in xs]
        run = op.ready(values, params)
        if len(self) >= MOST:
            self.clear()
        output = tuple(map(spec, parts)) if isinstance(z, tuple) else spec(z)
        self[key] = plan = Plan(params, run, [spec(x) for x in values], output, _finish(op, z, values[0]))
        if type(z) is Tensor and type(z.trace) is Graph and type(z.value) is Array:
            z.mark.memo = (*z.mark.memo[:-1], plan)


def _form(args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """How many arguments a call has by place, and the names of the others."""
    return (len(args), *kwargs) if kwargs else len(args)


def _finish(op: Any, z: Any, x: Any) -> Any:
    """What `op.finish`, which gave z, does with results of arrays like x.

    Whether they lie in the memory of x depends on the strides, which are alike; but a 0-d array differs from
    a scalar, and what is repeated in memory from what is so by broadcast_to.
    """
    if op.finish is None or type(z) is not Tensor or not x.shape or 0 in x.strides:
        return op.finish
    return link if hasattr(z, "_view") else None


def alike(args: Sequence[Any], kwargs: dict[str, Any], found: list[Tensor]) -> tuple[Any, ...] | None:
    """What calls with these arguments have in common; None where that cannot be said. found: the Tensors.

    Equal values of several types (1, 1.0, True) and zeros of both signs are told apart. What is noted
    of an argument begins with its type, or those of its parts, or its dtype, so that no two lists read alike.
    """
    if args and len(args) + len(kwargs) == 2:             # the most common calls, in fewer steps
        x = args[0]
        name, a = next(iter(kwargs.items())) if kwargs else (None, args[1])
        if type(x) is Tensor and type(value := x.value) is Array:
            kind: Any = type(a)
            if kind in _STATIC:
                found.append(x)
                return name, value.dtype, value.shape, value.strides, kind, a
            if kind is Tensor and type(other := a.value) is Array:
                found += x, a
                return (name, value.dtype, value.shape, value.strides, other.dtype, other.shape,
                        other.strides)
            if kind is tuple or kind is slice:
                parts = a if kind is tuple else (a.start, a.stop, a.step)
                for part in parts:
                    if type(part) is Array:   # values are not looked at
                        return None
                if _all_static(kinds := tuple(map(type, parts))):
                    found.append(x)
                    return name, value.dtype, value.shape, value.strides, kind, kinds, parts
            if kind is Array:
                return None
    key: list[Any] = []
    if kwargs:
        key.append(tuple(kwargs))
        args = (*args, *kwargs.values())
    for a in args:
        kind = type(a)
        if kind is slice:
            a = (a.start, a.stop, a.step)
            if not _all_static(kinds := tuple(map(type, a))):
                return None
            key += (kind, kinds, a)
        elif kind is Tensor:
            value = a.value
            if type(value) is not Array:
                return None
            key += (value.dtype, value.shape, value.strides)
            found.append(a)
        elif kind in _STATIC:
            key += (kind, a)
        elif kind is tuple or kind is list:
            kinds = tuple(map(type, a))
            if _all_static(kinds):
                key += (kinds, a) if kind is tuple else (kind, kinds, tuple(a))
                continue
            key += (kind, len(a))
            for part in a:
                if type(part) is Tensor and type(value := part.value) is Array:
                    key += (value.dtype, value.shape, value.strides)
                    found.append(part)
                elif type(part) is tuple and _all_static(kinds := tuple(map(type, part))):
                    key += (kinds, part)
                elif type(part) in _STATIC:
                    key += (type(part), part)
                elif type(part) is slice and _all_static(map(type, (part.start, part.stop, part.step))):
                    key += (slice, *map(repr, (part.start, part.stop, part.step)))
                else:
                    return None
        elif kind is float:
            key += (kind, a or repr(a))
        elif kind is type or isinstance(a, np.dtype):
            key += (kind, a)
        else:
            return None
    return tuple(key)


def numpy_names(op: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments with NumPy's names for those that PyTorch calls dim, also a list, and keepdim."""
    for theirs, ours in (("dim", "axis"), ("keepdim", "keepdims")):
        if theirs in kwargs:
            if ours in kwargs:
                raise value_errors.bad_value(op, f"got both {theirs} and {ours}, which are one parameter")
            value = kwargs[theirs]
            kwargs = {**kwargs, ours: tuple(value) if type(value) is list else value}
            del kwargs[theirs]
    return kwargs


class Called:
    """A signature through which a structured op is called; calls that are alike have one plan (plans.py).

    name : for messages
    bind : checks the arguments of a call, and returns the op's inputs, and its parameters in a dict; or the
        result, where arguments that are rarely given make it one of several ops
    op   : the op
    """

    name: str
    bind: Callable[..., Any]
    op: Any
    plans: Plans | None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        op, plans = self.op, self.plans
        key = None
        if plans is not None:
            if finders := plans.find:
                every = (*args, *kwargs.values()) if kwargs else args
                find = finders.get(_form(args, kwargs) if kwargs else len(args))
                if find is not None and (found := find(*every)) is not None:
                    if type(found) is Tensor:
                        return found
                    xs = every[:found.count] if type(every[0]) is Tensor else every[0]
                    return op.run_planned(found, xs)
            given: list[Tensor] = []
            key = alike(args, kwargs, given)
            plan = plans.get(key)
            if plan is not None:
                if plan.met < OFTEN:
                    plans.meet(op, plan, args, kwargs)
                return op.run_planned(plan, given)
        if kwargs and ("dim" in kwargs or "keepdim" in kwargs):
            kwargs = numpy_names(self.name, kwargs)
        try:
            bound = self.bind(*args, **kwargs)
        except errors.OperandError as error:
            raise error.of(self.name) from None
        except TypeError:
            self._check_call(args, kwargs)
            raise
        if type(bound) is Tensor:             # made of several ops
            return bound
        xs, params = bound
        z = apply(op, xs, params)             # `op.at`, in line
        if op.finish is not None:
            z = op.finish(op, z, xs[0], params)
        if plans is not None and key is not None:
            plans.learn(key, op, given, xs, params, z)
        return z

    def _check_call(self, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        """Raises DtypeError, with the op's name and parameters, if it cannot be called like that."""
        signature = inspect.signature(self.bind)
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
            call = signature.replace(parameters=bare, return_annotation=signature.empty)
            raise value_errors.bad_call(self.name, str(error), str(call)) from None
