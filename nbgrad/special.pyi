"""Special functions under SciPy's names, with derivatives of any order; imported when it is asked for."""

# python tools/stubs.py writes this file.

from nbgrad.engine.methods import ArrayLike, Axis
from nbgrad.engine.tensor import Tensor
from nbgrad import cbrt as cbrt
from nbgrad import erf as erf
from nbgrad import erfc as erfc
from nbgrad import exp2 as exp2
from nbgrad import expm1 as expm1
from nbgrad import log1p as log1p
from nbgrad import softplus as softplus

__all__ = [
    "beta", "betainc", "betaincc", "betainccinv", "betaincinv", "betaln", "binom", "boxcox", "boxcox1p",
    "cbrt", "comb", "dawsn", "digamma", "ellipe", "ellipeinc", "ellipk", "ellipkinc", "ellipkm1", "entr",
    "erf", "erfc", "erfcinv", "erfcx", "erfi", "erfinv", "exp1", "exp2", "expi", "expit", "expm1", "expn",
    "exprel", "factorial", "gamma", "gammainc", "gammaincc", "gammainccinv", "gammaincinv", "gammaln",
    "gammasgn", "huber", "hyp1f1", "hyp2f1", "i0", "i0e", "i1", "i1e", "iv", "ive", "j0", "j1", "jn", "jv",
    "jve", "k0", "k0e", "k1", "k1e", "kl_div", "kn", "kv", "kve", "lambertw", "log1p", "log_expit",
    "log_ndtr", "log_softmax", "loggamma", "logit", "logsumexp", "multigammaln", "ndtr", "ndtri", "poch",
    "polygamma", "pseudo_huber", "psi", "rel_entr", "rgamma", "sinc", "softmax", "softplus", "xlog1py",
    "xlogy", "y0", "y1", "yn", "yv", "zeta"
]

def beta(a: ArrayLike, b: ArrayLike) -> Tensor:
    """Return gamma(a) * gamma(b) / gamma(a + b)."""
def betainc(a: ArrayLike, b: ArrayLike, x: ArrayLike) -> Tensor:
    """Return the integral of t**(a - 1) * (1 - t)**(b - 1) from 0 to x, over beta(a, b)."""
def betaincc(a: ArrayLike, b: ArrayLike, x: ArrayLike) -> Tensor:
    """Return 1 - betainc(a, b, x), accurate where that is small."""
def betainccinv(a: ArrayLike, b: ArrayLike, y: ArrayLike) -> Tensor:
    """Return the x at which betaincc(a, b, x) is y."""
def betaincinv(a: ArrayLike, b: ArrayLike, y: ArrayLike) -> Tensor:
    """Return the x at which betainc(a, b, x) is y."""
def betaln(a: ArrayLike, b: ArrayLike) -> Tensor:
    """Return the logarithm of |beta(a, b)|."""
def binom(x: ArrayLike, k: ArrayLike) -> Tensor:
    """Return the binomial coefficient of x over k."""
def boxcox(x: ArrayLike, power: ArrayLike) -> Tensor:
    """Return (x**power - 1) / power, the logarithm of x where power is 0."""
def boxcox1p(x: ArrayLike, power: ArrayLike) -> Tensor:
    """Return boxcox(1 + x, power), accurate near x = 0."""
def comb(N: ArrayLike, k: ArrayLike, *, repetition: bool = False) -> Tensor:
    """Return the number of ways to take k of N things, 0 where N or k is negative or k is above N."""
def dawsn(x: ArrayLike) -> Tensor:
    """Return Dawson's integral, exp(-x**2) times the integral of exp(t**2) from 0 to x."""
def digamma(x: ArrayLike) -> Tensor:
    """Return the derivative of gammaln."""
def ellipe(m: ArrayLike) -> Tensor:
    """Return the complete elliptic integral of the second kind, nan for a parameter m above 1."""
def ellipeinc(phi: ArrayLike, m: ArrayLike) -> Tensor:
    """Return the elliptic integral of the second kind of an angle phi, nan for a parameter m above 1."""
def ellipk(m: ArrayLike) -> Tensor:
    """Return the complete elliptic integral of the first kind, nan for a parameter m above 1."""
def ellipkinc(phi: ArrayLike, m: ArrayLike) -> Tensor:
    """Return the elliptic integral of the first kind of an angle phi, nan for a parameter m above 1."""
def ellipkm1(p: ArrayLike) -> Tensor:
    """Return ellipk(1 - p), accurate near p = 0."""
