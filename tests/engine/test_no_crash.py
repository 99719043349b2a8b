"""Never a crash from Python: what is deleted, made up or put in the wrong place ends in an exception.

What could end the process runs in one of its own, and has to leave it with status 0.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.arrays import memory
from nbgrad.engine.tensor import raw

_START = """
import copy, gc, pickle, sys
import numpy as np
import nbgrad as nb
from nbgrad.compile import cache, tiers
from nbgrad.define import fastpath
from nbgrad.engine import graph
from nbgrad.define.registry import OPS

X = np.linspace(-0.9, 0.9, 7)

def leaf():
    return nb.tensor(X, requires_grad=True)

def half_made():
    return object.__new__(nb.Tensor)

def warm():                                   # until the steps of these ops are compiled
    for _ in range(20):
        x, w = nb.asarray(X), leaf()
        x + x, x * 2.0, nb.sin(x), nb.sum(x), x.reshape(-1, 1), nb.stack([x, x], 0), x @ x, nb.cumsum(x, 0)
        nb.sum(nb.sin(w) + w * w + w * 2.0).backward()

def attempt(name, call, *arguments):
    '''The exception, or None, of a call; its name is the last line that a process prints which it ends.'''
    print(name, flush=True)
    try:
        call(*arguments)
    except Exception as error:
        return error

warm()
"""


def program(text, **environment):
    """The last line that a program prints, which has to end well."""
    path = os.pathsep.join(filter(None, [str(Path(nb.__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    done = subprocess.run([sys.executable, "-W", "ignore", "-X", "faulthandler", "-c", _START + text],
                          capture_output=True, text=True, timeout=300, check=False,
                          env={**os.environ, "PYTHONPATH": path, **environment})
    lines = done.stdout.splitlines()
    assert done.returncode == 0, f"{lines[-1:]}\n{done.stderr}"
    return lines[-1]


# ----------------------------------------------------------------------- tensors that are not what they seem
_USES = """
USES = {
    "x + x": lambda x: x + x, "x * 2.0": lambda x: x * 2.0, "2.0 * x": lambda x: 2.0 * x, "sin": nb.sin,
    "x @ x": lambda x: x @ x, "sum": nb.sum, "std": nb.std, "norm": nb.norm, "sort": nb.sort,
    "cumsum": nb.cumsum, "softmax": nb.softmax, "pad": lambda x: nb.pad(x, 1), "x[1:]": lambda x: x[1:],
    "x[[0]]": lambda x: x[[0]], "reshape": lambda x: x.reshape(-1, 1), "repr": repr, "bool": bool, "len": len,
    "numpy": lambda x: x.numpy(), "asarray": np.asarray, "item": lambda x: x.item(), "hash": hash,
    "copy": copy.copy, "deepcopy": copy.deepcopy, "pickle": pickle.dumps, "x += 1": lambda x: x.__iadd__(1.0),
    "x[0] = 1": lambda x: x.__setitem__(0, 1.0), "zero_": lambda x: x.zero_(),
    "backward": lambda x: nb.sum(nb.sin(x) * x).backward(), "grad": nb.grad(lambda x: nb.sum(x * x)),
    "jvp": lambda x: nb.jvp(nb.sin, (x,), (x,)), "dlpack": lambda x: x.__dlpack__(),
    "large": lambda x: nb.sum(nb.broadcast_to(x, (9000, 7)) * x),
    "requires_grad_": lambda x: x.requires_grad_(),
    "stack": lambda x: nb.stack([x, x], 0), "cumsum of an axis": lambda x: nb.cumsum(x, 0),
}
"""


def test_a_tensor_without_slots_is_an_attribute_error_in_every_op():
    words = program(_USES + """
wrong = []
for name, use in USES.items():
    for slot in ("value", "trace", "mark"):
        x = leaf()
        delattr(x, slot)
        error = attempt(f"del {slot}: {name}", use, x)
        needs = slot == "value" and name not in ("hash", "requires_grad_")
        if needs and not isinstance(error, (AttributeError, nb.errors.NbgradError)):
            wrong.append((name, error))
    error = attempt(f"half made: {name}", use, half_made())
    if name != "hash" and not isinstance(error, AttributeError):
        wrong.append((name, error))
