"""`permutation_importance`: what a score loses when parts of inputs are shuffled."""

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import check_scoring
from sklearn.utils import Bunch, check_random_state, check_scalar
from sklearn.utils.parallel import Parallel, delayed

from .._typing import ArrayLike, RandomState, SequencesLike
from ..estimators.forecaster import LSTMForecaster
from .pieces import Panel, Piece, make_pieces, step_positions

__all__ = ["permutation_importance"]


def permutation_importance(
    estimator: BaseEstimator,
    X: SequencesLike,
    y: Any = None,
    *,
    scoring: Any = None,
    channels: str | list = "each",
    window: int | None = None,
    align: str = "start",
    n_repeats: int = 5,
    n_jobs: int | None = None,
    random_state: RandomState = None,
    sample_weight: ArrayLike | None = None,
) -> Bunch | dict[str, Bunch]:
    """Importance of channels and of windows of time, by shuffling them.

    How much lower the score of a fitted estimator is when the values of a channel, or
    of a window of time, are exchanged among the sequences [1]_: for sequences what
    :func:`sklearn.inspection.permutation_importance` is for tables, with the same
    numbers for sequences of one step.

    Parameters
    ----------
    estimator : estimator instance
        Any fitted estimator that takes `X`: one of this library, a
        :class:`~sklearn.pipeline.Pipeline` from sequences to anything, a search. The
        inputs that are shuffled are its own, in front of all steps of a pipeline.
    X : array, data frame, list or Sequences
        Sequences, best such as were not used to fit.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        What the scorer compares with.
    scoring : str, callable, list, tuple or dict, default=None
        As in scikit-learn: None for the `score` of the estimator, a name, or a callable
        ``(estimator, X, y)``. Of several a dict of results is returned.
    channels : {'each', 'all'} or list, default='each'
        What is shuffled at once: each channel, all of them (for windows), or the groups
        of a list, whose entries are numbers or names of channels, or lists of these.
        Channels that say the same hide each other's importance unless they are in a
        group.
    window : int, default=None
        Steps of a window; None shuffles whole sequences.
    align : {'start', 'end'}, default='start'
        Whether steps are counted from the beginning or from the end of each sequence.
        Of ragged sequences whose ends matter choose 'end'.
    n_repeats : int, default=5
        How often each part is shuffled.
    n_jobs : int, default=None
        Parts that are shuffled at once, as in scikit-learn.
    random_state : int, RandomState instance or None, default=None
        Of the permutations; the same ones for every part.
    sample_weight : array-like of shape (n_samples,), default=None
        For the scorer.

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch` or dict of Bunch
        importances : ndarray of shape ([n_windows,] [n_channels,] n_repeats)
            Decrease of the score. There is an axis of windows if `window` is given, and
            one of channels (or groups) unless ``channels="all"``.
        importances_mean, importances_std : ndarray of shape ([n_windows,] [n_channels])
            Over the repeats.
        windows : list of tuple, or None
            First step of each window and the one after the last, negative if
            they are counted from the end.
        channels : list of list of int
            The channels of each group.

    Raises
    ------
    TypeError
        If the sequences are not of numbers, the estimator is a forecaster, or
        `n_repeats` is no int.
    ValueError
        If there are less than two sequences, or an argument is not valid.

    See Also
    --------
    occlusion : For one sequence at a time, without y.
    AttributionDisplay : Draws the result.

    Notes
    -----
    **Unequal lengths.** A permutation says for each sequence which other one it gets
    the values from, step by step: the value at step t comes from step t of the other,
    so that every step keeps the distribution it has over the sequences, and what
    hangs together in time stays together. Where the other one has ended, the rest comes
    from the one which that gets its own values from, or the next after it that is long
    enough. So at each step the values of all sequences that have the step are
    exchanged, each used once; nothing is padded, cut or repeated, and lengths,
    which may say a lot, stay where they are and count for no channel. Steps that only
    one sequence has cannot be exchanged and keep their values. Of sequences of one
    length each gets the whole channel (or window) of another.

    Trends at which sequences differ but all steps agree are seen by single windows
    hardly at all: the other windows still tell them.

    References
    ----------
    .. [1] Breiman, "Random forests", Machine Learning 45, 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.inspection import permutation_importance
    >>> rng = np.random.RandomState(0)
    >>> X = rng.normal(size=(200, 6, 2))
    >>> y = X[:, 4:, 0].sum(axis=1) > 0
    >>> model = LSTMClassifier(hidden_layer_sizes=16, random_state=0).fit(X, y)
    >>> result = permutation_importance(model, X, y, window=2, random_state=0)
    >>> result.importances_mean.shape, result.windows
    ((3, 2), [(0, 2), (2, 4), (4, 6)])
    >>> best = np.unravel_index(result.importances_mean.argmax(), (3, 2))
    >>> [int(i) for i in best]
    [2, 0]
    """
    if isinstance(estimator, LSTMForecaster):
        raise TypeError(
            "LSTMForecaster continues series, and reads no sequences whose values "
            "could be exchanged. input_gradients explains its forecasts; or cut "
            "windows with sklstm.sequences.sliding_windows for LSTMRegressor."
        )
    check_scalar(n_repeats, "n_repeats", Integral, min_val=1)
    panel = Panel(X)
    if len(panel.sequences) < 2:
        raise ValueError("There is 1 sequence: values are exchanged among several.")
    windows, groups = make_pieces(panel, channels=channels, window=window, align=align)
    scorer = check_scoring(estimator, scoring=scoring)
    weights = {} if sample_weight is None else {"sample_weight": sample_weight}
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max + 1)
    whole = scorer(estimator, X, y, **weights)
    pieces = [Piece(group, one) for one in windows or [None] for group in groups]
    scores = Parallel(n_jobs=n_jobs)(
        delayed(_scores_without)(
            estimator, panel, piece, y, scorer, weights, n_repeats, seed, align
        )
        for piece in pieces
    )
    shape = (*_shape(windows, groups, channels), n_repeats)
    about = {"windows": windows, "channels": groups}
    if not isinstance(whole, dict):
        return _result(whole - np.array(scores).reshape(shape), about)
    results = {}
    for name, of_whole in whole.items():
        lower = np.array([[one[name] for one in of_piece] for of_piece in scores])
        results[name] = _result(of_whole - lower.reshape(shape), about)
    return results


