"""Wordings of derivatives that do not exist, are gone, or were not asked for correctly."""

from __future__ import annotations

from nbgrad.errors import GradientError, ReadOnlyError, ShapeError

_REPEATED = {"eigh": ("repeated eigenvalues", "eigenvectors", "eigenvalues", "eigvalsh"),
             "svd": ("repeated or zero singular values", "singular vectors", "singular values", "svdvals")}


def no_derivative(op: str) -> GradientError:
    return GradientError(f"{op} has no derivative rule. Declare one (elementwise(..., d=...) or op(..., "
                         f"vjp=...)), or wrap its inputs in stop_gradient if they are constants here.")


def repeated_roots(roots: object) -> GradientError:
    return GradientError(f"roots: of the roots {roots} two or more are equal to rounding, and have no "
                         "derivative by the coefficients. Use coefficients: the sum of all roots is "
                         "-p[1] / p[0], their product p[-1] / p[0] or minus that.")


def repeated_values(op: str, shape: tuple[int, ...]) -> GradientError:
    what, vectors, values, alone = _REPEATED[op]
    return GradientError(f"{op}: a matrix, shape {shape}, has {what}, whose {vectors} have no derivative. "
                         f"The derivative of the {values} alone exists: use {alone}(a), or no function of "
                         f"the {vectors}.")


_UNDETERMINED = {
    "svd": "svd: the columns of U, or rows of Vh, beyond those of the singular values are any basis of what "
           "is left, and have no derivative. Use svd(a, full_matrices=False); the projection onto what is "
           "left is eye(m) - U @ U.T of that.",
    "qr": "qr: the last columns of Q, beyond those of a, are any basis of what is left, and have no "
          "derivative. Use mode='reduced'; the projection onto what is left is eye(m) - Q @ Q.T of that."}


def undetermined_vectors(of: str = "svd") -> GradientError:
    return GradientError(_UNDETERMINED[of])


_DEPENDENT = {
    "qr": ("columns, of the first min(m, n), that depend on those before", "the factors",
           "Use svd, or functions of a.T @ a"),
    "lu": ("a leading part that is singular", "the factors", "Add a multiple of the identity matrix"),
    "lstsq": ("a rank below its smaller side", "the solution of least norm and the rest",
              "Use pinv(a) @ b, whose derivative is that among matrices of this rank, or regularise")}


def dependent_columns(op: str, shape: tuple[int, ...]) -> GradientError:
    what, values, way = _DEPENDENT[op]
    return GradientError(f"{op}: a matrix, shape {shape}, has {what}: there {values} have no derivative. "
                         f"{way}.")


def truncated_values(op: str, shape: tuple[int, ...]) -> GradientError:
    return GradientError(f"{op}: a matrix, shape {shape}, has singular values that the cutoff takes for zero "
                         f"and that are not. The derivative is known where they are zero to rounding. Use a "
                         f"smaller cutoff, or write it by svd.")


def complex_result(what: str, dtype: object) -> GradientError:
    return GradientError(f"{what}: the function's result has dtype {dtype}. If the function is analytic, say "
                         f"holomorphic=True; else give a real one, such as nb.real(y) or nb.abs(y).")


def not_holomorphic(what: str, dtype: object) -> GradientError:
    return GradientError(f"{what}: with holomorphic=True the result and all arguments that it "
                         f"differentiates by are complex; the result has dtype {dtype}. Convert with "
                         f"astype(nb.complex128).")


def complex_mode(mode: str) -> GradientError:
    return GradientError(f"jacobian: mode {mode!r} gives half of the derivative here: of real results by "
                         f"complex arguments take mode 'rev', of complex results by real arguments 'fwd'.")


def depends_on_phases(op: str, shape: tuple[int, ...]) -> GradientError:
    return GradientError(f"{op}: what is differentiated depends on the phases of vectors (shape {shape}), "
                         f"which are arbitrary. Use what does not, as nb.abs(v).")


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


def not_an_argument(op: str) -> GradientError:
    return GradientError(f"{op}: the function uses a tensor with a gradient that is not one of its "
                         f"arguments. Pass it as an argument, or wrap it in stop_gradient.")


def inconsistent(op: str, why: str) -> GradientError:
    return GradientError(f"{op}: {why}")


def backward_has_no_choice() -> GradientError:
    return GradientError("backward: tensors with requires_grad=True have recorded the library's own "
                         "subgradients, not those of nb.subgradient. Take the gradient with grad(f)(x) "
                         "inside the context, or call backward outside of it.")


def at_kink(op: str, argument: int, count: int, first: tuple[int, ...]) -> GradientError:
    return GradientError(f"{op}: has a kink at {count} of its results, the first at {first}, in argument "
                         f"{argument}, where no derivative exists. Move the point, or choose a subgradient: "
                         f'nb.subgradient("min-norm"), "left", "right" or "mean".')


def undecided(op: str) -> GradientError:
    return GradientError(f"directional: {op} meets a tie that the direction does not decide to first order: "
                         "what it gives just beside the point is not known. Move the point or the direction, "
                         "or write the choice with maximum, minimum, abs, relu or clip.")


def no_one_side(op: str) -> GradientError:
    return GradientError(f"directional: the point is where {op} jumps or chooses between equals, and its "
                         "derivative to one side is not known here. Move the point.")


def complex_sides(op: str) -> GradientError:
    return GradientError(f"{op}: at a kink of complex numbers there is no derivative to one side: they have "
                         "no left and right, and their order jumps where real parts are equal. Write it with "
                         "nb.real and nb.imag, or move the point.")


def jumps(shape: tuple[int, ...]) -> GradientError:
    return GradientError(f"directional: the result, shape {shape}, jumps at this point: just beside it, in "
                         "the direction, it has another value, and the derivative is infinite. Move the "
                         "point.")


def nested_directions() -> GradientError:
    return GradientError("directional: one inside another is not defined at kinks. Take the inner derivative "
                         "with jvp or grad.")


def no_partial(op: str, argument: str, instead: str) -> GradientError:
    return GradientError(f"{op} has no derivative in {argument}. {instead}, or wrap {argument} in "
                         f"stop_gradient if it is a constant here.")
