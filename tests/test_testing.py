"""The tests' own tools must be able to fail: planted faults are found."""

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import info, testing


def test_a_wrong_partial_is_found():
    wrong = nb.elementwise("wrong_sin", "sin({})", lambda x, z: nb.cos(x) * 1.001, like=np.sin)
    with pytest.raises(AssertionError, match="differences disagree"):
        testing.check(wrong)


def test_a_wrong_second_derivative_is_found():
    cosine = nb.elementwise("wrong_cos", "cos({})", lambda x, z: nb.sin(x), like=np.cos)
    right_once = nb.elementwise("right_once", "sin({})", lambda x, z: cosine(x), like=np.sin)
    testing.check_gradients(testing.row_of(right_once), order=1)
    with pytest.raises(AssertionError):
        testing.check_gradients(testing.row_of(right_once), order=2)


def test_a_wrong_value_is_found():
    wrong = nb.elementwise("wrong_exp", "exp({}) * (1 + 1e-12)", lambda x, z: z, like=np.exp)
    with pytest.raises(AssertionError, match="wrong_exp"):
        testing.check(wrong)


def test_a_wrong_dtype_is_found():
    wrong = nb.op(
        "wrong_dtype",
        kernel=lambda x: np.asarray(x, np.float64),
        vjp=lambda g, z, x: g,
        like=lambda x: x,
        cases=[((3,),)],
    )
    with pytest.raises(AssertionError, match="dtype float64, the reference has float32"):
        testing.check(wrong)


def test_a_wrong_vjp_of_a_structured_op_is_found():
    def kernel(x):
        return x * 2.0

    wrong = nb.op(
        "wrong_double", kernel=kernel, vjp=lambda g, z, x: 3.0 * g, like=lambda x: x * 2, cases=[((3,),)]
    )
    with pytest.raises(AssertionError, match="differences disagree"):
        testing.check(wrong)
    flagged = nb.op(
        "wrong_linear",
        kernel=kernel,
        vjp=lambda g, z, x: 3.0 * g,
        linear=True,
        like=lambda x: x * 2,
        cases=[((3,),)],
    )
    with pytest.raises(AssertionError, match="forward and reverse mode disagree"):
        testing.check(flagged)


def test_users_ops_stand_as_ours():
    """A scalar expression and an array kernel with a rule, each checked by our own test."""
    damped = nb.elementwise(
        "damped_wave", lambda x, y: nb.exp(-x * x) * nb.cos(y), like=lambda x, y: np.exp(-x * x) * np.cos(y)
    )
    testing.check(damped)

    def lag(out, x):
        out[0] = 0
        out[1:] = x[:-1]

    def lead(out, x):
        out[-1] = 0
        out[:-1] = x[1:]

    def like(x):
        return np.concatenate([[0], x[:-1]]).astype(x.dtype)

    back = nb.op(
        "lead_of_tests",
        kernel=lead,
        out=lambda x: (x.shape, x.dtype),
        vjp=lambda g, z, x: shifted(g),
        linear=True,
        keep="",
        like=lambda x: np.concatenate([x[1:], [0]]).astype(x.dtype),
        cases=[((4,),)],
    )
    shifted = nb.op(
        "lag_of_tests",
        kernel=lag,
        out=lambda x: (x.shape, x.dtype),
        vjp=lambda g, z, x: back(g),
        linear=True,
        keep="",
        like=like,
        cases=[((4,),), ((1,),)],
    )
    testing.check(shifted)
    testing.check(back)
    x = np.array([1.0, 2.0, 3.0])
    h = nb.hessian(lambda t: nb.sum(shifted(t) * t * t))(x).numpy()
    np.testing.assert_allclose(h, [[0, 4, 0], [4, 2, 6], [0, 6, 4]])
    assert "lag_of_tests" in [row[0] for row in info.ops()]


def test_check_grads_for_plain_functions():
    testing.check_grads(
        lambda a, b: [nb.sin(a) * b, nb.sum(a)], [np.array([0.1, 0.2]), np.array(3.0)], order=3
    )
    with pytest.raises(AssertionError):
        testing.check_grads(lambda a: nb.stop_gradient(a) * a, [np.array([0.1, 0.2])])


def test_info_prints_its_tables(capsys, monkeypatch):
    for arguments, expected in (([], "numba"), (["--ops"], "multilinear"), (["--kernels"], "folder")):
        monkeypatch.setattr("sys.argv", ["info", *arguments])
        info.main()
        assert expected in capsys.readouterr().out
    rows = {row[0]: row for row in info.ops()}
    assert rows["op"][3:5] == ("cpu", "cuda")
    assert rows["tanh"][1:5] == ("elementwise", "partials", "yes", "yes")
    assert rows["silu"][2] == "derived"
    assert rows["sum"][2] == "vjp, linear"
    assert rows["less"][2] == "none (discrete)"
    assert rows["tanh"][5].startswith("ops/elementwise.py:")


def test_the_backend_works_on_arrays():
    x = np.linspace(-1, 1, 5)
    got = nb.backend.tanh(x)
    assert type(got) is np.ndarray
    np.testing.assert_allclose(got, np.tanh(x), rtol=1e-15)
    np.testing.assert_allclose(nb.backend.sum(np.ones((2, 3)), axis=0), [2, 2, 2])
    assert "tanh" in dir(nb.backend)
