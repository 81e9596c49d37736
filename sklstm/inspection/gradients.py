"""`input_gradients`: how what a network says changes with each number it reads."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from .._typing import Array, InputsLike
from ..sequences import Sequences
from .reading import Reading
from .recurrent_part import recurrent_part
from .responses import make_response

__all__ = ["input_gradients"]


def input_gradients(
    estimator: BaseEstimator,
    X: InputsLike,
    *,
    target: Any = None,
    response_method: str = "auto",
    step: int | None = None,
    multiply_by_inputs: bool = False,
    reduce: str | None = None,
) -> Array | Sequences:
    """Exact gradients of an output with respect to every number of the inputs.

    How much the output of a fitted estimator would change with a small change of one
    channel at one step: the saliency of [1]_, with its sign. Computed by the network's
    own backward pass, as in prediction: nothing is dropped, and with `zoneout` the
    states are the expected ones.

    Parameters
    ----------
    estimator : estimator instance
        Fitted: `LSTMClassifier`, `LSTMRegressor`, `SequenceTransformer`, `LSTMTagger`,
        `LSTMTranscriber`, `LSTMForecaster` or `LSTMLanguageModel`. Of a
        :class:`~sklearn.pipeline.Pipeline` that ends in one, or a fitted search, the
        last step is explained: gradients are with respect to what reaches it (scaled
        channels, say), and have its channels.
    X : array, data frame, list or Sequences
        Sequences, as for `predict` or `transform`; of a pipeline its own inputs. For a
        forecaster series, as for the `y` of its `predict`; what is explained is the
        window that the network reads at the end of each: relative and scaled values
        (see its `relative_to` and `log`) and covariates.
    target : label, int, or array-like of shape (n_samples,), default=None
        What output. For a classifier and a tagger a label, for a language model the
        symbol that follows, or one for each sequence; None means the one predicted. For
        several labels a sequence, a regressor and a transformer the number of the
        column; None means the only one. For a transcriber the label sequences, None
        those predicted. For a forecaster the step ahead, from 0, whose forecast is
        explained on the scale of the window; of quantiles the middle one.
    response_method : {'auto', 'decision_function', 'predict_proba', \
'predict_log_proba'}, default='auto'
        What number of a label: the log odds ``log(p / (1 - p))`` ('decision_function',
        which is 'auto'), its probability, or the logarithm of that. Probabilities near
        0 and 1 have gradients near zero, log odds do not. A transcriber has the
        'predict_log_proba' of the whole label sequence only. Numbers and features:
        'auto'.
    step : int, default=None
        The step whose output is explained, counted from the end if negative, for a
        tagger, a language model and a transformer with ``output="sequence"``; None is
        the last one. A language model that marks beginnings reads such a mark first.
    multiply_by_inputs : bool, default=False
        Multiply each gradient with the input: a first estimate of what the input has
        contributed, compared with zero. `integrated_gradients` makes a better one.
    reduce : {'norm', 'sum'}, default=None
        One number a step instead of one a channel: the Euclidean norm over the
        channels, or their sum (for ``multiply_by_inputs=True``).

    Returns
    -------
    gradients : ndarray or Sequences
        In the layout of the sequences that are read: for 3-D input an array (n_samples,
        n_timesteps, n_features), NaN where it is padded; for ragged input a 1-D object
        array of arrays (n_timesteps_i, n_features); without the last axis if `reduce`
        is given. In units of the output (of y, for a regressor) over those of the
        channel. Where symbols are read, the channels are the numbers of their
        embeddings: ``reduce="norm"``, or "sum" of the products with the inputs, gives
        one number a symbol.

    Raises
    ------
    TypeError
        If the estimator is none of these.
    ValueError
        If `target`, `response_method` or `step` do not suit it.

    See Also
    --------
    integrated_gradients : Contributions that add up to the output.
    occlusion : What hiding a part of the input does, for any estimator.

    Notes
    -----
    A sequence's gradients do not depend on the other sequences or on the number of
    threads, to the last bit. Of very long sequences `checkpoint_steps` of the
    estimator, which can be set after the fit, bounds the memory.

    References
    ----------
    .. [1] Simonyan, Vedaldi and Zisserman, "Deep inside convolutional networks:
       visualising image classification models and saliency maps", arXiv 1312.6034,
       2013.

    Examples
    --------
    The answer is the first channel at the last step, and nothing else:

    >>> import numpy as np
    >>> from sklstm import LSTMRegressor
    >>> from sklstm.inspection import input_gradients
    >>> rng = np.random.RandomState(0)
    >>> X = rng.normal(size=(200, 6, 2))
    >>> y = 5 * X[:, -1, 0]
    >>> model = LSTMRegressor(hidden_layer_sizes=16, random_state=0).fit(X, y)
    >>> gradients = input_gradients(model, X)
    >>> gradients.shape
    (200, 6, 2)
    >>> importance = np.abs(gradients).mean(axis=0)
    >>> [int(i) for i in np.unravel_index(importance.argmax(), importance.shape)]
    [5, 0]
    """
    if reduce not in (None, "norm", "sum"):
        raise ValueError(f"reduce must be 'norm', 'sum' or None, got {reduce!r}.")
    estimator, X = recurrent_part(estimator, "input_gradients", X)
    reading = Reading(estimator, X)
    response = make_response(
        estimator, X, reading.steps, target=target, response_method=response_method,
        step=step,
    )  # fmt: skip
    _, gradients = reading.gradients(reading.rows, response)
    if multiply_by_inputs:
        gradients = gradients * reading.rows.values
    return reading.in_layout(reduced(gradients, reduce))


def reduced(values, reduce):
    """One number a row, or the rows as they are."""
    if reduce is None:
        return values
    # Column by column: the sum of a row must not depend on how many there are.
    columns = values.astype(np.float64).T
    if reduce == "sum":
        return sum(columns[1:], start=columns[0])
    return np.sqrt(sum(np.square(columns[1:]), start=np.square(columns[0])))
