"""Requests to callgrind from the program that it runs, without a C compiler.

Valgrind watches for a sequence of instructions that does nothing on a processor and means a request to it;
rax points to the request and its arguments, rdx holds the answer. Source: valgrind.h, for amd64.
"""

from __future__ import annotations

import ctypes
import mmap

_CODE = bytes.fromhex(
    "4889f8"                              # mov rax, rdi: the request
    "31d2"                                # xor edx, edx: the answer where nobody listens
    "48c1c703" "48c1c70d" "48c1c73d" "48c1c733"  # rol rdi, by 3, 13, 61 and 51: 128 bits in all
    "4887db"                              # xchg rbx, rbx
    "4889d0" "c3"                         # mov rax, rdx; ret
)
_PRESENT, _CALLGRIND = 0x1001, 0x43540000
_ZERO, _DUMP, _START = 1, 3, 4

_page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
_page.write(_CODE)
_call = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)(ctypes.addressof(ctypes.c_char.from_buffer(_page)))
_block = (ctypes.c_uint64 * 6)()
_where = ctypes.addressof(_block)


def _request(code: int, argument: int = 0) -> int:
    _block[0], _block[1] = code, argument
    return int(_call(_where))


def present() -> bool:
    """Whether valgrind runs this program."""
    return _request(_PRESENT) != 0


def start() -> None:
    """Count from here. Done once: valgrind then translates the whole program anew."""
    _request(_CALLGRIND + _START)


def zero() -> None:
    """Begin anew at 0."""
    _request(_CALLGRIND + _ZERO)


def dump(name: ctypes.Array[ctypes.c_char]) -> None:
    """Write the count, under this name. It was made before, so that making it does not count."""
    _request(_CALLGRIND + _DUMP, ctypes.addressof(name))
