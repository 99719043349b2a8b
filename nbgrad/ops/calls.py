"""Functions called along axes, over axes, and for every element, in Python: gradients flow through them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nbgrad.define.broadcast import astype
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.axes import listed, one
from nbgrad.ops.grids import broadcast_arrays, indices
from nbgrad.ops.shape import expand_dims, moveaxis, reshape, stack


def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> Tensor:
    """Return what a function gives of each line of arr along an axis, in the place of the line.

    func1d: (line, *args, **kwargs) -> an array, of one shape for all. axis: of the lines. arr: at least one
    line. Derivative: that of the function. Raises ShapeError for no line, AxisError.

    >>> nb.apply_along_axis(nb.sum, 0, [[1.0, 2.0], [3.0, 4.0]])
    tensor([4., 6.])
    """
    x = as_tensor(arr)
    axis = one("apply_along_axis", axis, x.ndim)
    rest = (*x.shape[:axis], *x.shape[axis + 1:])
    if 0 in rest:
        raise shape_errors.bad_shape("apply_along_axis", x.shape, "needs at least one line")
    lines = reshape(moveaxis(x, axis, -1), (-1, x.shape[axis]))
    found = stack([as_tensor(func1d(line, *args, **kwargs)) for line in lines])
    shape = found.shape[1:]
    found = reshape(found, (*rest, *shape))
    places = range(len(shape))
    return moveaxis(found, [len(rest) + k for k in places], [axis + k for k in places])


def apply_over_axes(func: Callable[..., Any], a: Any, axes: Any) -> Tensor:
    """Return what is left of a when a function has been called for each of the axes, which stay.

    func: (array, axis) -> an array with one axis fewer, or as many. a: any shape. axes: one or several.
    Derivative: that of the function. Raises ShapeError for another number of axes, AxisError.

    >>> nb.apply_over_axes(nb.sum, [[1.0, 2.0], [3.0, 4.0]], (0, 1))
    tensor([[10.]])
    """
    x = as_tensor(a)
    for axis in [one("apply_over_axes", axis, x.ndim) for axis in listed(axes)]:
        z = as_tensor(func(x, axis))
        z = expand_dims(z, axis) if z.ndim == x.ndim - 1 else z
        if z.ndim != x.ndim:
            need = f"the function has to give {x.ndim} axes, or one fewer"
            raise shape_errors.bad_shape("apply_over_axes", z.shape, need)
        x = z
    return x


def vectorize(pyfunc: Callable[..., Any], otypes: Any = None) -> Callable[..., Any]:
    """Return a function of arrays that calls one of numbers for every element: a loop in Python.

    pyfunc: of Tensors without axes; gives one, or a tuple of them. otypes: the dtype of each result, or None.
    Arguments broadcast. `elementwise` compiles what can be written as a formula. Derivative: that of the
    function. Raises ShapeError, ValueRangeError for no element where otypes is not given.

    >>> nb.vectorize(lambda x, y: x * y if x > y else y)([1.0, 3.0], 2.0)
    tensor([2., 6.])
    """
    dtypes = None if otypes is None else [np.dtype(t) for t in listed(otypes)]

    @functools.wraps(pyfunc)
    def vectorized(*args: Any) -> Any:
        xs = broadcast_arrays(*args)
        shape = xs[0].shape if xs else ()
        lines = [list(reshape(x, (-1,))) for x in xs]
        rows: list[Any] = [pyfunc(*each) for each in zip(*lines, strict=True)]
        if not rows:
            if dtypes is None:
                raise value_errors.bad_value("vectorize", "there is no element to call the function for. "
                                                          "Give otypes")
            made = [as_tensor(np.zeros(shape, t)) for t in dtypes]
            return made[0] if len(made) == 1 else tuple(made)
        several = isinstance(rows[0], tuple)
        columns: Sequence[Any] = list(zip(*rows, strict=True)) if several else [rows]
        found = [reshape(stack([as_tensor(x) for x in column]), shape) for column in columns]
        if dtypes is not None:
            found = [astype(z, t) for z, t in zip(found, dtypes, strict=True)]
        return tuple(found) if several else found[0]

    return vectorized


def fromfunction(function: Callable[..., Any], shape: Any, *, dtype: Any = float, **kwargs: Any) -> Any:
    """Return what a function gives of the coordinates of a shape's places, one array for each axis.

    function: (*coordinates, **kwargs) -> anything. shape: sizes. dtype: of the coordinates, default float64.
    Derivative: that of the function. Raises DtypeError.

    >>> nb.fromfunction(lambda i, j: i + 2 * j, (2, 2))
    tensor([[0., 2.],
            [1., 3.]])
    """
    return function(*indices(shape, dtype), **kwargs)
