"""Special functions: SciPy's values to the bit, and derivatives to the last places, also far out."""

import inspect
import math
import pickle
import re
import subprocess
import sys

import mpmath
import numpy as np
import pytest
import scipy.special
from special_references import CASES, differences

import nbgrad as nb
import nbgrad.special
from nbgrad import testing
from nbgrad.compile import tiers
from nbgrad.define.registry import OPS
from nbgrad.kernels import table

ROWS = {row.op.name.removeprefix("special."): row for row in OPS.values() if row.kind == "special"}
PUBLIC = [name for name in ROWS if name in nb.special.__all__]
SCIPYS = [name for name in PUBLIC if isinstance(getattr(scipy.special, name), np.ufunc)]


@pytest.fixture(autouse=True)
def interpreted():
    """The kernels are SciPy's and NumPy's: nothing waits for the compiler."""
    with tiers.chosen("interpreted"):
        yield


@pytest.mark.parametrize("name", ROWS)
def test_rows(name):
    testing.check_values(ROWS[name], "float64")
    if name not in SCIPYS:                    # which are SciPy's to the bit; of those some are coarse
        testing.check_values(ROWS[name], "float32")
    testing.check_gradients(ROWS[name])
    testing.check_float32(ROWS[name])


def numbers(name):
    """How many arguments are given by value."""
    return [p.annotation for p in inspect.signature(ROWS[name].op).parameters.values()].count("int")


def derivatives(f, x):
    """The first and the second derivative, by differences in 100 digits."""
    with mpmath.workdps(100):
        return [float(d) for d in differences(f, mpmath.mpf(x))]


@pytest.mark.parametrize("name", CASES)
def test_first_and_second_derivatives_are_mpmaths(name):
    f, points = CASES[name]
    op, first = ROWS[name].op, numbers(name)
    for point in points:
        for place in range(first, len(point)):

            def along(t, place=place, point=point):
                return op(*point[:place], t, *point[place + 1:])

            def exact(t, place=place, point=point):
                return f(*map(mpmath.mpf, point[:place]), t, *map(mpmath.mpf, point[place + 1:]))

            slope = nb.grad(along)
            got = [float(slope(point[place])), float(nb.grad(slope)(point[place]))]
            want = derivatives(exact, point[place])
            np.testing.assert_allclose(got, want, rtol=2e-12, atol=1e-200, err_msg=f"{point}, {place}")


EDGES = [0.0, -0.0, 0.5, 1.0, 2.0, 30.0, 1e300, -0.5, -2.0, -1e10, np.inf, -np.inf, np.nan]


def arrays(name, dtype):
    """All edges, and pairs of some."""
    count = len(ROWS[name].op.vjp)
    few = EDGES if count == 1 else EDGES[:9]
    if name in ("hyp1f1", "hyp2f1"):          # SciPy's series for these do not end at 1e300
        few = [0.5, 1.0, 2.0, -0.5]
    with np.errstate(all="ignore"):
        return np.array(np.meshgrid(*[np.array(few).astype(dtype)] * count)).reshape(count, -1)


@pytest.mark.parametrize("name", SCIPYS)
def test_values_are_scipys_to_the_bit(name):
    function = getattr(scipy.special, name)
    given = (1,) * numbers(name)
    for dtype in ("float32", "float64"):
        xs = arrays(name, dtype)
        with np.errstate(all="ignore"):
            want = function(*given, *xs)
        for f in (getattr(nb.special, name), function):
            got = f(*given, *map(nb.asarray, xs))
            assert type(got) is nb.Tensor and got.dtype == want.dtype
            np.testing.assert_array_equal(got.numpy(), want)
    for dtype in ("int8", "int64", "bool"):
        whole = [np.array([1, 1], dtype)] * len(xs)
        got, want = getattr(nb.special, name)(*given, *whole), function(*given, *whole)
        assert got.dtype == (np.float32 if want.dtype == np.float16 else want.dtype)
        np.testing.assert_array_equal(got.numpy(), want)


@pytest.mark.parametrize("name", SCIPYS)
def test_no_derivative_is_a_number_where_the_value_is_none(name):
    given, xs = (1,) * numbers(name), arrays(name, "float64")
    with np.errstate(all="ignore"):
        value = getattr(scipy.special, name)(*given, *xs)
        undefined = np.isnan(value) & ~np.isnan(xs).any(0) & ~np.isinf(xs).any(0)
    for place in range(len(xs)):
        if isinstance(ROWS[name].op.vjp[place].args[2], str):
            continue
        slope = nb.grad(lambda *xs: nb.sum(getattr(nb.special, name)(*given, *xs)), place)(*xs).numpy()
        assert np.isnan(slope[undefined]).all(), (name, place, xs[:, undefined & ~np.isnan(slope)])


