"""Functions of nbgrad's in jax, and jax's in nbgrad; each takes gradients through the other's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nbgrad.arrays.dtypes import supported
from nbgrad.engine.tensor import Tensor, as_tensor, raw
from nbgrad.engine.transforms import check_function, transformed
from nbgrad.engine.tree import flatten
from nbgrad.errors import trace_errors
from nbgrad.interop.flat import Flat, Run, constants, floats, package, pulled, tensors
from nbgrad.interop.foreign_op import ForeignOp


# ------------------------------------------------------------------------------------------- nbgrad's in jax
def to_jax(f: Callable[..., Any], out: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Return f, a function of Tensors, as one of jax's arrays that jax differentiates, compiles and maps.

    f   : takes and returns trees of Tensors; it has no effect but its result. What else it is given (numbers,
        strings) it gets as it is; arrays of integers and booleans are constants
    out : the shapes of f's result, for jax.jit, jax.grad and other transforms: a function of f's arguments
        that returns f's tree with a jax.ShapeDtypeStruct, or anything with a shape and a dtype, for each
        array. Default: f is called once more, on ones (integers: zeros), each time that jax traces it
    Under jax.jit f is called back on the host (jax.pure_callback), under jax.vmap once for each element.
    jax.grad, jax.vjp and jax.jacrev, nested to any order, ask nbgrad for f's derivatives; jax's forward mode
    (jvp, jacfwd, hessian) is refused by jax. float64 results are float32 in jax unless jax_enable_x64 is set.

    Raises MissingPackageError without jax, DtypeError for a dtype that nbgrad does not take and for a result
    that is no number, TraceError where f uses a Tensor that nbgrad takes a gradient through, ShapeError where
    f's result has not the shape that out says or that it had on ones.

    >>> import jax
    >>> print(jax.grad(nb.interop.to_jax(lambda x: nb.sum(x**3)))(jax.numpy.array([1.0, 2.0])))
    [ 3. 12.]
    """
    check_function("to_jax", f)
    package("jax", "to_jax")
    return transformed(_to_jax, f, out)


def _to_jax(f: Callable[..., Any], out: Callable[..., Any] | None, /, *args: Any, **kwargs: Any) -> Any:
    jax, name = package("jax", "to_jax"), f"to_jax({getattr(f, '__name__', 'f')})"
    flat = Flat(f, args, kwargs, lambda x: isinstance(x, (jax.Array, np.ndarray, np.generic)))
    if not any(isinstance(x, jax.core.Tracer) for x in flat.arrays):
        ys = constants(name, tensors(name, flat(*map(as_tensor, flat.arrays))))
        return flat.result([jax.numpy.asarray(y.numpy()) for y in ys])
    if out is None:
        specs = [jax.ShapeDtypeStruct(y.shape, y.dtype) for y in _sample(jax, name, flat)]
        rebuild = flat.rebuild_result
    else:
        specs, rebuild = flatten(out(*args, **kwargs))
    return rebuild(_called(jax, name, flat, specs, flat.arrays))


def _sample(jax: Any, name: str, flat: Flat) -> list[Tensor]:
    """f's results on ones, for their shapes. Raises TraceError that names `out` where f fails on those."""
    xs = [(np.ones if x.dtype.kind == "f" else np.zeros)(x.shape, supported(x.dtype))
          if isinstance(x, jax.core.Tracer) else x for x in flat.arrays]
    try:
        leaves = flat(*map(as_tensor, xs))
    except Exception as error:
        raise trace_errors.no_shapes(name, error) from error
    return constants(name, tensors(name, leaves))


def _called(jax: Any, name: str, run: Run, specs: Sequence[Any], arrays: Sequence[Any]) -> list[Any]:
    """The results of run, a function of Tensors, on jax's arrays, with the derivative that nbgrad has."""
    specs = [jax.ShapeDtypeStruct(s.shape, jax.dtypes.canonicalize_dtype(s.dtype)) for s in specs]
    results = floats(specs)

    def host(*xs: Any) -> list[np.ndarray]:
        ys = constants(name, tensors(name, run(*[as_tensor(np.asarray(x)) for x in xs])))
        for y, s in zip(ys, specs, strict=True):
            if y.shape != s.shape or y.dtype.kind != np.dtype(s.dtype).kind:
                raise trace_errors.other_shape(name, y.shape, y.dtype, s.shape, s.dtype)
        return [np.asarray(y.numpy(), s.dtype) for y, s in zip(ys, specs, strict=True)]

    @jax.custom_vjp
    def call(*xs: Any) -> Any:
        return jax.pure_callback(host, specs, *xs, vmap_method="sequential")

    def forward(*xs: Any) -> Any:
        return call(*xs), xs

    def backward(xs: Sequence[Any], gs: Sequence[Any]) -> tuple[Any, ...]:
        wanted = floats(xs)
        rule = pulled(run, wanted, results, len(xs))
        found = _called(jax, f"the gradient of {name}", rule, [xs[i] for i in wanted],
                        [*xs, *[gs[k] for k in results]])
        gradients = [np.zeros(x.shape, jax.dtypes.float0) for x in xs]
        for i, c in zip(wanted, found, strict=True):
            gradients[i] = c
        return tuple(gradients)

    call.defvjp(forward, backward)
    return list(call(*arrays))


