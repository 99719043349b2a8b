"""Transforms: functions of functions. grad, value_and_grad, vjp, jvp, linearize and what is made of them.

They nest in any order, take trees (dict, list, tuple, dataclass) of Tensors, arrays and floats, and hand back
Tensors that no longer belong to them. Leaves of a tree that are not floating-point (integers, booleans,
strings, None) are constants.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextlib import ContextDecorator
from contextvars import Token
from typing import Any

import numpy as np

from nbgrad import device, errors
from nbgrad.core import (ENDED, TAPE, Graph, Node, Op, Tangents, Tensor, apply, as_tensor, births, living, pull, quiet, raw, tensor, unwrap,
                         wrap)
from nbgrad.tree import flatten, form, map_leaves


def is_float(x: Any) -> bool:
    if type(x) is Tensor or isinstance(x, (np.ndarray, np.generic)):
        return x.dtype.kind == "f"
    return isinstance(x, float)


def _inner(x: Any) -> Any:
    """A leaf given by the user as an inner value."""
    return unwrap(as_tensor(x))


class Inputs:
    """A function's arguments with some of their leaves watched by a trace.

    what : name of the transform, for messages
    args, argnums : the arguments, and the places of those to differentiate by
    """

    def __init__(self, what: str, args: Sequence[Any], argnums: Sequence[int]) -> None:
        for i in argnums:
            if not -len(args) <= i < len(args):
                raise errors.bad_value(what, f"argnums {i} is out of range for {len(args)} arguments")
        self.what, self.args, self.places = what, list(args), [i % len(args) for i in argnums]
        self.leaves, self.rebuild = flatten([args[i] for i in self.places])
        self.moving = [k for k, x in enumerate(self.leaves) if is_float(x)]
        if not self.moving:
            found = [getattr(x, "dtype", type(x).__name__) for x in self.leaves]
            raise errors.needs_floats(what, ", ".join(map(str, found)) or "nothing")
        self.values = [_inner(self.leaves[k]) for k in self.moving]

    def watched(self, tensors: Sequence[Tensor]) -> list[Any]:
        """The arguments with these Tensors for their floating-point leaves."""
        leaves = list(self.leaves)
        for k, t in zip(self.moving, tensors, strict=True):
            leaves[k] = t
        args = list(self.args)
        for i, tree in zip(self.places, self.rebuild(leaves), strict=True):
            args[i] = tree
        return args

    def tree(self, results: Sequence[Any]) -> list[Any]:
        """One tree for each argument, with these results at the floating-point leaves and None at the others."""
        leaves: list[Any] = [None] * len(self.leaves)
        for k, r in zip(self.moving, results, strict=True):
            leaves[k] = r
        return self.rebuild(leaves)


def _pair(what: str, result: Any, has_aux: bool) -> tuple[Any, Any]:
    """(result, aux) of a function that returns both, or (result, None)."""
    if not has_aux:
        return result, None
    if not (isinstance(result, tuple) and len(result) == 2):
        raise errors.bad_argument(what, result, "a pair (value, aux) from a function with has_aux=True")
    return result


class Reverse:
    """A function run once under a Graph: its results, and the pullback to its inputs."""

    def __init__(self, f: Callable[..., Any], inputs: Inputs, kwargs: dict[str, Any], has_aux: bool) -> None:
        self.trace, self.inputs = Graph(), inputs
        watched = [self.trace.leaf(v) for v in inputs.values]
        self.nodes: list[Node] = [t.mark for t in watched]
        result, aux = _pair(inputs.what, f(*inputs.watched(watched), **kwargs), has_aux)
        self.leaves, self.rebuild = flatten(result)
        self.outs = [as_tensor(y) for y in self.leaves]
        birth, self.trace.birth = self.trace.birth, ENDED
        self.values = [living(y, birth) for y in self.outs]
        self.aux = map_leaves(lambda x: living(x, birth), aux)

    def pull(self, gs: Sequence[Any]) -> list[Tensor]:
        """Cotangents of the inputs from those of the results (None: zero)."""
        seeds = [(y.mark, unwrap(g)) for y, g in zip(self.outs, gs, strict=True)
                 if g is not None and y.trace is self.trace]
        found = pull(seeds)
        return [wrap(found.get(n, zero)) if n in found else tensor(device.zeros_like(raw(zero)))
                for n, zero in zip(self.nodes, self.inputs.values, strict=True)]


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Return a function that gives f's value and its gradient, (value, gradient).

    f : returns a scalar (a Tensor of one element with shape ()), or (scalar, aux) if has_aux
    argnums : which argument to differentiate by, or several; the gradient is then a tuple
    The gradient has the form of the argument: a Tensor, or a tree of the same kind with None for leaves that
    are not floats. With has_aux the result is ((value, aux), gradient).

    Raises GradientError if f's value is not a floating-point scalar, DtypeError if the argument holds no
    floats.
    """
    several = not isinstance(argnums, int)
    places = tuple(argnums) if isinstance(argnums, Sequence) else (argnums,)

    @functools.wraps(f)
    def run(*args: Any, **kwargs: Any) -> Any:
        run = Reverse(f, Inputs("grad", args, places), kwargs, has_aux)
        if len(run.outs) != 1 or run.leaves[0] is not run.rebuild(run.leaves):
            raise errors.bad_argument("grad", run.rebuild(run.leaves), "a single scalar from the function")
        y = run.values[0]
        if y.dtype.kind != "f":
            raise errors.not_float_result("grad", y.dtype)
        if y.shape != ():
            raise errors.not_scalar("grad", y.shape)
        trees = run.inputs.tree(run.pull([tensor(device.ones_like(raw(y)))]))
        return (y, run.aux) if has_aux else y, tuple(trees) if several else trees[0]

    return run


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Return a function that gives f's gradient, or (gradient, aux) if has_aux. See value_and_grad."""
    both = value_and_grad(f, argnums, has_aux)

    @functools.wraps(f)
    def run(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return run


def _match(what: str, tree: Any, run_form: Any, shapes: Sequence[Any]) -> list[Any]:
    """The leaves of a tree of cotangents or tangents, checked against the values they belong to."""
    if form(tree) != form(run_form):
        raise errors.tree_mismatch(what, form(tree), form(run_form))
    leaves = []
    for t, x in zip(flatten(tree)[0], shapes, strict=True):
        if not is_float(x):
            leaves.append(None)
            continue
        t = as_tensor(t)
        if t.shape != x.shape:
            raise errors.tangent_shape(t.shape, x.shape)
        leaves.append(wrap(t if t.dtype == x.dtype else t.astype(x.dtype)))
    return leaves


def vjp(f: Callable[..., Any], *xs: Any, has_aux: bool = False) -> Any:
    """Return (y, pullback): f(*xs), and the map from a cotangent of y to a tuple of cotangents, one for each
    x.

    The pullback may be called any number of times. With has_aux: (y, pullback, aux).
    """
    run = Reverse(f, Inputs("vjp", xs, range(len(xs))), {}, has_aux)
    y = run.rebuild(run.values)

    def pullback(v: Any) -> tuple[Any, ...]:
        return tuple(run.inputs.tree(run.pull(_match("pullback", v, y, run.values))))

    return (y, pullback, run.aux) if has_aux else (y, pullback)


def jvp(f: Callable[..., Any], xs: Sequence[Any], ts: Sequence[Any], has_aux: bool = False) -> Any:
    """Return (y, t): f(*xs) and its derivative along the tangents ts, one for each x and of its shape, in one
    forward pass.

    The tangent of a result that is not floating-point is None. With has_aux: (y, t, aux).
    """
    if not isinstance(xs, (tuple, list)) or not isinstance(ts, (tuple, list)):
        raise errors.bad_argument("jvp", xs if not isinstance(xs, (tuple, list)) else ts, "a tuple of inputs and a tuple of tangents")
    inputs = Inputs("jvp", xs, range(len(xs)))
    tangents = _match("jvp", list(ts), list(xs), [x if is_float(x) and hasattr(x, "shape") else as_tensor(x)
                                                  if is_float(x) else x for x in inputs.leaves])
    trace = Tangents()
    moving = [unwrap(t) for t in tangents if t is not None]
    result = f(*inputs.watched([tensor(v, trace, t) for v, t in zip(inputs.values, moving, strict=True)]))
    result, aux = _pair("jvp", result, has_aux)
    leaves, rebuild = flatten(result)
    ys = [as_tensor(y) for y in leaves]
    birth, trace.birth = trace.birth, ENDED
    values = [living(y, birth) for y in ys]
    out = [wrap(y.mark) if y.trace is trace else tensor(device.zeros_like(raw(y))) if y.dtype.kind == "f" else None
           for y in ys]
    pair = rebuild(values), rebuild(out)
    return (*pair, map_leaves(lambda x: living(x, birth), aux)) if has_aux else pair


def linearize(f: Callable[..., Any], *xs: Any) -> tuple[Any, Callable[..., Any]]:
    """Return (y, push): f(*xs), and the linear map from tangents, one for each x, to the tangent of y.

    f is run once. push is the transpose of f's pullback, recorded once and applied any number of times:
    f(x + dx) is y + push(dx) to first order.
    """
    run = Reverse(f, Inputs("linearize", xs, range(len(xs))), {}, False)
    trace = Graph()
    ends = [trace.leaf(device.zeros_like(raw(y))) if y.dtype.kind == "f" else None for y in run.values]
    nodes = [None if end is None else end.mark for end in ends]
    cotangents = run.pull(ends)

    def push(*ts: Any) -> Any:
        given = _match("push", list(ts), list(xs), [as_tensor(x) if is_float(x) else x for x in run.inputs.leaves])
        found = pull([(c.mark, unwrap(t)) for c, t in zip(cotangents, [t for t in given if t is not None], strict=True)
                      if c.trace is trace])
        return run.rebuild([None if n is None else wrap(found[n]) if n in found else tensor(device.zeros_like(raw(y)))
                            for n, y in zip(nodes, run.values, strict=True)])

    return run.rebuild(run.values), push


def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any:
    """Return the Hessian of the scalar function f at x times v, forward over reverse: the cost of a few
    gradients.

    v has x's form and shapes, and so has the result.
    """
    return jvp(grad(f), (x,), (v,))[1]


def directional_derivative(f: Callable[..., Any], x: Any, p: Any) -> Any:
    """Return the derivative of f at x along p, in one forward pass: <gradient, p> if f is scalar.

    p has x's form and shapes; its length counts. p is a descent direction if the result is negative.
    """
    return jvp(f, (x,), (p,))[1]


class no_grad(ContextDecorator):
    """A context, or decorator, in which operations are not recorded for gradients taken outside of it.

    Transforms that are entered inside it work as ever.
    """

    def __init__(self) -> None:
        self._tokens: list[Token[int]] = []

    def _recreate_cm(self) -> no_grad:
        return no_grad()                      # as a decorator: one context for each call

    def __enter__(self) -> None:
        self._tokens.append(quiet.set(births()))

    def __exit__(self, *_: Any) -> None:
        quiet.reset(self._tokens.pop())


def stop_gradient(x: Any) -> Any:
    """Return x (or a tree) as a constant: no derivative of any order goes through it."""
    return map_leaves(lambda leaf: tensor(raw(leaf)) if type(leaf) is Tensor else leaf, x)


def backward(y: Tensor, v: Any = None, retain_graph: bool = False) -> None:
    """Add the gradient of <v, y> to .grad of every tensor with requires_grad=True that y was computed from.

    v : cotangent of y's shape; may be left out if y has one element
    retain_graph : keep what the operations saved, so that backward can be called again

    Raises GradientError if y belongs to no graph, has several elements and no v, or its graph was freed.
    """
    if y.trace is None:
        raise errors.no_graph()
    if y.trace is not TAPE:
        raise errors.under_transform()
    if v is None:
        if int(np.prod(y.shape)) != 1:
            raise errors.not_scalar("backward", y.shape)
        g = device.ones_like(raw(y))
    else:
        v = as_tensor(v)
        if v.shape != y.shape:
            raise errors.cotangent_shape(v.shape, y.shape)
        g = raw(v if v.dtype == y.dtype else v.astype(y.dtype))
    for n, c in pull([(y.mark, g)], free=not retain_graph).items():
        leaf = n.memo()
        if leaf is not None:
            leaf.grad = tensor(c) if leaf.grad is None else tensor(raw(leaf.grad + tensor(c)))


class _Checkpoint(Op):
    """A function as one op that keeps its inputs only and is run again when its derivative is wanted."""

    def __init__(self, f: Callable[..., Any], name: str) -> None:
        self.f, self.name = f, f"checkpoint({name})"

    def run(self, *xs: Any, **params: Any) -> Any:
        ys = self.f(*map(tensor, xs))
        for y in ys:
            if y.trace is not None:
                raise errors.inconsistent(self.name, "the function uses a tensor with a gradient that is not one of its arguments. "
                                                     "Pass it as an argument, or wrap it in stop_gradient.")
        return tuple(map(raw, ys))

    def save(self, xs: Sequence[Any], z: Any, params: dict[str, Any], wanted: tuple[bool, ...]) -> Any:
        return xs, wanted

    def pull(self, g: Any, memo: Any) -> Sequence[Any]:
        xs, wanted = memo
        trace = Graph()
        watched = [trace.leaf(x) if want else wrap(x) for x, want in zip(xs, wanted, strict=True)]
        nodes = [t.mark for t in watched]
        ys = self.f(*watched)
        found = pull([(y.mark, c) for y, c in zip(ys, g, strict=True) if c is not None and y.trace is trace])
        return [found.get(n) if want else None for n, want in zip(nodes, wanted, strict=True)]

    def push(self, ts: Sequence[Any], xs: Sequence[Any], z: Any, params: dict[str, Any]) -> Any:
        trace = Tangents()
        ys = self.f(*[wrap(x) if t is None else tensor(x, trace, t) for x, t in zip(xs, ts, strict=True)])
        return tuple([y.mark if y.trace is trace else None for y in ys])


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function with f's values and derivatives that stores only its arguments, and runs f again in
    the backward pass.

    f takes and returns trees of Tensors and must depend on nothing else that has a gradient: raises
    GradientError if it does.
    """
    @functools.wraps(f)
    def run(*args: Any) -> Any:
        leaves, rebuild = flatten(args)
        moving = [k for k, x in enumerate(leaves) if is_float(x)]
        built: list[Any] = []

        def flat(*xs: Tensor) -> tuple[Tensor, ...]:
            full = list(leaves)
            for k, x in zip(moving, xs, strict=True):
                full[k] = x
            ys, rebuild_result = flatten(f(*rebuild(full)))
            built[:] = [rebuild_result]
            return tuple(map(as_tensor, ys))

        outs = apply(_Checkpoint(flat, getattr(f, "__name__", "f")), [as_tensor(leaves[k]) for k in moving])
        return built[0](list(outs))

    return run
