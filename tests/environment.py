"""The settings of tests, and of processes that they start: kernels are compiled at first use."""

import os

for _name, _value in (("NBGRAD_TIER", "compiled"), ("NBGRAD_QUIET", "1")):
    os.environ.setdefault(_name, _value)
