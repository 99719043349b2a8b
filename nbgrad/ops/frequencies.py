"""Frequencies of Fourier transforms, and their order."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.broadcast import astype
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.ops.arrange import roll
from nbgrad.ops.axes import count, several


def fftfreq(n: int, d: Any = 1.0, dtype: Any = None, device: str | None = None) -> Tensor:
    """Return the frequencies of `fft`'s numbers: 0, 1, ..., then the negative ones, divided by n d.

    n: how many points. d: the distance of samples, a number, which may be differentiated by. dtype: of the
    result, default float64. device: where it is made, default the current one. Derivative in d: -z / d.
    Raises DtypeError, ValueRangeError for an n below 1, DeviceError.

    >>> nb.fft.fftfreq(4, 0.5)
    tensor([ 0. ,  0.5, -1. , -0.5])
    """
    n = count("fftfreq", "n", n, least=1)
    places = np.fft.ifftshift(np.arange(n) - n // 2) / n
    return _per(places, d, dtype, device)


def rfftfreq(n: int, d: Any = 1.0, dtype: Any = None, device: str | None = None) -> Tensor:
    """Return the frequencies of `rfft`'s numbers: 0, 1, ..., n // 2, divided by n d.

    n, d, dtype, device: as in `fftfreq`. Derivative in d: -z / d. Raises DtypeError, ValueRangeError for an n
    below 1, DeviceError.

    >>> nb.fft.rfftfreq(4, 0.5)
    tensor([0. , 0.5, 1. ])
    """
    n = count("rfftfreq", "n", n, least=1)
    return _per(np.arange(n // 2 + 1) / n, d, dtype, device)


def _per(places: np.ndarray, d: Any, dtype: Any, device: str | None) -> Tensor:
    with devices.on(device):
        z = as_tensor(places) / d
    return z if dtype is None else astype(z, dtype)


def _shifted(name: str, x: Any, axes: Any, sign: int) -> Tensor:
    x = as_tensor(x)
    chosen = several(name, axes, x.ndim, sequence=True)
    return roll(x, tuple([sign * (x.shape[a] // 2) for a in chosen]), chosen) if chosen else x


def fftshift(x: Any, axes: Any = None) -> Tensor:
    """Return x with the zero frequency of `fft` in the middle of axes, by default all.

    x: any shape. axes: one or several. Derivative: linear. Raises AxisError.

    >>> nb.fft.fftshift([0.0, 1.0, -2.0, -1.0])
    tensor([-2., -1.,  0.,  1.])
    """
    return _shifted("fftshift", x, axes, 1)


def ifftshift(x: Any, axes: Any = None) -> Tensor:
    """Return the inverse of `fftshift`.

    x: any shape. axes: one or several. Derivative: linear. Raises AxisError.

    >>> nb.fft.ifftshift([-2.0, -1.0, 0.0, 1.0])
    tensor([ 0.,  1., -2., -1.])
    """
    return _shifted("ifftshift", x, axes, -1)
