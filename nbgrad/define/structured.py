"""Structured ops: anything that is not elementwise, with written rules.

A rule is written in ops, so any order of derivative follows. Forward mode is not written: it comes from
linearity, or from transposing the op's own VJP.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from nbgrad import errors
from nbgrad.arrays import devices
from nbgrad.arrays.devices import Array
from nbgrad.define.plans import Plan, Plans, alike
from nbgrad.define.registry import OPS, OURS, Named, Row, declared, register
from nbgrad.engine.graph import Graph, add, apply, no_grad_level, node, transpose
from nbgrad.engine.tensor import Spec, Tensor, as_tensor, raw, spec, tensor, unwrap, wrap
from nbgrad.errors import gradient_errors, table_errors, trace_errors, value_errors
from nbgrad.kernels import table

Rule = Callable[..., Any]
_new = object.__new__
_ONE = (True,)


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
    bind: Rule
    op: Structured
    plans: Plans | None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        plans = self.plans
        if plans is None:
            xs, params = self._bound(args, kwargs)
            z = apply(self.op, xs, params)
            return z if self.op.finish is None else self.op.finish(self.op, z, xs[0], params)
        given: Any = args
        if len(args) == 1 and not kwargs and type(x := args[0]) is Tensor and type(value := x.value) is Array:
            key: Any = value.dtype, value.shape, value.strides
        else:
            given = []
            key = alike(args, kwargs, given)
        plan = plans.get(key)
        if plan is not None:
            if len(given) != 1 or (x := given[0]).trace is not None:
                return self.op.run_planned(plan, given)
            z = _new(Tensor)
            z.value, z.trace, z.mark = plan.run(x.value), None, None
            return z if plan.finish is None else plan.finish(self.op, z, x, plan.params)
        xs, params = self._bound(args, kwargs)
        z = self.op.at(xs, params)
        if key is not None and type(z) is Tensor:
            plans.learn(key, self.op, given, xs, params, z)
        return z

    def _bound(self, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Sequence[Any], dict[str, Any]]:
        """The inputs and parameters that a call comes to."""
        if kwargs:
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


class Structured(Named, Called):
    """An op with a kernel per device and written derivative rules; made by `op`."""

    name: str
    family: str | None
    bind: Rule
    out: Rule | None
    vjp: Sequence[Rule | None]
    vjp_of: Rule | None
    vjp_all: Rule | None
    linear: bool
    multilinear: frozenset[int]
    keep_x: bool
    keep_z: bool
    discrete: bool
    finish: Rule | None
    write: Rule | None
    op: Structured
    plans: Plans | None

    def __init__(self, name: str, family: str | None, bind: Rule, out: Rule | None, vjp: Sequence[Rule |
                 None], vjp_of: Rule | None, vjp_all: Rule | None, linear: bool, multilinear: Sequence[int],
                 keep: str, discrete: bool, finish: Rule | None, write: Rule | None, planned: bool) -> None:
        self.name, self.family, self.bind, self.out = name, family, bind, out
        self.vjp, self.vjp_of, self.vjp_all = vjp, vjp_of, vjp_all
        self.linear, self.multilinear = linear, frozenset(multilinear)
        self.keep_x, self.keep_z, self.discrete = "x" in keep, "z" in keep, discrete
        self.finish, self.write = finish, write
        self.op, self.plans = self, Plans() if planned else None
        functools.update_wrapper(self, bind)
        self.__name__ = name

    def run_planned(self, plan: Plan, xs: Sequence[Tensor]) -> Tensor:
        """The result on Tensors of raw values; what one Graph watches, or none, takes no further step."""
        z = _new(Tensor)
        trace, values, marks = None, [], []
        for x in xs:
            values.append(x.value)
            marks.append(x.mark)
            if x.trace is not None:
                if trace is not None and x.trace is not trace:
                    return self.at(xs, plan.params)
                trace = x.trace
        if trace is None or (self.discrete and type(trace) is Graph):
            z.value, z.trace, z.mark = plan.run(*values), None, None
        elif type(trace) is not Graph or trace.id <= no_grad_level.get():
            return self.at(xs, plan.params)
        else:
            value = plan.run(*values)
            wanted = _ONE if len(marks) == 1 else tuple([m is not None for m in marks])
            memo = (values if self.keep_x else plan.inputs, value if self.keep_z else plan.output,
                    plan.params, wanted)
            z.value, z.trace, z.mark = value, trace, node(self, marks, memo)
        return z if plan.finish is None else plan.finish(self, z, xs[0], plan.params)

    def at(self, xs: Sequence[Any], params: dict[str, Any]) -> Any:
        """The result on inputs, as a view of the first if it is one."""
        z = apply(self, xs, params)
        return z if self.finish is None else self.finish(self, z, xs[0], params)

    def run(self, *xs: Any, **params: Any) -> Any:
        for x in xs:
            if type(x) is not Array and not hasattr(x, "strides") and not isinstance(x, (int, float)):
                raise trace_errors.only_elementwise(self.name)
        return table.run(self.name, self.family, self.out, xs, params)

    def save(self, xs: Sequence[Any], z: Any, params: dict[str, Any], wanted: tuple[bool, ...]) -> Any:
        if not self.keep_x:
            xs = [spec(x) for x in xs]
        if not self.keep_z:
            z = tuple(map(spec, z)) if type(z) is tuple else spec(z)
        return xs, z, params, wanted

    def pull(self, g: Any, memo: Any) -> Sequence[Any]:
        xs, z, params, wanted = memo
        if not self.vjp and self.vjp_of is None and self.vjp_all is None:
            raise gradient_errors.no_derivative(self.name)
        g = tensor(g) if type(g) is Array else _present(g)
        z = z if type(z) is Spec else _present(z)
        args = [x if type(x) is Spec else _present(x) for x in xs]
        if self.vjp_all is not None:
            found = self.vjp_all(g, z, *args, wanted=wanted, **params)
            return [_inner(c) if want else None for c, want in zip(found, wanted, strict=True)]
        if self.vjp_of is not None:
            return [_inner(self.vjp_of(i, g, z, *args, **params)) if want else None
                    for i, want in enumerate(wanted)]
        if len(self.vjp) != len(args):
            raise table_errors.bad_declaration(self.name, f"has {len(self.vjp)} rules in vjp for {len(args)} "
                                               "inputs. Give one for each, or vjp_of for any number.")
        return [_inner(self._rule(i)(g, z, *args, **params)) if want else None
                for i, want in enumerate(wanted)]

    def _rule(self, place: int) -> Rule:
        """The rule of an input. Raises GradientError if it has none: its gradient is not zero but unknown."""
        rule = self.vjp[place]
        if rule is None:
            raise gradient_errors.no_derivative(f"{self.name}, in input {place},")
        return rule

    def push(self, ts: Sequence[Any], xs: Sequence[Any], z: Any, params: dict[str, Any]) -> Any:
        moving = [i for i, t in enumerate(ts) if t is not None]
        if self.linear:
            full = [devices.zeros_like(raw(x)) if t is None else t for t, x in zip(ts, xs, strict=True)]
            t = apply(self, full, params)
            return tuple(map(unwrap, t)) if type(t) is tuple else unwrap(t)
        if self.multilinear.issuperset(moving):
            total = None
            for i in moving:
                total = add(total, unwrap(apply(self, [*xs[:i], ts[i], *xs[i + 1:]], params)))
            return total
        return transpose(self, ts, xs, z, params)


class Spelling(Called):
    """Another signature of an op: its function returns the op's inputs and parameters; made by `spelling`."""

    op: Structured
    name: str
    bind: Rule
    plans: Plans | None

    def __init__(self, op: Structured, bind: Rule) -> None:
        self.op, self.name, self.bind, self.plans = op, bind.__name__, bind, Plans()
        functools.update_wrapper(self, bind)

    def __reduce__(self) -> str:
        return self.name                      # of its module


