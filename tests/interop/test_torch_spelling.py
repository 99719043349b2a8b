"""Programs in PyTorch's spelling run with nbgrad in the place of the module.

A program is a function of the module, and returns what it computed. Each is run with nbgrad, and its results
are compared with exact ones; where PyTorch is installed, its own results must be the same.
"""

import contextlib
import io
import math

import numpy as np
import pytest
import scipy.linalg

import nbgrad as torch

W = [[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]]
X = [[1.0, 2.0], [-1.0, 0.5], [3.0, 4.0]]
CHECKS = {}


def checked(check):
    """A program, with a function that holds its results against exact ones."""

    def keep(program):
        CHECKS[program] = check
        return program

    return keep


def array(x):
    return x.detach().numpy() if hasattr(x, "detach") else np.asarray(x)


def same(got, want, tol=1e-12):
    """Equal to a tolerance: nested lists of tensors, arrays, numbers, strings and shapes."""
    if isinstance(want, (str, bool, type(None))):
        assert got == want
    elif isinstance(want, (list, tuple)) and not hasattr(got, "detach"):
        assert len(got) == len(want)
        for g, w in zip(got, want, strict=True):
            same(g, w, tol)
    else:
        got, want = array(got), array(want)
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=tol, atol=tol)


# --------------------------------------------------------------------------------------------------- programs
@checked(lambda: [[2, 3], [[1.0, 2.0], [3.0, 4.0]], np.zeros((2, 3)), np.zeros((2, 3)), np.zeros((2, 2)),
                  np.ones((2, 2)), 2, 3, [2, 3]])
def creation(torch):
    a = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    r = torch.randn(2, 3)
    return [list(r.shape), a, torch.zeros(2, 3), torch.zeros((2, 3)), torch.zeros_like(a), torch.ones_like(a),
            r.size(0), r.size(1), list(r.size())]


@checked(lambda: [np.array(X) @ W, np.array(X) @ W, 14.0, (np.array(X) @ W).T, (np.array(X) @ W).T,
                  np.exp(X), np.array(X) * 2 + 1, np.array(X) / [10, 20]])
def products(torch):
    x, w, v = torch.tensor(X), torch.tensor(W), torch.tensor([1.0, 2.0, 3.0])
    return [torch.matmul(x, w), x @ w, v @ v, (x @ w).t(), (x @ w).T, torch.exp(x), x * 2 + 1,
            x / torch.tensor([10.0, 20.0])]


@checked(lambda: [(4, 5, 3), (10, 4, 5, 3), (3, 5, 3), 0.0])
def batched_products(torch):
    a, b = torch.randn(4, 5, 2), torch.randn(4, 2, 3)
    c = torch.matmul(a, b)
    rows = sum((c[i] - a[i] @ b[i]).abs().sum().item() for i in range(4))
    return [tuple(c.shape), tuple(torch.matmul(torch.randn(10, 4, 5, 2), torch.randn(10, 4, 2, 3)).shape),
            tuple((torch.randn(3, 5, 2) @ torch.randn(2, 3)).shape), round(rows, 9)]


@checked(lambda: [np.sum(X), np.sum(X, 0), np.sum(X, 1), np.sum(X, 0), np.sum(X, -1), np.mean(X, 0), 9.5])
def reductions(torch):
    x = torch.tensor(X)
    return [x.sum(), x.sum(axis=0), x.sum(axis=1), x.sum(dim=0), x.sum(dim=-1), x.mean(dim=0), x.sum().item()]


def _rotation(t):
    return np.array([[math.cos(t), -math.sin(t)], [math.sin(t), math.cos(t)]])


@checked(lambda: [True, True, False, True, _rotation(0.5)])
def matrix_exponential(torch):
    j, a = torch.tensor([[0.0, -1.0], [1.0, 0.0]]), torch.tensor([[0.3, -0.2], [0.1, 0.4]])
    e = torch.linalg.matrix_exp
    eye = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    return [torch.allclose(e(torch.zeros(2, 2)), eye), torch.allclose(e(a) @ e(2 * a), e(3 * a)),
            torch.allclose(e(a) @ e(j), e(a + j)), torch.allclose(e(a) @ e(-a), eye), e(0.5 * j)]


_M, _G = [[0.3, -0.2], [0.1, 0.4]], [[1.0, 2.0], [3.0, 4.0]]


