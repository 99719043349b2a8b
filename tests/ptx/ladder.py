"""The CUDA kernels proven without a GPU: `python tests/ptx/ladder.py`, or `--quick` for values alone.

Three legs, each with as many processes as there are cores: the values of every op in Numba's simulator; the
interpreter's and the host's own tests, and those of the op table, derivatives too, on the PTX that NVIDIA's
compiler makes of kernels; and machine code of that PTX for four targets, with the gates in gates.py beside.
The last table counts what was compiled, what was executed, and which planted faults were caught. Exit status
1 if anything failed.

It needs numba-cuda with its compiler: pip install -e '.[test,cuda]'.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from ptx import gates

ROOT = Path(__file__).parents[2]
EVERYWHERE = ("tests/ops/test_ops.py", "tests/ops/test_integers.py", "tests/kernels/test_everywhere.py",
              "tests/kernels/test_everywhere_complex.py", "tests/kernels/test_everywhere_matrices.py")
# Beside the op table: the interpreter, and the host's side on it and on what stands for the driver.
OWN = ("ptx*", "cuda*", "devices", "libraries", "gpu*")
FAULTS = "test_ptx_faults"                # the file of tests that plant a fault each


@dataclass(frozen=True)
class Leg:
    """What one run of pytest came to: tests by outcome, and seconds."""

    name: str
    passed: int
    failed: int
    skipped: int
    seconds: float
    faults: int


def run(name: str, arguments: Sequence[str], folder: Path, device: str | None = None) -> Leg:
    """Run pytest, on a device of NBGRAD_DEVICE. Its output goes to this process's."""
    file = folder / "tests.xml"
    file.unlink(missing_ok=True)
    around = {k: v for k, v in os.environ.items() if k not in ("NBGRAD_DEVICE", "NUMBA_ENABLE_CUDASIM")}
    if device is not None:
        around["NBGRAD_DEVICE"] = device
    print(f"\n== {name}", flush=True)
    start = time.perf_counter()
    pytest = [sys.executable, "-m", "pytest", "-q", "-n", str(os.cpu_count()), f"--junitxml={file}"]
    done = subprocess.run([*pytest, *arguments], cwd=ROOT, env=around, check=False)
    seconds = time.perf_counter() - start
    if not file.exists():
        return Leg(name, 0, 1, 0, seconds, 0)
    cases = list(ET.parse(file).getroot().iter("testcase"))
    bad = [c for c in cases if c.find("failure") is not None or c.find("error") is not None]
    skipped = [c for c in cases if c.find("skipped") is not None]
    good = [c for c in cases if len(c) == 0 or all(part.tag.startswith("system") for part in c)]
    failed = max(len(bad), int(done.returncode != 0))
    caught = sum(1 for c in good if FAULTS in c.get("classname", ""))
    return Leg(name, len(good), failed, len(skipped), seconds, caught)


def legs(folder: Path, quick: bool) -> list[Leg]:
    """The runs of pytest; PTX is kept in a folder of that name in the folder."""
    executed = ("-k", "values or training or digits") if quick else ()
    own = sorted(str(file.relative_to(ROOT)) for name in OWN
                 for file in ROOT.glob(f"tests/**/test_{name}.py"))
    return [run("in the simulator", (*EVERYWHERE, "-k", "values"), folder, "cuda-sim"),
            run("of interpreter and host", own, folder),
            run("executed on PTX", ("--ptx", str(folder / "ptx"), *EVERYWHERE, *executed), folder)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="values, and steps of training; no derivatives")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the PTX of every kernel there")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        ran = legs(folder, chosen.quick)
        print("\n== assembled", flush=True)
        found = gates.examined(folder / "ptx")
    print("\n".join(found.bad))
    print(f"\n{'tests':24}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    for leg in ran:
        print(f"{leg.name:24}{leg.passed:>8}{leg.failed:>8}{leg.skipped:>9}{leg.seconds:>9.0f}")
    print(f"\n{found.table()}\n")
    print(f"{found.files} kernels x {len(gates.TARGETS)} targets compiled, {found.spilled} spilled; "
          f"{ran[-1].passed} tests executed on PTX; {sum(leg.faults for leg in ran)} planted faults caught")
    return int(found.failed or any(leg.failed for leg in ran))


if __name__ == "__main__":
    sys.exit(main())
