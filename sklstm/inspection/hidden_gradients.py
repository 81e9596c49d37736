"""`hidden_gradient_norms`: how far back in time the gradient of an output reaches."""

from typing import Any

import numpy as np

from .._typing import Array, InputsLike, SeriesLike
from ..network.traces import hidden_gradients
from .passes import batches, rows_of_samples
from .recurrent_part import check_index, recurrent_part

__all__ = ["hidden_gradient_norms"]


def hidden_gradient_norms(
    estimator: Any, X: InputsLike | SeriesLike, *, layer: int = -1
) -> Array:
    r"""Norm of the gradient of the last outputs with respect to earlier hidden states.

    For each sequence and each lag :math:`k` the Frobenius norm of

    .. math:: \frac{\partial y}{\partial h_{T-k}}

    where :math:`y` are the outputs of the network's head for the sequence (before a
    softmax or another link), or for its last step where each step has outputs, and
    :math:`h_t` the hidden state of a layer after step :math:`t`. The gradients are
    exact, by back-propagation through time in float64. Where they vanish with the lag,
    the network cannot learn what depends on steps so far back; where they explode,
    training is unstable [1]_.

    Parameters
    ----------
    estimator : estimator instance
        Fitted; also a pipeline that ends in an estimator of this library, or a fitted
        search. It must read forward only, and not be a sequence-to-sequence estimator.
    X : array, data frame, list or Sequences
        Sequences, as for the `predict` (or `transform`) of the estimator.
    layer : int, default=-1
        Which layer, counted from the input; -1 is the last one.

    Returns
    -------
    norms : ndarray of shape (n_samples, longest)
        One row for each sequence: column :math:`k` is of the hidden state
        :math:`k` steps before its last one. NaN beyond a sequence's first step.

    Raises
    ------
    ValueError
        If the estimator is bidirectional, or there is no such layer, or X is not valid.

    See Also
    --------
    GradientFlowDisplay : Draws them.
    gate_traces : What the gates do meanwhile.

    Notes
    -----
    With `pooling` "mean" or "max" each step has a way of its own to the output, besides
    the one through the steps after it; the gradient counts both.

    Noise has no part in it: nothing is dropped, and with `zoneout` the states are the
    expected ones, as in prediction.

    References
    ----------
    .. [1] Bengio, Simard and Frasconi, "Learning long-term dependencies with gradient
       descent is difficult", IEEE Transactions on Neural Networks 5, 1994.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.datasets import load_japanese_vowels
    >>> from sklstm.inspection import hidden_gradient_norms
    >>> vowels = load_japanese_vowels()
    >>> model = LSTMClassifier(hidden_layer_sizes=8, max_iter=2, random_state=0)
    >>> model = model.fit(vowels.X_train, vowels.y_train)
    >>> norms = hidden_gradient_norms(model, vowels.X_test[:2])
    >>> norms.shape, np.isnan(norms).sum(axis=1).tolist()
    ((2, 19), [0, 2])
    """
    estimator, X = recurrent_part(estimator, "hidden_gradient_norms", X)
    config = estimator._fitted_network().config
    sequences = estimator._read_steps(X)
    _check_reads_forward(estimator)
    layer = check_index(layer, len(config.hidden_layer_sizes), "layer", "layer(s)")
    # Gradients vanish far below what a float32 can tell from zero.
    network = estimator._fitted_network().astype(np.float64)
    d_features = _jacobian_of_head(network)
    lengths = np.asarray(sequences.lengths)
    squares = np.zeros((len(sequences), lengths.max()))
    for batch, n_threads in batches(estimator, sequences, len(d_features)):
        if batch.inputs.dtype.kind == "f":
            batch = batch.with_inputs(batch.inputs.astype(np.float64))
        gradients = hidden_gradients(
            network, batch, _of_outputs(d_features, batch, config.pooling), n_threads
        )[layer]
        of_rows = np.square(gradients).sum(axis=1)
        for sample, rows in rows_of_samples(batch):
            squares[sample, : len(rows)] += of_rows[rows[::-1]]
    squares[np.arange(squares.shape[1]) >= lengths[:, np.newaxis]] = np.nan
    return np.sqrt(squares)


def _check_reads_forward(estimator):
    if estimator._fitted_network().config.bidirectional:
        raise ValueError(
            f"{type(estimator).__name__}(bidirectional=True) reads each sequence from "
            "both ends, so that no step is far from its outputs: there is no time lag "
            "to show. Fit with bidirectional=False."
        )


def _jacobian_of_head(network):
    """A matrix whose product with any Jacobian has the norm that the head's has.

    The weights themselves, or, where there are more outputs than features, the
    triangular factor of their QR decomposition.
    """
    weight = np.asarray(network.output_weight)
    if len(weight) <= weight.shape[1]:
        return weight
    return np.linalg.qr(weight, mode="r")


def _of_outputs(d_features, batch, pooling):
    """A row of the Jacobian for each copy of a sequence, at its last step."""
    n_copies = len(d_features)
    of_places = d_features[np.arange(batch.n_samples) % n_copies]
    if pooling is not None:
        return of_places
    rows = np.zeros((batch.n_rows, d_features.shape[1]))
    rows[batch.offsets[batch.lengths - 1] + np.arange(batch.n_samples)] = of_places
    return rows
