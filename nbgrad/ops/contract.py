"""Products that sum over shared axes: the ops matmul and einsum, and the products made of them."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import lru_cache
from math import prod
from string import ascii_letters
from typing import Any

import numpy as np

from nbgrad.define.broadcast import broadcast_to, shaped
from nbgrad.define.complex import conj
from nbgrad.define.scalar import multiply
from nbgrad.define.structured import family
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.engine.views import link_shared
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops import axes as check
from nbgrad.ops.index import setitem
from nbgrad.ops.shape import moveaxis, refit, reshape, transposed

op: Any = family("contract")

Shape = tuple[int, ...]


# ------------------------------------------------------------------------------------------- matmul
def _terms(a: Any, b: Any) -> tuple[str, str, str]:
    """einsum's indices of a, b and a @ b. Only one of them may have batch axes."""
    batch = "abcdefghijlopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[:max(a.ndim, b.ndim, 2) - 2]
    n, m = "n" if a.ndim > 1 else "", "m" if b.ndim > 1 else ""
    of_a, of_b = batch if a.ndim > 2 else "", batch if b.ndim > 2 else ""
    return f"{of_a}{n}k", f"{of_b}k{m}", f"{batch}{n}{m}"


def _matmul_left(g: Any, z: Any, a: Any, b: Any) -> Any:
    """Cotangent of a. Where a is one matrix and b a batch, one product sums over the batch too."""
    n, m = a.ndim, b.ndim
    if n > 1 and m > 1 and (n > 2 or m == 2):
        return shaped(product(g, b, (False, True)), a)
    if n == m == 1:
        return shaped(multiply(g, b), a)
    if n == 1 and m == 2:
        return shaped(product(b, g), a)
    if m == 1 and n > 1:
        return shaped(multiply(refit(g, (*g.shape, 1)), b), a)
    left, right, out = _terms(a, b)
    return shaped(_contract(f"{out},{right}->{left}", g, b), a)


def _matmul_right(g: Any, z: Any, a: Any, b: Any) -> Any:
    """Cotangent of b. Where b is one matrix and a a batch, one product sums over the batch too."""
    n, m = a.ndim, b.ndim
    if n > 2 and m == 2:
        rows = prod(a.shape[:-1])
        a, g, n = refit(a, (rows, a.shape[-1])), refit(g, (rows, g.shape[-1])), 2
    if n == m == 1:
        return shaped(multiply(a, g), b)
    if n == 1 and m == 2:
        return shaped(multiply(refit(a, (*a.shape, 1)), g), b)
    if n == 2 and m == 1:
        return shaped(product(g, a), b)
    if n == 2 or (n > 2 and m > 2):
        return shaped(product(a, g, (True, False)), b)
    left, right, out = _terms(a, b)
    return shaped(_contract(f"{left},{out}->{right}", a, g), b)


