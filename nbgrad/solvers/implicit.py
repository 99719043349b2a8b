"""Solutions of equations as differentiable functions of all that the equations depend on.

Whoever has found x with F(x) = 0, its derivatives are those of x - inv(J) F(x), J a constant, the Jacobian of
F at x: each such step gives the derivatives of one more order, in all that F depends on, arguments and what F
closes over alike. As many steps are taken as traces watch, and F itself is all that is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.arrays.dtypes import is_complex
from nbgrad.define.broadcast import astype
from nbgrad.engine import modes
from nbgrad.engine.arguments import is_float
from nbgrad.engine.tensor import Tensor, as_tensor, raw, tensor
from nbgrad.engine.transforms import no_grad, stop_gradient
from nbgrad.engine.tree import flatten, form, map_leaves
from nbgrad.errors import solver_errors, value_errors
from nbgrad.ops.create import asarray
from nbgrad.ops.elementwise import subtract
from nbgrad.ops.index import getitem
from nbgrad.ops.jacobians import jacobian
from nbgrad.ops.linalg import solve
from nbgrad.ops.shape import concat, reshape

_BEND = 0.25                                  # how much a Jacobian may change by; at a double root by 1/2
Equation = Callable[[Tensor], Tensor]         # a vector -> a vector of its length


def state_tree(tree: Any) -> Any:
    """What a user gives as a state: a list of numbers is a vector, as in SciPy, and all are floats."""
    flat = type(tree) in (list, tuple) and all(form(x) == "*" and as_tensor(x).shape == () for x in tree)
    tree = asarray(tree, copy=None) if flat else tree
    return map_leaves(lambda x: as_tensor(x) if is_float(x) else astype(as_tensor(x), np.float64), tree)


def refuse(what: str, given: Mapping[str, Any], why: Mapping[str, str]) -> None:
    """Raise for the first argument of SciPy's that is not offered, with what to do; or for an unknown one."""
    for name in given:
        if name in why:
            raise solver_errors.not_offered(what, name, why[name])
        raise solver_errors.unknown_argument(what, name)


def all_args(args: tuple[Any, ...], more: Any) -> tuple[Any, ...]:
    """The arguments of f that follow by place, and those of SciPy's args=, which may be one alone."""
    return (*args, *(more if isinstance(more, tuple) else (more,)))


class State:
    """A tree of floats as one vector, and back.

    shapes : of the leaves; dtypes : theirs; size : elements of all; dtype : of the vector
    """

    rebuild: Callable[[list[Any]], Any]
    shapes: list[tuple[int, ...]]
    dtypes: list[np.dtype[Any]]
    sizes: list[int]
    size: int
    dtype: np.dtype[Any]

    def __init__(self, what: str, tree: Any) -> None:
        leaves, self.rebuild = flatten(tree)
        leaves = [as_tensor(x) if is_float(x) else astype(as_tensor(x), np.float64) for x in leaves]
        if not leaves:
            raise value_errors.needs_floats(what, "nothing")
        self.shapes = [tuple(x.shape) for x in leaves]
        self.dtypes = [x.dtype for x in leaves]
        self.sizes = [int(np.prod(s)) for s in self.shapes]
        self.size, self.dtype = sum(self.sizes), np.result_type(*self.dtypes)

    def vector(self, tree: Any) -> Tensor:
        """The leaves of a tree of this form, one behind the other."""
        parts = [astype(reshape(as_tensor(x), (-1,)), self.dtype) for x in flatten(tree)[0]]
        return parts[0] if len(parts) == 1 else concat(parts, 0)

    def tree(self, vector: Any) -> Any:
        """The tree of a vector; vectors along the first axes, if there are more, come along in each leaf."""
        vector, ahead = as_tensor(vector), as_tensor(vector).shape[:-1]
        if len(self.sizes) == 1:
            parts = [vector]
        else:
            ends = np.cumsum([0, *self.sizes]).tolist()
            parts = [getitem(vector, (..., slice(a, b))) for a, b in pairwise(ends)]
        return self.rebuild([astype(reshape(part, (*ahead, *shape)), dtype) for part, shape, dtype in zip(
            parts, self.shapes, self.dtypes, strict=True)])


def host(x: Any) -> np.ndarray:
    """The values of a Tensor, as an array of float64 on the CPU that nobody else writes to.

    Raises DtypeError for complex ones, which SciPy's solvers and the control of steps do not take.
    """
    if is_complex(raw(x)):
        raise value_errors.no_complex("solvers", [raw(x).dtype])
    return np.array(devices.host(raw(x)), np.float64)


def held(f: Callable[..., Any], inputs: Sequence[Any], moving: Sequence[int]) -> Callable[..., Any]:
    """f as a function of the inputs at some places; the others stay what they are."""

    def of(*some: Any) -> Any:
        every = list(inputs)
        for place, x in zip(moving, some, strict=True):
            every[place] = x
        return f(*every)

    return of


def slopes(equation: Equation, x: Tensor) -> np.ndarray:
    """The Jacobian of an equation, of raw values."""
    return host(no_grad()(jacobian(equation))(stop_gradient(x)))


def solution(what: str, equation: Equation, x: Tensor, known: bool = False) -> Tensor:
    """x, which solves the equation, with its derivatives in all that the equation depends on.

    known: that there is one solution near x alone. Raises SingularError where the Jacobian has no inverse, or
    changes so much over the correction that Newton's method would make that there may be two, or none.
    Source of that bound: Kantorovich, 1948; see Ortega and Rheinboldt, 1970, section 12.6.
    """
    x = tensor(raw(x))
    found = equation(x)
    count = modes.orders(found)
    if not count:
        return x
    matrix = slopes(equation, x)
    if not np.all(np.isfinite(matrix)) or np.linalg.matrix_rank(matrix) < len(matrix):
        raise solver_errors.singular_solution(what, matrix.shape)
    change = np.linalg.solve(matrix, host(found))
    if not known and np.any(change):
        there = slopes(equation, as_tensor((host(x) - change).astype(x.dtype)))
        if not np.linalg.norm(np.linalg.solve(matrix, there - matrix), 2) < _BEND:
            raise solver_errors.singular_solution(what, matrix.shape)
    inverse, rest = as_tensor(matrix.astype(x.dtype)), stop_gradient(found)
    z = subtract(x, solve(inverse, subtract(found, rest)))
    for _ in range(count - 1):
        z = subtract(z, solve(inverse, subtract(equation(z), rest)))
    return z
