import builtins
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeAlias, overload
from types import EllipsisType, ModuleType

import numpy as np
from numpy.typing import DTypeLike

from nbgrad.engine.tensor import Tensor
from nbgrad.ops.linalg import Slogdet

class SupportsArray(Protocol):
    def __array__(self, dtype: Any = None, copy: bool | None = None, /) -> np.ndarray[Any, Any]: ...

ArrayLike: TypeAlias = (
    Tensor | np.ndarray[Any, Any] | np.generic | float | list[Any] | tuple[Any, ...] | range | SupportsArray)
Axis: TypeAlias = int | tuple[int, ...] | None
Shape: TypeAlias = int | Sequence[int]
Index: TypeAlias = ArrayLike | slice | EllipsisType | None

class Methods:
    """The operators, methods and properties of Tensor."""

    def __hash__(self) -> builtins.int: ...
    def __eq__(self, y: object) -> Tensor: ...  # type: ignore[override]
    def __ne__(self, y: object) -> Tensor: ...  # type: ignore[override]
    @overload
    def flatten(self, order: str = "C") -> Tensor: ...
    @overload
    def flatten(self, start_dim: builtins.int = 0, end_dim: builtins.int = -1, *, order: str = "C") -> Tensor: ...
    @overload
    def flip(self, *axes: builtins.int) -> Tensor: ...
    @overload
    def flip(self, axis: Axis = None) -> Tensor: ...
    @overload
    def flip(self, *, dim: Axis | list[builtins.int] = None) -> Tensor: ...
    @overload
    def scatter_add(self, index: Index, v: ArrayLike, /) -> Tensor: ...
    @overload
    def scatter_add(self, dim: builtins.int, places: ArrayLike, source: ArrayLike, /) -> Tensor: ...
    @overload
    def scatter_add_(self, index: Index, v: ArrayLike, /) -> Tensor: ...
    @overload
    def scatter_add_(self, dim: builtins.int, places: ArrayLike, source: ArrayLike, /) -> Tensor: ...
    @overload
    def stride(self, dim: None = None) -> tuple[builtins.int, ...]: ...
    @overload
    def stride(self, dim: builtins.int) -> builtins.int: ...
