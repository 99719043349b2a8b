"""Special functions in mpmath, and arguments at which their derivatives are hard."""

import mpmath as mp


def ndtr(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def log_ndtr(x):
    return mp.log1p(-ndtr(-x)) if x > 0 else mp.log(ndtr(x))


def inverse(f, start):
    """The inverse of a function of the last operand, from SciPy's value on."""
    return lambda *args: mp.findroot(lambda x: f(*args[:-1], x) - args[-1], start(*map(float, args)))


def dawson(x):
    return mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x)


def gammainc(a, x):
    return mp.gammainc(a, 0, x, regularized=True)


def gammaincc(a, x):
    return mp.gammainc(a, x, mp.inf, regularized=True)


def betainc(a, b, x):
    return mp.betainc(a, b, 0, x, regularized=True)


def betaincc(a, b, x):
    return mp.betainc(a, b, x, 1, regularized=True)


def boxcox(x, power):
    return mp.expm1(power * mp.log(x)) / power


def pseudo_huber(delta, r):
    return delta**2 * (mp.sqrt(1 + (r / delta) ** 2) - 1)


def differences(f, x):
    """The first and the second derivative of a function of one number, by differences."""
    h = (abs(x) or 1) * mp.mpf(10) ** -20
    z = [mp.re(f(x + k * h)) for k in (-2, -1, 0, 1, 2)]
    sums = [z[0] - 8 * z[1] + 8 * z[3] - z[4], 16 * (z[1] + z[3]) - z[0] - z[4] - 30 * z[2]]
    noise = mp.mpf(10) ** (10 - mp.mp.dps) * max(map(abs, z))
    return [s / (12 * h**n) if abs(s) > noise else mp.mpf(0) for n, s in enumerate(sums, 1)]


def unary(*xs):
    return [(x,) for x in xs]


def scaled(f, sign):
    return lambda *args: f(*args) * mp.exp(sign * abs(args[-1]))


ANGLES = [(0.5, 0.4), (1e-3, -2.0), (-1.3, -1e8), (5.0, 0.999), (1.57, 1 - 1e-6), (0.7, 1e-9), (-1.0, 1.0)]
FRACTIONS = [(0.3, 0.1), (2.5, 4.0), (20.5, 3.0), (1.25, 60.0)]


