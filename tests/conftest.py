"""Fixtures of all tests. Kernels are kept in the cache folder of ordinary use (see NBGRAD_CACHE_DIR)."""

import numpy as np
import pytest

from nbgrad.registry import OPS


def pytest_addoption(parser):
    parser.addoption("--seconds", type=float, default=60, help="how long eight threads take gradients")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def own_ops():
    """Ops that a test declares are gone from the table after it."""
    before = dict(OPS)
    yield
    OPS.clear()
    OPS.update(before)
