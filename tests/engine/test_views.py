"""Views and writes: NumPy's meaning, for plain Tensors and for those that a gradient is taken through.

Small programs are drawn at random and run three times: on ndarrays, on plain Tensors and on recorded ones.
After every statement all variables are compared; the gradients of a sum of all that is left are compared with
the imaginary parts that NumPy finds in the same program on complex numbers, which are exact.
"""

import numpy as np
import pytest

import nbgrad as nb

PROGRAMS = 400
STATEMENTS = 9
STEP = 1e-40


class _Programs:
    """Draws the statements of one program, each tried on ndarrays first."""

    def __init__(self, seed):
        self.r = np.random.default_rng(seed)
        self.shape = [(6,), (3, 4), (4, 3), (2, 3, 2), (4, 4)][self.r.integers(5)]
        self.lines = []
        self.x = self.r.uniform(0.5, 1.5, self.shape)

    def choose(self, *items):
        return items[self.r.integers(len(items))]

    def number(self):
        return f"{self.r.uniform(0.3, 1.7):.3f}"

    def slice(self):
        a, b = [self.choose("", *map(str, range(-3, 5))) for _ in range(2)]
        return f"{a}:{b}:{self.choose('', '', '1', '2', '-1', '-2')}"

    def index(self, ndim):
        """An index without arrays for an array with so many axes."""
        parts = [self.choose(self.slice(), self.slice(), str(self.r.integers(-2, 2)), ":", "None")
                 for _ in range(self.r.integers(0, ndim + 1))]
        if self.r.random() < 0.4:
            parts.insert(self.r.integers(len(parts) + 1), "...")
        return ", ".join(parts) or "..."

    def fancy(self, v):
        n = max(v.shape[0], 1)
        places = self.r.integers(-n, n, self.r.integers(1, 4)).tolist()
        mask = (self.r.random(v.shape) < 0.5).tolist()
        last = [i % max(v.shape[-1], 1) for i in places]
        return self.choose(str(places), f"m.asarray({mask})", f"..., {last}")

    def shapes(self, size):
        return self.choose((size,), (-1,), (1, size), *[(k, size // k) for k in (2, 3, 4) if size % k == 0],
                           *[(k, -1, 1) for k in (1, 2) if size % k == 0])

    def made(self, name, v):
        """An expression that makes a view, or a copy, of a variable."""
        index, axis = self.index(v.ndim), self.r.integers(-max(v.ndim, 1), max(v.ndim, 1))
        found = [f"{name}[{index}]", f"{name}[{index}]", f"{name}.T",
                 f"{name}.reshape({self.shapes(v.size)})", f"{name}.ravel()", f"m.flip({name}, {axis})",
                 f"m.swapaxes({name}, 0, {axis})",
                 f"m.moveaxis({name}, {axis}, 0)", f"m.expand_dims({name}, {axis})", f"m.squeeze({name})",
                 f"m.split({name}, [1, 3], {axis})[{self.r.integers(3)}]", f"m.diagonal({name}, {axis})",
                 f"m.broadcast_to({name}, (2, *{name}.shape))", f"{name} * {self.number()}", f"m.sin({name})",
                 f"{name}.copy()", f"m.array({name})", f"{name}.flatten()",
                 f"{name}[{self.fancy(v) if v.ndim else ()}]",
                 f"m.einsum('ij->ji', {name})", f"m.ravel({name}.T)",
                 f"{name}.T.copy()", f"m.concatenate([m.ravel({name}), m.ravel({name})])"]
        if len(set(v.shape)) == 1:            # NumPy goes beyond the array where one of two lengths is 1
            found.append(f"m.einsum('{'i' * v.ndim}->i', {name})")
        return found[self.r.integers(len(found))]

    def written(self, name, v, names):
        """A statement that writes to a variable."""
        if not v.ndim:
            return f"{name} {self.choose('+=', '*=')} {self.choose(self.number(), *names)}"
        other, index = self.choose(*names), self.index(v.ndim)
        value = self.choose(self.number(), f"{name} * {self.number()}", f"{name}[::-1]", f"{other} * 0.5",
                            f"{other}[0] * {self.number()}", f"m.flip({name}) + 0.1", f"{other}")
        at = self.choose(index, index, self.fancy(v))
        found = [f"{name}[{at}] = {value}", f"{name}[{at}] = {self.number()}", f"{name}[{at}] += {value}",
                 f"{name}[{at}] *= {self.number()}", f"{name} += {value}", f"{name} *= {self.number()}",
                 f"{name} -= {value}", f"{name}[1:] += {name}[:-1]", f"{name}[...] = {value}",
                 f"for row in {name}: row *= {self.number()}",
                 f"for row in {name}: row[0] = {value}",
                 f"for i in range(len({name})): {name}[i] = {name}[i - 1] * {self.number()}",
                 f"{name}[0][0] = {self.number()}", f"{name}.T[0] += {value}",
                 f"{name}.reshape(-1)[1] = {value}"]
        return found[self.r.integers(len(found))]

    def statement(self, names, values):
        name = names[self.r.integers(len(names))]
        v = values[name]
        if self.r.random() < 0.45:
            return f"v{len(names)} = {self.made(name, v)}"
        return self.written(name, v, names)

    def drawn(self):
        """The program, each line with NumPy's values after it, or the error that it must raise."""
        values = {"v0": self.x.copy()}
        steps = []
        for _ in range(200):
            if len(steps) == STATEMENTS:
                break
            names = [n for n in values if n.startswith("v")]
            line = self.statement(names, values)
            before = {n: np.array(v) for n, v in values.items()}
            try:
                with np.errstate(all="ignore"):
                    exec(line, {"m": np}, values)
            except (ValueError, IndexError, TypeError, np.exceptions.AxisError, AttributeError) as error:
                same = all(np.array_equal(before[n], values[n]) for n in before)
                if "read-only" in str(error) and same:
                    steps.append((line, "read-only"))
                assert len(values) >= len(before)
                if not same:
                    return None               # a loop that wrote something before it failed
                continue
            if any(np.size(v) > 40 or not np.isfinite(v).all() for v in values.values()):
                return None
            steps.append((line, {n: np.array(v) for n, v in values.items() if n.startswith("v")}))
        return self.x, steps


def _run(steps, m, start, check=None):
    """The variables after the program's statements."""
    values = {"v0": start}
    for line, after in steps:
        if isinstance(after, str):
            with pytest.raises((ValueError, IndexError)):
                exec(line, {"m": m}, values)
            continue
        exec(line, {"m": m}, values)
        if check is not None:
            check(line, values, after)
    return [v for n, v in values.items() if n.startswith("v")]


def _loss(m, values):
    """A sum of all elements of all variables, each with a weight of its own."""
    total = 0.0
    for k, v in enumerate(values):
        if np.ndim(v) == 0:
            total = total + v * (0.7 + k)
        elif v.shape and 0 not in v.shape:
            weights = np.cos(np.arange(np.prod(v.shape)) + k).reshape(v.shape)
            total = total + m.sum(v * weights)
    return total


def _program(seed):
    found = None
    while found is None:
        found = _Programs(seed).drawn()
        seed += 1_000_003
    return found


def _text(steps):
    return "\n".join(line if not isinstance(a, str) else f"{line}  # {a}" for line, a in steps)


def _same_values(steps):
    def check(line, values, after):
        for name, expected in after.items():
            got = values[name]
            got = got.detach().numpy() if isinstance(got, nb.Tensor) else got
            assert np.shape(got) == expected.shape, f"{name} after {line} in\n{_text(steps)}"
            np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-13,
                                       err_msg=f"{name} after {line} in\n{_text(steps)}")
    return check


def _agree(seed):
    """Check one program: its values, and its gradients on the tape, in reverse and in forward mode."""
    x, steps = _program(seed)
    text, check = _text(steps), _same_values(steps)
    _run(steps, nb, nb.array(x), check)
    u = np.random.default_rng(seed).uniform(-1, 1, x.shape)
    slope = np.imag(_loss(np, _run(steps, np, x + 1j * STEP * u))) / STEP

    w = nb.asarray(x, requires_grad=True)
    loss = _loss(nb, _run(steps, nb, w * 1.0, check))
    if not isinstance(loss, nb.Tensor) or not loss.requires_grad:
        assert slope == 0, text
        return
    loss.backward()
    np.testing.assert_allclose(np.sum(w.grad.numpy() * u), slope, rtol=1e-9, atol=1e-10, err_msg=text)

    def f(t):
        return _loss(nb, _run(steps, nb, t, check))

    g = nb.grad(f)(x)
    np.testing.assert_allclose(g.numpy(), w.grad.numpy(), rtol=1e-12, atol=1e-12, err_msg=text)
    _, t = nb.jvp(f, (x,), (u,))
    np.testing.assert_allclose(t.numpy(), slope, rtol=1e-9, atol=1e-10, err_msg=text)
    if seed % 10 == 0:                        # second order: forward over reverse, beside differences
        def free(t):
            return _loss(nb, _run(steps, nb, t))

        ends = [nb.grad(free)(x + h * u).numpy() for h in (1e-5, -1e-5)]
        np.testing.assert_allclose(nb.hvp(free, x, u).numpy(), (ends[0] - ends[1]) / 2e-5, rtol=1e-5,
                                   atol=1e-6, err_msg=text)


@pytest.mark.parametrize("part", range(4))
def test_random_programs_have_numpys_values_and_exact_gradients(part):
    for seed in range(part, PROGRAMS, 4):
        _agree(seed)


# ---------------------------------------------------------------------- whose values a result stands for
# A call of a public function that does nothing to its argument, and whether NumPy's result is a view of it.
# Where NumPy hands back the argument itself (diff with n=0, matrix_power to the first) ours is a copy.
_CALLS = {
    "array": (lambda m, x: m.array(x), False),
    "tensor": (lambda m, x: nb.tensor(x), False),
    "asarray": (lambda m, x: nb.asarray(x, copy=True), False),
    "asarray, a dtype": (lambda m, x: nb.asarray(x, "float64"), False),
    "matrix_power": (lambda m, x: nb.matrix_power(x, 1), False),
    "dropout, none": (lambda m, x: nb.dropout(x, 0.0, key=1), False),
    "dropout, not training": (lambda m, x: nb.dropout(x, training=False), False),
    "diff": (lambda m, x: nb.diff(x, n=0), False),
    "pad": (lambda m, x: m.pad(x, 0), False),
    "pad, edge": (lambda m, x: m.pad(x, 0, mode="edge"), False),
    "roll": (lambda m, x: m.roll(x, 0), False),
    "repeat": (lambda m, x: m.repeat(x, 1, axis=0), False),
    "tile": (lambda m, x: m.tile(x, 1), False),
    "concatenate": (lambda m, x: m.concatenate([x]), False),
    "vstack": (lambda m, x: m.vstack([x]), False),
    "hstack": (lambda m, x: m.hstack([x]), False),
    "sum over no axis": (lambda m, x: m.sum(x, axis=()), False),
    "mean over no axis": (lambda m, x: m.mean(x, axis=()), False),
    "max over no axis": (lambda m, x: m.max(x, axis=()), False),
    "positive": (lambda m, x: +x, False),
    "round": (lambda m, x: m.round(x, 3), False),
    "where": (lambda m, x: m.where(True, x, 0.0), False),
    "take": (lambda m, x: m.take(x, [0, 1, 2], axis=0), False),
    "an index with an array": (lambda m, x: x[[0, 1, 2]], False),
    "one element": (lambda m, x: x[0, 0], False),
    "full": (lambda m, x: m.full((3, 3), x), False),
    "linspace": (lambda m, x: m.linspace(x, x, 1), False),
    "tril": (lambda m, x: m.tril(x, 5), False),
    "sort": (lambda m, x: m.sort(x, axis=0), False),
    "astype": (lambda m, x: x.astype("float64"), False),
    "copy": (lambda m, x: x.copy(), False),
    "flatten": (lambda m, x: x.flatten(), False),
    "to": (lambda m, x: nb.asarray(x).to("cpu"), False),
    "clone": (lambda m, x: nb.asarray(x).clone(), False),
    "detach": (lambda m, x: nb.asarray(x).detach(), False),
    "stop_gradient": (lambda m, x: nb.stop_gradient(x), False),
    "optim": (lambda m, x: nb.optim.SGD(lr=0.0).update([x], [None])[0], False),
    "checkpoint": (lambda m, x: nb.checkpoint(lambda t: t)(x), False),
    "vjp": (lambda m, x: nb.vjp(lambda t: t, x)[0], False),
    "pullback": (lambda m, x: nb.vjp(lambda t: t, np.ones((3, 3)))[1](x)[0], False),
    "jvp": (lambda m, x: nb.jvp(lambda t: t, (np.ones((3, 3)),), (x,))[1], False),
    "einsum of two": (lambda m, x: m.einsum("ij,jk->ik", x, np.eye(3)), False),
    "reshape": (lambda m, x: m.reshape(x, (9, 1)), True),
    "reshape of a transpose": (lambda m, x: m.reshape(x.T, -1), False),
    "ravel": (lambda m, x: m.ravel(x), True),
    "ravel of a transpose": (lambda m, x: m.ravel(x.T), False),
    "transpose": (lambda m, x: m.transpose(x), True),
    "T": (lambda m, x: x.T, True),
    "mT": (lambda m, x: x.mT, True),
    "swapaxes": (lambda m, x: m.swapaxes(x, 0, 1), True),
    "moveaxis": (lambda m, x: m.moveaxis(x, 0, 1), True),
    "expand_dims": (lambda m, x: m.expand_dims(x, 1), True),
    "squeeze": (lambda m, x: m.squeeze(x), True),
    "flip": (lambda m, x: m.flip(x, 0), True),
    "split": (lambda m, x: m.split(x, 3)[1], True),
    "diagonal": (lambda m, x: m.diagonal(x), True),
    "diag": (lambda m, x: m.diag(x), True),
    "broadcast_to": (lambda m, x: m.broadcast_to(x, (2, 3, 3)), True),
    "einsum": (lambda m, x: m.einsum("ij->ji", x), True),
    "einsum, the diagonal": (lambda m, x: m.einsum("ii->i", x), True),
    "a slice": (lambda m, x: x[1:], True),
    "a row": (lambda m, x: x[1], True),
    "an Ellipsis": (lambda m, x: x[0, 0, ...], True),
    "an iteration": (lambda m, x: list(x)[1], True),
}


@pytest.mark.parametrize("name", _CALLS)
def test_a_result_is_no_argument_and_a_view_where_numpys_is(name):
    call, view = _CALLS[name]
    data = np.arange(9.0).reshape(3, 3) + np.eye(3)
    x = nb.array(data)
    y = call(nb, x)
    assert y is not x
    before = y.numpy().copy()
    x *= 2.0
    np.testing.assert_array_equal(y.numpy(), before * 2 if view else before)
    # and the other way: what is written to the result
    if name in ("diagonal", "diag", "broadcast_to"):
        with pytest.raises(nb.errors.ReadOnlyError, match="copy"):
            y += 1.0
        return
    before = x.numpy().copy()
    y[...] = 0.5
    assert (x.numpy() != before).any() == view
    if view:                                  # NumPy's array after the same writes
        data = 2 * data
        call(np, data)[...] = 0.5
        np.testing.assert_array_equal(x.numpy(), data)


def test_asarray_without_a_copy_returns_the_tensor():
    x = nb.ones(3)
    assert nb.asarray(x, copy=None) is x
    assert nb.asarray(x, copy=False) is x


def test_a_copy_of_a_leaf_is_no_leaf():
    w = nb.asarray([1.0, 2.0], requires_grad=True)
    y = nb.array(w)
    y *= 3.0
    nb.sum(y).backward()
    np.testing.assert_array_equal(w.grad.numpy(), [3, 3])


# ------------------------------------------------------------------------------------------ casts in place
_IN_PLACE = ["+", "-", "*", "/", "//", "%", "**", "@", "&", "|", "^", "<<", ">>"]


@pytest.mark.parametrize("operator", _IN_PLACE)
def test_in_place_operators_cast_as_numpy_does(operator):
    kinds = ["bool", "int64", "float32", "float64"]
    compared = 0
    for left in kinds:
        for right in [*kinds, "a float", "an int"]:
            a = np.ones((2, 2), left)
            b = {"a float": 1.0, "an int": 1}.get(right)
            b = np.ones((2, 2), right) if b is None else b
            t, line = nb.array(a), f"x {operator}= y"
            space = {"x": a.copy(), "y": b}
            try:
                with np.errstate(all="ignore"):
                    exec(line, space)
                expected = space["x"]
            except (TypeError, ValueError):
                expected = None
            ours = {"x": t, "y": nb.array(b) if isinstance(b, np.ndarray) else b}
            if expected is None:
                with pytest.raises((TypeError, ValueError)):
                    exec(line, ours)
                np.testing.assert_array_equal(t.numpy(), a)
            else:
                exec(line, ours)
                assert ours["x"] is t
                assert t.dtype == expected.dtype
                np.testing.assert_array_equal(t.numpy(), expected)
            compared += 1
    assert compared == 24


def test_an_integer_array_takes_no_float_in_place():
    c = nb.arange(1, 4)
    with pytest.raises(TypeError, match=r"divide in place.*same_kind.*int64"):
        c /= nb.sum(c)

    def f(x):
        total = nb.zeros(2, dtype="int64")
        total += x
        return nb.sum(total * 1.0)

    with pytest.raises(TypeError, match="same_kind"):
        nb.grad(f)(np.ones(2))


def test_assignment_casts_as_numpy_does_and_keeps_gradients():
    x = nb.arange(3)
    x[0] = 1.7
    x[1:] = np.array([2.9, -3.9])
    np.testing.assert_array_equal(x.numpy(), [1, 2, -3])
    for value, error in ((2**70, OverflowError), (float("nan"), ValueError), (float("inf"), OverflowError)):
        with pytest.raises(error):
            np.zeros(2, "int64")[0] = value
        with pytest.raises((OverflowError, ValueError), match=r"fit|large|bounds"):
            x[0] = value

    def f(t):
        y = nb.arange(3)
        y[0] = t
        return nb.sum(y * 1.0)

    with pytest.raises(nb.errors.DtypeError, match="setitem"):
        nb.grad(f)(2.0)
    with nb.no_grad():
        w = nb.asarray(2.0, requires_grad=True)
        x[0] = w
    assert x.tolist() == [2, 2, -3]


def test_broadcasting_in_place_keeps_the_shape():
    x = nb.zeros((2, 3))
    x += nb.arange(3.0)
    x += nb.ones((2, 1))
    np.testing.assert_array_equal(x.numpy(), [[1, 2, 3], [1, 2, 3]])
    for y in (nb.ones((2, 2, 3)), nb.ones(2)):
        with pytest.raises(ValueError):
            x += y
    v = nb.zeros(3)
    with pytest.raises(ValueError):
        v += nb.ones((1, 3))


# ------------------------------------------------------------------------------------------- named cases
def test_writes_through_views_reach_the_array():
    y = nb.zeros((2, 3))
    y[0][1] = 7.0
    for row in y:
        row[0] = 1.0
    v = y[1:]
    v += 1.0
    y.T[2] = 5.0
    y.reshape(-1)[4] -= 9.0
    nb.flip(y, 0)[0, 0] *= 10.0
    np.testing.assert_array_equal(y.numpy(), [[1, 7, 5], [20, -8, 5]])
    np.testing.assert_array_equal(v.numpy(), [[20, -8, 5]])


def test_overlapping_and_self_assignment():
    for line in ("y[1:] += y[:-1]", "y[...] = y[::-1]", "y[1:] = y[:-1]", "y[::2] -= y[-1::-2]",
                 "y += y[::-1]"):
        ours, theirs = {"y": nb.arange(5.0)}, {"y": np.arange(5.0)}
        exec(line, ours)
        exec(line, theirs)
        np.testing.assert_array_equal(ours["y"].numpy(), theirs["y"], err_msg=line)


def test_a_part_in_place_is_recorded_once():
    w = nb.asarray(np.arange(6.0).reshape(2, 3), requires_grad=True)
    y = w * 1.0
    before = y.mark
    y[1:] += 2.0
    names, n = [], y.mark
    while n is not before:
        names.append(n.op.name)
        n = next(p for p in n.parents if p is not None)
    assert names == ["setitem"]


def test_views_of_a_leaf():
    w = nb.asarray([1.0, 2.0, 3.0], requires_grad=True)
    v = w[1:]
    with pytest.raises(nb.errors.GradientError, match="no_grad"):
        v += 1.0
    with nb.no_grad():
        inner = w[:2]
        w -= 0.5
        v *= 2.0
    np.testing.assert_array_equal(w.detach().numpy(), [0.5, 3, 5])
    np.testing.assert_array_equal(v.detach().numpy(), [3, 5])
    np.testing.assert_array_equal(inner.numpy(), [0.5, 3])
    assert w.is_leaf
    nb.sum(v * v).backward()
    np.testing.assert_array_equal(w.grad.numpy(), [0, 6, 10])
    nb.optim.SGD([w], lr=0.5).step()
    np.testing.assert_array_equal(v.detach().numpy(), [0, 0])


def test_a_leaf_that_is_a_view():
    y = nb.zeros(3)
    v = y[1:].requires_grad_()
    with pytest.raises(nb.errors.GradientError, match="no_grad"):
        y += 1.0
    np.testing.assert_array_equal(y.numpy(), [0, 0, 0])
    with nb.no_grad():
        y += 1.0
    nb.sum(v * v).backward()
    np.testing.assert_array_equal(v.grad.numpy(), [2, 2])


def test_what_a_graph_saved_stays():
    """Handles of the caller stand in what an inner trace saved: a later write must not reach it."""
    def product(x):
        x = x * 1.0

        def inner(y):
            z = y * x
            held = x
            held[...] = 7.0
            return z

        return nb.grad(inner)(2.0)

    def result(x):
        y, pullback = nb.vjp(nb.exp, x)
        y[...] = 0.0
        return pullback(1.0)[0]

    def argument(x):
        x = nb.reshape(x * 1.0, ())
        _, pullback = nb.vjp(lambda t: t * t, x)
        x[...] = 0.0
        return pullback(1.0)[0]

    for f, value, slope in ((product, 3, 1), (result, np.exp(3), np.exp(3)), (argument, 6, 2)):
        found = nb.value_and_grad(f)(3.0)
        np.testing.assert_allclose([float(t) for t in found], [value, slope], rtol=1e-15)

    def shared(x):
        a, b = nb.grad(lambda a, b: nb.sum(a * x + b * x), (0, 1))(x, x)
        a *= 5.0
        return nb.sum(b)

    np.testing.assert_array_equal(nb.grad(shared)(np.ones(2)).numpy(), [1, 1])


def test_scalars_are_numpys():
    x = nb.arange(3.0)
    total = nb.sum(x)
    kept, line = total, total[None]
    total += 1.0
    assert (float(total), float(kept), float(line)) == (4, 3, 3)
    a = x[0]
    x[0] = 5.0
    assert float(a) == 0
    b = x[0, ...]
    b += 1.0
    assert float(x[0]) == 6
    c = nb.zeros(())                          # a 0-d array, not a scalar
    alias = c
    c += 2.0
    assert float(alias) == 2
    count = nb.sum(nb.arange(3))
    count += 0.5
    assert float(count) == 3.5


def test_views_are_forgotten_with_their_names():
    x = nb.zeros((4, 2))
    kept = [x[i] for i in range(3)]
    for _ in range(300):
        for row in x:
            assert row.shape == (2,)
    assert len(x._views) < 40
    x += 1.0
    assert all(float(nb.sum(row)) == 2 for row in kept)


def test_long_chains_of_views():
    v = x = nb.zeros(2000)
    for _ in range(1500):
        v = v[1:]
    v[0] = 3.0
    assert float(x[1500]) == 3
    del v, x


def test_snapshots_and_detached_tensors_do_not_follow():
    x = nb.zeros(3)
    array, detached = np.asarray(x), x.detach()
    x += 1.0
    assert array.tolist() == detached.tolist() == [0, 0, 0]


def test_an_array_of_numpys_cannot_hold_a_gradient():
    def one(x):
        c = np.zeros(2)
        c[0] = x
        return nb.sum(c)

    def several(x):
        c = np.zeros(2)
        c[:] = nb.stack([x, x])
        return nb.sum(c)

    with pytest.raises(ValueError) as caught:
        nb.grad(one)(1.0)
    assert "nb.zeros" in str(caught.value.__cause__)
    with pytest.raises(nb.errors.TraceError, match=r"nb\.zeros"):
        nb.grad(several)(1.0)
    with pytest.raises(nb.errors.TraceError, match=r"float\(\).*stop_gradient"):
        nb.grad(lambda x: x * float(x))(1.0)

    def right(x):
        c = nb.zeros(2)
        c[0] = x * x
        return nb.sum(c)

    assert float(nb.grad(right)(3.0)) == 6


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric", "wrap"])
def test_a_0d_array_without_borders(mode):
    assert nb.grad(lambda x: nb.pad(x, 0, mode=mode) * 2.0)(3.0).numpy() == 2
