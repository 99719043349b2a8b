"""Options of NumPy's functions: a Tensor as out; and of ufuncs dtype, casting, and where beside out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.broadcast import astype, broadcast_to
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import protocol_errors
from nbgrad.interop.methods import rebind
from nbgrad.ops import elementwise

_NUMBERS = (bool, int, float)


def _cast(name: str, ufunc: np.ufunc, inputs: Sequence[Any], dtype: Any,
          casting: Any) -> tuple[list[Any], list[np.dtype]]:
    """The operands in the dtypes that NumPy computes in, float32 for float16, and those of the results.

    Raises DtypeError.
    """
    xs = [x if type(x) in _NUMBERS else as_tensor(x) for x in inputs]
    given = [type(x) if type(x) in _NUMBERS else x.dtype for x in xs]
    wanted = [] if dtype is None else [None] * ufunc.nin + [devices.supported(dtype)] * ufunc.nout
    signature: dict[str, Any] = {"signature": tuple(wanted)} if wanted else {}
    try:
        found = ufunc.resolve_dtypes((*given, *[None] * ufunc.nout), casting=casting, **signature)
    except (TypeError, ValueError) as error:
        raise protocol_errors.no_cast(name, given, dtype, casting) from error
    loop = [np.dtype(np.float32) if d == np.float16 else devices.supported(d) for d in found]
    return [astype(x, d) for x, d in zip(xs, loop[:ufunc.nin], strict=True)], loop[ufunc.nin:]


def written(name: str, z: Tensor, out: Any, where: Any) -> Tensor:
    """out, which is given the values of z where a mask chooses; gradients flow as through `out[mask] = z`.

    Raises ProtocolError for an out that is no Tensor.
    """
    if out is None:
        return z
    if type(out) is not Tensor:
        raise protocol_errors.numpy_out(name)
    new = z if z.shape == out.shape else broadcast_to(z, out.shape)
    return rebind(out, new if where is True else elementwise.where(where, new, out), f"{name} with out=")


def call(name: str, found: Callable[..., Any], ufunc: np.ufunc, inputs: Sequence[Any],
         options: dict[str, Any]) -> Any:
    """found(*inputs), which stands for a ufunc, with what of NumPy's options is done here: it is taken out.

    Raises ProtocolError for an out that is no Tensor, and for where without out: what NumPy gives is
    arbitrary where it does not hold.
    """
    outs, where = options.pop("out", (None,) * ufunc.nout), options.pop("where", True)
    if where is not True and any(out is None for out in outs):
        raise protocol_errors.numpy_argument(name, "where")
    dtype, casting = options.pop("dtype", None), options.pop("casting", "same_kind")
    results: list[np.dtype] | None = None
    if dtype is not None or casting != "same_kind":
        inputs, results = _cast(name, ufunc, inputs, dtype, casting)
    z = found(*inputs, **options)
    several = z if type(z) is tuple else (z,)
    if results is not None:
        several = tuple([part if part.dtype == d else astype(part, d)
                         for part, d in zip(several, results, strict=True)])
    several = tuple([written(name, part, out, where) for part, out in zip(several, outs, strict=True)])
    return several if type(z) is tuple else several[0]
