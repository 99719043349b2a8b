"""Families of functions that few programs need: imported when one of their names is asked for."""

# module -> its public names
_FAMILIES: dict[str, str] = {
    "ops.calculus": "ediff1d gradient interp trapezoid unwrap",
    "ops.calls": "apply_along_axis apply_over_axes fromfunction vectorize",
    "ops.complexity": "iscomplex iscomplexobj isreal isrealobj real_if_close",
    "ops.counts": "bincount digitize histogram histogram2d histogram_bin_edges histogramdd",
    "ops.formulas": "i0 logaddexp2 sinc",
    "ops.grids": "broadcast_arrays broadcast_shapes c_ geomspace indices logspace meshgrid mgrid ogrid r_ "
                 "s_ unstack",
    "ops.inplace": "fill_diagonal place put put_along_axis putmask",
    "ops.insertion": "append delete insert resize",
    "ops.layouts": "array_split atleast_1d atleast_2d atleast_3d block column_stack diagflat dsplit dstack "
                   "fliplr flipud hsplit rollaxis rot90 select vander vsplit",
    "ops.least_squares": "polyfit",
    "ops.matrix_functions": "logm solve_sylvester sqrtm",
    "ops.nans": "nancumprod nancumsum nanmax nanmean nanmin nanprod nanstd nansum nanvar",
    "ops.numerics": "angle copysign deg2rad degrees fabs float_power fmax fmin heaviside nan_to_num "
                    "polyval rad2deg radians",
    "ops.parts": "bitwise_count divmod fmod frexp gcd isneginf isposinf lcm ldexp modf nextafter spacing",
    "ops.polynomials": "poly polyadd polyder polydiv polyint polymul polysub roots",
    "ops.positions": "diag_indices diag_indices_from identity ix_ mask_indices ravel_multi_index tri "
                     "tril_indices tril_indices_from triu_indices triu_indices_from unravel_index",
    "ops.products": "cross matvec vdot vecmat",
    "ops.selection": "argpartition argwhere choose compress extract flatnonzero lexsort nanargmax "
                     "nanargmin partition piecewise trim_zeros",
    "ops.sides": "directional kinks",
    "ops.statistics": "corrcoef cov median nanmedian nanpercentile nanquantile percentile ptp quantile",
    "ops.subgradients": "subgradient",
    "ops.unique": "intersect1d setdiff1d setxor1d union1d unique",
    "solvers.initial": "odeint",
    "solvers.ivp": "solve_ivp",
    "solvers.integrals": "quad",
    "solvers.minima": "minimize",
    "solvers.roots": "fixed_point root",
}
MODULES = {name: module for module, names in _FAMILIES.items() for name in names.split()}