counted = 0
for name, row in OPS.items():                 # in each place, beside what is whole
    for arity in (1, 2, 3):
        for place in range(arity):
            xs = [nb.asarray(X) for _ in range(arity)]
            xs[place] = half_made()
            error = attempt(f"{name} {arity} {place}", row.op, *xs)
            counted += 1
            if error is None and (place == 0 or (row.kind == "elementwise" and arity == row.op.arity)):
                wrong.append((name, arity, place))
    attempt(name, row.op)
print(counted, wrong)
""")
    count, _, wrong = words.partition(" ")
    assert wrong == "[]"
    assert int(count) > 1000


def test_slots_may_hold_anything():
    words = program(_USES + """
class Sub(np.ndarray):
    pass

class Faker:                                  # answers as an array does
    shape, strides, dtype, ndim, size, nbytes = (7,), (8,), np.dtype(np.float64), 1, 7, 56

RUBBISH = [5, None, "a", (), [], object(), 3.0, True, nb.Tensor, Faker(), graph.Graph(), leaf(), half_made(),
           np.array(1.0), np.array(["a"]), np.array([None] * 7), X.astype(">f8"), X * 1j, np.zeros(0),
           np.zeros((3, 1)), np.matrix(X), X.view(Sub), np.float64(2), np.zeros(7, [("a", "f8")]),
           np.zeros(7, "M8[s]"), np.lib.stride_tricks.as_strided(X, (7,), (0,))]
count = 0
for use in USES.values():                     # whose kernels are compiled: none for other dtypes
    attempt("whole", use, leaf())
    attempt("whole", use, nb.asarray(X))
tiers.choose("interpreted")
for what in (np.arange(7), X.astype(np.float32)):
    for name in ("x + x", "sin", "x @ x", "backward"):
        x = leaf()
        x.value = what
        attempt(f"{what.dtype}: {name}", USES[name], x)
for name, use in USES.items():
    for k, what in enumerate(RUBBISH):
        for slot, make in (("value", leaf), ("value", lambda: nb.asarray(X)), ("trace", leaf), ("mark", leaf),
                           ("_grad", leaf))[:5 if k < 13 else 2]:
            x = make()
            setattr(x, slot, what)
            attempt(f"{slot} = {k}: {name}", use, x)
            count += 1
print(count)
""")
    assert int(words) > 3000


def test_records_of_the_engine_may_hold_anything():
    words = program("""
count = 0
def gone(z):
    nb.sum(z).backward()
    z.backward(nb.ones(7))

RUBBISH = [None, 5, "abc", (), (1,), (1, 2, 3), [1, 2, 3], ((), None, None), b"", b"\\x05", b"\\x80",
           b"\\x81", b"\\x07" * 9, print, len, lambda *_: (), lambda *_: (1, 2), lambda *_: 5, np.dtype("f4"),
           False]
def tampered(name, change):
    global count
    w = leaf()
    z = nb.sin(w)
    undo = change(z)
    attempt(name, gone, z)
    if undo is not None:
        undo()
    count += 1

for slot in ("id", "op", "parents", "memo"):
    tampered(f"del node.{slot}", lambda z: delattr(z.mark, slot))
    for k, what in enumerate(RUBBISH):
        tampered(f"node.{slot} = {k}", lambda z: setattr(z.mark, slot, what))
for k, saved in enumerate((("a",), 5, (), (np.zeros(3),), (np.zeros(7, np.float32),), (np.array([None] * 7),),
                           (1,) * 9, (X, X), (X.astype(">f8"),), (half_made(),), [X])):
    tampered(f"saved {k}", lambda z: setattr(z.mark, "memo", (saved, *z.mark.memo[1:])))
empty = object.__new__(fastpath.Back)
tampered("an empty Back", lambda z: setattr(z.mark, "memo", (*z.mark.memo[:1], empty, None)))
for slot in fastpath.Back.__slots__:
    for k, what in enumerate([*RUBBISH, "deleted"]):
        def change(z):
            back = z.mark.memo[1]
            before = getattr(back, slot)
            if what == "deleted":
                delattr(back, slot)
            else:
                setattr(back, slot, what)
            return lambda: setattr(back, slot, before)
        tampered(f"back.{slot} = {k}", change)
