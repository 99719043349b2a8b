"""Rows on arrays: chains, elementwise ops, operands of several layouts, reductions, products."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from work.row import Arrays, Row, backward, forward, gradient

DTYPES = ("float32", "float64")
UNARY = ("exp", "log", "sin", "tanh", "erf")
REDUCTIONS = ("sum", "mean", "max", "var", "softmax", "logsumexp", "layer_norm")


def rows(quick: bool) -> Iterator[Row]:
    """All of them; quick: one size of each kind."""
    yield chain()
    yield from elementwise((1e5,) if quick else (1e5, 1e6, 1e7))
    yield from reductions(200 if quick else 1000)
    yield from layouts(200 if quick else 1000)
    yield from products([64] if quick else [64, 256, 1024])


def positive(*shape: int, dtype: str = "float64", seed: int = 0) -> np.ndarray:
    """Numbers from 0.1 to 3, where every op here is defined."""
    return np.random.default_rng(seed).uniform(0.1, 3, shape).astype(dtype)


def normal(*shape: int, dtype: str = "float64", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, np.dtype(dtype))


def chain(n: int = 10, length: int = 100) -> Row:
    """Elementwise ops one after another on few elements: the cost of recording and pulling an op."""

    def f(lib: Any, x: Any, half: Any) -> Any:
        y = x
        for _ in range(length // 5):
            y = lib.exp(lib.sin(lib.tanh(y * half + x)))
        return lib.sum(y)

    return Row(f"chain of {length} elementwise ops on {n} elements", gradient(f, fixed=1),
               lambda: (np.linspace(-1, 1, n), np.full(n, 0.5)), {"torch": 0.35, "autograd": 0.15},
               peers=("jax", "pytensor"))


def elementwise(sizes: tuple[float, ...]) -> Iterator[Row]:
    """Ops of one and two operands, forwards, and backwards for a cotangent of ones."""
    for name in ("add", "multiply", *UNARY):
        def f(lib: Any, *xs: Any, name: str = name) -> Any:
            return getattr(lib, name)(*xs)

        count = 1 if name in UNARY else 2
        for n in map(int, sizes):
            for dtype in DTYPES:
                def inputs(count: int = count, n: int = n, dtype: str = dtype) -> list[np.ndarray]:
                    return [positive(n, dtype=dtype, seed=seed) for seed in range(count)]

                def and_ones(inputs: Callable[[], list[np.ndarray]] = inputs) -> Arrays:
                    xs = inputs()
                    return [*xs, np.ones_like(xs[0])]

                size = f"{n:.0e}".replace("e+0", "e")
                yield Row(f"{name} {dtype} {size}", forward(f), inputs, {"torch": 0.5 if n >= 1e7 else 1.0})
                yield Row(f"{name} {dtype} {size}, backward", backward(f), and_ones, {"torch": 0.6})


def reductions(n: int) -> Iterator[Row]:
    """Reductions of a float32 matrix, and what is made of them, along either axis."""
    for name in REDUCTIONS:
        for axis in (0, 1):
            def f(lib: Any, x: Any, name: str = name, axis: int = axis) -> Any:
                return getattr(lib, name)(x, axis)

            kept = name in ("softmax", "layer_norm")

            def inputs() -> Arrays:
                return [normal(n, n, dtype="float32")]

            def and_cotangent(kept: bool = kept) -> Arrays:
                return [normal(n, n, dtype="float32"), normal(*(n, n)[:1 + kept], dtype="float32", seed=1)]

            work, needs = f"{name} float32 {n}x{n}, axis {axis}", (name,)
            yield Row(work, forward(f), inputs, {"torch": 1.0}, needs)
            yield Row(f"{work}, backward", backward(f), and_cotangent, {"torch": 0.7}, needs)


def layouts(n: int) -> Iterator[Row]:
    """Addition with an operand that is broadcast, or not in C order."""
    others: dict[str, Callable[[], Arrays]] = {
        "row": lambda: (normal(n, n), normal(n)),
        "column": lambda: (normal(n, n), normal(n, 1)),
        "transposed": lambda: (normal(n, n), normal(n, n, seed=1).T),
        "strided": lambda: (normal(n, n), normal(n, 2 * n, seed=1)[:, ::2]),
        "both F-ordered": lambda: (normal(n, n).T, normal(n, n, seed=1).T)}
    for name, inputs in others.items():
        yield Row(f"add {n}x{n}, {name}", forward(lambda lib, x, y: x + y), inputs, {"torch": 1.0})


def products(sizes: list[int]) -> Iterator[Row]:
    """Gradients of sum((A @ B)^2) in A and B."""

    def f(lib: Any, a: Any, b: Any) -> Any:
        return lib.sum(lib.square(a @ b))

    shapes = [((n, n), (n, n)) for n in sizes] + [((64, 32, 64), (64, 64, 32))]
    for a, b in shapes:
        for dtype in DTYPES:
            def inputs(a: Any = a, b: Any = b, dtype: str = dtype) -> Arrays:
                return normal(*a, dtype=dtype), normal(*b, dtype=dtype, seed=1)

            size = str(a[0]) if len(a) == 2 else "(64,32,64) @ (64,64,32)"
            yield Row(f"matmul {size} {dtype}, gradients", gradient(f), inputs, {"torch": 1.05})
