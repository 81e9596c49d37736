"""Recurrent layers in a graph: one operator a layer where there is one for it.

Coupled gates are those of a plain LSTM, a projected layer is one of full width with a
product behind it (see ``equivalents``), so that every runtime has them.

What no operator of ONNX computes is a loop (``scan_layers``): zoneout, whose states are
mixed with those before, and projected layers that start from given states, which the
full width does not have.
"""

from dataclasses import dataclass

import numpy as np

from ...network.cells import CELLS
from ..equivalents import uncoupled, unprojected
from ..onnx_weights import to_node
from .scan_layers import add_scan_layer

__all__ = ["add_stack"]


@dataclass
class Layer:
    """One layer as a graph needs it.

    Attributes
    ----------
    cell : str
        A key of ``CELLS``.
    parameters : list of mapping from str to ndarray
        One entry a direction.
    zoneout : float
    """

    cell: str
    parameters: list
    zoneout: float

    @property
    def hidden_size(self):
        """Units in one direction."""
        return len(self.parameters[0]["bias"]) // CELLS[self.cell].n_gates

    @property
    def state_names(self):
        """Names of the states that a layer starts from."""
        return ("hidden_0", "cell_0")[: 1 + CELLS[self.cell].has_cell_state]


def add_stack(graph, config, parameters, rows, steps, initial=None):
    """Add all layers of a stack.

    Parameters
    ----------
    graph : GraphBuilder
    config : NetworkConfig
    parameters : list of list of mapping
        One entry a layer, in it one a direction, as ``layers`` of a network.
    rows : str
        Inputs (n_timesteps, n_samples, n_features).
    steps : Steps
    initial : list of dict of str to str, default=None
        ``hidden_0`` and ``cell_0`` of each layer, (n_samples, size), of a stack with
        one direction. By default what is learned, or zero.

    Returns
    -------
    rows : str
        Hidden states of the top layer, both directions side by side.
    states : list of list of dict
        The last ones: of each layer and direction.
    """
    states = []
    for number, of_layer in enumerate(parameters):
        layer = Layer(config.cell, of_layer, config.zoneout)
        starts = None if initial is None else [initial[number]]
        if starts is None and "hidden_0" in of_layer[0]:
            names = layer.state_names
            starts = [{n: steps.repeated(one[n]) for n in names} for one in of_layer]
        add = _add_operator
        if config.zoneout or (starts is not None and "projection" in of_layer[0]):
            add = add_scan_layer
        rows, of_directions = add(graph, layer, rows, steps, starts)
        states.append(of_directions)
    return rows, states


def _add_operator(graph, layer, rows, steps, starts):
    """A layer as an operator."""
    node, names = _node_of(layer), layer.state_names
    weights = {k: array.astype(np.float32) for k, array in node["inputs"].items()}
    inputs = [weights[name] for name in ("W", "R", "B")]
    # Nothing is left out in between, though ONNX allows it: skl2onnx does not.
    if starts is None and "P" in weights:
        zeros = steps.repeated(np.zeros(layer.hidden_size))
        starts = [dict.fromkeys(names, zeros) for _ in layer.parameters]
    if steps.is_ragged or starts is not None:
        inputs.append(steps.sequence_lens)
    if starts is not None:
        inputs += [_stacked(graph, starts, name) for name in names]
    if "P" in weights:
        inputs.append(weights["P"])
    hidden, *last = graph.op(
        node["op_type"], rows, *inputs, n_outputs=1 + len(names), **node["attributes"]
    )
    parts, states = [], []
    for k, parameters in enumerate(layer.parameters):
        part = graph.op("Squeeze", graph.columns(hidden, k, k + 1, axis=1), [1])
        of_direction = {
            name: graph.op("Squeeze", graph.columns(state, k, k + 1, axis=0), [0])
            for name, state in zip(names, last, strict=True)
        }
        if "projection" in parameters:
            projection, state = parameters["projection"], of_direction["hidden_0"]
            part = graph.affine(part, projection)
            of_direction["hidden_0"] = graph.affine(state, projection)
        parts.append(part)
        states.append(of_direction)
    return graph.joined(parts, axis=2), states


def _node_of(layer):
    """The operator: weights and attributes, see `to_node`."""
    cell, directions = layer.cell, layer.parameters
    if "coupled" in cell:
        cell, directions = cell.replace("_coupled", ""), map(uncoupled, directions)
    return to_node(
        cell,
        [unprojected(one) if "projection" in one else one for one in directions],
    )


def _stacked(graph, starts, name):
    """States of the directions as operators take them, (n_directions, n_samples, -)."""
    return graph.joined(
        [graph.op("Unsqueeze", start[name], [0]) for start in starts], axis=0
    )
