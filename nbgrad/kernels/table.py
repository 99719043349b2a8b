"""The dispatch table: KERNELS[op, device], and the only place that chooses a device.

A kernel is found by name: the op `tril` declared in nbgrad/ops/index.py runs `tril` of
nbgrad/kernels/<device>/index.py; what is the same on every device, as `sum` is, stands once, in
nbgrad/kernels/shared. `register` adds one for an op that lives elsewhere. A kernel takes the output first,
then raw arrays and the op's parameters; one for an op that has no output to fill (a view, a library routine
that allocates) returns its result.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from nbgrad.arrays import devices, memory, streams
from nbgrad.arrays.cuda import CONNECTED, CudaArray
from nbgrad.compile import tiers
from nbgrad.compile.cpu import pool
from nbgrad.compile.program import Body
from nbgrad.errors import device_errors, table_errors
from nbgrad.kernels.cpu import mapreduce, rows
from nbgrad.kernels.cpu.elementwise import Loops
from nbgrad.kernels.cuda import copies
from nbgrad.kernels.cuda.elementwise import Loops as CudaLoops

__all__ = ["COMPLEX_FAMILIES", "DEVICES", "KERNELS", "Loops", "add", "check_complex", "composed", "has",
           "keep", "loops", "ready", "register", "run", "summed"]

Out = Callable[..., tuple[tuple[int, ...], Any]]        # (*xs, **params) -> shape and dtype of the output
DEVICES = ("cpu", "cuda")
_ROWS = {"cpu": "nbgrad.kernels.cpu.rows", "cuda": "nbgrad.kernels.cuda.rows"}
# Whose CUDA kernels take complex numbers, beside elementwise ones; other linear ops are given their parts,
# and some ops have kernels of their own for them.
COMPLEX_FAMILIES = frozenset(("broadcast", "contract", "diagonal", "index", "products", "shape",
                              "transfer"))
KERNELS: dict[tuple[str, str], Callable[..., Any]] = {}
_FOUND: list[Any] = []                    # what is kept elsewhere of kernels that were found
memory.announce(pool.start)


def register(op: str, kernel: Callable[..., Any], where: str = "cpu") -> None:
    """Make kernel the one that runs op on a device, from now on also in calls that are alike."""
    KERNELS[op, where] = kernel
    _end_plans()


def _end_plans() -> None:
    for found in _FOUND:
        found.clear()


def keep(found: Any) -> Any:
    """What was found of kernels, a dict or the like, which is emptied from now on whenever one is registered,
    or compiled at last.
    """
    _FOUND.append(found)
    return found


tiers.announce(_end_plans)


def find(op: str, family: str | None, where: str) -> Callable[..., Any]:
    """The kernel of op on a device. Raises DeviceError where there is none."""
    kernel = KERNELS.get((op, where)) or _written(op, family, where)
    if kernel is None:
        raise table_errors.no_kernel(op, where)
    KERNELS[op, where] = kernel
    return kernel


def has(op: str, family: str | None, where: str) -> bool:
    """Whether op has a kernel on a device."""
    return (op, where) in KERNELS or _written(op, family, where) is not None


def _written(op: str, family: str | None, where: str) -> Callable[..., Any] | None:
    """The kernel of op in its family on a device; or in that of all devices, given the device's rows."""
    if family is None:
        return None
    own = _found(f"nbgrad.kernels.{where}.{family}", op)
    if own is not None:
        return own
    shared = _found(f"nbgrad.kernels.shared.{family}", op)
    return None if shared is None else partial(shared, import_module(_ROWS[where]))


def _found(module: str, name: str) -> Callable[..., Any] | None:
    return getattr(import_module(module), name, None) if find_spec(module) is not None else None


def _place(op: str, xs: tuple[Any, ...]) -> str:
    """The kind of device that an op's operands are on. Raises DeviceError if they are on several."""
    return devices.common(op, xs) if CudaArray in map(type, xs) else devices.of(xs[0] if xs else None)


