"""Whole derivative matrices: jacobian in several layouts and by either mode, and hessian."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any

from nbgrad.arrays import devices
from nbgrad.arrays.dtypes import is_complex
from nbgrad.engine import modes
from nbgrad.engine.arguments import Chosen, Inputs, chosen
from nbgrad.engine.tensor import Tensor, as_tensor, raw, tensor, wrap
from nbgrad.engine.transforms import Reverse, check_function, check_result, grad, transformed
from nbgrad.engine.tree import flatten
from nbgrad.errors import gradient_errors, value_errors
from nbgrad.ops.shape import permute_dims, reshape, stack


def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] | None = None, mode: str = "auto",
             layout: str = "array", *, argnames: str | Sequence[str] | None = None,
             holomorphic: bool = False) -> Callable[..., Any]:
    """Return a function that gives f's Jacobian.

    argnums, argnames : which arguments to differentiate by, as in value_and_grad
    mode   : "rev" takes one backward pass for each element of the output, "fwd" one forward pass for each of
        the input, "auto" whichever are fewer
    layout : the shape of the Jacobian of an output of shape (m, l) by an input of shape (n, k):
        "array"        (m, l, n, k): the output's shape followed by the input's
        "numerator"    (m, l, k, n): the input's axes reversed; vectors count as columns, of which the axis of
                       length 1 is left out, except that scalar by vector is a row (1, n), vector by scalar a
                       column (m, 1)
        "denominator"  the numerator layout with all axes reversed
        "vec"          (m * l, n * k): both flattened, last axis fastest
    holomorphic : f is an analytic function of complex arguments with complex results
    Trees give a tree of the output's form, each leaf a tree of the input's form. The Jacobian of complex
    results by real arguments is complex; its rows of real results by complex arguments are gradients as in
    value_and_grad.

    Raises ValueRangeError for an unknown mode or layout, or an argument that is not there, GradientError for
    an output that is neither a float nor complex, or complex by complex arguments without holomorphic.

    >>> print(nb.jacobian(lambda x, scale: scale * x**2, argnames="x")(np.array([1.0, 2.0]), scale=3.0))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    if mode not in ("auto", "rev", "fwd"):
        raise value_errors.bad_choice("jacobian", "mode", mode, ("auto", "rev", "fwd"))
    if layout not in _LAYOUTS:
        raise value_errors.bad_choice("jacobian", "layout", layout, _LAYOUTS)
    check_function("jacobian", f)
    return transformed(_jacobian, f, chosen("jacobian", argnums, argnames), mode, layout,
                       holomorphic)


def jacfwd(f: Callable[..., Any], argnums: int | Sequence[int] | None = None, layout: str = "array",
           *, argnames: str | Sequence[str] | None = None, holomorphic: bool = False) -> Callable[..., Any]:
    """Return a function that gives f's Jacobian by forward passes: `jacobian` with mode="fwd".

    It suits functions of few inputs and many outputs. Shapes and errors are those of `jacobian`.
    f, argnums, argnames, layout, holomorphic: as there. Raises ValueRangeError, GradientError.

    >>> print(nb.jacfwd(nb.cumsum)(np.ones(2)))
    tensor([[1., 0.],
            [1., 1.]])
    """
    return jacobian(f, argnums, "fwd", layout, argnames=argnames, holomorphic=holomorphic)


def jacrev(f: Callable[..., Any], argnums: int | Sequence[int] | None = None, layout: str = "array",
           *, argnames: str | Sequence[str] | None = None, holomorphic: bool = False) -> Callable[..., Any]:
    """Return a function that gives f's Jacobian by backward passes: `jacobian` with mode="rev".

    It suits functions of many inputs and few outputs. Shapes and errors are those of `jacobian`.
    f, argnums, argnames, layout, holomorphic: as there. Raises ValueRangeError, GradientError.

    >>> print(nb.jacrev(nb.sum)(np.ones(3)))
    tensor([1., 1., 1.])
    """
    return jacobian(f, argnums, "rev", layout, argnames=argnames, holomorphic=holomorphic)


def _jacobian(f: Callable[..., Any], wanted: Chosen, mode: str, layout: str, holomorphic: bool, /,
              *args: Any, **kwargs: Any) -> Any:
    inputs = Inputs("jacobian", args, wanted.keys(f, args, kwargs), kwargs)
    reverse = Reverse(f, inputs, False)
    if not reverse.values:
        raise value_errors.bad_argument("jacobian", None, "a result from the function, with numbers in it")
    from_complex, to_complex = (any(is_complex(raw(v)) for v in values)
                                for values in (inputs.values, reverse.values))
    for y in reverse.values:
        if from_complex or not is_complex(raw(y)):
            check_result("jacobian", y.dtype, inputs.values, holomorphic)
    if from_complex != to_complex:            # the other mode sees the real part alone
        whole = "rev" if from_complex else "fwd"
        if mode not in ("auto", whole):
            raise gradient_errors.complex_mode(mode)
        mode = whole
    outputs, arguments = _count(reverse.values), _count(inputs.values)
    forward = mode == "fwd" or (mode == "auto" and arguments < outputs)
    blocks = _columns(reverse, f) if forward else _rows(reverse)
    trees = [inputs.tree([_LAYOUTS[layout](block, y.shape, raw(x).shape)
                          for block, x in zip(row, inputs.values, strict=True)])
             for y, row in zip(reverse.values, blocks, strict=True)]
    return reverse.rebuild([wanted.packed(t) for t in trees])


