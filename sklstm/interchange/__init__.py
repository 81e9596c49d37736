"""Models and weights of other libraries: in and out.

onnx/                  `to_onnx`: whole estimators and pipelines as ONNX graphs

Weights, with NumPy alone:

layout.py              the one table of gate orders, signs and biases
recurrent_weights.py   `RecurrentWeights`, which every format becomes and is made from
equivalents.py         the same function from weights of another form
whole_models.py        weights of estimators, estimators from weights
torch_weights.py       state dictionaries of PyTorch
keras_weights.py       lists of Keras             keras_models.py   its models
onnx_weights.py        tensors of ONNX nodes      onnx_nodes.py     nodes of its graphs
safetensors_files.py   files of arrays
"""

from .keras_weights import from_keras, to_keras
from .onnx import EncoderDecoder, onnx_inputs, pad, register_converters, to_onnx
from .onnx_weights import from_onnx_weights, to_onnx_weights
from .recurrent_weights import RecurrentWeights
from .safetensors_files import load_safetensors, save_safetensors
from .torch_weights import from_torch, to_torch
from .whole_models import get_weights, set_weights

__all__ = [
    "EncoderDecoder",
    "RecurrentWeights",
    "from_keras",
    "from_onnx_weights",
    "from_torch",
    "get_weights",
    "load_safetensors",
    "onnx_inputs",
    "pad",
    "register_converters",
    "save_safetensors",
    "set_weights",
    "to_keras",
    "to_onnx",
    "to_onnx_weights",
    "to_torch",
]
