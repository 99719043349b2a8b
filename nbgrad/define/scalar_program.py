"""Symbols: the scalars of elementwise programs, how they are printed as source, and the dtypes they have.

A program is recorded by running ops on symbols. A kind is a dtype, or the type of a Python scalar: such a
scalar is weak, it takes the dtype of what it meets.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from nbgrad.arrays.dtypes import real_of
from nbgrad.compile.program import Body
from nbgrad.errors import trace_errors, value_errors

WEAK = (float, int, bool, complex)        # Python scalars take the dtype of what they meet


class Symbol:
    """A scalar of a program: an operand, or what an op makes of other scalars."""

    __slots__ = ("args", "dtype", "name", "op", "program")
    shape: tuple[()] = ()
    ndim = 0
    args: tuple[Any, ...]
    dtype: Any
    name: str
    op: Any
    program: Program

    def __init__(self, program: Program, name: str, dtype: Any, op: Any = None,
                 args: tuple[Any, ...] = ()) -> None:
        self.program, self.name, self.dtype, self.op, self.args = program, name, dtype, op, args


class Program:
    """Scalar operations in the order they were applied; equal ones are one."""

    def __init__(self) -> None:
        self.lines: dict[str, Symbol] = {}
        self.declared: dict[Any, list[Any]] = {}

    def depends(self, result: Any, args: Sequence[Any]) -> None:
        """Note that a result's derivative is declared by these operands, whether or not its value reads them.

        So do its parts depend on them: of a masked one it is the part that goes on into products.
        """
        if isinstance(result, Symbol):
            for part in (result, *result.args):
                self.declared.setdefault(part, []).extend(args)

    def operand(self, name: str, kind: Any) -> Symbol:
        """An operand. kind: a dtype, or a Python type for a scalar whose dtype is weak."""
        return Symbol(self, name, kind if is_weak(kind) else np.dtype(kind))

    def emit(self, op: Any, args: tuple[Any, ...]) -> Symbol:
        """The symbol for op(*args)."""
        kinds, result = op.loop(tuple([kind_of(a) for a in args]))
        spelling = op.on_bool if op.on_bool and kinds[0] == np.bool_ else op.value
        printed = [_print(a, kind) for a, kind in zip(args, kinds, strict=True)]
        if spelling in _MIXED and {kind.kind for kind in kinds} == {"i", "u"}:
            spelling, printed = _compared(spelling, printed, [kind.kind for kind in kinds])
        text = spelling.format(*printed, T=kinds[0])
        if result.kind in "iufc" and result not in _WIDEST:
            text = f"{result}({text})"
        if text not in self.lines:
            self.lines[text] = Symbol(self, f"t{len(self.lines)}", result, op, args)
        return self.lines[text]

    def body(self, results: Sequence[Any], dtypes: Sequence[np.dtype]) -> Body:
        """The lines that the results need."""
        live = {r for r in results if isinstance(r, Symbol)}
        kept = []
        for text, symbol in reversed(self.lines.items()):
            if symbol in live:
                kept.append(f"{symbol.name} = {text}")
                live.update(a for a in symbol.args if isinstance(a, Symbol))
        spelled = tuple([_print(r, d) for r, d in zip(results, dtypes, strict=True)])
        return Body(tuple(reversed(kept)), spelled, tuple(dtypes))

    def reads(self, results: Sequence[Any]) -> list[int]:
        """Places of the operands a0, a1, ... that the results, or their derivatives, depend on."""
        live: set[Symbol] = set()
        ahead = [r for r in results if isinstance(r, Symbol)]
        while ahead:
            symbol = ahead.pop()
            if symbol not in live:
                live.add(symbol)
                args = (*symbol.args, *self.declared.get(symbol, ()))
                ahead += [a for a in args if isinstance(a, Symbol)]
        return [int(s.name[1:]) for s in live if s.op is None]


_WIDEST = (np.dtype(np.float64), np.dtype(np.complex128))      # which expressions have by themselves
# Comparisons, and whether each holds where the left, or the right operand alone is negative.
_MIXED = {"{} < {}": (True, False), "{} <= {}": (True, False), "{} > {}": (False, True),
          "{} >= {}": (False, True), "{} == {}": (False, False), "{} != {}": (True, True)}


def _compared(spelling: str, printed: list[str], signs: list[str]) -> tuple[str, list[str]]:
    """An exact comparison of 64 bits with a sign and 64 without, which have no common dtype but float64."""
    place = signs.index("i")
    x = printed[place]
    printed = [f"uint64({x})" if k == place else p for k, p in enumerate(printed)]
    return (f"({x} < 0) | ({spelling})" if _MIXED[spelling][place] else f"({x} >= 0) & ({spelling})"), printed


def is_weak(kind: Any) -> bool:
    """Whether a kind is that of a Python scalar."""
    # A dtype equals the Python type of its name: `in` alone would not tell them apart.
    return isinstance(kind, type) and kind in WEAK


def kind_of(x: Any) -> Any:
    """A symbol's dtype, or the type of a Python scalar."""
    return x.dtype if hasattr(x, "dtype") else type(x)


