"""The settings: environment variables, read once at import."""

from __future__ import annotations

import os
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

from nbgrad.errors import device_errors, table_errors, trace_errors, value_errors

DEVICES = ("cpu", "cuda", "cuda-sim")
TIERS = ("auto", "compiled", "interpreted")


@dataclass(frozen=True)
class Settings:
    """What the environment says.

    device : where arrays are made, one of DEVICES or "auto"
    cache  : the folder of the kernel cache, or None for no cache
    threads : how many a kernel may use, or None for one per processor
    compiled : False: kernels run as the Python that they are written in
    tier   : one of TIERS: kernels are compiled when they have earned it, at first use, or never
    quiet  : nothing is said of long compilations
    workers : how many processes may compile kernels while the program goes on
    """

    device: str
    cache: Path | None
    threads: int | None = None
    compiled: bool = True
    tier: str = "auto"
    quiet: bool = False
    workers: int = 0


def _user_cache() -> Path:
    """The folder that the operating system keeps for a user's caches."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local")))
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"))


def read(environment: dict[str, str] | os._Environ[str]) -> Settings:
    """Settings from NBGRAD_DEVICE (cpu, the default, cuda, cuda-sim, auto), NBGRAD_CACHE_DIR (a folder; empty
    for no cache), NBGRAD_NUM_THREADS (a positive number; default: OMP_NUM_THREADS) and NBGRAD_DISABLE_JIT (1:
    nothing is compiled, and a debugger can step into kernels), NBGRAD_TIER (one of TIERS; see compile/tiers)
    and NBGRAD_QUIET (1: no line on stderr when compiling takes long), NBGRAD_WORKERS (processes that compile
    in the background; default: one fewer than processors, four at most).

    Raises NbgradError where Numba is told not to compile, and for a device that needs it.
    """
    if _on(environment, "NUMBA_DISABLE_JIT"):
        raise trace_errors.jit_disabled(environment["NUMBA_DISABLE_JIT"])
    compiled, quiet = not _on(environment, "NBGRAD_DISABLE_JIT"), _on(environment, "NBGRAD_QUIET")
    device = environment.get("NBGRAD_DEVICE", "cpu")
    if device not in (*DEVICES, "auto"):
        raise device_errors.unknown_device(device, DEVICES)
    tier = environment.get("NBGRAD_TIER", "auto")
    if tier not in TIERS:
        raise value_errors.bad_tier(tier, TIERS)
    if not compiled and device not in ("cpu", "auto"):
        raise trace_errors.uncompiled_device(device)
    return Settings(device if compiled else "cpu", _cache(environment.get("NBGRAD_CACHE_DIR")),
                    _threads(environment), compiled, tier, quiet, _workers(environment))


def _on(environment: dict[str, str] | os._Environ[str], name: str) -> bool:
    return environment.get(name, "").strip() not in ("", "0")


def _cache(folder: str | None) -> Path | None:
    """The folder of compiled kernels, which a program may name before it changes its working directory."""
    if folder == "":
        return None
    try:
        return (_user_cache() / "nbgrad" if folder is None else Path(folder).expanduser()).absolute()
    except RuntimeError as error:         # a user without a home
        warnings.warn(table_errors.unusable_cache(folder or "of this user", str(error)), stacklevel=2)
        return None


def _threads(environment: dict[str, str] | os._Environ[str]) -> int | None:
    ours = environment.get("NBGRAD_NUM_THREADS")
    given = environment.get("OMP_NUM_THREADS", "").split(",")[0] if ours is None else ours
    if given.strip().isdecimal() and int(given) > 0:
        return int(given)
    if ours is not None:
        raise value_errors.bad_thread_setting(ours)
    return None


def _workers(environment: dict[str, str] | os._Environ[str]) -> int:
    given = environment.get("NBGRAD_WORKERS")
    if given is None:
        return min(len(os.sched_getaffinity(0)) - 1, 4)
    if not given.strip().isdecimal():
        raise value_errors.bad_worker_setting(given)
    return int(given)


settings: Settings = read(os.environ)