for slot in fastpath.FastPath.__slots__:
    for k, what in enumerate([None, 5, {}, set(), print, "deleted"]):
        before = getattr(nb.sin.fastpath, slot)
        if what == "deleted":
            delattr(nb.sin.fastpath, slot)
        else:
            setattr(nb.sin.fastpath, slot, what)
        for dtype in (np.float64, np.float32):
            for _ in range(10):
                x = nb.tensor(X.astype(dtype), requires_grad=True)
                attempt(f"fastpath.{slot} = {k}", lambda: nb.sin(x).backward(nb.ones(7, dtype)))
        setattr(nb.sin.fastpath, slot, before)
        count += 1
w = leaf()
nb.sin(w).backward(nb.ones(7))                # and all is well again
assert np.allclose(w.grad.numpy(), np.cos(X))

for form in (*fastpath.FORMS, fastpath.pull):
    form.clear()
fastpath._engine.cache_clear()
cache.LOADED.clear()
nb.sin.fastpath.record = None
nb.sin.loops.flats.clear()
gc.collect()
junk = [bytes(616) for _ in range(10000)]     # over what was freed
nb.sin(leaf()).backward(nb.ones(7))
print(count)
""")
    assert int(words) > 200


def test_every_compiled_kernel_refuses_what_it_is_not_made_for():
    """Also in a process that has not imported Numba."""
    words = program("""
for op in (nb.sin, nb.mean, nb.sort, nb.cumsum, nb.softmax, nb.std):
    op(X)
nb.matmul(X, X), nb.pad(X, 1), nb.take(X, [1])
counted = refused = 0
for kernel in list(cache.LOADED.values()) + [nb.sin.fastpath.forward, nb.sin.pull]:
    for what in (None, "a", 1 << 100, object(), X * 1j, np.array(["a"]), X.astype(">f8"), nb.Tensor):
        for many in range(12):
            error = attempt(f"{kernel} {many} {what}", kernel, *[what] * many)
            counted += 1
            refused += isinstance(error, (TypeError, RuntimeError, OverflowError))
print("numba" in sys.modules, len(cache.LOADED), counted - refused)
""")
    _, kernels, _ = words.split()
    assert int(kernels) > 8


def test_wrong_counts_huge_integers_and_deep_recursion_are_exceptions():
    assert program("""
