"""The interpreter of PTX finds what is wrong with a kernel, and says where."""

import numpy as np
import pytest
from ptx import Memory, faults, launch
from ptx.written import SUM, WORDS, evaluate, kernel, place, run


def test_a_missing_barrier_is_a_race(rng):
    message = (r"ld.shared.f64 .*block \(0, 0, 0\), thread \(0, 0, 0\).* that was "
               r"written by thread \(16, 0, 0\) of block \(0, 0, 0\)")
    with pytest.raises(faults.RaceError, match=message):
        run(kernel(SUM.replace("BARRIER", ""), 2, WORDS), [np.zeros(5), rng.random(320)], grid=5, block=64)


def test_threads_that_write_one_word():
    body = """mov.u64 %rd1, words; and.b32 %r1, %r29, 7; mad.wide.u32 %rd1, %r1, 4, %rd1;
    st.shared.u32 [%rd1], {};"""
    run(kernel(body.format("5"), 1, WORDS), [np.zeros(32)])
    with pytest.raises(faults.RaceError, match="in the same instruction, with another value"):
        run(kernel(body.format("%r29"), 1, WORDS), [np.zeros(32)])


@pytest.mark.parametrize("late", [False, True])
def test_threads_that_share_a_place_in_global_memory(late):
    """Thread i writes element i, then reads its neighbour's; a barrier helps within a block only."""
    body = place(0, 4) + """st.global.u32 [%rd0], %r0; BAR ld.global.u32 %r1, [%rd0+4]; BAR
    st.global.u32 [%rd0], %r1;"""
    made = kernel(body.replace("BAR", "bar.sync 0;" if late else ""), 1)
    array = np.zeros(65, np.uint32)
    if late:
        np.testing.assert_array_equal(run(made, [array], block=64)[0][:63], np.arange(1, 64))
        with pytest.raises(faults.RaceError, match="buffer p0"):
            run(made, [array], grid=2, block=32)
    else:
        with pytest.raises(faults.RaceError, match="buffer p0"):
            run(made, [array], block=64)
        run(made, [array], block=64, races=False)


def test_blocks_that_write_one_place_in_different_parts_of_the_launch():
    body = place(0, 4).replace("%r0,", "0,").replace("mad.wide.u32 %rd0, 0", "mad.wide.u32 %rd0, %r29")
    array = np.zeros(32, np.uint32)
    with pytest.raises(faults.RaceError, match=r"block \(1, 0, 0\), thread \(0, 0, 0\).*of block \(0"):
        run(kernel(body + "st.global.u32 [%rd0], %r30;", 1), [array], grid=2, block=32, lanes=32)
    run(kernel(body + "st.global.u32 [%rd0], 3;", 1), [array], grid=2, block=32, lanes=32)


