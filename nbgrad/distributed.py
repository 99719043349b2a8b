"""Gradients of sums over data that Dask holds in partitions, taken where the partitions are.

Each partition's value and gradient is a task of its own, and a tree of further tasks adds them up. The tree
depends on the number of partitions alone, and kernels are compiled before they are used, so that results
repeat bit for bit, whoever computes which part and when. A worker that is lost takes nothing along: what it
had is computed again from the graph.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np

from nbgrad.arrays import foreign
from nbgrad.compile import tiers
from nbgrad.engine.arguments import is_float
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.engine.transforms import check_function
from nbgrad.engine.transforms import value_and_grad as local
from nbgrad.engine.tree import flatten
from nbgrad.errors import NbgradError, distributed_errors
from nbgrad.interop.flat import package

__all__ = ["value_and_grad"]

_FAN = 8                                      # parts that one task adds up
_TRIES = 3                                    # of an evaluation whose workers were all lost


def value_and_grad(f: Callable[..., Any], data: Any, *, client: Any = None,
                   progress: bool = False) -> Callable[[Any], tuple[Tensor, Any]]:
    """Return a function of parameters that gives the sum of f over all partitions of data, and its gradient.

    f : f(parameters, part) returns a scalar, the sum over the rows of one partition, which is an array or a
        DataFrame as Dask has it. It is sent to each worker once, with all that it uses
    data : a Dask array (partitions of its first axis), DataFrame or Series; a list of chunks, each an array,
        a dask.delayed or a future; or a tuple of several of these, partitioned alike: f(parameters, *parts).
        Persist what fits into the workers' memory; what is not persisted is computed again each time
    client : of dask.distributed; default: the current one
    progress : show a bar of partitions (needs tqdm)

    The parameters are a tree, as for nb.value_and_grad, and are sent to each worker once for each call.
    Results repeat bit for bit where all workers have processors and libraries of one kind, and the same
    number of threads for BLAS. Workers of one machine compile each kernel once.

    Raises MissingPackageError without dask.distributed, PickleError for a function that cannot be sent;
    ShapeError for empty partitions, and for collections that are partitioned differently; DtypeError for
    partitions of different dtypes; and what f raises.

    >>> import dask.array
    >>> from dask.distributed import Client
    >>> x = dask.array.arange(6.0, chunks=2)
    >>> with Client(processes=False, dashboard_address=":0") as client:
    ...     print(nb.distributed.value_and_grad(lambda w, x: nb.sum((w * x) ** 2), x)(3.0))
    (tensor(495.), tensor(330.))
    """
    check_function("distributed.value_and_grad", f)
    dask, distributed = (package(name, "distributed.value_and_grad") for name in ("dask", "distributed"))
    if client is None:
        try:
            client = distributed.get_client()
        except ValueError as error:
            raise distributed_errors.no_client() from error
    return _Sum(dask, distributed, client, _pickled(f), _partitions(data), progress)


class _Sum:
    """The function that value_and_grad returns. parts: for each partition its pieces, delayed or not."""

    def __init__(self, dask: Any, distributed: Any, client: Any, code: bytes, parts: list[Sequence[Any]],
                 progress: bool) -> None:
        self.dask, self.distributed, self.client = dask, distributed, client
        self.code, self.parts, self.progress = code, parts, progress
        self.sent: Any = None

    def __call__(self, parameters: Any) -> tuple[Tensor, Any]:
        leaves, rebuild = flatten(parameters)
        leaves = [as_tensor(x) if is_float(x) or foreign.library(x) else x for x in leaves]
        hosts = rebuild([x.numpy() if type(x) is Tensor else x for x in leaves])
        for tries in range(1, _TRIES + 1):
            try:
                part = self._evaluated(hosts)
                break
            except self.distributed.CancelledError:
                self.sent = None
                if tries == _TRIES:
                    raise
        full: list[Any] = [None] * len(leaves)
        moving = [k for k, x in enumerate(leaves) if is_float(x)]
        for k, gradient in zip(moving, part.gradient, strict=True):
            full[k] = as_tensor(gradient)
        return as_tensor(part.value), rebuild(full)

    def _evaluated(self, parameters: Any) -> _Part:
        """The sum of all parts. What all tasks need is scattered: every worker has it before it begins."""
        if self.sent is None:
            self.sent = self._everywhere(self.code)
        given = self._everywhere(parameters)
        make, join = self.dask.delayed(_part, pure=False), self.dask.delayed(_added, pure=False)
        parts = total = [make(self.sent, given, number, *pieces) for number, pieces in enumerate(self.parts)]
        while len(total) > 1:
            total = [join(total[k:k + _FAN]) for k in range(0, len(total), _FAN)]
        *futures, result = self.client.compute([*(parts if self.progress else ()), total[0]])
        if self.progress:
            bar = package("tqdm", "distributed.value_and_grad: progress=True")
            with bar.tqdm(total=len(parts), unit="partition") as shown:
                for _ in self.distributed.as_completed(futures):
                    shown.update()
        part: _Part = result.result()
        return part

    def _everywhere(self, value: Any) -> Any:
        """A future of a value that every worker has."""
        return self.client.scatter([value], broadcast=True, hash=False)[0]


# ----------------------------------------------------------------------------------------------- the data
def _partitions(data: Any) -> list[Sequence[Any]]:
    """The pieces of each partition. Raises ShapeError, DtypeError."""
    columns = [_column(each) for each in (data if isinstance(data, tuple) else (data,))]
    counts = [len(column) for column in columns]
    if len(set(counts)) > 1:
        raise distributed_errors.not_aligned(counts)
    if not columns or not counts[0]:
        raise distributed_errors.nothing()
    return list(zip(*columns, strict=True))


def _column(data: Any) -> list[Any]:
    """The partitions of one collection."""
    if isinstance(data, list):
        return data
    if not hasattr(data, "to_delayed"):
        raise distributed_errors.no_partitions(data)
    if not hasattr(data, "numblocks"):        # a DataFrame or Series
        return list(data.to_delayed())
    if not data.ndim or any(count > 1 for count in data.numblocks[1:]):
        raise distributed_errors.other_axes(data.chunks)
    return list(data.to_delayed().ravel())


def _pickled(f: Callable[..., Any]) -> bytes:
    """f as workers get it. Raises PickleError."""
    try:
        code: bytes = import_module("cloudpickle").dumps(f)
    except NbgradError:
        raise
    except Exception as error:
        raise distributed_errors.not_picklable(getattr(f, "__name__", str(f)), error) from error
    return code


# ---------------------------------------------------------------------------------------------- on a worker
@dataclass
class _Part:
    """The value and gradient of some partitions. number: of the first; kinds: the dtypes of its arrays."""

    number: int
    kinds: Any
    value: np.ndarray
    gradient: list[np.ndarray]


@lru_cache(8)
def _function(code: bytes) -> Callable[..., Any]:
    function: Callable[..., Any] = import_module("cloudpickle").loads(code)
    return function


def _part(code: bytes, parameters: Any, number: int, *pieces: Any) -> _Part:
    """One partition's."""
    kinds = _checked(number, pieces)
    with _compiled:
        value, gradient = local(_function(code))(parameters, *pieces)
    return _Part(number, kinds, value.numpy(), [g.numpy() for g in flatten(gradient)[0]])


