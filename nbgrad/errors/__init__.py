"""Every exception that nbgrad raises; and, in a module for each area, the words of its errors.

May import nothing of nbgrad. A message names the op, what it got, and the next step.
A new class goes here, the words of a new error to the module of its area.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable

import numpy as np


class NbgradError(Exception):
    """The base of all errors raised by nbgrad itself.

    >>> try:
    ...     nb.ones(2) + nb.ones(3)
    ... except nb.errors.NbgradError as error:
    ...     print(type(error).__name__)
    ShapeError
    """


class ShapeError(NbgradError, ValueError):
    """Shapes that do not fit an operation.

    >>> nb.ones(2) + nb.ones(3)
    Traceback (most recent call last):
    nbgrad.errors.ShapeError: ...
    """


class AxisError(NbgradError, np.exceptions.AxisError):
    """An axis that an array does not have.

    >>> nb.sum(nb.ones(2), axis=1)
    Traceback (most recent call last):
    nbgrad.errors.AxisError: ...
    """

    def __init__(self, message: str) -> None:
        np.exceptions.AxisError.__init__(self, message)

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return type(self), self.args          # also for who pickles tracebacks with it, as Dask does


class DtypeError(NbgradError, TypeError):
    """A dtype that nbgrad, or an operation, does not take.

    >>> nb.ones(2, dtype="float16")
    Traceback (most recent call last):
    nbgrad.errors.DtypeError: ...
    """


class OperandError(DtypeError):
    """Something that is no array of numbers where one is taken.

    >>> nb.sin("text")
    Traceback (most recent call last):
    nbgrad.errors.OperandError: ...
    """

    def of(self, op: str) -> OperandError:
        """The same error of an op."""
        return OperandError(f"{op}: {self}")


class ValueRangeError(NbgradError, ValueError):
    """An argument outside the values it may have.

    >>> nb.linspace(0.0, 1.0, -1)
    Traceback (most recent call last):
    nbgrad.errors.ValueRangeError: ...
    """


class GradientError(NbgradError, RuntimeError):
    """A derivative that does not exist, was not asked for correctly, or is gone.

    >>> nb.grad(lambda x: x)(np.ones(2))
    Traceback (most recent call last):
    nbgrad.errors.GradientError: ...
    """


class TraceError(NbgradError, TypeError):
    """A value asked of something that is still being traced.

    >>> nb.grad(lambda x: x * float(x))(2.0)
    Traceback (most recent call last):
    nbgrad.errors.TraceError: ...
    """


class SingularError(NbgradError, np.linalg.LinAlgError):
    """A matrix that has no inverse, or is not square, where one is needed.

    >>> nb.inv(np.zeros((2, 2)))
    Traceback (most recent call last):
    nbgrad.errors.SingularError: ...
    """


class ConvergenceError(NbgradError, RuntimeError):
    """A solver that has not found what it was asked for.

    >>> nb.root(lambda x: x * x + 1.0, 1.0)
    Traceback (most recent call last):
    nbgrad.errors.ConvergenceError: ...
    """


class ProtocolError(NbgradError, TypeError):
    """Something that Python or NumPy asks of arrays, and a Tensor does not do.

    >>> len(nb.asarray(1.0))
    Traceback (most recent call last):
    nbgrad.errors.ProtocolError: ...
    """


class RegistryError(NbgradError, ValueError):
    """An operation declared twice, or not at all, or wrongly.

    >>> nb.elementwise("sin", lambda x: x)
    Traceback (most recent call last):
    nbgrad.errors.RegistryError: ...
    """


class PickleError(NbgradError, pickle.PickleError):
    """An op that another process cannot find, or something that stays in its own.

    >>> import pickle
    >>> issubclass(nb.errors.PickleError, pickle.PickleError)
    True
    """


class CacheError(NbgradError, RuntimeError):
    """A kernel cache folder that is not safe to use.

    >>> issubclass(nb.errors.CacheError, RuntimeError)
    True
    """


class CacheWarning(UserWarning):
    """A kernel cache folder that cannot be used: kernels are compiled again in each process.

    >>> issubclass(nb.errors.CacheWarning, UserWarning)
    True
    """


class DeviceError(NbgradError, RuntimeError):
    """A device that is not there, or arrays that live on different ones.

    >>> nb.device("abacus")
    Traceback (most recent call last):
    nbgrad.errors.DeviceError: ...
    """


class MissingError(NbgradError, AttributeError):
    """A name of NumPy's or PyTorch's that a Tensor does not have, or a distribution one of SciPy's.

    >>> nb.ones(2).data_ptr
    Traceback (most recent call last):
    nbgrad.errors.MissingError: ...
    """


class ReadOnlyError(NbgradError, ValueError):
    """A write to a view that cannot be written to.

    >>> x = nb.broadcast_to([1.0], (2,))
    >>> x[0] = 2.0
    Traceback (most recent call last):
    nbgrad.errors.ReadOnlyError: ...
    """


class ExchangeError(NbgradError, BufferError):
    """A way of handing over memory that a Tensor does not offer.

    >>> issubclass(nb.errors.ExchangeError, BufferError)
    True
    """


class FileError(NbgradError, ValueError):
    """A file that is broken, or not of the kind that is read.

    >>> with open("broken.npz", "wb") as file:
    ...     _ = file.write(b"no archive")
    >>> nb.load("broken.npz")
    Traceback (most recent call last):
    nbgrad.errors.FileError: ...
    """


class MissingPackageError(NbgradError, ImportError):
    """An optional package that is needed and not installed.

    >>> issubclass(nb.errors.MissingPackageError, ImportError)
    True
    """


class _IndexError(NbgradError, IndexError):
    """An index that does not fit."""


def listed(items: Iterable[object]) -> str:
    return ", ".join(map(str, items))


def __dir__() -> list[str]:
    """The exceptions: the functions that word them are nbgrad's own."""
    return sorted(name for name, x in globals().items()
                  if isinstance(x, type) and issubclass(x, Exception) and not name.startswith("_"))
