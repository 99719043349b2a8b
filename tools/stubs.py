"""`python tools/stubs.py`: write the stubs of the names that the library makes when it is imported.

They come from the table, the signatures and the first lines of documentation: the functions of nbgrad,
nbgrad.linalg and nbgrad.special, and the methods of Tensor. What a signature does not say is in
tools/templates, and in the tables below, by the names of parameters and methods. `--check` fails if a file is
not what would be written.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable
from functools import partial
from inspect import Parameter
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

import nbgrad as nb
from nbgrad import fft, linalg, signal, special
from nbgrad.define.structured import Called
from nbgrad.engine.tensor import Tensor
from nbgrad.ops.axes import named_dim

ROOT = Path(nb.__file__).parent
_WIDTH = 110
TEMPLATES = Path(__file__).parent / "templates"
_NOTE = "# python tools/stubs.py writes this file."
# The types of parameters that are annotated as Any, by their names, or by function and name
_KINDS = {
    "ArrayLike": "A a a1 a2 ab alpha append ar ar1 ar2 arr arrays aweights b base bias c comb.N comb.k "
                 "condition constant_values cov d data default delta dx f factorial.n fill_value filt fp "
                 "fractional_matrix_power.t fweights high imag ind indices in1 in2 initial ldexp.n left loc "
                 "logits low m mask max mean min nan neginf operands p pad_width period places polyint.k "
                 "posinf prepend q r real repeats right scale second sections seq_of_zeros shift sorter "
                 "source spacings start step stop t t_eval target to_begin to_end u v val vals value values "
                 "w weight weights where x x1 x2 xi xp y",
    "ArrayLike | DTypeLike": "result_type.operands isdtype.dtype can_cast.from_ to finfo.dtype iinfo.dtype",
    "Axis": "axis dim .flip.axes",
    "Sequence[int]": "axes",
    "int | Sequence[Any]": "tensordot.axes",
    "Index": "index .__setitem__.key .index_put.places",
    "Shape": "shape reps form sizes wanted .transpose.axes",
    "int | Sequence[int]": "window_shape apply_over_axes.axes dilation kernel_size kth padding stride",
    "int | Sequence[int] | str": "conv1d.padding conv2d.padding",
    "Tensor": ".expand_as.y .is_same_size.y .reshape_as.y .type_as.y .view_as.y",
    "ArrayLike | str": "einsum.operands",
    "str": "casting kind order",
    "str | DTypeLike | tuple[Any, ...]": "isdtype.kind",
    "float": "ddof discont rcond real_if_close.tol",
    "ArrayLike | None": "pinv.rcond pinv.rtol matrix_rank.tol matrix_rank.rtol",
    "float | str": "ord cond.p",
    "ArrayLike | tuple[ArrayLike, ArrayLike]": "c_or_cr",
    "tuple[ArrayLike, ArrayLike]": "lu_and_piv",
    "tuple[ArrayLike, bool]": "c_and_lower",
    "tuple[int, int]": "l_and_u",
    "bool | str": "cov",
    "int | str": "trans",
    "int | tuple[int, ...]": "key",
    "str | Callable[..., Any]": "gdot.add",
    "int": "place axisa axisb axisc .fftfreq.n fftfreq.n rfftfreq.n",
    "int | None": "n",
    "Sequence[int] | None": "s",
    "int | Sequence[int] | None": "fftshift.axes ifftshift.axes fftconvolve.axes sliding_window_view.axis",
    "DTypeLike": "dtype .to.wanted",
    "Any": "args bins choices condlist dims fromfunction.kwargs keys kw mask_indices.k multi_index otypes "
           "ravel_multi_index.mode range sample shapes from_dlpack.x dl_device stream inputs kwargs types "
           "function x0 y0 events",
}
KINDS = {name: kind for kind, names in _KINDS.items() for name in names.split()}
# The aliases of the library's annotations
_ALIASES = {"Axes": "int | tuple[int, ...]", "Places": "tuple[Tensor, ...]",
            "Value": "Callable[..., Any]", "np.dtype": "np.dtype[Any]",
            "np.ndarray": "np.ndarray[Any, Any]", "Sequence[Any]": "Sequence[ArrayLike]"}
# The results that are no Tensor where the library's annotations do not say so
_RESULTS = {
    "complex": "__complex__",
    "bool": "is_complex is_conj is_neg is_floating_point is_signed is_same_size is_cpu is_cuda",
    "int": "dim ndimension numel nelement nbytes",
    "float": "item",
    "Any": "fromfunction indices intersect1d tolist unique __array_function__ __array_ufunc__ __dlpack__ "
           "polyfit",
    "str": "device",
    "tuple[Tensor, ...]": "nonzero", "Slogdet": "slogdet", "Eigh": "eigh", "Eig": "eig",
}
# Where types come from that stubs of modules use
_HOMES = {"Sequence": "collections.abc", "DTypeLike": "numpy.typing"}
RESULTS = {name: kind for kind, names in _RESULTS.items() for name in names.split()}
# Functions of ops/ and engine/ whose own annotations say all
_TYPED = ["no_grad", "directional", "kinks", "subgradient"]
_RENAMED = named_dim(abs).__code__
_BOOL = re.compile(r"(?<![.\w])bool\b")
_SHADOWED = re.compile(r"\b(bool|float|int)\b")        # Tensor has methods of these names


# ---------------------------------------------------------------------------------------------- signatures
def takes_dim(f: Any) -> bool:
    """Whether PyTorch's names of axis and keepdims, dim and keepdim, are taken too."""
    while not isinstance(f, Called):
        if getattr(f, "__code__", None) is _RENAMED:
            return True
        if not hasattr(f, "__wrapped__"):
            return False
        f = f.__wrapped__
    return True


