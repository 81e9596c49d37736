"""The user's words for a network -> what the network is made of."""

from numbers import Integral

import numpy as np

from ..network import NetworkConfig, cell_name
from ..network.sequence_to_sequence_config import SequenceToSequenceConfig
from .parameters import check_at_defaults

# What may change when training goes on: it is no part of the weights' shapes.
CHANGEABLE = (
    "input_noise",
    "input_dropout",
    "recurrent_dropout",
    "dropout",
    "zoneout",
)


# Parameters that a field of the configuration is made of, where the name is another.
WORDS_OF = {
    "cell": "cell, peephole, coupled_gates, reset_after and activation",
    "learned_start": "learn_initial_state",
    "projection_sizes": "projection_size",
    "encoder_layer_sizes": (
        "hidden_layer_sizes, encoder_layer_sizes and bidirectional"
    ),
    "decoder_layer_sizes": "hidden_layer_sizes",
}


def network_config(estimator, *, n_features, n_outputs, pooling, causal=False):
    """Return the configuration that an estimator's parameters ask for.

    Parameters
    ----------
    estimator : RecurrentEstimator
        Its parameters have passed scikit-learn's checks.
    n_features, n_outputs : int
        Channels of the data, and outputs of the head.
    pooling : {"last", "mean", "max"} or None
        None gives one output for every step.
    causal : bool, default=False
        Whether the output of a step must not know the steps after it.

    Returns
    -------
    config : NetworkConfig

    Raises
    ------
    ValueError
        If sizes are not positive integers, or the combination means nothing.
    """
    choices = recurrent_choices(estimator, causal)
    return NetworkConfig(n_features, n_outputs, pooling=pooling, **choices)


def recurrent_choices(estimator, causal=False):
    """Return the fields of a `NetworkConfig` that the shared parameters ask for.

    Parameters
    ----------
    estimator : RecurrentEstimator
    causal : bool, default=False

    Returns
    -------
    choices : dict

    Raises
    ------
    ValueError
        As `network_config`.
    """
    _check_combination(estimator, causal)
    sizes = _layer_sizes(estimator.hidden_layer_sizes, "hidden_layer_sizes")
    return dict(
        cell=cell_name(
            estimator.cell,
            reset_after=estimator.reset_after,
            coupled_gates=estimator.coupled_gates,
            peephole=estimator.peephole,
            activation=estimator.activation,
        ),
        hidden_layer_sizes=sizes,
        projection_sizes=_projection_sizes(estimator.projection_size, sizes),
        bidirectional=bool(estimator.bidirectional),
        learned_start=bool(estimator.learn_initial_state),
        dtype=np.dtype(estimator.dtype),
        **{name: float(getattr(estimator, name)) for name in CHANGEABLE},
    )


