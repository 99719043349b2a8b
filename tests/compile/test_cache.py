"""The kernel cache: found again, never trusted blindly, never fatal. Each run is a process of its own."""

import ctypes
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from test_layers import imports, modules

import nbgrad as nb
from nbgrad import errors
from nbgrad.arrays import config, memory
from nbgrad.arrays.dtypes import SUPPORTED
from nbgrad.compile import cache, folder, linker, store, target

PROGRAM = """
import nbgrad as nb
from nbgrad.compile import cache
print(float(nb.grad(lambda x: nb.sum(nb.tanh(x)))(nb.asarray([0.5]))[0]), len(cache.COMPILED))
"""
EXP = """
import nbgrad as nb
from nbgrad.compile import cache
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


# ------------------------------------------------------------------- files that are not what their name says
SEVERAL = """
import nbgrad as nb
from nbgrad.compile import cache
for name in "sin cos exp tan sqrt square negative sinh atan asinh exp2".split():
    print(float(getattr(nb, name)(nb.asarray([0.5]))[0]))
print(len(cache.COMPILED))
"""
VALUES = [np.sin, np.cos, np.exp, np.tan, np.sqrt, np.square, np.negative, np.sinh, np.arctan, np.arcsinh,
          np.exp2]


def forge(file, change):
    """Give a kernel's file another payload, under its own name and with the right digest."""
    name, _, payload = file.read_bytes()[32:].partition(b"\n")
    named = name + b"\n" + change(payload)
    file.write_bytes(hashlib.sha256(named).digest() + named)


def right(out):
    np.testing.assert_allclose([float(word) for word in out[:-1]], [f(0.5) for f in VALUES], rtol=1e-15)
    return int(out[-1])


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    folder = tmp_path_factory.mktemp("several") / "cache"
    out, err = run(folder, SEVERAL)
    assert not err
    assert right(out) == len(kernels(folder)) == len(VALUES)
    return folder


def _replaced(make):
    def damage(file):
        file.unlink()
        make(file)

    return damage


def _folder_in_the_way(file):
    file.mkdir()
    (file / "inside").write_text("")


def _sparse(file):
    os.truncate(file, 1 << 40)


DAMAGE = {
    "fifo": _replaced(os.mkfifo), "folder": _replaced(_folder_in_the_way),
    "socket": _replaced(lambda f: os.mknod(f, stat.S_IFSOCK | 0o600)),
    "link": lambda f: (f.rename(f.parents[1] / "elsewhere"), f.symlink_to(f.parents[1] / "elsewhere")),
    "dangling link": _replaced(lambda f: f.symlink_to("nowhere")), "a terabyte": _sparse,
    "others may write": lambda f: f.chmod(0o622), "no header": lambda f: forge(f, lambda p: b"x" * 100),
    "no text": lambda f: forge(f, lambda p: b"\xff\xfe\x00\n\n" + p.partition(b"\n\n")[2]),
    "another symbol": lambda f: forge(f, lambda p: b"k_" + p),
    "no code": lambda f: forge(f, lambda p: p.partition(b"\n\n")[0] + b"\n\n"),
}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="makes what only Unix has")
def test_what_is_no_kernel_is_compiled_again_and_replaced(several, tmp_path):
    folder = shutil.copytree(several, tmp_path / "cache")
    files = sorted(kernels(folder))
    assert len(files) == len(DAMAGE)
    for file, damage in zip(files, DAMAGE.values(), strict=True):
        damage(file)
    out, err = run(folder, SEVERAL)
    assert not err
    assert right(out) == len(files)
    out, err = run(folder, SEVERAL)
    assert not err
    assert right(out) == 0
    assert all(file.is_file() and not file.is_symlink() for file in files)


def test_a_file_under_the_name_of_another_is_not_loaded(several, tmp_path):
    folder = shutil.copytree(several, tmp_path / "cache")
    files = sorted(kernels(folder))
    contents = [file.read_bytes() for file in files]
    for file, content in zip(files, [*contents[1:], contents[0]], strict=True):
        file.write_bytes(content)
    out, err = run(folder, SEVERAL)
    assert not err
    assert right(out) == len(files)
    group = files[0].parent                   # and not from another foundation
    group.rename(group.with_name("kernels-" + "0" * 16))
    out, err = run(folder, SEVERAL)
    assert not err
    assert right(out) == len(files)
    shutil.rmtree(group)
    group.with_name("kernels-" + "0" * 16).rename(group)
    for file in kernels(folder):
        name, _, payload = file.read_bytes()[32:].partition(b"\n")
        named = name.replace(name[7:17], b"0" * 10) + b"\n" + payload
        file.write_bytes(hashlib.sha256(named).digest() + named)
    assert right(run(folder, SEVERAL)[0]) == len(files)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("whose", ["file", "group"])
def test_what_belongs_to_someone_else_is_compiled_again(filled, whose):
    count = len(kernels(filled))
    for path in kernels(filled) if whose == "file" else filled.iterdir():
        os.chown(path, 12345, -1)
    out, err = run(filled)
    assert not err
    assert int(out[1]) == count
    assert int(run(filled)[0][1]) == 0