@checked(lambda: [scipy.linalg.expm_frechet(np.transpose(_M), np.array(_G), compute_expm=False)])
def gradient_of_the_matrix_exponential(torch):
    a = torch.tensor(_M, requires_grad=True)
    loss = (torch.linalg.matrix_exp(a) * torch.tensor(_G)).sum()
    loss.backward()
    return [a.grad]


@checked(lambda: [[6.0, -20.0], [6.0, -20.0], None, [12.0, -40.0], 59.0, True, True, False])
def gradient(torch):
    x = torch.tensor([3.0, -5.0], requires_grad=True)
    before = x.grad
    y = x[0] ** 2 + 2 * x[1] ** 2
    y.backward()
    first = x.grad.view(2) * 1
    x.grad = None
    y = x[0] ** 2 + 2 * x[1] ** 2
    y.backward()
    second = x.grad * 1
    (x[0] ** 2 + 2 * x[1] ** 2).backward()                  # adds up
    return [first, second, before, x.grad, y.item(), x.requires_grad, y.requires_grad,
            y.detach().requires_grad]


@checked(lambda: [np.sum(np.diag([2.0, 4.0, 6.0]), 0), [2.0, 8.0, 18.0], [0.0, 0.0, 0.0]])
def vector_jacobian_products(torch):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x**2
    y.backward(torch.ones_like(y), retain_graph=True)
    ones = x.grad * 1
    x.grad = None
    y.backward(torch.tensor([1.0, 2.0, 3.0]))
    weighted = x.grad * 1
    x.grad.zero_()
    return [ones, weighted, x.grad]


_J = np.array([[2.0, 1.0], [math.cos(1.0), 0.0], [0.0, -3.0]])


@checked(lambda: [_J, _J, _J, [0.0, 0.0]])
def jacobian_row_by_row(torch):
    x = torch.tensor([1.0, -1.5], requires_grad=True)
    a, b = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    e = [torch.tensor(v) for v in ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0])]
    y = ((a @ x) ** 2 + b @ x) * e[0] + torch.sin(a @ x) * e[1] + (b @ x) ** 2 * e[2]
    found = []
    for clear in ("zero_", "None", "view"):
        J = torch.zeros(3, 2)
        for i in range(y.size(0)):
            v = torch.zeros_like(y)
            v[i] = 1.0
            y.backward(v, retain_graph=True)
            J[i] = x.grad.view(1, -1) if clear != "view" else x.grad.view(-1)
            if clear == "None":
                x.grad = None
            else:
                x.grad.zero_()
        found.append(J)
    return [*found, x.grad]


@checked(lambda: [np.ones((3, 3)) @ np.transpose(W), np.transpose(X) @ np.ones((3, 3)), [3.0, 3.0, 3.0],
                  np.sum(np.array(X) @ W) + 0.9])
def linear_layer(torch):
    x, w = torch.tensor(X, requires_grad=True), torch.tensor(W, requires_grad=True)
    b = torch.tensor([0.1, 0.1, 0.1], requires_grad=True)
    loss = (x @ w + b).sum()
    loss.backward()
    return [x.grad, w.grad, b.grad, loss.item()]


_S = np.array([[2.0, 1.0], [0.0, 3.0]])


@checked(lambda: [(_S + _S.T) @ [1.0, -2.0], [3.0, 4.0] @ _S, _S @ [1.0, -2.0],
                  np.outer([3.0, 4.0], [1.0, -2.0])])
def forms(torch):
    s = torch.tensor([[2.0, 1.0], [0.0, 3.0]], requires_grad=True)
    x, y = (torch.tensor(v, requires_grad=True) for v in ([1.0, -2.0], [3.0, 4.0]))
    (x @ s.detach() @ x).backward()
    quadratic = x.grad * 1
    x.grad = None
    torch.matmul(y, torch.matmul(s, x)).backward()
    return [quadratic, x.grad, y.grad, s.grad]


@checked(lambda: [[[1.0], [2.0], [3.0], [4.0]], [[1.0, 2.0, 3.0, 4.0]], [[1.0, 3.0], [2.0, 4.0]],
                  [1.0, 2.0, 3.0, 4.0], [[0.5, 0.5], [0.5, 0.5]]])
def views(torch):
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    made = [x.view(4, 1), x.view(1, -1), x.t(), x.view(-1)]
    (x.view(-1) @ (torch.ones_like(x).view(4) / 2)).backward()
    return [*[y.detach() for y in made], x.grad]


