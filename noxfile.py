"""Sessions for nox: `nox` runs tests, lint and types; `nox -s bench` runs the benchmark with its peers.

`nox -s cuda` proves the CUDA kernels without a GPU. `nox -s bench-compare` compares the working tree's speed
with main's, `nox -s bench-record` keeps that of commits; `nox -s dashboard` makes the site of the benchmarks'
history in .asv/html; `-- --open` shows it. `nox -s docs` makes the documentation's site in docs/_build/html,
with the dashboard in it.
"""
import nox

nox.options.sessions = ["tests", "lint", "types"]


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
def lint(session):
    session.install("ruff>=0.12")
    session.run("ruff", "check", ".", *session.posargs)


@nox.session
def types(session):
    session.install("-e", ".", "mypy>=1.13")
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
    session.install(*nox.project.load_toml("pyproject.toml")["project"]["optional-dependencies"]["dashboard"])
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
