"""Joint ops: value and slope of an elementwise op in one kernel, for calls that are recorded.

The slope is saved instead of operands and result, and the pullback is a product. Where several operands are
differentiated, on symbols, and where the slope is masked, the op goes by its rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from nbgrad.define.derivation import Back, Derived
from nbgrad.define.scalar_program import WEAK, Program, Symbol, kind_of, strong
from nbgrad.engine.tensor import Tensor, raw, spec, unwrap, wrap

Joint = tuple[Any, Derived]               # the op that gives value and slope, the pullback from the slope


def joined(op: Any, xs: Sequence[Any], wanted: tuple[bool, ...]) -> tuple[Any, Any] | None:
    """op's value, and what `op.pull` needs; None where it is to go by its rule."""
    if sum(wanted) != 1 or Symbol in map(type, xs):
        return None
    if wanted not in op.joints:
        op.joints[wanted] = _made(op, wanted)
    if op.joints[wanted] is None:
        return None
    both, pullback = op.joints[wanted]
    flat = both.loops.flat(xs)
    z, slope = both.run(*xs)
    specs = unlike(xs, z)
    if flat is None or not flat.uniform or specs is not None:
        return z, ((slope,), pullback, specs)
    back = flat.notes.get(wanted)
    if back is None:
        back = flat.notes[wanted] = Back(pullback, z.dtype, slice(op.arity, op.arity + 1))
    alone = op.loops.flats.get(flat.kinds)
    op.fastpath.learn(flat.kinds, alone and alone.kernel, wanted, back, flat.kernel)
    return z, ((slope,), back, None)


def unlike(xs: Sequence[Any], z: Any) -> list[Any] | None:
    """What cotangents are fitted to; None if all operands have the shape and the dtype of the result."""
    for x in xs:
        if type(x) not in WEAK and (raw(x).shape != z.shape or raw(x).dtype != z.dtype):
            return [spec(x) for x in xs]
    return None


def _made(op: Any, wanted: tuple[bool, ...]) -> Joint | None:
    """The joint op for these operands; None if the slope is no ordinary factor."""
    def value(*args: Tensor) -> tuple[Tensor, Tensor]:
        xs, z = [raw(a) for a in args], raw(op(*args))
        dtype = strong(kind_of(z))
        one = xs[0].program.operand(f"{dtype}(1)", dtype)
        return wrap(z), wrap(op.cotangents((one,), xs, (z,), wanted)[wanted.index(True)])

    both, p = type(op)(f"{op.name}_joint", value, arity=op.arity, many=True), Program()
    slope = both.fold([p.operand(f"a{i}", np.float64) for i in range(op.arity)])[1]
    plain = type(slope) is Symbol and getattr(slope.op, "name", "") != "masked"
    kind: Any = type(op)
    return (both, _product(kind, wanted)) if plain else None


@cache
def _product(kind: Any, wanted: tuple[bool, ...]) -> Derived:
    """Cotangents from that of the result and the slope in the wanted operand."""
    return Derived(kind, "product", lambda args: [
        unwrap(wrap(args[0]) * wrap(args[1])) if want else None for want in wanted], 2, 0, 0)
