"""Cases of matrix decompositions and functions at special points, as structured_cases has them of others."""

import second_order as jets
from second_order import flat, inv, log, matmul, sqrt, total
from structured_cases import TURN, UNIT, Case, of_matrices, onto_first, parts

import nbgrad as nb
from nbgrad.define.registry import OPS

FULL = [[2.0, 1.0, -0.5, 3.0], UNIT, TURN, [2e-90, 1e-90, -1e-90, 3e-90], [2e60, 1e60, -1e60, 3e60]]
PIVOTED = [[2.0, 1.0, -0.5, 3.0], [0.5, 1.0, -2.0, 3.0], UNIT, TURN, [2e60, 1e60, -1e60, 3e60]]
POSITIVE = [[4.0, 1.0, 1.0, 3.0], [2.0, 0.5, 0.25, 1.0], [3.0, -0.5, 0.5, 1.0]]


def op(name):
    return OPS[name].op


def each(f):
    """A function of one row as one of rows."""
    return lambda x: nb.stack([f(x[i]) for i in range(x.shape[0])])


def squares(a):
    """Of the triangular factor, whose signs are LAPACK's."""
    (p, q), (r, s) = a
    length, along, other = p * p + r * r, p * q + r * s, jets.det(a)
    return [length, along * along / length, jets.Jet(0), other * other / length]


def projector(a):
    """On the first column."""
    (p, _), (r, _) = a
    return [x / (p * p + r * r) for x in (p * p, p * r, r * p, r * r)]


def packed(a):
    first, second = a if abs(a[0][0].v) >= abs(a[1][0].v) else a[::-1]
    ratio = second[0] / first[0]
    return [*first, ratio, second[1] - ratio * first[1]]


def pseudo_inverse(xs):
    return [x / total([x * x for x in xs]) for x in xs]


def fitted(xs):
    """Of a column and a right side: the factor of the column, and its length."""
    a, b = xs[:2], xs[2:]
    size = total([x * x for x in a])
    return [total([p * q for p, q in zip(a, b, strict=True)]) / size, sqrt(size)]


def sylvester(xs):
    """Of 2 x 2 and 1 x 1 matrices."""
    (p, q, r, s), b, right = xs[:4], xs[4], [[xs[5]], [xs[6]]]
    return flat(matmul(inv([[p + b, q], [r, s + b]]), right))


def root(a):
    """(a + sqrt(det)) / sqrt(trace + 2 sqrt(det)), of a 2 x 2 matrix."""
    d = sqrt(jets.det(a))
    t = sqrt(a[0][0] + a[1][1] + d + d)
    return [x / t for x in (a[0][0] + d, a[0][1], a[1][0], a[1][1] + d)]


def function(a, f):
    """By the two eigenvalues, of a 2 x 2 matrix."""
    half, product = (a[0][0] + a[1][1]) / 2, jets.det(a)
    r = sqrt(half * half - product)
    high, low = half + r, half - r
    slope = (f(high) - f(low)) / (high - low)
    return [slope * (a[i][j] - (high if i == j else 0)) + (f(high) if i == j else 0)
            for i in range(2) for j in range(2)]


def system(matrix, right):
    return flat(matmul(inv(matrix), [[x] for x in right]))


CASES = {
    "qr_factors": of_matrices(lambda a: onto_first(op("qr_factors")(a)[0]), projector, FULL),
    "triangular_factor": of_matrices(lambda a: op("triangular_factor")(a) ** 2, squares, FULL[:3]),
    "lu_packed": of_matrices(lambda a: op("lu_packed")(a)[0], packed, PIVOTED),
    "truncated_inverse": Case(parts(nb.linalg.pinv, (3, 1)), pseudo_inverse,
                              [[0.3, -1.2, 2.5], [0.0, 2.0, 0.0], [2.0, 2.0, 2.0], [1e60, 1e30, 2e60]],
                              float32=False),
    "truncated_inverse, square": of_matrices(nb.linalg.pinv, lambda a: flat(inv(a)), FULL[:3]),
    "least_squares": Case(
        each(lambda x: nb.concat([nb.ravel(part) for part in op("least_squares")(
            nb.reshape(x[:2], (2, 1)), x[2:])[:2]])),
        fitted, [[2.0, 1.0, -0.5, 3.0], [1.0, 0.0, 0.0, 2.0], [1e60, 1e60, 1e30, 2e60]], float32=False),
    "solve_sylvester": Case(parts(op("solve_sylvester"), (2, 2), (1, 1), (2, 1)), sylvester,
                            [[2.0, 1.0, -0.5, 3.0, 1.0, 0.5, 2.0], [*TURN, 1.0, 1.0, 0.0],
                             [0.0] * 4 + [2.0, 1.0, 3.0]], float32=False),
    "sqrtm": of_matrices(op("sqrtm"), root, [*POSITIVE, UNIT, [1e60, 1e59, 0.0, 2e60]]),
    "logm": of_matrices(op("logm"), lambda a: function(a, log), POSITIVE),
    "banded_solution": Case(
        each(lambda x: op("banded_solution")(nb.reshape(x[:6], (3, 2)), x[6:], lower=1, upper=1)),
        lambda xs: system([[xs[2], xs[1]], [xs[4], xs[3]]], xs[6:]),
        [[7.0, 1.0, 2.0, 3.0, -0.5, 7.0, 1.0, -2.0], [0.0, 1.0, 0.0, 0.0, -1.0, 0.0, 1.0, 2.0]],
        float32=False),
    "toeplitz_solution": Case(
        each(lambda x: op("toeplitz_solution")(x[:2], x[2:4], x[4:])),
        lambda xs: system([[xs[0], xs[3]], [xs[1], xs[0]]], xs[4:]),
        [[2.0, 1.0, 7.0, -0.5, 1.0, 3.0], [1.0, 0.0, 0.0, 0.0, 2.0, 1.0]], float32=False),
}