def _shape(windows, groups, channels):
    of_windows = () if windows is None else (len(windows),)
    is_all = isinstance(channels, str) and channels == "all"
    return of_windows if is_all else (*of_windows, len(groups))


def _result(importances, about):
    return Bunch(
        importances=importances,
        importances_mean=importances.mean(axis=-1),
        importances_std=importances.std(axis=-1),
        **about,
    )


def _scores_without(
    estimator, panel, piece, y, scorer, weights, n_repeats, seed, align
):
    """Scores with a piece shuffled, for every repeat."""
    random_state = check_random_state(seed)
    sequences = panel.sequences
    affected = np.flatnonzero(piece.rows(sequences))
    order = np.arange(len(sequences))
    permutation, scores = order.copy(), []
    for _ in range(n_repeats):
        random_state.shuffle(order)
        permutation = permutation[order]  # of what was shuffled, as in scikit-learn
        sources = exchanged_rows(sequences, permutation, from_end=align == "end")
        values = np.array(sequences.values)
        of_piece = np.ix_(affected, piece.channels)
        values[of_piece] = sequences.values[np.ix_(sources[affected], piece.channels)]
        scores.append(scorer(estimator, panel.with_values(values), y, **weights))
    return scores


def exchanged_rows(sequences, permutation, from_end=False):
    """Where each row gets its values from; see the notes of `permutation_importance`.

    Parameters
    ----------
    sequences : Sequences
    permutation : ndarray of int of shape (n_samples,)
        Sequence i gets its values from sequence ``permutation[i]``.
    from_end : bool, default=False
        Whether steps are counted back from the end.

    Returns
    -------
    sources : ndarray of int of shape (n_total_timesteps,)
        At each step a permutation of the rows that have it.
    """
    lengths, offsets = np.asarray(sequences.lengths), np.asarray(sequences.offsets)
    positions = step_positions(sequences, from_end)
    donors, first, ends = permutation, 0, np.unique(lengths)
    of_intervals = []  # between two ends, where nobody ends, donors stay
    for last in ends:
        donors = donors.copy()
        while True:  # who has ended hands on to whom it gets its own values from
            ended = (lengths > first) & (lengths[donors] <= first)
            if not ended.any():
                break
            donors[ended] = permutation[donors[ended]]
        of_intervals.append(donors)
        first = last
    intervals = np.searchsorted(ends, positions, side="right")
    samples = np.repeat(np.arange(len(lengths)), lengths)
    of_rows = np.array(of_intervals)[intervals, samples]
    if from_end:
        return offsets[of_rows + 1] - 1 - positions
    return offsets[of_rows] + positions
