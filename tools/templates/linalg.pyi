from collections.abc import Sequence
from typing import Literal, overload

from numpy.typing import DTypeLike

from nbgrad.engine.methods import ArrayLike, Axis
from nbgrad.engine.tensor import Tensor
from nbgrad.ops.eig import Eig
from nbgrad.ops.qr import QRResult


@overload
def qr(a: ArrayLike, mode: Literal["reduced", "complete"] = "reduced") -> QRResult: ...
@overload
def qr(a: ArrayLike, mode: Literal["r"]) -> Tensor: ...
