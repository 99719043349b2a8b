"""Elementwise ops: scalar programs, their derivatives and their kernels.

Elementwise operations are closed under composition and under differentiation. So the engine itself is run on
scalar symbols instead of arrays: the value of an op, its VJP, its JVP and the derivatives of those are all
programs recorded that way, and each becomes one kernel.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from functools import cache
from string import Formatter
from typing import Any

import numpy as np

from nbgrad import errors
from nbgrad.broadcast import fit
from nbgrad.core import (Graph, Op, Tangents, Tensor, apply, as_tensor, evaluate, pull, raw, spec, tensor, unwrap,
                         wrap)
from nbgrad.kernels import table
from nbgrad.kernels.table import Body
from nbgrad.registry import Row, declared, register

WEAK = (float, int, bool)                 # Python scalars take the dtype of what they meet


class Symbol:
    """A scalar of a program: an operand, or what an op makes of other scalars."""

    __slots__ = ("args", "dtype", "name", "op", "program")
    shape = ()
    ndim = 0

    def __init__(self, program: Program, name: str, dtype: Any, op: Any = None,
                 args: tuple[Any, ...] = ()) -> None:
        self.program, self.name, self.dtype, self.op, self.args = program, name, dtype, op, args


class Program:
    """Scalar operations in the order they were applied; equal ones are one."""

    def __init__(self) -> None:
        self.lines: dict[str, Symbol] = {}

    def operand(self, name: str, kind: Any) -> Symbol:
        """An operand. kind: a dtype, or a Python type for a scalar whose dtype is weak."""
        return Symbol(self, name, kind if _is_weak(kind) else np.dtype(kind))

    def emit(self, op: Elementwise, args: tuple[Any, ...]) -> Symbol:
        """The symbol for op(*args)."""
        kinds, result = op.loop(tuple([_kind(a) for a in args]))
        spelling = op.on_bool if op.on_bool and kinds[0] == np.bool_ else op.value
        text = spelling.format(*[_print(a, kind) for a, kind in zip(args, kinds, strict=True)], T=kinds[0])
        if result.kind in "iuf" and result != np.float64:
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
        """Places of the operands a0, a1, ... that the results depend on."""
        live = {r for r in results if isinstance(r, Symbol)}
        for symbol in reversed(self.lines.values()):
            if symbol in live:
                live.update(a for a in symbol.args if isinstance(a, Symbol))
        return [int(s.name[1:]) for s in live if s.op is None]


def _is_weak(kind: Any) -> bool:
    """Whether a kind is that of a Python scalar."""
    # A dtype equals the Python type of its name: `in` alone would not tell them apart.
    return isinstance(kind, type) and kind in WEAK


def _kind(x: Any) -> Any:
    return x.dtype if isinstance(x, Symbol) else type(x)


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
    x = float(x)
    text = repr(x) if math.isfinite(x) else ("nan" if math.isnan(x) else "inf" if x > 0 else "-inf")
    return text if dtype == np.float64 else f"{dtype}({text})"


class Elementwise(Op):
    """z = value(*xs) at every element of operands that broadcast together.

    value : str, the machine spelling of an atom, with {} for each operand; or a function of other ops, a
        molecule
    d     : partial derivatives, a function of (*xs, z) in the same ops, None for a partial that is zero;
        None: derived
    loop  : of an atom: kinds of the operands -> (dtypes it computes in, dtype of the result)
    many  : whether a molecule returns a tuple of results
    linear: the places in which an atom is linear
    on_bool : the spelling for booleans, if it differs
    result_like : the operand whose dtype the results have; None: the dtype they are computed in
    """

    def __init__(self, name: str, value: Any, d: Any = None, *, arity: int, loop: Any = None,
                 many: bool = False, discrete: bool = False, linear: tuple[int, ...] = (),
                 on_bool: str | None = None, result_like: int | None = None) -> None:
        self.result_like = result_like
        self.name, self.value, self.d, self.arity, self.loop, self.many = name, value, d, arity, loop, many
        self.discrete, self.linear, self.on_bool = discrete, linear, on_bool
        self.atom = isinstance(value, str)
        self.pullbacks: dict[Any, Derived] = {}
        self.pushes: dict[Any, Derived] = {}
        self.loops = table.loops(name, self.program, many)

    def __call__(self, *args: Any) -> Any:
        for a in args:
            if type(a) is not Tensor and type(a) is not float:
                return apply(self, admit(self, args))
        return apply(self, args)

    def run(self, *xs: Any, **params: Any) -> Any:
        z = self.loops.flat(xs)
        if z is not None:
            return z
        for x in xs:
            if type(x) is Symbol:
                return self.fold(xs)
        return self.loops(*xs)

    # ------------------------------------------------------------------------------------ on symbols
    def fold(self, xs: Sequence[Any]) -> Any:
        """The result on symbols and constants: a symbol, or a tuple of them."""
        xs = tuple([_constant(x) for x in xs])
        if not self.atom:
            z = self.value(*map(tensor, xs))
            return tuple(map(raw, z)) if self.many else raw(z)
        # A masked operand (`u where c, else nothing`) keeps its mask outermost, so that what is not taken
        # stays out of products.
        for i in self.linear:
            if type(xs[i]) is Symbol and xs[i].op is masked:
                c, u, _ = xs[i].args
                if self is masked:
                    return self.fold((both.fold((xs[0], c)), u, 0))
                return masked.fold((c, self.fold((*xs[:i], u, *xs[i + 1:])), 0))
        program = next(x.program for x in xs if type(x) is Symbol)
        if self is add and all(type(x) is Symbol and x.op is masked for x in xs):
            return program.emit(masked, (either.fold([x.args[0] for x in xs]), program.emit(self, xs), 0))
        return _unchanged(self, xs) or program.emit(self, xs)

    def program(self, kinds: tuple[Any, ...]) -> Body:
        """The program for operands of these kinds."""
        if len(kinds) != self.arity:
            raise errors.bad_count(self.name, len(kinds), self.arity)
        p = Program()
        z = self.fold([p.operand(f"a{i}", kind) for i, kind in enumerate(kinds)])
        results = z if self.many else (z,)
        like = None if self.result_like is None else _strong(kinds[self.result_like])
        return p.body(results, [like or _strong(_kind(r)) for r in results])

    def cotangents(self, gs: Sequence[Any], xs: Sequence[Any], zs: Sequence[Any],
                   wanted: Sequence[bool]) -> list[Any]:
        """Cotangents of the wanted operands, as inner values on symbols; None: zero, or not wanted."""
        if self.d is not None or self.atom:
            return [unwrap(wrap(gs[0]) * d) if want and d is not None else None
                    for d, want in zip(self._partials(xs, zs), wanted, strict=True)]
        trace = Graph()
        leaves = [trace.leaf(x) if want else wrap(x) for x, want in zip(xs, wanted, strict=True)]
        outs = self.value(*leaves)
        found = pull([(o.mark, g) for o, g in zip(outs if self.many else (outs,), gs, strict=True)
                      if g is not None and type(o) is Tensor and o.trace is trace])
        return [found.get(leaf.mark) if want else None for leaf, want in zip(leaves, wanted, strict=True)]

    def tangents(self, ts: Sequence[Any], xs: Sequence[Any], zs: Sequence[Any]) -> list[Any]:
        """Tangents of the results, as inner values on symbols; None: zero. In ts too."""
        if self.d is not None or self.atom:
            total = None
            for t, d in zip(ts, self._partials(xs, zs), strict=True):
                if t is not None and d is not None:
                    total = wrap(t) * d if total is None else total + wrap(t) * d
            return [unwrap(total)]
        trace = Tangents()
        z = self.value(*[wrap(x) if t is None else tensor(x, trace, t) for x, t in zip(xs, ts, strict=True)])
        outs = z if self.many else (z,)
        return [o.mark if type(o) is Tensor and o.trace is trace else None for o in outs]

    def _partials(self, xs: Sequence[Any], zs: Sequence[Any]) -> Sequence[Any]:
        """The declared partial derivatives, as the row gives them."""
        if self.d is None:
            raise errors.no_derivative(self.name)
        d = self.d(*map(wrap, xs), *map(wrap, zs))
        return d if type(d) is tuple else (d,)

    # ------------------------------------------------------------------------------------- on arrays
    def forward(self, xs: Sequence[Any], params: dict[str, Any], wanted: tuple[bool, ...]) -> tuple[Any, Any]:
        z = self.loops.flat(xs)
        pullback = self.pullbacks.get(wanted)
        if z is None or pullback is None or self.many:
            z = self.run(*xs) if z is None else z
            return z, self.save(xs, z, params, wanted)
        return z, ((*xs, z)[pullback.keep], pullback, None)

    def save(self, xs: Sequence[Any], z: Any, params: dict[str, Any], wanted: tuple[bool, ...]) -> Any:
        if self.many or type(raw(z)) is Symbol:
            return xs, z, wanted
        pullback = self.pullbacks.get(wanted) or self._pullback((True,), wanted)
        shape, dtype = raw(z).shape, raw(z).dtype
        uneven = None
        for x in xs:
            if type(x) not in WEAK and (raw(x).shape != shape or raw(x).dtype != dtype):
                uneven = [spec(x) for x in xs]
                break
        return (*xs, z)[pullback.keep], pullback, uneven

    def pull(self, g: Any, memo: Any) -> Sequence[Any]:
        if type(memo[1]) is Derived:
            saved, pullback, uneven = memo
            cs = pullback((g, *saved))
        else:
            saved, z, wanted = memo
            zs, gs = (z, g) if self.many else ((z,), (g,))
            if type(raw(zs[0])) is Symbol:
                return self.cotangents(gs, saved, zs, wanted)
            pullback = self._pullback(tuple([c is not None for c in gs]), wanted)
            cs = pullback((*[c for c in gs if c is not None], *(*saved, *zs)[pullback.keep]))
            uneven = [spec(x) for x in saved]
        if uneven is None:
            return cs
        return [None if c is None else fit(c, x) for c, x in zip(cs, uneven, strict=True)]

    def push(self, ts: Sequence[Any], xs: Sequence[Any], z: Any, params: dict[str, Any]) -> Any:
        zs = z if self.many else (z,)
        if type(raw(zs[0])) is Symbol:
            out = self.tangents(ts, xs, zs)
        else:
            moving = tuple([t is not None for t in ts])
            push = self.pushes.get(moving) or self._push(moving, len(zs))
            out = [None if t is None else fit(t, part) for t, part in zip(
                push((*xs, *zs, *[t for t in ts if t is not None])), zs, strict=True)]
        return tuple(out) if self.many else out[0]

    def _pullback(self, present: tuple[bool, ...], wanted: tuple[bool, ...]) -> Derived:
        """Cotangents of the wanted operands: an op on (cotangents present, kept operands and results)."""
        key = (present, wanted) if self.many else wanted
        if key in self.pullbacks:
            return self.pullbacks[key]
        count, given = self.arity, sum(present)

        def value(args: Sequence[Any]) -> list[Any]:
            gs = iter(args[:given])
            return self.cotangents([next(gs) if p else None for p in present], args[given:given + count],
                                   args[given + count:], wanted)

        self.pullbacks[key] = made = Derived(f"{self.name}_vjp", value, given, count + len(present), 0)
        return made

    def _push(self, moving: tuple[bool, ...], results: int) -> Derived:
        """Tangents of the results: an op on (operands, results, tangents of the operands that move)."""
        count, still = self.arity, self.arity + results

        def value(args: Sequence[Any]) -> list[Any]:
            ts = iter(args[still:])
            return self.tangents([next(ts) if m else None for m in moving], args[:count], args[count:still])

        self.pushes[moving] = made = Derived(f"{self.name}_jvp", value, still + sum(moving), 0, count)
        return made


class Derived:
    """Several results from operands, as one kernel; those that are zero, or an operand as it is, cost none.

    value : symbols of all operands -> results, as inner values (None: zero)
    given : number of operands that are always passed; `spare` more follow, of which only the slice `keep` is
        read and passed
    like  : the operand whose dtype the results have
    """

    __slots__ = ("flat", "keep", "op", "places", "whole")

    def __init__(self, name: str, value: Callable[[Sequence[Any]], list[Any]], given: int, spare: int,
                 like: int) -> None:
        p = Program()
        operands = [p.operand(f"a{i}", np.dtype(np.float64)) for i in range(given + spare)]
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
            unread = raw(args[0]).program.operand("unread", np.dtype(np.float64))
            before, after = [unread] * low, [unread] * (spare - high)
            found = value([*args[:given], *before, *args[given:], *after])
            return tuple([wrap(found[k]) for k in computed]) if many else wrap(found[computed[0]])

        many = len(computed) > 1
        self.op = None
        if computed:
            self.op = Elementwise(name, kernel, arity=given + high - low, many=many, result_like=like)
            self.flat = self.op.loops.flat

    def __call__(self, args: Sequence[Any]) -> list[Any]:
        """The results on inner values: raw ones go straight to the kernel, others through their traces."""
        if self.op is None:
            outs: Any = ()
        else:
            outs = self.flat(args)
            if outs is None:
                outs = evaluate(self.op, args, {}, Tensor in map(type, args))
            if not self.op.many:
                outs = (outs,)
            if self.whole:
                return outs
        return [None if k is None else args[k] if k >= 0 else outs[-1 - k] for k in self.places]


def _constant(x: Any) -> Any:
    """x as an operand of a scalar program: a symbol or a Python scalar."""
    if type(x) is Symbol or type(x) in WEAK:
        return x
    raise errors.closed_over()


def _unchanged(op: Elementwise, xs: Sequence[Any]) -> Any:
    """The operand that a multiplication by the constant 1 returns as it is, else None."""
    if op is not multiply:
        return None
    for one, x in (xs, xs[::-1]):
        if type(one) in (int, float) and one == 1 and op.loop((_kind(one), x.dtype))[1] == x.dtype:
            return x
    return None


def _operands(spelling: str) -> int:
    """Number of operands of a spelling."""
    fields = [field for _, field, _, _ in Formatter().parse(spelling) if field is not None and field != "T"]
    return max([int(field or place) + 1 for place, field in enumerate(fields)], default=0)


def _strong(kind: Any) -> np.dtype:
    return np.dtype(kind) if isinstance(kind, type) else kind


def admit(op: Elementwise, args: Sequence[Any]) -> list[Any]:
    """Operands as Tensors or Python scalars.

    Python integers are checked against the integer dtype they meet, as in NumPy.
    """
    xs = [a if type(a) is Tensor or type(a) in WEAK else as_tensor(a) for a in args]
    dtypes = [x.dtype for x in xs if type(x) is Tensor]
    if int not in map(type, xs) or not all(isinstance(d, np.dtype) for d in dtypes):
        return xs
    if any(d.kind == "f" for d in dtypes):
        return [float(x) if type(x) is int else x for x in xs]
    if not dtypes:
        return [as_tensor(x) if type(x) is int else x for x in xs]
    dtype = np.result_type(*dtypes, 0)
    bounds = np.iinfo(dtype)
    for i, x in enumerate(xs):
        if type(x) is int and not bounds.min <= x <= bounds.max:
            if not op.discrete:
                raise errors.integer_result(op.name, x, dtype)
            xs[i] = float(x)
        elif type(x) is int and dtype == np.uint64:
            xs[i] = as_tensor(np.uint64(x))
    return xs


# ------------------------------------------------------------------------------------ dtypes of atoms
Loop = Callable[[tuple[Any, ...]], tuple[list[np.dtype], np.dtype]]      # kinds -> dtypes computed in, result


def _narrow(dtypes: Sequence[np.dtype]) -> list[np.dtype]:
    """float16, which NumPy gives small integers, is not supported: float32 takes its place."""
    return [np.dtype(np.float32) if d == np.float16 else d for d in dtypes]


def ufunc_loop(name: str, ufunc: np.ufunc) -> Loop:
    """The dtypes that NumPy computes a ufunc in."""

    @cache
    def loop(kinds: tuple[Any, ...]) -> tuple[list[np.dtype], np.dtype]:
        if all(map(_is_weak, kinds)):
            kinds = tuple([np.dtype(k) for k in kinds])
        given = tuple([np.dtype(bool) if k is bool else k for k in kinds])
        try:
            found = _narrow(ufunc.resolve_dtypes((*given, None)))
        except TypeError as error:
            raise errors.bad_operands(name, kinds) from error
        return found[:-1], found[-1]

    return loop


def common_loop(name: str, least: Any = None, first: Any = None) -> Loop:
    """All operands in their common dtype, at least `least`; the first one in `first` if that is given."""

    @cache
    def loop(kinds: tuple[Any, ...]) -> tuple[list[np.dtype], np.dtype]:
        rest = kinds if first is None else kinds[1:]
        values = [k(0) if _is_weak(k) else k for k in rest] + ([least] if least else [])
        dtype = np.result_type(*values)
        if least is not None and dtype.kind != "f":
            raise errors.bad_operands(name, kinds)
        front = [] if first is None else [np.dtype(first)]
        return front + [dtype] * len(rest), dtype

    return loop


# ----------------------------------------------------------------------------------- declaring an op
class Choice(Op):
    """An elementwise op with static parameters: one op for each of their values, made when first used."""

    def __init__(self, name: str, value: Callable[..., Any], d: Any, arity: int,
                 defaults: dict[str, Any]) -> None:
        self.name, self.value, self.d, self.arity, self.defaults = name, value, d, arity, defaults
        self.made: dict[Any, Elementwise] = {}

    def at(self, **params: Any) -> Elementwise:
        """The op for these values of the parameters."""
        values = self.defaults | params
        if unknown := values.keys() - self.defaults.keys():
            raise errors.bad_choice(self.name, "parameter", sorted(unknown)[0], self.defaults)
        key = tuple([(type(v), v) for v in values.values()])
        if key not in self.made:
            value, d = self.value, self.d
            self.made[key] = Elementwise(self.name, lambda *xs: value(*xs, **values),
                                         d and (lambda *xs_z: d(*xs_z, **values)), arity=self.arity)
        return self.made[key]

    def __call__(self, *args: Any, **params: Any) -> Any:
        return self.at(**params)(*args)

    def run(self, *xs: Any, **params: Any) -> Any:
        return self.at(**params).run(*xs)


def elementwise(name: str, value: Any, d: Any = None, *, like: Any = None, at: Any = (-3.0, 3.0),
                loop: Any = None, discrete: bool = False, linear: tuple[int, ...] = (),
                on_bool: str | None = None, doc: str = "") -> Any:
    """Declare an elementwise op and enter it in the op table.

    name  : its name
    value : its machine spelling, with {} for each operand; or a function of Tensors written in elementwise
        ops, whose keyword parameters with defaults become static parameters of the op. It is traced with
        scalar symbols: use `where` for a choice, and only the arm that is taken is evaluated and
        differentiated.
    d     : its partial derivatives in the operands, written in elementwise ops: a function of the operands
        and the result z; a tuple if there are several, None for one that is zero. Default: derived.
    like, at : the NumPy function it equals, and the interval its tests draw from (see registry.Row)
    loop  : for a spelling, the dtypes it computes in; default: those of `like` if it is a ufunc, else floats
    discrete : its result has no derivative

    Raises RegistryError if the name is taken, or the declaration does not hold together.
    """
    room, where = declared()
    if isinstance(value, str):
        spelled = _operands(value)
        if loop is None:
            loop = ufunc_loop(name, like) if isinstance(like, np.ufunc) else common_loop(name, np.float32)
        made: Any = Elementwise(name, value, d, arity=spelled, loop=loop, discrete=discrete, linear=linear,
                                on_bool=on_bool)
    else:
        parameters = inspect.signature(value).parameters.values()
        defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        arity = len(parameters) - len(defaults)
        made = (Choice(name, value, d, arity, defaults) if defaults else
                Elementwise(name, value, d, arity=arity, discrete=discrete))
    made.__name__, made.__doc__ = name, doc or f"Return {name} of every element."
    register(Row(made, "elementwise", room, where, like, at))
    return made


#                          value                      d: partials from the operands and the result z
add = elementwise("add", "{} + {}", lambda x, y, z: (1, 1), like=np.add, on_bool="{} | {}",
                  doc="Return x + y; the operands broadcast.")
multiply = elementwise("multiply", "{} * {}", lambda x, y, z: (y, x), like=np.multiply, linear=(0, 1),
                       on_bool="{} & {}", doc="Return x * y; the operands broadcast.")
either = Elementwise("either", "{} | {}", arity=2, loop=common_loop("either", first=np.bool_), discrete=True)
both = Elementwise("both", "{} & {}", arity=2, loop=common_loop("both", first=np.bool_), discrete=True)
masked = Elementwise("masked", "{1} if {0} else {2}", lambda c, u, nothing, z: (None, choose(c, 1), None),
                     arity=3, loop=common_loop("masked", first=np.bool_), linear=(1,))


def choose(c: Any, u: Any) -> Tensor:
    """u where c holds, else nothing: a zero that no later factor, not even inf or nan, turns into more."""
    return apply(masked, (c, u, 0))
