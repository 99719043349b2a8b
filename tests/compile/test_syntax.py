"""The compile step: what is fixed is decided, numbers take the dtype they meet, errors name their place."""

from math import inf
from types import MappingProxyType

import numpy as np
import pytest

from nbgrad.compile.dialect import Dialect
from nbgrad.compile.functions import KernelError
from nbgrad.compile.syntax import Elements, prepared

BLOCK = 64
COEFFICIENTS = (1, 2.5)
UNKNOWN = {}


def biggest(x, y):
    return max(x, y)


def unrolled(n):
    return range(n)


def registers(n):
    return [0] * n


class Words(Dialect):
    words = MappingProxyType({"maximum": biggest, "sqrt": np.sqrt})
    meeting, maths = frozenset({"maximum"}), frozenset({"sqrt"})
    unrolled, registers = staticmethod(unrolled), staticmethod(registers)

    def attribute(self, array, kind, name):
        return super().attribute(array, kind, name) if name != "size" else (array, "int")


def text(function, *kinds, **fixed):
    return prepared(function, kinds, fixed, Words()).text


def body(function, *kinds, **fixed):
    return [line.strip() for line in text(function, *kinds, **fixed).splitlines()[1:]]


F32, F64, I64 = Elements("float32"), Elements("float64"), Elements("int64")


def scaled(out, x, n: int, eps: float):
    """With a docstring."""
    total = 0.0
    for i in range(n):
        total += x[i] * x[i]
    scale = 1 / np.sqrt(total / n + eps)
    for i in range(n):
        out[i] = x[i] * scale if x[i] > 0 else 0


def test_numbers_take_the_dtype_they_meet():
    assert text(scaled, F32, F32, "int", "float").splitlines() == [
        "def scaled(out, x, n, eps):",
        "    total = float32(0.0)",
        "    for i in range(n):",
        "        total = total + x[i] * x[i]",
        "    scale = float32(1) / sqrt(total / float32(n) + float32(eps))",
        "    for i in range(n):",
        "        out[i] = x[i] * scale if x[i] > float32(0) else float32(0)"]


def mixed(out, x, places, flags, small):
    weak = 1 / 3
    wide = np.float64(x[0]) + weak
    place = places[0]
    place += 1
    out[0] = wide
    out[1] = place * x[1]
    out[2] = x[0] + flags[0]
    out[3] = small[0] * 2 + place
    best = -inf
    for i in range(4):
        best = biggest(best, x[i])
    out[place] = best


def test_kinds_of_all_sorts_meet_as_in_numpy():
    assert body(mixed, F32, F32, I64, Elements("bool"), Elements("uint8")) == [
        "weak = 1 / 3", "wide = float64(x[0]) + weak", "place = places[0]", "place = place + 1",
        "out[0] = float32(wide)", "out[1] = float32(place) * x[1]", "out[2] = x[0] + float32(flags[0])",
        "out[3] = float32(small[0] * uint8(2) + place)", "best = float32(-inf)", "for i in range(4):",
        "best = maximum(best, x[i])", "out[place] = best"]


def branches(out, x, *, affine, side):
    if affine and side == "left":
        out[0] = x[BLOCK]
    elif not affine:
        out[1] = x[0] if side != "left" else x[1]
    while affine:
        break


def test_fixed_parameters_and_numbers_of_modules_are_constants():
    assert body(branches, F64, F64, affine=True, side="left") == [
        "out[0] = x[64]", "while True:", "break"]
    assert body(branches, F64, F64, affine=False, side="right")[0] == "out[1] = x[0]"
    with pytest.raises(KernelError, match="fixed parameters are"):
        text(branches, F64, F64, affine=True)


def together(out, x):
    total = registers(3)
    for k in unrolled(3):
        total[k] = 0.0
    for k in unrolled(3):
        total[k] += x[k + 1] * (total[k - 1] if k > 0 else 1)
    out[0] = total[2]
    for c in COEFFICIENTS:
        out[1] = c


def test_loops_are_written_out():
    assert body(together, F32, F32) == [
        "total_0 = float32(0.0)", "total_1 = float32(0.0)", "total_2 = float32(0.0)",
        "total_0 = total_0 + x[1] * float32(1)", "total_1 = total_1 + x[2] * total_0",
        "total_2 = total_2 + x[3] * total_1", "out[0] = total_2",
        "for c in (1, 2.5):", "out[1] = float32(c)"]


def square(a, *, plus):
    return plus(a * a, 1)


def add(a, b):
    return a + b


def halves(x, p):
    total = 0.0
    total += x[p]
    return total / 2, p


def with_helpers(out, x):
    a, p = halves(x, 3)
    out[p] = square(a, plus=add) + square(2, plus=add)
    out[1] = square(x[0], plus=add)


def test_helpers_are_written_once_for_each_combination_of_kinds():
    assert text(with_helpers, F32, F32).splitlines() == [
        "def halves(x, p):", "    total = float32(0.0)", "    total = total + x[p]",
        "    return (total / float32(2), p)",
        "def add(a, b):", "    return a + float32(b)", "def square(a):", "    return add(a * a, 1)",
        "def add_v2(a, b):", "    return a + b", "def square_v2(a):", "    return add_v2(a * a, 1)",
        "def with_helpers(out, x):", "    a, p = halves(x, 3)",
        "    out[p] = square(a) + float32(square_v2(2))", "    out[1] = square(x[0])"]
    assert prepared(with_helpers, (F32, F32), {}, Words()).result == "nothing"
    assert prepared(halves, (F32, "int"), {}, Words()).result == ("float32", "int")


def test_the_text_is_what_the_function_says():
    """Compiled or not, a kernel computes the same."""
    x = np.linspace(-1, 2, 8, dtype=np.float32)
    found, plain = np.zeros(8, np.float32), np.zeros(8, np.float32)
    space = {"float32": np.float32, "sqrt": np.sqrt}
    exec(text(scaled, F32, F32, "int", "float"), space)
    space["scaled"](found, x, 8, 1e-3)
    scaled(plain, x, 8, 1e-3)
    np.testing.assert_array_equal(found, plain)


def of_a_dict(x):
    x[0] = UNKNOWN


def of_a_name(x):
    x[0] = missing  # noqa: F821


def of_a_call(x):
    x[0] = sum(1)


def of_arrays(x):
    y = x if x[0] > 0 else 1
    y[0] = 1


def of_slices(x):
    y = x[1:2]
    y[0] = 1


def of_itself(x):
    return of_itself(x)


def of_statements(x):
    del x[0]


@pytest.mark.parametrize("function, what", [
    (of_a_dict, "neither a number nor a function"), (of_a_name, "missing is not known"),
    (of_a_call, "cannot be called"), (of_arrays, "do not go together"), (of_slices, "a start alone"),
    (of_itself, "calls itself"), (of_statements, "is not for kernels")])
def test_errors_name_function_file_and_line(function, what):
    with pytest.raises(KernelError, match=what) as error:
        text(function, F64)
    assert function.__name__ in str(error.value)
    if function is not of_itself:
        assert f"{__file__}, line {function.__code__.co_firstlineno + 1}" in str(error.value)