def _in_numpys_manner(f: Any) -> bool:
    """Whether it is a method with the parameters of NumPy's function."""
    return "__signature__" in getattr(f, "__dict__", ())


def parameters(f: Any, own: bool = False) -> list[Parameter]:
    """The parameters of a function, or (own) of a method behind the Tensor."""
    found = list(inspect.signature(f).parameters.values())[own:]
    names = {p.name: p for p in found}
    if takes_dim(f) or _in_numpys_manner(f):
        for theirs, ours in (("dim", "axis"), ("keepdim", "keepdims")):
            if ours in names and theirs not in names:
                found.append(names[ours].replace(name=theirs, kind=Parameter.KEYWORD_ONLY))
    return found


def kind(name: str, p: Parameter) -> str:
    """The type of a parameter of a function; of a method if its name starts with a dot."""
    given = "Any" if p.annotation is p.empty else str(p.annotation)
    if given != "Any":
        return _ALIASES.get(given, given)
    short = "axis" if p.name == "dim" else p.name
    found = KINDS.get(f"{name}.{p.name}") or KINDS[short]
    optional = p.default is None and not re.search(r"\bNone\b|^Any$|^Axis$", found)
    return f"{found} | None" if optional else found


def result(name: str, f: Any) -> str:
    given = inspect.signature(f).return_annotation
    if given in ("Any", "Tensor", inspect.Signature.empty):
        return RESULTS.get(name, "Tensor")
    return _ALIASES.get(given, given)


def _spelled(name: str, p: Parameter) -> str:
    star = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
    text = f"{star}{p.name}: {kind(name, p)}"
    if p.default is p.empty:
        return text
    simple = isinstance(p.default, (bool, int, float, str, type(None), tuple))
    return f"{text} = {_literal(p.default) if simple else '...'}"


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def arguments(name: str, found: list[Parameter]) -> list[str]:
    """The parameters as they are written, with / and *."""
    parts: list[str] = []
    for p, after in zip(found, [*found[1:], None]):
        if p.kind is p.KEYWORD_ONLY and not any(part.startswith("*") for part in parts):
            parts.append("*")
        parts.append(_spelled(name, p))
        if p.kind is p.POSITIONAL_ONLY and (after is None or after.kind is not p.POSITIONAL_ONLY):
            parts.append("/")
    return parts


