"""docs/coverage.md is what tools/coverage_page.py writes, and what it says is so."""

import coverage_page
import pytest
from pages.names import entries

import nbgrad as nb


def written():
    return coverage_page.FILE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def lines():
    """The cells of each function's line, by its first name."""
    rows = [row.strip("| ").split(" | ") for row in written().splitlines() if row.startswith("| `")]
    return {row[0].split("`")[1]: row[1:] for row in rows}


def test_the_page_is_what_the_command_writes():
    assert written() == coverage_page.page(), "run python tools/coverage_page.py"


ALL = "bool, int32, int64, float32, float64, complex64, complex128"


@pytest.mark.parametrize(("name", "known"), [
    ("sin", ["yes", "yes", "yes",
             "float32, float64, complex64, complex128; bool → float32; int32, int64 → float64", "cpu, cuda"]),
    ("argsort", ["-", "-", "-",
                 "int64; bool, int32, float32, float64, complex64, complex128 → int64", "cpu, cuda"]),
    ("stack", ["yes", "yes", "yes", ALL, "cpu, cuda"]),
    ("fill_diagonal", ["yes", "yes", "yes", ALL, "of its ops"]),
])
def test_lines_that_are_known(name, known, lines):
    assert lines[name][:5] == known


def test_kinks_are_told(lines):
    assert "its derivative at 0 is 0" in lines["abs"][5]
    assert "At a tie each has derivative 1/2" in lines["maximum"][5]


def test_every_function_has_a_line_and_what_works_is_run(lines):
    wanted = {e.name for e in entries() if e.family not in coverage_page._OTHERS}
    assert lines.keys() == wanted
    count = sum(cells[0] == "yes" for cells in lines.values())
    assert count > len(lines) / 2

    found = coverage_page.Example(lambda x: nb.floor(x) / nb.asarray(x).detach(), [2.5], {}, True, True)
    assert coverage_page.derivatives(found) == ["yes"] * 3
    refused = coverage_page.Example(lambda x: nb.asarray(x.numpy()), [2.5], {}, True, True)
    assert coverage_page.derivatives(refused) == ["no (TraceError)"] * 3
