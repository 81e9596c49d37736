"""Recurrent layers in a graph: one operator a layer where there is one for it.

What no operator of ONNX computes is a loop (``scan_layers``): zoneout, whose states are
mixed with those before, and projected layers that start from given states. The other
projected layers are operators of full width with a product behind them, see
`operator_weights`.
"""

from dataclasses import dataclass

import numpy as np

from .operators import OPERATORS, operator_weights
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
        return len(self.parameters[0]["bias"]) // len(OPERATORS[self.cell].order)

    @property
    def state_names(self):
        """Names of the states that a layer starts from."""
        has_cell = OPERATORS[self.cell].name == "LSTM"
        return ("hidden_0", "cell_0") if has_cell else ("hidden_0",)


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
    operator, n_directions = OPERATORS[layer.cell], len(layer.parameters)
    weights = [operator_weights(layer.cell, one) for one in layer.parameters]
    inputs = [np.stack([one[name] for one in weights]) for name in "WRB"]
    # Nothing is left out in between, though ONNX allows it: skl2onnx does not.
    if starts is None and operator.peepholes:
        zeros = steps.repeated(np.zeros(layer.hidden_size))
        starts = n_directions * [dict.fromkeys(layer.state_names, zeros)]
    if steps.is_ragged or starts is not None:
        inputs.append(steps.sequence_lens)
    if starts is not None:
        inputs += [_stacked(graph, starts, name) for name in layer.state_names]
    if operator.peepholes:
        inputs.append(np.stack([one["P"] for one in weights]))
    attributes = dict(operator.attributes)
    if "activations" in attributes:
        attributes["activations"] = n_directions * attributes["activations"]
    hidden, *last = graph.op(
        operator.name, rows, *inputs, n_outputs=1 + len(layer.state_names),
        hidden_size=layer.hidden_size,
        direction="forward" if n_directions == 1 else "bidirectional", **attributes,
    )  # fmt: skip
    parts = [
        graph.op("Squeeze", graph.columns(hidden, k, k + 1, axis=1), [1])
        for k in range(n_directions)
    ]
    states = [
        {
            name: graph.op("Squeeze", graph.columns(state, k, k + 1, axis=0), [0])
            for name, state in zip(layer.state_names, last, strict=True)
        }
        for k in range(n_directions)
    ]
    for k, parameters in enumerate(layer.parameters):
        if "projection" in parameters:
            project = parameters["projection"]
            parts[k] = graph.affine(parts[k], project)
            states[k]["hidden_0"] = graph.affine(states[k]["hidden_0"], project)
    return graph.joined(parts, axis=2), states


def _stacked(graph, starts, name):
    """States of the directions as operators take them, (n_directions, n_samples, -)."""
    return graph.joined(
        [graph.op("Unsqueeze", start[name], [0]) for start in starts], axis=0
    )
