"""The kernel cache: found again, never trusted blindly, never fatal. Each run is a process of its own."""

import ctypes
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import config, errors
from nbgrad.kernels import cache, linker, store

PROGRAM = """
import nbgrad as nb
from nbgrad.kernels import cache
print(float(nb.grad(lambda x: nb.sum(nb.tanh(x)))(nb.asarray([0.5]))[0]), len(cache.COMPILED))
"""
EXP = """
import nbgrad as nb
from nbgrad.kernels import cache
print(float(nb.exp(nb.asarray([0.0]))[0]), len(cache.COMPILED))
"""


def run(folder, program=PROGRAM, before=None, **environment):
    """(output words, error text) of the program with this cache folder; `before` runs in it first."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "default:the kernel cache folder", "-c", program],
        env={**os.environ, "NBGRAD_CACHE_DIR": str(folder), **environment},
        preexec_fn=before,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split(), done.stderr


def kernels(folder):
    return [f for f in folder.glob("*/*") if not f.name.startswith(".")]


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("original") / "cache"
    out, err = run(folder)
    assert not err
    assert int(out[1]) > 0
    return folder


@pytest.fixture
def filled(original, tmp_path):
    """A cache folder with the kernels of PROGRAM."""
    return shutil.copytree(original, tmp_path / "cache")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A folder of its own for `store` in this process."""
    monkeypatch.setattr(store, "settings", config.Settings("cpu", tmp_path / "kept", None))
    return tmp_path / "kept"


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
    out, err = run(tmp_path / "file" / "cache", EXP)
    assert err.count("CacheWarning") == 1
    assert "NBGRAD_CACHE_DIR" in err
    assert int(out[1]) > 0


def test_no_cache_on_request(tmp_path):
    out, err = run("", EXP)
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
    assert config.read({"NBGRAD_CACHE_DIR": "kernels"}).cache == Path.cwd() / "kernels"
    assert config.read({"NBGRAD_DEVICE": "cpu"}).device == "cpu"
    assert [config.read({"NBGRAD_DEVICE": d}).device for d in ("cuda", "auto")] == ["cuda", "auto"]
    with pytest.raises(nb.errors.DeviceError, match=r"no device .gpu.\. Choose one of cpu, cuda, cuda-sim"):
        config.read({"NBGRAD_DEVICE": "gpu"})


@pytest.mark.parametrize("environment", [{}, {"NBGRAD_CACHE_DIR": "~/kernels"}])
def test_a_user_without_a_home_has_no_cache(monkeypatch, environment):
    def nowhere(*_):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    monkeypatch.setattr(Path, "expanduser", nowhere)
    with pytest.warns(errors.CacheWarning, match="home directory"):
        assert config.read(environment).cache is None


def test_threads_that_want_one_kernel_share_it():
    source = "def k_shared(x):\n    return x > 2.0"
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: cache.compile_kernel("k_shared", source, [float], bool), range(32)))
    assert len(set(map(id, made))) == 1
    assert made[0](3.0) is True


def test_threads_that_meet_new_ops_together(filled):
    """What one of them finds out about an op stays valid in the others, compiled steps included."""
    program = """
import threading
import numpy as np, nbgrad as nb
barrier, wrong = threading.Barrier(6), []
def work():
    barrier.wait()
    for _ in range(3):
        for op, want in ((nb.tanh, 1 - np.tanh(0.5) ** 2), (nb.square, 1.0), (nb.negative, -1.0)):
            found = float(nb.vjp(op, nb.asarray([0.5]))[1](np.ones(1))[0][0])
            if abs(found - want) > 1e-15:
                wrong.append(found)
several = [threading.Thread(target=work) for _ in range(6)]
for thread in several:
    thread.start()
for thread in several:
    thread.join()
print(wrong)
"""
    for _ in range(3):
        assert run(filled, program) == (["[]"], "")


