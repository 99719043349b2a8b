"""Broadcasting and its undoing: two linear ops, each the transpose of the other, and the change of dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.arrays.dtypes import is_complex
from nbgrad.define.structured import family
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, as_tensor, raw, unwrap, wrap
from nbgrad.engine.views import link
from nbgrad.errors import shape_errors, value_errors

op: Any = family("broadcast")


def _shape(shape: Any) -> tuple[int, ...]:
    return (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(map(int, shape))


def _expands(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether an array of this shape broadcasts to the target."""
    pairs = zip(shape[::-1], target[::-1], strict=False)
    return len(shape) <= len(target) and all(n in (1, m) for n, m in pairs)


@op(vjp=lambda g, z, x, shape: sum_to(g, x.shape), linear=True, keep="", like=np.broadcast_to, view=link,
    cases=[((3,), {"shape": (2, 3)}), ((2, 1), {"shape": (4, 2, 3)}), ((), {"shape": (2, 2)}),
           ((1, 3), {"shape": (0, 3)}), ((2, 3), {"shape": (2, 3)})])
def broadcast_to(x: Any, shape: Any) -> Any:
    """Return a read-only view of x, its axes of length 1 repeated and axes added in front, of a given shape.

    x: any shape that broadcasts to `shape`, any dtype. Raises ShapeError if it does not.

    >>> nb.broadcast_to([1.0, 2.0], (2, 2))
    tensor([[1., 2.],
            [1., 2.]])
    """
    x, shape = as_tensor(x), _shape(shape)
    if not _expands(x.shape, shape):
        raise shape_errors.no_broadcast_to(x.shape, shape)
    return (x,), {"shape": shape}


def _sum_to_like(x: Any, shape: tuple[int, ...]) -> Any:
    lead = x.ndim - len(shape)
    axes = tuple(range(lead)) + tuple(i + lead for i, n in enumerate(shape) if n == 1)
    return x.sum(axis=axes, keepdims=True).reshape(shape)


@op(vjp=lambda g, z, x, shape: apply(broadcast_to, (g,), {"shape": x.shape}), linear=True, keep="",
    like=_sum_to_like,
    cases=[((2, 3), {"shape": (3,)}), ((4, 2, 3), {"shape": (2, 1)}), ((2, 2), {"shape": ()}),
           ((0, 3), {"shape": (1, 3)}), ((2, 3), {"shape": (2, 3)})], private=True)
def sum_to(x: Any, shape: Any) -> Any:
    """Return x summed over the axes along which an array of the given shape would be broadcast to x's.

    x: a shape that `shape` broadcasts to, float dtype. Raises ShapeError if it does not.
    """
    x, shape = as_tensor(x), _shape(shape)
    if not _expands(shape, x.shape):
        raise shape_errors.no_broadcast_to(shape, x.shape)
    return (x,), {"shape": shape}


@op(vjp=lambda g, z, x, dtype: apply(astype, (g,), {"dtype": x.dtype}), linear=True, keep="",
    like=lambda x, dtype: x.astype(dtype), on_complex="same",
    cases=[((2, 3), {"dtype": "float32"}), ((2, 3), {"dtype": "float64"}), ((), {"dtype": "float32"})])
def astype(x: Any, dtype: Any) -> Any:
    """Return x converted to a dtype.

    Between floating-point and complex dtypes it has a derivative; to integers or booleans the result is a
    constant. Integers are cut to fewer bits; floats that an integer dtype does not hold, nan among them,
    become what the processor makes of them.
    Raises DtypeError for a dtype that nbgrad does not take, and for complex numbers to another dtype, which
    would lose their imaginary parts.

    >>> nb.astype([1.7, -1.7], nb.int64)
    tensor([ 1, -1])
    """
    x, dtype = as_tensor(x), devices.supported(dtype)
    if dtype.kind != "c" and is_complex(x):
        raise value_errors.imaginary_lost("astype", dtype)
    if dtype.kind not in "fc":
        x = wrap(raw(x))                      # nothing that has a derivative comes out
    return (x,), {"dtype": dtype}


def alike(*xs: Tensor) -> list[Tensor]:
    """Tensors in their common dtype."""
    dtype = np.result_type(*[x.dtype for x in xs])
    return [x if x.dtype == dtype else astype(x, dtype) for x in xs]


def fit(x: Any, like: Any) -> Any:
    """An inner value in the shape and dtype of `like`: summed, or broadcast, as need be."""
    like = raw(like)
    if raw(x).shape != like.shape:
        to_shape = sum_to if _expands(like.shape, raw(x).shape) else broadcast_to
        x = unwrap(apply(to_shape, (wrap(x),), {"shape": like.shape}))
    if raw(x).dtype != like.dtype:
        x = unwrap(apply(astype, (wrap(x),), {"dtype": like.dtype}))     # of a complex one the real part
    return x


def shaped(x: Tensor, like: Any) -> Tensor:
    """`fit` on Tensors, for rules."""
    if x.shape == like.shape and x.dtype is like.dtype:
        return x
    return wrap(fit(unwrap(x), like))
