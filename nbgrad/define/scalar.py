"""Elementwise ops: scalar programs, their derivatives and their kernels.

Elementwise operations are closed under composition and under differentiation. So the engine itself is run on
scalar symbols instead of arrays: the value of an op, its VJP, its JVP and the derivatives of those are all
programs recorded that way, and each becomes one kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nbgrad.arrays.devices import Array
from nbgrad.arrays.dtypes import is_complex
from nbgrad.compile.program import Body
from nbgrad.define import rules
from nbgrad.define.broadcast import fit
from nbgrad.define.derivation import Back, Derived, pullback_of, push_of
from nbgrad.define.documentation import documented
from nbgrad.define.fastpath import FastPath
from nbgrad.define.finder import OFTEN, Finder, finder, fits
from nbgrad.define.forms import complex_form, form_of
from nbgrad.define.joint import Joint, joined, unlike
from nbgrad.define.operands import admit
from nbgrad.define.registry import Named
from nbgrad.define.scalar_program import (
    Program,
    Symbol,
    common_loop,
    constant,
    kind_of,
    strong,
    typed,
    ufunc_loop,
)
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, raw, spec, tensor
from nbgrad.errors import value_errors
from nbgrad.kernels import table

_FLOAT: np.dtype[Any] = np.dtype(np.float64)
_LARGE = 4096                             # elements from which cotangents are summed as they are computed


@documented
class Elementwise(Named):
    """z = value(*xs) at every element of operands that broadcast together.

    value : str, the machine spelling of a primitive, with {} for each operand; or a function of other ops, a
        composite
    d     : partial derivatives, a function of (*xs, z) in the same ops, None for a partial that is zero;
        None: derived
    loop  : of a primitive: kinds of the operands -> (dtypes it computes in, dtype of the result)
    many  : whether a composite returns a tuple of results
    joint : whether a recorded call computes the slope beside the value and saves it (see declare.elementwise)
    linear: the places in which a primitive is linear
    on_bool : the spelling for booleans, if it differs
    result_like : the operand whose dtype the results have; None: the dtype they are computed in
    on_complex : what it is where an operand is complex: True, the same by the same partials; another value
        with its partials; None: refused, but for a composite without partials, which is what its parts are
    probe : the dtype of the symbols that its derivatives are derived with
    """

    arity: int
    d: Any
    loop: Any
    many: bool
    name: str
    value: Any
    discrete: bool
    linear: tuple[int, ...]
    on_bool: str | None
    primitive: bool
    loops: Any
    fastpath: FastPath
    joint: bool
    met: int
    on_complex: Any
    probe: np.dtype[Any]
    parameters: tuple[str, ...] = ()      # names of its last operands, by which it is not differentiated

    def __init__(self, name: str, value: Any, d: Any = None, *, arity: int, loop: Any = None,
                 many: bool = False, joint: bool = False, discrete: bool = False,
                 linear: tuple[int, ...] = (), on_bool: str | None = None,
                 result_like: int | None = None, on_complex: Any = None) -> None:
        self.result_like = result_like
        self.on_complex, self.probe = on_complex, _FLOAT
        self.name, self.value, self.d, self.arity, self.loop, self.many = name, value, d, arity, loop, many
        self.discrete, self.linear, self.on_bool = discrete, linear, on_bool
        self.primitive, self.joint = isinstance(value, str), joint
        self.joints: dict[Any, Joint | None] = {}
        self.pullbacks: dict[Any, Derived] = {}
        self.pushes: dict[Any, Derived] = {}
        self.loops = table.loops(name, self.program, many)
        self.fastpath = FastPath(self, arity)
        self.finder: Finder | None = None     # of walks
        self.met = 0                          # calls that it did not know

    def __call__(self, *args: Any) -> Any:
        fast = self.fastpath.forward
        if fast is not None and len(args) == self.arity and (z := fast(*args)) is not None:
            return z
        if len(args) == 2 and type(args[0]) is type(args[1]) is Tensor:
            return self.pair(*args) if args[0].trace is args[1].trace is None else apply(self, args)
        if len(args) == 1 and type(args[0]) is Tensor:
            return apply(self, args)
        for a in args:
            if type(a) is not Tensor and type(a) is not float:
                return apply(self, admit(self, args))
        return apply(self, args)

    def pair(self, x: Tensor, y: Tensor) -> Any:
        """`apply` on two Tensors that no trace watches: fewer steps if they are known to be noncontiguous."""
        a, b = x.value, y.value
        if self.finder is not None and (walk := self.finder.find(x, y)) is not None:
            return tensor(walk((a, b)))
        if type(a) is Array and type(b) is Array:
            flat = self.loops.flats.get((a.dtype, b.dtype))
            walk = None if flat is None else flat.walks.get(((a.shape, a.strides), (b.shape, b.strides)))
            if walk is not None and not self.many:
                self._meet((x, y), walk)
                return tensor(walk((a, b)))
        return apply(self, (x, y))

    def _meet(self, xs: Sequence[Tensor], walk: Any) -> None:
        """Have a walk that is often needed found faster."""
        self.met += 1
        if self.met % OFTEN == 0 and fits(xs, len(xs)):
            if self.finder is None:
                self.finder = finder(len(xs))
                if self.finder is None:
                    return
                self.loops.kept.append(self.finder)
            self.finder.add(xs, walk)

    def run(self, *xs: Any, **params: Any) -> Any:
        flat = self.loops.flat(xs)
        if flat is not None and not flat.whole:
            z = flat.kernel(*xs)
            if self.many:
                if z[0] is not None:
                    return z
            elif z is not None:
                self.fastpath.learn(flat.kinds, flat.kernel, (), None)
                return z
            return self.loops.noncontiguous(xs, flat)
        for x in xs:
            if type(x) is Symbol:
                return self.fold(xs)
        return self.loops(*xs)

    # ------------------------------------------------------------------------------------ on symbols
    def fold(self, xs: Sequence[Any]) -> Any:
        """The result on symbols and constants: a symbol, or a tuple of them."""
        xs = tuple([constant(x) for x in xs])
        if self.on_complex is not True and any(map(is_complex, xs)):
            return complex_form(self, [kind_of(x) for x in xs]).fold(xs)
        if not self.primitive:
            z = raw(self.value(*map(tensor, xs)))
            if self.d is not None:
                next(x.program for x in xs if type(x) is Symbol).depends(z, xs)
            return tuple(map(raw, z)) if self.many else z
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
            raise value_errors.bad_count(self.name, len(kinds), self.arity)
        p = Program()
        z = self.fold([p.operand(f"a{i}", kind) for i, kind in enumerate(typed(kinds))])
        results = z if self.many else (z,)
        like = None if self.result_like is None else strong(kinds[self.result_like])
        dtypes = [strong(kind_of(r)) for r in results]
        if like is not None:                  # cotangents of complex operands of a real result are complex
            dtypes = [np.result_type(like, np.complex64) if d.kind == "c" else like for d in dtypes]
        return p.body(results, dtypes)

    def cotangents(self, gs: Sequence[Any], xs: Sequence[Any], zs: Sequence[Any],
                   wanted: Sequence[bool]) -> list[Any]:
        """Cotangents of the wanted operands, as inner values on symbols; None: zero, or not wanted."""
        return rules.cotangents(form_of(self, xs), gs, xs, zs, wanted)

    def tangents(self, ts: Sequence[Any], xs: Sequence[Any], zs: Sequence[Any]) -> list[Any]:
        """Tangents of the results, as inner values on symbols; None: zero. In ts too."""
        return rules.tangents(form_of(self, xs), ts, xs, zs)

    # ------------------------------------------------------------------------------------- on arrays
    def forward(self, xs: Sequence[Any], params: dict[str, Any], wanted: tuple[bool, ...]) -> tuple[Any, Any]:
        if (of := form_of(self, xs)) is not self:
            return of.forward(xs, params, wanted)
        if self.joint and (found := joined(self, xs, wanted)) is not None:
            return found
        flat = self.loops.flat(xs)
        if flat is None or not flat.uniform or self.many:
            z = self.run(*xs)
            return z, self.save(xs, z, params, wanted)
        z = flat.kernel(*xs)
        if z is None:
            z = self.loops.noncontiguous(xs, flat)
            return z, self.save(xs, z, params, wanted)
        back = flat.notes.get(wanted)
        if back is None:
            pullback = self._pullback((True,), wanted)
            back = flat.notes[wanted] = Back(pullback, z.dtype, pullback.keep)
        self.fastpath.learn(flat.kinds, flat.kernel, wanted, back)
        return z, ((*xs, z)[back.keep], back, None)

    def ready(self, xs: Sequence[Any], params: dict[str, Any]) -> Callable[..., Any]:
        self.run(*xs)                         # has the kernel compiled
        flat = self.loops.flat(xs)
        if flat is None or flat.whole or self.many:
            return self.run
        kernel, noncontiguous = flat.kernel, self.loops.noncontiguous

        def run(*xs: Any) -> Any:
            z = kernel(*xs)
            return noncontiguous(xs, flat) if z is None else z

        return run

    def save(self, xs: Sequence[Any], z: Any, params: dict[str, Any], wanted: tuple[bool, ...]) -> Any:
        if self.many or type(raw(z)) is Symbol:
            return xs, z, wanted
        of = form_of(self, xs)
        back = of.pullbacks.get(wanted) or of._pullback((True,), wanted)
        return (*xs, z)[back.keep], back, unlike(xs, raw(z))

    def pull(self, g: Any, memo: Any) -> Sequence[Any]:
        back = memo[1]
        if type(back) is Back:
            return back(g, memo[0])
        if type(memo[1]) is Derived:
            saved, pullback, specs = memo
            if specs is None:
                return pullback((g, *saved))
            if (type(g) is Array and g.size >= _LARGE and g.dtype.kind == "f"
                    and Tensor not in map(type, saved)):
                return self._pull_summed(g, saved, pullback, specs)
            cs = pullback((g, *saved))
        else:
            saved, z, wanted = memo
            zs, gs = (z, g) if self.many else ((z,), (g,))
            if type(raw(zs[0])) is Symbol:
                return self.cotangents(gs, saved, zs, wanted)
            pullback = form_of(self, saved)._pullback(tuple([c is not None for c in gs]), wanted)
            cs = pullback((*[c for c in gs if c is not None], *(*saved, *zs)[pullback.keep]))
            specs = [spec(x) for x in saved]
        return [None if c is None else fit(c, x) for c, x in zip(cs, specs, strict=True)]

    def _pull_summed(self, g: Any, saved: Sequence[Any], pullback: Derived, like: Sequence[Any]) -> list[Any]:
        """Cotangents on raw values: those of operands that were repeated are summed as they are computed."""
        found: list[Any] = [None] * self.arity
        for i, place in enumerate(pullback.places):
            if place is not None and place < 0 and like[i].shape != g.shape:
                found[i] = table.summed(pullback.loops, -1 - place, (g, *saved), like[i].shape)
        rest = tuple([p is not None and z is None for p, z in zip(pullback.places, found, strict=True)])
        if any(rest):
            other, low = form_of(self, saved)._pullback((True,), rest), pullback.keep.start
            kept = saved[max(0, other.keep.start - low):max(0, other.keep.stop - low)]
            for i, c in enumerate(other((g, *kept))):
                found[i] = c if rest[i] else found[i]
        return [None if c is None else fit(c, x) for c, x in zip(found, like, strict=True)]

    def push(self, ts: Sequence[Any], xs: Sequence[Any], z: Any, params: dict[str, Any]) -> Any:
        zs = z if self.many else (z,)
        if type(raw(zs[0])) is Symbol:
            out = self.tangents(ts, xs, zs)
        else:
            moving, of = tuple([t is not None for t in ts]), form_of(self, xs)
            forward = of.pushes.get(moving) or of._push(moving, len(zs))
            out = [None if t is None else fit(t, part) for t, part in zip(
                forward((*xs, *zs, *[t for t in ts if t is not None])), zs, strict=True)]
        return tuple(out) if self.many else out[0]

    def _pullback(self, present: tuple[bool, ...], wanted: tuple[bool, ...]) -> Derived:
        """Cotangents of the wanted operands: an op on (cotangents present, kept operands and results)."""
        key = (present, wanted) if self.many else wanted
        if key not in self.pullbacks:
            self.pullbacks[key] = pullback_of(Elementwise, self, present, wanted)
        return self.pullbacks[key]

    def _push(self, moving: tuple[bool, ...], results: int) -> Derived:
        """Tangents of the results: an op on (operands, results, tangents of the operands that move)."""
        if moving not in self.pushes:
            self.pushes[moving] = push_of(Elementwise, self, moving, results)
        return self.pushes[moving]


def _unchanged(op: Elementwise, xs: Sequence[Any]) -> Any:
    """The operand that a multiplication by the constant 1 returns as it is, else None."""
    if op is not multiply:
        return None
    for one, x in (xs, xs[::-1]):
        if type(one) in (int, float) and one == 1 and op.loop((kind_of(one), x.dtype))[1] == x.dtype:
            return x
    return None


# The primitives that derivatives are made of:  value    d: partials from the operands and the result z
add: Elementwise = Elementwise("add", "{} + {}", lambda x, y, z: (1, 1), arity=2,
                               loop=ufunc_loop("add", np.add), on_bool="{} | {}", on_complex=True)
multiply: Elementwise = Elementwise("multiply", "{} * {}", lambda x, y, z: (y, x), arity=2,
                                    loop=ufunc_loop("multiply", np.multiply), linear=(0, 1),
                                    on_bool="{} & {}", on_complex=True)
either: Elementwise = Elementwise("either", "{} | {}", arity=2, discrete=True,
                                  loop=common_loop("either", first=np.bool_), on_complex=True)
both: Elementwise = Elementwise("both", "{} & {}", arity=2, discrete=True,
                                loop=common_loop("both", first=np.bool_), on_complex=True)
masked: Elementwise = Elementwise("masked", "{1} if {0} else {2}",
                                  lambda c, u, nothing, z: (None, choose(c, 1), None), arity=3,
                                  loop=common_loop("masked", first=np.bool_), linear=(1,), on_complex=True)


def choose(c: Any, u: Any) -> Tensor:
    """u where c holds, else nothing: a zero that no later factor, not even inf or nan, turns into more."""
    return apply(masked, (c, u, 0))
