"""Optimisers for trees of parameters: SGD, RMSProp, Adam, AdamW, LBFGS; schedules of rates; clipping.

They are used in two ways. As a function, `update(params, grads)` returns new parameters of the same form.
Given parameters with requires_grad=True, `step()` changes them by their .grad and `zero_grad()` clears it, as
in PyTorch. A step is one kernel for each leaf; lr and its kin are operands: changing them compiles nothing.
lr is a number, or a schedule: a function of the number of steps made before. `state_dict()` is all that has
to be kept for another optimiser to go on by `load_state_dict()`. LBFGS takes a function, or a closure.
"""

from nbgrad.optimizers.base import Optimizer
from nbgrad.optimizers.clipping import clip_by_norm, clip_by_value
from nbgrad.optimizers.firstorder import SGD, Adam, AdamW, RMSProp
from nbgrad.optimizers.lbfgs import LBFGS
from nbgrad.optimizers.schedules import constant, cosine_decay, exponential_decay, linear_warmup, step_decay

__all__ = ["SGD", "Adam", "AdamW", "LBFGS", "Optimizer", "RMSProp", "clip_by_norm", "clip_by_value",
           "constant", "cosine_decay", "exponential_decay", "linear_warmup", "step_decay"]


def __dir__() -> list[str]:
    return sorted(__all__)
