"""Bessel functions, with derivatives in the order too.

Derivatives of exponentially scaled ones are ops of their own: by the rule of the product they would cancel.
"""

from __future__ import annotations

from typing import Any

from nbgrad.define.special import inner, special
from nbgrad.engine.tensor import Tensor
from nbgrad.ops.compare import sign
from nbgrad.ops.elementwise import abs, exp, where
from nbgrad.ops.special_parts import known

__all__ = ["i0", "i0e", "i1", "i1e", "iv", "ive", "j0", "j1", "jn", "jv", "jve", "k0", "k0e", "k1", "k1e",
           "kn", "kv", "kve", "y0", "y1", "yn", "yv"]

_FAR, _RIGHT, _ORDER = (-4.0, 4.0), (0.5, 6.0), (0.2, 3.0)
_BOTH = (_ORDER, _RIGHT)
_IN_ORDER = "the integral of Schlaefli with one more power of the variable"

# ---------------------------------------------------------------------------------------------- ordinary
_j_order: Any = inner(
    "jv_order", "n v x", (lambda n, v, x, z: _j_order(n + 1, v, x),
                          lambda n, v, x, z: 0.5 * (_j_order(n, v - 1, x) - _j_order(n, v + 1, x))),
    at=_BOTH, static=((1,),), doc="Return the n-th derivative of jv(v, x) in v.")
_y_order: Any = inner(
    "yv_order", "n v x", (lambda n, v, x, z: _y_order(n + 1, v, x),
                          lambda n, v, x, z: 0.5 * (_y_order(n, v - 1, x) - _y_order(n, v + 1, x))),
    at=_BOTH, static=((1,),), doc="Return the n-th derivative of yv(v, x) in v.")
jv: Any = special(
    "jv", "v x", (lambda v, x, z: known(z, _j_order(1, v, x)),
                  lambda v, x, z: known(z, 0.5 * (jv(v - 1, x) - jv(v + 1, x)))),
    at=_BOTH, on_complex=True, formula=(_IN_ORDER, "(jv(v - 1, x) - jv(v + 1, x)) / 2"),
    example="0.5, [0.0, 2.0] -> tensor([0.        , 0.51301614])",
    doc="Return the Bessel function of the first kind of real order v.\n\n"
        "Its derivative in v is nan for negative x, and where 2 * x + pi * |v| is above 100 000.")
jn = jv
jve: Any = special(
    "jve", "v x", (lambda v, x, z: known(z, _j_order(1, v, x)),
                  lambda v, x, z: known(z, 0.5 * (jv(v - 1, x) - jv(v + 1, x)))),
    at=_BOTH, formula=(_IN_ORDER, "(jv(v - 1, x) - jv(v + 1, x)) / 2"),
    example="0.5, [0.0, 2.0] -> tensor([0.        , 0.51301614])",
    doc="Return jv(v, x), whose exponential scale is 1 for real x.\n\n"
        "Its derivative in v is nan for negative x.")
yv: Any = special(
    "yv", "v x", (lambda v, x, z: known(z, _y_order(1, v, x)),
                  lambda v, x, z: 0.5 * (yv(v - 1, x) - yv(v + 1, x))),
    at=_BOTH, on_complex=True, formula=(_IN_ORDER, "(yv(v - 1, x) - yv(v + 1, x)) / 2"),
    example="0.5, [1.0, 2.0] -> tensor([-0.43109887,  0.23478571])",
    doc="Return the Bessel function of the second kind of real order v.\n\n"
        "Its derivative in v is nan where 2 * x + pi * |v| is above 100 000.")
yn: Any = special(
    "yn", "n x", lambda n, x, z: 0.5 * (yn(n - 1, x) - yn(n + 1, x)) if n else -yn(1, x), at=_RIGHT,
    static=((0,), (2,)), formula="(yn(n - 1, x) - yn(n + 1, x)) / 2", example="1, 2.0 -> tensor(-0.10703243)",
    doc="Return the Bessel function of the second kind of order n, an integer, at least 0.")
