"""Weights of fitted estimators, and estimators fitted with weights."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from .._typing import ArrayLike
from ..estimators import (
    LSTMClassifier,
    LSTMLanguageModel,
    LSTMRegressor,
    LSTMTagger,
    LSTMTranscriber,
    SequenceTransformer,
)
from ..estimators.starting_weights import fit_untrained
from ..network.symbol_network import UNKNOWN
from .recurrent_weights import RecurrentWeights

__all__ = ["get_weights", "set_weights", "weights_of"]

_READABLE = (
    LSTMClassifier, LSTMRegressor, SequenceTransformer, LSTMTagger, LSTMTranscriber,
    LSTMLanguageModel,
)  # fmt: skip
_SETTABLE = (LSTMClassifier, LSTMRegressor, SequenceTransformer, LSTMTagger)


def get_weights(model: Any) -> RecurrentWeights:
    """Weights of a fitted estimator: recurrent layers, head, table of symbols.

    Parameters
    ----------
    model : fitted LSTMClassifier, LSTMRegressor, SequenceTransformer, LSTMTagger, \
LSTMTranscriber or LSTMLanguageModel
        The layers of any other estimator are in its `layers_`.

    Returns
    -------
    weights : RecurrentWeights
        Copies. The head gives what its link is applied to: of a classifier logits (for
        two classes one, the log odds of the second), of a transcriber those of the
        labels and, last, of the blank, of a regressor targets in their own units (with
        ``loss="poisson"`` their logarithms).

    Raises
    ------
    TypeError
        If the estimator is more than such a network.
    ValueError
        If it cannot be said in weights: zoneout, ``output="crf"``, characters of words.

    See Also
    --------
    set_weights : The way back.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMRegressor
    >>> from sklstm.interchange import get_weights
    >>> X = np.random.RandomState(0).normal(size=(20, 5, 3))
    >>> regressor = LSTMRegressor(cell="gru", hidden_layer_sizes=4, max_iter=2)
    >>> get_weights(regressor.fit(X, X[:, -1, 0]))
    RecurrentWeights(gru: 3 features -> 4 units -> 1 outputs)
    """
    _check_is_one_of(model, _READABLE, "get_weights reads")
    network = model._fitted_network()
    config = network.config
    _check_is_plain(type(model).__name__, config)
    head = {"weight": network.output_weight, "bias": network.output_bias}
    weight, bias = model._task.loss.head_in_units(head["weight"], head["bias"])
    return RecurrentWeights(
        config.cell,
        network.layers,
        head={
            "weight": weight.astype(network.dtype),
            "bias": bias.astype(network.dtype),
        },
        embedding=getattr(network, "table", None),
        pooling=config.pooling,
    )


def set_weights(
    estimator: Any,
    weights: RecurrentWeights,
    *,
    classes: ArrayLike | None = None,
    symbols: Sequence[Hashable] | None = None,
) -> Any:
    """Make an estimator that predicts with given weights, without training.

    The parameters that the weights decide, such as `cell` and `hidden_layer_sizes`, are
    set. Training can go on from there: with `partial_fit`, or with ``warm_start=True``
    and `fit`. To start only the recurrent layers from weights and learn a new head, use
    the parameter `weight_init` instead.

    Parameters
    ----------
    estimator : LSTMClassifier, LSTMRegressor, SequenceTransformer or LSTMTagger
        Changed in place. Its `pooling` must be that of the model the weights come
        from, unless they tell.
    weights : RecurrentWeights
        With a head, except for a transformer. That of a classifier gives logits: one
        for each class, or, of two classes, the log odds of the second.
    classes : array-like of shape (n_classes,), default=None
        Labels in the order of the head's outputs; for classifiers and taggers.
    symbols : list of hashable of length n_symbols, default=None
        For a tagger that reads symbols, what each row of the embedding stands for. None
        among them marks the row of all symbols that are not known; without it, they
        read the mean of all rows.

    Returns
    -------
    estimator : the same, fitted
        ``n_iter_`` is 0, ``loss_`` is NaN, and ``stop_reason_`` is empty.

    Raises
    ------
    TypeError
        If the estimator is another one.
    ValueError
        If there is no head, if classes or symbols are missing or of another number, or
        if a parameter does not go with the weights. The estimator stays as it was.

    See Also
    --------
    get_weights : The way back.
    from_torch, from_keras, from_onnx_weights : Weights of other libraries.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.interchange import RecurrentWeights, set_weights
    >>> rng = np.random.RandomState(0)
    >>> layer = {
    ...     "weight_ih": rng.normal(size=(32, 3)),
    ...     "weight_hh": rng.normal(size=(32, 8)),
    ...     "bias": np.zeros(32),
    ... }
    >>> head = {"weight": rng.normal(size=(3, 8)), "bias": np.zeros(3)}
    >>> weights = RecurrentWeights("lstm", [[layer]], head=head)
    >>> classifier = set_weights(
    ...     LSTMClassifier(pooling="last"), weights, classes=["go", "stop", "wait"]
    ... )
    >>> classifier.hidden_layer_sizes
    8
    >>> classifier.predict_proba(rng.normal(size=(2, 5, 3))).shape
    (2, 3)
    """
    _check_is_one_of(estimator, _SETTABLE, "set_weights sets")
    if estimator.zoneout:
        raise ValueError(
            f"zoneout={estimator.zoneout} mixes states in predictions, which would not "
            "be those of the weights. Set it afterwards, to train on."
        )
    head, classes = _head_for(estimator, weights, classes)
    n_outputs = 1 if head is None else len(head["bias"])
    X, y = _example(estimator, weights.n_features, n_outputs, classes)
    wanted = weights.parameters
    if weights.embedding is not None or symbols is not None:
        _check_symbols(estimator, weights, symbols)
        known_symbols = [symbol for symbol in symbols or () if symbol is not None]
        X = [known_symbols] * estimator.min_count  # rarer ones would be unknown
        y = [[classes[0]] * len(known_symbols)] * len(X)
        wanted |= {"inputs": "symbols", "embedding_size": weights.n_features}

    def copy(network):
        network.set_layers(weights.layers)
        if head is not None:
            network.output_weight[:] = head["weight"]
            network.output_bias[:] = head["bias"]
        if symbols is not None:
            _copy_table(network.table, weights.embedding, symbols, estimator)
        network.parameters_changed()

    known = estimator.get_params(deep=False)
    wanted = {key: value for key, value in wanted.items() if key in known}
    before = {key: known[key] for key in wanted}
    try:
        return fit_untrained(estimator.set_params(**wanted), X, y, copy, classes)
    except BaseException:
        estimator.set_params(**before)
        raise


def weights_of(model):
    """Weights as they are, or those of a fitted estimator.

    Parameters
    ----------
    model : RecurrentWeights or fitted estimator

    Returns
    -------
    weights : RecurrentWeights
    """
    return model if isinstance(model, RecurrentWeights) else get_weights(model)


def _check_is_one_of(model, kinds, what):
    if not isinstance(model, kinds):
        names = ", ".join(kind.__name__ for kind in kinds)
        raise TypeError(
            f"{what} {names}, got {type(model).__name__}. The recurrent layers of any "
            "estimator are in its layers_: RecurrentWeights(cell, layers) takes them, "
            "and weight_init=layers starts from them."
        )


def _check_is_plain(name, config):
    """Raise if a network computes more than layers, a head and a table."""
    if config.zoneout:
        raise ValueError(
            f"This {name} was fitted with zoneout={config.zoneout}, so that it mixes "
            "states as is expected, which layers of no other library do: fit with "
            "zoneout=0."
        )
    if config.crf:
        raise ValueError(
            f"This {name} was fitted with output='crf', which joins the outputs of a "
            "sequence: fit with output='softmax'. Its recurrent layers are in layers_."
        )
    if hasattr(config, "character_size"):
        raise ValueError(
            f"This {name} reads characters of words (character_size), which other "
            "libraries have no layer for. Its recurrent layers are in layers_."
        )


def _head_for(estimator, weights, classes):
    """The head as the estimator has it, and the classes in its order."""
    head, name = weights.head, type(estimator).__name__
    if isinstance(estimator, SequenceTransformer):
        return None, None
    if head is None:
        raise ValueError(
            f"{name} predicts with a head, but the weights have none. Pass weights "
            "with a head, or learn one: weight_init=weights.layers, and fit."
        )
    if isinstance(estimator, LSTMRegressor):
        if classes is not None:
            raise ValueError("classes are for classifiers; a regressor has none.")
        return head, None
    if classes is None:
        raise ValueError(
            f"classes must be given: what the {len(head['bias'])} output(s) of the "
            f"head stand for, which {name} predicts."
        )
    return _of_sorted_classes(estimator, head, classes)


def _of_sorted_classes(estimator, head, classes):
    classes = np.asarray(classes)
    weight, bias = head["weight"], head["bias"]
    known, order = np.unique(classes, return_index=True)
    if len(known) != len(classes) or classes.ndim != 1 or len(classes) < 2:
        raise ValueError(
            f"classes must be at least two different labels, got {classes.tolist()}."
        )
    if len(bias) == 1 and len(classes) == 2:  # the log odds of the second class
        weight, bias = np.vstack([0 * weight, weight]), np.append(0 * bias, bias)
    if len(bias) != len(classes):
        raise ValueError(
            f"The head has {len(bias)} outputs, but there are {len(classes)} classes, "
            f"{classes.tolist()}: expected one output a class, or one for two classes."
        )
    weight, bias = weight[order], bias[order]
    if len(classes) == 2 and isinstance(estimator, LSTMClassifier):
        weight, bias = weight[1:] - weight[:1], bias[1:] - bias[:1]
    return {"weight": weight, "bias": bias}, known


def _check_symbols(estimator, weights, symbols):
    """Raise unless symbols are given for all rows of a table, to one who reads them."""
    if weights.embedding is None:
        raise ValueError(
            "symbols stand for the rows of an embedding, but the weights have none."
        )
    n_symbols = len(weights.embedding)
    if not isinstance(estimator, LSTMTagger):
        raise ValueError(
            f"{type(estimator).__name__} reads vectors, but the weights have a table "
            f"of {n_symbols} symbols: look its rows up, X = [weights.embedding[codes] "
            "...], and pass RecurrentWeights without it."
        )
    if symbols is None or len(symbols) != n_symbols:
        raise ValueError(
            f"The weights have a table of {n_symbols} symbols: expected as many in "
            f"symbols, got {'none' if symbols is None else len(symbols)}."
        )
    if len(set(symbols)) < n_symbols:
        raise ValueError("symbols must be different, one for each row of the table.")
    if estimator.character_size is not None:
        raise ValueError(
            f"character_size={estimator.character_size} reads characters beside words, "
            "for which there are no weights. Leave it at None."
        )


def _copy_table(table, embedding, symbols, estimator):
    """Copy rows in the order in which an estimator numbers its symbols."""
    row_of = {symbol: row for row, symbol in enumerate(symbols)}
    numbered = estimator._reader.table
    for symbol in numbered.symbols:
        if symbol not in row_of:
            raise ValueError(
                f"lowercase=True reads {symbol!r}, which is not among the symbols: "
                "give them in lower case, or set lowercase=False."
            )
    mean = embedding.mean(axis=0, dtype=np.float64)
    table[UNKNOWN] = embedding[row_of[None]] if None in row_of else mean
    rows = [row_of[symbol] for symbol in numbered.symbols]
    table[numbered.n_reserved :] = embedding[rows]


def _example(estimator, n_features, n_outputs, classes):
    """Data from which an estimator learns what there is to read and to predict."""
    if isinstance(estimator, LSTMTagger):
        return [np.zeros((len(classes), n_features))], [list(classes)]
    if isinstance(estimator, SequenceTransformer):
        return np.zeros((2, 2, n_features)), [0, 1]
    if isinstance(estimator, LSTMRegressor):
        y = np.zeros(1) if n_outputs == 1 else np.zeros((1, n_outputs))
        return np.zeros((1, 1, n_features)), y
    return np.zeros((len(classes), 1, n_features)), classes
