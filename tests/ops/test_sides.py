"""Kinks: what is listed, one-sided derivatives beside differences, and chosen subgradients."""

import numpy as np
import pytest
from composite_checks import interpreted  # noqa: F401  (a fixture)

import nbgrad as nb
from nbgrad.engine.tree import flatten
from nbgrad.errors import GradientError, ValueRangeError
from nbgrad.ops.kinks import KINKS, UNKNOWN
from nbgrad.testing import values

A = np.array

# For each row of the table: a function, points at its kinks, and directions to look in.
AT_KINKS = {
    "abs": (nb.abs, A([0.0, 0.0, 0.0, 2.0]), [A([1.0, -2.0, 0.0, 1.0])]),
    "decay": (nb.sigmoid, A([0.0, 1.0]), [A([1.0, -2.0])]),
    "maximum": (lambda x: nb.maximum(x[0], x[1]), A([1.0, 1.0]),
                [A([1.0, -1.0]), A([-2.0, 3.0]), A([1.0, 1.0])]),
    "minimum": (lambda x: nb.minimum(x, 1.0), A([1.0, 1.0, 0.0]), [A([1.0, -1.0, 2.0])]),
    "hypot": (lambda x: nb.hypot(x[0], x[1]), A([0.0, 0.0]), [A([3.0, -4.0]), A([0.0, 0.0])]),
    "relu": (nb.relu, A([0.0, 0.0, -1.0, 2.0]), [A([1.0, -1.0, 1.0, 3.0])]),
    "leaky_relu": (lambda x: nb.leaky_relu(x) + nb.leaky_relu(x, slope=0.5), A([0.0, 0.0]), [A([1.0, -1.0])]),
    "elu": (lambda x: nb.elu(x) + nb.elu(x, alpha=0.5), A([0.0, 0.0]), [A([1.0, -1.0])]),
    "max": (lambda x: nb.max(x, axis=1), A([[1.0, 1.0, 0.0], [2.0, 2.0, 2.0], [1.0, 5.0, 2.0]]),
            [A([[1.0, -1.0, 9.0], [-1.0, -2.0, -2.0], [1.0, 2.0, 3.0]])]),
    "min": (nb.min, A([1.0, 1.0, 3.0]), [A([1.0, -1.0, -9.0]), A([1.0, 2.0, 0.0])]),
    "euclidean": (lambda x: nb.norm(x, axis=1), A([[0.0, 0.0], [3.0, 4.0]]), [A([[3.0, -4.0], [1.0, 0.0]])]),
    "std": (lambda x: nb.std(x, axis=0, correction=1), A([[2.0, 1.0], [2.0, 3.0]]),
            [A([[1.0, 1.0], [-2.0, 0.0]])]),
    "sort": (lambda x: nb.concat([nb.sort(x), nb.sort(x, descending=True)]), A([1.0, 1.0, 0.0, 1.0]),
             [A([3.0, -2.0, 7.0, 0.5])]),
    "clip": (lambda x: nb.clip(x, 0.0, 1.0), A([0.0, 0.0, 1.0, 1.0, 0.5]), [A([1.0, -1.0, 1.0, -1.0, 2.0])]),
    "median": (nb.median, A([1.0, 1.0, 1.0, 5.0]), [A([3.0, -2.0, 1.0, 0.0])]),
    "norm of ones": (lambda x: nb.norm(x, ord=1), A([0.0, 1.0, 0.0]), [A([1.0, -1.0, -2.0])]),
    "a choice": (lambda x: nb.where(x > 1, x**2, 2 * x - 1), A([1.0, 1.0, 3.0]), [A([1.0, -1.0, 0.0])]),
    "an if": (lambda x: 2 * x if x > 0 else 3 * x, A(0.0), [A(1.0), A(-1.0)]),
    "steps that cancel": (lambda x: x * nb.sign(x), A([0.0, 0.0]), [A([1.0, -1.0])]),
    "a gradient": (nb.grad(lambda x: nb.sum(nb.abs(x) * x + nb.relu(x) ** 2)), A([0.0, 0.0]),
                   [A([1.0, -1.0])]),
    "under checkpoint": (nb.checkpoint(nb.abs), A([0.0, 0.0]), [A([1.0, -1.0])]),
    "a tree": (lambda p: {"z": nb.maximum(p["x"], p["y"])}, {"x": A(1.0), "y": A(1.0)},
               [{"x": A(1.0), "y": A(2.0)}, {"x": A(0.0), "y": A(-1.0)}]),
}


def moved(x, v, h):
    leaves, rebuild = flatten(x)
    return rebuild([a + h * b for a, b in zip(leaves, flatten(v)[0], strict=True)])


