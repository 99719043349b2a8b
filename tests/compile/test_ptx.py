"""The interpreter of PTX runs kernels: memory, calls, branches, barriers, atomics, warps."""

import numpy as np
import pytest
from ptx import Memory, Profile, array_words, faults, launch
from ptx.written import SUM, WORDS, evaluate, kernel, place, run


def test_vectors_are_loaded_and_stored(rng):
    x = rng.standard_normal(4 * 33).astype(np.float32)
    body = place(0, 16) + place(1, 16) + """ld.global.nc.v4.f32 {%f1, %f2, %f3, %f4}, [%rd1];
    st.global.v2.f32 [%rd0], {%f4, %f3}; st.global.v2.f32 [%rd0+8], {%f2, %f1};"""
    z = run(kernel(body), [np.zeros_like(x), x], block=33)[0]
    np.testing.assert_array_equal(z, x.reshape(-1, 4)[:, ::-1].ravel())


def test_parameters_by_value():
    body = """ld.param.u64 %rd0, [p0]; ld.param.f32 %f1, [p1]; ld.param.f64 %fd1, [p2];
    ld.param.u8 %rs1, [p3];
    cvt.f64.f32 %fd2, %f1; add.f64 %fd1, %fd1, %fd2; cvt.rn.f64.u8 %fd2, %rs1; add.f64 %fd1, %fd1, %fd2;
    st.global.f64 [%rd0], %fd1;"""
    memory = Memory()
    address = memory.allocate(8)
    made = kernel(body, types=["u64", "f32", "f64", "u8"])
    launch(made, 1, 1, [address, np.float32(0.5), 0.25, 3], memory=memory)
    assert memory.get(address, 1, float) == 3.75
    with pytest.raises(faults.LaunchError, match=r"parameter 1 of kernel k is \.f32: 2"):
        launch(made, 1, 1, [address, 2, 0.25, 3], memory=memory)
    with pytest.raises(faults.LaunchError, match="4 parameters, 1 are given"):
        launch(made, 1, 1, [address], memory=memory)


def test_tables_shared_and_local_memory_by_generic_address():
    extra = """.global .align 8 .b8 table[8] = {1, 0, 0, 0, 2, 1, 0, 0};
    .const .align 4 .u32 more[2] = {7, 0xFF}; .shared .align 8 .b8 words[64];"""
    body = """.local .align 8 .b8 frame[16]; ld.param.u64 %rd0, [p0]; mad.wide.u32 %rd0, %r0, 4, %rd0;
    mov.u64 %rd1, table; ld.global.nc.u32 %r1, [%rd1+4]; ld.const.u32 %r2, [more+4];
    mov.u64 %rd2, words; cvta.shared.u64 %rd2, %rd2; mad.wide.u32 %rd2, %r29, 4, %rd2; st.u32 [%rd2], %r1;
    ld.u32 %r3, [%rd2]; mov.u64 %rd3, frame; cvta.local.u64 %rd4, %rd3; st.u32 [%rd4+8], %r2;
    ld.local.u32 %r4, [%rd3+8]; add.u32 %r5, %r3, %r4; st.global.u32 [%rd0], %r5;"""
    made = kernel(body, 1, extra)
    np.testing.assert_array_equal(run(made, [np.zeros(32, np.uint32)], grid=2, block=16)[0], 258 + 255)
    assert made.layout.declared == 64
    with pytest.raises(faults.ReadOnlyError, match="a store to table"):
        run(kernel("mov.u64 %rd1, table; st.global.u32 [%rd1], 1;", 1, extra), [np.zeros(1)])


CALL = """.func (.param .align 8 .b8 result[16]) twice(.param .b64 value) {
.reg .pred %p<2>; .reg .f64 %fd<4>;
ld.param.f64 %fd1, [value]; setp.lt.f64 %p1, %fd1, 0d0000000000000000; @%p1 bra $negative;
add.f64 %fd2, %fd1, %fd1; bra.uni $end;
$negative: mov.f64 %fd2, 0d0000000000000000; st.param.f64 [result+0], %fd2; st.param.b32 [result+8], 1; ret;
$end: st.param.f64 [result+0], %fd2; st.param.b32 [result+8], 2; ret; }"""


def test_functions_that_are_not_inlined_are_called(rng):
    x = rng.standard_normal(40)
    call = """{ .param .b64 param0; st.param.f64 [param0+0], $x0; .param .align 8 .b8 retval0[16];
    call.uni (retval0), twice, (param0); ld.param.f64 $z, [retval0+0]; ld.param.b32 %r9, [retval0+8]; }
    cvt.rn.f64.s32 %fd9, %r9; add.f64 $z, $z, %fd9;"""
    body = place(0, 8) + place(1, 8) + f"ld.global.f64 %fd1, [%rd1];{call}{call} st.global.f64 [%rd0], %fd0;"
    made = kernel(body.replace("$z", "%fd0").replace("$x0", "%fd1"), 2, CALL)
    np.testing.assert_array_equal(run(made, [np.zeros_like(x), x])[0], np.where(x < 0, 1, 2 * x + 2))


