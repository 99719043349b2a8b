"""Roots, fixed points and minima: SciPy's values, exact derivatives, and no silent zero."""

import numpy as np
import pytest
from composite_checks import interpreted  # noqa: F401
from scipy import optimize

import nbgrad as nb
from nbgrad.engine.tree import flatten
from nbgrad.errors import (
    ConvergenceError,
    DtypeError,
    GradientError,
    ShapeError,
    SingularError,
    ValueRangeError,
)
from nbgrad.testing import values

A = np.array


def square_root(a, **options):
    return nb.root(lambda x, a: x**2 - a, 1.0, a, tol=1e-12, **options)


def circle_and_line(x, p):
    return {"on": x["u"] ** 2 + x["v"] ** 2 - p[0], "and": x["u"] - p[1] * x["v"]}


def well(x, p):
    """A convex function of a tree."""
    return nb.sum((x["u"] - p["a"]) ** 4 + x["u"] ** 2) + (x["v"] * p["b"] - 1) ** 2 + x["v"] ** 2


@pytest.mark.parametrize("method", ["hybr", "lm", "krylov"])
def test_a_root_is_scipys(method):
    want = optimize.root(lambda x: x**2 - 2.0, 1.0, method=method, tol=1e-10).x
    got = nb.root(lambda x, a: x**2 - a, 1.0, 2.0, method=method, tol=1e-10)
    np.testing.assert_allclose(float(got), want.item(), rtol=1e-9)


def test_derivatives_of_every_order_are_those_of_the_square_root():
    f, want, power = square_root, 1.0, 0.5
    for _ in range(5):
        np.testing.assert_allclose(float(f(2.0)), want * 2.0**power, rtol=1e-10)
        f, want, power = nb.grad(f), want * power, power - 1
    second = nb.hessian(lambda a: square_root(a[0]) * square_root(a[1]))(A([1.0, 4.0]))
    np.testing.assert_allclose(values(second), [[-0.5, 0.125], [0.125, -0.03125]], rtol=1e-9)


def test_roots_of_trees_agree_with_differences_in_both_modes():
    def f(p):
        return list(nb.root(circle_and_line, {"u": 1.0, "v": 0.5}, p, tol=1e-12).values())

    nb.testing.check_grads(f, [A([2.0, 0.7])], 2)


def test_what_f_closes_over_is_differentiated_by():
    """Nothing is zero in silence: the solution knows all that its equation depends on."""
    assert float(nb.grad(lambda a: nb.root(lambda x: x**2 - a, 1.0, tol=1e-12))(4.0)) == pytest.approx(0.25)
    along = nb.jvp(lambda a: nb.fixed_point(lambda x: x / 2 + a, 1.0), (3.0,), (1.0,))[1]
    assert float(along) == pytest.approx(2)
    assert float(nb.grad(lambda a: nb.minimize(lambda x: (x - a**2) ** 2, 0.0))(3.0)) == pytest.approx(6.0)
    w = nb.tensor(4.0, requires_grad=True)
    nb.root(lambda x: x**2 - w, 1.0, tol=1e-12).backward()
    assert float(w.grad) == pytest.approx(0.25)


def test_the_start_has_no_influence():
    assert float(nb.grad(lambda x0: nb.root(lambda x: x**2 - 2.0, x0))(1.0)) == 0.0


def test_a_fixed_point_is_scipys_and_agrees_with_differences():
    def f(a, method="del2"):
        return nb.fixed_point(lambda x: nb.cos(a * x), A([1.0, 0.5]), xtol=1e-13, method=method)

    want = optimize.fixed_point(lambda x: np.cos(A([1.0, 0.7]) * x), A([1.0, 0.5]), xtol=1e-13)
    np.testing.assert_allclose(values(f(A([1.0, 0.7]))), want, rtol=1e-13)
    np.testing.assert_allclose(values(f(A([0.6, 0.7]), "iteration")), values(f(A([0.6, 0.7]))), rtol=1e-11)
    nb.testing.check_grads(f, [A([1.0, 0.7])], 2)


