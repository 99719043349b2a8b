"""How the time of a matrix product grows with its size: naive loops, Strassen's algorithm, and nbgrad's product (BLAS).

    python benchmarks/product_exponent.py                   # sizes 128 to 1024
    python benchmarks/product_exponent.py 64 128 256 512    # sizes of your own
    python benchmarks/product_exponent.py --quick           # small sizes, few repetitions: that it runs

The exponent is the slope of a straight line through (log n, log t), where t is the least time of several; the
candidates take turns, so that a noisy machine disturbs all of them alike. The same fit through the numbers of scalar
multiplications that the loops count has no noise: 3 for the naive product, log2(7) = 2.807 for Strassen's, as long
as every size is a power of two times one that is at most LEAF.

Source: Strassen, Gaussian elimination is not optimal, Numer. Math. 13 (1969).
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np

import nbgrad as nb

LEAF = 32                                     # Strassen's algorithm hands products of this size to the loops
SIZES, QUICK = (128, 256, 512, 1024), (64, 128, 256)
_MATRIX, _COUNT = numba.float64[:, ::1], numba.int64[::1]


@numba.njit(_MATRIX(_MATRIX, _MATRIX, _COUNT))
def naive(a: np.ndarray, b: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The (n, m) product of a (n, k) and b (k, m) by three loops; adds its n * k * m multiplications to count[0]."""
    out = np.zeros((a.shape[0], b.shape[1]))
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            factor = a[i, k]
            for j in range(b.shape[1]):
                out[i, j] += factor * b[k, j]
    count[0] += a.shape[0] * a.shape[1] * b.shape[1]
    return out


@numba.njit(_MATRIX(_MATRIX, _MATRIX, numba.int64, _COUNT))
def strassen(a: np.ndarray, b: np.ndarray, leaf: int, count: np.ndarray) -> np.ndarray:
    """The product of square matrices by seven products of their quarters; odd sizes, and those up to leaf, by loops."""
    n = a.shape[0]
    if n <= leaf or n % 2:
        return naive(a, b, count)
    h = n // 2
    a11, a12, a21, a22 = a[:h, :h].copy(), a[:h, h:].copy(), a[h:, :h].copy(), a[h:, h:].copy()
    b11, b12, b21, b22 = b[:h, :h].copy(), b[:h, h:].copy(), b[h:, :h].copy(), b[h:, h:].copy()
    m1 = strassen(a11 + a22, b11 + b22, leaf, count)
    m2 = strassen(a21 + a22, b11, leaf, count)
    m3 = strassen(a11, b12 - b22, leaf, count)
    m4 = strassen(a22, b21 - b11, leaf, count)
    m5 = strassen(a11 + a12, b22, leaf, count)
    m6 = strassen(a21 - a11, b11 + b12, leaf, count)
    m7 = strassen(a12 - a22, b21 + b22, leaf, count)
    out = np.empty((n, n))
    out[:h, :h] = m1 + m4 - m5 + m7
    out[:h, h:] = m3 + m5
    out[h:, :h] = m2 + m4
    out[h:, h:] = m1 - m2 + m3 + m6
    return out


def exponent(sizes: Sequence[int], costs: Sequence[float]) -> float:
    """The slope of the least-squares line through (log size, log cost)."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def measure(sizes: Sequence[int], rounds: int) -> tuple[dict[str, list[float]], dict[str, list[int]]]:
    """Least seconds, and scalar multiplications where loops count them, for each algorithm and size.

    Raises AssertionError if the products differ.
    """
    seconds: dict[str, list[float]] = {"naive": [], "strassen": [], "blas": []}
    counts: dict[str, list[int]] = {"naive": [], "strassen": []}
    for n in sizes:
        a, b = np.random.default_rng(n).normal(size=(2, n, n))
        x, y = nb.asarray(a), nb.asarray(b)
        spent = {name: np.zeros(1, np.int64) for name in counts}
        run: dict[str, Callable[[], Any]] = {
            "naive": lambda a=a, b=b, c=spent["naive"]: naive(a, b, c),
            "strassen": lambda a=a, b=b, c=spent["strassen"]: strassen(a, b, LEAF, c),
            "blas": lambda x=x, y=y: (x @ y).numpy()}
        for product in run.values():
            np.testing.assert_allclose(product(), a @ b, rtol=0, atol=1e-12 * n * n)
        for name, count in spent.items():
            counts[name].append(int(count[0]))
        times: dict[str, list[float]] = {name: [] for name in run}
        for _ in range(rounds):
            for name, product in run.items():
                start = time.perf_counter()
                product()
                times[name].append(time.perf_counter() - start)
        for name, found in times.items():
            seconds[name].append(min(found))
    return seconds, counts


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=int, help=f"sizes of the square matrices, at least two; default {SIZES}")
    parser.add_argument("--quick", action="store_true", help="small sizes, few repetitions")
    chosen = parser.parse_args(arguments)
    sizes = chosen.sizes or list(QUICK if chosen.quick else SIZES)
    if len(set(sizes)) < 2 or min(sizes) < 1:
        parser.error("a line needs at least two different sizes, all positive")
    seconds, counts = measure(sizes, 2 if chosen.quick else 5)
    print(f"{'milliseconds at n =':24s}" + "".join(f"{n:>11d}" for n in sizes) + "   exponent  of the count")
    for name, times in seconds.items():
        counted = f"{exponent(sizes, counts[name]):12.3f}" if name in counts else f"{'-':>12s}"
        print(f"{name:24s}" + "".join(f"{1e3 * t:11.3f}" for t in times) + f"{exponent(sizes, times):11.2f}  {counted}")
    print(f"in theory: naive 3, Strassen log2(7) = {math.log2(7):.3f}, BLAS 3 with a small constant")
    return 0


if __name__ == "__main__":
    sys.exit(main())
