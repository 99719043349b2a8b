"""Every public name says what it is: a summary, parameters, errors, derivative, and an example that runs."""

import doctest
import inspect
import re
from importlib import import_module

import numpy as np
import pytest
from scipy import special
from test_public import NAMES, named

import nbgrad as nb
from nbgrad.compile import tiers
from nbgrad.compile.cpu.vecmath.functions import BINARY, UNARY
from nbgrad.define.inputs import draw, spans
from nbgrad.define.registry import OPS
from nbgrad.engine.tensor import Tensor

COMMANDS = ["nbgrad.__main__", "nbgrad.info", "nbgrad.warm", "nbgrad.gpucheck", "nbgrad.bench.__main__"]
# What cannot fail but by a wrong number of arguments
SAFE = {
    "nbgrad.get_num_threads", "nbgrad.no_grad", "nbgrad.stop_gradient", "nbgrad.testing.values",
    "nbgrad.testing.as_constant", "nbgrad.testing.is_composite", "nbgrad.testing.cases",
    "nbgrad.testing.Case", "nbgrad.testing.function", "nbgrad.testing.reference", "nbgrad.optim.constant",
    "nbgrad.optim.exponential_decay", "nbgrad.s_",
}
# Methods of which the same is true
_SAFE_METHODS = {
    "clone", "conj", "conj_physical", "conjugate", "contiguous", "cpu", "detach", "detach_", "dim",
    "element_size", "is_complex", "is_conj", "is_contiguous", "is_floating_point", "is_neg",
    "is_same_size", "is_signed", "ndimension", "nelement", "numel", "resolve_conj", "resolve_neg",
    "rsqrt", "type_as",
}
# Functions of ops/ that are no functions of numbers to numbers
_NO_DERIVATIVE = {"create", "dtypes", "close", "jacobians"}


@pytest.fixture(autouse=True)
def interpreted():
    """As the first calls of a program are: nothing waits for the compiler."""
    with tiers.chosen("interpreted"):
        yield


def is_numpys(found):
    return isinstance(found, type) and found.__module__ == "numpy"


def described(path):
    """The public names of a module, or of Tensor, that can be described, and what they stand for."""
    for name in NAMES[path]:
        found = inspect.getattr_static(Tensor if path == "nbgrad.Tensor" else import_module(path), name, None)
        found = getattr(named(path), name) if found is None else found
        slot = inspect.ismemberdescriptor(found)         # the documentation of Tensor says what is in it
        if not (isinstance(found, (str, float, tuple, type(None))) or inspect.ismodule(found)
                or is_numpys(found) or slot):
            yield f"{path}.{name}", found


PUBLIC = {full: found for path in NAMES for full, found in described(path)}
ERRORS = {full: found for full, found in PUBLIC.items() if full.startswith("nbgrad.errors.")}
MEMBERS = {full: found for full, found in PUBLIC.items() if full.startswith("nbgrad.Tensor.")}
FUNCTIONS = {full: found for full, found in PUBLIC.items() if full not in ERRORS and full not in MEMBERS}


def documentation(found):
    return inspect.getdoc(found) or ""


def parameters(found, skip=0):
    try:
        names = list(inspect.signature(found).parameters)[skip:]
    except (TypeError, ValueError):            # a property
        return []
    return [name for name in names if name not in ("args", "kwargs") and not name.startswith("_")]


def without_parameters(text, names):
    return [f"parameter {name}" for name in names if not re.search(rf"\b{name}\b", text)]


def lacks(full, found):
    """What the documentation of a public function or class does not have."""
    text = documentation(found)
    lacking = without_parameters(text, parameters(found))
    head = text.split("\n\n", 1)[0]
    if not head or not head.rstrip().endswith((".", ":", ")")) or "of every element." in head:
        lacking.append("summary")
    if "Raises" not in text and full not in SAFE:
        lacking.append("Raises")
    family = getattr(found, "__module__", "").split(".")
    of_numbers = getattr(found, "name", "") in OPS or ("ops" in family and family[-1] not in _NO_DERIVATIVE)
    if of_numbers and not re.search("derivative|gradient", text, re.I):
        lacking.append("derivative")
    if re.search("Derivative: (by the rule|derived from)", text):     # what is said where a row says nothing
        lacking.append("the derivative's formula")
    if ">>>" not in text:
        lacking.append("example")
    if len(text.splitlines()) > 48:
        lacking.append("brevity")
    return lacking


