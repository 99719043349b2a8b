"""solve_ivp in SciPy's spelling: methods, events, states at any time, steps; and what is refused."""

import numpy as np
import pytest
from composite_checks import interpreted  # noqa: F401
from scipy import integrate

import nbgrad as nb
from nbgrad.errors import DtypeError, ShapeError, SingularError, ValueRangeError
from nbgrad.solvers import steps
from nbgrad.testing import values

EXPLICIT, IMPLICIT = ["RK45", "RK23", "DOP853"], ["Radau", "BDF"]
SPAN = (0.0, 2.0)


def swing(t, y, mu):
    """Van der Pol's oscillator, as SciPy's users write it: a list."""
    return [y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]]


def below(t, y, mu):
    return y[0] - 1.0


def falls(t, y, mu):
    return y[1] + 4 * t - mu


def assert_same(got, want, tol):
    np.testing.assert_allclose(values(got), want, rtol=tol, atol=tol)


@pytest.mark.parametrize("method", EXPLICIT + IMPLICIT)
@pytest.mark.parametrize("span", [(0.0, 2.0), (2.0, 0.5)], ids=["on", "back"])
def test_values_are_scipys(method, span):
    """Explicit methods take SciPy's steps; of the others the solutions are as exact as was asked for."""
    tol = 1e-6
    inside = np.linspace(*span, 7)
    options = {"method": method, "args": (1.5,), "dense_output": True, "events": [below, falls], "rtol": 1e-5,
               "atol": 1e-7, "t_eval": inside[:-1]}
    got, want = [library.solve_ivp(swing, span, [1.2, 0.1], **options) for library in (nb, integrate)]
    tol = 1e-8 if method in EXPLICIT else 1e-4
    assert (got.status, got.success) == (want.status, want.success) == (0, True)
    assert_same(got.t, want.t, 0)
    assert_same(got.y, want.y, tol)
    assert_same(got.sol(inside[::-1]), want.sol(inside[::-1]), tol)
    assert_same(got.sol(float(inside[2])), want.sol(inside[2]), tol)
    for ours, theirs in ((got.t_events, want.t_events), (got.y_events, want.y_events)):
        for x, y in zip(ours, theirs, strict=True):
            assert_same(x, y.reshape(x.shape), tol)


def test_outside_the_span_the_last_pieces_go_on():
    got, want = [library.solve_ivp(swing, (0.0, 2.0), [2.0, 0.0], args=(1.5,), dense_output=True)
                 for library in (nb, integrate)]
    assert_same(got.sol([-0.1, 2.1]), want.sol([-0.1, 2.1]), 1e-12)
    assert (got.sol.t_min, got.sol.t_max) == (0.0, 2.0)
    assert_same(got.sol.ts, want.sol.ts, 1e-12)


def steps_of(length):
    """Options with which all steps are so long, whatever the errors: differences see the same steps."""
    return {"rtol": 10.0, "atol": 10.0, "first_step": length, "max_step": length}


@pytest.mark.parametrize("method", EXPLICIT + IMPLICIT)
def test_derivatives_are_those_of_the_numbers(method, monkeypatch):
    """In the ends, the first state and an argument, of states at any time, of events, and of the end.

    Newton's method goes on to rounding, as differences see what it leaves.
    """
    monkeypatch.setattr(steps, "_NEAR", 1e-14)

    def f(stop, y0, mu, t):
        length = 0.25 * float(nb.stop_gradient(stop))
        found = nb.solve_ivp(swing, (0.0, stop), y0, method, args=(mu,), dense_output=True,
                             events=[below, falls], **steps_of(length))
        return found.sol(t), found.t_events[0], found.y_events[0], found.t_events[1], found.y[:, -1]

    at = [np.array(1.0), np.array([1.2, -0.4]), np.array(0.8), np.array([0.1, 0.6, 1.2, 0.6])]
    assert values(f(*at)[1]).shape == (1,) == values(f(*at)[3]).shape
    nb.testing.check_grads(f, at, 2 if method in ("RK23", "BDF") else 1)


