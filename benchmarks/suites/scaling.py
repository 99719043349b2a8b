"""How times grow: the slope of the line through (log size, log seconds), of least times of several.

Matrix products that a user writes (loops, in blocks, Strassen's algorithm) beside nbgrad's; the backward pass
of a chain of ops against its length (theory: 1); a Jacobian against its size (theory: 1 while the passes
cost their overhead, 3 when they are matrix products).
"""

import time as _time

import numpy as _np


def _exponents(runs, sizes, rounds=5):
    """runs: size -> call."""
    for run in runs.values():
        for _ in range(2):
            run()
    least = dict.fromkeys(sizes, float("inf"))
    for _ in range(rounds):
        for n in sizes:
            start = _time.perf_counter()
            runs[n]()
            least[n] = min(least[n], _time.perf_counter() - start)
    return float(_np.polyfit(_np.log(sizes), _np.log([least[n] for n in sizes]), 1)[0])


def _blocked():
    import numba

    @numba.njit
    def product(a, b, block=32):
        n = a.shape[0]
        out = _np.zeros((n, n))
        for i0 in range(0, n, block):
            for k0 in range(0, n, block):
                for i in range(i0, min(i0 + block, n)):
                    for k in range(k0, min(k0 + block, n)):
                        for j in range(n):
                            out[i, j] += a[i, k] * b[k, j]
        return out

    return product


def _products(which):
    """(size -> call) of one way to multiply."""
    import nbgrad as nb

    sizes = (64, 128, 256) if which != "blas" else (128, 256, 512)
    if which in ("naive", "strassen"):
        import product_exponent as user
    one = _blocked() if which == "blocked" else None
    runs = {}
    for n in sizes:
        a, b = _np.random.default_rng(n).normal(size=(2, n, n))
        x, y, count = nb.asarray(a), nb.asarray(b), _np.zeros(1, _np.int64)
        runs[n] = {"naive": lambda a=a, b=b, c=count: user.naive(a, b, c),
                   "strassen": lambda a=a, b=b, c=count: user.strassen(a, b, 32, c),
                   "blocked": lambda a=a, b=b: one(a, b),
                   "blas": lambda x=x, y=y: x @ y}[which]
    return runs, sizes


class exponents:  # noqa: N801
    """Exponents; they need no figure of the machine, only that it is not disturbed for a second."""

    version, timeout, unit = "1", 300, "exponent"

    def track_matmul(self, algorithm):
        return _exponents(*_products(algorithm))

    track_matmul.params, track_matmul.param_names = [["naive", "blocked", "strassen", "blas"]], ["algorithm"]

    def track_backward_of_chain(self):
        import nbgrad as nb

        def chain(n):
            def f(x):
                for _ in range(n):
                    x = nb.sin(x)
                return nb.sum(x)
            x, g = nb.asarray(_np.ones(3)), nb.grad(f)
            return lambda: g(x)

        sizes = (100, 300, 1000, 3000)
        return _exponents({n: chain(n) for n in sizes}, sizes)

    def track_jacobian(self):
        import nbgrad as nb

        def one(n):
            x, jacobian = nb.asarray(_np.linspace(0, 1, n)), nb.jacobian(lambda x: nb.tanh(x) * x)
            return lambda: jacobian(x)

        sizes = (16, 32, 64, 128)
        return _exponents({n: one(n) for n in sizes}, sizes)

    for _track in (track_matmul, track_backward_of_chain, track_jacobian):
        _track.less_is_better = True
