"""Tests of derivatives, for nbgrad's own ops and for yours.

`check_grads(f, args)` compares forward mode, reverse mode and differences, and does so again for the
derivatives themselves. `check(op)` does that for an op of the table on the test inputs of its row, and
compares its values with its reference.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.arrays.dtypes import is_complex
from nbgrad.define import inputs
from nbgrad.define.declare import Choice
from nbgrad.define.inputs import reference
from nbgrad.define.registry import OPS, Row
from nbgrad.define.scalar import Elementwise
from nbgrad.engine import convert
from nbgrad.engine.tensor import Tensor, as_tensor, raw, tensor
from nbgrad.engine.transforms import jvp, vjp
from nbgrad.engine.tree import flatten, map_leaves
from nbgrad.errors import table_errors

__all__ = ["FLOATS", "Case", "as_constant", "cases", "check", "check_float32", "check_gradients",
           "check_grads", "check_values", "function", "is_composite", "reference", "row_of", "values"]

FLOATS = ("float32", "float64")
_STEP = 1e-3            # of a fourth-order difference: its error is about 1e-12 times the fifth derivative


# ----------------------------------------------------------------------------------------- derivatives
def check_grads(f: Callable[..., Any], args: Sequence[Any], order: int = 2, rtol: float = 1e-6,
                seed: int = 0) -> None:
    """Compare f's derivatives up to an order. Raises AssertionError unless they agree.

    Forward mode is compared with reverse mode, and both with differences.

    f    : takes and returns Tensors (or trees of them); smooth in a ball of radius 2e-3 around args
    args : float64 or complex128 arrays or Tensors; of complex ones all directions are tried, those of both
    parts order : how often f is differentiated
    rtol : how far a derivative may be from a fourth-order central difference, relative to its size or to 1
    seed : of the directions in which derivatives are taken

    >>> nb.testing.check_grads(lambda x: nb.sum(nb.sin(x) * x), [np.array([0.5, 2.0])])
    """
    rng = np.random.default_rng(seed)
    xs = [as_tensor(x) for x in args]
    us = [_direction(rng, x) for x in xs]
    y, pullback = vjp(f, *xs)
    vs = map_leaves(lambda leaf: _direction(rng, leaf), y)
    forward = _inner(vs, jvp(f, xs, us)[1])
    reverse = _inner(us, list(pullback(vs)))
    if any(raw(leaf).dtype in (np.float32, np.complex64) for leaf in flatten(y)[0]):
        _agree("forward and reverse mode", forward, reverse, 1e-4)       # too coarse for differences
        return
    _agree("forward and reverse mode", forward, reverse, 1e-9)
    _agree("forward mode and differences", forward, _inner(vs, _difference(f, xs, us)), rtol)
    if order > 1:
        check_grads(lambda *zs: vjp(f, *zs)[1](vs), xs, order - 1, rtol, seed + 1)
        check_grads(lambda *zs: jvp(f, zs, us)[1], xs, order - 1, rtol, seed + 1)


def values(x: Any) -> Any:
    """Return the values of a Tensor x, or of what is none, where NumPy can read them.

    >>> nb.testing.values(nb.ones(2))
    array([1., 1.])
    """
    return devices.host(raw(x))


def _direction(rng: np.random.Generator, x: Tensor) -> np.ndarray:
    """Random numbers of x's shape, complex where x is."""
    u = rng.normal(size=x.shape)
    return u + 1j * rng.normal(size=x.shape) if is_complex(raw(x)) else u


def _inner(a: Any, b: Any) -> float:
    """Inner product of two trees of arrays, by which one map is another's transpose; of complex ones its real
    part.
    """
    pairs = zip(flatten(a)[0], flatten(b)[0], strict=True)
    return float(np.real(sum(np.sum(np.asarray(values(p)) * np.asarray(values(q))) for p, q in pairs)))


def _difference(f: Callable[..., Any], xs: Sequence[Tensor], us: Sequence[np.ndarray]) -> Any:
    """Derivative of f along us by a fourth-order central difference."""
    def at(h: float) -> list[np.ndarray]:
        moved = f(*[values(x) + h * u for x, u in zip(xs, us, strict=True)])
        return [np.asarray(values(y)) for y in flatten(moved)[0]]

    far, near = [[p - m for p, m in zip(at(h), at(-h), strict=True)] for h in (2 * _STEP, _STEP)]
    return [(8 * n - f) / (12 * _STEP) for n, f in zip(near, far, strict=True)]


