"""Misspellings: type checkers report each line below that ends with "# wrong"; see test_typing.py."""

import nbgrad as nb

x = nb.ones(3)
nb.tanhh(x)  # wrong
x.summ()  # wrong
x.sort()  # wrong
nb.linalg.solv(x, x)  # wrong
nb.sum(x, axes=0)  # wrong
nb.sin(x=x)  # wrong
nb.softplus(x, 2.0)  # wrong
nb.softplus(x, betta=2.0)  # wrong
nb.sum(x, axis="0")  # wrong
nb.matmul(x)  # wrong
nb.exp("x")  # wrong
x.reshape(2, 3, order=1)  # wrong
x.shape.append(1)  # wrong
x + "1"  # wrong
x.clip(low=0)  # wrong
nb.jacobian(nb.sin, mode="forward")  # wrong
nb.grad(nb.sum, argnum=0)  # wrong
nb.optim.Adam(rate=0.1)  # wrong
nb.slogdet(x).logdet  # wrong
nb.svd(x, compute_uv=False).U  # wrong
