"""Each public function that NumPy has too, on complex numbers: NumPy's value, or a refusal that is listed."""

import itertools
import warnings

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import errors
from nbgrad.compile import tiers
from nbgrad.define.inputs import make
from nbgrad.define.registry import OPS
from nbgrad.engine.tree import flatten, map_leaves
from nbgrad.testing import values

RNG = np.random.default_rng(5)


@pytest.fixture(autouse=True, scope="module")
def interpreted():
    with tiers.chosen("interpreted"):
        yield


def drawn(*shape):
    """Small whole numbers, so that some are equal, or have equal real parts."""
    return RNG.integers(-2, 3, shape) + 1j * RNG.integers(-2, 3, shape)


Z, W, V, U = drawn(3, 3), drawn(3, 3) + 1, drawn(4), drawn(4)
STEPS, PLACES = np.arange(4.0), np.array([1, 0, 2])
ENDS = np.array([1 + 1j, complex(np.nan, 1), complex(1, np.inf), complex(-np.inf, np.nan)])

# What is called with other arguments than one or two arrays
CALLS = {
    "apply_along_axis": (lambda row: row * 1j, 0, Z), "apply_over_axes": (lambda x, a: x.sum(a), Z, [0]),
    "argpartition": (V[[0, 1, 3]], 1), "around": (Z * 1.234, 1), "array_split": (V, 3), "astype": (Z, "c8"),
    "average": (Z, 0, np.ones(3) / 2), "bincount": (PLACES, V[:3]), "block": ([Z, W],),
    "broadcast_to": (V, (2, 4)), "can_cast": ("c8", "c16"),
    "choose": (PLACES, [V[:3], U[:3], V[1:]]), "clip": (Z, -1 - 1j, 1 + 1j), "column_stack": ([Z, W],),
    "cumulative_prod": (V,), "cumulative_sum": (V,), "ix_": (V, U), "polyint": (V,), "polymul": (V, U),
    "compress": ([True, False, True], Z), "concat": ([Z, W],), "concatenate": ([Z, W],), "convolve": (V, U),
    "correlate": (V, U), "cov": (Z,), "cross": (Z, W), "delete": (V, 1), "diagflat": (V,),
    "dsplit": (Z.reshape(1, 1, 9), 3), "dstack": ([Z, W],), "einsum": ("ij,jk", Z, W), "expand_dims": (Z, 0),
    "extract": (Z.real > 0, Z), "fft.ihfft": (V.real,), "fft.rfft": (V.real,), "fft.rfft2": (Z.real,),
    "fft.rfftn": (Z.real,), "full": ((2,), 1j), "full_like": (Z, 2j), "geomspace": (1 + 1j, 2 + 3j, 5),
    "gradient": (V,), "histogram": (V,), "histogram2d": (V, U), "histogram_bin_edges": (V,),
    "hsplit": (Z, 3), "hstack": ([Z, W],),
    "insert": (V, 1, 2j), "interp": (STEPS[:3] + 0.5, STEPS, V), "intersect1d": (V, U), "isin": (V, U),
    "lexsort": ((V, U),), "linspace": (1j, 2 + 1j, 5), "logspace": (1j, 2 + 1j, 5), "moveaxis": (Z, 0, 1),
    "nan_to_num": (ENDS,), "pad": (Z, 1), "partition": (V, 2), "permute_dims": (Z, (1, 0)),
    "piecewise": (Z, [Z.real > 0], [1j, 2]), "polyadd": (V, U), "poly": (V,), "polyder": (V,),
    "polyfit": (STEPS, V, 1), "polysub": (V, U), "polyval": (V, Z), "repeat": (Z, 2), "reshape": (Z, (9,)),
    "resize": (Z, (2, 6)), "roots": (V,), "roll": (Z, 1), "rollaxis": (Z, 1), "round": (Z * 1.234, 1),
    "searchsorted": (np.sort(V), U), "select": ([Z.real > 0], [Z], 2j), "setdiff1d": (V, U),
    "setxor1d": (V, U), "sinc": (Z,), "split": (V, 2), "squeeze": (Z[:1],), "stack": ([Z, W],),
    "swapaxes": (Z, 0, 1), "take": (Z, [0, 2]), "take_along_axis": (Z, np.argsort(Z.real), -1),
    "tensordot": (Z, W, 1), "tile": (Z, 2), "union1d": (V, U), "vander": (V,), "vsplit": (Z, 3),
    "vstack": ([Z, W],), "where": (Z.real > 0, Z, W),
}
# These take more than NumPy's.
MORE = {"deg2rad", "degrees", "i0", "rad2deg", "radians"}
USUAL = [(Z,), (Z, W), (V,), (V, U)]
# Of the values of these NumPy leaves the order, or all, open.
SORTED, OPEN = {"unique_values"}, {"empty_like"}
REFUSED = {
    **dict.fromkeys(["histogram", "histogram2d", "histogramdd", "histogram_bin_edges"],
                    "bins between numbers in the order of their real parts say nothing of the plane"),
    **dict.fromkeys(["less", "less_equal", "greater", "greater_equal"],
                    "rules of real numbers that choose by them would go on with complex ones, and be wrong"),
}
# What has no argument that could be complex; what writes into one; files
WITHOUT = {
    "arange", "broadcast_shapes", "diag_indices", "empty", "eye", "fft.fftfreq", "fft.rfftfreq",
    "fromfunction", "identity", "indices", "isdtype", "load", "mask_indices", "ones", "place", "put",
    "put_along_axis", "putmask", "ravel_multi_index", "save", "tri", "tril_indices", "triu_indices",
    "unravel_index", "zeros"}


