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
from nbgrad.engine.graph import Graph
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
        self.finders: dict[int, Finder] = {}
        self.find: dict[int, Any] = {}        # by the number of arguments: what gives their plan or None
        table.keep(self)

    def clear(self) -> None:
        super().clear()
        for each in self.finders.values():
            each.clear()

    def meet(self, op: Any, plan: Plan, args: Sequence[Any]) -> None:
        """Have the plan of a call by place found faster once it is often made."""
        plan.met += 1
        if plan.met == OFTEN and fits(args, plan.count):
            place = self.finders.get(len(args)) or finder(len(args))
            if place is None:             # not yet
                plan.met = 0
                return
            self.finders[len(args)] = place
            self.find[len(args)] = place.find
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
        run = table.ready(op.name, op.family, op.out, values, params)
        if len(self) >= MOST:
            self.clear()
        output = tuple(map(spec, parts)) if isinstance(z, tuple) else spec(z)
        self[key] = plan = Plan(params, run, [spec(x) for x in values], output, _finish(op, z, values[0]))
        if type(z) is Tensor and type(z.trace) is Graph and type(z.value) is Array:
            z.mark.memo = (*z.mark.memo[:-1], plan)


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
    if not kwargs and len(args) == 2:         # the most common calls, in fewer steps
        x, a = args
        if type(x) is Tensor and type(value := x.value) is Array:
            kind: Any = type(a)
            if kind in _STATIC:
                found.append(x)
                return value.dtype, value.shape, value.strides, kind, a
            if kind is Tensor and type(other := a.value) is Array:
                found += args
                return value.dtype, value.shape, value.strides, other.dtype, other.shape, other.strides
            if kind is tuple and _all_static(kinds := tuple(map(type, a))):
                found.append(x)
                return value.dtype, value.shape, value.strides, kinds, a
    key: list[Any] = []
    if kwargs:
        for a in kwargs.values():
            if type(a) is tuple and Array in map(type, a):    # values are not looked at
                return None
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
    bind : checks the arguments of a call, and returns the op's inputs, and its parameters in a dict
    op   : the op
    """

    name: str
    bind: Callable[..., Any]
    op: Any
    plans: Plans | None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        plans = self.plans
        if plans is None:
            return self.op.at(*self._bound(args, kwargs))
        find = None if kwargs else plans.find.get(len(args))
        if find is not None and (plan := find(*args)) is not None:
            if type(plan) is Tensor:
                return plan
            return self.op.run_planned(plan, args[:plan.count] if type(args[0]) is Tensor else args[0])
        given: list[Tensor] = []
        key = alike(args, kwargs, given)
        plan = plans.get(key)
        if plan is not None:
            if plan.met < OFTEN and not kwargs:
                plans.meet(self.op, plan, args)
            return self.op.run_planned(plan, given)
        xs, params = self._bound(args, kwargs)
        z = self.op.at(xs, params)
        if key is not None:
            plans.learn(key, self.op, given, xs, params, z)
        return z

    def _bound(self, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Sequence[Any], dict[str, Any]]:
        """The inputs and parameters that a call comes to."""
        if "dim" in kwargs or "keepdim" in kwargs:
            kwargs = numpy_names(self.name, kwargs)
        try:
            found: tuple[Sequence[Any], dict[str, Any]] = self.bind(*args, **kwargs)
        except errors.OperandError as error:
            raise error.of(self.name) from None
        except TypeError:
            self._check_call(args, kwargs)
            raise
        return found

    def _check_call(self, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        """Raises DtypeError, with the op's name and parameters, if it cannot be called like that."""
        signature = inspect.signature(self.bind)
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
            call = signature.replace(parameters=bare, return_annotation=signature.empty)
            raise value_errors.bad_call(self.name, str(error), str(call)) from None
