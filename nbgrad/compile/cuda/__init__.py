"""The compiler for CUDA: numba-cuda, imported when the first kernel is launched.

May import arrays/ and compile/. A kernel is a function in the words of language; kernel compiles and launches
it, dialect and head tell numba-cuda what it says; kept has on disk what that compiled. map_source, row_source
and tile_source write programs in the scalar functions of words. A new word goes to language and dialect, a
function to words.
"""