FAULTS = {
    "one before": (place(0, 4) + "st.global.u32 [%rd0+-4], 1;", faults.OutOfBoundsError,
                   r"kernel k, `st.global.u32 \[%rd0\+-4\], 1` \(instruction 6\), block \(0, 0, 0\), thread "
                   r"\(0, 0, 0\): 4 bytes at address 0x[0-9a-f]+, 4 bytes before buffer p0 of 132 bytes"),
    "one after": (place(0, 4) + "st.global.u32 [%rd0+8], 1;", faults.OutOfBoundsError,
                  r"thread \(31, 0, 0\): .* at byte 132 of buffer p0 of 132 bytes"),
    "read after": (place(0, 4) + "ld.global.u32 %r1, [%rd0+8];", faults.OutOfBoundsError, "at byte 132"),
    "misaligned": (place(0, 4) + "ld.global.u64 %rd1, [%rd0];", faults.MisalignedError,
                   r"thread \(1, 0, 0\): address 0x[0-9a-f]+4 is no multiple of 8"),
    "misaligned vector": (place(0, 4) + "ld.global.v2.u32 {%r1, %r2}, [%rd0];", faults.MisalignedError,
                          "of 8"),
    "nowhere": ("mov.u64 %rd1, 64; st.global.u32 [%rd1], 1;", faults.OutOfBoundsError,
                "0x40 is in no buffer"),
    "shared": ("mov.u64 %rd1, words; st.shared.u32 [%rd1+512], 1;", faults.OutOfBoundsError,
               "4 bytes at 512 of the shared memory of 528 bytes, outside its arrays"),
    "local": (".local .b8 frame[16]; mov.u64 %rd1, frame; st.local.u32 [%rd1+16], 1;",
              faults.OutOfBoundsError, "4 bytes at 16 of the local memory of 16 bytes"),
    "divided by zero": ("div.u32 %r1, %r0, %r29; mov.u32 %r2, 0; rem.s32 %r1, %r0, %r2;",
                        faults.DivisionByZeroError, r"div.u32 .* thread \(0, 0, 0\)"),
    "endless": ("$loop: bra $loop;", faults.StepLimitError, "does not end"),
    "trap": ("setp.eq.u32 %p1, %r0, 9; @%p1 trap;", faults.TrapError, r"thread \(9, 0, 0\)"),
    "some at a barrier": ("setp.lt.u32 %p1, %r29, 16; @!%p1 bra $end; bar.sync 0; $end:",
                          faults.DivergentBarrierError, "16 threads of the block have left"),
    "different barriers": ("setp.lt.u32 %p1, %r29, 16; @%p1 bra $one; bar.sync 0; ret; $one: bar.sync 0;",
                           faults.DivergentBarrierError, "others of the block wait at another"),
    "a vote without partners": ("setp.lt.u32 %p1, %r29, 16; @!%p1 bra $two; vote.sync.any.pred %p2, %p1, -1; "
                                "$two: @!%p1 bar.sync 0;", faults.DeadlockError, "no thread can go on"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_caught(name):
    body, error, message = FAULTS[name]
    extra = f"{WORDS} .shared .align 4 .b8 other[16];"
    with pytest.raises(error, match=message):
        run(kernel(body, 1, extra), [np.zeros(33, np.uint32)], block=32, limit=1000)


def test_threads_may_leave_before_a_barrier_where_that_is_said():
    body = "setp.lt.u32 %p1, %r29, 16; @!%p1 ret; bar.sync 0;"
    run(kernel(body, 1), [np.zeros(32)], early_exit=True)


def test_freed_memory_is_not_touched():
    memory = Memory()
    address, other = memory.allocate(128, "gone"), memory.allocate(128)
    memory.free(address)
    with pytest.raises(faults.UseAfterFreeError, match="in buffer gone, which was freed"):
        launch(kernel(place(0, 4) + "st.global.u32 [%rd0], 1;", 1), 1, 32, [address], memory=memory)
    with pytest.raises(faults.UseAfterFreeError):
        memory.free(address)
    with pytest.raises(faults.OutOfBoundsError):
        memory.write(other + 124, np.zeros(2, np.float32))
    with pytest.raises(faults.FaultError, match="is not the start of buffer"):
        memory.free(other + 4)
    assert (memory.read(other, 128) == 0xCD).all()


@pytest.mark.parametrize("body, message", [
    ("frob.b32 %r1, %r2;", "`frob.b32 %r1, %r2`: opcode frob"),
    ("add.frob.f32 %f1, %f2, %f3;", "modifier .frob"),
    ("mov.u32 %r1, unknown;", "operand unknown"), ("add.s32 %rd1, %r1, %r1;", "a target %rd1 of 8 bytes"),
    ("add.s64 %r1, %rd1, %rd1;", "a target %r1 of 4 bytes"), ("bar.sync 1;", "a barrier other than 0"),
    ("shfl.down.b32 %r1, %r2, 1, 31;", "shfl.down.b32"), ("bra $nowhere;", "label"),
    ("call.uni vprintf, ();", "vprintf"), ("cvt.rn.bf16.f32 %h1, %f1;", "modifier .bf16")])
def test_what_is_not_known_is_refused_when_a_kernel_is_loaded(body, message):
    with pytest.raises(faults.UnknownInstructionError, match=message.replace("$", r"\$")):
        kernel(body, 1)


def test_launches_that_a_device_refuses():
    made = kernel("", 1)
    for grid, block in ((0, 1), (1, 2048), (1, (1, 1, 65)), ((1, 1, 1, 1), 1)):
        with pytest.raises(faults.LaunchError):
            launch(made, grid, block, [0], memory=Memory())


def test_a_lane_that_is_not_there_is_not_read():
    with pytest.raises(faults.InactiveLaneError, match="lane 4 reads lane 20 of its warp"):
        evaluate("shfl.sync.down.b32 $z, $x0, 16, 31, -1;", np.uint32, np.arange(20, dtype=np.uint32))
    with pytest.raises(faults.InactiveLaneError, match="lane 1 is not in its own mask"):
        evaluate("shfl.sync.bfly.b32 $z, $x0, 0, 31, 1;", np.uint32, np.arange(20, dtype=np.uint32))
