"""Discrete Fourier transforms under NumPy's names."""

# python tools/stubs.py writes this file.

from nbgrad.engine.methods import ArrayLike
from nbgrad.engine.tensor import Tensor
from collections.abc import Sequence
from numpy.typing import DTypeLike

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft",
    "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn"
]

def fft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """Return the discrete Fourier transform along an axis: sums of a[j] exp(-2 pi i j k / n) for k < n."""
def fft2(
        a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] = (-2, -1),
        norm: str | None = None,
) -> Tensor:
    """Return the discrete Fourier transform along two axes: `fftn`, by default of the last ones."""
def fftfreq(
        n: int, d: ArrayLike = 1.0, dtype: DTypeLike | None = None, device: str | None = None,
) -> Tensor:
    """Return the frequencies of `fft`'s numbers: 0, 1, ..., then the negative ones, divided by n d."""
def fftn(
        a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] | None = None,
        norm: str | None = None,
) -> Tensor:
    """Return the discrete Fourier transform along several axes, by default all: `fft` along each of them."""
def fftshift(x: ArrayLike, axes: int | Sequence[int] | None = None) -> Tensor:
    """Return x with the zero frequency of `fft` in the middle of axes, by default all."""
def hfft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """Return the real transform of n numbers of which one half are conjugates of the others, x[-j] of x[j]."""
def ifft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """Return the inverse of `fft`: sums of a[k] exp(2 pi i j k / n) for j < n, divided by n."""
def ifft2(
        a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] = (-2, -1),
        norm: str | None = None,
) -> Tensor:
    """Return the inverse of `fft2`."""
def ifftn(
        a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] | None = None,
        norm: str | None = None,
) -> Tensor:
    """Return the inverse of `fftn`."""
def ifftshift(x: ArrayLike, axes: int | Sequence[int] | None = None) -> Tensor:
    """Return the inverse of `fftshift`."""
def ihfft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """Return the inverse of `hfft`: n // 2 + 1 numbers."""
def irfft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """Return the n real numbers of which a is the first half of the transform: the inverse of `rfft`."""
def irfft2(
        a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] = (-2, -1),
        norm: str | None = None,
) -> Tensor:
    """Return the inverse of `rfft2`, real."""
def irfftn(
        a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] | None = None,
        norm: str | None = None,
) -> Tensor:
    """Return the inverse of `rfftn`, real."""
def rfft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """Return the first n // 2 + 1 numbers of the transform of n real numbers, whose others are conjugates."""
def rfft2(
        a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] = (-2, -1),
        norm: str | None = None,
) -> Tensor:
    """Return the transform of real numbers along two axes: `rfftn`, by default of the last ones."""
def rfftfreq(
        n: int, d: ArrayLike = 1.0, dtype: DTypeLike | None = None, device: str | None = None,
) -> Tensor:
    """Return the frequencies of `rfft`'s numbers: 0, 1, ..., n // 2, divided by n d."""
def rfftn(
        a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] | None = None,
        norm: str | None = None,
) -> Tensor:
    """Return the transform of real numbers along several axes: `rfft` along the last, `fft` along the others."""
