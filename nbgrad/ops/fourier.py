"""Discrete Fourier transforms: three linear ops, of which NumPy's eighteen functions are made.

The matrix of the complex transform is symmetric, so that it is its own transpose. What is scaled where is
NumPy's `norm`: "backward" divides the inverse transforms by their length, "forward" the others, "ortho" all
by its root.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.arrays.dtypes import is_complex, real_of
from nbgrad.define.broadcast import astype
from nbgrad.define.complex import conj
from nbgrad.define.scalar import multiply
from nbgrad.define.structured import family
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, as_tensor, raw, tensor
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.axes import count, one
from nbgrad.ops.create import zeros
from nbgrad.ops.index import getitem
from nbgrad.ops.shape import concat

op: Any = family("fourier")

_DUAL = {"backward": "forward", "ortho": "ortho", "forward": "backward"}      # scales the transpose alike


def _complex_cases(*shapes: Any) -> Any:
    return [(lambda rng, s=s: rng.normal(size=s) + 1j * rng.normal(size=s), p) for s, p in shapes]


@op(vjp=lambda g, z, x, axes, inverse, norm: apply(fourier, (g,), {
        "axes": axes, "inverse": inverse, "norm": norm}), linear=True, keep="", on_complex="same",
    like=lambda x, axes, inverse, norm: (np.fft.ifftn if inverse else np.fft.fftn)(x, axes=axes, norm=norm),
    cases=_complex_cases(((3, 4), {"axes": (0, 1), "inverse": False, "norm": "ortho"}),
                         ((5,), {"axes": (0,), "inverse": True, "norm": "backward"})), private=True)
def fourier(x: Any, axes: tuple[int, ...], inverse: bool, norm: str) -> Any:
    """Return the transform of complex numbers along axes, each named once."""
    return (as_tensor(x),), {"axes": axes, "inverse": inverse, "norm": norm}


def _weights(m: int, n: int, inner: float, x: Any, axis: int) -> Tensor:
    """1 for the frequencies that are their own opposites, else `inner`; along an axis of x."""
    w = np.full(m, inner, dtype=real_of(x.dtype))
    w[0] = 1
    if n % 2 == 0 and m == n // 2 + 1:
        w[-1] = 1
    w = w.reshape([-1 if a == axis else 1 for a in range(len(x.shape))])
    return tensor(devices.to_device_of(w, raw(x)))


def _of_real(g: Any, z: Any, x: Any, axis: int, norm: str) -> Tensor:
    halves = multiply(conj(g), _weights(g.shape[axis], x.shape[axis], 0.5, g, axis))
    return apply(fourier_real, (halves,), {"n": x.shape[axis], "axis": axis, "norm": _DUAL[norm]})


@op(vjp=_of_real, linear=True, keep="", like=lambda x, axis, norm: np.fft.rfft(x, axis=axis, norm=norm),
    cases=[((4,), {"axis": 0, "norm": "backward"}), ((2, 5), {"axis": 1, "norm": "ortho"}),
           ((1, 2), {"axis": 0, "norm": "forward"})], private=True)
def real_fourier(x: Any, axis: int, norm: str) -> Any:
    """Return the first half of the transform of n real numbers along an axis: n // 2 + 1 numbers."""
    return (as_tensor(x),), {"axis": axis, "norm": norm}


def _to_real(g: Any, z: Any, x: Any, n: int, axis: int, norm: str) -> Tensor:
    half = apply(real_fourier, (g,), {"axis": axis, "norm": _DUAL[norm]})
    return multiply(conj(half), _weights(half.shape[axis], n, 2.0, half, axis))


@op(vjp=_to_real, linear=True, keep="", on_complex="same",
    like=lambda x, n, axis, norm: np.fft.irfft(x, n, axis=axis, norm=norm),
    cases=_complex_cases(((3,), {"n": 4, "axis": 0, "norm": "backward"}),
                         ((2, 3), {"n": 5, "axis": 1, "norm": "ortho"}),
                         ((1, 2), {"n": 1, "axis": 0, "norm": "forward"})), private=True)
