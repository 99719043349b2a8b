"""Kernels for CUDA as functions: what the compile step makes of them, and refuses."""

import pytest

from nbgrad.compile.cuda import language
from nbgrad.compile.cuda.dialect import Cuda
from nbgrad.compile.cuda.language import (
    any_thread,
    batch,
    blocks,
    grid,
    lane,
    lanes,
    log,
    maximum,
    narrow,
    shared,
    sign,
    sqrt,
    strided,
    sync,
    threads,
    unrolled,
    wide,
)
from nbgrad.compile.cuda.views import View
from nbgrad.compile.functions import KernelError
from nbgrad.compile.syntax import prepared

F32 = View("float32")
WORDS = {any_thread, batch, blocks, grid, lane, lanes, log, maximum, narrow, shared, sign, sqrt, strided,
         sync, threads, unrolled, wide}


def text(function, *kinds, loops=1, **fixed):
    """The text of a kernel for blocks of 8 threads, and of the function that arranges its arguments."""
    dialect = Cuda("float32", 8, loops)
    found = prepared(function, kinds, fixed, dialect, f"k_{function.__name__}")
    names = function.__code__.co_varnames[:function.__code__.co_argcount]
    return found.text, dialect.head.arrange(list(names))


def scaled(out, x, step: wide, *, back):
    n = x.shape[-1]
    x, out = x.reshape(-1, n, n), out.reshape(-1, n)
    for matrix in blocks(out.size // n):
        rows = x[matrix].T if back else x[matrix]
        for j in lanes(1, n):
            out[matrix, j] = rows[j, 0] / n + 1.5


def test_the_text_of_a_kernel():
    found, arrange = text(scaled, F32, F32, "int64", back=True)
    assert found == """\
def k_scaled(count_, n, out, p_out_, x, p_x_):
    count_ = uint32(count_)
    n = uint32(n)
    d_x_1_ = n
    d_x_2_ = n
    d_out_1_ = n
    matrix = uint32(cuda.blockIdx.x)
    while matrix < count_:
        rows = x
        p_rows_ = p_x_ + int64(uint32(matrix * d_x_1_ * d_x_2_))
        d_rows_1_ = d_x_2_
        j = uint32(uint32(1) + uint32(cuda.threadIdx.x))
        while j < n:
            out[uint64(p_out_ + int64(uint32(matrix * d_out_1_ + j)))] = \
rows[uint64(p_rows_ + int64(uint32(uint32(0) * d_rows_1_ + j)))] / float32(n) + float32(1.5)
            j = uint32(j + uint32(8))
        matrix = uint32(matrix + uint32(cuda.gridDim.x))"""
    assert arrange == """\
def arrange(lengths_, strides_, out, x, step):
    n = x.shape[-1]
    count_ = out.size // n
    return count_, (count_, n, *out.flat, *x.flat,)
"""


def lined(out, x, y, z):
    out, x, y = batch(out, 1), batch(x, 2), strided(y, 2)
    for i in grid(z.size):
        matrix = x[i]
        line = out[i]
        line[0] = matrix[i, 1] + y[i, 0]


def test_batches_and_strides():
    found, arrange = text(lined, F32, F32, F32, F32, loops=2)
    assert "p_matrix_ = p_x_ + int64(at_0_) * b_x_0_ + int64(at_1_) * b_x_1_" in found
    assert "matrix[uint64(p_matrix_ + int64(i) * s_matrix_0_ + int64(uint32(1)) * s_matrix_1_)]" in found
    assert "y[uint64(p_y_ + int64(i) * s_y_0_ + int64(uint32(0)) * s_y_1_)]" in found
    assert ("return count_, (count_, *lengths_[1:], *out.flat, *strides_[0], *x.flat, *strides_[1], *y.flat, "
            "*y.steps,)") in arrange


def cut(out, x, y, n):
    x, y = x.reshape(-1, n), strided(y, 2)
    for i in grid(out.size):
        rest, right = x[i:], y.T[i:].T
        out[i] = rest[0, 1] + right[0, 1]


def test_views_that_begin_later():
    found, _ = text(cut, F32, F32, F32, "uint32")
    assert "p_rest_ = p_x_ + int64(uint32(i * d_x_1_ + 0))" in found
    assert "p_right_ = p_y_ + int64(0) * s_y_0_ + int64(i) * s_y_1_" in found


def worded(out, x):
    most = shared(1.0)
    at = shared(0)
    for i in blocks(out.size):
        most[lane()], at[lane()] = sqrt(x[i]) + log(x[i]), narrow(wide(i) - 1)
        sync()
        if any_thread(sign(most[0]) > 0 and lane() < threads()):
            for k in unrolled(2):
                out[i] = maximum(most[at[0]], k)


def test_every_word_is_known_to_the_compile_step():
    found, _ = text(worded, F32, F32)
    assert {getattr(language, name) for name in language.__all__} == WORDS
    for made in ("cuda.shared.array(8, float32)", "cuda.shared.array(8, uint32)", "cuda.syncthreads()",
                 "uint32(cuda.threadIdx.x) < uint32(8)", "uint32(int64(int64(i) - 1))",
                 "cuda.syncthreads_or(int32(1)", "sign(most[uint32(0)]) > float32(0)",
                 "maximum(most[at[uint32(0)]], float32(0))", "maximum(most[at[uint32(0)]], float32(1))"):
        assert made in found, made


def without_a_loop(out):
    out[0] = 1


def with_two(out):
    for i in grid(out.size):
        out[i] = 1
    for i in grid(out.size):
        out[i] = 2


def of_what_threads_know(out):
    n = lane()
    for i in grid(n):
        out[i] = 1


def with_a_name_of_the_step(out):
    for i in grid(out.size):
        p_out_ = i
        out[i] = p_out_


def going_on(out):
    for i in grid(out.size):
        for _ in range(3):
            if i > 2:
                continue
            out[i] = 1


def with_the_loops_variable(out):
    for i in grid(out.size):
        i += 1
        out[i] = 1


def of_too_many_axes(out):
    for i in grid(out.size):
        out[i, 0] = 1


def with_a_fraction_as_an_index(out):
    for i in grid(out.size):
        out[out[i]] = 1


def shared_out_too_far(out):
    for i in grid(out.size):
        for j in lanes(wide(i)):
            out[j] = 1


@pytest.mark.parametrize("function, message", [
    (with_a_fraction_as_an_index, "is no whole number"), (shared_out_too_far, "lanes of a wide number"),
    (without_a_loop, "0 loops over grid or blocks"), (with_two, "2 loops over grid or blocks, not one"),
    (of_what_threads_know, "`grid(n)` is not known on the host"), (with_a_name_of_the_step, "end in _"),
    (going_on, "cannot `continue`"), (with_the_loops_variable, "i is the loop's"),
    (of_too_many_axes, "2 indices of an array of 1 axes")])
def test_what_is_not_for_kernels(function, message):
    with pytest.raises(KernelError) as caught:
        text(function, F32)
    assert all(part in str(caught.value) for part in (message, function.__name__, "test_cuda_language.py"))
