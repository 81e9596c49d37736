"""Which samples count, which of them judge, and how much they weigh together."""

import numpy as np

from ..sequences import Sequences
from ..sequences.streams import Streams
from .early_stopping import Validation, split_validation


def usable_samples(sequences, y, weights):
    """Return the numbers of the samples that count, and weights as float64 or None."""
    usable = np.ones(len(sequences), dtype=bool)
    if weights is not None:
        weights = np.asarray(weights, dtype=np.float64)
        if (weights < 0).any():
            sample = int(np.argmax(weights < 0))
            raise ValueError(
                f"sample_weight of sample {sample} is {weights[sample]:g};"
                " weights must be zero or positive"
            )
        usable &= weights > 0
        if not usable.any():
            raise ValueError(
                "the sample weights are all zero, so there is nothing to learn from;"
                " give at least one sample a positive weight"
            )
    if isinstance(sequences, Streams):
        usable &= sequences.lengths > 0
        if not usable.any():
            raise ValueError(
                "no sequence with a positive weight has a step to predict; give longer"
                " ones"
            )
    elif y is None and isinstance(sequences, Sequences):
        usable &= np.asarray(sequences.lengths) > 1
        if not usable.any():
            raise ValueError(
                "objective='next_step' needs sequences of at least 2 steps, but none"
                " of those with a positive weight is longer than 1"
            )
    return np.flatnonzero(usable), weights


def set_aside(sequences, y, weights, index, loss, options, state, generator):
    """Set a part of the training data aside for `early_stopping`.

    Parameters
    ----------
    sequences : Sequences, Streams or SequencePairs
    y : ndarray or None
    weights : ndarray of shape (n_samples,) or None
    index : ndarray of int of shape (n_usable,)
        The samples that count.
    loss : Loss
        Knows what labels there are to keep in proportion.
    options : TrainingOptions
    state : TrainingState
        Has the seed of the split, or gets it.
    generator : RandomState
        Draws it.

    Returns
    -------
    sequences : like the first argument
        What is left to train on.
    training_index : ndarray of int
        Its samples.
    validation : tuple of (sequences, y, weights)
    validation_index : ndarray of int or None
        Its samples; None means all.
    """
    if _is_few_texts(sequences, index, options):
        beginnings, validation = _split_ends(sequences, index, weights, options)
        return beginnings, index, validation, None
    if state.split_seed is None:
        state.split_seed = int(generator.randint(2**31))
    parts = split_validation(
        index,
        options.validation_fraction,
        state.split_seed,
        None if y is None else loss.stratify(y),
    )
    return sequences, parts[0], (sequences, y, weights), parts[1]


def _is_few_texts(sequences, index, options):
    """Whether there are too few sequences to set some aside, but they can be parted."""
    return isinstance(sequences, Streams) and (
        round(options.validation_fraction * len(index)) < 2
    )


def _split_ends(streams, index, weights, options):
    """Return the beginnings of texts, and the ends to judge by."""
    beginnings, ends = streams.split_ends(options.validation_fraction)
    if beginnings.lengths[index].sum() == 0 or ends.lengths[index].sum() == 0:
        raise ValueError(
            f"early_stopping with validation_fraction={options.validation_fraction}"
            f" would set aside the ends of {len(index)} sequences, which are too short"
            " for that. Change validation_fraction, give validation data, or turn"
            " early_stopping off"
        )
    return beginnings, (ends, None, weights)


def make_validation(validation, index, loss, dtype, n_threads):
    """Return the data to judge by; `index` is None for data given by the user."""
    if validation is None:
        return None
    sequences, y, weights = validation
    if index is None:
        index, weights = usable_samples(sequences, y, weights)
    targets = loss.make_targets(sequences, y, weights)
    targets.prepare(dtype, index, n_threads)
    return Validation(sequences, targets, index)


def penalty_strength(options, sequences, weights, index):
    """Return `alpha` over the sum of the weights of all that the loss is a mean of."""
    if options.solver == "adamw":
        return 0.0
    counts = np.ones(len(index)) if weights is None else weights[index]
    if isinstance(sequences, Streams):
        counts = counts * sequences.lengths[index]
    return options.alpha / float(counts.sum())
