"""Structured ops: anything that is not elementwise, with written rules.

A rule is written in ops, so any order of derivative follows. Forward mode is not written: it comes from
linearity, or from transposing the op's own VJP.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from nbgrad.arrays import devices
from nbgrad.arrays.devices import Array
from nbgrad.arrays.dtypes import COMPLEX, is_complex
from nbgrad.define.documentation import documented
from nbgrad.define.plans import MOST, Called, Plan, Plans
from nbgrad.define.registry import OPS, OURS, Named, Row, declared, register
from nbgrad.define.rehearsal import Program, rehearse
from nbgrad.engine.graph import Graph, Tangents, add, apply, no_grad_level, node, transpose
from nbgrad.engine.tensor import Spec, Tensor, as_tensor, raw, spec, tensor, unwrap, wrap
from nbgrad.errors import gradient_errors, table_errors, trace_errors, value_errors
from nbgrad.kernels import table

Rule = Callable[..., Any]
_new = object.__new__
_ONE, _ENGINES = (True,), frozenset([Graph, Tangents])
_value, _mark = attrgetter("value"), attrgetter("mark")


@documented
class Structured(Named, Called):
    """An op with a kernel per device and written derivative rules; made by `op`."""

    name: str
    family: str | None
    on_complex: str
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
                 keep: str, discrete: bool, finish: Rule | None, write: Rule | None, planned: bool,
                 on_complex: str | None) -> None:
        view = vjp and finish is not None and linear
        self.on_complex = on_complex or ("same" if view else "parts" if linear else "refused")
        self.name, self.family, self.bind, self.out = name, family, bind, out
        self.vjp, self.vjp_of, self.vjp_all = vjp, vjp_of, vjp_all
        self.linear, self.multilinear = linear, frozenset(multilinear)
        self.keep_x, self.keep_z, self.discrete = "x" in keep, "z" in keep, discrete
        self.finish, self.write = finish, write
        self.op, self.plans = self, Plans() if planned else None
        self.programs: dict[Any, Program | bool] = table.keep({}) if planned else {}
        functools.update_wrapper(self, bind)
        self.__name__ = name

    def run_planned(self, plan: Plan, xs: Sequence[Tensor]) -> Any:
        """The result on Tensors of raw values; what one Graph watches, or none, takes no further step."""
        marks: tuple[Any, ...]
        if len(xs) == 1:
            x = xs[0]
            trace, values, marks = x.trace, [x.value], (x.mark,)
        elif len(xs) == 2:
            x, y = xs
            trace, values, marks = x.trace or y.trace, [x.value, y.value], (x.mark, y.mark)
        else:
            trace = next((x.trace for x in xs if x.trace is not None), None)
            values, marks = list(map(_value, xs)), tuple(map(_mark, xs))
        if trace is not None and len(xs) > 1:
            for x in xs:
                if x.trace is not None and x.trace is not trace:
                    return self.at(xs, plan.params)
        z: Any = _new(Tensor)
        if trace is None or (self.discrete and type(trace) in _ENGINES):
            value = plan.run(*values)
            if type(value) is tuple:
                z = tuple(map(tensor, value))
            else:
                z.value, z.trace, z.mark = value, None, None
        elif trace.id <= no_grad_level.get() or type(trace) not in _ENGINES:
            return self.at(xs, plan.params)
        elif type(trace) is Tangents:
            z = trace.carry(self, values, plan.params, marks, plan.run(*values))
        else:
            value = plan.run(*values)
            wanted = _ONE if len(marks) == 1 else tuple([m is not None for m in marks])
            made = node(self, marks, (values if self.keep_x else plan.inputs,
                                      value if self.keep_z else plan.output, plan.params, wanted, plan))
            if type(value) is tuple:
                z = trace.several(value, made)
            else:
                z.value, z.trace, z.mark = value, trace, made
        return z if plan.finish is None else plan.finish(self, z, xs[0], plan.params)

    def at(self, xs: Sequence[Any], params: dict[str, Any]) -> Any:
        """The result on inputs, as a view of the first if it is one."""
        z = apply(self, xs, params)
        return z if self.finish is None else self.finish(self, z, xs[0], params)

    def run(self, *xs: Any, **params: Any) -> Any:
        for x in xs:
            if type(x) is not Array and not hasattr(x, "strides") and not isinstance(x, (int, float)):
                raise trace_errors.only_elementwise(self.name)
            if x.dtype in COMPLEX:
                if self.on_complex != "same":
                    return self._run_complex(xs, params)
                table.check_complex(self.name, self.family, xs)
        return table.run(self.name, self.family, self.out, xs, params)

    def _run_complex(self, xs: Sequence[Any], params: dict[str, Any]) -> Any:
        """The result on complex numbers: by a kernel of their own, or of what acts on their parts alike."""
        if self.on_complex == "own":
            return table.run(f"complex_{self.name}", self.family, self.out, tuple(xs), params)
        if self.on_complex != "parts":
            raise value_errors.no_complex(self.name, [x.dtype for x in xs])
        x, y = [table.run(self.name, self.family, self.out, tuple([part(x) for x in xs]), params)
                for part in (devices.real_part, devices.imaginary_part)]
        return table.composed(x, y)

    def ready(self, xs: Sequence[Any], params: dict[str, Any]) -> Rule:
        if self.on_complex != "same" and any(map(is_complex, xs)):
            return functools.partial(self.run, **params)
        return table.ready(self.name, self.family, self.out, xs, params)

    def save(self, xs: Sequence[Any], z: Any, params: dict[str, Any], wanted: tuple[bool, ...]) -> Any:
        if not self.keep_x:
            xs = [spec(x) for x in xs]
        if not self.keep_z:
            z = tuple(map(spec, z)) if type(z) is tuple else spec(z)
        return xs, z, params, wanted, None

    def pull(self, g: Any, memo: Any) -> Sequence[Any]:
        xs, z, params, wanted, plan = memo
        if plan is not None and type(g) is Array:
            key = plan, wanted, g.dtype, g.shape, g.strides
            program = self.programs.get(key)
            if type(program) is Program:
                return program([g, *([z] if self.keep_z else ()), *(xs if self.keep_x else ())])
            if program is not False:
                self._rehearse(key, program is True, g, memo)
        g = tensor(g) if type(g) is Array else _present(g)
        z = z if type(z) is Spec else _present(z)
        args = [x if type(x) is Spec else _present(x) for x in xs]
        return self._cotangents(g, z, args, params, wanted)

    def _rehearse(self, key: Any, met: bool, g: Any, memo: Any) -> None:
        """Find the program of pullbacks that are alike, the second time they are met."""
        xs, z, params, wanted, _ = memo
        if met:
            self.programs[key] = rehearse(
                lambda g, z, xs: self._cotangents(g, z, xs, params, wanted), g, z, xs) or False
            return
        if len(self.programs) >= MOST:
            self.programs.clear()
        self.programs[key] = True

    def _cotangents(self, g: Any, z: Any, args: Sequence[Any], params: dict[str, Any],
                    wanted: tuple[bool, ...]) -> Sequence[Any]:
        """What the rules say on what they take, as inner values."""
        if not self.vjp and self.vjp_of is None and self.vjp_all is None:
            raise gradient_errors.no_derivative(self.name)
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


@documented
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
       cases: Sequence[Any] = (), on_complex: str | None = None, planned: bool | None = None,
       family: str | None = None,
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
    on_complex : what it does with complex numbers: "same", its kernel takes them; "own", the kernel
        complex_<name> does; "parts", it acts on their parts alike; "refused". Its rules are those of jax's
        convention, see complex.py. Default: what is linear takes them, where it is a view "same", else by
        parts
    planned : what the op's function returns follows from the shapes, dtypes and strides of its Tensors and
        the values of the other arguments alone, and many calls are alike; default: of nbgrad's own ops
    family, private : of nbgrad's own ops, see registry.Row

    Raises RegistryError if the name is taken.

    >>> def hypotenuse(x, y):
    ...     return np.hypot(x, y)
    >>> rules = (lambda g, z, x, y: g * x / z, lambda g, z, x, y: g * y / z)
    >>> hypotenuse = nb.op("hypotenuse", kernel=hypotenuse, vjp=rules)
    >>> nb.grad(hypotenuse, (0, 1))(3.0, 4.0)
    (tensor(0.6), tensor(0.8))
    """
    where, home = declared()

    def declare(bind: Rule) -> Structured:
        rules = (vjp,) if callable(vjp) else tuple(vjp)
        finish = view if results is None else lambda op, z, x, params: results(*z)
        kept = home == OURS if planned is None else planned
        made = Structured(bind.__name__, family, bind, out, rules, vjp_of, vjp_all, linear, multilinear, keep,
                          discrete, finish, write, kept, on_complex)
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
