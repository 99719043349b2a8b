"""NumPy's functions on Tensors: np.sin(t), np.concatenate([t, a]), np.add(a, t), np.linalg.inv(t).

NumPy asks the Tensor among its arguments, which looks for nbgrad's function of the same name in the module of
the same name, or for one in numpy_spellings where NumPy's says more, and calls that, so that traces record
it. What nbgrad does not have is refused where a gradient would be lost, and is NumPy's own function on the
values where none is taken. Every argument that was given arrives, or is refused by name.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from nbgrad.arrays import devices, foreign
from nbgrad.define.registry import OPS
from nbgrad.engine.tensor import Tensor, as_tensor, living, raw
from nbgrad.engine.tree import flatten, map_leaves
from nbgrad.errors import protocol_errors, value_errors
from nbgrad.interop import numpy_out
from nbgrad.interop.methods import numpy
from nbgrad.interop.numpy_nan import NAN_FUNCTIONS
from nbgrad.interop.numpy_spellings import FUNCTIONS, METHODS

_Function = Callable[..., Any]
_signature = functools.cache(inspect.signature)
_OURS, _TENSORS = (Tensor,), frozenset([Tensor])

# NumPy's second names, of functions and of arguments
NAMES: dict[str, str] = {"around": "round", "a_min": "min", "a_max": "max", "M": "m"}
# What a ufunc's arguments are where they are not given.
_DEFAULTS = {"where": True, "casting": "same_kind", "order": "K", "dtype": None, "subok": True,
             "signature": None, "keepdims": False, "initial": None}
# Those that numpy_out takes.
_DONE = frozenset(["out", "where", "dtype", "casting"])
# Functions whose answer is no array that a gradient could flow through: NumPy's own on the values.
ASKED: frozenset[Any] = frozenset([
    np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.common_type, np.min_scalar_type,
    np.iscomplexobj, np.isrealobj, np.array_equal, np.array_equiv, np.shares_memory, np.may_share_memory,
    np.array_repr, np.array_str, np.array2string, np.einsum_path])
# Functions that take the values out, which is refused where a gradient would be lost.
_TAKEN = frozenset([np.save, np.savez, np.savez_compressed, np.savetxt, np.copyto])
# By these SciPy's minimisers and solvers make arrays of what a function returns: without a gradient they give
# NumPy's arrays, as compiled code needs them.
_ENTRIES = frozenset([np.atleast_1d, np.atleast_2d, np.atleast_3d])


class Functions:
    """nbgrad's functions by those of NumPy that they stand for.

    library : nbgrad, or another module with functions of NumPy's names
    """

    def __init__(self, library: ModuleType) -> None:
        self.library = library
        self.found: dict[Any, _Function] = {}
        self.calls: dict[Any, _Call] = {}

    def named(self, path: Sequence[str]) -> _Function | None:
        """The function at a path of names, or None."""
        found: Any = self.library
        for part in path:
            found = getattr(found, part, None)
        return found if callable(found) else None

    def find(self, function: Any) -> _Function:
        """What stands for a function or ufunc of NumPy's. Raises ProtocolError if there is nothing."""
        found = self.found.get(function) or self.known(function)
        if found is None:
            raise protocol_errors.no_numpy_function(called(function))
        self.found[function] = found
        return found

    def known(self, function: Any) -> _Function | None:
        """What stands for a function or ufunc of NumPy's, or None."""
        name = function.__name__
        if function in _TAKEN:                # nb.save is no np.save
            return None
        if function in FUNCTIONS:
            return FUNCTIONS[function]
        if function in NAN_FUNCTIONS:
            return NAN_FUNCTIONS[function]
        if not isinstance(function, np.ufunc):
            path = function.__module__.removesuffix(".lib.stride_tricks").split(".")[1:]
            return self.named([*path, NAMES.get(name, name)]) or self.named(["special", *path, name])
        if getattr(np, name, None) is function and (found := self.named([name])) is not None:
            return found
        if called(function).startswith("scipy.special.") and (found := self.named(["special", name])):
            return found
        same = [row.op.name for row in OPS.values() if _is(row.like, function)]
        return self.named(same[:1]) if same else None

    # --------------------------------------------------------------------------------------------- ufuncs
    def ufunc(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Tensor.__array_ufunc__: ufunc(*inputs), or a method of the ufunc."""
        if not all(map(_welcome, inputs)):
            return NotImplemented
        if method == "__call__" and not kwargs:
            return self.find(ufunc)(*inputs)
        name = called(ufunc) if method == "__call__" else f"{called(ufunc)}.{method}"
        if method == "__call__" and ufunc.signature is None:
            options = {k: v for k, v in kwargs.items() if k in _DONE}
            rest = {k: v for k, v in kwargs.items() if k not in _DONE}
            found = self.find(ufunc)
            options |= _options(name, found, rest.items(), _DEFAULTS)
            return numpy_out.call(name, found, ufunc, inputs, options)
        if "out" in kwargs:
            (out,) = kwargs.pop("out")
            return numpy_out.written(name, self.ufunc(ufunc, method, *inputs, **kwargs), out, True)
        if method == "__call__":
            found = self.find(ufunc)
        elif method == "outer":
            first, second = map(as_tensor, inputs)
            inputs, found = (first.reshape(first.shape + (1,) * second.ndim), second), self.find(ufunc)
        elif (ufunc, method) in METHODS:
            found, kwargs = METHODS[ufunc, method], {"axis": 0, **kwargs}
        else:
            raise protocol_errors.no_numpy_function(name)
        return found(*inputs, **_options(name, found, kwargs.items(), _DEFAULTS))

    # ------------------------------------------------------------------------------------------ functions
    def function(self, function: Any, types: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Tensor.__array_function__: function(*args, **kwargs)."""
        if types != _OURS and not all(issubclass(kind, (Tensor, np.ndarray)) for kind in types):
            return NotImplemented
        if type(out := kwargs.get("out")) is Tensor:
            rest = {name: value for name, value in kwargs.items() if name != "out"}
            return numpy_out.written(called(function), self.function(function, types, args, rest), out, True)
        key = function, len(args), *kwargs
        call = self.calls.get(key)
        if call is None:
            entry = function in _ENTRIES
            if function in ASKED or function in _TAKEN or (
                    (entry or self.known(function) is None) and not _watched((tuple(args), kwargs))):
                values = _host if function in ASKED else numpy
                args, kwargs = map_leaves(lambda leaf: values(leaf) if type(leaf) is Tensor else leaf,
                                          (tuple(args), kwargs))
                return function(*args, **kwargs)
            call = _Call(self.find(function), function, len(args), tuple(kwargs))
            if not entry and "out" not in kwargs:          # those are looked at each time
                self.calls[key] = call
        return call(args, kwargs)


class _Call:
    """A call of NumPy's function with so many arguments by place and others by these names, as one of ours.

    places  : of what NumPy's function requires, which ours is given by place: numbers among all values given
    options : the names of its other arguments, which ours is given by name, and the number of each
    ordered : whether the options are what ours takes by place behind the others
    order   : the numbers of all
    optional : the options' numbers where ours is given just what NumPy's is by place; else None
    """

    __slots__ = ("defaults", "function", "name", "optional", "options", "order", "ordered",
                 "places")

    def __init__(self, function: _Function, theirs: Any, count: int, names: tuple[str, ...]) -> None:
        self.name, signature = called(theirs), _signature(theirs)
        self.places: list[int] = []
        self.options: list[tuple[str, int]] = []
        self.defaults = {p.name: p.default for p in signature.parameters.values()}
        numbered = {name: count + i for i, name in enumerate(names)}
        for name, number in signature.bind(*range(count), **numbered).arguments.items():
            parameter = signature.parameters[name]
            if parameter.kind is parameter.VAR_POSITIONAL:
                self.places += number
            elif parameter.kind is parameter.VAR_KEYWORD:
                self.options += number.items()
            elif parameter.default is parameter.empty or parameter.kind is parameter.POSITIONAL_ONLY:
                self.places.append(number)
            else:
                self.options.append((name, number))
        own = [NAMES.get(name, name) for name, _ in self.options]
        usual = getattr(function, "usual", None)
        if usual is not None and _signature(usual).parameters.keys() >= set(own):
            function = usual
        self.function = function
        ours = [p.name for p in _signature(function).parameters.values()
                if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        self.ordered = own == ours[len(self.places):len(self.places) + len(own)]
        self.order = [*self.places, *[number for _, number in self.options]]
        straight = self.ordered and self.order == list(range(count))
        self.optional = range(len(self.places), count) if straight else None

    def __call__(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        given = (*args, *kwargs.values())
        if self.ordered:
            chosen = [given[i] for i in self.order]
            for value in chosen[len(self.places):]:
                if value is np._NoValue:
                    break
            else:
                return self.function(*chosen)
        places, options = [given[i] for i in self.places], [(name, given[i]) for name, i in self.options]
        return self.function(*places, **_options(self.name, self.function, options, self.defaults))


def called(function: Any) -> str:
    """The name of a function or ufunc as one calls it: numpy.linalg.qr, scipy.special.gamma."""
    name: str = function.__name__
    if not isinstance(function, np.ufunc):
        return f"{function.__module__}.{name}"
    for module in ("numpy", "scipy.special"):
        if getattr(sys.modules.get(module), name, None) is function:
            return f"{module}.{name}"
    return name


def _host(x: Tensor) -> Any:
    """x's values, watched or not, where NumPy can read them."""
    return devices.host(raw(x))


def _watched(tree: Any) -> bool:
    """Whether a gradient is being taken through a Tensor of the tree, or a symbol is in it."""
    leaves = [leaf for leaf in flatten(tree)[0] if type(leaf) is Tensor]
    return any(living(leaf).trace is not None or not hasattr(raw(leaf), "strides") for leaf in leaves)


def _is(like: Any, ufunc: np.ufunc) -> bool:
    """Whether a reference of the op table, a function or its dotted name, is that ufunc."""
    return like is ufunc or (isinstance(like, str) and like == called(ufunc))


def _welcome(x: Any) -> bool:
    """Whether x is no array of a library that may know what to do with a Tensor."""
    return (isinstance(x, (Tensor, np.ndarray, np.generic, int)) or not hasattr(x, "__array_ufunc__")
            or foreign.library(x) is not None)


def _options(name: str, function: _Function, given: Iterable[tuple[str, Any]],
             defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments by our names, for a function of ours; what it does not take may only be NumPy's default.

    What was not given is not passed on: our defaults are NumPy's (the tests compare them).
    """
    ours, found = _signature(function).parameters, {}
    for key, value in given:
        own = NAMES.get(key, key)
        if value is np._NoValue:
            continue
        if own in found:
            raise value_errors.bad_value(name, f"got {own!r} by both of its names")
        if own in ours:
            found[own] = value
        elif key not in defaults or not _same(value, defaults[key]):
            raise protocol_errors.numpy_argument(name, key)
    return found


def _same(value: Any, default: Any) -> bool:
    return value is default or (type(value) is type(default) is not Tensor and isinstance(
        value, (str, int, float)) and value == default)


def install(library: ModuleType) -> None:
    """Give Tensor NumPy's protocols for functions, which are looked up in the library."""
    functions = Functions(library)

    calls, found = functions.calls, functions.found

    def ufunc(x: Tensor, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__" and not kwargs and ufunc in found and _TENSORS.issuperset(map(type, inputs)):
            return found[ufunc](*inputs)
        return functions.ufunc(ufunc, method, *inputs, **kwargs)

    def function(x: Tensor, function: Any, types: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        call = calls.get((function, len(args), *kwargs)) if types == _OURS else None
        if call is None:
            return functions.function(function, types, args, kwargs)
        if call.optional is None:
            return call(args, kwargs)
        for i in call.optional:
            if args[i] is np._NoValue:
                return call(args, kwargs)
        return call.function(*args)

    for name, protocol in {"__array_ufunc__": ufunc, "__array_function__": function}.items():
        setattr(Tensor, name, protocol)
