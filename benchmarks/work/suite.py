"""How suites are made from the op table: a class for each op, dtype and size as its parameters."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

VERSION = "1"                             # changed by hand, when what a benchmark measures changes


def add(module: str, name: str, methods: dict[str, Callable[..., Any]], **attributes: Any) -> None:
    """Put a benchmark class into a suite, special_jv of special.jv. methods: time_... and track_... by name.

    asv copies what a function says of itself (less_is_better); and shows pretty_source as its code.
    """
    name = name.replace(".", "_")             # asv finds a benchmark by the parts of its name
    for method, function in methods.items():
        function.__name__, function.__qualname__, function.__module__ = method, f"{name}.{method}", module
        described = f"{module.rpartition('.')[2]}.{name}.{method}"
        function.pretty_source = described                                  # type: ignore[attr-defined]
        if method.startswith("track_"):
            function.less_is_better = True                                  # type: ignore[attr-defined]
    space = {"version": VERSION, "timeout": 120, **attributes, **methods, "__module__": module}
    setattr(sys.modules[module], name, type(name, (), space))


def less(function: Any) -> Any:
    """Mark a track_ function: smaller figures are better."""
    function.less_is_better = True
    return function


def prepared(ready: Callable[..., Callable[[], Any]], keys: list[tuple[Any, ...]]) -> list[str]:
    """Make and run each call, so that its kernels are in the cache; names of those that cannot be run."""
    missing = []
    for key in keys:
        try:
            run = ready(*key)
            for _ in range(12):           # steps are compiled from an op's eighth call
                run()
        except Exception as error:
            print(f"left out: {key}: {type(error).__name__}: {error}")
            missing.append(str(key[0]))
    return missing
