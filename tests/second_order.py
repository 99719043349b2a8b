"""Numbers of any precision that carry their first and second derivatives: values + a e1 + b e2 + c e1 e2."""

import mpmath
from mpmath import mpf


class Jet:
    """v + a e1 + b e2 + c e1 e2 with e1 * e1 = e2 * e2 = 0; c is a mixed second derivative."""

    def __init__(self, v, a=0, b=0, c=0):
        self.parts = tuple(map(mpf, (v, a, b, c)))

    v = property(lambda self: self.parts[0])

    def __add__(self, other):
        return Jet(*[p + q for p, q in zip(self.parts, jet(other).parts, strict=True)])

    def __neg__(self):
        return Jet(*[-p for p in self.parts])

    def __sub__(self, other):
        return self + -jet(other)

    def __rsub__(self, other):
        return jet(other) - self

    def __mul__(self, other):
        (v, a, b, c), (w, d, e, f) = self.parts, jet(other).parts
        return Jet(_dot((v, w)), _dot((v, d), (a, w)), _dot((v, e), (b, w)),
                   _dot((v, f), (c, w), (a, e), (b, d)))

    def __truediv__(self, other):
        return self * jet(other).map(lambda x: 1 / x, lambda x: -1 / x**2, lambda x: 2 / x**3)

    def __rtruediv__(self, other):
        return jet(other) / self

    def __abs__(self):
        return -self if self.v < 0 else self

    __radd__, __rmul__ = __add__, __mul__

    def map(self, *derivatives):
        """A function of it, from the function and its first two derivatives."""
        v, a, b, c = self.parts
        f, f1, f2 = [d(v) for d in derivatives]
        return Jet(f, _dot((f1, a)), _dot((f1, b)), _dot((f1, c), (f2, a * b)))


def _dot(*pairs):
    """A sum of products, in which nothing is multiplied by 0: that may be infinite."""
    return sum([p * q for p, q in pairs if p and q], mpf(0))


def jet(x):
    return x if isinstance(x, Jet) else Jet(x)


def exp(x):
    return x.map(mpmath.exp, mpmath.exp, mpmath.exp)


def log(x):
    return x.map(mpmath.log, lambda v: 1 / v, lambda v: -1 / v**2)


def sqrt(x):
    return x.map(mpmath.sqrt, lambda v: 1 / (2 * mpmath.sqrt(v)), lambda v: -1 / (4 * v * mpmath.sqrt(v)))


def total(xs):
    return sum(xs, Jet(0))


def mean(xs):
    return total(xs) / len(xs)


def product(xs):
    z = Jet(1)
    for x in xs:
        z = z * x
    return z


def derivatives(f, xs):
    """f at xs, numbers, its gradient, and its matrix of second derivatives."""
    n = len(xs)
    found = [[f([Jet(x, i == k, j == k) for k, x in enumerate(xs)]) for j in range(i + 1)] for i in range(n)]
    second = [[found[max(i, j)][min(i, j)].parts[3] for j in range(n)] for i in range(n)]
    return found[0][0].v, [found[i][0].parts[1] for i in range(n)], second


# ------------------------------------------------------------------------------- matrices, as lists of rows
def matrix(xs, columns):
    return [xs[i:i + columns] for i in range(0, len(xs), columns)]


def flat(a):
    return [x for row in a for x in row]


def transposed(a):
    return [list(column) for column in zip(*a, strict=True)]


def matmul(a, b):
    return [[total([p * q for p, q in zip(row, column, strict=True)]) for column in zip(*b, strict=True)]
            for row in a]


def minor(a, i, j):
    return [[x for k, x in enumerate(row) if k != j] for row in a[:i] + a[i + 1:]]


def det(a):
    """By Laplace's expansion, which divides by nothing."""
    if not a:
        return Jet(1)
    return total([(-1) ** j * a[0][j] * det(minor(a, 0, j)) for j in range(len(a))])


def cofactor(a):
    n = range(len(a))
    return [[(-1) ** (i + j) * det(minor(a, i, j)) for j in n] for i in n]


def inv(a):
    d = det(a)
    return [[x / d for x in row] for row in transposed(cofactor(a))]


def cholesky(a):
    """The lower factor, of the lower triangle."""
    n = len(a)
    z = [[Jet(0)] * n for _ in range(n)]
    for j in range(n):
        z[j][j] = sqrt(a[j][j] - total([x * x for x in z[j][:j]]))
        for i in range(j + 1, n):
            inside = total([p * q for p, q in zip(z[i][:j], z[j][:j], strict=True)])
            z[i][j] = (a[i][j] - inside) / z[j][j]
    return z


def expm(a):
    """The series of a / 2^20, squared 20 times."""
    n = len(a)
    unit = [[Jet(i == j) for j in range(n)] for i in range(n)]
    small = [[x / 2**20 for x in row] for row in a]
    z, term = unit, unit
    for k in range(1, 40):
        term = [[x / k for x in row] for row in matmul(term, small)]
        z = [[p + q for p, q in zip(r, s, strict=True)] for r, s in zip(z, term, strict=True)]
    for _ in range(20):
        z = matmul(z, z)
    return z
