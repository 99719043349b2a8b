"""The source text of elementwise kernels: one loop over elements, and the walks that bring operands to it."""

from __future__ import annotations

import re

from nbgrad.arrays.memory import BLOCK
from nbgrad.compile.program import Body, Kind

_MEMORY_BOUND = 16384                     # elements that are worth a thread
COSTLY = re.compile(r"\b(exp|log|a?sin|a?cos|a?tan|erf|pow|cbrt|hypot|normcdf|gauss|half_gauss|decay)\w*\(")
_TILE = 16384                             # elements
_STREAMED = 512                           # bytes of a streamed block: few, so that loads go on meanwhile
# Bytes of all arrays of a kernel from which its results are streamed (see stream.py). Whoever takes them next
# finds them in memory, where most of them would be in any case. On an EPYC with 32 MB of last-level cache an
# addition takes 1.1 times as long for arrays of 1.6 MB each, 0.85 for 4 MB and 0.75 for 8 MB and more, also
# where each result is an operand of the next.
_LARGE = 11 << 20

_FLAT = """
def part(start, stop, {operands}):
    streamed = size(o0) >= {large}
{scratch}
    first = start
    while first < stop:
        last = first + {block} if streamed and {block} < stop - first else stop
{target}
        for i in range(first, last):
{work}
        if streamed:
{stream}
        first = last
    if streamed:
        settle()
def {name}({given}):
{prepare}
    n = size(o0)
    token = unlock(n)
    share(part, n, {least}, {operands})
    lock(token)
{result}
"""
# Walks operands of any strides. A tile is `span` elements of the innermost loop by several steps of the loop
# around it. Along the innermost loop a block is worked on at a time: an operand that is not one run of memory
# there is copied to one first, and a constant one is written out once for all blocks. Where memory is what
# takes time and one operand alone is odd, it has loops of its own instead.
_WALK = """
def part(start, stop, {everything}):
    loops = size(dims)
    inner = load(dims, loops - 1)
    middle = load(dims, loops - 2) if loops > 1 else 1
    across = (inner + span - 1) // span
    height = {tile} // span + 1
    down = (middle + height - 1) // height
{scratch}
{steps}
    streamed = {bytes} >= {large} and {near}
    block = {few} if streamed else span if {straight} else {block}
    for tile in range(start, stop):
        rest = tile // across
        left = (tile - rest * across) * span
        right = left + span if left + span < inner else inner
        row = rest // down
        low = (rest - row * down) * height
        high = low + height if low + height < middle else middle
{start}
        for k in range(loops - 3, -1, -1):
            above = row // load(dims, k)
            at = row - above * load(dims, k)
            row = above
{outer}
        for j in range(low, high):
            last = right
{odd}
{fill}
            first = left
            while first < last:
                n = last - first
                if block < n:
                    n = block - {beyond} if streamed else block
{gather}
{target}
                for i in range(n):
{work}
{scatter}
                first += n
{onward}
    if streamed:
        settle()
def {name}({everything}):
    loops = size(dims)
    tiles = (load(dims, loops - 1) + span - 1) // span
    height = {tile} // span + 1
    if loops > 1:
        tiles *= (load(dims, loops - 2) + height - 1) // height
    for k in range(loops - 2):
        tiles *= load(dims, k)
    n = 1
    for k in range(loops):
        n *= load(dims, k)
    token = unlock(n)
    share(part, tiles, ({least} * tiles + n - 1) // n, {everything})
    lock(token)
"""
_STRAIGHT = """            if {straight} and not streamed:
                last = left
                for i in range(left, right):
{work}"""
_ODD = """            if {even} and s_{v} != {width} and not streamed:
                last = left
                if s_{v} == 0:
                    value_{v} = load_at({v}, p_{v})
                    for i in range(left, right):
{constant}
                else:
                    for i in range(left, right):
{apart}"""
_FILL = """            if s_{v} == 0:
                value_{v} = load_at({v}, p_{v})
                for i in range({block} if {block} < last - left else last - left):
                    store(b_{v}, i, value_{v})"""
_GATHER = """                q_{v} = p_{v} + first * s_{v}
                c_{v} = either(s_{v} == {width}, moved({v}, q_{v}), b_{v})
                if s_{v} != {width} and s_{v} != 0:
                    for i in range(n):
                        store(b_{v}, i, load_at({v}, q_{v} + i * s_{v}))"""
_TARGET = """                q_{v} = p_{v} + first * s_{v}
                c_{v} = either(s_{v} == {width} and not streamed, moved({v}, q_{v}), b_{v})"""
_SCATTER = """                if streamed:
                    stream({v}, q_{v}, b_{v}, n)
                elif s_{v} != {width}:
                    for i in range(n):
                        store_at({v}, q_{v} + i * s_{v}, load(b_{v}, i))"""


def flat(name: str, kinds: tuple[Kind, ...], body: Body, many: bool) -> str:
    """Source of the kernel for arrays that are one run of memory of one shape each: it makes its outputs.

    It declines other operands. Where no operand is an array, the outputs are operands too.
    """
    xs, outs = _names(kinds, body)
    arrays = [x for x, kind in zip(xs, kinds, strict=True) if not isinstance(kind, type)]
    prepare, result, given = [], [], xs + outs
    if arrays:
        given = xs
        brackets = "({0},)" if many else "{0}"
        decline = "        return " + brackets.format(", ".join(["declined()"] * len(outs)))
        prepare = [f"    if not ({' and '.join(f'plain({x}, {arrays[0]})' for x in arrays)}):", decline,
                   *[f"    {o} = new_{d}({arrays[0]})" for o, d in zip(outs, body.dtypes, strict=True)],
                   f"    if not ({' and '.join(f'given({o})' for o in outs)}):",
                   *[f"        drop({o})" for o in outs], decline]
        result = ["    return " + brackets.format(", ".join(f"fresh({o})" for o in outs))]
    widths = dict(_widths(kinds, body))

    def lines(form: str) -> str:
        return "\n".join(form.format(o=o, width=widths[o]) for o in outs)

    return _FLAT.format(
        name=name, operands=", ".join(xs + outs), given=", ".join(given), prepare="\n".join(prepare),
        least=_least(body), result="\n".join(result), block=_STREAMED // widths[outs[0]],
        large=_LARGE // sum(widths.values()), scratch=lines("    b_{o} = scratch({o})"),
        target=lines("        c_{o} = either(streamed, moved(b_{o}, -first * {width}), {o})"),
        stream=lines("            stream({o}, first * {width}, b_{o}, last - first)"),
        work=_work(kinds, body, 12, {v: f"(c_{v}, i)" if v in outs else f"({v}, i)" for v in widths}))