def entr(x: ArrayLike) -> Tensor:
    """Return -x * log(x), 0 where x is 0 and -inf where it is negative."""
def erfcinv(x: ArrayLike) -> Tensor:
    """Return the number whose complementary error function is x."""
def erfcx(x: ArrayLike) -> Tensor:
    """Return exp(x**2) * erfc(x), which does not underflow for large x."""
def erfi(x: ArrayLike) -> Tensor:
    """Return the imaginary error function, -1j * erf(1j * x)."""
def erfinv(x: ArrayLike) -> Tensor:
    """Return the number whose error function is x."""
def exp1(x: ArrayLike) -> Tensor:
    """Return the integral of exp(-t) / t from x on."""
def expi(x: ArrayLike) -> Tensor:
    """Return the integral of exp(t) / t up to x."""
def expit(x: ArrayLike, /) -> Tensor:
    """Return 1 / (1 + exp(-x)) without overflow."""
def expn(n: int, x: ArrayLike) -> Tensor:
    """Return the integral of exp(-x * t) / t**n from t = 1 on. n: an integer, at least 0."""
def exprel(x: ArrayLike) -> Tensor:
    """Return (exp(x) - 1) / x, 1 at 0."""
def factorial(n: ArrayLike) -> Tensor:
    """Return gamma(n + 1), and 0 for negative n."""
def gamma(x: ArrayLike) -> Tensor:
    """Return the gamma function, the factorial of x - 1."""
def gammainc(a: ArrayLike, x: ArrayLike) -> Tensor:
    """Return the integral of t**(a - 1) * exp(-t) from 0 to x, over gamma(a)."""
def gammaincc(a: ArrayLike, x: ArrayLike) -> Tensor:
    """Return 1 - gammainc(a, x), accurate for large x."""
def gammainccinv(a: ArrayLike, y: ArrayLike) -> Tensor:
    """Return the x at which gammaincc(a, x) is y."""
def gammaincinv(a: ArrayLike, y: ArrayLike) -> Tensor:
    """Return the x at which gammainc(a, x) is y."""
def gammaln(x: ArrayLike) -> Tensor:
    """Return the logarithm of |gamma(x)|."""
def gammasgn(x: ArrayLike) -> Tensor:
    """Return the sign of gamma(x), and at its poles, where it has none, what SciPy's function gives."""
def huber(delta: ArrayLike, r: ArrayLike) -> Tensor:
    """Return r**2 / 2 where |r| <= delta, delta * (|r| - delta / 2) beyond."""
def hyp1f1(a: ArrayLike, b: ArrayLike, x: ArrayLike) -> Tensor:
    """Return Kummer's function. Raises GradientError for a derivative in a or b."""
def hyp2f1(a: ArrayLike, b: ArrayLike, c: ArrayLike, x: ArrayLike) -> Tensor:
    """Return Gauss's hypergeometric function. Raises GradientError for a derivative in a, b or c."""
def i0(x: ArrayLike) -> Tensor:
    """Return the modified Bessel function of the first kind of order 0."""
def i0e(x: ArrayLike) -> Tensor:
    """Return exp(-|x|) * i0(x), whose derivative at 0 is taken as 0."""
def i1(x: ArrayLike) -> Tensor:
    """Return the modified Bessel function of the first kind of order 1."""
def i1e(x: ArrayLike) -> Tensor:
    """Return exp(-|x|) * i1(x)."""
def iv(v: ArrayLike, x: ArrayLike) -> Tensor:
    """Return the modified Bessel function of the first kind of real order v."""
def ive(v: ArrayLike, x: ArrayLike) -> Tensor:
    """Return exp(-|x|) * iv(v, x)."""
def j0(x: ArrayLike) -> Tensor:
    """Return the Bessel function of the first kind of order 0."""
def j1(x: ArrayLike) -> Tensor:
    """Return the Bessel function of the first kind of order 1."""
def jn(v: ArrayLike, x: ArrayLike) -> Tensor:
    """Return the Bessel function of the first kind of real order v."""
def jv(v: ArrayLike, x: ArrayLike) -> Tensor:
    """Return the Bessel function of the first kind of real order v."""
def jve(v: ArrayLike, x: ArrayLike) -> Tensor:
    """Return jv(v, x), whose exponential scale is 1 for real x."""
def k0(x: ArrayLike) -> Tensor:
    """Return the modified Bessel function of the second kind of order 0."""
