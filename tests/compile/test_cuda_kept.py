"""CUDA kernels on disk: a later process compiles none, and none stands for another.

numba-cuda itself is run on what stands for the driver; each run is a process of its own.
"""

import hashlib
import json
import os
import shutil
import sys
import zlib
from pathlib import Path
from types import SimpleNamespace

import fake_driver
import pytest
from fake_driver import ended, run, started

from nbgrad.arrays.config import Settings
from nbgrad.compile import store
from nbgrad.compile.cuda import kept

pytestmark = fake_driver.NEEDED

# Counts what numba-cuda compiles: functions typed and lowered, PTX, machine code. It hashes what it has.
PROGRAM = """
import hashlib, os
from unittest import mock
import numpy as np
import nbgrad as nb
from nbgrad.arrays.driver import target
from nbgrad.compile import cache
from numba.cuda import dispatcher
from numba.cuda.cudadrv import driver, nvvm

f, other = nb.elementwise("line", lambda x: x * 2 + 1), nb.elementwise("other", lambda x: x * 3 + 1)
def counted(place, name):
    return mock.patch.object(place, name, autospec=True, side_effect=getattr(place, name))

with (counted(dispatcher, "compile_cuda") as typed, counted(nvvm, "compile_ir") as written,
      counted(driver._Linker, "complete") as linked):
    x = nb.asarray(np.ones(3))
    f(x), nb.sum(x)
    {more}
libraries = [kernel._codelibrary for _, kernel in sorted(cache.LOADED.items())]
codes = [code.code for library in libraries for code in library._cubin_cache.values()]
codes += [library.get_asm_str().encode() for library in libraries]
mark = hashlib.sha256(b"".join(codes)).hexdigest()[:8]
print(*[count.call_count for count in (typed, written, linked)], len(cache.COMPILED), len(cache.LOADED), mark)
"""
PLAIN = PROGRAM.format(more="")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return fake_driver.built(tmp_path_factory.mktemp("driver"))


@pytest.fixture(scope="module")
def machine(library, tmp_path_factory):
    """The environment of a program, with a cache folder, and what the first one said, which compiled."""
    around = {"NBGRAD_DEVICE": "cuda", "LD_LIBRARY_PATH": str(library),
              "NBGRAD_CACHE_DIR": str(tmp_path_factory.mktemp("kept") / "cache")}
    return around, run(PLAIN, **around)


def files(around):
    return sorted(f for f in Path(around["NBGRAD_CACHE_DIR"]).glob("*/*") if not f.name.startswith("."))


@pytest.fixture
def apart(machine, tmp_path):
    """The environment with a copy of the cache folder."""
    around, _ = machine
    copied = shutil.copytree(around["NBGRAD_CACHE_DIR"], tmp_path / "cache")
    return around | {"NBGRAD_CACHE_DIR": str(copied)}


def test_a_second_process_compiles_nothing(machine):
    around, first = machine
    typed, written, *others, mark = first.split()
    assert int(typed) >= 2 <= int(written), first
    assert others == ["2", "2", "2"], first
    assert run(PLAIN, **around) == f"0 0 0 0 2 {mark}\n"


def test_what_is_kept_is_text_and_machine_code(machine):
    around, _ = machine
    assert len(files(around)) == 2
    for file in files(around):
        about, _, linked = zlib.decompress(content(file)).partition(b"\n")
        assert json.loads(about)["target"] == [9, 0, "a"]
        assert ".target sm_90" in json.loads(about)["ptx"][0]
        assert linked[:4] == b"\x7fELF"
        assert file.stat().st_mode & 0o077 == 0


def content(file):
    """What a file keeps, behind its digest, which is right, and its name."""
    digest, named = file.read_bytes()[:32], file.read_bytes()[32:]
    assert hashlib.sha256(named).digest() == digest
    return named.partition(b"\n")[2]


def test_another_source_and_another_dtype_are_compiled_beside_what_is_kept(apart):
    more = "other(x), f(nb.asarray(np.ones(4, np.float32)))"
    found = run(PROGRAM.format(more=more), **apart).split()
    assert found[2:5] == ["2", "2", "4"], found


