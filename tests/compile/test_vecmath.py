"""The CPU kernels' own mathematics: in the last places, at special values, and as vector code."""

import re

import mpmath
import numpy as np
import pytest
import scipy.special
from mpmath import mp
from numba import njit, types

from nbgrad.compile import cache, target
from nbgrad.compile.cpu import compiler
from nbgrad.compile.cpu.vecmath.functions import BINARY, UNARY
from nbgrad.compile.cpu.words import SCOPE
from nbgrad.compile.program import Body
from nbgrad.kernels.cpu.elementwise import Loops

ULPS = 4.0
WIDER = {"normcdf": 6.0}                  # several factors, each of which is rounded
NAMES = [*UNARY, *BINARY]
PAIRS = set(BINARY)
SAME = {"remainder", "floor_divide"}      # defined to the last bit, by NumPy's steps
KINDS = {np.float32: types.float32, np.float64: types.float64}
REFERENCE = {"erf": scipy.special.erf, "erfc": scipy.special.erfc,
             "normcdf": scipy.special.ndtr, "gauss": lambda x: np.exp(-x * x),
             "half_gauss": lambda x: np.exp(-0.5 * x * x), "decay": lambda x: np.exp(-abs(x)),
             "exp2_slope": lambda x: np.exp2(x / 2) * np.log(2).astype(x.dtype) * np.exp2(x / 2),
             "expm1_slope": np.exp,
             "pow": np.power, "atan2": np.arctan2,
             **{name: getattr(np, f"arc{name[1:]}") for name in NAMES if name[0] == "a" and name != "atan2"}}
EXACT = {
    "exp2": lambda x: mp.power(2, x),
    "exp2_slope": lambda x: mp.log(2) * mp.power(2, x),
    "expm1_slope": mp.exp,
    "log2": lambda x: mp.log(x) / mp.log(2),
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "pow": mp.power,
    "normcdf": mp.ncdf,
    "gauss": lambda x: mp.exp(-x * x),
    "half_gauss": lambda x: mp.exp(-x * x / 2),
    "decay": lambda x: mp.exp(-abs(x)),
    "logaddexp": lambda x, y: max(x, y) + mp.log1p(mp.exp(-abs(x - y))),
}


def loop(name, dtype, **options):
    """A function of Numba that fills z with a function of x (and y)."""
    function, array = SCOPE[name], KINDS[dtype][::1]
    if name in PAIRS:
        def fill(x, y, z):
            for i in range(x.size):
                z[i] = function(x[i], y[i])
    else:
        def fill(x, z):
            for i in range(x.size):
                z[i] = function(x[i])
    signature = types.void(*[array] * (3 if name in PAIRS else 2))
    return njit(signature, error_model="numpy", **options)(fill)


def run(name, *xs, fastmath=("contract",)):
    z = np.empty_like(xs[0])
    loop(name, xs[0].dtype.type, fastmath=set(fastmath))(*xs, z)
    return z


def reference(name, *xs):
    with np.errstate(all="ignore"):
        return (REFERENCE.get(name) or getattr(np, name))(*xs)


def special(dtype):
    """Zeros, infinities, nan, the ends of the format, and where results reach them."""
    info = np.finfo(dtype)
    ends = [0.0, np.inf, np.nan, info.smallest_subnormal, info.tiny, info.max, 1.0, info.eps, 0.5, 2.0, 3.0]
    near = np.nextafter(np.array([info.tiny, 1.0, 1.0], dtype), np.array([0.0, 0.0, 2.0], dtype))
    least = float(np.log2(info.smallest_subnormal))
    powers = [p * scale for p in (info.maxexp, info.minexp, least, least - 1) for scale in (1.0, np.log(2))]
    edges = np.array(powers, dtype)
    edges = np.concatenate([edges, np.nextafter(edges, dtype(np.inf)), np.nextafter(edges, dtype(-np.inf))])
    x = np.concatenate([np.array(ends, dtype), near, edges, 10.0 ** np.arange(1, 23).astype(dtype)])
    return np.concatenate([x, -x])


def points(dtype, rng):
    """Arguments of every size: over all exponents, and densely where most functions bend."""
    info = np.finfo(dtype)
    sizes = 2.0 ** rng.uniform(info.minexp - info.nmant, info.maxexp, 500)
    spread = [rng.uniform(-end, end, 300) for end in (2, 12, 110, 750)]
    turns = np.arange(1, 300) * (np.pi / 4)
    ones = 1 + rng.normal(size=200) * 0.01
    return np.concatenate([sizes, -sizes, *spread, turns, ones, -ones]).astype(dtype)


def special_arguments(name, dtype):
    x = special(dtype)
    if name not in PAIRS:
        return (x,)
    return tuple(a.ravel() for a in np.meshgrid(x, x))