def _agree(what: str, a: float, b: float, rtol: float) -> None:
    if not abs(a - b) <= rtol * max(1.0, abs(a), abs(b)):
        raise AssertionError(f"{what} disagree: {a!r} and {b!r}")


# -------------------------------------------------------------------------------- test inputs from the table
@dataclass(frozen=True)
class Case:
    """One call of an op for a test.

    label : what its test is called
    args : the inputs, arrays and numbers
    params : the parameters, by name

    >>> next(nb.testing.cases(nb.testing.row_of("matmul"), "float64")).args[0].shape
    (2, 3)
    """

    label: str
    args: list[Any]
    params: dict[str, Any]


def row_of(op: Any) -> Row:
    """Return the table's row of an op or of an op's name. Raises RegistryError if it has none.

    >>> nb.testing.row_of(nb.tanh).kind
    'elementwise'
    """
    name = op if isinstance(op, str) else op.name
    if name not in OPS:
        raise table_errors.bad_declaration(name, "is not in the op table. Declare it with elementwise or op.")
    return OPS[name]


def cases(row: Row, dtype: str) -> Iterator[Case]:
    """Return an iterator of the row's test inputs in a dtype: contiguous, strided, broadcast, 0-d and empty.

    >>> [case.label for case in nb.testing.cases(nb.testing.row_of(nb.tanh), "float32")][:3]
    ['flat', 'strided', 'row']
    """
    rng = np.random.default_rng(zlib.crc32(row.op.name.encode()))
    if row.kind == "elementwise":
        spans = inputs.spans(row)
        for label, shapes in _SHAPES.items():
            args = [inputs.draw(rng, span, s, dtype) for s, span in zip(shapes, spans, strict=False)]
            yield Case(label, [_strided(a) if label == "strided" else a for a in args], {})
        return
    for k, case in enumerate(row.cases):
        args, params = inputs.make(rng, case, dtype)
        yield Case(f"case {k}", args, params)
        yield Case(f"case {k} strided", [_strided(a) for a in args], params)


_SHAPES = {"flat": ((3, 4), (3, 4), (3, 4)), "strided": ((3, 4), (3, 4), (3, 4)), "row": ((3, 4), (4,), (4,)),
           "outer": ((3, 1), (1, 4), (4,)), "0-d": ((), (), ()), "0-d and array": ((), (2, 3), ()),
           "empty": ((0, 3), (3,), (0, 1)), "long": ((1003,), (1003,), (1003,))}


def _strided(x: Any) -> Any:
    """x's values in memory with gaps, backwards along the last axis."""
    if not isinstance(x, np.ndarray) or x.ndim == 0:
        return x
    big = np.zeros([2 * n for n in x.shape], x.dtype)
    view = big[tuple([slice(None, None, 2)] * (x.ndim - 1) + [slice(None, None, -2)])]
    view[...] = x
    return view


# ------------------------------------------------------------------------------------------ checks of a row
def check_values(row: Row, dtype: str) -> None:
    """Compare values with the reference's: to a few units in the last place, with its shape and dtype.

    row : of the table, see row_of. dtype: a float dtype of the inputs, by name

    Raises AssertionError, naming what disagrees.

    >>> nb.testing.check_values(nb.testing.row_of(nb.positive), "float64")
    """
    like = reference(row)
    op: Any = row.op
    for case in cases(row, dtype):
        got = op(*[as_constant(a) for a in case.args], **case.params)
        if like is None:
            continue
        exact = like(*[_cast(a, "float32", "float64") for a in case.args], **case.params)
        native = like(*case.args, **case.params)
        where = f"{op.name} {case.label}"
        for z, want, typed in zip(_tuple(got), _tuple(exact), _tuple(native), strict=True):
            z, want, typed = values(z), np.asarray(want), np.asarray(typed)
            if z.shape != want.shape:
                raise AssertionError(f"{where}: shape {z.shape}, the reference has {want.shape}")
            if z.dtype != typed.dtype and typed.dtype != np.float16:
                raise AssertionError(f"{where}: dtype {z.dtype}, the reference has {typed.dtype}")
            eps = np.finfo(z.dtype).eps if z.dtype.kind in "fc" else 0
            scale = np.max(np.abs(want[np.isfinite(want)]), initial=1.0) if eps else 0
            np.testing.assert_allclose(z, want, rtol=64 * eps, atol=8 * eps * scale, err_msg=where)


