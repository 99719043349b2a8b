"""Wordings of what goes wrong in solvers: no convergence, singular equations, arguments that do not fit."""

from __future__ import annotations

from nbgrad.errors import ConvergenceError, GradientError, ShapeError, SingularError, ValueRangeError


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
    return SingularError(f"{what}: at t = {t:.17g} an event has slope 0 in time, so that its time is no "
                         "differentiable function of the arguments. Without derivatives, use no_grad().")


def jacobian_shape(what: str, got: tuple[int, ...], size: int) -> ShapeError:
    return ShapeError(f"{what}: jac has the shape {got} for a state of {size} numbers. It must be "
                      f"({size}, {size}).")


def no_part(what: str, name: str, method: str, instead: str) -> ValueRangeError:
    return ValueRangeError(f"{what}: {name} has no part in method={method!r}. {instead}")


def not_offered(what: str, name: str, why: str) -> ValueRangeError:
    return ValueRangeError(f"{what}: {name} is not offered{why}")
