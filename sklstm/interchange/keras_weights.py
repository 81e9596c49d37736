"""Lists of weights as Keras has them, which itself is not needed."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np

from .._typing import Array
from .equivalents import as_plain
from .keras_models import read_model
from .layout import KERAS, exchanged, join_biases, split_biases
from .recurrent_weights import RecurrentWeights, as_floats
from .whole_models import weights_of

__all__ = ["from_keras", "to_keras"]


def to_keras(model: Any) -> list[Array]:
    """Weights as a list of arrays for Keras.

    For ``Sequential([Embedding, LSTM, ..., Dense]).set_weights(...)``, with only the
    layers that there are: one `LSTM`, `GRU` or `SimpleRNN` for each of ours (in
    `Bidirectional`, if it is so), and a `Dense` if there is a head. A GRU is for
    ``reset_after=...`` as ours is. Two variants become layers that compute the same: an
    LSTM with coupled gates a plain one; a projected LSTM one without projection, whose
    recurrent kernel has full width and whose readers have the projection in their
    kernels.

    Parameters
    ----------
    model : fitted estimator or RecurrentWeights
        Whose weights to write.
        An estimator that `get_weights` reads.

    Returns
    -------
    weights : list of ndarray
        A regressor's head gives targets in their own units (with ``loss="poisson"``:
        their logarithms).

    Raises
    ------
    ValueError
        If Keras has no such layers: peepholes, zoneout, learned initial states, a
        projection that has no equivalent.

    See Also
    --------
    from_keras : The way back.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.interchange import to_keras
    >>> X = np.random.RandomState(0).normal(size=(20, 5, 3))
    >>> classifier = LSTMClassifier(hidden_layer_sizes=4, max_iter=2)
    >>> weights = to_keras(classifier.fit(X, ["a", "b"] * 10))
    >>> [array.shape for array in weights]
    [(3, 16), (4, 16), (16,), (4, 1), (1,)]
    """
    weights = as_plain(weights_of(model), "Keras")
    arrays = [] if weights.embedding is None else [weights.embedding.copy()]
    for direction in chain.from_iterable(weights.layers):
        arrays += _to_direction(weights.cell, direction)
    if weights.head is not None:
        arrays += [_transposed(weights.head["weight"]), weights.head["bias"].copy()]
    return arrays


def from_keras(
    weights: Sequence[Any],
    *,
    bidirectional: bool = False,
    activation: str = "tanh",
    reset_after: bool = True,
) -> RecurrentWeights:
    """Weights of a Keras model.

    Reads `LSTM`, `GRU` and `SimpleRNN` layers (of one kind, in any number, also in
    `Bidirectional` with ``merge_mode="concat"``), a `Dense` on top and an `Embedding`
    below.

    Parameters
    ----------
    weights : list of array, list of list of array, or Keras model
        ``model.get_weights()``, or those of each layer. Of a model its layers are
        asked, and what weights do not tell is known: activations, pooling, and the
        three parameters below, which have no effect then. Lists are taken to be of
        layers with the activations that are Keras's defaults.
    bidirectional : bool, default=False
        Whether the recurrent layers are in `Bidirectional`.
    activation : {"tanh", "relu"}, default="tanh"
        Of a `SimpleRNN`.
    reset_after : bool, default=True
        Of a `GRU` without biases, whose weights do not tell.

    Returns
    -------
    weights : RecurrentWeights
        Of a model with its `pooling`, if it has one.

    Raises
    ------
    ValueError
        If arrays are those of other layers, or a layer has a setting that makes it
        compute something else.

    See Also
    --------
    to_keras : The way out.
    set_weights : An estimator that predicts with the weights, without training.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.interchange import from_keras
    >>> rng = np.random.RandomState(0)
    >>> arrays = [  # in practice model.get_weights()
    ...     rng.normal(size=(3, 16)), rng.normal(size=(4, 16)), np.zeros(16),
    ...     rng.normal(size=(4, 2)), np.zeros(2),
    ... ]
    >>> from_keras(arrays)
    RecurrentWeights(lstm: 3 features -> 4 units -> 2 outputs)
    """
    if hasattr(weights, "layers"):
        arrays, words, pooling = read_model(weights)
        return replace(_from_list(arrays, **words), pooling=pooling)
    return _from_list(
        _flat(weights), bidirectional=bidirectional, activation=activation,
        reset_after=reset_after,
    )  # fmt: skip


def _from_list(arrays, *, bidirectional, activation, reset_after):
    arrays = [as_floats(array, f"array {k}") for k, array in enumerate(arrays)]
    start, has_bias = _start_of_layers(arrays)
    width = 3 if has_bias else 2
    layers, cells, position = [], set(), start
    while _is_direction(arrays, position, has_bias):
        layers.append([])
        for _ in range(2 if bidirectional else 1):
            if not _is_direction(arrays, position, has_bias):
                raise ValueError(
                    f"Arrays {position} and after, {_shapes(arrays[position:])}, are "
                    "no second direction: with bidirectional=True all recurrent "
                    "layers have two."
                )
            part = arrays[position : position + width]
            cell = _cell_of(part, activation, reset_after)
            layers[-1].append(_from_direction(cell, *part))
            cells.add(cell)
            position += width
    if len(cells) > 1:
        raise ValueError(
            f"The layers are of different kinds, {sorted(cells)}: an estimator has one "
            "cell for all of them. Read each layer by itself."
        )
    _check_order(layers, bidirectional)
    return RecurrentWeights(
        cells.pop(), layers, head=_head_of(arrays[position:]),
        embedding=arrays[0] if start else None,
    )  # fmt: skip


# ---- one direction of one layer ------------------------------------------------------


def _to_direction(cell, parameters):
    kind = cell.split("_")[0]
    rows = [parameters["weight_ih"], parameters["weight_hh"]]
    rows += split_biases(cell, parameters)
    *kernels, bias, bias_hh = (exchanged(a, kind, KERAS, inward=False) for a in rows)
    if cell == "gru_reset_after":
        bias = np.stack([bias, bias_hh])
    return [*map(_transposed, kernels), bias]


def _from_direction(cell, kernel, recurrent_kernel, bias=None):
    kind = cell.split("_")[0]
    n_rows = kernel.shape[1]
    if bias is None:
        bias = np.zeros(n_rows, kernel.dtype)
    bias, bias_hh = bias if bias.ndim == 2 else (bias, np.zeros_like(bias))
    weight_ih, weight_hh, bias, bias_hh = (
        exchanged(array, kind, KERAS, inward=True)
        for array in (kernel.T, recurrent_kernel.T, bias, bias_hh)
    )
    biases = join_biases(cell, bias, bias_hh)
    return {"weight_ih": weight_ih, "weight_hh": weight_hh, **biases}


def _cell_of(part, activation, reset_after):
    n_gates = part[1].shape[1] // part[1].shape[0]
    if n_gates == 1:
        return f"rnn_{activation}"
    if n_gates == 4:
        return "lstm"
    if len(part) == 3:
        reset_after = part[2].ndim == 2
    return "gru_reset_after" if reset_after else "gru"


def _transposed(weight):
    return np.ascontiguousarray(weight.T)


# ---- a flat list ---------------------------------------------------------------------


def _flat(weights):
    """One list of arrays of a list, or of lists for each layer."""
    parts = (part if isinstance(part, list | tuple) else [part] for part in weights)
    return list(chain.from_iterable(parts))


def _is_direction(arrays, position, has_bias):
    """Whether kernel, recurrent kernel and bias stand somewhere in a list."""
    part = arrays[position : position + (3 if has_bias else 2)]
    if len(part) < 2 + has_bias or part[0].ndim != 2 or part[1].ndim != 2:
        return False
    units, columns = part[1].shape
    if part[0].shape[1] != columns or columns not in (units, 3 * units, 4 * units):
        return False
    shapes = {(columns,)} | ({(2, columns)} if columns == 3 * units else set())
    return not has_bias or part[2].shape in shapes


def _start_of_layers(arrays):
    """Where the recurrent layers begin, after an embedding or not, and have biases."""
    for has_bias in (True, False):
        for start in (0, 1):
            is_table = start == 0 or arrays[0].ndim == 2
            if is_table and _is_direction(arrays, start, has_bias):
                return start, has_bias
    raise ValueError(
        "The list does not begin with a recurrent layer (kernel, recurrent kernel, "
        f"bias), nor with an embedding and one: shapes are {_shapes(arrays)}."
    )


def _check_order(layers, bidirectional):
    """Raise if a layer cannot read what the one below it gives."""
    n_hidden = None
    for i, layer in enumerate(layers):
        for parameters in layer:
            n_inputs = parameters["weight_ih"].shape[1]
            if n_hidden is not None and n_inputs != n_hidden:
                advice = " If they are in Bidirectional, pass bidirectional=True."
                raise ValueError(
                    f"Layer {i} reads {n_inputs} numbers, but layer {i - 1} gives "
                    f"{n_hidden}.{'' if bidirectional else advice}"
                )
        n_hidden = len(layer) * layer[0]["weight_hh"].shape[1]


def _head_of(rest):
    """Weight and bias of a `Dense` layer at the end, or None."""
    if not rest:
        return None
    kernel = rest[0]
    bias = rest[1] if len(rest) == 2 else np.zeros(kernel.shape[-1], kernel.dtype)
    if len(rest) > 2 or kernel.ndim != 2 or bias.shape != kernel.shape[1:]:
        raise ValueError(
            f"After the recurrent layers come arrays of shapes {_shapes(rest)}: "
            "expected the kernel and the bias of one Dense layer at most."
        )
    return {"weight": kernel.T, "bias": bias}


def _shapes(arrays):
    return ", ".join(str(array.shape) for array in arrays)
