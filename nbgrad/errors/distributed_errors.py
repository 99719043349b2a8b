"""Wordings of gradients over partitions that Dask holds."""

from __future__ import annotations

from collections.abc import Sequence

from nbgrad.errors import DtypeError, NbgradError, PickleError, ShapeError, listed

_OP = "distributed.value_and_grad"


def no_client() -> NbgradError:
    return NbgradError(f"{_OP}: there is no Dask client. Start one, client = dask.distributed.Client(), or "
                       f"pass client=.")


def not_picklable(name: str, error: Exception) -> PickleError:
    return PickleError(f"{_OP}: the function {name} cannot be sent to workers ({type(error).__name__}: "
                       f"{error}). Define it at the top level of a module, and have it make there what "
                       f"cannot be pickled: locks, open files, connections.")


def no_partitions(data: object) -> DtypeError:
    return DtypeError(f"{_OP}: got {type(data).__name__} as data, but needs a Dask array, DataFrame or "
                      f"Series, a list of chunks (dask.delayed, futures or arrays), or a tuple of several of "
                      f"these.")


def nothing() -> ShapeError:
    return ShapeError(f"{_OP}: data has no partition.")


def other_axes(chunks: object) -> ShapeError:
    return ShapeError(f"{_OP}: a Dask array is taken by partitions of its first axis, and this one has "
                      f"chunks {chunks}. Make the other axes whole: x.rechunk({{1: -1}}).")


def not_aligned(counts: Sequence[int]) -> ShapeError:
    return ShapeError(f"{_OP}: the collections in data have {listed(counts)} partitions. They go together "
                      f"partition by partition: rechunk or repartition them alike.")


def unequal_rows(number: int, rows: Sequence[int]) -> ShapeError:
    return ShapeError(f"{_OP}: in partition {number} the collections have {listed(rows)} rows. They go "
                      f"together row by row: rechunk or repartition them alike.")


def empty_partition(number: int, shape: object) -> ShapeError:
    return ShapeError(f"{_OP}: partition {number} is empty (shape {shape}). Leave it out, or join it with "
                      f"another: x.rechunk(...), frame.repartition(npartitions=...).")


def unequal_dtypes(first: int, kinds: object, second: int, others: object) -> DtypeError:
    return DtypeError(f"{_OP}: partition {first} has dtypes {kinds} and partition {second} {others}. Convert "
                      f"all to one: x.astype('float64').")