def functions(library):
    """Functions by their dotted names."""
    for prefix, module in (("", library), ("fft.", library.fft)):
        for name in dir(module):
            found = getattr(module, name)
            if not name.startswith("_") and callable(found) and not isinstance(found, type):
                yield prefix + name, found


NUMPYS, OURS = dict(functions(np)), dict(functions(nb))
SHARED = sorted((NUMPYS.keys() & OURS.keys()) - WITHOUT - OPEN - MORE)


def numpys(name):
    """The first arguments that NumPy takes, and its result; None where it takes none."""
    for args in [CALLS[name]] if name in CALLS else USUAL:
        try:
            with warnings.catch_warnings(action="ignore"):
                return args, NUMPYS[name](*args)
        except TypeError:
            continue
    return None


def leaves(name, x):
    found = [np.asarray(values(leaf)) if isinstance(leaf, nb.Tensor) else leaf for leaf in flatten(x)[0]]
    return [np.sort(leaf) for leaf in found] if name in SORTED else found


def check(name, got, want):
    got, want = leaves(name, got), leaves(name, want)
    assert len(got) == len(want)
    for a, b in zip(got, want, strict=True):
        if isinstance(b, (np.ndarray, np.generic)):
            b = np.asarray(b)
            assert (a.dtype, a.shape) == (b.dtype, b.shape)
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
        else:
            assert a == b


@pytest.mark.parametrize("name", SHARED)
def test_complex_numbers_as_numpy_does_or_refused_by_name(name):
    found = numpys(name)
    tensors = map_leaves(lambda x: nb.asarray(x) if isinstance(x, np.ndarray) else x,
                         (CALLS.get(name, (Z, W)) if found is None else found[0]))
    if found is None or name in REFUSED:
        for args in (tensors[:1], tensors) if found is None and name not in CALLS else (tensors,):
            with pytest.raises((errors.NbgradError, TypeError)):
                OURS[name](*args)
        if found is not None:
            with pytest.raises(errors.DtypeError, match="complex"):
                NUMPYS[name](*tensors)
        return
    args, want = found
    check(name, OURS[name](*args), want)
    if hasattr(NUMPYS[name], "_implementation") or isinstance(NUMPYS[name], np.ufunc):
        check(name, NUMPYS[name](*tensors), want)


# ---------------------------------------------------------------------------------------------- derivatives
Z0, W0, R0 = [RNG.normal(size=(3, 4)) + 1j * RNG.normal(size=(3, 4)) for _ in range(2)] + [RNG.normal(size=4)]
ZEROS = Z0 * (np.arange(12).reshape(3, 4) % 5 != 1)
KNOTS = np.array([-1.0, 0.0, 1.0, 2.0])


def with_nan(f):
    return lambda z: f(nb.where(np.arange(12).reshape(3, 4) == 5, np.nan, z))


