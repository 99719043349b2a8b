"""The stubs are what tools/stubs.py writes, and say what signatures say and calls accept."""

import ast
import inspect
from functools import cache
from inspect import Parameter

import numpy as np
import pytest
import stubs

import nbgrad as nb
from nbgrad import testing
from nbgrad.define.registry import OPS
from nbgrad.engine.tensor import Tensor
from nbgrad.engine.tree import flatten

PUBLIC = {name: row for name, row in OPS.items() if not row.private and row.home == "nbgrad"}
FUNCTIONS = [name for name in nb.__all__
             if callable(getattr(nb, name)) and not isinstance(getattr(nb, name), type)]
METHODS = [name for name, f in vars(Tensor).items() if inspect.isfunction(f) and not name.startswith("__")]
TORCHS = {"dim", "keepdim"}


@pytest.mark.parametrize("file", stubs.FILES)
def test_the_files_are_what_the_command_writes(file):
    assert (stubs.ROOT / file).read_text() == stubs.FILES[file](), "run python tools/stubs.py"


@cache
def written(file):
    """The definitions in a stub, by name."""
    body = ast.parse((stubs.ROOT / file).read_text()).body
    body = body[-1].body if isinstance(body[-1], ast.ClassDef) else body
    found = {}
    for node in body:
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, []).append(node.args)
    return found


def names(args):
    """The parameters of a definition: by place alone, by both, by name alone."""
    star = [[f"*{args.vararg.arg}"] if args.vararg else [], [f"**{args.kwarg.arg}"] if args.kwarg else []]
    return ([a.arg for a in args.posonlyargs], [a.arg for a in args.args] + star[0],
            [a.arg for a in args.kwonlyargs] + star[1])


def expected(f, own=False):
    """The same of a function; own: of a method, without the Tensor."""
    found = list(inspect.signature(f).parameters.values())[own:]
    kinds = ((Parameter.POSITIONAL_ONLY,), (Parameter.POSITIONAL_OR_KEYWORD, Parameter.VAR_POSITIONAL),
             (Parameter.KEYWORD_ONLY, Parameter.VAR_KEYWORD))
    return tuple([str(p).split(":")[0].split("=")[0] for p in found if p.kind in kind] for kind in kinds)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_s_stub_has_its_parameters(name):
    """Overloads together have them all."""
    if name not in written("__init__.pyi"):
        assert f" as {name}\n" in (stubs.ROOT / "__init__.pyi").read_text()
        return
    definitions = written("__init__.pyi")[name]
    first, both, last = expected(getattr(nb, name))
    if len(definitions) == 1:
        by_place, by_either, by_name = names(definitions[0])
        assert (by_place, by_either, [n for n in by_name if n not in TORCHS]) == (first, both, last)
    else:
        assert set().union(*[set().union(*names(d)) for d in definitions]) == {*first, *both, *last}


@pytest.mark.parametrize("name", METHODS)
def test_a_method_s_stub_has_its_parameters(name):
    definitions = written("engine/methods.pyi")[name]
    first, both, last = expected(getattr(Tensor, name), own=True)
    if len(definitions) == 1:
        by_place, by_either, by_name = names(definitions[0])
        found = [n for n in by_place + by_either if n != "self"], [n for n in by_name if n not in TORCHS]
        assert found == (first + both, last)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_call_accepts_what_the_signature_says(name):
    """The row's first test inputs; then with what was not given at its default, by name where it can be."""
    row = PUBLIC[name]
    case = next(testing.cases(row, "float64"))
    bound = inspect.signature(row.op).bind(*case.args, **case.params)
    plain = row.op(*case.args, **case.params)
    bound.apply_defaults()
    full = row.op(*bound.args, **bound.kwargs)
    assert type(full) is type(plain)
    for x, y in zip(flatten(full)[0], flatten(plain)[0], strict=True):
        a, b = x.detach().numpy(), y.detach().numpy()
        if a.dtype.kind == "f":           # sums of few terms may be rounded by where memory lies
            np.testing.assert_allclose(a, b, rtol=1e-14, atol=1e-15)
        else:
            assert np.array_equal(a, b)


@pytest.mark.parametrize("name", [name for name, row in PUBLIC.items() if row.kind == "elementwise"])
def test_operands_are_given_by_place_and_no_others(name):
    signature, op = inspect.signature(PUBLIC[name].op), PUBLIC[name].op
    operands = [p for p in signature.parameters.values() if p.kind is p.POSITIONAL_ONLY]
    for args, kwargs in (([1] * (len(operands) + 1), {}), ([], {p.name: 1 for p in operands})):
        with pytest.raises((TypeError, nb.errors.NbgradError)):
            op(*args, **kwargs)


WITH_DIM = [name for name in FUNCTIONS if "axis" in (
    own := inspect.signature(getattr(nb, name)).parameters) and "kwargs" not in own]


@pytest.mark.parametrize("name", WITH_DIM)
def test_dim_is_taken_where_the_stub_says_so(name):
    f, (definition, *_) = getattr(nb, name), written("__init__.pyi")[name]
    taken = "dim" in names(definition)[2]
    with pytest.raises(nb.errors.ValueRangeError if taken else TypeError, match="dim"):
        f(nb.ones((2, 2)), axis=0, dim=0)
