"""The source text of elementwise kernels: one loop over elements, and the walks that bring operands to it.

Names in a kernel, of an operand or a result v: b_v is a scratch, c_v the run of memory that the loop takes,
s_v bytes from one element to the next in the innermost loop, t_v in the loop around it, p_v and q_v offsets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nbgrad.arrays.memory import BLOCK
from nbgrad.compile.program import Body, Kind
from nbgrad.compile.writer import Writer

_MEMORY_BOUND = 16384                     # elements that are worth a thread
_TILE = 16384                             # elements
_STREAMED = 512                           # bytes of a streamed block: few, so that loads go on meanwhile
# Bytes of all arrays of a kernel from which its results are streamed (see nontemporal.py). Whoever takes them
# next finds them in memory, where most of them would be in any case. On an EPYC with 32 MB of last-level
# cache an addition takes 1.1 times as long for arrays of 1.6 MB each, 0.85 for 4 MB and 0.75 for 8 MB and
# more, also where each result is an operand of the next.
_LARGE = 11 << 20


def flat(name: str, kinds: tuple[Kind, ...], body: Body, many: bool) -> str:
    """Source of the kernel for arrays that are one run of memory of one shape each: it makes its outputs.

    It declines other operands. Where no operand is an array, the outputs are operands too.
    """
    return _Writer(kinds, body).flat(name, many)


def strided(name: str, kinds: tuple[Kind, ...], body: Body) -> str:
    """Source of the kernel for operands and outputs of any strides (see layout.walk).

    A tile is `span` elements of the innermost loop by several steps of the loop around it. Along the
    innermost loop a block is worked on at a time: an operand that is not one run of memory there is copied to
    one first, and a constant one is written out once for all blocks. Where memory is what takes time and one
    operand alone is not contiguous, it has loops of its own instead.
    """
    return _Writer(kinds, body).strided(name)


class _Place(NamedTuple):
    """Where an element is: its number in an array, or the bytes to it if `at` says so."""

    array: str
    place: str
    at: bool = False

    @property
    def load(self) -> str:
        return f"{'load_at' if self.at else 'load'}({self.array}, {self.place})"

    def store(self, value: str) -> str:
        return f"{'store_at' if self.at else 'store'}({self.array}, {self.place}, {value})"


class _Writer:
    """What the kernels of a program have in common.

    inputs, outs : names of the operands that are arrays, and of the results
    width : bytes of their elements
    """

    def __init__(self, kinds: tuple[Kind, ...], body: Body) -> None:
        self.body, self.w = body, Writer()
        self.xs = [f"x{i}" for i in range(len(kinds))]
        self.inputs = [x for x, kind in zip(self.xs, kinds, strict=True) if not isinstance(kind, type)]
        self.outs = [f"o{k}" for k in range(len(body.results))]
        self.width = {x: kind.itemsize for x, kind in zip(self.xs, kinds, strict=True) if x in self.inputs}
        self.width |= {o: dtype.itemsize for o, dtype in zip(self.outs, body.dtypes, strict=True)}
        # elements that are worth a thread: many where memory takes the time, few where mathematics does
        self.least = max(_MEMORY_BOUND // (8 * body.costly), 512) if body.costly else _MEMORY_BOUND

    def work(self, place: Callable[[str], _Place | str]) -> None:
        """Write what computes one element. place: where an array's element is, or what it is."""
        w = self.w
        for i, x in enumerate(self.xs):
            at = place(x) if x in self.inputs else x
            w.line(f"a{i} = {at.load if isinstance(at, _Place) else at}")
        w.lines(*self.body.lines)
        for o, value in zip(self.outs, self.body.results, strict=True):
            at = place(o)
            assert isinstance(at, _Place)
            w.line(at.store(value))

    def contiguous(self, names: list[str]) -> str:
        """Whether arrays are one run of memory along the innermost loop."""
        return " and ".join(f"s_{v} == {self.width[v]}" for v in names)

    # operands of one run of memory

    def flat(self, name: str, many: bool) -> str:
        w, operands = self.w, ", ".join(self.xs + self.outs)
        with w.block(f"def part(start, stop, {operands}):"):
            self.blocks()
        given = self.xs if self.inputs else self.xs + self.outs
        with w.block(f"def {name}({', '.join(given)}):"):
            if self.inputs:
                self.make_outputs(many)
            w.lines("n = size(o0)", "token = unlock(n)", f"share(part, n, {self.least}, {operands})",
                    "lock(token)")
            if self.inputs:
                w.line(f"return {self.tupled([f'fresh({o})' for o in self.outs], many)}")
        return w.text()

    def tupled(self, values: list[str], many: bool) -> str:
        """What a kernel returns: one value, or a tuple of them."""
        return f"({', '.join(values)},)" if many else values[0]

    def make_outputs(self, many: bool) -> None:
        """Write what makes the outputs, and declines operands that are not one run of memory of one shape."""
        w, lead = self.w, self.inputs[0]
        decline = f"return {self.tupled(['declined()'] * len(self.outs), many)}"
        with w.block(f"if not ({' and '.join(f'plain({x}, {lead})' for x in self.inputs)}):"):
            w.line(decline)
        for o, dtype in zip(self.outs, self.body.dtypes, strict=True):
            w.line(f"{o} = new_{dtype}({lead})")
        with w.block(f"if not ({' and '.join(f'given({o})' for o in self.outs)}):"):
            w.lines(*[f"drop({o})" for o in self.outs], decline)

    def blocks(self) -> None:
        """Write the loop over elements, in blocks that are streamed if there are many."""
        w, few = self.w, _STREAMED // self.width["o0"]
        w.line(f"streamed = size(o0) >= {_LARGE // sum(self.width.values())}")
        for o in self.outs:
            w.line(f"b_{o} = scratch({o})")
        w.line("first = start")
        with w.block("while first < stop:"):
            w.line(f"last = first + {few} if streamed and {few} < stop - first else stop")
            for o in self.outs:
                w.line(f"c_{o} = either(streamed, moved(b_{o}, -first * {self.width[o]}), {o})")
            with w.block("for i in range(first, last):"):
                self.work(lambda v: _Place(f"c_{v}" if v in self.outs else v, "i"))
            with w.block("if streamed:"):
                for o in self.outs:
                    w.line(f"stream({o}, first * {self.width[o]}, b_{o}, last - first)")
            w.line("first = last")
        with w.block("if streamed:"):
            w.line("settle()")

    # operands of any strides

    def strided(self, name: str) -> str:
        w, everything = self.w, ", ".join([*self.xs, *self.outs, "dims, steps, span"])
        with w.block(f"def part(start, stop, {everything}):"):
            self.tiles()
        with w.block(f"def {name}({everything}):"):
            w.lines("loops = size(dims)", "tiles = (load(dims, loops - 1) + span - 1) // span",
                    f"height = {_TILE} // span + 1")
            with w.block("if loops > 1:"):
                w.line("tiles *= (load(dims, loops - 2) + height - 1) // height")
            with w.block("for k in range(loops - 2):"):
                w.line("tiles *= load(dims, k)")
            w.line("n = 1")
            with w.block("for k in range(loops):"):
                w.line("n *= load(dims, k)")
            w.lines("token = unlock(n)",
                    f"share(part, tiles, ({self.least} * tiles + n - 1) // n, {everything})", "lock(token)")
        return w.text()

    def tiles(self) -> None:
        """Write the loop over tiles, and in each the loop over its rows."""
        w, width = self.w, self.width
        near = " and ".join([*[f"-64 <= s_{x} <= 64" for x in self.inputs], self.contiguous(self.outs)])
        w.lines("loops = size(dims)", "inner = load(dims, loops - 1)",
                "middle = load(dims, loops - 2) if loops > 1 else 1", "across = (inner + span - 1) // span",
                f"height = {_TILE} // span + 1", "down = (middle + height - 1) // height")
        for v in width:
            w.line(f"b_{v} = scratch({v})")
        for k, v in enumerate(width):
            w.lines(f"s_{v} = load(steps, {k} * loops + loops - 1)",
                    f"t_{v} = load(steps, {k} * loops + loops - 2) if loops > 1 else 0")
        total = " + ".join(f"size({v}) * {n}" for v, n in width.items())
        w.lines(f"streamed = {total} >= {_LARGE} and {near}",
                f"block = {_STREAMED // width['o0']} if streamed else span if {self.contiguous(list(width))} "
                f"else {BLOCK}")
        with w.block("for tile in range(start, stop):"):
            w.lines("rest = tile // across", "left = (tile - rest * across) * span",
                    "right = left + span if left + span < inner else inner", "row = rest // down",
                    "low = (rest - row * down) * height",
                    "high = low + height if low + height < middle else middle",
                    *[f"p_{v} = low * t_{v}" for v in width])
            with w.block("for k in range(loops - 3, -1, -1):"):
                w.lines("above = row // load(dims, k)", "at = row - above * load(dims, k)", "row = above",
                        *[f"p_{v} += at * load(steps, {k} * loops + k)" for k, v in enumerate(width)])
            with w.block("for j in range(low, high):"):
                self.row()
                w.lines(*[f"p_{v} += t_{v}" for v in width])
        with w.block("if streamed:"):
            w.line("settle()")

    def row(self) -> None:
        """Write the loop over the blocks of a tile's row."""
        w = self.w
        w.line("last = right")
        if len(self.inputs) == 2 and not self.body.costly:
            self.uncopied()
        for x in self.inputs:
            self.fill(x)
        w.line("first = left")
        with w.block("while first < last:"):
            w.line("n = last - first")
            with w.block("if block < n:"):
                w.line(f"n = block - beyond(o0, p_o0 + first * {self.width['o0']}) if streamed else block")
            for x in self.inputs:
                self.gather(x)
            for o in self.outs:
                w.lines(f"q_{o} = p_{o} + first * s_{o}",
                        f"c_{o} = either({self.contiguous([o])} and not streamed, moved({o}, q_{o}), b_{o})")
            with w.block("for i in range(n):"):
                self.work(lambda v: _Place(f"c_{v}", "i"))
            for o in self.outs:
                self.scatter(o)
            w.line("first += n")

    def uncopied(self) -> None:
        """Write loops without copies: where both operands are contiguous, and where one alone is constant
        along the innermost loop, or strided.
        """
        w = self.w

        def near(v: str) -> _Place:
            return _Place(v, f"p_{v} + i * {self.width[v]}", True)

        def but(x: str, own: _Place | str) -> Callable[[str], _Place | str]:
            return lambda v: own if v == x else near(v)

        def loop(place: Callable[[str], _Place | str]) -> None:
            with w.block("for i in range(left, right):"):
                self.work(place)

        with w.block(f"if {self.contiguous(list(self.width))} and not streamed:"):
            w.line("last = left")
            loop(near)
        for x in self.inputs:
            others = self.contiguous([v for v in self.width if v != x])
            constant, apart = f"value_{x}", _Place(x, f"p_{x} + i * s_{x}", True)
            with w.block(f"if {others} and s_{x} != {self.width[x]} and not streamed:"):
                w.line("last = left")
                with w.block(f"if s_{x} == 0:"):
                    w.line(f"{constant} = load_at({x}, p_{x})")
                    loop(but(x, constant))
                with w.block("else:"):
                    loop(but(x, apart))

    def fill(self, x: str) -> None:
        """Write what fills the scratch of an operand that is constant along the innermost loop."""
        w = self.w
        with w.block(f"if s_{x} == 0:"):
            w.line(f"value_{x} = load_at({x}, p_{x})")
            with w.block(f"for i in range({BLOCK} if {BLOCK} < last - left else last - left):"):
                w.line(f"store(b_{x}, i, value_{x})")

    def gather(self, x: str) -> None:
        """Write what makes c_x the run of memory with a block of an operand."""
        w = self.w
        w.lines(f"q_{x} = p_{x} + first * s_{x}",
                f"c_{x} = either({self.contiguous([x])}, moved({x}, q_{x}), b_{x})")
        with w.block(f"if s_{x} != {self.width[x]} and s_{x} != 0:"), w.block("for i in range(n):"):
            w.line(f"store(b_{x}, i, load_at({x}, q_{x} + i * s_{x}))")

    def scatter(self, o: str) -> None:
        """Write what stores a block of a result that is streamed, or not contiguous."""
        w = self.w
        with w.block("if streamed:"):
            w.line(f"stream({o}, q_{o}, b_{o}, n)")
        with w.block(f"elif s_{o} != {self.width[o]}:"), w.block("for i in range(n):"):
            w.line(f"store_at({o}, q_{o} + i * s_{o}, load(b_{o}, i))")