WORDS = {name: getattr(np, name) for name in (
    "abs", "cos", "exp", "hypot", "log", "log1p", "pi", "sign", "sin", "sqrt", "where")}
WORDS |= {name: getattr(scipy.special, name) for name in dir(scipy.special) if not name.startswith("_")}


def formulas(name):
    """The derivatives as the documentation has them, by operand."""
    told = re.search(r"^Derivative (.*)\.$", ROWS[name].op.words, re.M).group(1)
    return dict(re.match(r"in (\w+): (.*)", each).groups() for each in told.split("; "))


@pytest.mark.parametrize("name", PUBLIC)
def test_the_formula_of_a_derivative_is_the_derivative(name):
    row = ROWS[name]
    args = next(testing.cases(row, "float64")).args
    names = list(inspect.signature(row.op).parameters)
    known = dict(zip(names, args, strict=True)) | {"z": row.op(*args).numpy()}
    for place, (operand, formula) in enumerate(formulas(name).items(), numbers(name)):
        if "the " in f"{formula} " or formula == "none":
            continue
        slope = nb.grad(lambda *args: nb.sum(row.op(*args)), place)(*args).numpy()
        want = np.broadcast_to(eval(formula, WORDS | known), known["z"].shape)
        while want.ndim > slope.ndim:
            want = want.sum(0)
        for axis in [i for i, n in enumerate(slope.shape) if n < want.shape[i]]:
            want = want.sum(axis, keepdims=True)
        np.testing.assert_allclose(slope, want, rtol=1e-10, err_msg=operand)


def test_multigammaln_is_scipys():
    a = np.array([2.5, 10.0, 1e4])
    want = scipy.special.multigammaln(a, 3)
    np.testing.assert_allclose(nb.special.multigammaln(a, 3).numpy(), want, rtol=1e-14)
    nb.testing.check_grads(lambda a: nb.special.multigammaln(a, 3), [a[:2]])
    with pytest.raises(nb.errors.DtypeError, match=r"multigammaln.*integer for d"):
        nb.special.multigammaln(a, 0)


def test_numpys_functions_are_found_too():
    x = nb.asarray([0.0, 0.5])
    np.testing.assert_array_equal(np.sinc(x).numpy(), np.sinc([0.0, 0.5]))


def test_errors_say_which_function_and_what_to_do():
    with pytest.raises(nb.errors.ShapeError, match=r"special\.xlogy: shapes \(3,\), \(2,\)"):
        nb.special.xlogy(np.ones(3), np.ones(2))
    with pytest.raises(nb.errors.DtypeError, match=r"special\.polygamma: .*integer for n"):
        nb.special.polygamma(1.5, 2.0)
    with pytest.raises(nb.errors.TraceError, match=r"special\.gammaln"):
        nb.elementwise("of_special_tests", nb.special.gammaln)(1.0)


