"""nbgrad: exact gradients for people who write NumPy and Numba."""

from nbgrad import backend, linalg, optim, testing
from nbgrad.broadcast import astype, broadcast_to
from nbgrad.core import Tensor
from nbgrad.jacobians import hessian, jacobian
from nbgrad.methods import rebind as _rebind
from nbgrad.ops.contract import dot, einsum, inner, matmul, outer, tensordot, vecdot
from nbgrad.ops.create import (arange, array, asarray, empty, empty_like, eye, from_numpy, full, full_like, linspace, ones, ones_like,
                               rand, randn, tensor, zeros, zeros_like)
from nbgrad.ops.elementwise import (abs, acos, acosh, add, asin, asinh, atan, atan2, atanh, bitwise_and, bitwise_invert, bitwise_or,
                                    bitwise_xor, cbrt, ceil, clip, cos, cosh, divide, elu, equal, erf, exp, exp2, expm1, floor,
                                    floor_divide, gelu, greater, greater_equal, hypot, isfinite, isinf, isnan, leaky_relu, less,
                                    less_equal, log, log1p, log2, log10, logaddexp, logical_and, logical_not, logical_or, logical_xor,
                                    maximum, minimum, multiply, negative, not_equal, positive, pow, reciprocal, relu, remainder, round,
                                    sigmoid, sign, signbit, silu, sin, sinh, softplus, sqrt, square, subtract, tan, tanh, trunc, where)
from nbgrad.ops.index import getitem, nonzero, put, scatter_add, take, take_along_axis, tril, triu
from nbgrad.ops.nn import cross_entropy, mse
from nbgrad.ops.reduce import (all, any, argmax, argmin, average, count_nonzero, log_softmax, logsumexp, max, mean, min, norm, prod, softmax,
                               std, sum, var)
from nbgrad.ops.shape import (concat, expand_dims, flip, hstack, matrix_transpose, moveaxis, permute_dims, ravel, reshape, split,
                              squeeze, stack, swapaxes, vstack)
from nbgrad.scalar import elementwise
from nbgrad.structured import op
from nbgrad.transforms import (checkpoint, directional_derivative, grad, hvp, jvp, linearize, no_grad, stop_gradient, value_and_grad, vjp)

__version__ = "0.1.0"
