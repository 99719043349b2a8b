"""Kernels written by hand: what the tests of single instructions launch."""

import numpy as np

from ptx.kernel import Kernel
from ptx.machine import launch
from ptx.memory import Memory

HEAD = ".version 8.0\n.target sm_80\n.address_size 64\n"
REGISTERS = """.reg .pred %p<9>; .reg .b16 %h<9>; .reg .b32 %r<32>; .reg .b64 %rd<32>; .reg .f32 %f<16>;
.reg .f64 %fd<16>; .reg .b16 %rs<9>;
"""
# Every thread finds its number in %r0.
NUMBER = """mov.u32 %r29, %tid.x; mov.u32 %r30, %ctaid.x; mov.u32 %r31, %ntid.x;
mad.lo.u32 %r0, %r30, %r31, %r29;
"""


def place(k, size):
    """Puts the address of the thread's element of the array k in %rd{k}."""
    return f"ld.param.u64 %rd{k}, [p{k}]; mad.wide.u32 %rd{k}, %r0, {size}, %rd{k};\n"


def kernel(body, parameters=2, extra="", types=None):
    """A kernel of some addresses (or parameters of some types) with a body."""
    types = types or ["u64"] * parameters
    listed = ", ".join(f".param .{t} p{k}" for k, t in enumerate(types))
    return Kernel(f"{HEAD}{extra}\n.visible .entry k({listed}) {{\n{REGISTERS}{NUMBER}{body}\nret;\n}}")


def run(made, arrays, grid=1, block=None, **options):
    """The arrays after a launch in which each is passed by address."""
    memory = Memory()
    addresses = [memory.put(a, f"p{k}") for k, a in enumerate(arrays)]
    launch(made, grid, block or arrays[0].size, addresses, memory=memory, **options)
    return [memory.get(address, a.size, a.dtype) for address, a in zip(addresses, arrays)]


# Every block adds 64 numbers; BARRIER stands for what parts one round from the next.
SUM = """.reg .f64 %acc; mov.u64 %rd8, words; mad.wide.u32 %rd9, %r29, 8, %rd8;
ld.param.u64 %rd1, [p1]; mad.wide.u32 %rd1, %r0, 8, %rd1; ld.global.f64 %acc, [%rd1];
st.shared.f64 [%rd9], %acc; bar.sync 0; mov.u32 %r1, 32;
$loop: setp.ge.u32 %p1, %r29, %r1; @%p1 bra $wait; mad.wide.u32 %rd10, %r1, 8, %rd9;
ld.shared.f64 %fd1, [%rd10]; ld.shared.f64 %fd2, [%rd9]; add.f64 %fd2, %fd2, %fd1; st.shared.f64 [%rd9], %fd2;
$wait: BARRIER shr.u32 %r1, %r1, 1; setp.ne.u32 %p1, %r1, 0; @%p1 bra $loop;
setp.ne.u32 %p1, %r29, 0; @%p1 bra $end; ld.shared.f64 %fd1, [words];
ld.param.u64 %rd0, [p0]; mad.wide.u32 %rd0, %r30, 8, %rd0; st.global.f64 [%rd0], %fd1;
$end:"""
WORDS = ".shared .align 8 .b8 words[512];"
LETTER = {1: "rs", 2: "rs", 4: "r", 8: "rd"}


def evaluate(code, target, *inputs):
    """The result of instructions that take inputs from registers x0 x1 ... and leave z, of dtype `target`."""
    target = np.dtype(target)
    arrays = [np.zeros(inputs[0].size, target), *inputs]
    names, body = {}, ""
    for k, array in enumerate(arrays):
        letter = {"f4": "f", "f8": "fd"}.get(array.dtype.str[1:], LETTER[array.itemsize])
        names[f"x{k - 1}" if k else "z"] = f"%{letter}{20 + k if letter in ('r', 'rd') else k}"
        body += place(k, array.itemsize)
    for k, array in enumerate(inputs):
        kind = f"{'f' if array.dtype.kind == 'f' and array.itemsize > 2 else 'u'}{8 * array.itemsize}"
        body += f"ld.global.{kind} {names[f'x{k}']}, [%rd{k + 1}];\n"
    for name, register in names.items():
        code = code.replace(f"${name}", register)
    store = f"{'f' if target.kind == 'f' and target.itemsize > 2 else 'u'}{8 * target.itemsize}"
    return run(kernel(body + code + f"\nst.global.{store} [%rd0], {names['z']};", len(arrays)), arrays)[0]
