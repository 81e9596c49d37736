"""`gate_traces`: what gates and states do while a sequence is read."""

from typing import Any

from sklearn.utils import Bunch

from .._typing import InputsLike, SeriesLike, SymbolSequencesLike
from ..estimators import LSTMSeq2Seq
from ..network.traces import batch_of_layer, trace_layer
from ..sequences.container import as_object_array
from .passes import batches, rows_of_samples
from .recurrent_part import check_index, recurrent_part

__all__ = ["gate_traces"]

DIRECTIONS = ("forward", "backward")


def gate_traces(
    estimator: Any,
    X: InputsLike | SeriesLike,
    y: SymbolSequencesLike | None = None,
    *,
    layer: int = -1,
    direction: str = "forward",
) -> Bunch:
    """Values of the gates and states of a layer at every time step.

    They are those of the network's own kernels, as in prediction: nothing is dropped,
    and with `zoneout` the states are the expected ones.

    Parameters
    ----------
    estimator : estimator instance
        Fitted; also a pipeline that ends in an estimator of this library, or a fitted
        search.
    X : array, data frame, list or Sequences
        Sequences, as for the `predict` (or `transform`) of the estimator. Of a
        forecaster series to go on from, of which it reads the last window.
    y : list or 1-D object array of sequences of symbols, default=None
        What a sequence-to-sequence estimator writes; None means its predictions. Not
        for others.
    layer : int, default=-1
        Which layer, counted from the input; -1 is the last one. Those of a
        sequence-to-sequence estimator are the layers that read, then those that write.
    direction : {'forward', 'backward'}, default='forward'
        Which direction of a bidirectional network. Of the backward one, too, the first
        row is the first step of the sequence, which that direction reads last.

    Returns
    -------
    traces : :class:`~sklearn.utils.Bunch`
        For each quantity an ndarray of shape (n_samples,) and dtype object, with an
        array of shape (n_timesteps_i, n_units) for each sequence.

        - of an LSTM `input_gate`, `forget_gate`, `candidate`, `output_gate`, `cell` and
          `hidden`. With `coupled_gates` the forget gate is one minus the input gate;
          with `projection_size` the hidden state is the projected one;
        - of a GRU `reset_gate`, `update_gate`, `candidate` and `hidden`. An update gate
          of 1 takes the candidate, one of 0 keeps the state (some libraries mean the
          opposite);
        - of an RNN `hidden`.

        A language model that marks beginnings reads such a mark first, and so does what
        writes: there is a row more than the sequence has symbols. What reads symbols to
        write others reads a mark of the end, too.

    Raises
    ------
    ValueError
        If there is no such layer or direction, or X is not valid.

    See Also
    --------
    GateActivityDisplay : Draws them.
    hidden_gradient_norms : How far the gradient reaches back.

    References
    ----------
    .. [1] Karpathy, Johnson and Fei-Fei, "Visualizing and understanding recurrent
       networks", arXiv 1506.02078, 2015.

    Examples
    --------
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.datasets import load_japanese_vowels
    >>> from sklstm.inspection import gate_traces
    >>> vowels = load_japanese_vowels()
    >>> model = LSTMClassifier(hidden_layer_sizes=8, max_iter=2, random_state=0)
    >>> model = model.fit(vowels.X_train, vowels.y_train)
    >>> traces = gate_traces(model, vowels.X_test[:2])
    >>> list(traces)
    ['input_gate', 'forget_gate', 'candidate', 'output_gate', 'cell', 'hidden']
    >>> [sequence.shape for sequence in traces.forget_gate]
    [(19, 8), (17, 8)]
    """
    estimator, X = recurrent_part(estimator, "gate_traces", X)
    network = estimator._fitted_network()
    layer = check_index(layer, len(network.layers), "layer", "layer(s)")
    place = layer, _number_of(direction, len(network.layers[layer]))
    sequences = _read(estimator, X, y)
    of_samples: dict[str, list[Any]] = {}
    for batch, n_threads in batches(estimator, sequences):
        of_layer = batch_of_layer(network, layer, batch)
        for name, rows in trace_layer(network, place, batch, n_threads).items():
            kept = of_samples.setdefault(name, [None] * len(sequences))
            for sample, of_sample in rows_of_samples(of_layer):
                kept[sample] = rows[of_sample]
    return Bunch(**{name: as_object_array(kept) for name, kept in of_samples.items()})


def _read(estimator, X, y):
    """What the network reads: steps, or pairs of sources and what is written."""
    if isinstance(estimator, LSTMSeq2Seq):
        return estimator._pairs(X, estimator.predict(X) if y is None else y)
    if y is not None:
        raise ValueError(
            f"y is what a sequence-to-sequence estimator writes; "
            f"{type(estimator).__name__} only reads: leave it out."
        )
    return estimator._read_steps(X)


def _number_of(direction, n_directions):
    """Number of a direction, or what is wrong with it."""
    if direction not in DIRECTIONS:
        raise ValueError(
            f"direction must be 'forward' or 'backward', got {direction!r}."
        )
    number = DIRECTIONS.index(direction)
    if number >= n_directions:
        raise ValueError(
            "direction='backward', but this layer runs forward only: it writes, or the "
            "estimator was fitted with bidirectional=False."
        )
    return number
