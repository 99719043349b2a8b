"""Lanes: the numbers of a formula as it is written into LLVM code, with Python's operators.

A formula is a Python function on lanes, the same for float32 and float64. It has no branches, so LLVM turns
a loop over it into vector code. Comparisons give lanes of one bit, for `where`. A Python number that meets
a lane becomes a constant of its type.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir


@dataclass(frozen=True)
class Format:
    """A floating-point format.

    digits: bits of the mantissa that are stored; bias: of the exponent
    """

    name: str
    bits: int
    digits: int
    bias: int
    real: ir.Type
    whole: ir.Type

    @property
    def info(self) -> Any:
        """The limits of the format."""
        return np.finfo(self.name)


FORMATS = {"float32": Format("float32", 32, 23, 127, ir.FloatType(), ir.IntType(32)),
           "float64": Format("float64", 64, 52, 1023, ir.DoubleType(), ir.IntType(64))}


class Lane:
    """A real number, an integer or a bit of LLVM code under construction; or a vector of them."""

    __slots__ = ("builder", "value")
    builder: Any
    value: Any

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder, self.value = builder, value

    @property
    def format(self) -> Format:
        """The format of a real lane, or of the reals as wide as this integer."""
        return FORMATS["float32" if self.element in (ir.FloatType(), ir.IntType(32)) else "float64"]

    @property
    def element(self) -> ir.Type:
        kind = self.value.type
        return kind.element if isinstance(kind, ir.VectorType) else kind

    @property
    def real(self) -> bool:
        return not isinstance(self.element, ir.IntType)

    def constant(self, number: Any) -> Lane:
        """A number as a lane of this lane's type."""
        if isinstance(number, Lane):
            return number
        if self.real and self.format.bits == 32:
            number = float(np.float32(number))
        kind, value = self.value.type, float(number) if self.real else int(number)
        filled = [value] * kind.count if isinstance(kind, ir.VectorType) else value
        return Lane(self.builder, ir.Constant(kind, filled))

    def _join(self, real: str, whole: str, other: Any, swap: bool = False) -> Lane:
        x, y = self.value, self.constant(other).value
        if swap:
            x, y = y, x
        return Lane(self.builder, getattr(self.builder, real if self.real else whole)(x, y))

    def __add__(self, other: Any) -> Lane:
        return self._join("fadd", "add", other)

    def __radd__(self, other: Any) -> Lane:
        return self._join("fadd", "add", other, swap=True)

    def __sub__(self, other: Any) -> Lane:
        return self._join("fsub", "sub", other)

    def __rsub__(self, other: Any) -> Lane:
        return self._join("fsub", "sub", other, swap=True)

    def __mul__(self, other: Any) -> Lane:
        return self._join("fmul", "mul", other)

    def __rmul__(self, other: Any) -> Lane:
        return self._join("fmul", "mul", other, swap=True)

    def __truediv__(self, other: Any) -> Lane:
        return self._join("fdiv", "", other)

    def __rtruediv__(self, other: Any) -> Lane:
        return self._join("fdiv", "", other, swap=True)

    def __and__(self, other: Any) -> Lane:
        return self._join("", "and_", other)

    def __or__(self, other: Any) -> Lane:
        return self._join("", "or_", other)

    def __xor__(self, other: Any) -> Lane:
        return self._join("", "xor", other)

    def __lshift__(self, count: int) -> Lane:
        return self._join("", "shl", count)

    def __rshift__(self, count: int) -> Lane:
        return self._join("", "ashr", count)

    def __neg__(self) -> Lane:
        negate = self.builder.fneg if self.real else self.builder.neg
        return Lane(self.builder, negate(self.value))

    def __invert__(self) -> Lane:
        return Lane(self.builder, self.builder.not_(self.value))

    def _compare(self, sign: str, other: Any) -> Lane:
        compare = self.builder.fcmp_ordered if self.real else self.builder.icmp_signed
        return Lane(self.builder, compare(sign, self.value, self.constant(other).value))

    def __lt__(self, other: Any) -> Lane:
        return self._compare("<", other)

    def __le__(self, other: Any) -> Lane:
        return self._compare("<=", other)

    def __gt__(self, other: Any) -> Lane:
        return self._compare(">", other)

    def __ge__(self, other: Any) -> Lane:
        return self._compare(">=", other)

    def equals(self, other: Any) -> Lane:
        """Whether both are the same number; nan equals nothing."""
        return self._compare("==", other)

    def isnan(self) -> Lane:
        return Lane(self.builder, self.builder.fcmp_unordered("uno", self.value, self.value))

    def __abs__(self) -> Lane:
        return _intrinsic("fabs", self)

    def pattern(self) -> Lane:
        """The bits of a real lane, as an integer."""
        return Lane(self.builder, self.builder.bitcast(self.value, self.format.whole))

    def as_real(self) -> Lane:
        """The real lane of these bits."""
        return Lane(self.builder, self.builder.bitcast(self.value, self.format.real))

    def to_real(self) -> Lane:
        """The integer as a real number; below 2^(digits - 2), as few processors convert vectors of others."""
        magic = Lane(self.builder, ir.Constant(self.format.real, 1.5 * 2.0 ** self.format.digits))
        return (self + magic.pattern()).as_real() - magic

    def to(self, name: str) -> Lane:
        """The real lane in another format."""
        kind = FORMATS[name].real
        convert = self.builder.fpext if FORMATS[name].bits > self.format.bits else self.builder.fptrunc
        return self if self.value.type == kind else Lane(self.builder, convert(self.value, kind))


