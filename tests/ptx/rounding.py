"""Sums and products of floats rounded once, in every rounding mode.

Products are split without error (Dekker) and sums too (Knuth); the last sum but one is rounded to odd, so
that the last one rounds as if nothing had been rounded before. Source: Boldo and Melquiond, Emulation of a
FMA and correctly rounded sums: proved algorithms using rounding to odd, IEEE Transactions on Computers 57
(2008). Where a product leaves the range in which its error is a float, and in the directed modes of float64,
Python's rational numbers decide."""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from ptx.faults import UnknownInstructionError
from ptx.kinds import Dtype

Array = np.ndarray
SPLITTER = 134217729.0                       # 2**27 + 1
BELOW_MIDDLE = (1 << 28) - 1                 # of a float64; a middle of two float32 has none of these bits
MODES = ("rn", "rz", "rm", "rp")


def two_sum(x: Array, y: Array) -> tuple[Array, Array]:
    """The rounded sum and its error."""
    total = x + y
    part = total - x
    return total, (x - (total - part)) + (y - part)


def two_product(x: Array, y: Array) -> tuple[Array, Array]:
    """The rounded product and its error, of float64 far from the ends of their range."""
    product = x * y
    a, b = x * SPLITTER, y * SPLITTER
    x_high, y_high = a - (a - x), b - (b - y)
    x_low, y_low = x - x_high, y - y_high
    return product, ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low


def odd_sum(x: Array, y: Array) -> Array:
    """The sum of float64, exact or else the neighbour with an odd last bit."""
    total, error = two_sum(x, y)
    raw = total.view(np.int64)
    step = np.where(np.signbit(total) == np.signbit(error), 1, -1)
    wrong = (error != 0) & (raw & 1 == 0) & np.isfinite(total)
    return np.where(wrong, raw + step, raw).view(np.float64)


def narrow(x: Array, dtype: Dtype, mode: str) -> Array:
    """float64 rounded to a narrower type in a mode."""
    near = x.astype(dtype)
    if mode == "rn":
        return near
    back, infinity = near.astype(np.float64), dtype.type(np.inf)
    if mode == "rz":
        return np.where(np.abs(back) > np.abs(x), np.nextafter(near, dtype.type(0)), near)
    too_far = back > x if mode == "rm" else back < x
    return np.where(too_far, np.nextafter(near, -infinity if mode == "rm" else infinity), near)


def rational(value: Fraction, mode: str) -> float:
    """The float64 next to a rational number in a rounding mode."""
    try:
        near = float(value)
    except OverflowError:
        near = math.inf if value > 0 else -math.inf
    if mode == "rn":
        return near
    exact = value == Fraction(near) if math.isfinite(near) else False
    above = near > value if math.isfinite(near) else near > 0
    up = mode == "rp" or (mode == "rz" and value < 0)
    if exact or above == up:
        return near
    return math.nextafter(near, math.inf if up else -math.inf)


def one_by_one(function: Callable[..., Fraction], mode: str, plain: Array, *values: Array) -> Array:
    """`plain` with the elements computed in rational numbers whose arguments are finite.

    An exact zero keeps the sign that it has in `plain`."""
    result = plain.copy()
    flat = [v.reshape(-1) for v in np.broadcast_arrays(*values)]
    for place in range(result.size):
        given = [float(v[place]) for v in flat]
        if all(map(math.isfinite, given)):
            value = function(*map(Fraction, given))
            if value:
                result.reshape(-1)[place] = rational(value, mode)
    return result


def fma64(x: Array, y: Array, z: Array) -> Array:
    """x * y + z of float64, rounded once to nearest."""
    x, y, z = np.broadcast_arrays(x, y, z)
    high, low = two_product(x, y)
    top, rest = two_sum(z, low)
    top, more = two_sum(high, top)
    result = top + odd_sum(rest, more)
    plain = high + z
    size = np.abs(high)
    safe = ((size > 2.0 ** -960) | (x == 0) | (y == 0)) & (size < 2.0 ** 1000)
    safe &= (np.abs(x) < 2.0 ** 900) & (np.abs(y) < 2.0 ** 900) & (np.abs(z) < 2.0 ** 1000)
    result = np.where(safe & (result != 0), result, plain)
    if not safe.all():
        hard = np.flatnonzero(~safe)
        result[hard] = one_by_one(lambda a, b, c: a * b + c, "rn", plain[hard], x[hard], y[hard], z[hard])
    return result


def fma(x: Array, y: Array, z: Array, mode: str = "rn") -> Array:
    """x * y + z rounded once. All of one dtype: float16, float32 or float64."""
    x, y, z = (np.atleast_1d(v) for v in (x, y, z))
    if x.dtype == np.float64:
        if mode == "rn":
            return fma64(x, y, z)
        return one_by_one(lambda a, b, c: a * b + c, mode, x * y + z, x, y, z)
    product, addend = x.astype(np.float64) * y.astype(np.float64), z.astype(np.float64)
    if mode == "rn" and x.dtype == np.float32:
        total = product + addend
        if (total.view(np.int64) & BELOW_MIDDLE).all():
            return total.astype(np.float32)
    return narrow(odd_sum(product, addend), x.dtype, mode)


def directed(name: str, x: Array, y: Array, mode: str) -> Array:
    """add, sub, mul or div of one dtype, rounded in a mode other than to nearest."""
    x, y = np.atleast_1d(x), np.atleast_1d(y)
    if name == "div":
        plain = x / y
        if x.dtype != np.float64:
            raise UnknownInstructionError(f"div.{mode} of {x.dtype}")
        return np.where(y == 0, plain, one_by_one(lambda a, b: a / (b or 1), mode, plain, x, y))
    one = np.ones(1, x.dtype)
    if name == "mul":
        return fma(x, y, np.copysign(0, x * y).astype(x.dtype), mode)
    return fma(x, one, -y if name == "sub" else y, mode)
