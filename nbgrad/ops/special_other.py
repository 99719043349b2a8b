"""Exponential integrals, zeta, hypergeometric functions of their argument, Lambert's function."""

from __future__ import annotations

from typing import Any

from nbgrad.define.special import inner, special
from nbgrad.engine.tensor import Tensor
from nbgrad.errors import value_errors
from nbgrad.ops.elementwise import exp
from nbgrad.ops.special_parts import known

__all__ = ["exp1", "expi", "expn", "hyp1f1", "hyp2f1", "lambertw", "zeta"]

_RIGHT = (0.5, 4.0)
_PARAMETER = "Take differences in it"

exp1: Any = special(
    "exp1", "x", lambda x, z: known(z, -exp(-x) / x), at=_RIGHT, on_complex=True, formula="-exp(-x) / x",
    example="[1.0, 2.0] -> tensor([0.21938393, 0.04890051])",
    doc="Return the integral of exp(-t) / t from x on.")
expi: Any = special(
    "expi", "x", lambda x, z: known(z, exp(x) / x), at=_RIGHT, on_complex=True, formula="exp(x) / x",
    example="[1.0, 2.0] -> tensor([1.89511782, 4.95423436])",
    doc="Return the integral of exp(t) / t up to x.")
expn: Any = special(
    "expn", "n x", lambda n, x, z: known(z, -expn(n - 1, x) if n else -(z + z / x)), at=_RIGHT,
    static=((1,), (0,), (3,)), formula="-expn(n - 1, x)", example="2, 1.0 -> tensor(0.14849551)",
    doc="Return the integral of exp(-x * t) / t**n from t = 1 on. n: an integer, at least 0.")
_zeta_order: Any = inner(
    "zeta_order", "n x q",
    (lambda n, x, q, z: _zeta_order(n + 1, x, q),
     lambda n, x, q, z: -(x * _zeta_order(n, x + 1, q) + n * _shifted(n - 1, x + 1, q))),
    at=((1.5, 5.0), _RIGHT), static=((1,), (2,)), doc="Return the n-th derivative of zeta(x, q) in x.")


def _shifted(n: int, x: Tensor, q: Tensor) -> Tensor:
    return _zeta_order(n, x, q) if n else zeta(x, q)


zeta: Any = special(
    "zeta", "x q", (lambda x, q, z: known(z, _zeta_order(1, x, q)),
                    lambda x, q, z: known(z, -x * zeta(x + 1, q))), at=((1.5, 5.0), _RIGHT),
    formula=("the sum of -log(k + q) / (k + q)**x", "-x * zeta(x + 1, q)"),
    example="2.0, [1.0, 2.0] -> tensor([1.64493407, 0.64493407])",
    doc="Return Hurwitz's zeta function, the sum of (k + q)**-x for k from 0 on.")
hyp1f1: Any = special(
    "hyp1f1", "a b x", (_PARAMETER, _PARAMETER, lambda a, b, x, z: known(z, a / b * hyp1f1(a + 1, b + 1, x))),
    at=(_RIGHT, _RIGHT, (-2.0, 2.0)), on_complex=True,
    formula=("none", "none", "a / b * hyp1f1(a + 1, b + 1, x)"),
    example="1.0, 2.0, 1.0 -> tensor(1.71828183)",
    doc="Return Kummer's function. Raises GradientError for a derivative in a or b.")
hyp2f1: Any = special(
    "hyp2f1", "a b c x",
    (_PARAMETER, _PARAMETER, _PARAMETER,
     lambda a, b, c, x, z: known(z, a * b / c * hyp2f1(a + 1, b + 1, c + 1, x))),
    at=(_RIGHT, _RIGHT, _RIGHT, (-0.7, 0.7)),
    on_complex=True, formula=("none", "none", "none", "a * b / c * hyp2f1(a + 1, b + 1, c + 1, x)"),
    example="1.0, 1.0, 2.0, 0.5 -> tensor(1.38629436)",
    doc="Return Gauss's hypergeometric function. Raises GradientError for a derivative in a, b or c.")


def _lambertw_slope(x: Tensor, z: Tensor) -> Tensor:
    return exp(-z) / (1 + z)


_upper: Any = inner("lambertw_upper", "x", _lambertw_slope, at=(-0.2, 4.0), on_complex=True,
                    doc="Return the real branch 0 of Lambert's function.")
_lower: Any = inner("lambertw_lower", "x", _lambertw_slope, at=(-0.3, -0.1), on_complex=True,
                    doc="Return the real branch -1 of Lambert's function.")


def lambertw(x: Any, k: int = 0) -> Tensor:
    """Return the real solution w of w * exp(w) = x, which is at least -1 for k = 0 and at most -1 for k = -1.

    x: any shape, at least -1/e; for k = -1 also at most 0. Unlike SciPy's, the result is real; of
    complex x it is branch k.
    Derivative: exp(-w) / (1 + w). Raises ValueRangeError where w is complex and for another k.

    >>> nb.special.lambertw([0.0, 1.0])
    tensor([0.        , 0.56714329])
    """
    if k not in (0, -1):
        raise value_errors.bad_choice("special.lambertw", "k", k, (0, -1))
    return _lower(x) if k else _upper(x)