def constant(x: Any) -> Any:
    """x as an operand of a program: a symbol or a Python scalar. Raises TraceError for anything else."""
    if type(x) is Symbol or type(x) in WEAK:
        return x
    raise trace_errors.closed_over()


def _print(x: Any, dtype: np.dtype) -> str:
    """x in an expression that computes in dtype."""
    if not isinstance(x, Symbol):
        return _literal(x, dtype)
    if x.dtype == dtype:
        return x.name
    return f"({x.name} != 0)" if dtype == np.bool_ else f"{dtype}({x.name})"


def _literal(x: Any, dtype: np.dtype) -> str:
    if dtype == np.bool_:
        return repr(bool(x))
    if dtype.kind in "iu":
        return f"{dtype}({int(x)})"
    if dtype.kind == "c":
        part, x = real_of(dtype), complex(x)
        return f"compose({_literal(x.real, part)}, {_literal(x.imag, part)})"
    x = float(x)
    text = repr(x) if math.isfinite(x) else ("nan" if math.isnan(x) else "inf" if x > 0 else "-inf")
    return text if dtype == np.float64 else f"{dtype}({text})"


def strong(kind: Any) -> np.dtype:
    """The dtype of a kind: a weak scalar's own where it meets nothing else."""
    return np.dtype(kind) if isinstance(kind, type) else kind


def typed(kinds: Sequence[Any]) -> Sequence[Any]:
    """The kinds of operands, of which Python's complex numbers have the dtype that the others give them, as
    their parts are no numbers of Python's.
    """
    dtypes = [kind for kind in kinds if not is_weak(kind)]
    if complex not in kinds or not dtypes:
        return kinds
    return [np.result_type(*dtypes, np.complex64) if kind is complex else kind for kind in kinds]


# ------------------------------------------------------------------------------------ dtypes of primitives
Loop = Callable[[tuple[Any, ...]], tuple[list[np.dtype], np.dtype]]      # kinds -> dtypes computed in, result


def _narrow(dtypes: Sequence[np.dtype]) -> list[np.dtype]:
    """float16, which NumPy gives small integers, is not supported: float32 takes its place."""
    return [np.dtype(np.float32) if d == np.float16 else d for d in dtypes]


def ufunc_loop(name: str, ufunc: np.ufunc) -> Loop:
    """The dtypes that NumPy computes a ufunc in."""

    @cache
    def loop(kinds: tuple[Any, ...]) -> tuple[list[np.dtype], np.dtype]:
        if all(map(is_weak, kinds)):
            kinds = tuple(map(strong, kinds))
        given = tuple([np.dtype(bool) if k is bool else k for k in kinds])
        try:
            found = _narrow(ufunc.resolve_dtypes((*given, None)))
        except TypeError as error:
            raise value_errors.bad_operands(name, kinds) from error
        return found[:-1], found[-1]

    return loop


def common_loop(name: str, least: Any = None, first: Any = None, floats: str = "f") -> Loop:
    """All operands in their common dtype, at least `least` and of one of the kinds `floats`; the first one in
    `first` if that is given.
    """

    @cache
    def loop(kinds: tuple[Any, ...]) -> tuple[list[np.dtype], np.dtype]:
        rest = kinds if first is None else kinds[1:]
        if all(map(is_weak, rest)):
            dtype = np.result_type(*map(strong, rest))
        else:
            dtype = np.result_type(*[k(0) if is_weak(k) else k for k in rest])
        if least is not None:
            dtype = np.result_type(dtype, least)
        if least is not None and dtype.kind not in floats:
            raise value_errors.bad_operands(name, kinds)
        front = [] if first is None else [np.dtype(first)]
        return front + [dtype] * len(rest), dtype

    return loop
