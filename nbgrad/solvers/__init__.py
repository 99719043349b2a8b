"""Solvers with derivatives: roots, fixed points, minima, integrals, differential equations.

May import ops/ and below; SciPy's solvers are imported when they are first called. implicit gives the
solution of an equation its derivatives, whoever found it; roots, minima, integrals, initial and ivp have the
functions that users call. Of differential equations, onestep and bdf have the methods, steps what they share,
walk the names, events the zeros of a solution. A new solver goes beside roots, a new method beside bdf.
"""
