"""First and second partial derivatives of every elementwise op, over all exponents, in the last places.

What benchmarks/accuracy.py --derivatives measures, at few arguments.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

import nbgrad.linalg  # noqa: F401  the whole op table
from nbgrad.define.registry import OPS

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import accuracy
import derivatives
import exact

ROWS = [row for row in OPS.values() if row.kind == "elementwise" and not row.op.discrete]
POINTS = 48


def test_every_op_with_a_derivative_has_an_exact_one():
    measured = {row.op.name for row in ROWS}
    assert measured <= exact.FORMULAS.keys()


@pytest.fixture(autouse=True)
def usual_parameters(monkeypatch):
    monkeypatch.setattr(derivatives, "PARAMETERS", {})         # others have kernels of their own


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.op.name)
def test_partials_are_right_to_the_last_places(row):
    lines = list(accuracy.partials(row, np.float64, POINTS, np.random.default_rng(7)))
    assert not [line for line, good in lines if not good]


@pytest.mark.parametrize("row", [row for row in ROWS if row.op.arity == 1], ids=lambda row: row.op.name)
def test_partials_in_float32_are(row):
    lines = list(accuracy.partials(row, np.float32, POINTS, np.random.default_rng(7)))
    assert not [line for line, good in lines if not good]