def test_an_event_has_the_derivative_of_its_equation():
    """A body thrown up with speed v comes down after 2 v / g, at speed -v; it is highest after v / g."""

    def falling(t, y, g):
        return [y[1], -g + 0 * y[0]]

    def ground(t, y, g):
        return y[0]

    def top(t, y, g):
        return y[1]

    ground.terminal, ground.direction = True, -1

    def thrown(v, g):
        found = nb.solve_ivp(falling, (0.0, 100.0), [0.0, v], events=(ground, top), args=(g,))
        assert found.status == 1
        assert "event" in found.message
        down, high = found.y_events
        return found.t_events[0][0], down[0, 1], found.t[-1], found.y[1, -1], high[0]

    t, speed, end, last, highest = thrown(3.0, 2.0)
    assert_same([t, speed, end, last], [3.0, -3.0, 3.0, -3.0], 1e-12)
    assert_same(highest, [2.25, 0.0], 1e-12)
    by_v, by_g = zip(*nb.jacobian(thrown, (0, 1))(3.0, 2.0), strict=True)
    assert_same(by_v[:4], [1.0, -1.0, 1.0, -1.0], 1e-10)
    assert_same(by_g[:4], [-1.5, 0.0, -1.5, 0.0], 1e-10)
    assert_same(by_v[4], [1.5, 0.0], 1e-10)
    second = nb.hessian(lambda v, g: thrown(v, g)[0], (0, 1))(3.0, 2.0)
    assert_same([second[0][0], second[0][1], second[1][1]], [0.0, -0.5, 1.5], 1e-9)


def crossing(direction=0, terminal=False):
    def event(t, y):
        return y[0]

    event.direction, event.terminal = direction, terminal
    return event


@pytest.mark.parametrize("method", ["RK45", "BDF"])
def test_events_are_counted_as_scipy_counts_them(method):
    """Zeros of cos, with all that attributes can say, on a way on and a way back."""
    events = [crossing(), crossing(1), crossing(-1), crossing(terminal=3), lambda t, y: y[0] + 7.0]
    for span in ((0.0, 20.0), (20.0, 0.0)):
        options = {"method": method, "events": events, "rtol": 1e-6, "atol": 1e-8, "dense_output": True,
                   "t_eval": np.linspace(*span, 41)}
        got, want = [library.solve_ivp(lambda t, y: [y[1], -y[0]], span, [1.0, 0.0], **options)
                     for library in (nb, integrate)]
        assert got.status == want.status == 1
        assert [len(values(t)) for t in got.t_events] == [len(t) for t in want.t_events]
        assert values(got.y_events[4]).shape == (0, 2)
        for ours, theirs in zip(got.t_events, want.t_events, strict=True):
            assert_same(ours, theirs, 1e-4)
        assert got.t.shape == want.t.shape
        assert got.sol.ts[-1] == values(got.t_events[3])[-1]


def test_states_events_and_solutions_are_trees():
    def f(t, y, k):
        return {"x": y["v"], "v": -k * y["x"]}

    def event(t, y, k):
        return y["x"][1]

    y0 = {"x": np.array([1.0, 0.5]), "v": np.zeros(2)}
    found = nb.solve_ivp(f, SPAN, y0, events=event, args=(1.0,), dense_output=True, rtol=1e-8, atol=1e-8)
    assert_same(found.t_events[0], [np.pi / 2], 1e-6)
    assert_same(found.y_events[0]["v"], [[-1.0, -0.5]], 1e-6)
    assert_same(found.sol(1.0)["x"], [np.cos(1.0), np.cos(1.0) / 2], 1e-6)
    assert found.sol([0.5, 1.0, 1.5])["x"].shape == (2, 3)


