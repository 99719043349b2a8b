"""Tiers: a kernel is interpreted, by NumPy's functions, until it has earned to be compiled.

A new kernel takes a few tenths of a second to compile, and many a program needs each of its kernels a few
times only. So a kernel that is neither in memory nor on disk is interpreted at first. Its work is counted, in
nanoseconds that are estimated from the number of calls and of elements, not measured: a program that is run
twice compiles at the same places. When that comes to the time of a compilation, the kernel is compiled, and
its interpreter is no longer used. So neither takes more than twice the time of the better choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from nbgrad.arrays.config import settings
from nbgrad.compile import cache

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

    __slots__ = ("_build", "_each", "_kernel", "_steps", "interpret", "most", "spent")
    interpret: Callable[..., Any]
    most: int
    spent: float

    def __init__(self, interpret: Callable[..., Any], steps: int, each: float, most: int = 1 << 22) -> None:
        self.interpret, self.most, self._each = interpret, most, each
        self._steps, self.spent = _CALL * (steps + 1), 0.0
        self._build: Callable[[], Callable[..., Any]] | None = None
        self._kernel: Callable[..., Any] | None = None

    def until(self, build: Callable[[], Callable[..., Any]]) -> Interim:
        """This, with what compiles the kernel and puts it in this one's place."""
        self._build = build
        return self

    def __call__(self, *args: Any) -> Any:
        if self._kernel is None:
            size = max([getattr(x, "size", 1) for x in args])
            self.spent += self._steps + self._each * size
            early = self.spent < EARNED and size <= self.most
            if _now.tier == "interpreted" or (early and _now.tier == "auto"):
                return self.interpret(*args)
            assert self._build is not None
            self._kernel = self._build()
            for ended in _listeners:
                ended()
        return self._kernel(*args)


class Missed:
    """A kernel that the library does without until that has taken as long as to compile it. It takes what
    `cache.compile_written` takes.
    """

    __slots__ = ("_request", "_taken")

    def __init__(self, name: str, stands: Sequence[str], arguments: Sequence[Any], write: Any,
                 exact: bool) -> None:
        self._request, self._taken = (name, stands, arguments, exact), -1.0

    def enough(self, more: float) -> bool:
        """Whether the kernel is worth having, after so many nanoseconds more; always if it is on disk."""
        if _now.tier != "auto":
            return bool(_now.tier == "compiled")
        if self._taken < 0:
            self._taken = 0.0
            if cache.at_hand(*self._request) is not None:
                return True
        self._taken += more
        return self._taken >= EARNED


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

    def build() -> Callable[..., Any]:
        made = cache.compile_written(name, stands, arguments, write, exact)
        replace(made)
        return made

    return interim().until(build)
