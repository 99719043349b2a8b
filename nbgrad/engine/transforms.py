"""Transforms: functions of functions. grad, value_and_grad, vjp, jvp, linearize and what is made of them.

They nest in any order, take trees (dict, list, tuple, dataclass) of Tensors, arrays and floats, and hand back
Tensors that no longer belong to them. Leaves of a tree that are not floating-point (integers, booleans,
strings, None) are constants.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from contextvars import Token
from typing import Any

from nbgrad.arrays import devices
from nbgrad.engine import modes
from nbgrad.engine.arguments import Chosen, Inputs, chosen, is_float
from nbgrad.engine.graph import Graph, Node, next_id, no_grad_level, pull
from nbgrad.engine.tensor import ENDED, Tensor, as_tensor, living, raw, tensor, unwrap, wrap
from nbgrad.engine.tree import flatten, form, map_leaves
from nbgrad.errors import gradient_errors, value_errors


def _zero(x: Any) -> Tensor:
    """The cotangent or tangent zero of an inner value."""
    return tensor(devices.zeros_like(raw(x)))


def _pair(what: str, result: Any, has_aux: bool) -> tuple[Any, Any]:
    """(result, aux) of a function that returns both, or (result, None)."""
    if not has_aux:
        return result, None
    if not (isinstance(result, tuple) and len(result) == 2):
        raise value_errors.bad_argument(what, result, "a pair (value, aux) from a function with has_aux=True")
    return result


class Reverse:
    """A function run once under a Graph: its results, and the pullback to its inputs."""

    inputs: Inputs
    trace: Graph
    leaves: list[Any]
    rebuild: Callable[[list[Any]], Any]
    outs: list[Tensor]
    values: list[Any]
    aux: Any

    def __init__(self, f: Callable[..., Any], inputs: Inputs, has_aux: bool) -> None:
        self.trace, self.inputs = modes.reverse.get()(), inputs
        watched = [self.trace.leaf(v) for v in inputs.values]
        self.nodes: list[Node] = [t.mark for t in watched]
        result, aux = _pair(inputs.what, inputs.call(f, watched), has_aux)
        self.leaves, self.rebuild = flatten(result)
        self.outs = [wrap(as_tensor(y)) for y in self.leaves]       # as they are now
        own, self.trace.id = self.trace.id, ENDED
        self.values = [living(y, own) for y in self.outs]
        self.aux = aux if aux is None else map_leaves(lambda x: living(x, own), aux)

    def pull(self, gs: Sequence[Any]) -> list[Tensor]:
        """Cotangents of the inputs from those of the results (None: zero)."""
        seeds = [(y.mark, unwrap(g)) for y, g in zip(self.outs, gs, strict=True)
                 if g is not None and y.trace is self.trace]
        found = pull(seeds)
        return [wrap(found[n]) if n in found else _zero(x)
                for n, x in zip(self.nodes, self.inputs.values, strict=True)]


class Transformed(functools.partial[Any]):
    """A function that a transform has made of another one, f.

    It has f's name and documentation, is bound to an instance as f would be, and is pickled where f can be.
    """

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)   # a method is pickled by name

    def __reduce__(self) -> Any:
        found: Any = sys.modules.get(self.__module__)
        for part in (name := getattr(self, "__qualname__", "")).split("."):
            found = getattr(found, part, None)
        return name if found is self else (transformed, (self.func, *self.args))   # of a decorator its name


def transformed(run: Callable[..., Any], f: Callable[..., Any], *options: Any) -> Transformed:
    """The function run(f, *options, *args, **kwargs) of the rest, in f's name."""
    made = Transformed(run, f, *options)
    functools.update_wrapper(made, f, updated=())
    return made


def check_function(what: str, f: Any) -> None:
    """Raises DtypeError if f, which a transform is given, cannot be called."""
    if not callable(f):
        raise value_errors.bad_argument(what, f, "a function, its first argument")


