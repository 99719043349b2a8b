"""Convolutions and correlations of any number of axes, by SciPy's names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from scipy.fft import next_fast_len

from nbgrad.define.broadcast import alike
from nbgrad.define.complex import conj
from nbgrad.define.scalar import multiply
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import shape_errors, value_errors
from nbgrad.kernels.shared.sliding import MODES
from nbgrad.ops.axes import ordered
from nbgrad.ops.fourier import fftn, ifftn, irfftn, rfftn
from nbgrad.ops.index import getitem
from nbgrad.ops.shape import flip
from nbgrad.ops.sliding import slide


def _part(z: Tensor, axes: Sequence[int], starts: Sequence[int], sizes: Sequence[int]) -> Tensor:
    """So many elements along some axes, from those places on."""
    index = [slice(None)] * z.ndim
    for k, start, n in zip(axes, starts, sizes, strict=True):
        index[k] = slice(start, start + n)
    found: Tensor = getitem(z, tuple(index))
    return found


def _cut(z: Tensor, a: Tensor, v: Tensor, axes: tuple[int, ...], mode: str) -> Tensor:
    """The part of a full convolution that a mode asks for."""
    if mode == "full":
        return z
    sizes = [a.shape[k] if mode == "same" else abs(a.shape[k] - v.shape[k]) + 1 for k in axes]
    return _part(z, axes, [(z.shape[k] - n) // 2 for k, n in zip(axes, sizes, strict=True)], sizes)


def _direct(a: Tensor, v: Tensor) -> Tensor:
    """The full convolution by sums of products."""
    if a.ndim == 0:
        return multiply(a, v)
    if v.size > a.size:
        a, v = v, a
    found: Tensor = slide(a, flip(v), tuple([(n - 1, n - 1) for n in v.shape]))
    return found


def _fourier(a: Tensor, v: Tensor, axes: tuple[int, ...]) -> Tensor:
    """The full convolution over some axes by Fourier transforms."""
    if not axes:
        return multiply(a, v)
    full = [a.shape[k] + v.shape[k] - 1 for k in axes]
    whole = a.dtype.kind == "c"
    there, back = (fftn, ifftn) if whole else (rfftn, irfftn)
    shape = [next_fast_len(n, real=not whole) for n in full]
    z = back(multiply(there(a, shape, axes), there(v, shape, axes)), shape, axes)
    return _part(z, axes, [0] * len(axes), full)


def _operands(name: str, a: Any, v: Any, mode: Any) -> tuple[Tensor, Tensor]:
    """Both in one dtype. Raises ShapeError, ValueRangeError."""
    if mode not in MODES:
        raise value_errors.bad_choice(name, "mode", mode, MODES)
    a, v = alike(as_tensor(a), as_tensor(v))
    if a.ndim != v.ndim:
        raise shape_errors.bad_shape(name, v.shape, f"needs as many axes as the other's shape {a.shape} has")
    return a, v


def _contained(name: str, a: Tensor, v: Tensor, axes: tuple[int, ...]) -> None:
    """Mode "valid" needs one that is at least as long as the other along all axes."""
    pairs = [(a.shape[k], v.shape[k]) for k in axes]
    if any(n < m for n, m in pairs) and any(n > m for n, m in pairs):
        raise shape_errors.bad_shape(name, v.shape, f"mode 'valid' needs one that is at least as long as the "
                                                    f"other, of shape {a.shape}, along all axes")


def fftconvolve(in1: Any, in2: Any, mode: str = "full", axes: Any = None) -> Tensor:
    """Return the convolution of two arrays, computed by Fourier transforms.

    in1, in2: of as many axes; those that are not convolved broadcast. mode: "full", all sums; "same", the
    middle of them, of the shape of in1; "valid", those in which one lies within the other. axes: those to
    convolve, None for all. Integers are taken in float64. Rounding is that of the largest sum.
    Derivative: linear in each. Raises ShapeError, AxisError, ValueRangeError for another mode.

    >>> nb.round(nb.signal.fftconvolve([1.0, 2.0, 3.0], [1.0, 1.0, 0.5]), 9)
    tensor([1. , 3. , 5.5, 4. , 1.5])
    """
    a, v = _operands("fftconvolve", in1, in2, mode)
    axes = tuple(range(a.ndim)) if axes is None else ordered("fftconvolve", axes, a.ndim, sequence=True)
    if a.size == 0 or v.size == 0:
        raise shape_errors.bad_shape("fftconvolve", (a if a.size == 0 else v).shape, "has no elements")
    if mode == "valid":
        _contained("fftconvolve", a, v, axes)
    return _cut(_fourier(a, v, axes), a, v, axes, mode)


def convolve(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Tensor:
    """Return the convolution of two arrays of any number of axes.

    in1, in2: of as many axes, not empty. mode: "full", all sums; "same", the middle of them, of the shape of
    in1; "valid", those in which one lies within the other. method: "direct", sums of products; "fft", by
    `fftconvolve`, whose rounding is that of the largest sum; "auto", the one of less work, for integers
    "direct".
    Derivative: linear in each. Raises ShapeError, ValueRangeError for another mode or method.

    >>> nb.signal.convolve([[1.0, 2.0], [3.0, 4.0]], [[1.0, 1.0]])
    tensor([[1., 3., 2.],
            [3., 7., 4.]])
    """
    return _convolved("convolve", *_operands("convolve", in1, in2, mode), mode, method)


def _convolved(name: str, a: Tensor, v: Tensor, mode: str, method: str) -> Tensor:
    if method not in ("auto", "direct", "fft"):
        raise value_errors.bad_choice(name, "method", method, ("auto", "direct", "fft"))
    if a.size == 0 or v.size == 0:
        raise shape_errors.bad_shape(name, (a if a.size == 0 else v).shape, "has no elements")
    axes = tuple(range(a.ndim))
    if mode == "valid":
        _contained(name, a, v, axes)
    full = math.prod(n + m - 1 for n, m in zip(a.shape, v.shape, strict=True))
    # A transform of n numbers takes some 5 n log2(n) steps, and three of them are made
    fast = min(a.size, v.size) > 15 * math.log2(full + 1)
    whole = a.dtype.kind not in "fc"
    if method == "fft" or (method == "auto" and fast and not whole):
        z = _fourier(a, v, axes)
        z = z.round().astype(a.dtype) if whole else z
    else:
        z = _direct(a, v)
    return _cut(z, a, v, axes, mode)


def correlate(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Tensor:
    """Return the correlation of two arrays: the sums of in1[k + j] * conj(in2[j]) over j.

    in1, in2, mode, method: as in `convolve`. Derivative: linear in in1 and in in2's conjugate. Raises
    ShapeError, ValueRangeError for another mode or method.

    >>> nb.signal.correlate([1.0, 2.0, 3.0], [0.0, 1.0, 0.5], mode="valid")
    tensor([3.5])
    """
    a, v = _operands("correlate", in1, in2, mode)
    return _convolved("correlate", a, conj(flip(v)), mode, method)
