"""NumPy's and PyTorch's names on Tensors: each does what it does there, or says what to do instead.

A case is a call in Python, `t` being the array. It is run on a Tensor, on an array where NumPy has the name,
and on a tensor of PyTorch's where that is installed; a name that NumPy has not has an expression of NumPy's
that gives the same of the array `a`. tests/torch_names.txt has PyTorch's names.
"""

import copy
import itertools
import math
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg

import nbgrad as nb
from nbgrad import errors
from nbgrad.engine.tree import flatten
from nbgrad.interop.spellings.absent import WAYS
from nbgrad.interop.spellings.names import _IN_PLACE

NUMPYS = {name for name in dir(np.ndarray) if not name.startswith("_")}
TORCHS = set((Path(__file__).parents[1] / "torch_names.txt").read_text().split())
# What the engine itself calls so (np.trace(t) and nb.trace(t) are NumPy's), and what needs a device.
NOT_HERE = {"trace", "cuda"}
DATA = {
    "a": np.array([[0.3, 0.74, 0.6], [0.2, 0.43, 0.9]]), "b": np.array([[1.5, 0.5, 2.0], [0.25, 3.0, 0.7]]),
    "up": np.array([[1.3, 1.75], [2.6, 1.2]]), "k": np.array([[5, 2, 7], [1, 6, 3]]),
    "bits": np.array([[1, 0, 2], [2, 1, 1]]),
    "m": np.array([[True, False, True], [False, False, True]]), "i": np.array([1, 0]),
    "g": np.array([[1, 0, 1], [0, 1, 1]]), "v": np.array([0.5, -1.0, 2.0]), "rise": np.array([0.1, 0.5, 0.7]),
    "s": np.array([[2.0, 0.5], [0.5, 1.0]]), "w": np.array([[0.1, 0.2], [0.7, 0.4], [0.6, 0.9]]),
    "one": np.array([1.5]), "batch": np.arange(12.0).reshape(2, 3, 2) / 7,
}
# name: NumPy's function
_UNARY = """
abs absolute ceil cos cosh exp exp2 expm1 floor isfinite isinf isnan log log10 log1p log2 logical_not negative
positive reciprocal sign signbit sin sinh sqrt square tan tanh trunc"""
_BINARY = """
add subtract multiply divide true_divide floor_divide remainder maximum minimum hypot logaddexp logical_and
logical_or logical_xor greater greater_equal less less_equal not_equal arctan2 isclose"""
UNARY = {name: name for name in _UNARY.split()} | {
    "acos": "arccos", "arccos": "arccos", "asin": "arcsin", "arcsin": "arcsin", "atan": "arctan",
    "arctan": "arctan", "asinh": "arcsinh", "arcsinh": "arcsinh", "atanh": "arctanh", "arctanh": "arctanh",
    "neg": "negative", "fix": "trunc", "sgn": "sign", "conj_physical": "conj"}
BINARY = {name: name for name in _BINARY.split()} | {
    "sub": "subtract", "mul": "multiply", "div": "divide", "eq": "equal", "ne": "not_equal", "lt": "less",
    "le": "less_equal", "gt": "greater", "ge": "greater_equal", "pow": "power", "atan2": "arctan2"}
BITS = {f"bitwise_{name}": f"bitwise_{name}" for name in ("and", "or", "xor")} | {
    "bitwise_left_shift": "left_shift", "bitwise_right_shift": "right_shift"}
DTYPES = {"bool": "bool", "byte": "uint8", "char": "int8", "short": "int16", "int": "int32", "long": "int64",
          "float": "float32", "double": "float64"}