@pytest.mark.parametrize("case", AT_KINKS)
def test_a_directional_derivative_is_the_limit_from_one_side(case):
    f, x, directions = AT_KINKS[case]
    for v in directions:
        h = 2.0**-26
        found = nb.directional(f, x, v), f(x), f(moved(x, v, h))
        for got, a, b in zip(*[flatten(tree)[0] for tree in found], strict=True):
            np.testing.assert_allclose(values(got), (values(b) - values(a)) / h, rtol=0, atol=3e-7)


def test_every_row_of_kinks_has_a_case():
    assert set(KINKS) <= set(AT_KINKS)
    assert set(UNKNOWN) == set(REFUSED)


REFUSED = {
    "even_power": (lambda x: nb.norm(x, ord=0.5), A([0.0, 1.0])),
    "cosine": (nb.grad(lambda x: nb.hypot(x, 0.0)), A(0.0)),
    "extremum_vjp": (nb.grad(nb.max), A([1.0, 1.0])),
    "euclidean_vjp": (nb.grad(nb.norm), A([0.0, 0.0])),
    "std_vjp": (nb.grad(nb.std), A([1.0, 1.0])),
    "window_max": (lambda x: nb.max_pool2d(x[None, None], 2), A([[1.0, 0.0], [1.0, 0.0]])),
    "eigvalsh": (nb.eigvalsh, np.eye(2)),
    "eigh": (lambda x: nb.eigh(x)[0], np.eye(2)),
    "svdvals": (nb.svdvals, np.diag([1.0, 0.0])),
    "svd_factors": (lambda x: nb.svd(x)[1], np.eye(2)),
    "remainder": (lambda x: nb.remainder(x, 2.0), A(4.0)),
    "floor": (nb.floor, A([0.5, 3.0])),
    "ceil": (nb.ceil, A([0.5, 3.0])),
    "trunc": (nb.trunc, A([0.5, 3.0])),
    "rint": (nb.round, A([0.1, 2.5])),
    "floor_divide": (lambda x: nb.floor_divide(x, 2.0), A(4.0)),
    "sign": (nb.sign, A([0.0, 1.0])),
    "signbit": (lambda x: nb.where(nb.signbit(x), x, -x), A([0.0, 1.0])),
    "any": (lambda x: nb.where(nb.any(x), x, -x), A([0.0, 1.0])),
    "all": (lambda x: nb.where(nb.all(x), x, -x), A([0.0, 1.0])),
    "argmax": (lambda x: x[nb.argmax(x).item()], A([1.0, 1.0])),
    "argmin": (lambda x: x[nb.argmin(x).item()], A([1.0, 1.0])),
    "searchsorted": (lambda x: nb.interp(x, [0.0, 1.0, 2.0], [0.0, 1.0, 0.0]), A(1.0)),
    "argsort": (lambda x: nb.take(x, nb.argsort(x)), A([1.0, 1.0])),
}


# Inside which op of the library, or beside which, they are met.
_LISTED_AS = {"even_power": "scaled_power", "cosine": "hypot", "extremum_vjp": "max", "std_vjp": "std",
              "euclidean_vjp": "euclidean"}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_known_side_is_refused_there_and_listed(case):
    f, x = REFUSED[case]
    with pytest.raises(GradientError, match="directional"):
        nb.directional(f, x, np.linspace(1.0, 2.0, x.size).reshape(x.shape))
    assert _LISTED_AS.get(case, case) in [kink.op for kink in nb.kinks(f, x)]


@pytest.mark.parametrize(("f", "x"), [
    (lambda x: nb.where(x > 0, 1.0, 0.0) + x, 0.0),
    (lambda x: nb.where(x**2 > 0, x, 2 * x), 0.0),
    (lambda x: nb.sum(nb.unique_values(x)), A([1.0, 2.0])),
    (lambda x: nb.directional(nb.abs, x, 1.0), 0.0),
])
def test_jumps_and_what_stays_open_are_refused(f, x):
    with pytest.raises(GradientError):
        nb.directional(f, x, np.ones_like(x))


def test_away_from_kinks_it_is_the_derivative_along_v():
    rng = np.random.default_rng(3)
    x, v = rng.normal(size=(2, 5))

    def f(x):
        return nb.norm(nb.relu(x) + nb.tanh(x)) * nb.max(x) + nb.gelu(nb.clip(x, -1, 1)) / nb.std(x)

    np.testing.assert_allclose(values(nb.directional(f, x, v)), values(nb.jvp(f, (x,), (v,))[1]), rtol=1e-13)
    assert nb.kinks(f, x) == []


def test_it_is_differentiated_in_the_direction():
    assert float(nb.grad(lambda v: nb.directional(nb.abs, 0.0, v))(-2.0)) == -1.0


def test_kinks_are_listed_in_order():
    def f(x):
        return nb.sum(nb.where(x > 0, x, 2 * x)) + nb.sum(nb.clip(x, 0.0, 1.0)) + nb.norm(0 * x)

    assert nb.kinks(f, A([0.5, 0.0, 1.0, 0.0])) == [
        ("greater", 0, 2, (1,)), ("clip", 0, 2, (1,)), ("clip", 0, 1, (2,)), ("euclidean", 0, 1, ())]
    assert nb.kinks(lambda x: nb.maximum(1.0, x), 1.0) == [("maximum", 1, 1, ())]


