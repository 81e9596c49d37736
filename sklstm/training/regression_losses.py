"""Losses of regression: targets on a standard scale, see `losses`."""

import numpy as np

from ..network.links import exponential, in_units
from .losses import ElementwiseLoss
from .weighted_statistics import deviation_or_one, weighted_mean, weighted_quantile

# Standard deviation over mean absolute deviation of a normal distribution.
NORMAL_RATIO = np.sqrt(np.pi / 2)


class RegressionLoss(ElementwiseLoss):
    """Base of the regression losses with an identity link.

    Parameters
    ----------
    n_outputs : int, default=1
        Number of target columns.

    Attributes
    ----------
    center, scale : ndarray of shape (n_outputs,), float64
        Set by `initialize_outputs`; 0 and 1 before.
    link : {"identity", "log"}
        What outputs are of the targets on the standard scale.
    """

    link = "identity"

    def __init__(self, n_outputs=1):
        super().__init__(n_outputs)
        self.center = np.zeros(n_outputs)
        self.scale = np.ones(n_outputs)

    def _best_constant(self, values, weights):
        """Return the constant of smallest loss for each column of `values`."""
        raise NotImplementedError

    def _spread(self, values, weights):
        """Return the scale of each column: here the mean absolute deviation.

        Brought to a standard deviation's size; unlike that, a few outliers do not
        swell it until nothing else is left to learn from.
        """
        median = weighted_quantile(values, weights, 0.5)
        deviation = weighted_mean(np.abs(values - median), weights)
        return deviation_or_one(NORMAL_RATIO * deviation, median)

    def initialize_outputs(self, network, y, weights=None):
        """Set center, scale and the head's bias from the weighted targets."""
        values = self._as_columns(y)
        self.set_standard_scale(
            network,
            center=self._best_constant(values, weights),
            scale=self._spread(values, weights),
        )

    def set_standard_scale(self, network, *, center, scale):
        """Fix the standard scale and let the network start from the center.

        Parameters
        ----------
        network : RecurrentNetwork
            Its ``output_bias`` is written.
        center, scale : ndarray of shape (n_outputs,)
            In y's units; `scale` positive.
        """
        self.center = np.asarray(center, dtype=np.float64)
        self.scale = np.asarray(scale, dtype=np.float64)
        network.output_bias[:] = 0
        network.parameters_changed()

    def encode_targets(self, y, dtype):
        """Return ``(y - center) / scale``, computed in float64."""
        return ((self._as_columns(y) - self.center) / self.scale).astype(dtype)

    def predict(self, outputs):
        """Return predictions in y's units.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_outputs)

        Returns
        -------
        predictions : ndarray of shape (n_rows, n_outputs), float64
            Always float64, since float32 cannot hold a target that is far from zero
            compared with its scale.
        """
        return in_units(outputs, self.scale, self.center)

    def head_in_units(self, weight, bias):
        """Return the head that predicts in y's units; see `Loss`."""
        scaled = self.scale[:, np.newaxis] * weight
        return scaled, self.scale * bias + self.center

    def slopes(self, outputs):
        """Return the derivative of each number of `predict` by its output.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_outputs)

        Returns
        -------
        slopes : ndarray of shape (n_rows, n_outputs), float64
        """
        return np.broadcast_to(self.scale, outputs.shape)

    def score(self, outputs, targets, weights=None):
        """Return the part of the loss explained, averaged over outputs (D^2; R^2).

        The loss is compared with that of the best constant for these very targets; for
        the squared error it is scikit-learn's ``r2_score``.
        """
        targets = np.asarray(targets, dtype=np.float64)
        losses = self._losses_of_columns(outputs, targets, weights)
        constant = self._best_constant(targets, weights)
        baselines = self._losses_of_columns(
            np.broadcast_to(constant, targets.shape), targets, weights
        )
        # A constant column: perfect or nothing, as scikit-learn has it.
        explained = np.where(losses > 0, 0.0, 1.0)
        np.divide(losses, baselines, out=losses, where=baselines > 0)
        return float(np.where(baselines > 0, 1 - losses, explained).mean())

    def _as_columns(self, y):
        values = np.asarray(y, dtype=np.float64)
        return values.reshape(len(values), self.n_outputs)