# name: the call, and for names that NumPy has not what NumPy gives
OTHER = {
    # NumPy's, some of them PyTorch's too
    "T": "t.T", "mT": "t.mT", "all": "t.all(0)", "any": "t.any(axis=1, keepdims=True)",
    "argmax": "t.argmax(1)", "argmin": "t.argmin()", "argsort": "t.argsort(0)",
    "astype": "t.astype('float32')", "clip": "t.clip(.4, .8)", "conj": "t.conj()",
    "conjugate": "t.conjugate()", "copy": "t.copy()", "cumprod": "t.cumprod(1)", "cumsum": "t.cumsum(0)",
    "device": "t.device", "diagonal": "t.diagonal(1)", "dot": "t.dot(w)", "dtype": "t.dtype",
    "fill": "t.fill(2.5)", "flatten": "t.flatten('F')", "imag": "t.imag", "item": "t.item(1, 2)",
    "itemsize": "t.itemsize", "max": "t.max(0)", "mean": "t.mean(1)", "min": "t.min()", "nbytes": "t.nbytes",
    "ndim": "t.ndim", "nonzero": "t.nonzero()", "prod": "t.prod(1)", "ravel": "t.ravel('F')",
    "real": "t.real", "repeat": "t.repeat(2, 1)", "reshape": "t.reshape(3, -1)",
    "round": "t.round(decimals=1)",
    "searchsorted": ("rise", "t.searchsorted(v)"), "shape": "t.shape", "size": "t.size",
    "squeeze": "t[:1].squeeze(0)", "std": "t.std(0, ddof=1)", "strides": "t.strides",
    "sum": "t.sum(0, None, None)", "swapaxes": "t.swapaxes(0, 1)", "take": "t.take(i, 1)",
    "to_device": "t.to_device('cpu')", "tobytes": "t.tobytes()", "tolist": "t.tolist()",
    "transpose": "t.transpose(1, 0)", "var": "t.var(axis=1)",
    # PyTorch's
    "acosh": ("up", "t.acosh()", "np.arccosh(a)"), "adjoint": ("t.adjoint()", "a.T"),
    "allclose": ("t.allclose(t + 1e-9)", "True"), "amax": ("t.amax(0)", "a.max(0)"),
    "amin": ("t.amin(1, True)", "a.min(1, keepdims=True)"),
    "arccosh": ("up", "t.arccosh()", "np.arccosh(a)"),
    "backward": ("one", "t.requires_grad_().backward()", "None"),
    "bitwise_not": ("k", "t.bitwise_not()", "~a"), "bmm": ("batch", "t.bmm(t.mT)", "a @ a.mT"),
    "broadcast_to": ("t.broadcast_to((2, 2, 3))", "np.stack([a, a])"),
    "cholesky": ("s", "t.cholesky()", "np.linalg.cholesky(a)"),
    "clamp": ("t.clamp(min=.4)", "a.clip(.4)"), "clamp_max": ("t.clamp_max(.5)", "a.clip(None, .5)"),
    "clamp_min": ("t.clamp_min(.5)", "a.clip(.5)"), "clone": ("t.clone()", "a"),
    "contiguous": ("t.contiguous()", "a"), "copy_": ("t.copy_(b)", "b"),
    "count_nonzero": ("k", "t.count_nonzero()", "np.int64(6)"), "cpu": ("t.cpu()", "a"),
    "det": ("s", "t.det()", "np.linalg.det(a)"), "detach": ("t.detach()", "a"),
    "detach_": ("t.detach_()", "a"), "diag": ("s", "t.diag()", "np.diag(a)"),
    "diff": ("t.diff()", "np.diff(a)"), "dim": ("t.dim()", "2"), "element_size": ("t.element_size()", "8"),
    "equal": ("t.equal(t + 0)", "True"), "erf": ("t.erf()", "np.vectorize(math.erf)(a)"),
    "erfc": ("t.erfc()", "np.vectorize(math.erfc)(a)"), "expand": ("t.expand(2, -1, 3)", "np.stack([a, a])"),
    "expand_as": ("one", "t.expand_as(b)", "a + 0 * b"), "fill_": ("t.fill_(2.5)", "np.full((2, 3), 2.5)"),
    "flip": ("t.flip(0, 1)", "a[::-1, ::-1]"), "fliplr": ("t.fliplr()", "a[:, ::-1]"),
    "flipud": ("t.flipud()", "a[::-1]"), "gather": ("t.gather(1, g)", "np.take_along_axis(a, g, 1)"),
    "ger": ("v", "t.ger(v)", "np.outer(a, v)"), "grad": ("t.grad", "None"),
    "index_add": ("t.index_add(0, i, b, alpha=2)", "a + 2 * b[i]"),
    "index_copy": ("t.index_copy(0, i, b)", "b[i]"),
    "index_put": ("t.index_put((i, i), v[:2], accumulate=True)", "a + [[-1, 0, 0], [0, .5, 0]]"),
    "index_select": ("t.index_select(1, i)", "a[:, i]"), "inner": ("v", "t.inner(v)", "np.inner(a, v)"),
    "inverse": ("s", "t.inverse()", "np.linalg.inv(a)"), "is_complex": ("t.is_complex()", "False"),
    "is_conj": ("t.is_conj()", "False"), "is_contiguous": ("t.mT.is_contiguous()", "False"),
    "is_cpu": ("t.is_cpu", "True"), "is_cuda": ("t.is_cuda", "False"),
    "is_floating_point": ("t.is_floating_point()", "True"), "is_leaf": ("t.is_leaf", "True"),
    "is_neg": ("t.is_neg()", "False"), "is_nonzero": ("one", "t.is_nonzero()", "True"),
    "is_same_size": ("t.is_same_size(b)", "True"), "is_signed": ("t.is_signed()", "True"),
    "kron": ("t.kron(w)", "np.kron(a, w)"),
    "log_softmax": ("t.log_softmax(1)", "a - np.log(np.exp(a).sum(1, keepdims=True))"),
    "logsumexp": ("t.logsumexp(1)", "np.log(np.exp(a).sum(1))"), "mH": ("t.mH", "a.T"),
    "masked_fill": ("t.masked_fill(m, 2.5)", "np.where(m, 2.5, a)"),
    "masked_select": ("t.masked_select(m)", "a[m]"), "matmul": ("t.matmul(w)", "a @ w"),
    "matrix_exp": ("s", "t.matrix_exp()", "scipy.linalg.expm(a)"),
    "matrix_power": ("s", "t.matrix_power(3)", "a @ a @ a"), "mm": ("t.mm(w)", "a @ w"),
    "moveaxis": ("t.moveaxis(0, 1)", "a.T"), "movedim": ("t.movedim(0, 1)", "a.T"),
    "mv": ("t.mv(v)", "a @ v"), "narrow": ("t.narrow(1, 1, 2)", "a[:, 1:]"),
    "ndimension": ("t.ndimension()", "2"), "nelement": ("t.nelement()", "6"),
    "new_empty": ("t.new_empty(2, 0)", "np.empty((2, 0))"),
    "new_full": ("t.new_full((2,), 3)", "np.full(2, 3.)"),
    "new_ones": ("t.new_ones((2, 1))", "np.ones((2, 1))"),
    "new_zeros": ("k", "t.new_zeros(2)", "np.zeros(2, int)"), "norm": ("t.norm()", "np.linalg.norm(a)"),
    "numel": ("t.numel()", "6"), "numpy": ("t.numpy()", "a"), "outer": ("v", "t.outer(v)", "np.outer(a, v)"),
    "permute": ("t.permute(1, 0)", "a.T"), "relu": ("t.relu()", "np.maximum(a, 0)"),
    "repeat_interleave": ("t.repeat_interleave(2, 1)", "a.repeat(2, 1)"),
    "requires_grad": ("t.requires_grad", "False"), "requires_grad_": ("t.requires_grad_(False)", "a"),
    "reshape_as": ("t.reshape_as(w)", "a.reshape(3, 2)"), "resolve_conj": ("t.resolve_conj()", "a"),
    "resolve_neg": ("t.resolve_neg()", "a"), "roll": ("t.roll(1, 0)", "a[::-1]"),
    "rsqrt": ("t.rsqrt()", "1 / np.sqrt(a)"),
    "scatter": ("t.scatter(0, g[:1], b)", "np.where(g[:1] == [[0], [1]], b[:1], a)"),
    "scatter_add": ("t.scatter_add(0, g[:1], b)", "a + np.where(g[:1] == [[0], [1]], b[:1], 0)"),
    "select": ("t.select(1, -1)", "a[:, -1]"), "sigmoid": ("t.sigmoid()", "1 / (1 + np.exp(-a))"),
    "slogdet": ("s", "t.slogdet()", "tuple(np.linalg.slogdet(a))"),
    "softmax": ("t.softmax(0)", "np.exp(a) / np.exp(a).sum(0)"), "stride": ("t.stride()", "(3, 1)"),
    "sum_to_size": ("t.sum_to_size(1, 3)", "a.sum(0, keepdims=True)"),
    "swapdims": ("t.swapdims(0, 1)", "a.T"), "t": ("t.t()", "a.T"),
    "take_along_dim": ("t.take_along_dim(g, 1)", "np.take_along_axis(a, g, 1)"),
    "tile": ("t.tile(1, 2)", "np.tile(a, (1, 2))"), "to": ("t.to('cpu')", "a"),
    "tril": ("t.tril()", "np.tril(a)"), "triu": ("t.triu(1)", "np.triu(a, 1)"),
    "type_as": ("t.type_as(k)", "a.astype(int)"), "unbind": ("t.unbind()", "tuple(a)"),
    "unsqueeze": ("t.unsqueeze(-1)", "a[..., None]"), "vdot": ("v", "t.vdot(v)", "np.vdot(a, v)"),
    "view": ("t.view(-1)", "a.ravel()"), "view_as": ("t.view_as(w)", "a.reshape(3, 2)"),
    "where": ("t.where(m, b)", "np.where(m, a, b)"), "zero_": ("t.zero_()", "np.zeros((2, 3))"),
}

