"""The settings: environment variables, read once at import."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from nbgrad import errors


@dataclass(frozen=True)
class Settings:
    """device: where arrays live; cache: the kernel cache folder, or None for no cache."""

    device: str
    cache: Path | None


def _user_cache() -> Path:
    """The folder that the operating system keeps for a user's caches."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local")))
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"))


def read(environment: dict[str, str] | os._Environ[str]) -> Settings:
    """Settings from NBGRAD_DEVICE (cpu, auto) and NBGRAD_CACHE_DIR (a folder; empty for no cache)."""
    device = environment.get("NBGRAD_DEVICE", "auto")
    if device not in ("cpu", "auto"):
        raise errors.unknown_device(device)
    folder = environment.get("NBGRAD_CACHE_DIR")
    if folder is None:
        return Settings("cpu", _user_cache() / "nbgrad")
    return Settings("cpu", Path(folder).expanduser() if folder else None)


settings = read(os.environ)
