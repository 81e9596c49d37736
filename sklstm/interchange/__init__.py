"""Models for other systems: ONNX graphs.

onnx/    `to_onnx` and what goes with it
"""

from .onnx import EncoderDecoder, onnx_inputs, pad, register_converters, to_onnx

__all__ = [
    "EncoderDecoder",
    "onnx_inputs",
    "pad",
    "register_converters",
    "to_onnx",
]
