"""Imports go down only: the layering of the library, read off its source."""

import ast
from functools import cache
from pathlib import Path

import nbgrad

ROOT = Path(nbgrad.__file__).parent

# A module may import modules of the rows above its own, and those of its own folder or file in the same row.
LAYERS = [
    ["errors"],
    ["arrays"],
    ["compile"],
    ["kernels"],
    ["engine"],
    ["define"],
    ["ops"],
    ["fft", "optimizers", "signal", "solvers"],
    ["linalg", "optim", "special", "interop", "random", "stats"],
    ["testing", "backend", "distributed", "families"],
    ["bench"],
    ["__init__"],
    ["info", "warm", "gpucheck", "__main__"],
]
# What inside a folder is below what, from the left to the right; "" are the modules directly in it.
INSIDE = {
    "compile": ["", "cpu.vecmath", "cpu", "cuda"],
    "kernels": ["shared", "cpu", "cuda", ""],
}

LONGEST = 28


def modules():
    """Name and file of each module; of a package that is no more than its docstring, that is checked."""
    for file in sorted(ROOT.rglob("*.py")):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        if name in ("errors.__init__", "interop.__init__"):       # they hold what users name
            continue
        if name.endswith("__init__") and name != "__init__":
            door = ast.parse(file.read_text())
            assert len(door.body) == 1 and 3 <= len(ast.get_docstring(door).splitlines()) <= 8, name
            continue
        yield name, file


def layer(name):
    for depth, row in enumerate(LAYERS):
        if name.split(".")[0] in row:
            return depth
    raise AssertionError(f"{name} has no layer")


def inside(name):
    """Where a module stands in its folder's own order."""
    folder, *path, _ = name.split(".") if "." in name else (name, name)
    return INSIDE[folder].index(".".join(path)) if folder in INSIDE else 0


def imports(file):
    """Modules of nbgrad that a file imports, by their names below nbgrad."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            names = [node.module, *[f"{node.module}.{a.name}" for a in node.names]]
        else:
            continue
        for name in names:
            path = ROOT / Path(*name.split(".")[1:])
            if name.startswith("nbgrad.") and path.with_suffix(".py").exists():
                yield name.removeprefix("nbgrad.")


@cache
def graph():
    """Module -> those that it imports."""
    return {name: set(imports(file)) for name, file in modules()}


def test_imports_go_down_only():
    for name, targets in graph().items():
        for target in targets:
            above, below = layer(name), layer(target)
            same = name.split(".")[0] == target.split(".")[0]
            allowed = below < above or (same and inside(target) <= inside(name))
            assert allowed, f"nbgrad.{name} imports nbgrad.{target}, which is not below it"


def test_no_module_imports_itself_by_way_of_others():
    done, path = set(), []

    def visit(name):
        assert name not in path, f"import cycle: {' -> '.join([*path, name])}"
        if name in done:
            return
        path.append(name)
        for target in graph()[name]:
            visit(target)
        path.pop()
        done.add(name)

    for name in graph():
        visit(name)


@cache
def chain(name):
    return 1 + max(map(chain, graph()[name]), default=0)


def test_the_longest_chain_of_imports():
    deepest = max(graph(), key=chain)
    assert chain(deepest) <= LONGEST, f"nbgrad.{deepest} is {chain(deepest)} imports deep"


def test_no_import_inside_a_function():
    for name, file in modules():
        for function in ast.walk(ast.parse(file.read_text())):
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                late = [n for n in ast.walk(function) if isinstance(n, (ast.Import, ast.ImportFrom))]
                assert not late, f"nbgrad.{name}.{function.name} imports inside its body"


def test_numba_is_imported_for_the_compiler_alone():
    """A program whose kernels are cached does not wait for Numba to be imported."""
    reached, ahead = set(), {name for name in graph() if not name.startswith("compile.")}
    while ahead:
        reached |= ahead
        ahead = set().union(*[graph()[name] for name in ahead]) - reached
    for name, file in modules():
        for node in ast.walk(ast.parse(file.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            if "numba" in [n.split(".")[0] for n in names]:
                assert name not in reached, f"nbgrad.{name} imports Numba"


def test_few_know_the_host_interface_of_cuda():
    """Another version of numba-cuda, or what comes after it, is met in these files alone."""
    found = {name for name, file in modules() for node in ast.walk(ast.parse(file.read_text()))
             if isinstance(node, ast.Attribute) and node.attr == "api"}
    assert found == {"arrays.driver", "arrays.streams", "compile.cuda.compiler"}


def test_no_star_import():
    for name, file in modules():
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert all(a.name != "*" for a in node.names), f"nbgrad.{name} has a star import"
