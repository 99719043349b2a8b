"""The row programs of reductions, deviations, norms and exponentials: see compile/row_reader."""

from __future__ import annotations

from nbgrad.compile.row_reader import row_program
from nbgrad.compile.row_words import (
    Number,
    Row,
    all,
    any,
    down,
    exp,
    first,
    inf,
    keep,
    log,
    log1p,
    max,
    min,
    nan,
    prod,
    small,
    sqrt,
    sum,
    up,
    where,
)


@row_program(kind="whole")
def total(x: Row) -> Number:
    """sum(x)"""
    return sum(x)


@row_program(kind="same")
def dot(x: Row, y: Row) -> Number:
    """The sum of the products, in the dtype of the operands."""
    return sum(x * y)


@row_program(kind="whole")
def product(x: Row) -> Number:
    """prod(x)"""
    return prod(x)


@row_program(kind="bool")
def any_true(x: Row) -> Number:
    """any(x)"""
    return any(x)


@row_program(kind="bool")
def all_true(x: Row) -> Number:
    """all(x)"""
    return all(x)


@row_program(kind="same")
def largest(x: Row) -> Number:
    """max(x)"""
    return max(x)


@row_program(kind="same")
def smallest(x: Row) -> Number:
    """min(x)"""
    return min(x)


@row_program
def mean(x: Row) -> Number:
    """sum(x) / n"""
    return sum(x) / len(x)


@row_program
def extremum_vjp(x: Row, g: Number, z: Number) -> Row:
    """g, shared by the elements that equal z. Where nothing equals z there was a nan."""
    count = sum(x == z)
    share = g / count
    other = nan if count == 0 else 0
    return where(x == z, share, other)


# Deviations are those from the first element, less their mean: so a large mean takes no digits from them, and
# those of equal elements are 0. Squares that are too small or too large are taken again, of elements times a
# power of two.


def deviations(x: Row) -> tuple[Number, Row]:
    """The mean of x - first(x), and x less its mean."""
    middle = sum(x - first(x)) / len(x)
    return middle, x - first(x) - middle


def unit_of(x: Row, squares: Number) -> Number:
    """The power of two that x is taken times, from the sum of its squares."""
    return 1 if squares > small(x) and squares < inf else up(x) if squares <= small(x) else down(x)


@row_program
def var(x: Row, *, divisor: Number) -> Number:
    """The sum of squared deviations, divided."""
    _, d = deviations(x)
    return sum(d * d) / divisor


@row_program
def std(x: Row, *, divisor: Number) -> Number:
    """The square root of var, without overflow or underflow of the squares."""
    _, d = deviations(x)
    squares = sum(d * d)
    unit = unit_of(x, squares)
    half = unit if unit < 1 else 1        # first(x) times the unit may be too large
    rest = unit / half
    if unit != 1:
        middle = sum((x * half - first(x) * half) * rest) / len(x)
        apart = (x * half - first(x) * half) * rest - middle
        squares = sum(apart * apart)
    return sqrt(squares / divisor) / unit


@row_program
def norm(x: Row) -> Number:
    """The square root of the sum of squares, without overflow or underflow of the squares."""
    squares = sum(x * x)
    unit = unit_of(x, squares)
    if unit != 1:
        scaled = x * unit
        squares = sum(scaled * scaled)
    return sqrt(squares) / unit


@row_program
def var_vjp(x: Row, g: Number, *, factor: Number) -> Row:
    """g (x - mean) times a factor."""
    _, d = deviations(x)
    scale = g * factor
    return d * scale


@row_program
def std_vjp(x: Row, g: Number, z: Number, *, factor: Number) -> Row:
    """g (x - mean) / z times a factor; 0 where z is 0."""
    unit = 1 if z < up(x) else down(x)
    start = first(x) * unit
    middle = sum(x * unit - start) / len(x)
    scale = g * factor if z != 0 else 0
    divisor = z * unit if z != 0 else 1
    return (x * unit - start - middle) / divisor * scale


@row_program
def norm_vjp(x: Row, g: Number, z: Number) -> Row:
    """g x / z; 0 where z is 0."""
    scale = g if z != 0 else 0
    divisor = z if z != 0 else 1
    return x / divisor * scale


def shift_of(x: Row, top: Number) -> Number:
    """The logarithm of the sum of exp(x - top). Where all but the largest add up to less than that one, they
    are added up without it.
    """
    total = sum(exp(x - top))
    return log1p(sum(exp(x - top) * (x != top))) if total < 2 else log(total)


