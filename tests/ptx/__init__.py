"""Executes the PTX of CUDA kernels on NumPy arrays, with no GPU, and catches what a device would let pass."""

from ptx.faults import FaultError as FaultError
from ptx.kernel import Kernel as Kernel
from ptx.kernel import array_words as array_words
from ptx.machine import launch as launch
from ptx.memory import Memory as Memory
from ptx.profile import Profile as Profile
