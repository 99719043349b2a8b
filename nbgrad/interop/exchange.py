"""Tensors that leave the process or the library: pickles, copies, DLPack, the CUDA array interface."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from nbgrad.arrays import cuda, devices, dlpack, driver, interface, streams
from nbgrad.arrays.devices import Device
from nbgrad.engine import convert
from nbgrad.engine.graph import TAPE, watch
from nbgrad.engine.tensor import Tensor, living, raw, tensor
from nbgrad.errors import device_errors, trace_errors, value_errors
from nbgrad.interop.methods import is_leaf, numpy
from nbgrad.kernels.cuda import copies

_VERSIONS = None, "2021.12", "2022.12", "2023.12", "2024.12", "2025.12"     # of the array API standard


def values_of(x: Tensor, what: str) -> tuple[Any, bool]:
    """x's raw array, and whether it is a leaf. Raises TraceError if x was computed from what is watched."""
    x = living(x)
    if x.trace is not None and not is_leaf(x):
        raise trace_errors.traced_value(what)
    if not hasattr(raw(x), "strides"):
        raise trace_errors.branch_on_symbol()
    return raw(x), x.trace is TAPE


def restored(value: Any, leaf: bool, where: str = "cpu") -> Tensor:
    """A Tensor of a raw array that nobody else has, brought to a device; a new leaf if it was one."""
    if devices.of(value) == "cpu":
        with Device(where):               # what loads a pickle may have mapped a file into memory
            value = convert.array(value, copy=None)
    return watch(value) if leaf else tensor(value)


def _reduce(x: Tensor) -> tuple[Any, tuple[Any, ...]]:
    """x for pickle: its values, whether it is a leaf, and its device; not its .grad, as in PyTorch."""
    value, leaf = values_of(x, "a pickle")
    return restored, (devices.host(value), leaf, str(devices.name_of(value)))


def _copy(x: Tensor) -> Tensor:
    """Another handle with the same values, which never change; of a leaf a new leaf without .grad."""
    return restored(*values_of(x, "copy.copy"))


def _deepcopy(x: Tensor, memo: dict[int, Any]) -> Tensor:
    """As copy; of a leaf a new leaf with the same .grad."""
    new = restored(*values_of(x, "copy.deepcopy"))
    if x.grad is not None:
        new.grad = _copy(x.grad)
    return new


def _constant(x: Tensor, what: str) -> Any:
    """x's raw array. Raises TraceError where a gradient is taken through x."""
    value = values_of(x, what)[0]
    if living(x).trace is not None:
        raise trace_errors.traced_value(what)
    return value


def _on_cuda(x: Tensor) -> bool:
    """Whether x's values are in the memory of a CUDA device."""
    return devices.of(raw(x)) == "cuda" and not cuda.host().simulates


def _dlpack(x: Tensor, *, stream: Any = None, max_version: tuple[int, int] | None = None,
            dl_device: Any = None, copy: bool | None = None) -> Any:
    """A DLPack capsule of a copy of x's values; with copy=False of the values themselves, read-only.

    Who takes a capsule may write into it, and not all obey the read-only flag.

    stream    : who takes values on a CUDA device says on which stream he does
    dl_device : (1, 0) has values on a CUDA device copied to the CPU

    Raises TraceError if a gradient is being taken through x, BufferError for copy=False from one who does not
    know the read-only flag (max_version below 1.0), for a device that x is not on, and for stream 0.
    """
    if _on_cuda(x) and dl_device != (dlpack.CPU, 0):
        return _dlpack_cuda(x, stream, max_version, dl_device, copy)
    value = numpy(x)
    if devices.of(raw(x)) == "cuda":
        stream = None                         # of values that have been copied to the CPU
    if copy is False and devices.of(raw(x)) == "cpu":
        return value.__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=False)
    return np.array(value, order="K").__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device)


def _dlpack_cuda(x: Tensor, stream: Any, version: tuple[int, int] | None, device: Any,
                 copy: bool | None) -> Any:
    """The capsule of values on a CUDA device, for a stream that waits for what computes them."""
    value, versioned = _constant(x, "__dlpack__"), version is not None and version[0] >= 1
    if device not in (None, _dlpack_device(x)):
        raise device_errors.dlpack_refused(f"the tensor is on device {_dlpack_device(x)}, and {device} is "
                                           f"asked for")
    if copy is False and not versioned:
        raise device_errors.dlpack_refused("copy=False shares read-only values, which needs "
                                           "max_version=(1, 0)")
    taker = dlpack.consumer_stream(stream)
    given = value if copy is False else copies.converted(value, value.dtype)
    capsule = dlpack.capsule(given, versioned, dlpack.READ_ONLY if copy is False else dlpack.COPIED)
    if taker is not None:
        streams.order(streams.current_stream(), taker)
        given.buffer.stream = taker.handle    # who may still use it when it lets it go
    return capsule


def _dlpack_device(x: Tensor) -> tuple[int, int]:
    return (dlpack.CUDA, driver.ordinal()) if _on_cuda(x) else numpy(x).__dlpack_device__()


def _cuda_array_interface(x: Tensor) -> dict[str, Any]:
    """x's values on a CUDA device, to be read in order after the stream that is named, while x is there.

    Raises AttributeError if x is not on one, TraceError if a gradient is being taken through x.
    """
    if not _on_cuda(x):
        raise AttributeError(f"a Tensor on {str(devices.name_of(raw(x)))!r} has no __cuda_array_interface__")
    return interface.interface(_constant(x, "__cuda_array_interface__"))


def _array_namespace(x: Tensor, *, api_version: str | None = None) -> ModuleType:
    """The array API standard's functions. Raises ValueRangeError for a version that is not known."""
    if api_version not in _VERSIONS:
        raise value_errors.bad_choice("__array_namespace__", "api_version", api_version, _VERSIONS)
    return import_module("nbgrad.interop.array_api")      # what few programs need


_PROTOCOLS = {"__reduce__": _reduce, "__copy__": _copy, "__deepcopy__": _deepcopy, "__dlpack__": _dlpack,
              "__dlpack_device__": _dlpack_device, "__array_namespace__": _array_namespace,
              "__cuda_array_interface__": property(_cuda_array_interface)}


def install() -> None:
    """Give Tensor the protocols of pickle, copy, DLPack and the CUDA array interface."""
    for name, function in _PROTOCOLS.items():
        setattr(Tensor, name, function)
