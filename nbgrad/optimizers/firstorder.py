"""Optimisers that move each parameter by its gradient and a memory of earlier ones."""

from __future__ import annotations

from typing import Any

from nbgrad.define.scalar import Elementwise
from nbgrad.engine.tensor import Tensor
from nbgrad.ops.create import zeros_like
from nbgrad.ops.elementwise import sqrt
from nbgrad.optimizers.base import Optimizer, Rate


class SGD(Optimizer):
    """x - lr * v, where v is the gradient, or with momentum the decaying sum v = momentum * v + gradient.

    params, lr : see Optimizer
    momentum : how much of v stays, not negative; 0: v is not kept

    Raises ValueRangeError for a negative lr or momentum.

    >>> print(nb.optim.SGD(lr=0.5).update({"w": 3.0}, {"w": 2.0}))
    {'w': tensor(2.)}
    """

    momentum: float

    def __init__(self, params: Any = None, lr: Rate = 1e-2, momentum: float = 0.0) -> None:
        super().__init__(params, lr)
        self.momentum = self.check("momentum", momentum)

    def move(self, count: int, x: Tensor, g: Tensor, *memory: Tensor) -> tuple[Tensor, ...]:
        if not self.momentum:
            return _DESCENT(x, g, self.rate)
        return _MOMENTUM(x, g, *(memory or [zeros_like(x)]), self.rate, self.momentum)


class RMSProp(Optimizer):
    """x - lr * u, where u is the gradient over sqrt(v) + eps, and v = alpha * v + (1 - alpha) * gradient**2.

    With momentum u is a decaying sum of these: u = momentum * u + gradient / (sqrt(v) + eps).
    params, lr : see Optimizer
    alpha, eps : from 0 to below 1; not negative
    Source: Tieleman and Hinton, Lecture 6.5 of Neural networks for machine learning, 2012; eps as in PyTorch.

    Raises ValueRangeError for an alpha that is not in [0, 1), a negative lr or momentum.

    >>> print(nb.optim.RMSProp(lr=0.5, alpha=0.75, eps=0).update(1.0, 4.0))
    0.0
    """

    alpha: float
    eps: float
    momentum: float

    def __init__(self, params: Any = None, lr: Rate = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
                 momentum: float = 0.0) -> None:
        super().__init__(params, lr)
        self.alpha, self.eps = self.check("alpha", alpha, 0, 1), self.check("eps", eps)
        self.momentum = self.check("momentum", momentum)

    def move(self, count: int, x: Tensor, g: Tensor, *memory: Tensor) -> tuple[Tensor, ...]:
        v, *u = memory or [zeros_like(x)]
        numbers = self.rate, self.alpha, 1 - self.alpha, self.eps
        if not self.momentum:
            return _RMSPROP(x, g, v, *numbers)
        return _RMSPROP_MOMENTUM(x, g, v, *(u or [zeros_like(x)]), *numbers, self.momentum)


class Adam(Optimizer):
    """Adam: x - lr * m / (sqrt(v) + eps), m and v the means of the gradient and its square, without bias.

    params, lr : see Optimizer
    betas : how much of m and of v stays in a step, from 0 to below 1
    eps : not negative
    Source: Kingma and Ba, Adam: a method for stochastic optimization, 2015, algorithm 1.

    Raises ValueRangeError for betas that are not in [0, 1), a negative lr.

    >>> print(nb.optim.Adam(lr=0.5, eps=0).update([1.0, 1.0], [-3.0, 1e-5]))
    [tensor(1.5), tensor(0.5)]
    """

    betas: tuple[float, float]
    eps: float

    def __init__(self, params: Any = None, lr: Rate = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8) -> None:
        super().__init__(params, lr)
        self.betas = tuple([self.check("betas", b, 0, 1) for b in betas])
        self.eps = self.check("eps", eps)

    def move(self, count: int, x: Tensor, g: Tensor, *memory: Tensor) -> tuple[Tensor, ...]:
        return _ADAM(x, g, *(memory or [zeros_like(x)] * 2), *self._coefficients(count, self.rate))

    def _coefficients(self, count: int, rate: Any) -> tuple[Any, ...]:
        """The numbers that the kernel takes for a leaf's move number count."""
        b1, b2 = self.betas
        return rate / (1 - b1 ** count), 1 / (1 - b2 ** count), b1, 1 - b1, b2, 1 - b2, self.eps


class AdamW(Adam):
    """Adam with weight decay of its own: before its step, x is multiplied by 1 - lr * weight_decay.

    params, lr, betas, eps : see Adam
    Source: Loshchilov and Hutter, Decoupled weight decay regularization, 2019, algorithm 2; the defaults and
    the decay's factor lr are PyTorch's.

    Raises ValueRangeError for betas that are not in [0, 1), a negative lr or weight_decay.

    >>> print(nb.optim.AdamW(lr=0.5, eps=0, weight_decay=0.5).update(2.0, 1e-5))
    1.0
    """

    weight_decay: float

    def __init__(self, params: Any = None, lr: Rate = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 1e-2) -> None:
        super().__init__(params, lr, betas, eps)
        self.weight_decay = self.check("weight_decay", weight_decay)

    def move(self, count: int, x: Tensor, g: Tensor, *memory: Tensor) -> tuple[Tensor, ...]:
        rate = self.rate
        numbers = 1 - rate * self.weight_decay, *self._coefficients(count, rate)
        return _ADAMW(x, g, *(memory or [zeros_like(x)] * 2), *numbers)


def _rmsprop(x: Any, g: Any, v: Any, lr: Any, a: Any, c: Any, e: Any) -> Any:
    """c is 1 - a."""
    v = a * v + c * (g * g)
    return x - lr * g / (sqrt(v) + e), v


def _rmsprop_momentum(x: Any, g: Any, v: Any, u: Any, lr: Any, a: Any, c: Any, e: Any, b: Any) -> Any:
    """c is 1 - a."""
    v = a * v + c * (g * g)
    u = b * u + g / (sqrt(v) + e)
    return x - lr * u, v, u


def _adam(x: Any, g: Any, m: Any, v: Any, lr: Any, k: Any, b1: Any, c1: Any, b2: Any, c2: Any, e: Any) -> Any:
    """lr and k undo the bias of m and v, which start at 0; c1 and c2 are 1 - b1 and 1 - b2."""
    m, v = b1 * m + c1 * g, b2 * v + c2 * (g * g)
    return x - lr * m / (sqrt(k * v) + e), m, v


def _adamw(x: Any, g: Any, m: Any, v: Any, keep: Any, *numbers: Any) -> Any:
    return _adam(keep * x, g, m, v, *numbers)


# Operands: parameter, gradient, memory, numbers. Results, in the parameter's dtype: parameter, memory.
_DESCENT = Elementwise("sgd", lambda x, g, lr: (x - lr * g,), arity=3, many=True, result_like=0)
_MOMENTUM = Elementwise("momentum", lambda x, g, v, lr, b: (x - lr * (v := b * v + g), v), arity=5,
                        many=True, result_like=0)
_ADAM = Elementwise("adam", _adam, arity=11, many=True, result_like=0)
_ADAMW = Elementwise("adamw", _adamw, arity=12, many=True, result_like=0)
_RMSPROP = Elementwise("rmsprop", _rmsprop, arity=7, many=True, result_like=0)
_RMSPROP_MOMENTUM = Elementwise("rmsprop_momentum", _rmsprop_momentum, arity=9, many=True, result_like=0)
