"""The nodes of an ONNX model that have weights, as plain values."""

import numpy as np

__all__ = ["read_nodes"]

# Inputs by name, in the order the operators have them.
_INPUTS = {
    "LSTM": ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"),
    "GRU": ("X", "W", "R", "B", "sequence_lens", "initial_h"),
    "RNN": ("X", "W", "R", "B", "sequence_lens", "initial_h"),
    "Gather": ("data", "indices"),
    "Gemm": ("A", "B", "C"),
}
_WEIGHTS = ("W", "R", "B", "P")
_STATES = ("initial_h", "initial_c")
# Operators that hand on the numbers of their first input, in their order.
_OF_SHAPE = {
    "Cast", "Expand", "Identity", "Reshape", "Slice", "Squeeze", "Tile", "Unsqueeze",
}  # fmt: skip


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
    graph = _Graph(model.graph, onnx)
    nodes, sums = [], {}
    for node in model.graph.node:
        given = [graph.constants.get(name) for name in node.input]
        if node.op_type in _INPUTS:
            inputs = graph.inputs_of(node)
            if inputs is not None:
                attributes = graph.attributes_of(node)
                nodes.append(_plain(node.op_type, inputs, attributes))
        elif node.op_type == "MatMul" and given[1] is not None:
            inputs = sums[node.output[0]] = {"B": given[1]}
            nodes.append(_plain("Gemm", inputs, {}))
        elif node.op_type == "Add" and (sums.keys() & set(node.input)):
            [product] = sums.keys() & set(node.input)
            biases = [array for array in given if array is not None]
            sums[product].update(zip("C", biases, strict=False))
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


def _plain(op_type, inputs, attributes):
    return {"op_type": op_type, "inputs": inputs, "attributes": attributes}


class _Graph:
    """Where the arrays of a graph come from.

    Attributes
    ----------
    constants : dict of str to ndarray
        Initialisers, and the values of Constant nodes.
    """

    def __init__(self, graph, onnx):
        self._onnx = onnx
        self._maker = {name: node for node in graph.node for name in node.output}
        to_array = onnx.numpy_helper.to_array
        self.constants = {tensor.name: to_array(tensor) for tensor in graph.initializer}
        for name, node in self._maker.items():
            value = self.attributes_of(node).get("value")
            if node.op_type == "Constant" and value is not None:
                self.constants[name] = to_array(value)

    def attributes_of(self, node):
        """Return attributes by name, text instead of bytes."""
        value_of = self._onnx.helper.get_attribute_value
        return {a.name: _decoded(value_of(a)) for a in node.attribute}

    def inputs_of(self, node):
        """Return arrays by input, or None if the node has no weights."""
        names = dict(zip(_INPUTS[node.op_type], node.input, strict=False))
        inputs = {
            key: self.constants[name]
            for key, name in names.items()
            if name in self.constants
        }
        if node.op_type == "Gather":  # of anything but a table it only selects
            is_table = "data" in inputs and inputs["data"].ndim == 2
            return inputs if is_table else None
        if node.op_type == "Gemm":
            return inputs if "B" in inputs else None
        for key, name in names.items():
            if key in _WEIGHTS and name and key not in inputs:
                self._raise_computed(node, key)
            if key in _STATES and name:
                state = self._state(node, key, name)
                inputs |= {} if state is None else {key: state}
        return inputs

    def _state(self, node, key, name):
        """Initial states that are stored; None if zero, or given when the graph runs.

        Exporters repeat them for each sequence of a batch.
        """
        state, recurrent = self._stored(node, key, name), self.constants[node.input[2]]
        n_directions, _, units = recurrent.shape
        if state is not None and state.size == n_directions * units:
            return state.reshape(n_directions, 1, units)
        return state

    def _stored(self, node, key, name):
        """The numbers that an input is made of, None as of `_state`."""
        if name in self.constants:
            return self.constants[name]
        maker = self._maker.get(name)
        if maker is None:
            return None
        if maker.op_type == "ConstantOfShape":
            value = self.attributes_of(maker).get("value")
            if value is None or not self._onnx.numpy_helper.to_array(value).any():
                return None
        elif maker.op_type in _OF_SHAPE:
            return self._stored(node, key, maker.input[0])
        elif maker.op_type == "Concat":  # of directions
            parts = [self._stored(node, key, part) for part in maker.input]
            if all(part is None for part in parts):
                return None
            if all(part is not None for part in parts):
                return np.concatenate([part.reshape(-1) for part in parts])
        self._raise_computed(node, key)

    def _raise_computed(self, node, key):
        raise ValueError(
            f"{key} of {node.op_type} {node.name!r} is computed in the graph, not "
            "stored: fold constants first, for example with onnxruntime's optimizer or "
            "onnxsim."
        )


def _decoded(value):
    """Text instead of bytes."""
    if isinstance(value, bytes):
        return value.decode()
    return [_decoded(item) for item in value] if isinstance(value, list) else value


def _check_has_no_weights(node, given):
    for array in given:
        if array is not None and array.dtype.kind == "f" and array.ndim >= 2:
            raise ValueError(
                f"{node.op_type} {node.name!r} has weights of shape {array.shape}: "
                "only Gather, LSTM, GRU, RNN, Gemm, and MatMul with Add, are read. "
                "Pass the nodes that are to be read as a list."
            )
