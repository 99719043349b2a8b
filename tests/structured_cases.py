"""Structured ops at special points: each as a function of rows, and the same written plainly with jets."""

from dataclasses import dataclass
from math import inf

import numpy as np
import second_order as jets
from second_order import exp, flat, inv, log, matmul, matrix, mean, product, sqrt, total

import nbgrad as nb
from nbgrad.define.registry import OPS


@dataclass
class Case:
    """An op of rows.

    f     : (rows, m) -> (rows, k), rows independent of one another
    like  : m jets -> a list of k jets. At a kink it is what the op's docstring takes the function for
    points : rows of m numbers; those that float32 cannot hold are left to float64
    exact : each derivative is right by itself; else to the size of the largest of its order at the point
    ulps  : to how many units in the last place of that largest one
    size  : of what cancels, where even the largest one is 0
    float32 : whether it is tried in float32 too
    """

    f: object
    like: object
    points: list
    exact: bool = False
    ulps: float = 8
    size: float = 0.0
    float32: bool = True


def parts(op, *shapes, **params):
    """An op of several operands as a function of rows, which are cut into operands of these shapes."""
    ends = np.cumsum([0, *[int(np.prod(shape)) for shape in shapes]])

    def f(x):
        operands = [nb.reshape(x[:, start:stop], (x.shape[0], *shape))
                    for shape, start, stop in zip(shapes, ends, ends[1:], strict=False)]
        return nb.reshape(op(*operands, **params), (x.shape[0], -1))

    return f


COMMON = [[0.3, -1.2, 2.5], [3.0, 1.0, 2.0]]
ZEROS = [[0.0, 2.0, 3.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0], [-0.0, 1.5, -2.0]]
TIES = [[2.0, 2.0, 1.0], [1.0, 2.0, 2.0], [2.0, 2.0, 2.0], [0.1, 0.1, 0.1], [-0.1, -0.1, -0.1], [1e-20] * 3]
SCALES = [[1e-160, 1e160, 2.0], [1e300, -1e300, 5e299], [1e-300, 2e-300, -1e-300], [1e300, 1.0, 1e-300],
          [1e200, -3e200, 2e200], [1e-200, 3e-200, -2e-200], [1e-18, 1e18, 2.0], [1e30, -1e30, 5e29],
          [1e-30, 2e-30, -1e-30]]
SUBNORMAL = [[5e-324, 1e-310, -1e-320], [1e-40, 2e-40, -1e-42]]
SHIFTED = [[1e8, 1e8 + 1, 1e8 + 3], [1e15, 1e15 + 1, 1e15 + 0.5], [1e5, 1e5 + 0.125, 1e5 + 0.5],
           [-1e5, -1e5 + 0.25, -1e5 + 0.125]]
ROWS = COMMON + ZEROS + TIES + SCALES + SHIFTED
LARGE = [[1e308, 1e308, -1e308], [700.0, -700.0, 0.0], [800.0, 800.0, 1.0], [-1e5, -1e5 - 0.25, -1e300],
         [40.0, 0.0, -40.0], [0.0, 20.0, -20.0], [1e-20, -1e-20, 0.0]]
MASKED = [[-inf, 1.0, 2.0], [-inf, -inf, 0.5]]
LOGITS = COMMON + ZEROS + TIES + SCALES + SUBNORMAL + SHIFTED + LARGE + MASKED


# --------------------------------------------------------------------------------------- the functions
def largest(xs):
    """The mean of those that are largest: ties share."""
    top = max(x.v for x in xs)
    return mean([x for x in xs if x.v == top])


def smallest(xs):
    return -largest([-x for x in xs])


def var(xs):
    return mean([x * x for x in [x - mean(xs) for x in xs]])


def root(v):
    """The square root, and 0, a constant, at 0: the least of its slopes."""
    return sqrt(v) if v.v else jets.Jet(0)


def rest(xs):
    """The largest number, and the sum of exponentials less that one's."""
    top = max(x.v for x in xs)
    return top, total([exp(x - top) for x in xs])


def logsumexp(xs):
    top, z = rest(xs)
    return top + log(z)


def softmax(xs):
    top, z = rest(xs)
    return [exp(x - top) / z for x in xs]


def log_softmax(xs):
    top, z = rest(xs)
    return [x - top - log(z) for x in xs]


def recurred(a, b):
    z = [b[0]]
    for x, y in zip(a[1:], b[1:], strict=True):
        z.append(y + x * z[-1])
    return z


def triangular(a, b):
    last = b[1][0] / a[1][1]
    return [(b[0][0] - a[0][1] * last) / a[0][0], last]


