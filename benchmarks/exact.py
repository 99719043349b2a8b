"""Exact partial derivatives of the elementwise ops, in mpmath.

A formula is the textbook's, on jets (see jets.py). Precision is doubled until the digits that are wanted
stand, so formulas need not avoid cancellation.

Nothing here is taken from nbgrad's rules. At kinks the numbers follow the conventions of the op table: abs
has derivative 0 at 0, a branch is that of the value. At infinities and at the ends of a domain a partial is
its limit from inside.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from jets import (
    Jet,
    absolute,
    acosh,
    asin,
    asinh,
    atan,
    atanh,
    cbrt,
    cos,
    cosh,
    erf,
    erfc,
    exp,
    general_power,
    jet,
    log,
    normal,
    power,
    reciprocal,
    series,
    sigmoid,
    sin,
    sinh,
    sqrt,
    tanh,
)
from mpmath import mp, mpf

DIGITS = 100                              # bits that must stand
MOST = 1 << 14                            # bits of precision at the most
HUGE = mpf(2) ** 1100                     # stands for infinity, its reciprocal for what is beside a zero


def gelu(x: Jet, approximate: str = "none") -> Jet:
    if approximate == "none":
        return x * normal(x)
    return x * sigmoid((x + x * x * x * mpf(0.044715)) * mp.sqrt(8 / mp.pi))


def softplus(x: Jet, beta: float = 1.0) -> Jet:
    """Its derivative is a sigmoid."""
    x = x * mpf(beta)
    slope = sigmoid(Jet({0: x.real, 1: mpf(1), 2: mpf(1)})).parts
    value = mp.log1p(mp.exp(-abs(x.real))) + max(x.real, mpf(0))
    return series(x, value, slope[0], slope[1], slope[3]) / mpf(beta)


def larger(x: Jet, y: Jet) -> Jet:
    """The larger of two; the mean of equal ones."""
    return x if x.real > y.real else y if x.real < y.real else (x + y) * mpf(0.5)


def huber_penalty(d: Jet, delta: Jet) -> Jet:
    return d * d * mpf(0.5) if abs(d.real) <= delta.real else delta * (absolute(d) - delta * mpf(0.5))


FORMULAS: dict[str, Callable[..., Any]] = {
    "abs": absolute, "acos": lambda x: mp.pi / 2 - asin(x), "acosh": acosh, "add": lambda x, y: x + y,
    "asin": asin, "asinh": asinh, "atan": atan, "atanh": atanh, "cbrt": cbrt, "cos": cos, "cosh": cosh,
    "divide": lambda x, y: x / y, "erf": erf, "erfc": erfc, "exp": exp,
    "elu": lambda x, alpha=1.0: x if x.real > 0 else (exp(x) - 1) * mpf(alpha),
    "exp2": lambda x: exp(x * mp.log(2)), "expm1": lambda x: exp(x) - 1,
    "gelu": gelu, "hypot": lambda x, y: sqrt(x * x + y * y),
    "leaky_relu": lambda x, slope=0.01: x if x.real > 0 else x * mpf(slope),
    "log": log, "log10": lambda x: log(x) / mp.log(10), "log1p": lambda x: log(1 + x),
    "log2": lambda x: log(x) / mp.log(2),
    "logaddexp": lambda x, y: log(exp(x - y) + 1) + y if x.real < y.real else log(exp(y - x) + 1) + x,
    "multiply": lambda x, y: x * y, "negative": lambda x: -x, "positive": lambda x: x,
    "pow": general_power, "power": lambda x, n=3: power(x, n), "reciprocal": reciprocal,
    "relu": lambda x: x if x.real > 0 else x * 0, "sigmoid": sigmoid, "silu": lambda x: x * sigmoid(x),
    "sin": sin, "sinh": sinh, "softplus": softplus,
    "softsign": lambda x: x / (absolute(x) + 1), "sqrt": sqrt, "square": lambda x: x * x,
    "subtract": lambda x, y: x - y, "tan": lambda x: sin(x) / cos(x), "tanh": tanh,
    "others": lambda g, z, x: g * (z / x), "ratio": lambda a, b: a / b if b.real else b * 0,
    "atan2": lambda y, x: atan(y / x) if abs(x.real) > abs(y.real) else -atan(x / y),   # but for constants
    "clip": lambda x, low, high: (high if x.real >= high.real or low.real >= high.real
                                  else low if x.real <= low.real else x),
    "huber_penalty": huber_penalty, "maximum": larger, "minimum": lambda x, y: -larger(-x, -y),
    "remainder": lambda x, y: x - y * mp.floor(x.real / y.real),
    "tied": lambda won, g, count: g / count if won.real else g * 0,
    "where": lambda c, x, y: x if c.real else y,
}
# Where the domain of a function ends
DOMAINS = {
    "acos": (-1, 1), "acosh": (1, mp.inf), "asin": (-1, 1), "atanh": (-1, 1), "log": (0, mp.inf),
    "log10": (0, mp.inf), "log1p": (-1, mp.inf), "log2": (0, mp.inf), "sqrt": (0, mp.inf),
}
PERIODIC = ("cos", "sin", "tan")


def inside(name: str, x: float, huge: mpf) -> mpf:
    """An argument, or one as good as beside it: inside the domain, finite, and not 0.

    Raises ArithmeticError outside the domain.
    """
    low, high = DOMAINS.get(name, (-mp.inf, mp.inf))
    if not low <= x <= high or (math.isinf(x) and name in PERIODIC):
        raise ArithmeticError(f"{name}: {x} is outside the domain")
    with mp.workprec(MOST):
        if math.isinf(x):
            return huge if x > 0 else -huge
        if x == 0:
            return 1 / huge if low == 0 or math.copysign(1, x) > 0 else -1 / huge
        return mpf(x) + (1 / huge if x == low else -1 / huge if x == high else 0)


def partial(name: str, xs: Sequence[float], by: Sequence[int]) -> mpf:
    """The partial derivative of an op by the operands in these places, one after the other, to DIGITS bits.

    Raises ArithmeticError where it is not defined, or MOST bits do not suffice.
    """
    for moved in sorted(product((False, True), repeat=len(xs)), key=sum):
        try:
            found = [regular(name, [inside(name, x, huge) if m else mpf(x) for x, m in zip(xs, moved)], by)
                     for huge in (HUGE, HUGE**2)[:1 + any(moved)]]
        except (ArithmeticError, ValueError, TypeError):   # mpmath's too: poles, infinities, complex numbers
            continue
        before, last = map(abs, found[:1] + found[-1:])
        limit = mp.inf if last > 1.5 * before else 0 if before > 1.5 * last else 1
        return mp.sign(found[-1]) * limit if limit != 1 else found[-1]
    raise ArithmeticError(f"{name} has no derivative at {tuple(xs)}")


def regular(name: str, xs: Sequence[mpf], by: Sequence[int], **params: Any) -> mpf:
    """`partial` where the op is regular. Raises ArithmeticError, ValueError or TypeError elsewhere.

    params : static parameters of the op
    """
    if not all(map(mp.isfinite, xs)):
        raise ArithmeticError(f"{name}: {xs} are not finite")
    # from the first on, 1 and the sum of 1 and an operand are told apart
    before, bits = None, 2 * DIGITS + max([abs(int(mp.mag(x))) for x in xs if x], default=0)
    while bits <= MOST:
        with mp.workprec(bits):
            operands = [jet(x) for x in xs]
            for k, place in enumerate(by):
                operands[place] = operands[place] + Jet({1 << k: mpf(1)})
            found = jet(FORMULAS[name](*operands, **params)).parts.get((1 << len(by)) - 1)
            if found is None:             # the op does not depend on them
                return mpf(0)
            if found and before is not None and abs(found - before) <= abs(found) * mpf(2) ** -DIGITS:
                return found
        before, bits = found, 2 * bits
    if not found:                         # all that is there cancels
        return found
    raise ArithmeticError(f"{name}{tuple(xs)}: {MOST} bits do not suffice")
