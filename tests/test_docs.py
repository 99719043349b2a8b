"""The documentation's Python runs as it stands: a page's blocks in order, and the examples of docstrings."""

import doctest
import re
from pathlib import Path

import numpy as np
import pytest

import nbgrad as nb

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "docs").rglob("*.md"))
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


EXAMPLES = {f"{module.__name__}.{name}": found for module in (nb, nb.optim) for name in module.__all__
            if ">>>" in (getattr(found := getattr(module, name), "__doc__", None) or "")}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_of_docstrings_print_what_they_say(name, own_ops, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = EXAMPLES[name].__doc__
    case = doctest.DocTestParser().get_doctest(text, {"nb": nb, "np": np}, name, None, None)
    assert case.examples
    said = []
    doctest.DocTestRunner().run(case, out=said.append)
    assert not said, "".join(said)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_python_blocks_run(file, own_ops, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, names = file.read_text(encoding="utf-8"), {"__name__": file.stem}
    for block in BLOCK.finditer(text):
        lines = text.count("\n", 0, block.start(1))
        exec(compile("\n" * lines + block[1], str(file), "exec"), names)


def test_the_page_on_matrix_calculus_has_every_row_with_its_formula_and_its_code():
    page = (ROOT / "docs" / "matrix_calculus.md").read_text(encoding="utf-8")
    rows = re.split(r"^### (\d+)\. ", page, flags=re.MULTILINE)[1:]
    assert [int(number) for number in rows[::2]] == list(range(1, 23))
    for text in rows[1::2]:
        assert "$" in text and BLOCK.search(text)


def test_the_blocks_are_found():
    assert len(BLOCK.findall((ROOT / "docs" / "matrix_calculus.md").read_text(encoding="utf-8"))) > 30
    assert len(BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))) >= 3


def test_the_diffs_that_show_how_to_contribute_are_the_code():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```diff\n\+\+\+ (\S+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 4
    for path, added in blocks:
        code = (ROOT / path).read_text(encoding="utf-8")
        assert re.sub("^[+]", "", added, flags=re.MULTILINE) in code, path