def eigenvalues(xs):
    """Of a symmetric 2 x 2 matrix, of which the lower triangle is read."""
    half, off = (xs[0] - xs[3]) / 2, xs[2]
    r, middle = sqrt(half * half + off * off), (xs[0] + xs[3]) / 2
    return [middle - r, middle + r]


def projector(xs):
    """On the first eigenvector: it has no sign."""
    low, high = eigenvalues(xs)
    return [x / (high - low) for x in (high - xs[0], -xs[2], -xs[2], high - xs[3])]


def singular_values(a):
    """Of a 2 x 2 matrix: the roots of the eigenvalues of a @ a.T."""
    return [root(x) for x in eigenvalues(flat(matmul(a, jets.transposed(a))))[::-1]]


def onto_first(v):
    """The projector on the first column of v."""
    return nb.matmul(v[:, :, :1], nb.matrix_transpose(v[:, :, :1]))


def frechet(a, e):
    """A block of the exponential of [[a, e], [0, a]]."""
    zero = [jets.Jet(0)] * 2
    z = jets.expm([a[0] + e[0], a[1] + e[1], zero + a[0], zero + a[1]])
    return z[0][2:] + z[1][2:]


def of_matrices(op, like, points, n=2, size=0.0):
    """A case of square matrices."""
    return Case(parts(op, (n, n)), lambda xs: like(matrix(xs, n)), points, float32=False, size=size)


def of_pairs(op, shape, like, points, other):
    """A case of 2 x 2 matrices and another operand."""
    return Case(parts(op, (2, 2), shape), lambda xs: like(matrix(xs[:4], 2), matrix(xs[4:], shape[1])),
                [a + other for a in points], float32=False)


# ------------------------------------------------------------------------------------- points of the others
UNIT, TURN = [1.0, 0.0, 0.0, 1.0], [0.0, 1.0, -1.0, 0.0]
REGULAR = [[2.0, 1.0, -0.5, 3.0], UNIT, TURN, [3e60, 1e-5, 1e5, 1e-60], [2e-90, 1e-90, -1e-90, 3e-90]]
SINGULAR = [[1.0, 2.0, 2.0, 4.0], [0.0] * 4, [0.0, 1.0, 0.0, 0.0], [1e-160, 0.0, 0.0, 1e160]]
THREE = [[2.0, 1.0, 0.0, -0.5, 3.0, 1.0, 0.25, 0.0, 1.5], [1.0] * 9,
         [0.0] * 9, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]]
POSITIVE = [[4.0, 1.0, 1.0, 3.0], UNIT, [2e150, 1e150, 1e150, 3e150], [2e-150, 1e-150, 1e-150, 3e-150]]
APART = [[4.0, 1.0, 1.0, 3.0], [2e150, 1e150, 1e150, 3e150], [1.0, 1e-9, 1e-9, 2.0], [0.0, 1.0, 1.0, 0.0]]
TURNED = [[3.0, 1.0, 0.5, 2.0], [2.0, -1.0, -1.0, -2.5], [1.0, 1e-9, 0.0, 3.0]]
EXPONENTS = [[0.0] * 4, UNIT, TURN, [2.0, 1.0, -0.5, 3.0], [1e-160, 0.0, 0.0, 1e-160],
             [-20.0, 0.0, 0.0, -20.0], [0.0, 1e3, 0.0, 0.0]]
PAIRS = [[0.0] * 4, [1.0, 2.0, 3.0, -1.0], [1.0] * 4, [2.0, 1.0, 1.0, 2.0], [1e160, 1e-160, 1e-160, 1e160]]
WINDOWS = [[1.0, 2.0, 2.0, 0.0], [3.0] * 4, [0.0, -0.0, 0.0, -1.0], [0.1, 0.5, -0.2, 0.3]]
SUMS = [*PAIRS[:4], [1e5, 1e5 + 0.25, 0.5, 0.0], [-inf, 1.0, 2.0, 0.0], [0.0, -3.0, 0.0, 3.5]]


