"""Wordings of declarations, pickles and the kernel cache."""

from __future__ import annotations

from collections.abc import Iterable

from nbgrad.errors import CacheError, CacheWarning, DeviceError, PickleError, RegistryError, listed


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
    return CacheError(f"the kernel {name} needs functions that this process does not have: "
                      f"{listed(symbols)}. Reinstall numba and llvmlite in versions that fit each other.")
