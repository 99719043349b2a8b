"""Memory, streams and faults of a CUDA device, on what stands for one and does as little as it may, late."""

from importlib.util import find_spec

import pytest
from late_device import run

pytestmark = pytest.mark.skipif(find_spec("numba_cuda") is None, reason="numba-cuda is not installed")

PROGRAMS = {
    "a kernel's fault is told at the next wait, with names, and each time after": ("""
front = connect()
x = nb.asarray(np.arange(4.0))
y = nb.exp(x)
fails()
z = nb.sin(y)
first = message(z.numpy)
print(first)
assert first.split(" says: ")[1].split("Launched")[0] and "k_sin of sin, wild, k_exp of exp" in first
for later in (y.numpy, lambda: nb.zeros(10**6) + 1, lambda: nb.cos(y), lambda: nb.asarray(np.ones(9)),
              cuda.synchronize, nb.devices.release, lambda: nb.device("cuda", stream=5).__enter__()):
    assert "the CUDA device failed" in message(later), later
    assert "k_sin of sin, wild, k_exp of exp" in message(later)
before = cuda.host().total
del x, y, z
with nb.device("cpu"):
    print(nb.sum(nb.exp(nb.zeros(3))).item())
assert cuda.host().total == before
""", """DeviceError: the CUDA device failed, as a copy from the device says: Call to
cuStreamSynchronize results in CUDA_ERROR_ILLEGAL_ADDRESS. The kernels launched since the last wait, the
last one
first: k_sin of sin, wild, k_exp of exp.
This process cannot use CUDA any more; run it with CUDA_LAUNCH_BLOCKING=1 to see which kernel fails, or with
NBGRAD_DEVICE=cpu.
3.0"""),
    "names of kernels that have ended well are not told": ("""
connect()
(nb.cos(nb.asarray(np.ones(3)))).numpy()
fails()
print("k_cos" in message(cuda.synchronize), list(streams.current_stream().recent)[0])
""", "False wild"),
    "a launch that fails at once": ("""
front = connect()
x = nb.asarray(np.ones(3))
front.most = 16
print(message(nb.exp, x))
front.most = 32
print(nb.exp(nb.zeros(3)).tolist())
""", """DeviceError: k_exp cannot be launched with 1 blocks of 32 threads:
CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES: This indicates that a launch did not occur because it did not have
appropriate resources. All else goes on;
NBGRAD_DEVICE=cpu runs the op on the CPU. Please report this kernel, with what python -m
nbgrad.gpucheck prints.
[1.0, 1.0, 1.0]"""),
    "too little memory": ("""
front = connect(room=10_000)
home = cuda.host()
x = nb.asarray(np.ones(500))                             # 4000 bytes, and 4096 with what is added
y = nb.asarray(np.ones(300))
del y
print(home.total, front.memory.used())
print(message(nb.empty, 1000))
print(home.total, front.memory.used(), len(home.spare))
y = nb.asarray(np.ones(600))
assert nb.sum(x).item() == 500 and nb.sum(y).item() == 600
del y
z = nb.empty(640)                                        # fits once what is spare was freed
del x, z
assert sum(size * len(each) for (_, size), each in home.spare.items()) == home.total == front.memory.used()
assert nb.devices.release() > 0
print(home.total, front.memory.used(), home.spare)
""", """6656 6656
DeviceError: there is no memory for 8192 bytes on the device (Call to cuMemAlloc_v2 results in
CUDA_ERROR_OUT_OF_MEMORY); 4096 bytes are in use, and 2560 that were spare have been given back first.
Free tensors,
or make the arrays smaller.
4096 4096 0
0 0 {}"""),
    "memory is used again on its stream alone, and at once": ("""
front = connect()
a = nb.empty(100); place = driver.address(a.value.buffer.memory); del a
b = nb.empty(100); assert driver.address(b.value.buffer.memory) == place; del b
with nb.device("cuda", stream=7):
    c = nb.empty(100); other = driver.address(c.value.buffer.memory)
    assert other != place
    del c
    c = nb.empty(100); assert driver.address(c.value.buffer.memory) == other
d = nb.empty(100); assert driver.address(d.value.buffer.memory) == place
with nb.device("cuda", stream=7):
    e = d + 1                                            # stream 7 uses it last
del d, c
f = nb.empty(100); g = nb.empty(100)
print(sorted(cuda.host().spare), {place, other} & {driver.address(x.value.buffer.memory) for x in (f, g)})
""", "[(0, 832), (7, 832)] set()"),
    "results of one stream are right in another": ("""
front = connect(stage=64)
x = nb.asarray(np.arange(50.0))
side = nb.device("cuda", stream=3)
total = nb.zeros(50)
want = np.zeros(50)
for k in range(4):
    y = x * (k + 1)
    with side:
        z = nb.exp(-y)
        w = nb.asarray(np.full(50, k + 1.0)) * z
    total = total + w
    want = want + (k + 1) * np.exp(-np.arange(50.0) * (k + 1))
    x = x + 0.0
print(float(np.abs(total.numpy() - want).max()) < 1e-15, np.isclose(nb.sum(w).item(), np.sum(w.numpy())))
with side:
    print(nb.grad(lambda t: nb.sum(t * t))(x).tolist()[:3])
""", "True True\n[0.0, 2.0, 4.0]"),
    "without the order they would not be": ("""
front = connect()
streams.order = lambda *_: None
x = nb.exp(nb.asarray(np.arange(50.0)))
with nb.device("cuda", stream=3):
    y = x + 1
    print(np.array_equal(y.numpy(), np.exp(np.arange(50.0)) + 1))
""", "False"),
    "what is uploaded may change at once, and many uploads need little memory of the host": ("""
front = connect(stage=128)
data = np.arange(1000.0)
x = nb.asarray(data); data[:] = 0
small = [nb.asarray(np.full(3, float(k))) for k in range(60)]
big = x + 0
print(x.tolist() == list(range(1000)), [s.tolist()[0] for s in small] == list(range(60)))
staging = streams.current_stream().staging
print(big.value.dtype, len(staging.there), len(staging.back))
""", "True True\nfloat64 4 2"),
    "a download takes what is read, and not all that lies there": ("""
connect(stage=128)
a = np.arange(600.0).reshape(20, 30)
x = nb.asarray(a)
for y, want in ((x[3:5, ::-2], a[3:5, ::-2]), (x.T[4], a.T[4]), (x[::-1], a[::-1]), (x[:0], a[:0]),
                (x[2, 3], 63.0)):
    assert np.array_equal(y.numpy(), want), want
    assert y.numpy().flags.c_contiguous
print("right")
""", "right"),
    "arrays that are too large": ("""
connect()
many = 1 << 32
for f in (lambda: nb.zeros(many), lambda: nb.empty(many), lambda: nb.ones((1 << 16, 1 << 16)),
          lambda: nb.full(many, 2.0),
          lambda: nb.broadcast_to(nb.ones(1), many), lambda: nb.asarray(np.broadcast_to(np.float32(1), many)),
          lambda: nb.ones((1 << 16, 1)) + nb.ones(1 << 16)):
    assert "is too large for a CUDA device: kernels walk fewer than 2**31 elements. Split it." in message(f)
print(nb.sum(nb.ones(3)).item())
""", "3.0"),
    "dtypes that kernels do not have": ("""
connect()
for dtype in ("float16", "object", [("a", "f4")], "datetime64[s]", "U3"):
    for f in (lambda: nb.asarray(np.zeros(2, dtype)), lambda: nb.zeros(2, dtype=dtype)):
        said = message(f)
        assert said.startswith("DtypeError: "), said
print(message(nb.asarray, np.zeros(2, "float16")).split(". ")[0])
""", "DtypeError: nbgrad does not support dtype float16"),
    "what is no stream": ("""
connect()
for what in ("main", -1, 1.5, True, object()):
    assert "is no stream of this device" in message(nb.device, "cuda", stream=what)
print(message(nb.device, "cpu", stream=3))
""", """DeviceError: 3 is no stream of this device. Give nb.device('cuda', stream=...) a stream of
numba.cuda's, an object with __cuda_stream__, or the number of one (torch: stream.cuda_stream, CuPy:
stream.ptr)."""),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_on_a_late_device(name, tmp_path):
    program, want = PROGRAMS[name]
    assert run(program, tmp_path) == " ".join(want.split())