def fourier_real(x: Any, n: int, axis: int, norm: str) -> Any:
    """Return the n real numbers of which x, (..., n // 2 + 1, ...), is the first half of the transform."""
    return (as_tensor(x),), {"n": n, "axis": axis, "norm": norm}


# ------------------------------------------------------------------------------------------- arguments
def _norm(name: str, norm: Any) -> str:
    if norm is not None and norm not in _DUAL:
        raise value_errors.bad_choice(name, "norm", norm, (None, *_DUAL))
    return norm or "backward"


def _length(name: str, n: Any) -> int:
    return count(name, "n", n, least=1)


def _sized(x: Tensor, n: int, axis: int) -> Tensor:
    """x with n elements along an axis: the first ones, or zeros after them."""
    given = x.shape[axis]
    if n < given:
        return getitem(x, (slice(None),) * axis + (slice(n), ...))
    if n > given:
        shape = (*x.shape[:axis], n - given, *x.shape[axis + 1:])
        return concat([x, zeros(shape, dtype=x.dtype)], axis=axis)
    return x


def _operand(name: str, x: Any, real: bool = False) -> Tensor:
    """x in the dtype that it is transformed in."""
    x = as_tensor(x)
    if x.ndim == 0:
        raise shape_errors.bad_shape(name, (), "needs at least one axis")
    if real:
        if is_complex(raw(x)):
            raise value_errors.no_complex(name, [x.dtype])
        return x if x.dtype.kind == "f" else astype(x, np.float64)
    return x if is_complex(raw(x)) else astype(x, np.complex64 if x.dtype == np.float32 else np.complex128)


def _plan(name: str, x: Tensor, s: Any, axes: Any) -> list[tuple[int, int]]:
    """Axes to transform, and how many points of each."""
    given = None if s is None else list(s)
    if axes is None:
        places = list(range(x.ndim)) if given is None else list(range(x.ndim - len(given), x.ndim))
    else:
        places = [one(name, a, x.ndim) for a in axes]
    if (given is not None and len(given) != len(places)) or (places and min(places) < 0):
        raise value_errors.bad_value(name, f"s has {len(given or ())} lengths, for {len(places)} axes")
    if not places:
        raise value_errors.bad_value(name, "needs at least one axis")
    sizes = [x.shape[a] for a in places] if given is None else [
        x.shape[a] if n == -1 else _length(name, n) for a, n in zip(places, given, strict=True)]
    for n in sizes:
        _length(name, n)
    return list(zip(places, sizes, strict=True))


def _transformed(x: Tensor, plan: Sequence[tuple[int, int]], inverse: bool, norm: str) -> Tensor:
    for axis, n in plan:
        x = _sized(x, n, axis)
    axes = [axis for axis, _ in plan]
    groups = [tuple(axes)] if len(set(axes)) == len(axes) else [(axis,) for axis in axes]
    for group in groups:
        x = apply(fourier, (x,), {"axes": group, "inverse": inverse, "norm": norm})
    return x


def _along(name: str, x: Any, n: Any, axis: int, inverse: bool, norm: Any) -> Tensor:
    x, norm = _operand(name, x), _norm(name, norm)
    axis = one(name, axis, x.ndim)
    return _transformed(x, [(axis, _length(name, x.shape[axis] if n is None else n))], inverse, norm)


def _over(name: str, x: Any, s: Any, axes: Any, inverse: bool, norm: Any) -> Tensor:
    x = _operand(name, x)
    return _transformed(x, _plan(name, x, s, axes), inverse, _norm(name, norm))


