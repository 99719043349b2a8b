"""Work on few elements that nbgrad and PyTorch spell alike: every op of the table that PyTorch has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from work.libraries import Library, Run
from work.row import aligned
from work.sizes import side

Work = tuple[Callable[..., Any], Callable[[int], list[np.ndarray]]]
# where PyTorch's function of an elementwise op's name is another one
_OTHERWISE = {"equal", "where", "softmax"}


def _matrix(seed: int, n: int, span: Any = (0.1, 3.0)) -> np.ndarray:
    """About n numbers as a square matrix."""
    rng, shape = np.random.default_rng(seed), (_side(n), _side(n))
    if span in (bool, int):
        return rng.integers(0, 2 if span is bool else 5, shape).astype(span)
    return aligned(rng.uniform(*span, shape))


def _side(n: int) -> int:
    return 1 if n == 1 else side(n)


def one(n: int) -> list[np.ndarray]:
    return [_matrix(0, n)]


def two(n: int) -> list[np.ndarray]:
    return [_matrix(0, n), _matrix(1, n)]


def positive(n: int) -> list[np.ndarray]:
    """A positive definite matrix, and another one."""
    a, b = two(n)
    return [a @ a.T + np.eye(len(a)), b]


def vectors(n: int) -> list[np.ndarray]:
    return [aligned(_matrix(seed, n)[0].copy()) for seed in (0, 1)]


def elementwise(table: dict[str, Any], torch: Library) -> dict[str, Work]:
    """The elementwise ops of the table that PyTorch has a function of the name for."""
    found: dict[str, Work] = {}
    for name, row in table.items():
        if row.kind == "elementwise" and name not in _OTHERWISE and hasattr(torch, name):
            each = isinstance(row.at, tuple) and isinstance(row.at[0], (tuple, type))
            spans = list(row.at) if each else [row.at] * row.op.arity

            def f(lib: Any, *xs: Any, name: str = name) -> Any:
                return getattr(lib, name)(*xs)

            def make(n: int, spans: list[Any] = spans) -> list[np.ndarray]:
                return [_matrix(seed, n, span) for seed, span in enumerate(spans)]

            found[name] = f, make
    return found


def there_and_back(lib: Library, f: Callable[..., Any], xs: Sequence[np.ndarray]) -> Run | None:
    """The op and backward() from its result; None where nothing can be differentiated."""
    leaves = [lib.leaf(x) if x.dtype.kind == "f" else lib.array(x) for x in xs]
    z = f(lib, *leaves)
    z = z[0] if isinstance(z, (tuple, list)) else z
    if not any(leaf.requires_grad for leaf in leaves) or not getattr(z, "requires_grad", False):
        return None
    g = lib.array(np.ones(tuple(z.shape)))
    moving = [leaf for leaf in leaves if leaf.requires_grad]

    def run() -> None:
        z = f(lib, *leaves)
        (z[0] if isinstance(z, (tuple, list)) else z).backward(g)
        for leaf in moving:
            leaf.grad = None

    return run


def runs(lib: Library, f: Callable[..., Any], xs: Sequence[np.ndarray]) -> dict[str, Run | None]:
    """What is timed of an op, by name."""
    given = [lib.array(x) for x in xs]
    return {"forward": lambda: f(lib, *given), "and back": there_and_back(lib, f, xs)}


def _half(lib: Any, x: Any) -> Any:
    return x[:, (x.shape[1] + 1) // 2:]


WORK: dict[str, Work] = {
    # reductions
    **{name: (lambda lib, x, name=name: getattr(lib, name)(x), one)
       for name in ("sum", "mean", "prod", "max", "min", "all", "any", "argmax", "argmin")},
    **{f"{name} of rows": (lambda lib, x, name=name: getattr(lib, name)(x, 1), one)
       for name in ("sum", "mean", "max", "var", "logsumexp", "softmax", "log_softmax", "cumsum", "cumprod",
                    "argmax")},
    "norm": (lambda lib, x: lib.norm(x), one),
    "layer_norm": (lambda lib, x: lib.layer_norm(x, -1 if lib.name == "nbgrad" else 1), one),
    # shapes
    "reshape": (lambda lib, x: lib.reshape(x, (-1,)), one),
    "x.reshape": (lambda lib, x: x.reshape(-1, 1), one),
    "ravel": (lambda lib, x: lib.ravel(x), one),
    "squeeze": (lambda lib, x: lib.squeeze(x), one),
    "transpose": (lambda lib, x: x.T, one),
    "permute": (lambda lib, x: lib.permute(x, (1, 0)), one),
    "swapaxes": (lambda lib, x: lib.swapaxes(x, 0, 1), one),
    "flip": (lambda lib, x: lib.flip(x, (0,)), one),
    "roll": (lambda lib, x: lib.roll(x, 1, 0), one),
    "tile": (lambda lib, x: lib.tile(x, (2, 1)), one),
    "broadcast_to": (lambda lib, x: lib.broadcast_to(x, (3, *x.shape)), one),
    "concat": (lambda lib, x, y: lib.concat([x, y], 0), two),
    "stack": (lambda lib, x, y: lib.stack([x, y], 0), two),
    "split": (lambda lib, x: lib.split(x, 1, 0), one),
    "astype": (lambda lib, x: x.float(), one),
    # indexing
    "x[0]": (lambda lib, x: x[0], one),
    "x[0, 0]": (lambda lib, x: x[0, 0], one),
    "x[:, half:]": (_half, one),
    "x[None]": (lambda lib, x: x[None], one),
    "x[places]": (lambda lib, x: x[[0, 0]], one),
    "tril": (lambda lib, x: lib.tril(x), one),
    "diag": (lambda lib, x: lib.diag(x), one),
    "diag of a vector": (lambda lib, x, y: lib.diag(x), vectors),
    "diagonal": (lambda lib, x: lib.diagonal(x), one),
    "where": (lambda lib, c, x, y: lib.where(c, x, y), lambda n: [_matrix(2, n, bool), *two(n)]),
    "sort": (lambda lib, x: lib.sort(x), one),
    "argsort": (lambda lib, x: lib.argsort(x), one),
    # operands that differ
    "add a row": (lambda lib, x, y: x + y, lambda n: [_matrix(0, n), _matrix(1, n)[0].copy()]),
    "multiply by a column": (lambda lib, x, y: x * y, lambda n: [_matrix(0, n), _matrix(1, n)[:, :1].copy()]),
    "add a number": (lambda lib, x: x + 2, one),
    "add transposed": (lambda lib, x, y: x + y.T, two),
    # products and matrices
    "matmul": (lambda lib, x, y: x @ y, two),
    "matmul with a vector": (lambda lib, x, y: x @ y, lambda n: [_matrix(0, n), _matrix(1, n)[0].copy()]),
    "dot": (lambda lib, x, y: lib.dot(x, y), vectors),
    "outer": (lambda lib, x, y: lib.outer(x, y), vectors),
    "einsum": (lambda lib, x, y: lib.einsum("ij,jk->ik", x, y), two),
    "kron": (lambda lib, x, y: lib.kron(x, y), two),
    "trace": (lambda lib, x: lib.trace(x), one),
    **{name: (lambda lib, x, y, name=name: getattr(lib, name)(x), positive)
       for name in ("inv", "det", "slogdet", "cholesky", "eigvalsh", "eigh", "expm")},
    "solve": (lambda lib, x, y: lib.solve(x, y), positive),
    # networks
    "relu": (lambda lib, x: lib.relu(x), one),
    "gelu": (lambda lib, x: lib.gelu(x), one),
    "softplus": (lambda lib, x: lib.softplus(x), one),
}