DERIVED = {
    "sign": nb.sign, "prod": nb.prod, "prod of rows": lambda z: nb.prod(z, axis=1, keepdims=True),
    "cumprod": lambda z: nb.cumprod(z, 1), "var": lambda z: nb.var(z, 0, ddof=1), "std": nb.std,
    "std of rows": lambda z: nb.std(z, axis=1, keepdims=True, correction=1),
    "nanvar": with_nan(lambda z: nb.nanvar(z, 0)), "nanstd": with_nan(lambda z: nb.nanstd(z, 1)),
    "nanmean": with_nan(lambda z: nb.nanmean(z, 1)), "nanprod": with_nan(lambda z: nb.nanprod(z, 1)),
    "nancumprod": with_nan(lambda z: nb.nancumprod(z, 1)), "nanmax": with_nan(lambda z: nb.nanmax(z, 1)),
    "nanmedian": with_nan(lambda z: nb.nanmedian(z, 1)), "nan_to_num": with_nan(nb.nan_to_num),
    "sort": lambda z: nb.sort(z, 0), "falling": lambda z: nb.sort(z, 1, descending=True),
    "median": lambda z: nb.median(z, 1), "max": nb.max, "min": lambda z: nb.min(z, 0),
    "ptp": lambda z: nb.ptp(z, 1), "partition": lambda z: nb.partition(z, 2, 1), "unique": nb.unique,
    "maximum": lambda z: nb.maximum(z, W0), "minimum": lambda z: nb.minimum(z[0], nb.real(z[1])),
    "fmax": lambda z: nb.fmax(z, W0), "clip": lambda z: nb.clip(z, -0.3 - 1j, nb.real(z[0]) * 0.5),
    "limit": lambda z: nb.clip(z, -0.3), "float_power": lambda z: nb.float_power(z, 2.5),
    "interp": lambda z: nb.interp(nb.real(z[0]) * 3, KNOTS, z[1], left=z[2, 0], right=1j),
    "geomspace": lambda z: nb.geomspace(z[0, 0], z[0, 1], 4), "vander": lambda z: nb.vander(z[0], 3),
    "linspace": lambda z: nb.linspace(z[0], z[1], 3), "average": lambda z: nb.average(z, 0, nb.abs(z)),
}


@pytest.mark.parametrize("name", DERIVED)
def test_derivatives_of_both_modes_twice(name):
    nb.testing.check_grads(DERIVED[name], (Z0,), 2, 1e-6)


@pytest.mark.parametrize("f", [nb.prod, lambda z: nb.prod(z, 0), lambda z: nb.cumprod(z, 1)])
@pytest.mark.parametrize("scale", [1.0, 1e-200])
def test_products_with_zeros_have_exact_derivatives(f, scale):
    nb.testing.check_grads(f, (ZEROS[:, :2] * scale,), 2, 1e-6)


def test_conventions_at_ties_and_at_zero():
    def slope(f, *z):
        return values(nb.grad(lambda z: nb.real(nb.sum(f(z))))(np.array(z, complex))).tolist()

    assert slope(nb.max, 1 + 1j, 1 + 1j, 0) == slope(nb.min, 1 + 1j, 1 + 1j, 2) == [0.5, 0.5, 0]
    assert slope(lambda z: nb.maximum(z, 1 + 1j), 1 + 1j, 1 + 2j, 1) == [0.5, 1, 0]
    assert slope(lambda z: nb.clip(z, 0.0, 1 + 1j), 0, 1, 1 + 1j, 2) == [0, 1, 0, 0]
    assert slope(nb.sign, 0, 2) == slope(nb.std, 1j, 1j) == [0, 0]
    np.testing.assert_allclose(values(nb.grad(nb.var)(Z0)), 2 * (Z0 - Z0.mean()).conj() / Z0.size)


def test_one_side_is_refused_at_kinks_and_smooth_elsewhere():
    z, u = np.array([1 + 1j, 1 + 1j, 0]), np.array([1 + 1j, 2, 3 - 1j])
    for f in (nb.max, nb.sort, lambda z: nb.maximum(z, 1 + 1j), lambda z: nb.clip(z, 1 + 1j, 3), nb.abs,
              nb.sign, lambda z: nb.norm(z[2:]), lambda z: nb.std(z[:2])):
        with pytest.raises(errors.GradientError, match="complex"):
            nb.directional(lambda z, f=f: nb.sum(nb.real(f(z))), z, u)
    for choice in ("left", "right", "mean"):
        with nb.subgradient(choice), pytest.raises(errors.GradientError, match="complex"):
            nb.grad(lambda z: nb.sum(nb.abs(z)))(z)
    for f in (nb.abs, nb.sign, nb.std, nb.var, nb.prod, lambda z: z / nb.abs(z)):
        want = nb.jvp(f, (Z0[0],), (W0[0],))[1]
        np.testing.assert_allclose(values(nb.directional(f, Z0[0], W0[0])), values(want), rtol=1e-12)


# ----------------------------------------------------------------------------------- ends of the range, nan
PARTS = [0.0, -0.0, 1.0, -1.0, 2.5, np.inf, -np.inf, np.nan, 5e-324]
ALL = np.array([complex(x, y) for x in PARTS for y in PARTS])


