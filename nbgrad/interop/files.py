"""Trees in files: nb.save and nb.load.

A file is arrays by name and a structure, in JSON, that says what stands where. It is written without pickle,
and nothing in it is executed or imported: dataclasses and named tuples are made of classes that the reader
gives. Each node of the structure is [kind, content], see `_Writer` and `_Reader`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from nbgrad.arrays import devices
from nbgrad.engine import convert
from nbgrad.engine.graph import watch
from nbgrad.engine.tensor import Size, Tensor, tensor
from nbgrad.errors import NbgradError, file_errors
from nbgrad.interop.exchange import values_of

STRUCTURE = "structure.json"
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, ValueError, LookupError, TypeError, EOFError,
           RuntimeError)


def save(file: str | os.PathLike[str] | BinaryIO, tree: Any) -> None:
    """Write a tree to a file, from which nb.load makes an equal one.

    file : a path, or a file opened for binary writing. A path that ends in .safetensors is written in that
        format (extra `safetensors`), any other as .npz, which np.load reads too, without pickle. What stood
        there before is replaced when all is written
    tree : dicts, lists, tuples, named tuples and dataclasses of Tensors, NumPy's arrays and scalars, numbers,
        strings and None. Dtypes and bits are kept, and whether a Tensor is a leaf with requires_grad=True;
        its .grad and its device are not

    Raises DtypeError for what cannot be kept, TraceError for a Tensor that a gradient is being taken
    through, MissingPackageError where safetensors is not installed.

    >>> nb.save("model.npz", {"w": nb.ones((2, 3)), "layers": [1.5, None, "relu"]})
    >>> nb.load("model.npz")["layers"]
    [1.5, None, 'relu']
    """
    writer = _Writer()
    try:
        structure = json.dumps(writer.node(tree, ()))
    except RecursionError as error:
        raise file_errors.too_deep() from error
    if not isinstance(file, (str, os.PathLike)):
        _write_npz(file, writer.arrays, structure)
        return
    write = _write_safetensors if _is_safetensors(file) else _write_npz
    path = Path(file).resolve()
    if path.exists() and not path.is_file():  # a pipe or a device, which nothing can replace
        with path.open("wb") as stream:
            return write(stream, writer.arrays, structure)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            write(stream, writer.arrays, structure)
        part.replace(path)
    finally:
        with suppress(FileNotFoundError):     # it has become the file
            part.unlink()


def load(file: str | os.PathLike[str] | BinaryIO, types: Iterable[type] = ()) -> Any:
    """Return the tree that nb.save wrote to a file. Tensors are made on the current device.

    file  : as for nb.save. A file of other origin, written by np.savez or by a library in the format of
        safetensors, gives a dict of NumPy's arrays
    types : the dataclasses and named tuples in the tree; they are found by their names, and made anew of
        their fields. A file never says what is imported or called

    Raises FileError for a file that is broken, or has a class that is not among types,
    MissingPackageError where safetensors is needed and not installed.

    >>> nb.save("step.npz", (3, nb.asarray([1.0, 2.0])))
    >>> nb.load("step.npz")
    (3, tensor([1., 2.]))
    """
    path = isinstance(file, (str, os.PathLike))
    read = _read_safetensors if path and _is_safetensors(file) else _read_npz
    try:
        arrays, structure = read(file)
        if structure is None:
            return arrays
        return _Reader(arrays, {kind.__qualname__: kind for kind in types}).made(json.loads(structure))
    except NbgradError:
        raise
    except _BROKEN as error:
        raise file_errors.broken(file if path else "the file", error) from error


# -------------------------------------------------------------------------------------------- structure
class _Writer:
    """Makes a structure of a tree, and collects its arrays by names that tell their places in it."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}

    def node(self, x: Any, path: tuple[str, ...]) -> list[Any]:
        kind = type(x)
        if x is None or kind in (bool, str):
            return ["json", x]
        if kind in (int, Size):
            return ["int", hex(x)]
        if kind in (float, complex):
            return [kind.__name__, _bits(x)]
        if kind is Tensor:
            value, leaf = values_of(x, "save")
            return ["leaf" if leaf else "tensor", self._kept(devices.host(value), path)]
        if kind is np.ndarray or isinstance(x, np.generic):
            return ["array" if kind is np.ndarray else "scalar", self._kept(np.asarray(x), path)]
        if kind is dict:
            return ["dict", [[self._key(k, path), self.node(v, (*path, str(k)))] for k, v in x.items()]]
        if kind in (list, tuple):
            return [kind.__name__, [self.node(v, (*path, str(i))) for i, v in enumerate(x)]]
        return ["class", [kind.__qualname__, [[name, self.node(v, (*path, name))]
                                              for name, v in _fields(x, path).items()]]]

    def _key(self, key: Any, path: tuple[str, ...]) -> list[Any]:
        """A key of a dict: a number, a string, None, or a tuple of these."""
        if key is None or type(key) in (bool, int, float, complex, str):
            return self.node(key, path)
        if type(key) is tuple:
            return ["tuple", [self._key(k, path) for k in key]]
        raise file_errors.bad_key(key, path)

    def _kept(self, x: np.ndarray, path: tuple[str, ...]) -> str:
        """The name under which an array is kept."""
        if x.dtype.hasobject:
            raise file_errors.not_kept(x, path)
        name = ".".join(path) or "value"
        if not name.isprintable() or "/" in name or "\\" in name:
            name = "value"
        while name in self.arrays:
            name += f"_{len(self.arrays)}"
        self.arrays[name] = x
        return name