# ------------------------------------------------------------------------------------------ transforms
def fft(a: Any, n: Any = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """Return the discrete Fourier transform along an axis: sums of a[j] exp(-2 pi i j k / n) for k < n.

    a: (..., m, ...), real or complex; the result is complex64 for float32 and complex64, else complex128.
    n: how many points: the first n of m, or zeros after them; default m. norm: "backward" (None), "ortho" or
    "forward": divided by nothing, the root of n, n. Derivative: linear. Raises AxisError, ShapeError for
    a 0-d a, ValueRangeError for n < 1 or another norm.

    >>> nb.fft.fft([1.0, 0.0, -1.0, 0.0])
    tensor([0.+0.j, 2.+0.j, 0.+0.j, 2.+0.j])
    """
    return _along("fft", a, n, axis, False, norm)


def ifft(a: Any, n: Any = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """Return the inverse of `fft`: sums of a[k] exp(2 pi i j k / n) for j < n, divided by n.

    a, n, axis, norm and errors as there: the norms "backward" (None), "ortho" and "forward" divide by n, its
    root, nothing. Derivative: linear. Raises AxisError, ShapeError, ValueRangeError.

    >>> nb.fft.ifft([0.0, 2.0, 0.0, 2.0])
    tensor([ 1.+0.j,  0.+0.j, -1.+0.j,  0.+0.j])
    """
    return _along("ifft", a, n, axis, True, norm)


def fftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Tensor:
    """Return the discrete Fourier transform along several axes, by default all: `fft` along each of them.

    a: real or complex. s: numbers of points, one for each axis, -1 for all that there are; without axes, of
    the last axes. norm: as in fft. Derivative: linear. Raises AxisError, ShapeError, ValueRangeError.

    >>> nb.fft.fftn([[1.0, 2.0], [3.0, 4.0]])
    tensor([[10.+0.j, -2.+0.j],
            [-4.+0.j,  0.+0.j]])
    """
    return _over("fftn", a, s, axes, False, norm)


def ifftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Tensor:
    """Return the inverse of `fftn`.

    a, s, axes, norm: as there. Derivative: linear. Raises AxisError, ShapeError, ValueRangeError.

    >>> nb.fft.ifftn([[10.0, -2.0], [-4.0, 0.0]])
    tensor([[1.+0.j, 2.+0.j],
            [3.+0.j, 4.+0.j]])
    """
    return _over("ifftn", a, s, axes, True, norm)


def fft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """Return the discrete Fourier transform along two axes: `fftn`, by default of the last ones.

    a, s, axes, norm: as there. Derivative: linear. Raises AxisError, ShapeError, ValueRangeError.

    >>> nb.fft.fft2([[1.0, 2.0], [3.0, 4.0]])[0]
    tensor([10.+0.j, -2.+0.j])
    """
    return _over("fft2", a, s, axes, False, norm)


def ifft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """Return the inverse of `fft2`.

    a, s, axes, norm: as in fftn. Derivative: linear. Raises AxisError, ShapeError, ValueRangeError.

    >>> nb.fft.ifft2([[10.0, -2.0], [-4.0, 0.0]])[0]
    tensor([1.+0.j, 2.+0.j])
    """
    return _over("ifft2", a, s, axes, True, norm)


# ----------------------------------------------------------------------------------- of real numbers
def rfft(a: Any, n: Any = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """Return the first n // 2 + 1 numbers of the transform of n real numbers, whose others are conjugates.

    a: (..., m, ...), real. n, axis, norm: as in `fft`. Derivative: linear. Raises DtypeError for complex a,
    AxisError, ShapeError, ValueRangeError.

    >>> nb.fft.rfft([1.0, 0.0, -1.0, 0.0])
    tensor([0.+0.j, 2.+0.j, 0.+0.j])
    """
    x, norm = _operand("rfft", a, True), _norm("rfft", norm)
    axis = one("rfft", axis, x.ndim)
    x = _sized(x, _length("rfft", x.shape[axis] if n is None else n), axis)
    found: Tensor = apply(real_fourier, (x,), {"axis": axis, "norm": norm})
    return found


def irfft(a: Any, n: Any = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """Return the n real numbers of which a is the first half of the transform: the inverse of `rfft`.

    a: (..., m, ...), complex or real; n: default 2 (m - 1), so that odd ones are to be given; n // 2 + 1
    numbers of a are used, zeros where there are fewer. What has to be real, the first and for an even n the
    last, counts by its real part. axis, norm: as in `ifft`. Derivative: linear. Raises AxisError, ShapeError,
    ValueRangeError.

    >>> nb.fft.irfft([0.0, 2.0, 0.0])
    tensor([ 1.,  0., -1.,  0.])
    """
    return _halved("irfft", _operand("irfft", a), n, axis, _norm("irfft", norm))


def _halved(name: str, x: Tensor, n: Any, axis: int, norm: str) -> Tensor:
    axis = one(name, axis, x.ndim)
    n = _length(name, 2 * (x.shape[axis] - 1) if n is None else n)
    found: Tensor = apply(fourier_real, (_sized(x, n // 2 + 1, axis),), {"n": n, "axis": axis, "norm": norm})
    return found


def hfft(a: Any, n: Any = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """Return the real transform of n numbers of which one half are conjugates of the others, x[-j] of x[j].

    a: (..., m, ...), the first half of them; n: default 2 (m - 1). axis, norm: as in `fft`. Derivative:
    linear. Raises AxisError, ShapeError, ValueRangeError.

    >>> nb.fft.hfft([0.0, 2.0, 0.0])
    tensor([ 4.,  0., -4.,  0.])
    """
    return _halved("hfft", conj(_operand("hfft", a)), n, axis, _DUAL[_norm("hfft", norm)])


def ihfft(a: Any, n: Any = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """Return the inverse of `hfft`: n // 2 + 1 numbers.

    a: (..., m, ...), real. n, axis, norm: as in `ifft`. Derivative: linear. Raises DtypeError for complex a,
    AxisError, ShapeError, ValueRangeError.

    >>> nb.fft.ihfft([4.0, 0.0, -4.0, 0.0])
    tensor([0.-0.j, 2.-0.j, 0.-0.j])
    """
    x = _operand("ihfft", a, True)
    return conj(rfft(x, n, axis, _DUAL[_norm("ihfft", norm)]))


def rfftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Tensor:
    """Return the transform of real numbers along several axes: `rfft` along the last, `fft` along the others.

    a: real. s, axes, norm: as in `fftn`. Derivative: linear. Raises DtypeError for complex a, AxisError,
    ShapeError, ValueRangeError.

    >>> nb.fft.rfftn([[1.0, 2.0], [3.0, 4.0]])
    tensor([[10.+0.j, -2.+0.j],
            [-4.+0.j,  0.+0.j]])
    """
    return _real_over("rfftn", a, s, axes, norm)


def _real_over(name: str, a: Any, s: Any, axes: Any, norm: Any) -> Tensor:
    x, norm = _operand(name, a, True), _norm(name, norm)
    *others, (last, n) = _plan(name, x, s, axes)
    found: Tensor = apply(real_fourier, (_sized(x, n, last),), {"axis": last, "norm": norm})
    return _transformed(found, others, False, norm) if others else found


def irfftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Tensor:
    """Return the inverse of `rfftn`, real.

    a: complex or real. s: numbers of points of the result; of the last axis default 2 (m - 1). axes, norm: as
    in `fftn`. Derivative: linear. Raises AxisError, ShapeError, ValueRangeError.

    >>> nb.fft.irfftn([[10.0, -2.0], [-4.0, 0.0]])
    tensor([[1., 2.],
            [3., 4.]])
    """
    return _to_real_over("irfftn", a, s, axes, norm)


def _to_real_over(name: str, a: Any, s: Any, axes: Any, norm: Any) -> Tensor:
    x, norm = _operand(name, a), _norm(name, norm)
    *others, (last, n) = _plan(name, x, s, axes)
    if s is None or list(s)[-1] == -1:
        n = 2 * (x.shape[last] - 1)
    return _halved(name, _transformed(x, others, True, norm) if others else x, n, last, norm)


def rfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """Return the transform of real numbers along two axes: `rfftn`, by default of the last ones.

    a, s, axes, norm: as there. Derivative: linear. Raises DtypeError, AxisError, ShapeError, ValueRangeError.

    >>> nb.fft.rfft2([[1.0, 2.0], [3.0, 4.0]])[0]
    tensor([10.+0.j, -2.+0.j])
    """
    return _real_over("rfft2", a, s, axes, norm)


def irfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """Return the inverse of `rfft2`, real.

    a, s, axes, norm: as in `irfftn`. Derivative: linear. Raises AxisError, ShapeError, ValueRangeError.

    >>> nb.fft.irfft2([[10.0, -2.0], [-4.0, 0.0]])[0]
    tensor([1., 2.])
    """
    return _to_real_over("irfft2", a, s, axes, norm)
