"""Declaring elementwise ops: one row of the op table each."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from string import Formatter
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.documentation import documented
from nbgrad.define.frozen import Frozen, check_parameter
from nbgrad.define.registry import OURS, Named, Row, declared, register
from nbgrad.define.scalar import Elementwise
from nbgrad.define.scalar_program import Symbol, common_loop, ufunc_loop
from nbgrad.engine.graph import Op
from nbgrad.engine.tensor import Tensor, living, raw
from nbgrad.errors import value_errors


@documented
class Choice(Named):
    """An elementwise op with parameters, which it is not differentiated by.

    numbers : the parameters whose default is a float. The kernels take them by value, after the operands, so
        that one serves all values; where every parameter has its default, they are constants of a kernel.
    made : the ops for other parameters, one for each of their values, made when first used
    """

    arity: int
    d: Any
    defaults: dict[str, Any]
    name: str
    value: Callable[..., Any]
    numbers: tuple[str, ...]
    usual: Elementwise

    def __init__(self, name: str, value: Callable[..., Any], d: Any, arity: int,
                 defaults: dict[str, Any], joint: bool, frozen: bool) -> None:
        self.frozen = frozen
        self.name, self.value, self.d, self.arity, self.defaults = name, value, d, arity, defaults
        self.joint = joint
        self.numbers = tuple([p for p, default in defaults.items() if type(default) is float])
        self.made: dict[Any, Elementwise] = {}
        self.usual = self._make(defaults, ())

    def _make(self, fixed: dict[str, Any], numbers: Sequence[str]) -> Elementwise:
        """The op with these values of parameters, and others as operands behind its own."""
        value, d, arity, count = self.value, self.d, self.arity, len(numbers)

        def parts(args: Sequence[Any]) -> tuple[Sequence[Any], dict[str, Any]]:
            return args[:arity], fixed | dict(zip(numbers, args[arity:arity + count], strict=True))

        def values(*args: Any) -> Any:
            xs, params = parts(args)
            return value(*xs, **params)

        def partials(*args: Any) -> tuple[Any, ...]:
            xs, params = parts(args)
            found = d(*xs, args[-1], **params)
            return (*(found if type(found) is tuple else (found,)), *[None] * count)

        made = _made(self.name, values, d and partials, self.frozen, arity=arity + count, joint=self.joint)
        made.parameters = tuple(numbers)
        return made

    def _at(self, params: dict[str, Any]) -> tuple[Elementwise, list[Any]]:
        """The op for these values of the parameters, and what it takes behind the operands."""
        if unknown := params.keys() - self.defaults.keys():
            raise value_errors.bad_choice(self.name, "parameter", sorted(unknown)[0], self.defaults)
        values = self.defaults | params
        numbers = [self._number(p, values.pop(p)) for p in self.numbers]
        key = tuple([(type(v), v) for v in values.values()])
        if key not in self.made:
            self.made[key] = self._make(values, self.numbers)
        return self.made[key], numbers

    def _number(self, name: str, x: Any) -> Any:
        """A parameter as a kernel takes it: a float, or the scalar of a program that this op is part of."""
        if type(x) is float:
            return x
        if type(living(x)) is Tensor:
            check_parameter(self.name, name, x)
            if type(raw(x)) is Symbol:
                return x
            x = devices.host(raw(x))
        if not isinstance(x, (int, float, np.number, np.ndarray)) or np.size(x) != 1:
            raise value_errors.bad_argument(self.name, x, f"a number for {name}")
        return float(x)

    def at(self, **params: Any) -> Callable[..., Any]:
        """The op for these values of the parameters, as a function of its operands."""
        if not params:
            return self.usual
        op, numbers = self._at(params)
        return lambda *xs: op(*xs, *numbers)

    def __call__(self, *args: Any, **params: Any) -> Any:
        if not params:
            return self.usual(*args)
        if len(args) != self.arity:
            raise value_errors.bad_count(self.name, len(args), self.arity)
        op, numbers = self._at(params)
        return op(*args, *numbers)

    def run(self, *xs: Any, **params: Any) -> Any:
        op, numbers = self._at(params) if params else (self.usual, [])
        return op.run(*xs, *numbers)


def elementwise(name: str, value: Any, d: Any = None, *, like: Any = None, at: Any = (-3.0, 3.0),
                loop: Any = None, joint: bool = False, discrete: bool = False,
                linear: tuple[int, ...] = (), on_bool: str | None = None, on_complex: Any = None,
                doc: str = "",
                formula: str | tuple[str, ...] = "", example: str = "", private: bool = False) -> Op:
    """Declare an elementwise op and enter it in the op table.

    name  : its name
    value : its machine spelling, with {} for each operand; or a function of Tensors written in elementwise
        ops, whose keyword parameters with defaults become parameters of the op. It is traced with scalar
        symbols, once for dtypes of its operands: what it refers to is what it was then, in its derivatives
        too. Use `where` for a choice, and only the arm that is taken is evaluated and differentiated. A
        parameter whose default is a float is a symbol too; one with another default (an integer power, a
        name) is what it is, and each of its values makes kernels of its own. Or an Elementwise already made.
    d     : its partial derivatives in the operands, written in elementwise ops: a function of the operands
        and the result z; a tuple if there are several, None for one that is zero. Default: derived.
    like, at : the NumPy function it equals, and the interval its tests draw from (see registry.Row)
    loop  : for a spelling, the dtypes it computes in; default: those of `like` if it is a ufunc, else floats
    joint : a call recorded for the derivative in one operand computes value and slope in one kernel and
        saves the slope alone. For ops whose slope costs little beside their value.
    discrete : its result has no derivative
    linear : of a spelling, the places of the operands in which it is linear
    on_bool : the spelling for booleans, if it is another one
    on_complex : what it is where an operand is complex: True, the same, by the same partials, which are then
        those of an analytic function; None: refused, unless it is a function without declared partials
    doc : its documentation's own words; what follows from the rest is added to them
    formula, example : for the documentation, see registry.Row
    private : other ops and rules are made of it; lists for users leave it out

    Raises RegistryError if the name is taken, or the declaration does not hold together.

    >>> cube = nb.elementwise("cube", lambda x: x * x * x)
    >>> nb.grad(cube)(2.0)
    tensor(12.)
    """
    where, home = declared()
    made: Any
    if isinstance(value, Elementwise):
        made = value
    elif isinstance(value, str):
        spelled = _operands(value)
        if loop is None:
            loop = ufunc_loop(name, like) if isinstance(like, np.ufunc) else common_loop(name, np.float32)
        made = Elementwise(name, value, d, arity=spelled, loop=loop, joint=joint, discrete=discrete,
                           linear=linear, on_bool=on_bool, on_complex=on_complex)
    else:
        parameters = inspect.signature(value).parameters.values()
        defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        arity = len(parameters) - len(defaults)
        frozen = home != OURS
        made = (Choice(name, value, d, arity, defaults, joint, frozen) if defaults else
                _made(name, value, d, frozen, arity=arity, joint=joint, discrete=discrete,
                      on_complex=on_complex))
    made.__name__, made.__doc__ = name, doc or f"Return {name} of every element."
    register(Row(made, "elementwise", None, where, home, like, at, private=private,
                 formula=formula, example=example))
    return made


def _made(name: str, value: Any, d: Any, frozen: bool, **more: Any) -> Elementwise:
    """The op of these functions; frozen: what they refer to may change."""
    if frozen:
        d = d and Frozen(d)
        value = Frozen(value, d)
    return Elementwise(name, value, d, **more)


def _operands(spelling: str) -> int:
    """Number of operands of a spelling."""
    fields = [field for _, field, _, _ in Formatter().parse(spelling) if field is not None and field != "T"]
    return max([int(field or place) + 1 for place, field in enumerate(fields)], default=0)
