"""Wordings of what goes wrong in solvers: no convergence, singular equations, arguments that do not fit."""

from __future__ import annotations

from nbgrad.errors import (
    ConvergenceError,
    DtypeError,
    GradientError,
    ShapeError,
    SingularError,
    ValueRangeError,
)


def not_converged(what: str, message: str) -> ConvergenceError:
    said = " ".join(message.split()).rstrip(".")
    return ConvergenceError(f"{what}: {said}. Start elsewhere, loosen the tolerance, or choose another "
                            "method.")


def singular_solution(what: str, shape: tuple[int, ...]) -> SingularError:
    return SingularError(f"{what}: the Jacobian of the equation, shape {shape}, is singular at the solution, "
                         "which is no differentiable function of the arguments there. Without derivatives, "
                         "use no_grad().")


def other_size(what: str, got: int, need: int) -> ShapeError:
    return ShapeError(f"{what}: the function returned {got} numbers for {need} unknowns. It must return as "
                      "many as x0 has.")


def integrand_shape(what: str, shape: tuple[int, ...]) -> ShapeError:
    return ShapeError(f"{what}: the function returned shape {shape}, but an integrand returns one number. "
                      "Integrate each element by itself.")


def infinite_limit(what: str) -> GradientError:
    return GradientError(f"{what}: a derivative is being taken by an infinite limit. Pass it as a plain "
                         "number, or wrap it in stop_gradient.")


def slope_shape(what: str, got: object, need: object) -> ShapeError:
    return ShapeError(f"{what}: the function returned slopes of the form {got}, but the state has the form "
                      f"{need}. They must be alike.")


def not_in_order(what: str, why: str) -> ValueRangeError:
    return ValueRangeError(f"{what}: {why}")


def step_too_small(what: str, t: float) -> ConvergenceError:
    return not_converged(what, f"at t = {t:.17g} no step is small enough for the tolerances")


def too_many_steps(what: str, most: int, t: float) -> ConvergenceError:
    return not_converged(what, f"{most} steps have come no further than t = {t:.17g}")


def event_shape(what: str, shape: tuple[int, ...]) -> ShapeError:
    return ShapeError(f"{what}: an event returned shape {shape}, but it is where one number is 0. Give a "
                      "list of events, one for each element.")


def grazing(what: str, t: float) -> SingularError:
    return SingularError(f"{what}: at t = {t:.17g} an event has slope 0 in time, or jumps, so that its "
                         "time is no differentiable function of the arguments. Without derivatives, use "
                         "no_grad().")


def jacobian_shape(what: str, got: tuple[int, ...], size: int) -> ShapeError:
    return ShapeError(f"{what}: jac has the shape {got} for a state of {size} numbers. It must be "
                      f"({size}, {size}).")


def no_part(what: str, name: str, method: str, instead: str) -> ValueRangeError:
    return ValueRangeError(f"{what}: {name} has no part in method={method!r}. {instead}")


def not_offered(what: str, name: str, why: str) -> ValueRangeError:
    return ValueRangeError(f"{what}: {name} is not offered{why}")


def unknown_argument(what: str, name: str) -> DtypeError:
    return DtypeError(f"{what}: takes no argument {name!r}. Its documentation lists those that it takes.")


def limit_shape(what: str, shape: tuple[int, ...]) -> ShapeError:
    return ShapeError(f"{what}: a limit has shape {shape}, but is one number. Integrate over each by itself.")


def on_a_bound(what: str, places: object) -> SingularError:
    return SingularError(f"{what}: elements {places} of the solution lie on a bound, or as near to one as "
                         "the solution is exact, and it may hold them or not: the solution is no "
                         "differentiable function of the arguments there. Give a smaller tol, or use "
                         "no_grad().")


def bounds_shape(what: str, got: object, size: int) -> ShapeError:
    return ShapeError(f"{what}: bounds are {got}, but must be {size} pairs (low, high), one for each element "
                      "of x0, None where there is none, or a scipy.optimize.Bounds.")


def weighted_limit(what: str, weight: str) -> GradientError:
    return GradientError(f"{what}: a derivative is being taken by a limit, which weight={weight!r} depends "
                         "on. Wrap the limit in stop_gradient, or integrate from 0 to 1 in another variable.")


def constant_option(what: str, name: str) -> GradientError:
    return GradientError(f"{what}: {name} depends on what a derivative is being taken by, and has none. "
                         "Where f jumps, add integrals up to there and from there on; else wrap it in "
                         "stop_gradient.")