def hessian(f: Callable[..., Any], argnums: int | Sequence[int] | None = None,
            *, argnames: str | Sequence[str] | None = None, holomorphic: bool = False) -> Callable[..., Any]:
    """Return a function that gives the second derivatives of the scalar function f: (*x.shape, *x.shape).

    argnums, argnames : which arguments to differentiate by, as in value_and_grad. Several give a tuple of
        rows: the derivatives of each one's gradient by all of them.
    holomorphic : f is an analytic function of complex arguments

    Raises as value_and_grad does.

    >>> print(nb.hessian(lambda x: nb.sum(x**3))(np.array([1.0, 2.0])))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    check_function("hessian", f)
    gradient = grad(f, argnums, argnames=argnames, holomorphic=holomorphic)
    return jacobian(gradient, argnums, argnames=argnames, holomorphic=holomorphic)


def _count(values: Sequence[Any]) -> int:
    """Number of elements of all inner values together."""
    return sum(prod(raw(v).shape) for v in values)


def _basis(x: Any) -> Iterator[Any]:
    """The unit vectors of x's space, as raw arrays of x's shape."""
    for i in range(prod(x.shape)):
        yield devices.unit_like(x, i)


def _rows(run: Reverse) -> list[list[Tensor]]:
    """For each output and input the Jacobian, (outputs, inputs) flattened, by a backward pass a row."""
    blocks = []
    for k, y in enumerate(run.values):
        passes = [run.pull([tensor(e) if i == k else None for i in range(len(run.values))])
                  for e in _basis(raw(y))]
        blocks.append([_matrix([p[j] for p in passes], raw(x)) for j, x in enumerate(run.inputs.values)])
    return blocks


def _columns(run: Reverse, f: Callable[..., Any]) -> list[list[Tensor]]:
    """The same by a forward pass a column."""
    blocks: list[list[Tensor]] = [[] for _ in run.values]
    for j, x in enumerate(run.inputs.values):
        passes = [_along(run, f, j, e) for e in _basis(raw(x))]
        for k, y in enumerate(run.values):
            blocks[k].append(permute_dims(_matrix([p[k] for p in passes], raw(y))))
    return blocks


def _along(run: Reverse, f: Callable[..., Any], moving: int, e: Any) -> list[Tensor]:
    """Tangents of all outputs along the direction e of one input."""
    trace = modes.forward.get()()
    watched = [tensor(v, trace, e) if i == moving else wrap(v) for i, v in enumerate(run.inputs.values)]
    ys = [as_tensor(y) for y in flatten(run.inputs.call(f, watched))[0]]
    return [wrap(y.mark) if y.trace is trace else tensor(devices.zeros_like(raw(y))) for y in ys]


def _matrix(rows: Sequence[Tensor], like: Any) -> Tensor:
    """Tensors of one shape, flattened, as the rows of a matrix."""
    if not rows:
        return tensor(devices.empty((0, prod(like.shape)), like.dtype))
    return stack([reshape(row, (prod(like.shape),)) for row in rows])


def _array(j: Tensor, y: tuple[int, ...], x: tuple[int, ...]) -> Tensor:
    return reshape(j, y + x)


def _vec(j: Tensor, y: tuple[int, ...], x: tuple[int, ...]) -> Tensor:
    return j


def _numerator(j: Tensor, y: tuple[int, ...], x: tuple[int, ...]) -> Tensor:
    out, into = (s[:-1] if len(s) == 2 and s[-1] == 1 else s for s in (y, x))
    n = len(out) + len(into)
    swapped = permute_dims(reshape(j, out + into), (*range(len(out)), *range(n - 1, len(out) - 1, -1)))
    if n != 1:
        return swapped
    return reshape(swapped, (1, *into) if into else (*out, 1))


def _denominator(j: Tensor, y: tuple[int, ...], x: tuple[int, ...]) -> Tensor:
    found = _numerator(j, y, x)
    return permute_dims(found, tuple(reversed(range(found.ndim))))


_LAYOUTS = {"array": _array, "numerator": _numerator, "denominator": _denominator, "vec": _vec}
