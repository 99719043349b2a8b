"""What the report on CUDA's kernels runs: each op once, on arrays large enough to tell how it uses memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import nbgrad as nb
from nbgrad.define.inputs import draw, spans
from nbgrad.define.registry import OPS, Row

FLOATS = ("float32", "float64")
_FLAT = 16384                             # elements of a flat kernel
Run = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """One use of an op.

    op     : its name
    what   : which use it is
    kind   : flat, strided, reduction, rows or other: what is demanded of it
    dtype  : of the floats among the operands
    make   : a random generator -> the operands, NumPy arrays
    ready  : the operands as Tensors -> what is measured, a function without arguments
    reads  : how many times the first operand's bytes must be read at least; None: every operand once
    """

    op: str
    what: str
    kind: str
    dtype: str
    make: Callable[[np.random.Generator], list[np.ndarray]]
    ready: Callable[..., Run]
    reads: float | None = None


def cases() -> Iterator[Case]:
    """All cases, in both float dtypes."""
    for dtype in FLOATS:
        for row in OPS.values():
            if row.kind == "elementwise" and (dtype == FLOATS[0] or _has_floats(row)):
                yield _flat(row, dtype)
        yield from _backward(dtype)
        yield from _strided(dtype)
        yield from _rows(dtype)
        yield from _others(dtype)


def _has_floats(row: Row) -> bool:
    return any(isinstance(span, tuple) for span in spans(row))


def _flat(row: Row, dtype: str) -> Case:
    """An elementwise op on arrays that lie in one run of memory each."""
    op: Any = row.op

    def make(rng: np.random.Generator) -> list[np.ndarray]:
        return [draw(rng, span, (_FLAT,), dtype) for span in spans(row)]

    return Case(op.name, "flat", "flat", dtype, make, _forward(op))


def _forward(op: Callable[..., Any]) -> Callable[..., Run]:
    return lambda *xs: partial(op, *xs)


def _pull(op: Callable[..., Any]) -> Callable[..., Run]:
    """The gradient of an op, whose value has been computed before."""
    def ready(*xs: Any) -> Run:
        z, pull = nb.vjp(op, *xs)
        return partial(pull, nb.asarray(np.ones(z.shape, str(z.dtype))))

    return ready


def _normal(dtype: str, *shapes: tuple[int, ...]) -> Callable[[np.random.Generator], list[np.ndarray]]:
    return lambda rng: [rng.normal(size=shape).astype(dtype) for shape in shapes]


def _case(op: str, what: str, kind: str, dtype: str, f: Callable[..., Any], *shapes: tuple[int, ...],
          reads: float | None = None, pull: bool = False) -> Case:
    ready = _pull(f) if pull else _forward(f)
    return Case(op, what, kind, dtype, _normal(dtype, *shapes), ready, reads)


def _backward(dtype: str) -> Iterator[Case]:
    """Gradients of elementwise ops: all partials in one kernel."""
    n = (_FLAT,)
    yield _case("tanh", "backward", "flat", dtype, nb.tanh, n, reads=2, pull=True)
    yield _case("gelu", "backward", "flat", dtype, nb.gelu, n, reads=2, pull=True)
    yield _case("multiply", "backward", "flat", dtype, nb.multiply, n, n, reads=3, pull=True)


def _strided(dtype: str) -> Iterator[Case]:
    """Elementwise ops on operands that broadcast, or lie across one another, and copies."""
    n = (128, 128)
    yield _case("add", "with a row", "strided", dtype, nb.add, n, n[1:])
    yield _case("add", "with a column", "strided", dtype, nb.add, n, (128, 1))
    yield _case("add", "one transposed", "strided", dtype, lambda x, y: nb.add(x, y.T), n, n)
    yield _case("tanh", "transposed", "flat", dtype, lambda x: nb.tanh(x.T), n)
    yield _case("reshape", "of a transpose", "strided", dtype, lambda x: nb.reshape(x.T, -1), n)


def _rows(dtype: str) -> Iterator[Case]:
    """Reductions, and maps of rows, along the last and the first axis, of large and of few rows."""
    for name in ("sum", "mean", "max", "min", "prod"):
        op = getattr(nb, name)
        yield _case(name, "axis 1", "reduction", dtype, partial(op, axis=1), (64, 1024))
        yield _case(name, "axis 0", "reduction", dtype, partial(op, axis=0), (256, 256))
        if name in ("sum", "max"):
            yield _case(name, "all", "reduction", dtype, op, (65536,))
            yield _case(name, "short rows", "reduction", dtype, partial(op, axis=1), (2048, 32))
            yield _case(name, "few columns", "reduction", dtype, partial(op, axis=0), (16384, 4))
    for name in ("softmax", "log_softmax", "logsumexp", "var"):
        op = getattr(nb, name)
        yield _case(name, "axis 1", "rows", dtype, partial(op, axis=1), (64, 1024))
        yield _case(name, "axis 0", "rows", dtype, partial(op, axis=0), (256, 256))
    yield _case("softmax", "backward", "rows", dtype, partial(nb.softmax, axis=1), (64, 1024), reads=2,
                pull=True)


def _others(dtype: str) -> Iterator[Case]:
    """Products, indexing, scans and the rest."""
    n = (128, 128)
    yield _case("matmul", "square", "other", dtype, nb.matmul, n, n)
    yield _case("matmul", "transposed", "other", dtype, lambda x, y: x.T @ y.T, n, n)
    yield _case("matmul", "vector", "other", dtype, nb.matmul, (256, 512), (512,))
    yield _case("matmul", "batched", "other", dtype, nb.matmul, (16, 32, 32), (16, 32, 32))
    yield _case("cumsum", "axis 1", "other", dtype, partial(nb.cumsum, axis=1), (64, 512))
    yield _case("cumsum", "axis 0", "other", dtype, partial(nb.cumsum, axis=0), (256, 128))
    yield _case("sort", "axis 1", "other", dtype, partial(nb.sort, axis=1), (32, 256))
    yield _case("argmax", "axis 1", "other", dtype, partial(nb.argmax, axis=1), (64, 1024))
    yield _case("concat", "rows", "other", dtype, lambda x, y: nb.concat([x, y]), n, n)
    places = np.random.default_rng(0).permutation(128)
    yield _case("getitem", "rows", "other", dtype, lambda x: x[places], n)
    yield _case("getitem", "elements", "other", dtype, lambda x: x[places, places[::-1]], n, reads=1 / 128)
    yield _case("getitem", "slice backward", "other", dtype, lambda x: x[::2], n, reads=0.5, pull=True)
    yield _case("getitem", "rows backward", "other", dtype, lambda x: x[places], n, pull=True)
    yield _case("conv2d", "3x3", "other", dtype, nb.conv2d, (2, 8, 16, 16), (8, 8, 3, 3))
    yield _case("max_pool2d", "2x2", "other", dtype, lambda x: nb.max_pool2d(x, 2), (2, 8, 32, 32))
    for m in (64, 96):                    # with one panel, and with several
        yield _case("solve", f"{m}x{m}", "other", dtype, nb.linalg.solve, (m, m), (m, 8))
        yield Case("cholesky", f"{m}x{m}", "other", dtype, partial(_definite, n=m, dtype=dtype),
                   _forward(nb.linalg.cholesky))


def _definite(rng: np.random.Generator, n: int, dtype: str) -> list[np.ndarray]:
    x = rng.normal(size=(n, n))
    return [(x @ x.T + n * np.eye(n)).astype(dtype)]