j0: Any = special("j0", "x", lambda x, z: -j1(x), at=_FAR, formula="-j1(x)",
                  example="[0.0, 2.0] -> tensor([1.        , 0.22389078])",
                  doc="Return the Bessel function of the first kind of order 0.")
j1: Any = special("j1", "x", lambda x, z: 0.5 * (j0(x) - jv(2.0, x)), at=_FAR,
                  formula="(j0(x) - jv(2, x)) / 2", example="[0.0, 2.0] -> tensor([0.        , 0.57672481])",
                  doc="Return the Bessel function of the first kind of order 1.")
y0: Any = special("y0", "x", lambda x, z: -y1(x), at=_RIGHT, formula="-y1(x)",
                  example="[1.0, 2.0] -> tensor([0.08825696, 0.51037567])",
                  doc="Return the Bessel function of the second kind of order 0.")
y1: Any = special("y1", "x", lambda x, z: 0.5 * (y0(x) - yv(2.0, x)), at=_RIGHT,
                  formula="(y0(x) - yv(2, x)) / 2",
                  example="[1.0, 2.0] -> tensor([-0.78121282, -0.10703243])",
                  doc="Return the Bessel function of the second kind of order 1.")

# ---------------------------------------------------------------------------------------- modified, first
_i_part: Any = inner(
    "ive_part", "m n v x", (lambda m, n, v, x, z: _i_part(m, n + 1, v, x),
                            lambda m, n, v, x, z: _i_part(m + 1, n, v, x)),
    at=_BOTH, static=((0, 1), (1, 0)),
    doc="Return the m-th derivative in x of exp(-x) times the n-th derivative of iv(v, x) in v.")


def _ive_slope(v: Tensor, x: Tensor, z: Tensor) -> Tensor:
    left = x < 0                          # there only integer orders have values
    slope = 0.5 * (ive(v - 1, x) + ive(v + 1, x)) + z
    return known(z, where(left, slope, _i_part(1, 0, v, where(left, 1.0, x))))


iv: Any = special(
    "iv", "v x", (lambda v, x, z: known(z, exp(x) * _i_part(0, 1, v, x)),
                  lambda v, x, z: 0.5 * (iv(v - 1, x) + iv(v + 1, x))),
    at=_BOTH, on_complex=True, formula=(_IN_ORDER, "(iv(v - 1, x) + iv(v + 1, x)) / 2"),
    example="0.5, [0.0, 2.0] -> tensor([0.        , 2.04623686])",
    doc="Return the modified Bessel function of the first kind of real order v.\n\n"
        "Its derivative in v is nan for negative x.")
ive: Any = special(
    "ive", "v x", (lambda v, x, z: known(z, _i_part(0, 1, v, x)), _ive_slope),
    at=_BOTH, formula=(_IN_ORDER, "(ive(v - 1, x) + ive(v + 1, x)) / 2 - sign(x) * z"),
    example="0.5, [0.0, 1000.0] -> tensor([0.        , 0.01261566])", doc="Return exp(-|x|) * iv(v, x).")
i0: Any = special("i0", "x", lambda x, z: i1(x), at=_FAR, formula="i1(x)",
                  example="[0.0, 2.0] -> tensor([1.       , 2.2795853])",
                  doc="Return the modified Bessel function of the first kind of order 0.")
i1: Any = special("i1", "x", lambda x, z: 0.5 * (i0(x) + iv(2.0, x)), at=_FAR,
                  formula="(i0(x) + iv(2, x)) / 2", example="[0.0, 2.0] -> tensor([0.        , 1.59063685])",
                  doc="Return the modified Bessel function of the first kind of order 1.")
