"""Special functions of complex numbers: SciPy's values, derivatives along both axes and far out, refusals."""

import mpmath
import numpy as np
import pytest
import scipy.special
from composite_checks import interpreted  # noqa: F401

import nbgrad as nb
import nbgrad.special
from nbgrad import errors
from nbgrad.define.registry import OPS
from nbgrad.testing import values

RNG = np.random.default_rng(7)
MILD = np.array([0.7 + 0.5j, -0.6 + 1.1j, 1.3 - 0.9j])
NEAR = RNG.normal(size=6) + 1j * RNG.normal(size=6)
FAR = np.array([3 - 2j, -4.3 + 1j, 0.2 + 6j, -2 - 5j, 9 + 4j, -0.4 - 1e-3j])
ORDERS = {"jv": (0.7,), "yv": (0.7,), "iv": (0.7,), "kv": (0.7,), "hyp1f1": (1.2, 0.7),
          "hyp2f1": (1.2, 0.7, 1.9)}
MPMATHS = {
    "gamma": mpmath.gamma, "loggamma": mpmath.loggamma, "digamma": mpmath.digamma, "rgamma": mpmath.rgamma,
    "erfi": mpmath.erfi, "erfcx": lambda z: mpmath.exp(z * z) * mpmath.erfc(z),
    "ndtr": lambda z: mpmath.erfc(-z / mpmath.sqrt(2)) / 2, "exp1": mpmath.e1, "expi": None,
    "jv": mpmath.besselj, "yv": mpmath.bessely, "iv": mpmath.besseli, "kv": mpmath.besselk,
    "hyp1f1": mpmath.hyp1f1, "hyp2f1": mpmath.hyp2f1, "xlogy": None, "xlog1py": None,
}


def of_z(name):
    """The function of its complex operand: the last one, or both."""
    f = getattr(nb.special, name)
    return (lambda z: f(z, z)) if name.startswith("xlog") else lambda z: f(*ORDERS.get(name, ()), z)


def test_rows_that_take_complex_numbers_are_those():
    taken = {name.removeprefix("special.") for name, row in OPS.items()
             if row.kind == "special" and row.like is not None and row.op.on_complex == "same"}
    assert taken == set(MPMATHS)


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("name", MPMATHS)
def test_values_are_scipys(name, dtype):
    z = np.r_[NEAR, FAR, 0, np.inf, np.nan, complex(-2, -0.0), -0.5j].astype(dtype)
    f = getattr(scipy.special, name)
    z = NEAR.astype(dtype) / 4 if name == "hyp2f1" else z          # SciPy's series have to end
    given = (z,) if name.startswith("xlog") else ORDERS.get(name, ())
    given = [np.asarray(x, z.real.dtype) if isinstance(x, float) else x for x in given]
    with np.errstate(all="ignore"):
        want = f(*given, z)
    got = getattr(nb.special, name)(*given, z)
    assert got.dtype == want.dtype == dtype
    np.testing.assert_array_equal(values(got), want)
    assert type(f(*given, nb.asarray(z))) is nb.Tensor


@pytest.mark.parametrize("name", MPMATHS)
def test_derivatives_along_both_axes(name):
    nb.testing.check_grads(of_z(name), [MILD / (4 if name == "hyp2f1" else 1)], 2)


@pytest.mark.parametrize("name", [name for name, like in MPMATHS.items() if like and name != "hyp2f1"])
def test_first_and_second_derivatives_far_out_are_mpmaths(name):
    f = of_z(name)
    slope = nb.grad(f, holomorphic=True)
    orders = [mpmath.mpf(x) for x in ORDERS.get(name, ())]
    for z in FAR:
        with mpmath.workdps(80):
            h, far = mpmath.mpf(10) ** -20, mpmath.mpc(complex(z))
            w = [MPMATHS[name](*orders, far + k * h) for k in (-2, -1, 0, 1, 2)]
            want = [complex((w[0] - 8 * w[1] + 8 * w[3] - w[4]) / (12 * h)),
                    complex((16 * (w[1] + w[3]) - w[0] - w[4] - 30 * w[2]) / (12 * h * h))]
        got = [complex(slope(complex(z))), complex(nb.grad(slope, holomorphic=True)(complex(z)))]
        np.testing.assert_allclose(got[0], want[0], rtol=5e-14, err_msg=str(z))
        np.testing.assert_allclose(got[1], want[1], rtol=1e-13, err_msg=str(z))


def test_where_the_reciprocal_of_gamma_is_0():
    slope = nb.grad(nb.special.rgamma, holomorphic=True)
    np.testing.assert_allclose([complex(slope(complex(-n))) for n in range(4)], [1, -1, 2, -6], rtol=4e-15)


@pytest.mark.parametrize("k", [0, -1])
def test_branches_of_lamberts_function(k):
    z = np.r_[NEAR, FAR, -0.5]
    np.testing.assert_array_equal(values(nb.special.lambertw(z, k)), scipy.special.lambertw(z, k))
    nb.testing.check_grads(lambda z: nb.special.lambertw(z, k), [MILD], 2)


def test_what_is_not_analytic_or_not_known_is_refused_by_name():
    for name in ("jve", "kve", "dawsn", "log_ndtr", "gammaln", "erfinv", "polygamma"):
        given = {"polygamma": (1,)}.get(name, (0.5,) if name.endswith("ve") else ())
        with pytest.raises(errors.DtypeError, match=rf"special\.{name}: not defined for .*complex"):
            getattr(nb.special, name)(*given, NEAR)
    with pytest.raises(errors.DtypeError, match=r"special\.jv: .*complex"):
        nb.special.jv(NEAR, NEAR)
    for derivative in (nb.grad(lambda v: nb.abs(nb.special.jv(v, 1 + 1j))),
                       lambda v: nb.jvp(lambda v: nb.special.jv(v, 1 + 1j), (v,), (1.0,))):
        with pytest.raises(errors.GradientError, match=r"special\.jv has no derivative in v\. Where ano"):
            derivative(0.5)
