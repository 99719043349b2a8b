"""CUDA: arrays on the device, their memory and the launch of kernels.

The only file that calls the host interface of numba.cuda, which is imported when the device is first asked
for. Kernels see flat buffers and numbers: what is a view is known on this side only. A simulator, or what
runs PTX without a device, takes the place of the interface by `connect`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from nbgrad import errors

_LIMIT = 1 << 31                          # elements that one launch may walk: indices have 32 bits
NAMES = ("cuda", "cuda-sim")


class Host:
    """The connection: the module that is numba.cuda, the name it goes by here, and sizes of launches.

    threads : of a block
    blocks  : at most, in a launch; kernels go round until all elements are done
    grain   : bytes that sizes of buffers are multiples of
    keep    : whether memory that is not in use is kept for the next array
    """

    def __init__(self, api: Any, name: str, threads: int, blocks: int, grain: int, keep: bool) -> None:
        self.api, self.name, self.threads, self.blocks = api, name, threads, blocks
        self.grain, self.keep = grain, keep
        self.simulates = name == "cuda-sim"
        self.language = getattr(api, "language", api)     # the module that kernels call `cuda`
        self.spare: dict[int, list[Any]] = {}             # bytes -> memory that is not in use
        self.lock = threading.Lock()


CONNECTED: list[Host] = []                # the connection, once there is one


def host() -> Host:
    """The connection. Raises DeviceError where there is none."""
    if not CONNECTED:
        raise errors.no_cuda("no CUDA device is connected", "Set NBGRAD_DEVICE=cuda, or use "
                             "nb.device('cuda').")
    return CONNECTED[-1]


def connect(name: str, api: Any = None, threads: int = 256, blocks: int = 4096, grain: int = 512,
            keep: bool = True) -> None:
    """Make a device ready: "cuda", "cuda-sim" (Numba's simulator), or whatever acts as numba.cuda.

    Raises DeviceError, naming what is missing, and if another one is connected already.
    """
    if CONNECTED:
        if CONNECTED[-1].name != name:
            raise errors.no_cuda(f"{name!r} cannot be used beside {CONNECTED[-1].name!r}, which is in use",
                                 "Start another process for it.")
        return
    if api is None:
        api = _imported(name == "cuda-sim")
        if name == "cuda":
            _checked(api)
        else:
            threads, blocks = 4, 2        # each is a thread of Python
    CONNECTED.append(Host(api, name, threads, blocks, grain, keep))


def _imported(simulate: bool) -> Any:
    """numba.cuda, as a simulator or not."""
    if find_spec("numba_cuda") is None:
        raise errors.no_cuda("numba-cuda is not installed", "Run pip install 'nbgrad[cuda]' (CUDA 13) or "
                             "'nbgrad[cuda12]'.")
    if simulate:
        os.environ["NUMBA_ENABLE_CUDASIM"] = "1"          # read when numba.cuda is imported
    try:
        api = import_module("numba.cuda")
        simulates = import_module("numba.cuda.core.config").ENABLE_CUDASIM
    except ImportError as error:
        raise errors.no_cuda(f"numba-cuda cannot be imported: {error}", "Run pip install 'nbgrad[cuda]', "
                             "which brings the CUDA runtime along.") from error
    if bool(simulates) is not simulate:
        raise errors.no_cuda("numba.cuda is in use already, " + ("and not as a simulator" if simulate else
                             "as a simulator"), "Set NBGRAD_DEVICE before anything imports numba.cuda; unset "
                             "NUMBA_ENABLE_CUDASIM for a real device.")
    return api


def _checked(api: Any) -> None:
    """Raises DeviceError if there is no device or no driver."""
    problem = api.cuda_error() if hasattr(api, "cuda_error") else None
    if problem is not None:
        why = " ".join(str(problem).split()).rstrip(".")
        raise errors.no_cuda(f"the CUDA driver does not start: {why}", "Install NVIDIA's driver, or set "
                             "NBGRAD_DEVICE=cpu.")
    if not api.is_available():
        raise errors.no_cuda("there is no CUDA device or no driver", "Install NVIDIA's driver, or set "
                             "NBGRAD_DEVICE=cpu (or cuda-sim to try CUDA kernels without a device).")


def available() -> bool:
    """Whether a CUDA device can be used; looks for the packages first, so that it costs nothing without."""
    if find_spec("numba_cuda") is None or os.environ.get("NUMBA_ENABLE_CUDASIM", "0") != "0":
        return False
    try:
        return bool(import_module("numba.cuda").is_available())
    except ImportError:
        return False


def description() -> dict[str, str]:
    """The device's name, compute capability and memory, as far as the interface tells."""
    api = host().api
    if not hasattr(api, "get_current_device"):
        return {"device": type(api).__name__}
    device = api.get_current_device()
    name = getattr(device, "name", b"")
    found = {"device": name.decode() if isinstance(name, bytes) else str(name),
             "compute capability": ".".join(map(str, device.compute_capability))}
    if not host().simulates:
        found["driver"] = ".".join(map(str, import_module("numba.cuda.cudadrv.driver").driver.get_version()))
        found["memory"] = f"{api.current_context().get_memory_info().total / 1e9:.1f} GB"
    return found


# --------------------------------------------------------------------------------------------- memory
class Buffer:
    """A run of the device's memory. It goes back to the spare ones when the last array on it is gone."""

    __slots__ = ("home", "memory", "size", "typed")

    def __init__(self, size: int) -> None:
        self.home = host()
        self.size = max(-(-size // self.home.grain), 1) * self.home.grain
        with self.home.lock:
            spare = self.home.spare.get(self.size)
            self.memory: Any = spare.pop() if spare else None
        if self.memory is None:
            self.memory = _allocated(self.home, self.size)
        self.typed: dict[np.dtype, Any] = {}

    def of(self, dtype: np.dtype) -> Any:
        """The memory as a flat array of elements of a dtype: what kernels are given."""
        found = self.typed.get(dtype)
        if found is None:
            found = self.typed[dtype] = self.memory.view(dtype)
        return found

    def __del__(self) -> None:
        if getattr(self, "memory", None) is not None and self.home.keep:
            with self.home.lock:
                self.home.spare.setdefault(self.size, []).append(self.memory)


def _allocated(home: Host, size: int) -> Any:
    """Fresh memory; where there is not enough, what is spare is freed first. Raises DeviceError."""
    for last in (False, True):
        try:
            return home.api.device_array(size, np.uint8)
        except Exception as error:        # the driver's own kind is known only where there is a driver
            if type(error).__name__ not in ("CudaAPIError", "CUDAError", "MemoryError") or last:
                raise errors.no_device_memory(size, str(error)) from error
            with home.lock:
                home.spare.clear()
    raise AssertionError


class CudaArray:
    """An array on the device: a buffer, and how its elements lie in it.

    form   : shape, dtype and strides (bytes), as a NumPy array whose elements are never read
    offset : bytes from the buffer's start to the first element
    """

    __slots__ = ("buffer", "form", "offset")

    def __init__(self, buffer: Buffer, form: np.ndarray, offset: int = 0) -> None:
        self.buffer, self.form, self.offset = buffer, form, offset

    shape = property(lambda self: self.form.shape)
    dtype = property(lambda self: self.form.dtype)
    strides = property(lambda self: self.form.strides)
    ndim = property(lambda self: self.form.ndim)
    size = property(lambda self: self.form.size)
    nbytes = property(lambda self: self.form.nbytes)
    contiguous = property(lambda self: self.form.flags.c_contiguous)

    def view(self, make: Any) -> CudaArray:
        """The array that make, a function of NumPy's that copies nothing, would make of one like this."""
        form = make(self.form)
        moved = form.__array_interface__["data"][0] - self.form.__array_interface__["data"][0]
        return CudaArray(self.buffer, form, self.offset + (moved if form.size else 0))

    def part(self, index: Any) -> CudaArray:
        """The view at an index of ints, slices, None and Ellipsis."""
        return self.view(lambda form: form[index])

    @property
    def flat(self) -> tuple[Any, int]:
        """The whole buffer as elements of the dtype, and the place of the first element in it."""
        return self.buffer.of(self.form.dtype), self.offset // self.form.itemsize

    @property
    def steps(self) -> tuple[int, ...]:
        """Strides in elements."""
        width = self.form.itemsize
        return tuple([s // width for s in self.form.strides])

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise errors.on_device(host().name)


def _form(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """An array of this shape in C order of which there is one element only."""
    strides, width = [], dtype.itemsize
    for n in reversed(shape):
        strides.append(width)
        width *= max(n, 1)
    return as_strided(np.empty((), dtype), tuple(shape), tuple(strides[::-1]))


def empty(shape: Sequence[int], dtype: Any) -> CudaArray:
    """An array with no values yet, in C order."""
    dtype = np.dtype(dtype)
    count = prod(shape)
    if count >= _LIMIT:
        raise errors.too_many_elements(tuple(shape))
    return CudaArray(Buffer(count * dtype.itemsize), _form(shape, dtype))


def upload(x: np.ndarray) -> CudaArray:
    """x's values on the device, in C order."""
    z = empty(x.shape, x.dtype)
    if x.size:
        flat = z.buffer.of(x.dtype)
        flat[:x.size].copy_to_device(np.ascontiguousarray(x).reshape(-1))
    return z


def filled(shape: Sequence[int], value: Any, dtype: np.dtype) -> CudaArray:
    """An array of one value: one element that is read again and again."""
    one = upload(np.full((1,), value, dtype))
    return one.view(lambda form: as_strided(form, tuple(shape), (0,) * len(shape)))


def download(x: CudaArray) -> np.ndarray:
    """x's values on the host. Waits for the kernels that compute them."""
    if not x.size:
        return np.empty(x.shape, x.dtype)
    first, (low, high) = x.form.__array_interface__["data"][0], np.lib.array_utils.byte_bounds(x.form)
    width, flat = x.dtype.itemsize, x.buffer.of(x.dtype)
    start = (x.offset + low - first) // width
    found = flat[start:start + (high - low) // width].copy_to_host()
    return np.array(np.ndarray(x.shape, x.dtype, found, first - low, x.strides), order="C")


# -------------------------------------------------------------------------------------------- launches
def blocks(n: int, threads: int | None = None) -> int:
    """Blocks of a launch that has n elements to walk."""
    home = host()
    return max(1, min(-(-n // (threads or home.threads)), home.blocks))


def launch(kernel: Any, grid: Any, block: Any, *args: Any) -> None:
    """Start a kernel. Errors of the device's own come from the next wait for it."""
    kernel[grid, block](*args)


def synchronize() -> None:
    """Wait until the device has done what was asked of it; nothing where none is in use."""
    if CONNECTED:
        CONNECTED[-1].api.synchronize()