def strided(name: str, kinds: tuple[Kind, ...], body: Body) -> str:
    """Source of the kernel for operands and outputs of any strides (see layout.walk)."""
    xs, outs = _names(kinds, body)
    widths = _widths(kinds, body)
    inputs, results = widths[:len(widths) - len(outs)], widths[len(widths) - len(outs):]
    walked = {v: k for k, (v, _) in enumerate(widths)}

    def lines(form: str, operands: list[tuple[str, int]]) -> str:
        return "\n".join(form.format(v=v, width=w, k=walked[v], block=BLOCK) for v, w in operands)

    return _WALK.format(
        name=name, tile=_TILE, least=_least(body), everything=", ".join([*xs, *outs, "dims, steps, span"]),
        scratch=lines("    b_{v} = scratch({v})", widths),
        steps=lines("    s_{v} = load(steps, {k} * loops + loops - 1)\n"
                    "    t_{v} = load(steps, {k} * loops + loops - 2) if loops > 1 else 0", widths),
        start=lines("        p_{v} = low * t_{v}", widths), block=BLOCK,
        large=_LARGE, bytes=" + ".join(f"size({v}) * {w}" for v, w in widths),
        near=" and ".join([f"-64 <= s_{x} <= 64" for x, _ in inputs] + [f"s_{o} == {w}" for o, w in results]),
        few=_STREAMED // results[0][1], beyond=lines("beyond({v}, p_{v} + first * {width})", results[:1]),
        odd=_odd(kinds, body),
        straight=" and ".join(f"s_{v} == {w}" for v, w in widths), fill=lines(_FILL, inputs),
        outer=lines("            p_{v} += at * load(steps, {k} * loops + k)", widths),
        gather=lines(_GATHER, inputs), target=lines(_TARGET, results),
        work=_work(kinds, body, 20, {v: f"(c_{v}, i)" for v in walked}),
        scatter=lines(_SCATTER, results), onward=lines("            p_{v} += t_{v}", widths))


def _names(kinds: tuple[Kind, ...], body: Body) -> tuple[list[str], list[str]]:
    """Names of a kernel's operands, and of its outputs."""
    return [f"x{i}" for i in range(len(kinds))], [f"o{k}" for k in range(len(body.results))]


def _widths(kinds: tuple[Kind, ...], body: Body) -> list[tuple[str, int]]:
    """The arrays among a kernel's operands, then its outputs: name, and bytes of an element."""
    xs = [(f"x{i}", kind.itemsize) for i, kind in enumerate(kinds) if not isinstance(kind, type)]
    return xs + [(f"o{k}", dtype.itemsize) for k, dtype in enumerate(body.dtypes)]


def _work(kinds: tuple[Kind, ...], body: Body, depth: int, places: dict[str, str]) -> str:
    """The lines that compute element i. places: of arrays, as _at(place) for load and store, or a value.

    depth: blanks before each line.
    """
    xs, outs = _names(kinds, body)
    reads = [x if isinstance(kind, type) else "load" + places[x] if places[x][0] in "_(" else places[x]
             for x, kind in zip(xs, kinds, strict=True)]
    lines = [*[f"a{i} = {read}" for i, read in enumerate(reads)], *body.lines,
             *[f"store{places[o][:-1]}, {value})" for o, value in zip(outs, body.results, strict=True)]]
    return "\n".join(" " * depth + line for line in lines)


def _odd(kinds: tuple[Kind, ...], body: Body) -> str:
    """Loops for each operand of two that is constant along the innermost loop, or lies apart in memory.

    Nothing where mathematics takes more time than a copy.
    """
    widths = dict(_widths(kinds, body))
    arrays = [v for v in widths if v[0] == "x"]
    if len(arrays) != 2 or COSTLY.search(" ".join(body.lines)):
        return ""
    found = [_STRAIGHT.format(straight=" and ".join(f"s_{x} == {w}" for x, w in widths.items()), work=_work(
        kinds, body, 20, {x: f"_at({x}, p_{x} + i * {w})" for x, w in widths.items()}))]
    for v in arrays:
        near = {x: f"_at({x}, p_{x} + i * {w})" for x, w in widths.items()}
        even = " and ".join(f"s_{x} == {w}" for x, w in widths.items() if x != v)
        found.append(_ODD.format(
            v=v, width=widths[v], even=even,
            constant=_work(kinds, body, 24, {**near, v: f"value_{v}"}),
            apart=_work(kinds, body, 24, {**near, v: f"_at({v}, p_{v} + i * s_{v})"})))
    return "\n".join(found)


def _least(body: Body) -> int:
    """Elements that are worth a thread: many where memory is what takes time, few where mathematics does."""
    functions = len(COSTLY.findall(" ".join(body.lines)))
    return max(_MEMORY_BOUND // (8 * functions), 512) if functions else _MEMORY_BOUND