# --------------------------------------------------------------------------------------------------- text
def _head(name: str, parts: list[str], returned: str, indent: str) -> str:
    """def name(parts) -> returned:, on one line or several."""
    line = f"{indent}def {name}({', '.join(parts)}) -> {returned}:"
    if len(line) <= _WIDTH - 4:
        return line
    lines = [f"{indent}def {name}("]
    for part in parts:
        if len(lines) == 1 or len(lines[-1]) + len(part) > _WIDTH - 3:
            lines.append(f"{indent}       ")
        lines[-1] += f" {part},"
    return "\n".join([*lines, f"{indent}) -> {returned}:"])


def _documented(head: str, f: Any, indent: str) -> str:
    """A definition with the first line of the documentation."""
    first = (inspect.getdoc(f) or "").split("\n\n", maxsplit=1)[0].split("\n", maxsplit=1)[0].strip()
    return f'{head}\n{indent}    """{first}"""' if first else f"{head} ..."


def definition(name: str, f: Any, overloads: dict[str, list[str]]) -> str:
    """A function of a module."""
    if name in overloads:
        return _joined(overloads[name], f, "")
    return _documented(_head(name, arguments(name, parameters(f)), result(name, f), ""), f, "")


def _joined(overloads: list[str], f: Any, indent: str) -> str:
    first, *rest = overloads
    bare = first.removesuffix(" ...")
    return "\n".join([first if bare == first else _documented(bare, f, indent), *rest])


def method(name: str, f: Any, overloads: dict[str, list[str]]) -> str:
    """A method of Tensor."""
    if name in overloads:
        return _joined(overloads[name], f, "    ")
    found = parameters(f, own=True)
    returned = _inside(result(name, f))
    if name == name.strip("_") + "_":
        returned = "Tensor"
    parts = ["self", *[_inside(part) for part in arguments(f".{name}", found)]]
    if parts[-1:] == ["/"] and len(parts) == 2:
        parts.pop()
    made = _documented(_head(name, parts, returned, "    "), f, "    ")
    torchs = next((p for p in found if p.name in ("keepdims", "descending")), None)
    if torchs is None or not _in_numpys_manner(f):
        return made
    other = f"    def {name}(self, dim: Axis, {torchs.name.rstrip('s')}: builtins.bool, /) -> Tensor: ..."
    return f"    @overload\n{made}\n    @overload\n{other}"


def _inside(text: str) -> str:
    """A type where methods have the names of builtins."""
    return _SHADOWED.sub(r"builtins.\1", text)


def template(name: str) -> tuple[str, dict[str, list[str]]]:
    """The head of a file, and the definitions that are written by hand, by name."""
    text = (TEMPLATES / name).read_text()
    lines, body = text.splitlines(), ast.parse(text).body
    last = body[-1]
    found: dict[str, list[str]] = {}
    first = len(lines)
    for node in last.body if isinstance(last, ast.ClassDef) else body:
        if isinstance(node, ast.FunctionDef):
            start = min([node.lineno, *[d.lineno for d in node.decorator_list]]) - 1
            found.setdefault(node.name, []).append("\n".join(lines[start:node.end_lineno]))
            first = min(first, start)
    return "\n".join(lines[:first]).strip(), found


# -------------------------------------------------------------------------------------------------- files
def _is_function(f: Any) -> bool:
    return callable(f) and not isinstance(f, type)


def _imported(name: str, f: Any) -> str:
    """The import of a public name that its own module defines well: a class, a module, a plain function."""
    if isinstance(f, ModuleType):
        folder, _, last = f.__name__.rpartition(".")
        return f"from {folder} import {last} as {name}"
    if getattr(np, name, None) is f:
        return f"from numpy import {name} as {name}"
    return f"from {f.__module__} import {getattr(f, '__name__', name)} as {name}"


def defined_well(name: str, f: Any) -> bool:
    return not _is_function(f) or (isinstance(f, FunctionType) and f.__module__.split(".")[1] not in (
        "ops", "engine") and not hasattr(f, "__wrapped__")) or name in _TYPED