# name: the function, points that its derivatives are taken at
CASES = {
    "polygamma": (lambda n, x: mp.psi(int(n), x), [(0, 0.3), (1, 1e-5), (2, 30.0), (3, 1e8)]),
    "digamma": (mp.digamma, unary(1e-8, 0.3, 1.4616, 12.0, 1e10, -0.999999, -3.5)),
    "gamma": (mp.gamma, unary(1e-5, 0.3, 1.4, 20.5, 140.0, -0.5, -10.25)),
    "gammaln": (lambda x: mp.log(abs(mp.gamma(x))), unary(1e-8, 0.5, 2.0, 50.0, 1e10, -0.5, -6.3)),
    "loggamma": (mp.loggamma, unary(1e-8, 0.5, 2.0, 50.0, 1e10)),
    "rgamma": (mp.rgamma, unary(0.0, -1.0, -7.0, -3.000001, 0.3, 1.4, 20.5)),
    "beta": (mp.beta, [(2.0, 3.0), (1e-3, 5.0), (300.0, 1e-2), (1.5, 60.0)]),
    "betaln": (lambda a, b: mp.log(mp.beta(a, b)), [(2.0, 3.0), (1e-3, 5.0), (1e10, 1.0), (2.0, 1e8)]),
    "poch": (mp.rf, [(2.0, 3.0), (0.1, 1e-3), (100.0, 0.5)]),
    "binom": (mp.binomial, [(5.0, 2.0), (100.5, 3.25), (30.0, 28.5)]),
    "erfinv": (mp.erfinv, unary(1e-10, 0.5, -0.999)),
    "erfcx": (lambda x: mp.exp(x * x) * mp.erfc(x), unary(-5.0, 0.0, 0.9, 1.1, 30.0, 1e3)),
    "erfi": (mp.erfi, unary(-3.0, 0.0, 0.5, 20.0)),
    "dawsn": (dawson, unary(0.0, 0.5, 2.0, 6.6, 30.0, -1e3)),
    "ndtr": (ndtr, unary(-37.0, -3.0, 0.0, 5.0)),
    "log_ndtr": (log_ndtr, unary(-1e3, -40.0, -3.0, -1e-3, 0.0, 1.0, 8.0, 30.0)),
    "logit": (lambda x: mp.log(x / (1 - x)), unary(1e-300, 1e-3, 0.5001, 1 - 1e-12)),
    "log_expit": (lambda x: -mp.log1p(mp.exp(-x)), unary(-700.0, -1.0, 0.0, 40.0)),
    "xlogy": (lambda x, y: x * mp.log(y), [(2.0, 3.0), (1e-300, 1e-300), (0.0, 2.0)]),
    "xlog1py": (lambda x, y: x * mp.log1p(y), [(2.0, 3.0), (1.0, 1e-12), (0.0, 2.0)]),
    "entr": (lambda x: -x * mp.log(x), unary(1e-300, 0.36, 5.0)),
    "rel_entr": (lambda x, y: x * mp.log(x / y), [(2.0, 3.0), (1e-200, 1e200), (1.0, 1.0 + 1e-9)]),
    "kl_div": (lambda x, y: x * mp.log(x / y) - x + y, [(2.0, 3.0), (1e-20, 1e-10), (1.0, 1.0 + 1e-9)]),
    "exprel": (lambda x: mp.expm1(x) / x, unary(1e-9, -0.5, 3.0, 30.0, -40.0, 300.0, -700.0)),
    "boxcox": (boxcox, [(2.0, 0.5), (3.0, 1e-9), (1.0001, 2.0), (1e-5, -1.5)]),
    "boxcox1p": (lambda x, p: mp.expm1(p * mp.log1p(x)) / p, [(2.0, 0.5), (1e-9, 1e-9), (1e-4, 2.0)]),
    "sinc": (lambda x: mp.sinc(mp.pi * x), unary(1e-9, 0.3, 0.9, 2.3, 100.3)),
    "huber": (lambda d, r: r * r / 2 if abs(r) <= d else d * (abs(r) - d / 2), [(1.0, 0.5), (1.0, -3.0)]),
    "pseudo_huber": (pseudo_huber, [(1.0, 1e-5), (2.0, 3.0), (1e-3, -50.0)]),
    "gammainc": (gammainc, [(2.5, 1.0), (0.01, 1e-20), (1.0, 3.0), (30.0, 5.0), (1e3, 800.0)]),
    "gammaincc": (gammaincc, [(2.5, 1.0), (1e-3, 0.5), (1.0, 100.0), (30.0, 60.0), (200.0, 240.0)]),
    "betainc": (betainc, [(2.0, 3.0, 0.4), (0.01, 30.0, 1e-10), (150.0, 80.0, 0.6), (5.0, 0.1, 0.999)]),
    "jv": (mp.besselj, [*FRACTIONS, (-0.7, 0.5), (-2.3, 5.0)]),
    "jve": (mp.besselj, FRACTIONS[:2]),
    "yv": (mp.bessely, [*FRACTIONS, (-0.7, 0.5), (-2.3, 5.0)]),
    "j0": (lambda x: mp.besselj(0, x), unary(0.0, 1.0, -40.0)),
    "j1": (lambda x: mp.besselj(1, x), unary(0.0, 1.0, -40.0)),
    "y0": (lambda x: mp.bessely(0, x), unary(1e-10, 1.0, 40.0)),
    "y1": (lambda x: mp.bessely(1, x), unary(1e-10, 1.0)),
    "yn": (lambda n, x: mp.bessely(int(n), x), [(0, 2.0), (5, 0.1)]),
    "iv": (mp.besseli, [*FRACTIONS, (0.0, 30.0), (-0.7, 0.5), (-2.3, 5.0)]),
    "ive": (scaled(mp.besseli, -1), [*FRACTIONS, (0.5, 1e4)]),
    "i0": (lambda x: mp.besseli(0, x), unary(0.0, 1.0, -40.0)),
    "i1": (lambda x: mp.besseli(1, x), unary(1.0, -40.0)),
    "i0e": (scaled(lambda x: mp.besseli(0, x), -1), unary(1e-3, 1.5, -40.0, 1e6)),
    "i1e": (scaled(lambda x: mp.besseli(1, x), -1), unary(1e-3, -40.0, 1e6)),
    "kv": (mp.besselk, FRACTIONS),
    "kve": (scaled(mp.besselk, 1), [*FRACTIONS, (0.5, 1e4)]),
    "kn": (lambda n, x: mp.besselk(int(n), x), [(0, 2.0), (5, 0.1)]),
    "k0": (lambda x: mp.besselk(0, x), unary(1e-10, 1.0)),
    "k1": (lambda x: mp.besselk(1, x), unary(1e-10, 1.0)),
    "k0e": (scaled(lambda x: mp.besselk(0, x), 1), unary(1e-10, 1.0, 1e6)),
    "k1e": (scaled(lambda x: mp.besselk(1, x), 1), unary(1e-10, 1.0, 1e6)),
    "exp1": (mp.e1, unary(1e-10, 1.0, 50.0)),
    "expi": (mp.ei, unary(1e-10, -3.0, 1.0, 50.0)),
    "expn": (lambda n, x: mp.expint(int(n), x), [(0, 2.0), (1, 0.1), (4, 30.0)]),
    "zeta": (mp.zeta, [(1.0001, 1.0), (2.0, 0.01), (1.5, 1e6), (30.0, 2.5), (300.0, 10.0)]),
    "lambertw_upper": (mp.lambertw, unary(-0.367, 1e-20, 1.0, 1e200)),
    "lambertw_lower": (lambda x: mp.lambertw(x, -1), unary(-0.367, -0.1, -1e-200)),
    "ellipk": (mp.ellipk, unary(-1e10, -0.5, 0.0, 1e-9, 0.5, 1 - 1e-9)),
    "ellipkm1": (lambda p: mp.ellipk(1 - p), unary(1e-30, 1e-3, 1.0, 2.5)),
    "ellipe": (mp.ellipe, unary(-1e10, -0.5, 0.0, 1e-9, 0.5, 1 - 1e-9)),
    "ellipkinc": (mp.ellipf, ANGLES),
    "ellipeinc": (mp.ellipe, ANGLES),
    "betaincc": (betaincc, [(2.0, 3.0, 0.4), (0.5, 30.0, 0.3), (150.0, 80.0, 0.75)]),
}
