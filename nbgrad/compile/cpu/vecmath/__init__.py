"""Elementary functions as vector code, for float32 and float64, exact to a few units in the last place.

May import compile/cpu/vecmath only. Each function is written once for lanes of any width, see lanes.
A new function goes to the file of its kind, its polynomial to coefficients (written by tools/minimax.py), its
name to functions.
"""