@pytest.mark.parametrize("full", FUNCTIONS)
def test_functions_say_all_of_it(full):
    assert not lacks(full, FUNCTIONS[full])


@pytest.mark.parametrize("full", MEMBERS)
def test_methods_of_tensors_say_what_they_do(full):
    """The errors and the derivative of a method that is an op are those of the op, which it names."""
    found = MEMBERS[full]
    text = documentation(found)
    lacking = without_parameters(text, parameters(found, skip=1))
    if not text.split("\n\n", 1)[0].strip() or "of every element." in text:
        lacking.append("summary")
    if ">>>" not in text:
        lacking.append("example")
    safe = isinstance(found, property) or full.rpartition(".")[2] in _SAFE_METHODS
    if not safe and not re.search("Raises|[Aa]s (in )?`nb|errors are those of `nb", text):
        lacking.append("Raises")
    assert not lacking


@pytest.mark.parametrize("full", ERRORS)
def test_errors_say_when_they_are_raised(full):
    text = documentation(ERRORS[full])
    assert len(text.split("\n\n", 1)[0]) > 20
    assert ">>>" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_say_how_they_are_called(name):
    text = import_module(name).__doc__
    assert f"python -m {name.removesuffix('.__main__')}" in text


EXAMPLES = {full: documentation(found) for full, found in PUBLIC.items() if ">>>" in documentation(found)}


@pytest.mark.parametrize("full", EXAMPLES)
def test_examples_print_what_they_say(full, own_ops, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for package in re.findall(r">>> (?:import|from) (\w+)", EXAMPLES[full]):
        pytest.importorskip(package)
    threads = nb.get_num_threads()
    case = doctest.DocTestParser().get_doctest(EXAMPLES[full], {"nb": nb, "np": np}, full, None, None)
    assert case.examples
    said = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(case, out=said.append)
    nb.set_num_threads(threads)
    assert not said, "".join(said)


ROWS = {name: row for name, row in OPS.items() if row.kind == "elementwise" and not row.private
        and getattr(nb, name, None) is row.op}
WORDS = {name: getattr(np, name) for name in (
    "abs", "cos", "cosh", "exp", "floor", "log", "pi", "sign", "sin", "sinh", "sqrt", "where")}


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if not row.op.discrete])
def test_the_formula_of_a_derivative_is_the_derivative(name, rng):
    row = ROWS[name]
    formulas = (row.formula,) if isinstance(row.formula, str) else row.formula
    xs = [draw(rng, span, (20,), "float64") for span in spans(row)]
    operands = [p for p in inspect.signature(row.op).parameters.values() if p.kind is p.POSITIONAL_ONLY]
    known = {p.name: x for p, x in zip(operands, xs, strict=True)} | getattr(row.op, "defaults", {})
    words = WORDS | {"z": row.op(*xs).numpy(), "sigmoid": special.expit, "Phi": special.ndtr}
    assert len(formulas) == len(xs)
    for i, (x, formula) in enumerate(zip(xs, formulas, strict=True)):
        if x.dtype == bool:
            assert not formula
            continue
        slope = nb.grad(lambda *xs: nb.sum(row.op(*xs)), i)(*xs)
        np.testing.assert_allclose(slope, np.broadcast_to(eval(formula, words | known), x.shape), rtol=1e-12)


def test_each_elementwise_op_has_an_example_and_where_it_has_a_derivative_its_formula():
    assert [name for name, row in ROWS.items() if not row.example] == []
    assert [name for name, row in ROWS.items() if bool(row.formula) == row.op.discrete] == []


def test_the_accuracy_that_is_told_is_that_of_functions_which_are_held_to_it():
    told = [name for name, row in ROWS.items() if "Accuracy: 4 units" in row.op.__doc__]
    assert len(told) > 20
    assert set(told) <= {*UNARY, *BINARY}         # tests/compile/test_vecmath.py


def test_an_op_of_a_users_says_what_follows_from_its_declaration(own_ops):
    """Its function is not run for it."""
    traced = []
    own = nb.elementwise("own_of_docstrings", lambda x, y: traced.append(x) or x * y, doc="Return x * y.")
    assert own.__doc__ == """Return x * y.

x, y: shapes that broadcast.
Derivative: derived from its value.
Raises DtypeError for what is no array of numbers, ShapeError for shapes that do not broadcast.
Devices: cpu, cuda."""
    assert not traced