COLLATZ = """mov.u32 %r1, $x0; mov.u32 %r2, 0;
$loop: setp.eq.u32 %p1, %r1, 1; @%p1 bra $done; and.b32 %r3, %r1, 1;
setp.eq.u32 %p2, %r3, 0; add.u32 %r2, %r2, 1;
@%p2 bra $even; mad.lo.u32 %r1, %r1, 3, 1; bra $loop;
$even: shr.u32 %r1, %r1, 1; bra $loop;
$done: mov.u32 $z, %r2;"""


def collatz(n):
    """The steps from n to 1."""
    steps = 0
    while n != 1:
        n, steps = n // 2 if n % 2 == 0 else 3 * n + 1, steps + 1
    return steps


def test_lanes_go_different_ways():
    x = np.arange(1, 200, dtype=np.uint32)
    np.testing.assert_array_equal(evaluate(COLLATZ, np.uint32, x), [collatz(n) for n in x.tolist()])


def test_grids_of_three_dimensions_in_many_parts():
    body = """mov.u32 %r1, %tid.y; mov.u32 %r2, %tid.z; mov.u32 %r3, %ctaid.y; mov.u32 %r4, %ctaid.z;
    mad.lo.u32 %r5, %r4, 3, %r3; mov.u32 %r6, %nctaid.x; mad.lo.u32 %r5, %r5, %r6, %r30;
    mad.lo.u32 %r7, %r2, 2, %r1; mov.u32 %r8, %ntid.x; mad.lo.u32 %r7, %r7, %r8, %r29;
    mad.lo.u32 %r9, %r5, 20, %r7;
    ld.param.u64 %rd0, [p0]; mad.wide.u32 %rd0, %r9, 4, %rd0; st.global.u32 [%rd0], %r9;"""
    z = run(kernel(body, 1), [np.zeros(480, np.uint32)], grid=(4, 3, 2), block=(5, 2, 2), lanes=30)[0]
    np.testing.assert_array_equal(z, np.arange(480))


def test_sums_in_shared_memory(rng):
    x = rng.integers(0, 9, 64 * 5).astype(float)
    profile = Profile()
    made = kernel(SUM.replace("BARRIER", "bar.sync 0;"), 2, WORDS)
    z = run(made, [np.zeros(5), x], grid=5, block=64, profile=profile)
    np.testing.assert_array_equal(z[0], x.reshape(5, 64).sum(1))
    assert profile.sectors == profile.least == 5 * 64 * 8 // 32 + 5
    assert profile.passes > profile.shared                                # eight-byte words take two passes


@pytest.mark.parametrize("stride, sectors, passes", [
    (1, 4, 1), (2, 8, 2), (8, 32, 8), (32, 32, 32), (33, 32, 1)])
def test_the_cost_of_strides(stride, sectors, passes):
    """A warp that reads words at a stride touches more sectors than it needs, and banks several times."""
    body = f"""mul.lo.u32 %r1, %r29, {stride}; ld.param.u64 %rd0, [p0]; mad.wide.u32 %rd0, %r1, 4, %rd0;
    ld.global.u32 %r2, [%rd0]; mov.u64 %rd1, words; mad.wide.u32 %rd1, %r1, 4, %rd1;
    st.shared.u32 [%rd1], %r2;"""
    profile = Profile()
    made = kernel(body, 1, ".shared .align 4 .b8 words[4224];")
    run(made, [np.zeros(1056, np.uint32)], block=32, profile=profile)
    assert (profile.sectors, profile.least, profile.passes, profile.shared) == (sectors, 4, passes, 1)
    assert profile.bytes == 128 and profile.lanes == 32 * profile.instructions


ATOMS = {"add.u32": lambda a, b: a + b, "min.s32": min, "max.u32": max, "and.b32": lambda a, b: a & b,
         "or.b32": lambda a, b: a | b, "xor.b32": lambda a, b: a ^ b, "exch.b32": lambda a, b: b,
         "inc.u32": lambda a, b: 0 if a >= b else a + 1,
         "dec.u32": lambda a, b: b if a == 0 or a > b else a - 1}


