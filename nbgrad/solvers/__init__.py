"""Solvers with derivatives: roots, fixed points, minima, integrals, differential equations.

May import ops/ and below; SciPy's solvers are imported when they are first called. implicit gives the
solution of an equation its derivatives, whoever found it; roots, integrals and initial have the functions
that users call; steps has the methods for differential equations. A new solver goes beside roots.
"""