def run(op: str, family: str | None, out: Out | None, xs: tuple[Any, ...],
        params: dict[str, Any]) -> Any:
    """op's result on raw arrays.

    out : (*xs, **params) -> shape and dtype of the output; None: the kernel allocates
    """
    where = _place(op, xs) if CONNECTED else "cpu"
    kernel = KERNELS.get((op, where)) or find(op, family, where)
    if where != "cpu":
        kernel = partial(streams.named, op, kernel)
    if out is None:
        return kernel(*xs, **params)
    z = devices.empty(*out(*xs, **params), where)
    kernel(z, *xs, **params)
    return z


def check_complex(op: str, family: str | None, xs: tuple[Any, ...]) -> None:
    """Raises DeviceError for complex operands of an op whose CUDA kernel takes none."""
    if CONNECTED and family not in COMPLEX_FAMILIES and _place(op, xs) != "cpu":
        raise device_errors.no_complex(op, [x.dtype for x in xs], [x.shape for x in xs])


def ready(op: str, family: str | None, out: Out | None, xs: Sequence[Any],
          params: dict[str, Any]) -> Callable[..., Any]:
    """What gives `run`'s results on arrays of NumPy's with the dtypes, shapes and strides of xs.

    A kernel's module may say what that is in READY: kernels -> (*xs, **params) -> the function, or None.
    """
    kernel = find(op, family, "cpu")
    made = getattr(sys.modules.get(getattr(kernel, "__module__", "")), "READY", {}).get(kernel)
    if made is not None and (found := made(*xs, **params)) is not None:
        return found
    if out is not None:
        form, dtype = out(*xs, **params)
        return _filled(kernel, form, np.dtype(dtype), params)
    if type(kernel) is partial and kernel.args == (rows,):
        planned = rows.Planned([x.view() for x in xs])
        found = kernel.func(planned, *planned.operands, **params)
        if callable(found):
            return found
    return partial(kernel, **params) if params else kernel


def _filled(kernel: Callable[..., Any], shape: tuple[int, ...], dtype: np.dtype,
            params: dict[str, Any]) -> Callable[..., np.ndarray]:
    """A kernel that fills its output, with the output's shape and dtype."""
    empty = np.empty if devices.nbytes(shape, dtype) < memory.POOLED else memory.empty

    def run(*xs: np.ndarray) -> np.ndarray:
        z = empty(shape, dtype)
        kernel(z, *xs, **params)
        return z

    return run


class _Loops(Loops):
    """The elementwise kernels of a scalar program, on the device that its operands are on."""

    __slots__ = ("on_cuda",)

    def __init__(self, name: str, program: Callable[[tuple[Any, ...]], Body], many: bool) -> None:
        super().__init__(name, program, many)
        self.on_cuda: CudaLoops | None = None

    def __call__(self, *xs: Any) -> Any:
        if not CONNECTED or CudaArray not in map(type, xs):
            return super().__call__(*xs)
        devices.common(self.name, xs)
        if self.on_cuda is None:
            self.on_cuda = CudaLoops(self.name, self.program, self.many)
        return streams.named(self.name, self.on_cuda, *xs)


def loops(name: str, program: Callable[[tuple[Any, ...]], Body], many: bool = False) -> Loops:
    """The elementwise kernels of a scalar program."""
    return _Loops(name, program, many)


def _sum(kinds: tuple[Any, ...]) -> Body:
    dtype = np.result_type(*kinds)
    return Body((f"t = {dtype}(a0) + {dtype}(a1)",), ("t",), (dtype,))


_sums = loops("sum", _sum)


def add(x: Any, y: Any) -> Any:
    """The sum of two raw arrays of one shape and of float dtypes."""
    flat = _sums.flats.get((x.dtype, y.dtype))
    z = None if flat is None else flat.kernel(x, y)
    return _sums(x, y) if z is None else z


def composed(x: Any, y: Any) -> Any:
    """The complex numbers of their parts, two raw arrays of one shape and of one float dtype."""
    if type(x) is CudaArray:
        return copies.composed((x, y))
    z = devices.empty(x.shape, np.result_type(x.dtype, np.complex64))
    z.real, z.imag = x, y
    return z


def summed(program: Loops, place: int, xs: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """One result of an elementwise program, summed to a shape as it is computed; None where it cannot be."""
    return mapreduce.summed(program, place, xs, shape)
