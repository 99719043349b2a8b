"""Powers and roots."""

from __future__ import annotations

import math

from nbgrad.compile.cpu.vecmath import coefficients as table
from nbgrad.compile.cpu.vecmath.exponential import exp, raised, reduced
from nbgrad.compile.cpu.vecmath.lanes import (
    Lane,
    copysign,
    fma,
    larger,
    nearest,
    polynomial,
    rint,
    smaller,
    sqrt,
    two_product,
    two_sum,
    where,
)
from nbgrad.compile.cpu.vecmath.logarithm import series, split

_TWO_THIRDS = 2 / 3, 2.0 ** -54 * 2 / 3   # in two parts


def _logarithm(x: Lane) -> tuple[Lane, Lane]:
    """log x of a positive finite float64 in two parts, to about 2^-65 of it."""
    k, f = split(x)
    # s = f / (2 + f)
    below, lost = two_sum(x.constant(2.0), f)
    inverse = 1.0 / below
    s = f * inverse
    s_low = (fma(-s, below, f) - s * lost) * inverse
    z, z_low = two_product(s, s)
    z_low = fma(s + s, s_low, z_low)
    # log(1 + f) = 2 s + s z (2/3 + z tail(z))
    g, g_low = two_sum(x.constant(_TWO_THIRDS[0]), z * polynomial(table.LOG_TAIL[64], z))
    v, v_low = two_product(z, g)
    v_low = v_low + fma(z, g_low + _TWO_THIRDS[1], z_low * g)
    w, w_low = two_product(s, v)
    w_low = w_low + fma(s, v_low, s_low * v)
    high, low = two_sum(s + s, w)
    low = low + (s_low + s_low + w_low)
    total, rest = two_sum(k * table.LN2[64][0], high)
    return two_sum(total, rest + fma(k, table.LN2[64][1], low))


def _short(a: Lane, y: Lane) -> Lane:
    """a^y in float64, to the 2^-30 that float32 needs, and kept to what its exponents reach."""
    k, f = split(a)
    half, rest = series(f, table.LOG_SHORT[64])
    high = fma(k, math.log(2), f - (half - rest))
    high = where(a < math.inf, high, a)
    product = y * where(a.equals(0.0), -math.inf, high)
    product = where(product > 200.0, 200.0, where(product < -200.0, -200.0, product))
    return raised(*reduced(product, terms=table.EXP_SHORT[64], offset=product.format.bias))


def _size(a: Lane, y: Lane) -> Lane:
    """a^y for a that is not negative, 0 and inf included, exceptions not; float32 is computed in float64."""
    if a.format.bits == 32:
        return _short(a.to("float64"), y.to("float64")).to("float32")
    high, low = _logarithm(a)
    high = where(a < math.inf, high, a)
    high = where(a.equals(0.0), -math.inf, high)
    product = y * high
    return exp(product, fma(y, low, fma(y, high, -product)))


def pow(x: Lane, y: Lane) -> Lane:
    """e^(y log|x|), with the exceptions that IEEE 754 lists."""
    size = _size(abs(x), y)
    whole = rint(y).equals(y)
    odd = whole & ~rint(0.5 * y).equals(0.5 * y)
    z = where(odd, copysign(size, x), size)
    z = where((x < 0.0) & (x > -math.inf) & ~whole, math.nan, z)
    one = y.equals(0.0) | x.equals(1.0) | (x.equals(-1.0) & abs(y).equals(math.inf))
    return where(one, 1.0, z)


def cbrt(x: Lane) -> Lane:
    """Of x = w * 8^q, w from 1 to 8, by Newton's steps towards w^(-1/3), and one more for the root itself."""
    form = x.format
    a = abs(x)
    small = a < float(form.info.tiny)
    lift = 3 * (form.digits // 3 + 1)
    bits = where(small, a * 2.0 ** lift, a).pattern()
    exponent = (bits >> form.digits) - form.bias
    third, q = nearest(exponent.to_real() * (1 / 3) - 1 / 3)
    m = (bits - (exponent << form.digits)).as_real()
    left = exponent.to_real() - 3.0 * third
    w = where(left.equals(0.0), m, where(left.equals(1.0), 2.0 * m, 4.0 * m))
    seed = where(left.equals(0.0), x.constant(1.0), where(left.equals(1.0), x.constant(0.5 ** (1 / 3)),
                                                          0.25 ** (1 / 3)))
    y = seed * polynomial(table.CBRT[form.bits], m)
    if form.bits == 64:
        y = fma(y * (1 / 3), fma(-w * y, y * y, 1.0), y)
    root = w * y * y
    square, lost = two_product(root, root)
    root = fma(fma(lost, root, fma(square, root, -w)) * (-1 / 3), y * y, root)
    place = q - where(small, q.constant(lift // 3), 0)
    z = root * ((place + form.bias) << form.digits).as_real()
    return where(a < math.inf, where(x.equals(0.0), x, copysign(z, x)), x)


def hypot(x: Lane, y: Lane) -> Lane:
    """sqrt(x^2 + y^2) of the operands brought near 1; inf if one is, even beside nan."""
    a, b = abs(x), abs(y)
    top, low = larger(a, b), smaller(a, b)
    middle = 2.0 ** (x.format.bias // 2 - 3)
    up, down = top < 1 / middle, top > middle
    scale = where(up, x.constant(middle ** 1.5), where(down, x.constant(1 / middle ** 1.25), 1.0))
    back = where(up, x.constant(1 / middle ** 1.5), where(down, x.constant(middle ** 1.25), 1.0))
    top, low = top * scale, low * scale
    z = sqrt(fma(top, top, low * low)) * back
    z = where((a + b).isnan(), math.nan, z)
    return where(a.equals(math.inf) | b.equals(math.inf), math.inf, z)


UNARY = (cbrt,)
BINARY = (pow, hypot)