def _exported(names: Iterable[str]) -> str:
    inner = textwrap.wrap(", ".join(f'"{name}"' for name in names), _WIDTH - 4)
    return "\n".join(["__all__ = [", *[f"    {line}" for line in inner], "]"])


def package() -> str:
    """nbgrad/__init__.pyi"""
    everything = {name: getattr(nb, name) for name in nb.__all__}
    public = {name: f for name, f in everything.items() if not isinstance(f, (str, float, type(None)))}
    head, known = template("package.pyi")
    plain = {name: f for name, f in public.items() if name not in known and defined_well(name, f)}
    imports = sorted(_imported(name, f) for name, f in plain.items() if f is not Tensor)
    defined = [definition(name, f, known) for name, f in public.items() if name not in plain]
    defined = [_with_builtins(text) for text in defined]
    parts = [_doc(nb), "import builtins", *imports, head, "", _exported(nb.__all__), "", *defined, ""]
    return "\n".join(parts)


def _with_builtins(text: str) -> str:
    """A definition where `bool` is the library's own dtype; its documentation stays as it is."""
    return "\n".join([line if line.lstrip().startswith('"""') else _BOOL.sub("builtins.bool", line)
                      for line in text.split("\n")])


def functions(module: ModuleType) -> str:
    """The stub of a module with functions, nbgrad/linalg.pyi, nbgrad/fft.pyi ..."""
    name = f"{module.__name__.rpartition('.')[2]}.pyi"
    head, known = template(name) if (TEMPLATES / name).exists() else ("", {})
    public = {name: getattr(module, name) for name in module.__all__}
    same = [name for name, f in public.items() if name in nb.__all__ and getattr(nb, name) is f]
    defined = [definition(name, f, known) for name, f in public.items() if name not in same]
    used = {name for name in ("ArrayLike", "Axis", *_HOMES)
            if re.search(rf"\b{name}\b", "".join(defined))}
    uses = sorted(used & {"ArrayLike", "Axis"})
    imports = [f"from nbgrad import {name} as {name}" for name in same]
    if not head:
        head = f"from nbgrad.engine.methods import {', '.join(uses)}\nfrom nbgrad.engine.tensor import Tensor"
        imports += [f"from {home} import {name}" for name, home in _HOMES.items() if name in used]
    return "\n".join([_doc(module), head, *imports, "", _exported(public), "", *defined, ""])


def methods() -> str:
    """nbgrad/engine/methods.pyi"""
    head, known = template("methods.pyi")
    lines = [head, *["\n".join(texts) for name, texts in known.items() if name not in vars(Tensor)]]
    for name in sorted(vars(Tensor)):
        f = inspect.getattr_static(Tensor, name)
        if isinstance(f, property) and f.fget.__module__ != Tensor.__module__:
            lines.append(_property(name, f))
        elif isinstance(f, FunctionType) and f.__module__ != Tensor.__module__:
            lines.append(method(name, f, known))
    return "\n".join([f"{_NOTE}\n", *lines, ""])


def _property(name: str, f: property) -> str:
    returned = _inside(result(name, f.fget))
    head = _documented(f"    @property\n    def {name}(self) -> {returned}:", f.fget, "    ")
    if f.fset is None:
        return head
    return f"{head}\n    @{name}.setter\n    def {name}(self, value: {returned}) -> None: ..."


def _doc(module: ModuleType) -> str:
    return f'"""{module.__doc__}"""\n\n{_NOTE}\n'


FILES: dict[str, Callable[[], str]] = {
    "__init__.pyi": package, "linalg.pyi": partial(functions, linalg), "fft.pyi": partial(functions, fft),
    "signal.pyi": partial(functions, signal), "special.pyi": partial(functions, special),
    "engine/methods.pyi": methods}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python tools/stubs.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file would change")
    check = parser.parse_args().check
    for name, made in FILES.items():
        file, text = ROOT / name, made()
        if not check:
            file.write_text(text)
        elif not file.exists() or file.read_text() != text:
            parser.exit(1, f"{file} is not what python tools/stubs.py writes\n")


if __name__ == "__main__":
    main()
