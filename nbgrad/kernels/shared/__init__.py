"""What is the same on every device: row programs, the plan of an einsum, and kernels made of those.

May import arrays/ and compile/. A function here takes the device's rows (kernels/<device>/rows.py) first.
A new reduction goes to row_programs, and under its op's name to the file that is named like its op's.
"""
