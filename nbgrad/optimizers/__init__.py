"""Optimisers, behind nbgrad.optim.

base: the two ways of use, and the state that is kept. firstorder: SGD, Adam, AdamW, RMSProp.
lbfgs: LBFGS; linesearch: its line search. schedules: learning rates that change with the step.
clipping: limits of gradients.
"""
