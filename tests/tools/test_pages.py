"""The pages that are made for the site: reference, formulas, docstrings, NumPy's functions, gallery."""

import re
from pathlib import Path

import numpy as np
import pytest
import scipy.special
from formula_values import value_of, with_parts
from pages import docstrings, facts, formulas, gallery, links, names, numpy_list, reference

import nbgrad as nb
from nbgrad.compile import tiers
from nbgrad.define import inputs
from nbgrad.define.registry import OPS
from nbgrad.interop.numpy_functions import Functions

ROOT = Path(__file__).parents[2]
NAMES = {}
for line in (ROOT / "tests" / "public_names.txt").read_text().splitlines():
    if line.startswith("["):
        group = NAMES.setdefault(line.strip("[]"), [])
    else:
        group += line.split()
ROWS = [name for name, row in OPS.items() if row.kind == "elementwise" and not row.private]


@pytest.fixture(scope="module")
def pages():
    with tiers.chosen("interpreted"):
        return reference.pages()


# ------------------------------------------------------------------------------------------- the reference
@pytest.mark.parametrize("module", ["nbgrad", "nbgrad.linalg", "nbgrad.optim", "nbgrad.special",
                                    "nbgrad.testing", "nbgrad.errors"])
def test_every_public_name_has_a_page_that_names_it(pages, module):
    targets = names.targets()
    prefix = module.removeprefix("nbgrad").removeprefix(".")
    for name in NAMES[module]:
        if name.startswith("__"):
            continue
        page = targets.get(f"{prefix}.{name}" if prefix else name)
        assert page in pages, name
        assert re.search(rf"\b{name}\b", pages[page]), name


def test_a_page_has_what_the_table_and_the_measurements_have(pages):
    page = pages["tanh"]
    for part in ("nbgrad.tanh(x: ArrayLike, /) -> Tensor", "Return the hyperbolic tangent.", r"z &= \tanh x",
                 ">>> print(nb.tanh(x))", "partial derivatives in the row", "CPU, CUDA", "second derivatives",
                 facts.figures()["commit"], "dashboard/index.html#op=tanh", 'tanh: Op = elementwise("tanh"'):
        assert part in page, part
    page = pages["special"]
    assert facts.figures()["special"]["commit"] in page
    assert re.search(r"\| `gammainc` \| [\d.]+ \| [\d.]+ \| [\d.]+ \| [\d.]+ \|", page)
    page = pages["tanh"]
    assert "of `int32`, `int64`, `float64` | `float64`" in page
    assert "| `(3, 4), axis=0` | `(4,)` |" in pages["sum"]
    assert "none: the result jumps" in pages["less"]
    assert "e = keep(exp(x - top))" in pages["softmax"]
    assert "`nb.concatenate`" in pages["concat"]


def test_every_method_of_a_tensor_is_listed(pages):
    for name in NAMES["nbgrad.Tensor"]:
        assert f"`x.{name}" in pages[names.CLASS], name


def test_every_function_that_no_row_makes_an_example_of_has_one():
    silent = [entry.name for entry in names.entries() if ">>>" not in (entry.found.__doc__ or "")
              and not (entry.row and entry.row.kind == "elementwise")]
    assert silent == []


def test_examples_of_rows_are_what_the_op_gives():
    lines = facts.example("hypot", OPS["hypot"])
    space = {"np": np, "nb": nb}
    exec(lines[0][4:] + "\n" + lines[1][4:], space)
    assert lines[3] == str(nb.hypot(space["x"], space["y"]))
    slopes = nb.grad(lambda x, y: nb.sum(nb.hypot(x, y)), (0, 1))(space["x"], space["y"])
    assert lines[-2:] == [str(slope) for slope in slopes]


def test_a_new_family_is_asked_for():
    entry = names.Entry("new", abs, [], None, "ops.unknown")
    with pytest.raises(KeyError, match=r"ops\.unknown"):
        entry.family


# ------------------------------------------------------------------------------------------------ formulas
@pytest.mark.parametrize(("name", "value", "cotangents"), [
    ("sqrt", r"\sqrt{x}", [r"\frac{g}{2 \, z}"]),
    ("divide", r"\frac{x}{y}", [r"\frac{g}{y}", r"g \, \frac{-z}{y}"]),
    ("log2", r"\log_2 x", [r"\frac{g}{\left(\log 2\right) \, x}"]),
    ("tanh", r"\tanh x", [r"g \, e^{-\left|2 \, x\right|} \cdot \left(1 + \left|z\right|\right)^{2}"]),
    ("subtract", "x - y", ["g", "-g"]),
    ("erf", r"\operatorname{erf}\left(x\right)", [r"g \, \frac{2}{\sqrt{\pi}} \, e^{-x^2}"]),
    ("less", "x < y", []),
    ("where", r"\begin{cases} x & \mathrm{condition} \\ y & \text{else} \end{cases}",
     [None, r"[\mathrm{condition}] \, g", r"[\neg \mathrm{condition}] \, g"]),
])
def test_formulas_are_the_rows(name, value, cotangents):
    found = formulas.formulas(OPS[name])
    assert found.value == value
    assert list(found.cotangents.values()) == cotangents


