"""Layers, stacks, heads and initialisers: they own arrays and call the kernels.

network.py        RecurrentNetwork: layers, pooling, head around one flat vector
layer.py          one recurrent layer in one direction, forward and backward
head.py           the linear head          pooling.py   hidden states -> one vector
cells.py          the cells as data        steps.py     step tables and row blocks
parameters.py     flat vector and views    memory.py    aligned arrays, workspaces
initializers.py   starting values          links.py     softmax, logistic, exponential
blas.py           LAPACK on one thread
"""

from .cells import cell_name
from .network import RecurrentNetwork

__all__ = ["RecurrentNetwork", "cell_name"]
