"""How an op is called, as inspect.signature and notebooks show it."""

from __future__ import annotations

import inspect
from inspect import Parameter, Signature
from typing import Any

_NAMES = "xyzuvw"                             # of operands whose op is a spelling without derivatives


class Lazy:
    """The signature of an op, made when it is asked for."""

    def __get__(self, op: Any, owner: Any = None) -> Signature:
        if op is None:
            raise AttributeError("__signature__")
        return signature(op)


def signature(op: Any) -> Signature:
    """How an op is called. An elementwise op takes its operands by place, and its parameters by name."""
    if hasattr(op, "bind"):
        return inspect.signature(op.bind)
    given = [Parameter(name, Parameter.POSITIONAL_ONLY, annotation="Any") for name in operands(op)]
    options = [Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=type(default).__name__)
               for name, default in getattr(op, "defaults", {}).items()]
    return Signature([*given, *options], return_annotation="Any")


def operands(op: Any) -> tuple[str, ...]:
    """The operands' names, which its value or its derivatives have given them."""
    for rule in (op.value, op.d):
        names = tuple(inspect.signature(rule).parameters) if callable(rule) else ()
        if len(names) >= op.arity:
            return names[:op.arity]
    return tuple(_NAMES[:op.arity])
