"""Complex numbers: values as NumPy's, derivatives by differences in both parts, in both modes and twice."""

import cmath

import numpy as np
import pytest
import scipy.linalg

import nbgrad as nb
from nbgrad import errors
from nbgrad.compile import tiers
from nbgrad.define.registry import OPS
from nbgrad.engine.tree import flatten
from nbgrad.ops.complex_forms import FORMS
from nbgrad.testing import values

RNG = np.random.default_rng(5)
DTYPES = ["complex64", "complex128"]


def drawn(*shape, dtype="complex128"):
    return (RNG.normal(size=shape) + 1j * RNG.normal(size=shape)).astype(dtype)


Z, W = drawn(3, 4), drawn(3, 4)
SQUARE = drawn(3, 3) + 2 * np.eye(3)
REALS = RNG.normal(size=(3, 4))

# NumPy's functions where ours have other names, or are of two operands
TWO = {"divide", "pow"}
NUMPYS = {name: getattr(np, {"acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh",
                             "atan": "arctan", "atanh": "arctanh", "pow": "power"}.get(name, name))
          for name in sorted(op.name for op in FORMS)}


@pytest.fixture(autouse=True, params=["interpreted"])
def tier(request):
    with tiers.chosen(request.param):
        yield


def adjoint(a):
    return nb.asarray(a).mH


def check(f, *args, rtol=1e-6):
    """Both modes agree with differences in both parts, twice."""
    nb.testing.check_grads(f, args, 2, rtol)


# --------------------------------------------------------------------------------------------- elementwise
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NUMPYS)
def test_values_are_numpys(name, dtype):
    args = [drawn(50, dtype=dtype) * 3 for _ in range(1 + (name in TWO))]
    got, want = values(getattr(nb, name)(*args)), NUMPYS[name](*args)
    assert (got.dtype, got.shape) == (want.dtype, want.shape)
    np.testing.assert_allclose(got, want, rtol=2e-5 if dtype == "complex64" else 1e-13)


@pytest.mark.parametrize("name", sorted(set(NUMPYS) - {"rint"}))
def test_derivatives_of_each_form(name):
    check(getattr(nb, name), *[0.7 * drawn(5) + 0.3 for _ in range(1 + (name in TWO))])


@pytest.mark.parametrize("name", sorted(set(NUMPYS) - {"rint"} - TWO))
def test_derivatives_in_both_parts(name):
    """Several results of one kernel, the pullback of `nb.complex`, are differentiated again."""
    z = 0.7 * drawn(4) + 0.3
    check(lambda x, y: getattr(nb, name)(nb.complex(x, y)), z.real, z.imag)


def test_every_elementwise_op_takes_complex_numbers_as_numpy_does_or_refuses():
    """None goes on with the parts that a real rule would read."""
    for row in OPS.values():
        if row.kind != "elementwise" or row.home != "nbgrad" or not hasattr(row.op, "arity"):
            continue
        args = [drawn(4) for _ in range(row.op.arity)]
        try:
            got = flatten(row.op(*args))[0]
        except errors.DtypeError as error:
            assert "complex" in str(error)
            continue
        like = row.like if callable(row.like) else None
        if isinstance(like, np.ufunc):
            np.testing.assert_allclose(values(got[0]), like(*args), rtol=1e-12, atol=1e-12)


POINTS = [complex(a, b) for a in (0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 1e200, 1e-200)
          for b in (0.0, -0.0, 1.0, 3.0)]


@pytest.mark.parametrize("name", ["sqrt", "log", "exp", "asin", "acos", "atan", "asinh", "acosh", "atanh",
                                  "tanh"])
def test_sides_of_branch_cuts_and_ends_of_the_range(name):
    """As in Python's cmath, where that does not raise."""
    for z in POINTS:
        try:
            want = getattr(cmath, name)(z)
        except (ValueError, OverflowError):
            continue
        got = complex(getattr(nb, name)(z))
        for a, b in ((got.real, want.real), (got.imag, want.imag)):
            assert abs(a - b) <= 1e-12 * abs(b) + 1e-15 * abs(want), (z, got, want)


