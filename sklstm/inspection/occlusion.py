"""`occlusion`: what an output loses when a part of a sequence is hidden."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import Bunch

from .._typing import SequencesLike
from .answers import make_answer
from .baselines import baseline_rows
from .pieces import Panel, Piece, make_pieces

__all__ = ["occlusion"]


def occlusion(
    estimator: BaseEstimator,
    X: SequencesLike,
    *,
    window: int | None = 1,
    stride: int | None = None,
    channels: str | list = "each",
    align: str = "start",
    baseline: SequencesLike = "mean",
    target: Any = None,
    response_method: str = "auto",
    step: int | None = None,
) -> Bunch:
    """Contributions of parts of sequences: how much an output falls without them.

    A channel is replaced by a baseline in a window of time, the rest stays, and the
    output is computed again [1]_: a contribution is the output less the one with the
    part hidden. Asks the estimator for nothing but predictions.

    Parameters
    ----------
    estimator : estimator instance
        Any fitted classifier or regressor of sequences, and the estimators of this
        library that `input_gradients` takes; also a
        :class:`~sklearn.pipeline.Pipeline` or a search, whose own inputs are hidden.
    X : array, data frame, list or Sequences
        Sequences of numbers.
    window : int or None, default=1
        Steps that are hidden at once; None hides channels as a whole.
    stride : int, default=None
        Steps from one window to the next; None is `window`. Windows overlap if it is
        smaller.
    channels : {'each', 'all'} or list, default='each'
        What is hidden at once: each channel, all of them, or the groups of a list,
        whose entries are numbers or names of channels, or lists of these.
    align : {'start', 'end'}, default='start'
        Whether steps are counted from the beginning or from the end of each sequence.
    baseline : float, 'mean', array-like or Sequences, default='mean'
        What takes the place of what is hidden, as for `integrated_gradients`; 'mean' is
        that of each channel over all steps of `X`.
    target, response_method, step : default=None, 'auto', None
        What output is explained, as for `input_gradients`. For other classifiers 'auto'
        is 'predict_proba' or, without it, 'decision_function'.

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch`
        attributions : ndarray, data frame, object array or Sequences
            In the layout of X, float64: for each channel and step the mean contribution
            of the parts that it was in; 0 where it was in none.
        outputs : ndarray of shape (n_samples,)
            The output for each sequence as it is.

    Raises
    ------
    TypeError, ValueError
        If the estimator has no such output, or an argument is not valid.

    See Also
    --------
    integrated_gradients : Contributions that add up, in far less time.
    permutation_importance : Importance for a score, over all sequences.
    AttributionDisplay : Draws the result.

    Notes
    -----
    A part that says nothing new beside the others has no contribution, and two that
    say the same none either: hide them together, in longer windows or a group.

    References
    ----------
    .. [1] Zeiler and Fergus, "Visualizing and understanding convolutional networks",
       ECCV 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMRegressor
    >>> from sklstm.inspection import occlusion
    >>> rng = np.random.RandomState(0)
    >>> X = rng.normal(size=(200, 6, 2))
    >>> y = 5 * X[:, -1, 0]
    >>> model = LSTMRegressor(hidden_layer_sizes=16, random_state=0).fit(X, y)
    >>> result = occlusion(model, X[:20])
    >>> importance = np.abs(result.attributions).mean(axis=0)
    >>> [int(i) for i in np.unravel_index(importance.argmax(), importance.shape)]
    [5, 0]
    """
    answer = make_answer(
        estimator, X, target=target, response_method=response_method, step=step
    )
    panel = Panel(X)
    windows, groups = make_pieces(
        panel, channels=channels, window=window, stride=stride, align=align
    )
    replacement = baseline_rows(
        baseline, panel.sequences, lambda other: Panel(other).sequences,
        is_table=panel.layout.kind == "2d",
    )  # fmt: skip
    whole = answer(X)
    original = panel.sequences.values
    lengths = np.asarray(panel.sequences.lengths)
    total, n_times = np.zeros(original.shape), np.zeros(original.shape)
    for one in windows or [None]:
        for group in groups:
            piece = Piece(group, one)
            hidden = np.ix_(piece.rows(panel.sequences), piece.channels)
            values = np.array(original, dtype=np.result_type(original, np.float32))
            values[hidden] = replacement[hidden]
            lost = np.repeat(whole - answer(panel.with_values(values)), lengths)
            total[hidden] += lost[hidden[0]]
            n_times[hidden] += 1
    return Bunch(
        attributions=panel.with_values(total / np.maximum(n_times, 1)), outputs=whole
    )
