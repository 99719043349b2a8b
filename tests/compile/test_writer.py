"""The writer of generated source: blocks, and names that do not meet."""

import pytest

from nbgrad.compile.writer import Names, Writer


def test_blocks_nest_and_end():
    w = Writer()
    with w.block("def f(n):"):
        w.line("total = 0")
        with w.block("for i in range(n):"), w.block("if i % 2 == 0:"):
            w.lines("total += i", "total += 1")
        w.line("return total")
    w.line("five = f(3)")
    space = {}
    exec(w.text(), space)
    assert space["five"] == 4
    assert w.text().splitlines()[:3] == ["def f(n):", "    total = 0", "    for i in range(n):"]


def test_an_empty_block_does_nothing():
    w = Writer()
    with w.block("if True:"):
        w.lines()
    assert w.text() == "if True:\n    pass\n"


def test_a_block_that_fails_passes_the_error_on():
    w = Writer()
    with pytest.raises(KeyError), w.block("if True:"):
        raise KeyError


def test_no_name_is_given_twice():
    names = Names({"sum"})
    assert [names.fresh(name) for name in ("sum", "x", "sum", "x", "sum_2")] == [
        "sum_2", "x", "sum_3", "x_2", "sum_2_2"]