@pytest.mark.parametrize("method", ["DOP853", "BDF"])
def test_single_precision_stays(method):
    def end(y0):
        found = nb.solve_ivp(lambda t, y: -y, (0.0, 1.0), y0, method=method, events=lambda t, y: y[0] - 0.5,
                             dense_output=True)
        return found.sol(1.0)[0] + found.t_events[0][0] + found.y[0, -1]

    value, slope = nb.value_and_grad(end)(np.ones(1, np.float32))
    assert (value.dtype, slope.dtype) == (np.float32, np.float32)
    assert_same(value, 2 * np.exp(-1.0) + np.log(2.0), 5e-3)
    assert_same(slope, [2 * np.exp(-1.0) + 1.0], 5e-3)


def test_a_list_of_numbers_is_a_vector():
    def end(a, b):
        return nb.odeint(lambda y, t: -2.0 * y, [a, b], [0, 1], rtol=1e-9, atol=1e-9)[-1]

    assert end(1.0, 3.0).shape == (2,)
    assert_same(nb.grad(lambda b: nb.sum(end(1.0, b)))(3.0), np.exp(-2.0), 1e-7)


@pytest.mark.parametrize("method", IMPLICIT)
def test_a_jacobian_of_the_users_is_used(method):
    """A function or a matrix; it takes part in the search alone, so derivatives are the same."""
    calls = []

    def jac(t, y, k):
        calls.append(t)
        return [[0.0, 1.0], [-k, -k]]

    def end(k, **options):
        return nb.solve_ivp(lambda t, y, k: [y[1], -k * (y[0] + y[1])], (0.0, 1.0), [1.0, 0.0], method,
                            args=(k,), rtol=1e-6, atol=1e-6, **options).y[0, -1]

    want = nb.value_and_grad(end)(3.0)
    for given in (jac, np.array([[0.0, 1.0], [-3.0, -3.0]])):
        assert_same(nb.value_and_grad(lambda k, given=given: end(k, jac=given))(3.0), want, 1e-7)
    backward = nb.value_and_grad(lambda k: end(k, jac=jac, t_eval=[0.5, 1.0], gradient="adjoint"))(3.0)
    assert_same(backward, want, 1e-4)
    assert calls


def test_options_mean_what_they_mean_in_scipy():
    """Columns, tolerances for each element, and the lengths of steps."""
    matrix = np.array([[0.0, 1.0], [-1.0, 0.0]])
    for options in ({"vectorized": True}, {"atol": [1e-9, 1e-3], "rtol": 1e-8}, {"max_step": 0.05},
                    {"first_step": 0.01}, {"args": None}):
        got, want = [library.solve_ivp(lambda t, y: matrix @ y, SPAN, np.array([1.0, 0.0]), **options)
                     for library in (nb, integrate)]
        assert_same(got.t, want.t, 1e-9)
        assert_same(got.y, want.y, 1e-9)
    assert np.diff(values(nb.solve_ivp(lambda t, y: -y, SPAN, [1.0], "BDF", max_step=0.05).t)).max() < 0.0501


@pytest.mark.parametrize("method", ["RK45", "BDF"])
def test_an_interval_of_length_0_has_derivatives(method):
    def end(stop):
        found = nb.solve_ivp(lambda t, y: -2 * y, (1.0, stop), [3.0], method, dense_output=True)
        return found.y[0, -1] + found.sol([1.0, stop])[0, 1]

    assert float(end(1.0)) == 6.0
    assert float(nb.grad(end)(1.0)) == -12.0


def grazes(a):
    """The time at which a parabola touches 0, which it does not for a smaller a."""
    return nb.solve_ivp(lambda t, y: 2 * (t - 1) + 0 * y, (0.0, 3.0), nb.stack([1.0 + a]), method="RK23",
                        events=lambda t, y: (t - 1) * nb.abs(y[0]), first_step=0.3).t_events[0][0]


def solved(**options):
    return nb.solve_ivp(lambda t, y: -y, SPAN, np.ones(2), **options)