def check_result(what: str, dtype: Any, inputs: Sequence[Any], holomorphic: bool) -> None:
    """Raises GradientError if a result of this dtype has no derivative by these inner values."""
    if dtype.kind not in "fc":
        raise gradient_errors.not_float_result(what, dtype)
    if holomorphic and any(each.kind != "c" for each in (dtype, *[raw(x).dtype for x in inputs])):
        raise gradient_errors.not_holomorphic(what, dtype)
    if dtype.kind == "c" and not holomorphic:
        raise gradient_errors.complex_result(what, dtype)


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] | None = None, has_aux: bool = False,
                   *, argnames: str | Sequence[str] | None = None,
                   holomorphic: bool = False) -> Callable[..., Any]:
    """Return a function that gives f's value and its gradient, (value, gradient).

    f : returns a scalar (a Tensor of one element with shape ()), or (scalar, aux) if has_aux
    argnums : which argument to differentiate by, or several: its place. The first one if nothing is said
    argnames : the same by name, however the call passes them; they come after those of argnums
    holomorphic : f is an analytic function of complex numbers: its value is complex, and so is its derivative
    The gradient has the form of the argument: a Tensor, or a tree of the same kind with None for leaves that
    are neither floats nor complex. By a complex z = x + iy that of a real f is df/dx - i df/dy, as in jax and
    HIPS autograd: f falls fastest along minus its conjugate, which is what PyTorch calls the gradient. It is
    a tuple of such if several are given, or one of each. With has_aux the result is ((value, aux), gradient).

    Raises GradientError if f's value is not a floating-point scalar, or complex without holomorphic,
    DtypeError if the argument holds none, ValueRangeError if a place or name is not among those of the call.

    >>> value, slope = nb.value_and_grad(lambda x, rate: x * x * rate, argnames="rate")(3.0, rate=2.0)
    >>> print(value, slope)
    18.0 9.0
    """
    check_function("value_and_grad", f)
    return transformed(_value_and_grad, f, chosen("grad", argnums, argnames), has_aux, holomorphic)


def _value_and_grad(f: Callable[..., Any], wanted: Chosen, has_aux: bool, holomorphic: bool, /,
                    *args: Any, **kwargs: Any) -> Any:
    run = Reverse(f, Inputs("grad", args, wanted.keys(f, args, kwargs), kwargs), has_aux)
    if len(run.outs) != 1 or run.leaves[0] is not run.rebuild(run.leaves):
        raise value_errors.bad_argument("grad", run.rebuild(run.leaves), "a single scalar from the function")
    y = run.values[0]
    check_result("grad", y.dtype, run.inputs.values, holomorphic)
    if y.shape != ():
        raise gradient_errors.not_scalar("grad", y.shape)
    trees = run.inputs.tree(run.pull([tensor(devices.ones_like(raw(y)))]))
    return (y, run.aux) if has_aux else y, wanted.packed(trees)


def grad(f: Callable[..., Any], argnums: int | Sequence[int] | None = None, has_aux: bool = False,
         *, argnames: str | Sequence[str] | None = None, holomorphic: bool = False) -> Callable[..., Any]:
    """Return a function that gives f's gradient, or (gradient, aux) if has_aux. See value_and_grad.

    f, argnums, argnames, has_aux, holomorphic: as there, and so are the errors. Raises GradientError,
    DtypeError, ValueRangeError.

    >>> print(nb.grad(lambda x, y: x * y**2, argnames=("y", "x"))(2.0, y=3.0))
    (tensor(12.), tensor(9.))
    """
    check_function("grad", f)
    return transformed(_grad, f, chosen("grad", argnums, argnames), has_aux, holomorphic)


def _grad(f: Callable[..., Any], wanted: Chosen, has_aux: bool, holomorphic: bool, /,
          *args: Any, **kwargs: Any) -> Any:
    value, gradient = _value_and_grad(f, wanted, has_aux, holomorphic, *args, **kwargs)
    return (gradient, value[1]) if has_aux else gradient


def _shaped(leaves: Sequence[Any]) -> list[Any]:
    """Leaves given by the user, Python floats among them made Tensors, so that every float has a shape."""
    return [as_tensor(x) if isinstance(x, (float, complex)) else x for x in leaves]


