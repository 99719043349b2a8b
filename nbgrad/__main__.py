"""`python -m nbgrad`: what can be run, and the version.

commands:
  python -m nbgrad.info      versions, device, kernel cache and the table of ops
  python -m nbgrad.warm      compile kernels now, so that programs start at once
  python -m nbgrad.bench     times of ops, or of a function of yours, beside NumPy
  python -m nbgrad.gpucheck  check every op on this machine's GPU

Each says by --help what it takes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import nbgrad


def main(given: Sequence[str] | None = None) -> int:
    """Print the help. argparse ends the process: with 0 after --help and --version, 2 for what is unknown."""
    parser = argparse.ArgumentParser(prog="python -m nbgrad", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=f"nbgrad {nbgrad.__version__}")
    parser.parse_args(given)
    parser.print_help()
    return 0


if __name__ == "__main__":
    sys.exit(main())
