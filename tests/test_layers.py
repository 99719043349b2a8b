"""Imports go down only: the layering of the library, read off its source."""

import ast
from pathlib import Path

import nbgrad

ROOT = Path(nbgrad.__file__).parent

# A module may import modules of the rows above its own, and of its own row only where the row says so (star).
LAYERS = [
    ["errors", "tree"],
    ["config", "dtypes", "memory", "driver"],
    ["streams"],
    ["staging"],
    ["cuda"],
    ["foreign"],
    ["dlpack"],
    ["devices"],
    ["kernels.threads", "kernels.target", "kernels.folder"],
    ["kernels.store", "kernels.linker"],
    ["kernels.layout", "kernels.recipe", "kernels.contraction", "kernels.integers"],
    ["kernels.recipes", "kernels.rows"],
    ["kernels.by_row.*"],
    ["kernels.cache", "kernels.cpu.*"],
    ["kernels.cuda.*"],
    ["kernels.table"],
    ["tensors", "libraries"],
    ["core"],
    ["transforms", "registry", "tape", "views"],
    ["checkpoint", "structured"],
    ["broadcast"],
    ["symbols"],
    ["derived", "operands"],
    ["lean"],
    ["scalar"],
    ["declare"],
    ["ops.*"],
    ["jacobians", "linalg", "methods", "numpy_spellings", "optim"],
    ["spellings.*"],
    ["exchange", "numpy_functions", "testing", "backend"],
    ["bench.clock", "bench.inputs"],
    ["bench.function"],
    ["__init__"],
    ["gpucases"],
    ["info", "warm", "gpucheck", "gpureport", "bench.__main__"],
]
WITHIN = {"spellings.*": True, "kernels.cpu.*": True, "kernels.cuda.*": True, "ops.*": True}


def modules():
    for file in sorted(ROOT.rglob("*.py")):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        if name.endswith("__init__") and name != "__init__":
            assert file.read_text() == "", f"{name} must stay empty"
            continue
        yield name, file


def layer(name):
    for depth, row in enumerate(LAYERS):
        for entry in row:
            if name == entry or (entry.endswith(".*") and name.startswith(entry[:-1])):
                return depth, entry
    raise AssertionError(f"{name} has no layer")


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
            if name == "nbgrad":
                continue
            if name.startswith("nbgrad."):
                path = ROOT / Path(*name.split(".")[1:])
                if path.with_suffix(".py").exists():
                    yield name.removeprefix("nbgrad.")


def test_imports_go_down_only():
    for name, file in modules():
        depth, entry = layer(name)
        for target in imports(file):
            below, other = layer(target)
            inside = below == depth and WITHIN.get(entry) and (other == entry or "kernels" in other)
            own_layer = name in ("kernels.cpu.reduce", "kernels.cpu.elementwise") and below == depth
            kernels = name.startswith("kernels.cpu") and target.startswith("kernels.") and below == depth
            allowed = below < depth or inside or own_layer or kernels
            assert allowed, f"nbgrad.{name} imports nbgrad.{target}, which is not below it"


def test_ops_do_not_import_each_other_in_circles():
    graph = {name: set(imports(file)) for name, file in modules()}
    done, path = set(), []

    def visit(name):
        assert name not in path, f"import cycle: {' -> '.join([*path, name])}"
        if name in done:
            return
        path.append(name)
        for target in graph.get(name, ()):
            visit(target)
        path.pop()
        done.add(name)

    for name in graph:
        visit(name)


def test_no_import_inside_a_function():
    for name, file in modules():
        for function in ast.walk(ast.parse(file.read_text())):
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                late = [n for n in ast.walk(function) if isinstance(n, (ast.Import, ast.ImportFrom))]
                assert not late, f"nbgrad.{name}.{function.name} imports inside its body"


def test_numba_is_imported_for_the_compiler_alone():
    """A program whose kernels are cached does not wait for Numba to be imported."""
    graph = {name: set(imports(file)) for name, file in modules()}
    rooms = {f"kernels.cpu.{name.removeprefix('ops.')}" for name in graph if name.startswith("ops.")}
    reached, ahead = set(), {name for name in graph if not name.startswith("kernels.")} | rooms & set(graph)
    while ahead:
        reached |= ahead
        ahead = set().union(*[graph.get(name, ()) for name in ahead]) - reached
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
    assert found == {"driver", "streams", "kernels.cuda.compiler"}


def test_no_star_import():
    for name, file in modules():
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert all(a.name != "*" for a in node.names), f"nbgrad.{name} has a star import"


def test_core_needs_neither_numba_nor_ops():
    source = (ROOT / "core.py").read_text()
    assert "numba" not in source
    assert set(imports(ROOT / "core.py")) <= {"devices", "errors", "kernels", "kernels.table", "tensors"}


def test_kernels_know_nothing_of_derivatives():
    for name, file in modules():
        if name.startswith("kernels") or name == "devices":
            above = {"core", "tensors", "transforms", "structured", "scalar", "registry"}
            assert not above & set(imports(file)), name
