"""Plans: what a call of a structured op comes to, found once for all calls that are alike.

Calls are alike if their Tensors have the same dtypes, shapes and strides, and their other arguments the same
types and values. Then the parameters are the same ones, and so are the kernel and the way in which it runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nbgrad.arrays.devices import Array
from nbgrad.engine.tensor import Spec, Tensor, raw, spec
from nbgrad.engine.views import link
from nbgrad.kernels import table

_MOST = 1024                              # plans that an op keeps
_STATIC = frozenset([int, bool, str, type(None), type(Ellipsis)])
_all_static = _STATIC.issuperset


class Plan:
    """How an op runs in calls that are alike.

    params : its parameters, which nobody changes
    run    : the result, raw, of raw inputs
    inputs, output : the shapes and dtypes of the inputs and of the output
    finish : what makes the result a view of the first input, where it is one; see structured.op
    """

    __slots__ = ("finish", "inputs", "output", "params", "run")
    finish: Any
    inputs: Sequence[Spec]
    output: Spec
    params: dict[str, Any]
    run: Any

    def __init__(self, params: dict[str, Any], run: Any, inputs: Sequence[Spec], output: Spec,
                 finish: Any) -> None:
        self.params, self.run, self.inputs, self.output, self.finish = params, run, inputs, output, finish


class Plans(dict[Any, Plan]):
    """The plans of one op, by what is alike in the calls that they are for."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__()
        table.keep(self)

    def learn(self, key: Any, op: Any, given: Sequence[Tensor], xs: Sequence[Any], params: dict[str, Any],
              z: Any) -> None:
        """Keep the plan of a call with these Tensors that came to op(*xs, **params) = z, if it has one.

        It has none where something was done to the Tensors before, or where another device runs it.
        """
        if len(given) != len(xs) or type(raw(z)) is not Array or list in map(type, params.values()):
            return
        for a, x in zip(given, xs, strict=True):
            if a is not x:
                return
        values = [x.value for x in xs]
        run = table.ready(op.name, op.family, op.out, values, params)
        if len(self) >= _MOST:
            self.clear()
        self[key] = Plan(params, run, [spec(x) for x in values], spec(z), _finish(op, z, values[0]))


def _finish(op: Any, z: Tensor, x: Any) -> Any:
    """What `op.finish`, which gave z, does with results of arrays like x.

    Whether they lie in the memory of x depends on the strides, which are alike; but a 0-d array differs from
    a scalar, and what is repeated in memory from what is so by broadcast_to.
    """
    if op.finish is None or not x.shape or 0 in x.strides:
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
        key.append(tuple(kwargs))
        args = (*args, *kwargs.values())
    for a in args:
        kind = type(a)
        if kind is Tensor:
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
                if type(part) is not Tensor or type(value := part.value) is not Array:
                    return None
                key += (value.dtype, value.shape, value.strides)
                found.append(part)
        elif kind is float:
            key += (kind, a or repr(a))
        else:
            return None
    return tuple(key)