@pytest.mark.parametrize("places", [1, 13])
@pytest.mark.parametrize("name", ATOMS)
def test_atomic_operations_one_after_the_other(name, places, rng):
    x = rng.integers(0, 100, 300).astype(np.uint32)
    body = f"""rem.u32 %r1, %r0, {places}; ld.param.u64 %rd2, [p2]; mad.wide.u32 %rd2, %r1, 4, %rd2;
    ld.global.u32 %r2, [%rd1]; atom.global.{name} %r3, [%rd2], %r2; st.global.u32 [%rd0], %r3;"""
    found, _, last = run(kernel(place(0, 4) + place(1, 4) + body, 3), [np.zeros(300, np.uint32), x,
                                                                     np.full(places, 50, np.uint32)])
    cells, expected = [50] * places, []
    for i, value in enumerate(x.tolist()):
        expected.append(cells[i % places])
        cells[i % places] = ATOMS[name](cells[i % places], value)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(last, cells)


def test_atomic_sums_of_floats_round_every_time(rng):
    x = rng.random(200).astype(np.float32)
    body = place(1, 4) + "ld.param.u64 %rd0, [p0]; ld.global.f32 %f1, [%rd1]; red.global.add.f32 [%rd0], %f1;"
    total = np.float32(0)
    for value in x:
        total += value
    assert run(kernel(body), [np.zeros(1, np.float32), x], block=200)[0] == total


def test_a_lock_is_taken_by_one_lane_after_the_other():
    body = """ld.param.u64 %rd0, [p0]; ld.param.u64 %rd1, [p1];
    $spin: atom.global.cas.b32 %r1, [%rd0], 0, 1; setp.ne.u32 %p1, %r1, 0; @%p1 bra $spin;
    ld.volatile.global.u32 %r2, [%rd1]; add.u32 %r2, %r2, 1; st.volatile.global.u32 [%rd1], %r2;
    atom.global.exch.b32 %r3, [%rd0], 0;"""
    assert run(kernel(body), [np.zeros(1, np.uint32), np.zeros(1, np.uint32)], block=64)[1] == 64


@pytest.mark.parametrize("mode, control, source", [
    ("down", 31, lambda i: i + 3 if i < 29 else i), ("up", 0, lambda i: i - 3 if i > 2 else i),
    ("bfly", 31, lambda i: i ^ 3), ("idx", 31, lambda i: 3), ("idx", 0x1807, lambda i: i // 8 * 8 + 3),
    ("bfly", 0x181F, lambda i: i ^ 3)])
def test_shuffles(mode, control, source, rng):
    x = rng.integers(0, 1000, 64).astype(np.uint32)
    z = evaluate(f"shfl.sync.{mode}.b32 $z|%p1, $x0, 3, {control}, -1;", np.uint32, x)
    np.testing.assert_array_equal(z, [x[i // 32 * 32 + source(i % 32)] for i in range(64)])


def test_votes_and_matches():
    x = np.arange(40, dtype=np.uint32)
    code = """and.b32 %r1, $x0, 1; setp.eq.u32 %p1, %r1, 1; vote.sync.ballot.b32 %r2, %p1, -1;
    vote.sync.any.pred %p2, %p1, -1; vote.sync.all.pred %p3, %p1, -1; @%p2 add.u32 %r2, %r2, 1;
    @%p3 add.u32 %r2, %r2, 1; match.any.sync.b32 %r3, %r1, -1; activemask.b32 %r4; xor.b32 %r2, %r2, %r3;
    xor.b32 $z, %r2, %r4;"""
    full = [0xFFFFFFFF if i < 32 else 0xFF for i in range(40)]
    odd = [0xAAAAAAAA & f for f in full]
    expected = [(o + 1) ^ (o if i % 2 else f & ~o) ^ f for i, (o, f) in enumerate(zip(odd, full))]
    np.testing.assert_array_equal(evaluate(code, np.uint32, x), expected)


def test_lanes_wait_for_their_partners_on_another_way():
    """Even lanes come to the vote by a longer way."""
    code = """and.b32 %r1, $x0, 1; setp.eq.u32 %p1, %r1, 1; mov.u32 %r2, 0; @%p1 bra $meet;
    $loop: add.u32 %r2, %r2, 1; setp.lt.u32 %p2, %r2, $x0; @%p2 bra $loop;
    $meet: vote.sync.ballot.b32 $z, %p1, -1;"""
    np.testing.assert_array_equal(evaluate(code, np.uint32, np.arange(32, dtype=np.uint32)), 0xAAAAAAAA)


def test_a_predicate_of_a_block_at_a_barrier():
    x = np.arange(100, dtype=np.uint32)
    z = evaluate("setp.lt.u32 %p1, $x0, 42; bar.red.popc.u32 $z, 0, %p1;", np.uint32, x)
    np.testing.assert_array_equal(z, 42)


def test_array_arguments_of_numba():
    assert array_words(4096, 10, np.float32) == [0, 0, 10, 4, 4096, 10, 4]
