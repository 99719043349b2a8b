"""Roots, fixed points and minima: SciPy's values, exact derivatives, and no silent zero."""

import numpy as np
import pytest
from composite_checks import interpreted  # noqa: F401
from scipy import optimize

import nbgrad as nb
from nbgrad.engine.tree import flatten
from nbgrad.errors import ConvergenceError, GradientError, ShapeError, SingularError, ValueRangeError
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


REFUSED = {
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