def k0e(x: ArrayLike) -> Tensor:
    """Return exp(x) * k0(x)."""
def k1(x: ArrayLike) -> Tensor:
    """Return the modified Bessel function of the second kind of order 1."""
def k1e(x: ArrayLike) -> Tensor:
    """Return exp(x) * k1(x)."""
def kl_div(x: ArrayLike, y: ArrayLike) -> Tensor:
    """Return x * log(x / y) - x + y, y where x is 0 and inf where x or y is negative."""
def kn(n: int, x: ArrayLike) -> Tensor:
    """Return the modified Bessel function of the second kind of order n, an integer, at least 0."""
def kv(v: ArrayLike, x: ArrayLike) -> Tensor:
    """Return the modified Bessel function of the second kind of real order v."""
def kve(v: ArrayLike, x: ArrayLike) -> Tensor:
    """Return exp(x) * kv(v, x)."""
def lambertw(x: ArrayLike, k: int = 0) -> Tensor:
    """Return the real solution w of w * exp(w) = x, which is at least -1 for k = 0 and at most -1 for k = -1."""
def log_expit(x: ArrayLike) -> Tensor:
    """Return the logarithm of expit(x), also where that underflows."""
def log_ndtr(x: ArrayLike) -> Tensor:
    """Return the logarithm of ndtr(x), also where that underflows."""
def log_softmax(x: ArrayLike, axis: Axis = None) -> Tensor:
    """Return the logarithm of softmax along axes (None: all), without overflow."""
def loggamma(x: ArrayLike) -> Tensor:
    """Return the logarithm of gamma(x), nan for negative x, where that is complex; of complex"""
def logit(x: ArrayLike) -> Tensor:
    """Return log(x / (1 - x)), the inverse of expit."""
def logsumexp(
        a: ArrayLike, axis: Axis = None, b: ArrayLike | None = None, keepdims: bool = False,
) -> Tensor:
    """Return log(sum(b * exp(a))) over axes (None: all), without overflow."""
def multigammaln(a: ArrayLike, d: int) -> Tensor:
    """Return the logarithm of the multivariate gamma function of dimension d."""
def ndtr(x: ArrayLike) -> Tensor:
    """Return the distribution function of the standard normal distribution."""
def ndtri(y: ArrayLike) -> Tensor:
    """Return the number below which the standard normal distribution has probability y."""
def poch(x: ArrayLike, m: ArrayLike) -> Tensor:
    """Return gamma(x + m) / gamma(x), Pochhammer's symbol."""
def polygamma(n: int, x: ArrayLike) -> Tensor:
    """Return the n-th derivative of digamma, in x's dtype. n: an integer, at least 0."""
def pseudo_huber(delta: ArrayLike, r: ArrayLike) -> Tensor:
    """Return delta**2 * (sqrt(1 + (r / delta)**2) - 1), a smooth huber."""
def psi(x: ArrayLike) -> Tensor:
    """Return the derivative of gammaln."""
def rel_entr(x: ArrayLike, y: ArrayLike) -> Tensor:
    """Return x * log(x / y), 0 where x is 0 and inf where x or y is negative."""
def rgamma(x: ArrayLike) -> Tensor:
    """Return 1 / gamma(x)."""
def sinc(x: ArrayLike) -> Tensor:
    """Return sin(pi * x) / (pi * x), 1 at 0."""
def softmax(x: ArrayLike, axis: Axis = None) -> Tensor:
    """Return exp(x) over its sum along axes (None: all), without overflow."""
def xlog1py(x: ArrayLike, y: ArrayLike) -> Tensor:
    """Return x * log1p(y), and 0 where x is 0."""
def xlogy(x: ArrayLike, y: ArrayLike) -> Tensor:
    """Return x * log(y), and 0 where x is 0."""
def y0(x: ArrayLike) -> Tensor:
    """Return the Bessel function of the second kind of order 0."""
def y1(x: ArrayLike) -> Tensor:
    """Return the Bessel function of the second kind of order 1."""
def yn(n: int, x: ArrayLike) -> Tensor:
    """Return the Bessel function of the second kind of order n, an integer, at least 0."""
def yv(v: ArrayLike, x: ArrayLike) -> Tensor:
    """Return the Bessel function of the second kind of real order v."""
def zeta(x: ArrayLike, q: ArrayLike) -> Tensor:
    """Return Hurwitz's zeta function, the sum of (k + q)**-x for k from 0 on."""
