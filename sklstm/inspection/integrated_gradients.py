"""`integrated_gradients`: contributions of the inputs that add up to the output."""

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import Bunch

from .._typing import InputsLike, SequencesLike
from .gradients import reduced
from .reading import Reading
from .recurrent_part import recurrent_part
from .responses import make_response

__all__ = ["integrated_gradients"]


def integrated_gradients(
    estimator: BaseEstimator,
    X: InputsLike,
    *,
    baseline: SequencesLike = 0.0,
    n_steps: int = 32,
    target: Any = None,
    response_method: str = "auto",
    step: int | None = None,
    reduce: str | None = None,
) -> Bunch:
    r"""Contributions of every number of the inputs, compared with a baseline.

    The gradients along the straight way from the baseline :math:`x'` to the input
    :math:`x`, times the difference [1]_:

    .. math::
        (x - x') \int_0^1 \nabla f(x' + \alpha (x - x')) \, d\alpha

    They add up to :math:`f(x) - f(x')`, whatever the model (completeness); of a linear
    one they are weights times differences. The integral is that of Gauss and Legendre,
    which needs few points where the gradient is smooth.

    Parameters
    ----------
    estimator : estimator instance
        As for `input_gradients`. Of a pipeline the last step is explained, and the
        baseline is one of its inputs: after a
        ``TimestepTransformer(StandardScaler())`` zeros are the means of the training
        data.
    X : array, data frame, list or Sequences
        Sequences, as for `predict` or `transform`.
    baseline : float, 'mean', array-like or Sequences, default=0.0
        What the inputs are compared with: an input that says nothing. A number for all;
        one for each channel, such as the means of the training data
        (``X_train.mean(axis=(0, 1))``, or ``np.concatenate(X_train).mean(axis=0)`` of a
        list); 'mean' for those of `X`; one sequence (n_timesteps, n_features) for all;
        or sequences in a layout of `X`, one for each and of its length. Where symbols
        are read, numbers for their embeddings.
    n_steps : int, default=32
        Points at which the gradient is taken.
    target, response_method, step : default=None, 'auto', None
        What output is explained, as for `input_gradients`. A `target` of None is what
        is predicted for `X`, all along the way.
    reduce : {'sum', 'norm'}, default=None
        One number a step, as for `input_gradients`. Sums are complete, too.

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch`
        attributions : ndarray or Sequences
            In the layout of the sequences that are read, float64.
        outputs : ndarray of shape (n_samples,)
            The output for each sequence.
        baseline_outputs : ndarray of shape (n_samples,)
            The output for its baseline.
        residual : ndarray of shape (n_samples,)
            Sum of the contributions less the difference of these two: the error of the
            integral. If it is not small beside the difference, raise `n_steps`, or use
            ``dtype="float64"``.

    Raises
    ------
    TypeError, ValueError
        As `input_gradients`, and if the baseline does not fit the sequences.

    See Also
    --------
    input_gradients : The gradients themselves.
    occlusion : Without gradients, for any estimator.
    AttributionDisplay : Draws the result.

    Notes
    -----
    With ``pooling="max"``, the default of the classifier, and with relu units gradients
    jump along the way, where another step becomes the largest: the error then falls
    like ``1 / n_steps``.

    References
    ----------
    .. [1] Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks", ICML
       2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMRegressor
    >>> from sklstm.inspection import integrated_gradients
    >>> rng = np.random.RandomState(0)
    >>> X = rng.normal(size=(200, 6, 2))
    >>> y = 5 * X[:, -1, 0]
    >>> model = LSTMRegressor(hidden_layer_sizes=16, random_state=0).fit(X, y)
    >>> result = integrated_gradients(model, X[:3])
    >>> result.attributions.shape
    (3, 6, 2)
    >>> difference = result.outputs - result.baseline_outputs
    >>> bool(np.allclose(result.attributions.sum(axis=(1, 2)), difference, atol=1e-2))
    True
    """
    if isinstance(n_steps, bool) or not isinstance(n_steps, Integral) or n_steps < 1:
        raise ValueError(f"n_steps must be an int of 1 or more, got {n_steps!r}.")
    if reduce not in (None, "norm", "sum"):
        raise ValueError(f"reduce must be 'norm', 'sum' or None, got {reduce!r}.")
    estimator, X = recurrent_part(estimator, "integrated_gradients", X)
    reading = Reading(estimator, X)
    response = make_response(
        estimator, X, reading.steps, target=target, response_method=response_method,
        step=step,
    )  # fmt: skip
    start = reading.baseline(baseline)
    attributions, outputs, baseline_outputs = _integrate(
        reading, response, start, n_steps
    )
    totals = np.add.reduceat(attributions.sum(axis=1), reading.rows.offsets[:-1])
    return Bunch(
        attributions=reading.in_layout(reduced(attributions, reduce)),
        outputs=outputs,
        baseline_outputs=baseline_outputs,
        residual=totals - (outputs - baseline_outputs),
    )


def _integrate(reading, response, start, n_steps):
    """Contributions of all rows, and the response at both ends of the way."""
    rows = reading.rows
    difference = rows.values.astype(np.float64) - start
    nodes, weights = np.polynomial.legendre.leggauss(n_steps)
    total = np.zeros(rows.values.shape)
    for node, weight in zip(0.5 * (nodes + 1), 0.5 * weights, strict=True):
        between = (start + node * difference).astype(rows.dtype)
        _, gradients = reading.gradients(reading.with_values(between), response)
        total += weight * gradients
    outputs, _ = reading.gradients(rows, response)
    start = reading.with_values(np.ascontiguousarray(start, dtype=rows.dtype))
    baseline_outputs, _ = reading.gradients(start, response)
    return difference * total, outputs, baseline_outputs
