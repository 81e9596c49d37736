"""Models and weights of other libraries: in and out, with NumPy alone.

layout.py              the one table of gate orders, signs and biases
recurrent_weights.py   `RecurrentWeights`, which every format becomes and is made from
equivalents.py         the same function from weights of another form
whole_models.py        weights of estimators, estimators from weights
torch_weights.py       state dictionaries    keras_weights.py   lists of arrays
onnx_weights.py        nodes of graphs       safetensors_files.py   files of arrays
"""

from .recurrent_weights import RecurrentWeights
from .torch_weights import from_torch, to_torch
from .whole_models import get_weights, set_weights

__all__ = [
    "RecurrentWeights",
    "from_torch",
    "get_weights",
    "set_weights",
    "to_torch",
]
