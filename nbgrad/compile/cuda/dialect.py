"""How numba-cuda is told what a kernel says: whole numbers of 32 bits, flat buffers, loops of threads.

The arrays of a kernel are flat buffers and a place in them. `a = a.reshape(-1, n, n)` says how an array in C
order lies there, `x = batch(x, own)` that an array may have any strides.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import FunctionType, MappingProxyType
from typing import Any

from nbgrad.compile.cuda import language
from nbgrad.compile.cuda.head import Head
from nbgrad.compile.cuda.views import INDEX, WIDE, Batch, View, calling, lines, name, of
from nbgrad.compile.dialect import Dialect
from nbgrad.compile.kinds import Elements, Kind, cast, is_float, joined

_LOAD = ast.Load()
_FUNCTIONS = ("log", "maximum", "sign", "sqrt")       # whose arguments and results have one dtype
_WORDS = {name: getattr(language, name) for name in language.__all__}


class Cuda(Dialect):
    """The dialect of one kernel.

    real    : the dtype of numbers with a fraction, which is that of the kernel's arrays
    threads : of a block
    """

    words: Mapping[str, Callable[..., Any]] = MappingProxyType(_WORDS)
    unrolled: Callable[..., Any] | None = staticmethod(language.unrolled)

    real: str | None
    threads: int
    loops: int

    def __init__(self, real: str | None, threads: int, loops: int) -> None:
        self.real, self.threads, self.loops = real, threads, loops
        self.head: Head | None = None         # of the kernel, which is the first function

    def begin(self, tree: ast.FunctionDef, given: dict[str, Kind],
              meanings: Mapping[str, Any]) -> dict[str, Kind]:
        own = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id[-1:] == "_" != n.id}
        if own:
            raise TypeError(f"{sorted(own)}: names that end in _ are for the compile step")
        of_blocks = _Constants({n for n, word in meanings.items() if word is language.threads}, self.threads)
        tree.body = _divided([of_blocks.visit(node) for node in tree.body])
        if self.head is not None:             # a function that the kernel calls
            return given
        self.head = Head(tree, given, meanings, self.loops)
        return self.head.given

    def finish(self, tree: ast.FunctionDef) -> list[ast.FunctionDef]:
        head = self.head
        assert head is not None
        if tree.name == f"k_{head.name}_0":
            tree.args.args = [ast.arg(p) for p in head.parameters]
            tree.body = [*head.casts(), *tree.body]
        return [tree]

    def helper(self, function: FunctionType) -> str:
        return f"{function.__name__}_"    # a word of the compiler's may have this name

    def number(self, kind: Kind) -> Kind:
        if kind == "float" and self.real is None:
            raise TypeError("a number with a fraction, but not one dtype of floats")
        return {"int": INDEX, "float": self.real}.get(kind, kind) if isinstance(kind, str) else kind

    def arithmetic(self, node: ast.expr, kind: Kind) -> ast.expr:
        """Numba widens whole numbers."""
        whole = isinstance(kind, str) and "int" in kind and kind != "int"
        return calling(kind, node) if whole else node

    # arrays

    def parts(self, array: ast.expr, kind: View) -> list[ast.expr]:
        """The buffer, the place in it, and the numbers about the axes."""
        if isinstance(array, ast.Tuple):
            return array.elts
        assert isinstance(array, ast.Name)
        return [name(part) for part in self.parameter(array.id, kind)]

    def parameter(self, name: str, kind: Kind) -> list[str]:
        if not isinstance(kind, View):
            return [name]
        numbers = [f"s_{name}_{k}_" for k in range(kind.axes)] if kind.strided else [
            f"d_{name}_{k}_" for k in range(1, kind.axes)]
        return [name, f"p_{name}_", *numbers]

    def argument(self, node: ast.expr, kind: Kind) -> list[ast.expr]:
        return self.parts(node, kind) if isinstance(kind, View) else [self.exact(node, kind)]

    def exact(self, node: ast.expr, kind: Kind) -> ast.expr:
        return cast(node, kind, self.number(kind), exactly=True)

    def bind(self, name: str, value: ast.expr, kind: Elements) -> list[ast.stmt]:
        if not isinstance(kind, View):
            return super().bind(name, value, kind)
        made: list[ast.stmt] = []
        if isinstance(value, ast.Call):                   # of a batch, which needs statements
            made, value = self.located(name, *value.args)
        to = self.parameter(name, kind)
        return made + [ast.Assign([ast.Name(t, ast.Store())], v)
                       for t, v in zip(to, self.parts(value, kind), strict=True)]

    def attribute(self, array: ast.expr, kind: Elements, name: str) -> tuple[ast.expr, Kind]:
        if isinstance(kind, View) and name == "T":
            return ast.Tuple(self.parts(array, kind), _LOAD), replace(kind, turned=not kind.turned)
        if isinstance(kind, View) and name == "flat" and not kind.strided and not kind.turned:
            return ast.Tuple(self.parts(array, kind)[:2], _LOAD), View(kind.dtype)
        return super().attribute(array, kind, name)

    def item(self, array: ast.expr, kind: Elements, index: ast.expr, of: Kind) -> tuple[ast.expr, Kind]:
        indices = index.elts if isinstance(index, ast.Tuple) else [index]
        kinds = of if isinstance(index, ast.Tuple) else (of,)
        if any(map(is_float, kinds)):
            raise TypeError(f"an index in {ast.unparse(index)} is no whole number")
        indices = [self.exact(i, k) for i, k in zip(indices, kinds, strict=True)]
        if isinstance(kind, Batch):
            assert isinstance(array, ast.Name)
            numbers = [name(f"s_{array.id}_{k}_") for k in range(kind.own)]
            given = [array, *indices, ast.Constant(kind.loops), *numbers]
            return calling("batch", *given), View(kind.dtype, kind.own, True)
        if not isinstance(kind, View):
            return ast.Subscript(array, _widened(indices[0]), _LOAD), kind.dtype
        buffer, place, *numbers = self.parts(array, kind)
        left = kind.axes - len(indices)
        if left < 0 or (left and kind.turned):
            raise TypeError(f"{len(indices)} indices of an array of {kind.axes} axes")
        place = self.place(place, indices, numbers, kinds, kind)
        if left == 0:
            return ast.Subscript(buffer, calling("uint64", place), _LOAD), kind.dtype
        rest = numbers[len(indices):]
        return ast.Tuple([buffer, place, *rest], _LOAD), View(kind.dtype, left, kind.strided)

    def place(self, place: ast.expr, indices: list[ast.expr], numbers: list[ast.expr], kinds: Any,
              kind: View) -> ast.expr:
        """The place of an element, or of an array of last axes."""
        indices = indices[::-1] if kind.turned else indices
        if kind.strided:
            for i, step in zip(indices, numbers):
                place = of("p + int64(i) * s", p=place, i=i, s=step)
            return place
        wide = WIDE in kinds
        offset = calling(WIDE, indices[0]) if wide else indices[0]
        for i, length in zip(indices[1:], numbers):
            offset = of("i * d + j", i=offset, d=length, j=i)
        for length in numbers[len(indices) - 1:]:
            offset = of("i * d", i=offset, d=length)
        if wide:
            return of("p + i", p=place, i=offset)
        return of("p + int64(i)", p=place, i=calling(INDEX, offset) if kind.axes > 1 else offset)

    def view(self, array: ast.expr, kind: Elements, start: ast.expr, of: Kind) -> ast.expr:
        if not isinstance(kind, View):
            raise TypeError(f"{ast.unparse(array)} cannot be seen in parts")
        buffer, place, *numbers = self.parts(array, kind)
        first = [self.exact(start, of), *[ast.Constant(0)] * (kind.axes - 1)]
        return ast.Tuple([buffer, self.place(place, first, numbers, (of,), kind), *numbers], _LOAD)

    def put(self, array: ast.expr, kind: Elements, index: ast.expr, of: Kind, value: ast.expr) -> ast.stmt:
        return ast.Assign([self.item(array, kind, index, of)[0]], value)

    def located(self, to: str, array: Any, index: ast.expr, loops: Any,
                *strides: ast.expr) -> tuple[list[ast.stmt], ast.expr]:
        """Statements that find the array of a batch at an index, and that array."""
        made = lines("rest_ = i", i=index)
        for k in range(loops.value - 1, 0, -1):
            made += lines(f"above_ = uint32(rest_ // b_{k}_); at_{k}_ = uint32(rest_ - above_ * b_{k}_)")
            made += lines("rest_ = above_")
        made += lines("at_0_ = rest_")
        terms = " + ".join(f"int64(at_{k}_) * b_{array.id}_{k}_" for k in range(loops.value))
        return made, ast.Tuple([array, of(f"p_{array.id}_ + {terms}"), *strides], _LOAD)

    # words and loops

    def call(self, word: str, args: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        match word:
            case "lane":
                return of("uint32(cuda.threadIdx.x)"), INDEX
            case "wide" | "narrow":
                to = WIDE if word == "wide" else INDEX
                return calling(to, *args), to
            case "shared":
                kind = self.number(kinds[0])
                if kind is None:
                    return args[0], None
                return calling("cuda.shared.array", ast.Constant(self.threads), name(kind)), Elements(kind)
            case "sync":
                return calling("cuda.syncthreads"), "nothing"
            case "any_thread":
                return of("cuda.syncthreads_or(int32(1) if c else int32(0))", c=args[0]), "bool"
        if word not in _FUNCTIONS:
            raise TypeError(f"{word} does not stand here")
        met = joined(kinds)
        return calling(word, *[cast(a, k, met) for a, k in zip(args, kinds, strict=True)]), met

    def counter(self, word: str, kinds: list[Kind]) -> Kind:
        return WIDE if WIDE in kinds else INDEX

    def loop(self, target: str, word: str, args: list[ast.expr], kinds: list[Kind],
             body: list[ast.stmt]) -> list[ast.stmt]:
        """`while` in every case: what Numba makes of `range` is longer."""
        if any(isinstance(node, ast.Continue) for each in body for node in ast.walk(each)):
            raise TypeError("a kernel cannot `continue`")
        kind = self.counter(word, kinds)
        if kind == WIDE and word != "range":
            raise TypeError(f"threads share out 32 bits: {word} of a wide number")
        args = [cast(a, k, kind, exactly=True) for a, k in zip(args, kinds, strict=True)]
        first, step = {
            "range": (f"{kind}(0)", f"{kind}(1)"),
            "lanes": ("uint32(cuda.threadIdx.x)", f"uint32({self.threads})"),
            "grid": ("uint32(cuda.grid(1))", "uint32(cuda.gridsize(1))"),
            "blocks": ("uint32(cuda.blockIdx.x)", "uint32(cuda.gridDim.x)")}[word]
        begin, by = of(first), args[2] if len(args) == 3 else of(step)
        stop = args[min(len(args) - 1, 1)]
        if len(args) > 1:
            begin = args[0] if word == "range" else of("uint32(a + b)", a=args[0], b=begin)
        made = lines("i = a", i=ast.Name(target, ast.Store()), a=begin)
        changed = {node.id for each in body for node in ast.walk(each)
                   if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        if target in changed:
            raise TypeError(f"{target} is the loop's")
        if not (isinstance(stop, ast.Name) and stop.id not in changed):
            made += lines(f"{target}_stop_ = a", a=stop)
            stop = name(f"{target}_stop_")
        on = lines(f"i = {kind}(k + s)", i=ast.Name(target, ast.Store()), k=name(target), s=by)
        return [*made, ast.While(of("i < n", i=name(target), n=stop), [*body, *on], [])]


def _widened(index: ast.expr) -> ast.expr:
    """An index that is in range, without a cast to 32 bits around it: constants in it are then no work."""
    match index:
        case ast.Call(ast.Name("uint32"), [ast.BinOp(ast.Name() | ast.Constant(), _, ast.Name()) as whole]):
            return whole
    return index


class _Constants(ast.NodeTransformer):
    """The tree with a number in the place of calls without arguments."""

    def __init__(self, names: set[str], value: int) -> None:
        self.names, self.value = names, value

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        found = isinstance(node.func, ast.Name) and node.func.id in self.names
        return ast.copy_location(ast.Constant(self.value), node) if found else node


def _divided(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements with `q, r = divmod(a, b)` spelled out."""
    made: list[ast.stmt] = []
    for node in body:
        match node:
            case ast.Assign([ast.Tuple([q, r])], ast.Call(ast.Name("divmod"), [a, b])):
                made += lines("quotient_ = a // b; r = a - quotient_ * b; q = quotient_", q=q, r=r, a=a, b=b)
                continue
            case ast.For() | ast.While():
                node.body = _divided(node.body)
            case ast.If():
                node.body, node.orelse = _divided(node.body), _divided(node.orelse)
        made.append(node)
    return made
