"""What is asked of skl2onnx: models of tables converted, and its words for types."""

import numpy as np

from .graph import Tensor

__all__ = ["converted", "import_skl2onnx", "tensor_of", "type_of"]


def import_skl2onnx():
    """Return the module ``skl2onnx``, or say how to install it."""
    try:
        import skl2onnx
    except ImportError as error:
        raise ImportError(
            "Transformers and models of scikit-learn are converted by the package "
            "skl2onnx, which is not installed: pip install 'sklstm[onnx]'"
        ) from error
    return skl2onnx


def converted(model, inputs, opset, options=None):
    """Return a fitted model of scikit-learn as an ONNX model.

    Parameters
    ----------
    model : estimator
    inputs : list of Tensor
    opset : int
    options : dict, default=None
        For skl2onnx.

    Returns
    -------
    model : onnx.ModelProto
    """
    return import_skl2onnx().convert_sklearn(
        model,
        initial_types=[(tensor.name, type_of(tensor)) for tensor in inputs],
        target_opset=opset,
        options=options,
    )


def _types():
    types = import_skl2onnx().common.data_types
    return {
        np.float32: types.FloatTensorType,
        np.float64: types.DoubleTensorType,
        np.int64: types.Int64TensorType,
        np.bool_: types.BooleanTensorType,
        str: types.StringTensorType,
    }


def type_of(tensor):
    """A tensor's type in the words of skl2onnx."""
    shape = [size if isinstance(size, int) else None for size in tensor.shape]
    dtype = tensor.dtype if tensor.dtype is str else np.dtype(tensor.dtype).type
    return _types()[dtype](shape)


def tensor_of(variable):
    """The other way round."""
    for dtype, kind in _types().items():
        if isinstance(variable.type, kind):
            return Tensor(variable.onnx_name, dtype, tuple(variable.type.shape))
    raise ValueError(
        f"{variable.onnx_name} has the type {variable.type}: sequences are "
        "FloatTensorType or DoubleTensorType, symbols and lengths Int64TensorType."
    )
