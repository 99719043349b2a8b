"""What each library calls the functions that the work is written in, where that is not their own name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Spelling = tuple[list[str], dict[str, Callable[..., Any]]]


def attention(lib: Any, q: Any, k: Any, v: Any) -> Any:
    """Softmax of q k^T over the root of the width, times v, for (..., tokens, width)."""
    scores = q @ lib.swapaxes(k, -1, -2) * (1 / math.sqrt(q.shape[-1]))
    return lib.softmax(scores, -1) @ v


def normalised(lib: Any, x: Any, axis: int, scale: Any = 1, shift: Any = 0) -> Any:
    """x less its mean, over its standard deviation, times scale plus shift."""
    y = x - lib.mean(x, axis=axis, keepdims=True)
    return y / lib.sqrt(lib.mean(y * y, axis=axis, keepdims=True) + 1e-5) * scale + shift


def stable_softmax(lib: Any, x: Any, axis: int) -> Any:
    e = lib.exp(x - lib.max(x, axis=axis, keepdims=True))
    return e / lib.sum(e, axis=axis, keepdims=True)


def adam(x: Any, g: Any, m: Any, v: Any, count: Any, lr: float) -> tuple[Any, Any, Any]:
    """Adam's move with the usual constants, for libraries without optimisers: (x, m, v)."""
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    rate = lr / (1 - 0.9 ** count)
    return x - rate * m / ((v / (1 - 0.999 ** count)) ** 0.5 + 1e-8), m, v


def nbgrad() -> Spelling:
    import nbgrad as nb

    return ["nbgrad", "nbgrad.linalg"], {
        "permute": nb.permute_dims,
        "solve_triangular": lambda a, b: nb.linalg.solve_triangular(a, b, lower=True),
        "attention": lambda q, k, v: attention(nb, q, k, v),
        "embedding": lambda table, places: nb.embedding(places, table),
    }


def torch() -> Spelling:
    import torch
    import torch.nn.functional as nn

    def layer_norm(x: Any, axis: int, *affine: Any) -> Any:
        if axis == 0:
            x = x.T
        y = nn.layer_norm(x, x.shape[-1:], *affine)
        return y.T if axis == 0 else y

    return ["torch", "torch.linalg", "torch.nn.functional"], {
        "max": torch.amax,                    # as here, equal elements share the derivative
        "min": torch.amin,
        "solve": torch.linalg.solve,
        "var": lambda x, axis: torch.var(x, axis, correction=0),
        "expm": torch.linalg.matrix_exp,
        "cholesky": torch.linalg.cholesky,
        "solve_triangular": lambda a, b: torch.linalg.solve_triangular(a, b[:, None], upper=False)[:, 0],
        "layer_norm": layer_norm,
        "gelu": lambda x: nn.gelu(x, approximate="none"),
        "attention": nn.scaled_dot_product_attention,
        "embedding": lambda table, places: nn.embedding(places, table),
    }


def jax() -> Spelling:
    import jax
    import jax.numpy as jnp
    import jax.scipy.linalg as linalg

    def cross_entropy(logits: Any, classes: Any) -> Any:
        picked = jnp.take_along_axis(jax.nn.log_softmax(logits), classes[:, None], 1)
        return -jnp.mean(picked)

    return ["jax.numpy", "jax.nn", "jax.scipy.special"], {
        "expm": linalg.expm,
        "cholesky": jnp.linalg.cholesky,
        "solve_triangular": lambda a, b: linalg.solve_triangular(a, b, lower=True),
        "layer_norm": lambda x, *rest: normalised(jnp, x, *rest),
        "gelu": lambda x: jax.nn.gelu(x, approximate=False),
        "attention": lambda q, k, v: attention(_Joined(jnp, jax.nn), q, k, v),
        "cross_entropy": cross_entropy,
        "permute": jnp.transpose,
        "embedding": lambda table, places: table[places],
    }


def autograd() -> Spelling:
    import autograd.numpy as anp
    import autograd.scipy.linalg as linalg
    import autograd.scipy.special as special

    def gelu(x: Any) -> Any:
        return 0.5 * x * (1 + special.erf(x * (1 / math.sqrt(2))))

    return ["autograd.numpy", "autograd.scipy.special"], {
        "cholesky": anp.linalg.cholesky,
        "diagonal": lambda a: anp.diagonal(a, 0, -1, -2),
        "solve_triangular": lambda a, b: linalg.solve_triangular(a, b, lower=True),
        "softplus": lambda x: anp.logaddexp(0, x),
        "softmax": lambda x, axis: stable_softmax(anp, x, axis),
        "layer_norm": lambda x, *rest: normalised(anp, x, *rest),
        "gelu": gelu,
        "attention": lambda q, k, v: attention(_Joined(anp, None), q, k, v),
        "permute": anp.transpose,
        "embedding": lambda table, places: table[places],
    }


def pytensor() -> Spelling:
    import pytensor.tensor as pt
    from pytensor.tensor import linalg

    return ["pytensor.tensor"], {
        "expm": linalg.expm,
        "cholesky": linalg.cholesky,
        "solve_triangular": lambda a, b: linalg.solve_triangular(a, b, lower=True),
        "diagonal": pt.diagonal,
        "embedding": lambda table, places: table[places],
    }


class _Joined:
    """The functions of a module of NumPy's names with softmax of another one, or of a formula."""

    def __init__(self, module: Any, other: Any) -> None:
        self.swapaxes = module.swapaxes
        self.softmax = other.softmax if other else lambda x, axis: stable_softmax(module, x, axis)


SPELLINGS: dict[str, Callable[[], Spelling]] = {
    "nbgrad": nbgrad, "torch": torch, "jax": jax, "autograd": autograd, "pytensor": pytensor}
