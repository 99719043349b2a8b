"""kernel: a function that is compiled when it is needed for dtypes that it has not met."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from types import FunctionType
from typing import Any

import numpy as np

from nbgrad.arrays.config import settings
from nbgrad.compile import cache, tiers
from nbgrad.compile.record import isrecord
from nbgrad.compile.workers import LostError

_WRITER, _PLAIN = "nbgrad.compile.cpu.dialect", "nbgrad.compile.cpu.plain"
_CALL, _EACH, _MOST = 20, 3000.0, 1000    # of what Python takes: see tiers.Interim
_SCALARS = {"int": int, "float": float, "bool": bool}


class Kernel(dict[Any, Callable[..., Any]]):
    """A function for arrays of any dtypes, and the kernels that were compiled of it.

    Parameters are annotated: int, float, bool or a NumPy scalar type; Array[T] is an array, of the same dtype
    as all others that are Array[T]; Array[np.int64] has a dtype of its own; records are for kernels that work
    on memory by address (machine.py). What stands after a * is fixed when it is compiled. The GIL is given up
    for the time of a call if the arrays are large, unless the kernel says gil=True.

        kernel[dtype, True](out, x, n)    # the kernel for T and the fixed parameter, called
        kernel(out, x, n, affine=True)    # the same, a little slower, by the dtype of the arrays
    """

    __hash__ = object.__hash__            # type: ignore[assignment]
    exact: bool
    function: Any
    parameters: dict[str, tuple[str, str]]
    fixed: tuple[str, ...]
    variables: list[str]
    places: list[int]
    gil: bool
    spares: float

    def __init__(self, function: FunctionType, exact: bool, gil: bool, spares: float) -> None:
        self.function, self.exact, self.gil, self.spares = function, exact, gil, spares
        self.missed: dict[Any, tiers.Missed] = {}
        self.parameters = _parameters(function)
        code = function.__code__
        self.fixed = code.co_varnames[code.co_argcount:code.co_argcount + code.co_kwonlyargcount]
        spelled = [dtype for dtype, _ in self.parameters.values() if dtype]
        self.variables = [name for name in dict.fromkeys(spelled) if not name.startswith("np.")]
        self.places = [list(self.parameters.values()).index((name, "")) for name in self.variables]

    def __call__(self, *args: Any, **fixed: Any) -> Any:
        key = (*[args[i].dtype for i in self.places], *[fixed[name] for name in self.fixed])
        return self[key[0] if len(key) == 1 else key](*args)

    def __missing__(self, key: Any) -> Callable[..., Any]:
        name, kinds, fixed = self._spelled(key)

        def plain() -> Callable[..., Any]:
            return import_module(_PLAIN).called(name, self.function, kinds, **fixed)

        def interim() -> tiers.Interim:
            return tiers.Interim(plain(), _CALL, _EACH, _MOST)

        if not settings.compiled:
            made = plain()
        elif self.spares:
            made = cache.compile_written(*self._request(name, kinds, fixed))
        else:
            replace = partial(self.__setitem__, key)
            made = tiers.written(interim, replace, *self._request(name, kinds, fixed))
        self[key] = made
        return made

    def earned(self, key: Any, uses: float = 1) -> Callable[..., Any] | None:
        """The kernel for a key, None until it is worth being compiled: for kernels that can be done without.

        uses : that this call stands for, each of which would have spared some time
        """
        found = self.get(key)
        if found is None and settings.compiled:
            if key not in self.missed:
                self.missed[key] = tiers.Missed(*self._request(*self._spelled(key)))
            if self.missed[key].enough(self.spares * uses):
                try:
                    found = self[key]
                except LostError:
                    self.missed[key].lost()
        return found

    def _spelled(self, key: Any) -> tuple[str, list[Any], dict[str, Any]]:
        """Name, kinds of the arguments and fixed parameters of the kernel for a key."""
        known = key if type(key) is tuple else (key,)
        dtypes = dict(zip(self.variables, known))
        fixed = dict(zip(self.fixed, known[len(dtypes):], strict=True))
        kinds = [dtypes.get(dtype) or np.dtype(getattr(np, dtype[3:])) if dtype
                 else _SCALARS.get(scalar) or self._named(scalar)
                 for dtype, scalar in self.parameters.values()]
        return f"k_{self.function.__name__}", kinds, fixed

    def _request(self, name: str, kinds: list[Any], fixed: dict[str, Any]) -> tuple[Any, ...]:
        """What `cache.compile_written` takes."""
        def write() -> tuple[str, Any]:
            return import_module(_WRITER).written(name, self.function, list(self.parameters), kinds, fixed,
                                                  self.gil)

        stands = _stands([self.function, *fixed.values()]) or cache.stands(*write())
        return name, stands, kinds, write, self.exact

    def _named(self, text: str) -> Any:
        """The class of a record, or a NumPy scalar type."""
        found = self.function.__globals__.get(text)
        return found if isrecord(found) else getattr(np, text[3:])


def _stands(parts: Sequence[Any]) -> list[str]:
    """What the text of a kernel depends on; nothing where that is code outside of nbgrad."""
    functions = [part for part in parts if isinstance(part, FunctionType)]
    modules = {function.__module__ for function in functions}
    if not all(module.startswith("nbgrad.") for module in modules):
        return []
    spelled = [f"{part.__module__}.{part.__qualname__}" if part in functions else repr(part)
               for part in parts]
    return [cache.written_by(_WRITER), cache.reached(*sorted(modules)), *spelled]


def _parameters(function: FunctionType) -> dict[str, tuple[str, str]]:
    """Name -> the dtype of an array, or the type of a scalar; of parameters that are given by place."""
    code, found = function.__code__, {}
    for name in code.co_varnames[:code.co_argcount]:
        text = function.__annotations__.get(name)
        if not isinstance(text, str):
            raise TypeError(f"{function.__name__}: {name} needs an annotation, and the module "
                            f"`from __future__ import annotations`")
        found[name] = (text[6:-1], "") if text.startswith("Array[") else ("", text)
    return found


def kernel(function: Any = None, *, exact: bool = False, gil: bool = False, spares: float = 0.0) -> Any:
    """A Kernel of a function.

    exact  : see cache.compile_kernel
    gil    : it holds the GIL
    spares : nanoseconds that a use spares; the library does without it until they add up (see Kernel.earned)
    """
    if function is None:
        return lambda function: Kernel(function, exact, gil, spares)
    return Kernel(function, exact, gil, spares)
