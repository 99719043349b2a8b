"""Copies from one device to another, through which gradients flow back."""

from __future__ import annotations

from typing import Any

from nbgrad.arrays import devices
from nbgrad.arrays.config import DEVICES
from nbgrad.arrays.devices import Device
from nbgrad.define.broadcast import astype
from nbgrad.define.structured import family
from nbgrad.engine.tensor import Tensor, as_tensor, wrap

op: Any = family("transfer")


@op(vjp=lambda g, z, x, where: transfer(g, devices.of(x)), linear=True, keep="", like=lambda x, where: x,
    on_complex="same", cases=[((2, 3), {"where": "cpu"}), ((), {"where": "cpu"}), ((0, 3), {"where": "cpu"})],
    private=True)
def transfer(x: Any, where: str) -> Any:
    """Return x on a kind of device, "cpu" or "cuda" (the one that is connected): x itself if it is there."""
    return (as_tensor(x),), {"where": where}


def to(x: Any, *wanted: Any) -> Tensor:
    """Return x on a device, in a dtype, or both: to("cuda"), to("float32"), to("cpu", float).

    x: any shape and dtype. wanted: devices and dtypes. Gradients flow through it, back to where x is. Raises
    DeviceError for a device that cannot be used, DtypeError.

    >>> nb.ones(2).to("cpu", nb.float32)
    tensor([1., 1.], dtype=float32)
    """
    for each in wanted:
        if isinstance(each, str) and each in DEVICES:
            x = transfer(x, "cpu" if Device(each) == "cpu" else "cuda")
        else:
            x = astype(x, each)
    return wrap(as_tensor(x))


def to_device(x: Any, device: str, /, *, stream: Any = None) -> Tensor:
    """Return x on a device, as the array API standard spells it: to_device("cpu").

    stream: of a CUDA device, which the copy is asked of. Raises DeviceError for a device that cannot be used.

    >>> nb.asarray([1.0, 2.0]).to_device("cpu")
    tensor([1., 2.])
    """
    with Device(device, stream):
        return to(x, str(device))
