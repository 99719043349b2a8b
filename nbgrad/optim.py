"""Optimisers for trees of parameters: steepest descent, with momentum, and Adam.

They are used in two ways. As a function, `update(params, grads)` returns new parameters of the same form. With
parameters made with requires_grad=True, `step()` changes them by their .grad and `zero_grad()` clears it, as in
PyTorch. One optimiser serves one tree, as it keeps what it remembers of each leaf. A step is one kernel for each leaf;
lr and its kin are operands of it, so they may change at any time without a compilation.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from nbgrad import errors
from nbgrad.core import TAPE, Tensor, as_tensor, raw
from nbgrad.ops.create import zeros_like
from nbgrad.ops.elementwise import sqrt
from nbgrad.scalar import Elementwise
from nbgrad.transforms import is_float, no_grad
from nbgrad.tree import flatten, form


class Optimizer:
    """The base of all optimisers: a subclass says in `move` where one parameter goes.

    params : for step(), a tree, or any iterable, of tensors with requires_grad=True; nothing for update()
    lr     : the step size, not negative; a Tensor if a gradient is to flow to it
    """

    def __init__(self, params: Any = None, lr: Any = 1e-2) -> None:
        if not lr >= 0:
            raise errors.bad_value(type(self).__name__, f"lr must not be negative, got {lr}")
        self.lr = lr
        self.leaves = [] if params is None else _trainable(type(self).__name__, params)
        self.state: list[Any] = []            # of each leaf: how often it moved, its shape, what move() remembers

    def move(self, count: int, x: Tensor, g: Tensor, *memory: Tensor) -> tuple[Tensor, ...]:
        """Return x moved by its gradient g, and what to remember; memory is that of the last time, if any.

        count : the number of this move of x, from 1
        """
        raise NotImplementedError

    def update(self, params: Any, grads: Any) -> Any:
        """Return params moved one step by grads, a tree of the same form. What has no gradient (None) stays.

        An ordinary function of both, through which gradients flow; make the optimiser inside the function that is
        differentiated then, so that its memory belongs to the same transform.

        Raises ShapeError if the trees, or a leaf and its gradient, do not fit, or other parameters came before.
        """
        leaves, rebuild = flatten(params)
        gradients = _beside(params, grads)
        moving = [k for k, x in enumerate(leaves) if is_float(x)]
        new = self._moved([as_tensor(leaves[k]) for k in moving], [gradients[k] for k in moving])
        for k, x in zip(moving, new, strict=True):
            leaves[k] = x
        return rebuild(leaves)

    def step(self) -> None:
        """Move the parameters given to the constructor by their .grad; those without one stay."""
        with no_grad():
            for leaf, x in zip(self.leaves, self._moved(self.leaves, [p.grad for p in self.leaves]), strict=True):
                leaf.value = raw(x)

    def zero_grad(self) -> None:
        """Forget the gradients that backward() has added up."""
        for leaf in self.leaves:
            leaf.grad = None

    def _moved(self, xs: list[Tensor], gs: list[Any]) -> list[Tensor]:
        name = type(self).__name__
        self.state = self.state or [(0, x.shape) for x in xs]
        if [x.shape for x in xs] != [shape for _, shape, *_ in self.state]:
            raise errors.bad_shape(name, tuple([x.shape for x in xs]), "it has moved parameters of other shapes before: "
                                   "make an optimiser for each tree")
        new = list(xs)
        for k, (x, g, (count, shape, *memory)) in enumerate(zip(xs, gs, self.state, strict=True)):
            if g is not None:
                g = as_tensor(g)
                if g.shape != shape:
                    raise errors.bad_shape(name, g.shape, f"the parameter of this gradient has shape {shape}")
                new[k], *memory = self.move(count + 1, x, g, *memory)
                self.state[k] = count + 1, shape, *memory
        return new


class SGD(Optimizer):
    """x - lr * v, where v is the gradient, or with momentum the decaying sum v = momentum * v + gradient."""

    def __init__(self, params: Any = None, lr: Any = 1e-2, momentum: Any = 0.0) -> None:
        super().__init__(params, lr)
        if not momentum >= 0:
            raise errors.bad_value("SGD", f"momentum must not be negative, got {momentum}")
        self.momentum = momentum

    def move(self, count: int, x: Tensor, g: Tensor, *memory: Tensor) -> tuple[Tensor, ...]:
        if type(self.momentum) is not Tensor and not self.momentum:
            return _DESCENT(x, g, _weak(self.lr))
        return _MOMENTUM(x, g, *(memory or [zeros_like(x)]), _weak(self.lr), _weak(self.momentum))


class Adam(Optimizer):
    """Adam. Source: Kingma and Ba, Adam: a method for stochastic optimization, 2015, algorithm 1."""

    def __init__(self, params: Any = None, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8) -> None:
        super().__init__(params, lr)
        if not all(0 <= b < 1 for b in betas):
            raise errors.bad_value("Adam", f"betas must lie from 0 to below 1, got {betas}")
        self.betas, self.eps = betas, eps

    def move(self, count: int, x: Tensor, g: Tensor, *memory: Tensor) -> tuple[Tensor, ...]:
        b1, b2 = self.betas
        m, v = memory or (zeros_like(x), zeros_like(x))
        numbers = self.lr / (1 - b1 ** count), 1 / (1 - b2 ** count), b1, 1 - b1, b2, 1 - b2, self.eps
        return _ADAM(x, g, m, v, *map(_weak, numbers))


def _adam(x: Any, g: Any, m: Any, v: Any, lr: Any, scale: Any, b1: Any, c1: Any, b2: Any, c2: Any, eps: Any) -> Any:
    """lr and scale: the step size and 1, both with their bias corrected; c1, c2: 1 - b1, 1 - b2."""
    m, v = b1 * m + c1 * g, b2 * v + c2 * (g * g)
    return x - lr * m / (sqrt(scale * v) + eps), m, v


def _momentum(x: Any, g: Any, v: Any, lr: Any, momentum: Any) -> Any:
    v = momentum * v + g
    return x - lr * v, v


_DESCENT = Elementwise("sgd", lambda x, g, lr: (x - lr * g,), arity=3, many=True, result_like=0)
_MOMENTUM = Elementwise("momentum", _momentum, arity=5, many=True, result_like=0)
_ADAM = Elementwise("adam", _adam, arity=11, many=True, result_like=0)


def _weak(x: Any) -> Any:
    """A number as a kernel's operand that does not promote float32; a Tensor as it is."""
    return x if type(x) is Tensor else float(x)


