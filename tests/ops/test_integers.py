"""Integers and booleans: ops of the table equal NumPy in every bit, for pairs of dtypes and at their edges.

Run with NBGRAD_DEVICE=cuda-sim, and with --ptx on the code of CUDA's kernels. `binary` and `unary` take any
dtypes: here they are called on some that meet each rule of promotion.

Kernels are compiled where integers go in and come out. Where floats come out they go in as well, converted
one by one: for that the dtypes in SAME will do, and NumPy runs the others' kernels.
"""

from contextlib import nullcontext
from functools import partial
from operator import methodcaller

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.compile import tiers
from nbgrad.define.registry import OPS
from nbgrad.define.scalar import Elementwise
from nbgrad.testing import values

DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
SAME = ("bool", "int8", "int64", "uint32", "uint64")
MIXED = [("int8", "uint8"), ("uint64", "int64"), ("bool", "uint16"), ("uint32", "int8")]
# Functions whose results from integers are floats that rounding touches, which test_ops.py compares; and one
# that is a float here and an integer in NumPy.
ROUNDED = {"atan2", "hypot", "logaddexp", "reciprocal"}
ROWS = [row for name, row in sorted(OPS.items())
        if isinstance(row.op, Elementwise) and isinstance(row.like, np.ufunc) and name not in ROUNDED]


