"""Bad input: each gets an error of nbgrad's own that names the op, what it got and the next step."""

import math
import os
import subprocess
import sys

import numba
import numpy as np
import pytest

import nbgrad as nb
from nbgrad import errors

W = nb.asarray([1.0, 2.0], requires_grad=True)


def branching(x):
    return x if x > 0 else -x


def ruled(name, rules):
    return nb.op(name, kernel=lambda x, y: np.asarray(x * y), vjp=rules)


def twice(f):
    y = f()
    y.backward()
    y.backward()


# what is done: (function, class of the error, what its message says)
CASES = {
    "shapes that do not broadcast": (
        lambda: nb.ones(3) + nb.ones(4),
        errors.ShapeError,
        r"add: shapes \(3,\), \(4,\) do not broadcast.*reshape",
    ),
    "the same in a fused op": (
        lambda: nb.logaddexp(nb.ones((2, 3)), nb.ones((2, 4))),
        errors.ShapeError,
        "logaddexp: shapes",
    ),
    "broadcast_to a smaller shape": (
        lambda: nb.broadcast_to(nb.ones((2, 3)), (3,)),
        errors.ShapeError,
        r"broadcast_to.*\(2, 3\).*\(3,\)",
    ),
    "matrices that do not multiply": (
        lambda: nb.ones((2, 3)) @ nb.ones((2, 3)),
        errors.ShapeError,
        r"matmul: shapes \(2, 3\) and \(2, 3\) do not multiply",
    ),
    "matmul of a scalar": (lambda: nb.matmul(nb.ones(3), 2.0), errors.ShapeError, "matmul"),
    "batches that do not broadcast": (
        lambda: nb.ones((2, 3, 3)) @ nb.ones((4, 3, 3)),
        errors.ShapeError,
        "matmul",
    ),
    "reshape to another size": (lambda: nb.ones(6).reshape(4, 2), errors.ShapeError, "reshape: 6 elements"),
    "concat of other shapes": (
        lambda: nb.concat([nb.ones((2, 3)), nb.ones((2, 4))]),
        errors.ShapeError,
        "concat",
    ),
    "stack of other shapes": (lambda: nb.stack([nb.ones(2), nb.ones(3)]), errors.ShapeError, "stack"),
    "split that does not divide": (lambda: nb.split(nb.ones(5), 2), errors.NbgradError, "split"),
    "axis out of range": (
        lambda: nb.sum(nb.ones((2, 3)), axis=2),
        errors.AxisError,
        "sum: axis 2 is out of range.*-2 to 1",
    ),
    "axis of a 0-d tensor": (lambda: nb.max(nb.asarray(1.0), axis=0), errors.AxisError, "max: axis 0.*0-d"),
    "axis named twice": (
        lambda: nb.mean(nb.ones((2, 3)), axis=(0, -2)),
        errors.ValueRangeError,
        "mean.*twice",
    ),
    "softmax axis": (lambda: nb.softmax(nb.ones(3), axis=1), errors.AxisError, "softmax: axis 1"),
    "max of nothing": (lambda: nb.max(nb.zeros((0, 3)), axis=0), errors.ShapeError, "max.*no element"),
    "argmax of nothing": (lambda: nb.argmax(nb.zeros(0)), errors.ShapeError, "argmax.*no element"),
    "cumulative_sum without an axis": (
        lambda: nb.cumulative_sum(nb.ones((2, 3))),
        errors.ShapeError,
        r"cumulative_sum: got shape \(2, 3\), but needs an axis",
    ),
    "cumsum of another axis": (lambda: nb.cumsum(nb.ones(3), 1), errors.AxisError, "cumsum: axis 1"),
    "cumprod into booleans": (lambda: nb.cumprod(nb.ones(3), dtype=bool), errors.DtypeError, "cumprod.*bool"),
    "a recurrence of two shapes": (
        lambda: nb.recurrence(nb.ones(3), nb.ones(4)),
        errors.ShapeError,
        r"recurrence: got shape \(4,\).*\(3,\)",
    ),
    "a recurrence of two dtypes": (
        lambda: nb.recurrence(nb.ones(3), nb.ones(3, dtype="float32")),
        errors.DtypeError,
        "recurrence.*float64, float32.*astype",
    ),
    "diff fewer than no times": (lambda: nb.diff(nb.ones(3), -1), errors.ValueRangeError, "diff: n=-1"),
    "diff of a 0-d tensor": (lambda: nb.diff(1.0), errors.ShapeError, "diff.*at least one axis"),
    "take_along_axis outside": (
        lambda: nb.take_along_axis(nb.ones((2, 3)), np.array([[3], [0]]), 1),
        errors.NbgradError,
        r"take_along_axis: cannot index an array of shape \(2, 3\).*axis 1 with size 3",
    ),
    "take_along_axis of other axes": (
        lambda: nb.take_along_axis(nb.ones((2, 3)), np.array([0])),
        errors.ShapeError,
        "take_along_axis.*indices with 2 axes",
    ),
    "take_along_axis that does not broadcast": (
        lambda: nb.take_along_axis(nb.ones((2, 3)), np.zeros((3, 1), int)),
        errors.ShapeError,
        r"take_along_axis: shapes \(2, 3\), \(3, 1\)",
    ),
    "sort of a 0-d tensor": (lambda: nb.sort(1.0), errors.AxisError, "sort: axis -1.*0-d"),
    "searchsorted in a matrix": (
        lambda: nb.searchsorted(nb.ones((2, 2)), 1.0),
        errors.ShapeError,
        "searchsorted.*must have one axis",
    ),
    "searchsorted on no side": (
        lambda: nb.searchsorted(nb.ones(2), 1.0, "middle"),
        errors.ValueRangeError,
        "searchsorted: side='middle'",
    ),
    "finfo of integers": (lambda: nb.finfo("int8"), errors.DtypeError, "finfo.*int8"),
    "iinfo of floats": (lambda: nb.iinfo(nb.ones(2)), errors.DtypeError, "iinfo.*float64"),
    "isdtype of nonsense": (lambda: nb.isdtype("int8", "number"), errors.DtypeError, "number"),
    "result_type of nothing": (nb.result_type, errors.ValueRangeError, "result_type.*at least one"),
    "can_cast by no rule": (
        lambda: nb.can_cast("int8", "int16", "never"),
        errors.ValueRangeError,
        "can_cast: casting='never'",
    ),
    "from_dlpack of a list": (lambda: nb.from_dlpack([1.0]), errors.DtypeError, "from_dlpack: got list"),
    "roll by two shifts": (
        lambda: nb.roll(nb.ones((2, 3)), (1, 2)),
        errors.ValueRangeError,
        "roll: 2 shifts need as many axes",
    ),
    "roll by shifts that do not fit": (
        lambda: nb.roll(nb.ones((2, 3, 4)), (1, 2), (0, 1, 2)),
        errors.ValueRangeError,
        "roll: 2 shifts do not fit 3 axes",
    ),
    "roll along no axis": (lambda: nb.roll(nb.ones(3), 1, 1), errors.AxisError, "roll: axis 1"),
    "repeat a negative number of times": (
        lambda: nb.repeat(nb.ones(2), [1, -1]),
        errors.ValueRangeError,
        r"repeat: repeats \[1, -1\] cannot be negative",
    ),
    "repeat with too many counts": (
        lambda: nb.repeat(nb.ones((2, 3)), [1, 2, 3], 0),
        errors.ShapeError,
        r"repeat: got shape \(3,\).*2 elements of axis 0",
    ),
    "repeat by floats": (
        lambda: nb.repeat(nb.ones(2), 1.5),
        errors.DtypeError,
        "repeat: repeats must be integers",
    ),
    "tile a negative number of times": (
        lambda: nb.tile(nb.ones(2), (2, -1)),
        errors.ValueRangeError,
        r"tile: reps \(2, -1\)",
    ),
    "diagonal of a vector": (lambda: nb.diagonal(nb.ones(3)), errors.ShapeError, "diagonal.*two axes"),
    "diagonal of one axis": (
        lambda: nb.diagonal(nb.ones((3, 3)), 0, 1, -1),
        errors.ValueRangeError,
        "diagonal.*twice",
    ),
    "trace of a vector": (lambda: nb.trace(nb.ones(3)), errors.ShapeError, "trace.*two axes"),
    "diag of a batch": (lambda: nb.diag(nb.ones((2, 2, 2))), errors.ShapeError, "diag.*use diagonal"),
    "pad in no mode": (
        lambda: nb.pad(nb.ones(2), 1, "mean"),
        errors.ValueRangeError,
        "pad: mode='mean'.*'wrap'",
    ),
    "pad a negative width": (
        lambda: nb.pad(nb.ones(2), (1, -1)),
        errors.ValueRangeError,
        "pad: pad_width.*negative",
    ),
    "pad a broken width": (
        lambda: nb.pad(nb.ones(2), 0.5),
        errors.DtypeError,
        "pad: pad_width must be integers",
    ),
    "pad widths of other axes": (
        lambda: nb.pad(nb.ones((2, 2)), ((1, 1), (1, 1), (1, 1))),
        errors.ShapeError,
        r"pad: got shape \(3, 2\), but pad_width must be.*2 pairs",
    ),
    "pad with three constants": (
        lambda: nb.pad(nb.ones((2, 2)), 1, constant_values=[1, 2, 3]),
        errors.ShapeError,
        "pad.*constant_values",
    ),
    "pad nothing by its edge": (
        lambda: nb.pad(nb.zeros((2, 0)), 1, "edge"),
        errors.ShapeError,
        "pad.*'edge' has nothing to repeat",
    ),
    "setitem out of range": (
        lambda: nb.setitem(nb.ones(3), 3, 0.0),
        errors.NbgradError,
        r"setitem: cannot index an array of shape \(3,\)",
    ),
    "setitem of values that do not fit": (
        lambda: nb.setitem(nb.ones((2, 3)), 0, nb.ones(2)),
        errors.ShapeError,
        r"setitem: values of shape \(2,\)",
    ),
    "setitem of a gradient into integers": (
        lambda: nb.setitem(np.arange(3), 0, W[0]),
        errors.DtypeError,
        "setitem: only floating-point",
    ),
    "index out of range": (lambda: nb.ones(3)[3], errors.NbgradError, r"getitem.*\(3,\)"),
    "too many indices": (lambda: nb.ones(3)[0, 0], errors.NbgradError, "getitem"),
    "float index": (lambda: nb.ones(3)[nb.ones(2)], errors.NbgradError, "getitem"),
    "backward of a vector": (
        (W * 2.0).backward,
        errors.GradientError,
        r"scalar result, got shape \(2,\).*cotangent v",
    ),
    "backward with a wrong cotangent": (
        lambda: (W * 2.0).backward(nb.ones(3)),
        errors.ShapeError,
        r"cotangent has shape \(3,\).*\(2,\)",
    ),
    "backward of a constant": (lambda: nb.ones(()).backward(), errors.GradientError, "requires_grad=True"),
    "backward twice": (
        lambda: twice(lambda: nb.sum(W * W)),
        errors.GradientError,
        "(?s)multiply|sum.*retain_graph=True",
    ),
    "backward inside grad": (
        lambda: nb.grad(lambda x: (x * x).backward())(2.0),
        errors.GradientError,
        "inside grad",
    ),
    "grad of a vector": (
        lambda: nb.grad(lambda x: x * 2.0)(np.ones(2)),
        errors.GradientError,
        r"scalar result, got shape \(2,\).*jacobian",
    ),
    "grad of an integer result": (
        lambda: nb.grad(nb.argmax)(np.ones(2)),
        errors.GradientError,
        "floating-point result, got dtype int64",
    ),
    "grad of two results": (lambda: nb.grad(lambda x: (x, x))(1.0), errors.DtypeError, "single scalar"),
    "grad of nothing": (lambda: nb.grad(lambda x: None)(1.0), errors.DtypeError, "single scalar"),
    "grad by an integer": (
        lambda: nb.grad(lambda x: x * 2.0)(3),
        errors.DtypeError,
        "only floating-point.*int",
    ),
    "grad by an integer array": (
        lambda: nb.grad(lambda x: nb.sum(x * 2.0))(np.arange(3)),
        errors.DtypeError,
        "only floating-point.*int64",
    ),
    "grad by an argument that is not there": (
        lambda: nb.grad(lambda x: x, 1)(1.0),
        errors.ValueRangeError,
        "argnums 1",
    ),
    "an argument named twice": (
        lambda: nb.grad(lambda x: x * x, (0, -1))(1.0),
        errors.ValueRangeError,
        "names an argument twice",
    ),
    "an input without a rule": (
        lambda: nb.grad(ruled("one_of_two_of_tests", (lambda g, z, x, y: g * y, None)), (0, 1))(2.0, 3.0),
        errors.GradientError,
        "one_of_two_of_tests, in input 1, has no derivative",
    ),
    "fewer rules than inputs": (
        lambda: nb.grad(ruled("too_few_of_tests", (lambda g, z, x, y: g * y,)))(2.0, 3.0),
        errors.RegistryError,
        "1 rules in vjp for 2 inputs",
    ),
    "aux missing": (lambda: nb.grad(lambda x: x, has_aux=True)(1.0), errors.DtypeError, "has_aux=True"),
    "jacobian of integers": (
        lambda: nb.jacobian(lambda x: nb.sign(x) > 0)(np.ones(2)),
        errors.GradientError,
        "jacobian.*bool",
    ),
    "unknown layout": (
        lambda: nb.jacobian(nb.sin, layout="row"),
        errors.ValueRangeError,
        "layout='row'.*numerator",
    ),
    "unknown mode": (lambda: nb.jacobian(nb.sin, mode="both"), errors.ValueRangeError, "mode='both'"),
    "tangent of another shape": (
        lambda: nb.jvp(nb.sin, (np.ones(2),), (np.ones(3),)),
        errors.ShapeError,
        r"tangent of shape \(3,\)",
    ),
    "tangents in another tree": (
        lambda: nb.jvp(lambda p: p["a"], ({"a": 1.0},), ([1.0],)),
        errors.ShapeError,
        "tree",
    ),
    "cotangent in another tree": (lambda: nb.vjp(lambda x: (x, x), 1.0)[1](1.0), errors.ShapeError, "tree"),
    "requires_grad on integers": (
        lambda: nb.asarray([1, 2], requires_grad=True),
        errors.DtypeError,
        "only floating-point tensors have gradients, got dtype int64",
    ),
    "requires_grad_ on booleans": (
        lambda: nb.asarray([True]).requires_grad_(),
        errors.DtypeError,
        "only floating-point",
    ),
    "bool of several elements": (
        lambda: bool(nb.ones(2)),
        errors.ValueRangeError,
        r"truth value.*\(2,\).*any\(\) or all\(\)",
    ),
    "float of several elements": (lambda: float(nb.ones(2)), errors.ValueRangeError, "float.*index one"),
    "item of several elements": (lambda: nb.ones(2).item(), errors.ValueRangeError, "item"),
    "float inside grad": (lambda: nb.grad(lambda x: x * float(x))(1.0), errors.TraceError, "stop_gradient"),
    "numpy inside grad": (
        lambda: nb.grad(lambda x: nb.sum(np.sin(np.asarray(x))))(np.ones(2)),
        errors.TraceError,
        "detach",
    ),
    "a list of leaves for an op": (lambda: nb.sum([W, W]), errors.TraceError, r"list.*nb\.asarray\(list\)"),
    "numpy of a leaf": (W.numpy, errors.TraceError, "detach"),
    "len of a 0-d tensor": (lambda: len(nb.asarray(1.0)), errors.ProtocolError, "0-d.*item"),
    "object arrays": (lambda: nb.asarray(np.array([1, "a"], object)), errors.DtypeError, "object.*float64"),
    "strings": (lambda: nb.asarray(["a"]), errors.DtypeError, "<U1"),
    "float16": (lambda: nb.asarray(np.ones(2, np.float16)), errors.DtypeError, "float16"),
    "complex": (lambda: nb.floor(np.ones(2, complex)), errors.DtypeError, "floor.*complex128.*nb.real"),
    "longdouble": (lambda: nb.asarray(np.ones(2, np.longdouble)), errors.DtypeError, "float128|longdouble"),
    "dates": (lambda: nb.asarray(np.array(["2020-01-01"], "datetime64[D]")), errors.DtypeError, "datetime64"),
    "astype of complex": (lambda: nb.ones(2, dtype=complex).astype("float32"), errors.DtypeError,
                          "astype.*float32.*imaginary"),
    "astype to nonsense": (lambda: nb.ones(2).astype("number"), errors.DtypeError, "number"),
    "masked arrays": (lambda: nb.sum(np.ma.masked_array([1.0], [True])), errors.DtypeError, "mask would be"),
    "ragged lists": (lambda: nb.asarray([[1.0], [1.0, 2.0]]), errors.ShapeError, "same length"),
    "boolean minus": (lambda: nb.asarray([True]) - nb.asarray([True]), errors.DtypeError, "subtract.*bool"),
    "bits of floats": (lambda: nb.ones(2) & nb.ones(2), errors.DtypeError, "bitwise_and.*float64"),
    "an integer too large for its array": (
        lambda: nb.asarray(np.ones(2, np.int8)) + 300,
        OverflowError,
        "add.*300.*int8",
    ),
    "integers to a negative power": (
        lambda: nb.asarray([2, 3]) ** -1,
        errors.ValueRangeError,
        "negative integer powers.*float64",
    ),
    "integers to negative powers": (
        lambda: nb.pow(np.array([2, 3]), np.array([1, -1])),
        errors.ValueRangeError,
        "negative integer powers",
    ),
    "not square": (lambda: nb.linalg.expm(nb.ones((2, 3))), errors.SingularError, r"expm.*square.*\(2, 3\)"),
    "singular matrix": (lambda: nb.linalg.inv(nb.ones((2, 2))), errors.SingularError, "inv"),
    "an elementwise name twice": (
        lambda: nb.elementwise("tanh", lambda x: x),
        errors.RegistryError,
        "'tanh' is already declared in ops/",
    ),
    "a structured name twice": (
        lambda: nb.op("sum", kernel=np.sum),
        errors.RegistryError,
        "'sum' is already declared",
    ),
    "an op without a kernel": (lambda: nb.op("no_kernel_of_tests"), errors.RegistryError, "kernel="),
    "a branch on a symbol": (
        lambda: nb.elementwise("branch_of_tests", branching)(nb.ones(2)),
        errors.TraceError,
        "where",
    ),
    "a sum in an elementwise function": (
        lambda: nb.elementwise("sums_of_tests", lambda x: nb.sum(x) * x)(nb.ones(2)),
        errors.TraceError,
        "sum",
    ),
    "a hidden operand": (
        lambda: nb.elementwise("hidden_of_tests", lambda x: x * W)(nb.ones(2)),
        errors.TraceError,
        "argument",
    ),
    "a spelling without a derivative": (
        lambda: nb.grad(nb.elementwise("bare_of_tests", "exp({})"))(1.0),
        errors.GradientError,
        "bare_of_tests has no derivative",
    ),
    "too many operands": (
        lambda: nb.exp(nb.ones(2), nb.ones(2)),
        errors.DtypeError,
        "exp: takes 1 operands, got 2",
    ),
    "an unknown parameter": (lambda: nb.elu(nb.ones(2), beta=2.0), errors.ValueRangeError, "elu.*beta"),
    "gelu's approximation": (
        lambda: nb.gelu(nb.ones(2), approximate="fast"),
        errors.ValueRangeError,
        "approximate='fast'",
    ),
    "a loss reduction": (
        lambda: nb.mse(nb.ones(2), nb.ones(2), reduction="max"),
        errors.ValueRangeError,
        "reduction='max'",
    ),
    "classes out of range": (
        lambda: nb.cross_entropy(nb.ones((2, 3)), np.array([0, 3])),
        errors.ValueRangeError,
        "from 0 to 2",
    ),
    "classes of another shape": (
        lambda: nb.cross_entropy(nb.ones((2, 3)), np.array([0])),
        errors.ShapeError,
        "cross_entropy",
    ),
    "a matrix norm of no such order": (
        lambda: nb.norm(nb.ones((2, 2)), 3, axis=(0, 1)),
        errors.ValueRangeError,
        "norm: ord=3",
    ),
    "a Tensor made by its class": (lambda: nb.Tensor([1.0]), errors.DtypeError, "asarray"),
    "a list of leaves for NumPy": (lambda: np.mean([W, W]), errors.TraceError, r"mean\(nb\.stack\(\[x, y"),
    "a list of 0-d leaves": (lambda: nb.std([W[0], W[1]]), errors.TraceError, r"nb\.stack\(list\)"),
    "the same inside grad": (
        lambda: nb.grad(lambda x: nb.mean([x, 2 * x]))(1.0),
        errors.TraceError,
        r"nb\.stack\(list\)",
    ),
    "np.vectorize inside grad": (
        lambda: nb.grad(lambda x: nb.sum(np.vectorize(math.sin)(x)))(np.ones(2)),
        errors.TraceError,
        "np.vectorize.*nb.elementwise",
    ),
    "math.sin inside grad": (
        lambda: nb.grad(lambda x: x * math.sin(x))(1.0),
        errors.TraceError,
        r"float\(\).*nb\.sin for math\.sin.*detach",
    ),
    "stack of nothing": (lambda: nb.stack([]), errors.ValueRangeError, "stack: needs at least one array"),
    "hstack of nothing": (lambda: nb.hstack([]), errors.ValueRangeError, "hstack: needs at least one array"),
    "vstack of nothing": (lambda: nb.vstack([]), errors.ValueRangeError, "vstack: needs at least one array"),
    "max of an empty list": (lambda: nb.max([]), errors.ShapeError, "max.*no element"),
    "error function of a complex number": (lambda: nb.erf(1j), errors.DtypeError, "erf.*complex"),
    "comparison of complex numbers": (lambda: W * 1j < W, errors.DtypeError, "complex128.*nb.abs"),
    "quantile of complex numbers": (lambda: nb.quantile(W * 1j, 0.5), errors.DtypeError, "quantile.*complex"),
    "one side of a complex kink": (lambda: nb.directional(nb.abs, 0j, 1j), errors.GradientError,
                                   "abs.*kink of complex numbers.*nb.real"),
    "add to nothing": (lambda: nb.add(W, None), errors.DtypeError, "add: got NoneType.*needs numbers"),
    "sum of nothing": (lambda: nb.sum(None), errors.DtypeError, "sum: got NoneType"),
    "sum of a dict": (lambda: nb.sum({"a": 1.0}), errors.DtypeError, "sum: got dict"),
    "sine of a text": (lambda: nb.sin("a"), errors.DtypeError, "sin: got str.*<U1"),
    "an unknown keyword": (
        lambda: nb.sum(W, axes=0),
        errors.DtypeError,
        r"sum: got an unexpected.*'axes'. It is called as sum\(x, axis=None, keepdims=False, \*, w",
    ),
    "an operand missing": (lambda: nb.matmul(W), errors.DtypeError, r"matmul: missing.*'b'.*\(a, b\)"),
    "too many arguments": (lambda: nb.flip(W, 0, 1), errors.DtypeError, r"too many.*flip\(x, axis="),
    "grad of a number": (lambda: nb.grad(3.0), errors.DtypeError, "grad: got float, but needs a function"),
    "value_and_grad of None": (lambda: nb.value_and_grad(None), errors.DtypeError, "value_and_grad: got N"),
    "jacobian of a tensor": (lambda: nb.jacobian(W), errors.DtypeError, "jacobian: got Tensor"),
    "hessian of a tensor": (lambda: nb.hessian(W), errors.DtypeError, "hessian: got Tensor"),
    "checkpoint of a tensor": (lambda: nb.checkpoint(W), errors.DtypeError, "checkpoint: got Tensor"),
    "vjp of a number": (lambda: nb.vjp(1.0, 2.0), errors.DtypeError, "vjp: got float"),
    "jvp of a number": (lambda: nb.jvp(1.0, (2.0,), (1.0,)), errors.DtypeError, "jvp: got float"),
    "linearize of a number": (lambda: nb.linearize(1.0, 2.0), errors.DtypeError, "linearize: got float"),
    "hvp of a number": (lambda: nb.hvp(1.0, 2.0, 1.0), errors.DtypeError, "hvp: got float"),
    "a derivative of a number along a line": (
        lambda: nb.directional_derivative(1.0, 2.0, 1.0),
        errors.DtypeError,
        "directional_derivative: got float",
    ),
    "a gradient without arguments": (
        nb.grad(nb.sin),
        errors.ValueRangeError,
        "grad: argnums 0 is out of range for 0 arguments by place",
    ),
    "a gradient by a name": (lambda: nb.grad(nb.sin, "x")(1.0), errors.DtypeError, "grad: got str.*argnums"),
    "a gradient by half an argument": (
        lambda: nb.grad(nb.sin, 0.5)(1.0),
        errors.DtypeError,
        "grad: got float, but needs argnums",
    ),
    "a function without a result": (
        lambda: nb.jacobian(lambda x: None)(1.0),
        errors.DtypeError,
        "jacobian: got NoneType, but needs a result",
    ),
    "an unknown op of the backend": (lambda: nb.backend.tanhh, AttributeError, "tanhh"),
    "a row that is not there": (lambda: nb.testing.check("tanhh"), errors.RegistryError, "tanhh"),
    "a copy forbidden but needed": (
        lambda: nb.asarray(np.ones(2, np.float32), dtype="float64", copy=False),
        errors.ValueRangeError,
        "copy",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_message(name, own_ops):
    act, kind, message = CASES[name]
    with pytest.raises(kind, match=message) as found:
        act()
    assert isinstance(found.value, (errors.NbgradError, OverflowError, AttributeError))


@numba.njit
def compiled(x):
    return x


def test_a_function_compiled_by_numba_says_what_to_do_with_a_tensor():
    with pytest.raises(errors.ProtocolError, match=r"by Numba.*knows arrays alone.*nb\.elementwise.*nb\.op"):
        compiled(nb.ones(2))
    for act in (lambda: compiled(W), lambda: nb.grad(lambda x: nb.sum(compiled(x)))(np.ones(2))):
        with pytest.raises(errors.ProtocolError, match="a gradient is being taken through it"):
            act()
    assert compiled(nb.ones(2).numpy()).shape == (2,)


@pytest.mark.parametrize("value", ["1", "0", ""])
def test_numba_must_be_allowed_to_compile(value):
    done = subprocess.run([sys.executable, "-c", "import nbgrad"], text=True, check=False,
                          capture_output=True, env={**os.environ, "NUMBA_DISABLE_JIT": value})
    assert (done.returncode == 0) == (value != "1")
    assert ("NUMBA_DISABLE_JIT=1 keeps Numba from compiling" in done.stderr) == (value == "1")


def test_every_error_class_is_a_builtin_one_too():
    for kind in (errors.ShapeError, errors.ValueRangeError):
        assert issubclass(kind, ValueError)
    assert issubclass(errors.DtypeError, TypeError)
    assert issubclass(errors.AxisError, (ValueError, IndexError))
    assert issubclass(errors.SingularError, np.linalg.LinAlgError)


def test_what_is_no_array_is_left_to_the_other_operand():
    class Other:
        def __radd__(self, x):
            return "added"

    assert nb.ones(2) + Other() == "added"
    with pytest.raises(TypeError):
        nb.ones(2) + "text"
    assert (nb.ones(2) == "text") is False


def test_numpy_arrays_on_the_left():
    y = np.array([1.0, 2.0]) * nb.asarray([3.0, 4.0])
    assert isinstance(y, nb.Tensor)
    np.testing.assert_array_equal(y.numpy(), [3, 8])
    assert isinstance(np.float64(2.0) * nb.ones(2), nb.Tensor)
    assert isinstance(np.eye(2) @ nb.ones(2), nb.Tensor)
    assert isinstance([1.0, 2.0] * nb.ones(2), nb.Tensor)
