"""Convolutions of any number of axes under the names of scipy.signal; imported when it is asked for."""

# python tools/stubs.py writes this file.

from nbgrad.engine.methods import ArrayLike
from nbgrad.engine.tensor import Tensor
from collections.abc import Sequence

__all__ = [
    "convolve", "correlate", "fftconvolve"
]

def convolve(in1: ArrayLike, in2: ArrayLike, mode: str = "full", method: str = "auto") -> Tensor:
    """Return the convolution of two arrays of any number of axes."""
def correlate(in1: ArrayLike, in2: ArrayLike, mode: str = "full", method: str = "auto") -> Tensor:
    """Return the correlation of two arrays: the sums of in1[k + j] * conj(in2[j]) over j."""
def fftconvolve(
        in1: ArrayLike, in2: ArrayLike, mode: str = "full", axes: int | Sequence[int] | None = None,
) -> Tensor:
    """Return the convolution of two arrays, computed by Fourier transforms."""
