"""Wordings of what Python's and NumPy's protocols are refused."""

from __future__ import annotations

from collections.abc import Sequence

from nbgrad.errors import DtypeError, MissingError, ProtocolError, listed


def unsized(what: str) -> ProtocolError:
    return ProtocolError(f"{what} of a 0-d tensor: it has one element and no axis. Take it out with item().")


def no_format(spec: str, shape: tuple[int, ...]) -> ProtocolError:
    return ProtocolError(f"the format {spec!r} is for one number, and this is a tensor of shape {shape}. "
                         f"Format its elements, or print it as it is: f'{{x}}'. np.array2string(x.numpy(), "
                         f"precision=2) chooses digits.")


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
    return DtypeError(f"{op}: dtypes {listed(dtypes)} cannot be cast to {dtype} by the rule "
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
