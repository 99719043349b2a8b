"""The activation functions of neural networks, one row each.

Kinks take the subgradient of least norm: relu and leaky_relu have the slope of their left side at 0.
"""

from __future__ import annotations

import math

import numpy as np

from nbgrad.define.declare import elementwise
from nbgrad.define.scalar import Elementwise, choose
from nbgrad.engine.graph import Op
from nbgrad.engine.tensor import Tensor
from nbgrad.errors import value_errors
from nbgrad.ops.compare import not_equal, sign
from nbgrad.ops.elementwise import abs, decay, expm1, floats, logaddexp, logistic_density, square, where


def _sigmoid(x: Tensor) -> Tensor:
    e = decay(x)
    return where(x < 0, e, 1.0) / (1 + e)


sigmoid: Op = elementwise("sigmoid", _sigmoid, logistic_density, joint=True, like="scipy.special.expit",
                          formula="z * (1 - z)", example="[0.0, 1.0] -> tensor([0.5       , 0.73105858])",
                          doc="Return 1 / (1 + exp(-x)) without overflow.")
relu: Op = elementwise("relu", lambda x: where(x <= 0, 0, x), like=lambda x: np.maximum(x, 0),
                       formula="where(x > 0, 1, 0)", example="[-1.0, 2.0] -> tensor([0., 2.])",
                       doc="Return max(x, 0); its derivative at 0 is 0.")
leaky_relu: Op = elementwise(
    "leaky_relu", lambda x, slope=0.01: where(x <= 0, slope * x, x),
    like=lambda x, slope=0.01: np.where(x > 0, x, slope * x), formula="where(x > 0, 1, slope)",
    example="[-1.0, 2.0]; slope=0.1 -> tensor([-0.1,  2. ])",
    doc="Return x where it is positive, slope * x elsewhere; its derivative at 0 is slope.")
softplus: Op = elementwise(
    "softplus", lambda x, beta=1.0: logaddexp(beta * x, 0.0) / beta, lambda x, z, beta: sigmoid(beta * x),
    like=lambda x, beta=1.0: np.logaddexp(beta * x, 0) / beta, formula="1 / (1 + exp(-beta * x))",
    example="800.0 -> tensor(800.)",
    doc="Return log(1 + exp(beta * x)) / beta without overflow.")
silu: Op = elementwise("silu", lambda x: x * sigmoid(x), joint=True, like=lambda x: x / (1 + np.exp(-x)),
                       formula="sigmoid(x) * (1 + x - z)",
                       example="[0.0, 1.0] -> tensor([0.        , 0.73105858])", doc="Return x * sigmoid(x).")
softsign: Op = elementwise("softsign", lambda x: x / (1 + abs(x)), lambda x, z: square(1 / (1 + abs(x))),
                           like=lambda x: x / (1 + np.abs(x)), formula="1 / (1 + abs(x))**2",
                           example="[-1.0, 3.0] -> tensor([-0.5 ,  0.75])", doc="Return x / (1 + |x|).")
elu: Op = elementwise(
    "elu", lambda x, alpha=1.0: where(x <= 0, alpha * expm1(x), x),
    like=lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(x)),
    formula="where(x > 0, 1, alpha * exp(x))",
    example="[-1.0, 2.0]; alpha=0.5 -> tensor([-0.31606028,  2.        ])",
    doc="Return x where it is positive, alpha * (exp(x) - 1) elsewhere; its derivative at 0 is alpha.")


_half_gauss = Elementwise(                # e^(-x^2 / 2)
    "half_gauss", "half_gauss({})", lambda x, z: choose(not_equal(z, 0), -(x * z)), arity=1,
    loop=floats("half_gauss"))
_normal = Elementwise("normcdf", "normcdf({})", lambda x, z: (1 / math.sqrt(2 * math.pi)) * _half_gauss(x),
                      arity=1, loop=floats("normcdf"))


def _gelu(x: Tensor, approximate: str = "none") -> Tensor:
    if approximate == "none":
        return x * _normal(x)
    if approximate == "tanh":             # (1 + tanh(u)) / 2 is sigmoid(2 u); beyond 25 that is 0 or 1
        near = math.sqrt(8 / math.pi) * (x + 0.044715 * x * x * x)
        return x * sigmoid(where(abs(x) < 25, near, 800 * sign(x)))
    raise value_errors.bad_choice("gelu", "approximate", approximate, ("none", "tanh"))


gelu: Op = elementwise(
    "gelu", _gelu, joint=True,
    like=lambda x: x * 0.5 * (1 + np.vectorize(math.erf, otypes=[x.dtype])(x * math.sqrt(0.5))),
    formula="Phi(x) + x * exp(-x**2 / 2) / sqrt(2 * pi)",
    example="[-1.0, 1.0] -> tensor([-0.15865525,  0.84134475])",
    doc="""Return x times Phi(x), the standard normal distribution function.

    approximate : "none" for its exact value, "tanh" for an approximation by a tanh
    Source: Hendrycks and Gimpel, Gaussian error linear units, 2016.""")
