"""The generalised matrix product, and the family of ops that it and its derivatives are.

A contraction sums a scalar program of several matrices over one of three indices; each matrix has two of the
indices, and so has the result. Its derivative by one of the matrices is a contraction again, of the same
matrices and the cotangent; its tangent is one too. So all orders of derivative follow in both modes, and none
ever makes an array over all three indices.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.compile import layout
from nbgrad.define.broadcast import astype, fit
from nbgrad.define.frozen import Frozen
from nbgrad.define.registry import Named, Row, declared, register
from nbgrad.define.scalar import Elementwise, add, choose
from nbgrad.define.scalar import multiply as _multiply
from nbgrad.define.scalar_program import Program, Symbol
from nbgrad.engine.graph import Graph, Op, apply, evaluate
from nbgrad.engine.tensor import Tensor, as_tensor, raw, unwrap, wrap
from nbgrad.errors import shape_errors, trace_errors, value_errors
from nbgrad.kernels import table
from nbgrad.ops import reduce
from nbgrad.ops.compare import equal, isinf, less, logical_not
from nbgrad.ops.contract import matmul
from nbgrad.ops.elementwise import exp, logaddexp, maximum, minimum, where
from nbgrad.ops.exponential import logsumexp
from nbgrad.ops.shape import expand_dims, squeeze

Value = Callable[..., Any]                # Tensors of scalars -> a Tensor, or None for zero
_FLOAT = np.dtype(np.float64)


class Contraction(Named):
    """The sum, over the index that `to` lacks, of a scalar program of operands over two indices each.

    value : the program
    pairs : the operands' indices: "ij", "ik" or "kj"
    how   : sum, max, min or logsumexp
    """

    discrete: bool
    how: str
    name: str
    pairs: tuple[str, ...]
    to: str
    exact: bool
    term: Elementwise
    shifted: Elementwise | None

    def __init__(self, name: str, value: Value, pairs: tuple[str, ...], to: str, how: str = "sum",
                 exact: bool = False, discrete: bool = False) -> None:
        self.name, self.pairs, self.to, self.how, self.discrete = name, pairs, to, how, discrete
        self.exact = exact or how in ("max", "min")
        self.term = Elementwise(name, value, arity=len(pairs), result_like=0)
        self.shifted = Elementwise(name, lambda top, *xs: exp(value(*xs) - top), arity=len(pairs) + 1,
                                   result_like=0) if how == "logsumexp" else None
        self.programs: dict[Any, dict[str, Any]] = {}       # by dtypes
        self.made: dict[Any, tuple[Contraction, list[int]] | None] = {}
        self.counted: Contraction | None = None

    def run(self, *xs: Any, **params: Any) -> Any:
        for x in xs:
            if type(x) is Symbol:
                raise trace_errors.only_elementwise("gdot")
        kinds = tuple([x.dtype for x in xs])
        if kinds not in self.programs:
            self.programs[kinds] = {
                "body": self.term.program(kinds), "pairs": self.pairs, "to": self.to, "add": self.how,
                "exact": self.exact, "shifted": self.shifted and self.shifted.program((kinds[0], *kinds))}
        return table.run("gdot", "gdot", self._out, xs, {**params, **self.programs[kinds]})

    def _out(self, *xs: Any, sizes: dict[str, int], **_: Any) -> tuple[tuple[int, ...], Any]:
        batch = np.broadcast_shapes(*[x.shape[:-2] for x in xs])
        return (*batch, *[sizes[index] for index in self.to]), xs[0].dtype

    def save(self, xs: Sequence[Any], z: Any, params: dict[str, Any], wanted: tuple[bool, ...]) -> Any:
        return xs, z, params, wanted

    def pull(self, g: Any, memo: Any) -> Sequence[Any]:
        xs, z, params, wanted = memo
        count = self._count(xs, z, params)
        own = () if count is None else (z,)
        g = self._shared(g, count, z)
        return [self._derived(i, [g, *own, *xs], params, x) if want else None
                for i, (x, want) in enumerate(zip(xs, wanted, strict=True))]

    def push(self, ts: Sequence[Any], xs: Sequence[Any], z: Any, params: dict[str, Any]) -> Any:
        moving = tuple([t is not None for t in ts])
        count = self._count(xs, z, params)
        own = () if count is None else (z,)
        t = self._derived(moving, [*[t for t in ts if t is not None], *own, *xs], params, z)
        return None if t is None else self._shared(t, count, z)

    def _count(self, xs: Sequence[Any], z: Any, params: dict[str, Any]) -> Any:
        """How many terms are equal to the result; None for a sum.

        Of a logsumexp what the weights of its terms add up to: not quite 1, as the result is rounded.
        """
        if self.how == "sum":
            return None
        if self.counted is None:
            weight: Value = _soft if self.how == "logsumexp" else lambda v, g, z: where(equal(v, z), g, 0.0)
            self.counted = Contraction(
                f"{self.name}_count", lambda z, *xs: weight(self.term.value(*xs), 1.0, z),
                (self.to, *self.pairs), self.to, exact=self.exact, discrete=True)
        return evaluate(self.counted, [z, *xs], params, Tensor in map(type, [z, *xs]))

    def _shared(self, g: Any, count: Any, z: Any) -> Any:
        """A cotangent, or tangent, divided among the terms that equal the result, if it goes to those."""
        if count is None:
            return g
        share = _among_winners if self.exact else _among_weights
        return evaluate(share, [g, count, z], {}, Tensor in map(type, [g, count, z]))

    def _derived(self, key: Any, xs: Sequence[Any], params: dict[str, Any], like: Any) -> Any:
        """A derivative, as an inner value like another: by operand `key`, or along the operands in it."""
        if key not in self.made:
            self.made[key] = self._push(key) if type(key) is tuple else self._pull(key)
        made = self.made[key]
        if made is None:
            return None
        kept = [xs[i] for i in made[1]]
        return fit(evaluate(made[0], kept, params, Tensor in map(type, kept)), like)

    def _pull(self, place: int) -> tuple[Contraction, list[int]] | None:
        extra = (self.to,) * (self.how != "sum")
        wanted = [i == place for i in range(len(self.pairs))]

        def value(g: Any, *args: Any) -> Any:
            xs = args[len(extra):]
            if extra:
                g = _WEIGHTS[self.how](self.term.value(*xs), g, args[0])
            found = self.term.cotangents([unwrap(g)], [*map(unwrap, xs)], [None], wanted)[place]
            return None if found is None else wrap(found)

        pairs = (self.to, *extra, *self.pairs)
        return _contraction(f"{self.name}_vjp", value, pairs, self.pairs[place], self.exact)

    def _push(self, moving: tuple[bool, ...]) -> tuple[Contraction, list[int]] | None:
        extra, count = (self.to,) * (self.how != "sum"), sum(moving)

        def value(*args: Any) -> Any:
            ts, xs = iter(args[:count]), args[count + len(extra):]
            inner = [unwrap(next(ts)) if m else None for m in moving]
            found = self.term.tangents(inner, [*map(unwrap, xs)], [])[0]
            if found is None or not extra:
                return None if found is None else wrap(found)
            return _WEIGHTS[self.how](self.term.value(*xs), wrap(found), args[count])

        pairs = (*[p for p, m in zip(self.pairs, moving, strict=True) if m], *extra, *self.pairs)
        return _contraction(f"{self.name}_jvp", value, pairs, self.to, self.exact)


def _contraction(name: str, value: Value, pairs: tuple[str, ...], to: str,
                 exact: bool) -> tuple[Contraction, list[int]] | None:
    """The contraction of what a program reads, and the places of that; None for a program that is zero."""
    p = Program()
    found = value(*[wrap(p.operand(f"a{i}", _FLOAT)) for i in range(len(pairs))])
    if found is None:
        return None
    places = sorted(p.reads([raw(found)]))

    def kept(*args: Any) -> Any:
        full = [wrap(raw(args[0]).program.operand("unread", _FLOAT))] * len(pairs)
        for place, x in zip(places, args, strict=True):
            full[place] = x
        return value(*full)

    return Contraction(name, kept, tuple([pairs[i] for i in places]), to, exact=exact), places


# What a term v gets of the cotangent g of the result z, once g is divided among the terms it goes to.
def _largest(v: Tensor, g: Tensor, z: Tensor) -> Tensor:
    """All if v is z, or where z is nan; else nothing."""
    return choose(logical_not(less(v, z)), g)


def _smallest(v: Tensor, g: Tensor, z: Tensor) -> Tensor:
    return choose(logical_not(less(z, v)), g)


def _soft(v: Tensor, g: Tensor, z: Tensor) -> Tensor:
    """exp(v - z) of it; where z is infinite the terms that equal it get all."""
    return where(isinf(z), where(equal(v, z), g, 0.0), g * exp(v - z))


_WEIGHTS: dict[str, Value] = {"max": _largest, "min": _smallest, "logsumexp": _soft}
_among_winners = Elementwise(
    "among_winners", lambda g, count, z: where(equal(count, 0), math.nan, g / count), arity=3)
_among_weights = Elementwise(            # there is no term at all where they add up to 0
    "among_weights", lambda g, count, z: where(equal(count, 0), g, g / count), arity=3)
_HOW = ("sum", "max", "min", "logsumexp")
_SUMS: dict[Any, str] = {
    **{how: how for how in _HOW}, add: "sum", reduce.sum: "sum", maximum: "max", reduce.max: "max",
    minimum: "min", reduce.min: "min", logaddexp: "logsumexp", logsumexp: "logsumexp"}


class Gdot(Named):
    """The op gdot: one contraction for each pair of scalar functions, made when first used."""

    name = "gdot"
    __name__: str

    def __init__(self) -> None:
        self.made: dict[Any, Contraction] = {}
        self.__name__, self.__doc__ = "gdot", Gdot.__call__.__doc__

    def __call__(self, a: Any, b: Any, multiply: Value = _multiply, add: Any = "sum") -> Tensor:
        """Return the matrix product of a and b with other scalar functions for multiply and add:
        z[i, j] = add over k of multiply(a[i, k], b[k, j]).

        a: (..., n, k), b: (..., k, m) -> (..., n, m), with batch axes and 1-d operands as in matmul. float32
        or float64; other dtypes become float64. No array of n * k * m elements is made, in no derivative.
        multiply : an elementwise op, or a function of two scalars in nbgrad's elementwise ops, such as
            lambda x, y: abs(x - y); its derivatives are derived
        add : "sum", "max", "min" or "logsumexp", or an op that means one: nb.add, nb.maximum, nb.minimum,
            nb.logaddexp. Equal largest (smallest) terms share the derivative.
        Raises ShapeError if the shapes do not fit or there is no term for max or min, ValueRangeError for
        another `add`, TraceError for a `multiply` that is no function of scalars.
        """
        how = _SUMS.get(add) if isinstance(add, (str, Op)) else None
        if how is None:
            raise value_errors.bad_choice("gdot", "add", getattr(add, "__name__", add), _HOW)
        a, b = as_tensor(a), as_tensor(b)
        dtype = np.result_type(a.dtype, b.dtype)
        dtype = dtype if dtype.kind == "f" else _FLOAT
        a, b = [x if x.dtype == dtype else astype(x, dtype) for x in (a, b)]
        shape = layout.product("gdot", a.shape, b.shape)
        if a.shape[-1] == 0 and how in ("max", "min") and 0 not in shape:
            raise shape_errors.empty_reduction("gdot", a.shape)
        if multiply is _multiply and how == "sum":
            return matmul(a, b)
        rows, columns = a.ndim > 1, b.ndim > 1
        a, b = a if rows else expand_dims(a, 0), b if columns else expand_dims(b, 1)
        sizes = {"i": a.shape[-2], "j": b.shape[-1], "k": a.shape[-1]}
        z = apply(self._contraction(multiply, how), (a, b), {"sizes": sizes})
        lost = tuple([axis for axis, kept in ((-2, rows), (-1, columns)) if not kept])
        return squeeze(z, lost) if lost else z

    def _contraction(self, multiply: Value, how: str) -> Contraction:
        key = (multiply if isinstance(multiply, Op) else _meaning(multiply), how)
        if key not in self.made:
            self.made[key] = Contraction(f"gdot_{how}", _frozen(multiply), ("ik", "kj"), "ij", how)
        return self.made[key]


def _frozen(multiply: Value) -> Value:
    """A function of two scalars, asked now, in the dtypes that gdot has."""
    if isinstance(multiply, Op):
        return multiply
    frozen = Frozen(multiply)
    frozen.freeze((_FLOAT, _FLOAT))
    return frozen


def _meaning(multiply: Value) -> Any:
    """What tells a function of two scalars from others: its program, and the ops whose rules it goes by.

    The function itself would not do: what it refers to may change between calls.
    """
    if not callable(multiply):
        raise value_errors.bad_argument("gdot", multiply, "multiply as a function of two scalars")
    p, trace = Program(), Graph()
    z = multiply(*[trace.leaf(p.operand(f"a{i}", _FLOAT)) for i in range(2)])
    if not isinstance(raw(z), (Symbol, int, float)):
        raise value_errors.bad_argument("gdot", z, "multiply as a function that returns a scalar")
    ops, seen, todo = [], set(), [z.mark] if type(z) is Tensor and z.trace is trace else []
    while todo:
        node = todo.pop()
        if node is not None and node not in seen:
            seen.add(node)
            ops.append((node.id, node.op))
            todo.extend(node.parents)
    return p.body([raw(z)], [_FLOAT]), tuple([op for _, op in sorted(ops, key=lambda made: made[0])])


def _like(a: np.ndarray, b: np.ndarray, multiply: Any, add: Any = "sum") -> np.ndarray:
    """All terms in one array."""
    found = multiply(as_tensor(a[..., :, :, None]), as_tensor(b[..., None, :, :]))
    terms = np.asarray(devices.host(raw(found)))
    how = _SUMS[add]
    return np.logaddexp.reduce(terms, -2) if how == "logsumexp" else getattr(np, how)(terms, axis=-2)


def _apart(n: int, k: int, m: int) -> tuple[Any, Any]:
    """Matrices whose terms are apart from one another, and no two elements of which are near."""
    return (lambda rng: rng.permutation(n * k).reshape(n, k) * 0.31,
            lambda rng: rng.permutation(k * m).reshape(k, m) * 0.47 + 0.17)


def _l1(x: Any, y: Any) -> Any:
    return abs(x - y)


_CASES: list[Any] = [
    ((2, 3), (3, 4), {"multiply": lambda x, y: (x - y) ** 2}), ((2, 3, 2), (2, 3), {"multiply": _l1}),
    (*_apart(2, 3, 4), {"multiply": add, "add": "max"}), (*_apart(3, 3, 2), {"multiply": _l1, "add": "min"}),
    ((2, 1, 2, 3), (3, 3, 2), {"multiply": add, "add": logaddexp}), ((0, 3), (3, 2), {"multiply": add}),
    ((2, 0), (0, 3), {"multiply": add}), ((0, 2, 3), (3, 2), {"multiply": add})]
gdot: Gdot = Gdot()
register(Row(gdot, "structured", "gdot", *declared(1), _like, None, _CASES))
