"""Python kernels -> PTX -> machine code, for any GPU and without one: NVVM and nvJitLink are PyPI wheels.

Importing this file imports numba.cuda; it needs numba-cuda[cu13]."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cuda.bindings import nvjitlink
from numba import cuda

TARGETS = ("sm_75", "sm_80", "sm_90", "sm_120")


@dataclass(frozen=True)
class Cubin:
    """Machine code for one target and what it takes of it, in bytes but for the registers of a thread."""

    target: str
    registers: int
    stack: int
    spilled: int
    shared: int
    code: bytes


def compile_ptx(function: Callable[..., None], types: tuple[Any, ...], capability: tuple[int, int] = (8, 0),
                fastmath: bool = False) -> str:
    """The PTX of a kernel in Python for arguments of some types of Numba, with libdevice linked in."""
    text, _ = cuda.compile(function, types, device=False, abi="numba", cc=capability, fastmath=fastmath)
    return str(text)


def assemble(ptx: str, target: str) -> Cubin:
    """The machine code of PTX with one kernel. Raises RuntimeError with the assembler's messages."""
    code, log = link(ptx.encode(), target)
    spills = re.findall(r"(\d+) bytes spill stores, (\d+) bytes spill loads", log)
    used = re.findall(r"used (\d+) registers.*?(\d+) stack, (\d+) bytes smem", log)
    if not spills or len(used) != 1:
        raise RuntimeError(f"what a kernel takes of {target} is not said once:\n{log}")
    registers, stack, shared = map(int, used[0])
    spilled = sum(int(bytes) for pair in spills for bytes in pair)
    return Cubin(target, registers, stack, spilled, shared, code)


def link(ptx: bytes, target: str) -> tuple[bytes, str]:
    """Machine code and the messages of nvJitLink."""
    options = [f"-arch={target}", "-verbose"]
    handle = nvjitlink.create(len(options), options)
    try:
        nvjitlink.add_data(handle, nvjitlink.InputType.PTX, ptx, len(ptx), "kernel")
        nvjitlink.complete(handle)
        code = bytearray(nvjitlink.get_linked_cubin_size(handle))
        nvjitlink.get_linked_cubin(handle, code)
        log = bytearray(nvjitlink.get_info_log_size(handle))
        nvjitlink.get_info_log(handle, log)
    except nvjitlink.nvJitLinkError as error:
        log = bytearray(nvjitlink.get_error_log_size(handle))
        nvjitlink.get_error_log(handle, log)
        raise RuntimeError(f"{target}: {log.decode(errors='replace')}") from error
    finally:
        nvjitlink.destroy(handle)
    return bytes(code), log.decode(errors="replace")
