"""The pool of large arrays: memory comes back when the last user of it is gone, and never before."""

import gc
import threading

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.arrays import memory
from nbgrad.compile.cpu import pool
from nbgrad.engine.tensor import raw

LARGE = memory.POOLED // 8 + 11


@pytest.fixture(autouse=True)
def started():
    pool.start(1 << 20)


def address(array):
    return array.__array_interface__["data"][0]


def handler(array):
    return np._core.multiarray.get_handler_name(array)


def test_large_arrays_come_from_the_pool_and_small_ones_do_not():
    assert handler(memory.empty((LARGE,), np.float64)) == "nbgrad"
    assert handler(raw(nb.asarray(np.ones(LARGE)) * 2)) == "nbgrad"
    assert handler(memory.empty((10,), np.float64)) == "default_allocator"
    assert handler(raw(nb.asarray(np.ones(10)) * 2)) == "default_allocator"
    assert handler(np.empty(LARGE)) == "default_allocator"


def test_memory_is_used_again():
    x = nb.asarray(np.ones(LARGE))
    seen = {address(raw(x * k)) for k in range(20)}
    assert len(seen) <= 2
    assert address(raw(x * 2)) % 64 == 0


@pytest.mark.parametrize("keep", [
    lambda a: a[::3], lambda a: a[5:].reshape(-1, 1), memoryview, lambda a: np.frombuffer(memoryview(a)),
    lambda a: np.lib.stride_tricks.as_strided(a, (3,), (8,)), lambda a: a.view(np.uint8), lambda a: a.T])
def test_memory_in_use_is_never_given_away(keep):
    x = nb.asarray(np.ones(LARGE))
    kept = keep(np.asarray(x * 7.0))
    gc.collect()
    others = [raw(x * 3.0) for _ in range(4)]
    found = np.asarray(kept)
    assert np.all((found if found.dtype == np.float64 else found.view(np.float64)) == 7)
    assert all(np.all(other == 3) for other in others)


def test_arrays_that_numpy_resizes_stay_whole():
    a = memory.empty((LARGE,), np.float64)
    a[:] = np.arange(LARGE)
    a.resize(3 * LARGE, refcheck=False)
    np.testing.assert_array_equal(a[:LARGE], np.arange(LARGE))
    a.resize(10, refcheck=False)
    a.resize(LARGE, refcheck=False)
    np.testing.assert_array_equal(a[:10], np.arange(10))


def test_many_sizes_at_once_and_more_than_the_pool_has_room_for():
    rng = np.random.default_rng(0)
    alive = {}
    for step in range(600):
        n = int(rng.integers(LARGE, 12 * LARGE))
        a = memory.empty((n,), np.float64)
        a[0] = a[-1] = step
        alive[step] = a
        for old in rng.choice(list(alive), size=min(len(alive), 2)):
            if old in alive and len(alive) > 90:
                del alive[old]
        assert all(a[0] == k and a[-1] == k for k, a in alive.items())


def test_memory_that_is_not_to_be_had_is_an_error():
    with pytest.raises(MemoryError):
        memory.empty((1 << 59,), np.float64)
    assert handler(memory.empty((LARGE,), np.float64)) == "nbgrad"
    assert handler(np.empty(LARGE)) == "default_allocator"


def test_python_threads_take_and_give_at_once():
    x = nb.asarray(np.ones(LARGE))
    wrong = []

    def work(k):
        for _ in range(200):
            y = x * float(k)
            if not np.all(raw(y) == k):
                wrong.append(k)

    workers = [threading.Thread(target=work, args=(k,)) for k in range(5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong
