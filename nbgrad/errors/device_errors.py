"""Wordings of what devices and other libraries' arrays refuse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nbgrad.errors import DeviceError, ExchangeError, listed


def unknown_device(name: object, devices: Iterable[str]) -> DeviceError:
    return DeviceError(f"there is no device {name!r}. Choose one of {listed(devices)}; in NBGRAD_DEVICE also "
                       f"'auto', which is cuda where it can be used and else cpu.")


def no_cuda(why: str, remedy: str) -> DeviceError:
    return DeviceError(f"CUDA cannot be used: {why}. {remedy}")


def no_gpu_report(why: str, remedy: str) -> DeviceError:
    return DeviceError(f"gpureport: CUDA's kernels cannot be examined here: {why}. {remedy}")


def on_device(name: str) -> DeviceError:
    return DeviceError(f"the values are on the device {name!r}, and NumPy cannot read them there. Copy them "
                       f"by x.numpy() or x.to('cpu').")


def dlpack_refused(why: str) -> ExchangeError:
    return ExchangeError(f"__dlpack__: {why}.")


def on_a_gpu(kind: type) -> DeviceError:
    return DeviceError(f"{kind.__module__}.{kind.__qualname__}: the values are on a CUDA device, and the "
                       f"Tensor would be made on the CPU. Use `with nb.device('cuda'):`, or copy them to "
                       f"the host.")


def mixed_devices(op: str, devices: Iterable[str]) -> DeviceError:
    return DeviceError(f"{op}: the operands are on different devices: {listed(devices)}. Bring them to one "
                       f"by x.to(device).")


def no_device_memory(size: int, used: int, spare: int, why: str) -> DeviceError:
    return DeviceError(f"there is no memory for {size} bytes on the device ({why}); {used} bytes are in use, "
                       f"and {spare} that were spare have been given back first. Free tensors, or make the "
                       f"arrays smaller.")


def device_failed(what: str, kernels: Iterable[str], why: str) -> DeviceError:
    launched = listed(kernels)
    last = f"The kernels launched since the last wait, the last one first: {launched}. " if launched else ""
    return DeviceError(f"the CUDA device failed, as {what} says: {why}. {last}This process cannot use CUDA "
                       f"any more; run it with CUDA_LAUNCH_BLOCKING=1 to see which kernel fails, or with "
                       f"NBGRAD_DEVICE=cpu.")


def not_launched(kernel: str, grid: object, block: object, why: str) -> DeviceError:
    return DeviceError(f"{kernel} cannot be launched with {grid} blocks of {block} threads: {why}. All else "
                       f"goes on; NBGRAD_DEVICE=cpu runs the op on the CPU. Please report this kernel, with "
                       f"what python -m nbgrad.gpucheck prints.")


def bad_stream(stream: object) -> DeviceError:
    return DeviceError(f"{stream!r} is no stream of this device. Give nb.device('cuda', stream=...) a stream "
                       f"of numba.cuda's, an object with __cuda_stream__, or the number of one (torch: "
                       f"stream.cuda_stream, CuPy: stream.ptr).")


def too_many_elements(shape: tuple[int, ...]) -> DeviceError:
    return DeviceError(f"an array of shape {shape} is too large for a CUDA device: kernels walk fewer than "
                       f"2**31 elements. Split it.")


def no_complex(op: str, dtypes: Sequence[object], shapes: Sequence[tuple[int, ...]]) -> DeviceError:
    return DeviceError(f"{op}: there is no kernel for complex numbers on CUDA devices (dtypes "
                       f"{listed(dtypes)}, shapes {listed(shapes)}). Move the operands to the CPU: "
                       f"x.to('cpu').")
