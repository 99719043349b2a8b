"""A release: what several files say of it is the same, and an index and pip can read its files."""

import ast
import io
import re
import shlex
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import release
import yaml
from packaging.requirements import Requirement

import nbgrad as nb

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RECIPE = yaml.safe_load((ROOT / "recipe" / "recipe.yaml").read_text(encoding="utf-8"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def test_the_version_is_one():
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    assert cited
    assert cited[1] == nb.__version__ == RECIPE["context"]["version"]
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


def words(requirement):
    """A requirement as conda writes it."""
    found = Requirement(requirement)
    return f"{found.name} {found.specifier}"


def test_the_recipe_asks_for_what_the_package_asks_for():
    python = f"python {PROJECT['requires-python']}"
    assert set(RECIPE["requirements"]["run"]) == {python, *map(words, PROJECT["dependencies"])}
    system = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    assert set(RECIPE["requirements"]["host"]) == {python, "pip", *map(words, system["requires"])}
    assert RECIPE["package"]["name"] == PROJECT["name"]
    assert RECIPE["about"]["summary"] == PROJECT["description"]
    assert RECIPE["about"]["license"] == PROJECT["license"]


@pytest.mark.parametrize("extra", ["", *PROJECT["optional-dependencies"]])
def test_nothing_keeps_numpy_numba_or_scipy_back(extra):
    """Neither we nor an extra of ours: what is newer than our last release can be installed with it."""
    for text in PROJECT["optional-dependencies"].get(extra, PROJECT["dependencies"]):
        required = Requirement(text)
        bounds = {specifier.operator for specifier in required.specifier} - {">=", ">", "!="}
        if required.name in ("numpy", "numba", "scipy", "llvmlite", "numba-cuda"):
            assert not bounds, f"{extra}: {text}"
        assert required.name != "pytensor", "it asks for an older Numba"


def sessions():
    """The names of nox's sessions, one for each Python where there are several."""
    for node in ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            keywords = getattr(node.decorator_list[0], "keywords", [])
            given = {keyword.arg: ast.literal_eval(keyword.value) for keyword in keywords}
            name = given.get("name", node.name)
            yield from [f"{name}-{python}" for python in given["python"]] if "python" in given else [name]


def commands(workflow):
    """The words of each command of a workflow, once for each Python of its matrix."""
    for job in workflow["jobs"].values():
        for python in job.get("strategy", {}).get("matrix", {}).get("python", [""]):
            for step in job["steps"]:
                lines = step.get("run", "").replace("${{ matrix.python }}", python).splitlines()
                yield from map(shlex.split, lines)


def lost(command, known):
    """The sessions and files that a command names and that are not there."""
    if command[:2] == ["nox", "-s"]:
        return [session for session in command[2:] if session not in known]
    return [word for word in command if "/" in word and not (ROOT / word).exists()]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_workflows_run_what_is_there(file):
    workflow, known = yaml.safe_load(file.read_text(encoding="utf-8")), set(sessions())
    found = list(commands(workflow))
    assert found and any(command[:2] == ["nox", "-s"] for command in found)
    for command in found:
        assert not lost(command, known), f"{file.name}: {command}"
    for job in workflow["jobs"].values():
        assert all(("run" in step) != ("uses" in step) for step in job["steps"])
        assert "timeout-minutes" in job and set(job.get("needs", "").split()) <= set(workflow["jobs"])


def test_a_workflow_that_names_what_is_not_there_is_found():
    known = set(sessions())
    assert {"lint", "types", "release", "tests-3.11", "bench-compare"} <= known
    assert lost(["nox", "-s", "lint", "tests"], known) == ["tests"]
    assert lost(["python", "tools/nothing.py"], known) == ["tools/nothing.py"]


def test_workflows_test_every_python_that_the_package_claims():
    claimed = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if "Python :: 3." in line]
    tests = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8"))
    assert tests["jobs"]["tests"]["strategy"]["matrix"]["python"] == claimed
    assert {f"tests-{python}" for python in claimed} <= set(sessions())


def test_only_the_job_that_publishes_may_say_who_it_is():
    for file in WORKFLOWS:
        workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {"contents": "read"}
        trusted = [name for name, job in workflow["jobs"].items() if "permissions" in job]
        assert trusted == (["publish"] if file.stem == "release" else [])
