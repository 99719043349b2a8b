"""Differential equations: SciPy's values, derivatives through steps and by the adjoint equation."""

import numpy as np
import pytest
from composite_checks import interpreted  # noqa: F401
from scipy import integrate

import nbgrad as nb
from nbgrad.errors import ConvergenceError, GradientError, ShapeError, ValueRangeError
from nbgrad.testing import values

A = np.array
Y0, T, P = A([2.0, 0.0]), A([0.0, 0.3, 0.5]), A([1.5, 0.7])
W = np.random.default_rng(0).normal(size=(3, 2))


def oscillator(y, t, p):
    return nb.stack([y[1], p[0] * (1 - y[0] ** 2) * y[1] - y[0] + nb.sin(p[1] * t)])


@pytest.mark.parametrize("method", ["RK45", "Radau"])
def test_a_solution_is_as_exact_as_was_asked_for(method):
    want = integrate.odeint(lambda y, t: values(oscillator(y, t, P)), Y0, T, rtol=1e-11, atol=1e-11)
    for tol in (1e-3, 1e-6):
        got = nb.odeint(oscillator, Y0, T, P, method=method, rtol=tol, atol=tol)
        np.testing.assert_allclose(values(got), want, rtol=0, atol=5 * tol)
    back = nb.odeint(oscillator, want[-1], T[::-1], P, method=method, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(values(back)[-1], Y0, rtol=0, atol=1e-5)


def fixed_steps(f, y, t, steps):
    """The fifth order method with steps that are given, as SciPy's tableau has it."""
    tableau, h = integrate.RK45, t / steps
    for i in range(steps):
        ks = []
        for c, row in zip(tableau.C, tableau.A, strict=True):
            ks.append(f(y + h * sum(a * k for a, k in zip(row, ks, strict=False)), (i + c) * h))
        y = y + h * sum(b * k for b, k in zip(tableau.B, ks, strict=True))
    return y


def test_a_step_is_dormands_and_princes():
    got = nb.odeint(oscillator, Y0, [0.0, 0.1], P, rtol=1.0, atol=1.0)
    want = fixed_steps(lambda y, t: values(oscillator(y, t, P)), Y0, 0.1, 1)
    np.testing.assert_allclose(values(got)[-1], want, rtol=1e-13)


MODES = {"steps": {}, "implicit steps": {"method": "Radau"}, "adjoint": {"gradient": "adjoint"}}


@pytest.mark.parametrize("mode", MODES)
def test_derivatives_in_the_state_the_times_and_arguments(mode):
    """Both modes agree with each other, and with differences of a solution that is exact to rounding."""
    tol = 1e-9 if mode == "adjoint" else 1e-6 if mode == "steps" else 1e-5

    def f(y0, t, p):
        return nb.sum(W * nb.odeint(oscillator, y0, t, p, rtol=tol, atol=tol, **MODES[mode]))

    gs = nb.grad(f, (0, 1, 2))(Y0, T, P)
    along = nb.jvp(f, (Y0, T, P), tuple(map(np.ones_like, (Y0, T, P))))[1]
    both = sum(float(nb.sum(g)) for g in gs)
    np.testing.assert_allclose(float(along), both, rtol=3e-8 if mode == "adjoint" else 1e-12)

    def exact(y0, t, p):
        return np.sum(W * integrate.odeint(lambda y, s: values(oscillator(y, s, p)), y0, t, rtol=1e-12,
                                           atol=1e-12))

    h = 1e-4
    want = (exact(Y0 + h, T + h, P + h) - exact(Y0 - h, T - h, P - h)) / (2 * h)
    np.testing.assert_allclose(float(along), want, rtol=1e-5 if tol < 1e-5 else 1e-4)


def test_through_steps_it_is_the_derivative_of_the_numbers_returned():
    """With steps as coarse as these the derivative of the exact solution is another one."""

    def f(p):
        return nb.sum(nb.odeint(oscillator, Y0, [0.0, 0.1], p, rtol=1.0, atol=1.0)[-1])

    def same_steps(p):
        return np.sum(fixed_steps(lambda y, t: values(oscillator(y, t, p)), Y0, 0.1, 1))

    h = 1e-5
    for i, e in enumerate(np.eye(2)):
        want = (same_steps(P + h * e) - same_steps(P - h * e)) / (2 * h)
        np.testing.assert_allclose(values(nb.grad(f)(P))[i], want, rtol=1e-8)


@pytest.mark.parametrize("mode", MODES)
def test_second_derivatives(mode):
    def decay(k, y0):
        return nb.odeint(lambda y, t, k: -k * y, y0, [0.0, 1.0], k, rtol=1e-7, atol=1e-7, **MODES[mode])[-1]

    e = np.exp(-2.0)
    got = nb.hessian(decay, (0, 1))(2.0, 3.0)
    np.testing.assert_allclose([[float(x) for x in row] for row in got], [[3 * e, -e], [-e, 0.0]], rtol=1e-5,
                               atol=1e-7)


@pytest.mark.parametrize("method", ["RK45", "Radau"])
def test_what_f_closes_over_is_differentiated_through_steps(method):
    def f(k):
        return nb.odeint(lambda y, t: -k * y, 1.0, [0.0, 1.0], method=method, rtol=1e-7, atol=1e-7)[-1]

    assert float(nb.grad(f)(2.0)) == pytest.approx(-np.exp(-2.0), rel=1e-5)
    assert float(nb.jvp(f, (2.0,), (1.0,))[1]) == pytest.approx(-np.exp(-2.0), rel=1e-5)


def test_solve_ivp_is_scipys():
    def stiff(t, y):
        return -200.0 * (y - nb.cos(t))

    for method in ("RK45", "Radau"):
        got = nb.solve_ivp(stiff, (0.0, 0.5), np.zeros(1), method=method)
        want = integrate.solve_ivp(lambda t, y: -200.0 * (y - np.cos(t)), (0.0, 0.5), np.zeros(1),
                                   method=method)
        assert got.y.shape == (1, len(got.t))
        assert abs(len(got.t) - len(want.t)) <= 3
        np.testing.assert_allclose(values(got.y)[:, -1], want.y[:, -1], atol=1e-3)
    at = nb.solve_ivp(stiff, (0.0, 0.5), np.zeros(1), t_eval=[0.1, 0.5], rtol=1e-6)
    assert values(at.t).tolist() == [0.1, 0.5]
    assert at.y.shape == (1, 2)


def test_solve_ivp_has_derivatives_in_its_span():
    def end(t1, **options):
        return nb.solve_ivp(lambda t, y: -2 * y, (0.0, t1), np.ones(1), rtol=1e-8, atol=1e-9, **options).y[
            0, -1]

    assert float(nb.grad(end)(1.0)) == pytest.approx(-2 * np.exp(-2.0), rel=1e-6)


def test_trees():
    def f(y, t, p):
        return {"x": y["v"], "v": -p["k"] * y["x"]}

    def end(y0, p, **options):
        return nb.odeint(f, y0, [0.0, 1.0], p, rtol=1e-9, atol=1e-9, **options)["x"][-1]

    y0, p = {"x": A([1.0, 0.0]), "v": A([0.0, 1.0])}, {"k": 4.0}
    np.testing.assert_allclose(values(end(y0, p)), [np.cos(2.0), np.sin(2.0) / 2], rtol=1e-7)
    by_steps, by_adjoint = [nb.jacobian(lambda y0, p, how=how: end(y0, p, **how), (0, 1), mode="rev")(y0, p)
                            for how in ({}, {"gradient": "adjoint"})]
    np.testing.assert_allclose(values(by_steps[1]["k"])[0], -np.sin(2.0) / 4, rtol=1e-6)
    for part in ("x", "v"):
        np.testing.assert_allclose(values(by_adjoint[0][part]), values(by_steps[0][part]), rtol=1e-6,
                                   atol=1e-8)


def test_an_event_is_found_by_root():
    """The time at which a falling body hits the ground, by what it began with: sqrt(2 h / g)."""

    def lands(height):
        def above(t):
            begun = nb.stack([height, 0 * height])
            return nb.odeint(lambda y, t: nb.stack([y[1], y[1] * 0 - 2.0]), begun, [0.0, t])[-1, 0]

        return nb.root(above, 1.5, tol=1e-11)

    assert float(lands(4.0)) == pytest.approx(2.0, rel=1e-9)
    assert float(nb.grad(lands)(4.0)) == pytest.approx(0.25, rel=1e-7)


SPAN = (0.0, 1.0)
ADJOINT = {"gradient": "adjoint"}


def same(t, y):
    return y


def closed_over(k):
    return nb.odeint(lambda y, t: -k * y, 1.0, SPAN, gradient="adjoint")[-1]


REFUSED = {
    "blows up": (lambda: nb.odeint(lambda y, t: y**2, 1.0, [0.0, 2.0], rtol=1e-3), ConvergenceError,
                 "odeint: at t = "),
    "closed over": (lambda: nb.grad(closed_over)(2.0), GradientError, "odeint: .*argument"),
    "closed over, forward": (lambda: nb.jvp(closed_over, (2.0,), (1.0,)), GradientError, "odeint: .*argu"),
    "other slopes": (lambda: nb.odeint(lambda y, t: y[:1], np.ones(2), SPAN), ShapeError, "slopes"),
    "times that turn": (lambda: nb.odeint(same, 1.0, [0.0, 1.0, 0.5]), ValueRangeError, "rise"),
    "outside": (lambda: nb.solve_ivp(same, SPAN, np.ones(1), t_eval=[2.0]), ValueRangeError, "t_eval"),
    "the adjoint of free steps": (lambda: nb.solve_ivp(same, SPAN, np.ones(1), **ADJOINT), ValueRangeError,
                                  "needs t_eval"),
    "a method": (lambda: nb.odeint(same, 1.0, SPAN, method="LSODA"), ValueRangeError, "LSODA"),
    "a gradient": (lambda: nb.odeint(same, 1.0, SPAN, gradient="none"), ValueRangeError, "none"),
    "tolerances": (lambda: nb.odeint(same, 1.0, SPAN, rtol=-1.0), ValueRangeError, "rtol"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_answer_is_refused(case):
    call, error, match = REFUSED[case]
    with pytest.raises(error, match=match):
        call()
