"""What is public stays so, and nothing else is shown: the names of the package, its modules and Tensor."""

from importlib import import_module
from pathlib import Path

import pytest

import nbgrad as nb

NAMES: dict[str, list[str]] = {}
for line in (Path(__file__).parent / "public_names.txt").read_text().splitlines():
    if line.startswith("["):
        names = NAMES.setdefault(line.strip("[]"), [])
    else:
        names += line.split()


def named(path):
    return nb.ones((2, 2)) if path == "nbgrad.Tensor" else import_module(path)


@pytest.mark.parametrize("path", NAMES)
def test_what_is_public_is_what_the_list_says(path):
    """A new name is entered in the list; one that is gone breaks somebody's program."""
    shown = {name for name in dir(named(path)) if not name.startswith("_")}
    assert shown == {name for name in NAMES[path] if not name.startswith("_")}
    assert all(hasattr(named(path), name) for name in shown)


def test_a_star_import_brings_the_public_names():
    space = {}
    exec("from nbgrad import *", space)
    assert set(NAMES["nbgrad"]) <= set(space)


@pytest.mark.parametrize("path", ["nbgrad", "nbgrad.fft", "nbgrad.interop", "nbgrad.linalg", "nbgrad.optim",
                                  "nbgrad.random", "nbgrad.signal", "nbgrad.special", "nbgrad.stats",
                                  "nbgrad.testing"])
def test_what_is_public_says_what_it_does(path):
    silent = [name for name in dir(named(path))
              if not name.startswith("_") and callable(getattr(named(path), name))
              and not (getattr(named(path), name).__doc__ or "").strip()]
    assert not silent
