"""Kernels compiled by the tests are kept where NBGRAD_CACHE_DIR says, or in the user's cache folder, as in ordinary use."""

import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(0)