@pytest.mark.parametrize("method", ["BFGS", "trust-exact", "Newton-CG", "Nelder-Mead"])
def test_a_minimum_is_where_the_gradient_is_0(method):
    p = {"a": A([1.0, 2.0]), "b": 3.0}
    x = nb.minimize(well, {"u": np.zeros(2), "v": 0.0}, p, method=method, tol=1e-9)
    for g in flatten(nb.grad(well)(x, p))[0]:
        np.testing.assert_allclose(values(g), 0, atol=1e-3 if method == "Nelder-Mead" else 1e-7)


def test_minima_agree_with_differences_in_both_modes():
    def f(a, b):
        return list(nb.minimize(well, {"u": np.zeros(2), "v": 0.0}, {"a": a, "b": b}, method="trust-exact",
                                tol=1e-12).values())

    nb.testing.check_grads(f, [A([1.0, 2.0]), A(3.0)], 2)


def test_a_hyperparameter_is_fitted_through_a_fit():
    """The derivative of ridge regression by its penalty, which has a formula."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(6, 2)), rng.normal(size=6)

    def fit(penalty):
        def loss(w):
            return nb.sum((x @ w - y) ** 2) + penalty * nb.sum(w**2)

        return nb.minimize(loss, np.zeros(2), tol=1e-10)

    inverse = np.linalg.inv(x.T @ x + 0.5 * np.eye(2))
    np.testing.assert_allclose(values(nb.jacobian(fit)(0.5)), -inverse @ inverse @ x.T @ y, rtol=1e-8)


def test_single_precision_is_searched_in_double():
    """The search meets its tolerances; the solution and its derivatives have the dtypes that came in."""
    x = np.float32(2.0)

    def low(a, method):
        return nb.minimize(lambda x: (x - a) ** 2 + x**4, np.float32(0.0), method=method)

    for f in (lambda a: nb.root(lambda x: x**2 - a, np.float32(1.0), method="krylov"),
              lambda a: low(a, "BFGS"), lambda a: low(a, "TNC")):
        value, slope = nb.value_and_grad(f)(x)
        double, its_slope = nb.value_and_grad(f)(2.0)
        assert value.dtype == slope.dtype == np.float32
        np.testing.assert_allclose([float(value), float(slope)], [float(double), float(its_slope)], rtol=1e-4)


def test_arguments_are_spelled_as_in_scipy():
    """args= is a tuple or one argument, a list of numbers a vector, and methods have SciPy's default."""
    for args in ((2.0,), 2.0):
        assert float(nb.root(lambda x, a: x - a, 1.0, args=args)) == pytest.approx(2.0)
        low = nb.minimize(lambda x, a: (x - a) ** 2, 1.0, args=args, method=None)
        assert float(low) == pytest.approx(2.0)
        assert float(nb.fixed_point(lambda x, a: x / a, 1.0, args=args)) == pytest.approx(0.0)
    assert values(nb.root(lambda x: [x[0] ** 2 - 1, x[0] * x[1] - 2], [0.5, 0.5])) == pytest.approx([1, 2])
    assert values(nb.minimize(lambda x: nb.sum((x - 1) ** 2), [0, 3])) == pytest.approx([1, 1])
    seen = []
    nb.minimize(lambda x: nb.sum(x["u"] ** 2), {"u": np.ones(2)}, callback=seen.append)
    assert {x["u"].shape for x in seen} == {(2,)}


def valley(x, a):
    return nb.sum((x - a) ** 2) + x[0] * x[1] / 2


@pytest.mark.parametrize("method", [None, "TNC", "Nelder-Mead"])
def test_a_minimum_within_bounds_has_derivatives(method):
    """One element on its upper bound, one free, one on its lower bound, one that cannot move."""

    def f(a, high, low):
        bounds = [(None, high), (-9.0, 9.0), (low, None), (0.5, 0.5)]
        return nb.minimize(valley, [0.0, 0.0, 4.0, 0.5], a, method=method, bounds=bounds, tol=1e-10)

    a = A([2.0, 1.0, 1.0, 1.0])
    np.testing.assert_allclose(values(f(a, 1.5, 3.0)), [1.5, 0.625, 3.0, 0.5], atol=1e-5)
    by_a, by_high, by_low = [values(j) for j in nb.jacobian(f, (0, 1, 2))(a, 1.5, 3.0)]
    np.testing.assert_allclose(by_a, np.diag([0.0, 1.0, 0.0, 0.0]), atol=1e-12)
    np.testing.assert_allclose([by_high, by_low], [[1.0, -0.25, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]], atol=1e-12)


