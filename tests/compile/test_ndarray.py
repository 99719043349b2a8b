"""Operands: kernels read NumPy's arrays where they keep their fields, and make new ones."""

import sys

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.arrays.devices import SUPPORTED
from nbgrad.engine.tensor import raw


@pytest.mark.parametrize("dtype", sorted(map(str, SUPPORTED)))
@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 0, 3), (2, 3, 4), (1,) * 20])
def test_results_are_ordinary_arrays(shape, dtype):
    x = np.ones(shape, dtype)
    z = raw(nb.square(nb.asarray(x)) if x.dtype.kind == "c" else nb.maximum(nb.asarray(x), nb.asarray(x)))
    assert type(z) is np.ndarray
    assert z.dtype == x.dtype
    assert z.dtype is x.dtype
    assert z.shape == shape
    assert z.flags.c_contiguous
    assert z.flags.owndata
    assert z.flags.writeable
    np.testing.assert_array_equal(z, x)


@pytest.mark.parametrize("layout", ["C", "F", "backwards", "gaps", "broadcast", "transposed"])
def test_every_layout_is_read_right(layout):
    x = np.arange(24.0).reshape(4, 6) / 24
    seen = {"C": x, "F": np.asfortranarray(x), "backwards": x[::-1, ::-1], "gaps": x[::2, ::3],
            "broadcast": np.broadcast_to(x[0], (4, 6)), "transposed": x.T}[layout]
    np.testing.assert_allclose(nb.backend.tanh(seen), np.tanh(seen), rtol=1e-15)
    np.testing.assert_allclose(raw(nb.tanh(nb.asarray(seen, copy=None))), np.tanh(seen), rtol=1e-15)


def test_results_keep_the_memory_order_of_their_operands():
    x = np.asfortranarray(np.ones((3, 4)))
    assert raw(nb.exp(nb.asarray(x, copy=False))).flags.f_contiguous


def test_no_reference_is_lost_or_kept():
    x, dtype = nb.asarray(np.ones(1000)), np.dtype(np.float64)
    z = raw(nb.exp(x))
    own = sys.getrefcount(z)

    def calls():
        for _ in range(1000):
            nb.exp(x)
            nb.add(x, x)
            nb.add(x, x[:1])                   # declined by the flat kernel

    calls()                                    # kernels are compiled meanwhile, and kept
    before, inner = sys.getrefcount(dtype), sys.getrefcount(raw(x))
    calls()
    after, later = sys.getrefcount(dtype), sys.getrefcount(raw(x))
    assert own == 2
    assert later == inner
    assert abs(after - before) < 10


def test_a_shortage_of_memory_is_an_error_and_nothing_else():
    resource = pytest.importorskip("resource")
    x = nb.asarray(np.ones(30_000_000))
    kept = nb.square(x)                        # so that no memory waits in the pool
    np.testing.assert_array_equal(raw(kept)[:3], 1)
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    limit = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + 50_000_000, limit[1]))
    try:
        with pytest.raises(MemoryError):
            nb.square(x)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limit)
    assert float(nb.square(3.0)) == 9
