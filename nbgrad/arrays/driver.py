"""The connection to a CUDA device, its memory, and what it says is wrong.

This file and streams.py alone call the host interface of numba.cuda, which is imported when the device is
first asked for; compile/cuda/compiler.py calls its compiler. A simulator, or what runs PTX without a device,
takes the place of the interface by `connect`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from nbgrad import errors
from nbgrad.errors import device_errors

NAMES = ("cuda", "cuda-sim")
# What numba.cuda and what it calls raise for errors of the driver, of the device and of NVIDIA's compiler.
_RAISED = {"CudaDriverError", "CudaRuntimeError", "CudaAPIError", "CudaSupportError", "CUDAError",
           "NvvmError", "NvrtcError", "LinkerError", "nvJitLinkError"}


class Host:
    """The connection: the module that is numba.cuda, the name it goes by here, and sizes.

    threads : of a block
    blocks  : at most, in a launch; kernels go round until all elements are done
    grain   : bytes that sizes of buffers are multiples of
    keep    : whether memory that is not in use is kept for the next array
    stage   : bytes of a piece of host memory that copies go through
    """

    api: Any
    blocks: int
    name: str
    threads: int
    grain: int
    keep: bool
    stage: int
    simulates: bool
    language: Any
    lock: threading.RLock

    def __init__(self, api: Any, name: str, threads: int, blocks: int, grain: int, keep: bool,
                 stage: int) -> None:
        self.api, self.name, self.threads, self.blocks = api, name, threads, blocks
        self.grain, self.keep, self.stage = grain, keep, stage
        self.simulates = name == "cuda-sim"
        self.language = getattr(api, "language", api)     # the module that kernels call `cuda`
        self.spare: dict[tuple[int, int], list[Any]] = {}  # stream and bytes -> memory that is not in use
        self.total = 0                    # bytes that are in use or spare
        self.streams: dict[int, Any] = {}                 # handle -> Stream
        self.several = False              # whether there was ever a stream but the default one
        self.lock = threading.RLock()     # a collection of garbage may free memory while it is held
        self.settings: Any = None         # numba.cuda's


CONNECTED: list[Host] = []                # the connection, once there is one


def host() -> Host:
    """The connection. Raises DeviceError where there is none."""
    if not CONNECTED:
        raise device_errors.no_cuda("no CUDA device is connected", "Set NBGRAD_DEVICE=cuda, or use "
                                    "nb.device('cuda').")
    return CONNECTED[-1]


def connect(name: str, api: Any = None, threads: int = 256, blocks: int = 4096, grain: int = 512,
            keep: bool = True, stage: int = 1 << 20) -> None:
    """Make a device ready: "cuda", "cuda-sim" (Numba's simulator), or whatever acts as numba.cuda.

    Raises DeviceError, naming what is missing, and if another one is connected already.
    """
    if CONNECTED:
        if CONNECTED[-1].name != name:
            used = CONNECTED[-1].name
            raise device_errors.no_cuda(f"{name!r} cannot be used beside {used!r}, which is in use",
                                        "Start another process for it.")
        return
    found = None if api is not None else _imported(name == "cuda-sim")
    api = api if found is None else found
    if name == "cuda":
        _checked(api)
    else:
        threads, blocks = 4, 2            # each is a thread of Python
    home = Host(api, name, threads, blocks, grain, keep, stage)
    if found is not None:
        home.settings = import_module("numba.cuda.core.config")
    CONNECTED.append(home)


def _imported(simulate: bool) -> Any:
    """numba.cuda, as a simulator or not."""
    if find_spec("numba_cuda") is None:
        raise device_errors.no_cuda("numba-cuda is not installed",
                                    "Run pip install 'nbgrad[cuda]' (CUDA 13) or 'nbgrad[cuda12]'.")
    if simulate:
        os.environ["NUMBA_ENABLE_CUDASIM"] = "1"          # read when numba.cuda is imported
    try:
        api = import_module("numba.cuda")
        simulates = import_module("numba.cuda.core.config").ENABLE_CUDASIM
    except (ImportError, RuntimeError) as error:          # a library that is not found is either
        raise device_errors.no_cuda(f"numba-cuda cannot be imported: {message(error)}", "Run pip install "
                                    "'nbgrad[cuda]', which brings the CUDA runtime along.") from error
    if bool(simulates) is not simulate:
        how = "and not as a simulator" if simulate else "as a simulator"
        raise device_errors.no_cuda(f"numba.cuda is in use already, {how}",
                                    "Set NBGRAD_DEVICE before anything imports numba.cuda; unset "
                                    "NUMBA_ENABLE_CUDASIM for a real device.")
    return api


def _checked(api: Any) -> None:
    """Raises DeviceError if there is no device, no driver, or one too old for the installed packages."""
    problem = api.cuda_error() if hasattr(api, "cuda_error") else None
    if problem is not None:
        raise device_errors.no_cuda(f"the CUDA driver does not start: {message(problem)}",
                                    "Install NVIDIA's driver, or set NBGRAD_DEVICE=cpu.")
    if hasattr(api, "is_available") and not api.is_available():
        raise device_errors.no_cuda("there is no CUDA device or no driver", "Install NVIDIA's driver, or set "
                                    "NBGRAD_DEVICE=cpu (or cuda-sim to try CUDA kernels without a device).")
    if hasattr(api, "driver") and hasattr(api, "runtime"):
        has, needs = api.driver.driver.get_version(), api.runtime.get_version()
        if has[0] < needs[0]:
            older = ", or pip install 'nbgrad[cuda12]' in a fresh environment" if has[0] == 12 else ""
            raise device_errors.no_cuda(f"the driver is for CUDA {has[0]}.{has[1]}, and the installed "
                                        f"packages are for CUDA {needs[0]}",
                                        f"Install a newer driver{older}.")
    if hasattr(api, "list_devices") and not len(api.list_devices()):
        raise device_errors.no_cuda("there is no CUDA device",
                                    "Set NBGRAD_DEVICE=cpu (or cuda-sim to try CUDA "
                                    "kernels without a device).")


def available() -> bool:
    """Whether a CUDA device can be used; looks for the packages first, so that it costs nothing without."""
    if find_spec("numba_cuda") is None or os.environ.get("NUMBA_ENABLE_CUDASIM", "0") != "0":
        return False
    try:
        _checked(_imported(False))
    except errors.DeviceError:
        return False
    return True


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
        found["driver"] = ".".join(map(str, api.driver.driver.get_version()))
        found["memory"] = f"{api.current_context().get_memory_info().total / 1e9:.1f} GB"
    return found


def target() -> str:
    """What machine code is for: the compute capability of the device in use, and the driver's version."""
    api = host().api
    major, minor = api.get_current_device().compute_capability
    return f"{major}.{minor} {api.driver.driver.get_version()}"


# --------------------------------------------------------------------------------------------- errors
def message(error: Any) -> str:
    """What an error says, in one line without a full stop."""
    return " ".join(str(getattr(error, "msg", error)).split()).rstrip(".:")


def raised(error: Exception) -> bool:
    """Whether an exception is the driver's, the device's or the compiler's."""
    return any(kind.__name__ in _RAISED for kind in type(error).__mro__)


def failure(what: str, error: Exception) -> errors.DeviceError:
    """The DeviceError for one of the driver's: kernels that were launched before may be what failed."""
    names = dict.fromkeys(name for stream in host().streams.values() for name in reversed(stream.recent))
    return device_errors.device_failed(what, names, message(error))


def call_driver(what: str, f: Callable[..., Any], *args: Any) -> Any:
    """f(*args), a function of the interface. Raises DeviceError for what the driver says is wrong."""
    try:
        return f(*args)
    except Exception as error:
        if not raised(error):
            raise
        raise failure(what, error) from error


# ---------------------------------------------------------------------------------------------- memory
def memory(home: Host, size: int) -> Any:
    """Fresh memory, as bytes; where there is not enough, what is spare is freed first. Raises DeviceError."""
    spare = 0
    for last in (False, True):
        try:
            found = home.api.device_array(size, np.uint8)
        except Exception as error:
            if not isinstance(error, MemoryError) and "OUT_OF_MEMORY" not in str(error):
                if raised(error):
                    raise failure("an allocation", error) from error
                raise
            if last:
                raise device_errors.no_device_memory(size, home.total, spare, message(error)) from error
            spare = release()
        else:
            with home.lock:
                home.total += size
            return found
    raise AssertionError


def release() -> int:
    """Give memory that is not in use back to the device's other users; how many bytes they are.

    Raises DeviceError if the device failed: then nothing can be given back.
    """
    home = host()
    call_driver("a wait", home.api.synchronize)
    with home.lock:
        spare, home.spare = home.spare, {}
        given = sum(size * len(each) for (_, size), each in spare.items())
        home.total -= given
    return given


def pinned(size: int) -> np.ndarray:
    """Memory of the host, as bytes, that copies need not wait for; any where the interface has no such."""
    api = host().api
    if not hasattr(api, "pinned_array"):
        return np.empty(size, np.uint8)
    return call_driver("an allocation of host memory", api.pinned_array, size, np.uint8)


def lent(address: int, size: int, owner: Any) -> Any:
    """Another library's memory on the device, as bytes."""
    if host().simulates:
        raise device_errors.no_cuda("the simulator cannot read another library's memory on a device",
                                    "Use NBGRAD_DEVICE=cuda, or copy the array to the host first.")
    described = {"shape": (size,), "typestr": "|u1", "data": (address, True), "strides": None, "version": 3}
    return call_driver("an import", host().api.from_cuda_array_interface, described, owner, False)


def address(memory: Any) -> int:
    """Where memory on the device begins."""
    return int(memory.__cuda_array_interface__["data"][0])


def ordinal() -> int:
    """The device's number among those of the machine."""
    api = host().api
    return int(api.get_current_device().id) if hasattr(api, "get_current_device") else 0
