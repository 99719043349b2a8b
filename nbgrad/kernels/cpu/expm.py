"""Matrix exponentials for the CPU. A matrix that holds inf or nan has a result of nan; nothing warns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, factorial, log2
from typing import Any

import numpy as np
import scipy.linalg

_silent = np.errstate(all="ignore")
# Up to this order SciPy's compiled code is the fastest. It is accurate up to norm 2; above, its approximant
# of degree 13 is off by 1e-12 (SciPy 1.17).
_SMALL = 64
_THETA = 4.25                             # norm up to which the approximant of degree 13 is exact to rounding
_PADE = (64764752532480000., 32382376266240000., 7771770303897600., 1187353796428800., 129060195264000.,
         10559470521600., 670442572800., 33522128640., 1323241920., 40840800., 960960., 16380., 182., 1.)
_REMAINDER = log2(factorial(13)**2 / (factorial(26) * factorial(27)))

Part = Sequence[Any]                      # (a,): a matrix; (a, e): the block matrix [[a, e], [0, a]]


@_silent
def _each(f: Callable[..., np.ndarray], out: np.ndarray, *xs: np.ndarray) -> None:
    """out = f of each matrix; nan where one has an element that is not finite."""
    for place in np.ndindex(out.shape[:-2] if out.size else (0,)):
        matrices = [x[place] for x in xs]
        out[place] = f(*matrices) if all(np.isfinite(m).all() for m in matrices) else np.nan


def expm(out: np.ndarray, a: np.ndarray) -> None:
    """Matrix exponentials."""
    if a.ndim == 2 or not a.size or a.shape[-1] > _SMALL:
        _each(lambda x: _exponential((x,))[0], out, a)
        return
    stack, z = a.reshape(-1, *a.shape[-2:]), out.reshape(-1, *a.shape[-2:])
    easy, s = _easy(stack)
    _each(lambda x: _exponential((x,))[0], rest := np.empty_like(stack[~easy]), stack[~easy])
    z[~easy] = rest
    if easy.any():
        z[easy] = _squared(scipy.linalg.expm(_scaled(stack[easy], -s[easy, None, None])), s[easy])


@_silent
def _easy(stack: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which matrices of a stack may go to SciPy together, and how often to halve each."""
    norm = np.abs(stack).sum(-2).max(-1)
    power = np.abs(stack @ stack).sum(-2).max(-1)
    diagonal = np.count_nonzero(stack, (-2, -1)) == np.count_nonzero(np.diagonal(stack, 0, -2, -1), -1)
    easy = (norm <= 1000) & ~diagonal & ((norm <= 2) | (16 * power >= norm**2))
    return easy, np.ceil(np.log2(np.clip(norm / 2, 1, 1000), where=easy, out=np.zeros_like(norm))).astype(int)


def _squared(z: np.ndarray, s: np.ndarray) -> np.ndarray:
    """Each matrix of a stack squared s times."""
    for step in range(s.max()):
        more = s > step
        z[more] = z[more] @ z[more]
    return z


def expm_frechet(out: np.ndarray, a: np.ndarray, e: np.ndarray) -> None:
    """Derivatives of the matrix exponential at a in the direction e."""
    _each(_derivative, out, a, e)


def _derivative(a: np.ndarray, e: np.ndarray) -> np.ndarray:
    """It is linear in e, so e is made small by a power of two: a alone decides how it is computed."""
    power = _exponent(e) + 7
    return _scaled(_exponential((a, _scaled(e, -power)))[1], power)


def _scaled(x: np.ndarray, power: Any) -> np.ndarray:
    """x times a power of two, exactly, by the parts of complex numbers."""
    if x.dtype.kind != "c":
        found: np.ndarray = np.ldexp(x, power)
        return found
    z = np.empty_like(x)
    z.real, z.imag = np.ldexp(x.real, power), np.ldexp(x.imag, power)
    return z


def _sizes(a: np.ndarray) -> np.ndarray:
    """|a|, of complex numbers that of the larger part: it does not overflow."""
    return np.abs(a) if a.dtype.kind != "c" else np.maximum(np.abs(a.real), np.abs(a.imag))


def _exponent(a: np.ndarray) -> int:
    """A power of two above the norm of a matrix."""
    return int(np.frexp(_sizes(a).max())[1]) + len(a).bit_length() + (a.dtype.kind == "c")


@_silent
def inverse_norm(out: np.ndarray, a: np.ndarray) -> None:
    """Powers of two."""
    power = -np.frexp(_sizes(a).max((-2, -1), initial=0, keepdims=True))[1]
    limits = np.finfo(out.dtype)
    np.ldexp(out.dtype.type(1), np.clip(power, limits.minexp, limits.maxexp - 1), out=out)