def edges(dtype):
    """The values of a dtype at which something may go wrong."""
    if dtype == "bool":
        return np.array([False, True])
    info = np.iinfo(dtype)
    found = {info.min, info.max, -1, 0, 1, 3, info.bits, info.max // 2 + 1, 2**53 + 1}
    if nb.ones(1).device != "cuda-sim":       # which takes a millisecond for each
        found |= {info.min + 1, info.max - 1, -2, 2, 7, 22, info.bits - 1, info.bits + 1, -info.bits,
                  -(2**53) - 1, 2**24 + 1}
    return np.array(sorted(v for v in found if info.min <= v <= info.max), dtype)


def compared(label, op, like, *args, compiled=True):
    """What is wrong with an op's result: one line, or none. NumPy's function says what is right.

    compiled : whether the kernel is, also where the result is a float
    """
    try:
        with np.errstate(all="ignore"):
            want = np.asarray(like(*args))
    except (TypeError, ValueError, OverflowError) as error:
        try:
            return [f"{label}: {op(*args)!r}, NumPy raises {error!r}"]
        except (TypeError, ValueError, OverflowError):
            return []
    with nullcontext() if compiled or want.dtype.kind != "f" else tiers.chosen("interpreted"):
        got = values(op(*[nb.asarray(a) if isinstance(a, np.ndarray) else a for a in args]))
    if want.dtype == np.float16:              # which there is none of here
        return [] if got.dtype == np.float32 else [f"{label}: {got.dtype}"]
    if got.dtype != want.dtype or got.shape != want.shape:
        return [f"{label}: {got.dtype} {got.shape}, right is {want.dtype} {want.shape}"]
    alike = got == want
    if want.dtype.kind == "f":                # a power of 64 bits with a sign and 64 without
        alike = np.isclose(got, want, rtol=4 * np.finfo(want.dtype).eps, atol=0, equal_nan=True)
    wrong = np.argwhere(~alike)
    full = [np.broadcast_to(a, want.shape) for a in args] if len(wrong) else []
    return [f"{label}: {len(wrong)} wrong, {[a[tuple(w)] for a in full]} gives {got[tuple(w)]}, "
            f"right is {want[tuple(w)]}" for w in wrong[:1]]


def grid(x, y):
    """All pairs of values of two dtypes, as two arrays."""
    return [a.ravel() for a in np.meshgrid(edges(x), edges(y))]


def power(x, y):
    """Exponents that NumPy takes for integers x."""
    return y if np.result_type(x, y).kind == "f" else np.maximum(y, y.dtype.type(0))


def binary(x, y, names=None):
    """What is wrong with ops, all or those of these names, of two operands of these dtypes."""
    a, b = grid(x, y)
    found = []
    for row in ROWS:
        if row.op.arity == 2 and (names is None or row.op.name in names):
            found += compared(row.op.name, row.op, row.like, a, power(a, b) if row.op.name == "pow" else b)
    return found


def unary(x):
    """What is wrong with ops of one operand of this dtype."""
    return [line for row in ROWS if row.op.arity == 1
            for line in compared(row.op.name, row.op, row.like, edges(x), compiled=x in SAME)]


def scalars(x):
    """What is wrong with ops of an array of this dtype and a Python integer, on either side, in its range."""
    a, found = edges(x), []
    for row in ROWS:
        for n in (sorted({int(v) for v in a} | {2}) if row.op.arity == 2 else ()):
            if row.op.name == "pow":
                found += compared("pow", row.op, row.like, a, n) if n >= 0 else []
            elif n < 2**63 or not row.op.name.startswith("logical"):          # which NumPy refuses
                found += compared(row.op.name, row.op, row.like, a, n)
                found += compared(row.op.name, row.op, row.like, n, a)
    return found


@pytest.mark.parametrize("x, y", [*[(d, d) for d in SAME], *MIXED])
def test_values_of_two_operands(x, y):
    assert binary(x, y) == []


@pytest.mark.parametrize("dtype", [d for d in DTYPES if d not in SAME])
def test_values_of_divisions_powers_and_shifts(dtype):
    names = ("floor_divide", "remainder", "pow", "bitwise_left_shift", "bitwise_right_shift")
    assert binary(dtype, dtype, names) == []


@pytest.mark.parametrize("dtype", DTYPES)
def test_values_of_one_operand(dtype):
    assert unary(dtype) == []


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64"])
def test_values_with_python_integers(dtype):
    with tiers.chosen("interpreted") if dtype == "bool" else nullcontext():       # computed as int64
        assert scalars(dtype) == []


def test_python_integers_beyond_a_dtype():
    found = []
    for x in (edges("int8"), edges("uint64"), edges("int64")):
        for n in (-(2**70), -(2**63) - 1, -1, 200, 2**31, 2**63, 2**64, 2**70):
            for row in ROWS:
                if row.op.arity == 2 and row.op.name != "pow" and not row.op.name.startswith("logical"):
                    found += compared(row.op.name, row.op, row.like, x, n)
    assert found == []


REDUCTIONS = {"sum": np.sum, "prod": np.prod, "max": np.max, "min": np.min, "any": np.any, "all": np.all,
              "argmax": np.argmax, "argmin": np.argmin, "cumsum": np.cumsum, "cumprod": np.cumprod}


@pytest.mark.parametrize("dtype", ["bool", "int8", "int64", "uint32", "uint64"])
def test_values_of_reductions(dtype, rng):
    x = rng.permutation(np.resize(edges(dtype), 60)).reshape(20, 3)
    found = []
    for name, like in REDUCTIONS.items():
        axes = (0, 1) if name.startswith("cum") else (None, 0)
        for axis in axes:
            for a in (x, x[:1]):
                found += compared(f"{name} {axis}", partial(getattr(nb, name), axis=axis),
                                  partial(like, axis=axis), a)
    assert found == []


def test_values_of_products_of_matrices(rng):
    found = []
    for x, y in (("int8", "int8"), ("int64", "int64"), ("uint64", "uint64"), ("uint8", "int16"),
                 ("bool", "bool"), ("bool", "int32"), ("uint64", "int64")):
        a, b = [rng.permutation(np.resize(edges(d), 12)).reshape(s) for d, s in ((x, (4, 3)), (y, (3, 4)))]
        found += compared(f"matmul {x} {y}", nb.matmul, np.matmul, a, b)
        found += compared(f"dot {x} {y}", nb.dot, np.dot, a[0], b[:, 0])
    assert found == []


def test_values_of_choices_and_limits():
    found = []
    for x, y in (("int8", "int8"), ("uint64", "uint64"), ("int64", "int32"), ("bool", "uint8")):
        a, b = grid(x, y)
        for c in (b > 0, np.where(b, 1.5, 0), np.where(b, np.uint8(1), np.uint8(0))):
            found += compared(f"where {c.dtype} {x} {y}", nb.where, np.where, c, a, b)
        found += compared(f"where {x} weak", nb.where, np.where, np.ones(len(a)), a, 0)
        found += compared(f"where {x} weak", nb.where, np.where, np.zeros(len(a), bool), 1, a)
        if x == y:
            found += compared(f"clip {x}", nb.clip, np.clip, a, b[:1], b)
        else:
            found += compared(f"clip {x} {y}", nb.clip, np.clip, a, b, None)
            found += compared(f"clip {x} {y}", nb.clip, np.clip, a, None, b)
    for x in (edges("int8"), edges("uint64")):
        for low, high in ((0, 100), (-1000, 5), (3, 2**70), (None, 7), (-1, None), (1000, None), (0.5, None)):
            found += compared(f"clip {low} {high}", nb.clip, np.clip, x, low, high)
        for decimals in (0, 1, -1):
            found += compared(f"round {decimals}", partial(nb.round, decimals=decimals),
                              partial(np.round, decimals=decimals), x // 4)
    assert found == []


def test_values_of_conversions():
    found = []
    for x in DTYPES:
        for y in (*DTYPES, "float32", "float64"):
            found += compared(f"{x} to {y}", *[methodcaller("astype", y)] * 2, edges(x))
    for y in DTYPES:                          # what y does not hold, NumPy leaves to the processor
        given = np.array([0.0, -0.0, 1.5, 2.99, 100.0] + ([] if y[0] in "ub" else [-1.5, -100.7]))
        found += compared(f"float64 to {y}", *[methodcaller("astype", y)] * 2, given)
    assert found == []


def test_negative_powers_of_integers_are_refused():
    for x, y in ((np.array([2, 3]), -1), (np.array([True]), -1), (2, -1), (2, np.array([1, -1], np.int8)),
                 (np.array([2], np.uint8), np.array([-1], np.int8))):
        with pytest.raises(ValueError, match="negative integer powers"):
            nb.pow(nb.asarray(x) if isinstance(x, np.ndarray) else x, nb.asarray(y))
    assert nb.pow(nb.asarray(np.array([2], np.uint64)), np.array([-1])).item() == 0.5


def test_where_a_condition_is_a_float_it_is_no_operand():
    assert nb.where(nb.ones(2), nb.asarray(np.array([2**53 + 1, 3])), 0).numpy()[0] == 2**53 + 1


def test_scalars_inside_a_program_are_those_of_numpy(own_ops):
    edge = nb.asarray(edges("int8"))
    below = nb.elementwise("below_of_tests", lambda x: nb.where(x < 1000, x, 0))
    np.testing.assert_array_equal(values(below(edge)), edges("int8"))
    more = nb.elementwise("more_of_tests", lambda x: x + 1000)
    with pytest.raises(OverflowError, match=r"1000 does not fit dtype int8"):
        more(edge)
    large = nb.elementwise("large_of_tests", lambda x: x + 2**63)
    np.testing.assert_array_equal(values(large(nb.asarray(np.array([1], np.uint64)))), [2**63 + 1])
    chosen = nb.elementwise("chosen_of_tests", lambda c, x, y: nb.where(c > 0, x, y))
    assert chosen(nb.ones(1), nb.asarray(np.array([2**62 + 1])), 5).item() == 2**62 + 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_zero_is_above_minus_zero(dtype):
    """As in IEEE 754-2019; NumPy takes what the processor does with operands in that order."""
    x = np.tile(np.array([0.0, -0.0, -0.0, 0.0], dtype), 9)
    y = np.tile(np.array([-0.0, 0.0, -0.0, 0.0], dtype), 9)
    for op, sign in ((nb.maximum, np.logical_and), (nb.minimum, np.logical_or)):
        got = values(op(nb.asarray(x), nb.asarray(y)))
        np.testing.assert_array_equal(np.signbit(got), sign(np.signbit(x), np.signbit(y)))
    for op in (nb.abs, nb.sign):
        assert not np.signbit(values(op(nb.asarray(x)))).any()
    np.testing.assert_array_equal(np.signbit(values(nb.rint(nb.asarray(x)))), np.signbit(x))