class _Reader:
    """Makes a tree of a structure and its arrays."""

    def __init__(self, arrays: Mapping[str, np.ndarray], types: Mapping[str, type]) -> None:
        self.arrays, self.types = arrays, types
        self.kinds: dict[str, Callable[[Any], Any]] = {
            "json": lambda x: x, "int": lambda x: int(x, 16), "float": lambda x: _number(x)[0],
            "complex": lambda x: complex(*_number(x)),
            "array": lambda name: arrays[name], "scalar": lambda name: arrays[name][()],
            "tensor": lambda name: tensor(_raw(arrays[name])), "leaf": lambda name: watch(_raw(arrays[name])),
            "dict": lambda items: {self.made(k): self.made(v) for k, v in items},
            "list": lambda items: [self.made(x) for x in items],
            "tuple": lambda items: tuple([self.made(x) for x in items]), "class": self._instance,
        }

    def made(self, node: Any) -> Any:
        kind, content = node
        return self.kinds[kind](content)

    def _instance(self, content: Any) -> Any:
        name, items = content
        kind: Any = self.types.get(name)
        if kind is None:
            raise file_errors.no_class(name)
        values = {field: self.made(x) for field, x in items}
        if dataclasses.is_dataclass(kind):
            known = [f.name for f in dataclasses.fields(kind) if f.init]
        else:
            known = list(getattr(kind, "_fields", ()))
        if set(values) != set(known):
            raise file_errors.other_fields(name, values, known)
        return kind(**values)


def _fields(x: Any, path: tuple[str, ...]) -> dict[str, Any]:
    """The parts of a dataclass or named tuple by name. Raises DtypeError for anything else."""
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        return {f.name: getattr(x, f.name) for f in dataclasses.fields(x) if f.init}
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return dict(zip(x._fields, x, strict=True))
    raise file_errors.not_kept(x, path)


def _bits(x: complex) -> str:
    """The bits of a float, or of the two of a complex number, in hexadecimal digits."""
    return struct.pack(">d", x).hex() if isinstance(x, float) else struct.pack(">dd", x.real, x.imag).hex()


def _number(bits: str) -> tuple[float, ...]:
    return struct.unpack(f">{len(bits) // 16}d", bytes.fromhex(bits))


def _raw(value: np.ndarray) -> Any:
    """An array of a file, which nobody else has, as a raw array of the current device."""
    return convert.array(value, copy=None)


# ---------------------------------------------------------------------------------------------- formats
def _write_npz(file: Any, arrays: Mapping[str, np.ndarray], structure: str) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(STRUCTURE, structure)
        for name, x in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, x, allow_pickle=False)


def _read_npz(file: Any) -> tuple[dict[str, np.ndarray], str | None]:
    with zipfile.ZipFile(file) as archive:
        arrays = {}
        for name in archive.namelist():
            if name.endswith(".npy"):
                with archive.open(name) as stream:
                    arrays[name.removesuffix(".npy")] = np.lib.format.read_array(stream, allow_pickle=False)
        return arrays, archive.read(STRUCTURE).decode() if STRUCTURE in archive.namelist() else None


def _is_safetensors(file: Any) -> bool:
    """Whether a path is one of safetensors. Raises MissingPackageError if that is not installed."""
    chosen = os.fspath(file).endswith(".safetensors")
    if chosen and find_spec("safetensors") is None:
        raise file_errors.no_safetensors(file)
    return chosen


def _write_safetensors(file: Any, arrays: Mapping[str, np.ndarray], structure: str) -> None:
    for name, x in arrays.items():
        if x.dtype.str[1:] not in _SAFE or not x.dtype.isnative:
            raise file_errors.not_in_safetensors(name, x.dtype)
    ordered = {name: np.array(x, order="C", copy=None) for name, x in arrays.items()}
    file.write(import_module("safetensors.numpy").save(ordered, {STRUCTURE: structure}))


def _read_safetensors(file: Any) -> tuple[dict[str, np.ndarray], str | None]:
    package = import_module("safetensors")
    try:
        with package.safe_open(file, "np") as found:
            arrays = {name: np.array(found.get_tensor(name)) for name in found.keys()}  # noqa: SIM118
            for x in arrays.values():
                if x.dtype.str[1:] not in _SAFE:          # jax brings NumPy some of its own
                    raise TypeError(f"dtype {x.dtype}")
            return arrays, (found.metadata() or {}).get(STRUCTURE)
    except package.SafetensorError as error:
        raise file_errors.broken(file, error) from error
    except (AttributeError, TypeError) as error:
        raise file_errors.foreign_dtype(file, error) from error


_SAFE = {"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"}