ENDS = [0.0, -0.0, 0.5, -2.5, 4.0, 30.0, 1e20, -1e20, np.inf, -np.inf, np.nan]
LARGE = {"complex64": [89.0, -89.0, 1e-30], "complex128": [710.0, -750.0, 1e-300]}


def alike(got, want, size, eps):
    """Whether parts are equal; nan in the other part leaves the signs of zeros and infinities open."""
    undefined = np.isnan(size)
    signs = undefined | (want != 0) | (np.signbit(got) == np.signbit(want))
    same = np.where(undefined, np.abs(got) == np.abs(want), got == want) | (np.isnan(got) & np.isnan(want))
    return (same & signs) | (np.abs(got - want) <= eps * np.where(np.isfinite(size), size, np.abs(want)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [name for name in NUMPYS if name not in TWO | {"reciprocal"}])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_infinities_zeros_and_nan_are_numpys(name, dtype):
    """Annex G of the C standard. NumPy has no sign of 1 / 0 and 1 / inf, and loses log1p of the smallest."""
    ends = ENDS + LARGE[dtype][:2 if name == "log1p" else 3]
    z = np.array([complex(x, y) for x in ends for y in ends], dtype)
    got, want = values(getattr(nb, name)(z)), NUMPYS[name](z)
    eps, size = 20 * np.finfo(dtype).eps, np.abs(want.real) + np.abs(want.imag)
    ok = alike(got.real, want.real, size, eps) & alike(got.imag, want.imag, size, eps)
    assert not np.any(~ok), [*zip(z[~ok], got[~ok], want[~ok], strict=True)]


def test_kernels_are_compiled_too():
    with tiers.chosen("compiled"):
        for dtype in DTYPES:
            x, y = drawn(7, dtype=dtype), drawn(7, dtype=dtype)
            for f, want in ((lambda x, y: nb.exp(x) * y, np.exp(x) * y), (nb.divide, x / y),
                            (lambda x, y: nb.abs(x) + nb.real(y), np.abs(x) + y.real),
                            (lambda x, y: 2j * x[0] + y, 2j * x[0] + y)):
                got = values(f(nb.asarray(x), nb.asarray(y)))
                assert got.dtype == want.dtype
                np.testing.assert_allclose(got, want, rtol=1e-5 if dtype == "complex64" else 1e-14)
            slope = nb.grad(lambda x: nb.sum(nb.abs(x) ** 2))(x)
            np.testing.assert_allclose(values(slope), 2 * x.conj(), rtol=1e-5)
            np.testing.assert_array_equal(values(nb.asarray(x).reshape(7, 1) + nb.asarray(y)),
                                          x.reshape(7, 1) + y)


# -------------------------------------------------------------------------------------- parts, promotion
def test_parts():
    z = nb.asarray(Z)
    for got, want in ((z.real, Z.real), (z.imag, Z.imag), (z.conj(), Z.conj()), (z.mH, Z.conj().T),
                      (nb.angle(z), np.angle(Z)), (np.angle(z, deg=True), np.angle(Z, deg=True)),
                      (nb.complex(z.real, z.imag), Z), (np.conjugate(z), Z.conj()), (np.real(z), Z.real),
                      (nb.imag(REALS), np.zeros((3, 4))), (nb.conj(REALS), REALS)):
        np.testing.assert_allclose(values(got), want, rtol=1e-15)
    assert z.is_complex() and not nb.asarray(REALS).is_complex()
    assert complex(nb.asarray(1 + 2j)) == 1 + 2j
    for f in (nb.real, nb.imag, nb.conj, nb.angle, adjoint, lambda z: nb.complex(nb.imag(z), nb.abs(z))):
        check(f, Z)


@pytest.mark.parametrize(("x", "y"), [(np.float32(1), 1j), (np.ones(2, "f4"), 1j), (np.ones(2), 1j),
                                      (np.ones(2, "i8"), 2j), (np.ones(2, "c8"), np.ones(2)),
                                      (np.ones(2, "c8"), 2.0), (np.ones(2, "c8"), 3),
                                      (np.ones(2, "c8"), np.ones(2, "f4"))])
def test_dtypes_promote_as_numpys(x, y):
    for f in (np.add, np.multiply, np.divide, np.subtract):
        want = f(x, y)
        got = f(nb.asarray(x), y)
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(values(got), want)


# ------------------------------------------------------------------------------------------- structured
STRUCTURED = {
    "sum": lambda z: nb.sum(z, 1), "mean": lambda z: nb.mean(z, axis=0, keepdims=True),
    "cumsum": lambda z: nb.cumsum(z, 1), "transposed": lambda z: nb.permute_dims(z)[::2],
    "indices": lambda z: z[[0, 2, 0], 1:], "mask": lambda z: z[np.abs(Z) > 0.5],
    "pad": lambda z: nb.pad(z, 1), "roll": lambda z: nb.roll(z, 1, 0), "tril": nb.tril,
    "concat": lambda z: nb.concat([z, 1j * z], axis=1), "stack": lambda z: nb.stack([z, nb.conj(z)]),
    "repeat": lambda z: nb.repeat(z, 2, axis=1), "flip": nb.flip, "diagonal": nb.diagonal,
    "broadcast": lambda z: z + z[0] * REALS, "where": lambda z: nb.where(REALS > 0, z, z * z),
    "einsum": lambda z: nb.einsum("ij,kj->ik", z, nb.conj(z)), "matmul": lambda z: z @ adjoint(z),
    "kron": lambda z: nb.kron(z[:2, :2], z[1:, 2:]), "trace": nb.trace,
    "outer": lambda z: nb.outer(z[0], z[1]), "take": lambda z: nb.take(z, [1, 1], axis=0),
    "setitem": lambda z: nb.setitem(z, (0, slice(2)), z[1, 2:] * 1j),
    "vecdot": lambda z: nb.vecdot(z, z[::-1]), "norm": nb.norm, "norm3": lambda z: nb.norm(z, ord=3, axis=1),
    "cov": nb.cov, "tensordot": lambda z: nb.tensordot(z, z, ((0,), (0,))), "power": lambda z: z**3 + z**-1,
    "diff": lambda z: nb.diff(z, axis=1), "vdot": lambda z: nb.vdot(z[0], z[1]),
    "vecmat": lambda z: nb.vecmat(z[:, 0], z), "toeplitz": lambda z: nb.linalg.toeplitz(z[0]),
}


@pytest.mark.parametrize("name", STRUCTURED)
def test_derivatives_of_structured_ops(name):
    check(STRUCTURED[name], Z)


@pytest.mark.parametrize("name", ["sum", "mean", "cumsum", "pad", "concat", "einsum", "norm", "cov"])
def test_complex64_stays_complex64(name):
    small = Z.astype("complex64")
    if name != "cov":
        assert values(STRUCTURED[name](small)).dtype in (np.dtype("complex64"), np.dtype("float32"))
    want = values(STRUCTURED[name](Z))
    np.testing.assert_allclose(values(STRUCTURED[name](small)), want, rtol=1e-5, atol=1e-5)


LINEAR_ALGEBRA = {
    "inv": nb.inv, "det": nb.det, "solve": lambda a: nb.solve(a, Z[:, :2] * 1j),
    "slogdet": lambda a: nb.slogdet(a)[0] * nb.slogdet(a)[1],
    "triangular": lambda a: nb.solve_triangular(a, Z[:, 0]),
    "cholesky": lambda a: nb.cholesky(a @ adjoint(a) + 2 * np.eye(3)),
    "upper cholesky": lambda a: nb.cholesky(a @ adjoint(a) + 2 * np.eye(3), upper=True),
    "eigvalsh": lambda a: nb.eigvalsh(a + adjoint(a)),
    "eigh": lambda a: nb.abs(nb.eigh(a + adjoint(a))[1]) ** 2,
    "eigvals": nb.linalg.eigvals, "eig": lambda a: nb.abs(nb.linalg.eig(a)[1]) ** 2,
    "cho_solve": lambda a: nb.linalg.cho_solve(nb.linalg.cho_factor(a @ adjoint(a) + 2 * np.eye(3)), Z[:, 0]),
    "matrix_power": lambda a: nb.matrix_power(a, -3),
}


@pytest.mark.parametrize("name", LINEAR_ALGEBRA)
def test_linear_algebra(name):
    f = LINEAR_ALGEBRA[name]
    check(f, SQUARE, rtol=1e-5)
    batch = np.stack([SQUARE, SQUARE.T + 0.5j])
    if name not in ("solve", "triangular", "cho_solve"):
        for one, two in zip(batch, values(f(nb.asarray(batch)))):
            np.testing.assert_allclose(values(f(nb.asarray(one))), two, rtol=1e-10, atol=1e-12)


def test_eigenvalues_of_real_matrices_are_complex_and_their_derivatives_real():
    a = RNG.normal(size=(4, 4))
    found = nb.linalg.eig(a)
    np.testing.assert_allclose(a @ values(found.eigenvectors),
                               values(found.eigenvectors) * values(found.eigenvalues), atol=1e-12)
    assert nb.linalg.eigvals(np.eye(2)).dtype == np.complex128
    check(lambda a: nb.abs(np.linalg.eigvals(nb.asarray(a))) ** 2, a, rtol=1e-5)


def test_what_depends_on_phases_of_eigenvectors_is_refused():
    for f in (lambda a: nb.sum(nb.real(nb.eigh(a + adjoint(a))[1])),
              lambda a: nb.sum(nb.real(nb.linalg.eig(a)[1]))):
        with pytest.raises(errors.GradientError, match="phases"):
            nb.grad(f)(SQUARE)


# ------------------------------------------------------------------------------------------- conventions
def test_the_gradient_is_that_of_jax_and_the_conjugate_of_pytorchs():
    """Of |z|^2 = x^2 + y^2: df/dx - i df/dy."""
    z = np.array([1 + 2j, -3j])
    np.testing.assert_array_equal(values(nb.grad(lambda z: nb.sum(nb.abs(z) ** 2))(z)), 2 * z.conj())
    w = nb.tensor(z, requires_grad=True)
    nb.sum(nb.abs(w) ** 2).backward()
    np.testing.assert_array_equal(values(w.grad), 2 * z.conj())
    x = np.array([0.5, 1.0])
    _, pullback = nb.vjp(lambda x: nb.exp(1j * x), x)
    np.testing.assert_allclose(values(pullback(np.array([1.0, 1j]))[0]), np.real([1j, -1] * np.exp(1j * x)))


def test_analytic_functions():
    z = 0.3 + 0.4j
    slope = nb.grad(lambda z: z**2 + nb.exp(z), holomorphic=True)(z)
    assert complex(slope) == pytest.approx(2 * z + cmath.exp(z))
    second = nb.grad(nb.grad(nb.sin, holomorphic=True), holomorphic=True)(z)
    assert complex(second) == pytest.approx(-cmath.sin(z))
    np.testing.assert_allclose(values(nb.jacobian(lambda z: z * z[::-1], holomorphic=True)(Z[0, :2])),
                               [[Z[0, 1], Z[0, 0]], [Z[0, 1], Z[0, 0]]])
    np.testing.assert_allclose(values(nb.hessian(lambda z: nb.sum(z**3), holomorphic=True)(Z[0, :2])),
                               np.diag(6 * Z[0, :2]))


def test_jacobians_of_real_arguments_are_complex_and_of_real_results_gradients():
    x = np.array([0.2, 0.7])
    np.testing.assert_allclose(values(nb.jacobian(lambda x: nb.exp(1j * x))(x)), np.diag(1j * np.exp(1j * x)))
    np.testing.assert_allclose(values(nb.jacobian(nb.real)(Z[0, :2])), np.eye(2))
    for f, at, mode in ((lambda x: 1j * x, x, "rev"), (nb.real, Z[0], "fwd")):
        with pytest.raises(errors.GradientError, match="mode"):
            nb.jacobian(f, mode=mode)(at)


@pytest.mark.parametrize("f", [nb.sum, lambda z: nb.sum(z * z)])
def test_complex_results_are_refused_unless_the_function_is_said_to_be_analytic(f):
    with pytest.raises(errors.GradientError, match="holomorphic"):
        nb.grad(f)(Z)
    with pytest.raises(errors.GradientError, match="holomorphic"):
        nb.grad(nb.sum, holomorphic=True)(REALS)
    with pytest.raises(errors.GradientError, match="holomorphic"):
        nb.jacobian(lambda z: z)(Z)


def test_functions_of_users():
    wave = nb.elementwise("wave", lambda z: nb.exp(1j * z) * nb.conj(z) + nb.abs(z))
    check(wave, Z)
    with pytest.raises(errors.DtypeError, match="cubed_by_hand"):
        nb.elementwise("cubed_by_hand", lambda x: x**3, lambda x, z: 3 * x**2)(Z)
    analytic = nb.elementwise("cubed_analytic", lambda x: x**3, lambda x, z: 3 * x**2, on_complex=True)
    check(analytic, Z)


def test_optimisers_descend():
    target = Z
    for optimizer in (nb.optim.SGD(lr=0.1), nb.optim.Adam(lr=0.05), nb.optim.RMSProp(lr=0.02)):
        p = {"z": np.zeros_like(Z)}
        loss = lambda p: nb.sum(nb.abs(p["z"] - target) ** 2)  # noqa: E731
        for _ in range(150):
            p = optimizer.update(p, nb.grad(loss)(p))
        assert float(loss(p)) < 0.05 * float(np.sum(np.abs(Z) ** 2))
    with pytest.raises(errors.DtypeError, match="LBFGS"):
        nb.optim.LBFGS().update({"z": Z}, lambda p: nb.sum(nb.abs(p["z"])))


# --------------------------------------------------------------------------------------------- bad input
@pytest.mark.parametrize("f", [
    nb.floor, lambda z: z < z, nb.relu, nb.softmax, nb.erf, lambda z: z % 2, lambda z: z // 2, nb.histogram,
    lambda z: nb.root(lambda x: x**2, z),
    lambda z: nb.quad(lambda x: nb.exp(1j * x), 0.0, 1.0), lambda z: nb.odeint(lambda y, t: y, z, [0.0, 1.0]),
    lambda z: nb.conv1d(z[None, None, 0], z[None, None, 0])])
def test_what_is_not_defined_is_refused_by_name(f):
    with pytest.raises(errors.DtypeError, match="complex"):
        f(nb.asarray(SQUARE))


def test_imaginary_parts_are_not_lost_silently():
    z, x = nb.asarray(Z), nb.asarray(REALS)
    for f in (lambda: z.astype(np.float64), lambda: nb.astype(z, nb.int64),
              lambda: nb.setitem(x, 0, z[0]), lambda: x.__setitem__(0, 1j), lambda: x.__iadd__(z),
              lambda: nb.asarray(Z, dtype=np.float64)):
        with pytest.raises((errors.DtypeError, TypeError)):
            f()
    with pytest.raises(TypeError):
        float(z[0, 0])
    with pytest.raises(errors.DtypeError):
        nb.complex(Z, REALS)


def test_products_conjugate_as_numpys():
    z, w = Z[0], Z[1]
    for got, want in ((nb.vdot(z, w), np.vdot(z, w)), (nb.vecmat(Z[:, 0], Z), np.vecmat(Z[:, 0], Z)),
                      (nb.vecdot(z, w), np.vecdot(z, w)), (nb.matvec(Z, w), np.matvec(Z, w)),
                      (nb.inner(z, w), np.inner(z, w)), (nb.correlate(z, w), np.correlate(z, w)),
                      (nb.any(Z * 0), np.any(Z * 0)), (nb.all(Z, 1), np.all(Z, 1)),
                      (nb.nonzero(z)[0], np.nonzero(z)[0]), (nb.dot(z, w), np.dot(z, w)),
                      (nb.linalg.toeplitz(z), scipy.linalg.toeplitz(z)), (nb.cov(Z), np.cov(Z))):
        np.testing.assert_allclose(values(got), want, rtol=1e-13)
    a = SQUARE @ SQUARE.conj().T + np.eye(3)
    for lower in (True, False):
        found = nb.linalg.cho_solve(nb.linalg.cho_factor(a, lower), Z[:, 0])
        np.testing.assert_allclose(values(found), np.linalg.solve(a, Z[:, 0]), rtol=1e-12)
