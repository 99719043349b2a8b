"""LBFGS: quasi-Newton steps from the last changes of the parameters and of the gradient."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from nbgrad.arrays.dtypes import is_complex
from nbgrad.define.broadcast import astype
from nbgrad.engine.arguments import is_float
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.engine.transforms import no_grad, value_and_grad
from nbgrad.engine.tree import flatten
from nbgrad.engine.views import write
from nbgrad.errors import gradient_errors, value_errors
from nbgrad.ops.contract import vecdot
from nbgrad.ops.create import zeros_like
from nbgrad.ops.elementwise import abs as absolute
from nbgrad.ops.elementwise import negative
from nbgrad.ops.reduce import max as largest
from nbgrad.ops.reduce import sum as total
from nbgrad.ops.shape import concat, ravel, reshape
from nbgrad.optimizers.base import Optimizer, Rate
from nbgrad.optimizers.linesearch import Point, search

Function = Callable[[Tensor], tuple[float, Tensor]]     # of all parameters in a row: value and gradient


class LBFGS(Optimizer):
    """Limited-memory BFGS with a line search for the strong Wolfe conditions, for functions without noise.

    It calls the function itself: `update(params, f)` and `step(closure)`. Its memory is that of one leaf, all
    parameters in a row: the last changes of these and of the gradient, by turns, in 2 * history_size rows.
    Source: Nocedal and Wright, Numerical optimization, 2006, algorithm 7.5. Names, defaults and decisions are
    those of torch.optim.LBFGS with line_search_fn="strong_wolfe".

    params : see Optimizer
    lr : the first length that the line search tries, as a multiple of the quasi-Newton step
    max_iter : iterations of one update() or step(), at most
    history_size : how many changes are kept
    tolerance_grad, tolerance_change : it ends where no element of the gradient, or of the move, or the
        change of the value is larger

    Raises ValueRangeError for a number that is out of range.

    >>> optimizer = nb.optim.LBFGS()
    >>> x = optimizer.update(np.zeros(2), lambda x: nb.sum((x - 1) ** 4) + (x[0] - x[1]) ** 2)
    >>> print(np.round(x, 2))
    tensor([1., 1.])
    """

    state: list[Any]
    steps: int
    max_iter: int
    history_size: int
    tolerance_grad: float
    tolerance_change: float

    def __init__(self, params: Any = None, lr: Rate = 1.0, max_iter: int = 20, history_size: int = 100,
                 tolerance_grad: float = 1e-7, tolerance_change: float = 1e-9) -> None:
        super().__init__(params, lr)
        for name, value in (("max_iter", max_iter), ("history_size", history_size)):
            self.check(name, value, 1)
        for name, tolerance in (("tolerance_grad", tolerance_grad), ("tolerance_change", tolerance_change)):
            self.check(name, tolerance)
        self.max_iter, self.history_size = max_iter, history_size
        self.tolerance_grad, self.tolerance_change = tolerance_grad, tolerance_change

    def update(self, params: Any, grads: Callable[[Any], Any]) -> Any:
        """Return params moved by up to max_iter iterations towards a minimum of a function.

        params : a tree of arrays, Tensors or floats; what is no float stays
        grads  : the function, which takes such a tree and returns a scalar

        Raises ValueRangeError if the value or the gradient is not finite at params, TraceError inside a
        gradient: none flows through the line search.
        """
        if not callable(grads):
            raise value_errors.bad_argument("LBFGS", grads, "a function in update(params, function)")
        leaves, rebuild = flatten(params)
        moving = [as_tensor(x) for x in leaves if is_float(x)]
        if not moving:
            return params
        slope = value_and_grad(lambda xs: grads(tree(xs)))

        def tree(xs: Sequence[Tensor]) -> Any:
            given = iter(xs)
            return rebuild([next(given) if is_float(x) else x for x in leaves])

        def at(x: Tensor) -> tuple[float, Tensor]:
            value, found = slope(_unpacked(x, moving))
            return value.item(), _packed(found)

        return tree(_unpacked(self._minimum(at, _packed(moving)), moving))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move the parameters given to the constructor by up to max_iter iterations; return the first loss.

        closure : computes the loss at the parameters, backward() included, and returns it. It is called
            several times, each time with the gradients cleared.

        Raises ValueRangeError if the loss is not finite before the step, DtypeError without a closure.
        """
        if closure is None:
            raise value_errors.bad_argument("LBFGS", None, "a function in step(closure)")
        losses = []

        def at(x: Tensor) -> tuple[float, Tensor]:
            self._place(x)
            self.zero_grad()
            losses.append(closure())
            return losses[-1].item(), _packed([zeros_like(x) if x.grad is None else x.grad
                                               for x in self.leaves])

        self._place(self._minimum(at, _packed([x.detach() for x in self.leaves])))
        return losses[0]

    @no_grad()
    def _place(self, x: Tensor) -> None:
        """Give the parameters their part of a row."""
        for leaf, new in zip(self.leaves, _unpacked(x, self.leaves), strict=True):
            write(leaf, new)

    def _shapes(self) -> list[tuple[int, ...]]:
        return [(sum(int(x.size) for x in self.leaves),)]

    def _minimum(self, f: Function, x: Tensor) -> Tensor:
        """x after one update or step; the memory goes with it."""
        count, shape, *memory = self.state[0] if self.state else (0, x.shape)
        if shape != x.shape:
            raise gradient_errors.tree_mismatch("LBFGS", [x.shape], f"{[shape]} as before: make an optimiser "
                                                f"for each tree")
        value, g = f(x)
        if not math.isfinite(value + (_size(g) if x.size else 0)):
            raise value_errors.bad_value("LBFGS", f"the function is {value} at the parameters, or its "
                                         f"gradient is not finite: start where both are")
        rate = float(self.rate)
        for _ in range(self.max_iter):
            if not x.size or _size(g) <= self.tolerance_grad:
                break
            d = self._direction(g, memory)
            slope = _dot(g, d)
            if not slope < -self.tolerance_change:
                break
            first = rate if count else min(1.0, 1 / total(absolute(g)).item()) * rate
            found = search(_line(f, x, d), Point(0.0, value, g, slope), first,
                           self.tolerance_change / _size(d))
            count += 1
            s, y = found.step * d, found.gradient - g
            if _dot(y, s) > 1e-10:
                memory = [*memory, s, y][-2 * self.history_size:]
            x, g, change, value = x + s, found.gradient, abs(found.value - value), found.value
            if _size(s) <= self.tolerance_change or change < self.tolerance_change:
                break
        self.state = [(count, shape, *memory)]
        self.steps += 1
        return x

    def _direction(self, g: Tensor, memory: Sequence[Tensor]) -> Tensor:
        """-H g, H the approximate inverse of the Hessian; algorithm 7.4."""
        pairs = [(s, y, 1 / _dot(s, y)) for s, y in list(pairwise(memory))[::2]]
        d, weights = negative(g), []
        for s, y, over in reversed(pairs):
            weights.append(_dot(s, d) * over)
            d = d - weights[-1] * y
        if pairs:
            s, y, over = pairs[-1]
            d = d * (1 / (over * _dot(y, y)))
        for (s, y, over), weight in zip(pairs, reversed(weights), strict=True):
            d = d + (weight - _dot(y, d) * over) * s
        return d


def _line(f: Function, x: Tensor, d: Tensor) -> Callable[[float], Point]:
    """f along a line, by step lengths."""
    def at(step: float) -> Point:
        value, g = f(x + step * d)
        return Point(step, math.inf if math.isnan(value) else value, g, _dot(g, d))

    return at


def _dot(a: Tensor, b: Tensor) -> float:
    found: float = vecdot(a, b).item()
    return found


def _size(x: Tensor) -> float:
    """The largest element's absolute value."""
    found: float = largest(absolute(x)).item()
    return found


def _packed(xs: Sequence[Tensor]) -> Tensor:
    """All elements in a row. Raises DtypeError for complex ones."""
    for x in xs:
        if is_complex(x):
            raise value_errors.no_complex("LBFGS", [x.dtype])
    return concat([ravel(x) for x in xs])


def _unpacked(row: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """The parts of a row in the shapes and dtypes of others."""
    found, start = [], 0
    for x in like:
        found.append(astype(reshape(row[start:start + int(x.size)], x.shape), x.dtype))
        start += int(x.size)
    return found
