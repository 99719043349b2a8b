"""The documentation's pictures: they are drawn from stored figures, which name what they were measured on."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import figures
import special_errors
from figures import ROOT

from nbgrad.compile import tiers


def test_pictures_are_drawn_from_the_stored_figures(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    figures.main(["draw", "--into", str(tmp_path)])
    speed = (tmp_path / "speed.svg").read_text()
    assert "gradient of sum((A B)^2)" in speed and "nbgrad" in speed and "microseconds" in speed
    assert "empty cache" in (tmp_path / "first_call.svg").read_text()
    accuracy = (tmp_path / "accuracy.svg").read_text()
    assert "softplus" in accuracy and "second partials" in accuracy


def test_the_stored_figures_name_machine_commit_and_versions():
    stored = json.loads(figures.FIGURES.read_text())
    assert stored["processor"] and stored["threads"] == 1 and re.fullmatch("[0-9a-f]{7,}", stored["commit"])
    assert stored["versions"]["numpy"]
    assert all(times.keys() == {str(n) for n in figures.SIZES} for work in stored["by_size"].values()
               for times in work.values())
    assert all(len(times) == figures.ROUNDS for times in stored["first_calls"].values())
    assert all(0 < error < 100 for errors in stored["accuracy"].values() for error in errors.values())
    assert all(0 <= error <= 8 for found in stored["derivatives"].values() for both in found.values()
               for error in both)


def test_errors_of_special_functions_are_stored_and_can_be_measured_again():
    stored = json.loads(figures.FIGURES.read_text())["special"]
    assert re.fullmatch("[0-9a-f]{7,}", stored["commit"])
    assert all(errors.keys() == special_errors.CASES.keys() for errors in stored["errors"].values())
    assert all(np.isfinite(both).all() and both[1] < 5000
               for errors in stored["errors"].values() for both in errors.values())
    with tiers.chosen("interpreted"):
        np.testing.assert_allclose(special_errors.largest("exprel", np.float64),
                                   stored["errors"]["float64"]["exprel"], atol=2)
        lines = list(special_errors.measure("logit", np.float32))
    assert [good for _, good in lines] == [True, True]
    assert "logit            dx       float32  max" in lines[1][0]


def test_pictures_of_the_documentation_exist():
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for name in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / name).is_file(), f"{page.name} shows {name}, which is not there"
