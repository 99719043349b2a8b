from collections.abc import Sequence

from numpy.typing import DTypeLike

from nbgrad.engine.methods import ArrayLike, Axis
from nbgrad.engine.tensor import Tensor
