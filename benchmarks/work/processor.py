"""A plain processor to compile for: x86-64-v3 (AVX2). Valgrind can run it, and machines count alike on it."""

from __future__ import annotations

import llvmlite.binding as llvm

NAME = "haswell"
FEATURES = ("avx", "avx2", "bmi", "bmi2", "cmov", "cx16", "cx8", "f16c", "fma", "fxsr", "lzcnt", "mmx",
            "movbe", "popcnt", "sahf", "sse", "sse2", "sse3", "sse4.1", "sse4.2", "ssse3", "xsave")


def pretend() -> None:
    """From now on this process compiles for the plain processor. Raises RuntimeError if it is not one."""
    present = llvm.get_host_cpu_features()
    if missing := [name for name in ("avx2", "bmi2", "fma") if not present.get(name)]:
        raise RuntimeError(f"this processor lacks {', '.join(missing)}")
    features = llvm.FeatureMap(dict.fromkeys(FEATURES, True))
    llvm.get_host_cpu_name = lambda: NAME
    llvm.get_host_cpu_features = lambda: features
