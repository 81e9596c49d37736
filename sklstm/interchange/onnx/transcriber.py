"""Graphs of the transcriber: log-probabilities, and the labels of the best path."""

import numpy as np

from .export import VectorExport
from .graph import Tensor

__all__ = ["TranscriberExport"]

NOTHING = -1


class TranscriberExport(VectorExport):
    """Of `LSTMTranscriber`."""

    def outputs(self, graph, inputs):
        """Add the nodes; see `Export`."""
        scores, steps = self.network_outputs(graph, inputs, None)
        n_outputs = self.network.config.n_outputs
        logarithms = steps.by_sample(graph.op("LogSoftmax", scores, axis=2))
        codes, n_labels = _best_path(graph, scores, steps, blank=n_outputs - 1)
        shape = ("n_samples", "n_timesteps")
        return [
            Tensor("codes", np.int64, shape, codes),
            Tensor("n_labels", np.int64, ("n_samples",), n_labels),
            Tensor("log_probabilities", np.float32, (*shape, n_outputs), logarithms),
        ]

    def facts(self):
        """Return the labels; the blank comes after them."""
        return {"classes": self.estimator.classes_}


def _best_path(graph, scores, steps, *, blank):
    """Labels of the likeliest outputs, without repetitions and blanks.

    Parameters
    ----------
    graph : GraphBuilder
    scores : str
        Of shape (n_timesteps, n_samples, n_outputs).
    steps : Steps
    blank : int

    Returns
    -------
    codes : str
        Of shape (n_samples, n_timesteps), the labels first, then -1.
    n_labels : str
        Of shape (n_samples,).
    """
    best = steps.filled(graph.op("ArgMax", scores, axis=2, keepdims=1), blank)
    best = graph.transposed(graph.op("Squeeze", best, [2]), 1, 0)
    # What stood a step before; nothing before the first one.
    start = graph.op("Concat", steps.n_samples, [1], axis=0)
    start = graph.op("Expand", np.array([[blank]]), start)
    before = graph.columns(graph.joined([start, best], axis=1), 0, -1)
    is_label = graph.op(
        "And",
        graph.op("Not", graph.op("Equal", best, blank)),
        graph.op("Not", graph.op("Equal", best, before)),
    )
    # Sorting brings the labels together: those that are none come after all steps.
    rank = graph.op("Where", is_label, steps.numbers, np.iinfo(np.int64).max)
    _, order = graph.op(
        "TopK", rank, steps.n_timesteps, n_outputs=2, axis=1, largest=0, sorted=1
    )
    codes = graph.op("Where", is_label, best, NOTHING)
    codes = graph.op("GatherElements", codes, order, axis=1)
    n_labels = graph.op("ReduceSum", graph.cast(is_label, np.int64), [1], keepdims=0)
    return codes, n_labels
