"""Elliptic integrals of a parameter m, complete and incomplete, with derivatives in angle and parameter.

Derivatives are integrals of the same kind, which nothing that cancels is made of: ops of their own.
"""

from __future__ import annotations

from typing import Any

from nbgrad.define.scalar import Elementwise
from nbgrad.define.special import inner, special
from nbgrad.engine.tensor import Tensor
from nbgrad.ops.elementwise import cos, hypot, sin, sqrt, square
from nbgrad.ops.powers import pow
from nbgrad.ops.special_parts import known

__all__ = ["ellipe", "ellipeinc", "ellipk", "ellipkinc", "ellipkm1"]

_BELOW, _REST, _ANGLE = (-2.0, 0.9), (0.1, 3.0), (-3.0, 3.0)
# sqrt(1 - m * sin(phi)**2), also where that is near 0
_delta: Any = Elementwise(
    "delta", lambda phi, m: hypot(cos(phi), sqrt(1 - m) * sin(phi)),
    lambda phi, m, z: (-m * sin(phi) * cos(phi) / z, -0.5 * square(sin(phi)) / z), arity=2)
_complete: Any = inner(
    "elliptic_complete", "k n p", lambda k, n, p, z: -(n + 0.5) * _complete(k + 1, n + 1, p), at=_REST,
    static=((1, 0), (1, 1)),
    doc="Return the integral of sin(t)**(2 * k) / delta(t)**(2 * n + 1) for t from 0 to pi / 2, "
        "delta(t) being sqrt(cos(t)**2 + p * sin(t)**2).")


def _slope(k: int, n: int, phi: Tensor, m: Tensor) -> Tensor:
    """The integrand sin(phi)**(2 * k) / delta(phi)**(2 * n + 1)."""
    return pow(sin(phi), 2 * k) / pow(_delta(phi, m), 2 * n + 1)


_incomplete: Any = inner(
    "elliptic_incomplete", "k n phi p",
    (lambda k, n, phi, p, z: known(z, _slope(k, n, phi, 1 - p)),
     lambda k, n, phi, p, z: -(n + 0.5) * _incomplete(k + 1, n + 1, phi, p)), at=(_ANGLE, _REST),
    static=((1, 0), (1, 1)), doc="Return the integral of elliptic_complete for t from 0 to phi.")

ellipk: Any = special(
    "ellipk", "m", lambda m, z: known(z, 0.5 * _complete(1, 1, 1 - m)), at=_BELOW,
    formula="(ellipe(m) / (1 - m) - z) / (2 * m)", example="[0.0, 0.5] -> tensor([1.57079633, 1.85407468])",
    doc="Return the complete elliptic integral of the first kind, nan for a parameter m above 1.")
ellipkm1: Any = special(
    "ellipkm1", "p", lambda p, z: known(z, -0.5 * _complete(1, 1, p)), at=_REST,
    formula="-(ellipe(1 - p) / p - z) / (2 * (1 - p))",
    example="[1.0, 1e-100] -> tensor([  1.57079633, 116.51554901])",
    doc="Return ellipk(1 - p), accurate near p = 0.")
ellipe: Any = special(
    "ellipe", "m", lambda m, z: known(z, -0.5 * _complete(1, 0, 1 - m)), at=_BELOW,
    formula="(z - ellipk(m)) / (2 * m)", example="[0.0, 0.5] -> tensor([1.57079633, 1.35064388])",
    doc="Return the complete elliptic integral of the second kind, nan for a parameter m above 1.\n\n"
        "Its derivative at m = 1 is -inf.")
ellipkinc: Any = special(
    "ellipkinc", "phi m", (lambda phi, m, z: known(z, 1 / _delta(phi, m)),
                           lambda phi, m, z: known(z, 0.5 * _incomplete(1, 1, phi, 1 - m))),
    at=(_ANGLE, _BELOW), formula=(
        "1 / sqrt(1 - m * sin(phi)**2)",
        "(ellipeinc(phi, m) / (1 - m) - z) / (2 * m) - sin(2 * phi) / (4 * (1 - m) * "
        "sqrt(1 - m * sin(phi)**2))"),
    example="[0.0, 1.0], 0.5 -> tensor([0.        , 1.08321677])",
    doc="Return the elliptic integral of the first kind of an angle phi, nan for a parameter m above "
        "1.")
ellipeinc: Any = special(
    "ellipeinc", "phi m", (lambda phi, m, z: known(z, _delta(phi, m)),
                           lambda phi, m, z: known(z, -0.5 * _incomplete(1, 0, phi, 1 - m))),
    at=(_ANGLE, _BELOW),
    formula=("sqrt(1 - m * sin(phi)**2)", "(z - ellipkinc(phi, m)) / (2 * m)"),
    example="[0.0, 1.0], 0.5 -> tensor([0.        , 0.92732988])",
    doc="Return the elliptic integral of the second kind of an angle phi, nan for a parameter m above "
        "1.")
