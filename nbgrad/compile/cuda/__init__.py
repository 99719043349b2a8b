"""The compiler for CUDA: numba-cuda, imported when the first kernel is launched.

May import arrays/ and compile/. words lists what a kernel may call, launch merges loops and passes arguments,
map_source, row_source and tile_source write programs.
A new word goes to words, a new shape of loop beside map_source.
"""
