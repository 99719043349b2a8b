from collections.abc import Callable, Sequence
from typing import Any, Concatenate, Generic, Literal, ParamSpec, TypeVar, overload

import numpy as np
from numpy.typing import DTypeLike

from nbgrad.engine.methods import ArrayLike, Axis, Index, Shape
from nbgrad.engine.tensor import Tensor as Tensor
from nbgrad.ops.factor import Eigh
from nbgrad.ops.linalg import Slogdet
from nbgrad.ops.sets import UniqueAll, UniqueCounts, UniqueInverse
from nbgrad.ops.svd import SVDResult

_Tree = TypeVar("_Tree", bound=Any)       # so that the argument of a lambda is Any
_Tensors = TypeVar("_Tensors", bound=Tensor | dict[Any, Tensor] | list[Tensor] | tuple[Tensor, ...])
_Value = TypeVar("_Value")
_Aux = TypeVar("_Aux")
_Function = TypeVar("_Function", bound=Callable[..., Any])
_Arguments = ParamSpec("_Arguments")
_Result_co = TypeVar("_Result_co", covariant=True)
_Rule = Callable[..., Any]
_Mode = Literal["auto", "rev", "fwd"]
_Names = str | Sequence[str] | None
_Layout = Literal["array", "numerator", "denominator", "vec"]

__version__: str
e: float
inf: float
nan: float
newaxis: None
pi: float

class _Op(Generic[_Arguments, _Result_co]):
    name: str
    discrete: bool
    __name__: str
    def __call__(self, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result_co: ...

@overload
def grad(f: Callable[Concatenate[_Tree, ...], Any], argnums: Literal[0] | None = None,
         has_aux: Literal[False] = False, *, argnames: None = None, holomorphic: bool = False) -> Callable[..., _Tree]: ...
@overload
def grad(f: Callable[..., Any], argnums: Sequence[int], has_aux: Literal[False] = False, *,
         argnames: _Names = None, holomorphic: bool = False) -> Callable[..., tuple[Any, ...]]: ...
@overload
def grad(f: Callable[..., Any], argnums: int | None = None, has_aux: Literal[False] = False, *,
         argnames: _Names = None, holomorphic: bool = False) -> Callable[..., Any]: ...
@overload
def grad(f: Callable[..., Any], argnums: int | Sequence[int] | None = None, *, has_aux: Literal[True],
         argnames: _Names = None, holomorphic: bool = False) -> Callable[..., tuple[Any, Any]]: ...
@overload
def grad(f: Callable[..., Any], argnums: int | Sequence[int] | None, has_aux: Literal[True], *,
         argnames: _Names = None, holomorphic: bool = False) -> Callable[..., tuple[Any, Any]]: ...
@overload
def value_and_grad(f: Callable[Concatenate[_Tree, ...], Any], argnums: Literal[0] | None = None,
                   has_aux: Literal[False] = False, *,
                   argnames: None = None, holomorphic: bool = False) -> Callable[..., tuple[Tensor, _Tree]]: ...
@overload
def value_and_grad(f: Callable[..., Any], argnums: Sequence[int], has_aux: Literal[False] = False, *,
                   argnames: _Names = None, holomorphic: bool = False) -> Callable[..., tuple[Tensor, tuple[Any, ...]]]: ...
@overload
def value_and_grad(f: Callable[..., Any], argnums: int | None = None, has_aux: Literal[False] = False, *,
                   argnames: _Names = None, holomorphic: bool = False) -> Callable[..., tuple[Tensor, Any]]: ...
@overload
def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] | None = None, *,
                   has_aux: Literal[True],
                   argnames: _Names = None, holomorphic: bool = False) -> Callable[..., tuple[tuple[Tensor, Any], Any]]: ...
@overload
def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] | None, has_aux: Literal[True], *,
                   argnames: _Names = None, holomorphic: bool = False) -> Callable[..., tuple[tuple[Tensor, Any], Any]]: ...
@overload
def vjp(f: Callable[..., _Value], *xs: Any,
        has_aux: Literal[False] = False) -> tuple[_Value, Callable[[Any], tuple[Any, ...]]]: ...
@overload
def vjp(f: Callable[..., tuple[_Value, _Aux]], *xs: Any,
        has_aux: Literal[True]) -> tuple[_Value, Callable[[Any], tuple[Any, ...]], _Aux]: ...
@overload
def jvp(f: Callable[..., _Value], xs: Sequence[Any], ts: Sequence[Any],
        has_aux: Literal[False] = False) -> tuple[_Value, _Value]: ...
@overload
def jvp(f: Callable[..., tuple[_Value, _Aux]], xs: Sequence[Any], ts: Sequence[Any],
        has_aux: Literal[True]) -> tuple[_Value, _Value, _Aux]: ...
