"""numba-cuda itself on what stands for NVIDIA's driver: what that is asked, in order, and its errors."""

import fake_driver
import pytest
from fake_driver import run

pytestmark = fake_driver.NEEDED


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The folder of a libcuda.so.1."""
    return fake_driver.built(tmp_path_factory.mktemp("driver"))


START = "import numpy as np, nbgrad as nb\nfrom nbgrad.arrays import cuda\n"
CALLS = "import gc\n" + START + """
def part(name):
    print("--", name, flush=True)
part("upload")
x = nb.asarray(np.arange(10.0))
part("launch")
y = nb.exp(x)
part("download")
y.numpy()
part("again")
del y
gc.collect()                              # what Numba tried while it compiled may hold frames
y = nb.exp(x)
y.numpy()
part("another stream")
with nb.device("cuda", stream=0x70):
    z = nb.exp(x)
part("many bytes")
many = nb.asarray(np.arange(300_000.0))
print(np.array_equal(many.numpy(), np.arange(300_000.0)))
part("given back")
del x, y, z, many
print(nb.devices.release(), cuda.host().total)
"""
TOLD = """-- upload
allocate 512; pin 1048576; to the device 512 on (nil)
-- launch
allocate 512; launch 1 x 256 on (nil)
-- download
pin 1048576; to the host 512 on (nil); wait for stream (nil)
-- again
launch 1 x 256 on (nil); to the host 512 on (nil); wait for stream (nil)
-- another stream
event 2; record on (nil); stream 0x70 waits
allocate 512; launch 1 x 256 on 0x70
event 2; record on 0x70; stream (nil) waits
-- many bytes
allocate 2621440; event 2; record on (nil); pin 1048576; to the device 1048576 on (nil)
event 2; record on (nil); pin 1048576; to the device 1048576 on (nil)
event 2; record on (nil); pin 1048576; to the device 302848 on (nil)
pin 1048576; to the host 1048576 on (nil); event 2; record on (nil)
to the host 1048576 on (nil); wait for event; event 2; record on (nil)
to the host 302848 on (nil); wait for event; wait for stream (nil)
True
-- given back
wait for all
2622976 0
"""


def test_what_the_driver_is_asked(library):
    found = run(CALLS, NBGRAD_DEVICE="cuda", LD_LIBRARY_PATH=str(library), FAKE_LOG="1")
    told = [line for line in found.splitlines() if line != "free"]
    assert told == TOLD.replace("; ", "\n").splitlines(), found


SAY = START + """
import threading
def say(f):
    try:
        print(f())
    except nb.errors.DeviceError as error:
        print(str(error).split(". ")[0])
x = nb.asarray(np.ones(3))
"""
PROGRAMS = {
    "a fault of a kernel": ({"FAKE_FAULT": "1"}, """
y = nb.exp(x)
for f in (y.numpy, lambda: nb.exp(x), lambda: nb.asarray(np.ones(9)), nb.devices.release):
    say(f)
del x, y
with nb.device("cpu"):
    say(lambda: nb.sum(nb.ones(3)).item())
""", """the CUDA device failed, as an allocation of host memory says: Call to cuMemHostAlloc \
results in FAULT
the CUDA device failed, as an allocation says: Call to cuMemAlloc results in FAULT
the CUDA device failed, as an allocation says: Call to cuMemAlloc results in FAULT
the CUDA device failed, as a wait says: Call to cuCtxSynchronize results in FAULT
3.0
"""),
    "a launch that is refused": ({"FAKE_RESOURCES": "1"}, """
say(lambda: nb.exp(x))
say(lambda: nb.asarray(np.ones(3)).tolist())
""", """k_exp cannot be launched with 1 blocks of 256 threads: CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES: This \
indicates that a launch did not occur because it did not have appropriate resources
[1.0, 1.0, 1.0]
"""),
    "too little memory": ({}, """
many = nb.empty(1 << 26)
del many
say(lambda: nb.empty(1 << 28))
say(lambda: nb.empty(1 << 5).shape)
""", """there is no memory for 2147483648 bytes on the device (Call to cuMemAlloc results in \
CUDA_ERROR_OUT_OF_MEMORY); 512 bytes are in use, and 536870912 that were spare have been given back first
(32,)
"""),
    "arrays of numba.cuda's": ({}, """
from numba import cuda as theirs
stream = theirs.stream()
given = theirs.to_device(np.arange(6.0).reshape(3, 2), stream=stream)
print(nb.asarray(given).shape, nb.asarray(given).dtype, theirs.as_cuda_array(x).copy_to_host())
with nb.device("cuda", stream=stream):
    print(nb.asarray(given).__cuda_array_interface__["stream"] == int(stream))
print(nb.from_dlpack(x).shape, x.__dlpack_device__())
""", "(3, 2) float64 [1. 1. 1.]\nTrue\n(3,) (2, 0)\n"),
    "another thread": ({}, """
def work():
    with nb.device("cuda"):
        print(nb.asarray(np.arange(3.0)).tolist())
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(sorted(cuda.description()))
""", "[0.0, 1.0, 2.0]\n['compute capability', 'device', 'driver', 'memory']\n"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_on_the_driver(name, library):
    around, program, want = PROGRAMS[name]
    assert run(SAY + program, NBGRAD_DEVICE="cuda", LD_LIBRARY_PATH=str(library), **around) == want.replace(
        "FAULT", "CUDA_ERROR_ILLEGAL_ADDRESS")


MISSING = """
import sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if name == "cuda.bindings":
            raise {error}
sys.meta_path.insert(0, Without())
import nbgrad
"""


@pytest.mark.parametrize("error", ["ImportError('no cudart here')", "RuntimeError('no cudart here')"])
def test_packages_that_are_not_complete(error):
    found = run(MISSING.format(error=error), NBGRAD_DEVICE="cuda")
    assert found == ("nbgrad.errors.DeviceError: CUDA cannot be used: numba-cuda cannot be imported: no "
                     "cudart here. Run pip install 'nbgrad[cuda]', which brings the CUDA runtime along.")
    assert run(MISSING.format(error=error) + "print(nbgrad.ones(1).device)", NBGRAD_DEVICE="auto") == "cpu\n"


@pytest.mark.parametrize(("around", "want"), [
    ({"FAKE_VERSION": "12040"}, "the driver is for CUDA 12.4, and the installed packages are for CUDA 13. "
                                "Install a newer driver, or pip install 'nbgrad[cuda12]' in a fresh "
                                "environment."),
    ({"FAKE_VERSION": "11080"}, "the driver is for CUDA 11.8, and the installed packages are for CUDA 13. "
                                "Install a newer driver."),
    ({"FAKE_DEVICES": "0"}, "there is no CUDA device. Set NBGRAD_DEVICE=cpu (or cuda-sim to try CUDA kernels "
                            "without a device)."),
])
def test_drivers_that_do_not_do(around, want, library):
    around["LD_LIBRARY_PATH"] = str(library)
    assert run("import nbgrad as nb; print(nb.ones(1).device)", NBGRAD_DEVICE="auto", **around) == "cpu\n"
    found = run("import nbgrad", NBGRAD_DEVICE="cuda", **around)
    assert found == f"nbgrad.errors.DeviceError: CUDA cannot be used: {want}"
