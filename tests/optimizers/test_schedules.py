"""Schedules against closed forms and PyTorch's, alone and as an optimiser's lr."""

import math
import pickle

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.errors import ValueRangeError

STEPS = range(12)
FORMS = {
    "constant": (nb.optim.constant(0.3), lambda k: 0.3),
    "step": (nb.optim.step_decay(0.3, 4), lambda k: 0.3 * 0.1 ** (k // 4)),
    "exponential": (nb.optim.exponential_decay(0.3, 0.8), lambda k: 0.3 * 0.8**k),
    "cosine": (nb.optim.cosine_decay(0.3, 10, 0.1),
               lambda k: 0.2 + 0.1 * math.cos(math.pi * min(k, 10) / 10)),
    "warmup": (nb.optim.linear_warmup(0.3, 5), lambda k: 0.3 * min(k, 5) / 5),
    "warmup, cosine": (
        nb.optim.linear_warmup(nb.optim.cosine_decay(0.3, 10), 4, 0.1),
        lambda k: 0.1 + 0.05 * k if k < 4 else 0.15 * (1 + math.cos(math.pi * (k - 4) / 10))),
}


@pytest.mark.parametrize("schedule, form", FORMS.values(), ids=FORMS)
def test_closed_forms(schedule, form):
    np.testing.assert_allclose([schedule(k) for k in STEPS], [form(k) for k in STEPS], rtol=1e-13)
    again = pickle.loads(pickle.dumps(schedule))
    assert [again(k) for k in STEPS] == [schedule(k) for k in STEPS]


def test_same_as_torch():
    torch = pytest.importorskip("torch")
    rates = torch.optim.lr_scheduler

    def warm(optimizer):
        return rates.SequentialLR(optimizer, [rates.LinearLR(optimizer, 0.25, total_iters=4),
                                              rates.ExponentialLR(optimizer, 0.8)], [4])

    for ours, make in (
        (nb.optim.step_decay(0.3, 4), lambda o: rates.StepLR(o, 4)),
        (nb.optim.exponential_decay(0.3, 0.8), lambda o: rates.ExponentialLR(o, 0.8)),
        (nb.optim.cosine_decay(0.3, 11, 0.1), lambda o: rates.CosineAnnealingLR(o, 11, 0.1)),
        (nb.optim.linear_warmup(nb.optim.exponential_decay(0.3, 0.8), 4, 0.075), warm),
    ):
        optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=0.3)
        schedule = make(optimizer)
        for k in STEPS:
            assert ours(k) == pytest.approx(schedule.get_last_lr()[0], rel=1e-12)
            optimizer.step()
            schedule.step()


@pytest.mark.parametrize("make", [nb.optim.SGD, nb.optim.Adam, nb.optim.AdamW, nb.optim.RMSProp])
def test_an_optimizer_takes_a_schedule(make):
    """Each update has the rate of the number of updates before, one for all leaves."""
    schedule = nb.optim.exponential_decay(0.5, 0.5)
    ours, other = make(lr=schedule), make()
    x = y = [np.ones(2), 3.0]
    for k in STEPS:
        other.lr = schedule(k)
        g = [np.full(2, k - 1.5), None if k % 2 else 2.0]
        x, y = ours.update(x, g), other.update(y, g)
        np.testing.assert_array_equal(x[0], y[0])
        np.testing.assert_array_equal(x[1], y[1])


def test_a_refused_update_is_no_step():
    optimizer = nb.optim.SGD(lr=nb.optim.exponential_decay(1.0, 0.5))
    with pytest.raises(ValueError):
        optimizer.update([1.0], [np.ones(2)])
    assert optimizer.update([1.0], [1.0])[0].item() == 0
    assert optimizer.update([1.0], [1.0])[0].item() == 0.5


def test_gradients_flow_to_a_rate_in_a_schedule():
    def after(rate):
        optimizer, x = nb.optim.SGD(lr=nb.optim.exponential_decay(rate, 0.5)), 0.0
        for _ in range(3):
            x = optimizer.update(x, 1.0)
        return x

    assert nb.grad(after)(0.1).item() == -1.75


@pytest.mark.parametrize("make, message", [
    (lambda: nb.optim.step_decay(1.0, 0), "step_decay: every must be 1 or more, got 0"),
    (lambda: nb.optim.cosine_decay(1.0, 0), "cosine_decay: steps must be 1 or more, got 0"),
    (lambda: nb.optim.linear_warmup(1.0, -1), "linear_warmup: steps must be 1 or more, got -1"),
])
def test_what_is_refused(make, message):
    with pytest.raises(ValueRangeError, match=message):
        make()
