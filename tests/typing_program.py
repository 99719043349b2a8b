"""What a user writes, for mypy --strict and pyright's strict mode; see test_typing.py. It runs too."""

from typing import Any, assert_type

import numpy as np

import nbgrad as nb
from nbgrad import optim
from nbgrad.ops.linalg import Slogdet

Array = np.ndarray[Any, Any]
Params = dict[str, nb.Tensor]


def forward(params: Params, x: nb.Tensor) -> nb.Tensor:
    hidden = nb.tanh(x @ params["w"] + params["b"])
    return nb.softmax(hidden @ params["v"], axis=-1)


def loss(params: Params, x: nb.Tensor, target: nb.Tensor) -> nb.Tensor:
    return nb.cross_entropy(forward(params, x), target, reduction="mean")


def train(steps: int) -> float:
    rng = np.random.default_rng(0)
    params = {"w": nb.asarray(rng.normal(size=(4, 5))), "b": nb.zeros(5), "v": nb.ones((5, 3))}
    x, target = nb.asarray(rng.normal(size=(6, 4))), nb.asarray(rng.integers(0, 3, 6))
    adam = optim.Adam(lr=1e-2)
    step = nb.value_and_grad(loss)
    value = nb.full((), nb.inf)
    for _ in range(steps):
        value, gradient = step(params, x, target)
        assert_type(gradient, Params)
        params = adam.update(params, gradient)
    return value.item()


def in_place() -> nb.Tensor:
    w = nb.tensor([1.0, 2.0], requires_grad=True)
    for _ in range(2):
        (w * w).sum().backward()
        with nb.no_grad():
            if (gradient := w.grad) is not None:
                w -= 0.1 * gradient
                gradient.zero_()
    sgd = optim.SGD([w], lr=0.1, momentum=0.9)
    (2 - w).square().mean().backward()
    sgd.step()
    sgd.zero_grad()
    return w.detach()


def algebra(a: nb.Tensor) -> nb.Tensor:
    b = a @ a.mT + 3 * nb.eye(a.shape[0])
    values, vectors = nb.linalg.eigh(b)
    u, s, vh = nb.linalg.svd(b, full_matrices=False)
    assert_type(nb.svd(b, compute_uv=False), nb.Tensor)
    assert_type(nb.linalg.slogdet(b), Slogdet)
    logdet = nb.linalg.slogdet(b).logabsdet
    solved = nb.linalg.solve(b, nb.ones(a.shape[0]))
    rebuilt = u * s @ vh - vectors * values @ vectors.T
    return logdet + solved.sum() + nb.linalg.norm(rebuilt, "fro", axis=(0, 1))


def energy(x: nb.Tensor) -> nb.Tensor:
    return nb.sum(nb.where(x > 1, nb.sin(x), 0.5 * x**2))


def derivatives(x: nb.Tensor) -> None:
    assert_type(nb.grad(energy)(x), nb.Tensor)
    assert_type(nb.hessian(energy)(x), nb.Tensor)
    assert_type(nb.jacobian(nb.sin, mode="fwd")(x), nb.Tensor)
    assert_type(nb.jvp(energy, (x,), (x,)), tuple[nb.Tensor, nb.Tensor])
    assert_type(nb.hvp(energy, x, x), nb.Tensor)
    value, pullback = nb.vjp(energy, x)
    (cotangent,) = pullback(nb.ones_like(value))
    first, second = nb.grad(nb.dot, argnums=(0, 1))(x, x)
    assert first.shape == second.shape == cotangent.shape
    assert_type(nb.checkpoint(energy)(x), nb.Tensor)
    assert_type(nb.stop_gradient(x), nb.Tensor)


def spellings(x: nb.Tensor) -> list[nb.Tensor]:
    assert_type(x.size(0), int)
    assert_type(x.size(), tuple[int, ...])
    assert_type(x.shape, tuple[int, ...])
    assert_type(x.numpy(), Array)
    assert_type(len(x) + x.ndim + x.numel(), int)
    assert_type(nb.allclose(x, x) and x.equal(x), bool)
    assert_type(nb.nonzero(x), tuple[nb.Tensor, ...])
    y = x.reshape(-1, 2).sum(0, keepdims=True) + x.sum(dim=0) - x.mean(0, True)
    y = y.astype(nb.float32).clamp(min=0).softmax(dim=-1).view(-1).flip(0)
    x = nb.concat([x, x], axis=0) if x.requires_grad else nb.concat([x, x], dim=0)
    x[..., 0] = 1
    parts = nb.split(x, 2)
    return [y, x[0], x[1:, None], x[x > 0], x[[0, 1]], -x, 2**x, x & 1 if x.dtype.kind == "i" else x, *parts]


def numpys(x: nb.Tensor) -> nb.Tensor:
    return nb.asarray(np.sin(x)) + nb.asarray(np.concatenate([x, x])).sum()


def _damped(x: nb.Tensor, rate: float = 1.0) -> nb.Tensor:
    return nb.exp(-rate * x) * nb.sin(x)


def _cube(x: Array) -> Array:
    return x**3


def _cube_rule(g: nb.Tensor, z: nb.Tensor, x: nb.Tensor) -> nb.Tensor:
    return g * 3 * x**2


damped = nb.elementwise("typing_damped", _damped, at=(0, 3))


@nb.op(kernel=_cube, vjp=_cube_rule, keep="x")
def typing_cube(x: float | nb.Tensor) -> tuple[tuple[nb.Tensor], dict[str, Any]]:
    """Return x**3."""
    return (nb.asarray(x),), {}


def main() -> None:
    x = nb.asarray([0.5, 2.0])
    assert train(3) > 0
    in_place()
    algebra(nb.ones((2, 2)))
    derivatives(x)
    spellings(nb.ones((2, 2)))
    numpys(x)
    assert_type(damped(x, rate=2.0), nb.Tensor)
    assert_type(typing_cube(x=2.0), nb.Tensor)


if __name__ == "__main__":
    main()
