"""Folders that are this user's alone, reached through an open descriptor.

Where others may write in a folder above, what a path leads to may change between two looks at it. So a folder
is opened once, no link is followed to it, its owner and mode are read through the descriptor, and what is in
it is opened, made, renamed and deleted relative to that. Where the system has no such calls, paths are used.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_RELATIVE = {os.open, os.mkdir, os.rename, os.unlink} <= os.supports_dir_fd and os.scandir in os.supports_fd
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _NO_LINK
_FILE = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | _NO_LINK   # a FIFO: no wait
_LOCK = os.O_RDWR | os.O_CREAT | _NO_LINK
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | _NO_LINK
_FLOCK: Any = import_module("fcntl") if find_spec("fcntl") else None


class UnfitError(OSError):
    """What has a name is not what it is to be, or not this user's alone."""

    def __init__(self, why: str) -> None:
        super().__init__(errno.EPERM, why)


@dataclass(frozen=True)
class Folder:
    """An open folder of this user's. fd: its descriptor, None where paths are used."""

    path: Path
    fd: int | None = field(compare=False)

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *_: object) -> None:
        if self.fd is not None:
            os.close(self.fd)

    def _at(self, name: str, keyword: str = "dir_fd") -> tuple[Any, dict[str, Any]]:
        return (self.path / name, {}) if self.fd is None else (name, {keyword: self.fd})

    def open(self, name: str) -> Folder:
        """The folder of this name. Raises as `opened`."""
        place, relative = self._at(name)
        return opened(self.path / name, place, **relative)

    def made(self, name: str) -> Folder:
        """The folder of this name, made if need be; what is unfit is put aside."""
        place, relative = self._at(name)
        try:
            os.mkdir(place, 0o700, **relative)
        except FileExistsError:
            try:
                return self.open(name)
            except (UnfitError, NotADirectoryError):
                self._put_aside(name)
                os.mkdir(place, 0o700, **relative)
        return self.open(name)

    def read(self, name: str, most: int) -> bytes:
        """The content of a file. Raises UnfitError for more bytes, and for what is no file of this user's."""
        place, relative = self._at(name)
        try:
            descriptor = os.open(place, _FILE, **relative)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO):       # a link; a socket
                raise UnfitError("is no file") from error
            raise
        with open(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise UnfitError("is no file")
            if why := _fault(found):
                raise UnfitError(why)
            if found.st_size > most:
                raise UnfitError(f"has {found.st_size} bytes")
            return file.read(most)

    def write(self, name: str, content: bytes) -> None:
        """Make or replace a file, whole or not at all; a folder of its name is put aside."""
        new = f".{secrets.token_hex(8)}"
        place, relative = self._at(new)
        try:
            with open(os.open(place, _NEW, 0o600, **relative), "wb") as file:
                file.write(content)
            try:
                self._rename(new, name)
            except (IsADirectoryError, PermissionError):        # the latter is what Windows says of a folder
                self._put_aside(name)
                self._rename(new, name)
        except BaseException:                 # an interrupt too leaves no half of a file
            self.remove(new)
            raise

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """A context for one process at a time, of those that give the same name. It ends with its process.

        A hidden file is there meanwhile; if it is deleted, two may be in the context. Raises OSError where no
        file can be made or locked.
        """
        hidden = f".{name}.lock"
        place, relative = self._at(hidden)
        with open(os.open(place, _LOCK, 0o600, **relative), "rb") as file:
            if _FLOCK is not None:
                _FLOCK.flock(file, _FLOCK.LOCK_EX)
            try:
                yield
            finally:
                self.remove(hidden)

    def _put_aside(self, name: str) -> None:
        """Give what has a name another one, a hidden one, under which it is of no use and may be deleted."""
        self._rename(name, f".{secrets.token_hex(8)}")

    def _rename(self, old: str, new: str) -> None:
        (source, _), (target, _) = self._at(old), self._at(new)
        ends = {} if self.fd is None else {"src_dir_fd": self.fd, "dst_dir_fd": self.fd}
        os.replace(source, target, **ends)

    def remove(self, name: str) -> None:
        """Delete a file, or a folder with all that is in it, as far as that can be done."""
        place, relative = self._at(name)
        try:
            os.unlink(place, **relative)
        except FileNotFoundError:
            return
        except OSError:                       # a folder
            shutil.rmtree(place, ignore_errors=True, **relative)

    def entries(self) -> list[tuple[str, os.stat_result]]:
        """Names in the folder with what is known of them, oldest first; what goes meanwhile is left out."""
        found = []
        with os.scandir(self.path if self.fd is None else self.fd) as scanned:
            for entry in scanned:
                try:
                    found.append((entry.name, entry.stat(follow_symlinks=False)))
                except OSError:
                    continue
        return sorted(found, key=lambda each: each[1].st_mtime)

    def touch(self) -> None:
        """Say that the folder is in use now. Raises OSError where it may only be read."""
        os.utime(self.path if self.fd is None else self.fd)


def opened(path: Path, place: Any = None, **relative: Any) -> Folder:
    """The folder of this path, which is no link; place, relative: where to open it, if not by the path.

    Raises UnfitError for a link and for a folder that is not this user's alone, OSError where there is none.
    """
    place = path if place is None else place
    if not _RELATIVE:
        if why := _fault(os.stat(place)):
            raise UnfitError(why)
        return Folder(path, None)
    try:
        descriptor = os.open(place, _FOLDER, **relative)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR) and _is_link(place, relative):
            raise UnfitError("is a link") from error
        raise
    if why := _fault(os.fstat(descriptor)):
        os.close(descriptor)
        raise UnfitError(why)
    return Folder(path, descriptor)


def _is_link(place: Any, relative: dict[str, Any]) -> bool:
    try:
        return stat.S_ISLNK(os.stat(place, follow_symlinks=False, **relative).st_mode)
    except OSError:                           # on the way to it is a file
        return False


def _fault(found: os.stat_result) -> str:
    """Why code is not to be loaded from what is there: who else may have written it. Empty: from nobody."""
    if not hasattr(os, "geteuid"):
        return ""
    if found.st_uid != os.geteuid():
        return f"belongs to user {found.st_uid}"
    return "can be written by other users" if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) else ""
