"""The libraries that are compared, each under the names that the work is written in.

A library says how an array of NumPy's becomes one of its own, and how a function of its arrays is run
forwards, backwards and with its gradient in the quickest way it documents. jax runs under jit, PyTensor
compiled, the others op by op.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from work.spellings import SPELLINGS, adam

Run = Callable[[], Any]
NAMES = ("nbgrad", "torch", "jax", "autograd", "pytensor")


def installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


class Library:
    """A library: its functions as attributes, and how it runs work.

    spelled : functions under the names of the work, before those of its modules
    modules : where other names are looked up
    """

    name = ""

    def __init__(self) -> None:
        modules, self.spelled = SPELLINGS[self.name]()
        self.modules = [importlib.import_module(module) for module in modules]

    def __getattr__(self, name: str) -> Any:
        for place in (SimpleNamespace(**self.spelled), *self.modules):
            if hasattr(place, name):
                return getattr(place, name)
        raise AttributeError(f"{self.name} has no {name}")

    def array(self, x: np.ndarray) -> Any:
        """x as a constant of the library, with x's strides where it can."""
        return x

    def leaf(self, x: np.ndarray) -> Any:
        """x as an array to whose .grad backward() adds."""
        raise NotImplementedError

    def values(self, found: Any) -> list[np.ndarray]:
        """What a run returned, as arrays of NumPy's, in order."""
        if isinstance(found, (tuple, list)):
            return [value for part in found for value in self.values(part)]
        return [np.asarray(found)]

    def forward(self, f: Callable[..., Any], xs: Sequence[Any]) -> Run:
        return lambda: f(*xs)

    def backward(self, f: Callable[..., Any], xs: Sequence[Any], g: Any) -> Run:
        """Cotangents of all xs from the cotangent g of f(*xs), which was computed before."""
        raise NotImplementedError

    def gradient(self, f: Callable[..., Any], xs: Sequence[Any], fixed: Sequence[Any] = ()) -> Run:
        """(value, gradients in all xs) of the scalar f(*xs, *fixed)."""
        raise NotImplementedError

    def training(self, f: Callable[..., Any], xs: Sequence[Any], fixed: Sequence[Any], method: str,
                 lr: float) -> Run:
        """A step of an optimiser ("Adam", "SGD") on the parameters xs; it returns the loss before."""
        raise NotImplementedError


class Nbgrad(Library):
    name = "nbgrad"

    def __init__(self) -> None:
        super().__init__()
        self.nb = self.modules[0]

    def array(self, x: np.ndarray) -> Any:
        return self.nb.asarray(x, copy=False)

    def leaf(self, x: np.ndarray) -> Any:
        return self.nb.tensor(x, requires_grad=True)

    def values(self, found: Any) -> list[np.ndarray]:
        return super().values(found if isinstance(found, (tuple, list)) else found.detach().numpy())

    def backward(self, f: Callable[..., Any], xs: Sequence[Any], g: Any) -> Run:
        pullback = self.nb.vjp(f, *xs)[1]
        return lambda: pullback(g)

    def gradient(self, f: Callable[..., Any], xs: Sequence[Any], fixed: Sequence[Any] = ()) -> Run:
        both = self.nb.value_and_grad(f, tuple(range(len(xs))))
        return lambda: both(*xs, *fixed)

    def training(self, f: Callable[..., Any], xs: Sequence[Any], fixed: Sequence[Any], method: str,
                 lr: float) -> Run:
        leaves = [self.nb.tensor(x, requires_grad=True) for x in xs]
        optimizer = getattr(self.nb.optim, method)(leaves, lr=lr)

        def step() -> Any:
            optimizer.zero_grad()
            loss = f(*leaves, *fixed)
            loss.backward()
            optimizer.step()
            return loss

        return step


