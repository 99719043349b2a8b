"""Row programs as they are read from functions: sweeps, conditions, what is kept, and what is refused."""

import numpy as np
import pytest

from nbgrad.compile.row_reader import RowProgramError, row_program
from nbgrad.compile.row_words import Number, Row, exp, first, inf, keep, max, small, sqrt, sum, up, where
from nbgrad.compile.rowprogram import Sweep

T = np.dtype(np.float32)


def spelled(program):
    """The steps in text: sweeps as lists, with the condition first if there is one."""
    def of(value):
        return value.text(T, str)

    found = []
    for step in program.steps:
        if isinstance(step, Sweep):
            lines = [f"{s.target} {s.fold}= {of(s.value)}" for s in step.statements]
            found.append(lines if step.where is None else [f"if {of(step.where)}", *lines])
        else:
            found.append(f"{step.target} = {of(step.value)}")
    return found


@row_program
def two_sums(x: Row, y: Row, g: Number) -> Number:
    """Folds that do not need each other are found in one sweep, and what lies between them after it."""
    a = sum(x)
    half = a / 2
    b = sum(x * y)
    return half + b * g


def test_folds_share_a_sweep():
    assert (two_sums.full, two_sums.once, two_sums.reduces) == (("x", "y"), ("g",), True)
    assert spelled(two_sums) == [["a sum= x", "b sum= x * y"], "half = a / float32(2)", "out = half + b * g"]


@row_program
def deviation(x: Row, *, divisor: Number) -> Number:
    d = x - sum(x) / len(x)
    return sqrt(sum(d * d) / divisor)


def test_a_fold_that_needs_another_has_a_sweep_of_its_own_and_values_of_elements_are_computed_in_it():
    assert spelled(deviation) == [
        ["sum sum= x"], ["d = x - sum / float32(n)", "sum_2 sum= d * d"], "out = sqrt(sum_2 / float32(k))"]


@row_program
def kept(x: Row) -> Row:
    e = keep(exp(x - first(x)))
    low = e < 1
    total = sum(e * low)
    return e / total


def test_what_is_kept_is_computed_once_and_read_later():
    assert kept.firsts == ("x",)
    assert spelled(kept) == [
        ["e = exp(x - first_x)", "out = e", "low = float32(e < float32(1))", "total sum= e * low"],
        ["e = out", "out = e / total"]]


@row_program
def conditional(x: Row) -> Number:
    top = max(x)
    if top > small(x) and top < inf:
        scaled = x * up(x)
        top = max(scaled)
    return top if top != 0 else sum(x)


def test_folds_under_a_condition_are_done_where_it_holds():
    asked = "top > float32(1e-30) and top < float32(inf)"
    scale = f"float32({2.0 ** 90!r})"
    assert spelled(conditional) == [
        ["top max= x"], [f"if {asked}", f"scaled = x * {scale}", "max max= scaled"],
        f"top_2 = max if {asked} else top",
        ["if not top_2 != float32(0)", "sum sum= x"], "out = top_2 if top_2 != float32(0) else sum"]


def centred(x: Row, y: Row) -> tuple[Number, Row]:
    middle = sum(y) / len(x)
    return middle, y - middle


@row_program
def helped(x: Row, w: Row) -> Row:
    mean, d = centred(x, x * w)
    return where(d > 0, d, mean)


def test_functions_of_the_module_are_part_of_the_program():
    assert spelled(helped) == [
        ["y = x * w", "sum sum= y"], "middle = sum / float32(n)",
        ["y = x * w", "d = y - middle", "out = d if d > float32(0) else middle"]]


def test_a_program_is_a_function_of_one_row():
    x = np.array([1.0, 4.0, 2.0])
    assert deviation(x, divisor=2.0) == np.std(x, ddof=1)
    assert conditional(x * 0) == 0
    np.testing.assert_array_equal(helped(x, x), [7, 9, 7])


@row_program
def chosen_by_if(x: Row) -> Row:
    return x if x > 0 else -x


@row_program
def says_another_kind(x: Row) -> Number:
    return x + 1


@row_program
def loops(x: Row) -> Number:
    total = 0
    for _ in range(3):
        total = total + sum(x)
    return total


@row_program
def folds_a_number(x: Row, g: Number) -> Number:
    return sum(g)


@row_program
def unknown_word(x: Row) -> Number:
    return sum(np.sin(x))


@row_program
def keeps_two(x: Row) -> Row:
    a = keep(x + 1)
    b = keep(x + 2)
    return (a + b) / sum(a * b)


@row_program
def keeps_under_a_condition(x: Row, g: Number) -> Row:
    e = keep(exp(x))
    total = 0
    if g > 0:
        total = sum(e)
    return e / total


@row_program
def changes_kind_in_if(x: Row, g: Number) -> Row:
    d = x - g
    if g > 0:
        d = g
    return d / sum(d)


@row_program
def takes_two_numbers(x: Row, *, k: Number, n: Number) -> Row:
    return x * k + n


@pytest.mark.parametrize("program, message", [
    (changes_kind_in_if, "d is a value of elements"), (takes_two_numbers, "one number at most"),
    (chosen_by_if, "where"), (says_another_kind, "does not return what it says"),
    (loops, "assignments, `if`, and a return"), (folds_a_number, "sum folds what is of the elements"),
    (unknown_word, r"`np.sin\(x\)` is not for row programs"), (keeps_two, "no memory"),
    (keeps_under_a_condition, "e is kept only where a condition holds")])
def test_what_is_no_row_program_is_refused_by_name_and_line(program, message):
    where = rf"{program.name} in .*test_row_reader\.py, line \d+: "
    with pytest.raises(RowProgramError, match=rf"{where}.*{message}"):
        _ = program.steps


@row_program
def unlucky_names(x: Row, n: Number, *, k: Number) -> Number:
    first_x, out = sum(x * n), max(x)
    inf = first(x) + first_x
    return inf * out / k * len(x)


def test_variables_may_have_any_names():
    *_, out = spelled(unlucky_names)
    assert out == "out = inf_2 * max / float32(k) * float32(n)"
    assert spelled(unlucky_names)[:2] == [["sum sum= x * n_2", "max max= x"], "inf_2 = first_x + sum"]


def test_operands_say_what_they_are():
    def unknown(x, y: Row) -> Row:
        return x + y

    with pytest.raises(RowProgramError, match=r"unknown in .*: each operand, and what is returned, is a"):
        row_program(unknown)