# What has a gradient in NumPy's expression, and none in ours: it leaves the graph.
LEAVES = {"detach", "detach_", "item", "numpy", "tolist", "tobytes", "requires_grad_", "backward", "data_ptr"}


def cases():
    """name -> (the name of t's value, the call, NumPy's expression of a or None: the call itself)."""
    found = {name: ("a", f"t.{name}()", f"np.{same}(a)") for name, same in UNARY.items()}
    found |= {name: ("a", f"t.{name}(b)", f"np.{same}(a, b)") for name, same in BINARY.items()}
    found |= {name: ("k", f"t.{name}(bits)", f"np.{same}(a, bits)") for name, same in BITS.items()}
    found |= {name: ("a", f"t.{name}()", f"a.astype('{dtype}')") for name, dtype in DTYPES.items()}
    for name, case in OTHER.items():
        case = (case,) if isinstance(case, str) else case
        base, *rest = case if case[0] in DATA else ("a", *case)
        found[name] = base, rest[0], rest[1] if len(rest) > 1 else None
    for name in _IN_PLACE.split():
        base, call, like = found[name]
        like = like or call.replace("t.", "a.")
        changed = call.replace(f"t.{name}(", f"t.{name}_(")
        found[f"{name}_"] = base, changed, f"np.asarray({like}).astype(a.dtype)"
    return found


