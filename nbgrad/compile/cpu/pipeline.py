"""The pipeline: the passes of Numba's that a kernel goes through, and the libraries that take its code.

A kernel is typed, lowered and optimised. What Numba does besides is for what no kernel has: closures, context
managers, loops over literals, arrays in one expression, branches on None. A function that a kernel calls is a
part of it: its code is linked into the kernel's, and no machine code is made of it by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from numba.core.codegen import CPUCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_machinery import PassManager
from numba.core.typed_passes import (
    IRLegalization,
    NativeLowering,
    NoPythonBackend,
    NopythonTypeInference,
    PreLowerStripPhis,
)
from numba.core.untyped_passes import (
    FixupArgs,
    GenericRewrites,
    IRProcessing,
    ReconstructSSA,
    TranslateByteCode,
)

_PASSES = (TranslateByteCode, FixupArgs, IRProcessing, GenericRewrites, ReconstructSSA, NopythonTypeInference,
           PreLowerStripPhis, IRLegalization, NativeLowering, NoPythonBackend)

if TYPE_CHECKING:                         # Numba declares no types
    class Base:
        state: Any

        def __init__(self, *args: Any) -> None: ...
        def compile_extra(self, function: Any) -> Any: ...

    class BaseLibrary:
        _final_module: Any
        _finalized: bool

        def __init__(self, codegen: Any, name: str) -> None: ...
        def finalize(self) -> None: ...
else:
    Base, BaseLibrary = Compiler, CPUCodeLibrary


class Library(BaseLibrary):
    """Code that does not run where it is compiled: Numba need not make machine code of it."""

    def _finalize_final_module(self) -> None:
        self._finalized = True


class Pipeline(Base):
    """How a kernel is compiled."""

    def define_pipelines(self) -> list[PassManager]:
        """The one pipeline that there is."""
        manager = PassManager("kernel")
        for each in _PASSES:
            manager.add_pass(each, each.__name__)
        manager.finalize()
        return [manager]


class PartPipeline(Pipeline):
    """How a function is compiled that a kernel calls."""

    def __init__(self, typing: Any, target: Any, library: Any, *rest: Any) -> None:
        super().__init__(typing, target.subtarget(get_executable=_key), library, *rest)

    def compile_extra(self, function: Any) -> Any:
        """What Numba knows of a compiled function."""
        self.state.library = Library(self.state.targetctx.codegen(), function.__qualname__)
        return super().compile_extra(function)


def _key(library: Any, description: Any, environment: Any) -> Callable[..., Any]:
    """What a part is known by: a builtin of its own, as Numba's table of functions takes. Nobody calls it."""
    return [library].copy
