"""The types of PTX as NumPy dtypes."""

import numpy as np

from ptx.faults import UnknownInstructionError

Dtype = np.dtype

KINDS: dict[str, Dtype] = {
    "pred": np.dtype(np.bool_), "f16": np.dtype(np.float16),
    "f32": np.dtype(np.float32), "f64": np.dtype(np.float64),
    **{f"{letter}{8 * size}": np.dtype(f"{code}{size}")
       for letter, code in (("u", "u"), ("b", "u"), ("s", "i")) for size in (1, 2, 4, 8)},
}
POISON = 0xCD


def kind(name: str) -> Dtype:
    """The dtype of a type of PTX.

    Raises UnknownInstructionError for a type that the interpreter does not have."""
    if name not in KINDS:
        raise UnknownInstructionError(f"type .{name}")
    return KINDS[name]


def signed(dtype: Dtype) -> Dtype:
    """The signed integers of the same size."""
    return np.dtype(f"i{dtype.itemsize}")


def unsigned(dtype: Dtype) -> Dtype:
    """The unsigned integers of the same size."""
    return np.dtype(f"u{dtype.itemsize}")


def widened(dtype: Dtype, size: int) -> Dtype:
    """The integers of `size` bytes with the same sign: what a register holds of a narrower value."""
    return np.dtype(f"{'i' if dtype.kind == 'i' else 'u'}{size}")


def double(dtype: Dtype) -> Dtype:
    """The integers of twice the size with the same sign."""
    return widened(dtype, 2 * dtype.itemsize)
