"""Sessions for nox: `nox` runs tests, lint and types; `nox -s bench` runs the benchmark with its peers.

`nox -s dashboard` makes the site of the benchmarks' history in .asv/html; `-- --open` shows it.
"""
import nox

nox.options.sessions = ["tests", "lint", "types"]


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session):
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-n", "2", "-q", *session.posargs)


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


@nox.session
def dashboard(session):
    session.install(*nox.project.load_toml("pyproject.toml")["project"]["optional-dependencies"]["dashboard"])
    session.run("python", "benchmarks/dashboard.py", *session.posargs)
