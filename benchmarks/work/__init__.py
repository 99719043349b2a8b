"""What the benchmarks share. They time compiled kernels, from the first call on."""

import os

os.environ.setdefault("NBGRAD_TIER", "compiled")      # nbgrad reads it when it is imported
