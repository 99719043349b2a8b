"""The interpreter of PTX computes: single instructions against exact arithmetic."""

import math
import operator
from fractions import Fraction

import numpy as np
import pytest
from ptx.rounding import fma
from ptx.written import evaluate, kernel, place, run

INTEGERS = ["u16", "s16", "u32", "s32", "u64", "s64"]


def integers(name, rng, count=64, *, zero=True):
    """Random integers of a type of PTX, with the ends of its range."""
    dtype = np.dtype(("i" if name[0] == "s" else "u") + str(int(name[1:]) // 8))
    limits = np.iinfo(dtype)
    values = rng.integers(limits.min, limits.max, count, dtype, endpoint=True)
    values[:6] = [limits.min, limits.max, 0, 1, limits.max - 1, limits.min + 1]
    rng.shuffle(values)
    return values if zero else np.where(values == 0, 7, values).astype(dtype)


def wrapped(values, dtype):
    """Python's integers cut to a dtype."""
    bits = 8 * np.dtype(dtype).itemsize
    return np.array([v & (2 ** bits - 1) for v in values], f"u{bits // 8}").view(dtype)


def truncating(a, b):
    """a / b rounded towards zero."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


EXACT = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul.lo": lambda a, b: a * b,
    "min": min, "max": max, "div": truncating, "rem": lambda a, b: a - b * truncating(a, b)}


@pytest.mark.parametrize("type_", INTEGERS)
@pytest.mark.parametrize("name", EXACT)
def test_integer_arithmetic(name, type_, rng):
    x, y = integers(type_, rng), integers(type_, rng, zero=name not in ("div", "rem"))
    z = evaluate(f"{name}.{type_} $z, $x0, $x1;", x.dtype, x, y)
    np.testing.assert_array_equal(z, wrapped(map(EXACT[name], x.tolist(), y.tolist()), x.dtype))


@pytest.mark.parametrize("type_", INTEGERS)
def test_upper_half_of_a_product(type_, rng):
    x, y = integers(type_, rng), integers(type_, rng)
    z = evaluate(f"mul.hi.{type_} $z, $x0, $x1;", x.dtype, x, y)
    products = [a * b >> int(type_[1:]) for a, b in zip(x.tolist(), y.tolist())]
    np.testing.assert_array_equal(z, wrapped(products, x.dtype))


@pytest.mark.parametrize("type_", ["u16", "s16", "u32", "s32"])
def test_wide_product_and_sum(type_, rng):
    x, y = integers(type_, rng), integers(type_, rng)
    c = rng.integers(0, 2 ** (2 * x.itemsize * 8 - 2), x.size).astype(f"{x.dtype.kind}{2 * x.itemsize}")
    z = evaluate(f"mad.wide.{type_} $z, $x0, $x1, $x2;", c.dtype, x, y, c)
    expected = [a * b + d for a, b, d in zip(x.tolist(), y.tolist(), c.tolist())]
    np.testing.assert_array_equal(z, wrapped(expected, c.dtype))


@pytest.mark.parametrize("type_", ["b16", "b32", "b64"])
@pytest.mark.parametrize("name, function", [("and", lambda a, b: a & b), ("or", lambda a, b: a | b),
                                            ("xor", lambda a, b: a ^ b)])
def test_logic(name, function, type_, rng):
    x, y = integers(f"u{type_[1:]}", rng), integers(f"u{type_[1:]}", rng)
    np.testing.assert_array_equal(evaluate(f"{name}.{type_} $z, $x0, $x1;", x.dtype, x, y), function(x, y))


@pytest.mark.parametrize("type_", ["u32", "s32", "u64", "s64", "s16", "u16"])
def test_shifts_by_more_than_the_size_leave_nothing_or_the_sign(type_, rng):
    x = integers(type_, rng)
    amounts = [0, 1, 7, 15, 16, 31, 32, 33, 63, 64, 65, 1000, 2 ** 31, 2 ** 32 - 1]
    n = np.resize(np.array(amounts, np.uint32), x.size)
    bits = 8 * x.itemsize
    left = evaluate(f"shl.b{bits} $z, $x0, $x1;", x.dtype, x, n)
    right = evaluate(f"shr.{type_} $z, $x0, $x1;", x.dtype, x, n)
    pairs = [(a, min(b, bits)) for a, b in zip(x.tolist(), n.tolist())]
    np.testing.assert_array_equal(left, wrapped([a << b for a, b in pairs], x.dtype))
    np.testing.assert_array_equal(right, wrapped([a >> b for a, b in pairs], x.dtype))


def test_sums_of_128_bits_by_carry(rng):
    x, y = (rng.integers(0, 2 ** 32, 256).astype(np.uint32) for _ in range(2))
    x[::3], y[::5] = 2 ** 32 - 1, 2 ** 32 - 1
    code = """mov.u32 %r1, $x0; mov.u32 %r2, $x1;
    add.cc.u32 %r3, %r1, %r2; addc.cc.u32 %r4, %r2, %r2; addc.u32 %r5, %r1, 0;
    sub.cc.u32 %r6, %r1, %r2; subc.cc.u32 %r7, %r2, %r1; subc.u32 %r8, 0, 0;
    xor.b32 %r9, %r5, %r8; xor.b32 %r9, %r9, %r4; xor.b32 %r9, %r9, %r7; mov.u32 $z, %r9;"""
    z = evaluate(code, np.uint32, x, y)
    for a, b, found in zip(x.tolist(), y.tolist(), z.tolist()):
        total = (a + (b << 32)) + (b + (b << 32)) + (a << 64)
        rest = ((a + (b << 32)) - (b + (a << 32))) % 2 ** 96
        words = [total >> 64, rest >> 64, total >> 32, rest >> 32]
        assert found == (words[0] ^ words[1] ^ words[2] ^ words[3]) & 0xFFFFFFFF


def test_product_of_64_bits_by_carry(rng):
    x, y = (rng.integers(0, 2 ** 64, 64, np.uint64) for _ in range(2))
    code = """.reg .u32 a0, a1, b0, b1, c0, c1, c2, c3;
    mov.b64 {a0, a1}, $x0; mov.b64 {b0, b1}, $x1;
    mul.lo.u32 c0, a0, b0; mul.hi.u32 c1, a0, b0;
    mad.lo.cc.u32 c1, a0, b1, c1; madc.hi.u32 c2, a0, b1, 0;
    mad.lo.cc.u32 c1, a1, b0, c1; madc.hi.cc.u32 c2, a1, b0, c2; madc.hi.u32 c3, a1, b1, 0;
    mad.lo.cc.u32 c2, a1, b1, c2; addc.u32 c3, c3, 0; mov.b64 $z, {c2, c3};"""
    z = evaluate(code, np.uint64, x, y)
    expected = [a * b >> 64 for a, b in zip(x.tolist(), y.tolist())]
    np.testing.assert_array_equal(z, wrapped(expected, np.uint64))


def permuted(a, b, choice):
    """prmt in its words."""
    eight = (a | b << 32).to_bytes(8, "little")
    chosen = [choice >> 4 * n & 15 for n in range(4)]
    return int.from_bytes([255 * (eight[c & 7] >> 7) if c & 8 else eight[c] for c in chosen], "little")


BITS = {
    "popc.b32": lambda a: a.bit_count(), "clz.b32": lambda a: 32 - a.bit_length(),
    "brev.b32": lambda a: int(f"{a:032b}"[::-1], 2), "bfind.u32": lambda a: (a.bit_length() - 1) % 2 ** 32,
    "bfind.shiftamt.u32": lambda a: 32 - a.bit_length() if a else 2 ** 32 - 1,
    "bfe.u32 ! , 3, 9": lambda a: a >> 3 & 511, "bfe.u32 ! , 40, 9": lambda a: 0,
    "bfe.s32 ! , 4, 8": lambda a: ((a >> 4 & 255) ^ 128) - 128,
    "bfi.b32 ! , 2863311530, 5, 7": lambda a: 2863311530 & ~(127 << 5) | (a & 127) << 5,
    "prmt.b32 ! , 287454020, 30292": lambda a: permuted(a, 287454020, 30292),
    "shf.l.wrap.b32 ! , 305419896, 37": lambda a: ((305419896 << 32 | a) << 5) >> 32,
    "shf.r.clamp.b32 ! , 305419896, 37": lambda a: 305419896,
    "lop3.b32 ! , 1431655765, 858993459, 150": lambda a: a ^ 1431655765 ^ 858993459,
    "not.b32": lambda a: ~a, "neg.s32": lambda a: -a}


@pytest.mark.parametrize("name", BITS)
def test_bits(name, rng):
    x = integers("u32", rng)
    op, _, rest = name.partition(" ")
    z = evaluate(f"{op} $z, {rest.replace('!', '$x0') or '$x0'};", np.uint32, x)
    np.testing.assert_array_equal(z, wrapped(map(BITS[name], x.tolist()), np.uint32))


def floats(dtype, rng, count=512):
    """Floats of all sizes, with zeros, infinities, nan and subnormal numbers."""
    dtype = np.dtype(dtype)
    values = rng.integers(0, 2 ** (8 * dtype.itemsize), count, f"u{dtype.itemsize}").view(dtype).copy()
    info = np.finfo(dtype)
    values[:9] = [0.0, -0.0, np.inf, -np.inf, np.nan, info.tiny, -info.tiny / 2, info.max, -info.max]
    values[9:12] = [1, -1, 1.5]
    values[100:300] = rng.standard_normal(200).astype(dtype)
    rng.shuffle(values)
    return values


@pytest.mark.parametrize("dtype, type_", [(np.float32, "f32"), (np.float64, "f64")])
def test_float_arithmetic(dtype, type_, rng):
    x, y = floats(dtype, rng), floats(dtype, rng)
    with np.errstate(all="ignore"):
        for name, expected in (("add", x + y), ("sub.rn", x - y), ("mul", x * y), ("div.rn", x / y)):
            z = evaluate(f"{name}.{type_} $z, $x0, $x1;", dtype, x, y)
            np.testing.assert_array_equal(z.view(f"u{z.itemsize}")[~np.isnan(expected)],
                                          expected.view(f"u{z.itemsize}")[~np.isnan(expected)])
            np.testing.assert_array_equal(np.isnan(z), np.isnan(expected))


def fraction_fma(x, y, z, dtype):
    """x * y + z of finite numbers, rounded once, by rational numbers."""
    exact = Fraction(x) * Fraction(y) + Fraction(z)
    if exact == 0:
        return dtype(x) * dtype(y) + dtype(z)
    if dtype == np.float64:
        try:
            return dtype(float(exact))
        except OverflowError:
            return dtype(math.inf if exact > 0 else -math.inf)
    guess = dtype(float(exact))
    near = [np.nextafter(guess, -dtype(np.inf)), guess, np.nextafter(guess, dtype(np.inf))]
    limit = Fraction(float(np.finfo(dtype).max)) * (1 + Fraction(1, 2 ** (np.finfo(dtype).nmant + 2)))
    if abs(exact) >= limit:
        return dtype(math.inf if exact > 0 else -math.inf)
    finite = [v for v in near if np.isfinite(v)]
    return min(finite, key=lambda v: (abs(Fraction(float(v)) - exact), v.view(f"u{v.itemsize}") & 1))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_fma_rounds_once(dtype, rng):
    x, y, z = (floats(dtype, rng, 3000) for _ in range(3))
    x[:1000], y[:1000] = (rng.standard_normal(1000).astype(dtype) for _ in range(2))
    with np.errstate(all="ignore"):
        z[:500] = -(x[:500] * y[:500])          # the rounding error is left
        found = fma(x[:300], y[:300], z[1000:1300])
        right = [fraction_fma(float(a), float(b), float(c), dtype) if np.isfinite(c) else a * b + c
                 for a, b, c in zip(x, y, z[1000:1300])]
        np.testing.assert_array_equal(found, right)                                # no middle among these
        z[500:700] = x[500:700] * y[500:700] * dtype(np.finfo(dtype).eps / 2)      # near a middle
        found = fma(x, y, z)
        for a, b, c, result in zip(x, y, z, found):
            if np.isfinite([a, b, c]).all():
                expected = fraction_fma(float(a), float(b), float(c), dtype)
                assert result == expected and np.signbit(result) == np.signbit(expected), (a, b, c)
            else:
                np.testing.assert_array_equal(result, a * b + c)


def test_fma_where_two_roundings_differ():
    """Exact results just beside the middle of two float32; rounded to float64 they would fall on it."""
    odd = np.arange(1, 512, 30) * 2.0 ** -12
    x, y = (1 + v.ravel().astype(np.float32) for v in np.meshgrid(odd, odd))
    z = np.resize(np.float32([2 ** -60, -2 ** -60]), x.size)
    found = evaluate("fma.rn.f32 $z, $x0, $x1, $x2;", np.float32, x, y, z)
    right = [fraction_fma(*map(float, row), np.float32) for row in zip(x, y, z)]
    np.testing.assert_array_equal(found, right)
    assert (found != (x.astype(float) * y + z).astype(np.float32)).mean() > 0.4
    alone = [fma(x[i:i + 1], y[i:i + 1], z[i:i + 1])[0] for i in range(x.size)]
    np.testing.assert_array_equal(alone, right)


@pytest.mark.parametrize("mode", ["rz", "rm", "rp"])
@pytest.mark.parametrize("dtype, type_", [(np.float32, "f32"), (np.float64, "f64")])
def test_directed_rounding(dtype, type_, mode, rng):
    x, y = (rng.standard_normal(100).astype(dtype) for _ in range(2))
    for name, function in (("add", operator.add), ("mul", operator.mul), ("sub", operator.sub)):
        z = evaluate(f"{name}.{mode}.{type_} $z, $x0, $x1;", dtype, x, y)
        for a, b, found in zip(x.tolist(), y.tolist(), z):
            exact, here = function(Fraction(a), Fraction(b)), Fraction(float(found))
            low, high = (Fraction(float(np.nextafter(found, dtype(s)))) for s in (-np.inf, np.inf))
            down = mode == "rm" or (mode == "rz" and exact > 0)
            assert here <= exact < high if down else low < exact <= here


def test_smaller_and_larger_of_zeros_and_nan():
    x = np.float32([0.0, -0.0, np.nan, 1, np.nan])
    y = np.float32([-0.0, 0.0, 2, np.nan, np.nan])
    low = evaluate("min.f32 $z, $x0, $x1;", np.float32, x, y)
    high = evaluate("max.f32 $z, $x0, $x1;", np.float32, x, y)
    strict = evaluate("max.NaN.f32 $z, $x0, $x1;", np.float32, x, y)
    np.testing.assert_array_equal(low, np.float32([-0.0, -0.0, 2, 1, np.nan]))
    np.testing.assert_array_equal(np.signbit(low[:2]), [True, True])
    np.testing.assert_array_equal(np.signbit(high[:2]), [False, False])
    np.testing.assert_array_equal(np.isnan(strict), [False, False, True, True, True])


def test_subnormals_are_flushed_and_results_saturated():
    tiny = np.float32(1e-40)
    x = np.float32([tiny, -tiny, 0.5, 2, np.nan, -3])
    np.testing.assert_array_equal(evaluate("add.ftz.f32 $z, $x0, 0f00000000;", np.float32, x)[:2], 0)
    np.testing.assert_array_equal(evaluate("add.f32 $z, $x0, 0f00000000;", np.float32, x)[:2], x[:2])
    np.testing.assert_array_equal(evaluate("add.sat.f32 $z, $x0, 0f00000000;", np.float32, x)[2:],
                                  np.float32([0.5, 1, 0, 0]))


@pytest.mark.parametrize("name, function", [
    ("ex2.approx.ftz", np.exp2), ("lg2.approx", np.log2), ("rcp.approx.ftz", np.reciprocal),
    ("sqrt.rn", np.sqrt), ("rsqrt.approx", lambda x: 1 / np.sqrt(x)),
    ("sin.approx", np.sin), ("cos.approx", np.cos), ("rcp.rn", np.reciprocal),
    ("tanh.approx", np.tanh), ("abs", np.abs), ("neg", np.negative)])
def test_functions(name, function, rng):
    x = rng.uniform(0.1, 20, 128).astype(np.float32)
    z = evaluate(f"{name}.f32 $z, $x0;", np.float32, x)
    np.testing.assert_allclose(z, function(x.astype(np.float64)), rtol=6e-8)


def test_coarse_reciprocals_of_float64_have_20_bits(rng):
    x = rng.uniform(0.1, 20, 128)
    for name, exact in (("rcp", 1 / x), ("rsqrt", 1 / np.sqrt(x))):
        z = evaluate(f"{name}.approx.ftz.f64 $z, $x0;", np.float64, x)
        np.testing.assert_allclose(z, exact, rtol=2 ** -20)
        assert not (z.view(np.uint64) & np.uint64(0xFFFFFFFF)).any()


CONVERSIONS = [("f32", "f64"), ("f64", "f32"), ("s32", "f32"), ("u8", "f64"), ("s64", "f64"), ("u64", "f32"),
               ("s16", "f32"), ("u32", "f64")]


@pytest.mark.parametrize("to, source", CONVERSIONS)
def test_floats_are_converted(to, source, rng):
    x = floats(f"f{int(source[1:]) // 8}", rng)
    target = np.dtype(("f" if to[0] == "f" else "i" if to[0] == "s" else "u") + str(int(to[1:]) // 8))
    mode = "rzi." if to[0] != "f" else "rn." if to == "f32" else ""
    z = evaluate(f"cvt.{mode}{to}.{source} $z, $x0;", target, x)
    if to[0] == "f":
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(z, x.astype(target))
        return
    limits = np.iinfo(target)
    exact = [0 if math.isnan(v) else limits.max if v == math.inf else limits.min if v == -math.inf
             else max(limits.min, min(limits.max, math.trunc(v))) for v in x.tolist()]
    np.testing.assert_array_equal(z, np.array(exact, target))


@pytest.mark.parametrize("mode, function", [
    ("rni", np.rint), ("rzi", np.trunc), ("rmi", np.floor), ("rpi", np.ceil)])
def test_whole_numbers(mode, function):
    x = np.float64([-2.5, -1.5, -0.5, -0.1, 0.1, 0.5, 1.5, 2.5, 1e300, np.inf])
    np.testing.assert_array_equal(evaluate(f"cvt.{mode}.f64.f64 $z, $x0;", np.float64, x), function(x))


@pytest.mark.parametrize("source", INTEGERS)
@pytest.mark.parametrize("to", ["f32", "f64"])
def test_integers_become_the_next_float(to, source, rng):
    x = integers(source, rng)
    target = np.dtype(f"f{int(to[1:]) // 8}")
    z = evaluate(f"cvt.rn.{to}.{source} $z, $x0;", target, x)
    for number, found in zip(x.tolist(), z):
        around = [np.nextafter(found, target.type(s)) for s in (-np.inf, np.inf)]
        gap = abs(Fraction(float(found)) - number)
        assert all(gap <= abs(Fraction(float(v)) - number) for v in around)


def test_narrow_integers_are_widened_by_their_sign():
    x = np.uint16([0x80, 0x7F, 0x1FF, 0xFF80])
    np.testing.assert_array_equal(evaluate("cvt.s64.s8 $z, $x0;", np.int64, x), [-128, 127, -1, -128])
    np.testing.assert_array_equal(evaluate("cvt.u32.u8 $z, $x0;", np.uint32, x), [0x80, 0x7F, 0xFF, 0x80])
    np.testing.assert_array_equal(evaluate("cvt.sat.u8.s16 $z, $x0;", np.uint16, x), [0x80, 0x7F, 0xFF, 0])


def test_halves_are_converted(rng):
    x = floats(np.float16, rng)
    body = place(0, 4) + place(1, 2)
    body += "ld.global.u16 %h1, [%rd1]; cvt.f32.f16 %f1, %h1; st.global.f32 [%rd0], %f1;"
    z = run(kernel(body), [np.zeros(x.size, np.float32), x])[0]
    np.testing.assert_array_equal(z, x.astype(np.float32))
    y = floats(np.float64, rng)
    body = place(0, 2) + place(1, 8)
    body += "ld.global.f64 %fd1, [%rd1]; cvt.rn.f16.f64 %h1, %fd1; st.global.b16 [%rd0], %h1;"
    z = run(kernel(body), [np.zeros(y.size, np.float16), y])[0]
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(z, y.astype(np.float16))


COMPARE = {"eq": lambda a, b: a == b, "ne": lambda a, b: a < b or a > b, "lt": lambda a, b: a < b,
           "ge": lambda a, b: a >= b, "equ": lambda a, b: not (a < b or a > b), "neu": lambda a, b: a != b,
           "ltu": lambda a, b: not a >= b, "gtu": lambda a, b: not a <= b,
           "nan": lambda a, b: a != a or b != b, "num": lambda a, b: a == a and b == b}


@pytest.mark.parametrize("name", COMPARE)
def test_comparisons_of_floats(name):
    values = np.float64([-np.inf, -1, -0.0, 0.0, 1, np.inf, np.nan])
    x, y = (v.ravel() for v in np.meshgrid(values, values))
    z = evaluate(f"setp.{name}.f64 %p1, $x0, $x1; selp.u32 $z, 1, 0, %p1;", np.uint32, x, y)
    np.testing.assert_array_equal(z, [COMPARE[name](a, b) for a, b in zip(x.tolist(), y.tolist())])


def test_comparisons_joined_with_predicates_and_selection():
    x, y = np.int32([1, 2, 3, -4]), np.int32([2, 2, 2, 2])
    code = """setp.lt.s32 %p1, $x0, 2; setp.lt.and.s32 %p2|%p3, $x0, $x1, !%p1; selp.u32 %r1, 1, 0, %p2;
    selp.u32 %r2, 2, 0, %p3; setp.lo.u32 %p4, $x0, $x1; selp.u32 %r3, 4, 0, %p4; slct.u32.s32 %r4, 8, 0, $x0;
    set.gt.u32.s32 %r5, $x0, $x1; and.b32 %r5, %r5, 16; add.u32 %r1, %r1, %r2; add.u32 %r1, %r1, %r3;
    add.u32 %r1, %r1, %r4; @!%p1 add.u32 %r1, %r1, 32; add.u32 $z, %r1, %r5;"""
    np.testing.assert_array_equal(evaluate(code, np.uint32, x, y), [4 + 8, 2 + 8 + 32, 2 + 8 + 16 + 32, 0])
