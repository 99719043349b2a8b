"""The compiler for the CPU: Numba, on operands that are read where NumPy keeps them, without Numba's boxes.

May import arrays/ and compile/. A kernel that is in the cache needs no Numba: compiler and words import it.
words lists what a kernel may call; parallel shares loops over threads; nontemporal streams large results;
elementwise_source, row_source and fastpath_source write programs. A new word goes to words.
"""
