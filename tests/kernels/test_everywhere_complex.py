"""Complex numbers on devices: values as NumPy's, gradients as on the CPU, and what is refused.

Run with NBGRAD_DEVICE=cuda-sim, and with --ptx on the code of CUDA's kernels.
"""

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import errors
from nbgrad.ops.complex_forms import FORMS
from nbgrad.testing import values

RNG = np.random.default_rng(5)
Z = RNG.normal(size=(3, 4)) + 1j * RNG.normal(size=(3, 4))
W, REALS = Z[::-1] * (0.5 - 2j), RNG.normal(size=(3, 4))
TOLERANCE = {"complex64": 2e-5, "complex128": 1e-12}
TWO = {"divide", "pow"}
NAMES = {"acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan",
         "atanh": "arctanh", "pow": "power"}
ELEMENTWISE = sorted(op.name for op in FORMS)
# What is computed, of two arrays that know NumPy's functions: NumPy's own and Tensors.
STRUCTURED = {
    "arithmetic": lambda z, w: (z * w - w) / z + 2j * z + REALS.astype(z.real.dtype) * w,
    "parts": lambda z, w: z.real * w.imag + abs(z) * w.conj(),
    "powers": lambda z, w: z**3 + w**-1,
    "sums": lambda z, w: np.sum(z, axis=0) + np.mean(w, axis=0),
    "sum of all": lambda z, w: np.sum(z * w),
    "cumsum": lambda z, w: np.cumsum(z, axis=1),
    "views": lambda z, w: z[::2, 1:].T * w[:2, ::-1][:, 1:].T,
    "rows": lambda z, w: z[[0, 2, 0], 1:],
    "mask": lambda z, w: z[np.abs(Z) > 0.5],
    "concat": lambda z, w: np.concatenate([z, w], axis=1),
    "stack": lambda z, w: np.stack([z.T, w.T]),
    "pad, roll": lambda z, w: np.roll(np.pad(z, 1), 1, axis=0),
    "where": lambda z, w: np.where(REALS > 0, z, w),
    "matmul": lambda z, w: z @ w.conj().T,
    "matmul with reals": lambda z, w: z @ REALS.T.astype(z.real.dtype),
    "vectors": lambda z, w: z @ w[0],
    "einsum": lambda z, w: np.einsum("ij,kj->ik", z, w),
    "einsum of three": lambda z, w: np.einsum("ij,kj,i->jk", z, w, z[:, 0]),
    "einsum of one": lambda z, w: np.einsum("ij->j", z),
    "products": lambda z, w: np.vdot(z, w) + np.dot(z[0], w[0]),
    "kron": lambda z, w: np.kron(z[:2, :2], w[1:, 2:]),
    "equal": lambda z, w: (z == w) | (z[0] != w[0]),
    "nonzero": lambda z, w: np.nonzero(z * (REALS > 0))[1],
    "any, all": lambda z, w: np.any(z * 0, axis=0) | np.all(w, axis=0),
    "cross": lambda z, w: np.cross(z[:, :3], w[:, 1:]),
    "norm": lambda z, w: np.linalg.norm(z, axis=1),
}


def agree(got, want, dtype):
    got = values(got)
    assert (got.dtype, got.shape) == (want.dtype, want.shape)
    np.testing.assert_allclose(got, want, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_values_of_elementwise_ops(name, dtype):
    args = [x.astype(dtype) for x in (3 * Z, W)[:1 + (name in TWO)]]
    got = getattr(nb, name)(*map(nb.asarray, args))
    assert got.device == nb.ones(1).device != "cpu"
    agree(got, getattr(np, NAMES.get(name, name))(*args), dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", STRUCTURED)
def test_values(name, dtype):
    z, w = Z.astype(dtype), W.astype(dtype)
    agree(STRUCTURED[name](nb.asarray(z), nb.asarray(w)), STRUCTURED[name](z, w), dtype)


def test_values_of_infinities_and_zeros():
    ends = np.array([0.0, -0.0, 1.0, np.inf, -np.inf, np.nan])
    z = np.empty((6, 6), complex)
    z.real, z.imag = ends[:, None], ends
    for name in ("exp", "sqrt", "log", "tanh"):
        with np.errstate(all="ignore"):
            want = getattr(np, name)(z)
        got = values(getattr(nb, name)(nb.asarray(z)))
        np.testing.assert_allclose(got, want, rtol=1e-13)


@pytest.mark.parametrize("name", sorted(set(STRUCTURED) - {"any, all", "equal", "nonzero"}))
def test_gradients_of(name):
    def f(z, w):
        found = STRUCTURED[name](z, w)
        return nb.sum(nb.abs(found * found + 1.5))

    def both(where):
        with nb.device(where):
            return nb.grad(f, (0, 1))(nb.asarray(Z), nb.asarray(W))

    for got, want in zip(both(nb.ones(1).device), both("cpu"), strict=True):
        agree(got, values(want), "complex128")


@pytest.mark.parametrize("name", sorted(set(ELEMENTWISE) - TWO - {"rint"}))
def test_gradients_of_elementwise_ops(name):
    found = []
    for where in (nb.ones(1).device, "cpu"):
        with nb.device(where):
            found.append(nb.grad(lambda z: nb.sum(nb.abs(getattr(nb, name)(z))))(nb.asarray(Z)))
    agree(found[0], values(found[1]), "complex128")


def test_values_that_are_moved_written_and_converted():
    z = nb.asarray(Z)
    np.testing.assert_array_equal(values(z.to("cpu")), Z)
    np.testing.assert_array_equal(values(nb.astype(nb.asarray(REALS), nb.complex64)), REALS.astype("c8"))
    np.testing.assert_array_equal(values(nb.astype(nb.asarray(REALS > 0), nb.complex128)), (REALS > 0) + 0j)
    z[1, :2] = 3j
    want = Z.copy()
    want[1, :2] = 3j
    np.testing.assert_array_equal(values(z), want)


@pytest.mark.parametrize("name", ["inv", "det", "cholesky", "eigh", "slogdet"])
def test_values_that_are_refused_by_name(name):
    with pytest.raises(errors.DeviceError, match=rf"^{name}: .*complex128, shapes \(3, 3\)\).*\('cpu'\)"):
        getattr(nb, name)(nb.asarray(Z[:, :3]))


@pytest.mark.parametrize("f", [
    nb.var, nb.std, nb.prod, nb.max, nb.argmin, nb.sort, nb.argsort, nb.cumprod, nb.linalg.svd, nb.linalg.qr,
    nb.linalg.pinv, lambda z: nb.linalg.eigvals(z[:, :3]), lambda z: nb.inv(z[:, :3]),
    lambda z: nb.expm(z[:, :3]), lambda z: nb.convolve(z[0], z[0]), lambda z: nb.searchsorted(z[0], z[0]),
    lambda z: nb.roots(z[0])])
def test_values_that_have_no_kernel_are_refused(f):
    with pytest.raises(nb.errors.DeviceError, match="no kernel"):
        f(nb.asarray(Z))
