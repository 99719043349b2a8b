"""Kernels go through few of Numba's passes: what they compute is what Numba's own pipeline makes of them."""

import numpy as np
import pytest
from numba.core import codegen
from numba.core.compiler import Compiler

from nbgrad.compile import linker
from nbgrad.compile.cpu import compiler

SOURCE = """
def inline_scaled(x, i, scale):
    return tanh(load(x, i)) * scale if load(x, i) > 0 else load(x, i) + 1
def part(start, stop, x, out, scale):
    pair = (scale, 2.0)
    total = 0.0
    for i in range(start, stop):
        value = inline_scaled(x, i, pair[0])
        total = fold_add(total, value * pair[1])
        store(out, i, total)
def k_pipeline(x, scale):
    out = new_float64(x)
    if not given(out):
        return declined()
    share(part, size(x), 1 << 40, x, out, scale)
    return fresh(out)
"""


def built(symbol):
    """The kernel, compiled anew."""
    arguments = [np.dtype(np.float64), float]
    code, needed = compiler.build(symbol, "k_pipeline", SOURCE, arguments, np.ndarray, False)
    assert not linker.missing(needed)
    return linker.load(code, symbol)


@pytest.fixture
def made(monkeypatch):
    """The names of libraries that Numba made machine code of."""
    names = []
    finish = codegen.JITCodeLibrary._finalize_specific
    monkeypatch.setattr(codegen.JITCodeLibrary, "_finalize_specific",
                        lambda self: (names.append(self.name), finish(self))[1])
    return names


def test_no_machine_code_is_made_of_parts(made):
    built("k_pipeline_first")
    assert not [name for name in made if "k_pipeline_first" in name]


def test_results_are_those_of_numbas_own_pipeline(made, monkeypatch, rng):
    ours = built("k_pipeline_ours")
    for each in ("Pipeline", "PartPipeline"):
        monkeypatch.setattr(compiler, each, Compiler)
    theirs = built("k_pipeline_theirs")
    assert [name for name in made if "k_pipeline_theirs" in name]
    for n in (1, 7, 1000, 4099):
        x = rng.standard_normal(n)
        np.testing.assert_array_equal(ours(x, 0.3), theirs(x, 0.3))
