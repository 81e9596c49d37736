"""What training has computed, in the form of a scorer."""

from typing import Any

__all__ = ["recorded_scores"]


def recorded_scores(
    estimator: Any, X: Any = None, y: Any = None, **metadata: Any
) -> dict[str, float]:
    """Return loss and validation figures of the last epoch, as a scorer does.

    For :class:`sklearn.callback.ScoringMonitor`, which then keeps them for every epoch,
    also of every candidate and split of a search. Costs nothing: nothing is computed.

    Parameters
    ----------
    estimator : estimator instance
        A fitted one, or the copy that callbacks get after an epoch.
    X, y : object, default=None
        Ignored.
    **metadata : dict
        Ignored.

    Returns
    -------
    scores : dict of str to float
        ``loss``, and ``validation_loss`` and ``validation_score`` where there were
        validation data.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.callback import ScoringMonitor
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.callbacks import recorded_scores
    >>> rng = np.random.RandomState(0)
    >>> X = rng.normal(size=(60, 10, 2))
    >>> y = (X[:, -3:, 0].sum(axis=1) > 0).astype(int)
    >>> monitor = ScoringMonitor(scoring=recorded_scores)
    >>> classifier = LSTMClassifier(hidden_layer_sizes=8, max_iter=4, random_state=0)
    >>> classifier.set_callbacks(monitor).fit(X, y, X_val=X[:20], y_val=y[:20])
    LSTMClassifier(hidden_layer_sizes=8, max_iter=4, random_state=0)
    >>> epochs = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    >>> len(epochs), sorted(set(epochs[0]) & {"loss", "validation_score"})
    (4, ['loss', 'validation_score'])
    """
    scores = {"loss": estimator.loss_}
    if estimator.validation_scores_ is not None:
        scores["validation_loss"] = estimator.validation_loss_curve_[-1]
        scores["validation_score"] = estimator.validation_scores_[-1]
    return scores