def jumps(a):
    """The time at which a function jumps over 0."""
    return nb.solve_ivp(lambda t, y: -y, SPAN, nb.stack([a]), events=lambda t, y: nb.where(
        y[0] < 0.5, y[0] - 1, y[0] + t)).t_events[0][0]


REFUSED = {
    "a grazing event": (lambda: nb.grad(grazes)(0.0), SingularError, "slope 0"),
    "an event that jumps": (lambda: nb.grad(jumps)(1.0), SingularError, "jumps"),
    "one argument": (lambda: solved(args=2.0), DtypeError, "args"),
    "events, adjoint": (lambda: solved(events=crossing(), t_eval=[1.0], gradient="adjoint"), ValueRangeError,
                        "adjoint.*events"),
    "sol, adjoint": (lambda: solved(dense_output=True, gradient="adjoint"), ValueRangeError, "dense_output"),
    "an event's shape": (lambda: solved(events=lambda t, y: y), ShapeError, r"event.*\(2,\)"),
    "no event": (lambda: solved(events=[1.0]), DtypeError, "solve_ivp"),
    "terminal": (lambda: solved(events=crossing(terminal=-1)), ValueRangeError, "terminal=-1"),
    "LSODA": (lambda: solved(method="LSODA"), ValueRangeError, "LSODA"),
    "its options": (lambda: solved(min_step=0.1), ValueRangeError, "min_step"),
    "sparse": (lambda: solved(jac_sparsity=np.eye(2)), ValueRangeError, "jac_sparsity"),
    "a typing error": (lambda: solved(max_stepp=0.1), DtypeError, "max_stepp"),
    "an explicit method's jac": (lambda: solved(jac=np.eye(2)), ValueRangeError, "jac has no part.*RK45"),
    "jac's shape": (lambda: solved(method="BDF", jac=np.eye(3)), ShapeError, r"\(3, 3\)"),
    "max_step": (lambda: solved(max_step=0.0), ValueRangeError, "max_step"),
    "first_step": (lambda: solved(first_step=3.0), ValueRangeError, "first_step"),
    "tolerances": (lambda: solved(atol=np.ones(3)), ValueRangeError, r"\(3,\)"),
    "columns of trees": (lambda: nb.solve_ivp(lambda t, y: y, SPAN, {"a": 1.0}, vectorized=True),
                         ValueRangeError, "vectorized"),
    "against": (lambda: solved(t_eval=[1.0, 0.5], dense_output=True), ValueRangeError, "t_eval runs against"),
    "times in a matrix": (lambda: solved(dense_output=True).sol(np.ones((2, 2))), ValueRangeError, "sol"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_answer_is_refused(case):
    call, error, match = REFUSED[case]
    with pytest.raises(error, match=match):
        call()


def test_the_adjoint_goes_by_every_method():
    def end(k, method, gradient):
        return nb.solve_ivp(lambda t, y, k: -k * y, (0.0, 1.0), [3.0], method, t_eval=[0.5, 1.0], args=(k,),
                            rtol=1e-6, atol=1e-6, gradient=gradient).y[0, -1]

    for method in ("DOP853", "BDF"):
        for gradient in ("direct", "adjoint"):
            assert_same(nb.grad(end)(2.0, method, gradient), -3 * np.exp(-2.0), 3e-5)


def test_solutions_that_begin_at_events_have_derivatives():
    """The time of the third bounce of a ball that keeps 4/5 of its speed goes as the root of its height."""

    def ground(t, y):
        return y[0]

    ground.terminal, ground.direction = True, -1

    def third(height):
        t, y = 0.0, [height, 0.0]
        for _ in range(3):
            found = nb.solve_ivp(lambda t, y: [y[1], -9.81], (t, t + 10.0), y, events=ground)
            t, y = found.t_events[0][0], [0.0, -0.8 * found.y_events[0][0, 1]]
        return t

    want = np.sqrt(2 * 2.0 / 9.81) * (1 + 2 * 0.8 + 2 * 0.64)
    assert_same(nb.value_and_grad(third)(2.0), [want, want / 4], 1e-9)
