"""Fourier transforms for the CPU, by SciPy's pocketfft."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from nbgrad.compile import threads

_WORTH = 1 << 16                          # elements that are worth another thread


def _library(x: np.ndarray) -> tuple[Any, int]:
    """SciPy's module, which few programs import, and how many threads to use."""
    return import_module("scipy.fft"), max(min(threads.get_num_threads(), x.size // _WORTH), 1)


def fourier(x: np.ndarray, axes: tuple[int, ...], inverse: bool, norm: str) -> np.ndarray:
    """Transforms along some axes."""
    library, workers = _library(x)
    transform = library.ifftn if inverse else library.fftn
    found: np.ndarray = transform(x, axes=axes, norm=norm, workers=workers)
    return found


def real_fourier(x: np.ndarray, axis: int, norm: str) -> np.ndarray:
    """The half of the transform of real numbers that is not the conjugate of the other."""
    library, workers = _library(x)
    found: np.ndarray = library.rfft(x, axis=axis, norm=norm, workers=workers)
    return found


def fourier_real(x: np.ndarray, n: int, axis: int, norm: str) -> np.ndarray:
    """The n real numbers of such a half."""
    library, workers = _library(x)
    found: np.ndarray = library.irfft(x, n, axis=axis, norm=norm, workers=workers)
    return found
