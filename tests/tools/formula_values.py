"""What a formula of the site's pages is worth: an evaluator of the LaTeX that pages.formulas writes."""

import math
import re

import scipy.special

_TOKEN = re.compile(r"\\[a-zA-Z]+|\\\\|\\,|\d+(?:\.\d+)?(?:e-?\d+)?|\S")
_CALLED = {
    r"\sin": math.sin, r"\cos": math.cos, r"\tan": math.tan, r"\sinh": math.sinh, r"\cosh": math.cosh,
    r"\tanh": math.tanh, r"\arcsin": math.asin, r"\arccos": math.acos, r"\arctan": math.atan, r"\max": max,
    r"\min": min, r"\Phi": scipy.special.ndtr, "asinh": math.asinh, "acosh": math.acosh, "atanh": math.atanh,
    "erf": math.erf, "erfc": math.erfc, "atan2": math.atan2, "sign": lambda x: (x > 0) - (x < 0),
    "trunc": math.trunc, "rint": round, "isfinite": math.isfinite, "isnan": math.isnan,
    "signbit": lambda x: math.copysign(1, x) < 0}
_COMPARED = {"<": lambda a, b: a < b, ">": lambda a, b: a > b, "=": lambda a, b: a == b,
             r"\le": lambda a, b: a <= b, r"\ge": lambda a, b: a >= b, r"\ne": lambda a, b: a != b}
_JOINED = {r"\lor": lambda a, b: bool(a) or bool(b), r"\land": lambda a, b: bool(a) and bool(b),
           r"\oplus": lambda a, b: bool(a) != bool(b)}
_ENDS = {"}", ")", "]", "&", ",", "|", r"\right", r"\\", r"\end", "+", "-", *_COMPARED, *_JOINED}


class Formula:
    """Reads a formula from its start; names: what its letters stand for."""

    def __init__(self, text, names):
        self.tokens, self.place, self.names = _TOKEN.findall(text), 0, names

    def next(self):
        return self.tokens[self.place] if self.place < len(self.tokens) else "}"

    def take(self, *wanted):
        token = self.next()
        assert not wanted or token in wanted, f"{token} at {self.place} of {' '.join(self.tokens)}"
        self.place += 1
        return token

    def value(self):
        found = self.compared()
        while self.next() in _JOINED:
            found = _JOINED[self.take()](found, self.compared())
        return found

    def compared(self):
        found = self.sum()
        return _COMPARED[self.take()](found, self.sum()) if self.next() in _COMPARED else found

    def sum(self):
        found = 0.0
        sign = self.take() if self.next() == "-" else "+"
        while True:
            term = self.product()
            found = found + term if sign == "+" else found - term
            if self.next() not in ("+", "-"):
                return found
            sign = self.take()

    def product(self):
        found, dead = 1.0, False
        while self.next() not in _ENDS:
            if self.next() == "[":            # 0 whatever the other factors are
                self.take()
                dead = not self.value() or dead
                self.take("]")
            elif self.next() in (r"\cdot", r"\,"):
                self.take()
            elif self.next() == "/":
                self.take()
                found = found / self.power()
            else:
                factor = self.power()
                found = factor if type(factor) is bool else found * factor
        return 0.0 if dead else found

    def power(self):
        found = self.atom()
        if self.next() == "^":
            self.take()
            found = found ** (self.group() if self.next() == "{" else self.atom())
        return found

    def group(self):
        self.take("{")
        found = self.value()
        self.take("}")
        return found

    def word(self):
        """The text in braces."""
        self.take("{")
        start = self.place
        while self.next() != "}":
            self.take()
        self.take("}")
        return "".join(self.tokens[start:self.place - 1])

    def arguments(self):
        """What stands in parentheses, or the one power that follows a function's name."""
        if self.next() != r"\left" or self.tokens[self.place + 1] != "(":
            return [self.power()]
        self.place += 2
        found = [self.value()]
        while self.next() == ",":
            self.take()
            found.append(self.value())
        self.take(r"\right")
        self.take(")")
        return found

    def atom(self):
        token = self.take()
        if token[0].isdigit():
            return float(token)
        match token:
            case "e":
                return math.e
            case r"\pi":
                return math.pi
            case r"\infty":
                return math.inf
            case r"\frac":
                return self.group() / self.group()
            case r"\neg":
                return not self.power()
            case r"\sqrt":
                return self.root()
            case r"\log":
                base = self.base()
                return math.log(*self.arguments()) / math.log(base)
            case r"\left":
                return self.within()
            case r"\begin":
                return self.cases()
            case r"\operatorname":
                return _CALLED[self.word()](*self.arguments())
            case r"\mathrm":
                return self.names[self.word()]
            case "t" if self.next() == "_":
                self.take()
                return self.names[f"t_{{{self.word()}}}"]
        return _CALLED[token](*self.arguments()) if token in _CALLED else self.names[token.lstrip("\\")]

    def root(self):
        if self.next() != "[":
            return math.sqrt(self.group())
        self.take()
        self.take("3")
        self.take("]")
        return math.cbrt(self.group())

    def base(self):
        if self.next() != "_":
            return math.e
        self.take()
        return self.group() if self.next() == "{" else float(self.take())

    def within(self):
        opened = self.take("(", "|", r"\lfloor", r"\lceil")
        found = self.value()
        self.take(r"\right")
        self.take(")", "|", r"\rfloor", r"\rceil")
        return {"(": lambda x: x, "|": abs, r"\lfloor": math.floor, r"\lceil": math.ceil}[opened](found)

    def cases(self):
        assert self.word() == "cases"
        first = self.value()
        self.take("&")
        holds = self.value()
        self.take(r"\\")
        second = self.value()
        self.take("&")
        self.take(r"\text")
        assert self.word() == "else"
        self.take(r"\end")
        assert self.word() == "cases"
        return first if holds else second


def value_of(text, names):
    """The value of a formula, all of which is read."""
    reader = Formula(text, names)
    found = reader.value()
    assert reader.place == len(reader.tokens), f"{reader.place} of {reader.tokens}"
    return found


def with_parts(found, names):
    """What the names of an op's formulas stand for, those of their common parts too."""
    known = dict(names)
    for name, text in found.parts:
        known[name] = value_of(text, known)
    return known
