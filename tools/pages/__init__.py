"""The pages of the site that are made from the table and the examples; tools/documentation.py writes them.

formulas: an elementwise op's program as a formula. docstrings: docstrings as Markdown. facts: what running an
op tells. names: public names and their pages. reference: a page for each. numpy_list: the functions of
NumPy's that take Tensors. gallery: the examples, run. mathml: formulas without a script from another host.
links: what points nowhere.
"""
