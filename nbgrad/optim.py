"""Optimisers for trees of parameters: steepest descent, with momentum, and Adam.

They are used in two ways. As a function, `update(params, grads)` returns new parameters of the same form.
Given parameters with requires_grad=True, `step()` changes them by their .grad and `zero_grad()` clears it, as
in PyTorch. A step is one kernel for each leaf; lr and its kin are operands: changing them compiles nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, ValuesView
from typing import Any

from nbgrad.define.scalar import Elementwise
from nbgrad.engine.graph import TAPE
from nbgrad.engine.tensor import Tensor, as_tensor, wrap
from nbgrad.engine.transforms import is_float, no_grad
from nbgrad.engine.tree import flatten, form
from nbgrad.engine.views import write
from nbgrad.errors import gradient_errors, shape_errors, value_errors
from nbgrad.ops.create import zeros_like
from nbgrad.ops.elementwise import sqrt

__all__ = ["SGD", "Adam", "Optimizer"]


class Optimizer:
    """The base of all optimisers. One serves one tree of parameters, of whose leaves it keeps a memory.

    params : for step(), a tree of tensors with requires_grad=True (others in it stay); nothing for update()
    lr     : the step size, not negative; a Tensor if a gradient is to flow to it
    """

    leaves: list[Tensor]
    lr: Any

    def __init__(self, params: Any = None, lr: Any = 1e-2) -> None:
        name, several = type(self).__name__, isinstance(params, (Iterator, ValuesView))
        if not lr >= 0:
            raise value_errors.bad_value(name, f"lr must not be negative, got {lr}")
        leaves = flatten(list(params) if several else params)[0]
        self.leaves = [x for x in leaves if type(x) is Tensor and x.trace is not None]
        computed = any(x.trace is not TAPE or x.mark.op is not None for x in self.leaves)
        if computed or (params is not None and not self.leaves):
            raise gradient_errors.inconsistent(name, "step() moves tensors made with requires_grad=True, not "
                                               "computed from others. Give such leaves, or nothing for "
                                               "update().")
        self.lr = lr
        self.state: list[Any] = []            # for each leaf: how often it moved, its shape, its memory

    def move(self, count: int, x: Tensor, g: Tensor, *memory: Tensor) -> tuple[Tensor, ...]:
        """Return x after move number count (from 1) by the gradient g, and its memory, which starts empty."""
        raise NotImplementedError

    def update(self, params: Any, grads: Any) -> Any:
        """Return params moved one step by grads, a tree of the same form; where that is None, they stay.

        Gradients flow through it as through any op; then make the optimiser in the function differentiated.
        Raises ShapeError if the trees, or a leaf and its gradient, do not fit, or another tree came before.
        """
        leaves, rebuild = flatten(params)
        pairs = list(zip(leaves, _beside(params, grads), strict=True))
        moved = iter(list(self._moved([(as_tensor(x), g) for x, g in pairs if is_float(x)])))
        return rebuild([next(moved) if is_float(x) else x for x in leaves])

    @no_grad()
    def step(self) -> None:
        """Move the parameters given to the constructor by their .grad; those without one stay."""
        for x, new in zip(self.leaves, self._moved([(x, x.grad) for x in self.leaves]), strict=True):
            write(x, new)

    def zero_grad(self) -> None:
        """Forget the gradients that backward() has added up."""
        for x in self.leaves:
            x.grad = None

    def _moved(self, pairs: list[tuple[Tensor, Any]]) -> Iterator[Tensor]:
        """The leaves moved, one after another, so that what one of them was is free before the next is made.

        All are checked before the first.
        """
        name, shapes = type(self).__name__, [x.shape for x, _ in pairs]
        state = list(self.state) or [(0, shape) for shape in shapes]
        before = [shape for _, shape, *_ in state]
        if shapes != before:
            raise gradient_errors.tree_mismatch(name, shapes,
                                                f"{before} as before: make an optimiser for each tree")
        grads = [g if g is None else as_tensor(g) for _, g in pairs]
        for g, shape in zip(grads, shapes, strict=True):
            if g is not None and g.shape != shape:
                raise shape_errors.bad_shape(name, g.shape, f"this gradient's parameter has shape {shape}")
        self.state = state
        for k, ((x, _), g) in enumerate(zip(pairs, grads, strict=True)):
            if g is None:
                yield wrap(x)
                continue
            count, shape, *memory = state[k]
            new, *memory = self.move(count + 1, x, g, *memory)
            state[k] = (count + 1, shape, *memory)
            del memory
            yield new
            del new


class SGD(Optimizer):
    """x - lr * v, where v is the gradient, or with momentum the decaying sum v = momentum * v + gradient."""

    def __init__(self, params: Any = None, lr: Any = 1e-2, momentum: float = 0.0) -> None:
        super().__init__(params, lr)
        if not momentum >= 0:
            raise value_errors.bad_value("SGD", f"momentum must not be negative, got {momentum}")
        self.momentum = momentum

    def move(self, count: int, x: Tensor, g: Tensor, *memory: Tensor) -> tuple[Tensor, ...]:
        if not self.momentum:
            return _DESCENT(x, g, self.lr)
        return _MOMENTUM(x, g, *(memory or [zeros_like(x)]), self.lr, self.momentum)


class Adam(Optimizer):
    """Adam. Source: Kingma and Ba, Adam: a method for stochastic optimization, 2015, algorithm 1."""

    betas: tuple[float, float]
    eps: float

    def __init__(self, params: Any = None, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8) -> None:
        super().__init__(params, lr)
        if not all(0 <= b < 1 for b in betas):
            raise value_errors.bad_value("Adam", f"betas must lie from 0 to below 1, got {betas}")
        self.betas, self.eps = betas, eps

    def move(self, count: int, x: Tensor, g: Tensor, *memory: Tensor) -> tuple[Tensor, ...]:
        b1, b2 = self.betas
        numbers = self.lr / (1 - b1 ** count), 1 / (1 - b2 ** count), b1, 1 - b1, b2, 1 - b2, self.eps
        return _ADAM(x, g, *(memory or [zeros_like(x)] * 2), *numbers)


def _adam(x: Any, g: Any, m: Any, v: Any, lr: Any, k: Any, b1: Any, c1: Any, b2: Any, c2: Any, e: Any) -> Any:
    """lr and k undo the bias of m and v, which start at 0; c1 and c2 are 1 - b1 and 1 - b2."""
    m, v = b1 * m + c1 * g, b2 * v + c2 * (g * g)
    return x - lr * m / (sqrt(k * v) + e), m, v


# Operands: parameter, gradient, memory, numbers. Results, in the parameter's dtype: parameter, memory.
_DESCENT = Elementwise("sgd", lambda x, g, lr: (x - lr * g,), arity=3, many=True, result_like=0)
_MOMENTUM = Elementwise("momentum", lambda x, g, v, lr, b: (x - lr * (v := b * v + g), v), arity=5,
                        many=True, result_like=0)
_ADAM = Elementwise("adam", _adam, arity=11, many=True, result_like=0)


def _parts(tree: Any) -> dict[Any, Any] | None:
    """The branches of a tree by name or place; None for a leaf."""
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        return {f.name: getattr(tree, f.name) for f in dataclasses.fields(tree) if f.init}
    tree = dict(enumerate(tree)) if isinstance(tree, (list, tuple)) else tree
    return tree if isinstance(tree, dict) else None


def _beside(tree: Any, grads: Any) -> list[Any]:
    """What grads holds at each leaf of tree, from left to right; None where it holds None there or above."""
    if tree is None or grads is None:
        return [None] * len(flatten(tree)[0])
    parts, others = _parts(tree), _parts(grads)
    if parts is None:
        return [grads]
    if others is None or parts.keys() != others.keys():
        raise gradient_errors.tree_mismatch("update", form(grads), form(tree))
    return [g for k, part in parts.items() for g in _beside(part, others[k])]


def __dir__() -> list[str]:
    return sorted(__all__)
