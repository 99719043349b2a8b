"""How the time of a matrix product grows with its size: loops, Strassen's algorithm, nbgrad's product (BLAS).

    python benchmarks/product_exponent.py                   # sizes 128 to 1024
    python benchmarks/product_exponent.py 64 128 256 512    # sizes of your own
    python benchmarks/product_exponent.py --quick           # small sizes, few repetitions: that it runs

The exponent is the slope of a straight line through (log n, log t), where t is the least time of several; the
candidates take turns, so that a noisy machine disturbs all alike. OPENBLAS_NUM_THREADS=1 keeps BLAS from
waiting for cores. The same fit through the numbers of scalar multiplications, which the loops count, has no
noise: 3 for the naive product, log2(7) = 2.807 for Strassen's if the sizes are powers of two from LEAF on.

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

LEAF = 32                                     # Strassen's algorithm leaves products of this size to the loops
SIZES, QUICK = (128, 256, 512, 1024), (64, 128, 256)
_MATRIX, _COUNT = numba.float64[:, ::1], numba.int64[::1]


@numba.njit(_MATRIX(_MATRIX, _MATRIX, _COUNT))
def naive(a: np.ndarray, b: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The (n, m) product of a (n, k) and b (k, m) by three loops; adds its n * k * m steps to count[0]."""
    n, m = a.shape[0], b.shape[1]
    out = np.zeros((n, m))
    for i in range(n):
        for k in range(b.shape[0]):
            for j in range(m):
                out[i, j] += a[i, k] * b[k, j]
    count[0] += n * b.shape[0] * m
    return out


@numba.njit(_MATRIX(_MATRIX, numba.int64, numba.int64))
def quarter(a: np.ndarray, row: int, column: int) -> np.ndarray:
    """A copy of one quarter of a: row and column are 0 or 1."""
    h = a.shape[0] // 2
    out = np.empty((h, h))
    for i in range(h):
        for j in range(h):
            out[i, j] = a[row * h + i, column * h + j]
    return out


@numba.njit(_MATRIX(_MATRIX, _MATRIX, numba.float64))
def plus(a: np.ndarray, b: np.ndarray, factor: float) -> np.ndarray:
    """a + factor * b."""
    out = np.empty(a.shape)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[i, j] = a[i, j] + factor * b[i, j]
    return out


@numba.njit(_MATRIX(_MATRIX, _MATRIX, numba.int64, _COUNT))
def strassen(a: np.ndarray, b: np.ndarray, leaf: int, count: np.ndarray) -> np.ndarray:
    """The product of square matrices by seven of quarters; odd sizes, and those up to leaf, by loops."""
    n = a.shape[0]
    if n <= leaf or n % 2:
        return naive(a, b, count)
    a11, a12, a21, a22 = quarter(a, 0, 0), quarter(a, 0, 1), quarter(a, 1, 0), quarter(a, 1, 1)
    b11, b12, b21, b22 = quarter(b, 0, 0), quarter(b, 0, 1), quarter(b, 1, 0), quarter(b, 1, 1)
    m1 = strassen(plus(a11, a22, 1.0), plus(b11, b22, 1.0), leaf, count)
    m2 = strassen(plus(a21, a22, 1.0), b11, leaf, count)
    m3 = strassen(a11, plus(b12, b22, -1.0), leaf, count)
    m4 = strassen(a22, plus(b21, b11, -1.0), leaf, count)
    m5 = strassen(plus(a11, a12, 1.0), b22, leaf, count)
    m6 = strassen(plus(a21, a11, -1.0), plus(b11, b12, 1.0), leaf, count)
    m7 = strassen(plus(a12, a22, -1.0), plus(b21, b22, 1.0), leaf, count)
    out, h = np.empty((n, n)), n // 2
    for i in range(h):
        for j in range(h):
            out[i, j] = m1[i, j] + m4[i, j] - m5[i, j] + m7[i, j]
            out[i, h + j] = m3[i, j] + m5[i, j]
            out[h + i, j] = m2[i, j] + m4[i, j]
            out[h + i, h + j] = m1[i, j] - m2[i, j] + m3[i, j] + m6[i, j]
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
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("sizes", nargs="*", type=int,
                        help=f"of square matrices, at least two; default {SIZES}")
    parser.add_argument("--quick", action="store_true", help="small sizes, few repetitions")
    chosen = parser.parse_args(arguments)
    sizes = chosen.sizes or list(QUICK if chosen.quick else SIZES)
    if len(set(sizes)) < 2 or min(sizes) < 1:
        parser.error("a line needs at least two different sizes, all positive")
    seconds, counts = measure(sizes, 3 if chosen.quick else 7)
    print(f"{'milliseconds at n =':20s}" + "".join(f"{n:>11d}" for n in sizes) + "   exponent  of the count")
    for name, times in seconds.items():
        counted = f"{exponent(sizes, counts[name]):.3f}" if name in counts else "-"
        cells = "".join(f"{1e3 * t:11.3f}" for t in times)
        print(f"{name:20s}{cells}{exponent(sizes, times):11.2f}{counted:>14s}")
    print(f"in theory: naive 3, Strassen log2(7) = {math.log2(7):.3f}, BLAS 3 with a small constant")
    return 0


if __name__ == "__main__":
    sys.exit(main())
