"""The examples run as a user runs them: exit status, printed summary and picture."""

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import nbgrad

ROOT = Path(__file__).parents[1]


def run(name, tmp_path, *arguments):
    """(exit status, printed text) of an example, in which every warning is an error, run in tmp_path."""
    library = str(Path(nbgrad.__file__).parents[1])
    path = os.pathsep.join(filter(None, [library, os.environ.get("PYTHONPATH")]))
    around = {**os.environ, "PYTHONPATH": path, "NBGRAD_TIER": "auto"}
    done = subprocess.run([sys.executable, "-W", "error", ROOT / "examples" / f"{name}.py", *arguments],
                          cwd=tmp_path, env=around, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def number(pattern, text):
    """The number that the group of a pattern holds in the text."""
    found = re.search(pattern, text)
    assert found, f"{pattern!r} is not in {text!r}"
    return float(found[1])


def check_picture(file):
    """It is a PNG of a sensible size, and not of one colour."""
    content = file.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    assert 800 <= width <= 3000
    assert 400 <= height <= 2000
    assert len(content) > 20_000


def test_digits_reads_97_percent(tmp_path):
    status, text = run("digits", tmp_path)
    assert status == 0
    assert number(r"test accuracy +([\d.]+)%", text) >= 97
    assert number(r"train accuracy +([\d.]+)%", text) >= 99
    assert number(r"(\d+) parameters", text) == 64 * 256 + 256 + 256 * 128 + 128 + 128 * 10 + 10
    assert "1347 for training, 450 for the test" in text
    assert 0 < number(r"first step +([\d.]+) s", text) <= number(r"in all +([\d.]+) s", text)
    check_picture(tmp_path / "digits.png")


def test_digits_fails_below_its_goal_and_takes_options(tmp_path):
    status, text = run("digits", tmp_path, "--epochs", "1", "--seed", "1", "--out", "early.png")
    assert status == 1
    assert 50 < number(r"test accuracy +([\d.]+)%", text) < 97
    check_picture(tmp_path / "early.png")


def test_descent(tmp_path):
    status, text = run("descent", tmp_path, "--steps", "100")
    assert status == 0
    assert number(r"slope +(-?[\d.]+) along", text) < 0
    for method in ("plain", "momentum", "Adam"):
        assert number(method + r" .*, (\S+) from a minimum", text) < 0.1
    check_picture(tmp_path / "descent.png")


def test_regression(tmp_path):
    status, text = run("regression", tmp_path, "--seed", "1")
    assert status == 0
    assert number(r"weights within (\S+) of the closed form", text) < 1e-5
    closed = number(r"closed form +([\d.]+)\n", text)
    assert number(r"least squares +([\d.]+) +-", text) == closed
    assert abs(number(r"maximum likelihood +([\d.]+) +-", text) - closed) < 0.02
    constant, growing = [number(name + r" +[\d.]+ +(-[\d.]+)", text) for name in ("squares", "likelihood")]
    assert constant < growing
    check_picture(tmp_path / "regression.png")


def test_estimator_passes_scikit_learns_checks(tmp_path):
    status, text = run("estimator", tmp_path, "--penalty", "0.5")
    assert status == 0
    assert number(r"(\d+) checks passed", text) > 40
    assert number(r"(\d+) failed", text) == 0
    assert number(r"weights within (\S+) of", text) < 1e-4
    assert number(r"([\d.]+)% of irises", text) > 94
    check_picture(tmp_path / "estimator.png")


def test_clicks_exceed_a_workers_memory(tmp_path):
    pytest.importorskip("distributed")
    status, text = run("clicks", tmp_path)
    assert status == 0
    found = re.search(r"([\d.]+) MiB in all\n.* at most ([\d.]+) MiB; ([\d.]+) MiB were taken", text)
    size, limit, taken = map(float, found.groups())
    assert taken < limit < size
    assert number(r"within ([\d.]+) standard errors", text) < 4
    check_picture(tmp_path / "clicks.png")


def test_greeks_are_those_of_the_closed_forms(tmp_path):
    status, text = run("greeks", tmp_path)
    assert status == 0
    assert number(r"delta +([\d.]+) ", text) == 0.69908659
    assert all(number(name + r" .* (\S+) from the closed form", text) < 1e-12
               for name in ("gamma", "vega", "theta", "vanna", "speed"))
    check_picture(tmp_path / "greeks.png")


def test_poisson_finds_what_scikit_learn_finds(tmp_path):
    status, text = run("poisson", tmp_path, "--seed", "2")
    assert status == 0
    assert number(r"scikit-learn +(\S+) away", text) < 1e-5
    assert number(r"range +(\d) of 6", text) >= 4
    check_picture(tmp_path / "poisson.png")


def test_newton_arrives_and_descent_does_not(tmp_path):
    status, text = run("newton", tmp_path)
    assert status == 0
    ways = [number(name + r" .* weights (\S+) from", text)
            for name in ("Newton ", "Newton without a Hessian", "gradient descent")]
    assert max(ways[:2]) < 1e-4 < ways[2]
    check_picture(tmp_path / "newton.png")


def test_heat_finds_the_conductivities(tmp_path):
    status, text = run("heat", tmp_path, "--seed", "1")
    assert status == 0
    assert number(r"conductivity +(\d+)% off", text) < 15
    check_picture(tmp_path / "heat.png")


def test_deblur_removes_half_of_the_error(tmp_path):
    status, text = run("deblur", tmp_path)
    assert status == 0
    assert number(r"restored +error (\S+)", text) < number(r"photograph +error (\S+)", text) / 2
    check_picture(tmp_path / "deblur.png")


def test_hmc_draws_from_the_banana(tmp_path):
    status, text = run("hmc", tmp_path, "--seed", "3")
    assert status == 0
    assert number(r"draws.* (\d+)% accepted", text) > 90
    assert abs(number(r"\ny .*spread (\S+) ", text) - 1) < 0.2
    check_picture(tmp_path / "hmc.png")


def test_minimise_needs_fewer_evaluations_with_derivatives(tmp_path):
    status, text = run("minimise", tmp_path)
    assert status == 0
    differences, gradient, hessian = [number(name + r" +(\d+) evaluations", text)
                                      for name in ("BFGS, differences", "BFGS, gradient", "and Hessian")]
    assert differences > 5 * gradient > 5 * hessian
    check_picture(tmp_path / "minimise.png")


def test_estimator_finds_the_quantiles(tmp_path):
    status, text = run("quantiles", tmp_path)
    assert status == 0
    assert [abs(number(rf"quantile {q}% +(\S+)% of", text) - q) < 4 for q in (10, 50, 90)] == [True] * 3
    check_picture(tmp_path / "quantiles.png")


def test_pendulum_finds_its_length(tmp_path):
    status, text = run("pendulum", tmp_path)
    assert status == 0
    assert abs(number(r"length \(m\) +0.80 +1.00 +(\S+)", text) - 0.8) < 0.02
    check_picture(tmp_path / "pendulum.png")


def test_kepler_finds_the_orbit(tmp_path):
    status, text = run("kepler", tmp_path)
    assert status == 0
    assert abs(number(r"eccentricity +0.55 +(\S+)", text) - 0.55) < 0.08
    check_picture(tmp_path / "kepler.png")


def test_every_example_is_tested():
    text = Path(__file__).read_text(encoding="utf-8")
    assert all(f'run("{path.stem}", tmp_path' in text for path in (ROOT / "examples").glob("*.py"))
