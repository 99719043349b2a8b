"""The polynomials of nbgrad's vector mathematics: best approximations, by Remez's exchange in many digits.

    python tools/minimax.py > nbgrad/compile/cpu/vecmath/coefficients.py

A row of TABLE names a function g, the interval, the weight of its error, and the number of coefficients for
float32 and float64. Weights turn an error of the polynomial into a relative error of the result. The largest
weighted error stands beside each result. Needs mpmath. Source: Remez, Sur le calcul effectif des polynomes
d'approximation de Tchebichef, 1934.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from mpmath import mp, mpf

mp.dps = 60
Function = Callable[[Any], Any]
GRID = 60                                 # points searched for each coefficient


def solve(g: Function, weight: Function, points: list[Any], count: int) -> tuple[list[Any], Any]:
    """The polynomial whose weighted error has one size and alternating signs at the points, and that size."""
    system = mp.matrix(count + 1, count + 1)
    right = mp.matrix(count + 1, 1)
    for i, x in enumerate(points):
        for k in range(count):
            system[i, k] = x**k * weight(x)
        system[i, count] = (-1) ** i
        right[i] = g(x) * weight(x)
    found = mp.lu_solve(system, right)
    return list(found)[:count], abs(found[count])


def extrema(errors: list[Any], count: int) -> list[int]:
    """Places of the largest errors of count + 1 neighbouring runs of one sign."""
    runs: list[list[int]] = [[0]]
    for i in range(1, len(errors)):
        if (errors[i] > 0) == (errors[i - 1] > 0):
            runs[-1].append(i)
        else:
            runs.append([i])
    tops = [max(run, key=lambda i: abs(errors[i])) for run in runs]
    while len(tops) > count + 1:
        tops.pop(0 if abs(errors[tops[0]]) < abs(errors[tops[-1]]) else -1)
    if len(tops) < count + 1:
        raise ValueError(f"the error changes its sign {len(tops) - 1} times only; {count} are needed")
    return tops


def minimax(g: Function, low: Any, high: Any, weight: Function, count: int) -> tuple[list[Any], Any]:
    """Coefficients, lowest first, of the best polynomial for g, and its largest weighted error."""
    middle, half = (mpf(low) + mpf(high)) / 2, (mpf(high) - mpf(low)) / 2

    def nodes(n: int) -> list[Any]:
        return [middle - half * mp.cos(mp.pi * (2 * i + 1) / (2 * n)) for i in range(n)]

    grid, points = nodes(GRID * count), nodes(count + 1)
    values, weights = [g(x) for x in grid], [weight(x) for x in grid]
    for _ in range(12):
        found, level = solve(g, weight, points, count)
        errors = [(mp.polyval(found[::-1], x) - v) * w for x, v, w in zip(grid, values, weights, strict=True)]
        largest = max(map(abs, errors))
        if largest < level * mpf("1.02"):
            return found, largest
        points = [grid[i] for i in extrema(errors, count)]
    return found, largest


def _tail(f: Function, z: Any) -> Any:
    """(f(t) - t) / t^3 of an odd f, as a function of z = t^2."""
    t = mp.sqrt(z)
    return (f(t) - t) / (t * z)


def scaled(middle: Any, root: Any = 1) -> Function:
    """(s + middle) e^(a^2) erfc(a), a = s / root, as a function of t = (s - middle) / (s + middle)."""
    def g(t: Any) -> Any:
        s = middle * (1 + t) / (1 - t)
        return (s + middle) * mp.exp((s / root) ** 2) * mp.erfc(s / root)

    return g


WIDER = 1 + mpf(2) ** -10                # no node falls on 0, where g is 0 / 0
HALF_LN2 = mp.log(2) / 2
LOG_Z = (3 - 2 * mp.sqrt(2)) ** 2         # s = (m - 1) / (m + 1) for m up to sqrt 2, squared
TABLE: dict[str, tuple[str, Function, Any, Any, Function, int, int]] = {
    "EXP": ("(e^r - 1 - r) / r^2", lambda r: (mp.exp(r) - 1 - r) / r**2, -HALF_LN2, WIDER * HALF_LN2,
            lambda r: abs(r) + mpf(1) / 32, 5, 10),
    "EXP_SHORT": ("the same", lambda r: (mp.exp(r) - 1 - r) / r**2, -HALF_LN2, WIDER * HALF_LN2,
                  lambda r: abs(r) + mpf(1) / 32, 0, 6),
    "EXP2": ("(2^r - 1) / r", lambda r: (mp.power(2, r) - 1) / r, -0.5, WIDER / 2,
             lambda r: abs(r) + mpf(1) / 32, 6, 11),
    "LOG": ("(log((1 + s) / (1 - s)) / s - 2) / z, z = s^2",
            lambda z: (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 2) / z, 0, LOG_Z, lambda z: z / 2, 3, 7),
    "LOG_SHORT": ("the same", lambda z: (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 2) / z, 0, LOG_Z,
                  lambda z: z / 2, 0, 4),
    "LOG_TAIL": ("the same, less 2 / 3, over z",
                 lambda z: ((2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 2) / z - mpf(2) / 3) / z, 0, LOG_Z,
                 lambda z: z * z / 2, 0, 7),
    "SIN": ("(sin r / r - 1) / z, z = r^2", lambda z: _tail(mp.sin, z), 0, (mp.pi / 4) ** 2, abs, 3, 6),
    "COS": ("(cos r - 1 + z / 2) / z^2, z = r^2", lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2, 0,
            (mp.pi / 4) ** 2, lambda z: z * z, 3, 6),
    "SINH": ("(sinh t / t - 1) / z, z = t^2", lambda z: _tail(mp.sinh, z), 0, 1, abs, 3, 6),
    "ASIN": ("(asin t / t - 1) / z, z = t^2", lambda z: _tail(mp.asin, z), 0, 0.25, abs, 5, 12),
    "ATAN": ("(atan t / t - 1) / z, z = t^2", lambda z: _tail(mp.atan, z), 0, mp.tan(mp.pi / 8) ** 2, abs,
             4, 10),
    "CBRT": ("m^(-1/3)", lambda m: m ** (mpf(-1) / 3), 1, 2, lambda m: m ** (mpf(1) / 3), 5, 6),
    "ERF": ("erf(x) / x - 1, z = x^2", lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 1, 0, 1, lambda z: mpf(1),
            6, 12),
    "ERFCX": ("(a + 2) e^(a^2) erfc(a), a = 2 (1 + t) / (1 - t)", scaled(2), -1, mpf(51) / 59,
              lambda t: 1 / scaled(2)(t), 0, 26),
    "ERFCX_NEAR": ("(a + 1.5) e^(a^2) erfc(a), a = 1.5 (1 + t) / (1 - t)", scaled(1.5), -1, 0.75,
                   lambda t: 1 / scaled(1.5)(t), 12, 0),
    "NORMCDF": ("(s + 3) e^(s^2 / 2) erfc(s / sqrt 2) / 2, s = 3 (1 + t) / (1 - t)",
                lambda t: scaled(3, mp.sqrt(2))(t) / 2, -1, mpf(36) / 42,
                lambda t: 1 / scaled(3, mp.sqrt(2))(t), 0, 26),
    "NORMCDF_NEAR": ("(s + 2) e^(s^2 / 2) erfc(s / sqrt 2) / 2, s = 2 (1 + t) / (1 - t)",
                     lambda t: scaled(2, mp.sqrt(2))(t) / 2, -1, mpf(13) / 17,
                     lambda t: 1 / scaled(2, mp.sqrt(2))(t), 12, 0),
    "ERFC": ("log erfc(1 + t)", lambda t: mp.log(mp.erfc(1 + t)), 0, 5, lambda t: mp.erfc(1 + t), 0, 17),
    "ERFC_NEAR": ("log erfc(1 + t)", lambda t: mp.log(mp.erfc(1 + t)), 0, 3, lambda t: mp.erfc(1 + t), 6, 0),
}



def pieces(value: Any, *widths: int) -> list[float]:
    """A number as a sum of floats of so many bits each; the last one takes what is left."""
    parts = []
    for width in widths:
        scale = mpf(2) ** (width - 1 - mp.floor(mp.log(abs(value), 2)))
        parts.append(float(mp.nint(value * scale) / scale))
        value -= mpf(parts[-1])
    return parts


SPLITS: dict[str, tuple[str, Any, tuple[int, ...], tuple[int, ...]]] = {
    "LN2": ("log 2; its first part has zeros for the bits of an exponent", mp.log(2), (15, 24), (40, 53)),
    "LOG10_2": ("log10 2, likewise", mp.log10(2), (15, 24), (40, 53)),
    "LOG2_E": ("1 / log 2", 1 / mp.log(2), (24, 24), (53, 53)),
    "LOG10_E": ("1 / log 10", 1 / mp.log(10), (24, 24), (53, 53)),
    "HALF_PI": ("pi / 2", mp.pi / 2, (24, 24, 24), (53, 53, 53)),
}


def main() -> None:
    print('"""Polynomials, lowest coefficients first, constants in parts; written by tools/minimax.py."""\n')
    for name, (what, g, low, high, weight, *counts) in TABLE.items():
        print(f"# {what} on [{float(low):.6g}, {float(high):.6g}]")
        lines = []
        for bits, count in zip((32, 64), counts, strict=True):
            if count:
                found, error = minimax(g, low, high, weight, count)
                kept = [float(np.float32(float(c))) if bits == 32 else float(c) for c in found]
                rows = [", ".join(map(repr, kept[i:i + 4])) for i in range(0, count, 4)]
                lines.append(f"    {bits}: (  # error 2^{float(mp.log(error, 2)):.1f}\n        "
                             + ",\n        ".join(rows) + "),\n")
        print(f"{name}: dict[int, tuple[float, ...]] = {{\n{''.join(lines)}}}")
    for name, (what, value, *widths) in SPLITS.items():
        print(f"# {what}\n{name}: dict[int, tuple[float, ...]] = {{")
        for bits, width in zip((32, 64), widths, strict=True):
            print(f"    {bits}: (" + ", ".join(map(repr, pieces(value, *width))) + "),")
        print("}")


if __name__ == "__main__":
    main()
