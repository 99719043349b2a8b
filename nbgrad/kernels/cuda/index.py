"""Reading and writing at an index for CUDA.

An index without arrays is a view. Arrays in one are known on the host, where they become one array of places:
sums of their steps in memory, over the block of axes that they broadcast to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import map_source
from nbgrad.compile.program import Body
from nbgrad.errors import shape_errors
from nbgrad.kernels.cuda import copies, elementwise, places
from nbgrad.kernels.cuda.cumulative import cumsum

Index = tuple[Any, ...]
_WHOLE = slice(None)


@dataclass(frozen=True)
class _Fancy:
    """An index with arrays: first a view without them, then arrays for some of its axes.

    axes, arrays : of the view; the arrays' numbers count from the front and have the shape of the block
    front : axes of the result that come before the block
    single : no element is named twice
    """

    view: Index
    axes: tuple[int, ...]
    arrays: list[np.ndarray]
    block: tuple[int, ...]
    front: int
    single: bool

    def places(self, x: CudaArray) -> np.ndarray:
        """Places in x, a view made for this index: of each element of the block, elements from the first."""
        found = np.zeros(self.block, np.int64)
        for axis, numbers in zip(self.axes, self.arrays, strict=True):
            found += numbers * x.steps[axis]
        return found

    def shape(self, x: CudaArray) -> tuple[int, ...]:
        """The shape of what the index names in such a view."""
        kept = [n for a, n in enumerate(x.shape) if a not in self.axes]
        return (*kept[:self.front], *self.block, *kept[self.front:])


def _simple(index: Index) -> bool:
    """Whether the index makes a view."""
    return not any(type(i) in (np.ndarray, bool) for i in index)


def _viewed(x: CudaArray, index: Index) -> CudaArray:
    """The view at an index without arrays."""
    return x.part(index if Ellipsis in index else (*index, Ellipsis))


def _expanded(shape: tuple[int, ...], index: Index) -> list[tuple[Any, int, bool]]:
    """The parts of an index: (part, axes of x that it takes, whether it keeps arrays beside it apart).

    Raises IndexError as NumPy does, for what does not fit an array of this shape.
    """
    counts = [i.ndim if type(i) is np.ndarray and i.dtype == np.bool_ else
              0 if i is None or i is Ellipsis or type(i) is bool else 1 for i in index]
    left = len(shape) - sum(counts)
    items, axis, known = [], 0, list(shape)
    full = index if any(i is Ellipsis for i in index) else (*index, ...)
    for i, count in zip(full, (*counts, 0), strict=False):
        count = max(left, 0) if i is Ellipsis else count
        if i is Ellipsis or type(i) is slice:
            known[axis:axis + count] = [min(n, 1) for n in known[axis:axis + count]]
        items.append((i, count, i is None or i is Ellipsis or type(i) is slice))
        axis += count
    # what it does not check of itself, NumPy finds out with one element that stands for all
    np.broadcast_to(np.zeros((), np.bool_), known if left >= 0 else shape)[index]
    return items


def _fancy(shape: tuple[int, ...], index: Index) -> _Fancy:
    """An index with arrays, taken apart. Raises IndexError."""
    view: list[Any] = []
    axes: list[int] = []
    arrays: list[np.ndarray] = []
    first, axis = -1, 0                   # where arrays begin in the view; axes of x so far
    between = apart = False               # whether something stood between the last array and here, or two
    single = True
    for part, count, divides in _expanded(shape, index):
        if divides:
            new = [None] if part is None else [_WHOLE] * count if part is Ellipsis else [part]
            between = between or first >= 0
            axis += count
            view += new
            continue
        first, apart, between = len(view) if first < 0 else first, apart or between, False
        found, new = _numbers(part, shape[axis:axis + count])
        single = single and (type(part) is not np.ndarray or part.dtype == np.bool_)
        axes += range(len(view), len(view) + len(found))
        arrays += found
        view += new
        axis += count
    block = np.broadcast_shapes(*[a.shape for a in arrays])
    arrays = [np.broadcast_to(a, block) for a in arrays]
    return _Fancy(tuple(view), tuple(axes), arrays, block, 0 if apart else first, single)


def _numbers(part: Any, shape: tuple[int, ...]) -> tuple[list[np.ndarray], list[Any]]:
    """Numbers from the front for the axes that a part of an index takes, and its part of the view."""
    if type(part) is bool:
        return [np.zeros(int(part), np.int64)], [None]
    if type(part) is np.ndarray and part.dtype == np.bool_:
        return list(part.nonzero()), [_WHOLE] * part.ndim
    numbers = np.asarray(part)
    return [np.where(numbers < 0, numbers + shape[0], numbers)], [_WHOLE]


def _block(at: np.ndarray, fancy: _Fancy, ndim: int) -> CudaArray:
    """Places on the device, as an array that broadcasts to the result."""
    rest = (1,) * (ndim - fancy.front - at.ndim)
    return cuda.upload(at).view(lambda form: form.reshape((*at.shape, *rest)))


def getitem(x: CudaArray, index: Index) -> CudaArray:
    """A view for slices and Ellipsis, else a copy: of one element too, which is what NumPy's scalars are."""
    try:
        if _simple(index):
            z = _viewed(x, index)
            return z if Ellipsis in index else copies.converted(z, z.dtype)
        fancy = _fancy(x.shape, index)
    except (IndexError, ValueError) as error:
        raise shape_errors.bad_index("getitem", x.shape, str(error)) from error
    view = x.part((*fancy.view, ...))
    out = cuda.empty(fancy.shape(view), x.dtype)
    if out.size:
        at = _block(fancy.places(view), fancy, out.ndim)
        places.read(out, places.opened(view, fancy.axes, fancy.block, fancy.front), at)
    return out