def sequence_to_sequence_config(estimator, *, n_features, n_symbols, source):
    """Return the configuration of an encoder and a decoder.

    Parameters
    ----------
    estimator : LSTMSeq2Seq
        Its parameters have passed scikit-learn's checks.
    n_features, n_symbols : int
        Features (symbols) of the sources, and target symbols.
    source : {"symbols", "vectors", "vector"}
        What a sample is.

    Returns
    -------
    config : SequenceToSequenceConfig
    """
    if estimator.input_noise and source != "vectors":
        raise ValueError(
            f"input_noise={estimator.input_noise!r} has no effect where sources are "
            "not sequences of vectors. Leave it at 0; dropout applies to all sources."
        )
    if source == "vector":
        check_at_defaults(
            estimator, ["encoder_layer_sizes"],
            "has no effect where a sample is one vector, which no encoder reads",
        )  # fmt: skip
    sizes = _layer_sizes(estimator.hidden_layer_sizes, "hidden_layer_sizes")
    if estimator.encoder_layer_sizes is None:
        directions = 2 if estimator.bidirectional else 1
        encoder_sizes = tuple(max(1, size // directions) for size in sizes)
    else:
        encoder_sizes = _layer_sizes(
            estimator.encoder_layer_sizes, "encoder_layer_sizes"
        )
    return SequenceToSequenceConfig(
        n_features,
        n_symbols,
        source=source,
        cell=cell_name(
            estimator.cell,
            reset_after=estimator.reset_after,
            coupled_gates=estimator.coupled_gates,
            peephole=estimator.peephole,
            activation=estimator.activation,
        ),
        encoder_layer_sizes=encoder_sizes,
        decoder_layer_sizes=sizes,
        bidirectional=bool(estimator.bidirectional),
        source_embedding_size=int(estimator.embedding_size),
        embedding_size=int(estimator.embedding_size),
        attention=None if source == "vector" else estimator.attention,
        tied=bool(estimator.tie_embedding),
        dtype=np.dtype(estimator.dtype),
        **{name: float(getattr(estimator, name)) for name in CHANGEABLE},
    )


def check_unchanged(config, fitted, words_of=None):
    """Raise unless training can go on from a fitted network.

    Parameters
    ----------
    config, fitted : NetworkConfig
        What the parameters ask for, and what the network is.
    words_of : dict of str to str, default=None
        Names of an estimator's own for fields of the configuration.
    """
    words_of = WORDS_OF | (words_of or {})
    present = fitted.as_dict()
    for field, value in config.as_dict().items():
        if value != present[field] and field not in (*CHANGEABLE, "unknown_rate"):
            words = words_of.get(field, field)
            name = words if words.isidentifier() else field
            raise ValueError(
                f"The fitted network has {name}={present[field]!r}, so training cannot "
                f"go on with {name}={value!r}. Set {words} back, or start anew with "
                "warm_start=False and fit."
            )


def check_tied(estimator, choices):
    """Raise unless the last hidden state can be compared with the embeddings.

    Parameters
    ----------
    estimator : LSTMLanguageModel
        With ``tie_embedding=True``.
    choices : dict
        As `recurrent_choices` returns it.
    """
    last = (choices["projection_sizes"] or choices["hidden_layer_sizes"])[-1]
    if last != estimator.embedding_size:
        raise ValueError(
            "tie_embedding=True needs a hidden state as large as the embedding, but "
            f"the last entry of hidden_layer_sizes (or of projection_size) is {last} "
            f"and embedding_size is {estimator.embedding_size}."
        )


def _layer_sizes(sizes, name):
    """Sizes of the layers as a tuple."""
    if isinstance(sizes, Integral):
        return (int(sizes),)
    given, sizes = sizes, tuple(sizes)
    if not sizes or not all(isinstance(n, Integral) and n >= 1 for n in sizes):
        raise ValueError(
            f"{name} must be a positive int, or a tuple of them, one for each layer; "
            f"got {given!r}."
        )
    return tuple(map(int, sizes))


def _projection_sizes(projection_size, hidden_layer_sizes):
    if projection_size is None:
        return None
    sizes = _layer_sizes(projection_size, "projection_size")
    if isinstance(projection_size, Integral):
        sizes = sizes * len(hidden_layer_sizes)
    if len(sizes) != len(hidden_layer_sizes):
        raise ValueError(
            f"projection_size={projection_size!r} has {len(sizes)} entries for "
            f"{len(hidden_layer_sizes)} layers (hidden_layer_sizes="
            f"{hidden_layer_sizes!r}). Give an int, or one entry a layer."
        )
    return sizes


def _check_combination(estimator, causal):
    """Raise where two settings contradict each other."""
    if estimator.bidirectional and causal:
        raise ValueError(
            "bidirectional=True does not go with predicting the next step: the second "
            "direction has already seen it. Set bidirectional=False, or choose another "
            "objective."
        )
    if estimator.bptt_steps is None:
        return
    if estimator.bidirectional:
        raise ValueError(
            f"bptt_steps={estimator.bptt_steps} does not go with bidirectional=True: "
            "the second direction would start at every piece without knowing what "
            "follows. Use checkpoint_steps, which saves memory and changes no bit."
        )
    if estimator.checkpoint_steps is not None:
        raise ValueError(
            f"checkpoint_steps={estimator.checkpoint_steps} has no effect with "
            f"bptt_steps={estimator.bptt_steps}, which keeps no more than one piece "
            "either. Leave one of them at None."
        )
