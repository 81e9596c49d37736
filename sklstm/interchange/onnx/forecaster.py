"""Graphs of the forecaster: from the past of a series to its future, in its units.

How a network sees a series (logarithms, differences, scales: see
``sequences.forecasting.representation``) is in the graph, in float64; only the network
between computes in float32.
"""

import numpy as np

from ...sequences.forecasting.quantile_functions import at_levels
from .export import Export, add_features
from .graph import END, Tensor
from .outputs import in_units
from .series import SeriesView
from .steps import Steps

__all__ = ["ForecasterExport"]


class ForecasterExport(Export):
    """Of `LSTMForecaster`: the next ``horizon`` steps."""

    @property
    def reader(self):
        """What cuts series into windows."""
        return self.estimator._reader

    def inputs(self, ragged):
        """Return the past and, where there are any, measures and covariates."""
        reader = self.reader
        representation, n_covariates = reader.representation, len(reader.known_ahead)
        inputs = [Tensor("y", np.float64, ("n_series", representation.n_steps))]
        if self.estimator._scales.shared is None:
            inputs += [
                Tensor(name, np.float64, ("n_series",)) for name in ("center", "scale")
            ]
        if n_covariates:
            shape = ("n_series", representation.window, n_covariates)
            inputs.append(Tensor("X", np.float64, shape))
        if reader.known_ahead.any():
            shape = ("n_series", reader.horizon, int(reader.known_ahead.sum()))
            inputs.append(Tensor("X_ahead", np.float64, shape))
        return inputs

    def outputs(self, graph, inputs):
        """Add the nodes; see `Export`."""
        horizon = self.reader.horizon
        view = SeriesView(
            graph, self.reader.representation, inputs, self.estimator._scales.shared
        )
        answers = self._answers(graph, self._rows(graph, view, inputs))
        levels = getattr(self.estimator._task.of_horizon, "quantiles", None)
        shape = ("n_series", horizon)
        if levels is None:
            forecast = view.restored(answers, horizon)
            return [Tensor("forecast", np.float64, shape, forecast)]
        answers = graph.op("Reshape", answers, [0, horizon, len(levels)])
        answers, _ = graph.op(  # in order
            "TopK", answers, [len(levels)], n_outputs=2, axis=2, largest=0
        )
        # The median is a sum of the quantiles beside it.
        weights = at_levels(np.eye(len(levels)), levels, [0.5])
        median = graph.op("Squeeze", graph.op("MatMul", answers, weights), [2])
        return [
            Tensor("forecast", np.float64, shape, view.restored(median, horizon)),
            Tensor(
                "quantiles", np.float64, (*shape, len(levels)),
                view.restored(answers, horizon, of_quantiles=True),
            ),
        ]  # fmt: skip

    def _rows(self, graph, view, inputs):
        """What the network reads, time first."""
        reader = self.reader
        of_covariates = np.arange(1, 1 + len(reader.known_ahead))
        parts = [graph.op("Unsqueeze", view.window, [2])]
        if "X" in inputs:
            parts.append(_scaled(graph, inputs["X"].name, reader.standard_scale))
        rows = graph.cast(graph.joined(parts, axis=2), np.float32)
        if "X_ahead" in inputs:
            known = reader.known_ahead
            of_known = [part[known] for part in reader.standard_scale]
            ahead = _scaled(graph, inputs["X_ahead"].name, of_known)
            ahead = graph.cast(ahead, np.float32)
            # Columns find their places by products with zeros and ones.
            places = np.eye(reader.n_channels)
            mark = places[-1]
            rows = graph.affine(rows, places[:, : 1 + len(known)])
            ahead = graph.affine(ahead, places[:, of_covariates[known]], mark)
            rows = graph.joined([rows, ahead], axis=1)
        return graph.transposed(rows, 1, 0, 2)

    def _answers(self, graph, rows):
        """Answers of the network on the scale of a series, float64."""
        task, head = self.estimator._task, self.network.head
        steps = Steps(graph, rows, None)
        pooling = self.network.config.pooling
        features, _ = add_features(graph, self.network, rows, steps, pooling)
        if not task.pooled:  # the last steps answer for themselves
            features = graph.columns(features, -self.reader.horizon, END, axis=0)
            features = steps.by_sample(features)
        outputs = graph.affine(features, head["weight"], head["bias"])
        outputs = graph.op("Reshape", outputs, [0, task.of_horizon.n_outputs])
        return in_units(graph, outputs, task.of_horizon)

    def feeds(self, X, ragged, y=None):
        """Return what the graph reads to forecast from the ends of series."""
        estimator, reader = self.estimator, self.reader
        series, ahead = estimator._known(reader.horizon, X, y)
        if estimator._scales.shared is not None and len(series.steps) > 1:
            self._check_shared_scale(series)
        which = np.arange(len(series.steps))
        contexts = estimator._contexts(series, series.steps.offsets[1:], which)
        center, scale = estimator._scales.of(series).T
        feeds = {
            "y": contexts.values, "center": center, "scale": scale,
            "X": contexts.covariates,
        }  # fmt: skip
        if ahead is not None:
            feeds["X_ahead"] = ahead[:, :, reader.known_ahead]
        wanted = [tensor.name for tensor in self.inputs(ragged)]
        return {name: np.ascontiguousarray(feeds[name]) for name in wanted}

    def _check_shared_scale(self, series):
        scales = self.estimator._scales
        if (scales.of(series) != scales.shared).any():
            raise ValueError(
                f"y has {len(series.steps)} series, but the graph has the scale of the "
                "one that the model was fitted on. Fit on all of them, or on one with "
                "scaling='all', or pass one after the other."
            )

    def facts(self):
        """Return the size of a forecast, and the measures of the fitted series."""
        task, scales = self.estimator._task, self.estimator._scales
        facts = {"horizon": self.reader.horizon, "n_steps": self.reader.n_steps}
        levels = getattr(task.of_horizon, "quantiles", None)
        if levels is not None:
            facts["quantiles"] = levels
        if scales.shared is None:
            facts["measures"] = scales.table
        return facts


def _scaled(graph, covariates, standard_scale):
    means, spreads = standard_scale
    return graph.op("Div", graph.op("Sub", covariates, means), spreads)
