"""Sets for CUDA, by sorting."""

from __future__ import annotations

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import map_source
from nbgrad.compile.program import Body
from nbgrad.kernels.cuda import copies, elementwise
from nbgrad.kernels.cuda.cumulative import cumsum
from nbgrad.kernels.cuda.sort import ordered

_INTEGER = np.dtype(np.int64)
_NEW = ("new[p_new] = int64(1)",
        "if i > uint32(0) and z[p_z] == z[p_z - uint64(1)]:", "    new[p_new] = int64(0)")
_PLACE = ("value = number[p_number] - int64(1)", "inverse[uint64(f_inverse + at[p_at])] = value",
          "if new[p_new] != int64(0):", "    first[uint64(f_first + value)] = at[p_at]",
          "    start[uint64(f_start + value)] = int64(i)",
          "if i == uint32(n - uint32(1)):", "    start[uint64(f_start + value + int64(1))] = int64(n)")


def unique_places(x: CudaArray) -> tuple[CudaArray, ...]:
    """First places, the inverse and counts of the different values; the host is told how many there are."""
    z, at = ordered(copies.contiguous(x).view(lambda form: form.reshape(-1)))
    new, number = cuda.empty(z.shape, _INTEGER), cuda.empty(z.shape, _INTEGER)
    map_source.run("k_new", _NEW, z.shape, {"new": new, "z": z})
    cumsum(number, new, 0, False)
    count = int(cuda.download(number.part(slice(-1, None))).sum())
    first, start = cuda.empty((count,), _INTEGER), cuda.empty((count + 1,), _INTEGER)
    inverse, counts = cuda.empty(x.shape, _INTEGER), cuda.empty((count,), _INTEGER)
    given = {name: part for name, a in (("inverse", inverse), ("first", first), ("start", start))
             for name, part in zip((name, f"f_{name}"), a.flat, strict=True)}
    map_source.run("k_unique", _PLACE, z.shape, {"new": new, "number": number, "at": at}, **given)
    if count:
        elementwise.run("k_counts", (_INTEGER, _INTEGER), Body((), ("a1 - a0",), (_INTEGER,)),
                        (start.part(slice(None, -1)), start.part(slice(1, None))), (counts,))
    return first, inverse, counts


_IN = ("key = x[p_x]", "low = uint32(0)", "high = uint32(length)", "while low < high:",
       "    middle = uint32((low + high) >> uint32(1))", "    a = v[uint64(f_v + int64(middle))]",
       "    if a < key or (key != key and a == a):", "        low = uint32(middle + uint32(1))", "    else:",
       "        high = middle", "found = False", "if low < uint32(length):",
       "    found = v[uint64(f_v + int64(low))] == key", "out[p_out] = found != (flip != 0)")


def isin(out: CudaArray, x: CudaArray, values: CudaArray, invert: bool) -> None:
    """Membership."""
    dtype = np.result_type(x.dtype, values.dtype)
    dtype = np.dtype(np.uint8) if dtype == np.bool_ else dtype
    x, values = [a if a.dtype == dtype else copies.converted(a, dtype) for a in (x, values)]
    rising, _ = ordered(copies.contiguous(values).view(lambda form: form.reshape(-1)))
    flat, first = rising.flat
    map_source.run("k_isin", _IN, out.shape, {"out": out, "x": x}, v=flat, f_v=first, length=values.size,
             flip=int(invert))