CASES = cases()


def run(call, base, convert):
    """What a call gives, and what t is after it."""
    names = {name: convert(x.copy()) for name, x in DATA.items()}
    names["t"] = convert(DATA[base].copy())
    return eval(call, {"np": np, "math": math}, names), names["t"]


def expected(name, a):
    """What NumPy gives of the array a."""
    _, call, like = CASES[name]
    names = {**DATA, "a": a, "t": a, "np": np, "math": math, "scipy": scipy}
    z = eval(like or call, names)
    return a if name in ("fill",) else z


def same(got, want, tol=1e-12):
    """got is want, of its kind, dtype and shape; Tensors stand for arrays, and for NumPy's scalars."""
    if isinstance(want, (tuple, list)):
        assert type(got) is type(want) or isinstance(got, tuple)
        assert len(got) == len(want)
        for x, y in zip(got, want, strict=True):
            same(x, y, tol)
    elif isinstance(want, (np.ndarray, np.generic)):
        got = got.numpy() if type(got) is nb.Tensor else got
        assert (got.dtype, got.shape) == (want.dtype, want.shape)
        np.testing.assert_allclose(got, want, rtol=tol, atol=tol)
    else:
        assert got == want and isinstance(got, type(want))


# --------------------------------------------------------------------------------------- no name is forgotten
def names():
    try:
        import torch
    except ImportError:
        return sorted(NUMPYS | TORCHS)
    return sorted(NUMPYS | TORCHS | {name for name in dir(torch.Tensor) if not name.startswith("_")})


