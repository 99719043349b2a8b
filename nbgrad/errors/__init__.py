"""Every exception that nbgrad raises; and, in a module for each area, the words of its errors.

May import nothing of nbgrad. A message names the op, what it got, and the next step.
A new class goes here, the words of a new error to the module of its area.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable

import numpy as np


class NbgradError(Exception):
    """The base of all errors raised by nbgrad itself."""


class ShapeError(NbgradError, ValueError):
    """Shapes that do not fit an operation."""


class AxisError(NbgradError, np.exceptions.AxisError):
    """An axis that an array does not have."""

    def __init__(self, message: str) -> None:
        np.exceptions.AxisError.__init__(self, message)

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return type(self), self.args          # also for who pickles tracebacks with it, as Dask does


class DtypeError(NbgradError, TypeError):
    """A dtype that nbgrad, or an operation, does not take."""


class OperandError(DtypeError):
    """Something that is no array of numbers where one is taken."""

    def of(self, op: str) -> OperandError:
        """The same error of an op."""
        return OperandError(f"{op}: {self}")


class ValueRangeError(NbgradError, ValueError):
    """An argument outside the values it may have."""


class GradientError(NbgradError, RuntimeError):
    """A derivative that does not exist, was not asked for correctly, or is gone."""


class TraceError(NbgradError, TypeError):
    """A value asked of something that is still being traced."""


class SingularError(NbgradError, np.linalg.LinAlgError):
    """A matrix that has no inverse, or is not square, where one is needed."""


class ProtocolError(NbgradError, TypeError):
    """Something that Python or NumPy asks of arrays, and a Tensor does not do."""


class RegistryError(NbgradError, ValueError):
    """An operation declared twice, or not at all, or wrongly."""


class PickleError(NbgradError, pickle.PickleError):
    """An op that another process cannot find, or something that stays in its own."""


class CacheError(NbgradError, RuntimeError):
    """A kernel cache folder that is not safe to use."""


class CacheWarning(UserWarning):
    """A kernel cache folder that cannot be used: kernels are compiled again in each process."""


class DeviceError(NbgradError, RuntimeError):
    """A device that is not there, or arrays that live on different ones."""


class MissingError(NbgradError, AttributeError):
    """A name of NumPy's or PyTorch's that a Tensor does not have."""


class ReadOnlyError(NbgradError, ValueError):
    """A write to a view that cannot be written to."""


class ExchangeError(NbgradError, BufferError):
    """A way of handing over memory that a Tensor does not offer."""


class FileError(NbgradError, ValueError):
    """A file that is broken, or not of the kind that is read."""


class MissingPackageError(NbgradError, ImportError):
    """An optional package that is needed and not installed."""


class _IndexError(NbgradError, IndexError):
    """An index that does not fit."""


def listed(items: Iterable[object]) -> str:
    return ", ".join(map(str, items))


def __dir__() -> list[str]:
    """The exceptions: the functions that word them are nbgrad's own."""
    return sorted(name for name, x in globals().items()
                  if isinstance(x, type) and issubclass(x, Exception) and not name.startswith("_"))
