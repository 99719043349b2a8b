"""Tiers: a kernel is interpreted, by NumPy's functions, until it has earned to be compiled.

A new kernel takes a few tenths of a second to compile, and many a program needs each of its kernels a few
times only. So a kernel that is neither in memory nor on disk is interpreted at first. Its work is counted, in
nanoseconds that are estimated from the number of calls and of elements, not measured: a program that is run
twice compiles at the same places. When that comes to the time of a compilation, another process begins with
it (workers.py), and when it comes to twice that time the kernel takes the place of its interpreter. Where no
other process can compile, this one does, the first time. So neither choice takes much more than twice the
time of the better one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from types import SimpleNamespace
from typing import Any

from nbgrad.arrays.config import settings
from nbgrad.compile import cache
from nbgrad.compile.workers import LostError

EARNED = 300_000_000                      # nanoseconds: what a compilation takes
_CALL = 1_000                             # nanoseconds of one of NumPy's functions, without its elements
_listeners: list[Callable[[], None]] = []
_now = SimpleNamespace(tier=settings.tier)


def choose(tier: str) -> None:
    """Have another of config.TIERS from now on. "compiled" is for kernels too that are interpreted so far."""
    _now.tier = tier


@contextmanager
def chosen(tier: str) -> Iterator[None]:
    """The same in a `with` block."""
    before = _now.tier
    choose(tier)
    try:
        yield
    finally:
        choose(before)


class Interim:
    """A kernel's interpreter, until the kernel has earned to be compiled.

    interpret : what the kernel does, by NumPy or in Python
    steps, each : functions that it calls, and nanoseconds that it takes for an element of the largest array
    most  : elements beyond which nothing is interpreted
    """

    __slots__ = ("_ahead", "_build", "_each", "_kernel", "_steps", "interpret", "most", "spent")
    interpret: Callable[..., Any]
    most: int
    spent: float

    def __init__(self, interpret: Callable[..., Any], steps: int, each: float, most: int = 1 << 22) -> None:
        self.interpret, self.most, self._each = interpret, most, each
        self._steps, self.spent = _CALL * (steps + 1), 0.0
        self._ahead: _Ahead | None = None
        self._build: Callable[[], Callable[..., Any]] | None = None
        self._kernel: Callable[..., Any] | None = None

    def until(self, build: Callable[[], Callable[..., Any]], ahead: _Ahead) -> Interim:
        """This, with what compiles the kernel and puts it in this one's place, and what begins with it."""
        self._build, self._ahead = build, ahead
        return self

    def __call__(self, *args: Any) -> Any:
        if self._kernel is None:
            size = max([getattr(x, "size", 1) for x in args])
            self.spent += self._steps + self._each * size
            assert self._build is not None
            assert self._ahead is not None
            early = size <= self.most and not self._ahead.due(self.spent)
            if _now.tier == "interpreted" or (early and _now.tier == "auto"):
                return self.interpret(*args)
            try:
                self._kernel = self._build()
            except LostError:
                self.spent = -inf
                return self.interpret(*args)
            for ended in _listeners:
                ended()
        return self._kernel(*args)


class _Ahead:
    """When a kernel is to take the place of what does without: another process is to have begun with it.

    request : what `cache.compile_written` takes
    """

    __slots__ = ("_begun", "_request")

    def __init__(self, request: tuple[Any, ...]) -> None:
        self._request = request
        self._begun: bool | None = None

    def due(self, spent: float) -> bool:
        """Whether it is, after so many nanoseconds."""
        if spent < EARNED or _now.tier == "interpreted":
            return False
        if self._begun is None:
            self._begun = cache.begin(*self._request)
        return spent >= 2 * EARNED or not self._begun


class Missed:
    """A kernel that the library does without until that has taken as long as to compile it. It takes what
    `cache.compile_written` takes.
    """

    __slots__ = ("_ahead", "_request", "_taken")
    _taken: float | None

    def __init__(self, name: str, stands: Sequence[str], arguments: Sequence[Any], write: Any,
                 exact: bool) -> None:
        self._request, self._taken = (name, stands, arguments, exact), None
        self._ahead = _Ahead((name, stands, arguments, write, exact))

    def enough(self, more: float) -> bool:
        """Whether the kernel is worth having, after so many nanoseconds more; always if it is on disk."""
        if _now.tier != "auto":
            return bool(_now.tier == "compiled")
        if self._taken is None:
            self._taken = 0.0
            if cache.at_hand(*self._request) is not None:
                return True
        self._taken += more
        return self._ahead.due(self._taken)

    def lost(self) -> None:
        """Do without it: the process that compiled it has ended."""
        self._taken = -inf


def announce(ended: Callable[[], None]) -> None:
    """Have a function called whenever a kernel has taken the place of its interpreter."""
    _listeners.append(ended)


def kernel(name: str, source: str, arguments: Sequence[Any], result: Any, interim: Callable[[], Interim],
           replace: Callable[[Any], None], exact: bool = False) -> Callable[..., Any]:
    """The kernel that `cache.compile_kernel` compiles; or what interprets it until it is compiled.

    interim : makes the interpreter
    replace : puts the kernel, given to it, in the interpreter's place
    """
    return written(interim, replace, name, cache.stands(source, result), arguments, lambda: (source, result),
                   exact)


def written(interim: Callable[[], Interim], replace: Callable[[Any], None], name: str,
            stands: Sequence[str], arguments: Sequence[Any], write: Callable[[], tuple[str, Any]],
            exact: bool) -> Callable[..., Any]:
    """The same for a source that is written only where it is to be compiled, see `cache.compile_written`."""
    if not settings.compiled or _now.tier == "compiled":
        return cache.compile_written(name, stands, arguments, write, exact)
    if _now.tier == "auto":
        found = cache.at_hand(name, stands, arguments, exact)
        if found is not None:
            return found

    request = name, stands, arguments, write, exact

    def build() -> Callable[..., Any]:
        made = cache.compile_written(*request)
        replace(made)
        return made

    return interim().until(build, _Ahead(request))
