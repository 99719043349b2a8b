"""Suites for asv. Before anything is imported: one thread, and a kernel cache for each commit.

    asv run --python=same --quick --dry-run -b ops.tanh
    asv show HEAD
"""

import os
import sys
import tempfile
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
              "NBGRAD_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

_environment, _commit = os.environ.get("ASV_ENV_DIR"), os.environ.get("ASV_COMMIT")
if _commit and _commit != "None":         # asv builds this commit: its kernels are never another's
    _place = Path(_environment or tempfile.gettempdir()) / "kernels" / _commit[:12]
    _place.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["NBGRAD_CACHE_DIR"] = str(_place)

os.environ.setdefault("NBGRAD_TIER", "compiled")        # what is timed is not interpreted
sys.path.insert(0, str(Path(__file__).parents[1]))      # work/