CASES = {
    "prod": Case(lambda x: nb.prod(x, 1, True), lambda xs: [product(xs)], ROWS, exact=True),
    "max": Case(lambda x: nb.max(x, 1, True), lambda xs: [largest(xs)], ROWS),
    "min": Case(lambda x: nb.min(x, 1, True), lambda xs: [smallest(xs)], ROWS),
    "cumprod": Case(lambda x: nb.cumprod(x, 1), lambda xs: [xs[0], xs[0] * xs[1], product(xs)],
                    COMMON + ZEROS + TIES + SCALES[:1], exact=True),
    "var": Case(lambda x: nb.var(x, 1, True), lambda xs: [var(xs)], ROWS),
    "std": Case(lambda x: nb.std(x, 1, True), lambda xs: [root(var(xs))], ROWS),
    "euclidean": Case(lambda x: nb.norm(x, axis=1, keepdims=True),
                      lambda xs: [root(total([x * x for x in xs]))], ROWS),
    "logsumexp": Case(lambda x: nb.logsumexp(x, 1, True), lambda xs: [logsumexp(xs)], LOGITS),
    "softmax": Case(nb.softmax, softmax, LOGITS),
    "log_softmax": Case(nb.log_softmax, log_softmax, LOGITS),
    "class_entropy": Case(
        lambda x: nb.reshape(nb.cross_entropy(x, np.full(x.shape[0], 1), reduction="none"), (-1, 1)),
        lambda xs: [-log_softmax(xs)[1]], LOGITS[:-1]),
    "layer_norm": Case(
        nb.layer_norm, lambda xs: [(x - mean(xs)) / sqrt(var(xs) + jets.mpf(1e-5)) for x in xs], ROWS,
        ulps=32),
    "sort": Case(nb.sort, lambda xs: sorted(xs, key=lambda x: x.v), ROWS, float32=False),
    "recurrence": Case(parts(OPS["recurrence"].op, (3,), (3,)), lambda xs: recurred(xs[:3], xs[3:]),
                       [a + b for a, b in zip(ZEROS + TIES, COMMON * 5, strict=True)], float32=False),
    "window_max": Case(parts(nb.max_pool2d, (2, 2), kernel_size=2), lambda xs: [largest(xs)], WINDOWS,
                       float32=False),
    "gdot": Case(parts(nb.gdot, (1, 2), (2, 1), multiply=nb.multiply, add="max"),
                 lambda xs: [largest([xs[0] * xs[2], xs[1] * xs[3]])], PAIRS, float32=False),
    "gdot, logsumexp": Case(parts(nb.gdot, (1, 2), (2, 1), multiply=nb.add, add="logsumexp"),
                            lambda xs: [logsumexp([xs[0] + xs[2], xs[1] + xs[3]])], SUMS, float32=False),
    "matmul": of_pairs(nb.matmul, (2, 2), lambda a, b: flat(matmul(a, b)), REGULAR, [1.0, 2.0, 3.0, -1.0]),
    "inv": of_matrices(nb.linalg.inv, lambda a: flat(inv(a)), REGULAR),
    "solve": of_pairs(nb.linalg.solve, (2, 1), lambda a, b: flat(matmul(inv(a), b)), REGULAR, [1.0, -2.0]),
    "solve_triangular": of_pairs(OPS["solve_triangular"].op, (2, 1), triangular,
                                 [a for a in REGULAR if a[0]], [1.0, -2.0]),
    "det": of_matrices(nb.linalg.det, lambda a: [jets.det(a)], REGULAR + SINGULAR),
    "det, three": of_matrices(nb.linalg.det, lambda a: [jets.det(a)], THREE, 3, size=1.0),
    "slogdet": of_matrices(lambda a: nb.linalg.slogdet(a)[1], lambda a: [log(abs(jets.det(a)))], REGULAR),
    "expm": of_matrices(nb.linalg.expm, lambda a: flat(jets.expm(a)), EXPONENTS),
    "expm_frechet": of_pairs(OPS["expm_frechet"].op, (2, 2), frechet, EXPONENTS[:4], [1.0, 2.0, 3.0, -1.0]),
    "cholesky": of_matrices(nb.linalg.cholesky, lambda a: flat(jets.cholesky(a)), POSITIVE),
    "eigvalsh": of_matrices(nb.linalg.eigvalsh, lambda a: eigenvalues(flat(a)), APART),
    "eigh": of_matrices(lambda a: onto_first(nb.linalg.eigh(a)[1]), lambda a: projector(flat(a)), APART),
    "svdvals": of_matrices(nb.linalg.svdvals, singular_values, TURNED),
    "svd_factors": of_matrices(
        lambda a: onto_first(nb.linalg.svd(a)[0]),
        lambda a: projector([-x for x in flat(matmul(a, jets.transposed(a)))]), TURNED),
}
# What the second derivative of a case runs: its own first derivative is tried there.
WITHIN = {
    "extremum_vjp": "max", "var_vjp": "var", "std_vjp": "std", "euclidean_vjp": "euclidean",
    "logsumexp_vjp": "logsumexp", "softmax_vjp": "softmax", "log_softmax_vjp": "log_softmax",
    "class_entropy_vjp": "class_entropy", "layer_norm_vjp": "layer_norm",
    "cofactor": "det, three", "cofactor_push": "det, three",
    "inverse_gaps": "eigh", "determined": "svd_factors", "spread_max": "window_max", "pick_max": "window_max"}
