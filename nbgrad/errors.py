"""Every error nbgrad raises: its class, its words and the next step it names."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sequence

import numpy as np


class NbgradError(Exception):
    """The base of all errors raised by nbgrad itself."""


class ShapeError(NbgradError, ValueError):
    """Shapes that do not fit an operation."""


class AxisError(NbgradError, np.exceptions.AxisError):
    """An axis that an array does not have."""

    def __init__(self, message: str) -> None:
        np.exceptions.AxisError.__init__(self, message)


class DtypeError(NbgradError, TypeError):
    """A dtype that nbgrad, or an operation, does not take."""


class OperandError(DtypeError):
    """Something that is no array of numbers where one is taken."""

    def of(self, op: str) -> OperandError:
        """The same error of an op."""
        return OperandError(f"{op}: {self}")


class ValueRangeError(NbgradError, ValueError):
    """An argument outside the values it may have."""


class GradientError(NbgradError, RuntimeError):
    """A derivative that does not exist, was not asked for correctly, or is gone."""


class TraceError(NbgradError, TypeError):
    """A value asked of something that is still being traced."""


class SingularError(NbgradError, np.linalg.LinAlgError):
    """A matrix that has no inverse, or is not square, where one is needed."""


class ProtocolError(NbgradError, TypeError):
    """Something that Python or NumPy asks of arrays, and a Tensor does not do."""


class RegistryError(NbgradError, ValueError):
    """An operation declared twice, or not at all, or wrongly."""


class PickleError(NbgradError, pickle.PickleError):
    """An op that another process cannot find, or something that stays in its own."""


class CacheError(NbgradError, RuntimeError):
    """A kernel cache folder that is not safe to use."""


class CacheWarning(UserWarning):
    """A kernel cache folder that cannot be used: kernels are compiled again in each process."""


class DeviceError(NbgradError, RuntimeError):
    """A device that is not there, or arrays that live on different ones."""


class MissingError(NbgradError, AttributeError):
    """A name of NumPy's or PyTorch's that a Tensor does not have."""


class ReadOnlyError(NbgradError, ValueError):
    """A write to a view that cannot be written to."""


class ExchangeError(NbgradError, BufferError):
    """A way of handing over memory that a Tensor does not offer."""


def _list(items: Iterable[object]) -> str:
    return ", ".join(map(str, items))


# ------------------------------------------------------------------------------------------- shapes
def no_broadcast(op: str, shapes: Sequence[tuple[int, ...]]) -> ShapeError:
    return ShapeError(f"{op}: shapes {_list(shapes)} do not broadcast together. Compared from the last axis "
                      f"backwards, sizes must be equal or 1; use reshape or expand_dims to line them up.")


def no_broadcast_to(shape: tuple[int, ...], target: tuple[int, ...]) -> ShapeError:
    return ShapeError(f"broadcast_to: an array of shape {shape} cannot be broadcast to {target}. "
                      f"Each of its axes must equal the target's, counted from the last one, or be 1.")


def no_product(op: str, a: tuple[int, ...], b: tuple[int, ...], why: str) -> ShapeError:
    return ShapeError(f"{op}: shapes {a} and {b} do not multiply: {why}.")


def no_contraction(subscripts: str, shapes: Sequence[tuple[int, ...]], index: str) -> ShapeError:
    return ShapeError(f"einsum: index {index!r} of {subscripts!r} has two lengths in shapes {_list(shapes)}. "
                      f"An index has one length, or 1 in an operand that is broadcast along it.")


def bad_subscripts(subscripts: object, why: str) -> ValueRangeError:
    return ValueRangeError(f"einsum: bad subscripts {subscripts!r}: {why}. Write them as in 'ij,jk->ik'.")


def bad_shape(op: str, shape: tuple[int, ...], need: str) -> ShapeError:
    return ShapeError(f"{op}: got shape {shape}, but {need}.")


def no_reshape(shape: tuple[int, ...], target: tuple[int, ...]) -> ShapeError:
    return ShapeError(f"reshape: {int(np.prod(shape))} elements of shape {shape} do not fill shape {target}. "
                      f"Give sizes with the same product, or -1 for one of them.")


def empty_reduction(op: str, shape: tuple[int, ...]) -> ShapeError:
    return ShapeError(f"{op}: the reduced axes of shape {shape} hold no element, and {op} has no identity. "
                      f"Check for emptiness first.")


def bad_axis(op: str, axis: object, ndim: int) -> AxisError:
    return AxisError(f"{op}: axis {axis} is out of range for an array with {ndim} axes. "
                     f"Use an axis from {-ndim} to {ndim - 1}." if ndim else
                     f"{op}: axis {axis} is out of range: a 0-d array has no axes. Leave axis out.")


def repeated_axis(op: str, axes: object) -> ValueRangeError:
    return ValueRangeError(f"{op}: axis {axes} names an axis twice. Name each axis once.")


def bad_window(op: str, size: int, reach: int, pads: tuple[int, int]) -> ShapeError:
    return ShapeError(f"{op}: a window that reaches over {reach} elements does not fit in an axis of {size} "
                      f"and a padding of {pads[0]} and {pads[1]}. Use a smaller kernel or dilation, or more "
                      f"padding.")


def bad_channels(op: str, x: tuple[int, ...], weight: tuple[int, ...], groups: int) -> ShapeError:
    return ShapeError(f"{op}: x of shape {x} and weight of shape {weight} do not fit with groups={groups}. "
                      f"weight is (out, in // groups, ...), x (batch, in, ...), and groups divides out.")


def bad_index(op: str, shape: tuple[int, ...], why: str) -> IndexError:
    return _IndexError(f"{op}: cannot index an array of shape {shape}: {why}.")


class _IndexError(NbgradError, IndexError):
    """An index that does not fit."""


def no_row(op: str, rows: int, low: int, high: int) -> IndexError:
    return _IndexError(f"{op}: indices must lie from 0 to {rows - 1}, the rows of the weight, got {low} to "
                       f"{high}. Negative ones do not count from the end here.")


def no_fit(op: str, shape: tuple[int, ...], why: str) -> ShapeError:
    return ShapeError(f"{op}: values of shape {shape} do not broadcast to the indexed part: {why}.")


def not_alike(op: str, shapes: Sequence[tuple[int, ...]], axis: int | None) -> ShapeError:
    need = "in every axis" if axis is None else f"in every axis but {axis}"
    return ShapeError(f"{op}: shapes {_list(shapes)} must have as many axes, and the same sizes {need}. "
                      f"Use reshape, expand_dims or broadcast_to first.")


def singular(op: str, shape: tuple[int, ...]) -> SingularError:
    return SingularError(f"{op}: a matrix is singular, shape {shape}. It has no inverse; add a multiple of "
                         f"the identity matrix, or solve in the least-squares sense.")


def not_positive_definite(op: str, shape: tuple[int, ...]) -> SingularError:
    return SingularError(f"{op}: a matrix is not positive definite, shape {shape}. Check that it is "
                         f"symmetric, and add a small multiple of the identity matrix, such as "
                         f"a + 1e-8 * eye(n), if its least eigenvalue is zero up to rounding.")


def not_square(op: str, shape: tuple[int, ...]) -> SingularError:
    return SingularError(f"{op}: needs square matrices in the last two axes, got shape {shape}.")


# ------------------------------------------------------------------------------------------- dtypes
_NO_COMPLEX = ("complex numbers are not supported yet. Compute with the real and the imaginary part, as two "
               "tensors")


def no_numbers(data: object, dtype: np.dtype) -> OperandError:
    if dtype.kind == "c":
        return OperandError(f"got {dtype} values, but {_NO_COMPLEX}.")
    return OperandError(f"got {type(data).__name__} (dtype {dtype}), but needs numbers: a Tensor, an array, "
                        f"a scalar or nested lists of these.")


def unsupported_dtype(dtype: object) -> DtypeError:
    if isinstance(dtype, np.dtype) and dtype.kind == "c":
        return DtypeError(f"nbgrad does not support dtype {dtype}: {_NO_COMPLEX}.")
    return DtypeError(f"nbgrad does not support dtype {dtype}. It takes bool, int8 to int64, uint8 to "
                      f"uint64, float32 and float64; convert first, for example with "
                      f"array.astype('float64').")


def masked_array() -> DtypeError:
    return DtypeError("asarray: masked arrays are not supported: the mask would be lost. Use "
                      "x.filled(value), or where(mask, ...) on a plain array.")


def ragged() -> ShapeError:
    return ShapeError("asarray: nested lists must have the same length at every level. "
                      "Pad them or keep a list of arrays.")


def bad_operands(op: str, dtypes: Sequence[object]) -> DtypeError:
    return DtypeError(f"{op}: not defined for dtypes {_list(dtypes)}, as in NumPy. "
                      f"Convert with astype first.")


def bad_result(op: str, got: str) -> DtypeError:
    return DtypeError(f"{op}: its kernel returned {got}. A kernel returns an array of booleans, integers, "
                      f"float32 or float64, or a tuple of such arrays.")


def integer_result(op: str, value: float, dtype: object) -> OverflowError:
    kind = "integer" if isinstance(value, int) else "number"
    written = f"of {value.bit_length()} bits" if isinstance(value, int) and abs(value) >> 128 else value
    return OverflowError(f"{op}: the Python {kind} {written} does not fit dtype {dtype}. "
                         f"Convert the array with astype first.")


def not_same_kind(what: str, dtype: object, into: object) -> DtypeError:
    return DtypeError(f"{what}: the result has dtype {dtype}, which NumPy's casting rule same_kind does not "
                      f"turn into the tensor's {into}. Write x = x + y for a new tensor, or make x with "
                      f"astype({str(dtype)!r}) first.")


def no_number(op: str, value: float, dtype: object) -> ValueRangeError:
    return ValueRangeError(f"{op}: {value} does not fit dtype {dtype}. Convert the array with astype first.")


def negative_integer_power() -> ValueRangeError:
    return ValueRangeError("pow: integers to negative integer powers are not integers. "
                           "Convert to float64 with astype first.")


def needs_integers(op: str, what: str, dtype: object) -> DtypeError:
    return DtypeError(f"{op}: {what} must be integers, got dtype {dtype}.")


def needs_floats(op: str, dtype: object) -> DtypeError:
    return DtypeError(f"{op}: only floating-point tensors have gradients, got dtype {dtype}. "
                      f"Use floats, for example asarray(x, dtype='float64').")


def bad_choice(op: str, name: str, value: object, choices: Iterable[object]) -> ValueRangeError:
    return ValueRangeError(f"{op}: {name}={value!r} is not one of {_list(map(repr, choices))}.")


def bad_threads(n: object, most: int, why: str) -> ValueRangeError:
    return ValueRangeError(f"set_num_threads: {n!r} is not a number from 1 to {most}: {why}.")


def bad_thread_setting(value: str) -> ValueRangeError:
    return ValueRangeError(f"NBGRAD_NUM_THREADS={value!r} is not a positive number. Unset it to use one "
                           f"thread per processor.")


def bad_value(op: str, why: str) -> ValueRangeError:
    return ValueRangeError(f"{op}: {why}.")


def needs_key(op: str) -> DtypeError:
    return DtypeError(f"{op}: needs key=, an integer or a tuple of integers that says which elements are "
                      f"dropped. Give each layer and step its own, for example key=(seed, step, layer), or "
                      f"pass training=False.")


def not_by_class() -> DtypeError:
    return DtypeError("a Tensor is not made by calling its class: use asarray(x) or tensor(x).")


def bad_count(op: str, got: int, need: int) -> DtypeError:
    return DtypeError(f"{op}: takes {need} operands, got {got}.")


def bad_call(op: str, why: str, call: str) -> DtypeError:
    return DtypeError(f"{op}: {why}. It is called as {op}{call}.")


def bad_argument(op: str, got: object, need: str) -> DtypeError:
    return DtypeError(f"{op}: got {type(got).__name__}, but needs {need}.")


def bench_differs(what: str) -> ValueRangeError:
    return ValueRangeError(f"bench: the NumPy function gives {what}. Both must compute the same; pass the "
                           f"right one as numpy=.")


def bench_size(text: str) -> ValueRangeError:
    return ValueRangeError(f"bench: {text!r} is not a size. Write lengths above 0, with x between those of "
                           f"several axes, as in --sizes 1000,64x64.")


def bench_function(where: str, why: str) -> ValueRangeError:
    return ValueRangeError(f"bench: {where!r} is not a function that can be imported ({why}). Write "
                           f"module:name, for a module that Python finds from this folder.")


# ---------------------------------------------------------------------------------------- gradients
def no_derivative(op: str) -> GradientError:
    return GradientError(f"{op} has no derivative rule. Declare one (elementwise(..., d=...) or op(..., "
                         f"vjp=...)), or wrap its inputs in stop_gradient if they are constants here.")


_REPEATED = {"eigh": ("repeated eigenvalues", "eigenvectors", "eigenvalues", "eigvalsh"),
             "svd": ("repeated or zero singular values", "singular vectors", "singular values", "svdvals")}


def repeated_values(op: str, shape: tuple[int, ...]) -> GradientError:
    what, vectors, values, alone = _REPEATED[op]
    return GradientError(f"{op}: a matrix, shape {shape}, has {what}, whose {vectors} have no derivative. "
                         f"The derivative of the {values} alone exists: use {alone}(a), or no function of "
                         f"the {vectors}.")


def undetermined_vectors() -> GradientError:
    return GradientError("svd: the columns of U, or rows of Vh, beyond those of the singular values are any "
                         "basis of what is left, and have no derivative. Use svd(a, full_matrices=False); "
                         "the projection onto what is left is eye(m) - U @ U.T of that.")


def not_scalar(what: str, shape: tuple[int, ...]) -> GradientError:
    return GradientError(f"{what} needs a scalar result, got shape {shape}. Sum it, pass the output's "
                         f"cotangent v (backward(v), vjp), or use jacobian.")


def not_float_result(what: str, dtype: object) -> GradientError:
    return GradientError(f"{what} needs a floating-point result, got dtype {dtype}: "
                         f"integers and booleans have no derivative.")


def no_graph() -> GradientError:
    return GradientError("backward: this tensor was not computed from a tensor with requires_grad=True (or "
                         "was detached, or made under no_grad). "
                         "Make a leaf with asarray(x, requires_grad=True), or use grad(f)(x).")


def no_new_leaf(op: str) -> GradientError:
    return GradientError(f"{op}: requires_grad=True makes a new leaf, but a gradient is being taken through "
                         f"this tensor and would be lost. Use x.detach() or stop_gradient(x) first if that "
                         "is meant.")


def under_transform() -> GradientError:
    return GradientError("backward: inside grad, vjp, jvp or another transform a tensor belongs to that "
                         "transform, and .grad is not filled. Return the value and let the transform "
                         "differentiate it.")


def freed(op: str) -> GradientError:
    return GradientError(f"backward: the graph was freed by an earlier backward (first missing: what {op} "
                         f"saved). Pass retain_graph=True to the earlier call, or compute the result again "
                         f"before the second one.")


def cotangent_shape(got: tuple[int, ...], need: tuple[int, ...]) -> ShapeError:
    return ShapeError(f"backward: the cotangent has shape {got}, but the result has shape {need}. "
                      f"They must be equal.")


def tangent_shape(got: object, need: object) -> ShapeError:
    return ShapeError(f"jvp: a tangent of shape {got} for an input of shape {need}. They must be equal.")


def tree_mismatch(what: str, got: object, need: object) -> ShapeError:
    return ShapeError(f"{what}: got a tree of the form {got}, but needs {need}.")


def leaf_in_place() -> GradientError:
    return GradientError("a leaf with requires_grad=True cannot be changed in place while it is recorded: "
                         "its gradient would no longer be that of the value used. Write x = x + y for a new "
                         "tensor, or update it under no_grad().")


def read_only(op: str) -> ReadOnlyError:
    return ReadOnlyError(f"{op} gives a read-only view, as in NumPy: it cannot be written to. Write to the "
                         f"tensor that it shows, or take a copy with copy().")


def inconsistent(op: str, why: str) -> GradientError:
    return GradientError(f"{op}: {why}")


# ------------------------------------------------------------------------------------------ tracing
def branch_on_symbol() -> TraceError:
    return TraceError("a function given to elementwise is traced once with scalar symbols and cannot branch "
                      "on their values or take them out (if, while, bool, int, float, item). Use "
                      "where(condition, a, b) for a choice.")


def only_elementwise(op: str) -> TraceError:
    return TraceError(f"a function given to elementwise works on one element at a time and may only use "
                      f"elementwise operations, not {op}. Apply {op} outside of it.")


def closed_over() -> TraceError:
    return TraceError("a function given to elementwise uses a tensor or array that is not one of its "
                      "arguments: it would be frozen at its present value and its gradient lost. Pass it as "
                      "an argument.")


def several_elements(shape: tuple[int, ...], what: str) -> ValueRangeError:
    return ValueRangeError(f"{what} of a tensor of shape {shape} is ambiguous: it has {int(np.prod(shape))} "
                           f"elements, not one. Use any() or all(), or index one element.")


def traced_value(what: str) -> TraceError:
    return TraceError(f"{what} of a tensor that a gradient is being taken through would lose the gradient. "
                      f"Use stop_gradient(x) or x.detach() first if that is meant.")


def traced_parameter(op: str, name: str) -> TraceError:
    return TraceError(f"{op}: a gradient is being taken through {name}, a parameter, for which the op has no "
                      f"derivative. Write the formula with {name} as an operand, or use {name}.detach().")


def traced_list() -> TraceError:
    return TraceError("a list stands where an array is taken, and holds a tensor that a gradient is being "
                      "taken through. Make one tensor of it first, which keeps it: nb.stack(list), or "
                      "nb.asarray(list) for nested ones.")


def traced_array() -> TraceError:
    return TraceError("NumPy asks for the values of a tensor that a gradient is being taken through, which "
                      "would lose the gradient: by np.asarray, np.vectorize, a list of tensors, or to write "
                      "it into an array (c = np.zeros(2); c[:] = x): make that array by nb.zeros. Use "
                      "nb.stack for a list, as in np.mean(nb.stack([x, y])); nb.elementwise for a function "
                      "of numbers; x.detach() for a constant.")


def traced_number(what: str) -> TraceError:
    return TraceError(f"{what} of a tensor that a gradient is being taken through would lose the gradient; "
                      f"the functions of the module math ask for it. Use nbgrad's function of that name "
                      f"(nb.sin for math.sin), or stop_gradient(x) or x.detach() if a constant is meant. So "
                      f"does an array of NumPy's that x is written into (c = np.zeros(2); c[0] = x): make it "
                      f"by nb.zeros, which keeps the gradient.")


def given_to_numba(traced: bool) -> ProtocolError:
    why = "a gradient is being taken through it, and would be lost" if traced else "Numba knows arrays alone"
    return ProtocolError(f"a function compiled by Numba (njit, vectorize) is called with a Tensor: {why}. "
                         f"For its values alone pass x.detach().numpy(). To differentiate through it, "
                         f"declare an op: nb.elementwise(name, f) of a formula, nb.op(name, kernel=f, "
                         f"vjp=rule) of a loop.")


def jit_disabled(value: str) -> NbgradError:
    return NbgradError(f"NUMBA_DISABLE_JIT={value} keeps Numba from compiling, and it compiles nbgrad's "
                       f"kernels. Unset it; NBGRAD_DISABLE_JIT=1 runs those uncompiled, slowly, for a "
                       f"debugger. To debug a compiled function f of yours, call f.py_func.")


def uncompiled_device(device: str) -> DeviceError:
    return DeviceError(f"NBGRAD_DISABLE_JIT=1 runs the CPU's kernels uncompiled, and NBGRAD_DEVICE is "
                       f"{device}. Choose cpu, or unset NBGRAD_DISABLE_JIT.")


# ------------------------------------------------------------------------- what Python and NumPy ask for
def unsized(what: str) -> ProtocolError:
    return ProtocolError(f"{what} of a 0-d tensor: it has one element and no axis. Take it out with item().")


def no_numpy_function(name: str) -> ProtocolError:
    return ProtocolError(f"{name} does not take Tensors: nbgrad has no function for it, and a gradient would "
                         f"be lost. python -m nbgrad.info --ops lists the ops; declare your own with a rule "
                         f"of its own, nb.op(name, kernel=..., vjp=...), or as a formula of other ops, "
                         f"nb.elementwise. Only where no gradient is meant to pass: x.detach().numpy().")


def numpy_argument(function: str, argument: str) -> ProtocolError:
    return ProtocolError(f"{function}: NumPy's argument {argument!r} is not supported for Tensors. Leave it "
                         f"out; astype, where and indexing do the same on the operands or the result.")


def not_averaged(op: str, dtype: object) -> DtypeError:
    return DtypeError(f"{op}: dtype={dtype} is no floating-point dtype. Leave it out, and convert the result "
                      f"with astype.")


def no_cast(op: str, dtypes: Sequence[object], dtype: object, casting: object) -> DtypeError:
    return DtypeError(f"{op}: dtypes {_list(dtypes)} cannot be cast to {dtype} by the rule "
                      f"casting={casting!r}. Convert with astype first.")


def numpy_out(function: str) -> ProtocolError:
    return ProtocolError(f"{function}: a result with a Tensor in it cannot be written into an existing array "
                         f"(out=, or a += t for an array a): a gradient would be lost. Use the result, as in "
                         f"a = a + t.")


def no_attribute(name: str, way: str) -> MissingError:
    return MissingError(f"a Tensor has no attribute {name!r}: {way}.")


def layout(op: str, order: object) -> ProtocolError:
    return ProtocolError(f"{op}: order={order!r} asks for a layout in memory, which is nbgrad's own: leave "
                         f"it out. reshape, ravel and flatten read in the order 'C', 'F', 'A' or 'K'.")


# ---------------------------------------------------------------------------------- table and cache
def declared_twice(op: str, where: str) -> RegistryError:
    return RegistryError(f"an operation named {op!r} is already declared in {where}. Choose another name.")


def bad_declaration(op: str, why: str) -> RegistryError:
    return RegistryError(f"{op}: {why}")


def no_kernel(op: str, device: str) -> DeviceError:
    return DeviceError(f"{op} has no kernel for device {device!r}. Add one to nbgrad/kernels/{device}/, or "
                       f"register one with op(..., kernel=...).")


def undeclared_op(op: str, home: str) -> PickleError:
    why = ("the program itself (__main__) declares it, which this process does not run"
           if home == "__main__" else f"the module {home} does not declare it when it is imported")
    return PickleError(f"the pickle names the op {op!r}, which is not declared here: {why}. Declare it at "
                       f"the top level of a module, and import it from there in both programs.")


def other_op(op: str, home: str, here: str) -> PickleError:
    return PickleError(f"the pickle names the op {op!r} of the module {home}, but here the module {here} has "
                       f"declared another one of that name. Rename one of them.")


def unnamed_op(op: str) -> PickleError:
    return PickleError(f"{op}: an op is pickled by its name in the table, and this one, made of an op of the "
                       f"table, has none. Pickle that op, with functools.partial for its parameters.")


def bound_to_process(what: str) -> PickleError:
    return PickleError(f"{what} belongs to its process and cannot be pickled. Make it where it is used.")


def unsafe_cache(folder: object, why: str) -> CacheError:
    return CacheError(f"the kernel cache folder {folder} {why}. Compiled code is loaded from it, so it must "
                      f"be yours alone: run chmod 700 on it, or set NBGRAD_CACHE_DIR to another folder "
                      f"(empty: no cache).")


def unusable_cache(folder: object, why: str) -> CacheWarning:
    return CacheWarning(f"the kernel cache folder {folder} cannot be used ({why}): each process compiles its "
                        f"kernels again. Set NBGRAD_CACHE_DIR to a folder that you can write to (empty: no "
                        f"cache, and no warning).")


def no_cache() -> CacheError:
    return CacheError("there is no kernel cache to fill. Set NBGRAD_CACHE_DIR to a folder that you can write "
                      "to, or unset it.")


def unlinked_kernel(name: str, symbols: Iterable[str]) -> CacheError:
    return CacheError(f"the kernel {name} needs functions that this process does not have: {_list(symbols)}. "
                      f"Reinstall numba and llvmlite in versions that fit each other.")


def unknown_device(name: object, devices: Iterable[str]) -> DeviceError:
    return DeviceError(f"there is no device {name!r}. Choose one of {_list(devices)}; in NBGRAD_DEVICE also "
                       f"'auto', which is cuda where it can be used and else cpu.")


def no_cuda(why: str, remedy: str) -> DeviceError:
    return DeviceError(f"CUDA cannot be used: {why}. {remedy}")


def no_gpu_report(why: str, remedy: str) -> DeviceError:
    return DeviceError(f"gpureport: CUDA's kernels cannot be examined here: {why}. {remedy}")


def on_device(name: str) -> DeviceError:
    return DeviceError(f"the values are on the device {name!r}, and NumPy cannot read them there. Copy them "
                       f"by x.numpy() or x.to('cpu').")


def dlpack_refused(why: str) -> ExchangeError:
    return ExchangeError(f"__dlpack__: {why}.")


def on_a_gpu(kind: type) -> DeviceError:
    return DeviceError(f"{kind.__module__}.{kind.__qualname__}: the values are on a CUDA device, and the "
                       f"Tensor would be made on the CPU. Use `with nb.device('cuda'):`, or copy them to "
                       f"the host.")


def mixed_devices(op: str, devices: Iterable[str]) -> DeviceError:
    return DeviceError(f"{op}: the operands are on different devices: {_list(devices)}. Bring them to one by "
                       f"x.to(device).")


def no_device_memory(size: int, used: int, spare: int, why: str) -> DeviceError:
    return DeviceError(f"there is no memory for {size} bytes on the device ({why}); {used} bytes are in use, "
                       f"and {spare} that were spare have been given back first. Free tensors, or make the "
                       f"arrays smaller.")


def device_failed(what: str, kernels: Iterable[str], why: str) -> DeviceError:
    launched = _list(kernels)
    last = f"The kernels launched since the last wait, the last one first: {launched}. " if launched else ""
    return DeviceError(f"the CUDA device failed, as {what} says: {why}. {last}This process cannot use CUDA "
                       f"any more; run it with CUDA_LAUNCH_BLOCKING=1 to see which kernel fails, or with "
                       f"NBGRAD_DEVICE=cpu.")


def not_launched(kernel: str, grid: object, block: object, why: str) -> DeviceError:
    return DeviceError(f"{kernel} cannot be launched with {grid} blocks of {block} threads: {why}. All else "
                       f"goes on; NBGRAD_DEVICE=cpu runs the op on the CPU. Please report this kernel, with "
                       f"what python -m nbgrad.gpucheck prints.")


def bad_stream(stream: object) -> DeviceError:
    return DeviceError(f"{stream!r} is no stream of this device. Give nb.device('cuda', stream=...) a stream "
                       f"of numba.cuda's, an object with __cuda_stream__, or the number of one (torch: "
                       f"stream.cuda_stream, CuPy: stream.ptr).")


def too_many_elements(shape: tuple[int, ...]) -> DeviceError:
    return DeviceError(f"an array of shape {shape} is too large for a CUDA device: kernels walk fewer than "
                       f"2**31 elements. Split it.")


def __dir__() -> list[str]:
    """The exceptions: the functions that word them are nbgrad's own."""
    return sorted(name for name, x in globals().items()
                  if isinstance(x, type) and issubclass(x, Exception) and not name.startswith("_"))