@op(vjp=(_matmul_left, _matmul_right), multilinear=(0, 1), keep="x", like=np.matmul, on_complex="same",
    cases=[((2, 3), (3, 4)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((5, 2, 3), (3, 4)),
           ((2, 3), (5, 3, 4)), ((4, 5, 2), (4, 2, 3)), ((2, 4, 5, 2), (4, 2, 3)), ((4, 1, 2, 3), (5, 3, 2)),
           ((1, 2, 3), (4, 3, 2)), ((3,), (2, 3, 4)), ((2, 4, 3), (3,)), ((0, 3), (3, 2)), ((2, 0), (0, 3)),
           ((0, 2, 3), (3, 2)), ((2, 3), (0, 3, 2)), ((0,), (0,))])
def matmul(a: Any, b: Any) -> Any:
    """Return the matrix product a @ b.

    a: (..., n, k), b: (..., k, m) -> (..., n, m); the batch axes in front broadcast. A 1-d a is a row, a
    1-d b a column, and the result lacks that axis: (k,) @ (k,) is the dot product. Any dtypes, promoted as
    in NumPy. Raises ShapeError if the shapes do not fit or one is 0-d.

    >>> nb.matmul([[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0])
    tensor([21., 43.])
    """
    return (as_tensor(a), as_tensor(b)), {}   # the kernel checks the shapes, once


def _turned(place: int, g: Any, a: Any, b: Any, turned: tuple[bool, bool]) -> Any:
    """Cotangent of one operand of a product of transposed ones."""
    a, b = [transposed(x) if turn else x for x, turn in zip((a, b), turned, strict=True)]
    c = (_matmul_left, _matmul_right)[place](g, None, a, b)
    return transposed(c) if turned[place] else c


@op(vjp=(lambda g, z, a, b, turned: _turned(0, g, a, b, turned),
         lambda g, z, a, b, turned: _turned(1, g, a, b, turned)), multilinear=(0, 1), keep="x",
    on_complex="same", like=lambda a, b, turned: (a.mT if turned[0] else a) @ (b.mT if turned[1] else b),
    cases=[((2, 3), (4, 3), {"turned": (False, True)}), ((3, 2), (3, 4), {"turned": (True, False)}),
           ((5, 3, 2), (4, 3), {"turned": (True, True)}), ((3, 2), (3,), {"turned": (True, False)}),
           ((2, 3, 4), (2, 3, 5), {"turned": (True, False)})], private=True)
def matmul_turned(a: Any, b: Any, turned: tuple[bool, bool]) -> Any:
    """Return the matrix product of operands of which some are transposed; matmul's rules are made of it."""
    return (as_tensor(a), as_tensor(b)), {"turned": turned}


def product(a: Tensor, b: Tensor, turned: tuple[bool, bool] = (False, False)) -> Tensor:
    """The matrix product for rules, of Tensors of which some are transposed."""
    if turned == (False, False):
        return apply(matmul, (a, b))
    return apply(matmul_turned, (a, b), {"turned": turned})


# ------------------------------------------------------------------------------------------- einsum
@lru_cache(maxsize=4096)
def _explicit(subscripts: str, shapes: tuple[Shape, ...]) -> str:
    """The subscripts with letters for the ellipsis and with an output. Raises as einsum."""
    left, arrow, out = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    strange = set((left.replace(",", "") + out).replace("...", "")) - set(ascii_letters)
    if strange or any(term.count("...") > 1 for term in [*terms, out]):
        raise shape_errors.bad_subscripts(subscripts,
                                          "a term holds letters and at most one '...', and commas part "
                                          "the operands' terms, '->' the output's")
    if len(terms) != len(shapes):
        raise shape_errors.bad_subscripts(subscripts, f"it has {len(terms)} terms for {len(shapes)} operands")
    spare = [len(s) - len(term.replace("...", "")) for term, s in zip(terms, shapes, strict=True)]
    for term, shape, extra in zip(terms, shapes, spare, strict=True):
        if extra < 0 or (extra > 0 and "..." not in term):
            raise shape_errors.bad_subscripts(subscripts,
                                              f"{term!r} does not fit an operand of shape {shape}")
    free = "".join([c for c in ascii_letters if c not in subscripts])
    if max(spare) > len(free):
        raise shape_errors.bad_subscripts(subscripts, "with the axes of '...' there are more than 52 indices")
    wide = free[:max(spare)]
    terms = [term.replace("...", wide[len(wide) - n:]) for term, n in zip(terms, spare, strict=True)]
    every = "".join(terms)
    if not arrow:
        out = "..." + "".join(sorted([c for c in set(every) - set(wide) if every.count(c) == 1]))
    if wide and "..." not in out:
        raise shape_errors.bad_subscripts(subscripts, "the output lacks '...', which stands for axes here")
    out = out.replace("...", wide)
    if len(set(out)) != len(out) or not set(out) <= set(every):
        raise shape_errors.bad_subscripts(subscripts,
                                          "an index of the output must be an operand's, and come once")
    _check_sizes(subscripts, terms, shapes)
    return ",".join(terms) + "->" + out


def _check_sizes(subscripts: str, terms: Sequence[str], shapes: Sequence[Shape]) -> None:
    """Raises ShapeError unless each index has one length, or 1 in an operand that is broadcast along it."""
    full: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        own: dict[str, int] = {}
        for c, n in zip(term, shape, strict=True):
            if own.setdefault(c, n) != n or (n != 1 and full.get(c, 1) not in (1, n)):
                raise shape_errors.no_contraction(subscripts, shapes, c)
            if n != 1:
                full[c] = n


def _contract(subscripts: str, *operands: Any) -> Any:
    """einsum for rules: explicit subscripts; an index that the output repeats is its diagonal."""
    return apply(einsum, operands, {"subscripts": subscripts})


def _einsum_rule(i: int, g: Any, z: Any, *xs: Any, subscripts: str) -> Any:
    """Cotangent of operand i: g contracted with the other operands, repeated along the indices that i alone
    has, summed along those i was broadcast along, and put on the diagonal of those i repeats.
    """
    left, _, out = subscripts.partition("->")
    terms = left.split(",")
    own = dict(zip(terms[i], xs[i].shape, strict=True))
    others = [pair for k, pair in enumerate(zip(terms, xs, strict=True)) if k != i]
    full: dict[str, int] = {}
    for term, x in [(out, g), *others]:
        full |= {c: n for c, n in zip(term, x.shape, strict=True) if full.get(c, 1) == 1}
    kept = [c for c in own if full.get(c) == own[c]]
    all_terms = ",".join([out, *[term for term, _ in others]])
    u = _contract(f"{all_terms}->{''.join(kept)}", g, *[x for _, x in others])
    if len(kept) != len(own):
        u = refit(u, tuple([n if c in kept else 1 for c, n in own.items()]))
        u = broadcast_to(u, tuple(own.values()))
    if len(own) != len(terms[i]):
        u = _contract("".join(own) + "->" + terms[i], u)
    return shaped(u, xs[i])


_FORMS = {                                    # subscripts: shapes of the operands
    "ij,jk->ik": ((2, 3), (3, 4)), "ij,jk": ((2, 3), (3, 4)), "bij,bjk->bik": ((2, 3, 4), (2, 4, 2)),
    "i,i": ((3,), (3,)), "ij->ji": ((2, 3),), "ij->": ((2, 3),), "ij->j": ((2, 3),), "ii": ((3, 3),),
    "ii->i": ((3, 3),), "iij->ij": ((2, 2, 3),), "ijij->": ((2, 3, 2, 3),), "i,j->ij": ((2,), (3,)),
    "...ij,...jk->...ik": ((2, 1, 2, 3), (4, 3, 2)), "...,...": ((2, 3), (3,)), "bi,bi->b": ((2, 3), (2, 3)),
    "ij,jk,kl->il": ((2, 3), (3, 4), (4, 2)), "ab,bc,cd,ad->": ((2, 3), (3, 2), (2, 4), (2, 4)),
    "i,ij,j->": ((2,), (2, 3), (3,)), "ij,k->i": ((2, 3), (4,)), "ij , jk": ((2, 1), (3, 4)),
    "ij,ij->i": ((1, 3), (2, 3)), "bhqd,bhkd->bhqk": ((2, 2, 3, 2), (2, 2, 4, 2)), ",ij->ij": ((), (2, 3)),
    "aii,ij->ja": ((2, 3, 3), (3, 2)), "ik,kj": ((2, 0), (0, 3)), "ij->i": ((0, 3),), "->": ((),),
    "Ba,aB->aB": ((2, 3), (3, 2)), "ii,ii->i": ((3, 3), (3, 3)), "...i,i...->...": ((2, 3), (3, 2)),
}


def _written(x: Any, v: Any, subscripts: str) -> Any:
    """x with v where einsum, which sums nothing, shows it: each letter counts along its axis of v."""
    term, _, out = subscripts.partition("->")
    places = [np.arange(n).reshape([-1 if c == letter else 1 for letter in out])
              for c, n in zip(term, x.shape, strict=True)]
    return apply(setitem, (x, v), {"index": tuple(places)})


@op(vjp_of=_einsum_rule, multilinear=range(64), keep="x", on_complex="same", view=link_shared, write=_written,
    like=lambda *xs, subscripts: np.einsum(subscripts, *xs),
    cases=[(*shapes, {"subscripts": subscripts}) for subscripts, shapes in _FORMS.items()])
def einsum(*operands: Any, subscripts: str | None = None) -> Any:
    """Return the sum of products that the subscripts name: einsum("ij,jk->ik", a, b) is a @ b.

    subscripts: str, the first argument (or by name), as in NumPy: for each operand a term with a letter for
    each axis, after "->" the result's. Without "->" it has the letters that come once, sorted. An index
    that the result lacks is summed over; one that an operand repeats is its diagonal; "..." stands for any
    axes, which broadcast; so does an axis of length 1.
    operands: any dtypes, promoted as in NumPy. Two at a time are contracted, as matrix products (BLAS),
    those first whose product is small.
    Where one operand is neither summed nor repeated, the result is a view of it, as in NumPy.
    Raises ValueRangeError for malformed subscripts, ShapeError if an index has two lengths.

    >>> nb.einsum("ij,j->i", [[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0])
    tensor([21., 43.])
    """
    if subscripts is None and operands:
        subscripts, operands = operands[0], operands[1:]
    if not isinstance(subscripts, str) or not operands:
        raise shape_errors.bad_subscripts(subscripts,
                                          "it must be a string, and at least one operand must follow")
    xs = tuple(map(as_tensor, operands))
    return xs, {"subscripts": _explicit(subscripts, tuple([x.shape for x in xs]))}


# --------------------------------------------------------------------------------- products made of these
def _sum_of_products(name: str, a: Tensor, b: Tensor, of_a: Sequence[int], of_b: Sequence[int]) -> Tensor:
    """The sum of products over pairs of axes; the result has the other axes of a, then those of b."""
    if [a.shape[k] for k in of_a] != [b.shape[k] for k in of_b]:
        raise shape_errors.no_product(name, a.shape, b.shape,
                                      f"axes {tuple(of_a)} of the first and {tuple(of_b)} "
                                      "of the second, which are summed over, differ in length")
    if a.ndim == b.ndim == 2 and (*of_a, *of_b) == (1, 0):
        return matmul(a, b)
    if a.ndim + b.ndim > len(ascii_letters):
        raise shape_errors.no_product(name, a.shape, b.shape, "they have more than 52 axes together")
    left, right = list(ascii_letters[:a.ndim]), list(ascii_letters[a.ndim:a.ndim + b.ndim])
    for i, j in zip(of_a, of_b, strict=True):
        right[j] = left[i]
    out = [c for c in left if c not in right] + [c for c in right if c not in left]
    return _contract(f"{''.join(left)},{''.join(right)}->{''.join(out)}", a, b)


def dot(a: Any, b: Any) -> Tensor:
    """Return NumPy's dot product: sums over the last axis of a and the second-last, or only, axis of b.

    a: (..., k), b: (k,) or (..., k, m) -> the other axes of a, then those of b (matmul would pair the batch
    axes). If one is 0-d, their product. Raises ShapeError if the lengths differ.
    Derivative: linear in a and in b.

    >>> nb.dot([1.0, 2.0], [3.0, 4.0])
    tensor(11.)
    """
    a, b = as_tensor(a), as_tensor(b)
    left, right = a.shape, b.shape
    if not left or not right:
        return multiply(a, b)
    if len(right) <= 2 and left[-1] == right[0]:
        return matmul(a, b)
    return _sum_of_products("dot", a, b, [a.ndim - 1], [max(b.ndim - 2, 0)])


def inner(a: Any, b: Any) -> Tensor:
    """Return the sums of products over the last axes of a and b.

    a: (..., k), b: (..., k) -> the other axes of a, then those of b. If one is 0-d, their product. Raises
    ShapeError if the lengths differ.
    Derivative: linear in a and in b.

    >>> nb.inner([1.0, 2.0], [3.0, 4.0])
    tensor(11.)
    """
    a, b = as_tensor(a), as_tensor(b)
    if not a.ndim or not b.ndim:
        return multiply(a, b)
    return _sum_of_products("inner", a, b, [a.ndim - 1], [b.ndim - 1])


def outer(a: Any, b: Any) -> Tensor:
    """Return all products of an element of a with one of b. a: n elements, b: m, in any shape -> (n, m).

    Derivative: linear in a and in b. Raises DtypeError for what is no array of numbers.

    >>> nb.outer([1.0, 2.0], [3.0, 4.0])
    tensor([[3., 4.],
            [6., 8.]])
    """
    b = as_tensor(b)
    return multiply(reshape(a, (-1, 1)), b if b.ndim == 1 else reshape(b, (-1,)))


@check.named_dim
def vecdot(a: Any, b: Any, axis: int = -1) -> Tensor:
    """Return the dot products of the vectors along one axis; the other axes broadcast.

    a: (..., k), b: (..., k) -> (...), with k at `axis` in each. Raises ShapeError if the shapes do not fit,
    AxisError if one lacks the axis. Of complex numbers a's conjugates.
    Derivative: linear in b, and in a's conjugate.

    >>> nb.vecdot([[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0])
    tensor([21., 43.])
    """
    a, b = [moveaxis(x, check.one("vecdot", axis, x.ndim), -1) for x in (as_tensor(a), as_tensor(b))]
    if a.shape[-1] != b.shape[-1]:
        raise shape_errors.no_product("vecdot", a.shape, b.shape,
                                      "the vectors (last axis here) differ in length")
    return einsum("...k,...k->...", conj(a), b)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Tensor:
    """Return the sums of products over several axes; the result has the other axes of a, then those of b.

    axes: an integer, how many last axes of a to pair with as many first ones of b; or a pair, the axes of a
    and those of b. Raises ShapeError if paired axes differ in length, AxisError for one that is not there,
    ValueRangeError if axes do not pair up.
    Derivative: linear in a and in b.

    >>> nb.tensordot([[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0], axes=1)
    tensor([21., 43.])
    """
    a, b = as_tensor(a), as_tensor(b)
    return _sum_of_products("tensordot", a, b, *_axis_pairs(axes, a, b))


def _axis_pairs(axes: Any, a: Tensor, b: Tensor) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """tensordot's axes, of a and of b, counted from the front."""
    given = check.listed(axes)
    if len(given) != 1 or given[0] is not axes:
        return _named_pairs(given, a, b)
    try:
        count = operator.index(axes)
    except TypeError as error:
        raise value_errors.bad_argument("tensordot", axes, "axes as an integer or a pair") from error
    if type(axes) is bool:
        raise value_errors.bad_argument("tensordot", axes, "axes as an integer or a pair")
    if not 0 <= count <= min(a.ndim, b.ndim):
        raise value_errors.bad_value("tensordot",
                                     f"axes={count}, but shapes {a.shape} and {b.shape} share at most "
                                     f"{min(a.ndim, b.ndim)}")
    return tuple(range(a.ndim - count, a.ndim)), tuple(range(count))


def _named_pairs(axes: tuple[Any, ...], a: Tensor, b: Tensor) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if len(axes) != 2:
        raise value_errors.bad_value("tensordot", f"axes={axes} is no pair, the axes of a and those of b")
    of_a, of_b = [check.ordered("tensordot", k, x.ndim, True) for k, x in zip(axes, (a, b), strict=True)]
    if len(of_a) != len(of_b):
        raise value_errors.bad_value("tensordot", f"axes={axes} pairs {len(of_a)} axes with {len(of_b)}")
    return of_a, of_b