def _trainable(name: str, params: Any) -> list[Tensor]:
    """The leaves of a tree, or of another iterable, that have requires_grad=True. Raises GradientError."""
    leaves = flatten(params)[0]
    if leaves == [params] and type(params) is not Tensor and isinstance(params, Iterable):
        leaves = flatten(list(params))[0]
    found = [x for x in leaves if type(x) is Tensor and x.trace is not None]
    if not found or any([x.trace is not TAPE or x.mark.op is not None for x in found]):
        raise errors.inconsistent(name, "step() moves leaves, and got none, or a tensor computed from others. Make parameters "
                                        "with requires_grad=True, or use update(params, grads).")
    return found


def _parts(tree: Any) -> dict[Any, Any] | None:
    """The branches of a tree by name or place; None for a leaf."""
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        return {f.name: getattr(tree, f.name) for f in dataclasses.fields(tree) if f.init}
    return dict(enumerate(tree)) if isinstance(tree, (list, tuple)) else tree if isinstance(tree, dict) else None


def _beside(tree: Any, grads: Any) -> list[Any]:
    """What grads holds at each leaf of tree, from left to right; None where it holds None there or above."""
    if tree is None or grads is None:
        return [None] * len(flatten(tree)[0])
    parts, others = _parts(tree), _parts(grads)
    if parts is None:
        return [grads]
    if others is None or parts.keys() != others.keys():
        raise errors.tree_mismatch("update", form(grads), form(tree))
    return [g for k, part in parts.items() for g in _beside(part, others[k])]
