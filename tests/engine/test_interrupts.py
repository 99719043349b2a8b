"""An interrupt at any place leaves nothing half done: the allocator, what is muted, fast paths, gradients."""

import sys

import pytest
from test_no_crash import program

_INTERRUPTED = """
import dis
from functools import cache as cache_results
from nbgrad import optim
from nbgrad.arrays import memory
from nbgrad.engine.graph import no_grad_level
from nbgrad.compile.cpu import pool
from nbgrad.define.scalar import Elementwise

pool.start(1 << 20)
LARGE = memory.POOLED // 8 + 11
WATCHED = ("CALL", "RESUME", "JUMP_BACKWARD", "FOR_ITER", "SEND", "YIELD_VALUE")

@cache_results
def handler(code, place):
    '''Where an exception at this instruction goes on.'''
    return [e.target for e in dis._parse_exception_table(code) if e.start <= place < e.end]

class Fault:
    '''Raises KeyboardInterrupt at place number k of those at which Python looks for signals.

    It looks in an instruction, and here it is raised in the next: only where that has the same handler.
    '''
    def __init__(self, k):
        self.left, self.before = k, {}

    def __call__(self, frame, event, _):
        code, place = frame.f_code, frame.f_lasti
        if "/nbgrad/" not in code.co_filename:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        before = self.before.get(frame)
        looks = before is not None and dis.opname[code.co_code[before]].startswith(WATCHED)
        if event == "call" or (event == "opcode" and looks and handler(code, before) == handler(code, place)):
            self.left -= 1
            if self.left < 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        if event == "opcode":
            self.before[frame] = place
        return self

def interrupted(work, check, most=100000, step=1):
    '''Run work(check's argument) with an interrupt at each place in turn; how many places there are.'''
    for k in range(0, most, step):
        given = check(None)
        fault = Fault(k)
        sys.settrace(fault)
        try:
            work(given)
            whole = True
        except KeyboardInterrupt:
            whole = False
        finally:
            sys.settrace(None)
        assert no_grad_level.get() == 0, k
        assert np._core.multiarray.get_handler_name(np.empty(LARGE)) == "default_allocator", k
        check(given)
        if fault.left >= 0:
            assert whole
            return k
"""


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="counts instructions of other Pythons")
def test_an_interrupt_at_any_place_leaves_nothing_half_done():
    words = program(_INTERRUPTED + """
found = {}
def fine(x):
    return lambda given: x if given is None else None

big, small = np.linspace(0, 1, LARGE), nb.asarray(X)
few = big.astype(np.float32)
found["memory"] = interrupted(lambda _: (memory.empty((LARGE,), np.float64), nb.ones(LARGE),
                                         nb.full((LARGE,), 2.0), nb.asarray(few, dtype="float64"),
                                         nb.zeros(LARGE),
                                         nb.grad(lambda t: nb.sum(t[:5]))(big)), fine(0))
f = nb.grad(lambda t: nb.sum(nb.sin(t) * t))
want = f(small).numpy()
def same(given):
    assert np.array_equal(f(small).numpy(), want)
    return 0
found["grad"] = interrupted(lambda _: f(small), same)

def leaves(given):
    if given is None:
        return leaf(), leaf()
    grads = [w.grad for w in given]
    assert grads in ([None, None],) or (grads[0] is not None and grads[1] is not None), grads
    return given
def accumulate(given):
    a, b = given
    (nb.sin(a) * b).backward(nb.ones(7))
found["backward"] = interrupted(accumulate, leaves)

def entered(_):
    nb.no_grad().__enter__()                  # where it is interrupted nothing is muted
    no_grad_level.set(0)
found["entered"] = interrupted(entered, fine(0))
@nb.no_grad()
def muted(given):
    return nb.sin(small) + small
found["no_grad"] = interrupted(muted, fine(0))

def parameters(given):
    if given is None:
        w = leaf()
        w.grad = nb.ones(7)
        return w, optim.SGD([w], lr=1.0)
    assert given[0].detach().tolist() in (X.tolist(), (X - 1).tolist())
found["optimiser"] = interrupted(lambda given: given[1].step(), parameters)

def updated(given):
    if given is None:
        w = leaf()
        return w, w * 1.0
    w, x = given
    nb.sum(x).backward()
    assert (x.detach().tolist(), w.grad.tolist()) in ((X.tolist(), [1.0] * 7), ((X * 3).tolist(), [3.0] * 7))
found["update"] = interrupted(lambda given: given[1].__imul__(3.0), updated)

def watched(given):
    if given is None:
        return nb.asarray(X)
    if given.requires_grad:
        nb.sum(given * 2.0).backward()
        assert given.grad.tolist() == [2.0] * 7
found["requires_grad_"] = interrupted(lambda given: given.requires_grad_(), watched)

def tripled(op):
    w = leaf()
    op(w).backward(nb.ones(7))
    assert np.array_equal(w.grad.numpy(), np.full(7, 3.0))
    x = nb.tensor(X.astype(np.float32), requires_grad=True)
    op(x).backward(nb.ones(7, np.float32))
    assert np.array_equal(x.grad.numpy(), np.full(7, np.float32(3)))
def learned(op):
    if op is None:
        op = Elementwise("tripled", lambda x: x * 3.0, arity=1)
        for _ in range(3):
            tripled(op)
        return op
    for _ in range(6):
        tripled(op)
    fast, record = op.fastpath, op.fastpath.record
    assert fast.forward is not None and record.count == 2 and len(fast.known) == 2, fast.known
    assert "pull" in vars(op) and all(record.plans[i].pullbacks[0].back for i in range(2))
found["fastpath"] = interrupted(lambda op: [tripled(op) for _ in range(2)], learned, step=3)

def declared(given):
    if given is None:
        OPS.pop("declared_here", None)
    elif "declared_here" in OPS:
        assert float(OPS["declared_here"].op(nb.asarray(1.0))) == 2.0
    return 0
doubled = lambda x: np.asarray(x * 2.0)
found["declared"] = interrupted(lambda _: nb.op("declared_here", kernel=doubled), declared)
print(found)
""")
    found = eval(words)
    assert len(found) == 10
    assert all(count > 3 for count in found.values()), found
    assert sum(found.values()) > 1000, found


def test_thousands_of_signals_leave_numpy_s_allocator_alone():
    words = program(_INTERRUPTED + """
import random, signal
armed, interrupted = False, 0
def handler(*_):
    if armed:
        raise KeyboardInterrupt
signal.signal(signal.SIGALRM, handler)
random.seed(0)
big, small = nb.asarray(np.linspace(0, 1, LARGE)), nb.asarray(X)
f = nb.grad(lambda t: nb.sum(nb.sin(t) * t))
want = f(small).numpy()
for attempt in range(2000):
    signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-5, 4e-4), 1e-4)
    try:
        armed = True
        while True:
            memory.empty((LARGE,), np.float64)
            nb.zeros(LARGE)
            big + big
            small + small
            f(small)
    except KeyboardInterrupt:
        interrupted += 1
    finally:
        armed = False
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert np._core.multiarray.get_handler_name(np.empty(LARGE)) == "default_allocator", attempt
    assert no_grad_level.get() == 0
assert np.array_equal(f(small).numpy(), want)
print(interrupted)
""")
    assert int(words) > 1500
