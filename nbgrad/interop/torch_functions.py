"""Functions of nbgrad's in PyTorch, and PyTorch's in nbgrad; each takes gradients through the other's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from nbgrad.arrays import foreign
from nbgrad.arrays.dtypes import supported
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.engine.transforms import check_function, transformed, vjp
from nbgrad.interop.flat import Flat, Run, constants, floats, package, pulled, pushed, tensors
from nbgrad.interop.foreign_op import ForeignOp


# --------------------------------------------------------------------------------------- nbgrad's in PyTorch
def to_torch(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return f, a function of Tensors, as a function of PyTorch's tensors that PyTorch differentiates.

    f : takes and returns trees of Tensors. What else it is given (numbers, strings) it gets as it is; tensors
        of integers and booleans are constants, and so is what f uses that is not among its arguments
    The result is f's tree with PyTorch's tensors. backward(), torch.autograd.grad, create_graph=True to any
    order, torch.func.grad and forward mode ask nbgrad for f's derivatives.

    Raises MissingPackageError without PyTorch, DtypeError for a dtype that nbgrad does not take and for a
    result that is no number, TraceError where f uses a Tensor that nbgrad takes a gradient through.

    >>> import torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> nb.interop.to_torch(lambda x: nb.sum(x**3))(x).backward()
    >>> x.grad
    tensor([ 3., 12.])
    """
    check_function("to_torch", f)
    package("torch", "to_torch")
    return transformed(_to_torch, f)


