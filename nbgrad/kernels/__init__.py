"""The numerical kernels of the ops, and the dispatch table that finds them.

May import arrays/ and compile/; knows nothing of Tensors or derivatives. table is the only place that chooses
a device. A kernel of the op `tril` of ops/index.py goes to cpu/index.py and cuda/index.py under that name;
what is one row program on every device goes to shared/, once.
"""
