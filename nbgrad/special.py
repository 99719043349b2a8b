"""Special functions under SciPy's names, with derivatives of any order; imported when it is asked for."""

from nbgrad.ops.activations import softplus
from nbgrad.ops.elementwise import cbrt, erf, erfc, exp2, expm1, log1p
from nbgrad.ops.special_bessel import (
    i0,
    i0e,
    i1,
    i1e,
    iv,
    ive,
    j0,
    j1,
    jn,
    jv,
    jve,
    k0,
    k0e,
    k1,
    k1e,
    kn,
    kv,
    kve,
    y0,
    y1,
    yn,
    yv,
)
from nbgrad.ops.special_elliptic import ellipe, ellipeinc, ellipk, ellipkinc, ellipkm1
from nbgrad.ops.special_entropy import (
    boxcox,
    boxcox1p,
    entr,
    exprel,
    huber,
    kl_div,
    pseudo_huber,
    rel_entr,
    sinc,
    xlog1py,
    xlogy,
)
from nbgrad.ops.special_gamma import (
    beta,
    betaln,
    binom,
    digamma,
    gamma,
    gammaln,
    loggamma,
    multigammaln,
    poch,
    polygamma,
    psi,
    rgamma,
)
from nbgrad.ops.special_incomplete import (
    betainc,
    betaincc,
    betainccinv,
    betaincinv,
    gammainc,
    gammaincc,
    gammainccinv,
    gammaincinv,
)
from nbgrad.ops.special_made import comb, factorial, gammasgn, log_softmax, logsumexp, softmax
from nbgrad.ops.special_normal import (
    dawsn,
    erfcinv,
    erfcx,
    erfi,
    erfinv,
    expit,
    log_expit,
    log_ndtr,
    logit,
    ndtr,
    ndtri,
)
from nbgrad.ops.special_other import exp1, expi, expn, hyp1f1, hyp2f1, lambertw, zeta

__all__ = ["beta", "betainc", "betaincc", "betainccinv", "betaincinv", "betaln", "binom", "boxcox",
           "boxcox1p", "cbrt", "comb", "dawsn", "digamma", "ellipe", "ellipeinc", "ellipk", "ellipkinc",
           "ellipkm1", "entr", "erf", "erfc", "erfcinv", "erfcx", "erfi", "erfinv", "exp1", "exp2", "expi",
           "expit", "expm1", "expn", "exprel", "factorial", "gamma", "gammainc", "gammaincc", "gammainccinv",
           "gammaincinv", "gammaln", "gammasgn", "huber", "hyp1f1", "hyp2f1", "i0", "i0e", "i1", "i1e", "iv",
           "ive", "j0", "j1", "jn", "jv", "jve", "k0", "k0e", "k1", "k1e", "kl_div", "kn", "kv", "kve",
           "lambertw", "log1p", "log_expit", "log_ndtr", "log_softmax", "loggamma", "logit", "logsumexp",
           "multigammaln", "ndtr", "ndtri", "poch", "polygamma", "pseudo_huber", "psi", "rel_entr", "rgamma",
           "sinc", "softmax", "softplus", "xlog1py", "xlogy", "y0", "y1", "yn", "yv", "zeta"]


def __dir__() -> list[str]:
    return sorted(__all__)
