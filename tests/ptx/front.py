"""What acts as numba.cuda for nbgrad: kernels are compiled for a real GPU, and the interpreter runs them.

    nbgrad.arrays.cuda.connect("cuda", Front(folder), **LAUNCHES)

Memory is fresh and full of poison for every array, and gone with it. Importing this file imports numba.cuda.
Errors of the driver are raised as numba.cuda and cuda.core raise them.
"""

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numba
import numpy as np
from cuda.core._utils.cuda_utils import CUDAError
from numba import cuda
from numba.cuda.core.caching import NullCache
from numba.cuda.cudadrv.driver import CudaAPIError

from nbgrad.compile import cache
from nbgrad.compile.cuda import kept
from ptx import compile as ptx_compile
from ptx.compile import compile_ptx
from ptx.kernel import Kernel, array_words
from ptx.machine import launch
from ptx.memory import Memory
from ptx.profile import Profile
from ptx.streams import Event, Order, Stream

CAPABILITY = (7, 5)                       # the oldest target; machine code for all is made of its PTX
# What PTX that is kept is made for, and how.
TARGET = f"PTX {CAPABILITY} {Path(ptx_compile.__file__).read_text(encoding='utf-8')}"
# Few threads and blocks: kernels must go round, and blocks end in the middle of the data.
LAUNCHES = {"threads": 32, "blocks": 12, "grain": 1, "keep": False, "stage": 4096}


class Flat:
    """A run of elements in the interpreter's memory. What is made first owns it; views keep that alive."""

    def __init__(self, front: "Front", address: int, size: int, dtype: Any, owner: Any = None) -> None:
        self.front, self.address, self.size, self.dtype = front, address, size, np.dtype(dtype)
        self.owner = owner

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {"shape": (self.size,), "typestr": self.dtype.str, "data": (self.address, False),
                "strides": None, "stream": None, "version": 3}

    def view(self, dtype: Any) -> "Flat":
        """The same bytes as elements of another dtype."""
        size = self.size * self.dtype.itemsize // np.dtype(dtype).itemsize
        return Flat(self.front, self.address, size, dtype, self.owner or self)

    def __getitem__(self, part: slice) -> "Flat":
        start, stop, _ = part.indices(self.size)
        return Flat(self.front, self.address + start * self.dtype.itemsize, stop - start, self.dtype,
                    self.owner or self)

    def copy_to_host(self, data: np.ndarray, stream: Stream) -> None:
        """Write the elements to an array, which has them once the stream was waited for."""
        self.front.order.check("cuMemcpyDtoHAsync_v2")

        def copy() -> None:
            data[:] = self.front.memory.get(self.address, self.size, self.dtype)

        assert data.shape == (self.size,)
        assert data.dtype == self.dtype
        stream.ask(copy)

    def copy_to_device(self, data: np.ndarray, stream: Stream) -> None:
        """Write elements, as many as there are, of the same dtype, which may be read late."""
        self.front.order.check("cuMemcpyHtoDAsync_v2")
        assert data.shape == (self.size,)
        assert data.dtype == self.dtype
        stream.ask(lambda: self.front.memory.write(self.address, data))

    def __del__(self) -> None:
        if self.owner is None and not sys.is_finalizing():
            self.front.memory.free(self.address)


@dataclass(frozen=True)
class Launched:
    """One launch: the kernel, its PTX, threads of a block, and what the launch cost."""

    kernel: Kernel
    text: str
    threads: int
    profile: Profile


