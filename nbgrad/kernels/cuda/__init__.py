"""Kernels for CUDA, as functions of CudaArrays, under the names that the CPU's have.

May import arrays/, compile/, kernels/shared. A kernel takes the output first, then arrays and the op's
parameters. Files that no op is named after hold what several kernels are made of (copies, matrices, pivots).
A new kernel goes to the file that is named like its op's file in ops/.
"""
