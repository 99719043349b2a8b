"""How an op is declared: its row in the table, its kernel's program, its derivative rules.

May import engine/ and kernels/table. Declares no op of its own but add and multiply, which rules are made of.
declare has `elementwise`, structured has `op`, special has what SciPy computes; scalar runs a scalar program
and derives its rules, joint computes slopes beside values, fastpath is the compiled call. What calls that are
alike come to is in plans, found by finder; what their pullbacks come to, in rehearsal. A new kind of op goes
beside structured.
"""