def as_constant(x: Any) -> Any:
    """Return an array x as a Tensor whose elements lie apart where its own do; anything else as it is.

    >>> nb.testing.as_constant(np.ones(2)), nb.testing.as_constant(2)
    (tensor([1., 1.]), 2)
    """
    if not isinstance(x, np.ndarray) or devices.kind() == "cpu":
        return tensor(x) if isinstance(x, np.ndarray) else x
    if x.flags.c_contiguous:
        return as_tensor(x)
    return tensor(convert.array(np.repeat(x, 2, -1)).part((..., slice(None, None, 2))))


def _cast(x: Any, given: str, to: str) -> Any:
    """x in another dtype if it is an array of the given one."""
    return x.astype(to) if isinstance(x, (np.ndarray, np.generic)) and x.dtype == given else x


def _tuple(x: Any) -> tuple[Any, ...]:
    return tuple(x) if isinstance(x, (tuple, list)) else (x,)


def check_gradients(row: Row, order: int = 2, size: float = math.inf) -> None:
    """Compare forward mode, reverse mode and differences in float64, for derivatives up to an order.

    row : of the table, see row_of
    size : elements of the largest input of which higher derivatives are checked

    Raises AssertionError, naming what disagrees.

    >>> nb.testing.check_gradients(nb.testing.row_of(nb.positive), order=1)
    """
    for case in cases(row, "float64"):
        f, args = function(row, case)
        if args and "long" not in case.label:
            full = row.kind != "elementwise" or case.label in ("flat", "row", "outer", "0-d")
            check_grads(f, args, order if full and max(math.prod(x.shape) for x in args) <= size else 1)


def function(row: Row, case: Case) -> tuple[Callable[..., Any], list[Any]]:
    """Return the op of a row as a function of the floating-point inputs of a case, and those inputs.

    >>> row = nb.testing.row_of(nb.positive)
    >>> f, args = nb.testing.function(row, nb.testing.Case("one", [np.ones(2)], {}))
    >>> f(*args)
    tensor([1., 1.])
    """
    op: Any = row.op
    places = [i for i, a in enumerate(case.args) if getattr(a, "dtype", np.dtype(bool)).kind == "f"]

    def f(*xs: Any) -> Any:
        full = [as_constant(a) for a in case.args]
        for i, x in zip(places, xs, strict=True):
            full[i] = x
        return op(*full, **case.params)

    return f, [as_constant(case.args[i]) for i in places]


def check_float32(row: Row) -> None:
    """Compare cotangents in float32 with those in float64: they are float32, and near.

    row : of the table, see row_of

    Raises AssertionError, naming what disagrees.

    >>> nb.testing.check_float32(nb.testing.row_of(nb.positive))
    """
    for small, large in zip(cases(row, "float32"), cases(row, "float64"), strict=True):
        rounded = [_cast(_cast(a, "float64", "float32"), "float32", "float64") for a in large.args]
        f, args = function(row, Case(large.label, rounded, large.params))
        if not args:
            continue
        g, args32 = function(row, small)
        where = f"{row.op.name} {large.label}"
        y, pull = vjp(f, *args)
        v = map_leaves(lambda leaf: np.ones(leaf.shape, "float32"), y)
        for a, b in zip(pull(v), vjp(g, *args32)[1](v), strict=True):
            if raw(b).dtype != np.float32:
                raise AssertionError(f"{where}: gradient has dtype {raw(b).dtype} for a float32 input")
            scale = np.max(np.abs(values(a)), initial=1.0)
            np.testing.assert_allclose(values(b), values(a), rtol=2e-4, atol=2e-5 * scale, err_msg=where)


def check(op: Any) -> None:
    """Compare values and derivatives of an op of the table. Raises AssertionError, naming what disagrees.

    op : the op, yours or ours, or its name. Its values are compared with its reference in float32 and
        float64, its derivatives as in check_grads.

    >>> nb.testing.check(nb.positive)
    """
    row = row_of(op)
    for dtype in FLOATS:
        check_values(row, dtype)
    if not row.op.discrete:
        check_gradients(row)
        check_float32(row)


def is_composite(row: Row) -> bool:
    """Return whether the op of a row is a function of other ops, fused into one kernel.

    >>> nb.testing.is_composite(nb.testing.row_of(nb.silu))
    True
    """
    return isinstance(row.op, Choice) or (isinstance(row.op, Elementwise) and not row.op.primitive)


def __dir__() -> list[str]:
    return sorted(__all__)
