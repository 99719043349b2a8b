"""Derived ops: the kernels of pullbacks and pushes, with what is trivial in them left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nbgrad.arrays.devices import Array
from nbgrad.compile.cpu.pullback import RESULT, ZERO
from nbgrad.define.scalar_program import Program
from nbgrad.engine.graph import evaluate
from nbgrad.engine.tensor import Tensor, raw, wrap

_FLOAT = np.dtype(np.float64)


class Derived:
    """Several results from operands, as one kernel; those that are zero, or an operand as it is, cost none.

    kind  : the class of ops to make (Elementwise)
    value : symbols of all operands -> results, as inner values (None: zero)
    given : number of operands that are always passed; `spare` more follow, of which only the slice `keep` is
        read and passed
    like  : the operand whose dtype the results have
    probe : the dtype of the symbols that it is found with what is trivial
    """

    __slots__ = ("keep", "loops", "many", "op", "places", "whole")
    keep: slice
    places: list[int | None]
    whole: bool
    many: bool
    op: Any
    loops: Any

    def __init__(self, kind: Callable[..., Any], name: str, value: Callable[[Sequence[Any]], list[Any]],
                 given: int, spare: int, like: int, probe: np.dtype = _FLOAT) -> None:
        p = Program()
        operands = [p.operand(f"a{i}", probe) for i in range(given + spare)]
        results = value(operands)
        reads = [i - given for i in p.reads(results) if i >= given]
        low, high = (min(reads), max(reads) + 1) if reads else (0, 0)
        self.keep = slice(low, high)
        computed = [k for k, r in enumerate(results) if r is not None and r not in operands]
        # Where each result comes from: None (zero), an operand (its place), or the kernel (-1, -2, ...).
        self.places = [None if r is None else operands.index(r) if r in operands else -1 - computed.index(k)
                       for k, r in enumerate(results)]
        self.whole = self.places == [-1 - k for k in range(len(results))]

        def kernel(*args: Any) -> Any:
            program = getattr(raw(args[0]), "program", None)       # of a symbol
            unread = 0.0 if program is None else program.operand("unread", probe)
            before, after = [unread] * low, [unread] * (spare - high)
            found = value([*args[:given], *before, *args[given:], *after])
            return tuple([wrap(found[k]) for k in computed]) if many else wrap(found[computed[0]])

        self.many = many = len(computed) > 1
        self.op = None
        if computed:
            self.op = kind(name, kernel, arity=given + high - low, many=many, result_like=like)
            self.loops = self.op.loops

    def __call__(self, args: Sequence[Any]) -> list[Any]:
        """The results on inner values: raw ones go straight to the kernel, others through their traces."""
        if self.op is None:
            outs: Any = ()
        else:
            flat = self.loops.flat(args)
            if flat is None or flat.whole:
                outs = evaluate(self.op, args, {}, Tensor in map(type, args))
            else:
                outs = flat.kernel(*args)
                if (outs[0] if self.many else outs) is None:
                    outs = self.loops.noncontiguous(args, flat)
            if not self.many:
                outs = (outs,)
            if self.whole:
                return outs
        return [None if k is None else args[k] if k >= 0 else outs[-1 - k] for k in self.places]


class Back:
    """A pullback for operands of known dtypes, all of one, with its kernel once that is compiled.

    kernel : None until it is known, False if there is nothing to compute
    sources: where each cotangent comes from, in bytes: an operand (its place), a result of the kernel (from
        RESULT on), or ZERO
    keep   : the part of (operands, result) that the pullback reads; of (operands, slope) if there is one
    """

    __slots__ = ("dtype", "keep", "kernel", "pullback", "sources")
    dtype: np.dtype
    keep: slice
    pullback: Derived
    sources: bytes

    def __init__(self, pullback: Derived, dtype: np.dtype, keep: slice) -> None:
        self.pullback, self.dtype, self.keep = pullback, dtype, keep
        self.sources = bytes([ZERO if k is None else k if k >= 0 else RESULT - 1 - k
                              for k in pullback.places])
        self.kernel: Any = False if pullback.op is None else None

    def __call__(self, g: Any, saved: Sequence[Any]) -> Sequence[Any]:
        """Cotangents from that of the result and from what was saved, as inner values."""
        cs = self.pullback((g, *saved))
        if self.kernel is None and type(g) is Array and g.dtype is self.dtype:
            flat = self.pullback.loops.flat((g, *saved))
            if flat is not None and flat.uniform and not flat.interim:
                self.kernel = flat.kernel
        return cs


def pullback_of(kind: Callable[..., Any], op: Any, present: tuple[bool, ...],
                wanted: tuple[bool, ...]) -> Derived:
    """Cotangents of an op's wanted operands: an op on (cotangents present, kept operands and results)."""
    count, given = op.arity, sum(present)

    def value(args: Sequence[Any]) -> list[Any]:
        gs, xs, zs = iter(args[:given]), args[given:given + count], args[given + count:]
        cotangents: list[Any] = op.cotangents([next(gs) if p else None for p in present], xs, zs, wanted)
        return cotangents

    return Derived(kind, f"{op.name}_vjp", value, given, count + len(present), 0, op.probe)


def push_of(kind: Callable[..., Any], op: Any, moving: tuple[bool, ...], results: int) -> Derived:
    """Tangents of an op's results: an op on (operands, results, tangents of the operands that move)."""
    count, still = op.arity, op.arity + results

    def value(args: Sequence[Any]) -> list[Any]:
        ts = iter(args[still:])
        tangents: list[Any] = op.tangents([next(ts) if m else None for m in moving], args[:count],
                                          args[count:still])
        return tangents

    return Derived(kind, f"{op.name}_jvp", value, still + sum(moving), 0, count, op.probe)
