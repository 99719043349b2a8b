"""Row programs: as functions of one row against NumPy and SciPy, and as kernels against those functions."""

import numpy as np
import pytest
import scipy.special

from nbgrad.compile.rowprogram import RowProgram
from nbgrad.kernels.cpu import rows
from nbgrad.kernels.shared import row_programs

PROGRAMS = {name: p for name, p in vars(row_programs).items() if isinstance(p, RowProgram)}
LIKE = {
    "total": np.sum, "product": np.prod, "any_true": np.any, "all_true": np.all, "largest": np.max,
    "smallest": np.min, "mean": np.mean, "dot": np.dot, "norm": np.linalg.norm,
    "logsumexp": scipy.special.logsumexp, "softmax": scipy.special.softmax,
    "log_softmax": scipy.special.log_softmax}
SWEEPS = {
    "total": 1, "dot": 1, "product": 1, "any_true": 1, "all_true": 1, "largest": 1, "smallest": 1, "mean": 1,
    "extremum_vjp": 2, "var": 2, "std": 4, "norm": 2, "var_vjp": 2, "std_vjp": 2, "norm_vjp": 1,
    "logsumexp": 3, "softmax": 3, "log_softmax": 4,
    "logsumexp_vjp": 3, "softmax_vjp": 2, "log_softmax_vjp": 2,
    "class_entropy": 3, "class_entropy_vjp": 3, "layer_norm": 5, "layer_norm_affine": 5,
    "layer_norm_weight": 5, "layer_norm_vjp": 6, "layer_norm_affine_vjp": 6}


def test_no_program_walks_more_often_than_it_must():
    assert {name: program.sweeps for name, program in PROGRAMS.items()} == SWEEPS


@pytest.mark.parametrize("name", LIKE)
def test_as_a_function_it_is_numpys(name, rng):
    for x in (rng.normal(size=7), np.array([3.0, 3.0, -1.0]), np.array([2.5])):
        operands = [x] if name != "dot" else [x, x + 1]
        if PROGRAMS[name].kind == "bool":
            operands = [x > 0]
        np.testing.assert_allclose(PROGRAMS[name](*operands), LIKE[name](*operands), rtol=1e-14)


def test_as_functions_deviations_are_numpys(rng):
    x = rng.normal(size=9)
    for scale in (1.0, 1e-200, 1e200):
        np.testing.assert_allclose(row_programs.std(x * scale, divisor=8.0), np.std(x, ddof=1) * scale)
    np.testing.assert_allclose(row_programs.var(x, divisor=9.0), np.var(x))
    d = (x - x.mean()) / np.sqrt(np.var(x) + 0.1)
    np.testing.assert_allclose(row_programs.layer_norm(x, eps=0.1), d)
    np.testing.assert_allclose(row_programs.layer_norm_affine(x + 1, x - 2, x, eps=0.1), d * (x + 1) + x - 2)


def operands(program, rng, dtype):
    """Rows with what they have one element for each row of."""
    full = [rng.normal(size=(7, 11)).astype(dtype) for _ in program.full]
    full[-1][1] = 3                       # equal elements; squares beyond the range; one outweighs the rest
    full[-1][2] *= np.sqrt(np.finfo(dtype).max)
    full[-1][3] *= np.sqrt(np.finfo(dtype).tiny) / 100
    full[-1][4, 0] = 40
    full[-1][5, 1] = np.nan
    once = [rng.normal(size=7).astype(dtype) for _ in program.once]
    if program.name == "extremum_vjp":
        once[1] = full[0].max(1)
    if program.name in ("std_vjp", "norm_vjp"):
        once[1] = np.abs(full[0][:, 0]) + 1
    if program.kind == "bool":
        full = [x > 0.5 for x in full]
    return full, once


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_a_kernel_it_is_what_it_is_as_a_function(name, rng):
    program = PROGRAMS[name]
    full, once = operands(program, rng, "float64")
    code, count = program.function.__code__, len(full) + len(once)
    number = dict.fromkeys(code.co_varnames[count:count + code.co_kwonlyargcount], 0.5)
    want = [program(*row, **number) for row in zip(*full, *once)]
    layouts = [full, [np.asfortranarray(x) for x in full]]        # along rows, and across them
    for x in layouts if name in ("softmax", "extremum_vjp") else layouts[:1]:
        got = rows.run(program, (*x, *once), (1,), k=0.5)
        for one, z in zip(got, want):
            largest = np.max(np.abs(z), initial=0, where=np.isfinite(z))
            np.testing.assert_allclose(one, z, rtol=1e-11, atol=1e-14 * largest)
