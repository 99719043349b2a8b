"""Every op that has a reference (NumPy's, SciPy's) over it, by turns in one process; PyTorch if installed.

ratio.<op>.track_vs_numpy, track_vjp_vs_numpy (over NumPy's forward), track_vs_torch, track_vjp_vs_torch.
Names of this module begin with _: the others are ops.
"""

from work import ratios as _ratios
from work import suite as _suite
from work import table as _table

_KINDS = {"track_vs_numpy": "forward", "track_vjp_vs_numpy": "vjp",
          "track_vs_torch": "torch/forward", "track_vjp_vs_torch": "torch/vjp"}


def _collect(self):
    """All ratios, from one process."""
    if not _ratios.TORCH:
        print("torch is not installed: its lines are left out")
    return dict(_ratios.ratios())


_collect.timeout = 1800


def _look(which, name):
    def look(self, found, n, dtype):
        return found.get(f"{which}/{name}/{n}/{dtype}", float("nan"))
    return look


for _name, _row in _table.rows().items():
    if _row.like is not None:
        _kinds = {method: _look(which, _name) for method, which in _KINDS.items()
                  if _table.differentiable(_row) or "vjp" not in method}
        for _method, _function in _kinds.items():
            _function.unit = f"time / {'PyTorch' if 'torch' in _method else 'NumPy'}'s time"
        _suite.add(__name__, _name, _kinds, setup_cache=_collect, param_names=["n", "dtype"],
                   params=[_table.sizes(_row), _table.dtypes(_row)])
