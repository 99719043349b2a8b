"""Formulas of elementwise ops in LaTeX, read off the programs that their kernels are made of.

An op's value and its derivative are recorded on symbols, as for a kernel, so that a formula is what is
computed: tanh's slope is 4 e / (1 + e)^2 with e = exp(-2 |x|), as it is in the kernel.
"""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from nbgrad.define import inputs
from nbgrad.define.declare import Choice
from nbgrad.define.registry import Row
from nbgrad.define.scalar import Elementwise
from nbgrad.define.scalar_program import Program, Symbol
from nbgrad.engine.tensor import raw

# How tightly what is written holds together
_CHOICE, _LOGIC, _COMPARED, _SUM, _PRODUCT, _POWER, _ATOM = range(7)
_LONG = 90                                # characters from which parts that come twice have names
_PART = 9                                 # the least characters of such a part

# op -> its template and how tightly it holds; {0}: the first operand, {0:k}: in parentheses if it is looser
# than k. What is not here is written as a function of its name.
_TEMPLATES: dict[str, tuple[str, int]] = {
    "add": ("{0:3} + {1:3}", _SUM), "subtract": ("{0:3} - {1:4}", _SUM),
    "negative": ("-{0:4}", _SUM), "positive": ("{0}", _SUM),
    "reciprocal": (r"\frac{{1}}{{{0}}}", _POWER),
    "square": ("{0:6}^{{2}}", _POWER), "sqrt": (r"\sqrt{{{0}}}", _ATOM), "cbrt": (r"\sqrt[3]{{{0}}}", _ATOM),
    "abs": (r"\left|{0}\right|", _ATOM), "exp": ("e^{{{0}}}", _POWER), "exp2": ("2^{{{0}}}", _POWER),
    "expm1": ("e^{{{0}}} - 1", _SUM), "exp2_slope": (r"2^{{{0}}} \log 2", _PRODUCT),
    "expm1_slope": ("e^{{{0}}}", _POWER), "log": (r"\log {0:5}", _PRODUCT),
    "log2": (r"\log_2 {0:5}", _PRODUCT), "log10": (r"\log_{{10}} {0:5}", _PRODUCT),
    "log1p": (r"\log\left(1 + {0:3}\right)", _PRODUCT),
    "logaddexp": (r"\log\left(e^{{{0}}} + e^{{{1}}}\right)", _PRODUCT),
    "decay": (r"e^{{-\left|{0}\right|}}", _POWER), "gauss": ("e^{{-{0:6}^2}}", _POWER),
    "half_gauss": ("e^{{-{0:6}^2 / 2}}", _POWER), "normcdf": (r"\Phi\left({0}\right)", _ATOM),
    "sin": (r"\sin {0:5}", _PRODUCT), "cos": (r"\cos {0:5}", _PRODUCT), "tan": (r"\tan {0:5}", _PRODUCT),
    "sinh": (r"\sinh {0:5}", _PRODUCT), "cosh": (r"\cosh {0:5}", _PRODUCT),
    "tanh": (r"\tanh {0:5}", _PRODUCT), "asin": (r"\arcsin {0:5}", _PRODUCT),
    "acos": (r"\arccos {0:5}", _PRODUCT),
    "atan": (r"\arctan {0:5}", _PRODUCT), "hypot": (r"\sqrt{{{0:6}^2 + {1:6}^2}}", _ATOM),
    "pow": ("{0:6}^{{{1}}}", _POWER), "strong_product": (r"{0:4} \, {1:4}", _PRODUCT),
    "maximum": (r"\max\left({0}, {1}\right)", _ATOM), "minimum": (r"\min\left({0}, {1}\right)", _ATOM),
    "floor": (r"\left\lfloor {0} \right\rfloor", _ATOM), "ceil": (r"\left\lceil {0} \right\rceil", _ATOM),
    "floor_divide": (r"\left\lfloor {0:5} / {1:5} \right\rfloor", _ATOM),
    "remainder": (r"{0:4} - {1:5} \left\lfloor {0:5} / {1:5} \right\rfloor", _SUM),
    "share": (r"[{0} > {1}] + \frac{{1}}{{2}} [{0} = {1}]", _SUM),
    "less": ("{0:3} < {1:3}", _COMPARED), "less_equal": (r"{0:3} \le {1:3}", _COMPARED),
    "greater": ("{0:3} > {1:3}", _COMPARED), "greater_equal": (r"{0:3} \ge {1:3}", _COMPARED),
    "equal": ("{0:3} = {1:3}", _COMPARED), "not_equal": (r"{0:3} \ne {1:3}", _COMPARED),
    "isinf": (r"\left|{0}\right| = \infty", _COMPARED), "logical_not": (r"\neg {0:6}", _LOGIC),
    "logical_and": (r"{0:2} \land {1:2}", _LOGIC), "both": (r"{0:2} \land {1:2}", _LOGIC),
    "logical_or": (r"{0:2} \lor {1:2}", _LOGIC), "either": (r"{0:2} \lor {1:2}", _LOGIC),
    "logical_xor": (r"{0:2} \oplus {1:2}", _LOGIC),
    "masked": (r"[{0}] \, {1:4}", _PRODUCT),
    "where": (r"\begin{{cases}} {1} & {0} \\ {2} & \text{{else}} \end{{cases}}", _CHOICE),
}
_CONSTANTS = {2 / math.sqrt(math.pi): ("2", r"\sqrt{\pi}"),
              1 / math.sqrt(2 * math.pi): ("1", r"\sqrt{2 \pi}"),
              1 / math.log(2): ("1", r"\left(\log 2\right)"),
              1 / math.log(10): ("1", r"\left(\log 10\right)")}


