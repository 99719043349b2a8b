"""The op by which nbgrad records a function of another library, which has its values and derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from nbgrad.arrays import devices
from nbgrad.engine.graph import Op, apply, transpose
from nbgrad.engine.tensor import Tensor, raw, spec, tensor, unwrap, wrap
from nbgrad.errors import trace_errors, value_errors

Arrays = list[np.ndarray]


class Library(Protocol):
    """What computes with another library's functions, which give lists, on arrays of NumPy's."""

    def run(self, f: Any, xs: Sequence[np.ndarray]) -> Arrays:
        """The results of f."""

    def record(self, f: Any, xs: Sequence[np.ndarray],
               wanted: Sequence[int]) -> tuple[Arrays, Callable[[Arrays], Arrays]]:
        """The results of f, and the map from cotangents of those that are floats to those of inputs."""

    def pulled(self, f: Any, wanted: Sequence[int], results: Sequence[int], count: int) -> Any:
        """That map as a function of the library's, of all `count` inputs and the cotangents of results."""


class ForeignOp(Op):
    """A function of another library, which takes a list of arrays, as an op with several outputs."""

    name: str
    library: Library
    f: Any

    def __init__(self, name: str, library: Library, f: Any) -> None:
        self.name, self.library, self.f = name, library, f

    def __call__(self, *xs: Any) -> Any:
        """The results, of which those that are not floating-point are constants."""
        zs = apply(self, xs)
        for x in (*xs, *zs):                  # the other library's pullbacks may be another convention's
            if raw(x).dtype.kind == "c":
                raise value_errors.no_complex(self.name, [raw(x).dtype])
        return [z if z.dtype.kind == "f" else tensor(raw(z)) for z in zs]

    def run(self, *xs: Any, **params: Any) -> Any:
        return _made(self.library.run(self.f, self._hosts(xs)), xs)

    def forward(self, xs: Sequence[Any], params: dict[str, Any], wanted: tuple[bool, ...]) -> tuple[Any, Any]:
        places = [i for i, want in enumerate(wanted) if want]
        ys, pullback = self.library.record(self.f, self._hosts(xs), places)
        z = _made(ys, xs)
        return z, (xs, [spec(y) for y in z], wanted, pullback)

    def save(self, xs: Sequence[Any], z: Any, params: dict[str, Any], wanted: tuple[bool, ...]) -> Any:
        return xs, [spec(y) for y in z], wanted, None

    def pull(self, g: Any, memo: Any) -> Sequence[Any]:
        xs, specs, wanted, pullback = memo
        places = [i for i, want in enumerate(wanted) if want]
        results = [k for k, y in enumerate(specs) if y.dtype.kind == "f"]
        gs = [devices.zeros_like(specs[k]) if g[k] is None else g[k] for k in results]
        if pullback is not None and Tensor not in map(type, gs):
            found = _made(pullback(self._hosts(gs)), xs)
        else:
            rule = self.library.pulled(self.f, places, results, len(xs))
            op = ForeignOp(f"the derivative of {self.name}", self.library, rule)
            found = tuple(map(unwrap, apply(op, [*map(wrap, xs), *map(wrap, gs)])))
        cotangents: list[Any] = [None] * len(xs)
        for i, c in zip(places, found, strict=True):
            cotangents[i] = c
        return cotangents

    def push(self, ts: Sequence[Any], xs: Sequence[Any], z: Any, params: dict[str, Any]) -> Any:
        return transpose(self, ts, xs, z, params)

    def _hosts(self, xs: Sequence[Any]) -> Arrays:
        """The arrays where NumPy can read them."""
        for x in xs:
            if not hasattr(x, "strides"):
                raise trace_errors.only_elementwise(self.name)
        return [devices.host(x) for x in xs]


def _made(ys: Arrays, xs: Sequence[Any]) -> tuple[Any, ...]:
    """Results as raw arrays on the device of the inputs, if there are any."""
    return tuple([devices.to_device_of(y, xs[0] if xs else y) for y in ys])
