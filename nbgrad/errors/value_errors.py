"""Wordings of what is wrong with dtypes, values and arguments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from nbgrad.errors import DtypeError, MissingError, OperandError, ShapeError, ValueRangeError, listed


def no_numbers(data: object, dtype: np.dtype) -> OperandError:
    return OperandError(f"got {type(data).__name__} (dtype {dtype}), but needs numbers: a Tensor, an array, "
                        f"a scalar or nested lists of these.")


def unsupported_dtype(dtype: object) -> DtypeError:
    return DtypeError(f"nbgrad does not support dtype {dtype}. It takes bool, int8 to int64, uint8 to "
                      f"uint64, float32, float64, complex64 and complex128; convert first, for example with "
                      f"array.astype('float64').")


def masked_array() -> DtypeError:
    return DtypeError("asarray: masked arrays are not supported: the mask would be lost. Use "
                      "x.filled(value), or where(mask, ...) on a plain array.")


def not_converted(kind: type, error: Exception) -> DtypeError:
    return DtypeError(f"asarray: a {kind.__module__}.{kind.__qualname__} does not give its values to NumPy: "
                      f"{error} Convert it to a dense array of float32 or float64 first.")


def ragged() -> ShapeError:
    return ShapeError("asarray: nested lists must have the same length at every level. "
                      "Pad them or keep a list of arrays.")


def bad_operands(op: str, dtypes: Sequence[object]) -> DtypeError:
    return DtypeError(f"{op}: not defined for dtypes {listed(dtypes)}, as in NumPy. "
                      f"Convert with astype first.")


def no_complex(op: str, dtypes: Sequence[object]) -> DtypeError:
    return DtypeError(f"{op}: not defined for complex numbers (dtypes {listed(dtypes)}). Take their nb.real, "
                      f"nb.imag or nb.abs first.")


def imaginary_lost(op: str, dtype: object) -> DtypeError:
    return DtypeError(f"{op}: a conversion of complex numbers to {dtype} would lose their imaginary parts. "
                      f"Take nb.real(x) first.")


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
    return ValueRangeError(f"{op}: {name}={value!r} is not one of {listed(map(repr, choices))}.")


def bad_threads(n: object, most: int, why: str) -> ValueRangeError:
    return ValueRangeError(f"set_num_threads: {n!r} is not a number from 1 to {most}: {why}.")


def bad_thread_setting(value: str) -> ValueRangeError:
    return ValueRangeError(f"NBGRAD_NUM_THREADS={value!r} is not a positive number. Unset it to use one "
                           f"thread per processor.")


def bad_worker_setting(value: str) -> ValueRangeError:
    return ValueRangeError(f"NBGRAD_WORKERS={value!r} is not a number. Unset it to use one process fewer "
                           f"than there are processors, or set it to 0 to compile in this one alone.")


def bad_tier(value: str, tiers: Iterable[str]) -> ValueRangeError:
    return ValueRangeError(f"NBGRAD_TIER={value!r} is no tier. Choose one of {listed(tiers)}.")


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


def no_method(what: str, method: str, known: Iterable[str]) -> MissingError:
    other = " Draw with nb.random, from a key." if method == "rvs" else ""
    return MissingError(f"nb.{what} has no {method!r}; it has {', '.join(known)}.{other}")


def bad_argument(op: str, got: object, need: str) -> DtypeError:
    return DtypeError(f"{op}: got {type(got).__name__}, but needs {need}.")


def other_state(what: str, names: Iterable[str], need: Iterable[str]) -> ValueRangeError:
    return ValueRangeError(f"{what}: load_state_dict got a state with the numbers {listed(sorted(names))}; "
                           f"this optimiser has {listed(sorted(need))}. It loads what one of its class kept; "
                           f"a schedule as lr is kept by neither.")


def no_argument(what: str, name: str, given: Sequence[str]) -> ValueRangeError:
    return ValueRangeError(f"{what}: argnames {name!r} is not among the arguments of this call: "
                           f"{listed(given) or 'none that has a name'}. Pass it to the function; one that is "
                           f"left to its default has no gradient.")


def bench_differs(what: str) -> ValueRangeError:
    return ValueRangeError(f"bench: the NumPy function gives {what}. Both must compute the same; pass the "
                           f"right one as numpy=.")


def bench_size(text: str) -> ValueRangeError:
    return ValueRangeError(f"bench: {text!r} is not a size. Write lengths above 0, with x between those of "
                           f"several axes, as in --sizes 1000,64x64.")


def bench_function(where: str, why: str) -> ValueRangeError:
    return ValueRangeError(f"bench: {where!r} is not a function that can be imported ({why}). Write "
                           f"module:name, for a module that Python finds from this folder.")


def complex_branch(op: str, branch: int, x: float) -> ValueRangeError:
    return ValueRangeError(f"{op}: branch {branch} is complex at {x}, and complex results are not supported. "
                           f"Branch 0 is real from -1/e on, branch -1 from -1/e to 0; clip x, or choose with "
                           f"where.")
