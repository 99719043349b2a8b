"""The store: object code on disk, one file for each kernel, in one folder for each foundation.

A file is its digest, its name and its content. The digest is of both, and the name is the whole of what the
kernel was compiled from and for, so that no file stands for another; one that does not match counts as not
there. It is written under another name and renamed, so a reader never sees half of one, and read as a whole,
so that it may be removed at any time. The folder is opened anew each time: it may be deleted, or be someone
else's, by then.
"""

from __future__ import annotations

import hashlib
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache as memoise
from pathlib import Path

from nbgrad.arrays.config import settings
from nbgrad.compile.folder import Folder, UnfitError, opened
from nbgrad.errors import table_errors

_DIGEST = hashlib.sha256().digest_size
_PREFIX = "kernels-"
_FOUNDATIONS = 8                          # folders kept besides the one in use
_BYTES = 256_000_000                      # kept in one folder: some 40,000 kernels
_LARGEST = 16_000_000                     # bytes of a file: the largest kernels have a hundredth of that
_HOUR = 3600
_TRIES = 8


def folder() -> Path | None:
    """The cache folder, made if need be; None where there is to be none.

    Warns and returns None where it cannot be made. Raises CacheError if it is a link, or someone else owns it
    or can write to it.
    """
    where = _folder(make=True)
    if where is None:
        return None
    with where:
        return where.path


def _folder(make: bool) -> Folder | None:
    path = settings.cache
    if path is None:
        return None
    try:
        if make:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return opened(path)
    except UnfitError as fault:
        raise table_errors.unsafe_cache(path, str(fault.strerror)) from fault
    except OSError as error:
        if make:
            _complain(path, str(error.strerror))
        return None


@memoise
def _complain(path: Path, why: str) -> None:
    """Warn that kernels are not kept: once in a process for each reason."""
    warnings.warn(table_errors.unusable_cache(path, why), stacklevel=2)


def sizes() -> list[int]:
    """The bytes of each kernel in the cache folder, of any foundation."""
    where = _folder(make=False)
    if where is None:
        return []
    found = []
    with where:
        for name, _ in where.entries():
            if name.startswith(_PREFIX):
                try:
                    with where.open(name) as group:
                        found += [size for _, size in _kernels(group)]
                except OSError:               # gone, or not this user's
                    continue
    return found


def _kernels(group: Folder) -> list[tuple[str, int]]:
    """The kernels in an open folder and the bytes of each, oldest first."""
    return [(name, about.st_size) for name, about in group.entries() if not name.startswith(".")]


def read(foundation: str, key: str) -> bytes | None:
    """The content kept under this key, or None."""
    where = _folder(make=False)
    if where is None:
        return None
    try:
        with where, where.open(_group(foundation)) as group:
            content = group.read(key, _LARGEST)
            _note_use(group)
    except OSError:                           # not there, or not to be read: it is compiled again
        return None
    digest, named, name = content[:_DIGEST], content[_DIGEST:], _name(foundation, key)
    if hashlib.sha256(named).digest() != digest or not named.startswith(name):
        return None
    return named[len(name):]


def write(foundation: str, key: str, payload: bytes) -> None:
    """Keep content under this key; where that fails, with a warning, the next process compiles again."""
    named = _name(foundation, key) + payload
    for tries in range(1, _TRIES + 1):
        where = _folder(make=True)
        if where is None:
            return
        try:
            with where, where.made(_group(foundation)) as group:
                _tidy(where, group)
                group.write(key, hashlib.sha256(named).digest() + named)
            return
        except OSError as error:
            if not isinstance(error, FileNotFoundError) or tries == _TRIES:      # others drop folders, too
                _complain(where.path, str(error.strerror))
                return


@contextmanager
def alone(foundation: str, key: str) -> Iterator[None]:
    """A context for one process at a time that makes what belongs under this key, where that can be had."""
    with ExitStack() as held:
        where = _folder(make=True)
        if where is not None:
            held.enter_context(where)
            with suppress(OSError):           # a folder that may only be read, or is on a disk without locks
                group = held.enter_context(where.made(_group(foundation)))
                held.enter_context(group.alone(key))
        yield


def _group(foundation: str) -> str:
    return f"{_PREFIX}{foundation[:16]}"


def _name(foundation: str, key: str) -> bytes:
    """What the content of a file begins with."""
    return f"nbgrad {foundation} {key}\n".encode()


@memoise
def _note_use(group: Folder) -> bool:
    """Whether the folder's time says now that it is in use; it cannot where it may only be read."""
    try:
        group.touch()
    except OSError:
        return False
    return True


@memoise
def _tidy(where: Folder, group: Folder) -> None:
    """Bound the cache, once in a process that writes: drop foundations long unused, and the oldest kernels.

    What another process is about to load may go: it then compiles that again.
    """
    others = [name for name, _ in where.entries() if name.startswith(_PREFIX) and name != group.path.name]
    for unused in others[:-_FOUNDATIONS]:
        where.remove(unused)
    for each in (where, group):               # what killed processes left, and what was in the way
        for name, about in each.entries():
            if name.startswith(".") and time.time() - about.st_mtime > _HOUR:
                each.remove(name)
    kept = _kernels(group)
    if sum(size for _, size in kept) > _BYTES:
        for name, _ in kept[:len(kept) // 2]:
            group.remove(name)
