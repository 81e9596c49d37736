"""`diagnose`: what may be wrong with a fitted network, where, and what to change."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, is_classifier, is_regressor

from .._typing import InputsLike
from ..estimators.forecaster import LSTMForecaster
from ..estimators.seq2seq import LSTMSeq2Seq
from .recurrent_part import recurrent_part
from .symptoms.findings import Diagnosis
from .symptoms.gradients import findings_on_gradients
from .symptoms.inputs import findings_on_inputs
from .symptoms.training import findings_on_curves, findings_on_scores
from .symptoms.units import findings_on_units

__all__ = ["diagnose"]


def diagnose(
    estimator: BaseEstimator, X: InputsLike, y: Any = None, *, max_samples: int = 200
) -> Diagnosis:
    """Examine a fitted network for what usually goes wrong.

    Looks at the curves of its training (not converged, diverging, overfitted), at the
    scales of its inputs, at units that never move and gates that are always open or
    closed, and at gradients that vanish or explode over time. Says for each finding
    what was seen, where, and what to change. It looks at few numbers with fixed limits,
    so it can be wrong in both directions: findings are where to look first.

    Parameters
    ----------
    estimator : estimator instance
        Fitted, of this library; also a :class:`~sklearn.pipeline.Pipeline` that ends in
        one, or a fitted search. Of a pipeline the inputs that reach its last step are
        examined.
    X : array, data frame, list or Sequences
        Sequences, as for `predict` or `transform`: best those of the fit.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        Their targets, to compare the score of a classifier or regressor with that of a
        constant.
    max_samples : int, default=200
        Sequences that gates and gradients are examined on, evenly taken from `X`.

    Returns
    -------
    diagnosis : Diagnosis
        Print it to read the report; iterate over it for the findings: objects with
        `kind`, `severity` ("problem" or "hint"), `seen`, `where` and `advice`. In
        `statistics` are the numbers.

    Raises
    ------
    TypeError
        If the estimator is none of this library.
    ValueError
        If X is not valid.

    See Also
    --------
    TrainingCurveDisplay : Draws the curves.
    GateActivityDisplay : Draws what the gates do.
    GradientFlowDisplay : Draws how far gradients reach.

    Notes
    -----
    A gate counts as closed below 0.05 and as open above 0.95, and as stuck if it is so
    at 95 % of the steps; a layer is named if that holds for more than a quarter of its
    units. Open forget gates are a hint only: units that remember have them [1]_.

    References
    ----------
    .. [1] Karpathy, Johnson and Fei-Fei, "Visualizing and understanding recurrent
       networks", arXiv 1506.02078, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.inspection import diagnose
    >>> rng = np.random.RandomState(0)
    >>> X = rng.normal(size=(60, 12, 2)) * [1, 500]
    >>> y = X[:, :, 0].sum(axis=1) > 0
    >>> model = LSTMClassifier(hidden_layer_sizes=8, max_iter=3, random_state=0)
    >>> report = diagnose(model.fit(X, y), X)
    >>> "channels of different scale" in [finding.kind for finding in report]
    True
    >>> print(report)  # doctest: +ELLIPSIS
    Diagnosis of LSTMClassifier: ...
    """
    if isinstance(max_samples, bool) or not max_samples >= 1:
        raise ValueError(f"max_samples must be 1 or more, got {max_samples!r}.")
    whole, (estimator, X) = estimator, recurrent_part(estimator, "diagnose", X)
    examination = _Examination()
    examination.add(findings_on_curves(estimator))
    _examine_inside(estimator, X, int(max_samples), examination)
    if y is not None:
        _examine_scores(estimator, X, y, examination)
    order = {"problem": 0, "hint": 1}
    findings = sorted(examination.findings, key=lambda one: order[one.severity])
    name = type(estimator).__name__
    if whole is not estimator:
        name += f", in a {type(whole).__name__}"
    return Diagnosis(name, findings, examination.statistics, examination.left_out)


class _Examination:
    """What has been found so far."""

    def __init__(self):
        self.findings, self.statistics, self.left_out = [], {}, []

    def add(self, findings, name=None, numbers=None):
        """Add findings, and the numbers they come from."""
        self.findings += findings
        if name is not None:
            self.statistics[name] = numbers


def _examine_inside(estimator, X, max_samples, examination):
    """What is read, and what layers make of it."""
    if isinstance(estimator, LSTMSeq2Seq):
        examination.left_out.append(
            "inputs, gates and gradients, since a sequence-to-sequence estimator is "
            "two networks"
        )
        return
    steps = estimator._read_steps(X)
    if steps.values.dtype.kind == "f":
        names = getattr(steps, "feature_names", None)
        findings, numbers = findings_on_inputs(steps, names)
        examination.add(findings, "channels", numbers)
    some = _some_of(estimator, X, steps, max_samples)
    findings, numbers = findings_on_units(estimator, estimator._read_steps(some))
    examination.add(findings, "gates", numbers)
    if estimator._fitted_network().config.bidirectional:
        examination.left_out.append(
            "gradients over time, since a bidirectional network reads from both ends"
        )
        return
    findings, norms = findings_on_gradients(estimator, some)
    examination.add(findings, "gradient_norms", norms)


def _some_of(estimator, X, steps, max_samples):
    """Some sequences of the user's; all series of a forecaster."""
    if len(steps) <= max_samples or isinstance(estimator, LSTMForecaster):
        return X
    index = np.unique(np.linspace(0, len(steps) - 1, max_samples).astype(np.intp))
    if steps.values.dtype.kind == "f":
        return steps[index]
    sequences = list(X)
    return [sequences[i] for i in index]


def _examine_scores(estimator, X, y, examination):
    compares = is_classifier(estimator) or is_regressor(estimator)
    is_mean = getattr(estimator, "loss", None) != "quantile"
    if isinstance(estimator, LSTMForecaster) or not (compares and is_mean):
        examination.left_out.append(
            "the score, since this estimator has none that a constant could be "
            "compared by"
        )
        return
    findings, scores = findings_on_scores(estimator, X, y, is_classifier(estimator))
    examination.add(findings, "scores", scores)