def _spread(op: str, v: CudaArray, shape: tuple[int, ...]) -> CudaArray:
    """v, repeated to a shape. Raises ShapeError."""
    try:
        return v.view(lambda form: np.broadcast_to(form, shape))
    except ValueError as error:
        raise shape_errors.no_fit(op, v.shape, str(error)) from error


def _change(op: str, out: CudaArray, v: CudaArray, index: Index, add: bool) -> None:
    """Add v to out[index], or write it there. Raises IndexError and ShapeError."""
    try:
        part = _viewed(out, index) if _simple(index) else None
        fancy = None if part is not None else _fancy(out.shape, index)
    except (IndexError, ValueError) as error:
        raise shape_errors.bad_index(op, out.shape, str(error)) from error
    if part is not None:
        (_added if add else copies.into)(part, _spread(op, v, part.shape))
        return
    assert fancy is not None
    view = out.part((*fancy.view, ...))
    shape = fancy.shape(view)
    v = _spread(op, v, shape)
    if not v.size:
        return
    # the block of axes becomes one, in front
    ends = fancy.front, fancy.front + len(fancy.block)
    block = tuple(range(*ends))
    source = np.zeros(fancy.block, np.int64)
    for axis, n in zip(block, fancy.block, strict=True):
        source += np.arange(n).reshape(-1, *(1,) * (ends[1] - axis - 1)) * v.steps[axis]
    to, source = fancy.places(view).reshape(-1), source.reshape(-1)
    if not add and not fancy.single:
        to, source = _last(to, source)
    if add:
        what = places.runs(to, source)
        to = what.to
    ours = places.opened(view, fancy.axes, to.shape, 0)
    theirs = places.opened(v, block, to.shape, 0)
    if add:
        places.add(ours, theirs, what)
        return
    rest = (1,) * (ours.ndim - 1)
    each = [cuda.upload(a).view(lambda form: form.reshape((-1, *rest))) for a in (to, source)]
    places.write(ours, theirs, *each)


def _added(out: CudaArray, v: CudaArray) -> None:
    """out += v."""
    flag = out.dtype == np.bool_
    sum = "a0 | a1" if flag else f"{out.dtype}(a0 + a1)"
    elementwise.run("k_added", (out.dtype, v.dtype), Body((), (sum,), (out.dtype,)), (out, v), (out,))


def _last(to: np.ndarray, source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each place once, with the source that comes last."""
    found, back = np.unique(to[::-1], return_index=True)
    return found, source[::-1][back]


def scatter(v: CudaArray, index: Index, shape: tuple[int, ...]) -> CudaArray:
    """Zeros with v added at the index."""
    out = cuda.empty(shape, v.dtype)
    copies.fill(out, 0)
    _change("scatter", out, v, index, True)
    return out


def scatter_add(out: CudaArray, x: CudaArray, v: CudaArray, index: Index) -> None:
    """x with v added at the index."""
    copies.into(out, x)
    _change("scatter_add", out, v if v.dtype == x.dtype else copies.converted(v, x.dtype), index, True)


def setitem(out: CudaArray, x: CudaArray, v: CudaArray, index: Index) -> None:
    """x with v written at the index; of values for one place the last in C order stays."""
    copies.into(out, x)
    _change("setitem", out, v if v.dtype == x.dtype else copies.converted(v, x.dtype), index, False)


def nonzero(x: CudaArray) -> tuple[CudaArray, ...]:
    """Places of the elements that are not zero, axis by axis; the host is told how many there are."""
    flag = copies.converted(x, np.dtype(bool))
    integer = np.dtype(np.int64)
    number = cuda.empty((x.size,), integer)
    cumsum(number, copies.converted(flag, integer).view(lambda form: form.reshape(-1)), 0, False)
    count = int(cuda.download(number.part(slice(-1, None))).sum())
    found = tuple([cuda.empty((count,), integer) for _ in x.shape])
    lines = ["if flag[p_flag]:", "    k = number[p_number] - 1", "    rest = i"]
    for axis in range(x.ndim - 1, 0, -1):
        lines += [f"    above = uint32(rest // uint32(n{axis}))",
                  f"    o{axis}[uint64(f_o{axis} + k)] = int64(rest - above * uint32(n{axis}))",
                  "    rest = above"]
    lines.append("    o0[uint64(f_o0 + k)] = int64(rest)")
    sizes = {f"n{axis}": n for axis, n in enumerate(x.shape)}
    given = {name: part for axis, o in enumerate(found)
             for name, part in zip((f"o{axis}", f"f_o{axis}"), o.flat, strict=True)}
    map_source.run("k_nonzero", tuple(lines), x.shape,
             {"flag": flag, "number": number.view(lambda form: form.reshape(x.shape))}, **sizes, **given)
    return found


def tril(x: CudaArray, k: int) -> CudaArray:
    """Lower triangles."""
    return _triangle(x, k, "a2 <= a1")


def triu(x: CudaArray, k: int) -> CudaArray:
    """Upper triangles."""
    return _triangle(x, k, "a2 >= a1")


def _triangle(x: CudaArray, k: int, inside: str) -> CudaArray:
    """The elements whose column a2 compares so with a1, the diagonal's column in their row; zeros."""
    out = cuda.empty(x.shape, x.dtype)
    n, m = x.shape[-2:]
    edge = cuda.upload(np.arange(n)[:, None] + max(-n, min(k, m)))
    zero = "False" if x.dtype == np.bool_ else f"{x.dtype}(0)"
    body = Body((), (f"a0 if {inside} else {zero}",), (x.dtype,))
    integer = np.dtype(np.int64)
    elementwise.run("k_triangle", (x.dtype, integer, integer), body,
                    (x, edge, cuda.upload(np.arange(m))), (out,))
    return out
