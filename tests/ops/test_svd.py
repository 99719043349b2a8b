"""The singular value decomposition beyond the table: conventions, scales, and gradients that do not exist."""

import numpy as np
import pytest
from composite_checks import interpreted  # noqa: F401

import nbgrad as nb
from nbgrad import errors
from nbgrad.engine.tensor import raw
from nbgrad.testing import check_grads

RNG = np.random.default_rng(3)
TALL, WIDE = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 5))
REPEATED = np.diag([2.0, 2.0, 1.0])


def apart(u, s, v):
    """A matrix with these singular values; u, v: sizes."""
    left, right = [np.linalg.qr(RNG.normal(size=(n, n)))[0][:, :len(s)] for n in (u, v)]
    return (left * s) @ right.T


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("shape", [(4, 3), (3, 5), (2, 3, 3), (3, 0), (0, 2), (2, 0, 3), (0, 2, 2), (1, 1)],
                         ids=str)
def test_results_are_numpys(shape, full):
    a = RNG.normal(size=shape)
    want = np.linalg.svd(a, full)
    for got in (nb.linalg.svd(a, full), np.linalg.svd(nb.asarray(a), full), nb.svd(a, full_matrices=full)):
        assert got._fields == want._fields == ("U", "S", "Vh")
        for g, w in zip(got, want, strict=True):
            np.testing.assert_array_equal(raw(g), w)
    for got in (nb.svdvals(a), nb.linalg.svd(a, compute_uv=False), np.linalg.svdvals(nb.asarray(a)),
                np.linalg.svd(nb.asarray(a), compute_uv=False)):
        np.testing.assert_allclose(raw(got), want.S, rtol=1e-13)


def test_dtypes():
    for f in (lambda a: nb.svd(a).U, lambda a: nb.svd(a).S, nb.svdvals):
        assert f(np.ones((2, 3), np.float32)).dtype == np.float32
        assert f(np.ones((2, 3), np.int8)).dtype == np.float64
    for f in (nb.svd, nb.svdvals):
        with pytest.raises(errors.ShapeError, match=r"svd.*\(3,\).*two axes"):
            f(np.ones(3))


def parts(t, f):
    return f(*nb.svd(t, full_matrices=False))


def weighed(u, s, vh):
    """A function of all parts, whatever the signs of the vectors."""
    return nb.sum(nb.sin((u * nb.exp(-s)) @ vh)) + nb.sum(u**4) + nb.sum(s * vh[:, 0] ** 2)


@pytest.mark.parametrize("sizes, order", [((3, 3), 3), ((4, 3), 2), ((3, 4), 2)], ids=str)
def test_derivatives(sizes, order):
    a = apart(sizes[0], [3.0, 2.0, 1.0], sizes[1])
    check_grads(lambda t: parts(t, weighed), [a], order=order, rtol=1e-5)


def rebuilt(u, s, vh):
    return nb.sum(nb.sin((u * s) @ vh))


def test_what_the_matrix_says_itself():
    """Functions of the decomposition that are plain functions of the matrix."""
    for a in (TALL, WIDE):
        found = raw(nb.grad(lambda t: parts(t, rebuilt))(a))
        np.testing.assert_allclose(found, np.cos(a), atol=1e-13)
        hessian = raw(nb.hessian(lambda t: nb.sum(nb.svdvals(t) ** 2))(a)).reshape(a.size, a.size)
        np.testing.assert_allclose(hessian, 2 * np.eye(a.size), atol=1e-12)
        u, _, vh = np.linalg.svd(a, full_matrices=False)
        np.testing.assert_allclose(raw(nb.grad(lambda t: nb.sum(nb.svdvals(t)))(a)), u @ vh, atol=1e-14)
        np.testing.assert_allclose(
            raw(nb.grad(lambda t: nb.max(nb.svdvals(t)))(a)), np.outer(u[:, 0], vh[0]), atol=1e-14)
    square = RNG.normal(size=(2, 3, 3)) + 3 * np.eye(3)
    logs = raw(nb.grad(lambda t: nb.sum(nb.log(nb.svdvals(t))))(square))
    np.testing.assert_allclose(logs, np.swapaxes(np.linalg.inv(square), -1, -2), rtol=1e-11)


