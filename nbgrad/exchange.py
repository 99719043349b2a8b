"""Tensors that leave the process or the library and come back: pickles, copies, DLPack."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad import devices, errors
from nbgrad.core import TAPE, watch
from nbgrad.devices import Device
from nbgrad.methods import is_leaf, numpy
from nbgrad.tensors import Tensor, living, raw, tensor


def _value(x: Tensor, what: str) -> tuple[Any, bool]:
    """x's raw array, and whether it is a leaf. Raises TraceError if x was computed from what is watched."""
    x = living(x)
    if x.trace is not None and not is_leaf(x):
        raise errors.traced_value(what)
    if not hasattr(raw(x), "strides"):
        raise errors.branch_on_symbol()
    return raw(x), x.trace is TAPE


def restored(value: Any, leaf: bool, where: str = "cpu") -> Tensor:
    """A Tensor of a raw array that nobody else has, brought to a device; a new leaf if it was one."""
    if devices.of(value) == "cpu" != where:
        with Device(where):
            value = devices.array(value)
    return watch(value) if leaf else tensor(value)


def _reduce(x: Tensor) -> tuple[Any, tuple[Any, ...]]:
    """x for pickle: its values, whether it is a leaf, and its device; not its .grad, as in PyTorch."""
    value, leaf = _value(x, "a pickle")
    return restored, (devices.host(value), leaf, str(devices.name_of(value)))


def _copy(x: Tensor) -> Tensor:
    """Another handle with the same values, which never change; of a leaf a new leaf without .grad."""
    return restored(*_value(x, "copy.copy"))


def _deepcopy(x: Tensor, memo: dict[int, Any]) -> Tensor:
    """As copy; of a leaf a new leaf with the same .grad."""
    new = restored(*_value(x, "copy.deepcopy"))
    if x.grad is not None:
        new.grad = x.grad
    return new


def _dlpack(x: Tensor, *, stream: Any = None, max_version: tuple[int, int] | None = None,
            dl_device: Any = None, copy: bool | None = None) -> Any:
    """A DLPack capsule of a copy of x's values; with copy=False of the values themselves, read-only.

    Who takes a capsule may write into it, and not all obey the read-only flag.

    Raises TraceError if a gradient is being taken through x, BufferError for copy=False from one who does not
    know the read-only flag (max_version below 1.0).
    """
    value = numpy(x)
    if copy is False:
        return value.__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=False)
    return np.array(value, order="K").__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device)


def _dlpack_device(x: Tensor) -> tuple[int, int]:
    return numpy(x).__dlpack_device__()


_PROTOCOLS = {"__reduce__": _reduce, "__copy__": _copy, "__deepcopy__": _deepcopy, "__dlpack__": _dlpack,
              "__dlpack_device__": _dlpack_device}


def install() -> None:
    """Give Tensor the protocols of pickle, copy and DLPack."""
    for name, function in _PROTOCOLS.items():
        setattr(Tensor, name, function)
