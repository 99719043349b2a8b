"""The elementwise ops without a derivative, one row each: comparisons, logic, steps and bits.

What a step has almost everywhere, 0, is taken as its derivative everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays.dtypes import is_complex
from nbgrad.define.declare import elementwise
from nbgrad.define.documentation import documented
from nbgrad.define.forms import form_of
from nbgrad.define.operands import admit
from nbgrad.define.scalar import Elementwise
from nbgrad.define.scalar_program import ufunc_loop
from nbgrad.engine.graph import Op


@documented
class Step(Elementwise):
    """A step of real numbers whose form of complex ones, its `on_complex`, has a derivative."""

    def __call__(self, *args: Any) -> Any:
        fast = self.fastpath.forward          # which knows real numbers alone
        if fast is not None and len(args) == 1 and (z := fast(*args)) is not None:
            return z
        args = tuple(admit(self, args))
        return form_of(self, args)(*args) if any(map(is_complex, args)) else super().__call__(*args)


# ------------------------------------------------------------------------------- comparisons and logic
less: Op = elementwise("less", "{} < {}", like=np.less, discrete=True,
                       example="[1.0, 2.0]; 2.0 -> tensor([ True, False])", doc="Return whether x < y.")
less_equal: Op = elementwise("less_equal", "{} <= {}", like=np.less_equal, discrete=True,
                             example="[1.0, 2.0]; 2.0 -> tensor([ True,  True])",
                             doc="Return whether x <= y.")
greater: Op = elementwise("greater", "{} > {}", like=np.greater, discrete=True,
                          example="[1.0, 3.0]; 2.0 -> tensor([False,  True])", doc="Return whether x > y.")
greater_equal: Op = elementwise("greater_equal", "{} >= {}", like=np.greater_equal, discrete=True,
                                example="[1.0, 2.0]; 2.0 -> tensor([False,  True])",
                                doc="Return whether x >= y.")
equal: Op = elementwise("equal", "{} == {}", like=np.equal, discrete=True, on_complex=True,
                        example="[1.0, 2.0]; 2.0 -> tensor([False,  True])", doc="Return whether x == y.")
not_equal: Op = elementwise("not_equal", "{} != {}", like=np.not_equal, discrete=True, on_complex=True,
                            example="[1.0, 2.0]; 2.0 -> tensor([ True, False])", doc="Return whether x != y.")
logical_and: Op = elementwise("logical_and", "({} != 0) & ({} != 0)", like=np.logical_and, discrete=True,
                              on_complex=True, example="[True, False]; True -> tensor([ True, False])",
                              doc="Return whether neither x nor y is zero.")
logical_or: Op = elementwise("logical_or", "({} != 0) | ({} != 0)", like=np.logical_or, discrete=True,
                             on_complex=True, example="[True, False]; False -> tensor([ True, False])",
                             doc="Return whether x or y, or both, are not zero.")
logical_xor: Op = elementwise("logical_xor", "({} != 0) ^ ({} != 0)", like=np.logical_xor, discrete=True,
                              on_complex=True, example="[True, False]; True -> tensor([False,  True])",
                              doc="Return whether just one of x and y is zero.")
logical_not: Op = elementwise("logical_not", "{} == 0", like=np.logical_not, discrete=True,
                              on_complex=True, example="[0.0, 2.0] -> tensor([ True, False])",
                              doc="Return whether x is zero.")
isnan: Op = elementwise("isnan", "isnan({})", like=np.isnan, discrete=True, on_complex=True,
                        example="[1.0, nb.nan] -> tensor([False,  True])", doc="Return whether x is nan.")
isinf: Op = elementwise("isinf", "isinf({})", like=np.isinf, discrete=True, on_complex=True,
                        example="[1.0, -nb.inf] -> tensor([False,  True])",
                        doc="Return whether x is inf or -inf.")
isfinite: Op = elementwise("isfinite", "isfinite({})", like=np.isfinite, discrete=True, on_complex=True,
                           example="[1.0, nb.inf] -> tensor([ True, False])",
                           doc="Return whether x is neither infinite nor nan.")
signbit: Op = elementwise("signbit", "signbit({})", like=np.signbit, discrete=True,
                          example="[1.0, -0.0] -> tensor([False,  True])",
                          doc="Return whether the sign of x is minus, of -0 too.")

# ------------------------------------------------------------------------------------- steps and bits
sign: Any = elementwise("sign", Step("sign", "sign({})", arity=1, loop=ufunc_loop("sign", np.sign),
                                     discrete=True), like=np.sign,
                        example="[-3.0, 0.0, 2.0] -> tensor([-1.,  0.,  1.])",
                        doc="Return -1, 0 or 1, and nan of nan; its derivative is taken as 0. Of complex x "
                            "it is x / |x|, with that function's derivative, and 0 with derivative 0 at 0.")
floor: Op = elementwise("floor", "floor({})", like=np.floor, discrete=True,
                        example="[1.5, -1.5] -> tensor([ 1., -2.])",
                        doc="Return the largest integer not above x.")
ceil: Op = elementwise("ceil", "ceil({})", like=np.ceil, discrete=True,
                       example="[1.5, -1.5] -> tensor([ 2., -1.])",
                       doc="Return the smallest integer not below x.")
trunc: Op = elementwise("trunc", "trunc({})", like=np.trunc, discrete=True,
                        example="[1.5, -1.5] -> tensor([ 1., -1.])", doc="Return x without its fraction.")
rint: Op = elementwise("rint", "rint({})", like=np.rint, discrete=True,
                       example="[0.5, 1.5] -> tensor([0., 2.])",
                       doc="Return the nearest integer, ties to even.")
floor_divide: Op = elementwise("floor_divide", "floor_divide({}, {})", like=np.floor_divide, discrete=True,
                               at=((-3.0, 3.0), (0.5, 3.0)), example="[7.0, -7.0]; 2.0 -> tensor([ 3., -4.])",
                               doc="Return the largest integer not above x / y; its derivative is taken as "
                                   "0.")
bitwise_and: Op = elementwise("bitwise_and", "{} & {}", like=np.bitwise_and, discrete=True, at=(int, int),
                              example="6; 3 -> tensor(2)",
                              doc="Return the bits that x and y both have; of booleans, whether both hold.")
bitwise_or: Op = elementwise("bitwise_or", "{} | {}", like=np.bitwise_or, discrete=True, at=(int, int),
                             example="6; 3 -> tensor(7)",
                             doc="Return the bits that x or y has, or both; of booleans, whether one holds.")
bitwise_xor: Op = elementwise("bitwise_xor", "{} ^ {}", like=np.bitwise_xor, discrete=True, at=(int, int),
                              example="6; 3 -> tensor(5)",
                              doc="Return the bits that just one of x and y has; of booleans, whether they "
                                  "differ.")
bitwise_left_shift: Op = elementwise("bitwise_left_shift", "left_shift({}, {})", like=np.left_shift,
                                     discrete=True, at=(int, int), example="[1, 3]; 2 -> tensor([ 4, 12])",
                                     doc="Return x with its bits moved up by y places.")
bitwise_right_shift: Op = elementwise("bitwise_right_shift", "right_shift({}, {})", like=np.right_shift,
                                      discrete=True, at=(int, int), example="[4, 13]; 2 -> tensor([1, 3])",
                                      doc="Return x with its bits moved down by y places.")
bitwise_invert: Op = elementwise("bitwise_invert", "~{}", like=np.invert, discrete=True, on_bool="not {}",
                                 at=(int,), example="[0, 5] -> tensor([-1, -6])",
                                 doc="Return x with all its bits exchanged, -x - 1 of a signed integer; of "
                                     "booleans, not x.")
