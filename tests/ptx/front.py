"""What acts as numba.cuda for nbgrad: kernels are compiled for a real GPU, and the interpreter runs them.

    nbgrad.cuda.connect("cuda", Front(folder), **LAUNCHES)

Memory is fresh and full of poison for every array, and gone with it. Importing this file imports numba.cuda.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numba
import numpy as np
from numba import cuda

from ptx.compile import compile_ptx
from ptx.kernel import Kernel, array_words
from ptx.machine import launch
from ptx.memory import Memory
from ptx.profile import Profile

CAPABILITY = (7, 5)                       # the oldest target; machine code for all is made of its PTX
# Few threads and blocks: kernels must go round, and blocks end in the middle of the data.
LAUNCHES = {"threads": 32, "blocks": 3, "grain": 1, "keep": False}


class Flat:
    """A run of elements in the interpreter's memory. What is made first owns it; views keep that alive."""

    def __init__(self, memory: Memory, address: int, size: int, dtype: Any, owner: Any = None) -> None:
        self.memory, self.address, self.size, self.dtype = memory, address, size, np.dtype(dtype)
        self.owner = owner

    def view(self, dtype: Any) -> "Flat":
        """The same bytes as elements of another dtype."""
        size = self.size * self.dtype.itemsize // np.dtype(dtype).itemsize
        return Flat(self.memory, self.address, size, dtype, self.owner or self)

    def __getitem__(self, part: slice) -> "Flat":
        start, stop, _ = part.indices(self.size)
        return Flat(self.memory, self.address + start * self.dtype.itemsize, stop - start, self.dtype,
                    self.owner or self)

    def copy_to_host(self) -> np.ndarray:
        """The elements."""
        return self.memory.get(self.address, self.size, self.dtype)

    def copy_to_device(self, data: np.ndarray) -> None:
        """Write elements, as many as there are, of the same dtype."""
        assert data.shape == (self.size,)
        assert data.dtype == self.dtype
        self.memory.write(self.address, data)

    def __del__(self) -> None:
        if self.owner is None:
            self.memory.free(self.address)


@dataclass(frozen=True)
class Launched:
    """One launch: the kernel, its PTX, threads of a block, and what the launch cost."""

    kernel: Kernel
    text: str
    threads: int
    profile: Profile


class Dispatcher:
    """A kernel in Python; dispatcher[grid, block](*arguments) runs it."""

    def __init__(self, front: "Front", function: Callable[..., None]) -> None:
        self.front, self.function = front, function
        self.compiled: dict[tuple[Any, ...], tuple[Kernel, str]] = {}

    def __getitem__(self, sizes: tuple[int, int]) -> Callable[..., None]:
        def run(*arguments: Any) -> None:
            assert not any(isinstance(a, np.ndarray) for a in arguments), "a host array as an argument"
            types = tuple(map(_type, arguments))
            found = self.compiled.get(types)
            if found is None:
                found = self.compiled[types] = self.front.loaded(self.function, types)
            words: list[Any] = []
            for a in arguments:
                words += array_words(a.address, (a.size,), a.dtype) if isinstance(a, Flat) else [a]
            (grid, block), front = sizes, self.front
            profile = Profile() if front.watch else None
            launch(found[0], (grid,), (block,), words, memory=front.memory, profile=profile)
            front.launches += 1
            if front.watch and profile:
                front.watch(Launched(*found, block, profile))

        return run


def _type(argument: Any) -> Any:
    """The type that Numba gives an argument."""
    if isinstance(argument, Flat):
        return numba.types.Array(numba.from_dtype(argument.dtype), 1, "C")
    return numba.typeof(argument)


class Front:
    """The part of numba.cuda that nbgrad calls.

    folder : where the PTX of every kernel is kept, a file each
    count, launches : how many kernels, and launches of them, there were
    watch : told of every launch, if there is one; launches take longer then
    """

    language = cuda

    def __init__(self, folder: Path) -> None:
        self.memory, self.folder, self.count, self.launches = Memory(), folder, 0, 0
        self.watch: Callable[[Launched], None] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        device = SimpleNamespace(compute_capability=CAPABILITY)      # functions of kernels ask for it
        mock.patch("numba.cuda.dispatcher.get_current_device", lambda: device).start()

    def jit(self, function: Callable[..., Any], device: bool = False) -> Any:
        """A kernel, or a function that kernels call."""
        return cuda.jit(function, device=True) if device else Dispatcher(self, function)

    def loaded(self, function: Callable[..., None], types: tuple[Any, ...]) -> tuple[Kernel, str]:
        """A kernel for arguments of some types and its PTX, kept in a file whose name tells the dtypes."""
        text = compile_ptx(function, types, CAPABILITY)
        kinds = "-".join(sorted({str(t.dtype) for t in types if isinstance(t, numba.types.Array)}))
        self.count += 1
        mark = hashlib.sha256(text.encode()).hexdigest()[:12]
        (self.folder / f"{function.__name__}-{kinds}-{mark}.ptx").write_text(text)
        return Kernel(text), text

    def device_array(self, size: int, dtype: Any) -> Flat:
        """Fresh memory, full of poison."""
        return Flat(self.memory, self.memory.allocate(size * np.dtype(dtype).itemsize), size, dtype)

    def synchronize(self) -> None:
        """Nothing: kernels have ended when their launch returns."""
