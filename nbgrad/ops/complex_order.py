"""What is of complex numbers in NumPy's order: by real parts, and by imaginary ones where those are equal.

And their sign, z / |z|, which unlike that of a real number has a derivative.
"""

from __future__ import annotations

import math
from typing import Any

from nbgrad.define.complex import compose
from nbgrad.define.forms import WIDE
from nbgrad.define.scalar import Elementwise, choose
from nbgrad.ops import compare, elementwise
from nbgrad.ops.compare import (
    equal,
    greater,
    greater_equal,
    isinf,
    isnan,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
)
from nbgrad.ops.complex_forms import apart, copysign, zero
from nbgrad.ops.elementwise import hypot, where


def _undefined(x: Any) -> Any:
    """Whether a part is nan; it may be a Python number."""
    return math.isnan(x) if isinstance(x, (int, float)) else isnan(x)


def _ordered(before: Any, last: Any) -> Any:
    """A comparison: of real parts, where no imaginary one is nan; of imaginary ones where those are equal."""

    def holds(x: Any, y: Any) -> Any:
        (a, b), (c, d) = apart(x), apart(y)
        if isinstance(b, float) and isinstance(d, float):
            return last(a, c)             # both are real
        known = logical_not(logical_or(_undefined(b), _undefined(d)))
        return logical_or(logical_and(before(a, c), known), logical_and(equal(a, c), last(b, d)))

    return holds


_below, _above = _ordered(less, less), _ordered(greater, greater)


def _chosen(wins: Any) -> Any:
    """The one of two that wins, by a comparison that holds of equal ones too; the first that is nan."""

    def value(x: Any, y: Any) -> Any:
        a, b = apart(x)
        undefined = logical_or(_undefined(a), _undefined(b))
        return where(logical_or(undefined, wins(x, y)), x, y)

    return value


def _shares(loses: Any) -> Any:
    """What each of two gets: the one that wins all, equal ones half."""

    def part(x: Any, y: Any) -> Any:
        return where(equal(x, y), 0.5, where(loses(x, y), 0.0, 1.0))

    def partials(x: Any, y: Any, z: Any) -> tuple[Any, Any]:
        return part(x, y), part(y, x)

    return partials


def _limited(x: Any, low: Any, high: Any) -> Any:
    return elementwise.minimum(elementwise.maximum(x, low), high)


def _of_limits(x: Any, low: Any, high: Any, z: Any) -> tuple[Any, ...]:
    """1 in what the result is; at a limit it is the limit."""
    inside, crossed = logical_and(_below(low, x), _below(x, high)), logical_not(_below(low, high))
    at_low = logical_and(logical_not(_below(low, x)), logical_not(crossed))
    at_high = logical_or(logical_not(_below(x, high)), crossed)
    return choose(inside, 1), choose(at_low, 1), choose(at_high, 1)


def _sign(z: Any) -> Any:
    """z / |z|, 0 of 0. Of what has one infinite part that part's sign, of two nan."""
    x, y = apart(z)
    large = logical_and(isinf(hypot(x, y)), logical_not(logical_or(isinf(x), isinf(y))))
    x, y = where(large, 0.5 * x, x), where(large, 0.5 * y, y)
    size = hypot(x, y)
    none = equal(size, 0)
    over = where(none, 1.0, size)
    return compose(*[where(none, 0.0, _of_infinite(a, b, a / over)) for a, b in ((x, y), (y, x))])


def _of_infinite(x: Any, y: Any, usual: Any) -> Any:
    """The part x of a sign: what it usually is, unless x or y is infinite."""
    edge = where(isinf(y), zero(x) + math.nan, copysign(1.0, x))
    return where(isinf(x), edge, where(isinf(y), 0.0, usual))


FORMS: dict[Any, tuple[Any, Any]] = {
    elementwise.maximum: (_chosen(_ordered(greater, greater_equal)), _shares(_below)),
    elementwise.minimum: (_chosen(_ordered(less, less_equal)), _shares(_above)),
    elementwise.limited: (_limited, _of_limits),
}
for _op, _form in FORMS.items():
    _op.on_complex = _form
compare.sign.on_complex = Elementwise("sign", _sign, arity=1, on_complex=True)
compare.sign.on_complex.probe = WIDE
