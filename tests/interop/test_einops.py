"""einops' own functions on Tensors, once they are told of them."""

import subprocess
import sys

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import errors, testing

einops = pytest.importorskip("einops")
X = np.arange(24.0).reshape(2, 3, 4) / 10

CALLS = {
    "rearrange": lambda x: einops.rearrange(x, "b c (d e) -> (e c) b d", e=2),
    "of a list": lambda x: einops.rearrange([x, 2 * x], "n b c d -> b (n c) d"),
    "reduce": lambda x: einops.reduce(x, "b c d -> b d", "mean") + einops.reduce(x, "b c d -> 1 d", "max"),
    "product": lambda x: einops.reduce(x + 1, "b c d -> c", "prod"),
    "repeat": lambda x: einops.repeat(x, "b c d -> b c n (d m)", n=2, m=3),
    "einsum": lambda x: einops.einsum(x, x, "b c d, b e d -> c e"),
    "pack": lambda x: einops.pack([x, x[:, :, 0]], "b *")[0],
    "unpack": lambda x: einops.unpack(einops.pack([x, x[:, 0]], "b *")[0], [(3, 4), (4,)], "b *")[1],
}


@pytest.mark.parametrize("name", CALLS)
def test_values_and_gradients(name):
    nb.interop.use_einops()
    nb.interop.use_einops()
    found, expected = CALLS[name](nb.asarray(X)), CALLS[name](X)
    assert type(found) is nb.Tensor
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-14)
    testing.check_grads(CALLS[name], [X], 1)


def test_einops_is_not_imported_before_it_is_asked_for():
    program = ("import sys, nbgrad as nb, einops\n"
               "try: einops.rearrange(nb.ones((2, 3)), 'a b -> b a')\n"
               "except RuntimeError as error: assert 'unknown to einops' in str(error)\n"
               "else: raise SystemExit('nobody told it')\n"
               "nb.interop.use_einops()\n"
               "assert einops.rearrange(nb.ones((2, 3)), 'a b -> b a').shape == (3, 2)\n"
               "import numpy as np; assert einops.rearrange(np.ones((2, 3)), 'a b -> b a').shape == (3, 2)\n")
    subprocess.run([sys.executable, "-c", program], check=True)


def test_without_einops(monkeypatch):
    from nbgrad.interop import einops_backend

    einops_backend._backend.cache_clear()
    monkeypatch.setitem(sys.modules, "einops._backends", None)
    with pytest.raises(errors.MissingPackageError, match=r"use_einops.*pip install einops\.$"):
        nb.interop.use_einops()
