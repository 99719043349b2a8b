"""A release: what several files say of it is the same, and an index and pip can read its files."""

import io
import re
import tarfile
import zipfile
from pathlib import Path

import pytest
import release

import nbgrad as nb

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def test_the_version_is_one():
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    assert cited
    assert cited[1] == nb.__version__
    assert f"## [{nb.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_readme_can_be_read_where_it_stands_alone():
    assert not release.lost_links(README)


@pytest.mark.parametrize("text, lost", [
    ("[a](CONTRIBUTING.md)", ["CONTRIBUTING.md"]),
    ("![a](docs/speed.svg 'words')", ["docs/speed.svg"]),
    ("[a](#cuda) and [b](http://example.com)", ["#cuda", "http://example.com"]),
    ("see [a][b].\n\n[b]: docs/a.md", ["docs/a.md"]),
    ('<img src="a.png"><a href=b.md>b</a>', ["a.png", "b.md"]),
    ("[a](https://pypi.org/project/nbgrad/) <https://pypi.org>", []),
    ("`x[0](y)` and\n```python\ny[0](x)\n```\n", []),
])
def test_links_that_lead_nowhere_are_found(text, lost):
    assert release.lost_links(text) == lost


@pytest.mark.parametrize("code", BLOCKS, ids=range(len(BLOCKS)))
def test_a_block_of_the_readme_runs_by_itself(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {"__name__": "pasted"})


METADATA = """Metadata-Version: 2.4
Name: sample
Version: 1.0
License-Expression: MIT
License-File: LICENSE
Description-Content-Type: text/markdown

# Sample
"""


@pytest.mark.parametrize("before, after, fault", [
    ("", "", None),
    ("Version: 1.0\n", "Version: one\n", "version"),
    ("text/markdown", "text/plain", "Markdown"),
    ("# Sample\n", "", "no description"),
    ("# Sample", "[a](b.md)", "links to 'b.md'"),
    ("License-File: LICENSE\n", "", "licence"),
    ("License-Expression: MIT", "License-Expression: ours", "license"),
])
def test_metadata_that_an_index_would_refuse_are_found(before, after, fault):
    found = release.metadata_faults(METADATA.replace(before, after).encode())
    assert not found if fault is None else len(found) == 1 and fault in found[0]


@pytest.fixture
def tree(tmp_path):
    """A tree with one module and one test, a wheel of it and a source distribution."""
    for name in ("nbgrad/one.py", "tests/test_one.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    with zipfile.ZipFile(tmp_path / "sample-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("nbgrad/one.py", "")
        wheel.writestr("sample-1.0.dist-info/METADATA", METADATA)
        wheel.writestr("sample-1.0.dist-info/licenses/LICENSE", "")
    with tarfile.open(tmp_path / "sample-1.0.tar.gz", "w:gz") as tar:
        for name, text in (("nbgrad/one.py", ""), ("tests/test_one.py", ""), ("PKG-INFO", METADATA)):
            member = tarfile.TarInfo(f"sample-1.0/{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return tmp_path


def test_what_lacks_in_a_release_and_what_is_too_much_is_found(tree):
    wheel, sdist = tree / "sample-1.0-py3-none-any.whl", tree / "sample-1.0.tar.gz"
    assert release.wheel_faults(wheel, tree) == release.sdist_faults(sdist, tree) == []
    with zipfile.ZipFile(wheel, "a") as file:
        file.writestr("tests/test_one.py", "")
    (tree / "nbgrad" / "two.py").touch()
    assert release.wheel_faults(wheel, tree) == ["nbgrad/two.py is missing",
                                                 "tests/test_one.py does not belong to the package"]
    assert release.sdist_faults(sdist, tree) == ["nbgrad/two.py is missing"]


def test_a_folder_without_a_release_is_refused(tmp_path, capsys):
    assert release.main([str(tmp_path)]) == 1
    assert "has 0 wheels and 0 source distributions" in capsys.readouterr().out


@pytest.mark.parametrize("tag, date, faults", [
    ("v1.0", "2020-01-31", []),
    ("v1.0", "unreleased", ["CHANGELOG.md gives no date for 1.0"]),
    ("v1.1", "2020-01-31", ["nbgrad-1.0-py3-none-any.whl is not of v1.1",
                            "CHANGELOG.md gives no date for 1.1"]),
])
def test_a_tag_is_of_the_version_and_of_a_dated_heading(tag, date, faults, tmp_path):
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n## [1.0] - {date}\n")
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "nbgrad-1.0-py3-none-any.whl").touch()
    assert release.tag_faults(tag, tmp_path / "dist", tmp_path) == faults