class Torch(Library):
    name = "torch"

    def __init__(self) -> None:
        super().__init__()
        self.torch = self.modules[0]

    def array(self, x: np.ndarray) -> Any:
        return self.torch.from_numpy(x)

    def leaf(self, x: np.ndarray) -> Any:
        return self.torch.from_numpy(x).clone().requires_grad_()

    def values(self, found: Any) -> list[np.ndarray]:
        return super().values(found if isinstance(found, (tuple, list)) else found.detach().numpy())

    def backward(self, f: Callable[..., Any], xs: Sequence[Any], g: Any) -> Run:
        leaves = [x.requires_grad_() for x in xs]
        z = f(*leaves)
        return lambda: self.torch.autograd.grad(z, leaves, g, retain_graph=True)

    def gradient(self, f: Callable[..., Any], xs: Sequence[Any], fixed: Sequence[Any] = ()) -> Run:
        leaves = [x.requires_grad_() for x in xs]

        def run() -> Any:
            loss = f(*leaves, *fixed)
            return loss, self.torch.autograd.grad(loss, leaves)

        return run

    def training(self, f: Callable[..., Any], xs: Sequence[Any], fixed: Sequence[Any], method: str,
                 lr: float) -> Run:
        leaves = [x.requires_grad_() for x in xs]
        optimizer = getattr(self.torch.optim, method)(leaves, lr=lr)

        def step() -> Any:
            optimizer.zero_grad()
            loss = f(*leaves, *fixed)
            loss.backward()
            optimizer.step()
            return loss

        return step


class Jax(Library):
    name = "jax"

    def __init__(self) -> None:
        super().__init__()
        self.jax = importlib.import_module("jax")
        self.jax.config.update("jax_enable_x64", True)

    def array(self, x: np.ndarray) -> Any:
        return self.jax.numpy.array(x)

    def _ready(self, f: Callable[..., Any], *args: Any) -> Run:
        compiled = self.jax.jit(f)
        return lambda: self.jax.block_until_ready(compiled(*args))

    def forward(self, f: Callable[..., Any], xs: Sequence[Any]) -> Run:
        return self._ready(f, *xs)

    def backward(self, f: Callable[..., Any], xs: Sequence[Any], g: Any) -> Run:
        pullback = self.jax.vjp(f, *xs)[1]
        return self._ready(lambda pull, g: pull(g), pullback, g)

    def gradient(self, f: Callable[..., Any], xs: Sequence[Any], fixed: Sequence[Any] = ()) -> Run:
        return self._ready(self.jax.value_and_grad(f, tuple(range(len(xs)))), *xs, *fixed)

    def training(self, f: Callable[..., Any], xs: Sequence[Any], fixed: Sequence[Any], method: str,
                 lr: float) -> Run:
        both = self.jax.value_and_grad(f, tuple(range(len(xs))))
        move = adam if method == "Adam" else lambda x, g, m, v, count, lr: (x - lr * g, m, v)

        def moved(count: Any, state: Any) -> Any:
            loss, grads = both(*[x for x, _, _ in state], *fixed)
            return loss, [move(x, g, m, v, count, lr) for (x, m, v), g in zip(state, grads, strict=True)]

        compiled = self.jax.jit(moved)
        state = [(x, self.jax.numpy.zeros_like(x), self.jax.numpy.zeros_like(x)) for x in xs]
        count = 0

        def step() -> Any:
            nonlocal state, count
            count += 1
            loss, state = self.jax.block_until_ready(compiled(np.float32(count), state))
            return loss

        return step


class Autograd(Library):
    name = "autograd"

    def backward(self, f: Callable[..., Any], xs: Sequence[Any], g: Any) -> Run:
        pullback = importlib.import_module("autograd").make_vjp(f, tuple(range(len(xs))))(*xs)[0]
        return lambda: pullback(g)

    def gradient(self, f: Callable[..., Any], xs: Sequence[Any], fixed: Sequence[Any] = ()) -> Run:
        pullback = importlib.import_module("autograd").make_vjp

        def run() -> Any:
            pull, value = pullback(f, tuple(range(len(xs))))(*xs, *fixed)
            return value, pull(np.ones_like(value))

        return run


class Pytensor(Library):
    name = "pytensor"

    def gradient(self, f: Callable[..., Any], xs: Sequence[Any], fixed: Sequence[Any] = ()) -> Run:
        pytensor = importlib.import_module("pytensor")
        symbols = [pytensor.tensor.as_tensor(x).type() for x in (*xs, *fixed)]
        value = f(*symbols)
        compiled = pytensor.function(symbols, [value, *pytensor.grad(value, symbols[:len(xs)])],
                                     trust_input=True)
        return lambda: compiled(*xs, *fixed)


KINDS = {kind.name: kind for kind in (Nbgrad, Torch, Jax, Autograd, Pytensor)}


def library(name: str) -> Library:
    return KINDS[name]()
