"""Streams and events of a device that does nothing before it is waited for, and then only what it must.

What is not ordered by an event, or by one stream, happens in the worst order: late, or never. A fault in a
kernel stays hidden until then, and all that is asked afterwards fails, as on a GPU.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from numba.cuda.cudadrv.driver import CudaAPIError

from ptx.faults import FaultError


class Order:
    """What a device has been asked and not done yet.

    late  : whether it waits until it must; else everything is done at once, and faults are raised as such
    fault : of the first kernel that failed; the device does nothing any more
    """

    def __init__(self, late: bool) -> None:
        self.late = late
        self.fault: FaultError | None = None
        self.streams: dict[int, Stream] = {}

    def stream(self, handle: int) -> "Stream":
        """The stream with a handle, the same each time."""
        return self.streams.setdefault(handle, Stream(self, handle))

    def check(self, call: str) -> None:
        """Raises CudaAPIError, as the driver's `call` would, if a kernel failed."""
        if self.fault is not None:
            raise CudaAPIError(700, f"Call to {call} results in CUDA_ERROR_ILLEGAL_ADDRESS")

    def do(self, action: Callable[[], None]) -> None:
        """Do one thing, and keep the fault if there is one."""
        if self.fault is None:
            try:
                action()
            except FaultError as fault:
                self.fault = fault


class Stream:
    """A stream: what was asked of it and not done yet, in order."""

    def __init__(self, order: Order, handle: int) -> None:
        self.order, self.handle = order, handle
        self.queue: deque[Callable[[], None]] = deque()
        self.asked = self.done = 0

    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, self.handle

    def ask(self, action: Callable[[], None]) -> None:
        """Do something after all that was asked of the stream before."""
        if self.order.late:
            self.queue.append(action)
            self.asked += 1
        else:
            action()

    def run(self, place: int) -> None:
        """Do what was asked, up to a place."""
        while self.done < place:
            self.done += 1
            self.order.do(self.queue.popleft())

    def synchronize(self) -> None:
        """Do all that was asked."""
        self.run(self.asked)
        self.order.check("cuStreamSynchronize")


class Event:
    """A place in what is asked of a stream."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.at: tuple[Any, int] | None = None

    def record(self, stream: Stream) -> None:
        """Take the place up to which the stream was asked."""
        self.order.check("cuEventRecord")
        self.at = stream, stream.asked

    def _reach(self, at: tuple[Any, int] | None) -> None:
        if at is not None:
            at[0].run(at[1])

    def synchronize(self) -> None:
        """Do all that was asked up to the place."""
        self._reach(self.at)
        self.order.check("cuEventSynchronize")

    def wait(self, stream: Stream) -> None:
        """Make what is asked of a stream afterwards come after the place."""
        self.order.check("cuStreamWaitEvent")
        at = self.at
        stream.ask(lambda: self._reach(at))
