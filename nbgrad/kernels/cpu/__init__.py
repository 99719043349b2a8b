"""Kernels for the CPU: functions of arrays of NumPy that compile, cache and run what fills the output.

May import arrays/, compile/, kernels/shared. A kernel takes the output first, then arrays and the op's
parameters; one that has no output to fill (a view, a routine of a library) returns its result.
What is compiled is a function under @kernel (compile/cpu/kernel). A new kernel goes to the file that is named
like its op's file in ops/.
"""
