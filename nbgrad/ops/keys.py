"""Keys of random numbers, and what all draws are made of: bits, fractions, standard normal numbers."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from nbgrad.define.broadcast import astype
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.compare import bitwise_right_shift
from nbgrad.ops.create import empty
from nbgrad.ops.elementwise import add, cos, log1p, multiply, negative, sin, sqrt
from nbgrad.ops.index import getitem
from nbgrad.ops.random import mixed_key, random_bits
from nbgrad.ops.shape import concat, reshape

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def key(seed: int) -> int:
    """Return a key, an integer of 64 bits, for a seed: equal seeds give equal keys, near ones unlike keys.

    seed: an integer from 0 to 2**64 - 1, or a tuple of several. It has no derivative. Raises ValueRangeError,
    DtypeError for another.

    >>> nb.random.key(1) == nb.random.key(1)
    True
    """
    return mixed_key("key", (seed,) if not isinstance(seed, tuple) else seed)


def fold_in(key: Any, data: int) -> int:
    """Return a key of a key and a number, such as that of a step or of a layer.

    data: an integer from 0 to 2**64 - 1. A key has no derivative. Raises ValueRangeError, DtypeError for
    another.

    >>> k = nb.random.key(1)
    >>> nb.random.fold_in(k, 2) == nb.random.fold_in(k, 3)
    False
    """
    return mixed_key("fold_in", (mixed_key("fold_in", key), data))


def split(key: Any, num: int = 2) -> tuple[int, ...]:
    """Return keys that are independent of each other, of the key, and of what `fold_in` makes of it.

    num: how many. Keys have no derivative. Raises ValueRangeError, DtypeError for what is no key.

    >>> a, b = nb.random.split(nb.random.key(1))
    >>> a == b
    False
    """
    one = mixed_key("split", key)
    return tuple([mixed_key("split", (one, i, num)) for i in range(operator.index(num))])


# ----------------------------------------------------------------------------------- what draws are made of
def drawn_shape(name: str, shape: Any, *parameters: Tensor) -> tuple[int, ...]:
    """The shape of a draw: as asked for, else that of the parameters together. Raises ShapeError."""
    common = [x.shape for x in parameters]
    if shape is None:
        try:
            return np.broadcast_shapes(*common)
        except ValueError as error:
            raise shape_errors.no_broadcast(name, common) from error
    asked = (int(shape),) if isinstance(shape, (int, np.integer)) else tuple([int(n) for n in shape])
    try:
        fits = np.broadcast_shapes(asked, *common) == asked
    except ValueError:
        fits = False
    if not fits:
        raise shape_errors.no_broadcast(name, [asked, *common])
    return asked


def bits(name: str, key: Any, shape: tuple[int, ...]) -> Tensor:
    """32 bits for each element of a shape."""
    found: Tensor = random_bits(empty((0,)), shape, mixed_key(name, key))
    return found


def float_dtype(name: str, dtype: Any, *parameters: Any) -> np.dtype:
    """The float dtype of a draw: as asked for, else that of the parameters that are arrays, else float64."""
    found = np.dtype(dtype) if dtype is not None else np.result_type(
        *[x.dtype for x in parameters if hasattr(x, "dtype") and x.dtype.kind == "f"] or [np.float64])
    if found not in _FLOATS:
        raise value_errors.bad_choice(name, "dtype", str(found), [str(each) for each in _FLOATS])
    return found


def fractions(name: str, key: Any, shape: tuple[int, ...], dtype: np.dtype) -> Tensor:
    """Multiples of 2**-53, or 2**-24 of float32, in [0, 1)."""
    if dtype == np.float32:
        return multiply(astype(bitwise_right_shift(bits(name, key, shape), 8), dtype), np.float32(2.0**-24))
    both = bits(name, key, (2, *shape))
    high, low = [astype(bitwise_right_shift(getitem(both, i), n), dtype) for i, n in ((0, 5), (1, 6))]
    return multiply(add(multiply(high, 2.0**26), low), 2.0**-53)


def normals(name: str, key: Any, shape: tuple[int, ...], dtype: np.dtype) -> Tensor:
    """Standard normal numbers. Source: Box and Muller, 1958."""
    count = math.prod(shape)
    half = -(-count // 2)
    u = fractions(name, key, (2, half), dtype)
    size = sqrt(multiply(-2.0, log1p(negative(getitem(u, 0)))))
    angle = multiply(getitem(u, 1), 2 * math.pi)
    both = concat([multiply(size, cos(angle)), multiply(size, sin(angle))], 0)
    return reshape(getitem(both, slice(0, count)), shape)


def in_dtype(dtype: np.dtype, *parameters: Any) -> list[Tensor]:
    """Parameters in the dtype of the draw."""
    return [astype(as_tensor(x), dtype) for x in parameters]