class SquaredError(RegressionLoss):
    """Half the squared error; predicts the mean."""

    def _best_constant(self, values, weights):
        return weighted_mean(values, weights)

    def _spread(self, values, weights):
        mean = weighted_mean(values, weights)
        variance = weighted_mean(np.square(values - mean), weights)
        return deviation_or_one(np.sqrt(variance), mean)

    def _terms(self, outputs, targets):
        errors = np.subtract(outputs, targets)
        losses = np.multiply(errors, errors)
        np.multiply(losses, 0.5, losses)
        return losses, errors


class AbsoluteError(RegressionLoss):
    """The absolute error; predicts the median."""

    def _best_constant(self, values, weights):
        return weighted_quantile(values, weights, 0.5)

    def _terms(self, outputs, targets):
        errors = np.subtract(outputs, targets)
        return np.abs(errors), np.sign(errors)


class Huber(RegressionLoss):
    """Squared error up to `delta`, then absolute error.

    ``0.5 * e**2`` where ``|e| <= delta``, else ``delta * (|e| - 0.5 * delta)``.

    Parameters
    ----------
    n_outputs : int, default=1
        Number of target columns.
    delta : float, default=1.35
        Errors above it count as outliers; in units of the targets' scale (which is
        that of a standard deviation), so that it needs no change with y's unit.
    """

    def __init__(self, n_outputs=1, *, delta=1.35):
        super().__init__(n_outputs)
        self.delta = delta

    def _best_constant(self, values, weights):
        # The median: next to the best, which has no closed form, and as robust.
        return weighted_quantile(values, weights, 0.5)

    def _terms(self, outputs, targets):
        errors = np.subtract(outputs, targets)
        clipped = np.clip(errors, -self.delta, self.delta)
        # clipped * (error - clipped / 2) is both branches at once.
        losses = np.multiply(clipped, -0.5)
        np.add(losses, errors, losses)
        np.multiply(losses, clipped, losses)
        return losses, clipped


class Quantile(RegressionLoss):
    """The pinball loss; predicts a quantile.

    ``quantile * e`` where the target is ``e`` above the output, ``(1 - quantile) * e``
    where it is ``e`` below.

    Parameters
    ----------
    n_outputs : int, default=1
        Number of target columns.
    quantile : float, default=0.5
        Between 0 and 1, exclusive.
    """

    def __init__(self, n_outputs=1, *, quantile=0.5):
        super().__init__(n_outputs)
        self.quantile = quantile

    def _best_constant(self, values, weights):
        return weighted_quantile(values, weights, self.quantile)

    def _terms(self, outputs, targets):
        errors = np.subtract(outputs, targets)
        above = 1 - self.quantile  # slope where the output is above the target
        # |e| / 2 + (above - 1/2) * e: one formula for both sides, 0 slope at neither.
        d_outputs = np.sign(errors)
        np.multiply(d_outputs, 0.5, d_outputs)
        np.add(d_outputs, above - 0.5, d_outputs)
        return np.multiply(errors, d_outputs), d_outputs


