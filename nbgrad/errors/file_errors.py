"""Wordings of what cannot be written to files, or read from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nbgrad.errors import DtypeError, FileError, MissingPackageError, listed


def _place(path: Sequence[str]) -> str:
    return f" at {'.'.join(path)}" if path else ""


def not_kept(x: object, path: Sequence[str]) -> DtypeError:
    kind = f"{type(x).__name__} of dtype {x.dtype}" if hasattr(x, "dtype") else type(x).__name__
    return DtypeError(f"save: got {kind}{_place(path)}, which a file cannot keep without pickle. It keeps "
                      f"dicts, lists, tuples, named tuples and dataclasses of Tensors, arrays, numbers, "
                      f"strings and None.")


def bad_key(key: object, path: Sequence[str]) -> DtypeError:
    return DtypeError(f"save: a dict{_place(path)} has a key of type {type(key).__name__}. Keys are strings, "
                      f"numbers, None, or tuples of these.")


def too_deep() -> DtypeError:
    return DtypeError("save: the tree is nested too deeply, or holds itself.")


def not_in_safetensors(name: str, dtype: object) -> DtypeError:
    return DtypeError(f"save: the format safetensors has no dtype {dtype}, which {name!r} has. Write .npz.")


def no_safetensors(file: object) -> MissingPackageError:
    return MissingPackageError(f"{file}: the package safetensors is not installed. Install it by "
                               f"pip install 'nbgrad[safetensors]', or use .npz.")


def broken(file: object, error: Exception) -> FileError:
    return FileError(f"load: {file} is not a file that nb.save writes, or it is broken "
                     f"({type(error).__name__}: {error}).")


def foreign_dtype(file: object, error: Exception) -> FileError:
    return FileError(f"load: {file} has an array of a dtype that NumPy does not have ({error}). Convert it "
                     f"by the library that wrote it, for example to float32.")


def no_class(name: str) -> FileError:
    return FileError(f"load: the file has the class {name}, which only you can give: nb.load(file, "
                     f"types=[{name.rsplit('.', maxsplit=1)[-1]}]). A file never imports anything.")


def other_fields(name: str, got: Iterable[str], need: Iterable[str]) -> FileError:
    return FileError(f"load: the file has the class {name} with the fields {listed(got)}, but the class "
                     f"given has {listed(need) or 'none: it is no dataclass or named tuple'}.")