def test_a_special_function_is_pickled_by_its_name():
    code = "import pickle, sys; print(pickle.loads(bytes.fromhex(sys.argv[1]))(3.0))"
    given = pickle.dumps(nb.special.gammaln).hex()
    done = subprocess.run([sys.executable, "-c", code, given], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("0.6931")


def test_the_library_is_imported_without_them():
    code = "import nbgrad, sys; print([name for name in sys.modules if 'special' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


A = np.array([[0.5, -1.0, 700.0], [0.0, 2.0, 699.0]])
B = np.array([[1.0, 0.5, 2.0], [0.0, 3.0, 1.0]])
MADE = [("logsumexp", (A,), {"axis": 1, "b": B, "keepdims": True}), ("logsumexp", (A,), {"b": B}),
        ("logsumexp", (A,), {"axis": (0,)}), ("logsumexp", (A,), {"axis": 0, "b": B[0]}),
        ("softmax", (A,), {}), ("softmax", (A,), {"axis": 0}), ("softmax", (A,), {"axis": (0, 1)}),
        ("log_softmax", (A,), {}), ("log_softmax", (A,), {"axis": 1}),
        ("log_softmax", (A,), {"axis": (0, 1)}),
        ("factorial", (np.array([0.5, 3.0, 10.0]),), {}),
        ("comb", (np.array([7.5, 9.0]), np.array([2.0, 2.5])), {}),
        ("comb", (np.array([7.0]), np.array([2.0])), {"repetition": True})]


@pytest.mark.parametrize("name, args, params", MADE)
def test_what_is_made_of_ops_is_scipys(name, args, params):
    f, like = getattr(nb.special, name), getattr(scipy.special, name)
    np.testing.assert_allclose(f(*args, **params).numpy(), like(*args, **params), rtol=1e-14, atol=1e-300)
    nb.testing.check_grads(lambda *xs: f(*[x / 10 for x in xs] if args[0] is A else xs, **params), args)
    if "b" in params:
        rest = {key: value for key, value in params.items() if key != "b"}
        nb.testing.check_grads(lambda b: f(A, b=b, **rest), [params["b"] + 0.1])


def test_numbers_that_cannot_be_taken_are_none():
    assert nb.special.factorial([-1.0, -0.5, 4]).tolist() == [0, 0, 24]


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_signs_of_gamma_are_scipys(dtype):
    x = [-1, 0, 3] if dtype == "int64" else [-3.5, -2.0, -1.5, -0.0, 0.0, 2.5, 200.0, np.inf, np.nan]
    want = scipy.special.gammasgn(np.asarray(x, dtype))
    for f in (nb.special.gammasgn, scipy.special.gammasgn):
        found = f(nb.asarray(x, dtype=dtype))
        assert found.dtype == want.dtype
        np.testing.assert_array_equal(found.numpy(), want)
    assert nb.grad(lambda x: nb.special.gammasgn(x) * x)(-0.5).item() == -1
    with pytest.raises(nb.errors.DtypeError, match="gammasgn"):
        nb.special.gammasgn(1j)
    assert nb.special.comb(3, [-1, 4, 2]).tolist() == [0, 0, 3]


def test_branches_of_lamberts_function_are_scipys_where_they_are_real():
    x = np.array([-0.3, -0.1])
    for k in (0, -1):
        np.testing.assert_array_equal(nb.special.lambertw(x, k).numpy(), scipy.special.lambertw(x, k).real)
    assert nb.grad(nb.special.lambertw)(0.0) == 1
    with pytest.raises(nb.errors.ValueRangeError, match=r"lambertw: branch 0 is complex at -0\.5"):
        nb.special.lambertw([-0.5, 1.0])
    with pytest.raises(nb.errors.ValueRangeError, match=r"lambertw: branch -1 is complex at 1\.0"):
        nb.special.lambertw(1.0, -1)
    with pytest.raises(nb.errors.NbgradError, match="lambertw"):
        nb.special.lambertw(1.0, 2)


def test_elliptic_integrals_at_the_ends_of_their_parameter():
    slope = nb.grad(nb.special.ellipk)
    np.testing.assert_array_equal([float(slope(m)) for m in (1.0, -np.inf, 1.5)], [np.inf, 0, np.nan])
    assert float(slope(0.0)) == pytest.approx(np.pi / 8, rel=1e-15)
    assert float(nb.grad(nb.special.ellipe)(1.0)) == -np.inf
    assert float(nb.grad(nb.special.ellipkm1)(0.0)) == -np.inf
    for phi in (2.0, -2.0):                   # beyond the angle up to which it is finite for m = 1
        assert float(nb.grad(nb.special.ellipeinc, 1)(phi, 1.0)) == math.copysign(np.inf, -phi)
    for place in (0, 1):
        assert np.isnan(float(nb.grad(nb.special.ellipkinc, place)(0.5, 1.5)))
    zero = nb.grad(nb.special.ellipkinc, (0, 1))(0.0, 0.5)
    assert [float(d) for d in zero] == [1, 0]


UNKNOWN = [("hyp1f1", 0, "a"), ("hyp1f1", 1, "b"), ("hyp2f1", 2, "c")]


@pytest.mark.parametrize("name, place, argument", UNKNOWN)
def test_derivatives_that_are_not_known_are_refused_by_name(name, place, argument):
    point = (1.0, 1.5, 2.0, 0.5)[:len(ROWS[name].op.vjp)]
    f = getattr(nb.special, name)
    for derivative in (nb.grad(f, place), lambda *xs: nb.jvp(f, xs, [1.0] * len(xs))):
        with pytest.raises(nb.errors.GradientError, match=rf"{name} has no derivative in \w\. Take diff"):
            derivative(*point)
    with pytest.raises(nb.errors.GradientError, match=rf"in {argument}\."):
        nb.grad(f, place)(*point)


@pytest.mark.parametrize("point", [(1.2, 0.7, 0.4), (1.2, 0.7, 1.9, 0.4)], ids=["hyp1f1", "hyp2f1"])
def test_hypergeometric_functions_of_their_argument(point):
    name = {3: "hyp1f1", 4: "hyp2f1"}[len(point)]
    nb.testing.check_grads(lambda x: getattr(nb.special, name)(*point[:-1], x), [np.array(point[-1])])


def test_another_device_is_refused_by_name():
    assert not any(table.has(row.op.name, row.family, "cuda") for row in ROWS.values())
    assert "Devices: cpu." in nb.special.gammaln.__doc__
    with pytest.raises(nb.errors.DeviceError, match=r"special\.gammaln"):
        table.find("special.gammaln", "special", "cuda")