i0e: Any = special("i0e", "x", lambda x, z: sign(x) * _i_part(1, 0, 0.0, abs(x)), at=_RIGHT,
                   formula="i1e(x) - sign(x) * z",
                   example="[0.0, 1000.0] -> tensor([1.        , 0.01261724])",
                   doc="Return exp(-|x|) * i0(x), whose derivative at 0 is taken as 0.")
i1e: Any = special("i1e", "x", lambda x, z: _i_part(1, 0, 1.0, abs(x)), at=_RIGHT,
                   formula="(i0e(x) + ive(2, x)) / 2 - sign(x) * z",
                   example="[0.0, 1000.0] -> tensor([0.        , 0.01261093])",
                   doc="Return exp(-|x|) * i1(x).")

# --------------------------------------------------------------------------------------- modified, second
_k_moment: Any = inner(
    "kve_moment", "m n v x", (lambda m, n, v, x, z: _k_moment(m, n + 1, v, x),
                              lambda m, n, v, x, z: -_k_moment(m + 1, n, v, x)),
    at=_BOTH, static=((0, 1), (1, 0)),
    doc="Return exp(x) times the n-th derivative of kv(v, x) in v, minus its derivative in x m times.")
kv: Any = special(
    "kv", "v x", (lambda v, x, z: known(z, exp(-x) * _k_moment(0, 1, v, x)),
                  lambda v, x, z: -0.5 * (kv(v - 1, x) + kv(v + 1, x))),
    at=_BOTH, on_complex=True, formula=(_IN_ORDER, "-(kv(v - 1, x) + kv(v + 1, x)) / 2"),
    example="0.5, [1.0, 2.0] -> tensor([0.4610685 , 0.11993777])",
    doc="Return the modified Bessel function of the second kind of real order v.")
kve: Any = special(
    "kve", "v x", (lambda v, x, z: known(z, _k_moment(0, 1, v, x)),
                   lambda v, x, z: known(z, -_k_moment(1, 0, v, x))),
    at=_BOTH, formula=(_IN_ORDER, "z - (kve(v - 1, x) + kve(v + 1, x)) / 2"),
    example="0.5, [1.0, 1000.0] -> tensor([1.25331414, 0.03963327])", doc="Return exp(x) * kv(v, x).")
kn: Any = special(
    "kn", "n x", lambda n, x, z: -0.5 * (kn(n - 1, x) + kn(n + 1, x)) if n else -kn(1, x), at=_RIGHT,
    static=((0,), (2,)), formula="-(kn(n - 1, x) + kn(n + 1, x)) / 2", example="1, 2.0 -> tensor(0.13986588)",
    doc="Return the modified Bessel function of the second kind of order n, an integer, at least 0.")
k0: Any = special("k0", "x", lambda x, z: -k1(x), at=_RIGHT, formula="-k1(x)",
                  example="[1.0, 2.0] -> tensor([0.42102444, 0.11389387])",
                  doc="Return the modified Bessel function of the second kind of order 0.")
k1: Any = special("k1", "x", lambda x, z: -0.5 * (k0(x) + kv(2.0, x)), at=_RIGHT,
                  formula="-(k0(x) + kv(2, x)) / 2", example="[1.0, 2.0] -> tensor([0.60190723, 0.13986588])",
                  doc="Return the modified Bessel function of the second kind of order 1.")
k0e: Any = special("k0e", "x", lambda x, z: -_k_moment(1, 0, 0.0, x), at=_RIGHT, formula="z - k1e(x)",
                   example="[1.0, 1000.0] -> tensor([1.14446308, 0.03962832])", doc="Return exp(x) * k0(x).")
k1e: Any = special("k1e", "x", lambda x, z: -_k_moment(1, 0, 1.0, x), at=_RIGHT,
                   formula="z - (k0e(x) + kve(2, x)) / 2",
                   example="[1.0, 1000.0] -> tensor([1.63615349, 0.03964813])", doc="Return exp(x) * k1(x).")
