"""Graphs of what answers once a sequence: classifier, regressor, transformer."""

import numpy as np

from .export import VectorExport, add_features, steps_out
from .graph import Tensor
from .outputs import class_probabilities, in_units, label_constant, labels_of, logistic

__all__ = ["ClassifierExport", "RegressorExport", "TransformerExport"]


class ClassifierExport(VectorExport):
    """Of `LSTMClassifier`: labels and probabilities."""

    def outputs(self, graph, inputs):
        """Add the nodes; see `Export`."""
        labels = self.estimator._task.labels
        scores, _ = self.network_outputs(graph, inputs, self.network.config.pooling)
        n_classes = len(labels.classes)
        if labels.multilabel:
            probabilities = logistic(graph, scores)
            label = graph.cast(graph.op("Greater", scores, np.float32(0)), np.int64)
            of_label = np.int64, ("n_samples", n_classes)
        else:
            classes, dtype = label_constant(labels.classes, self.estimator_name)
            probabilities = class_probabilities(graph, scores, labels.n_outputs)
            label = labels_of(graph, probabilities, classes)
            of_label = dtype, ("n_samples",)
        shape = ("n_samples", n_classes)
        return [
            Tensor("label", *of_label, label),
            Tensor("probabilities", np.float32, shape, probabilities),
        ]

    def facts(self):
        """Return the classes."""
        return {"classes": self.estimator._task.labels.classes}


class RegressorExport(VectorExport):
    """Of `LSTMRegressor`: numbers in the units of the targets."""

    def outputs(self, graph, inputs):
        """Add the nodes; see `Export`."""
        task = self.estimator._task
        values, _ = self.network_outputs(graph, inputs, self.network.config.pooling)
        values = in_units(graph, values, task.loss)
        shape = ("n_samples", task.loss.n_outputs)
        return [Tensor("variable", np.float64, shape, values)]


class TransformerExport(VectorExport):
    """Of `SequenceTransformer`: hidden states, of all steps or pooled."""

    def outputs(self, graph, inputs):
        """Add the nodes; see `Export`."""
        output = self.estimator.output
        pooling = None if output == "sequence" else output
        rows, steps = self.read(graph, inputs)
        features, _ = add_features(graph, self.network, rows, steps, pooling)
        width = self.network.n_features_out
        if pooling is None:
            features = steps.by_sample(steps.filled(features, np.float32(0)))
            return steps_out(features, np.float32, width, inputs.get("lengths"))
        return [Tensor("variable", np.float32, ("n_samples", width), features)]
