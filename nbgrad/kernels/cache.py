"""The kernel cache: source text -> compiled function, in memory and on disk.

A kernel is named by the hash of everything that its machine code depends on: source, argument types, the code
it is built from, and the versions of compiler, library and processor. The hash names the file and the
function itself, since two functions of one name from two processes would share linker symbols. A file holds a
digest and a pickle; one that does not match its digest is compiled again. Files are written under another
name and renamed, so a reader never sees half of one.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import stat
import sys
import tempfile
from functools import cache as memoise
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numba
import numpy as np
from numba import njit
from numba.core.compiler import CompileResult
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.core.runtime import rtsys

from nbgrad import errors
from nbgrad.config import settings

_DIGEST = hashlib.sha256().digest_size
_FASTMATH = frozenset({"contract"})
LOADED: dict[str, Any] = {}               # hash -> compile result: keeps the machine code alive


@memoise
def foundation() -> str:
    """What every kernel depends on: versions, processor, and the source of the kernel package itself."""
    parts = [sys.version, numba.__version__, llvmlite.__version__, np.__version__,
             llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()]
    parts += [file.read_text(encoding="utf-8") for file in sorted(Path(__file__).parent.rglob("*.py"))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@memoise
def folder() -> Path | None:
    """The cache folder, made if need be; None where there is none or it cannot be made.

    Raises CacheError if someone else owns the folder or can write to it.
    """
    path = settings.cache
    if path is None:
        return None
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.stat()
    except OSError:
        return None
    if hasattr(os, "getuid"):
        if found.st_uid != os.getuid():
            raise errors.unsafe_cache(path, f"belongs to user {found.st_uid}")
        if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise errors.unsafe_cache(path, "can be written by other users")
    return path


def compile_kernel(name: str, source: str, signature: Any, scope: dict[str, Any],
                   reassociate: bool = False) -> Any:
    """The compiled function `name` that source defines, as a callable that checks none of its arguments.

    Other functions of the source are compiled for it to call.

    signature : numba signature
    scope     : the names that source uses; part of the kernel package, so that `foundation` covers them
    reassociate : sums may be reordered (for speed; never anything that changes nan or inf)
    """
    parts = [foundation(), name, source, str(signature), str(reassociate)]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
    with global_compiler_lock:                # Numba's: loading is not safe beside compiling either
        if key not in LOADED:
            LOADED[key] = _load(key) or _build(key, name, source, signature, scope, reassociate)
    return LOADED[key].entry_point


def _build(key: str, name: str, source: str, signature: Any, scope: dict[str, Any], reassociate: bool) -> Any:
    space = {**scope, "__name__": __name__}
    exec(compile(source, f"<nbgrad {name}>", "exec"), space)
    options: dict[str, Any] = {"error_model": "numpy",
                               "fastmath": set(_FASTMATH | {"reassoc", "nsz"} if reassociate else _FASTMATH)}
    for word in space.keys() - scope.keys() - {"__name__", "__builtins__", name}:
        space[word] = njit(**options)(_named(space[word], f"{word}_{key}"))
    result = njit(signature, **options)(_named(space[name], f"{name}_{key}")).overloads[signature.args]
    _save(key, result)
    return result


def _named(function: Any, name: str) -> Any:
    function.__name__ = function.__qualname__ = name
    return function


def _load(key: str) -> Any:
    """The compile result in the cache file of this hash, or None."""
    where = folder()
    if where is None:
        return None
    try:
        content = (where / key).read_bytes()
    except OSError:
        return None
    digest, payload = content[:_DIGEST], content[_DIGEST:]
    if hashlib.sha256(payload).digest() != digest:
        return None
    rtsys.initialize(cpu_target.target_context)      # where a kernel can raise, it calls Numba's run time
    return CompileResult._rebuild(cpu_target.target_context, *pickle.loads(payload))


def _save(key: str, result: Any) -> None:
    """Write the compile result to its cache file; where that fails, the next process compiles again."""
    where = folder()
    if where is None:
        return
    payload = pickle.dumps(result._reduce(), protocol=pickle.HIGHEST_PROTOCOL)
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=where, prefix=".", delete=False) as file:
            temporary = file.name
            file.write(hashlib.sha256(payload).digest() + payload)
        os.replace(temporary, where / key)
    except OSError:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
