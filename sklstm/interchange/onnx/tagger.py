"""Graphs of the tagger: labels and probabilities of all steps."""

import numpy as np

from .crf import add_marginals, add_viterbi
from .export import VectorExport, add_features
from .graph import Tensor
from .outputs import label_constant, labels_of
from .symbols import SymbolExport

__all__ = ["SymbolTaggerExport", "VectorTaggerExport", "tagger_export"]


class _TaggerOutputs:
    """What taggers answer, whatever they read."""

    def outputs(self, graph, inputs):
        """Add the nodes; see `Export`."""
        rows, steps = self.read(graph, inputs)
        hidden, _ = add_features(graph, self.network, rows, steps, None)
        head, known = self.network.head, self.estimator.classes_
        scores = graph.affine(hidden, head["weight"], head["bias"])
        classes, dtype = label_constant(known, self.estimator_name)
        if self.network.config.crf:
            codes = add_viterbi(graph, scores, steps, head)
            label = graph.op("Gather", classes, codes, axis=0)
            probabilities = add_marginals(graph, scores, steps, head)
        else:
            label = labels_of(graph, scores, classes)
            probabilities = graph.op("Softmax", scores, axis=-1)
        probabilities = steps.by_sample(steps.filled(probabilities, np.float32(0)))
        shape = ("n_samples", "n_timesteps")
        return [
            Tensor("label", dtype, shape, graph.transposed(label, 1, 0)),
            Tensor("probabilities", np.float32, (*shape, len(known)), probabilities),
        ]

    def facts(self):
        """Return the labels, and the symbols if there are any."""
        return {"classes": self.estimator.classes_, **super().facts()}


class VectorTaggerExport(_TaggerOutputs, VectorExport):
    """Of `LSTMTagger` that reads vectors."""


class SymbolTaggerExport(_TaggerOutputs, SymbolExport):
    """Of `LSTMTagger` that reads symbols, and perhaps their characters."""

    @property
    def table(self):
        """Symbols and their codes."""
        return self.estimator._reader.table

    @property
    def characters(self):
        """Characters and their codes, or None."""
        return self.estimator._reader.characters

    def read_symbols(self, X):
        """Return codes as `Sequences`, or words as `SpelledSequences`."""
        return self.estimator._read_inputs(X, reset=False)

    def facts(self):
        """Return the symbols and how they are read."""
        facts = super().facts()
        return {**facts, "lowercase": bool(self.estimator._reader.lowercase)}


def tagger_export(estimator):
    """Return the `Export` of a tagger."""
    if estimator._reader.table is None:
        return VectorTaggerExport(estimator)
    return SymbolTaggerExport(estimator)
