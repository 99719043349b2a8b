"""nbgrad among others: operators and methods of Tensor, NumPy's functions on Tensors, pickles, DLPack.

May import ops/ and everything below. A new method goes to methods, an alias of a method to spellings/, a
function that NumPy spells with more arguments to numpy_spellings, a protocol to exchange.
"""
