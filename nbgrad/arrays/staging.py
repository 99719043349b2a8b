"""Copies between the host and a CUDA device by way of pinned memory, which the device reads by itself.

A copy takes its place in the order of its stream, and nobody waits for it but who needs the values.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from nbgrad.arrays import driver, streams
from nbgrad.arrays.streams import Stream

_PIECES = 4                               # of pinned memory, for a stream's copies to the device
_BEHIND = 4096                            # bytes that a copy may be longer than what is needed
_APART = 64                               # bytes between the starts of two copies in a piece, at least


class Staging:
    """Pinned memory for one stream's copies, in pieces that are used in turn.

    there : pieces for copies to the device, each with the event after which it can be used again
    back  : pieces for copies from the device
    """

    lock: threading.Lock
    size: int
    stream: Stream
    turn: int
    used: int

    def __init__(self, stream: Stream, size: int) -> None:
        self.stream, self.size, self.lock = stream, size, threading.Lock()
        self.there: list[np.ndarray] = []
        self.free: list[Any] = [None] * _PIECES
        self.turn, self.used = 0, 0
        self.back: list[np.ndarray] = []

    def send(self, memory: Any, data: np.ndarray) -> None:
        """Copy bytes to the start of memory on the device; data may change as soon as this returns."""
        with self.lock:
            if memory.size <= self.size:  # with what is behind the data: a part of memory costs more to name
                room = self._room(memory.size)
                room[:data.size] = data
                streams.put(memory, 0, room, self.stream)
                return
            for start in range(0, data.size, self.size):
                part = data[start:start + self.size]
                room = self._room(part.size)
                room[:] = part
                streams.put(memory, start, room, self.stream)

    def _room(self, n: int) -> np.ndarray:
        """n bytes of pinned memory that no copy reads any more."""
        if not self.there:
            self.there.append(driver.pinned(self.size))
        if self.used + n > self.size:
            self.free[self.turn] = streams.record_event(self.stream)
            self.turn, self.used = (self.turn + 1) % _PIECES, 0
            if self.turn == len(self.there):
                self.there.append(driver.pinned(self.size))
            elif self.free[self.turn] is not None:
                streams.until(self.free[self.turn])
        room = self.there[self.turn][self.used:self.used + n]
        self.used += -(-n // _APART) * _APART
        return room

    def fetch(self, memory: Any, start: int, data: np.ndarray) -> None:
        """Copy bytes from a place in the device's memory to data. Waits for what computes them."""
        with self.lock:
            while len(self.back) < min(2, -(-data.size // self.size)):
                self.back.append(driver.pinned(self.size))
            if start == 0 and memory.size <= min(self.size, data.size + _BEHIND):
                room = self.back[0][:memory.size]
                streams.get(memory, 0, room, self.stream)
                streams.wait(self.stream, "a copy from the device")
                data[:] = room[:data.size]
                return
            last: tuple[Any, np.ndarray, np.ndarray] | None = None
            for count, at in enumerate(range(0, data.size, self.size)):
                part = data[at:at + self.size]
                room = self.back[count % 2][:part.size]
                streams.get(memory, start + at, room, self.stream)
                if last is not None:      # the one before is taken out while this one comes
                    streams.until(last[0])
                    last[1][:] = last[2]
                more = at + self.size < data.size
                last = (streams.record_event(self.stream) if more else None, part, room)
            streams.wait(self.stream, "a copy from the device")
            if last is not None:
                last[1][:] = last[2]


def staging() -> Staging:
    """The pinned memory of the current stream."""
    stream = streams.current_stream()
    if stream.staging is None:
        stream.staging = Staging(stream, driver.host().stage)
    found: Staging = stream.staging
    return found