@pytest.mark.parametrize("name", names())
def test_a_name_of_numpys_or_pytorchs_works_or_says_what_to_do(name):
    t = nb.asarray(DATA["a"])
    if hasattr(t, name):
        assert name in CASES or name in NOT_HERE, f"{name} is there, and has no case in this file"
        assert name in dir(t)
        return
    assert name not in dir(t) and not hasattr(nb.Tensor, name)
    with pytest.raises(errors.MissingError, match=rf"no attribute '{name}': \w.{{5,}}\.$"):
        getattr(t, name)


def test_no_explanation_stands_for_what_is_not_a_name_or_is_there():
    assert WAYS.keys() <= NUMPYS | TORCHS
    assert not WAYS.keys() & CASES.keys()


def test_a_name_of_nobodys_is_absent_without_a_word_and_protocols_are_asked_in_vain():
    t = nb.asarray(DATA["a"])
    for name in ("nobodys", "__array_struct__", "__array_interface__", "__getstate_manager__", "_repr_html_"):
        with pytest.raises(AttributeError, match="object has no attribute"):
            getattr(t, name)
    assert "__getattr__" not in vars(nb.Tensor)         # which would make every attribute slower to read
    for new in (copy.copy(t), copy.deepcopy(t), pickle.loads(pickle.dumps(t))):
        assert np.array_equal(new.numpy(), DATA["a"])


# ------------------------------------------------------------------------------------------------- each name
@pytest.mark.parametrize("name", CASES)
def test_a_name_gives_what_it_gives_there(name):
    base, call, _ = CASES[name]
    got, t = run(call, base, nb.asarray)
    want = expected(name, DATA[base].copy())
    if name.endswith("_") and name not in ("requires_grad_",):
        assert got is t
    if name == "fill":
        assert got is None
        got = t
    same(got, want)


@pytest.mark.parametrize("name", [name for name in CASES if name not in NUMPYS])
def test_a_name_gives_what_it_gives_in_pytorch(name):
    torch = pytest.importorskip("torch")
    base, call, _ = CASES[name]
    if not hasattr(torch.Tensor, name):
        pytest.skip("not in this PyTorch")
    got, _ = run(call, base, nb.asarray)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")               # of names that PyTorch will not have for ever
        want, _ = run(call, base, torch.tensor)
    same(got, map_torch(torch, want))


def map_torch(torch, x):
    if isinstance(x, (tuple, list)):
        return tuple([map_torch(torch, part) for part in x])
    return x.detach().numpy() if isinstance(x, torch.Tensor) else x


@pytest.mark.parametrize("name", [name for name in CASES if name not in LEAVES])
def test_the_gradient_of_a_name_is_that_of_numpys_expression(name):
    base, call, _ = CASES[name]
    a = DATA[base]
    want = [x for x in flatten(expected(name, a.copy()))[0] if isinstance(x, (np.ndarray, np.generic))]
    if a.dtype.kind != "f" or not want or any(x.dtype != np.float64 for x in want):
        return
    weights = [np.cos(1 + np.arange(x.size)).reshape(x.shape) for x in want]

    def f(t):
        given = {key: nb.asarray(x.copy()) for key, x in DATA.items()} | {"t": t * 1.0}
        z = eval(call, {"np": np}, given)
        z = [given["t"]] if name == "fill" else [x for x in flatten(z)[0] if type(x) is nb.Tensor]
        return sum(nb.sum(x * w) for x, w in zip(z, weights, strict=True))

    def by_numpy(x):
        z = [y for y in flatten(expected(name, x))[0] if isinstance(y, (np.ndarray, np.generic))]
        return sum(np.sum(y * w) for y, w in zip(z, weights, strict=True))

    differences = np.zeros_like(a)
    for place in itertools.product(*map(range, a.shape)):
        step = np.zeros_like(a)
        step[place] = 1e-5
        differences[place] = (by_numpy(a + step) - by_numpy(a - step)) / 2e-5
    np.testing.assert_allclose(nb.grad(f)(a).numpy(), differences, rtol=1e-6, atol=1e-7)
