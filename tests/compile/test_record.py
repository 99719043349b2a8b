"""Records: compiled and as plain Python they read and write the same memory; what is refused says where."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pytest

from nbgrad.compile import linker
from nbgrad.compile.cpu import objects, plain, pool
from nbgrad.compile.cpu.dialect import written
from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import Array, T, shares
from nbgrad.compile.cpu.machine import address, matmul_float32, matmul_float64, reference
from nbgrad.compile.cpu.objects import PyArray, PyObject
from nbgrad.compile.functions import KernelError
from nbgrad.compile.record import Cells, Int32, Record, Table, fields, width
from nbgrad.define import fastpath
from nbgrad.kernels.cpu.product import multiplied

FLOATS = {"float32": matmul_float32, "float64": matmul_float64}


class Pair(Record):
    first: int
    second: int


class Half(Record):
    low: Int32
    high: Int32
    after: int


class Sample(Half):
    pair: Pair
    numbers: Annotated[Cells[int], 3]
    pairs: Annotated[Table[Pair], 2]
    rest: Cells[Pair]


def test_fields_lie_as_c_lays_them_out():
    assert {name: field.offset for name, field in fields(Sample).items()} == {
        "low": 0, "high": 4, "after": 8, "pair": 16, "numbers": 24, "pairs": 48, "rest": 80}
    assert (width(Pair), width(Half), width(Sample)) == (16, 16, 80)


def test_a_record_in_python():
    x, pair = Sample(), Pair()
    x.low, x.high, x.after = -1, 2, -(1 << 62)
    x.pair, pair.second = pair, 7
    x.numbers[2] = 5
    x.pairs[1].first = 6
    assert (x.low, x.high, x.after, x.pair.second) == (-1, 2, -(1 << 62), 7)
    assert [x.numbers[i] for i in range(3)] == [0, 0, 5]
    assert x.pair == pair == int(pair) and x.pair != x and len({x.pair, pair}) == 1
    assert Pair(int(x.pairs[1])).first == 6
    assert pair and not Pair(0)
    with pytest.raises(IndexError):
        x.numbers[3] = 0
    with pytest.raises(AttributeError, match="Pair has no field third"):
        pair.third = 1
    with pytest.raises(AttributeError, match="Pair has no field third"):
        assert pair.third
    with pytest.raises(TypeError, match="pairs of Sample is written cell by cell"):
        x.pairs = 5
    with pytest.raises(TypeError, match="field by field"):
        x.pairs[0] = pair


def larger(x: Pair, y: Pair) -> Pair:
    if not x:
        return y
    return x if y and x.first > y.first else y


@kernel(gil=True)
def worked(x: Sample, n: int, *, places: int) -> int:
    """Most of what is done with records."""
    own, best = Sample(), Pair(0)
    own.after = n
    own.numbers[n] = own.after * 10
    x.numbers[1] += own.numbers[n] + x.low + x.high
    for i in range(places):
        x.pairs[i].second = x.pair.first if i < n and x.pair else -1
        best = larger(best, x.pairs[i])
    x.pair = best
    for start, stop in shares(n, least=n):
        x.after = stop - start
    return best.first if best and x.pair == best else 0


def test_compiled_and_plain_agree():
    found = []
    for plainly in (False, True):
        x, pair = Sample(), Pair()
        x.low, x.high, x.pair, pair.first = -3, 1, pair, 9
        x.pairs[0].first, x.pairs[1].first = 4, 3
        run = plain.called("worked", worked.function, [Sample, int], places=2) if plainly else (
            lambda x, n: linker.bind(worked[2], x)(n))
        given = run(x, 1)
        found.append((given, x.after, [x.numbers[i] for i in range(3)], x.pair == x.pairs[0],
                      [x.pairs[i].second for i in range(2)]))
    assert found[0] == found[1] == (4, 1, [0, 8, 0], True, [9, -1])


@kernel(gil=True)
def dtype_of(x: Array[T]):
    out = PyArray(address(x)).descr
    out.head[0] += 1
    return reference(out)


@pytest.mark.parametrize("run", [dtype_of, plain.called("dtype_of", dtype_of.function, [np.dtype(float)])])
def test_objects_are_records(run):
    assert run(np.ones(3)) is np.dtype(float)


def unknown_field(x: Sample, n: int) -> int:
    n += 1
    return x.pairs[n].third


def wrong_kind(x: Sample, n: int) -> None:
    x.pair = n


def wrong_record(x: Sample, n: int) -> None:
    x.pair = x


def wrong_argument(x: Sample, n: int) -> None:
    larger(x.pair, n)


def half_written(x: Sample, n: int) -> None:
    x.low = n


@pytest.mark.parametrize("function, line, message", [
    (unknown_field, 2, "Pair has no field third"), (wrong_kind, 1, "Pair and int do not go together"),
    (wrong_record, 1, "Sample and Pair do not go together|Pair and Sample do not go together"),
    (wrong_argument, 1, "Pair and int do not go together"), (half_written, 1, "64 bits are written to")])
def test_what_is_wrong_is_named_with_its_place(function, line, message):
    place = function.__code__.co_firstlineno + line
    with pytest.raises(KernelError, match=rf"test_record.py, line {place}: .*({message})"):
        written("k", function, ["x", "n"], [Sample, int], {}, gil=True)


# --------------------------------------------------------------------------------- the library's records
def test_objects_are_laid_out_as_described():
    assert objects.known()


@pytest.mark.skipif(fastpath._engine() is None, reason="no fast path on this Python")
def test_the_engine_s_objects_are_laid_out_as_described(monkeypatch):
    assert fastpath._as_described()

    class Swapped(PyObject):
        view: PyObject
        views: PyObject
        mark: PyObject
        value: PyObject
        trace: PyObject

    monkeypatch.setattr(fastpath, "PyTensor", Swapped)
    assert not fastpath._as_described()
    assert fastpath._engine.__wrapped__() is None


def test_the_pool_as_python():
    memory = pool.Pool()
    memory.allowed = 1 << 24
    sizes = [1 << 20, 1 << 21, 1 << 22]
    blocks = [pool.take(memory, size) for size in sizes]
    assert all(block and block % 64 == 0 for block in blocks)
    for block, size in zip(blocks, sizes, strict=True):
        pool.give(memory, block, size)
    assert (memory.count, memory.held) == (3, sum(sizes))
    assert pool.take(memory, (1 << 21) - 9) == blocks[1]
    assert (memory.count, memory.held) == (2, (1 << 20) + (1 << 22))
    grown = pool.resized(memory, blocks[1], 1 << 22)
    assert grown == blocks[2] and memory.count == 2
    other = pool.take(memory, 1 << 23)
    assert other not in blocks
    for block in (grown, other, pool.cleared(memory, 1 << 10, 1 << 10)):
        pool.give(memory, block, 0)
    for _ in range(2):
        pool.give(memory, pool.take(memory, 1 << 24), 0)
    assert (memory.count, memory.held) == (1, 1 << 24)
    memory.allowed = 0
    pool.give(memory, pool.take(memory, 1 << 24), 0)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("a, b", [
    ((3, 4), (4, 5)), ((4,), (4, 5)), ((3, 4), (4,)), ((4,), (4,)), ((2, 3, 4), (4, 5)),
    ((2, 1, 3, 4), (6, 4, 5)), ((3, 4), (3, 4)), ((0, 4), (4, 5)), ((), (4,))])
def test_products_as_python(a, b, dtype):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=a).astype(dtype), rng.normal(size=b).astype(dtype)
    kind = np.dtype(dtype)
    run = plain.called("product", multiplied.function, [kind, kind], number=kind.num, loop=FLOATS[dtype])
    compiled = multiplied[kind, kind.num, FLOATS[dtype]]
    z, w = run(x, y), compiled(x, y)
    if z is None:
        assert w is None and (a, b) not in (((3, 4), (4, 5)), ((4,), (4,)))
    else:
        np.testing.assert_array_equal(z, w)
        np.testing.assert_allclose(z, x @ y, rtol=1e-4)


