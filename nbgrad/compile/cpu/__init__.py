"""The compiler for the CPU: Numba, on operands that are read where NumPy keeps them, without Numba's boxes.

May import arrays/ and compile/. A kernel in the cache needs no Numba: compiler, pipeline and words import it.
kernel makes kernels of functions, in the words of language, which dialect writes in the compiler's: those of
words, whose plain meanings are in plain. fastpath, pullback, finder and pool work by address, in the words of
machine, on what objects describes. parallel shares loops over threads, nontemporal streams results;
elementwise_source and row_source write programs, interpreter and row_interpreter do what these do, by NumPy's
functions. A new word goes to all of these.
"""
