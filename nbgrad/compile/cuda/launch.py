"""How a kernel's text becomes a launch: loops over merged axes, spelled out, and the arguments they take.

A walk is a shape, merged with the strides of all operands to as few loops as there can be. Its kernel counts
elements in 32 bits and finds each one's place in every operand by one division for each loop but the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile import layout
from nbgrad.compile.writer import Writer


def kernel(name: str, source: str) -> Any:
    """The compiled kernel of a source. The compiler is imported when the first one is asked for."""
    return import_module("nbgrad.compile.cuda.compiler").compiled(name, source)


def merged(shape: Sequence[int], arrays: Sequence[CudaArray],
           own: int = 0) -> tuple[list[int], list[list[int]]]:
    """Lengths of the loops over a shape, and the steps (elements) in them of arrays that broadcast to it.

    own : last axes of the arrays that are not part of the walk
    """
    steps = []
    for x in arrays:
        walked = x.ndim - own
        each = zip(x.shape[:walked], x.steps[:walked], strict=True)
        steps.append([0] * (len(shape) - walked) + [s if n != 1 else 0 for n, s in each])
    return layout.merge(list(shape), steps)


def place_lines(names: Sequence[str], loops: int, index: str = "i") -> list[str]:
    """Lines that find element `index` of every operand: p_<name>, from the operands' steps s_<name>_<loop>.

    They use d<loop>, the loops' lengths, for all loops but the first, and f_<name>, the first places.
    """
    lines = [f"rest = {index}"]
    for k in range(loops - 1, 0, -1):
        lines += [f"above = uint32(rest // d{k})", f"at{k} = uint32(rest - above * d{k})", "rest = above"]
    lines.append("at0 = rest")
    for name in names:
        terms = " + ".join(f"int64(at{k}) * s_{name}_{k}" for k in range(loops))
        lines.append(f"p_{name} = uint64(f_{name} + {terms})")
    return lines


def places(names: Sequence[str], loops: int, index: str = "i", depth: int = 8) -> str:
    """The `place_lines`, so many blanks deep."""
    return "\n".join(" " * depth + line for line in place_lines(names, loops, index))


def parameters(names: Sequence[str], loops: int) -> str:
    """The parameters of a kernel that `places` is part of, in the order of `arguments`."""
    sizes = [f"d{k}" for k in range(1, loops)]
    each = [part for name in names for part in (name, f"f_{name}", *[f"s_{name}_{k}" for k in range(loops)])]
    return ", ".join([*sizes, *each])


def cast_lines(loops: int) -> list[str]:
    """Lines that give the lengths of the loops 32 bits."""
    return [f"d{k} = uint32(d{k})" for k in range(1, loops)]


def casts(loops: int) -> str:
    """The `cast_lines`, in the block of a kernel."""
    return "\n".join("    " + line for line in cast_lines(loops))


def walk(name: str, given: Sequence[str], loops: int, work: Callable[[Writer], None],
         places: Sequence[str] = ()) -> str:
    """The source of a kernel that does some work at each element i of a walk.

    given  : parameters beside the number of elements
    work   : writes what is done with an element
    places : lines before it
    """
    w = Writer()
    with w.block(f"def {name}({', '.join(['n', *given])}):"):
        w.lines("n = uint32(n)", *cast_lines(loops), "i = uint32(cuda.grid(1))",
                "step = uint32(cuda.gridsize(1))")
        with w.block("while i < n:"):
            w.lines(*places)
            work(w)
            w.line("i = uint32(i + step)")
    return w.text()


def arguments(dims: Sequence[int], arrays: Sequence[CudaArray], steps: Sequence[Sequence[int]]) -> list[Any]:
    """What a kernel with those parameters is given."""
    found: list[Any] = list(dims[1:])
    for x, step in zip(arrays, steps, strict=True):
        flat, first = x.flat
        found += [flat, first, *step]
    return found


def run(name: str, spell: Callable[..., str], n: int, *args: Any, what: Sequence[Any]) -> None:
    """Launch the kernel that spell(*what) is the source of, on n elements; nothing if there are none."""
    if n:
        cuda.launch(kernel(name, spell(*what)), cuda.blocks(n), cuda.host().threads, n, *args)