def linearize(f: Callable[..., _Value], *xs: Any) -> tuple[_Value, Callable[..., _Value]]: ...
@overload
def hvp(f: Callable[..., Any], x: _Tensors, v: Any) -> _Tensors: ...
@overload
def hvp(f: Callable[..., Any], x: np.ndarray[Any, Any] | float, v: Any) -> Tensor: ...
@overload
def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any: ...
def directional_derivative(f: Callable[..., _Value], x: Any, p: Any) -> _Value: ...
@overload
def jacobian(f: Callable[Concatenate[Tensor, ...], Tensor], argnums: Literal[0] | None = None,
             mode: _Mode = "auto", layout: _Layout = "array", *,
             argnames: None = None,
             holomorphic: bool = False) -> Callable[..., Tensor]: ...
@overload
def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] | None = None, mode: _Mode = "auto",
             layout: _Layout = "array", *, argnames: _Names = None,
             holomorphic: bool = False) -> Callable[..., Any]: ...
@overload
def hessian(f: Callable[Concatenate[Tensor, ...], Any], argnums: Literal[0] | None = None, *,
            argnames: None = None,
             holomorphic: bool = False) -> Callable[..., Tensor]: ...
@overload
def hessian(f: Callable[..., Any], argnums: int | Sequence[int] | None = None, *,
            argnames: _Names = None,
             holomorphic: bool = False) -> Callable[..., Any]: ...
def checkpoint(f: _Function) -> _Function: ...
def stop_gradient(x: _Value) -> _Value: ...
@overload
def svd(a: ArrayLike, full_matrices: bool = True, compute_uv: Literal[True] = True) -> SVDResult: ...
@overload
def svd(a: ArrayLike, full_matrices: bool, compute_uv: Literal[False]) -> Tensor: ...
@overload
def svd(a: ArrayLike, full_matrices: bool = True, *, compute_uv: Literal[False]) -> Tensor: ...
def elementwise(name: str, value: str | _Rule, d: _Rule | None = None, *, like: _Rule | str | None = None,
                at: tuple[Any, ...] = (-3.0, 3.0), loop: _Rule | None = None, joint: bool = False,
                discrete: bool = False, linear: tuple[int, ...] = (), on_bool: str | None = None,
                on_complex: Any = None, doc: str = "", formula: str | tuple[str, ...] = "", example: str = "", private: bool = False
                ) -> _Op[..., Tensor]: ...
@overload
def op(name: str, *, kernel: _Rule, out: _Rule | None = None, vjp: _Rule | Sequence[_Rule | None] = (),
       vjp_of: _Rule | None = None, vjp_all: _Rule | None = None, linear: bool = False,
       multilinear: Sequence[int] = (), keep: str = "xz", discrete: bool = False, view: _Rule | None = None,
       write: _Rule | None = None, like: _Rule | str | None = None, cases: Sequence[Any] = (),
       on_complex: str | None = None, planned: bool | None = None, family: str | None = None, private: bool = False) -> _Op[..., Tensor]: ...
@overload
def op(name: str, *, kernel: _Rule, results: Callable[..., _Result_co], out: _Rule | None = None,
       vjp: _Rule | Sequence[_Rule | None] = (), vjp_of: _Rule | None = None, vjp_all: _Rule | None = None,
       linear: bool = False, multilinear: Sequence[int] = (), keep: str = "xz", discrete: bool = False,
       view: _Rule | None = None, write: _Rule | None = None, like: _Rule | str | None = None,
       cases: Sequence[Any] = (),
       on_complex: str | None = None, planned: bool | None = None, family: str | None = None,
       private: bool = False) -> _Op[..., _Result_co]: ...
@overload
def op(name: None = None, *, kernel: _Rule | None = None, out: _Rule | None = None,
       vjp: _Rule | Sequence[_Rule | None] = (), vjp_of: _Rule | None = None, vjp_all: _Rule | None = None,
       linear: bool = False, multilinear: Sequence[int] = (), keep: str = "xz", discrete: bool = False,
       view: _Rule | None = None, write: _Rule | None = None, like: _Rule | str | None = None,
       cases: Sequence[Any] = (),
       on_complex: str | None = None, planned: bool | None = None, family: str | None = None,
       private: bool = False) -> Callable[[Callable[_Arguments, Any]], _Op[_Arguments, Tensor]]: ...
@overload
def op(name: None = None, *, results: Callable[..., _Result_co], kernel: _Rule | None = None,
       out: _Rule | None = None, vjp: _Rule | Sequence[_Rule | None] = (), vjp_of: _Rule | None = None,
       vjp_all: _Rule | None = None, linear: bool = False, multilinear: Sequence[int] = (), keep: str = "xz",
       discrete: bool = False, view: _Rule | None = None, write: _Rule | None = None,
       like: _Rule | str | None = None, cases: Sequence[Any] = (),
       on_complex: str | None = None, planned: bool | None = None,
       family: str | None = None,
       private: bool = False) -> Callable[[Callable[_Arguments, Any]], _Op[_Arguments, _Result_co]]: ...