class _Written(str):
    """LaTeX that knows how tightly it holds together, and its two parts if it is a quotient."""

    tight: int
    ratio: tuple[str, str] | None

    def __new__(cls, text: str, tight: int, ratio: tuple[str, str] | None = None) -> _Written:
        made = super().__new__(cls, text)
        made.tight, made.ratio = tight, ratio
        return made

    def __format__(self, least: str) -> str:
        loose = least and self.tight < int(least)
        return rf"\left({self!s}\right)" if loose else str(self)


@dataclass
class Formulas:
    """What an op computes: its value, and for each operand the cotangent that it passes back, or None.

    parts : (name, formula) of what comes more than once in these
    """

    names: list[str]
    value: str
    cotangents: dict[str, str | None] = field(default_factory=dict)
    parts: list[tuple[str, str]] = field(default_factory=list)


class _Writer:
    """Writes symbols, of which those in `named` have names."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names, self.named = names, dict[Symbol, str]()

    def write(self, x: Any, inside: bool = True) -> _Written:
        if not isinstance(x, Symbol):
            return _number(x)
        if inside and x in self.named:
            return _Written(self.named[x], _ATOM)
        if x.op is None:
            return _Written(self.names[x.name], _ATOM)
        args = [self.write(a) for a in x.args]
        if x.op.name == "multiply":
            return _product(*args)
        if x.op.name == "divide":
            return _quotient(*args)
        if x.op.name not in _TEMPLATES:
            return _Written(rf"\operatorname{{{_plain(x.op.name)}}}\left({', '.join(args)}\right)", _ATOM)
        template, tight = _TEMPLATES[x.op.name]
        return _Written(template.format(*args), tight)


def _plain(name: str) -> str:
    return name.replace("_", r"\_")


def _product(a: _Written, b: _Written) -> _Written:
    if str(b) == "-1" or str(a) == "-1":
        return _Written(f"-{a if str(b) == '-1' else b:4}", _SUM)
    if a == b:
        return _Written(f"{a:6}^{{2}}", _POWER)
    if b.ratio is not None and b.ratio[0] in ("1", "-1"):
        return _quotient(a if b.ratio[0] == "1" else _Written(f"-{a:4}", _SUM), _Written(b.ratio[1], _SUM))
    if a.tight == _PRODUCT and a.endswith((rf"\, {b:4}", rf"\cdot {b:4}")):
        return _Written(f"{a.removesuffix(f'{b:4}')}{b:6}^{{2}}", _PRODUCT)
    dot = r"\cdot" if b[0].isdigit() else r"\,"
    return _Written(rf"{a:4} {dot} {b:4}", _PRODUCT)


def _quotient(a: _Written, b: _Written) -> _Written:
    if a.ratio is not None and len(a.ratio[0]) < 3:      # of a number, as 1/2
        above, below = a.ratio
        a, b = _Written(above, _ATOM), _product(_Written(below, _PRODUCT), b)
    return _Written(rf"\frac{{{a}}}{{{b}}}", _POWER, (str(a), str(b)))


def _number(x: Any) -> _Written:
    x = float(x)
    if math.isinf(x):
        return _Written(r"\infty" if x > 0 else r"-\infty", _ATOM if x > 0 else _SUM)
    for value, (above, below) in _CONSTANTS.items():
        if abs(abs(x) - value) < 1e-15:
            return _quotient(_Written(above if x > 0 else f"-{above}", _ATOM), _Written(below, _PRODUCT))
    if x == int(x) and abs(x) < 1e6:
        return _Written(str(int(x)), _ATOM if x >= 0 else _SUM)
    power = math.log2(abs(x))
    if power == round(power) and abs(power) > 8:
        return _Written(f"2^{{{round(power)}}}", _POWER)
    near = Fraction(x).limit_denominator(12)
    if abs(near - Fraction(x)) < 1e-15:
        return _quotient(_Written(str(near.numerator), _ATOM), _Written(str(near.denominator), _ATOM))
    return _Written(f"{x:.6g}", _ATOM)


def formulas(row: Row) -> Formulas:
    """The formulas of an elementwise op of the table."""
    op: Any = row.op
    many = [p.name for p in inspect.signature(op).parameters.values()]
    count, spans = op.arity, list[Any](inputs.spans(row))
    if isinstance(op, Choice):
        spans = spans + [float] * len(op.numbers)
        many = many[:count] + list(op.numbers)
        op = op._make(op.defaults, op.numbers)
    kinds = ["bool" if span is bool else "int64" if span is int else "float64" for span in spans]
    return _of(op, many, kinds, count)


def _of(op: Elementwise, names: list[str], kinds: list[str], count: int) -> Formulas:
    program = Program()
    xs = [program.operand(f"a{i}", kind) for i, kind in enumerate(kinds)]
    z, g = program.operand("z", "float64"), program.operand("g", "float64")
    value = op.fold(xs)
    if op.primitive:                          # a masked operand aside, it is the op of its operands
        value = program.emit(op, tuple(xs))
    found = [] if op.discrete else op.cotangents([g], xs, [z], [k < count for k in range(len(xs))])
    cotangents = [None if c is None else raw(c) for c in found[:count]]
    writer = _Writer({f"a{i}": letter(name) for i, name in enumerate(names)} | {"z": "z", "g": "g"})
    parts = _named(writer, [value, *[c for c in cotangents if c is not None]])
    return Formulas(names[:count], writer.write(value),
                    {name: None if c is None else writer.write(c) for name, c in zip(names, cotangents)},
                    [(writer.named[s], writer.write(s, inside=False)) for s in parts])


def _named(writer: _Writer, results: list[Any]) -> list[Symbol]:
    """Give names to what comes more than once in long formulas; these symbols, each before it is used."""
    if sum(len(writer.write(r)) for r in results) <= _LONG * len(results):
        return []
    used: dict[Symbol, int] = {}
    order: list[Symbol] = []

    def visit(x: Any) -> None:
        if isinstance(x, Symbol) and x.op is not None:
            used[x] = used.get(x, 0) + 1
            if used[x] == 1:
                for a in x.args:
                    visit(a)
                order.append(x)

    for r in results:
        visit(r)
    shared = [s for s in order if (used[s] > 1 and len(writer.write(s)) >= _PART)
              or (s.op.name == "where" and s not in results)]
    for k, s in enumerate(shared):
        writer.named[s] = f"t_{{{k + 1}}}" if len(shared) > 1 else "t"
    return shared


def letter(name: str) -> str:
    """A name of an operand in a formula."""
    greek = name if name in ("alpha", "beta") else ""
    return rf"\{greek}" if greek else name if len(name) == 1 else rf"\mathrm{{{_plain(name)}}}"


def block(found: Formulas) -> str:
    """The formulas as display mathematics, a line each."""
    lines = [rf"z &= {found.value}"]
    for name, cotangent in found.cotangents.items():
        if cotangent is not None:
            lines.append(rf"\bar {letter(name)} &= {cotangent}")
    lines += [rf"{name} &= {text}" for name, text in found.parts]
    body = " \\\\\n".join(lines)
    return f"$$\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}\n$$"