@checked(lambda: [[4 * 0.8**20, -3 * 0.6**20], True, True, True])
def descent(torch):
    w, lr = torch.tensor([4.0, -3.0], requires_grad=True), 0.1
    same = w
    for _ in range(20):
        loss = w[0] ** 2 + 2 * w[1] ** 2
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
        w.grad.zero_()
    return [w, w is same, w.is_leaf, w.requires_grad]


_F = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])


@checked(lambda: [np.linalg.lstsq(_F, [1.0, 2.0, 4.0])[0], np.linalg.lstsq(_F, [1.0, 2.0, 4.0])[1][0]])
def regression(torch):
    x, y = torch.tensor(_F.tolist()), torch.tensor([1.0, 2.0, 4.0])
    w = torch.randn(2, requires_grad=True)
    for _ in range(200):
        loss = ((x @ w - y) ** 2).sum()
        w.grad = None
        loss.backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
    return [w.detach(), loss.item()]


@checked(lambda: ["tensor([1., 2., 3.])\n", "tensor([[1., 2.],\n        [3., 4.]])\n",
                  "tensor([1, 2])\n", "tensor([ True, False])\n", "tensor([1.], requires_grad=True)\n",
                  "0.25 3\n"])
def printing(torch):
    def printed(*what):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            print(*what)
        return out.getvalue()

    a = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    return [printed(torch.tensor([1.0, 2.0, 3.0])), printed(a),
            printed(torch.tensor([1, 2])), printed(torch.tensor([1.0, 2.0]) < 1.5),
            printed(torch.tensor([1.0], requires_grad=True)),
            printed(torch.tensor(0.25).item(), a.size(0) + 1)]


@checked(lambda: [True, False, True, True])
def closeness(torch):
    a = torch.tensor([1.0, 2.0])
    return [torch.allclose(a, a + 1e-9), torch.allclose(a, a + 1e-3), torch.allclose(a, a + 1e-3, atol=1e-2),
            torch.allclose(a * math.nan, a * math.nan, equal_nan=True)]


PROGRAMS = pytest.mark.parametrize("program", CHECKS, ids=lambda program: program.__name__)


@PROGRAMS
def test_program_gives_the_exact_result(program):
    same(program(torch), CHECKS[program]())


@PROGRAMS
def test_program_gives_what_pytorch_gives(program):
    pytorch = pytest.importorskip("torch")
    default = pytorch.get_default_dtype()
    pytorch.set_default_dtype(pytorch.float64)
    try:
        want = program(pytorch)
    finally:
        pytorch.set_default_dtype(default)
    same(program(torch), want)


# ---------------------------------------------------------------------------------- what must not be possible
def test_assigned_rows_stay_when_the_gradient_is_cleared():
    x, J = torch.tensor([1.0, 2.0], requires_grad=True), torch.zeros(2, 2)
    (x * x).sum().backward()
    J[0] = x.grad.view(1, -1)
    J[1] = x.grad
    x.grad.zero_()
    same(J, [[2.0, 4.0], [2.0, 4.0]], 0)
    x.grad = None
    same(J, [[2.0, 4.0], [2.0, 4.0]], 0)
    assert not J.requires_grad


def test_a_second_backward_needs_retain_graph():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="retain_graph"):
        y.backward()


def test_a_leaf_changes_only_under_no_grad():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="no_grad"):
        w -= 0.1
    with torch.no_grad():
        w -= 0.1
        w *= 2
    same(w, [1.8, 3.8])
    assert w.is_leaf and w.requires_grad


def test_a_vector_has_no_backward_without_a_cotangent():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError):
        (x * x).backward()
    with pytest.raises(ValueError):
        (x * x).backward(torch.ones(3))
    with pytest.raises(RuntimeError):
        (x * x).detach().sum().backward()


def test_a_0d_tensor_prints_as_its_number():
    assert str(torch.tensor(2.5)) == "2.5"
    assert repr(torch.tensor(2.5)) == "tensor(2.5)"
    assert f"{torch.tensor(2.5):.2f}" == "2.50"


def test_dim_and_keepdim_are_axis_and_keepdims():
    x = torch.ones((2, 3))
    assert x.sum(dim=1, keepdim=True).shape == (2, 1)
    assert x.size(dim=1) == 3
    with pytest.raises(torch.errors.ValueRangeError, match="both dim and axis"):
        x.sum(dim=1, axis=1)