HUGE = [10 ** 400, -10 ** 400, 1 << 63, -(1 << 63) - 1, 1 << 64, 1 << 31, -1]
x, count = nb.asarray(X), 0
for huge in HUGE:
    for name, call in {
            "+": lambda: x + huge, "**": lambda: x ** huge, "[]": lambda: x[huge],
            "eye": lambda: nb.eye(huge), "reshape": lambda: x.reshape(huge),
            "zeros": lambda: nb.zeros((huge, huge)), "arange": lambda: nb.arange(huge, huge + 2),
            "<<": lambda: nb.asarray([1]) << huge,
            "sum": lambda: nb.sum(x, axis=huge), "asarray": lambda: nb.asarray([huge]),
            "roll": lambda: nb.roll(x, huge), "take": lambda: nb.take(x, huge),
            "broadcast_to": lambda: nb.broadcast_to(x, (huge, 7)),
            "tile": lambda: nb.tile(nb.zeros(0), huge), "//": lambda: nb.asarray([7]) // huge}.items():
        if abs(huge) == 1 << 31 and name in ("zeros", "eye", "reshape"):
            continue                          # there may be as much memory
        attempt(f"{name} {huge}", call)
        count += 1
for op in (nb.sin, nb.add, nb.where, nb.sum, nb.matmul):
    for many in range(6):
        attempt(f"{op} of {many}", op, *[x] * many)

def deeper(k):
    nb.sin(leaf()).backward(nb.ones(7))
    return deeper(k + 1)

assert isinstance(attempt("recursion", deeper, 0), RecursionError)
y = nb.sin(x)
for _ in range(50_000):                       # a value inside of a value
    z = half_made()
    z.value, z.trace, z.mark = y, None, None
    y = z
attempt("nested", nb.sin, y)
attempt("nested shape", lambda: y.shape)
del y, z
print(count > 80)
""") == "True"


def test_finalizers_threads_forks_and_the_end_of_the_interpreter():
    words = program("""
import atexit, os, threading

class Risen:
    '''Runs ops when it is freed, in the middle of whatever runs then, and comes back once.'''
    kept = []
    def __del__(self):
        w = leaf()
        (nb.sin(w) + w).backward(nb.ones(7))
        if len(Risen.kept) < 50:
            Risen.kept.append(self)

gc.set_threshold(1)
for _ in range(300):
    cycle = [Risen()]
    cycle.append(cycle)
    x = leaf()
    (nb.sin(x) * x).backward(nb.ones(7))
gc.set_threshold(700)

from nbgrad.define.scalar import Elementwise
wrong = []
def learn(op, barrier):
    barrier.wait()
    for _ in range(30):
        w = leaf()
        op(w).backward(nb.ones(7))
        if not np.array_equal(w.grad.numpy(), np.full(7, 3.0)):
            wrong.append(w.grad)
sys.setswitchinterval(1e-6)
for _ in range(10):
    op, barrier = Elementwise("tripled", lambda x: x * 3.0, arity=1), threading.Barrier(4)
    several = [threading.Thread(target=learn, args=(op, barrier)) for _ in range(4)]
    for thread in several:
        thread.start()
    for thread in several:
        thread.join()
child = os.fork()
if not child:
    warm()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
atexit.register(lambda: nb.sin(leaf()).backward(nb.ones(7)))
late = Risen()                                # freed when modules are
def forever():
    while True:
        nb.sin(leaf()).backward(nb.ones(7))
threading.Thread(target=forever, daemon=True).start()
print(len(wrong))
""", PYTHONMALLOC="malloc", MALLOC_PERTURB_="85")
    assert words == "0"


# ------------------------------------------------------------------------------------------ values are values
LARGE = memory.POOLED // 8 + 11


def bases(array):
    while isinstance(array, np.ndarray):
        yield array
        array = array.base


@pytest.mark.parametrize("make", [
    nb.sin, lambda x: nb.reshape(nb.sin(x), (-1, 1)), lambda x: nb.sin(x)[2:], lambda x: nb.sin(x).T, nb.sort,
    lambda x: nb.broadcast_to(nb.sin(x), (2, *x.shape)), lambda x: nb.sin(x) @ nb.ones((len(x), 3)),
    nb.cumsum, lambda x: x.clone(), nb.sum, nb.abs])
@pytest.mark.parametrize("n", [6, LARGE])
def test_no_array_that_leaves_can_write_to_what_a_graph_saved(make, n):
    x = nb.asarray(np.linspace(0.1, 1, n))
    w = nb.tensor(x, requires_grad=True)
    for out in (w, make(w)):
        y = nb.exp(out)
        want, kept = np.array(raw(y)), np.array(raw(out))
        for take in (np.asarray, lambda t: t.numpy(), lambda t: np.array(t, copy=None)):
            for t in (out.detach(), y.detach()):
                for array in bases(take(t)):
                    assert not array.flags.writeable
                    with pytest.raises(ValueError, match="read-only"):
                        array[...] = 0
        np.testing.assert_array_equal(raw(y), want)
        np.testing.assert_array_equal(raw(out), kept)
        nb.mean(y).backward()
    more = nb.sin(x) * 2.0                    # memory that comes back is written to as ever
    np.testing.assert_allclose(raw(more), 2 * np.sin(raw(x)), rtol=1e-14)
    with nb.no_grad():
        w += 1.0
        w[0] = 5.0
    assert float(w[0]) == 5.0


def test_an_array_that_is_shared_is_read_only_to_its_owner():
    owner = np.arange(10.0)
    x = nb.asarray(owner[2:5], copy=False)
    for array in (owner, owner[2:5], raw(x)):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    assert x.tolist() == [2, 3, 4]


def test_errors_of_a_user_s_kernel_leave_as_they_are(own_ops):
    class OwnError(Exception):
        pass

    def broken(*_):
        raise OwnError

    broken_op = nb.op("broken_here", kernel=broken)
    with pytest.raises(OwnError):
        broken_op(nb.ones(LARGE))
    with pytest.raises(OwnError):
        memory.within(memory.POOLED, broken)
    assert np._core.multiarray.get_handler_name(np.empty(LARGE)) == "default_allocator"
