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
