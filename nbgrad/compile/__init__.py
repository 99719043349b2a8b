"""From source to machine code: what is compiled, for which target, and where the result is kept.

May import errors and arrays/. Knows no op. Here is what both devices share: layouts of loops, integer
arithmetic, records, the cache on disk, the linker, the threads; tiers says when to compile. syntax makes
kernels of functions, by a dialect for each device; row_reader and row_steps read row programs, and row_writer
is shared by their writers; writer writes all source that is generated. cpu/ and cuda/ have the compilers. A
new word goes to <device>/words and <device>/language, a new kind of program beside <device>/row_source.
"""