SLOPES = {                                # left, right
    "abs": (nb.abs, A(0.0), -1.0, 1.0),
    "relu": (nb.relu, A(0.0), 0.0, 1.0),
    "leaky_relu": (nb.leaky_relu, A(0.0), 0.01, 1.0),
    "elu": (lambda x: nb.elu(x, alpha=0.5), A(0.0), 0.5, 1.0),
    "maximum, second operand": (lambda x: nb.maximum(0.0, x), A(0.0), 0.0, 1.0),
    "minimum": (lambda x: nb.minimum(x, 0.0), A(0.0), 1.0, 0.0),
    "both of maximum": (lambda x: nb.maximum(x[0], x[1]), A([1.0, 1.0]), [0.5, 0.5], [0.5, 0.5]),
    "clip": (lambda x: nb.sum(nb.clip(x, 0.0, 1.0)), A([0.0, 1.0, 2.0]), [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]),
    "norm": (nb.norm, np.zeros(4), [-0.5] * 4, [0.5] * 4),
    "max": (nb.max, A([1.0, 1.0, 0.0]), [0.5, 0.5, 0.0], [0.5, 0.5, 0.0]),
    "hypot": (lambda x: nb.hypot(x, 0.0), A(0.0), -1.0, 1.0),
    "under checkpoint": (nb.checkpoint(nb.relu), A(0.0), 0.0, 1.0),
}


@pytest.mark.parametrize("case", SLOPES)
def test_a_subgradient_is_chosen(case):
    f, x, left, right = SLOPES[case]
    usual = values(nb.grad(f)(x))
    wanted = {"left": left, "right": right, "mean": np.add(left, right) / 2, "min-norm": usual}
    for choice, want in wanted.items():
        with nb.subgradient(choice):
            np.testing.assert_allclose(values(nb.grad(f)(x)), want, rtol=1e-14)
            along = nb.jvp(f, (x,), (np.ones_like(x),))[1]
            np.testing.assert_allclose(float(along), np.sum(want), rtol=1e-14)
    assert np.array_equal(values(nb.grad(f)(x)), usual)


@pytest.mark.parametrize(("choice", "want"), [("left", 0.0), ("right", 2.0)])
def test_a_choice_holds_for_second_derivatives(choice, want):
    with nb.subgradient(choice):
        assert float(nb.grad(nb.grad(lambda x: nb.relu(x) ** 2))(0.0)) == want


def test_broadcast_operands_get_their_share_of_a_choice():
    with nb.subgradient("right"):
        g = nb.grad(lambda x: nb.sum(nb.maximum(x, A([[0.0, 1.0], [0.0, -1.0]]))))(A([0.0, 0.0]))
    assert values(g).tolist() == [2.0, 1.0]


def test_a_choice_may_be_to_refuse():
    with nb.subgradient("raise"):
        assert values(nb.grad(lambda x: nb.sum(nb.relu(x)))(A([1.0, -1.0]))).tolist() == [1.0, 0.0]
        with pytest.raises(GradientError, match=r"relu: .* at 1 of its results, the first at \(1,\)"):
            nb.grad(lambda x: nb.sum(nb.relu(x)))(A([1.0, 0.0]))
        with pytest.raises(GradientError, match="abs"):
            nb.jvp(nb.abs, (A([0.0, 0.0]),), (A([1.0, 0.0]),))
    w = nb.tensor(1.0, requires_grad=True)
    with nb.subgradient("left"), pytest.raises(GradientError, match="backward"):
        (w * w).backward()
    with pytest.raises(ValueRangeError):
        nb.subgradient("middle")


def test_kinks_inside_an_op_of_the_user_s_are_met(own_ops):
    f = nb.elementwise("thrice_relu", lambda x: 3 * nb.maximum(x, 0.0))
    with nb.subgradient("right"):
        assert float(nb.grad(f)(0.0)) == 3.0
    assert [float(nb.directional(f, 0.0, v)) for v in (2.0, -2.0)] == [6.0, 0.0]
    assert nb.kinks(f, 0.0) == [("thrice_relu", 0, 1, ())]


def test_a_derivative_that_is_declared_is_kept(own_ops):
    straight_through = nb.elementwise("straight_through", lambda x: nb.rint(x) + 0 * x, lambda x, z: 1.0)
    with nb.subgradient("right"):
        assert values(nb.grad(lambda x: nb.sum(straight_through(x)))(A([0.5, 0.7]))).tolist() == [1.0, 1.0]


def test_a_checkpoint_keeps_the_choice_until_it_is_run_again():
    with nb.subgradient("right"):
        _, pullback = nb.vjp(nb.checkpoint(nb.relu), 0.0)
    assert float(pullback(1.0)[0]) == 1.0
