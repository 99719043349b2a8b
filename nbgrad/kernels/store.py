"""The store: object code on disk, one file for each kernel, in one folder for each foundation.

A file is its digest and its content; one that does not match its digest counts as not there. It is written
under another name and renamed, so a reader never sees half of one, and read as a whole, so that it may be
removed at any time. The folder is inspected anew each time: it may be deleted, or be someone else's, by then.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator
from functools import cache as memoise
from pathlib import Path

from nbgrad import errors
from nbgrad.config import settings

_DIGEST = hashlib.sha256().digest_size
_PREFIX = "kernels-"
_FOUNDATIONS = 8                          # folders kept besides the one in use
_BYTES = 256_000_000                      # kept in one folder: some 40,000 kernels
_HOUR = 3600


def folder() -> Path | None:
    """The cache folder, made if need be; None where there is to be none.

    Warns and returns None where it cannot be made. Raises CacheError if someone else owns it
    or can write to it.
    """
    path = settings.cache
    if path is None:
        return None
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.stat()
    except OSError as error:
        _complain(path, str(error.strerror))
        return None
    if hasattr(os, "getuid"):
        if found.st_uid != os.getuid():
            raise errors.unsafe_cache(path, f"belongs to user {found.st_uid}")
        if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise errors.unsafe_cache(path, "can be written by other users")
    return path


@memoise
def _complain(path: Path, why: str) -> None:
    """Warn that kernels are not kept: once in a process for each reason."""
    warnings.warn(errors.unusable_cache(path, why), stacklevel=2)


def files() -> list[Path]:
    """All kernels in the cache folder, of any foundation."""
    where = folder()
    return [file for group in where.glob(f"{_PREFIX}*") for file in _entries(group)] if where else []


def _entries(group: Path) -> Iterator[Path]:
    return (file for file in group.iterdir() if not file.name.startswith("."))


def read(foundation: str, key: str) -> bytes | None:
    """The content kept under this key, or None."""
    where = folder()
    if where is None:
        return None
    group = _group(where, foundation)
    try:
        content = (group / key).read_bytes()
    except OSError:                       # not there, or not to be read: it is compiled again
        return None
    _note_use(group)
    digest, payload = content[:_DIGEST], content[_DIGEST:]
    return payload if hashlib.sha256(payload).digest() == digest else None


def write(foundation: str, key: str, payload: bytes) -> None:
    """Keep content under this key; where that fails, with a warning, the next process compiles again."""
    where = folder()
    if where is None:
        return
    group = _group(where, foundation)
    temporary = None
    try:
        group.mkdir(mode=0o700, exist_ok=True)
        _tidy(group)
        with tempfile.NamedTemporaryFile(dir=group, prefix=".", delete=False) as file:
            temporary = Path(file.name)
            file.write(hashlib.sha256(payload).digest() + payload)
        temporary.replace(group / key)
    except OSError as error:
        _remove([temporary] if temporary else [])
        _complain(where, str(error.strerror))


def _group(where: Path, foundation: str) -> Path:
    return where / f"{_PREFIX}{foundation[:16]}"


@memoise
def _note_use(group: Path) -> bool:
    """Whether the folder's time says now that it is in use; it cannot where it may only be read."""
    try:
        os.utime(group)
    except OSError:
        return False
    return True


@memoise
def _tidy(group: Path) -> None:
    """Bound the cache, once in a process that writes: drop foundations long unused, and the oldest kernels.

    What another process is about to load may go: it then compiles that again.
    """
    others = [d for d in group.parent.glob(f"{_PREFIX}*") if d != group]
    for unused in sorted(others, key=_time, reverse=True)[_FOUNDATIONS:]:
        shutil.rmtree(unused, ignore_errors=True)
    _remove(f for f in group.glob(".*") if time.time() - _time(f) > _HOUR)      # of a process that was killed
    kept = sorted(_entries(group), key=_time)
    if sum(map(_size, kept)) > _BYTES:
        _remove(kept[:len(kept) // 2])


def _time(path: Path) -> float:
    """When a file or folder was last written; 0 for one that is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _remove(paths: Iterable[Path]) -> None:
    """Delete files; those that cannot be stay."""
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            return
