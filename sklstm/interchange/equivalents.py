"""The same function from weights of another form, where algebra gives one.

- **Coupled gates.** With ``f = 1 - i`` and ``i = s(a)`` the forget gate is ``s(-a)``: a
  plain LSTM whose forget gate has the negated weights of the input gate.
- **Projection.** ``h = Q m`` is linear, so that whatever reads h can read m through its
  own weights times Q: the recurrence ``R Q``, the next layer ``W Q``, the head. The
  layers become wider, and results equal to rounding, not to the bit.
"""

from dataclasses import replace

import numpy as np

__all__ = [
    "as_plain",
    "uncoupled",
    "unprojected",
    "without_coupled_gates",
    "without_projection",
]


def without_coupled_gates(weights):
    """The same LSTM with a forget gate of its own.

    Parameters
    ----------
    weights : RecurrentWeights

    Returns
    -------
    weights : RecurrentWeights
        The same object if gates are not coupled.
    """
    if "_coupled" not in weights.cell:
        return weights
    layers = [list(map(uncoupled, layer)) for layer in weights.layers]
    return replace(weights, cell=weights.cell.replace("_coupled", ""), layers=layers)


def uncoupled(parameters):
    """Return the parameters of one direction whose gates were coupled."""
    plain = dict(parameters)
    for name in ("weight_ih", "weight_hh", "bias"):
        i, g, o = np.split(parameters[name], 3)
        plain[name] = np.concatenate([i, -i, g, o])
    if "peephole" in parameters:
        i, o = parameters["peephole"]
        plain["peephole"] = np.stack([i, -i, o])
    return plain


def without_projection(weights):
    """The same LSTM with hidden states of full width.

    Parameters
    ----------
    weights : RecurrentWeights

    Returns
    -------
    weights : RecurrentWeights
        The same object if nothing is projected.

    Raises
    ------
    ValueError
        If there is no head that could read wider states, if pooling takes maxima of
        what is projected, or initial states are learned.
    """
    if weights.projection_sizes is None:
        return weights
    _check_can_be_unprojected(weights)
    layers, below = [], None
    for layer in weights.layers:
        layers.append([unprojected(parameters, below) for parameters in layer])
        below = [parameters["projection"] for parameters in layer]
    head = dict(weights.head, weight=_through(weights.head["weight"], below))
    return replace(weights, layers=layers, head=head)


def unprojected(parameters, below=None):
    """Return the parameters of one direction whose hidden state was a projection.

    Parameters
    ----------
    parameters : mapping from str to ndarray
    below : list of ndarray, default=None
        The projections of the directions of the layer below, if they are left to this
        layer, too.

    Returns
    -------
    parameters : dict of str to ndarray
    """
    full = {name: a for name, a in parameters.items() if name != "projection"}
    full["weight_hh"] = _through(parameters["weight_hh"], [parameters["projection"]])
    if below is not None:
        full["weight_ih"] = _through(parameters["weight_ih"], below)
    return full


def _through(weight, projections):
    """Weights of projected states, direction by direction, as weights of full ones."""
    ends = np.cumsum([len(projection) for projection in projections])
    parts = np.split(weight, ends[:-1], axis=1)
    products = [
        part.astype(np.float64) @ q for part, q in zip(parts, projections, strict=True)
    ]
    return np.concatenate(products, axis=1).astype(weight.dtype)


def _check_can_be_unprojected(weights):
    why = None
    if weights.head is None:
        why = "without a head, the projection itself is what the last layer gives"
    elif weights.pooling == "max":
        why = "pooling='max' takes the largest of projected values"
    elif weights.has_initial_states:
        why = "initial states are learned, and have the size they are projected to"
    if why is not None:
        raise ValueError(
            "An LSTM with projection has no equivalent without one here: "
            f"{why}. PyTorch's nn.LSTM has proj_size: see to_torch."
        )


def as_plain(weights, library, *, peephole=False, projection=False, start=False):
    """Weights in a form that a library has.

    Parameters
    ----------
    weights : RecurrentWeights
    library : str
        For error messages.
    peephole, projection, start : bool, default=False
        Whether the library has peepholes, projections, and initial states among its
        weights.

    Returns
    -------
    weights : RecurrentWeights

    Raises
    ------
    ValueError
        If no exact equivalent exists.
    """
    if "peephole" in weights.cell and not peephole:
        raise ValueError(
            f"{library} has no peephole connections, and no other weights equal them. "
            "Fit with peephole=False, or export to ONNX, which has them."
        )
    if weights.has_initial_states and not start:
        raise ValueError(
            f"Initial states are not among the weights of {library}'s layers, but "
            "arguments of their calls. Fit with learn_initial_state=False, or pass "
            "hidden_0 and cell_0 of layers_ there yourself, and leave them out here: "
            "RecurrentWeights takes layers without them."
        )
    weights = without_coupled_gates(weights)
    return weights if projection else without_projection(weights)
