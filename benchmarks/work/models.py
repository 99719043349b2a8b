"""Rows on models: training steps, a transformer block, regression, an embedding, a Gaussian process, expm."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from work.arrays import normal
from work.libraries import Library, Run
from work.row import Arrays, Row, gradient


def rows(quick: bool) -> Iterator[Row]:
    """All of them; quick: the smaller ones."""
    for batch in (64,) if quick else (64, 512):
        for method in ("Adam", "SGD"):
            yield mlp(batch, method)
    yield transformer()
    for n, k in ((1000, 20),) if quick else ((1000, 20), (100_000, 50)):
        yield logistic(n, k)
    yield embedding()
    yield gaussian_process(50 if quick else 200)
    for n in (10,) if quick else (10, 100):
        yield expm(n)


def mlp(batch: int, method: str, sizes: tuple[int, ...] = (784, 256, 128, 10)) -> Row:
    """A training step of a classifier with two hidden layers."""

    def f(lib: Any, *arrays: Any) -> Any:
        *params, x, classes = arrays
        for w, b in zip(params[:-2:2], params[1:-2:2], strict=True):
            x = lib.relu(x @ w + b)
        return lib.cross_entropy(x @ params[-2] + params[-1], classes)

    def inputs() -> Arrays:
        found = []
        for i, (n, m) in enumerate(itertools.pairwise(sizes)):
            found += [normal(n, m, dtype="float32", seed=i) / np.float32(n) ** 0.5, np.zeros(m, "float32")]
        classes = np.random.default_rng(9).integers(0, sizes[-1], batch)
        return [*found, normal(batch, sizes[0], dtype="float32", seed=8), classes]

    def make(lib: Library, xs: Arrays) -> Run:
        *params, x, classes = [lib.array(x) for x in xs]
        return lib.training(lambda *ys: f(lib, *ys), params, (x, classes), method, 1e-3)

    name = "-".join(map(str, sizes))
    return Row(f"MLP {name} step, batch {batch}, {method}", make, inputs, {"torch": 0.9})


def transformer(width: int = 128, heads: int = 4, tokens: int = 64, batch: int = 8) -> Row:
    """All gradients of a transformer block with the norms in front: attention, then two layers with gelu."""
    shape = (batch, tokens, heads, width // heads)

    def f(lib: Any, x: Any, *params: Any) -> Any:
        s1, t1, wq, wk, wv, wo, s2, t2, w1, b1, w2, b2 = params
        y = lib.layer_norm(x, -1, s1, t1)
        q, k, v = [lib.permute(lib.reshape(y @ w, shape), (0, 2, 1, 3)) for w in (wq, wk, wv)]
        joined = lib.permute(lib.attention(q, k, v), (0, 2, 1, 3))
        x = x + lib.reshape(joined, (batch, tokens, width)) @ wo
        y = lib.gelu(lib.layer_norm(x, -1, s2, t2) @ w1 + b1)
        return lib.mean(lib.square(x + y @ w2 + b2))

    def inputs() -> Arrays:
        n, hidden = width, 4 * width

        def matrix(a: int, b: int, seed: int) -> np.ndarray:
            return normal(a, b, dtype="float32", seed=seed) / np.float32(a) ** 0.5

        one, zero = np.ones(n, "float32"), np.zeros(n, "float32")
        return [normal(batch, tokens, n, dtype="float32", seed=9), one, zero,
                *[matrix(n, n, seed) for seed in range(4)], one.copy(), zero.copy(),
                matrix(n, hidden, 4), np.zeros(hidden, "float32"), matrix(hidden, n, 5), zero.copy()]

    work = f"transformer block {width}, {heads} heads, {tokens} tokens, batch {batch}, gradients"
    return Row(work, gradient(f), inputs, {"torch": 1.0}, ("layer_norm",), ("jax", "autograd"))


def logistic(n: int, k: int) -> Row:
    """Loss and gradient of logistic regression with classes of -1 and 1."""

    def f(lib: Any, w: Any, x: Any, signs: Any) -> Any:
        return lib.mean(lib.softplus(-(signs * (x @ w))))

    def inputs() -> Arrays:
        return normal(k), normal(n, k, seed=1), np.sign(normal(n, seed=2))

    return Row(f"logistic regression {n}x{k}, loss and gradient", gradient(f, fixed=2), inputs,
               {"torch": 0.7}, peers=("jax", "autograd", "pytensor"))


def embedding(n: int = 10_000, width: int = 64, count: int = 4096) -> Row:
    """Rows of a table, some of them several times, and the gradient in the table."""

    def f(lib: Any, table: Any, places: Any) -> Any:
        return lib.sum(lib.square(lib.embedding(table, places)))

    def inputs() -> Arrays:
        return normal(n, width, dtype="float32"), np.random.default_rng(1).integers(0, n, count)

    return Row(f"embedding {n}x{width}, {count} indices, gradient", gradient(f, fixed=1), inputs,
               {"torch": 0.6}, ("embedding",), ("jax", "autograd"))


def gaussian_process(n: int) -> Row:
    """Marginal likelihood of a Gaussian process, and its gradient in length scale, amplitude and noise."""

    def f(lib: Any, scale: Any, size: Any, noise: Any, squares: Any, unit: Any, y: Any) -> Any:
        kernel = lib.exp(size) * lib.exp(squares * -0.5 * lib.exp(-2 * scale)) + lib.exp(noise) * unit
        lower = lib.cholesky(kernel)
        white = lib.solve_triangular(lower, y)
        return 0.5 * lib.sum(white * white) + lib.sum(lib.log(lib.diagonal(lower)))

    def inputs() -> Arrays:
        x = np.sort(normal(n))
        return (np.array(-1.0), np.array(0.1), np.array(-2.0), np.subtract.outer(x, x) ** 2, np.eye(n),
                np.sin(3 * x))

    return Row(f"Gaussian process, {n} points, likelihood and gradient", gradient(f, fixed=3), inputs,
               {"torch": 1.0}, ("cholesky", "solve_triangular", "diagonal"), ("jax", "autograd"))


def expm(n: int) -> Row:
    """Gradient of the sum of the squares of a matrix exponential."""

    def f(lib: Any, a: Any) -> Any:
        return lib.sum(lib.square(lib.expm(a)))

    return Row(f"expm {n}, gradient", gradient(f), lambda: [normal(n, n) / n ** 0.5], {"torch": 1.0},
               peers=("jax", "pytensor"))
