"""First programs of new users, each written once for nbgrad and HIPS autograd: what benchmarks/cold.py times.

    python -m work.firsts nbgrad mlp greeks     # in benchmarks/: run these, and say how many kernels it took
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

STEPS, POINTS = 1000, 100                 # of the heat equation


def library(name: str) -> Any:
    """What the programs call, under the names of NumPy and of HIPS autograd."""
    if name == "nbgrad":
        nb = importlib.import_module("nbgrad")
        return SimpleNamespace(np=nb, grad=nb.grad, hessian=nb.hessian, value_and_grad=nb.value_and_grad,
                               cdf=lambda x: 0.5 * nb.erfc(-x / np.sqrt(2.0)))
    autograd = importlib.import_module("autograd")
    return SimpleNamespace(np=importlib.import_module("autograd.numpy"), grad=autograd.grad,
                           hessian=autograd.hessian, value_and_grad=autograd.value_and_grad,
                           cdf=importlib.import_module("autograd.scipy.stats").norm.cdf)


def mlp(lib: Any) -> float:
    """The first gradient of a network's loss: two hidden layers, 64 samples."""
    np_, rng = lib.np, np.random.default_rng(0)
    params = [[rng.normal(0, 0.1, (m, n)), np.zeros(n)] for m, n in ((20, 50), (50, 50), (50, 3))]
    x, y = rng.normal(size=(64, 20)), np.eye(3)[rng.integers(0, 3, 64)]

    def loss(params: Any) -> Any:
        h = x
        for w, b in params[:-1]:
            h = np_.tanh(np_.dot(h, w) + b)
        z = np_.dot(h, params[-1][0]) + params[-1][1]
        top = np_.max(z, axis=1, keepdims=True)
        total = np_.sum(np_.exp(z - top), axis=1, keepdims=True)
        return -np_.mean(np_.sum(y * (z - top - np_.log(total)), axis=1))

    value, found = lib.value_and_grad(loss)(params)
    return float(value) + float(np.sum(np.asarray(found[0][0])))


def greeks(lib: Any) -> float:
    """Price, delta, vega, theta, rho and gamma of options by Black and Scholes."""
    np_, strikes = lib.np, np.linspace(80.0, 120.0, 41)

    def price(spot: Any, volatility: Any, years: Any, rate: Any) -> Any:
        spread = volatility * np_.sqrt(years)
        up = (np_.log(spot / strikes) + (rate + 0.5 * volatility**2) * years) / spread
        return np_.sum(spot * lib.cdf(up) - strikes * np_.exp(-rate * years) * lib.cdf(up - spread))

    at = (100.0, 0.2, 0.5, 0.03)
    first = [float(lib.grad(price, i)(*at)) for i in range(4)]
    return sum(first) + float(lib.grad(lib.grad(price))(*at))


def glm(lib: Any) -> float:
    """A logistic regression of ten coefficients by Newton's method, with the Hessian."""
    np_, rng = lib.np, np.random.default_rng(1)
    x = rng.normal(size=(500, 10))
    sign = np.where(x @ np.linspace(-1, 1, 10) + rng.logistic(size=500) > 0, 1.0, -1.0)

    def loss(w: Any) -> Any:
        return np_.sum(np_.logaddexp(0.0, -sign * np_.dot(x, w))) + 0.5 * np_.sum(w**2)

    gradient, hessian, w = lib.grad(loss), lib.hessian(loss), np.zeros(10)
    for _ in range(6):
        w = w - np.linalg.solve(np.asarray(hessian(w)), np.asarray(gradient(w)))
    return float(np.sum(w))


def heat(lib: Any) -> float:
    """The gradient of a misfit in the conductivities of a rod, through the steps of the heat equation."""
    np_ = lib.np
    start = np.exp(-np.linspace(-4, 4, POINTS) ** 2)

    def misfit(log_k: Any) -> Any:
        k, u = np_.exp(log_k), start
        for _ in range(STEPS):
            flow = k * (u[1:] - u[:-1])
            u = np_.concatenate([u[:1], u[1:-1] + 0.2 * (flow[1:] - flow[:-1]), u[-1:]])
        return np_.sum((u - 0.5 * start) ** 2)

    value, found = lib.value_and_grad(misfit)(np.full(POINTS - 1, -1.0))
    return float(value) + float(np.sum(np.asarray(found)))


PROGRAMS: dict[str, Callable[[Any], float]] = {"mlp": mlp, "greeks": greeks, "glm": glm, "heat": heat}


def main() -> None:
    name, *programs = sys.argv[1:]
    lib = library(name)
    found = [PROGRAMS[program](lib) for program in programs]
    cache = sys.modules.get("nbgrad.compile.cache")
    print(len(cache.COMPILED) if cache else 0, *found)


if __name__ == "__main__":
    main()
