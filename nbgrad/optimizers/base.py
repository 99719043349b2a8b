"""The base of all optimisers: trees of parameters moved step by step, and the state that is kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, ValuesView
from typing import Any

import numpy as np

from nbgrad.arrays.dtypes import is_complex
from nbgrad.define.complex import complex_, conj, imag, real
from nbgrad.engine.arguments import is_float
from nbgrad.engine.graph import TAPE
from nbgrad.engine.tensor import Tensor, as_tensor, wrap
from nbgrad.engine.transforms import no_grad
from nbgrad.engine.tree import flatten, form
from nbgrad.engine.views import write
from nbgrad.errors import gradient_errors, shape_errors, value_errors
from nbgrad.ops.shape import stack
from nbgrad.ops.transfer import to

Rate = Any                                    # a number, a Tensor, or a schedule of these


def _as_real(x: Tensor) -> Tensor:
    """The parts of complex numbers along a last axis."""
    return stack([real(x), imag(x)], axis=-1)


def _as_complex(x: Tensor) -> Tensor:
    return complex_(x[..., 0], x[..., 1])


class Optimizer:
    """The base of all optimisers. One serves one tree of parameters, of whose leaves it keeps a memory.

    params : for step(), a tree of tensors with requires_grad=True (others in it stay); nothing for update()
    lr     : the step size, not negative; a Tensor if a gradient is to flow to it; or a schedule, a function
        that gives it from the number of steps made before
    steps  : how many there were

    Raises ValueRangeError for a number that is out of range, GradientError for params without such a tensor.

    >>> w = nb.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = nb.optim.SGD(w, lr=0.25)
    >>> nb.sum(w**2).backward()
    >>> optimizer.step()
    >>> print(w)
    tensor([0.5, 1. ], requires_grad=True)
    """

    leaves: list[Tensor]
    lr: Rate
    steps: int
    state: list[Any]

    def __init__(self, params: Any = None, lr: Rate = 1e-2) -> None:
        name, several = type(self).__name__, isinstance(params, (Iterator, ValuesView))
        leaves = flatten(list(params) if several else params)[0]
        self.leaves = [x for x in leaves if type(x) is Tensor and x.trace is not None]
        computed = any(x.trace is not TAPE or x.mark.op is not None for x in self.leaves)
        if computed or (params is not None and not self.leaves):
            raise gradient_errors.inconsistent(name, "step() moves tensors made with requires_grad=True, not "
                                               "computed from others. Give such leaves, or nothing for "
                                               "update().")
        self.lr, self.steps = lr, 0
        self.state = []                       # for each leaf: how often it moved, its shape, its memory
        if not callable(lr):
            self.check("lr", lr)

    def check(self, name: str, value: Any, least: int = 0, below: float | None = None) -> Any:
        """A number that is not under the least one, and below another; of NumPy's scalars a Python number.

        Raises ValueRangeError for others.
        """
        if value >= least and (below is None or value < below):
            return value.item() if isinstance(value, np.generic) else value
        limits = (f"must lie from {least} to below {below}" if below is not None else
                  f"must be {least} or more" if least else "must not be negative")
        raise value_errors.bad_value(type(self).__name__, f"{name} {limits}, got {value}")

    @property
    def rate(self) -> Any:
        """The learning rate of this step."""
        return self.check("lr", self.lr(self.steps) if callable(self.lr) else self.lr)

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

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move the parameters given to the constructor by their .grad; those without one stay.

        closure : computes the loss, backward() included, and returns it; called first. So is the loss
        returned.
        """
        loss = None if closure is None else closure()
        self._step()
        return loss

    @no_grad()
    def _step(self) -> None:
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
            if is_complex(x):                 # its parts are moved, by the derivatives in them
                new, *memory = self.move(count + 1, _as_real(x), _as_real(conj(g)), *memory)
                new = _as_complex(new)
            else:
                new, *memory = self.move(count + 1, x, g, *memory)
            state[k] = (count + 1, shape, *memory)
            del memory
            yield new
            del new
        self.steps += 1

    # ------------------------------------------------------------------------------------- what is kept
    def state_dict(self) -> dict[str, Any]:
        """Return all that another optimiser needs to go on: names -> NumPy arrays and numbers.

        A flat dict, which np.savez(file, **state), pickle and nb.save keep. A schedule is a function and is
        not in it; the number of steps is. A Tensor as lr is kept as a number. The arrays are read-only, of
        the parameters' shapes and dtypes.

        Raises TraceError if a gradient is being taken through the memory or lr.
        """
        kept = {name: _plain(value) for name, value in self._numbers().items()}
        kept["count"] = np.array([count for count, *_ in self.state], np.int64)
        for k, (_, shape, *memory) in enumerate(self.state):
            kept[f"shape.{k}"] = np.array(shape, np.int64)
            kept.update({f"memory.{k}.{j}": m.numpy() for j, m in enumerate(memory)})
        return kept

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where the optimiser was that state is of: its next step is that one's, bit for bit.

        state : from state_dict(), or what np.load or nb.load read of it; numbers such as lr are set too

        Raises ValueRangeError for the state of another class or another use of schedules, ShapeError for
        that of other parameters. Then nothing is changed.
        """
        what, numbers = type(self).__name__, self._numbers()
        own = {name for name in state if not name.startswith(("memory.", "shape."))}
        if own != {*numbers, "count"}:
            raise value_errors.other_state(what, own - {"count"}, numbers)
        found = []
        for k, count in enumerate(np.asarray(state["count"]).tolist()):
            memory: list[Tensor] = []
            while f"memory.{k}.{len(memory)}" in state:
                memory.append(self._placed(k, state[f"memory.{k}.{len(memory)}"]))
            found.append((count, tuple(np.asarray(state[f"shape.{k}"]).tolist()), *memory))
        shapes = [shape for _, shape, *_ in found]
        if self.leaves and found and shapes != self._shapes():
            raise gradient_errors.tree_mismatch(what, shapes, self._shapes())
        for name in numbers:
            value = np.asarray(state[name]).tolist()
            setattr(self, name, tuple(value) if isinstance(value, list) else value)
        self.state = found

    def _numbers(self) -> dict[str, Any]:
        """The numbers that the optimiser was made with, and that of its steps."""
        return {name: value for name, value in vars(self).items()
                if name not in ("leaves", "state") and not callable(value)}

    def _shapes(self) -> list[tuple[int, ...]]:
        """What state has as the shapes of the leaves."""
        return [x.shape for x in self.leaves]

    def _placed(self, k: int, value: Any) -> Tensor:
        """A memory of leaf number k, on that leaf's device."""
        x = as_tensor(value)
        return to(x, self.leaves[min(k, len(self.leaves) - 1)].device) if self.leaves else x


def _plain(value: Any) -> Any:
    """A number, or several, without a Tensor around them."""
    return value.numpy() if type(value) is Tensor else value


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
