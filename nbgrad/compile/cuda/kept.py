"""CUDA kernels on disk: what numba-cuda made of a kernel, in the store that has the CPU's.

A dispatcher of numba-cuda asks its cache for a kernel before it compiles one, and gives it what it compiled:
a `Kept` takes that cache's place. A file is JSON, then machine code, compressed: to read one runs nothing.
What cannot be told so, and all kernels of a numba-cuda that is made otherwise, are compiled in every process.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache as memoise
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

from nbgrad.arrays.driver import target
from nbgrad.compile import cache, store

_COMPILER = "nbgrad.compile.cuda.compiler"
_PACKAGES = ("numba_cuda", "cuda.core", "cuda.bindings")
_TOOLS = ("nvvm", "nvJitLink")            # of the toolkit: from programs to PTX, and to machine code
# What numba-cuda's objects are rebuilt from here, beside what they told.
_KERNEL = {"signature", "codelibrary", "call_helper"}
_LIBRARY = {"ptx_cache", "cubin_cache", "linkerinfo_cache"}


@dataclass(frozen=True)
class Code:
    """What is known of a compiled kernel, its PTX included, as JSON has it; and its machine code, if any."""

    about: dict[str, Any]
    linked: bytes = b""


class Kept:
    """The kernels of one source on disk, by the types of their arguments and by target.

    options : of the compiler
    before  : the cache of the dispatcher, which answers what numba-cuda asks beside kernels
    """

    stands: list[str]
    before: Any

    def __init__(self, name: str, source: str, options: object, before: Any) -> None:
        self.stands = [name, source, repr(options), *_toolchain()]
        self.before = before

    def __getattr__(self, name: str) -> Any:
        return getattr(self.before, name)

    def key(self, kinds: Sequence[Any], target: str) -> str:
        """The hash of all that a kernel for some types of arguments depends on."""
        return cache.hashed([*self.stands, target, *map(str, kinds)])[:32]

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The kernel for some types, linked for the device in use, or None."""
        key = self.key(sig, target())
        code = read(key)
        if code is None:
            return None
        cache.LOADED[key] = kernel = _rebuilt(code, sig)
        return kernel

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a kernel that was compiled, and linked for the device in use."""
        key = self.key(sig, target())
        cache.LOADED[key] = data
        cache.COMPILED.add(key)
        write(key, _told(data))


def read(key: str) -> Code | None:
    """What is kept under a key, or None."""
    payload = store.read(cache.foundation(), key)
    if payload is None:
        return None
    about, _, linked = zlib.decompress(payload).partition(b"\n")
    return Code(json.loads(about), linked)


def write(key: str, code: Code) -> None:
    """Keep what is known of a kernel, if JSON has all of it."""
    try:
        about = json.dumps(code.about)
    except TypeError:
        return
    if json.loads(about) == code.about:
        store.write(cache.foundation(), key, zlib.compress(about.encode() + b"\n" + code.linked))


def keep(kernel: Any, name: str, source: str) -> None:
    """Have a dispatcher's kernels kept, if numba-cuda is made as this file knows it."""
    before = getattr(kernel, "_cache", None)
    caches: Any = type(before)
    if _fits(caches) and _toolchain():
        kernel._cache = Kept(name, source, sorted(kernel.targetoptions.items()), before)


@memoise
def _fits(caches: Any) -> bool:
    """Whether numba-cuda asks its caches, and makes kernels of what they have, as is done here."""
    made = import_module("numba.cuda.dispatcher"), import_module("numba.cuda.codegen")
    wanted = ((caches, "load_overload", {"sig", "target_context"}),
              (caches, "save_overload", {"sig", "data"}),
              (getattr(made[0], "_Kernel", None), "_rebuild", _KERNEL),
              (getattr(made[1], "CUDACodeLibrary", None), "_rebuild", _LIBRARY))
    methods = [(getattr(kind, method, None), names) for kind, method, names in wanted]
    return all(callable(method) and names <= {*signature(method).parameters} for method, names in methods)


@memoise
def _toolchain() -> tuple[str, ...]:
    """What every kernel depends on beside `cache.foundation`: the library's text, packages, the toolkit.

    Empty where the toolkit lies in a place that NVIDIA's own search does not know.
    """
    find = import_module("cuda.pathfinder")
    parts = [cache.written_by(_COMPILER), *[import_module(name).__version__ for name in _PACKAGES]]
    for name in _TOOLS:
        try:
            file = Path(find.load_nvidia_dynamic_lib(name).abs_path)
        except find.DynamicLibNotFoundError:
            return ()
        about = file.stat()
        parts.append(f"{file} {about.st_size} {about.st_mtime_ns}")
    return tuple(parts)


def _told(kernel: Any) -> Code:
    """What numba-cuda tells of a kernel that it linked for one target."""
    states = kernel._reduce_states()
    del states["signature"]
    if not kernel.debug:                  # else it knows what errors there may be, which JSON has not
        del states["call_helper"]
    library = states["codelibrary"] = states["codelibrary"]._reduce_states()
    del library["linkerinfo_cache"]
    [(target, ptx)], [(_, linked)] = library.pop("ptx_cache").items(), library.pop("cubin_cache").items()
    return Code({"target": [*target], "ptx": ptx, "kernel": states}, linked.code)


def _rebuilt(code: Code, kinds: Sequence[Any]) -> Any:
    """The kernel of which that was told."""
    dispatcher, codegen, types, driver = (import_module(f"numba.cuda.{name}") for name in (
        "dispatcher", "codegen", "types", "cudadrv.driver"))
    states, target = code.about["kernel"], tuple(code.about["target"])
    linked = driver.ObjectCode.from_cubin(code.linked, name=states["name"])
    library = codegen.CUDACodeLibrary._rebuild(
        **states.pop("codelibrary"), ptx_cache={target: code.about["ptx"]}, cubin_cache={target: linked},
        linkerinfo_cache={})
    return dispatcher._Kernel._rebuild(
        **states, codelibrary=library, signature=types.none(*kinds), call_helper=None)
