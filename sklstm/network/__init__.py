"""Layers, stacks, heads and initialisers: they own arrays and call the kernels.

network.py        RecurrentNetwork: layers, pooling, head around one flat vector
config.py         what a network is made of, in plain values
stack.py          levels of chains         chain.py     layers that run together
layer.py          one recurrent layer in one direction, forward and backward
weights.py        its sizes, its parameters, its packed weights
dropout.py        masks and zoneout: what is random in a training pass
head.py           the linear head          pooling.py   hidden states -> one vector
projection.py     products of rows with weights, beside the head
sequence_to_sequence.py   SequenceToSequence: encoder and decoder around one flat vector
sequence_to_sequence_config.py   what it is made of
sequence_to_sequence_passes.py   all target steps at once, and back
step_decoder.py   its decoder step by step, for a search
embedding.py      symbols -> rows          bridge.py    what is read -> where it starts
attention.py      a decoder's steps look at an encoder's
decoder_head.py   states and contexts -> scores of symbols
cells.py          the cells as data        steps.py     step tables and row blocks
parameters.py     flat vector and views    memory.py    aligned arrays, workspaces
streaming.py      sequences that arrive step by step
input_gradients.py   explanations: from what is said back to what is read
initializers.py   starting values          links.py     softmax, logistic, exponential
given_weights.py  starting values that a user has
ctc.py            loss of labels without times
blas.py           LAPACK on one thread
"""

from .cells import cell_name
from .config import NetworkConfig
from .links import class_log_probabilities, class_probabilities
from .network import RecurrentNetwork
from .streaming import StreamState

__all__ = [
    "NetworkConfig",
    "RecurrentNetwork",
    "StreamState",
    "cell_name",
    "class_log_probabilities",
    "class_probabilities",
]
