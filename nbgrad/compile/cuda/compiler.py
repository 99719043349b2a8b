"""The compiler for CUDA: a kernel's source -> what can be launched. Imported only where one is launched."""

from __future__ import annotations

from functools import cache
from typing import Any

from nbgrad.arrays import cuda
from nbgrad.compile.cuda import kept, words


@cache
def compiled(name: str, source: str) -> Any:
    """The kernel `name` that source defines; other functions that it defines are compiled for it to call.

    source : may use the names in nbgrad.compile.cuda.words
    """
    home = cuda.host()
    space: dict[str, Any] = {**words.scope(), "cuda": home.language, "__name__": __name__}
    own = {*space, "__builtins__", name}
    exec(compile(source, f"<nbgrad {name}>", "exec"), space)
    for word in space.keys() - own:
        space[word] = home.api.jit(space[word], device=True)
    if home.simulates:                    # in the same module, which the simulator lends its `cuda` to
        space["quiet"], space["inner"] = words.quiet, space[name]
        exec(f"def {name}(*args):\n    with quiet():\n        inner(*args)", space)
        return home.api.jit(space[name])
    kernel = home.api.jit(space[name])
    kept.keep(kernel, name, source)
    return kernel
