"""Tensors of the nodes of ONNX graphs: LSTM, GRU, RNN, and what stands around them."""

from typing import Any

import numpy as np

from .equivalents import as_plain
from .layout import ONNX, exchanged, join_biases, split_biases
from .onnx_nodes import read_nodes
from .recurrent_weights import RecurrentWeights, as_floats
from .whole_models import weights_of

__all__ = ["from_onnx_weights", "to_node", "to_onnx_weights"]

_OPERATORS = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}
_ACTIVATIONS = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh")}
_DIRECTIONS = {"forward": 1, "bidirectional": 2}


def to_onnx_weights(model: Any) -> list[dict[str, Any]]:
    """Weights as tensors and attributes of ONNX nodes.

    Parameters
    ----------
    model : fitted estimator or RecurrentWeights
        Whose weights to write.
        An estimator that `get_weights` reads.

    Returns
    -------
    nodes : list of dict
        From the input to the output: a "Gather" if symbols are read, an "LSTM", "GRU"
        or "RNN" for each layer, and a "Gemm" if there is a head. Each has

        - ``op_type``;
        - ``inputs``, a dict from the names ONNX gives an operator's inputs to arrays:
          ``data``; ``W``, ``R``, ``B`` and, of peepholes, ``P``, and, of learned
          initial states, ``initial_h`` and ``initial_c`` of a batch of one; ``B`` and
          ``C``;
        - ``attributes``, a dict for ``onnx.helper.make_node``.

        Gates that are coupled become a plain LSTM's (``input_forget`` does not say
        which gate is computed), a projected LSTM one of full width. A regressor's head
        gives targets in their own units (with ``loss="poisson"``: their logarithms).

    Raises
    ------
    ValueError
        If no operator computes the same: zoneout, a projection that has no equivalent.

    See Also
    --------
    from_onnx_weights : The way back.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.interchange import to_onnx_weights
    >>> X = np.random.RandomState(0).normal(size=(20, 5, 3))
    >>> classifier = LSTMClassifier(hidden_layer_sizes=4, max_iter=2)
    >>> for node in to_onnx_weights(classifier.fit(X, ["a", "b"] * 10)):
    ...     shapes = {name: array.shape for name, array in node["inputs"].items()}
    ...     print(node["op_type"], shapes, node["attributes"])
    LSTM {'W': (1, 16, 3), 'R': (1, 16, 4), 'B': (1, 32)} \
{'hidden_size': 4, 'direction': 'forward'}
    Gemm {'B': (1, 4), 'C': (1,)} {'transB': 1}
    """
    weights = as_plain(weights_of(model), "ONNX", peephole=True, start=True)
    nodes = []
    if weights.embedding is not None:
        nodes.append(_node("Gather", {"data": weights.embedding.copy()}))
    for layer in weights.layers:
        nodes.append(to_node(weights.cell, layer))
    if weights.head is not None:
        inputs = {"B": weights.head["weight"].copy(), "C": weights.head["bias"].copy()}
        nodes.append(_node("Gemm", inputs, transB=1))
    return nodes


def from_onnx_weights(nodes: Any) -> RecurrentWeights:
    """Weights of the nodes of an ONNX graph.

    Parameters
    ----------
    nodes : list of dict, path, or ModelProto
        In the form that `to_onnx_weights` returns, of which ``attributes`` may be
        missing. Of a model, or the path of its file, the nodes that have weights are
        taken in the order of the graph; this needs the package `onnx`.

    Returns
    -------
    weights : RecurrentWeights
        LSTMs with ``input_forget=1`` have `coupled_gates`. Initial states that are
        stored are learned ones, unless they are zero; those that a graph is given when
        it runs are left out.

    Raises
    ------
    ValueError
        If a node computes what no layer here does: other activations, `clip`,
        ``direction="reverse"``, operators with weights that are not those above.
    ImportError
        If `nodes` is a model and `onnx` is not there.

    See Also
    --------
    to_onnx_weights : The way out.
    set_weights : An estimator that predicts with the weights, without training.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.interchange import from_onnx_weights
    >>> rng = np.random.RandomState(0)
    >>> inputs = {
    ...     "W": rng.normal(size=(1, 12, 3)),
    ...     "R": rng.normal(size=(1, 12, 4)),
    ...     "B": rng.normal(size=(1, 24)),
    ... }
    >>> from_onnx_weights([{"op_type": "GRU", "inputs": inputs}])
    RecurrentWeights(gru: 3 features -> 4 units)
    """
    if not isinstance(nodes, list | tuple):
        nodes = read_nodes(nodes)
    layers, cells, head, embedding = [], [], None, None
    for number, node in enumerate(nodes):
        operator, inputs = node["op_type"], _checked_inputs(node, number)
        if operator in _OPERATORS.values() and head is None:
            cell, layer = _from_node(node, inputs, number)
            layers.append(layer)
            cells.append(cell)
        elif operator == "Gather" and not layers and embedding is None:
            embedding = inputs["data"]
        elif operator == "Gemm" and layers and head is None:
            head = _head_of(node, inputs)
        else:
            raise ValueError(
                f"Node {number} is a {operator} where there is no place for it: "
                "expected a Gather at most, LSTM, GRU or RNN nodes, a Gemm at most."
            )
    if len(set(cells)) != 1:
        raise ValueError(
            f"Expected nodes of one recurrent cell, found {cells or 'none'}: an "
            "estimator has one cell for all layers. Read each node by itself."
        )
    return RecurrentWeights(cells[0], layers, head=head, embedding=embedding)


