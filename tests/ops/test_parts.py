"""Numbers taken apart, and formulas: NumPy's values, derivatives of both modes and orders, kinks."""

import numpy as np
import pytest
from composite_checks import check_derivatives, check_values, interpreted  # noqa: F401

import nbgrad as nb
from nbgrad import errors

A = np.random.default_rng(0).normal(size=(3, 4)) * 3
C = np.array([-1.5, 0.7, 2.0, 3.1])
INTS = np.array([[3, -1, 2], [0, 5, 3]])
BOOLS = np.array([[True, False, True], [True, True, False]])
ODD = np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 2.0, -2.0, 1e-310, -5e-324, 1.7e308])
EMPTY = np.zeros((0, 3))

SMOOTH = [
    ("logaddexp2", (A, C), {}), ("sinc", (A,), {}),
    ("sinc", (np.array([0.0, 1e-9, 0.3, -0.999, 1.001]),), {}),
    ("i0", (A,), {}), ("i0", (np.array([0.0, 40.0, -80.0]),), {}), ("fmod", (A, C), {}),
    ("fmod", (C, -2.5), {}),
    ("modf", (A,), {}), ("frexp", (A,), {}), ("ldexp", (A, np.array([3, -2, 0, 9])), {}),
    ("nextafter", (A, C), {}),
]
EXACT = [
    ("spacing", (A,), {}), ("gcd", (INTS, 6), {}), ("lcm", (INTS, INTS[:1]), {}),
    ("bitwise_count", (INTS,), {}),
    ("divmod", (A, C), {}), ("divmod", (INTS, 2), {}), ("isposinf", (ODD,), {}), ("isneginf", (ODD,), {}),
    ("fmod", (INTS, 3), {}), ("fmod", (INTS.astype(np.int8), np.int8(-3)), {}),
    ("fmod", (INTS.astype(np.uint8), 2), {}), ("fmod", (ODD[:7, None], np.array([2.0, -np.inf, 0.3])), {}),
    ("modf", (ODD[:7],), {}), ("modf", (INTS,), {}), ("modf", (EMPTY,), {}), ("frexp", (ODD[:7],), {}),
    ("frexp", (INTS,), {}), ("frexp", (EMPTY,), {}), ("ldexp", (INTS, 3), {}), ("ldexp", (ODD[:7], 700), {}),
    ("ldexp", (EMPTY, 2), {}), ("nextafter", (ODD[:7], 0.0), {}), ("fix", (A,), {}), ("around", (A, 1), {}),
    ("sinc", (np.array([0, 0]),), {}), ("sinc", (EMPTY,), {}), ("i0", (EMPTY,), {}), ("amax", (A, 1), {}),
    ("amin", (A,), {}), ("copy", (A,), {}),
]


def label(case):
    return f"{case[0]} {np.shape(case[1][0])}"


@pytest.mark.parametrize("case", SMOOTH, ids=label)
def test_values(case):
    check_values(*case)


@pytest.mark.parametrize("case", EXACT, ids=label)
def test_values_bit_by_bit(case):
    with np.errstate(all="ignore"):
        check_values(*case, exact=True)


@pytest.mark.parametrize("case", [c for c in SMOOTH if c[0] not in ("modf", "frexp", "nextafter",
 "i0")], ids=label)
def test_derivatives(case):
    check_derivatives(*case)


def test_derivatives_of_i0_and_of_the_parts():
    nb.testing.check_grads(nb.i0, [A], order=2)
    nb.testing.check_grads(lambda x: nb.modf(x)[0], [A], order=2)
    nb.testing.check_grads(lambda x: nb.frexp(x)[0], [C + 0.35], order=2)
    for f in (lambda x: nb.nextafter(x, 9.0), lambda x: nb.modf(x)[0]):
        assert nb.jvp(f, (2.0,), (3.0,))[1] == 3
        np.testing.assert_array_equal(nb.grad(lambda x, f=f: nb.sum(f(x)))(A), np.ones((3, 4)))


def test_sinc_is_smooth_at_zero():
    """The derivatives of sin(pi x) / (pi x) at 0 are 0, -pi^2 / 3, 0 and pi^4 / 5."""
    f, found = nb.sinc, []
    for _ in range(4):
        f = nb.grad(f)
        found.append(float(f(0.0)))
    np.testing.assert_allclose(found, [0, -np.pi ** 2 / 3, 0, np.pi ** 4 / 5], rtol=1e-13, atol=1e-13)


def test_powers_of_two_reach_over_the_whole_range():
    x = np.array([5e-324, 2.0 ** -1074, 1.0, 0.0, np.inf])
    n = np.array([2097, 1074, -1074, 9999, -9999])
    np.testing.assert_array_equal(nb.ldexp(x, n).numpy(), np.ldexp(x, n))
    mantissa, exponent = nb.frexp(x)
    want = np.frexp(x)
    np.testing.assert_array_equal(mantissa.numpy(), want[0])
    np.testing.assert_array_equal(exponent.numpy()[:4], want[1][:4])
    back = nb.grad(lambda t: nb.ldexp(t, -3))(7.0)
    assert back == 0.125


def test_slopes_at_kinks_are_as_is_said():
    def slope(f, x):
        return nb.grad(lambda t: nb.sum(f(t)))(np.array(x)).numpy().tolist()

    assert slope(lambda t: nb.fmod(t, 2.0), [0.0, -0.0, 2.0, -4.0]) == [1, 1, 1, 1]
    assert slope(lambda t: nb.fmod(5.0, t), [2.0, -2.0]) == [-2, 2]
    assert slope(lambda t: nb.modf(t)[0], [1.0, -3.0, 0.0, np.inf, -np.inf]) == [1, 1, 1, 0, 0]
    assert slope(lambda t: nb.modf(t)[1] + nb.spacing(t), [1.5, 2.0]) == [0, 0]
    assert slope(lambda t: nb.nextafter(t, 1.0), [0.0, 1.0, np.inf]) == [1, 1, 0]
    assert np.signbit(nb.nextafter(nb.asarray(-5e-324, requires_grad=True), 1.0).detach().numpy())


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: nb.gcd(1.5, 2), errors.DtypeError, "gcd: not defined for dtypes float64"),
    (lambda: nb.lcm(INTS, [1, 2]), errors.ShapeError, r"lcm: .*\(2, 3\).*\(2,\)"),
    (lambda: nb.ldexp(A, 0.5), errors.DtypeError, "ldexp: n must be integers"),
    (lambda: nb.elementwise("own_spacing", nb.spacing)(A), errors.TraceError, "only use elementwise"),
])
def test_errors_say_what_is_wrong(call, error, message, own_ops):
    with pytest.raises(error, match=message):
        call()
