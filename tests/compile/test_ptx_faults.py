"""The interpreter of PTX finds what is wrong with a kernel, and says where."""

import numpy as np
import pytest
from ptx import Memory, faults, launch
from ptx.run import Launch, Run
from ptx.shadow import Shadow
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
    "one byte after": (place(0, 4) + "ld.global.u8 %r1, [%rd0+8];", faults.OutOfBoundsError,
                       "1 bytes at .* at byte 132"),
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


EXCHANGE = """mov.u64 %rd1, words; mad.wide.u32 %rd1, %r29, SIZE, %rd1; st.shared.uBITS [%rd1], %rREG0;
MEET xor.b32 %r2, %r29, PARTNER; mov.u64 %rd2, words; mad.wide.u32 %rd2, %r2, SIZE, %rd2;
ld.shared.uBITS %rREG1, [%rd2]; cvt.u32.uBITS %r4, %rREG1; ld.param.u64 %rd0, [p0];
mad.wide.u32 %rd0, %r0, 4, %rd0; st.global.u32 [%rd0], %r4;"""


@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("partner, meeting, fine", [
    (0, "", True), (1, "", False), (1, "bar.warp.sync -1;", True), (1, "bar.sync 0;", True),
    (32, "bar.warp.sync -1;", False), (32, "barrier.sync 0;", True)])
def test_lanes_that_exchange_through_shared_memory_must_meet(partner, meeting, fine, size):
    body = EXCHANGE.replace("SIZE", str(size)).replace("BITS", str(8 * size)).replace("PARTNER", str(partner))
    body = body.replace("MEET", meeting).replace("%rREG", "%r" if size == 4 else "%rs")
    if size < 4:
        body = "cvt.u16.u32 %rs0, %r29;" + body
    made = kernel(body, 1, WORDS)
    if fine:
        found = run(made, [np.zeros(64, np.uint32)])[0]
        np.testing.assert_array_equal(found, np.arange(64) ^ partner)
    else:
        with pytest.raises(faults.RaceError, match="shared memory"):
            run(made, [np.zeros(64, np.uint32)])


def test_an_atomic_sum_and_a_plain_read_need_a_barrier():
    body = "ld.param.u64 %rd0, [p0]; red.global.add.u32 [%rd0], 1; {} ld.global.u32 %r1, [%rd0];"
    run(kernel(body.format("bar.sync 0;"), 1), [np.zeros(1, np.uint32)], block=64)
    with pytest.raises(faults.RaceError, match="was changed atomically by several threads of one block"):
        run(kernel(body.format(""), 1), [np.zeros(1, np.uint32)], block=64)


class Naive:
    """Every touch of a place so far, and whether one of them clashes with the next."""

    def __init__(self):
        self.touches = []
        self.met = dict.fromkeys([0, 1, *[f"warp {w}" for w in range(4)]], 0)

    def clashes(self, lane, place, deed):
        """Whether a touch is a race; notes it."""
        found = False
        for other, where, earlier, block_meetings, warp_meetings in self.touches:
            same_block, same_warp = other // 64 == lane // 64, other // 32 == lane // 32
            ordered = ((same_block and block_meetings < self.met[lane // 64])
                       or (same_warp and warp_meetings < self.met[f"warp {lane // 32}"]))
            conflict = "write" in (deed, earlier) or {deed, earlier} == {"read", "atomic"}
            found |= where == place and other != lane and conflict and not ordered
        self.touches.append((lane, place, deed, self.met[lane // 64], self.met[f"warp {lane // 32}"]))
        return found


def test_races_are_found_as_by_looking_at_all_pairs(rng):
    made, races = kernel("", 1), 0
    for _ in range(400):
        naive, shadow = Naive(), Shadow("memory", 64)
        state = Launch(made, (2, 1, 1), (64, 1, 1), {}, 0, Memory(), True, False, 0, None)
        lanes_of = Run(state, 0, 2)
        for _ in range(14):
            lane, place = int(rng.choice([0, 1, 33, 70, 100])), int(rng.integers(3))
            deed = rng.choice(["read", "write", "atomic", "block", "warp"])
            if deed in ("block", "warp"):
                naive.met[f"warp {lane // 32}" if deed == "warp" else lane // 64] += 1
                times = lanes_of.warp_time if deed == "warp" else lanes_of.block_time
                times[lane // (32 if deed == "warp" else 64)] = lanes_of.tick()
                continue
            lane_, offset = np.array([lane]), np.array([4 * place])
            expected = naive.clashes(lane, place, deed)
            try:
                if deed == "read":
                    shadow.read(lanes_of, lane_, offset, 4, False)
                else:
                    shadow.write(lanes_of, lane_, offset, 4, deed == "atomic", None)
                found = False
            except faults.RaceError:
                found = True
            assert found == expected
            races += found
            if found:
                break
    assert 100 < races < 400
