"""Other names for what Tensor does: those of NumPy and PyTorch, and what is said of names that it lacks.

May import interop/ and below. Importing names gives Tensor all of them.
A new alias goes to numpys or torchs, a name that is refused to absent, with what to do instead.
"""
