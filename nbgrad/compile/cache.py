"""The kernel cache: source text -> compiled function, in memory and on disk.

A kernel is named by the hash of everything that its machine code depends on: source, argument types, the code
it is built from, and the versions of compiler, library and processor. The compiler is imported only for a
kernel that is not on disk: to load one takes less than a thousandth of the time.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache as memoise
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numpy as np

from nbgrad.arrays.config import settings
from nbgrad.compile import linker, store, target, workers
from nbgrad.errors import table_errors

_COMPILER, _PLAIN = "nbgrad.compile.cpu.compiler", "nbgrad.compile.cpu.plain"
_LINKED = ("nbgrad.compile.cache", "nbgrad.compile.linker", "nbgrad.compile.store", "nbgrad.compile.threads")
_FINDING = (*_LINKED, "nbgrad.compile.cpu.kernel")                  # how a kernel is found is no part of it
_IMPORT = re.compile(r"^(?:from|import) (nbgrad[\w.]*)(?: import (\([^)]*\)|.*))?", re.MULTILINE)
_ROOT = Path(__file__).parents[2]
_WORD = re.compile(r"\w+")
_NUMBA_FILE = Path(".numba_config.yaml")  # settings of Numba's, if it lies where a program is run
_IDLE = ("NUMBA_CACHE", "NUMBA_NUM_THREADS", "NUMBA_THREADING")     # settings that leave the code as it is
LOADED: dict[str, Callable[..., Any]] = {}                          # hash -> kernel
COMPILED: set[str] = set()                # hashes of those that this process compiled
_LONG = 2.0                               # seconds of waiting that a user is told of
_seconds = 0.0
_lock = threading.RLock()
if hasattr(os, "register_at_fork"):       # a child process starts with no kernel half made
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


@memoise
def foundation() -> str:
    """What every kernel depends on: versions, processor, settings, and the source of what compiles and links.

    What is compiled into a kernel is in its own source, in its arguments' types, or in a module that the
    compiler imports: all of those are found in the text of the import statements.
    """
    parts = [sys.version, _numba(), llvmlite.__version__, np.__version__, llvm.get_default_triple(),
             *target.processor()]
    parts += [f"{name}={value}" for name, value in sorted(os.environ.items())
              if name.startswith("NUMBA_") and not name.startswith(_IDLE)]
    if _NUMBA_FILE.is_file():
        parts.append(_NUMBA_FILE.read_text(encoding="utf-8"))
    texts = sources(_COMPILER) | {name: _text(name) or "" for name in _LINKED}
    parts += [part for item in sorted(texts.items()) for part in item]
    return hashed(parts)


def sources(module: str, but: Sequence[str] = ()) -> dict[str, str]:
    """The text of a module of nbgrad, and of all that it imports of nbgrad, by their names; some left out."""
    found: dict[str, str] = {}
    ahead = [module]
    while ahead:
        name = ahead.pop()
        text = None if name in found or name in but else _text(name)
        if text is not None:
            found[name] = text
            ahead += _imports(name)
    return found


@memoise
def reached(*modules: str) -> str:
    """The hash of all that functions of modules may be compiled to: the text of what these import of nbgrad.

    Also the numbers that stand in there, which may depend on where they run. The modules are imported.
    """
    parts: list[str] = []
    found = {name: text for module in modules for name, text in sources(module, _FINDING).items()}
    for name, text in sorted(found.items()):
        numbers = [(word, value) for word, value in vars(sys.modules[name]).items()
                   if isinstance(value, (bool, int, float, tuple)) and not word.startswith("__")]
        parts += [name, text, repr(numbers)]
    return hashed(parts)


@memoise
def written_by(module: str) -> str:
    """The hash of the text of all by which a module writes kernels. It may be imported later, or never."""
    return hashed([part for item in sorted(sources(module).items()) for part in item])


@memoise
def _imports(module: str) -> list[str]:
    """What a module may import of nbgrad: modules, and names in packages."""
    found = []
    for name, words in _IMPORT.findall(_text(module) or ""):
        inside = [] if _text(name) is not None else _WORD.findall(words)
        found += [name, *[f"{name}.{word}" for word in inside]]
    return found


@memoise
def _text(module: str) -> str | None:
    """The source of a module of nbgrad; None for a package, which is empty, and for what is no module."""
    try:
        with open(f"{_ROOT}/{module.replace('.', '/')}.py", encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _numba() -> str:
    """What Numba says of its version. To import it takes longer than everything else together."""
    spec = find_spec("numba")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("_version.py").read_text(encoding="utf-8")


def hashed(parts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def compile_kernel(name: str, source: str, arguments: Sequence[Any], result: Any = None,
                   exact: bool = False) -> Callable[..., Any]:
    """The compiled function `name` that source defines, as a callable.

    It checks how many arguments it is given and, of those that are to be arrays, their dtype; no shapes.

    source    : may use the names in nbgrad.compile.cpu.words.SCOPE; other functions that it defines are
        compiled for this one to call, and those named inline_... as a part of it
    arguments : for each a NumPy dtype: an array with such elements; or a type (float, int, bool, np.float32):
        a scalar given by value; or PyObject: any Python object. First may be another record: see linker.bind
    result    : None; such a type; np.ndarray: an array that the kernel makes, or None; a tuple of np.ndarray
    exact     : every step is rounded by itself, a product that is added to something too, so that equal
        expressions in two kernels agree in each bit
    """
    return compile_written(name, stands(source, result), arguments, lambda: (source, result), exact)


def compile_written(name: str, stands: Sequence[str], arguments: Sequence[Any],
                    write: Callable[[], tuple[str, Any]], exact: bool) -> Callable[..., Any]:
    """The same for a source that is written only where the kernel is not at hand.

    stands : what the source, and the kind of its result, depend on
    """
    if not settings.compiled:
        source, _ = write()
        return import_module(_PLAIN).uncompiled(name, source, arguments)
    key = _key(name, stands, arguments, exact)
    kernel = _found(key, name)
    if kernel is None:
        with _lock:
            kernel = LOADED[key] = LOADED.get(key) or _build(key, name, *write(), arguments, exact)
    return kernel


def begin(name: str, stands: Sequence[str], arguments: Sequence[Any], write: Callable[[], tuple[str, Any]],
          exact: bool) -> bool:
    """Have another process compile a kernel that `compile_written` will be asked for; whether one does.

    That then waits for it. It raises workers.LostError if the process has ended, which may be the kernel's
    fault; asked again, it compiles the kernel itself.
    """
    key = _key(name, stands, arguments, exact)
    with _lock:
        if key in LOADED:
            return False
        source, result = write()
        request = foundation(), f"{name}_{key}", name, source, arguments, result, exact
        return workers.begin(key, name, request)


def at_hand(name: str, stands: Sequence[str], arguments: Sequence[Any],
            exact: bool = False) -> Callable[..., Any] | None:
    """The kernel that `compile_written` gives, if it is in memory or on disk."""
    return _found(_key(name, stands, arguments, exact), name)


def counts() -> tuple[int, int]:
    """(kernels compiled, kernels loaded from disk) by this process until now."""
    return len(COMPILED), len(LOADED) - len(COMPILED)


def stands(source: str, result: Any) -> list[str]:
    """What a kernel depends on whose source is written."""
    kinds = ["tuple", *map(_spell, result)] if isinstance(result, tuple) else [_spell(result)]
    return [source, "->", *kinds]


def _key(name: str, stands: Sequence[str], arguments: Sequence[Any], exact: bool) -> str:
    return hashed([foundation(), name, *stands, *map(_spell, arguments), str(exact)])[:32]


def _found(key: str, name: str) -> Callable[..., Any] | None:
    kernel = LOADED.get(key)
    if kernel is None:
        with _lock:
            kernel = LOADED.get(key) or _load(key, f"{name}_{key}")
            if kernel is not None:
                LOADED[key] = kernel
    return kernel


def _spell(kind: Any) -> str:
    return f"array of {kind}" if isinstance(kind, np.dtype) else getattr(kind, "__name__", str(kind))


def _build(key: str, name: str, source: str, result: Any, arguments: Sequence[Any],
           exact: bool) -> Callable[..., Any]:
    start = time.perf_counter()
    symbol = f"{name}_{key}"              # two kernels of one name would be one for the linker
    if made := workers.take(key):
        return _kept(key, symbol, name, made, start)
    with store.alone(foundation(), key):  # another program may be compiling it, or have done so
        if kernel := _load(key, symbol):
            return kernel
        made = import_module(_COMPILER).build(symbol, name, source, arguments, result, exact)
        return _kept(key, symbol, name, made, start)


def _kept(key: str, symbol: str, name: str, made: Any, start: float) -> Callable[..., Any]:
    """The kernel of what the compiler has made since `start`, which the store keeps."""
    code, needed = made
    if missing := _missing(needed):
        raise table_errors.unlinked_kernel(name, missing)
    kernel = linker.load(code, symbol)
    assert kernel is not None
    store.write(foundation(), key, "\n".join([symbol, *needed, "", ""]).encode() + code)
    COMPILED.add(key)
    _waited(name, time.perf_counter() - start)
    return kernel


def _waited(name: str, seconds: float) -> None:
    """Say once that a program has waited for the compiler, when that has come to some seconds."""
    global _seconds
    before, _seconds = _seconds, _seconds + seconds
    if before <= _LONG < _seconds and not settings.quiet:
        print(f"nbgrad: compiling has taken {_seconds:.1f} s ; kernels: {len(COMPILED)}, the last {name}, "
              f"kept in {store.folder()}. NBGRAD_QUIET=1 leaves out this line.", file=sys.stderr)


def _load(key: str, symbol: str) -> Callable[..., Any] | None:
    """The kernel kept on disk under this hash, or None."""
    payload = store.read(foundation(), key)
    head, end, code = (payload or b"").partition(b"\n\n")
    defined, *needed = head.decode("utf-8", "replace").split("\n")
    if not end or defined != symbol:
        return None
    return None if _missing(needed) else linker.load(code, symbol)


def _missing(symbols: Sequence[str]) -> list[str]:
    """Those of the symbols that are not to be found."""
    if linker.missing(symbols):
        import_module(_COMPILER)          # Numba brings functions of its own
    return linker.missing(symbols)
