"""Arrays that other libraries have on the CUDA device, taken and given, on what stands for one."""

from importlib.util import find_spec

import numpy as np
import pytest
from late_device import run

import nbgrad as nb

THEIRS = """
import ctypes
from nbgrad.arrays import dlpack

NEW = dlpack._function("PyCapsule_New", ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)

class Theirs:
    '''An array of another library's: NumPy's a, in the device's memory as it lies in the host's.'''

    def __init__(self, front, a, **told):
        low, high = np.lib.array_utils.byte_bounds(a)
        first = a.__array_interface__["data"][0]
        self.memory = front.device_array(max(high - low, 1), np.uint8)
        raw = np.frombuffer((ctypes.c_char * (high - low)).from_address(low), np.uint8) if a.size else a
        front.memory.write(self.memory.address, raw)
        self.told = {"shape": a.shape, "typestr": a.dtype.str, "strides": a.strides, "version": 3,
                     "data": (self.memory.address + first - low, False), "stream": None} | told

    @property
    def __cuda_array_interface__(self):
        return {k: v for k, v in self.told.items() if v is not ...}

class Lender(Theirs):
    '''One that speaks DLPack, with or without versions, and counts what comes back.'''

    def __init__(self, front, a, versioned=True, **changed):
        super().__init__(front, a)
        self.a, self.versioned, self.changed, self.back, self.seen = a, versioned, changed, 0, None

    __cuda_array_interface__ = None

    def __dlpack_device__(self):
        return 2, 0

    def __dlpack__(self, *, stream=None, **more):
        if more and not self.versioned:
            raise TypeError("max_version")
        self.seen = stream
        kind = dlpack._Versioned if self.versioned else dlpack._Plain
        self.kept = managed = kind()
        sizes = ctypes.c_int64 * max(self.a.ndim, 1)
        self.sizes = sizes(*self.a.shape), sizes(*[s // self.a.itemsize for s in self.a.strides])
        code = {"f": 2, "i": 0, "b": 6, "c": 5}[self.a.dtype.kind]
        at, width = self.told["data"][0] - 8, 8 * self.a.itemsize
        managed.tensor = dlpack._Tensor(at, 2, 0, self.a.ndim, code, width, 1, *self.sizes, 8)
        for name, value in self.changed.items():
            setattr(managed.tensor, name, value)
        if self.versioned:
            managed.major = 1
        self.deleter = dlpack._CALLBACK(self.gone)
        managed.deleter = ctypes.cast(self.deleter, ctypes.c_void_p)
        return NEW(ctypes.addressof(managed), kind.name, None)

    def gone(self, address):
        assert address == ctypes.addressof(self.kept)
        self.back += 1

class Giver:
    '''One that gives a capsule which there is already.'''

    def __init__(self, capsule, device=(2, 0)):
        self.capsule, self.device = capsule, device

    def __dlpack_device__(self):
        return self.device

    def __dlpack__(self, **_):
        return self.capsule

def views():
    a = np.arange(60.0).reshape(3, 4, 5)
    return {"whole": a, "transposed": a.T, "part": a[1:, ::2, 1:4], "backwards": a[::-1, :, ::-2],
            "repeated": np.broadcast_to(a[0, 0], (7, 5)), "one": a[1, 2, 3:4].reshape(()), "none": a[:0],
            "long": a[:, 0, 0], "float32": a.astype(np.float32)[:, ::-1], "bool": a[0] > 7,
            "int8": a.astype(np.int8)[..., 0], "complex": (a + 1j * a[::-1])[:, ::2],
            "complex64": a.astype("c8").T}
"""