def same(got, want):
    got, want = values(got), np.asarray(want)
    assert got.dtype == want.dtype
    np.testing.assert_array_equal(got.real, want.real)
    np.testing.assert_array_equal(got.imag, want.imag)


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin"])
def test_the_order_of_infinities_and_nan_is_numpys(name, dtype):
    z = ALL.astype(dtype)
    same(getattr(nb, name)(z[:, None], z), NUMPYS[name](z[:, None], z))


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("name", ["sort", "max", "min", "argmax", "argmin", "sign", "nanmax", "nanmin"])
def test_infinities_and_nan_are_numpys(name, dtype):
    for z in (ALL, ALL[np.isfinite(ALL)], ALL[:7]):
        z = z.astype(dtype)
        if name == "sign":                        # of unit length to rounding
            np.testing.assert_allclose(values(nb.sign(z)), np.sign(z), rtol=1e-6)
        else:
            same(OURS[name](z), NUMPYS[name](z))


def test_deviations_neither_cancel_nor_overflow():
    z = np.array([1.0, 2.0, 4.0]) * (1 + 1j)
    np.testing.assert_allclose(float(nb.var(z + 1e9 * (1 + 1j))), np.var(z), rtol=1e-12)
    np.testing.assert_allclose(float(nb.std(z * 1e200)), np.std(z) * 1e200, rtol=1e-12)
    assert complex(nb.sign(1.7e308 * (1 + 1j))) == pytest.approx((1 + 1j) / np.sqrt(2))


@pytest.mark.parametrize("f", [
    nb.relu, lambda z: nb.heaviside(z, 0), nb.fabs, nb.softmax, nb.logsumexp, nb.special.erf,
    lambda z: nb.digitize(z, [0.0]), lambda z: nb.quantile(z, 0.5), nb.stats.norm.pdf,
    lambda z: nb.special.logsumexp(z, b=z),
    lambda z: z > z, nb.gelu])
def test_functions_of_real_numbers_refuse(f):
    with pytest.raises(errors.DtypeError, match="complex"):
        f(nb.asarray(Z0))


# ------------------------------------------------------------------------------------------- documentation
STRUCTURED = sorted(row.op.name for row in OPS.values()
                    if row.kind == "structured" and row.home == "nbgrad" and not row.private
                    and hasattr(row.op, "on_complex"))


@pytest.mark.parametrize("name", STRUCTURED)
def test_documentation_says_which_ops_take_complex_numbers(name):
    row = OPS[name]
    inputs, params = make(np.random.default_rng(3), row.cases[0], np.float64)
    inputs = map_leaves(
        lambda x: x * (1 + 0.5j) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x, inputs)
    if name == "astype":                          # to a real dtype is refused
        params["dtype"] = "complex64"
    try:
        row.op(*inputs, **params)
        takes = True
    except errors.DtypeError:
        takes = False
    text = " ".join(row.op.__doc__.split())
    assert ("Complex numbers are taken" in text) == takes
    assert ("no array of numbers, and for complex numbers." in text) != takes


def test_documentation_of_elementwise_ops_says_so_too():
    for name in ("exp", "maximum", "isnan"):
        assert "complex128 ->" in OPS[name].op.__doc__ or "complex128 -> bool" in OPS[name].op.__doc__
    assert "complex" not in nb.relu.__doc__ and "complex" not in nb.floor.__doc__
    assert "complex128 -> float64" in nb.abs.__doc__
    assert "No derivative of real numbers" in nb.sign.__doc__


# ---------------------------------------------------------------------------------------------------- sums
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("name", ["sum", "mean"])
def test_sums_over_all_axes_and_strides(name, dtype):
    x = (RNG.normal(size=(4, 6, 5, 3)) + 1j * RNG.normal(size=(4, 6, 5, 3))).astype(dtype)
    rtol = 1e-4 if dtype == "complex64" else 1e-12
    for part in (x[0, 0, 0], x[0, 0].T, x[0, ::2, ::-1], x.transpose(1, 3, 0, 2), x[:, :, :, 1:2], x[1:1],
                 np.broadcast_to(x[0, 0, 0], (5, 3)), x[0, 0, 0, :1].reshape(())):
        for chosen in itertools.product([False, True], repeat=part.ndim):
            axis = tuple(np.flatnonzero(chosen).tolist())
            for keepdims in (False, True):
                with warnings.catch_warnings(action="ignore"):
                    want = np.asarray(getattr(np, name)(part, axis, keepdims=keepdims))
                got = values(getattr(nb, name)(part, axis, keepdims))
                assert (got.dtype, got.shape) == (want.dtype, want.shape)
                np.testing.assert_allclose(got, want, rtol=rtol, atol=rtol)


def test_a_sum_of_many_small_numbers_keeps_their_digits():
    x = np.full((200_000, 2), 0.1 + 0.3j, "complex64")
    want = 200_000 * complex(x[0, 0])
    for z in (nb.sum(x, 0)[1], nb.sum(x[:, 0]), nb.sum(x) / 2, nb.sum(x.T, 1)[0]):
        assert abs(complex(z) - want) < 1e-5 * abs(want)
