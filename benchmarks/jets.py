"""Numbers with infinitesimals, and functions of them with derivatives in closed form, in mpmath.

A jet is x + sum of c e: the e are infinitesimals whose squares are 0, so that the coefficient of a product of
several is a partial derivative. A function adds its Taylor series.
"""

from __future__ import annotations

from typing import Any

from mpmath import mp, mpf

FAR = mpf(2) ** 40


class Jet:
    """A number with infinitesimals: coefficients by the set of infinitesimals they belong to, as bits."""

    __slots__ = ("parts",)

    def __init__(self, parts: dict[int, mpf]) -> None:
        self.parts = parts

    @property
    def real(self) -> mpf:
        return self.parts.get(0, mpf(0))

    def __add__(self, other: Any) -> Jet:
        parts = dict(self.parts)
        for key, c in jet(other).parts.items():
            parts[key] = parts.get(key, 0) + c
        return Jet(parts)

    def __mul__(self, other: Any) -> Jet:
        parts: dict[int, mpf] = {}
        for i, a in self.parts.items():
            for j, b in jet(other).parts.items():
                if not i & j:
                    parts[i | j] = parts.get(i | j, 0) + a * b
        return Jet(parts)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Jet:
        return self * -1

    def __sub__(self, other: Any) -> Jet:
        return self + -jet(other)

    def __rsub__(self, other: Any) -> Jet:
        return jet(other) + -self

    def __truediv__(self, other: Any) -> Jet:
        return self * reciprocal(jet(other))

    def __rtruediv__(self, other: Any) -> Jet:
        return jet(other) / self


def jet(x: Any) -> Jet:
    return x if isinstance(x, Jet) else Jet({0: x if isinstance(x, mpf) else mpf(x)})


def series(x: Any, *derivatives: mpf) -> Jet:
    """The function with these values of itself and its derivatives at x's real part, at x."""
    x = jet(x)
    step = Jet({key: c for key, c in x.parts.items() if key})
    power, total = jet(1), jet(derivatives[0])
    for k, d in enumerate(derivatives[1:], 1):
        power = power * step
        if not power.parts:
            break
        total = total + power * (d / mp.factorial(k))
    return total


# ------------------------------------------------------------------------------------- functions of jets
def reciprocal(x: Jet) -> Jet:
    a = x.real
    return series(x, 1 / a, -1 / a**2, 2 / a**3, -6 / a**4)


def power_of_e(a: mpf) -> mpf:
    """e^a; beyond FAR, where no format has it, that of FAR."""
    return mp.exp(max(-FAR, min(a, FAR)))


def exp(x: Any) -> Jet:
    e = power_of_e(jet(x).real)
    return series(x, e, e, e, e)


def log(x: Any) -> Jet:
    a = jet(x).real
    return series(x, mp.log(a), 1 / a, -1 / a**2, 2 / a**3)


def power(x: Any, c: Any) -> Jet:
    """x to a constant power."""
    a, c, factor, found = jet(x).real, mpf(c), mpf(1), []
    for k in range(4):
        found.append(factor * a ** (c - k) if factor else mpf(0))
        factor *= c - k
    return series(x, *found)


def sqrt(x: Any) -> Jet:
    return power(x, mpf(1) / 2)


def cbrt(x: Any) -> Jet:
    x = jet(x)
    return power(x, mpf(1) / 3) if x.real > 0 else -power(-x, mpf(1) / 3)


def sin(x: Any) -> Jet:
    s, c = mp.sin(jet(x).real), mp.cos(jet(x).real)
    return series(x, s, c, -s, -c)


def cos(x: Any) -> Jet:
    s, c = mp.sin(jet(x).real), mp.cos(jet(x).real)
    return series(x, c, -s, -c, s)


def hyperbola(x: Any) -> tuple[mpf, mpf]:
    """sinh and cosh."""
    e = power_of_e(jet(x).real)
    return (e - 1 / e) / 2, (e + 1 / e) / 2


def sinh(x: Any) -> Jet:
    s, c = hyperbola(x)
    return series(x, s, c, s, c)


def cosh(x: Any) -> Jet:
    s, c = hyperbola(x)
    return series(x, c, s, c, s)


def sigmoid(x: Any) -> Jet:
    e = power_of_e(-abs(jet(x).real))
    z = (1 if jet(x).real >= 0 else e) / (1 + e)
    d, turn = e / (1 + e) ** 2, 1 - 2 * z
    return series(x, z, d, d * turn, d * (turn**2 - 2 * d))


def tanh(x: Any) -> Jet:
    s, c = hyperbola(x)
    t, d = s / c, 1 / c**2
    return series(x, t, d, -2 * t * d, d * (4 * t**2 - 2 * d))


def asin(x: Any) -> Jet:
    a = jet(x).real
    r = (1 - a) * (1 + a)
    return series(x, mp.asin(a), r**-0.5, a * r**-1.5, (1 + 2 * a * a) * r**-2.5)


def atan(x: Any) -> Jet:
    a = jet(x).real
    r = 1 + a * a
    return series(x, mp.atan(a), 1 / r, -2 * a / r**2, (6 * a * a - 2) / r**3)


def asinh(x: Any) -> Jet:
    a = jet(x).real
    r = 1 + a * a
    return series(x, mp.asinh(a), r**-0.5, -a * r**-1.5, (2 * a * a - 1) * r**-2.5)


def acosh(x: Any) -> Jet:
    a = jet(x).real
    r = (a - 1) * (a + 1)
    return series(x, mp.acosh(a), r**-0.5, -a * r**-1.5, (2 * a * a + 1) * r**-2.5)


def atanh(x: Any) -> Jet:
    a = jet(x).real
    r = (1 - a) * (1 + a)
    return series(x, mp.atanh(a), 1 / r, 2 * a / r**2, (2 + 6 * a * a) / r**3)


def erf(x: Any, less: int = 0) -> Jet:
    """The error function, less 0 or 1; beyond a million constant."""
    a = jet(x).real
    if abs(a) > 10**6:
        return jet(mp.sign(a) - less)
    e = 2 / mp.sqrt(mp.pi) * mp.exp(-a * a)
    return series(x, -mp.erfc(a) if less else mp.erf(a), e, -2 * a * e, (4 * a * a - 2) * e)


def erfc(x: Any) -> Jet:
    return -erf(x, 1)


def normal(x: Any) -> Jet:
    """The standard normal distribution function."""
    return erfc(-jet(x) / mp.sqrt(2)) * mpf(0.5)


def absolute(x: Any) -> Jet:
    x = jet(x)
    return series(x, abs(x.real), mp.sign(x.real), mpf(0), mpf(0))


def general_power(x: Any, y: Any) -> Jet:
    """x to the power y. Raises ArithmeticError for x below 0 unless y is a constant integer."""
    x, y = jet(x), jet(y)
    if x.real > 0:
        return exp(y * log(x))
    if set(y.parts) != {0} or y.real != mp.floor(y.real):
        raise ArithmeticError("the logarithm of a negative number")
    return power(x, y.real)
