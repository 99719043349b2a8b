"""Streams of a CUDA device: launches, copies and waits, each on the current stream.

An error of a kernel is known when the device is waited for: each stream keeps the names of its last kernels.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any

import numpy as np

from nbgrad.arrays.driver import CONNECTED, Host, call_driver, host, message, raised
from nbgrad.errors import device_errors

_RECENT = 8                               # kernels that an error names at most
_LEGACY = 1                               # another number of the default stream
_READY = 1 << 13                          # launches that are kept configured, for each stream


class Stream:
    """A queue of work, which the device does in order.

    handle  : the driver's number of it; 0 is the default one
    api     : what numba.cuda takes for it
    recent  : names of the last kernels launched on it, and of their ops, since it was last waited for
    ready   : launches by kernel, grid and block, configured
    kept    : what was given for it, which may own it
    staging : host memory for its copies, once there was one
    """

    __slots__ = ("api", "handle", "kept", "ready", "recent", "staging")
    api: Any
    handle: int
    kept: Any

    def __init__(self, handle: int, api: Any, kept: Any) -> None:
        self.handle, self.api, self.kept = handle, api, kept
        self.staging: Any = None
        self.recent: deque[str] = deque(maxlen=_RECENT)
        self.ready: dict[tuple[Any, Any, Any], Any] = {}


class _Work(threading.local):
    """What a thread is doing."""

    op = ""


_work = _Work()
_current: ContextVar[Stream | None] = ContextVar("stream", default=None)


def current_stream() -> Stream:
    """The stream that launches and copies are put on."""
    found = _current.get()
    if found is None:
        found = CONNECTED[-1].streams.get(0) or lookup(0)
    return found


def lookup(which: Any) -> Stream:
    """The stream that a number is the driver's handle of, or that an object stands for.

    which : 0 for the default one; a stream of numba.cuda's, or whatever has __cuda_stream__
    """
    home = host()
    if type(which) is int and which in home.streams:
        return home.streams[which]
    if home.simulates and hasattr(which, "synchronize"):
        handle = id(which)                # whose streams have no handles
    elif hasattr(which, "__cuda_stream__"):
        handle = int(which.__cuda_stream__()[1])
    elif isinstance(which, (int, np.integer)) and not isinstance(which, bool) and which >= 0:
        handle = int(which)
    else:
        raise device_errors.bad_stream(which)
    handle = 0 if handle == _LEGACY else handle
    with home.lock:
        if handle not in home.streams:
            home.streams[handle] = Stream(handle, _opened(home, handle, which), which)
            home.several = home.several or handle != 0
        return home.streams[handle]


def _opened(home: Host, handle: int, which: Any) -> Any:
    """What numba.cuda takes for a stream: with 0 its copies would wait."""
    if handle == 0:
        return call_driver("the default stream", home.api.default_stream)
    if home.simulates:
        if isinstance(which, (int, np.integer)):
            raise device_errors.bad_stream(which)
        return which
    return call_driver("a stream", home.api.external_stream, handle)


def order(before: Stream, after: Stream) -> None:
    """Make the work that a stream is given from now on wait for what another has been given."""
    if before is not after:
        call_driver("a wait for another stream", record_event(before).wait, after.api)


def record_event(at: Stream) -> Any:
    """An event that completes when the device has done the work that a stream has been given until now."""
    api = host().api
    event = call_driver("an event", api.event, *(() if host().simulates else (False,)))
    call_driver("an event", event.record, at.api)
    return event


def enter(new: Stream) -> tuple[Stream, Token[Stream | None]]:
    """Make a stream the current one, which waits for the one before; what `leave` takes."""
    last = current_stream()
    order(last, new)
    return last, _current.set(new)


def leave(entered: tuple[Stream, Token[Stream | None]]) -> None:
    """Go back to the stream before, which waits for the one that is left."""
    last, token = entered
    left = current_stream()
    _current.reset(token)
    order(left, last)


def wait(at: Stream, what: str = "a wait") -> None:
    """Wait until the device has done the work of a stream. Raises DeviceError if it failed."""
    call_driver(what, at.api.synchronize)
    at.recent.clear()


def until(event: Any) -> None:
    """Wait until an event has come. Raises DeviceError if the device failed."""
    call_driver("a wait", event.synchronize)


def synchronize() -> None:
    """Wait until the device has done all its work; nothing where none is in use."""
    if CONNECTED:
        call_driver("a wait", CONNECTED[-1].api.synchronize)
        for each in list(CONNECTED[-1].streams.values()):
            each.recent.clear()


def put(memory: Any, start: int, data: np.ndarray, at: Stream) -> None:
    """Copy bytes of pinned memory, which stay as they are until then, to a place in the device's."""
    call_driver("a copy to the device", _part(memory, start, data.size).copy_to_device, data, at.api)


def get(memory: Any, start: int, data: np.ndarray, at: Stream) -> None:
    """Copy bytes from a place in the device's memory to pinned memory, which are there after a wait."""
    call_driver("a copy from the device", _part(memory, start, data.size).copy_to_host, data, at.api)


def _part(memory: Any, start: int, size: int) -> Any:
    return memory if size == memory.size else memory[start:start + size]


def blocks(n: int, threads: int | None = None) -> int:
    """Blocks of a launch that has n elements to walk."""
    home = host()
    return max(1, min(-(-n // (threads or home.threads)), home.blocks))


def named(op: str, kernel: Callable[..., Any], /, *args: Any, **params: Any) -> Any:
    """kernel(*args, **params), whose launches are known to be an op's."""
    before, _work.op = _work.op, op
    try:
        return kernel(*args, **params)
    finally:
        _work.op = before


def launch(kernel: Any, grid: Any, block: Any, *args: Any) -> None:
    """Start a kernel. Errors of the device's own come from the next wait for it."""
    at = current_stream()
    ready = at.ready.get((kernel, grid, block))
    try:
        if ready is None:
            ready = _configured(kernel, grid, block, at)
        ready(*args)
    except Exception as error:
        if not raised(error):
            raise
        synchronize()                     # raises where a kernel before has failed
        raise device_errors.not_launched(getattr(kernel, "__name__", "a kernel"), grid, block,
                                         message(error)) from error
    name = getattr(kernel, "__name__", "a kernel")
    at.recent.append(f"{name} of {_work.op}" if _work.op else name)


def _configured(kernel: Any, grid: Any, block: Any, at: Stream) -> Any:
    """A kernel with its sizes and its stream, kept, as numba.cuda keeps 128 of all kernels together only."""
    home = host()
    if home.simulates:                    # which changes the kernel
        return kernel[grid, block]
    if len(at.ready) >= _READY:
        at.ready.clear()
    sizes, settings = (grid, block) if at.handle == 0 else (grid, block, at.api), home.settings
    if settings is None:
        found = kernel[sizes]
    else:                                 # a small array needs few blocks: it is no news
        advice, settings.CUDA_LOW_OCCUPANCY_WARNINGS = settings.CUDA_LOW_OCCUPANCY_WARNINGS, 0
        try:
            found = kernel[sizes]
        finally:
            settings.CUDA_LOW_OCCUPANCY_WARNINGS = advice
    at.ready[kernel, grid, block] = found
    return found
