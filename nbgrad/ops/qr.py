"""The factors q and r of matrices, q with orthonormal columns and r triangular; any batch axes in front."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nbgrad.define.complex import conj, real
from nbgrad.define.scalar import add, multiply
from nbgrad.define.structured import family
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import value_errors
from nbgrad.ops.contract import product
from nbgrad.ops.diagonal import diagonal
from nbgrad.ops.elementwise import abs, subtract
from nbgrad.ops.factor import mirrored, solve_triangular
from nbgrad.ops.index import getitem
from nbgrad.ops.pad import pad
from nbgrad.ops.reduce import sum
from nbgrad.ops.shape import concat, transposed
from nbgrad.ops.svd import determined, matrices

op: Any = family("qr")


class QRResult(NamedTuple):
    """a = Q @ R: orthonormal columns Q, and R, which has zeros below its diagonal."""

    Q: Tensor
    R: Tensor


# ---------------------------------------------------------------------------------- the rules
def columns(x: Tensor, start: int | None, stop: int | None) -> Tensor:
    """Some columns of matrices."""
    found: Tensor = getitem(x, (..., slice(start, stop)))
    return found


def rows(x: Tensor, start: int | None, stop: int | None) -> Tensor:
    """Some rows of matrices."""
    found: Tensor = getitem(x, (..., slice(start, stop), slice(None)))
    return found


def over_triangle(x: Tensor, r: Tensor) -> Tensor:
    """x @ inv(r).T for upper triangular matrices r."""
    return transposed(solve_triangular(r, transposed(x)))


def _square_rule(gq: Tensor | None, gr: Tensor | None, q: Tensor, r: Tensor) -> Tensor:
    """(gq + q @ m) @ inv(r).T, m the lower triangle of r @ gr.T - gq.T @ q mirrored, for square r; of complex
    matrices the same of the conjugates of cotangents, with adjoints for transposes: r's diagonal is real.

    Source: Walter, Lehmann, Lamour, On evaluating higher-order derivatives of the QR decomposition of tall
    matrices with full column rank in forward and reverse mode algorithmic differentiation, 2012.
    """
    m: Any = None if gr is None else product(r, conj(gr), (False, True))
    if gq is not None:
        along = product(conj(gq), q, (True, False))
        m = subtract(0.0, along) if m is None else subtract(m, along)
    total = product(q, mirrored(m))
    return over_triangle(total if gq is None else add(gq, total), conj(r))


def _factors_rule(gq: Tensor | None, gr: Tensor | None, q: Tensor, r: Tensor, shape: Any) -> Tensor:
    """Of a = [x, y] with square x = q @ u and y = q @ v, where r = [u, v]: v is q.T @ y. All are conjugates,
    cotangents and what is returned, where they are complex.
    """
    k = r.shape[-2]
    u = columns(r, None, k)
    one = independent(real(diagonal(u, 0, -2, -1)), sum(abs(u), -2), "qr", shape)
    gq, gr = [None if g is None else multiply(g, one) for g in (gq, gr)]
    if shape[-1] == k:
        return _square_rule(gq, gr, q, r)
    if gr is None:
        found = _square_rule(gq, None, q, u)
        return pad(found, (*[(0, 0)] * (found.ndim - 1), (0, shape[-1] - k)))
    gv = columns(gr, k, None)
    of_q = product(product(q, columns(r, k, None)), conj(gv), (False, True))
    found = _square_rule(of_q if gq is None else add(gq, of_q), columns(gr, None, k), q, u)
    return concat([found, product(q, gv)], -1)


def _qr_rule(g: Any, z: Any, a: Any, complete: bool) -> Tensor:
    (gq, gr), (q, r) = g, z
    gq, gr = [None if x is None else conj(x) for x in (gq, gr)]
    k = min(a.shape[-2:])
    if q.shape[-1] > k:
        gq = None if gq is None else determined(gq, k, "qr")
        gr = None if gr is None else rows(gr, None, k)
        q, r = columns(q, None, k), rows(r, None, k)
    return conj(_factors_rule(gq, gr, q, r, a.shape))


def _triangle_rule(g: Tensor, z: Any, a: Tensor) -> Tensor:
    q, r = qr_factors(a)
    return conj(_factors_rule(None, conj(g), q, r, a.shape))


# ------------------------------------------------------------------------------------------ the ops
@op(out=lambda d, *_, **__: ((*d.shape[:-1], 1, 1), d.dtype), discrete=True, private=True,
    like=lambda d, size, **_: np.ones((*d.shape[:-1], 1, 1), d.dtype),
    cases=[(np.array([[3.0, -1.0], [0.1, 0.2]]), np.array([[3.0, 2.0], [1.0, 1.0]]),
            {"of": "qr", "shape": (2, 2), "least": 1e-9})])
def independent(d: Any, size: Any, of: str, shape: tuple[int, ...], least: float | None = None) -> Any:
    """Return 1 for each matrix, (..., 1, 1), if no element of d: (..., k) is zero beside that of size.

    of, shape : the op and the shape of the matrices, for the error
    least : what is zero, beside a size of 1; None: rounding
    Raises GradientError.
    """
    d = as_tensor(d)
    if least is None:
        least = max(shape[-2:]) * float(np.finfo(d.dtype).eps)
    return (d, as_tensor(size)), {"of": of, "shape": shape, "least": least}


def _full(*shape: int) -> Any:
    """Matrices far from dependent columns."""
    return lambda rng: 0.4 * rng.normal(size=shape) + 2 * np.eye(shape[-2], shape[-1])


@op(vjp=_qr_rule, keep="z", results=QRResult, on_complex="same",
    like=lambda a, complete=False: np.linalg.qr(a, "complete" if complete else "reduced"),
    cases=[(_full(4, 2),), ((0, 2, 2),)], private=True)
def qr_factors(a: Any, complete: bool = False) -> Any:
    """Return `qr` with both factors."""
    return (matrices("qr", a),), {"complete": bool(complete)}


@op(out=lambda a: ((*a.shape[:-2], min(a.shape[-2:]), a.shape[-1]), a.dtype), vjp=_triangle_rule, keep="x",
    like=lambda a: np.linalg.qr(a, "r"), on_complex="same", cases=[(_full(4, 2),)], private=True)
def triangular_factor(a: Any) -> Any:
    """Return the second factor of `qr` alone."""
    return (matrices("qr", a),), {}


def qr(a: Any, mode: str = "reduced") -> Any:
    """Return the factors of a = Q @ R: orthonormal columns Q, and R with zeros below its diagonal.

    a: (..., m, n) -> the named tuple (Q (..., m, k), R (..., k, n)), k = min(m, n); float32, float64 or
    complex; other dtypes become float64. A matrix with nan or inf gives nan. The signs are LAPACK's; of
    complex matrices the diagonal of R is real, so that no phase is left open.
    mode : "complete": Q is (..., m, m), R is (..., m, n); "r": R alone, as in "reduced"
    The derivative exists where the first k columns of a are independent, else it raises GradientError; so
    does one of the other m - k columns of a complete Q, which are any basis, and forward mode there.
    Raises ShapeError if a has fewer than two axes, ValueRangeError for another mode, DeviceError on CUDA.

    >>> nb.linalg.qr([[0.0, 2.0], [-1.0, 0.0]], mode="r")
    tensor([[-1.,  0.],
            [ 0.,  2.]])
    """
    if mode not in ("reduced", "complete", "r"):
        raise value_errors.bad_choice("qr", "mode", mode, ("reduced", "complete", "r"))
    return triangular_factor(a) if mode == "r" else qr_factors(a, mode == "complete")