def _to_torch(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    torch = package("torch", "to_torch")
    flat = Flat(f, args, kwargs, lambda x: isinstance(x, torch.Tensor))
    ys = _applied(_Call(flat, f"to_torch({getattr(f, '__name__', 'f')})"), flat.arrays)
    return flat.result(ys)


def _applied(call: _Call, arrays: Sequence[Any]) -> list[Any]:
    """The results of a function of Tensors on PyTorch's, recorded by PyTorch."""
    if package("torch", call.name).is_grad_enabled():
        call.wanted = [i for i, x in enumerate(arrays) if x.requires_grad]
    return list(_function().apply(call, *arrays))


class _Call:
    """A call of `run`, a function of Tensors, by PyTorch, which keeps what the way back needs.

    wanted  : the places of inputs that want a gradient
    results : the places of results that have one
    """

    def __init__(self, run: Run, name: str) -> None:
        self.run, self.name = run, name
        self.pullback: Callable[..., Any] | None = None
        self.wanted: list[int] = []
        self.results: list[int] = []

    def forward(self, arrays: Sequence[Any]) -> tuple[Any, ...]:
        """The results on PyTorch's tensors."""
        torch, wanted = package("torch", self.name), self.wanted
        xs = [as_tensor(x.detach()) for x in arrays]

        def moving(*some: Tensor) -> tuple[list[Tensor], list[Tensor]]:
            full = list(xs)
            for i, x in zip(wanted, some, strict=True):
                full[i] = x
            ys = tensors(self.name, self.run(*full))
            self.results = floats(ys)
            return [ys[k] for k in self.results], ys

        if wanted:
            _, self.pullback, ys = vjp(moving, *[xs[i] for i in wanted], has_aux=True)
        else:
            ys = moving()[1]
        return tuple([torch.from_dlpack(y) for y in constants(self.name, ys)])


@cache
def _function() -> Any:
    """The torch.autograd.Function of all calls. Its backward is such a function again, if it is recorded."""
    torch: Any = package("torch", "to_torch")

    class ToTorch(torch.autograd.Function):
        @staticmethod
        def forward(call: _Call, *arrays: Any) -> Any:
            return call.forward(arrays)

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.call, *arrays = inputs
            ctx.save_for_backward(*arrays)
            ctx.save_for_forward(*arrays)
            ctx.count = len(output)
            ctx.mark_non_differentiable(*[y for y in output if not y.is_floating_point()])

        @staticmethod
        def backward(ctx: Any, *gs: Any) -> Any:
            call, arrays = ctx.call, ctx.saved_tensors
            given, wanted = [gs[k] for k in call.results], call.wanted
            if not torch.is_grad_enabled():
                found = [torch.from_dlpack(c) for c in call.pullback([as_tensor(g.detach()) for g in given])]
            else:
                rule = pulled(call.run, wanted, call.results, len(arrays))
                found = _applied(_Call(rule, f"the gradient of {call.name}"), [*arrays, *given])
            gradients: list[Any] = [None] * (1 + len(arrays))
            for i, c in zip(wanted, found, strict=True):
                gradients[1 + i] = c
            return tuple(gradients)

        @staticmethod
        def vmap(info: Any, in_dims: Sequence[Any], call: _Call, *arrays: Any) -> Any:
            pairs = list(zip(arrays, in_dims[1:], strict=True))
            rows = [_applied(_Call(call.run, call.name),
                             [x if axis is None else x.select(axis, i) for x, axis in pairs])
                    for i in range(info.batch_size)]
            return tuple(map(torch.stack, zip(*rows, strict=True))), (0,) * len(rows[0])

        @staticmethod
        def jvp(ctx: Any, _: Any, *ts: Any) -> Any:
            call, arrays = ctx.call, ctx.saved_tensors
            moved = [i for i, t in enumerate(ts) if t is not None]
            rule = pushed(call.run, moved, call.results, len(arrays))
            given = [*arrays, *[ts[i] for i in moved]]
            found = _applied(_Call(rule, f"the derivative of {call.name}"), given)
            tangents: list[Any] = [None] * ctx.count
            for k, t in zip(call.results, found, strict=True):
                tangents[k] = t
            return tuple(tangents)

    return ToTorch


# --------------------------------------------------------------------------------------- PyTorch's in nbgrad
def from_torch(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return f, a function of PyTorch's tensors, as a function of Tensors that nbgrad differentiates.

    f : takes and returns trees of PyTorch's tensors, on the CPU. Tensors and arrays of NumPy's among the
        arguments are tensors for it, and what else it is given is as it is. Parameters that it uses and is
        not given (a module's) are constants: pass them as arguments, as torch.func.functional_call does
    Derivatives of any order and mode ask PyTorch for f's. f is run once for a first derivative, and once more
    for each further order, with the same random numbers.

    Raises MissingPackageError without PyTorch, DtypeError for results of a dtype that nbgrad does not take.

    >>> import torch
    >>> nb.grad(nb.interop.from_torch(lambda x: torch.special.i0(x).sum()))(np.array([0.0, 1.0]))
    tensor([0.       , 0.5651591])
    """
    check_function("from_torch", f)
    package("torch", "from_torch")
    return transformed(_from_torch, f)


def _from_torch(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    flat = Flat(f, args, kwargs, lambda x: isinstance(x, (Tensor, np.ndarray, np.generic)))
    op = ForeignOp(f"from_torch({getattr(f, '__name__', 'f')})", _Torch(), flat)
    return flat.result(op(*map(as_tensor, flat.arrays)))


class _Torch:
    """PyTorch as the library of a ForeignOp. The random numbers of the first run are those of later ones."""

    def __init__(self) -> None:
        self.torch = package("torch", "from_torch")
        self.random = self.torch.get_rng_state()

    def run(self, f: Any, xs: Sequence[np.ndarray]) -> list[np.ndarray]:
        with self.torch.no_grad():
            return list(map(_values, self._leaves(f, list(map(self._tensor, xs)))))

    def record(self, f: Any, xs: Sequence[np.ndarray], wanted: Sequence[int]) -> Any:
        arrays = list(map(self._tensor, xs))
        with self.torch.enable_grad():
            for i in wanted:
                arrays[i].requires_grad_()
            ys = self._leaves(f, [x.clone() for x in arrays])      # which f may write to
        moving, moved = [arrays[i] for i in wanted], [y for y in ys if y.is_floating_point()]

        def pullback(gs: Sequence[np.ndarray]) -> list[np.ndarray]:
            return list(map(_values, self._gradients(moved, moving, list(map(self._tensor, gs)), False)))

        return list(map(_values, ys)), pullback

    def pulled(self, f: Any, wanted: Sequence[int], results: Sequence[int], count: int) -> Any:
        torch = self.torch

        def pull(*args: Any) -> list[Any]:
            nested = any(x.requires_grad for x in args)
            with torch.enable_grad(), torch.random.fork_rng(devices=[]):
                torch.set_rng_state(self.random)
                xs = [x.view_as(x) if x.requires_grad else x.detach() for x in args[:count]]
                moving = [xs[i] if xs[i].requires_grad else xs[i].requires_grad_() for i in wanted]
                ys = self._leaves(f, [x.clone() for x in xs])
                return self._gradients([ys[k] for k in results], moving, args[count:], nested)

        return pull

    def _tensor(self, x: np.ndarray) -> Any:
        return self.torch.from_numpy(np.array(x, order="C"))

    def _leaves(self, f: Any, xs: Sequence[Any]) -> list[Any]:
        """The leaves of f's result as tensors."""
        return [self.torch.as_tensor(y) for y in f(*xs)]

    def _gradients(self, ys: Sequence[Any], xs: Sequence[Any], gs: Sequence[Any],
                   recorded: bool) -> list[Any]:
        """Cotangents of xs; zeros for what no result depends on."""
        pairs = [(y, g) for y, g in zip(ys, gs, strict=True) if y.requires_grad]
        if not pairs:
            return [self.torch.zeros_like(x) for x in xs]
        found = self.torch.autograd.grad([y for y, _ in pairs], xs, [g for _, g in pairs], retain_graph=True,
                                         create_graph=recorded, allow_unused=True)
        return [self.torch.zeros_like(x) if c is None else c for c, x in zip(found, xs, strict=True)]


def _values(y: Any) -> np.ndarray:
    """A tensor's values as an array of their own. Raises DtypeError."""
    found = np.array(foreign.values(y.detach()))
    supported(found.dtype)
    return found
