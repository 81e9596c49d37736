"""The nodes of an ONNX model that have weights, as plain values."""

__all__ = ["read_nodes"]

# Inputs by name, in the order the operators have them.
_INPUTS = {
    "LSTM": ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"),
    "GRU": ("X", "W", "R", "B", "sequence_lens", "initial_h"),
    "RNN": ("X", "W", "R", "B", "sequence_lens", "initial_h"),
    "Gather": ("data", "indices"),
    "Gemm": ("A", "B", "C"),
}
_RECURRENT = ("LSTM", "GRU", "RNN")


def read_nodes(model):
    """List the nodes of a model that have weights.

    Parameters
    ----------
    model : ModelProto, str or path

    Returns
    -------
    nodes : list of dict
        As `from_onnx_weights` reads them, in the order of the graph. A ``MatMul`` and
        the ``Add`` after it are a "Gemm".

    Raises
    ------
    ImportError
        If the package `onnx` is not there.
    ValueError
        If weights belong to other operators, or are computed.
    """
    onnx = _import_onnx()
    if not isinstance(model, onnx.ModelProto):
        model = onnx.load(model)
    constants = _constants(model.graph, onnx)
    nodes, sums = [], {}
    for node in model.graph.node:
        given = [constants.get(name) for name in node.input]
        if node.op_type in _INPUTS:
            inputs = dict(zip(_INPUTS[node.op_type], given, strict=False))
            inputs = {name: a for name, a in inputs.items() if a is not None}
            if _has_weights(node, inputs):
                nodes.append(
                    {
                        "op_type": node.op_type,
                        "inputs": inputs,
                        "attributes": _attributes(node, onnx),
                    }
                )
        elif node.op_type == "MatMul" and given[1] is not None:
            inputs = {"B": given[1]}
            nodes.append({"op_type": "Gemm", "inputs": inputs, "attributes": {}})
            sums[node.output[0]] = inputs
        elif node.op_type == "Add" and (sums.keys() & set(node.input)):
            [product] = sums.keys() & set(node.input)
            [bias] = [a for a in given if a is not None] or [None]
            if bias is not None:
                sums[product]["C"] = bias
        else:
            _check_has_no_weights(node, given)
    return nodes


def _import_onnx():
    try:
        import onnx
    except ImportError:
        raise ImportError(
            "Reading an ONNX model needs the package onnx: pip install 'sklstm[onnx]'. "
            "Without it, pass the tensors of its nodes as a list."
        ) from None
    return onnx


def _constants(graph, onnx):
    """Arrays by name: initialisers, and the values of Constant nodes."""
    to_array = onnx.numpy_helper.to_array
    constants = {tensor.name: to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            for attribute in node.attribute:
                if attribute.name == "value":
                    constants[node.output[0]] = to_array(attribute.t)
    return constants


def _attributes(node, onnx):
    attributes = {
        attribute.name: onnx.helper.get_attribute_value(attribute)
        for attribute in node.attribute
    }
    return {name: _decoded(value) for name, value in attributes.items()}


def _decoded(value):
    """Text instead of bytes."""
    if isinstance(value, bytes):
        return value.decode()
    return [_decoded(item) for item in value] if isinstance(value, list) else value


def _has_weights(node, inputs):
    """Whether a node of a known operator has weights; an error if some are computed."""
    if node.op_type == "Gather":  # of anything but a table it only selects
        return "data" in inputs and inputs["data"].ndim == 2
    if node.op_type == "Gemm":
        return "B" in inputs
    for name, given in zip(_INPUTS[node.op_type], node.input, strict=False):
        if name in ("W", "R", "B", "P") and given and name not in inputs:
            raise ValueError(
                f"{name} of {node.op_type} {node.name!r} is computed in the graph "
                f"({given!r}), not stored: fold constants first, for example with "
                "onnxruntime's optimizer or onnxsim."
            )
    return True


def _check_has_no_weights(node, given):
    for array in given:
        if array is not None and array.dtype.kind == "f" and array.ndim >= 2:
            raise ValueError(
                f"{node.op_type} {node.name!r} has weights of shape {array.shape}: "
                "only Gather, LSTM, GRU, RNN, Gemm, and MatMul with Add, are read. "
                "Pass the nodes that are to be read as a list."
            )