def test_another_device_has_its_own_kernels(apart):
    more = """
    before, os.environ["FAKE_VERSION"] = target(), "13030"
    assert (before, target()) == ("8.0 (13, 2)", "8.0 (13, 3)")"""
    found = run(PROGRAM.format(more=more), **apart, FAKE_MAJOR="8").split()
    assert found[2:5] == ["2", "2", "2"], found
    assert len(files(apart)) == 4


def test_what_is_damaged_is_compiled_again(apart):
    cut, changed = files(apart)
    cut.write_bytes(cut.read_bytes()[:-1])
    damaged = bytearray(changed.read_bytes())
    damaged[-20] ^= 1
    changed.write_bytes(damaged)
    assert run(PLAIN, **apart).split()[2:5] == ["2", "2", "2"]
    assert all(zlib.decompress(content(file)) for file in files(apart))
    assert len(files(apart)) == 2


def test_processes_keep_kernels_at_the_same_time(machine, tmp_path):
    around = machine[0] | {"NBGRAD_CACHE_DIR": str(tmp_path / "cache")}
    for process in [started(PLAIN, **around) for _ in range(2)]:
        assert ended(process).split()[4] == "2"
    assert [len(zlib.decompress(content(file))) > 1000 for file in files(around)] == [True, True]


def test_warming_keeps_them(machine, tmp_path):
    around = machine[0] | {"NBGRAD_CACHE_DIR": str(tmp_path / "cache")}
    program = "from nbgrad import warm; warm.main()"
    told = run(program, "--jobs", "1", "--dtype", "float64", "sign", **around)
    count = len(files(around))
    assert count > 0
    assert told.startswith(f"{count} kernels compiled, 0 loaded, "), told
    assert f" holds {count}, " in told


@pytest.mark.parametrize("told", [{"call_helper": object()}, {"sizes": (1, 2)}, {1: "one"}])
def test_what_json_has_not_is_not_kept(told, monkeypatch, tmp_path):
    """As what numba-cuda knows of the errors of kernels that are to be debugged."""
    monkeypatch.setattr(store, "settings", Settings("cpu", tmp_path / "cache", None))
    kept.write("known", kept.Code({"call_helper": None}, b"code"))
    kept.write("other", kept.Code(told, b"code"))
    assert kept.read("known") == kept.Code({"call_helper": None}, b"code")
    assert kept.read("other") is None


def test_this_version_of_numba_cuda_is_known():
    """Of 0.24 to 0.30 it is; one that is not has its kernels compiled in every process."""
    from numba.cuda.core.caching import NullCache

    class Other(NullCache):
        def load_overload(self, signature):
            return None

    assert kept._fits(NullCache)
    assert not kept._fits(Other)
    for unknown in (SimpleNamespace(_cache=Other(), targetoptions={}), SimpleNamespace()):
        before = vars(unknown).copy()
        kept.keep(unknown, "k", "")
        assert vars(unknown) == before


PTX = """
import sys
from pathlib import Path
from unittest import mock
import numpy as np
from ptx import front
import nbgrad as nb
from nbgrad.arrays import cuda

cuda.connect("cuda", front.Front(Path(sys.argv[1])), **front.LAUNCHES)
with nb.device("cuda"), mock.patch.object(front, "compile_ptx", wraps=front.compile_ptx) as compiled:
    print(nb.grad(lambda x: nb.sum(nb.tanh(x)))(nb.asarray([0.0])).tolist(), compiled.call_count)
"""


def test_ptx_that_is_kept_is_executed(tmp_path):
    around = {"NBGRAD_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": os.pathsep.join(sys.path)}
    first, second = (run(PTX, str(tmp_path / name), **around).split() for name in ("first", "second"))
    assert first[0] == second[0] == "[1.0]"
    assert int(first[1]) > 1
    assert second[1] == "0"
    left, right = ({file.name for file in (tmp_path / name).iterdir()} for name in ("first", "second"))
    assert left == right                  # named by their text
