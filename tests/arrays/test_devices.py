"""Devices: choosing one, moving between them, and what is refused; Numba's simulator stands for a device.

The device of a process is chosen once, so each program here is a process of its own.
"""

import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

import nbgrad as nb

without_cuda = pytest.mark.skipif(find_spec("numba_cuda") is not None, reason="numba-cuda is installed")
simulated = pytest.mark.skipif(find_spec("numba_cuda") is None, reason="numba-cuda is not installed")


def run(program, **environment):
    """The closing output of a program: its output, or the last line of what it died of."""
    around = {**{k: v for k, v in os.environ.items() if not k.startswith("NUMBA_ENABLE")}, **environment}
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], env=around, capture_output=True,
                          text=True, timeout=300, check=False)
    return done.stdout.strip() if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def test_the_cpu_is_a_device_and_the_default():
    x = nb.asarray([1.0, 2.0], requires_grad=True)
    assert x.device == "cpu"
    assert repr(x.device) == "device('cpu')"
    with nb.device("cpu") as where:
        assert nb.ones(2).device == where
    y = nb.sum(x.to("cpu").to("float32", "cpu") ** 2)
    y.backward()
    assert x.grad.tolist() == [2, 4]
    assert x.cpu().dtype == np.float64


def test_a_device_that_there_is_not():
    with pytest.raises(nb.errors.DeviceError, match=r"no device 'tpu'\. Choose one of cpu, cuda, cuda-sim"):
        nb.device("tpu")
    assert "no device 'tpu'" in run("import nbgrad", NBGRAD_DEVICE="tpu")


def test_importing_imports_nothing_of_cuda():
    program = "import sys, nbgrad as nb; nb.sum(nb.ones(3)); print('numba.cuda' in sys.modules)"
    assert run(program, NBGRAD_DEVICE="cpu") == "False"
    assert run(program, NBGRAD_DEVICE="auto") == str(find_spec("numba_cuda") is not None)


@without_cuda
@pytest.mark.parametrize("device", ["cuda", "cuda-sim"])
def test_cuda_without_its_packages_says_what_to_install(device):
    found = run("import nbgrad as nb; nb.ones(3)", NBGRAD_DEVICE=device)
    assert "numba-cuda is not installed. Run pip install 'nbgrad[cuda]'" in found


@simulated
def test_cuda_without_a_driver_is_an_error_and_never_the_cpu():
    found = run("import nbgrad as nb; print(nb.ones(3).device)", NBGRAD_DEVICE="cuda")
    assert "CUDA cannot be used: " in found or found == "cuda"


SIMULATED = {
    "a gradient": (
        "x = nb.asarray([1., 2., 3.], requires_grad=True); nb.sum(nb.sin(x)**2).backward()\n"
        "print(x.grad, x.device)",
        "tensor([ 0.90929743, -0.7568025 , -0.2794155 ], device='cuda-sim') cuda-sim"),
    "moving and back": (
        "x = nb.asarray([1., 2.], requires_grad=True); y = x.to('cpu')\n"
        "nb.sum(y * y).backward(); print(y.device, x.grad.device, x.grad.tolist())",
        "cpu cuda-sim [2.0, 4.0]"),
    "devices in a block": (
        "with nb.device('cpu'): a = nb.ones(2)\nprint(a.device, nb.ones(2).device, a.to('cuda-sim').device)",
        "cpu cuda-sim cuda-sim"),
    "operands on two devices": (
        "try:\n    nb.ones(2) + nb.ones(2).cpu()\nexcept nb.errors.DeviceError as e: print(e)",
        "add: the operands are on different devices: cpu, cuda. Bring them to one by x.to(device)."),
    "numbers beside arrays": (
        "print((2 * nb.ones(2) + np.float64(1)).tolist())", "[3.0, 3.0]"),
    "NumPy on a tensor": (
        "print(np.sum(np.sin(nb.zeros(3))).device, np.asarray(nb.ones(2)))", "cuda-sim [1. 1.]"),
    "NumPy on what lies under it": (
        "try:\n    np.asarray(nb.ones(2).value)\nexcept nb.errors.DeviceError as e: print(e)",
        "the values are on the device 'cuda-sim', and NumPy cannot read them there. Copy them by "
        "x.numpy() or x.to('cpu')."),
    "values taken out": (
        "x = nb.full((1, 1), 2.5)\n"
        "print(x.item(), float(x), bool(x), int(x), f'{x.item():.2f}', str(x[0, 0]))",
        "2.5 2.5 True 2 2.50 2.5"),
    "pickles and copies": (
        "import copy, pickle\nx = nb.asarray([1., 2.])\n"
        "for y in (pickle.loads(pickle.dumps(x)), copy.copy(x), copy.deepcopy(x)):\n"
        "    print(y.device, y.tolist())",
        "cuda-sim [1.0, 2.0]\ncuda-sim [1.0, 2.0]\ncuda-sim [1.0, 2.0]"),
    "an array that is too large": (
        "try:\n    nb.empty(2**16, 2**16)\nexcept nb.errors.DeviceError as e: print(e)",
        "an array of shape (65536, 65536) is too large for a CUDA device: kernels walk fewer than 2**31 "
        "elements. Split it."),
    "no copy": (
        "try:\n    nb.asarray(np.ones(2), copy=False)\nexcept ValueError as e: print(e)",
        "asarray: values come to a device by a copy, which copy=False forbids."),
    "another device in use": (
        "try:\n    nb.device('cuda')\nexcept nb.errors.DeviceError as e: print(e)",
        "CUDA cannot be used: 'cuda' cannot be used beside 'cuda-sim', which is in use. Start another "
        "process for it."),
    "any order and any mode": (
        "f = lambda x: nb.sum(nb.exp(x) * x)\nx = nb.asarray([0.5, 1.0])\n"
        "print(np.round(nb.hessian(f)(x).numpy(), 3).tolist())\n"
        "print(nb.jvp(nb.tanh, (x,), (nb.ones(2),))[1].device)",
        "[[4.122, 0.0], [0.0, 8.155]]\ncuda-sim"),
}


@simulated
@pytest.mark.parametrize("name", SIMULATED)
def test_in_the_simulator(name):
    program, want = SIMULATED[name]
    assert run(f"import numpy as np, nbgrad as nb\nnb.device('cuda-sim')\n{program}",
               NBGRAD_DEVICE="cuda-sim") == want