class Dispatcher:
    """A kernel in Python; dispatcher[grid, block](*arguments) runs it, [grid, block, stream] on a stream.

    Its PTX is kept as nbgrad keeps what numba-cuda's own dispatchers compile.
    """

    def __init__(self, front: "Front", function: Callable[..., None]) -> None:
        self._cache, self.targetoptions = NullCache(), dict[str, Any]()
        self.front, self.function, self.__name__ = front, function, function.__name__
        self.compiled: dict[tuple[Any, ...], tuple[Kernel, str]] = {}

    def __getitem__(self, sizes: tuple[Any, ...]) -> Callable[..., None]:
        grid, block, stream = sizes if len(sizes) == 3 else (*sizes, self.front.default_stream())
        return lambda *arguments: self._run(grid, block, stream, arguments)

    def _run(self, grid: int, block: int, stream: Stream, arguments: tuple[Any, ...]) -> None:
        assert not any(isinstance(a, np.ndarray) for a in arguments), "a host array as an argument"
        front = self.front
        if front.order.fault is not None:
            raise CUDAError("CUDA_ERROR_ILLEGAL_ADDRESS: While executing a kernel, the device encountered a "
                            "load or store instruction on an invalid memory address.")
        if block > front.most:
            raise CUDAError("CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES: This indicates that a launch did not occur "
                            "because it did not have appropriate resources.")
        types = tuple(map(_type, arguments))
        found = self.compiled.get(types)
        if found is None:
            found = self.compiled[types] = front.loaded(self.__name__, types, self._text(types))
        words: list[Any] = []
        for a in arguments:
            if isinstance(a, Flat):
                words += array_words(a.address, (a.size,), a.dtype)
            else:
                words += [a.real, a.imag] if isinstance(a, (complex, np.complexfloating)) else [a]
        stream.ask(lambda: self._execute(found, grid, block, words, arguments))

    def _text(self, types: tuple[Any, ...]) -> str:
        """The PTX for arguments of some types, kept or compiled."""
        if not isinstance(self._cache, kept.Kept):
            return compile_ptx(self.function, types, CAPABILITY)
        key = self._cache.key(types, TARGET)
        code = kept.read(key)
        if code is None:
            code = kept.Code({"ptx": compile_ptx(self.function, types, CAPABILITY)})
            kept.write(key, code)
            cache.COMPILED.add(key)
        cache.LOADED[key] = self._run
        return str(code.about["ptx"])

    def _execute(self, found: tuple[Kernel, str], grid: int, block: int, words: list[Any],
                 arguments: tuple[Any, ...]) -> None:
        """Run the kernel now; its arguments are there for as long."""
        front = self.front
        profile = Profile() if front.watch else None
        launch(found[0], (grid,), (block,), words, memory=front.memory, profile=profile)
        front.launches += 1
        if front.watch and profile:
            front.watch(Launched(*found, block, profile))


def _type(argument: Any) -> Any:
    """The type that Numba gives an argument."""
    if isinstance(argument, Flat):
        return numba.types.Array(numba.from_dtype(argument.dtype), 1, "C")
    return numba.typeof(argument)


class Front:
    """The part of numba.cuda that nbgrad calls.

    folder : where the PTX of every kernel is kept, a file each
    late : whether kernels and copies are done when they are waited for, in the worst order (streams.py)
    room : bytes of memory that there are, if they are few; most : threads that a block can have
    count, launches : how many kernels, and launches of them, there were
    watch : told of every launch, if there is one; launches take longer then
    """

    language = cuda

    def __init__(self, folder: Path, late: bool = False, room: int | None = None, most: int = 1024) -> None:
        self.memory, self.folder, self.count, self.launches = Memory(), folder, 0, 0
        self.order, self.room, self.most = Order(late), room, most
        self.watch: Callable[[Launched], None] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        device = SimpleNamespace(compute_capability=CAPABILITY)      # functions of kernels ask for it
        mock.patch("numba.cuda.dispatcher.get_current_device", lambda: device).start()

    def jit(self, function: Callable[..., Any], device: bool = False) -> Any:
        """A kernel, or a function that kernels call."""
        return cuda.jit(function, device=True) if device else Dispatcher(self, function)

    def loaded(self, name: str, types: tuple[Any, ...], text: str) -> tuple[Kernel, str]:
        """A kernel for arguments of some types and its PTX, written to a file whose name tells the dtypes."""
        kinds = "-".join(sorted({str(t.dtype) for t in types if isinstance(t, numba.types.Array)}))
        self.count += 1
        mark = hashlib.sha256(text.encode()).hexdigest()[:12]
        (self.folder / f"{name}-{kinds}-{mark}.ptx").write_text(text)
        return Kernel(text), text

    def device_array(self, size: int, dtype: Any) -> Flat:
        """Fresh memory, full of poison."""
        self.order.check("cuMemAlloc_v2")
        nbytes = size * np.dtype(dtype).itemsize
        if self.room is not None and nbytes + self.memory.used() > self.room:
            raise CudaAPIError(2, "Call to cuMemAlloc_v2 results in CUDA_ERROR_OUT_OF_MEMORY")
        return Flat(self, self.memory.allocate(nbytes), size, dtype)

    def from_cuda_array_interface(self, described: dict[str, Any], owner: Any, sync: bool) -> Flat:
        """Memory that is there already, as a flat array."""
        assert described["strides"] is None
        assert not sync
        return Flat(self, described["data"][0], described["shape"][0], described["typestr"], owner)

    def default_stream(self) -> Stream:
        """The stream of what names none."""
        return self.order.stream(0)

    def external_stream(self, handle: int) -> Stream:
        """The stream with a handle."""
        return self.order.stream(handle)

    def event(self, timing: bool) -> Event:
        """A new event."""
        assert not timing
        return Event(self.order)

    def synchronize(self) -> None:
        """Wait for all streams."""
        for stream in list(self.order.streams.values()):
            stream.run(stream.asked)
        self.order.check("cuCtxSynchronize")
