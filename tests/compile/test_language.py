"""Kernels as functions: compiled and as plain Python they compute the same; what is refused says why."""

from __future__ import annotations

import numpy as np
import pytest

from nbgrad.compile import cache
from nbgrad.compile.cpu import language, machine, plain, words
from nbgrad.compile.cpu.dialect import written
from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import (
    Array,
    T,
    U,
    fold_add,
    inline,
    load_at,
    maximum,
    minimum,
    parallel,
    registers,
    scratch,
    shares,
    sqrt,
    store_at,
    unrolled,
)
from nbgrad.compile.functions import KernelError
from nbgrad.kernels.cpu import norm

ADDRESSES = {"cells", "peek", "peek_half", "poke"}    # what records become
LOOPS = {"parallel", "shares"}
WEIGHT = 0.25


def test_every_word_has_a_plain_meaning():
    assert set(plain.SCOPE) | set(machine.WORDS) == set(words.SCOPE) - ADDRESSES
    assert (set(language.WORDS) | set(machine.WORDS)) - LOOPS <= set(words.SCOPE)


@inline
def mean(x: Array[T], n: int, *, squared: bool):
    total = 0.0
    for i in range(n):
        total = fold_add(total, x[i] * x[i] if squared else x[i])
    return total / n, n


@kernel
def sample(out: Array[T], x: Array[T], counts: Array[U], places: Array[np.int64], n: int, eps: float,
           flag: bool, *, squared: bool) -> bool:
    """Most of what a kernel can say."""
    for row in parallel(x.size // n, least=1):
        line, kept = x[row * n:], scratch(x)
        m, count = mean(line, n, squared=squared)
        best, least = line[0], line[0]
        for j in range(n):
            kept[j] = line[j] - m
            best = maximum(best, line[j])
            least = minimum(least, line[j])
        scale = 1 / sqrt(eps + WEIGHT) if flag else 1
        for j in range(n):
            out[row * n + j] = kept[places[j]] * scale + (best - least) / count
        if row == 0:
            counts[0] = 300
            counts[1] -= 1
    for start, stop in shares(n, least=n):
        k = start
        while k < stop:
            store_at(out, k * out.itemsize, load_at(out, k * x.itemsize) + 1)
            k += 1
    pair = registers(2)
    for k2 in unrolled(2):
        pair[k2] = out[k2] + (pair[k2 - 1] if k2 > 0 else 0)
    out[0] = pair[1]
    return out[0] > 0


@pytest.mark.parametrize("dtype, count", [("float32", "uint8"), ("float64", "int32")])
def test_compiled_and_plain_agree(dtype, count):
    x = np.random.default_rng(0).normal(size=(3, 7)).astype(dtype)
    places = np.arange(7)[::-1].copy()
    results = []
    for run in (sample, plain.called("sample", sample.function, [
            x.dtype, x.dtype, np.dtype(count), places.dtype, int, float, bool], squared=True)):
        out, counts = np.zeros_like(x), np.zeros(2, count)
        fixed = {"squared": True} if run is sample else {}
        results.append((run(out, x, counts, places, 7, 1e-3, True, **fixed), out, counts))
    (first, *arrays), (second, *others) = results
    assert first == second
    rounding = 4 * np.finfo(dtype).eps * np.abs(arrays[0]).max()
    np.testing.assert_allclose(arrays[0], others[0], rtol=0, atol=rounding)
    np.testing.assert_array_equal(arrays[1], others[1])
    assert list(others[1]) == list(np.array([300, -1]).astype(count))


def test_a_kernel_is_found_by_dtypes_and_what_is_fixed():
    x = np.ones((1, 7))
    assert sample[x.dtype, np.dtype(np.int16), False] is sample[x.dtype, np.dtype(np.int16), False]
    with pytest.raises(TypeError, match="takes an array of float64 in place 0"):
        sample[x.dtype, np.dtype(np.int16), False](x.astype("f4"), x, np.zeros(2, "i2"), np.arange(7), 7,
                                                   0., True)


def test_parameters_are_annotated():
    def bare(x, n: int) -> None:
        x[0] = n

    with pytest.raises(TypeError, match="bare: x needs an annotation"):
        kernel(bare)


def test_numbers_of_a_module_are_in_the_key(monkeypatch):
    """A kernel that is in the cache is found without its text, so what the text depends on must be hashed."""
    def key():
        return cache.reached.__wrapped__("nbgrad.kernels.cpu.norm")

    before = key()
    assert before == key()
    monkeypatch.setattr(norm, "BLOCK", norm.BLOCK + 1)
    assert before != key()


def assigned_outside(out: Array[T], n: int) -> None:
    k = 0
    for i in parallel(n, least=1):
        k = i
    out[0] = k


def returning(out: Array[T], n: int) -> bool:
    for i in parallel(n, least=1):
        out[i] = 0
        if out[i] > 0:
            return True
    return False


def named_start(out: Array[T], n: int) -> None:
    start = 3
    for i in parallel(n, least=1):
        out[i] = start


def without_least(out: Array[T], n: int) -> None:
    for i in parallel(n):
        out[i] = 0


@pytest.mark.parametrize("function, what", [
    (assigned_outside, "assigned in a loop over threads and outside"), (returning, "does not return"),
    (named_start, "names of the loop over threads"), (without_least, "2 arguments")])
def test_loops_over_threads_are_checked(function, what):
    with pytest.raises(KernelError, match=what) as error:
        written("k", function, ["out", "n"], [np.dtype(np.float64), int], {})
    assert function.__name__ in str(error.value)


def test_memory_is_read_as_it_lies():
    whole = np.arange(12, dtype=np.int16).reshape(3, 4)
    x = Array(whole[::-1, ::2])
    assert x.size == 6
    assert [x.read(k * whole.strides[0]) for k in (0, -1, -2)] == [8, 4, 0]
    y = Array(whole)
    y[3] = 70_000
    assert whole[0, 3] == 70_000 - 65_536
    assert y[4:][-1] == whole[0, 3]
    for place in (-1, 12):
        with pytest.raises(IndexError, match="outside of Array"):
            y[place]
    assert maximum(0.0, -0.0) == 0 and not np.signbit(maximum(-0.0, 0.0)) and np.signbit(minimum(0.0, -0.0))
    assert np.isnan(maximum(1.0, np.nan)) and np.isnan(minimum(np.nan, 1.0))