def spelling(op: Structured) -> Callable[[Rule], Spelling]:
    """Make a function that returns the op's inputs and parameters a callable that gives its result."""
    return lambda bind: Spelling(op, bind)


def _inner(c: Any) -> Any:
    """What a rule returned, as an inner value: a Tensor, None (zero), or a constant."""
    if type(c) is Tensor:
        return c.value if c.trace is None else c
    return c if c is None or type(c) is Array else unwrap(as_tensor(c))


def _present(x: Any) -> Any:
    """An inner value as a rule sees it: a Tensor, a Spec, a Python scalar, None, or a tuple of these."""
    if type(x) is Array:
        return tensor(x)
    if type(x) is tuple:
        return tuple([_present(part) for part in x])
    return wrap(x) if type(x) is Tensor or hasattr(x, "strides") else x


def op(name: str | None = None, *, kernel: Rule | None = None, out: Rule | None = None,
       vjp: Rule | Sequence[Rule | None] = (), vjp_of: Rule | None = None, vjp_all: Rule | None = None,
       linear: bool = False, multilinear: Sequence[int] = (), keep: str = "xz", discrete: bool = False,
       results: Rule | None = None, view: Rule | None = None, write: Rule | None = None, like: Any = None,
       cases: Sequence[Any] = (), planned: bool | None = None, family: str | None = None,
       private: bool = False) -> Any:
    """Declare a structured op and enter it in the op table.

    With a name it returns the op. Without one it decorates the op's public signature: a function that checks
    its arguments and returns (inputs, parameters), a tuple of Tensors and a dict of static values.

    kernel : runs the op on raw arrays, kernel(out, *xs, **params), or kernel(*xs, **params) if `out` is None;
        default: the function of the op's name in the kernels of its family
    out    : (*xs, **params) -> (shape, dtype) of the output
    vjp    : rules (g, z, *xs, **params) -> cotangent of an input, written in ops; one, or one for each input
        (None: none is known, and to differentiate by it is an error)
    vjp_of : instead, one rule for any number of inputs: (i, g, z, *xs, **params) -> cotangent of input i
    vjp_all : instead, one rule for all inputs at once, where they share their work: (g, z, *xs, wanted=,
        **params) -> cotangents of all inputs, of which those that are not wanted are not looked at
    linear : the output is linear in all inputs together
    multilinear : places of the inputs in which the output is linear, each alone
    keep   : what the rules read values of: "x" inputs, "z" output; others are given by shape and dtype only
    discrete : the result has no derivative (integers, booleans)
    results : of an op with several outputs, the named tuple that it returns them in
    view   : of an op whose result is a view in NumPy: (op, z, x, params) -> z as a view of x, see views.link
    write  : how such a view is written to: (x, v, **params) -> x with v where z shows it; None: it cannot be
    like, cases : reference and test inputs, see registry.Row
    planned : what the op's function returns follows from the shapes, dtypes and strides of its Tensors and
        the values of the other arguments alone, and many calls are alike; default: of nbgrad's own ops
        with one result
    family, private : of nbgrad's own ops, see registry.Row

    Raises RegistryError if the name is taken.
    """
    where, home = declared()

    def declare(bind: Rule) -> Structured:
        rules = (vjp,) if callable(vjp) else tuple(vjp)
        finish = view if results is None else lambda op, z, x, params: results(*z)
        kept = home == OURS and results is None if planned is None else planned
        made = Structured(bind.__name__, family, bind, out, rules, vjp_of, vjp_all, linear, multilinear, keep,
                          discrete, finish, write, kept)
        if kernel is not None and made.name not in OPS:
            table.register(made.name, kernel if out else _checked(made.name, kernel))
        register(Row(made, "structured", family, where, home, like, None, cases, private))
        return made

    if name is None:
        return declare
    if kernel is None:
        raise table_errors.bad_declaration(name, "needs kernel=, a function that runs it on arrays.")
    return declare(_unchecked(name, kernel))


def family(name: str) -> Callable[..., Any]:
    """`op` for nbgrad's own ops of one family: their kernels are functions of kernels/<device>/<name>.py."""
    return functools.partial(op, family=name)


def _checked(name: str, kernel: Rule) -> Rule:
    """A user's kernel that returns its result, which may be a NumPy scalar, or a subclass of arrays."""
    return lambda *xs, **params: devices.checked_result(name, kernel(*xs, **params))


def _unchecked(name: str, kernel: Rule) -> Rule:
    """The signature of an op that is declared by its kernel alone: any inputs, then parameters by name."""

    def bind(*xs: Any, **params: Any) -> tuple[tuple[Tensor, ...], dict[str, Any]]:
        return tuple(map(as_tensor, xs)), params

    bind.__name__ = name
    bind.__doc__ = inspect.getdoc(kernel)
    return bind