# ------------------------------------------------------------------------------------------- jax's in nbgrad
def from_jax(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return f, a function of jax's arrays, as a function of Tensors that nbgrad differentiates.

    f : takes and returns trees of jax's arrays; compile it with jax.jit first if it is called often. Tensors
        and arrays of NumPy's among the arguments are arrays for it, what else it is given is as it is
    Derivatives of any order and mode are those of jax.vjp of f, and of its vjp. Where float64 comes in, f
    computes in float64, whatever jax_enable_x64 is.

    Raises MissingPackageError without jax, DtypeError for results of a dtype that nbgrad does not take.

    >>> import jax
    >>> nb.grad(nb.interop.from_jax(lambda x: jax.scipy.special.i0(x).sum()))(np.array([1.0, 2.0]))
    tensor([0.5651591 , 1.59063685])
    """
    check_function("from_jax", f)
    package("jax", "from_jax")
    return transformed(_from_jax, f)


def _from_jax(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    flat = Flat(f, args, kwargs, lambda x: isinstance(x, (Tensor, np.ndarray, np.generic)))
    xs = list(map(as_tensor, flat.arrays))
    wide = any(raw(x).dtype == np.float64 for x in xs)
    op = ForeignOp(f"from_jax({getattr(f, '__name__', 'f')})", _Jax(wide), flat)
    return flat.result(op(*xs))


class _Jax:
    """jax as the library of a ForeignOp. wide: whether it computes in float64."""

    def __init__(self, wide: bool) -> None:
        self.jax, self.wide = package("jax", "from_jax"), wide

    def run(self, f: Any, xs: Sequence[np.ndarray]) -> list[np.ndarray]:
        with self._precision():
            return list(map(_values, self._leaves(f, list(map(self.jax.numpy.asarray, xs)))))

    def record(self, f: Any, xs: Sequence[np.ndarray], wanted: Sequence[int]) -> Any:
        with self._precision():
            arrays = list(map(self.jax.numpy.asarray, xs))
            moving = self._moving(f, arrays, wanted, None)
            _, back, ys = self.jax.vjp(moving, *[arrays[i] for i in wanted], has_aux=True)

        def pullback(gs: Sequence[np.ndarray]) -> list[np.ndarray]:
            with self._precision():
                return list(map(_values, back(list(map(self.jax.numpy.asarray, gs)))))

        return list(map(_values, ys)), pullback

    def pulled(self, f: Any, wanted: Sequence[int], results: Sequence[int], count: int) -> Any:
        def pull(*args: Any) -> list[Any]:
            moving = self._moving(f, args[:count], wanted, results)
            _, back, _ = self.jax.vjp(moving, *[args[i] for i in wanted], has_aux=True)
            return list(back(list(args[count:])))

        return pull

    def _precision(self) -> Any:
        home = self.jax if hasattr(self.jax, "enable_x64") else package("jax.experimental", "from_jax")
        return home.enable_x64(self.wide or self.jax.config.jax_enable_x64)

    def _leaves(self, f: Any, xs: Sequence[Any]) -> list[Any]:
        """The leaves of f's result as arrays."""
        return [self.jax.numpy.asarray(y) for y in f(*xs)]

    def _moving(self, f: Any, xs: Sequence[Any], wanted: Sequence[int], results: Any) -> Callable[..., Any]:
        """f as a function of the wanted inputs to the floating-point results, and besides to all."""
        def moving(*some: Any) -> Any:
            full = list(xs)
            for i, x in zip(wanted, some, strict=True):
                full[i] = x
            ys = self._leaves(f, full)
            return [ys[k] for k in (floats(ys) if results is None else results)], ys

        return moving


def _values(y: Any) -> np.ndarray:
    """An array of jax's as one of NumPy's. Raises DtypeError."""
    supported(y.dtype)
    return np.array(y)
