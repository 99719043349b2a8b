"""The recipes of reductions, deviations, norms and exponentials."""

from nbgrad.compile.rowprogram import Recipe

SUM = Recipe("sum", ("x",), (), ("each: t += x", "row = t"), "whole")
DOT = Recipe("dot", ("x", "y"), (), ("each: t += x * y", "row = t"), "same")
PROD = Recipe("prod", ("x",), (), ("each: t *= x", "row = t"), "whole")
ANY = Recipe("any", ("x",), (), ("each: t |= x", "row = t"), "bool")
ALL = Recipe("all", ("x",), (), ("each: t &= x", "row = t"), "bool")
MAX = Recipe("max", ("x",), (), ("each: t maximum= x", "row = t"), "same")
MIN = Recipe("min", ("x",), (), ("each: t minimum= x", "row = t"), "same")
MEAN = Recipe("mean", ("x",), (), ("each: t += x", "row = t / T(n)"))
# where nothing equals z there was a nan
EXTREMUM_VJP = Recipe("extremum_vjp", ("x",), ("g", "z"), (
    "each: count += T(x == z)", "share = g / count", "other = T(nan) if count == 0 else T(0)",
    "each: each = share if x == z else other"))
# Deviations are those from the first element, less their mean: so a large mean takes no digits from them, and
# those of equal elements are 0.
_SQUARES = ("each: t += x - first", "mean = t / T(n)", "each: d = x - first - mean; v += d * d")
_SCALE = "u = T(1) if v > small and v < T(inf) else up if v <= small else down"
VAR = Recipe("var", ("x",), (), (*_SQUARES, "row = T(v / T(k))"))
STD = Recipe("std", ("x",), (), (
    *_SQUARES, _SCALE, "a = u if u < T(1) else T(1)", "b = u / a",
    "each if u != T(1): s += (x * a - first * a) * b", "middle = s / T(n)",
    "each if u != T(1): d = (x * a - first * a) * b - middle; w += d * d",
    "row = T(sqrt(v / T(k)) if u == T(1) else sqrt(w / T(k)) / u)"))
NORM = Recipe("norm", ("x",), (), (
    "each: v += x * x", _SCALE, "each if u != T(1): d = x * u; w += d * d",
    "row = sqrt(v) if u == T(1) else sqrt(w) / u"))
VAR_VJP = Recipe("var_vjp", ("x",), ("g",), (
    "each: t += x - first", "mean = t / T(n)", "scale = g * T(k)", "each: each = (x - first - mean) * scale"))
STD_VJP = Recipe("std_vjp", ("x",), ("g", "z"), (
    "u = T(1) if z < up else down", "start = first * u",
    "each: t += x * u - start", "mean = t / T(n)", "scale = g * T(k) if z != T(0) else T(0)",
    "divisor = z * u if z != T(0) else T(1)", "each: each = (x * u - start - mean) / divisor * scale"))
NORM_VJP = Recipe("norm_vjp", ("x",), ("g", "z"), (
    "scale = g if z != T(0) else T(0)", "divisor = z if z != T(0) else T(1)",
    "each: each = x / divisor * scale"))
_TOP = "each: top maximum= x"
# The logarithm of a sum of exponentials of which the largest is 1. Where the others add up to less, they are
# added up without it.
_REST = ("each: total += exp(x - top)", "each if total < T(2): others += exp(x - top) * T(x != top)",
         "shift = log1p(others) if total < T(2) else log(total)")
LOGSUMEXP = Recipe("logsumexp", ("x",), (), (
    _TOP, *_REST, "row = top if top - top != 0 else top + shift"))
SOFTMAX = Recipe("softmax", ("x",), (), (
    _TOP, "each: e = exp(x - top); each = e; total += e", "over = T(1) / total", "each: each = each * over"))
LOG_SOFTMAX = Recipe("log_softmax", ("x",), (), (
    _TOP, *_REST, "each: each = x - top - shift"))
# The elements that equal an infinite largest one share.
LOGSUMEXP_VJP = Recipe("logsumexp_vjp", ("x",), ("g",), (
    _TOP, "each: e = exp(T(0) if x == top else x - top); each = e; total += e", "scale = g / total",
    "each: each = each * scale"))
# Where one of the probabilities is nearly 1, what it lacks is taken from the others: 1 less it would be mere
# rounding. (Of numbers that do not sum to 1, edge leaves none out.)
_EDGE = "edge = T(0.5) if abs(s - T(1)) < T(0.001) else T(inf)"
SOFTMAX_VJP = Recipe("softmax_vjp", ("g", "z"), (), (
    "each: low = T(z <= T(0.5)); t += g * z; s += z; o += g * z * low; q += z * low", _EDGE,
    "each: each = z * (g - t) if z <= edge else z * (g * q - o)"))
LOG_SOFTMAX_VJP = Recipe("log_softmax_vjp", ("g", "z"), (), (
    "each: e = exp(z); each = e; low = T(e <= T(0.5)); t += g; s += e; o += g * low; q += e * low", _EDGE,
    "each: e = each; each = g - e * t if e <= edge else g * q - e * o"))
CLASS_ENTROPY = Recipe("class_entropy", ("x",), ("chosen", "place"), (
    _TOP, *_REST, "row = shift - (chosen - top) if place >= T(0) else T(0)"))
# less g at the place
CLASS_ENTROPY_VJP = Recipe("class_entropy_vjp", ("x",), ("g", "place"), (
    _TOP, "each: e = exp(x - top); each = e; total += e", "scale = g / total",
    "each: each = each * scale if place >= T(0) else T(0)"))
_SPREAD = (*_SQUARES, "u = T(1) if v < T(inf) else down", "start = first * u",
           "each if u != T(1): s += x * u - start", "middle = mean if u == T(1) else s / T(n)",
           "each if u != T(1): d = x * u - start - middle; w += d * d",
           "r = T(1) / sqrt((v if u == T(1) else w) / T(n) + T(k) * u * u)")
LAYER_NORM = Recipe("layer_norm", ("x",), (), (*_SPREAD, "each: each = (x * u - start - middle) * r"))
LAYER_NORM_AFFINE = Recipe("layer_norm_affine", ("w", "b", "x"), (), (
    *_SPREAD, "each: each = (x * u - start - middle) * r * w + b"))
LAYER_NORM_WEIGHT = Recipe("layer_norm_weight", ("g", "x"), (), (
    *_SPREAD, "each: each = g * ((x * u - start - middle) * r)"))
LAYER_NORM_VJP = Recipe("layer_norm_vjp", ("g", "x"), (), (
    *_SPREAD, "each: total += g; along += g * (x * u - start - middle)", "shift = total / T(n)",
    "slope = along * r * r / T(n)", "each: each = r * u * (g - shift - (x * u - start - middle) * slope)"))
LAYER_NORM_AFFINE_VJP = Recipe("layer_norm_affine_vjp", ("w", "g", "x"), (), (
    *_SPREAD, "each: total += g * w; along += g * w * (x * u - start - middle)", "shift = total / T(n)",
    "slope = along * r * r / T(n)",
    "each: each = r * u * (g * w - shift - (x * u - start - middle) * slope)"))
