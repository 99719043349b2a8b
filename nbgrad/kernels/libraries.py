"""NVIDIA's libraries, cuBLAS and cuSOLVER, by way of CuPy, in the place of CUDA kernels: if asked for.

Never run on a device: the tests put NumPy in CuPy's place. Arrays are not copied for CuPy: it is given views
of their memory, and works on the stream that nbgrad works on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from nbgrad.arrays import cuda, streams
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile import layout
from nbgrad.errors import device_errors, shape_errors
from nbgrad.kernels import table

Kernel = Callable[..., Any]


class CuPy:
    """CuPy's modules, and views for it of kernels' arrays. Raises DeviceError if it is not installed."""

    cupy: Any
    cupyx: Any
    triangular: Any

    def __init__(self) -> None:
        try:
            self.cupy, self.cupyx = import_module("cupy"), import_module("cupyx")
            self.triangular = import_module("cupyx.scipy.linalg").solve_triangular
        except ImportError as error:
            raise device_errors.no_cuda(f"CuPy cannot be imported: {error}",
                                        "Run pip install cupy-cuda13x (or "
                                        "cupy-cuda12x), or leave nb.use_cupy() out.") from error

    def view(self, x: CudaArray) -> Any:
        """x's memory as an array of CuPy's."""
        flat, first = x.flat
        whole = self.cupy.asarray(flat)[first:]
        return self.cupy.lib.stride_tricks.as_strided(whole, x.shape, x.strides)

    def run(self, op: str, own: Kernel, kernel: Kernel, *xs: Any, **params: Any) -> Any:
        """An op's result by CuPy; by nbgrad's own kernel where an array is empty, or not of floats."""
        arrays = [x for x in xs if type(x) is CudaArray]
        if any(not x.size or x.dtype.kind != "f" or x.dtype != xs[0].dtype for x in arrays):
            return own(*xs, **params)
        stream = self.cupy.cuda.ExternalStream(streams.current_stream().handle)
        with stream, self.cupyx.errstate(linalg="raise"):
            try:
                return kernel(self, own, *xs, **params)
            except np.linalg.LinAlgError as error:
                if op not in _FAILURES:
                    raise
                raise _FAILURES[op](op, xs[1].shape) from error

    def copied(self, z: Any) -> CudaArray:
        """An array of CuPy's as one of nbgrad's."""
        out = cuda.empty(z.shape, np.dtype(z.dtype))
        self.view(out)[...] = z
        return out

    def mirrored(self, a: CudaArray, lower: bool) -> Any:
        """What one triangle holds; None where an element of it is not finite, of which CuPy does not tell."""
        x, triangle, k = self.view(a), *((self.cupy.tril, -1) if lower else (self.cupy.triu, 1))
        x = triangle(x) + triangle(x, k).swapaxes(-1, -2)
        return x if bool(self.cupy.isfinite(x).all()) else None


def use_cupy(on: bool = True) -> None:
    """Compute matmul, solve, inv, slogdet, cholesky, eigh and single triangular systems on CUDA devices by
    CuPy, that is by cuBLAS and cuSOLVER; or, with False, by nbgrad's own kernels again.

    For the whole process. Their derivatives are made of the same ops, and follow. Raises DeviceError if CuPy
    is not installed.
    on: whether to.

    >>> nb.use_cupy(False)
    """
    library = CuPy() if on else None
    for op, (family, kernel) in _KERNELS.items():
        own = getattr(import_module(f"nbgrad.kernels.cuda.{family}"), op)
        table.register(op, partial(library.run, op, own, kernel) if library else own, "cuda")


def _matmul(library: CuPy, own: Any, a: CudaArray, b: CudaArray) -> CudaArray:
    out = cuda.empty(layout.product("matmul", a.shape, b.shape), a.dtype)
    library.view(out)[...] = library.cupy.matmul(library.view(a), library.view(b))
    return out


def _matmul_turned(library: CuPy, own: Any, a: CudaArray, b: CudaArray,
                   turned: tuple[bool, bool]) -> CudaArray:
    left, right = [x.view(lambda form: form.swapaxes(-1, -2)) if turn else x
                   for x, turn in zip((a, b), turned, strict=True)]
    return _matmul(library, own, left, right)


def _solve(library: CuPy, own: Any, out: CudaArray, a: CudaArray, b: CudaArray) -> None:
    full = out if b.ndim > 1 else out.view(lambda form: form[..., None])
    right = b if b.ndim > 1 else b.view(lambda form: form[..., None])
    batch, wide = full.shape[:-2], library.cupy.broadcast_to
    library.view(full)[...] = library.cupy.linalg.solve(  # of one batch: no right-hand side is a vector
        wide(library.view(a), batch + a.shape[-2:]), wide(library.view(right), full.shape))


def _inv(library: CuPy, own: Any, out: CudaArray, a: CudaArray) -> None:
    library.view(out)[...] = library.cupy.linalg.inv(library.view(a))


def _slogdet(library: CuPy, own: Any, a: CudaArray) -> tuple[CudaArray, CudaArray]:
    with library.cupyx.errstate(linalg="ignore"):                     # singular matrices have a determinant
        sign, logarithm = library.cupy.linalg.slogdet(library.view(a))
    return library.copied(sign), library.copied(logarithm)


def _cholesky(library: CuPy, own: Any, out: CudaArray, a: CudaArray, upper: bool) -> None:
    x = library.mirrored(a, not upper)
    if x is None:
        own(out, a, upper)
        return
    z = library.cupy.linalg.cholesky(x)
    library.view(out)[...] = z.swapaxes(-1, -2) if upper else z


def _eigh(library: CuPy, own: Any, a: CudaArray, lower: bool) -> tuple[CudaArray, CudaArray]:
    """The largest element of each vector, the first of them, is positive."""
    x, cupy = library.mirrored(a, lower), library.cupy
    if x is None:
        found: tuple[CudaArray, CudaArray] = own(a, lower)
        return found
    w, v = cupy.linalg.eigh(x)
    top = cupy.take_along_axis(v, cupy.expand_dims(cupy.argmax(cupy.abs(v), -2), -2), -2)
    return library.copied(w), library.copied(cupy.where(top < 0, -v, v))


def _solve_triangular(library: CuPy, own: Any, out: CudaArray, a: CudaArray, b: CudaArray, lower: bool,
                      trans: bool, unit_diagonal: bool) -> None:
    if out.ndim > 2 or a.ndim > 2:
        own(out, a, b, lower, trans, unit_diagonal)
        return
    x = library.view(a)
    if not unit_diagonal and not bool(x.diagonal().all()):
        raise shape_errors.singular("solve_triangular", a.shape)
    library.view(out)[...] = library.triangular(x, library.view(b), trans=int(trans), lower=lower,
                                                unit_diagonal=unit_diagonal)


_FAILURES = {"solve": shape_errors.singular, "inv": shape_errors.singular,
             "cholesky": shape_errors.not_positive_definite}
# op -> the family of its own kernel, and the kernel. det stays: CuPy's is the exponential of a logarithm.
_KERNELS: dict[str, tuple[str, Kernel]] = {
    "matmul": ("contract", _matmul), "matmul_turned": ("contract", _matmul_turned),
    "solve": ("linalg", _solve), "inv": ("linalg", _inv), "slogdet": ("linalg", _slogdet),
    "cholesky": ("factor", _cholesky), "eigh": ("factor", _eigh),
    "solve_triangular": ("factor", _solve_triangular)}
