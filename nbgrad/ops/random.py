"""Random ops. Their numbers are a function of a key: nothing is drawn from a state that changes.

So a result can be computed again (in a backward pass, under `checkpoint`, on another device) and is the same.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from nbgrad.define.structured import family
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, as_tensor, raw
from nbgrad.errors import value_errors
from nbgrad.ops.reduce import floating

op: Any = family("random")


def _philox(words: np.ndarray, key: int) -> np.ndarray:
    """Philox-4x32-10 in NumPy: four 32-bit numbers for each counter.

    words: (4, n) counters, the least significant word first. key: 64 bits. Source: Salmon et al., Parallel
    random numbers: as easy as 1, 2, 3, 2011, section 4.3.
    """
    mask, shift = np.uint64(0xFFFFFFFF), np.uint64(32)
    a, b, c, d = words.astype(np.uint64)
    low, high = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p, q = a * np.uint64(0xD2511F53), c * np.uint64(0xCD9E8D57)
        a, b = (q >> shift) ^ b ^ np.uint64(low), q & mask
        c, d = (p >> shift) ^ d ^ np.uint64(high), p & mask
        low, high = (low + 0x9E3779B9) & 0xFFFFFFFF, (high + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack([a, b, c, d])


def _bits(count: int, key: int) -> np.ndarray:
    """32 random bits for each of count elements.

    Elements come in blocks of 1024; number i of a block takes word i // 256 of counter i % 256 of the block.
    """
    blocks = -(-count // 1024)
    counters = np.zeros((4, 256 * blocks), np.uint64)
    counters[0] = np.arange(256 * blocks)
    return _philox(counters, key).reshape(4, blocks, 256).transpose(1, 0, 2).reshape(-1)[:count]


def _dropped(x: np.ndarray, p: float, key: int) -> np.ndarray:
    keep = _bits(x.size, key).reshape(x.shape) >= round(p * 2.0**32)
    return np.where(keep, x * x.dtype.type(1 / (1 - p) if p < 1 else 0), x.dtype.type(0))


@op(out=lambda x, p, key: (x.shape, x.dtype),
    vjp=lambda g, z, x, p, key: apply(drop, (g,), {"p": p, "key": key}),
    linear=True, keep="", like=_dropped, planned=False,
    cases=[((3, 4), {"p": 0.5, "key": 3}), ((2600,), {"p": 0.3, "key": 2**64 - 1}),
           ((), {"p": 0.1, "key": 0}), ((0, 3), {"p": 0.5, "key": 1}), ((2, 3), {"p": 1.0, "key": 1}),
           ((7,), {"p": 0.0, "key": 9}), ((3, 4), {"p": 0.5, "key": 2**63})], private=True)
def drop(x: Any, p: float, key: int) -> Any:
    """Return `dropout` for a probability and a key of 64 bits that are known to be good."""
    return (as_tensor(x),), {"p": p, "key": key}


@op(out=lambda x, shape, key: (shape, np.uint32), discrete=True, planned=False,
    like=lambda x, shape, key: _bits(math.prod(shape), key).astype(np.uint32).reshape(shape),
    cases=[((0,), {"shape": (3, 4), "key": 3}), ((0,), {"shape": (2600,), "key": 2**64 - 1}),
           ((0,), {"shape": (), "key": 0}), ((0,), {"shape": (0, 3), "key": 2**63})], private=True)
def random_bits(x: Any, shape: tuple[int, ...], key: int) -> Any:
    """Return 32 random bits for each element of an array of a shape, on the device of x."""
    return (as_tensor(x),), {"shape": shape, "key": key}


def mixed_key(name: str, key: Any) -> int:
    """A key as 64 bits: an integer is its own; several integers are mixed, each with its place."""
    many = isinstance(key, (tuple, list))
    try:
        parts = [operator.index(raw(k)) for k in (key if many else (key,))]
    except TypeError as error:
        raise value_errors.needs_key(name) from error
    if not parts or min(parts) < 0 or max(parts) >= 2**64:
        why = f"key={key!r} must be an integer from 0 to 2**64 - 1, or a tuple of such integers"
        raise value_errors.bad_value(name, why)
    if not many:
        return parts[0]
    # all of one length, and their number in front: (1, 0) and (1,) would be alike otherwise
    words = [len(parts), *[word for k in parts for word in (k & 0xFFFFFFFF, k >> 32)]]
    return int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0])


def dropout(x: Any, p: float = 0.5, training: bool = True, *, key: Any = None) -> Tensor:
    """Return x with each element set to 0 with probability p and divided by 1 - p otherwise.

    x   : any shape; a float (integers become float64)
    p   : from 0 to 1
    training : False returns x's values
    key : which elements are dropped: an integer from 0 to 2**64 - 1, or a tuple of integers. One key gives
        one mask for a shape, whatever the dtype, in the backward pass too; give every layer and step its own,
        for example key=(seed, step, layer)

    Element i in C order is dropped if its 32 bits of Philox-4x32-10 are less than p * 2**32. A dropped
    element is 0 also where x is inf or nan. Raises ValueRangeError for p or key, DtypeError without a key.
    Derivative: the mask that the result was made with: linear in x.

    >>> nb.dropout(np.ones(6), 0.5, key=3)
    tensor([2., 0., 2., 0., 2., 2.])
    """
    x = as_tensor(x)
    if not 0 <= p <= 1:
        raise value_errors.bad_value("dropout", f"p must lie from 0 to 1, got {p}")
    if x.dtype.kind != "f":
        x = x.astype(floating(x.dtype))
    return drop(x, float(p), mixed_key("dropout", key)) if training and p else x.astype(x.dtype)