# ---- our layer -> node ---------------------------------------------------------------


def _node(op_type, inputs, **attributes):
    return {"op_type": op_type, "inputs": inputs, "attributes": attributes}


def to_node(cell, layer):
    """Return the operator of one layer.

    Parameters
    ----------
    cell : str
        A key of ``CELLS``, without coupled gates.
    layer : list of mapping from str to ndarray
        Parameters of each direction, without projection.

    Returns
    -------
    node : dict
        See `to_onnx_weights`.
    """
    kind = cell.split("_")[0]
    inputs = [_to_direction(cell, kind, parameters) for parameters in layer]
    inputs = {name: np.stack([one[name] for one in inputs]) for name in inputs[0]}
    attributes = {
        "hidden_size": inputs["R"].shape[2],
        "direction": "bidirectional" if len(layer) == 2 else "forward",
    }
    if kind == "gru":
        attributes["linear_before_reset"] = int(cell == "gru_reset_after")
    if kind == "rnn":
        attributes["activations"] = [cell.removeprefix("rnn_").title()] * len(layer)
    return _node(_OPERATORS[kind], inputs, **attributes)


def _to_direction(cell, kind, parameters):
    rows = [parameters["weight_ih"], parameters["weight_hh"]]
    rows += split_biases(cell, parameters)
    w, r, *biases = (exchanged(array, kind, ONNX, inward=False) for array in rows)
    inputs = {"W": w, "R": r, "B": np.concatenate(biases)}
    if "peephole" in parameters:
        peephole = parameters["peephole"].reshape(-1)
        inputs["P"] = exchanged(peephole, "peephole", ONNX, inward=False)
    for name, state in (("initial_h", "hidden_0"), ("initial_c", "cell_0")):
        if state in parameters:
            inputs[name] = parameters[state][np.newaxis]
    return inputs


# ---- node -> our layer ---------------------------------------------------------------


def _checked_inputs(node, number):
    """The arrays of a node; an error if one is missing."""
    operator = node["op_type"]
    needed = {"Gather": ("data",), "Gemm": ("B",)}.get(operator, ("W", "R"))
    missing = [name for name in needed if node["inputs"].get(name) is None]
    if missing:
        raise ValueError(f"Node {number}, a {operator}, has no {', '.join(missing)}.")
    return {
        name: as_floats(array, f"{name} of node {number}, a {operator},")
        for name, array in node["inputs"].items()
        if array is not None
    }


def _from_node(node, inputs, number):
    """Name of the cell, and a mapping for each direction."""
    attributes = node.get("attributes", {})
    what = f"Node {number}, a {node['op_type']},"
    n_directions = _n_directions(attributes, what)
    inputs = {name: _of_one_sequence(name, array) for name, array in inputs.items()}
    cell = _cell_of(node["op_type"], attributes, inputs, n_directions, what)
    kind = cell.split("_")[0]
    _check_shapes(inputs, n_directions, len(ONNX[kind]), what)
    layer = [
        _from_direction(cell, {name: array[k] for name, array in inputs.items()})
        for k in range(n_directions)
    ]
    states = [one[name] for one in layer for name in one if name.endswith("_0")]
    if not any(state.any() for state in states):
        layer = [{n: a for n, a in one.items() if n[-2:] != "_0"} for one in layer]
    return cell, layer


