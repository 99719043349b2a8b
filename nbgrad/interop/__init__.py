"""nbgrad among others: operators and methods of Tensor, NumPy's functions on Tensors, pickles, DLPack.

May import ops/ and everything below. A new method goes to methods, an alias of a method to spellings/, a
function that NumPy spells with more arguments to numpy_spellings, a protocol to exchange. What users name,
functions that cross to PyTorch and jax, is listed here and imported when it is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbgrad.interop.einops_backend import use_einops
    from nbgrad.interop.jax_functions import from_jax, to_jax
    from nbgrad.interop.torch_functions import from_torch, to_torch

__all__ = ["from_jax", "from_torch", "to_jax", "to_torch", "use_einops"]

_MODULES = {"from_jax": "jax_functions", "from_torch": "torch_functions", "to_jax": "jax_functions",
            "to_torch": "torch_functions", "use_einops": "einops_backend"}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"nbgrad.interop.{_MODULES[name]}"), name)
    raise AttributeError(f"nbgrad.interop has no {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)
