"""Sessions for nox: `nox` runs tests, lint and types; `nox -s bench` runs the benchmark with its peers.

`nox -s cuda` proves the CUDA kernels without a GPU. `nox -s bench-compare` compares the working tree's speed
with main's, `nox -s bench-record` keeps that of commits; `nox -s dashboard` makes the site of the benchmarks'
history in .asv/html; `-- --open` shows it. `nox -s docs` makes the documentation's site in docs/_build/html,
with the dashboard in it. `nox -s release` builds a release in dist/ and tries it. `nox -s conformance --
FOLDER` runs the tests of the array API standard, a clone of data-apis/array-api-tests with its submodule.
"""
import shutil
from pathlib import Path

import nox

nox.options.sessions = ["tests", "lint", "types"]

RELEASED = ["tests/test_release.py", "tests/test_public.py", "tests/define"]


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session):
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-n", "2", "-q", *session.posargs)


@nox.session
def cuda(session):
    """The CUDA kernels' cost; then simulated, executed as PTX in our interpreter, and assembled."""
    session.install("-e", ".[test,cuda]")
    session.run("python", "tools/gpureport.py")
    session.run("python", "tests/ptx/ladder.py", *session.posargs)


@nox.session
def interop(session):
    """nbgrad beside all packages that it works with, PyTorch and jax too."""
    session.install("-e", ".[test]", "torch>=2.5", "jax>=0.4.35")
    session.run("python", "-m", "pytest", "-q", "-rs", "tests/interop", "tests/test_distributed.py",
                *session.posargs)


@nox.session
def conformance(session):
    """The array API standard's own tests, of nbgrad and of NumPy in one environment: their closing lines.

    What fails for nbgrad alone is listed; docs/conformance.md says why.
    """
    if not session.posargs:
        session.error("say where a clone of data-apis/array-api-tests is: nox -s conformance -- FOLDER")
    folder, *options = session.posargs
    session.install("-e", ".", "pytest", "pytest-json-report", "hypothesis>=6.151", "ndindex>=1.8")
    session.chdir(Path(folder).resolve())
    for version in ("2024.12", "2025.12"):
        closing, failed = {}, {}
        for module in ("nbgrad.interop.array_api", "numpy"):
            settings = {"ARRAY_API_TESTS_MODULE": module, "ARRAY_API_TESTS_VERSION": version}
            said = session.run("python", "-m", "pytest", "-q", "--disable-deadline", "--derandomize",
                               "array_api_tests", *options, env=settings, success_codes=[0, 1], silent=True)
            lines = said.strip().splitlines()
            failed[module] = {line.split(" - ")[0] for line in lines if line.startswith("FAILED ")}
            closing[module] = lines[-1]
        ours, numpys = failed.values()
        for module, line in closing.items():
            print(f"{version} {module}: {line}")
        print(*sorted(ours - numpys), sep="\n")


@nox.session
def lint(session):
    session.install("ruff>=0.12")
    session.run("ruff", "check", ".", *session.posargs)


@nox.session
def types(session):
    session.install("-e", ".", "mypy>=1.13", "packaging>=24.2")
    session.run("mypy", *session.posargs)


@nox.session
def bench(session):
    session.install("-e", ".[bench]")
    session.run("python", "benchmarks/peers.py", "--quick", *session.posargs)


@nox.session(name="bench-compare")
def bench_compare(session):
    session.install("-e", ".")
    session.run("python", "benchmarks/compare.py", *session.posargs)


@nox.session(name="bench-record")
def bench_record(session):
    session.install("-e", ".", "asv==0.6.6", "mpmath>=1.3")
    session.run("python", "benchmarks/record.py", *session.posargs)


@nox.session
def dashboard(session):
    session.install("-e", ".[dashboard]")
    session.run("python", "benchmarks/dashboard.py", *session.posargs)


@nox.session
def docs(session):
    """The documentation's site, which is then looked at in chromium, where that is installed."""
    session.install("-e", ".[docs]")
    session.run("python", "tools/documentation.py", *session.posargs)
    tests = ["tests/tools/test_pages.py", "tests/tools/test_site.py"]
    session.run("python", "-m", "pytest", "-q", "-rs", *tests, env={"NBGRAD_SITE": "docs/_build"})


@nox.session(name="dashboard-pictures")
def dashboard_pictures(session):
    dashboard(session)
    session.run("python", "benchmarks/screenshots.py")


@nox.session
def release(session):
    """Build dist/; a new environment takes the wheel, then the source distribution with its own tests."""
    session.install("build", "twine", "packaging>=24.2")
    dist, work = Path("dist").resolve(), Path(session.create_tmp()).resolve()
    for folder in (dist, work):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    session.run("python", "-m", "build", "--outdir", str(dist))
    session.run("twine", "check", "--strict", *map(str, dist.iterdir()))
    session.run("python", "tools/release.py", str(dist))
    wheel, sdist = *dist.glob("*.whl"), *dist.glob("*.tar.gz")
    shutil.unpack_archive(sdist, work, filter="data")
    session.chdir(work)
    session.run("python", "-m", "venv", "venv")
    python = str(work / "venv" / "bin" / "python")
    session.run(python, "-m", "pip", "install", "-q", str(wheel), external=True)
    session.run(python, "-c", "import nbgrad as nb; assert nb.grad(nb.square)(3.0) == 6", external=True)
    session.chdir(work / sdist.name.removesuffix(".tar.gz"))
    session.run(python, "-m", "pip", "install", "-q", "-e", ".[test]", external=True)
    session.run(python, "-m", "pytest", "-q", "-x", *(session.posargs or RELEASED), external=True)
