"""Fixtures of all tests. Kernels are kept in the cache folder of ordinary use (see NBGRAD_CACHE_DIR)."""

import gc
from importlib import import_module
from pathlib import Path

import environment  # noqa: F401  before nbgrad is imported
import numpy as np
import pytest

import nbgrad as nb
import nbgrad.linalg  # its ops are in the table once it is imported
from nbgrad.arrays import cuda
from nbgrad.define.registry import OPS


def pytest_addoption(parser):
    parser.addoption("--seconds", type=float, default=20, help="how long eight threads take gradients")
    parser.addoption("--ptx", metavar="FOLDER", help="run on CUDA's PTX, interpreted, and keep it there")


def pytest_configure(config):
    """With --ptx all tensors are on a CUDA device that there is not: see tests/ptx."""
    folder = config.getoption("--ptx")
    if folder is not None:
        front = import_module("ptx.front")
        config.stash[_FRONT] = front.Front(Path(folder))
        cuda.connect("cuda", config.stash[_FRONT], **front.LAUNCHES)
        nb.device("cuda").__enter__()


def pytest_collection_finish():
    """Modules and tests stay to the end: the collector, which compiling keeps busy, need not look at them."""
    gc.collect()
    gc.freeze()


def pytest_ignore_collect(collection_path):
    """What is the same everywhere is asked of devices: for the CPU, other tests ask all of it."""
    if collection_path.name.startswith("test_everywhere") and nb.ones(1).device == "cpu":
        return True
    return None


def pytest_terminal_summary(terminalreporter, config):
    if _FRONT in config.stash:
        count = len(list(Path(config.getoption("--ptx")).glob("*.ptx")))
        terminalreporter.write_line(f"{count} kernels were compiled to PTX and executed")


_FRONT = pytest.StashKey()


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def own_ops():
    """Ops that a test declares are gone from the table after it, whichever test comes next."""
    before = dict(OPS)
    yield
    OPS.clear()
    OPS.update(before)
