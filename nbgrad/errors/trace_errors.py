"""Wordings of what a traced value cannot be used for."""

from __future__ import annotations

import numpy as np

from nbgrad.errors import (
    DeviceError,
    MissingPackageError,
    NbgradError,
    ProtocolError,
    ShapeError,
    TraceError,
    ValueRangeError,
)


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
                      "of numbers; nb.asarray(df) @ x for a product with a DataFrame or Series of pandas'; "
                      "x.detach() for a constant.")


def traced_number(what: str) -> TraceError:
    return TraceError(f"{what} of a tensor that a gradient is being taken through would lose the gradient; "
                      f"the functions of the module math ask for it. Use nbgrad's function of that name "
                      f"(nb.sin for math.sin), or stop_gradient(x) or x.detach() if a constant is meant. So "
                      f"does an array of NumPy's that x is written into (c = np.zeros(2); c[0] = x): make it "
                      f"by nb.zeros, which keeps the gradient.")


def watched_elsewhere(library: str, helper: str, constant: str) -> TraceError:
    return TraceError(f"{library} traces an array that nbgrad is given, and its gradient would be lost. Give "
                      f"the array to a function of {library}'s, which nb.interop.{helper}(f) makes of one of "
                      f"nbgrad's; or take the gradient by nb.grad. If a constant is meant, pass {constant}.")


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


def not_installed(package: str, what: str) -> MissingPackageError:
    return MissingPackageError(f"{what}: the package {package} is not installed. Install it by "
                               f"pip install {package}.")


def no_shapes(name: str, error: Exception) -> TraceError:
    return TraceError(f"{name}: jax traces it and asks for the shapes of its result, and the function fails "
                      f"on ones, which would tell them ({type(error).__name__}: {error}). Say them by "
                      f"nb.interop.to_jax(f, out=...), a function of the same arguments that returns a "
                      f"jax.ShapeDtypeStruct for each array of the result.")


def other_shape(name: str, got: object, dtype: object, need: object, needed: object) -> ShapeError:
    return ShapeError(f"{name}: a result has shape {got} and dtype {dtype}, and shape {need} and dtype "
                      f"{needed} are what out= says, or what it had on ones. jax cannot trace shapes that "
                      f"depend on values.")