@pytest.mark.parametrize("scale", [1e150, 1e-150])
def test_second_derivatives_at_extreme_scales(scale):
    for f, degree in ((lambda t: nb.sum(nb.svdvals(t) * np.arange(1, 4)), 1),
                      (lambda t: nb.sum(nb.svd(t, False).U ** 3), 0)):
        unit, far = [raw(nb.hessian(f)(TALL * c)) for c in (1.0, scale)]
        want = unit * scale ** (degree - 2)
        np.testing.assert_allclose(far, want, rtol=1e-9, atol=1e-9 * np.abs(want).max())


# ------------------------------------------------------------------------------------- repeated and zero
@pytest.mark.parametrize("a", [REPEATED, np.eye(4)[:, :2], np.zeros((2, 3)), np.ones((2, 2))],
                         ids=["square", "tall", "0", "rank 1"])
def test_repeated_and_zero_values(a):
    for values in (nb.svdvals, lambda t: nb.svd(t, False).S):
        grad = nb.grad(lambda t, values=values: nb.sum(values(t) ** 2))
        np.testing.assert_allclose(raw(grad(a)), 2 * a, atol=1e-14)
    np.testing.assert_allclose(raw(nb.jvp(lambda t: nb.sum(nb.svdvals(t) ** 2), (a,), (a,))[1]),
                               2 * np.sum(a * a), atol=1e-13)
    for act in (lambda: nb.grad(lambda t: nb.sum(nb.svd(t, False).U ** 3))(a),
                lambda: nb.grad(lambda t: nb.sum(nb.svd(t, False).Vh ** 3))(a),
                lambda: nb.jvp(lambda t: nb.svd(t, False).S, (a,), (a,)),
                lambda: nb.hessian(lambda t: nb.sum(nb.svdvals(t) ** 2))(a)):
        with pytest.raises(errors.GradientError, match=r"svd.*repeated or zero singular values.*svdvals"):
            act()


def test_a_value_of_zero_has_a_kink_there():
    np.testing.assert_array_equal(raw(nb.grad(lambda t: nb.sum(nb.svdvals(t)))(np.zeros((2, 3)))), 0)
    np.testing.assert_array_equal(
        raw(nb.grad(lambda t: nb.sum(nb.svdvals(t)))(np.diag([2.0, 0.0]))), np.diag([1.0, 0.0]))
    np.testing.assert_array_equal(raw(nb.grad(lambda t: nb.min(nb.svdvals(t)))(np.diag([2.0, 0.0]))), 0)


def test_the_other_columns_have_no_derivative():
    message = r"svd.*beyond those of the singular values.*full_matrices=False"
    for act in (lambda: nb.grad(lambda t: nb.sum(nb.svd(t).U ** 2))(TALL),
                lambda: nb.grad(lambda t: nb.sum(nb.svd(t).Vh ** 2))(WIDE),
                lambda: nb.jvp(lambda t: nb.svd(t).S, (TALL,), (TALL,))):
        with pytest.raises(errors.GradientError, match=message):
            act()
    for a, full, thin in ((TALL, lambda t: nb.svd(t).U[:, :3], lambda t: nb.svd(t, False).U),
                          (WIDE, lambda t: nb.svd(t).Vh[:3], lambda t: nb.svd(t, False).Vh)):
        got, want = [raw(nb.grad(lambda t, f=f: nb.sum(f(t) ** 3))(a)) for f in (full, thin)]
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13)
    values = raw(nb.hessian(lambda t: nb.sum(nb.svdvals(t)))(TALL))
    twice = raw(nb.jacobian(nb.grad(lambda t: nb.sum(nb.svd(t, False).S)))(TALL))
    np.testing.assert_allclose(values, twice, atol=1e-13)


# ------------------------------------------------------------------------------------------ bad matrices
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_stays_in_its_matrix(value):
    both = np.stack([TALL, TALL])
    both[1, 0, 0] = value
    for f in (nb.svdvals, *[lambda a, k=k, full=full: nb.svd(a, full)[k] for k in range(3)
                            for full in (True, False)]):
        z = raw(f(both))
        np.testing.assert_array_equal(z[0], raw(f(TALL)))
        assert np.isnan(z[1]).all()


def test_what_was_given_is_not_changed():
    kept = TALL.copy()
    nb.svd(nb.asarray(TALL, copy=None))
    nb.svdvals(nb.asarray(TALL, copy=None))
    np.testing.assert_array_equal(TALL, kept)
