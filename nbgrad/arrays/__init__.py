"""What an array is, on each device: dtypes, memory, streams, and arrays that other libraries lend.

May import errors. Compiles nothing and knows no op: a kernel that fills an array is in kernels/.
A new dtype goes to dtypes, a setting to config, a library's protocol to interface or dlpack, a new device
beside cuda, and to devices, which alone asks what kind of array it was given.
"""
