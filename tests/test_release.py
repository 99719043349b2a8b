"""What a release says of itself in several files is the same."""

import re
from pathlib import Path

import nbgrad as nb

ROOT = Path(__file__).parents[1]


def test_the_version_is_one():
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    assert cited
    assert cited[1] == nb.__version__
    assert f"## [{nb.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