def _added(parts: Sequence[_Part]) -> _Part:
    """The sum of several, from left to right."""
    total = parts[0]
    for part in parts[1:]:
        if part.kinds != total.kinds:
            raise distributed_errors.unequal_dtypes(total.number, total.kinds, part.number, part.kinds)
        sums = [a + b for a, b in zip(total.gradient, part.gradient, strict=True)]
        total = replace(total, value=total.value + part.value, gradient=sums)
    return total


def _checked(number: int, pieces: Sequence[Any]) -> tuple[str, ...]:
    """The dtypes of a partition's arrays. Raises ShapeError for an empty one, and for unequal rows."""
    arrays, _ = flatten(list(pieces))
    for x in arrays:
        if 0 in getattr(x, "shape", ()):
            raise distributed_errors.empty_partition(number, x.shape)
    rows = [x.shape[0] for x in pieces if getattr(x, "shape", ())]
    if len(set(rows)) > 1:
        raise distributed_errors.unequal_rows(number, rows)
    return tuple(map(_kind, arrays))


def _kind(x: Any) -> str:
    """The dtype of an array, or those of a DataFrame's columns by their names."""
    if hasattr(x, "dtypes") and not hasattr(x, "dtype"):
        return str(dict(x.dtypes.items()))
    return str(getattr(x, "dtype", type(x).__name__))


class _Compiled:
    """A context in which kernels are compiled at first use, for as long as a thread is in it.

    An interpreted kernel has other roundings, and when it is compiled depends on what was computed before.
    """

    def __init__(self) -> None:
        self.lock, self.inside, self.outer = threading.Lock(), 0, tiers.chosen("compiled")

    def __enter__(self) -> None:
        with self.lock:
            if not self.inside:
                self.outer = tiers.chosen("compiled")
                self.outer.__enter__()
            self.inside += 1

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.inside -= 1
            if not self.inside:
                self.outer.__exit__(None, None, None)


_compiled = _Compiled()


def __dir__() -> list[str]:
    return sorted(__all__)