def test_the_key_covers_versions_processor_and_sources(monkeypatch):
    before = cache.foundation()
    cache.foundation.cache_clear()
    for change in (
        lambda m: m.setattr(cache, "_numba", lambda: "0.0"),
        lambda m: m.setattr(cache.llvmlite, "__version__", "0.0"),
        lambda m: m.setattr(linker, "processor", lambda: ("another", "")),
        lambda m: m.setenv("NUMBA_OPT", "0"),
    ):
        with monkeypatch.context() as m:
            change(m)
            cache.foundation.cache_clear()
            assert cache.foundation() != before
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    cache.foundation.cache_clear()
    assert cache.foundation() == before


def test_a_cached_gradient_waits_for_neither_numba_nor_scipy(filled):
    out, err = run(filled, PROGRAM + "import sys; print({'numba', 'scipy'} & set(sys.modules))")
    assert not err
    assert out[1:] == ["0", "set()"]


def test_kernels_of_another_foundation_are_left_alone(filled):
    before = set(kernels(filled))
    out, err = run(filled, EXP, NUMBA_OPT="2")
    assert not err
    assert len(set(kernels(filled)) - before) == int(out[1]) > 0
    assert before < set(kernels(filled))
    assert len(list(filled.iterdir())) == 2


# ---------------------------------------------------------------- folders that cannot be used as they are
def _obey_permissions():
    """Root may write anywhere: give that up, for good, in a process about to start."""
    libc, drop, override = ctypes.CDLL(None), 24, 1
    libc.prctl(drop, override, 0, 0, 0)


def _small_files():
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


linux = pytest.mark.skipif(sys.platform != "linux", reason="uses Linux's limits of a process")


@linux
def test_a_read_only_folder_is_read(filled):
    for path in (filled, *filled.iterdir()):
        path.chmod(0o500)
    out, err = run(filled, before=_obey_permissions)
    assert not err
    assert int(out[1]) == 0
    out, err = run(filled, EXP + EXP.replace("exp", "cos"), before=_obey_permissions)
    assert out == ["1.0", "1", "1.0", "2"]
    assert err.count("CacheWarning") == 1
    assert "Permission denied" in err
    for path in (filled, *filled.iterdir()):
        path.chmod(0o700)


@linux
def test_a_full_disk_means_no_cache(tmp_path):
    out, err = run(tmp_path / "cache", EXP + EXP.replace("exp", "cos"), before=_small_files)
    assert out[::2] == ["1.0", "1.0"]
    assert int(out[1]) < int(out[3])
    assert err.count("CacheWarning") == 1
    assert "File too large" in err
    assert not list((tmp_path / "cache").glob("*/*"))


def test_a_folder_may_be_deleted_while_it_is_in_use(filled):
    program = f"{EXP}import shutil; shutil.rmtree({str(filled)!r})\n{EXP.replace('exp', 'cos')}"
    out, err = run(filled, program)
    assert (out, err) == (["1.0", "1", "1.0", "2"], "")
    assert len(kernels(filled)) == 1
    assert filled.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_becomes_unsafe_while_it_is_in_use_is_refused(filled):
    out, err = run(filled, f"{EXP}import os; os.chmod({str(filled)!r}, 0o777)\n{EXP.replace('exp', 'cos')}")
    assert out == ["1.0", "1"]
    assert "CacheError" in err


def test_a_kernel_whose_functions_are_gone_is_compiled_again(filled):
    for file in kernels(filled):
        payload = file.read_bytes()[32:].replace(b"\n\n", b"\nnbgrad_no_such_function\n\n", 1)
        file.write_bytes(store.hashlib.sha256(payload).digest() + payload)
    out, err = run(filled)
    assert not err
    assert int(out[1]) == len(kernels(filled))


def test_a_kernel_that_cannot_be_linked_is_named(monkeypatch):
    monkeypatch.setattr(linker, "missing", lambda symbols: ["absent"])
    with pytest.raises(errors.CacheError, match=r"k_unlinked needs .* absent"):
        cache.compile_kernel("k_unlinked", "def k_unlinked(x):\n    return x > 1.0", [float], bool)


