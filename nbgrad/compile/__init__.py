"""From source to machine code: what is compiled, for which target, and where the result is kept.

May import errors and arrays/. Knows no op. Here is what both devices share: layouts of loops, row programs,
integer arithmetic, the cache on disk, the linker, the threads, and the step that makes functions into kernels
(syntax, by a dialect for each device); cpu/ and cuda/ have the compilers. A new word of the kernel language
goes to <device>/words and language, a new kind of generated program beside <device>/row_source.
"""
