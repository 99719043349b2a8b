"""Declaring elementwise ops: one row of the op table each."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from string import Formatter
from typing import Any

import numpy as np

from nbgrad import errors
from nbgrad.core import Op
from nbgrad.registry import Row, declared, register
from nbgrad.scalar import Elementwise
from nbgrad.symbols import common_loop, ufunc_loop


class Choice(Op):
    """An elementwise op with static parameters: one op for each of their values, made when first used."""

    def __init__(self, name: str, value: Callable[..., Any], d: Any, arity: int,
                 defaults: dict[str, Any]) -> None:
        self.name, self.value, self.d, self.arity, self.defaults = name, value, d, arity, defaults
        self.made: dict[Any, Elementwise] = {}

    def at(self, **params: Any) -> Elementwise:
        """The op for these values of the parameters."""
        values = self.defaults | params
        if unknown := values.keys() - self.defaults.keys():
            raise errors.bad_choice(self.name, "parameter", sorted(unknown)[0], self.defaults)
        key = tuple([(type(v), v) for v in values.values()])
        if key not in self.made:
            value, d = self.value, self.d
            self.made[key] = Elementwise(self.name, lambda *xs: value(*xs, **values),
                                         d and (lambda *xs_z: d(*xs_z, **values)), arity=self.arity)
        return self.made[key]

    def __call__(self, *args: Any, **params: Any) -> Any:
        return self.at(**params)(*args)

    def run(self, *xs: Any, **params: Any) -> Any:
        return self.at(**params).run(*xs)


def elementwise(name: str, value: Any, d: Any = None, *, like: Any = None, at: Any = (-3.0, 3.0),
                loop: Any = None, discrete: bool = False, linear: tuple[int, ...] = (),
                on_bool: str | None = None, doc: str = "") -> Any:
    """Declare an elementwise op and enter it in the op table.

    name  : its name
    value : its machine spelling, with {} for each operand; or a function of Tensors written in elementwise
        ops, whose keyword parameters with defaults become static parameters of the op. It is traced with
        scalar symbols: use `where` for a choice, and only the arm that is taken is evaluated and
        differentiated. Or an Elementwise already made.
    d     : its partial derivatives in the operands, written in elementwise ops: a function of the operands
        and the result z; a tuple if there are several, None for one that is zero. Default: derived.
    like, at : the NumPy function it equals, and the interval its tests draw from (see registry.Row)
    loop  : for a spelling, the dtypes it computes in; default: those of `like` if it is a ufunc, else floats
    discrete : its result has no derivative

    Raises RegistryError if the name is taken, or the declaration does not hold together.
    """
    room, where, home = declared()
    made: Any
    if isinstance(value, Elementwise):
        made = value
    elif isinstance(value, str):
        spelled = _operands(value)
        if loop is None:
            loop = ufunc_loop(name, like) if isinstance(like, np.ufunc) else common_loop(name, np.float32)
        made = Elementwise(name, value, d, arity=spelled, loop=loop, discrete=discrete, linear=linear,
                                on_bool=on_bool)
    else:
        parameters = inspect.signature(value).parameters.values()
        defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        arity = len(parameters) - len(defaults)
        made = (Choice(name, value, d, arity, defaults) if defaults else
                Elementwise(name, value, d, arity=arity, discrete=discrete))
    made.__name__, made.__doc__ = name, doc or f"Return {name} of every element."
    register(Row(made, "elementwise", room, where, home, like, at))
    return made


def _operands(spelling: str) -> int:
    """Number of operands of a spelling."""
    fields = [field for _, field, _, _ in Formatter().parse(spelling) if field is not None and field != "T"]
    return max([int(field or place) + 1 for place, field in enumerate(fields)], default=0)
