"""Series: the values of a benchmark with one choice of parameters, commit after commit, and their meaning."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass, field
from typing import Any

from board.stored import Stored

# What a benchmark measures, by the first pattern that is found in its name and unit
ROLES = [("torch", r"torch"), ("numpy", r"numpy"), ("instructions", r"instruction"),
         ("ulp", r"\bulps?\b|_ulp"), ("compile", r"^compile\b|compile"), ("memory", r"memory|bytes|peakmem"),
         ("time", r"\bseconds\b")]
# Suites whose classes are ops: these meet in one line of the table of ops
OPS = ("ops", "ratio", "ratios", "peers", "instructions", "accuracy")
BACKWARD = re.compile(r"vjp|backward|gradient")
OP_PARAMETER = ("op", "kernel")
ENGINE = "tape"                           # stands among ops in suites, and is none


@dataclass
class Series:
    """One line of a graph.

    name, suite : the benchmark's name and the file that it is in
    subject : what is measured: an op, a model
    method  : what the benchmark does with the subject
    what    : the method and the parameters but the op
    role    : see ROLES; other for the rest
    of_op   : whether the subject is an op
    backward : whether the gradient is measured
    values  : one for each commit that there are results of, None for a gap
    """

    name: str
    suite: str
    subject: str
    method: str
    what: str
    role: str
    unit: str
    of_op: bool
    backward: bool
    machine: str
    parameters: dict[str, str]
    values: list[float | None] = field(default_factory=list)

    def last(self) -> float | None:
        """The newest value."""
        return next((v for v in reversed(self.values) if v is not None), None)


def series(stored: Stored) -> list[Series]:
    """All series in which there is a value, in the order of their names."""
    places = {commit.sha: place for place, commit in enumerate(stored.commits)}
    found: dict[tuple[str, str, tuple[str, ...]], Series] = {}
    for _, contents in stored.runs:
        machine = contents["params"]["machine"]
        for name, row in contents["results"].items():
            benchmark = stored.benchmarks.get(name)
            cells = dict(zip(contents["result_columns"], row or [], strict=False))
            if benchmark is None or cells.get("version") not in (None, benchmark.get("version")):
                continue                      # the benchmark is gone, or measures something else now
            choices = itertools.product(*(cells.get("params") or []))
            for choice, value in zip(choices, cells.get("result") or [], strict=False):
                if value is None or not math.isfinite(value):
                    continue
                key = (machine, name, choice)
                if key not in found:
                    found[key] = _described(name, benchmark, choice, machine)
                    found[key].values = [None] * len(stored.commits)
                found[key].values[places[contents["commit_hash"]]] = float(value)
    return [found[key] for key in sorted(found)]


def _described(name: str, benchmark: dict[str, Any], choice: tuple[str, ...], machine: str) -> Series:
    suite, *middle, method = name.split(".")
    names = [str(n) for n in benchmark.get("param_names") or []]
    parameters = {n: c.strip("'") for n, c in zip(names, choice, strict=False)}
    op = next((parameters[n] for n in OP_PARAMETER if n in parameters), None)
    subject = op or (middle[-1] if middle else method)
    rest = [f"{n}={c}" for n, c in parameters.items() if n not in OP_PARAMETER]
    unit = str(benchmark.get("unit", ""))
    method = re.sub(r"^(time|timeraw|track|mem|peakmem)_", "", method)
    text = f"{name} {unit}"
    role = next((role for role, pattern in ROLES if re.search(pattern, text, re.IGNORECASE)), "other")
    of_op = op is not None or (suite in OPS and subject != ENGINE)
    return Series(name, suite, _plain(subject), method, " ".join([method, *rest]), role, unit, of_op,
                  bool(BACKWARD.search(f"{method} {' '.join(rest)}".lower())), machine, parameters)


def _plain(subject: str) -> str:
    """The name of an op from that of its class: layer_norm for LayerNorm."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", subject).lower().strip("_")