def _match(what: str, tree: Any, run_form: Any, shapes: Sequence[Any]) -> list[Tensor | None]:
    """The leaves of a tree of cotangents or tangents, checked against the values they belong to."""
    if not type(tree) is type(run_form) is Tensor and form(tree) != form(run_form):
        raise gradient_errors.tree_mismatch(what, form(tree), form(run_form))
    leaves: list[Tensor | None] = []
    for t, x in zip(flatten(tree)[0], shapes, strict=True):
        if not is_float(x):
            leaves.append(None)
            continue
        t = as_tensor(t)
        if t.shape != x.shape:
            raise gradient_errors.tangent_shape(t.shape, x.shape)
        leaves.append(wrap(t if t.dtype == x.dtype else t.astype(x.dtype)))
    return leaves


def vjp(f: Callable[..., Any], *xs: Any, has_aux: bool = False) -> Any:
    """Return (y, pullback): f(*xs), and the map from a cotangent of y to a tuple of those of the xs.

    The pullback may be called any number of times. With has_aux: (y, pullback, aux).
    f, xs: a function, and what it is called with. has_aux: f returns (y, aux). Raises DtypeError where f is
    no function; the pullback ShapeError for a cotangent that does not fit.

    >>> y, pullback = nb.vjp(lambda x: x**2, 3.0)
    >>> y, pullback(1.0)
    (tensor(9.), (tensor(6.),))
    """
    check_function("vjp", f)
    run = Reverse(f, Inputs("vjp", xs, range(len(xs))), has_aux)
    y = run.rebuild(run.values)

    def pullback(v: Any) -> tuple[Any, ...]:
        return tuple(run.inputs.tree(run.pull(_match("pullback", v, y, run.values))))

    return (y, pullback, run.aux) if has_aux else (y, pullback)


def jvp(f: Callable[..., Any], xs: Sequence[Any], ts: Sequence[Any], has_aux: bool = False) -> Any:
    """Return (y, t): f(*xs) and its derivative along the tangents ts, in one forward pass.

    ts : one for each x, of its form and shapes
    The tangent of a result that is not floating-point is None. With has_aux: (y, t, aux).
    f, xs: a function, and a sequence of what it is called with. has_aux: f returns (y, aux). Raises
    ShapeError for tangents that do not fit, DtypeError where f is no function.

    >>> nb.jvp(lambda x: x**2, (3.0,), (1.0,))
    (tensor(9.), tensor(6.))
    """
    check_function("jvp", f)
    if not isinstance(xs, (tuple, list)) or not isinstance(ts, (tuple, list)):
        wrong = xs if not isinstance(xs, (tuple, list)) else ts
        raise value_errors.bad_argument("jvp", wrong, "a tuple of inputs and a tuple of tangents")
    inputs = Inputs("jvp", xs, range(len(xs)))
    tangents = _match("jvp", list(ts), list(xs), _shaped(inputs.leaves))
    trace = modes.forward.get()()
    moving = [unwrap(t) for t in tangents if t is not None]
    result = inputs.call(f, [tensor(v, trace, t) for v, t in zip(inputs.values, moving, strict=True)])
    result, aux = _pair("jvp", result, has_aux)
    leaves, rebuild = flatten(result)
    ys = [as_tensor(y) for y in leaves]
    own, trace.id = trace.id, ENDED
    values = [living(y, own) for y in ys]
    out = [wrap(y.mark) if y.trace is trace else _zero(y) if y.dtype.kind in "fc" else None for y in ys]
    pair = rebuild(values), rebuild(out)
    return (*pair, map_leaves(lambda x: living(x, own), aux)) if has_aux else pair


