"""Graphs of the language model: probabilities of what follows, states in and out."""

import numpy as np

from ...sequences.symbol_input import read_symbols
from .export import VectorExport, add_features
from .graph import Tensor
from .outputs import logistic
from .states import first_states, initial_states, last_states, state_tensors
from .symbols import SymbolExport

__all__ = ["SymbolModelExport", "VectorModelExport", "language_model_export"]


class _LanguageModel:
    """What language models have, whatever they read: states."""

    def inputs(self, ragged):
        """Return what is read, and the states to go on from."""
        return [*super().inputs(ragged), *state_tensors(self.network.config)]

    def feeds(self, X, ragged):
        """Return what the graph reads; states are those of a beginning."""
        feeds = super().feeds(X, ragged)
        return feeds | first_states(self.network, len(next(iter(feeds.values()))))

    def outputs(self, graph, inputs):
        """Add the nodes; see `Export`."""
        config, head = self.network.config, self.network.head
        rows, steps = self.read(graph, inputs)
        initial = initial_states(config, inputs)
        hidden, states = add_features(graph, self.network, rows, steps, None, initial)
        scores = graph.affine(hidden, head["weight"], head["bias"])
        last = graph.affine(states[-1][0]["hidden_0"], head["weight"], head["bias"])
        probabilities, n_answers = self.answers(graph, last)
        logarithms = steps.by_sample(self.logarithms(graph, scores))
        by_step = ("n_samples", "n_timesteps", config.n_outputs)
        return [
            Tensor(
                "probabilities", np.float32, ("n_samples", n_answers), probabilities
            ),
            Tensor("log_probabilities", np.float32, by_step, logarithms),
            *last_states(config, states),
        ]

    def facts(self):
        """Return what a beginning starts from, if that is learned."""
        facts = super().facts()
        if self.network.config.learned_start:
            first = first_states(self.network, 1)
            facts["first_states"] = {name: state[0] for name, state in first.items()}
        return facts


class SymbolModelExport(_LanguageModel, SymbolExport):
    """Of `LSTMLanguageModel` that reads symbols."""

    @property
    def table(self):
        """Symbols and their codes."""
        return self.estimator._task.table

    def read_symbols(self, X):
        """Return codes of beginnings, with the mark of the start if there is one."""
        beginnings = read_symbols(X, "X", self.table)
        return self.estimator._generator().encoded(beginnings, "X[{}]")

    def answers(self, graph, scores):
        """Return the probabilities of `predict_proba`."""
        config, n_reserved = self.network.config, self.estimator._task.n_reserved
        known = graph.columns(scores, n_reserved, config.n_outputs)
        return graph.op("Softmax", known, axis=1), config.n_outputs - n_reserved

    def logarithms(self, graph, scores):
        """Return log-probabilities of all codes."""
        return graph.op("LogSoftmax", scores, axis=2)

    def facts(self):
        """Return the symbols and the marks."""
        task = self.estimator._task
        marks = {"unknown": 0, "start": task.start, "end": task.end}
        return {**super().facts(), **marks, "mark_ends": bool(task.mark_ends)}


class VectorModelExport(_LanguageModel, VectorExport):
    """Of `LSTMLanguageModel` that reads vectors of zeros and ones."""

    def answers(self, graph, scores):
        """Return the probability of a one in each channel."""
        return logistic(graph, scores), self.network.config.n_outputs

    def logarithms(self, graph, scores):
        """Return its logarithm; that of a zero is ``log(1 - p)``."""
        return graph.op("Neg", graph.op("Softplus", graph.op("Neg", scores)))


def language_model_export(estimator):
    """Return the `Export` of a language model."""
    if estimator._task.table is None:
        return VectorModelExport(estimator)
    return SymbolModelExport(estimator)
