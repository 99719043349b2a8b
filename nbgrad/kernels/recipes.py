"""The recipes of reductions, deviations, norms and exponentials."""

from nbgrad.kernels.recipe import Recipe

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
_SQUARES = ("each: t += x", "mean = t / T(n)", "each: d = x - mean; v += d * d")
VAR = Recipe("var", ("x",), (), (*_SQUARES, "row = T(v / T(k) if k > 0 else nan)"))
STD = Recipe("std", ("x",), (), (*_SQUARES, "row = T(sqrt(v / T(k)) if k > 0 else nan)"))
# Squares that overflow, or underflow so far that it shows (k is where), are taken again of x by its largest.
NORM = Recipe("norm", ("x",), (), (
    "each: v += x * x",
    "each if not (v > T(k) and v < T(inf)): top maximum= abs(x)",
    "scale = top if top > T(0) and top < T(inf) else T(1)",
    "each if not (v > T(k) and v < T(inf)): d = x / scale; w += d * d",
    "row = sqrt(v) if v > T(k) and v < T(inf) else scale * sqrt(w)"))
VAR_VJP = Recipe("var_vjp", ("x",), ("g",), (
    "each: t += x", "mean = t / T(n)", "scale = g * T(k)", "each: each = (x - mean) * scale"))
STD_VJP = Recipe("std_vjp", ("x",), ("g", "z"), (
    "each: t += x", "mean = t / T(n)", "scale = g * T(k) if z != T(0) else T(0)",
    "divisor = z if z != T(0) else T(1)", "each: each = (x - mean) / divisor * scale"))
NORM_VJP = Recipe("norm_vjp", ("x",), ("g", "z"), (
    "scale = g if z != T(0) else T(0)", "divisor = z if z != T(0) else T(1)",
    "each: each = x / divisor * scale"))
_TOP = "each: top maximum= x"
LOGSUMEXP = Recipe("logsumexp", ("x",), (), (
    _TOP, "each: total += exp(x - top)", "row = top if top - top != 0 else top + log(total)"))
SOFTMAX = Recipe("softmax", ("x",), (), (
    _TOP, "each: e = exp(x - top); each = e; total += e", "over = T(1) / total", "each: each = each * over"))
LOG_SOFTMAX = Recipe("log_softmax", ("x",), (), (
    _TOP, "each: total += exp(x - top)", "shift = log(total)", "each: each = x - top - shift"))
LOGSUMEXP_VJP = Recipe("logsumexp_vjp", ("x",), ("g", "z"), (
    "each if z - z != 0: count += T(x == z)", "scale = g if z - z == 0 else g / count",
    "each: each = exp(T(0) if x == z else x - z) * scale"))
SOFTMAX_VJP = Recipe("softmax_vjp", ("g", "z"), (), ("each: t += g * z", "each: each = z * (g - t)"))
LOG_SOFTMAX_VJP = Recipe("log_softmax_vjp", ("g", "z"), (), ("each: t += g", "each: each = g - exp(z) * t"))
CLASS_ENTROPY = Recipe("class_entropy", ("x",), ("chosen", "place"), (
    _TOP, "each: total += exp(x - top)", "row = log(total) - (chosen - top) if place >= T(0) else T(0)"))
# less g at the place
CLASS_ENTROPY_VJP = Recipe("class_entropy_vjp", ("x",), ("g", "place"), (
    _TOP, "each: e = exp(x - top); each = e; total += e", "scale = g / total",
    "each: each = each * scale if place >= T(0) else T(0)"))
_SPREAD = ("each: t += x", "mean = t / T(n)", "each: d = x - mean; v += d * d",
           "r = T(1) / sqrt(v / T(n) + T(k))")
LAYER_NORM = Recipe("layer_norm", ("x",), (), (*_SPREAD, "each: each = (x - mean) * r"))
LAYER_NORM_AFFINE = Recipe("layer_norm_affine", ("w", "b", "x"), (), (
    *_SPREAD, "each: each = (x - mean) * r * w + b"))
LAYER_NORM_WEIGHT = Recipe("layer_norm_weight", ("g", "x"), (), (
    *_SPREAD, "each: each = g * ((x - mean) * r)"))
LAYER_NORM_VJP = Recipe("layer_norm_vjp", ("g", "x"), (), (
    "each: t += x; u += g", "mean = t / T(n)", "total = u / T(n)",
    "each: d = x - mean; v += d * d; along += g * d", "r = T(1) / sqrt(v / T(n) + T(k))",
    "slope = along * r * r / T(n)", "each: each = r * (g - total - (x - mean) * slope)"))
LAYER_NORM_AFFINE_VJP = Recipe("layer_norm_affine_vjp", ("w", "g", "x"), (), (
    "each: t += x; u += g * w", "mean = t / T(n)", "total = u / T(n)",
    "each: d = x - mean; v += d * d; along += g * w * d", "r = T(1) / sqrt(v / T(n) + T(k))",
    "slope = along * r * r / T(n)", "each: each = r * (g * w - total - (x - mean) * slope)"))