def linearize(f: Callable[..., Any], *xs: Any) -> tuple[Any, Callable[..., Any]]:
    """Return (y, push): f(*xs), and the linear map from tangents, one for each x, to the tangent of y.

    f is run once. push is the transpose of f's pullback, recorded once and applied any number of times:
    f(x + dx) is y + push(dx) to first order.
    f, xs: a function, and what it is called with. Raises ShapeError for tangents that do not fit, DtypeError
    where f is no function.

    >>> y, push = nb.linearize(lambda x: x**2, 3.0)
    >>> y, push(1.0)
    (tensor(9.), tensor(6.))
    """
    check_function("linearize", f)
    run = Reverse(f, Inputs("linearize", xs, range(len(xs))), False)
    trace = Graph()
    ends = [trace.leaf(devices.zeros_like(raw(y))) if y.dtype.kind in "fc" else None for y in run.values]
    nodes = [None if end is None else end.mark for end in ends]
    cotangents = run.pull(ends)

    def push(*ts: Any) -> Any:
        given = _match("push", list(ts), list(xs), _shaped(run.inputs.leaves))
        pairs = zip(cotangents, [t for t in given if t is not None], strict=True)
        found = pull([(c.mark, unwrap(t)) for c, t in pairs if c.trace is trace])
        return run.rebuild([None if n is None else wrap(found[n]) if n in found else _zero(y)
                            for n, y in zip(nodes, run.values, strict=True)])

    return run.rebuild(run.values), push


def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any:
    """Return the Hessian of the scalar function f at x times v.

    Forward over reverse, at the cost of a few gradients. v has x's form and shapes, and so has the result.
    f: of one argument. Raises ShapeError where v does not fit x, GradientError if f's value is no floating-
    point scalar.

    >>> nb.hvp(lambda x: nb.sum(x**3), np.array([1.0, 2.0]), np.ones(2))
    tensor([ 6., 12.])
    """
    check_function("hvp", f)
    return jvp(grad(f), (x,), (v,))[1]


def directional_derivative(f: Callable[..., Any], x: Any, p: Any) -> Any:
    """Return the derivative of f at x along p, in one forward pass: <gradient, p> if f is scalar.

    p has x's form and shapes; its length counts. p is a descent direction if the result is negative.
    f: of one argument. Raises ShapeError where p does not fit x, GradientError as `jvp`.

    >>> nb.directional_derivative(lambda x: nb.sum(x**2), np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    tensor(2.)
    """
    check_function("directional_derivative", f)
    return jvp(f, (x,), (p,))[1]


class Quiet:
    """The context that `no_grad` returns: traces made before it was entered do not record."""

    def __init__(self) -> None:
        self._tokens: list[Token[int]] = []

    def __call__(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """f, run in the context each time. An interrupt at any moment leaves it as any other error does."""
        @functools.wraps(f)
        def run(*args: Any, **kwargs: Any) -> Any:
            before = no_grad_level.get()
            try:
                no_grad_level.set(next_id())
                return f(*args, **kwargs)
            finally:
                no_grad_level.set(before)

        return run

    def __enter__(self) -> None:
        before = no_grad_level.get()
        try:
            self._tokens.append(no_grad_level.set(next_id()))
        except BaseException:                 # an interrupt: __exit__ will not be called
            no_grad_level.set(before)
            raise

    def __reduce__(self) -> Any:
        return Quiet, ()                      # what was entered stays in its thread

    def __exit__(self, *_: Any) -> None:
        no_grad_level.reset(self._tokens.pop())


def no_grad() -> Quiet:
    """Return a context, or decorator, in which nothing is recorded for gradients taken outside of it.

    Transforms that are entered inside it work as ever. A KeyboardInterrupt at the very end of a `with` block
    may come before Python has left it, as with any context; the decorator has no such moment.

    >>> w = nb.tensor(2.0, requires_grad=True)
    >>> with nb.no_grad():
    ...     print((w * w).requires_grad)
    False
    """
    return Quiet()


def stop_gradient(x: Any) -> Any:
    """Return x (or a tree) as a constant: no derivative of any order goes through it.

    The result shares x's values and is no view of it: what is written to one does not reach the other.

    >>> nb.grad(lambda x: x * nb.stop_gradient(x))(3.0)
    tensor(3.)
    """
    return map_leaves(lambda leaf: tensor(raw(leaf)) if type(leaf) is Tensor else leaf, x)