def test_bounds_of_scipys_class_and_of_trees():
    def f(a):
        return nb.minimize(lambda x: (x["u"] - a) ** 2 + (x["v"] - a) ** 2, {"u": 0.0, "v": 0.0},
                           bounds=optimize.Bounds([-1.0, -1.0], [1.0, 5.0]))

    found = f(3.0)
    assert [float(found["u"]), float(found["v"])] == pytest.approx([1.0, 3.0])
    assert float(nb.grad(lambda a: f(a)["u"] + f(a)["v"])(3.0)) == pytest.approx(1.0)


def on_the_edge(a):
    return nb.minimize(lambda x: (x - a) ** 2, 0.5, bounds=[(0.0, 1.0)], tol=1e-12)


def low(**options):
    return nb.minimize(nb.square, 1.0, **options)


REFUSED = {
    "a bound that does not hold": (lambda: nb.grad(on_the_edge)(1.0), SingularError, r"mini.*\[0\].*bound"),
    "bounds, a method without": (lambda: low(bounds=[(0, 1)], method="BFGS"), ValueRangeError, "bound.*BFGS"),
    "bounds, not met exactly": (lambda: low(bounds=[(0, 1)], method="Powell"), ValueRangeError, "Powell"),
    "bounds of another length": (lambda: low(bounds=[(0, 1), (0, 1)]), ShapeError, "2 entries.*1 pairs"),
    "bounds that cross": (lambda: low(bounds=[(1, 0)]), ValueRangeError, "above"),
    "constraints": (lambda: low(constraints=[]), ValueRangeError, "constraints"),
    "a gradient": (lambda: low(jac=True), ValueRangeError, "jac"),
    "a method of the user's": (lambda: low(method=lambda *x: x), ValueRangeError, "method="),
    "a typing error": (lambda: low(tolerance=1.0), DtypeError, "tolerance"),
    "a Jacobian": (lambda: nb.root(nb.sin, 1.0, jac=nb.cos), ValueRangeError, "jac"),
    "a callback": (lambda: nb.root(nb.sin, 1.0, callback=print), ValueRangeError, "callback"),
    "a method of root's": (lambda: nb.root(nb.sin, 1.0, method="newton"), ValueRangeError, "newton"),
    "a method of fixed_point's": (lambda: nb.fixed_point(nb.sin, 1.0, method="x"), ValueRangeError, "'x'"),
    "no root": (lambda: nb.root(lambda x: x * x + 1, 1.0), ConvergenceError, "root: .*progress"),
    "no fixed point": (lambda: nb.fixed_point(lambda x: x + 1, 1.0, method="iteration", maxiter=9),
                       ConvergenceError, "fixed_point: .*converge"),
    "no minimum": (lambda: nb.minimize(nb.exp, 0.0, options={"maxiter": 3}), ConvergenceError, "mize: Max"),
    "singular": (lambda: nb.grad(lambda a: nb.sum(nb.root(
        lambda x: nb.stack([x[0] + x[1], 2 * x[0] + 2 * x[1]]) - a * 0, np.zeros(2))))(1.0),
        SingularError, r"root: .*\(2, 2\)"),
    "a double root": (lambda: nb.grad(lambda a: nb.root(lambda x: (x - a) ** 2, 2.0))(1.0), SingularError,
                      "root"),
    "flat": (lambda: nb.grad(lambda a: nb.minimize(lambda x: (x - a) ** 4, a))(1.0), SingularError,
             "minimize"),
    "too few equations": (lambda: nb.root(lambda x: x[:1], np.ones(2)), ShapeError, "1 numbers for 2"),
    "no scalar": (lambda: nb.minimize(lambda x: x, np.ones(2)), GradientError, "minimize"),
    "a method with constraints": (lambda: nb.minimize(nb.square, 1.0, method="SLSQP"), ValueRangeError,
                                  "SLSQP"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_answer_is_refused(case):
    call, error, match = REFUSED[case]
    with pytest.raises(error, match=match):
        call()


def test_a_singular_solution_without_derivatives_is_one():
    assert values(nb.root(lambda x: nb.stack([x[0] + x[1], x[0] + x[1]]), np.zeros(2))).tolist() == [0.0, 0.0]
