"""The kernel cache: found again, never trusted blindly, never fatal. Each run is a process of its own."""

import os
import subprocess
import sys

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import config
from nbgrad.kernels import cache

PROGRAM = """
import nbgrad as nb
from nbgrad.kernels import cache
built = []
build = cache._build
cache._build = lambda *a: (built.append(a[1]), build(*a))[1]
print(float(nb.grad(lambda x: nb.sum(nb.tanh(x)))(nb.asarray([0.5]))[0]), len(built))
"""


def run(folder, program=PROGRAM):
    """(output words, error text) of the program with this cache folder."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "default:the kernel cache folder", "-c", program],
        env={**os.environ, "NBGRAD_CACHE_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split(), done.stderr


def kernels(folder):
    return [f for f in folder.glob("*/*") if not f.name.startswith(".")]


@pytest.fixture
def filled(tmp_path):
    folder = tmp_path / "cache"
    out, err = run(folder)
    assert not err
    assert int(out[1]) > 0
    return folder


def test_a_second_process_compiles_nothing(filled):
    out, err = run(filled)
    assert not err
    assert int(out[1]) == 0
    assert float(out[0]) == pytest.approx(1 - np.tanh(0.5) ** 2, rel=1e-15)
    assert filled.stat().st_mode & 0o777 == 0o700
    assert not list(filled.glob("**/.*"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b[: len(b) // 2],
        lambda b: b"",
        lambda b: b[:40] + bytes([b[40] ^ 1]) + b[41:],
        lambda b: b"x" * 100,
    ],
    ids=["truncated", "empty", "one bit", "garbage"],
)
def test_a_damaged_file_is_compiled_again(filled, damage):
    files = kernels(filled)
    for f in files:
        f.write_bytes(damage(f.read_bytes()))
    out, err = run(filled)
    assert not err
    assert int(out[1]) == len(files)
    assert int(run(filled)[0][1]) == 0


def test_a_folder_that_others_can_write_is_refused(filled):
    filled.chmod(0o777)
    out, err = run(filled)
    assert not out
    assert "CacheError" in err
    assert "chmod 700" in err


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_someone_else_is_refused(filled):
    os.chown(filled, 12345, -1)
    _, err = run(filled)
    assert "CacheError" in err
    assert "belongs to user 12345" in err


def test_a_folder_that_cannot_be_made_means_no_cache(tmp_path):
    (tmp_path / "file").write_text("")
    out, err = run(tmp_path / "file" / "cache")
    assert err.count("CacheWarning") == 1
    assert "NBGRAD_CACHE_DIR" in err
    assert int(out[1]) > 0


def test_no_cache_on_request(tmp_path):
    out, err = run("")
    assert not err
    assert int(out[1]) > 0


def test_two_processes_fill_one_folder(tmp_path):
    environment = {**os.environ, "NBGRAD_CACHE_DIR": str(tmp_path / "cache")}
    both = [
        subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [p.communicate()[0].split()[0] for p in both]
    assert outputs[0] == outputs[1]
    assert int(run(tmp_path / "cache")[0][1]) == 0


def test_kernels_of_several_processes_live_together(filled):
    """Kernels loaded and kernels compiled here may have equal numbers inside Numba, never equal names."""
    more = "print(float(nb.grad(lambda x: nb.sum(nb.sin(x) * nb.exp(x)))(nb.asarray([0.0]))[0]))"
    run(filled, f"import nbgrad as nb; {more}")
    out, err = run(filled, f"{PROGRAM}\n{more}\nprint(float(nb.sum(nb.cosh(nb.asarray([0.0])))))")
    assert not err
    assert [float(word) for word in out[-2:]] == [1, 1]


def test_a_kernel_that_can_raise_is_loaded_whole(tmp_path):
    """Numba's integer power has an error path, which a loaded kernel must be able to link to."""
    program = "import nbgrad as nb; x = nb.asarray([3]); print(nb.pow(2, x)[0], nb.pow(x, 2 * x)[0])"
    for _ in range(2):
        assert run(tmp_path / "cache", program) == (["8", "729"], "")


def test_settings_come_from_the_environment(tmp_path):
    assert config.read({"NBGRAD_CACHE_DIR": str(tmp_path)}).cache == tmp_path
    assert config.read({"NBGRAD_CACHE_DIR": ""}).cache is None
    assert config.read({"XDG_CACHE_HOME": str(tmp_path)}).cache.name == "nbgrad"
    assert config.read({"NBGRAD_DEVICE": "cpu"}).device == "cpu"
    with pytest.raises(nb.errors.DeviceError, match="NBGRAD_DEVICE='cuda'"):
        config.read({"NBGRAD_DEVICE": "cuda"})


def test_the_key_covers_versions_processor_and_sources(monkeypatch):
    before = cache.foundation()
    cache.foundation.cache_clear()
    for change in (lambda m: m.setattr(cache, "_numba", lambda: "0.0"), lambda m: m.setenv("NUMBA_OPT", "0")):
        with monkeypatch.context() as m:
            change(m)
            cache.foundation.cache_clear()
            assert cache.foundation() != before
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    cache.foundation.cache_clear()
    assert cache.foundation() == before