def attribute(function: ir.Function, text: str) -> None:
    """Give a function an attribute that llvmlite has no name for."""
    set.add(function.attributes, text)


def _intrinsic(name: str, *xs: Lane) -> Lane:
    """LLVM's own function on lanes of one type."""
    builder, kind = xs[0].builder, xs[0].value.type
    word = f"v{kind.count}" if isinstance(kind, ir.VectorType) else ""
    function = builder.module.declare_intrinsic(
        f"llvm.{name}.{word}{xs[0].element.intrinsic_name}", (), ir.FunctionType(kind, [kind] * len(xs)))
    return Lane(builder, builder.call(function, [x.value for x in xs]))


def where(condition: Lane, x: Any, y: Any) -> Lane:
    """x where the condition holds, y elsewhere; one of them may be a Python number."""
    x, y = (x, x.constant(y)) if isinstance(x, Lane) else (y.constant(x), y)
    return Lane(condition.builder, condition.builder.select(condition.value, x.value, y.value))


def fma(x: Any, y: Any, z: Any) -> Lane:
    """x * y + z with one rounding; at least one of them is a lane."""
    some = next(v for v in (x, y, z) if isinstance(v, Lane))
    return _intrinsic("fma", *[some.constant(v) for v in (x, y, z)])


def rint(x: Lane) -> Lane:
    """The nearest integer, ties to even, of any size."""
    return _intrinsic("rint", x)


def floor(x: Lane) -> Lane:
    """The largest integer not above x."""
    return _intrinsic("floor", x)


def trunc(x: Lane) -> Lane:
    """x without its fraction."""
    return _intrinsic("trunc", x)


def sqrt(x: Lane) -> Lane:
    return _intrinsic("sqrt", x)


def copysign(x: Any, y: Lane) -> Lane:
    """|x| with the sign of y."""
    return _intrinsic("copysign", y.constant(x), y)


def smaller(x: Lane, y: Any) -> Lane:
    """The smaller of two; y where one of them is nan."""
    return where(x < y, x, y)


def larger(x: Lane, y: Any) -> Lane:
    """The larger of two; y where one of them is nan."""
    return where(x > y, x, y)


def nearest(x: Lane) -> tuple[Lane, Lane]:
    """The nearest integer, as a real number and as an integer lane; |x| below 2^(digits - 2).

    Adding 1.5 * 2^digits leaves no bits for a fraction, and the integer in the lowest bits.
    """
    magic = 1.5 * 2.0 ** x.format.digits
    shifted = x + magic
    return shifted - magic, shifted.pattern() - x.constant(magic).pattern()


def polynomial(coefficients: Sequence[float], x: Lane) -> Lane:
    """sum of coefficients[k] * x^k, in Estrin's form: pairs, pairs of pairs, none waiting for another."""
    terms: list[Any] = list(coefficients)
    power = x
    while len(terms) > 1:
        paired = [fma(high, power, low) for low, high in zip(terms[::2], terms[1::2], strict=False)]
        terms = paired + terms[len(terms) - len(terms) % 2:]
        power = power * power
    return x.constant(terms[0])


def two_sum(x: Lane, y: Lane) -> tuple[Lane, Lane]:
    """x + y rounded, and what was rounded off, exactly; |x| is not below |y|. Source: Dekker, 1971."""
    total = x + y
    return total, y - (total - x)


def two_product(x: Any, y: Any) -> tuple[Lane, Lane]:
    """x * y rounded, and what was rounded off, exactly."""
    product = x * y
    return product, fma(x, y, -product)
