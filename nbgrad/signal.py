"""Convolutions of any number of axes under the names of scipy.signal; imported when it is asked for."""

from nbgrad.ops.convolutions import convolve, correlate, fftconvolve

__all__ = ["convolve", "correlate", "fftconvolve"]


def __dir__() -> list[str]:
    return sorted(__all__)
