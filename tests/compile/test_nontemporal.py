"""Kernels on arrays so large that their results are streamed past the caches."""

import numpy as np
import pytest

import nbgrad as nb

N = 1_600_003                             # elements: streamed from any dtype on, not a multiple of a block


def numbers(*shape, dtype="float64"):
    return (np.arange(np.prod(shape)) % 1013 - 500).reshape(shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "int64", "uint16"])
def test_a_large_flat_result_is_complete(dtype):
    x, y = numbers(4 * N, dtype=dtype), numbers(4 * N, dtype=dtype)[::-1].copy()
    np.testing.assert_array_equal(nb.add(x, y).numpy(), x + y)
    np.testing.assert_array_equal(nb.less(x, y).numpy(), x < y)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("cut", [
    slice(None), slice(1, None), slice(3, -5), slice(None, None, -1), slice(None, None, 2)], ids=str)
def test_operands_may_begin_anywhere_and_run_in_any_direction(cut, dtype):
    x, y = numbers(2 * N, dtype=dtype), numbers(2 * N, dtype=dtype) + 2
    np.testing.assert_array_equal(nb.multiply(x[cut], y[cut]).numpy(), x[cut] * y[cut])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("other", [
    lambda x: x[0], lambda x: x[:, :1], lambda x: x[::-1], lambda x: x[:, ::-1], lambda x: x.T.copy().T,
    lambda x: x[:1, :1], lambda x: np.float32(2.5)],
    ids=["row", "column", "upside down", "reversed", "F-ordered", "one element", "scalar"])
@pytest.mark.parametrize("shape", [(1301, 1501), (1_000_003, 2), (2, 1_000_003)])
def test_broadcast_and_turned_operands(shape, other, dtype):
    x = numbers(*shape, dtype=dtype)
    y = other(x)
    np.testing.assert_array_equal(nb.subtract(x, y).numpy(), x - y)
    np.testing.assert_array_equal(nb.subtract(y, x).numpy(), y - x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("threads", [1, 2])
def test_gradients_of_several_operands(threads, dtype):
    x, y, g = numbers(N, dtype=dtype), numbers(N, dtype=dtype) * 2, numbers(N, dtype=dtype) + 1
    before = nb.get_num_threads()
    if threads > before:
        pytest.skip("needs two threads")
    nb.set_num_threads(threads)
    try:
        found = nb.vjp(nb.multiply, x, y)[1](g)
    finally:
        nb.set_num_threads(before)
    np.testing.assert_array_equal(found[0].numpy(), g * y)
    np.testing.assert_array_equal(found[1].numpy(), g * x)