@pytest.mark.parametrize("make", [
    lambda group, away: group.symlink_to(away), lambda group, away: group.write_text(""),
    lambda group, away: (shutil.copytree(away, group), group.chmod(0o770))], ids=["link", "file", "writable"])
def test_a_group_folder_that_is_unfit_is_put_aside(filled, tmp_path, make):
    (group,) = filled.iterdir()
    group.rename(tmp_path / "away")
    make(group, tmp_path / "away")
    out, err = run(filled)
    assert not err
    assert int(out[1]) > 0
    out, err = run(filled)
    assert not err
    assert int(out[1]) == 0
    assert group.is_dir() and not group.is_symlink() and group.stat().st_mode & 0o777 == 0o700


def test_a_cache_folder_that_is_a_link_is_refused_and_links_above_it_are_followed(filled, tmp_path):
    (tmp_path / "link").symlink_to(filled)
    out, err = run(tmp_path / "link")
    assert not out
    assert "CacheError" in err and "is a link" in err and "NBGRAD_CACHE_DIR" in err
    (tmp_path / "above").symlink_to(tmp_path)
    out, err = run(tmp_path / "above" / "cache")
    assert not err
    assert int(out[1]) == 0


@pytest.mark.skipif(os.name != "posix", reason="where there are no descriptors of folders, names are used")
def test_a_folder_that_is_open_stays_the_same_whatever_its_name_leads_to(tmp_path):
    mine, other = tmp_path / "mine", tmp_path / "other"
    for each in (mine, other):
        each.mkdir(mode=0o700)
        (each / "group").mkdir(mode=0o700)
        (each / "group" / "key").write_text(each.name)
    with folder.opened(mine) as top:
        mine.rename(tmp_path / "moved")
        mine.symlink_to(other)
        with top.open("group") as group:
            assert group.read("key", 100) == b"mine"
            group.write("new", b"content")
        with top.made("made") as group:
            group.write("key", b"content")
        assert [name for name, _ in top.entries()] and top.remove("group") is None
    assert sorted(path.name for path in (tmp_path / "moved").iterdir()) == ["made"]
    assert sorted(path.name for path in (other / "group").iterdir()) == ["key"]
    assert not (other / "made").exists()


def test_several_processes_write_read_and_tidy_one_folder(tmp_path):
    program = """
import sys, time
from nbgrad.compile import store
store._FOUNDATIONS, store._BYTES, end, wrong = 2, 3000, time.monotonic() + 2, 0
k = int(sys.argv[1])
while time.monotonic() < end:
    k += 1
    foundation, key = str(k % 5) * 64, str(k % 7) * 32
    store._tidy.cache_clear()
    store.write(foundation, key, foundation.encode() + key.encode() * 20)
    found = store.read(foundation, key)
    wrong += found is not None and found != foundation.encode() + key.encode() * 20
    store.sizes()
print(wrong)
"""
    environment = {**os.environ, "NBGRAD_CACHE_DIR": str(tmp_path / "cache")}
    several = [subprocess.Popen([sys.executable, "-W", "error", "-c", program, str(k)], env=environment,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for k in range(3)]
    for process in several:
        assert process.communicate() == ("0\n", "")


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
        lambda m: m.setattr(target, "processor", lambda: ("another", "")),
        lambda m: m.setenv("NUMBA_OPT", "0"),
    ):
        with monkeypatch.context() as m:
            change(m)
            cache.foundation.cache_clear()
            assert cache.foundation() != before
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    cache.foundation.cache_clear()
    assert cache.foundation() == before


def test_the_key_covers_every_module_that_is_compiled_in(tmp_path, monkeypatch):
    """Found once more, on the syntax tree; each of them changes the foundation, and is found in a moment."""
    graph = {f"nbgrad.{name}": {f"nbgrad.{other}" for other in imports(file)} for name, file in modules()}
    reached, ahead = set(), {cache._COMPILER}
    while ahead:
        reached |= ahead
        ahead = set().union(*[graph[name] for name in ahead]) - reached
    assert set(cache.sources(cache._COMPILER)) == reached
    assert reached >= {"nbgrad.arrays.memory", "nbgrad.compile.cpu.parallel"}
    package = Path(nb.__file__).parent
    shutil.copytree(package, tmp_path / "nbgrad", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(cache, "_ROOT", tmp_path)
    known = cache.foundation, cache.reached, cache.written_by, cache._text, cache._imports

    def hashed():
        """Of what every kernel, and of what a function depends on."""
        for each in known:
            each.cache_clear()
        written = cache.written_by("nbgrad.compile.cpu.dialect"), cache.reached("nbgrad.kernels.cpu.along")
        return cache.foundation(), written

    import_module("nbgrad.kernels.cpu.along")
    before = hashed()
    written = {"nbgrad.kernels.cpu.walk", "nbgrad.kernels.cpu.along", "nbgrad.compile.functions"}
    for name in sorted(reached | written):
        file = tmp_path.joinpath(*name.split(".")).with_suffix(".py")
        text = file.read_text()
        late = name in reached and "import_module" in text
        assert not late, f"{name} may import what the key does not cover"
        file.write_text(text + "\n")
        assert (name in reached) == (hashed()[0] != before[0]), name
        assert hashed()[1] != before[1] or name not in written, name
        file.write_text(text)
    assert hashed() == before
    monkeypatch.undo()
    for each in known:
        each.cache_clear()


def test_kernels_of_several_modules_are_found_by_the_next_process(tmp_path):
    """Their names depend on nothing that was imported to compile the first of them."""
    code = """
import numpy as np
from nbgrad.compile import cache
from nbgrad.kernels.cpu import contract, random
x = np.ones((3, 4))
random.drop(np.empty(12), x, 0.5, 3)
contract.matmul(x, x.T)
print(len(cache.LOADED), len(cache.COMPILED))
"""
    known = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                            env={**os.environ, "NBGRAD_CACHE_DIR": str(tmp_path)}).stdout for _ in range(2)]
    assert known == ["2 2\n", "2 0\n"]


