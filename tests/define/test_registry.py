"""The table of ops: what a row says is stated where the op is declared, not guessed."""

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.define.registry import OPS, OURS
from nbgrad.kernels.table import KERNELS


def test_a_file_named_like_one_of_ours_does_not_choose_the_kernel_of_a_users_op(own_ops, monkeypatch):
    """nbgrad's own kernels have a function `written` in the file index.py."""
    monkeypatch.delitem(KERNELS, ("written", "cpu"), raising=False)        # of another test's op
    space = {"nb": nb, "__name__": "mine"}
    source = "@nb.op(out=lambda x: (x.shape, x.dtype))\ndef written(x):\n    return (nb.asarray(x),), {}\n"
    exec(compile(source, "/mine/index.py", "exec"), space)
    with pytest.raises(nb.errors.DeviceError, match="written"):
        space["written"](np.ones(3))


def test_private_ops_are_those_that_no_list_for_users_has():
    for name, row in OPS.items():
        if row.home == OURS:
            assert row.private != (name in dir(nb)), name
