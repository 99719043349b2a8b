"""Tensors and their derivatives: graphs, the backward walk, forward mode, transformations of functions.

May import arrays/ and kernels/. Knows no op by name.
tensor is the handle, convert makes raw arrays, graph records, backward walks, transforms has grad, vjp, jvp;
views gives writes NumPy's meaning; tree flattens containers. A new transformation goes beside transforms.
"""
