"""The CPU kernels' own mathematics: in the last places, at special values, and as vector code."""


import re

import mpmath
import numpy as np
import pytest
import scipy.special
from mpmath import mp
from numba import njit, types

from nbgrad.kernels.cpu.elementwise import Body, Loops
from nbgrad.kernels.cpu.scalars import SCOPE
from nbgrad.kernels.cpu.vecmath import circle, exponential, logarithm, probability

ULPS = 4.0
FAMILIES = (exponential, logarithm, circle, probability)
NAMES = [name for family in FAMILIES for name in family.FUNCTIONS]
REFERENCE = {"erf": scipy.special.erf}
EXACT = {"exp2": lambda x: mp.power(2, x)}
KERNELS = {}


def kernel(name, arity=1):
    """The elementwise kernels of one function."""

    def program(kinds):
        return Body((f"t0 = {name}({', '.join(f'a{i}' for i in range(arity))})",), ("t0",), (kinds[0],))

    return KERNELS.setdefault(name, Loops(f"only_{name}", program))


def reference(name):
    return REFERENCE.get(name) or getattr(np, name)


def special(dtype):
    """Zeros, infinities, nan, the ends of the format, and where results reach them."""
    info = np.finfo(dtype)
    ends = [0.0, np.inf, np.nan, info.smallest_subnormal, info.tiny, info.max, 1.0, info.eps, 0.5, 2.0]
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
    sizes = 2.0 ** rng.uniform(info.minexp - info.nmant, info.maxexp, 700)
    spread = [rng.uniform(-end, end, 400) for end in (12, 110, 750)]
    turns = np.arange(1, 300) * (np.pi / 4)
    ones = 1 + rng.normal(size=200) * 0.01
    return np.concatenate([sizes, -sizes, *spread, turns, ones, -ones]).astype(dtype)


def error(got, name, *xs):
    """Distance from the exact value, in units of the last place."""
    exact = EXACT.get(name) or getattr(mp, name)
    with mp.workprec(120):
        want = exact(*[mpmath.mpf(float(x)) for x in xs])
        unit = np.spacing(abs(got.dtype.type(float(want))))
        return float(abs(mpmath.mpf(float(got)) - want) / mpmath.mpf(float(unit)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NAMES)
def test_special_values_are_those_of_numpy(name, dtype):
    x = special(dtype)
    got = kernel(name)(x)
    with np.errstate(all="ignore"):
        want = reference(name)(x)
    assert got.dtype == dtype
    edge = ~np.isfinite(want)
    np.testing.assert_array_equal(got[edge], want[edge])
    signed = ~np.isnan(want)
    np.testing.assert_array_equal(np.signbit(got[signed]), np.signbit(want[signed]))
    for x1, got1 in zip(x[~edge], got[~edge], strict=True):
        assert error(got1, name, x1) <= ULPS, x1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NAMES)
def test_accuracy_over_the_whole_range(name, dtype, rng):
    x = points(dtype, rng)
    got = kernel(name)(x)
    with np.errstate(all="ignore"):
        want = reference(name)(x)
    np.testing.assert_array_equal(np.isfinite(got), np.isfinite(want))
    finite = np.isfinite(want)
    worst = max((error(got1, name, x1), x1) for x1, got1 in zip(x[finite], got[finite], strict=True))
    assert worst[0] <= ULPS, f"{name}({worst[1]!r}) is {worst[0]:.2f} units off"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NAMES)
def test_loops_become_vector_code(name, dtype):
    """The loop works on as many elements as fit LLVM's vectors, and calls nothing for one element."""
    function = SCOPE[name]
    kind = types.float32 if dtype == np.float32 else types.float64

    def loop(x, z):
        for i in range(x.size):
            z[i] = function(x[i])

    array = kind[::1]
    compiled = njit(types.void(array, array), error_model="numpy", fastmath={"contract"})(loop)
    code = compiled.inspect_llvm(compiled.signatures[0])
    body = code[code.index("define"):]
    body = body[:body.index("\n}")]
    width = {"float32": "float", "float64": "double"}[dtype.__name__]
    assert re.search(rf"load <\d+ x {width}>", body), "no vector is loaded"
    vector = body[:body.index("store <")]
    scalar_calls = [call for call in re.findall(r"call .*", vector) if f" {width} @" in call]
    assert not scalar_calls, scalar_calls


@pytest.mark.parametrize("name", NAMES)
def test_kernels_that_reorder_sums_leave_the_functions_alone(name, rng):
    function = SCOPE[name]

    def loop(x, z):
        for i in range(x.size):
            z[i] = function(x[i])

    array = types.float64[::1]
    x = points(np.float64, rng)
    z = np.empty_like(x)
    njit(types.void(array, array), error_model="numpy", fastmath={"contract", "reassoc", "nsz"})(loop)(x, z)
    np.testing.assert_array_equal(z, kernel(name)(x))
