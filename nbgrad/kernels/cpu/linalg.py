"""Inverses, systems and determinants for the CPU. Nothing warns."""

from __future__ import annotations

import numpy as np

from nbgrad.errors import shape_errors

_silent = np.errstate(all="ignore")


@_silent
def inv(out: np.ndarray, a: np.ndarray) -> None:
    """Inverses."""
    try:
        out[...] = np.linalg.inv(a)
    except np.linalg.LinAlgError as error:
        raise shape_errors.singular("inv", a.shape) from error


@_silent
def solve(out: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
    """Solutions of a @ z = b."""
    try:
        out[...] = np.linalg.solve(a, b)
    except np.linalg.LinAlgError as error:
        raise shape_errors.singular("solve", a.shape) from error


@_silent
def det(out: np.ndarray, a: np.ndarray) -> None:
    """Determinants."""
    out[...] = np.linalg.det(a)


@_silent
def slogdet(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Signs and logarithms of the absolute values of determinants."""
    sign, logarithm = np.linalg.slogdet(a)
    return np.asarray(sign), np.asarray(logarithm)


@_silent
def cofactor(out: np.ndarray, a: np.ndarray) -> None:
    """With a = u s v, u and v unitary: det(u v) conj(u) diag(products of the other s) conj(v)."""
    if _from_inverse(out, a):
        return
    u, s, v, sign, finite = _svd(a)
    out[...] = sign * (u.conj() * (_before(s) * _before(s[..., ::-1])[..., ::-1])[..., None, :]) @ v.conj()
    out[~finite] = np.nan


@_silent
def _from_inverse(out: np.ndarray, a: np.ndarray) -> bool:
    """det(a) inv(a).T, by elimination instead of singular values.

    False where a matrix is so near to singular that this would lose more than a third of the digits.
    """
    try:
        inverse = np.linalg.inv(a)
    except np.linalg.LinAlgError:
        return False
    determinant = np.linalg.det(a)[..., None, None]
    digits = np.finfo(a.dtype)
    lost = np.abs(a).sum(-1).max(-1, initial=0) * np.abs(inverse).sum(-1).max(-1, initial=0)
    size = np.abs(determinant)
    if not ((lost < digits.eps ** (-1 / 3)).all() and (size >= digits.tiny).all() and (size < np.inf).all()):
        return False
    np.multiply(determinant, np.swapaxes(inverse, -1, -2), out=out)
    return True


@_silent
def cofactor_push(out: np.ndarray, a: np.ndarray, e: np.ndarray) -> None:
    """For diagonal a = s: d cofactor[i, i] sums e[j, j], d cofactor[i, j] is -e[j, i], times the other s."""
    u, s, v, sign, finite = _svd(a)
    u, v = u.conj(), v.conj()
    inside = np.swapaxes(v @ np.swapaxes(e, -1, -2) @ u, -1, -2)
    pairs = _pairs(s)
    middle = -np.swapaxes(inside, -1, -2) * pairs
    diagonal = np.einsum("...ij,...jj->...i", pairs, inside)
    middle[..., range(s.shape[-1]), range(s.shape[-1])] = diagonal
    out[...] = sign * (u @ middle @ v)
    out[~finite] = np.nan


def _svd(a: np.ndarray) -> tuple[np.ndarray, ...]:
    """u, s, v, det(u v), and which matrices are finite; of the others the result is of no use."""
    finite = np.isfinite(a).all((-2, -1))
    u, s, v = np.linalg.svd(np.where(finite[..., None, None], a, 0))
    sign = np.linalg.det(u) * np.linalg.det(v)
    return u, s, v, (sign if a.dtype.kind == "c" else np.rint(sign))[..., None, None], finite


def _before(s: np.ndarray) -> np.ndarray:
    """Products of the elements before each, along the last axis."""
    z = np.ones_like(s)
    np.cumprod(s[..., :-1], -1, out=z[..., 1:])
    return z


def _pairs(s: np.ndarray) -> np.ndarray:
    """Products of all s but two, i and j, and 0 at i = j; exact where some are zero."""
    n = s.shape[-1]
    products = np.zeros((*s.shape, n), s.dtype)
    before, after = _before(s), _before(s[..., ::-1])[..., ::-1]
    for i in range(n - 1):
        between = _before(s[..., i + 1:])
        products[..., i, i + 1:] = before[..., i, None] * between * after[..., i + 1:]
    return products + np.swapaxes(products, -1, -2)
