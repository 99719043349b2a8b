"""`pytest --doctest-modules nbgrad`: the examples of documentation know nbgrad as nb and NumPy as np."""

import pytest


@pytest.fixture(autouse=True)
def _example(request):
    """Ops, files and threads of an example are gone after it.

    Nothing for other tests: nbgrad is imported after they have made their settings.
    """
    if type(request.node).__name__ != "DoctestItem":
        yield
        return
    import numpy as np

    import nbgrad as nb
    from nbgrad.define.registry import OPS

    request.getfixturevalue("doctest_namespace").update(nb=nb, np=np)
    request.getfixturevalue("monkeypatch").chdir(request.getfixturevalue("tmp_path"))
    before, threads = dict(OPS), nb.get_num_threads()
    yield
    OPS.clear()
    OPS.update(before)
    nb.set_num_threads(threads)
