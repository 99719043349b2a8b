"""Checks the files of a release before they are uploaded.

    python tools/release.py dist
    python tools/release.py dist --tag v0.1.0       # and they are what the tag says

A package index shows the README by itself, so no link of it may lead to a file beside it or to a heading.
The wheel holds the package and nothing else; the source distribution holds what its own tests need. What is
wrong is printed, and the exit status is then 1. `nox -s release` builds the files and runs this, which needs
the package `packaging`.
"""

from __future__ import annotations

import argparse
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Sequence
from email import message_from_bytes
from pathlib import Path, PurePosixPath

from packaging.metadata import Metadata

ROOT = Path(__file__).resolve().parents[1]
CODE = re.compile(r"^(```|~~~).*?^\1|(`+).*?\2", re.DOTALL | re.MULTILINE)
# The targets of links and pictures, of references to them, and of HTML's
LINK = re.compile(r"""\]\(\s*<?([^)\s>]*)|^\s*\[[^\]]+\]:\s*<?([^\s>]+)"""
                  r"""|\b(?:href|src)\s*=\s*["']?([^"'\s>]*)""", re.MULTILINE)
MADE = {".pyc", ".png"}                   # what Python and the examples write
TESTED = ("nbgrad", "tests", "tools", "examples", "benchmarks")


def lost_links(markdown: str) -> list[str]:
    """The targets of a text's links and pictures that lead nowhere where the text stands alone."""
    targets = ["".join(groups) for groups in LINK.findall(CODE.sub("", markdown))]
    return [target for target in targets if not target.startswith(("https://", "mailto:"))]


def metadata_faults(content: bytes) -> list[str]:
    """What is wrong with a METADATA or PKG-INFO file, the text of the README in it included."""
    try:
        metadata = Metadata.from_email(content)
    except ExceptionGroup as group:
        return [str(error) for error in group.exceptions]
    faults = [f"the description links to {target!r}" for target in lost_links(metadata.description or "")]
    if not metadata.description:
        faults.append("there is no description")
    if message_from_bytes(content)["Description-Content-Type"] != "text/markdown":
        faults.append("the description is not said to be Markdown")
    if metadata.license_files != ["LICENSE"]:
        faults.append(f"the licence's file is {metadata.license_files}")
    return faults


def sources(root: Path, folders: Iterable[str]) -> set[str]:
    """The files of folders that a distribution should hold, by their paths below the root."""
    files = [path for folder in folders for path in (root / folder).rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix() for path in files if path.suffix not in MADE}


def wheel_faults(path: Path, root: Path = ROOT) -> list[str]:
    """What is wrong with a wheel that was built of a tree."""
    with zipfile.ZipFile(path) as wheel:
        names = {name for name in wheel.namelist() if not name.endswith("/")}
        about = "-".join(path.name.split("-")[:2]) + ".dist-info"
        faults = metadata_faults(wheel.read(f"{about}/METADATA"))
    expected = sources(root, ["nbgrad"])
    extra = {name for name in names if PurePosixPath(name).parts[0] != about}
    faults += [f"{name} is missing" for name in sorted(expected - names)]
    faults += [f"{name} does not belong to the package" for name in sorted(extra - expected)]
    if f"{about}/licenses/LICENSE" not in names:
        faults.append("the licence is missing")
    return faults


def sdist_faults(path: Path, root: Path = ROOT) -> list[str]:
    """What is wrong with a source distribution that was built of a tree."""
    with tarfile.open(path) as tar:
        top = path.name.removesuffix(".tar.gz")
        names = {member.name.removeprefix(f"{top}/") for member in tar if member.isfile()}
        information = tar.extractfile(f"{top}/PKG-INFO")
        assert information is not None
        faults = metadata_faults(information.read())
    return faults + [f"{name} is missing" for name in sorted(sources(root, TESTED) - names)]


def release_faults(folder: Path) -> list[str]:
    """What is wrong with a folder that should hold a release: a wheel and a source distribution."""
    wheels, sdists = sorted(folder.glob("*.whl")), sorted(folder.glob("*.tar.gz"))
    if len(wheels) != 1 or len(sdists) != 1:
        return [f"{folder} has {len(wheels)} wheels and {len(sdists)} source distributions, not one of each"]
    return [f"{wheels[0].name}: {fault}" for fault in wheel_faults(wheels[0])] + \
           [f"{sdists[0].name}: {fault}" for fault in sdist_faults(sdists[0])]


def tag_faults(tag: str, folder: Path, root: Path = ROOT) -> list[str]:
    """What keeps the files in a folder from being the release that a tag names."""
    version = tag.removeprefix("v")
    faults = [f"{path.name} is not of {tag}" for path in sorted(folder.iterdir())
              if not path.name.startswith((f"nbgrad-{version}-", f"nbgrad-{version}.tar"))]
    dated = rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$"
    if not re.search(dated, (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE):
        faults.append(f"CHANGELOG.md gives no date for {version}")
    return faults


def main(given: Sequence[str] | None = None) -> int:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tag", help="of the commit that the files were built of")
    chosen = parser.parse_args(given)
    found = release_faults(chosen.folder)
    if chosen.tag:
        found += tag_faults(chosen.tag, chosen.folder)
    print("\n".join(found) or f"{chosen.folder}: the wheel and the source distribution are sound")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
