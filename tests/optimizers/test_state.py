"""state_dict and load_state_dict: another optimiser goes on bit for bit, and nothing else is taken."""

import io
import pickle

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.errors import ShapeError, TraceError, ValueRangeError

METHODS = {
    "sgd": lambda *p: nb.optim.SGD(*p, lr=0.1),
    "momentum": lambda *p: nb.optim.SGD(*p, lr=0.1, momentum=0.9),
    "rmsprop": lambda *p: nb.optim.RMSProp(*p, lr=0.1, momentum=0.9),
    "adam": lambda *p: nb.optim.Adam(*p, lr=0.1, betas=(0.5, 0.7)),
    "numpy": lambda *p: nb.optim.Adam(*p, lr=np.float64(0.1), betas=np.float32([0.5, 0.7])),
    "adamw": lambda *p: nb.optim.AdamW(*p, lr=0.1),
    "schedule": lambda *p: nb.optim.Adam(*p, lr=nb.optim.cosine_decay(0.1, 7)),
}
NEW = {"sgd": nb.optim.SGD, "momentum": nb.optim.SGD, "rmsprop": nb.optim.RMSProp, "adam": nb.optim.Adam,
       "numpy": nb.optim.Adam, "adamw": nb.optim.AdamW, "schedule": METHODS["schedule"]}


def by_savez(state):
    file = io.BytesIO()
    np.savez(file, **state)
    file.seek(0)
    return dict(np.load(file, allow_pickle=False))


def by_pickle(state):
    return pickle.loads(pickle.dumps(state))


each_way = pytest.mark.parametrize("keep", [by_savez, by_pickle, dict])


@each_way
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", METHODS)
def test_update_goes_on_bit_for_bit(name, dtype, keep):
    rng = np.random.default_rng(0)
    params = {"w": rng.normal(size=(3, 2)).astype(dtype), "b": [nb.asarray(np.dtype(dtype).type(1.5)), 7]}
    steps = [{"w": rng.normal(size=(3, 2)).astype(dtype), "b": [np.dtype(dtype).type(k), None]}
             for k in range(6)]
    steps[2]["w"] = None
    first = METHODS[name]()
    for g in steps[:3]:
        params = first.update(params, g)
    second = NEW[name]()
    second.load_state_dict(keep(first.state_dict()))
    other = params
    for g in steps[3:]:
        params, other = first.update(params, g), second.update(other, g)
        np.testing.assert_array_equal(params["w"], other["w"])
        assert params["b"][0].item() == other["b"][0].item()
        assert other["w"].dtype == dtype
    assert first.steps == second.steps == 6


@each_way
@pytest.mark.parametrize("name", METHODS)
def test_step_goes_on_bit_for_bit(name, keep):
    def leaves(values):
        return [nb.tensor(v, requires_grad=True) for v in values]

    def steps(optimizer, xs, count):
        for _ in range(count):
            optimizer.zero_grad()
            (nb.sum(nb.sin(xs[0])) * xs[1]).backward()
            optimizer.step()

    one = leaves([np.array([1.0, 2.0]), np.array(0.5)])
    first = METHODS[name](one)
    steps(first, one, 3)
    two = leaves([x.detach() for x in one])
    second = NEW[name](two)
    second.load_state_dict(keep(first.state_dict()))
    steps(first, one, 3)
    steps(second, two, 3)
    for x, y in zip(one, two, strict=True):
        np.testing.assert_array_equal(x.detach(), y.detach())


def test_a_state_is_arrays_and_numbers():
    optimizer = nb.optim.Adam(lr=nb.asarray(0.1))
    optimizer.update({"w": np.ones((2, 3))}, {"w": np.ones((2, 3))})
    state = optimizer.state_dict()
    assert state.keys() == {"lr", "steps", "betas", "eps", "count", "shape.0", "memory.0.0", "memory.0.1"}
    assert (state["lr"], state["steps"], state["betas"]) == (0.1, 1, (0.9, 0.999))
    assert state["memory.0.1"].shape == (2, 3) and type(state["memory.0.1"]) is np.ndarray
    fresh = nb.optim.Adam()
    fresh.load_state_dict(nb.optim.Adam(lr=0.5).state_dict())
    assert fresh.lr == 0.5 and fresh.state == []


def test_the_state_is_that_of_its_moment():
    optimizer, x = nb.optim.Adam(), np.ones(2)
    optimizer.update(x, x)
    state = optimizer.state_dict()
    before = state["memory.0.0"].copy()
    optimizer.update(x, 3 * x)
    np.testing.assert_array_equal(state["memory.0.0"], before)


def test_what_is_refused_changes_nothing():
    def moved(optimizer, shape=(2,)):
        optimizer.update(np.ones(shape), np.ones(shape))
        return optimizer

    adam = moved(nb.optim.Adam(lr=0.25))
    for other in (nb.optim.SGD(), nb.optim.AdamW(), nb.optim.Adam(lr=nb.optim.constant(0.1))):
        with pytest.raises(ValueRangeError, match="Adam: load_state_dict got a state with the numbers"):
            adam.load_state_dict(other.state_dict())
    leaf = nb.tensor(np.ones(3), requires_grad=True)
    with pytest.raises(ShapeError, match=r"Adam: .*\(2,\).*\(3,\)"):
        nb.optim.Adam(leaf).load_state_dict(adam.state_dict())
    assert adam.lr == 0.25 and adam.steps == 1 and adam.state[0][0] == 1


def test_a_state_inside_a_gradient_would_lose_it():
    def loss(x):
        optimizer = nb.optim.Adam()
        optimizer.update(x, x * x)
        optimizer.state_dict()
        return nb.sum(x)

    with pytest.raises(TraceError):
        nb.grad(loss)(np.ones(2))
