"""LBFGS: the two-loop recursion by hand, the Wolfe conditions, PyTorch's iterates, both ways of use."""

import io
import math

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.errors import DtypeError, GradientError, ShapeError, TraceError, ValueRangeError
from nbgrad.optimizers import linesearch
from nbgrad.optimizers.linesearch import Point


def rosenbrock(x):
    return nb.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def quartic(x):
    return nb.sum((x - 1) ** 4) + nb.sum(x[1:] * x[:-1]) ** 2


def bowl(x):
    return nb.sum(np.arange(1.0, x.shape[0] + 1) * (x - 0.5) ** 2)


FUNCTIONS = {"rosenbrock": rosenbrock, "quartic": quartic, "bowl": bowl}
START = np.array([-1.2, 1.0, 0.5, 2.0])


# ---------------------------------------------------------------------------------------- by hand
def test_the_direction_is_that_of_the_inverse_hessian_written_out():
    """(I - rho s y^T) H (I - rho y s^T) + rho s s^T, from the oldest pair to the last; 7.16 in the book."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(5, 5))
    hessian, g = a @ a.T + np.eye(5), rng.normal(size=5)
    moves = rng.normal(size=(3, 5))
    h = np.eye(5) * (moves[-1] @ hessian @ moves[-1]) / np.sum((hessian @ moves[-1]) ** 2)
    memory = []
    for s in moves:
        y = hessian @ s
        rho = 1 / (s @ y)
        left = np.eye(5) - rho * np.outer(s, y)
        h = left @ h @ left.T + rho * np.outer(s, s)
        memory += [nb.asarray(s), nb.asarray(y)]
    np.testing.assert_allclose(nb.optim.LBFGS()._direction(nb.asarray(g), memory), -h @ g, rtol=1e-10)
    np.testing.assert_array_equal(nb.optim.LBFGS()._direction(nb.asarray(g), []), -g)


def line(f, slope):
    """A function of one number as the line search takes it."""
    return lambda t: Point(t, f(t), nb.asarray([0.0]), slope(t))


LINES = {
    "parabola": (lambda t: (t - 3) ** 2, lambda t: 2 * (t - 3)),
    "far": (lambda t: -math.log1p(t) + 1e-3 * t * t, lambda t: -1 / (1 + t) + 2e-3 * t),
    "waves": (lambda t: math.sin(5 * t) / 10 - t + t * t / 4, lambda t: math.cos(5 * t) / 2 - 1 + t / 2),
    "wall": (lambda t: -math.sqrt(max(1 - t, 0)) * t if t < 1 else math.inf,
             lambda t: -math.sqrt(1 - t) + t / 2 / math.sqrt(1 - t) if t < 1 else math.nan),
}


@pytest.mark.parametrize("first", [1e-3, 0.1, 1.0, 50.0])
@pytest.mark.parametrize("f, slope", LINES.values(), ids=LINES)
def test_the_strong_wolfe_conditions_hold(f, slope, first):
    at = line(f, slope)
    start = at(0.0)
    found = linesearch.search(at, start, first, 1e-9)
    assert found.value <= start.value + linesearch.C1 * found.step * start.slope
    assert abs(found.slope) <= linesearch.C2 * abs(start.slope)


def test_the_cubic_is_exact_for_cubics():
    """t^3 - 3 t is least at 1, whichever point comes first."""
    p, q = (line(lambda t: t**3 - 3 * t, lambda t: 3 * t * t - 3)(t) for t in (0.25, 2.0))
    assert linesearch.cubic_minimum(p, q, 0.25, 2.0) == pytest.approx(1, rel=1e-13)
    assert linesearch.cubic_minimum(q, p, 0.25, 2.0) == pytest.approx(1, rel=1e-13)
    assert linesearch.cubic_minimum(p, q, 1.5, 2.0) == 1.5
    assert linesearch.cubic_minimum(p, q._replace(value=math.inf), 0.0, 2.0) == 1


# ---------------------------------------------------------------------------------------- beside PyTorch
@pytest.mark.parametrize("dtype, rtol", [("float64", 1e-9), ("float32", 1e-3)])
@pytest.mark.parametrize("name, kwargs", [
    ("rosenbrock", {}), ("rosenbrock", {"history_size": 2}), ("rosenbrock", {"lr": 0.5, "max_iter": 3}),
    ("quartic", {}), ("bowl", {})])
def test_same_as_torch(name, kwargs, dtype, rtol):
    torch = pytest.importorskip("torch")

    def torchs(x):
        if name == "rosenbrock":
            return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
        if name == "quartic":
            return ((x - 1) ** 4).sum() + (x[1:] * x[:-1]).sum() ** 2
        return (torch.arange(1.0, 5.0, dtype=x.dtype) * (x - 0.5) ** 2).sum()

    if dtype == "float32":                    # rounding leads far apart in more steps
        kwargs = {**kwargs, "max_iter": 4}
    theirs = torch.tensor(START, dtype=getattr(torch, dtype), requires_grad=True)
    reference = torch.optim.LBFGS([theirs], line_search_fn="strong_wolfe", max_eval=10_000, **kwargs)
    ours = nb.tensor(START, dtype=dtype, requires_grad=True)
    optimizer = nb.optim.LBFGS(ours, **kwargs)
    counts = [0, 0]

    def closure():
        counts[0] += 1
        loss = FUNCTIONS[name](ours)
        loss.backward()
        return loss

    def reference_closure():
        counts[1] += 1
        reference.zero_grad()
        loss = torchs(theirs)
        loss.backward()
        return loss

    for _ in range(3 if dtype == "float64" else 1):
        loss = optimizer.step(closure)
        want = reference.step(reference_closure)
        np.testing.assert_allclose(loss.item(), want.item(), rtol=rtol, atol=rtol**1.5)
        np.testing.assert_allclose(ours.detach(), theirs.detach().numpy(), rtol=rtol, atol=rtol)
    assert ours.dtype == dtype
    if dtype == "float64" and name != "quartic":
        assert counts[0] == counts[1]


# ---------------------------------------------------------------------------------------- both ways of use
@pytest.mark.parametrize("f, start, want", [
    (rosenbrock, START[:2], np.ones(2)), (bowl, START, np.full(4, 0.5))])
def test_it_finds_the_minimum(f, start, want):
    x = nb.optim.LBFGS(max_iter=200, tolerance_change=1e-18).update(start, f)
    np.testing.assert_allclose(x, want, rtol=1e-7)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_step_and_update_agree_on_trees(dtype):
    def loss(p):
        return nb.sum((p["w"] @ p["w"] - np.eye(2, dtype=dtype)) ** 2) + p["b"][0] ** 2 + p["b"][1] * 0

    start = {"w": np.array([[0.5, -1.0], [2.0, 0.1]], dtype), "b": [np.array(3.0, dtype), 2]}
    functional, params = nb.optim.LBFGS(max_iter=4), start
    w, b = (nb.tensor(x, requires_grad=True) for x in (start["w"], start["b"][0]))
    leaves = {"w": w, "b": [b, 2]}
    inplace = nb.optim.LBFGS(leaves, max_iter=4)

    def closure():
        value = loss(leaves)
        value.backward()
        return value

    for _ in range(3):
        params = functional.update(params, loss)
        inplace.step(closure)
    assert params["b"][1] == 2 and params["w"].dtype == params["b"][0].dtype == dtype
    np.testing.assert_array_equal(params["w"], leaves["w"].detach())
    np.testing.assert_array_equal(params["b"][0], leaves["b"][0].detach())
    assert leaves["w"].is_leaf and leaves["w"].shape == (2, 2)


def test_the_state_goes_on_bit_for_bit():
    first = nb.optim.LBFGS(max_iter=3, history_size=2)
    x = first.update(START, rosenbrock)
    file = io.BytesIO()
    np.savez(file, **first.state_dict())
    file.seek(0)
    second = nb.optim.LBFGS()
    second.load_state_dict(np.load(file, allow_pickle=False))
    assert second.max_iter == 3 and len(second.state[0]) == 2 + 4
    for _ in range(3):
        y = second.update(x, rosenbrock)
        x = first.update(x, rosenbrock)
        np.testing.assert_array_equal(x, y)
    leaf = nb.tensor(START, requires_grad=True)
    nb.optim.LBFGS(leaf).load_state_dict(first.state_dict())
    with pytest.raises(ShapeError, match="LBFGS"):
        nb.optim.LBFGS(nb.tensor(np.ones(3), requires_grad=True)).load_state_dict(first.state_dict())


def test_a_schedule_is_the_first_length_that_is_tried():
    asked = []

    def schedule(step):
        asked.append(step)
        return 1.0

    optimizer = nb.optim.LBFGS(lr=schedule, max_iter=2)
    optimizer.update(optimizer.update(START, rosenbrock), rosenbrock)
    assert asked == [0, 1]


def test_functions_that_end_at_a_wall():
    """log is nan where the line search first goes; it comes back."""
    x = nb.optim.LBFGS(lr=100.0, max_iter=100).update(np.array([0.5]), lambda x: nb.sum(x - 2 * nb.log(x)))
    np.testing.assert_allclose(x, [2.0], rtol=1e-6)


def test_what_needs_no_step():
    for x in (np.full(3, 0.5), np.zeros((0,))):
        np.testing.assert_array_equal(nb.optim.LBFGS().update(x, bowl), x)
    assert nb.optim.LBFGS().update([1, None], lambda p: nb.asarray(1.0)) == [1, None]


def test_a_parameter_without_a_gradient_stays():
    a, b = (nb.tensor(v, requires_grad=True) for v in (3.0, 4.0))

    def closure():
        loss = (a - 1) ** 2
        loss.backward()
        return loss

    assert nb.optim.LBFGS([a, b]).step(closure).item() == 4
    assert a.item() == pytest.approx(1) and b.item() == 4


@pytest.mark.parametrize("act, error, message", [
    (lambda: nb.optim.LBFGS().update(START, START), DtypeError, r"a function in update\(params, f"),
    (lambda: nb.optim.LBFGS(nb.tensor(1.0, requires_grad=True)).step(), DtypeError, r"in step\(closure\)"),
    (lambda: nb.optim.LBFGS().update(-START, lambda x: nb.sum(nb.log(x))), ValueRangeError,
     "LBFGS: the function is nan at the parameters"),
    (lambda: nb.optim.LBFGS().update(np.zeros(2), lambda x: nb.sum(nb.sqrt(x))), ValueRangeError,
     "or its gradient"),
    (lambda: nb.grad(lambda x: nb.sum(nb.optim.LBFGS().update(x, bowl)))(START), TraceError, "gradient"),
    (lambda: nb.optim.LBFGS().update(START, lambda x: x), GradientError, "scalar"),
])
def test_what_is_refused(act, error, message):
    with pytest.raises(error, match=message):
        act()


def test_one_optimizer_serves_one_tree():
    optimizer = nb.optim.LBFGS()
    optimizer.update(START, bowl)
    with pytest.raises(ShapeError, match="make an optimiser for each tree"):
        optimizer.update(np.ones(3), bowl)