@pytest.mark.parametrize("name", [name for name in ROWS if not name.startswith("bitwise")])
def test_what_a_formula_is_worth_is_what_the_op_gives(name):
    row = OPS[name]
    found, rng = formulas.formulas(row), np.random.default_rng(len(name))
    op, defaults = row.op, getattr(row.op, "defaults", {})
    for _ in range(5):
        xs = [bool(rng.integers(2)) if span is bool else float(inputs.draw(rng, span, (), "float64"))
              for span in inputs.spans(row)]
        with tiers.chosen("interpreted"):
            z = op(*map(nb.asarray, xs)).numpy()
            at = [k for k, x in enumerate(xs) if type(x) is float]
            slopes = () if op.discrete else nb.grad(lambda *xs, op=op: op(*xs), at)(*xs)
        names = {**dict(zip(found.names, xs, strict=True)), **defaults, "g": 1.0, "z": float(z)}
        names = with_parts(found, names)
        assert value_of(found.value, names) == pytest.approx(float(z), rel=1e-5)
        cotangents = [value_of(found.cotangents[found.names[k]], names) for k in at if slopes]
        assert cotangents == pytest.approx([float(s) for s in slopes], rel=1e-5)


def test_parts_that_come_twice_in_a_long_formula_have_names():
    found = formulas.formulas(OPS["silu"])
    assert found.value == r"x \, t_{3}"
    assert dict(found.parts)["t_{1}"] == r"e^{-\left|x\right|}"


@pytest.mark.parametrize("name", ROWS)
def test_formulas_become_mathml(name):
    mathml = pytest.importorskip("pages.mathml", reason="docutils is not installed")
    made = mathml.converted(formulas.block(formulas.formulas(OPS[name])).strip("$\n"), True)
    assert made.startswith("<math") and "<mtable" in made


def test_formulas_of_the_pages_become_mathml():
    mathml = pytest.importorskip("pages.mathml", reason="docutils is not installed")
    text = (ROOT / "docs" / "matrix_calculus.md").read_text(encoding="utf-8")
    found = re.findall(r"\$\$(.+?)\$\$", text, re.DOTALL)
    assert len(found) >= 25
    assert all("<math" in mathml.converted(each, True) for each in found)


# ---------------------------------------------------------------------------------------------- docstrings
def test_a_docstring_becomes_markdown():
    text = """Return x * y of a_b and `sum`. See value_and_grad.

    x : any shape
        and dtype
    layout : one of
        "a"          (m, n)
        "b"          (n, m)
    Raises ShapeError if not.

    >>> print(1)
    1
    """
    made = docstrings.markdown(text, {"sum": "sum.md", "value_and_grad": "vg.md"}.get)
    assert made == ("Return x \\* y of a\\_b and [`sum`](sum.md). See [`value_and_grad`](vg.md).\n\n"
                    "`x`\n: any shape and dtype\n\n`layout`\n: one of\n\n"
                    '```text\n"a"          (m, n)\n"b"          (n, m)\n```\n\n'
                    "**Raises** ShapeError if not.\n\n```pycon\n>>> print(1)\n1\n```")


# --------------------------------------------------------------------------------------- NumPy's functions
def test_the_list_of_numpys_functions_is_what_tensors_take():
    known = Functions(nb)
    found, others = numpy_list.supported(np, known)
    assert "packbits" in others and "shape" not in others
    with pytest.raises(nb.errors.ProtocolError):
        nb.grad(np.packbits)(np.ones(2))
    taken = {name for group in found for name in group.split(", ")}
    assert {"sin", "concatenate", "where", "einsum"} <= taken
    assert numpy_list.left_out(np.reshape, known.known(np.reshape)) == ["copy"]
    with pytest.raises(nb.errors.ProtocolError, match="copy"):
        np.reshape(nb.ones(4), (2, 2), copy=True)
    assert set(numpy_list.supported(scipy.special, known)[0]) >= {"erf", "erfc", "expit"}
    counts = numpy_list.counts()
    page = numpy_list.page(lambda name: None)
    assert counts["numpy"] > 140 and f"## NumPy: {counts['numpy']} names" in page


# ----------------------------------------------------------------------------------- the gallery and links
def test_an_example_is_run_once_and_a_broken_one_is_told(tmp_path):
    good = tmp_path / "good.py"
    good.write_text('"""Draw nothing much.\n\nTwo *stars*."""\nimport sys\n'
                    'open(sys.argv[2], "wb").write(b"png")\nprint("done", len(sys.argv))\n')
    one = gallery.run(good, tmp_path / "kept")
    assert (one.title, one.printed, one.picture.read_bytes()) == ("Draw nothing much", "done 3\n", b"png")
    one.picture.write_bytes(b"kept")
    assert gallery.run(good, tmp_path / "kept").picture.read_bytes() == b"kept"
    assert r"Two \*stars\*." in gallery.example_page(one)
    bad = tmp_path / "bad.py"
    bad.write_text('"""Fail."""\nraise SystemExit("no luck")\n')
    with pytest.raises(gallery.ExampleError, match="no luck"):
        gallery.run(bad, tmp_path / "kept")


def test_every_example_is_in_the_gallery_and_says_what_it_is():
    found = gallery.programs()
    assert len(found) >= 13
    assert all(re.match(r'"""[A-Z].*\.\n\n', path.read_text(encoding="utf-8")) for path in found)


def test_links_that_lead_nowhere_are_found(tmp_path):
    (tmp_path / "dashboard").mkdir()
    (tmp_path / "dashboard" / "index.html").write_text('<a href="lost.html">')
    (tmp_path / "a.html").write_text(
        '<p id="here"><a href="b.html#there">1</a><a href="#here">2</a><a href="b.html#gone">3</a>'
        '<a href="c.html">4</a><a href="https://example.org/x">5</a><img src="p.png">'
        '<a href="dashboard/index.html#op=tanh">6</a><a href="../outside.html">7</a>')
    (tmp_path / "b.html").write_text('<p id="there"><a href="a.html">')
    (tmp_path.parent / "outside.html").write_text("")
    assert links.broken(tmp_path) == ["a.html: b.html#gone", "a.html: c.html", "a.html: p.png",
                                      "a.html: ../outside.html"]
