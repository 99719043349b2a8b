"""The documentation's Python runs as it stands: a file's blocks in order."""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "docs").glob("*.md"))
BLOCK = re.compile(r"^```(python|pycon)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# The code in the last cell of a line of a table
CELL = re.compile(r"^\|.*\| `([^`\n]+)` \|$", re.MULTILINE)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_python_blocks_run(file, own_ops, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, names = file.read_text(encoding="utf-8"), {"__name__": file.stem}
    for block in BLOCK.finditer(text):
        lines = text.count("\n", 0, block.start(2))
        if block[1] == "python":
            exec(compile("\n" * lines + block[2], str(file), "exec"), names)
        else:
            session(block[2], names, f"{file.name}, line {lines}")


def session(text, names, where):
    """Run a session of the interpreter, which must print what it says; ... stands for anything."""
    case = doctest.DocTestParser().get_doctest(text, names, where, None, None)
    assert case.examples
    said = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(case, out=said.append, clear_globs=False)
    assert not said, "".join(said)
    names.update(case.globs)


def test_what_is_written_here_instead_of_there_runs(own_ops, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, names = (ROOT / "docs" / "coming_from.md").read_text(encoding="utf-8"), {}
    exec(BLOCK.search(text)[2], names)
    cells = CELL.findall(text)
    assert len(cells) > 50
    for code in cells:
        exec(code, dict(names))


def test_the_page_on_matrix_calculus_has_every_row_with_its_formula_and_its_code():
    page = (ROOT / "docs" / "matrix_calculus.md").read_text(encoding="utf-8")
    rows = re.split(r"^### (\d+)\. ", page, flags=re.MULTILINE)[1:]
    assert [int(number) for number in rows[::2]] == list(range(1, 23))
    for text in rows[1::2]:
        assert "$" in text and BLOCK.search(text)


def test_the_blocks_are_found():
    assert len(BLOCK.findall((ROOT / "docs" / "matrix_calculus.md").read_text(encoding="utf-8"))) > 30
    assert len(BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))) >= 3
    sessions = BLOCK.findall((ROOT / "docs" / "sharp_bits.md").read_text(encoding="utf-8"))
    assert [kind for kind, _ in sessions].count("pycon") >= 8


def test_the_diffs_that_show_how_to_contribute_are_the_code():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```diff\n\+\+\+ (\S+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 4
    for path, added in blocks:
        code = (ROOT / path).read_text(encoding="utf-8")
        assert re.sub("^[+]", "", added, flags=re.MULTILINE) in code, path