def _of_one_sequence(name, array):
    """Initial states of one sequence, if they are those of all."""
    is_state = name.startswith("initial_") and array.ndim == 3
    if is_state and (array == array[:, :1]).all():
        return array[:, :1]
    return array


def _from_direction(cell, inputs):
    kind = cell.split("_")[0]
    bias = inputs.get("B", np.zeros(2 * len(inputs["W"]), inputs["W"].dtype))
    rows = [inputs["W"], inputs["R"], *np.split(bias, 2)]
    weight_ih, weight_hh, bias_ih, bias_hh = (
        exchanged(array, kind, ONNX, inward=True) for array in rows
    )
    parameters = {"weight_ih": weight_ih, "weight_hh": weight_hh}
    coupled = "coupled" in cell
    if coupled:  # what the node has for its forget gate is not used
        parameters = {name: _without_gate_f(a, 4) for name, a in parameters.items()}
        bias_ih, bias_hh = _without_gate_f(bias_ih, 4), _without_gate_f(bias_hh, 4)
    parameters |= join_biases(cell, bias_ih, bias_hh)
    if "peephole" in cell:
        peephole = exchanged(inputs["P"], "peephole", ONNX, inward=True)
        peephole = _without_gate_f(peephole, 3) if coupled else peephole
        parameters["peephole"] = peephole.reshape(2 if coupled else 3, -1)
    for name, state in (("initial_h", "hidden_0"), ("initial_c", "cell_0")):
        if name in inputs:
            parameters[state] = inputs[name][0]
    return parameters


def _without_gate_f(array, n_gates):
    """Rows in our order, i, f, ..., without those of f."""
    blocks = np.split(array, n_gates)
    return np.concatenate([blocks[0], *blocks[2:]])


def _n_directions(attributes, what):
    direction = attributes.get("direction", "forward")
    if direction not in _DIRECTIONS:
        raise ValueError(
            f"{what} has direction={direction!r}: layers here read forward, or in both "
            "directions. Reverse the sequences and read it as 'forward'."
        )
    return _DIRECTIONS[direction]


def _cell_of(operator, attributes, inputs, n_directions, what):
    """Name of our cell, once it is sure that we have it."""
    clip = attributes.get("clip")
    if clip is not None:
        raise ValueError(f"{what} has clip={clip}, which no cell here has.")
    given = attributes.get("activations")
    if operator == "RNN":
        given = given or ["Tanh"] * n_directions
        activation = given[0].lower()
        if len(set(given)) > 1 or activation not in ("tanh", "relu"):
            raise ValueError(
                f"{what} has activations={given}: expected Tanh or Relu for all."
            )
        return f"rnn_{activation}"
    wanted = _ACTIVATIONS[operator] * n_directions
    if given is not None and tuple(given) != wanted:
        raise ValueError(f"{what} has activations={given}: expected {list(wanted)}.")
    if operator == "GRU":
        resets_after = attributes.get("linear_before_reset", 0)
        return "gru_reset_after" if resets_after else "gru"
    coupled = "_coupled" if attributes.get("input_forget", 0) else ""
    return f"lstm{coupled}{'_peephole' if 'P' in inputs else ''}"


def _check_shapes(inputs, n_directions, n_gates, what):
    """Raise unless the tensors of a recurrent node fit each other."""
    units, n_inputs = (np.atleast_1d(inputs[name]).shape[-1] for name in ("R", "W"))
    expected = {
        "W": (n_directions, n_gates * units, n_inputs),
        "R": (n_directions, n_gates * units, units),
        "B": (n_directions, 2 * n_gates * units),
        "P": (n_directions, 3 * units),
        "initial_h": (n_directions, 1, units),
        "initial_c": (n_directions, 1, units),
    }
    for name, array in inputs.items():
        if name in expected and array.shape != expected[name]:
            raise ValueError(
                f"{what} has {name} of shape {array.shape}, expected {expected[name]}."
            )


def _head_of(node, inputs):
    attributes = node.get("attributes", {})
    weight = inputs["B"] if attributes.get("transB", 0) else inputs["B"].T
    bias = inputs.get("C", np.zeros(len(weight), weight.dtype)).reshape(-1)
    return {
        "weight": attributes.get("alpha", 1.0) * weight,
        "bias": attributes.get("beta", 1.0) * bias,
    }
