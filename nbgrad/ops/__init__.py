"""The ops, declared one row each, and the functions that are made of them: one file a family.

May import define/ and engine/, never kernels/. Files import each other downwards, without circles.
A new op goes to the file of its family; its kernel, if it is no scalar program, to kernels/<device>/ in the
file of the same name.
"""
