"""NumPy's and PyTorch's names for what a Tensor does, by which module an op of ours is theirs.

What both libraries have means what it means in NumPy where they differ: std and var divide by n, max and min
of an axis give the values alone, repeat repeats elements, nonzero gives a tuple, transpose takes the order of
a matrix's axes, view takes sizes (as in PyTorch: NumPy's takes a dtype, and is refused). What only one has
means what it means there. What neither of our ops does is absent, with a word on what to do instead.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.define import complex
from nbgrad.define.broadcast import broadcast_to
from nbgrad.define.documentation import example
from nbgrad.engine.tensor import Tensor
from nbgrad.interop.methods import MATRICES, method
from nbgrad.interop.spellings import numpys, torch_parts, torchs
from nbgrad.interop.spellings.absent import WAYS, Absent
from nbgrad.ops import (
    along,
    arrange,
    close,
    compare,
    contract,
    deviation,
    diagonal,
    elementwise,
    expm,
    factor,
    index,
    layouts,
    linalg,
    products,
    reduce,
    search,
    shape,
    sort,
    transfer,
)

# Methods that are ops, by the op's own name.
_SAME: dict[Any, str] = {
    elementwise: "acos acosh asin asinh atan atan2 atanh cosh erf erfc exp2 expm1 hypot log10 log1p log2 "
                 "logaddexp "
                 "multiply negative positive reciprocal remainder sinh",
    compare: "trunc floor_divide isfinite isinf signbit greater greater_equal less less_equal not_equal "
             "logical_and logical_or logical_xor logical_not bitwise_and bitwise_or bitwise_xor "
             "bitwise_left_shift bitwise_right_shift",
    close: "isclose allclose",
    contract: "inner outer",
    linalg: "det slogdet matrix_power",
    factor: "cholesky",
    reduce: "count_nonzero",
}
# Methods by NumPy's order of arguments: the op, NumPy's function, how many parameters they begin with alike.
_ORDERED: dict[str, tuple[Any, Any, int]] = {
    "sum": (reduce.sum, np.sum, 1), "prod": (reduce.prod, np.prod, 1), "mean": (reduce.mean, np.mean, 1),
    "max": (reduce.max, np.max, 1), "min": (reduce.min, np.min, 1),
    "any": (reduce.any, np.any, 1), "all": (reduce.all, np.all, 1),
    "std": (deviation.std, np.std, 1), "var": (deviation.var, np.var, 1),
    "argsort": (sort.argsort, np.argsort, 1), "take": (index.take, np.take, 2),
    "argmax": (search.argmax, np.argmax, 1), "argmin": (search.argmin, np.argmin, 1),
    "clip": (elementwise.clip, np.clip, 2), "round": (elementwise.round, np.round, 1),
}
_OTHER: dict[str, Any] = {
    # the same op by another name
    "absolute": elementwise.abs, "arccos": elementwise.acos, "arccosh": elementwise.acosh,
    "arcsin": elementwise.asin, "arcsinh": elementwise.asinh, "arctan": elementwise.atan,
    "arctan2": elementwise.atan2, "arctanh": elementwise.atanh, "clamp": elementwise.clip,
    "mul": elementwise.multiply, "neg": elementwise.negative, "true_divide": elementwise.divide,
    "divide": torchs.div, "div": torchs.div, "add": torchs.scaled(elementwise.add),
    "sub": torchs.scaled(elementwise.subtract), "subtract": torchs.scaled(elementwise.subtract),
    "fix": compare.trunc, "sgn": compare.sign, "bitwise_not": compare.bitwise_invert,
    "eq": compare.equal, "ne": compare.not_equal, "lt": compare.less, "le": compare.less_equal,
    "gt": compare.greater, "ge": compare.greater_equal, "amax": reduce.max, "amin": reduce.min,
    "mm": contract.matmul, "bmm": contract.matmul, "mv": contract.matmul, "ger": contract.outer,
    "vdot": products.vdot, "inverse": linalg.inv, "matrix_exp": expm.expm, "adjoint": numpys.adjoint,
    "movedim": shape.moveaxis, "swapdims": shape.swapaxes, "take_along_dim": along.take_along_axis,
    "repeat_interleave": arrange.repeat, "to_device": transfer.to_device, "conj": complex.conj,
    "conjugate": complex.conj, "conj_physical": complex.conj, "contiguous": numpys.itself,
    "resolve_conj": numpys.itself, "resolve_neg": numpys.itself, "broadcast_to": broadcast_to,
    "view_as": numpys.reshape_as,
    # dtypes, and what is asked of them
    **{name: torchs.cast(name, dtype) for name, dtype in {
        "bool": "bool", "byte": "uint8", "char": "int8", "short": "int16", "int": "int32", "long": "int64",
        "float": "float32", "double": "float64"}.items()},
    "element_size": numpys.itemsize,
    "numel": numpys.numel, "nelement": numpys.numel, "dim": numpys.ndim, "ndimension": numpys.ndim,
    "is_complex": numpys.is_complex, "is_conj": numpys.never, "is_neg": numpys.never,
    **{name: getattr(numpys, name) for name in (
        "is_floating_point", "is_same_size", "is_signed", "reshape_as")},
    # NumPy's
    "fliplr": layouts.fliplr, "flipud": layouts.flipud, "reshape": numpys.reshape,
    "flatten": numpys.flatten, "astype": numpys.converted, "copy": numpys.copied,
    "item": numpys.item, "tolist": numpys.tolist, "tobytes": numpys.tobytes, "fill": numpys.fill,
    "diagonal": numpys.diagonal(diagonal.diagonal),
    **{name: numpys.ordered(*given) for name, given in _ORDERED.items()},
    # PyTorch's
    **{name: getattr(torchs, name) for name in (
        "clamp_max", "clamp_min", "copy_", "cuda", "detach_", "equal", "expand", "expand_as", "fill_",
        "flip", "is_contiguous", "is_nonzero", "masked_fill", "new_full", "rsqrt", "stride", "sum_to_size",
        "type_as", "unbind", "view", "where")},
    **{name: getattr(torch_parts, name) for name in (
        "gather", "index_add", "index_copy", "index_put", "index_select", "masked_select", "narrow",
        "scatter", "scatter_add", "select")},
    **{f"new_{name}": torchs.new(name) for name in ("zeros", "ones", "empty")},
}
_PROPERTIES: dict[str, tuple[Any, ...]] = {
    "mH": (numpys.adjoint, None, None, MATRICES),
    **{name: (read,) for name, read in {
        "itemsize": numpys.itemsize, "strides": numpys.strides, "real": numpys.real, "imag": numpys.imag,
        "is_leaf": torchs.leaf, "is_cuda": numpys.is_cuda, "is_cpu": numpys.is_cpu}.items()},
}
# Methods that PyTorch has with a _ at their end too, and that keep the shape.
_IN_PLACE = (
    "abs absolute acos acosh add arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh atan "
    "atan2 atanh bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor "
    "ceil clamp clamp_max clamp_min clip conj_physical cos cosh cumprod cumsum div divide eq erf erfc exp "
    "exp2 expm1 fix floor floor_divide ge greater greater_equal gt hypot index_add index_copy index_put "
    "le less less_equal log log10 log1p log2 logical_and logical_not logical_or logical_xor lt "
    "masked_fill mul multiply ne neg negative not_equal pow reciprocal relu remainder round rsqrt scatter "
    "scatter_add sgn sigmoid sign sin sinh sqrt square sub subtract tan tanh tril triu true_divide trunc")
# Examples of them, "x; arguments", where no row of the table has one.
_EXAMPLES = {
    name: given for given, names in {
        "[1.0, 4.0]": "conj_physical round rsqrt",
        "[1.0, 4.0]; 2.0": "add clamp_max clamp_min div divide pow sub subtract",
        "[1.0, 4.0]; 2.0; 3.0": "clamp clip",
        "[1.0, 4.0]; 0": "cumprod cumsum",
        "[1.0, 4.0]; 0; [1]; [3.0]": "index_add index_copy",
        "[1.0, 4.0]; ([1],); [3.0]": "index_put",
        "[1.0, 4.0]; [True, False]; 0.0": "masked_fill",
        "[[1.0, 4.0]]; 1; [[0]]; [[3.0]]": "scatter scatter_add",
        "[[1.0, 4.0], [2.0, 3.0]]": "tril triu",
    }.items() for name in names.split()}


def _methods() -> dict[str, Any]:
    """Every method by name, as a function of the Tensor and its arguments."""
    same = {name: getattr(module, name) for module, names in _SAME.items() for name in names.split()}
    return {**same, **_OTHER}


def install() -> None:
    """Give Tensor these methods and properties, and an explanation for each name that it does not have."""
    for name, op in _methods().items():
        setattr(Tensor, name, method(op, name))
    for name in _IN_PLACE.split():
        made = getattr(Tensor, name)
        shown = _EXAMPLES.get(name) or example(made.__wrapped__)
        setattr(Tensor, f"{name}_", torchs.in_place(made, name, shown))
    for name, parts in _PROPERTIES.items():
        setattr(Tensor, name, property(*parts))
    for name, way in WAYS.items():
        setattr(Tensor, name, Absent(name, way))
    Tensor.__dir__ = _names  # type: ignore[method-assign, assignment]


def _names(x: Tensor) -> list[str]:
    """What x has, without the names that only say what to do instead."""
    return [name for name in object.__dir__(x) if name not in WAYS]


