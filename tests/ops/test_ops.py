"""Every op of the table, on the test inputs of its row: none needs a test of its own, or goes without."""

from contextlib import nullcontext

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import testing
from nbgrad.arrays import devices
from nbgrad.compile import tiers
from nbgrad.define.declare import Choice
from nbgrad.define.registry import OPS
from nbgrad.define.scalar import Elementwise
from nbgrad.kernels import table
from nbgrad.testing import values

# Ops that LAPACK's routines alone compute: on CUDA they have no kernel, and say so.
CPU_ALONE = {"banded_solution", "eig_factors", "independent", "least_squares", "logm", "lu_packed",
             "polynomial_roots", "qr_factors", "row_order", "solve_sylvester", "sqrtm", "toeplitz_solution",
             "triangular_factor", "truncated_inverse", "untruncated"}
# The table as the library declares it; tests elsewhere may add ops of their own. Special functions and
# Fourier transforms, which have their own tests, are there once they are imported.
EVERY = [row for _, row in sorted(OPS.items()) if row.kind != "special" and row.family != "fourier"]
ROWS = [row for row in EVERY if devices.kind() == "cpu" or row.op.name not in CPU_ALONE]
SMOOTH = [row for row in ROWS if not row.op.discrete]
FUSED = [row for row in SMOOTH if testing.is_composite(row)]


def name(row):
    return row.op.name


@pytest.fixture
def tier(row):
    """The rules of what LAPACK computes are made of other ops, and do not wait for the compiler."""
    with tiers.chosen("interpreted") if row.op.name in CPU_ALONE else nullcontext():
        yield


def test_no_op_lacks_a_case():
    for row in EVERY:
        assert list(testing.cases(row, "float64")), (
            f"{row.op.name} has no test input: give its row `at` or `cases`"
        )


def test_no_op_lacks_a_reference():
    # Only ops without a counterpart may go without, and they say so here.
    assert [row.op.name for row in EVERY if row.like is None] == ["cofactor_push", "inverse_norm"]


def test_every_op_has_a_kernel():
    for row in EVERY:
        if row.kind != "elementwise":
            assert table.has(row.op.name, row.family, "cpu"), row.op.name
            assert table.has(row.op.name, row.family, "cuda") != (row.op.name in CPU_ALONE), row.op.name


@pytest.mark.parametrize("name", sorted(CPU_ALONE))
def test_an_op_without_a_kernel_says_so(name):
    with pytest.raises(nb.errors.DeviceError, match=f"{name} has no kernel for device 'cuda'"):
        table.find(name, OPS[name].family, "cuda")


@pytest.mark.parametrize("dtype", testing.FLOATS)
@pytest.mark.parametrize("row", ROWS, ids=name)
def test_values(row, dtype, tier):
    testing.check_values(row, dtype)


@pytest.mark.parametrize("row", SMOOTH, ids=name)
def test_derivatives_to_second_order(row, tier):
    """Kernels of the second order are those of other rows, which these compile, and programs, which
    test_special_points.py compiles: here NumPy runs what the first order has not compiled.
    """
    if devices.kind() == "cpu":
        testing.check_gradients(row, order=1)
    with tiers.chosen("interpreted"):
        testing.check_gradients(row, size=np.inf if devices.kind() == "cpu" else 1000)


@pytest.mark.parametrize("row", SMOOTH, ids=name)
def test_float32_derivatives(row, tier):
    testing.check_float32(row)


@pytest.mark.parametrize("row", FUSED, ids=name)
def test_fused_equals_unfused(row):
    """One kernel for the whole expression gives what its ops give one after another."""
    for case in testing.cases(row, "float64"):
        op = row.op.at() if isinstance(row.op, Choice) else row.op
        tensors = [nb.asarray(a) for a in case.args]
        one_by_one = op.value(*tensors)
        np.testing.assert_allclose(
            values(op(*tensors)),
            np.broadcast_to(values(one_by_one), op(*tensors).shape),
            rtol=1e-13,
            atol=1e-13,
            err_msg=case.label,
        )


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8", "uint64", "bool"])
@pytest.mark.parametrize(
    "row", [r for r in ROWS if isinstance(r.op, Elementwise) and isinstance(r.like, np.ufunc)], ids=name
)
def test_integers_and_booleans_promote_as_in_numpy(row, dtype):
    """Which dtype comes out is settled before a kernel is found: test_integers.py compiles them."""
    operands = [np.array([1, 0, 1, 1], dtype), np.array([1, 1, 1, 0], dtype)][: row.op.arity]
    if row.op.name in ("floor_divide", "remainder", "divide", "reciprocal", "pow"):
        operands = [np.array([1, 0, 1, 1], dtype), np.array([1, 1, 1, 1], dtype)][: row.op.arity]
    try:
        with np.errstate(all="ignore"):
            want = row.like(*operands)
    except TypeError:
        with pytest.raises(nb.errors.DtypeError, match=row.op.name):
            row.op(*operands)
        return
    with tiers.chosen("interpreted"):
        got = values(row.op(*operands))
    if row.op.name != "reciprocal":  # NumPy's integer reciprocal truncates; ours is a float
        assert got.dtype == (np.float32 if want.dtype == np.float16 else want.dtype)
        np.testing.assert_allclose(got, want, rtol=2e-3 if want.dtype == np.float16 else 1e-6)


def test_adding_an_op_is_one_row():
    cube = nb.elementwise("cube_of_tests", lambda x: x * x * x, like=lambda x: x**3)
    testing.check(cube)
    assert nb.cube_of_tests is cube
    with pytest.raises(AttributeError, match="no 'cube_root_of_tests'"):
        nb.cube_root_of_tests
    with pytest.raises(nb.errors.RegistryError, match="cube_of_tests"):
        nb.elementwise("cube_of_tests", lambda x: x)