PROGRAMS = {
    "arrays of any strides are taken": ("""
front = connect()
for name, a in views().items():
    for strides in {a.strides, None if a.flags.c_contiguous else a.strides}:
        theirs = Theirs(front, a, strides=strides)
        z = nb.asarray(theirs)
        del theirs
        assert z.device == "cuda" and z.dtype == a.dtype and z.value.contiguous, name
        assert np.array_equal(z.numpy(), a), name
x = Theirs(front, np.arange(4.0))
print(nb.asarray(x, dtype="float32"), nb.sin(x).tolist()[0], nb.sum(nb.zeros(4) + nb.asarray(x)).item())
y = nb.asarray(x, requires_grad=True)
nb.sum(y * y).backward()
print(y.grad.tolist(), nb.asarray(Theirs(front, np.empty((0, 2)), data=(0, False))).shape)
""", "tensor([0., 1., 2., 3.], dtype=float32, device='cuda') 0.0 6.0 [0.0, 2.0, 4.0, 6.0] (0, 2)"),
    "what cannot be taken is refused": ("""
front = connect()
a = np.arange(6.0)
for told in ({"mask": a}, {"typestr": ">f8"}, {"typestr": "<c32"},
             {"typestr": "<f2"}, {"typestr": "|V8"}, {"stream": 0}, {"strides": (12,)}, {"strides": (8, 8)},
             {"data": (0, False)}, {"data": (260, False)}, {"shape": (-1,)}, {"shape": (1 << 32,)}):
    print(message(nb.asarray, Theirs(front, a, **told))[:60])
print(message(nb.asarray, Theirs(front, a), copy=False)[:60])
with nb.device("cpu"):
    print(message(nb.asarray, Theirs(front, a)))
    print(message(nb.from_dlpack, Lender(front, a))[:40])
""", """DtypeError: asarray: masked arrays are not supported: the ma
DtypeError: nbgrad does not support dtype >f8. It takes bool
DtypeError: nbgrad does not support dtype complex256. It tak
DtypeError: nbgrad does not support dtype float16. It takes
DtypeError: nbgrad does not support dtype |V8. It takes bool
ValueRangeError: asarray: stream 0 in __cuda_array_interface
ValueRangeError: asarray: strides (12,) are no multiples of
ValueRangeError: asarray: strides (8, 8) do not fit shape (6
ValueRangeError: asarray: no float64 can lie at address 0x0.
ValueRangeError: asarray: no float64 can lie at address 0x10
ValueRangeError: asarray: shape (-1,) has negative sizes.
DeviceError: an array of shape (4294967296,) is too large fo
ValueRangeError: asarray: values come to a device by a copy,
DeviceError: __main__.Theirs: the values are on a CUDA device, and the Tensor would be made on the CPU.
Use `with nb.device('cuda'):`, or copy them to the host.
DeviceError: __main__.Lender: the values"""),
    "the producer's stream comes before ours, and may go on after": ("""
front = connect()
theirs = front.external_stream(9)
for told in ({"stream": 9}, {"version": 2, "stream": ...}):
    a = np.arange(20.0)
    x = Theirs(front, a, **told)
    place = x.memory.address
    theirs.ask(lambda: front.memory.write(place, a + 100))                  # not done yet
    z = nb.asarray(x)
    theirs.ask(lambda: front.memory.write(place, a - 7))
    theirs.synchronize()
    print(np.array_equal(z.numpy(), a + 100))
""", "True True"),
    "a tensor tells where its values are": ("""
front = connect()
x = nb.asarray(np.arange(12.0).reshape(3, 4))
for y in (x, x.T, x[::-1, 1:]):
    told = y.__cuda_array_interface__
    assert (told["version"], told["stream"], told["shape"], told["typestr"]) == (3, 1, y.shape, "<f8")
    assert told["data"] == (driver.address(y.value.buffer.memory) + y.value.offset, True)
    print(told["strides"], told["data"][0] - driver.address(x.value.buffer.memory))
    assert np.array_equal(nb.asarray(Theirs(front, np.ones(1), **told)).numpy(), y.numpy())
with nb.device("cuda", stream=5):
    print(x.__cuda_array_interface__["stream"], nb.zeros((0, 3)).__cuda_array_interface__["data"])
leaf = nb.asarray(np.ones(3), requires_grad=True)
for y in (leaf, leaf * 2):
    assert message(lambda: y.__cuda_array_interface__).startswith("TraceError")
    assert message(y.__dlpack__).startswith("TraceError")
print(leaf.detach().__cuda_array_interface__["shape"])
""", "None 0 (8, 32) 0 (-32, 8) 72 5 (0, True) (3,)"),
    "DLPack arrays are taken, and given back once": ("""
front = connect()
for versioned in (True, False):
    for name, a in views().items():
        if a.dtype != np.int8 and a.size:
            theirs = Lender(front, a, versioned)
            z = nb.from_dlpack(theirs)
            assert theirs.back == 1 and theirs.seen == 1, name
            assert np.array_equal(z.numpy(), a) and z.dtype == a.dtype, name
with nb.device("cuda", stream=4):
    theirs = Lender(front, np.ones(3))
    nb.from_dlpack(theirs)
    print(theirs.seen)
for changed in ({"kind": 4, "bits": 16}, {"kind": 5, "bits": 32}, {"lanes": 2}, {"device": 10},
                {"ordinal": 1}, {"kind": 2, "bits": 16}):
    theirs = Lender(front, np.ones(3), **changed)
    print(message(nb.from_dlpack, theirs).split(". ")[0], theirs.back)
print(message(nb.from_dlpack, Lender(front, np.ones(3)), copy=False)[:70])
""", """4 DtypeError: nbgrad does not support dtype bfloat16 1
DtypeError: nbgrad does not support dtype c4 1
DtypeError: nbgrad does not support dtype float64x2 1
ValueRangeError: from_dlpack: the array is on device (10, 0), and nbgrad uses (2, 0). 1
ValueRangeError: from_dlpack: the array is on device (2, 1), and nbgrad uses (2, 0). 1
DtypeError: nbgrad does not support dtype float16 1
ValueRangeError: from_dlpack: values on a device are copied, which cop"""),
    "DLPack capsules are made, and freed once": ("""
import gc
front = connect(keep=False, late=False)
x = nb.asarray(np.arange(12.0).reshape(3, 4))
nb.from_dlpack(x[::-1, 1:])                              # Numba's compiler leaves circles, which hold arrays
gc.collect()
gc.disable()
used = front.memory.used()
for kind, wanted in ((dlpack._Plain, {}), (dlpack._Versioned, {"max_version": (1, 1)})):
    for copy in (None, True, False):
        if copy is False and kind is dlpack._Plain:
            continue
        y = x[::-1, 1:]
        capsule = y.__dlpack__(copy=copy, **wanted)
        managed = kind.from_address(dlpack._pointer(id(capsule), kind.name))
        told, copied = managed.tensor, copy is not False
        shared = driver.address(x.value.buffer.memory) + 72 == told.data
        assert shared is not copied and (told.device, told.ordinal, told.ndim, told.offset) == (2, 0, 2, 0)
        assert (told.kind, told.bits, told.lanes, told.shape[:2]) == (2, 64, 1, [3, 3])
        assert told.strides[:2] == ([3, 1] if copied else [-4, 1])
        if kind is dlpack._Versioned:
            assert (managed.major, managed.minor, managed.flags) == (1, 0, 2 if copied else 1)
        assert np.array_equal(nb.from_dlpack(Giver(capsule)).numpy(), y.numpy())
        assert not dlpack._is_valid(id(capsule), kind.name) and dlpack._is_valid(id(capsule), kind.used)
        del capsule
        assert front.memory.used() == used, (kind, copy)
        capsule = y.__dlpack__(copy=copy, **wanted)      # that nobody takes
        assert front.memory.used() == used + 72 * copied
        del capsule
        assert front.memory.used() == used
        if not copied:                                   # the capsule keeps what it shares
            z = nb.asarray(np.ones(5))
            capsule = z.__dlpack__(copy=False, **wanted)
            del z
            assert front.memory.used() == used + 40
            del capsule
            assert front.memory.used() == used
print(x.__dlpack_device__())
try:
    np.from_dlpack(x)                                    # which takes none of a GPU's
except (BufferError, RuntimeError) as error:
    print(error)
gc.collect()
assert front.memory.used() == used
for bad in ({"stream": 0}, {"copy": False}, {"dl_device": (2, 1)}, {"dl_device": (10, 0)}):
    print(message(x.__dlpack__, **bad))
print(np.from_dlpack(Giver(x.__dlpack__(dl_device=(1, 0)), (1, 0))).sum())
""", """(2, 0)
Unsupported device in DLTensor.
ExchangeError: __dlpack__: stream 0 may be either: 1 is the default stream, 2 that of the thread.
ExchangeError: __dlpack__: copy=False shares read-only values, which needs max_version=(1, 0).
ExchangeError: __dlpack__: the tensor is on device (2, 0), and (2, 1) is asked for.
ExchangeError: __dlpack__: the tensor is on device (2, 0), and (10, 0) is asked for.
66.0"""),
    "who takes a capsule waits for what computes it": ("""
front = connect()
x = nb.exp(nb.asarray(np.arange(5.0)))
for stream, done in ((8, True), (None, True), (-1, False)):
    capsule = (x * (stream or 2)).__dlpack__(stream=stream)
    told = dlpack._Plain.from_address(dlpack._pointer(id(capsule), b"dltensor")).tensor
    taker, got = front.external_stream(11 if stream == -1 else stream or 0), []
    taker.ask(lambda: got.append(front.memory.get(told.data, 5, np.float64)))
    taker.synchronize()
    print(np.array_equal(got[0], (stream or 2) * np.exp(np.arange(5.0))), done)
    del capsule
print(sorted({stream for stream, _ in cuda.host().spare}))
""", "True True True True False False [0, 8]"),
}


@pytest.mark.skipif(find_spec("numba_cuda") is None, reason="numba-cuda is not installed")
@pytest.mark.parametrize("name", PROGRAMS)
def test_on_a_late_device(name, tmp_path):
    program, want = PROGRAMS[name]
    assert run(THEIRS + program, tmp_path) == " ".join(want.split())


class Elsewhere:
    """An array whose values are on a CUDA device."""

    @property
    def __cuda_array_interface__(self):
        return {"shape": (1,), "typestr": "<f8", "data": (4096, False), "version": 3}

    def __array__(self, *_, **__):
        raise AssertionError("copied to the host without a word")


def test_the_cpu_takes_nothing_from_a_device_silently():
    for f in (nb.asarray, nb.sin, lambda x: nb.ones(1) + nb.asarray(x)):
        with pytest.raises(nb.errors.DeviceError, match=r"on a CUDA device.*Use `with nb.device\('cuda'\):`"):
            f(Elsewhere())
    with pytest.raises(AttributeError, match="a Tensor on 'cpu' has no __cuda_array_interface__"):
        nb.ones(2).__cuda_array_interface__
    assert not hasattr(nb.ones(2), "__cuda_array_interface__")
    assert np.from_dlpack(nb.ones(2)).tolist() == [1, 1]
