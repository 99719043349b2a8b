"""kernel: a function that is compiled when it is needed for dtypes that it has not met."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from types import FunctionType
from typing import Any

import numpy as np

from nbgrad.arrays.config import settings
from nbgrad.compile.cache import compile_kernel, compile_written, reached

_WRITER, _PLAIN = "nbgrad.compile.cpu.dialect", "nbgrad.compile.cpu.plain"
_SCALARS = {"int": int, "float": float, "bool": bool}


class Kernel(dict[Any, Callable[..., Any]]):
    """A function for arrays of any dtypes, and the kernels that were compiled of it.

    Parameters are annotated: int, float, bool or a NumPy scalar type; Array[T] is an array, of the same dtype
    as all others that are Array[T]; Array[np.int64] has a dtype of its own. What stands after a * is fixed
    when it is compiled. The GIL is given up for the time of a call if the arrays are large.

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

    def __init__(self, function: FunctionType, exact: bool) -> None:
        self.function, self.exact = function, exact
        self.parameters = _parameters(function)
        code = function.__code__
        self.fixed = code.co_varnames[code.co_argcount:code.co_argcount + code.co_kwonlyargcount]
        spelled = [dtype for dtype, _ in self.parameters.values() if dtype]
        self.variables = [name for name in dict.fromkeys(spelled) if not name.startswith("np.")]
        self.places = [list(self.parameters.values()).index((name, "")) for name in self.variables]

    def __call__(self, *args: Any, **fixed: Any) -> Any:
        key = (*[args[i].dtype for i in self.places], *[fixed[name] for name in self.fixed])
        return self[key if len(key) > 1 else key[0]](*args)

    def __missing__(self, key: Any) -> Callable[..., Any]:
        known = key if type(key) is tuple else (key,)
        dtypes = dict(zip(self.variables, known))
        fixed = dict(zip(self.fixed, known[len(dtypes):], strict=True))
        made = self[key] = self._compiled(dtypes, fixed)
        return made

    def _compiled(self, dtypes: dict[str, np.dtype], fixed: dict[str, Any]) -> Callable[..., Any]:
        kinds = [dtypes.get(dtype) or np.dtype(getattr(np, dtype[3:])) if dtype
                 else _SCALARS.get(scalar) or getattr(np, scalar[3:])
                 for dtype, scalar in self.parameters.values()]
        name = f"k_{self.function.__name__}"
        if not settings.compiled:
            return import_module(_PLAIN).called(name, self.function, kinds, **fixed)

        def write() -> tuple[str, Any]:
            return import_module(_WRITER).written(name, self.function, list(self.parameters), kinds, fixed)

        if stands := _stands([self.function, *fixed.values()]):
            return compile_written(name, stands, kinds, write, self.exact)
        text, result = write()
        return compile_kernel(name, text, kinds, result, self.exact)


def _stands(parts: Sequence[Any]) -> list[str]:
    """What the text of a kernel depends on; nothing where that is code outside of nbgrad."""
    functions = [part for part in parts if isinstance(part, FunctionType)]
    modules = {function.__module__ for function in functions}
    if not all(module.startswith("nbgrad.") for module in modules):
        return []
    spelled = [f"{part.__module__}.{part.__qualname__}" if part in functions else repr(part)
               for part in parts]
    return [reached(_WRITER, *sorted(modules)), *spelled]


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


def kernel(function: Any = None, *, exact: bool = False) -> Any:
    """A Kernel of a function. exact: see cache.compile_kernel."""
    return Kernel(function, exact) if function is not None else lambda function: Kernel(function, exact)
