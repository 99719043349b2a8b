"""Declaring special functions: elementwise functions whose kernel is a library's, one row each.

The kernel of a row is SciPy's own function of that name, or one of nbgrad/kernels/cpu/special.py; its partial
derivatives are written in ops, so any order follows.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib import import_module
from inspect import Parameter, Signature
from typing import Any

import numpy as np

from nbgrad.arrays.dtypes import is_complex
from nbgrad.define.broadcast import astype, shaped
from nbgrad.define.inputs import draw
from nbgrad.define.registry import Row, declared, register
from nbgrad.define.scalar_program import WEAK, Loop, common_loop, ufunc_loop
from nbgrad.define.structured import Structured
from nbgrad.engine.tensor import Tensor, as_tensor, operand
from nbgrad.errors import gradient_errors, shape_errors, value_errors

FAMILY, HOME = "special", "nbgrad.special"
_SHAPES = (((3, 1), (1, 4), (4,), ()), ((), (), (), ()), ((0, 3), (3,), (0, 1), ()))


def special(name: str, names: str, d: Any, *, at: Any, formula: str | tuple[str, ...], example: str, doc: str,
            static: Sequence[tuple[int, ...]] = ((),), like: Any = None, on_complex: bool = False) -> Any:
    """Declare a special function and enter it in the op table, as special.<name>.

    name  : its name, in nbgrad/kernels/cpu/special.py or in scipy.special
    names : of its arguments, "n x": natural numbers that are given by value stand first
    d     : its partial derivatives in the operands, (*arguments, z) -> a Tensor, one or a tuple; a text where
        there is none, which says what to do instead
    at    : the interval its tests draw from, one for all operands or one for each
    formula, example : for the documentation, see registry.Row
    doc   : its documentation's own words
    static : values of the numbers, for tests
    like  : the function it equals; default: SciPy's of that name
    on_complex : whether it takes complex numbers where the kernel does: value and rules are those of an
        analytic function of them, and there is no derivative in operands that stay real

    Raises RegistryError if the name is taken.
    """
    words = _words(name, names.split()[len(static[0]):], formula, example, doc)
    return _declared(name, names, d, at, static, like or f"scipy.special.{name}", words, on_complex)


def inner(name: str, names: str, d: Any, *, at: Any, doc: str, static: Sequence[tuple[int, ...]] = ((),),
          on_complex: bool = False) -> Any:
    """Declare a function that derivatives are made of; it has no reference in SciPy."""
    return _declared(name, names, d, at, static, None, doc, on_complex)


def _declared(name: str, names: str, d: Any, at: Any, static: Sequence[tuple[int, ...]], like: Any,
              words: str, on_complex: bool) -> Any:
    where, _ = declared(3)
    arguments, count = tuple(names.split()), len(static[0])
    rules = d if type(d) is tuple else (d,)
    full = f"{FAMILY}.{name}"
    bind = _signature(full, arguments, count, like, on_complex)
    bind.__doc__ = words
    vjp = [partial(_pull, full, arguments[count + i], rule, i) for i, rule in enumerate(rules)]
    made = Structured(full, FAMILY, bind, None, vjp, None, None, False, (), "xz", False, None, None, True,
                      "same" if on_complex else None)
    spans = at if isinstance(at[0], tuple) else (at,) * len(rules)
    cases = [(*numbers, *map(_input, rules, spans, shapes)) for numbers in static for shapes in _SHAPES]
    register(Row(made, FAMILY, FAMILY, where, HOME, like, at, cases, private=True))
    return made


def _input(rule: Any, span: Any, shape: tuple[int, ...]) -> Any:
    """A test input; a number, which no derivative is taken in, where there is none."""
    return (span[0] + span[1]) / 2 if isinstance(rule, str) else partial(_drawn, span, shape)


def _drawn(span: Any, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    return draw(rng, span, shape, np.float64)


def _words(name: str, operands: Sequence[str], formula: str | tuple[str, ...], example: str, doc: str) -> str:
    """The documentation that follows from a row: operands, derivative, example."""
    formulas = (formula,) if isinstance(formula, str) else formula
    shapes = "any shape" if len(operands) == 1 else "shapes that broadcast"
    each = "; ".join([f"in {operand}: {text}" for operand, text in zip(operands, formulas, strict=True)])
    given, _, result = example.partition(" -> ")
    return (f"{doc}\n\n{', '.join(operands)}: {shapes}; integers are converted to floats.\n"
            f"Derivative {each}.\n\n>>> nb.special.{name}({given})\n{result}")


def _signature(name: str, arguments: Sequence[str], count: int, like: Any,
               on_complex: bool) -> Callable[..., Any]:
    """The function of a call's arguments that gives inputs in the kernel's dtypes and the numbers by name."""
    kinds = ["int"] * count + ["ArrayLike"] * (len(arguments) - count)
    signature = Signature([Parameter(argument, Parameter.POSITIONAL_OR_KEYWORD, annotation=kind)
                           for argument, kind in zip(arguments, kinds, strict=True)])
    loop = _loop(name, like, count, on_complex)

    def bind(*args: Any, **named: Any) -> tuple[tuple[Tensor, ...], dict[str, Any]]:
        if named or len(args) != len(arguments):
            args = signature.bind(*args, **named).args
        numbers = {key: _number(name, key, x) for key, x in zip(arguments[:count], args, strict=False)}
        xs = [x if type(x) in WEAK else operand(x) for x in args[count:]]
        dtypes = loop(tuple([x.dtype if type(x) is Tensor else type(x) for x in xs]))[0][-len(xs):]
        tensors = tuple([x if x.dtype == dtype else astype(x, dtype)
                         for x, dtype in zip(map(as_tensor, xs), dtypes, strict=True)])
        if len(tensors) > 1:
            _check_shapes(name, tensors)
        return tensors, numbers

    bind.__name__ = name
    bind.__signature__ = signature            # type: ignore[attr-defined]
    return bind


def _loop(name: str, like: Any, count: int, on_complex: bool) -> Loop:
    """The dtypes computed in: those of SciPy's function, or else the common one of floats."""
    common = common_loop(name, np.float32, floats="fc" if on_complex else "f")

    @cache
    def loop(kinds: tuple[Any, ...]) -> tuple[list[np.dtype], np.dtype]:
        module, _, short = like.rpartition(".") if isinstance(like, str) else ("", "", "")
        function = getattr(import_module(module), short) if module else None
        if isinstance(function, np.ufunc):
            return ufunc_loop(name, function)((int,) * count + kinds)
        return common(kinds)

    return loop


def _number(name: str, key: str, x: Any) -> int:
    """A number that is given by value. Raises ValueRangeError unless it is a natural number."""
    try:
        n = operator.index(x)
    except TypeError:
        n = -1
    if n < 0:
        raise value_errors.bad_argument(name, x, f"an integer for {key}, at least 0")
    return n


def _check_shapes(name: str, xs: Sequence[Tensor]) -> None:
    shapes = [x.shape for x in xs]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        raise shape_errors.no_broadcast(name, shapes) from None


def _pull(name: str, argument: str, rule: Any, place: int, g: Tensor, z: Any, *xs: Any,
          **numbers: Any) -> Tensor:
    """Cotangent of an operand. Raises GradientError where it has no derivative."""
    if is_complex(z) and not is_complex(xs[place]):
        rule = "Where another operand is complex, take differences in it"
    if isinstance(rule, str):
        raise gradient_errors.no_partial(name, argument, rule)
    return shaped(g * rule(*numbers.values(), *xs, z), xs[place])
