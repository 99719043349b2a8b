"""Tensors are drawn as arrays are; one that a gradient is being taken through says to detach it first."""

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.errors import TraceError

pytest.importorskip("matplotlib")
Figure = pytest.importorskip("matplotlib.figure").Figure

X = np.array([1.0, 3.0, 2.0])
DRAWN = {
    "plot": lambda axes, x: axes.plot(x)[0].get_ydata(),
    "plot against": lambda axes, x: axes.plot(x, X)[0].get_xdata(),
    "scatter": lambda axes, x: axes.scatter(x, x).get_offsets()[:, 1],
    "bar": lambda axes, x: [bar.get_height() for bar in axes.bar(range(3), x)],
    "hist": lambda axes, x: axes.hist(x * x, bins=5)[1],
    "imshow": lambda axes, x: axes.imshow(x.reshape(1, 3)).get_array()[0],
    "fill_between": lambda axes, x: axes.fill_between(range(3), x).get_paths()[0].vertices,
    "errorbar": lambda axes, x: axes.errorbar(range(3), x, yerr=x)[0].get_ydata(),
    "contour": lambda axes, x: axes.contourf(x * x[:, None]).levels,
}


@pytest.mark.parametrize("name", DRAWN)
def test_drawn(name):
    draw, figure = DRAWN[name], Figure()
    expected = np.asarray(draw(figure.subplots(), X))
    for x in (nb.asarray(X), nb.asarray(X, requires_grad=True).detach()):
        assert np.array_equal(np.asarray(draw(Figure().subplots(), x)), expected)
    for watched in (nb.asarray(X, requires_grad=True), nb.asarray(X, requires_grad=True) * 1.0):
        with pytest.raises(TraceError, match=r"x\.detach\(\)"):
            draw(Figure().subplots(), watched)
    with pytest.raises(TraceError, match=r"x\.detach\(\)"):
        nb.grad(lambda x: draw(Figure().subplots(), x))(X)


def test_inside_a_transform_what_is_detached_is_drawn():
    axes = Figure().subplots()

    def f(x):
        axes.plot(x.detach())
        return nb.sum(x * x)

    assert nb.grad(f)(X).tolist() == (2 * X).tolist()
    assert np.array_equal(axes.lines[0].get_ydata(), X)