def _exponential(x: Part) -> Part:
    """Exponential of a finite matrix, or of a block matrix."""
    if len(x) == 1 and np.count_nonzero(x[0]) == np.count_nonzero(x[0].diagonal()):
        return [np.diag(np.exp(x[0].diagonal()))]
    dtype = x[0].dtype
    wide = np.result_type(dtype, np.float64)
    if dtype != wide and _exponent(x[0]) > 12:          # above that, the tenth power may overflow in float32
        return [part.astype(dtype) for part in _exponential([part.astype(wide) for part in x])]
    norm = _norm(x[0])
    # To halve until the norm is small loses accuracy where the powers of the matrix are much smaller.
    if len(x[0]) * len(x) > _SMALL or norm > 1e6 or (norm > 2 and 16 * _norm(x[0] @ x[0]) < norm**2):
        return _rational(x)
    s = ceil(log2(norm / 2)) if norm > 2 else 0
    z = _small([_scaled(part, -s) for part in x] if s else x)
    for _ in range(s):
        z = _product(z, z)
    return z


def _norm(a: np.ndarray) -> float:
    return float(np.abs(a).sum(0).max())


def _small(x: Part) -> Part:
    """Exponential by SciPy."""
    if len(x) == 1:
        return [scipy.linalg.expm(x[0])]
    n = len(x[0])
    block = np.zeros((2 * n, 2 * n), x[0].dtype)        # Higham, Functions of Matrices (2008), eq. 3.16
    block[:n, :n], block[:n, n:], block[n:, n:] = x[0], x[1], x[0]
    z = scipy.linalg.expm(block)
    return [z[:n, :n], z[:n, n:]]


def _product(x: Part, y: Part) -> Part:
    if len(x) == 1:
        return [x[0] @ y[0]]
    return [x[0] @ y[0], x[0] @ y[1] + x[1] @ y[0]]


def _combined(factors: Sequence[float], parts: Sequence[Part], identity: float = 0.0) -> Part:
    """factors times parts, summed, and identity times the identity matrix."""
    total = [sum(f * x for f, x in zip(factors, same, strict=True)) for same in zip(*parts, strict=True)]
    total[0].flat[::len(total[0]) + 1] += identity
    return total


def _rational(x: Part) -> Part:
    """Exponential by scaling, the rational approximant of degree 13, and squaring.

    Source: Al-Mohy and Higham, A new scaling and squaring algorithm for the matrix exponential, SIAM J.
    Matrix Anal. Appl. 31 (2009), algorithm 6.1, without its lower degrees, with bounds for norms of powers 8
    and 10. On block matrices it is section 6 of the same authors' Computing the Fréchet derivative of the
    matrix exponential, ibid. 30 (2009).
    """
    x2 = _product(x, x)
    x4 = _product(x2, x2)
    x6 = _product(x4, x2)
    norms = [_norm(power[0]) for power in (x, x2, x4, x6)]
    if not np.isfinite(norms).all():
        return [np.full_like(part, np.nan) for part in x]
    s = _squarings(x[0], [log2(max(norm, 1e-300)) for norm in norms])
    if s:
        graded = ((1, x), (2, x2), (4, x4), (6, x6))
        x, x2, x4, x6 = [[_scaled(part, -s * k) for part in power] for k, power in graded]
    powers, b = (x6, x4, x2), _PADE
    odd = _product(x6, _combined(b[13:8:-2], powers))
    odd = _product(x, _combined((1, *b[7:2:-2]), (odd, *powers), b[1]))
    even = _product(x6, _combined(b[12:7:-2], powers))
    even = _combined((1, *b[6:1:-2]), (even, *powers), b[0])
    below = _combined((1, -1), (even, odd))             # the approximant is 1 + 2 odd / (even - odd)
    z: Part = [np.linalg.solve(below[0], 2 * odd[0])]
    if len(x) == 2:
        z = [*z, np.linalg.solve(below[0], 2 * odd[1] - below[1] @ z[0])]
    z = _combined((1,), (z,), 1)
    for _ in range(s):
        z = _product(z, z)
    return z


def _squarings(a: np.ndarray, norms: Sequence[float]) -> int:
    """How often to halve a before the approximant, so that its truncation error is below rounding.

    norms: binary logarithms of the norms of a and of its powers 2, 4, 6.
    """
    n1, n2, n4, n6 = norms
    n8 = min(2 * n4, n6 + n2)
    least = min(max(n6 / 6, n8 / 8), max(n8 / 8, (n4 + n6) / 10))
    s = max(0, ceil(least - log2(_THETA)))
    if n1 - s <= log2(_THETA):
        return s
    v, size = np.ones(len(a)), np.ldexp(np.abs(a), -ceil(n1))
    for _ in range(27):
        v = v @ size
    rounding = log2(np.finfo(a.dtype).eps) - 1
    excess = _REMAINDER + log2(max(v.max(), 1e-300)) + 27 * ceil(n1) - n1 - 26 * s - rounding
    return s + max(0, ceil(excess / 26))