class Quantiles(RegressionLoss):
    """The mean pinball loss of several quantiles of each target.

    The outputs of a target stand beside each other, in the order of the quantiles.
    Nothing in the loss keeps them in order; `predict` sorts them, which can only lower
    the loss: where two quantiles cross, the target is on the better side of both when
    they change places (Chernozhukov, Fernandez-Val and Galichon, "Quantile and
    probability curves without crossing", Econometrica 78, 2010). Increments that
    cannot be negative would keep order too, but tie each quantile to all below it.

    Parameters
    ----------
    n_targets : int, default=1
        Number of target columns.
    quantiles : tuple of float, default=(0.1, 0.5, 0.9)
        Between 0 and 1, ascending.

    Attributes
    ----------
    n_targets : int
        Target columns; `n_outputs` is that many times the number of quantiles.
    """

    def __init__(self, n_targets=1, *, quantiles=(0.1, 0.5, 0.9)):
        super().__init__(n_targets * len(quantiles))
        self.n_targets = n_targets
        self.quantiles = tuple(quantiles)

    def predict(self, outputs):
        """Return the quantiles in y's units, ascending for each target; see `Loss`."""
        values = super().predict(outputs)
        by_target = values.reshape(len(values), self.n_targets, len(self.quantiles))
        return np.sort(by_target, axis=2).reshape(values.shape)

    def _as_columns(self, y):
        values = np.asarray(y, dtype=np.float64).reshape(len(y), self.n_targets)
        return np.repeat(values, len(self.quantiles), axis=1)

    def _best_constant(self, values, weights):
        constant = np.empty(self.n_outputs)
        for k, quantile in enumerate(self.quantiles):
            of_quantile = slice(k, None, len(self.quantiles))
            constant[of_quantile] = weighted_quantile(
                values[:, of_quantile], weights, quantile
            )
        return constant

    def _terms(self, outputs, targets):
        errors = np.subtract(outputs, targets)
        # As `Quantile`, with a slope of its own for each column.
        tilt = np.tile(0.5 - np.array(self.quantiles), self.n_targets)
        d_outputs = np.sign(errors)
        np.multiply(d_outputs, 0.5, d_outputs)
        np.add(d_outputs, tilt.astype(errors.dtype), d_outputs)
        return np.multiply(errors, d_outputs), d_outputs


class Poisson(RegressionLoss):
    """Poisson deviance for counts and other targets that are not negative; log link.

    ``exp(output) - target * output``, which is half the deviance up to a constant of
    the targets. The center is 0 and the scale the mean of y, so that an output of 0
    predicts the mean.

    Parameters
    ----------
    n_outputs : int, default=1
        Number of target columns.
    """

    link = "log"
    lower_bound = -np.inf  # the constant that is left out depends on the targets

    def initialize_outputs(self, network, y, weights=None):
        """Set scale and the head's bias; see `RegressionLoss`.

        Raises
        ------
        ValueError
            If a target is negative or a column has no positive target.
        """
        values = self._as_columns(y)
        self._check_counts(values)
        mean = weighted_mean(values, weights)
        if not (mean > 0).all():
            column = int(np.argmin(mean > 0))
            raise ValueError(
                "loss='poisson' needs at least one positive target, but all of"
                f" column {column} of y are 0; drop that column, or use"
                " loss='squared_error'"
            )
        self.set_standard_scale(network, center=np.zeros_like(mean), scale=mean)

    def encode_targets(self, y, dtype):
        """Return ``y / mean``.

        Raises
        ------
        ValueError
            If a target is negative.
        """
        self._check_counts(self._as_columns(y))
        return super().encode_targets(y, dtype)

    def predict(self, outputs):
        """Return the predicted means, ``scale * exp(outputs)``, in float64."""
        return exponential(outputs).astype(np.float64) * self.scale

    def head_in_units(self, weight, bias):
        """Return the head that predicts the logarithm of the mean; see `Loss`."""
        return weight, bias + np.log(self.scale)

    def slopes(self, outputs):
        """Return the derivative of each number of `predict` by its output."""
        return self.predict(outputs)

    def _best_constant(self, values, weights):
        return np.log(np.maximum(weighted_mean(values, weights), np.finfo(float).tiny))

    def _terms(self, outputs, targets):
        means = np.exp(outputs)
        losses = np.multiply(targets, outputs)
        np.subtract(means, losses, losses)
        np.subtract(means, targets, means)
        return losses, means

    def _losses_of_columns(self, outputs, targets, weights):
        # The score is a ratio of deviances, so here the constant must not be missing.
        losses = super()._losses_of_columns(outputs, targets, weights)
        logs = np.log(np.where(targets > 0, targets, 1.0))
        return losses - weighted_mean(targets - targets * logs, weights)

    def _check_counts(self, values):
        if (values < 0).any():
            sample, column = np.argwhere(values < 0)[0]
            raise ValueError(
                "loss='poisson' needs targets of 0 or more, but y of sample"
                f" {sample} is {values[sample, column]:g}; shift the target or use"
                " loss='squared_error'"
            )


REGRESSION_LOSSES = {
    "squared_error": SquaredError,
    "absolute_error": AbsoluteError,
    "huber": Huber,
    "quantile": Quantile,
    "poisson": Poisson,
}