def test_a_kernel_counts_its_arguments():
    kernel = cache.compile_kernel("k_counted", "def k_counted(x):\n    return x > 1.0", [float], bool)
    assert (kernel(2.0), kernel(0)) == (True, False)
    with pytest.raises(RuntimeError, match=r"k_counted.* takes 1 arguments"):
        kernel()
    with pytest.raises(TypeError):
        kernel("text")


def test_a_process_that_forks_while_a_kernel_is_compiled(filled):
    program = """
import os, sys, threading, time
import nbgrad as nb
x = nb.asarray([0.0])
other = threading.Thread(target=lambda: nb.cos(x))
other.start()
while "numba" not in sys.modules:
    time.sleep(0.001)
if not os.fork():
    print(float(nb.exp(x)[0]), float(nb.cos(x)[0]), flush=True)
    os._exit(0)
other.join()
print(os.wait()[1], "in all")
"""
    out, _ = run(filled, program)
    assert out == ["1.0", "1.0", "0", "in", "all"]


# -------------------------------------------------------------------------------------------------- growth
def _aged(path, hours):
    os.utime(path, (time.time() - 3600 * hours,) * 2)


def test_foundations_long_unused_are_dropped(kept):
    for k in range(20):
        group = kept / f"kernels-{k:016x}"
        group.mkdir(parents=True)
        (group / "key").write_text("")
        _aged(group, 100 - k)
    kept.chmod(0o700)
    (kept / "not ours").mkdir()
    store.write("f" * 64, "key", b"content")
    left = {path.name for path in kept.iterdir()}
    assert left == {"not ours", "kernels-" + "f" * 16, *[f"kernels-{k:016x}" for k in range(12, 20)]}


def test_a_folder_that_is_read_is_in_use(kept):
    store.write("f" * 64, "key", b"content")
    group = kept / ("kernels-" + "f" * 16)
    _aged(group, 100)
    assert store.read("f" * 64, "key") == b"content"
    assert time.time() - group.stat().st_mtime < 60


def test_old_kernels_and_what_killed_processes_left_are_dropped(kept, monkeypatch):
    group = kept / ("kernels-" + "f" * 16)
    group.mkdir(parents=True)
    kept.chmod(0o700)
    for k in range(10):
        (group / f"key{k}").write_bytes(b"x" * 100)
        _aged(group / f"key{k}", 10 - k)
    (group / ".new").write_text("")
    (group / ".old").write_text("")
    _aged(group / ".old", 2)
    monkeypatch.setattr(store, "_BYTES", 900)
    store.write("f" * 64, "key", b"content")
    assert {path.name for path in group.iterdir()} == {".new", "key", *[f"key{k}" for k in range(5, 10)]}


# ------------------------------------------------------------------------------------------------- warming
def _warm(folder, *arguments):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "nbgrad.warm", *arguments],
        env={**os.environ, "NBGRAD_CACHE_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.splitlines(), done.stderr


def test_warming_ops_compiles_them_once(tmp_path):
    out, err = _warm(tmp_path / "cache", "--jobs", "2", "--dtype", "float64", "sign")
    assert not err
    assert out[-1].split()[1:4] == ["kernels", "compiled,", "0"]
    assert int(out[-1].split()[0]) == len(kernels(tmp_path / "cache")) > 0
    out, _ = _warm(tmp_path / "cache", "--jobs", "1", "--dtype", "float64", "sign")
    assert out[-1].startswith(f"0 kernels compiled, {len(kernels(tmp_path / 'cache'))} loaded")


def test_warming_a_program_runs_it(filled, tmp_path):
    (tmp_path / "beside.py").write_text("word = 'found'")
    (tmp_path / "program.py").write_text(f"import sys, beside\nprint(beside.word, *sys.argv[1:])\n{PROGRAM}")
    out, err = _warm(filled, str(tmp_path / "program.py"), "--epochs", "1")
    assert not err
    assert out[0] == "found --epochs 1"
    assert out[-1].startswith(f"0 kernels compiled, {len(kernels(filled))} loaded")


def test_warming_needs_a_cache_and_known_ops(filled):
    assert "NBGRAD_CACHE_DIR" in _warm("", "sign")[1]
    assert "nothing: is not in the op table" in _warm(filled, "nothing")[1]
