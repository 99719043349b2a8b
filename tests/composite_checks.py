"""What is asked of a function that is made of ops and has NumPy's name: NumPy's values, and derivatives."""

from dataclasses import replace
from operator import attrgetter

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import testing
from nbgrad.compile import tiers
from nbgrad.engine.tree import flatten
from nbgrad.testing import values


@pytest.fixture(autouse=True)
def interpreted():
    """The kernels have their own tests: those of what is made of ops do not wait for the compiler."""
    with tiers.chosen("interpreted"):
        yield


def check_row(name, *cases):
    """An op of the table on more inputs than its row has."""
    row = replace(testing.row_of(name), cases=cases)
    for dtype in testing.FLOATS:
        testing.check_values(row, dtype)
    testing.check_gradients(row)
    testing.check_float32(row)


def cast(x, dtype):
    """Arrays of floats in a dtype, of complex numbers with parts of it, also those in lists."""
    if isinstance(x, (list, tuple)):
        return type(x)([cast(each, dtype) for each in x])
    kind = getattr(x, "dtype", np.dtype("?")).kind
    return x.astype(np.result_type(dtype, "c8") if kind == "c" else dtype) if kind in "fc" else x


def check_values(name, args, params, exact=False):
    """nb's and np's function of a name agree in values, dtype and shape, in float64 and float32; so does np's
    of Tensors. The name may be one of linalg.
    """
    ours, numpys = [attrgetter(name)(library) for library in (nb, np)]
    for dtype in ("float64", "float32"):
        xs = [cast(x, dtype) for x in args]
        want = flatten(numpys(*xs, **params))[0]
        for call in (ours, numpys):
            given = [nb.asarray(x) if isinstance(x, np.ndarray) else x for x in xs]
            found = flatten(call(*(given if call is numpys else xs), **params))[0]
            assert len(found) == len(want)
            for got, w in zip(found, want, strict=True):
                w = np.asarray(w)
                assert (got.shape, values(got).dtype) == (w.shape, w.dtype)
                rtol = 0 if exact else 1e-13 if dtype == "float64" and w.dtype in ("f8", "c16") else 2e-5
                np.testing.assert_allclose(values(got), w, rtol=rtol, atol=0 if exact else 1e-13)


def check_derivatives(name, args, params, order=2):
    """Forward and reverse mode agree with differences, and so do second derivatives."""
    floats = [k for k, x in enumerate(args) if isinstance(x, np.ndarray) and x.dtype in ("f8", "c16")]

    def f(*xs):
        every = list(args)
        for k, x in zip(floats, xs, strict=True):
            every[k] = x
        found = flatten(attrgetter(name)(nb)(*every, **params))[0]
        return [nb.astype(z, np.result_type(z.dtype, "f8")) for z in found]

    nb.testing.check_grads(f, [args[k] for k in floats], order)


def label(case):
    """The name and the parameters of a case."""
    return f"{case[0]} {case[2]}"


def checks_of(cases, discrete=()):
    """Tests of cases (name, args, params): of all values, and of the derivatives of those that have some."""

    @pytest.mark.parametrize("case", [*cases, *discrete], ids=label)
    def of_values(case):
        check_values(*case)

    @pytest.mark.parametrize("case", cases, ids=label)
    def of_derivatives(case):
        check_derivatives(*case)

    return of_values, of_derivatives