def arguments(name, dtype, rng):
    x = points(dtype, rng)
    if name not in PAIRS:
        return (x,)
    sizes = (2.0 ** rng.uniform(-20, 20, 1000)).astype(dtype)
    others = (rng.normal(size=1000) * 10.0 ** rng.integers(-3, 3, 1000)).astype(dtype)
    return np.concatenate([x, sizes, others]), np.concatenate([rng.permutation(x), others, sizes])


def error(got, name, *xs):
    """Distance from the exact value, in units of the last place.

    Where a sum of logarithms cancels, the unit is that of its larger term: two rounded terms allow no better.
    """
    exact = EXACT.get(name) or getattr(mp, name)
    with mp.workprec(120):
        want = exact(*[mpmath.mpf(float(x)) for x in xs])
        size = max(abs(want), abs(max(xs))) if name == "logaddexp" else abs(want)
        unit = np.spacing(got.dtype.type(float(size)))
        return float(abs(mpmath.mpf(float(got)) - want) / mpmath.mpf(float(unit)))


def check(name, xs, got):
    """Like NumPy's result where that is no finite number, in sign, and near the exact value elsewhere."""
    want = reference(name, *xs)
    finite, number = np.isfinite(want), ~np.isnan(want)
    np.testing.assert_array_equal(got[~finite], want[~finite])
    np.testing.assert_array_equal(np.signbit(got[number]), np.signbit(want[number]))
    assert np.isfinite(got[finite]).all()
    # NumPy's own result is near enough where it is the same
    other = np.flatnonzero(finite & (got != want))
    assert not (name in SAME and other.size), [x[other[0]] for x in xs]
    for i in other[:: max(1, len(other) // 1500)]:
        at = tuple(x[i] for x in xs)
        assert error(got[i], name, *at) <= WIDER.get(name, ULPS), f"{name}{at} is not {got[i]!r}"


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_special_values_are_those_of_numpy(name, dtype):
    xs = special_arguments(name, dtype)
    got = run(name, *xs)
    assert got.dtype == dtype
    check(name, xs, got)


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_accuracy_over_the_whole_range(name, dtype, rng):
    xs = arguments(name, dtype, rng)
    check(name, xs, run(name, *xs))


def test_powers_of_the_base_are_exact():
    n = np.arange(-300.0, 300.0)
    np.testing.assert_array_equal(run("exp2", n), 2.0**n)
    np.testing.assert_array_equal(run("log2", 2.0**n), n)
    tens = 10.0 ** np.arange(23)
    np.testing.assert_array_equal(run("log10", tens), np.arange(23))
    np.testing.assert_array_equal(run("pow", np.full(23, 10.0), np.arange(23.0)), tens)
    np.testing.assert_array_equal(run("cbrt", n**3), n)


@pytest.mark.skipif("+fma" not in target.processor()[1], reason="without it fma is a call of the C library")
@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_kernels_are_vector_code(name, dtype, monkeypatch):
    """The elementwise kernel of each function works on vectors, and calls nothing for single elements."""
    seen = []
    emit = compiler._Library.emit
    monkeypatch.setattr(compiler._Library, "emit",
                        lambda self, symbol: (seen.append(self.get_llvm_str()), emit(self, symbol))[1])
    monkeypatch.setattr(cache, "_load", lambda key, symbol: None)
    monkeypatch.setattr(cache, "LOADED", {})
    count = 2 if name in PAIRS else 1

    def program(kinds):
        return Body((f"t0 = {name}({', '.join(f'a{i}' for i in range(count))})",), ("t0",), (kinds[0],))

    Loops(f"only_{name}", program)(*[np.ones(4, dtype)] * count)
    code = next(text for text in seen if f"only_{name}" in text)
    bodies = re.findall(r"^define .*?^}", code, re.MULTILINE | re.DOTALL)
    kind = "float" if dtype == np.float32 else "double"
    vector = [b for b in bodies if re.search(rf"load <\d+ x {kind}>", b)]
    assert vector, "no loop loads vectors"
    for body in vector:
        calls = re.findall(r"call [^\n]*? @([\w.]+)", body)
        strange = [c for c in calls if not c.startswith(("llvm.", f"nbgrad_far_{name}_"))]
        assert not set(strange) & set(NAMES) | {c for c in strange if c.rstrip("f") in NAMES}, strange


@pytest.mark.parametrize("name", NAMES)
def test_kernels_that_reorder_sums_leave_the_functions_alone(name, rng):
    xs = arguments(name, np.float64, rng)
    loose = run(name, *xs, fastmath=("contract", "reassoc", "nsz"))
    np.testing.assert_array_equal(loose, run(name, *xs))
    np.testing.assert_array_equal(np.signbit(loose), np.signbit(run(name, *xs)))
