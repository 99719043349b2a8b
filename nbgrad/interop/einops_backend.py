"""Tensors for einops, whose functions look for a backend by the type of what they are given."""

from __future__ import annotations

from functools import cache
from typing import Any

from nbgrad.engine.tensor import Tensor
from nbgrad.interop import array_api
from nbgrad.interop.flat import package
from nbgrad.ops import contract


def use_einops() -> None:
    """Make einops.rearrange, reduce, repeat, einsum, pack and unpack take Tensors, with gradients.

    einops.array_api's functions take them without. Raises MissingPackageError without einops.

    >>> from einops import rearrange
    >>> nb.interop.use_einops()
    >>> rearrange(nb.ones((2, 3)), "a b -> (b a)").shape
    (6,)
    """
    _backend()


@cache
def _backend() -> type:
    """einops finds the subclasses of its class by itself, so that this one has to be there once."""
    backends: Any = package("einops._backends", "use_einops")

    class Backend(backends.AbstractBackend):
        framework_name = "nbgrad"

        def is_appropriate_type(self, tensor: Any) -> bool:
            return type(tensor) is Tensor

        def from_numpy(self, x: Any) -> Tensor:
            return array_api.asarray(x)

        def to_numpy(self, x: Tensor) -> Any:
            return x.numpy()

        def arange(self, start: int, stop: int) -> Tensor:
            return array_api.arange(start, stop)

        def stack_on_zeroth_dimension(self, tensors: list[Tensor]) -> Tensor:
            return array_api.stack(tensors)

        def add_axis(self, x: Tensor, new_position: int) -> Tensor:
            return array_api.expand_dims(x, new_position)

        def tile(self, x: Tensor, repeats: tuple[int, ...]) -> Tensor:
            return array_api.tile(x, repeats)

        def concat(self, tensors: list[Tensor], axis: int) -> Tensor:
            return array_api.concat(tensors, axis=axis)

        def is_float_type(self, x: Tensor) -> bool:
            return x.dtype.kind == "f"

        def einsum(self, pattern: str, *xs: Tensor) -> Tensor:
            return contract.einsum(pattern, *xs)

    return Backend
