"""Price options by Black and Scholes, and take the Greeks as derivatives of any order.

The price of a European call is one line of NumPy and erf. Its derivatives are what traders watch: delta
and gamma are the first and the second in the spot price, vega that in the volatility, theta in time; vanna
mixes two, speed is a third one. All strikes and spots are computed at once, because a sum of prices has
each price's derivative as its gradient. The closed forms, which books print, must agree.

    python examples/greeks.py [--out greeks.png]

Prints the Greeks of one option beside the closed forms and draws them over the spot price. The exit status is
0 if they agree.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import norm

import nbgrad as nb

STRIKE, RATE = 100.0, 0.03
TOLERANCE = 1e-11


def distribution(x: Any) -> Any:
    """The distribution function of the standard normal distribution."""
    return 0.5 * nb.erfc(-x / np.sqrt(2))


def price(spot: Any, volatility: Any, years: Any) -> Any:
    """A call's price today. Black and Scholes, The pricing of options and corporate liabilities, 1973."""
    spread = volatility * np.sqrt(years)
    up = (np.log(spot / STRIKE) + (RATE + volatility**2 / 2) * years) / spread
    return spot * distribution(up) - STRIKE * np.exp(-RATE * years) * distribution(up - spread)


def by(f: Callable[..., Any], *places: int) -> Callable[..., Any]:
    """The derivative of f in the arguments at these places, one after the other, of every element."""
    for place in places:
        f = nb.grad(lambda *args, f=f: nb.sum(f(*args)), place)
    return f


GREEKS = {"delta": by(price, 0), "gamma": by(price, 0, 0), "vega": by(price, 1), "theta": by(price, 2),
          "vanna": by(price, 0, 1), "speed": by(price, 0, 0, 0)}


def closed(spot: float, volatility: float, years: float) -> dict[str, float]:
    """The same by the formulas in books, but theta by the years left, of which books take the negative."""
    spread = volatility * np.sqrt(years)
    up = (np.log(spot / STRIKE) + (RATE + volatility**2 / 2) * years) / spread
    gamma = norm.pdf(up) / (spot * spread)
    return {"delta": norm.cdf(up), "gamma": gamma, "vega": spot * norm.pdf(up) * np.sqrt(years),
            "theta": spot * norm.pdf(up) * volatility / (2 * np.sqrt(years))
            + RATE * STRIKE * np.exp(-RATE * years) * norm.cdf(up - spread),
            "vanna": -norm.pdf(up) * (up - spread) / volatility,
            "speed": -gamma / spot * (up / spread + 1)}


def draw(out: str, spots: np.ndarray, years: Sequence[float]) -> None:
    """Write each Greek over the spot price, for options that end sooner and later."""
    figure = Figure(figsize=(12, 5.6), layout="constrained")
    for axes, (name, greek) in zip(figure.subplots(2, 3, sharex=True).flat, GREEKS.items(), strict=True):
        for left in years:
            axes.plot(spots, greek(*np.broadcast_arrays(spots, 0.2, left)), label=f"{left:g} years")
        axes.axvline(STRIKE, color="black", linewidth=0.8, linestyle=":")
        axes.set_title(name)
        axes.grid(alpha=0.3)
    figure.axes[0].legend()
    figure.supxlabel("spot price; the strike is dotted")
    figure.savefig(out, dpi=120)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", default="greeks.png", help="file of the picture (default: greeks.png)")
    options = parser.parse_args(arguments)

    at = (105.0, 0.2, 0.5)
    known, worst = closed(*at), 0.0
    print(f"a call at {STRIKE:g}, spot {at[0]:g}, volatility {at[1]:.0%}, {at[2]:g} years left: "
          f"{price(*at).item():.4f}")
    for name, greek in GREEKS.items():
        found = greek(*at).item()
        apart = abs(found - known[name]) / abs(known[name])
        worst = max(worst, apart)
        print(f"{name:6s} {found:12.8f}   {apart:.0e} from the closed form")
    draw(options.out, np.linspace(60, 150, 400), (0.1, 0.5, 2.0))
    print(f"picture {options.out}")
    return 0 if worst < TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
