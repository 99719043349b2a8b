"""The elementwise ops without a derivative, one row each: comparisons, logic, steps and bits.

What a step has almost everywhere, 0, is taken as its derivative everywhere.
"""

from __future__ import annotations

import numpy as np

from nbgrad.define.declare import elementwise
from nbgrad.engine.graph import Op

# ------------------------------------------------------------------------------- comparisons and logic
less: Op = elementwise("less", "{} < {}", like=np.less, discrete=True, doc="Return whether x < y.")
less_equal: Op = elementwise("less_equal", "{} <= {}", like=np.less_equal, discrete=True,
                             doc="Return whether x <= y.")
greater: Op = elementwise("greater", "{} > {}", like=np.greater, discrete=True, doc="Return whether x > y.")
greater_equal: Op = elementwise("greater_equal", "{} >= {}", like=np.greater_equal, discrete=True,
                                doc="Return whether x >= y.")
equal: Op = elementwise("equal", "{} == {}", like=np.equal, discrete=True, doc="Return whether x == y.")
not_equal: Op = elementwise("not_equal", "{} != {}", like=np.not_equal, discrete=True,
                            doc="Return whether x != y.")
logical_and: Op = elementwise("logical_and", "({} != 0) & ({} != 0)", like=np.logical_and, discrete=True)
logical_or: Op = elementwise("logical_or", "({} != 0) | ({} != 0)", like=np.logical_or, discrete=True)
logical_xor: Op = elementwise("logical_xor", "({} != 0) ^ ({} != 0)", like=np.logical_xor, discrete=True)
logical_not: Op = elementwise("logical_not", "{} == 0", like=np.logical_not, discrete=True)
isnan: Op = elementwise("isnan", "isnan({})", like=np.isnan, discrete=True)
isinf: Op = elementwise("isinf", "isinf({})", like=np.isinf, discrete=True)
isfinite: Op = elementwise("isfinite", "isfinite({})", like=np.isfinite, discrete=True)
signbit: Op = elementwise("signbit", "signbit({})", like=np.signbit, discrete=True)

# ------------------------------------------------------------------------------------- steps and bits
sign: Op = elementwise("sign", "sign({})", like=np.sign, discrete=True,
                       doc="Return -1, 0 or 1; its derivative is taken as 0.")
floor: Op = elementwise("floor", "floor({})", like=np.floor, discrete=True,
                        doc="Return the largest integer not above x.")
ceil: Op = elementwise("ceil", "ceil({})", like=np.ceil, discrete=True,
                       doc="Return the smallest integer not below x.")
trunc: Op = elementwise("trunc", "trunc({})", like=np.trunc, discrete=True,
                        doc="Return x without its fraction.")
rint: Op = elementwise("rint", "rint({})", like=np.rint, discrete=True,
                       doc="Return the nearest integer, ties to even.")
floor_divide: Op = elementwise("floor_divide", "floor_divide({}, {})", like=np.floor_divide, discrete=True,
                               at=((-3.0, 3.0), (0.5, 3.0)))
bitwise_and: Op = elementwise("bitwise_and", "{} & {}", like=np.bitwise_and, discrete=True, at=(int, int))
bitwise_or: Op = elementwise("bitwise_or", "{} | {}", like=np.bitwise_or, discrete=True, at=(int, int))
bitwise_xor: Op = elementwise("bitwise_xor", "{} ^ {}", like=np.bitwise_xor, discrete=True, at=(int, int))
bitwise_left_shift: Op = elementwise("bitwise_left_shift", "left_shift({}, {})", like=np.left_shift,
                                     discrete=True, at=(int, int),
                                     doc="Return x with its bits moved up by y places.")
bitwise_right_shift: Op = elementwise("bitwise_right_shift", "right_shift({}, {})", like=np.right_shift,
                                      discrete=True, at=(int, int),
                                      doc="Return x with its bits moved down by y places.")
bitwise_invert: Op = elementwise("bitwise_invert", "~{}", like=np.invert, discrete=True, on_bool="not {}",
                                 at=(int,))