@row_program
def logsumexp(x: Row) -> Number:
    """log(sum(exp(x)))"""
    top = max(x)
    shift = shift_of(x, top)
    return top if top - top != 0 else top + shift


@row_program
def softmax(x: Row) -> Row:
    """exp(x), divided by its sum."""
    top = max(x)
    e = keep(exp(x - top))
    over = 1 / sum(e)
    return e * over


@row_program
def log_softmax(x: Row) -> Row:
    """x less log(sum(exp(x)))."""
    top = max(x)
    shift = shift_of(x, top)
    return x - top - shift


@row_program
def logsumexp_vjp(x: Row, g: Number) -> Row:
    """g times softmax(x). The elements that equal an infinite largest one share."""
    top = max(x)
    e = keep(exp(where(x == top, 0, x - top)))
    scale = g / sum(e)
    return e * scale


# Where one of the probabilities is nearly 1, what it lacks is taken from the others: 1 less it would be mere
# rounding. (Of numbers that do not sum to 1, the edge leaves none out.)


def edge_of(total: Number) -> Number:
    """The probability above which what it lacks is taken from the others."""
    return 0.5 if abs(total - 1) < 0.001 else inf


@row_program
def softmax_vjp(g: Row, z: Row) -> Row:
    """z (g - sum(g z))"""
    low = z <= 0.5
    along, total = sum(g * z), sum(z)
    along_low, total_low = sum(g * z * low), sum(z * low)
    edge = edge_of(total)
    return where(z <= edge, z * (g - along), z * (g * total_low - along_low))


@row_program
def log_softmax_vjp(g: Row, z: Row) -> Row:
    """g - exp(z) sum(g)"""
    e = keep(exp(z))
    low = e <= 0.5
    along, total = sum(g), sum(e)
    along_low, total_low = sum(g * low), sum(e * low)
    edge = edge_of(total)
    return where(e <= edge, g - e * along, g * total_low - e * along_low)


@row_program
def class_entropy(x: Row, chosen: Number, place: Number) -> Number:
    """log(sum(exp(x))) less the chosen element; 0 where its place is negative."""
    top = max(x)
    shift = shift_of(x, top)
    return shift - (chosen - top) if place >= 0 else 0


@row_program
def class_entropy_vjp(x: Row, g: Number, place: Number) -> Row:
    """g times softmax(x), which is to be less g at the place; 0 where the place is negative."""
    top = max(x)
    e = keep(exp(x - top))
    scale = g / sum(e)
    return where(place >= 0, e * scale, 0)


def standardised(x: Row, eps: Number) -> tuple[Number, Row, Number]:
    """A power of two, x less its mean times that, and what this times is standardised."""
    middle, d = deviations(x)
    squares = sum(d * d)
    unit = 1 if squares < inf else down(x)
    start = first(x) * unit
    if unit != 1:
        middle = sum(x * unit - start) / len(x)
        apart = x * unit - start - middle
        squares = sum(apart * apart)
    scale = 1 / sqrt(squares / len(x) + eps * unit * unit)
    return unit, x * unit - start - middle, scale


@row_program
def layer_norm(x: Row, *, eps: Number) -> Row:
    """(x - mean) / sqrt(var + eps)"""
    _, d, scale = standardised(x, eps)
    return d * scale


@row_program
def layer_norm_affine(w: Row, b: Row, x: Row, *, eps: Number) -> Row:
    """layer_norm(x) w + b"""
    _, d, scale = standardised(x, eps)
    return d * scale * w + b


@row_program
def layer_norm_weight(g: Row, x: Row, *, eps: Number) -> Row:
    """g layer_norm(x): each row's part of the cotangent of a weight."""
    _, d, scale = standardised(x, eps)
    return g * (d * scale)


def layer_norm_pulled(c: Row, x: Row, eps: Number) -> Row:
    """The cotangent of x, from that of layer_norm(x)."""
    unit, d, scale = standardised(x, eps)
    shift = sum(c) / len(x)
    slope = sum(c * d) * scale * scale / len(x)
    return scale * unit * (c - shift - d * slope)


@row_program
def layer_norm_vjp(g: Row, x: Row, *, eps: Number) -> Row:
    """The cotangent of x, from that of layer_norm."""
    return layer_norm_pulled(g, x, eps)


@row_program
def layer_norm_affine_vjp(w: Row, g: Row, x: Row, *, eps: Number) -> Row:
    """The cotangent of x, from that of layer_norm_affine."""
    return layer_norm_pulled(g * w, x, eps)