def test_all_that_compiled_code_can_name_is_in_modules_that_the_key_covers():
    """What is compiled in without an import would be found here: the functions' own modules."""
    covered, seen, ahead = set(cache.sources(cache._COMPILER)), set(), [import_module(cache._COMPILER)]
    while ahead:
        module = ahead.pop()
        if module.__name__ in seen:
            continue
        seen.add(module.__name__)
        named = [*vars(module).values()]
        named += [value for scope in named if type(scope) is dict for value in scope.values()]
        for value in (getattr(value, "_defn", value) for value in named):
            home = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
            if isinstance(home, str) and home.startswith("nbgrad."):
                assert home in covered or hasattr(sys.modules[home], "__path__"), (home, module.__name__)
                ahead.append(sys.modules[home])
    assert len(seen) > 10


def test_kernels_take_the_dtypes_that_arrays_have():
    assert {f"new_{dtype}" for dtype in SUPPORTED} == {
        word for word in import_module("nbgrad.compile.cpu.words").SCOPE if word.startswith("new_")}
    assert {np.dtype(name) for name in memory.DTYPES} == SUPPORTED


def test_settings_of_numba_in_a_file_are_part_of_the_key(tmp_path, monkeypatch):
    before = cache.foundation()
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".numba_config.yaml").write_text("opt: 0\n")
    cache.foundation.cache_clear()
    changed = cache.foundation()
    (tmp_path / ".numba_config.yaml").unlink()
    cache.foundation.cache_clear()
    assert changed != before == cache.foundation()


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
        forge(file, lambda payload: payload.replace(b"\n\n", b"\nnbgrad_no_such_function\n\n", 1))
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


def test_a_folder_that_goes_while_a_kernel_is_written_is_made_again(kept, monkeypatch):
    write, gone = folder.Folder.write, []

    def unlucky(self, name, content):
        if not gone:
            gone.append(shutil.rmtree(kept))
        write(self, name, content)

    monkeypatch.setattr(folder.Folder, "write", unlucky)
    store.write("f" * 64, "key", b"content")
    assert gone and store.read("f" * 64, "key") == b"content"


def test_an_interrupt_leaves_no_half_of_a_file(kept, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(folder.Folder, "_rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.write("f" * 64, "key", b"content")
    assert not list(kept.glob("*/*")) and not list(kept.glob("*/.*"))


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


def test_processes_that_start_together_compile_each_kernel_once(tmp_path):
    program = PROGRAM.replace("len(cache.COMPILED)", "*cache.COMPILED")
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: run(tmp_path / "cache", program), range(3)))
    assert not any(err for _, err in found)
    compiled = [key for out, _ in found for key in out[1:]]
    assert len(compiled) == len(set(compiled)) > 2
    assert len(kernels(tmp_path / "cache")) == len(compiled)
    assert not list((tmp_path / "cache").glob("*/.*")), "no lock stays"


def test_one_at_a_time_makes_a_kernel(kept):
    events = []

    def make(name):
        with store.alone("f" * 64, "key"):
            events.append(name)
            time.sleep(0.2)
            events.append(name)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(make, "ab"))
    assert events in (["a", "a", "b", "b"], ["b", "b", "a", "a"])
    (kept / f"kernels-{'f' * 16}" / ".key.lock").touch()          # of a process that was killed
    make("c")
    assert not list(kept.glob("*/.*"))
    with pytest.raises(ValueError, match="of the compiler"), store.alone("f" * 64, "key"):
        raise ValueError("of the compiler")
    with store.alone("f" * 64, "key"), store.alone("f" * 64, "other"):
        pass


def test_where_nothing_can_be_locked_kernels_are_made_all_the_same(kept, monkeypatch):
    def refuse(*_):
        raise OSError("no locks here")

    monkeypatch.setattr(folder._FLOCK, "flock", refuse)
    entered = []
    with store.alone("f" * 64, "key"):
        entered.append(1)
    monkeypatch.setattr(store, "settings", config.Settings("cpu", None, None))
    with store.alone("f" * 64, "key"):
        entered.append(2)
    assert entered == [1, 2]
