"""NumPy's functions on Tensors: np.sin(t), np.concatenate([t, a]), np.add(a, t), np.linalg.inv(t).

NumPy asks the Tensor among its arguments, which looks for nbgrad's function of the same name in the module of
the same name, and calls that, so that traces record it. There is no list of functions. What nbgrad does not
have is refused where a gradient would be lost, and is NumPy's own function on the values where none is taken.
Arguments of NumPy's that nbgrad does not take are refused.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from nbgrad import devices, errors
from nbgrad.methods import numpy
from nbgrad.registry import OPS
from nbgrad.tensors import Tensor, as_tensor, living, raw
from nbgrad.tree import flatten, map_leaves

_Function = Callable[..., Any]
_signature = functools.cache(inspect.signature)

# NumPy's second names
_NAMES = {"amax": "max", "amin": "min", "around": "round", "a_min": "min", "a_max": "max"}
_REDUCED = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logaddexp": "logsumexp",
            "logical_and": "all", "logical_or": "any"}
_ACCUMULATED = {"add": "cumulative_sum", "multiply": "cumulative_prod"}
# Functions whose answer is no array that a gradient could flow through: NumPy's own on the values.
_ASKED = frozenset([
    np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.common_type, np.min_scalar_type,
    np.iscomplexobj, np.isrealobj, np.array_equal, np.array_equiv, np.shares_memory, np.may_share_memory,
    np.array_repr, np.array_str, np.array2string])
# Functions that take the values out, which is refused where a gradient would be lost.
_TAKEN = frozenset([np.save, np.savez, np.savez_compressed, np.savetxt, np.copyto])


class Functions:
    """nbgrad's functions by those of NumPy that they stand for.

    library : nbgrad, or another module with functions of NumPy's names
    """

    def __init__(self, library: ModuleType) -> None:
        self.library = library

    def named(self, path: Sequence[str]) -> _Function | None:
        """The function at a path of names, or None."""
        found: Any = self.library
        for part in path:
            found = getattr(found, part, None)
        return found if callable(found) else None

    def find(self, function: Any) -> _Function:
        """What stands for a function or ufunc of NumPy's. Raises ProtocolError if there is nothing."""
        found = self.known(function)
        if found is None:
            raise errors.no_numpy_function(function.__name__)
        return found

    def known(self, function: Any) -> _Function | None:
        """What stands for a function or ufunc of NumPy's, or None."""
        name = function.__name__
        if not isinstance(function, np.ufunc):
            found = self.named([*function.__module__.split(".")[1:], _NAMES.get(name, name)])
        elif getattr(np, name, None) is not function or (found := self.named([name])) is None:
            same = [row.op.name for row in OPS.values() if _is(row.like, function)]
            found = self.named(same[:1]) if same else None
        return found

    # --------------------------------------------------------------------------------------------- ufuncs
    def ufunc(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Tensor.__array_ufunc__: ufunc(*inputs), or a method of the ufunc."""
        name = ufunc.__name__
        if not all(map(_welcome, inputs)):
            return NotImplemented
        if "out" in kwargs:
            raise errors.numpy_out(name)
        if method == "__call__":
            return _called(name, self.find(ufunc), inputs, kwargs)
        if method == "outer":
            first, second = map(as_tensor, inputs)
            spaced = first.reshape(first.shape + (1,) * second.ndim)
            return _called(name, self.find(ufunc), [spaced, second], kwargs)
        names = {"reduce": _REDUCED, "accumulate": _ACCUMULATED}.get(method, {})
        found = self.named([names[name]]) if name in names else None
        if found is None:
            raise errors.no_numpy_function(f"{name}.{method}")
        return _called(f"{name}.{method}", found, inputs, {"axis": 0, **kwargs})

    # ------------------------------------------------------------------------------------------ functions
    def function(self, function: Any, types: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Tensor.__array_function__: function(*args, **kwargs)."""
        if not all(issubclass(kind, (Tensor, np.ndarray)) for kind in types):
            return NotImplemented
        if function in _ASKED or function in _TAKEN or (
                self.known(function) is None and not _watched((tuple(args), kwargs))):
            values = _host if function in _ASKED else numpy
            args, kwargs = map_leaves(lambda leaf: values(leaf) if type(leaf) is Tensor else leaf,
                                      (tuple(args), kwargs))
            return function(*args, **kwargs)
        found = self.find(function)
        args, kwargs = _translated(function, _signature(found).parameters, args, kwargs)
        return _called(function.__name__, found, args, kwargs)


def _host(x: Tensor) -> Any:
    """x's values, watched or not, where NumPy can read them."""
    return devices.host(raw(x))


def _watched(tree: Any) -> bool:
    """Whether a gradient is being taken through a Tensor of the tree, or a symbol is in it."""
    leaves = [leaf for leaf in flatten(tree)[0] if type(leaf) is Tensor]
    return any(living(leaf).trace is not None or not hasattr(raw(leaf), "strides") for leaf in leaves)


def _is(like: Any, ufunc: np.ufunc) -> bool:
    """Whether a reference of the op table, a function or its dotted name, is that ufunc."""
    return like is ufunc or (isinstance(like, str) and like.rpartition(".")[2] == ufunc.__name__)


def _welcome(x: Any) -> bool:
    """Whether x is no array of another library, which may know what to do with a Tensor."""
    return isinstance(x, (Tensor, np.ndarray, np.generic, int)) or not hasattr(x, "__array_ufunc__")


def _called(name: str, function: _Function, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """function(*args, **kwargs), if it has parameters of these names."""
    if kwargs and (unknown := kwargs.keys() - _signature(function).parameters.keys()):
        raise errors.numpy_argument(name, min(unknown))
    return function(*args, **kwargs)


def _translated(function: Any, ours: Mapping[str, inspect.Parameter], args: Sequence[Any],
                kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """NumPy's arguments as ours: what it requires by place, options by name; NumPy's defaults hold.

    Options that we do not have may be given their default.
    """
    theirs, only = _signature(function), inspect.Parameter.POSITIONAL_ONLY
    given = theirs.bind(*args, **kwargs).arguments
    places: list[Any] = []
    options: dict[str, Any] = {}
    for name, parameter in theirs.parameters.items():
        value, default = given.get(name, parameter.default), parameter.default
        name = _NAMES.get(name, name)
        if parameter.kind is parameter.VAR_POSITIONAL:
            places += value
        elif parameter.kind is parameter.VAR_KEYWORD:
            options.update(value if value is not parameter.empty else {})
        elif default is parameter.empty or (parameter.kind is only and value is not default):
            places.append(value)
        elif name in ours and value is not np._NoValue and not _same(value, ours[name].default):
            options[name] = value
        elif name not in ours and not _same(value, default):
            raise errors.numpy_argument(function.__name__, name)
    return places, options


def _same(value: Any, default: Any) -> bool:
    return value is default or (type(value) is type(default) is not Tensor and isinstance(
        value, (str, int, float)) and value == default)


def install(library: ModuleType) -> None:
    """Give Tensor NumPy's protocols for functions, which are looked up in the library."""
    functions = Functions(library)

    def ufunc(x: Tensor, *args: Any, **kwargs: Any) -> Any:
        return functions.ufunc(*args, **kwargs)

    def function(x: Tensor, *args: Any) -> Any:
        return functions.function(*args)

    for name, protocol in {"__array_ufunc__": ufunc, "__array_function__": function}.items():
        setattr(Tensor, name, protocol)
