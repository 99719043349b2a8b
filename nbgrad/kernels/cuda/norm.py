"""Layer normalisation for CUDA: row programs. Mean and variance are taken in two passes."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays.cuda import CudaArray
from nbgrad.kernels.cuda import rows
from nbgrad.kernels.shared import row_programs

Axes = tuple[int, ...]


def _repeated(w: CudaArray, shape: tuple[int, ...], axis: Axes) -> CudaArray:
    """A weight or a bias, repeated along the axes that are not normalised."""
    sizes = [n if a in axis else 1 for a, n in enumerate(shape)]
    return w.view(lambda form: np.broadcast_to(form.reshape(sizes), shape))


def layer_norm(out: CudaArray, x: CudaArray, *affine: CudaArray, axis: Axes, eps: float) -> None:
    """Normalised over the axes; affine: weight and bias, or neither."""
    program = row_programs.layer_norm_affine if affine else row_programs.layer_norm
    rows.into(out, program, (*[_repeated(a, x.shape, axis) for a in affine], x), axis, eps)


def layer_norm_vjp(g: CudaArray, x: CudaArray, *weight: CudaArray, axis: Axes, eps: float) -> Any:
    """Cotangent of x; where there is a weight, those of x, weight and bias."""
    program = row_programs.layer_norm_affine_vjp if weight else row_programs.layer_norm_vjp
    dx = rows.run(program, (*[_repeated(w, x.shape, axis) for w in weight], g, x), axis, k=eps)
    if not weight:
        return dx
    others = tuple([a for a in range(x.ndim) if a not in axis])
    each = rows.run(row_programs.layer_norm_weight, (g, x), axis, k=eps)
    return dx, *[rows.reduce(row_programs.total, a, others, False) for a in (each, g)]
