"""Kernels in Python, compiled by numba-cuda, run by the interpreter of PTX and assembled for real GPUs.

numba.cuda is imported when the first of these tests runs, not when they are collected."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import mpmath
import numpy as np
import pytest
from mpmath import mp
from ptx import Kernel, Memory, array_words, faults, launch

import nbgrad

pytestmark = pytest.mark.skipif(find_spec("numba_cuda") is None, reason="numba-cuda is not installed")


class Compiler:
    """Compiles the kernels of ptx_samples for arrays and numbers, each only once."""

    def __init__(self):
        import ptx_samples
        from ptx import compile

        self.compile, self.samples = compile, ptx_samples
        self.known = {}

    def text(self, function, values, **options):
        """The PTX of a kernel for arguments like some values."""
        import numba

        types = tuple(numba.types.Array(numba.from_dtype(v.dtype), v.ndim, "C") if isinstance(v, np.ndarray)
                      else numba.typeof(v) for v in values)
        return self.compile.compile_ptx(function, types, **options)

    def run(self, function, values, grid, block, *, options=(), **how):
        """The arrays among some arguments after a launch."""
        kinds = [(v.dtype, v.ndim) if isinstance(v, np.ndarray) else type(v) for v in values]
        key = function, options, *kinds
        if key not in self.known:
            self.known[key] = Kernel(self.text(function, values, **dict(options)))
        memory, words, places = Memory(), [], []
        for value in values:
            if isinstance(value, np.ndarray):
                places.append((memory.put(value), value))
                words += array_words(places[-1][0], value.shape, value.dtype)
            else:
                words.append(value)
        launch(self.known[key], grid, block, words, memory=memory, **how)
        return [memory.get(address, a.size, a.dtype).reshape(a.shape) for address, a in places]


@pytest.fixture(scope="module")
def compiler():
    return Compiler()


# The largest error in the last place that CUDA documents (float32, float64), and the interval.
MATHS = {
    "sin": (2, 2, -20, 20), "cos": (2, 2, -20, 20), "tan": (4, 2, -20, 20), "asin": (2, 2, -1, 1),
    "acos": (2, 2, -1, 1), "atan": (2, 2, -9, 9), "sinh": (3, 2, -9, 9), "cosh": (2, 1, -9, 9),
    "tanh": (2, 1, -4, 4), "asinh": (3, 3, -9, 9), "acosh": (4, 3, 1, 9), "atanh": (3, 2, -1, 1),
    "exp": (2, 1, -80, 80), "exp2": (2, 1, -100, 100), "expm1": (2, 1, -3, 3), "log": (1, 1, 1e-3, 9),
    "log2": (1, 1, 1e-3, 9), "log10": (2, 1, 1e-3, 9), "log1p": (1, 1, -0.9, 9), "sqrt": (0, 0, 0, 1e9),
    "erf": (2, 2, -3, 3), "erfc": (4, 5, -3, 8), "gamma": (11, 10, 0.1, 20), "lgamma": (6, 4, 0.1, 50),
    "floor": (0, 0, -9, 9), "ceil": (0, 0, -9, 9), "fabs": (0, 0, -9, 9)}
PAIRS = {"atan2": (3, 2, -9, 9), "pow": (9, 2, 0.01, 9), "fmod": (0, 0, 0.1, 99), "hypot": (3, 2, -9, 9)}
EXACT = {
    "exp2": lambda x: mp.power(2, x), "log2": lambda x: mp.log(x) / mp.log(2), "lgamma": mp.loggamma,
    "pow": mp.power, "fmod": lambda x, y: x - y * mp.floor(x / y), "fabs": abs}


def in_last_place(found, name, arrays):
    """The largest distance to the correctly rounded result, in units of its last place."""
    exact = EXACT.get(name) or getattr(mp, name)
    with mpmath.workdps(40):
        values = [exact(*map(mp.mpf, map(float, row))) for row in zip(*arrays)]
    right = np.array([float(v) for v in values]).astype(found.dtype)
    gap = np.abs(found.astype(np.float64) - right.astype(np.float64))
    return (gap / np.spacing(np.abs(right))).max()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [*MATHS, *PAIRS])
def test_functions_of_libdevice(name, dtype, compiler, rng):
    single, double, low, high = (MATHS | PAIRS)[name]
    arrays = [rng.uniform(low, high, 300).astype(dtype) for _ in range(1 + (name in PAIRS))]
    kernel = compiler.samples.elementwise(f"math.{name}({'x, y' if name in PAIRS else 'x'})", len(arrays))
    found = compiler.run(kernel, [np.zeros(300, dtype), *arrays], 3, 128)[0]
    assert in_last_place(found, name, arrays) <= (single if dtype == np.float32 else double)


@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
@pytest.mark.parametrize("dtype, high", [(np.float32, 1e30), (np.float64, 1e200)])
def test_huge_angles_are_reduced(name, dtype, high, compiler, rng):
    x = np.exp(rng.uniform(9, np.log(high), 100)).astype(dtype)
    kernel = compiler.samples.elementwise(f"math.{name}(x)", 1)
    found = compiler.run(kernel, [np.zeros(100, dtype), x], 1, 128)[0]
    with mpmath.workdps(300):
        right = np.array([float(getattr(mp, name)(mp.mpf(float(v)))) for v in x]).astype(dtype)
    assert (np.abs(found - right) <= 4 * np.spacing(np.abs(right))).all()


@pytest.mark.parametrize("name", ["sin", "exp", "tanh", "log", "pow", "sqrt", "erf"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_special_values(name, dtype, compiler):
    values = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 1e-310, -3.5], dtype)
    arrays = [v.ravel() for v in np.meshgrid(values, values)] if name == "pow" else [values]
    kernel = compiler.samples.elementwise(f"math.{name}({'x, y' if name == 'pow' else 'x'})", len(arrays))
    found = compiler.run(kernel, [np.zeros(arrays[0].size, dtype), *arrays], 1, 128)[0]
    from scipy.special import erf
    with np.errstate(all="ignore"):
        right = {"pow": np.power, "erf": erf}.get(name, getattr(np, name, None))(*arrays)
    np.testing.assert_allclose(found, right, rtol=1e-6)
    np.testing.assert_array_equal(np.signbit(found[right == 0]), np.signbit(right[right == 0]))


def test_fast_functions(compiler, rng):
    x = rng.uniform(0.1, 3, 200).astype(np.float32)
    kernel = compiler.samples.elementwise("math.sin(x) + math.exp(x) * math.log(x) + math.sqrt(x) / x", 1)
    found = compiler.run(kernel, [np.zeros_like(x), x], 2, 128, options=(("fastmath", True),))[0]
    right = np.sin(x) + np.exp(x) * np.log(x) + np.sqrt(x) / x
    np.testing.assert_allclose(found, right, rtol=1e-5, atol=1e-5)


DTYPES = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]


@pytest.mark.parametrize("dtype", DTYPES)
def test_integers_of_all_sizes(dtype, compiler, rng):
    limits = np.iinfo(dtype)
    x = rng.integers(limits.min, limits.max, 500, dtype, endpoint=True)
    y = rng.integers(1, 100, 500).astype(dtype)
    kernel = compiler.samples.elementwise("(x // y) * (x % y) + (x ^ y) - (x & y) + (x >> 2)", 2)
    found = compiler.run(kernel, [np.zeros_like(x), x, y], 4, 128)[0]
    np.testing.assert_array_equal(found, (x // y) * (x % y) + (x ^ y) - (x & y) + (x >> dtype(2)))


@pytest.mark.parametrize("dtype", [np.float16, np.complex64, np.complex128, np.bool_])
def test_other_types(dtype, compiler, rng):
    x = (rng.standard_normal(100) > 0 if dtype == np.bool_ else rng.standard_normal(100)).astype(dtype)
    expression = {np.bool_: "not x", np.float16: "float32(x) * float32(2)"}.get(dtype, "x * x + x")
    found = compiler.run(compiler.samples.elementwise(expression, 1), [np.zeros_like(x), x], 1, 128)[0]
    right = {np.bool_: np.logical_not, np.float16: lambda v: v + v}.get(dtype, lambda v: v * v + v)(x)
    np.testing.assert_allclose(found, right, rtol=1e-6)


@pytest.mark.parametrize("size", [1, 127, 128, 1000, 5000])
def test_sums(size, compiler, rng):
    x = rng.integers(-9, 9, size).astype(float)
    assert compiler.run(compiler.samples.total, [np.zeros(3), x], 3, 128)[0].sum() == x.sum()


@pytest.mark.parametrize("m, k, n", [(16, 16, 16), (33, 20, 50), (1, 40, 17)])
def test_products_in_tiles(m, k, n, compiler, rng):
    a, b = (rng.integers(-9, 9, s).astype(np.float32) for s in ((m, k), (k, n)))
    grid = (-(-n // 16), -(-m // 16))
    np.testing.assert_array_equal(
        compiler.run(compiler.samples.matmul, [np.zeros((m, n), np.float32), a, b], grid, (16, 16))[0], a @ b)


def test_histograms(compiler, rng):
    x = rng.integers(0, 1000, 777)
    arrays = [np.zeros(13, np.int64), np.zeros(13), x]
    counts, sums, _ = compiler.run(compiler.samples.histogram, arrays, 7, 128)
    np.testing.assert_array_equal(counts, np.bincount(x % 13, minlength=13))
    np.testing.assert_array_equal(sums, np.bincount(x % 13, x, 13))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.uint32, np.int64, np.uint64])
def test_smallest_and_largest(dtype, compiler, rng):
    x = rng.integers(5, 10 ** 6, 400).astype(dtype)
    found = compiler.run(compiler.samples.extremes, [x[:2].copy(), x], 4, 128)[0]
    np.testing.assert_array_equal(found, [x.min(), x.max()])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.int64])
def test_sums_of_warps(dtype, compiler, rng):
    x = rng.integers(-99, 99, 200).astype(dtype)
    found = compiler.run(compiler.samples.warp_sums, [np.zeros_like(x), x], 2, 128)[0]
    sums = np.add.reduceat(x, np.arange(0, 200, 32))
    np.testing.assert_array_equal(found, np.repeat(sums, 32)[:200])


def test_local_arrays(compiler, rng):
    x = rng.standard_normal(8 * 50).astype(np.float32)
    found = compiler.run(compiler.samples.sorted_eights, [np.zeros_like(x), x], 1, 64)[0]
    np.testing.assert_array_equal(found, np.sort(x.reshape(-1, 8), 1).ravel())


def test_grids_of_two_dimensions(compiler, rng):
    x = rng.standard_normal((37, 21))
    found = compiler.run(compiler.samples.transpose, [np.zeros((21, 37)), x], (5, 3), (8, 8))[0]
    np.testing.assert_array_equal(found, x.T)


@pytest.mark.parametrize("name, values, block, error, message", [
    ("store_at", [np.zeros(100), -101], 128, faults.OutOfBoundsError, "8 bytes before buffer #1 of 800"),
    ("store_at", [np.zeros(100), 1], 128, faults.OutOfBoundsError, r"\(99, 0, 0\).* at byte 800 of"),
    ("total_without_barriers", [np.zeros(1), np.zeros(128)], 128, faults.RaceError, "shared memory"),
    ("some_at_a_barrier", [np.zeros(64), 10], 64, faults.DivergentBarrierError, "10 threads of the block"),
    ("endless", [np.zeros(64), 0.0], 64, faults.StepLimitError, "does not end")])
def test_faults_are_caught(name, values, block, error, message, compiler):
    with pytest.raises(error, match=message):
        compiler.run(getattr(compiler.samples, name), values, 1, block, limit=20_000)


def test_freed_arrays_are_not_read(compiler, rng):
    x = np.zeros(64)
    kernel = Kernel(compiler.text(compiler.samples.store_at, [x, 0]))
    memory = Memory()
    address = memory.put(x)
    memory.free(address)
    with pytest.raises(faults.UseAfterFreeError):
        launch(kernel, 1, 64, [*array_words(address, 64, x.dtype), 0], memory=memory)


@pytest.mark.parametrize("target", ["sm_75", "sm_80", "sm_90", "sm_120"])
def test_machine_code(target, compiler):
    capability = int(target[3:]) // 10, int(target[3:]) % 10
    text = compiler.text(compiler.samples.total, [np.zeros(3)] * 2, capability=capability)
    made = compiler.compile.assemble(text, target)
    assert made.code[:4] == b"\x7fELF" and 8 < made.registers < 64
    assert made.stack == made.spilled == 0
    assert made.shared - 8 * 128 in (0, 1024)                      # sm_90 keeps 1 KB of every block
    text = compiler.text(compiler.samples.sorted_eights, [np.zeros(8, np.float32)] * 2, capability=capability)
    made = compiler.compile.assemble(text, target)
    assert made.stack in (0, 32) and made.shared in (0, 1024)     # some targets keep the array in registers


def test_the_assembler_says_what_is_wrong(compiler):
    text = ".version 8.0\n.target sm_80\n.address_size 64\n.entry k() { frob; }"
    with pytest.raises(RuntimeError, match="frob"):
        compiler.compile.assemble(text, "sm_80")


GRADIENTS = """
import sys
from pathlib import Path
import numpy as np
from ptx.front import Front, LAUNCHES
import nbgrad as nb
from nbgrad.arrays import cuda

front = Front(Path(sys.argv[1]))
cuda.connect("cuda", front, **LAUNCHES)

def f(x):
    wave = nb.tanh(x) * nb.exp(-x * x) + nb.sin(x) / (1 + nb.abs(x))
    return nb.sum(wave) + nb.mean(nb.softmax(nb.permute_dims(x, (1, 0)), axis=1) ** 2) + nb.max(x)

x = np.random.default_rng(0).standard_normal((37, 50))
found = []
for name in ("cpu", "cuda"):
    with nb.device(name):
        found.append([z.numpy() for z in nb.value_and_grad(f)(nb.asarray(x))])
np.testing.assert_allclose(found[1][0], found[0][0], rtol=1e-13)
np.testing.assert_allclose(found[1][1], found[0][1], rtol=1e-12, atol=1e-15)
assert front.launches > front.count > 9
"""


def test_gradients_of_nbgrad_on_its_cuda_kernels(tmp_path):
    """In a process of its own: a process has one device."""
    path = os.pathsep.join([str(Path(__file__).parents[1]), str(Path(nbgrad.__file__).parents[1])])
    command = [sys.executable, "-W", "error", "-c", GRADIENTS, str(tmp_path)]
    space = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, env=space, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
