"""`nb.bench` and `python -m nbgrad.bench`: the time of a function and of its gradient, beside peers.

May import everything below nbgrad's top. clock takes times, inputs draws arguments, function is nb.bench.
A new column of the report goes to function.
"""
