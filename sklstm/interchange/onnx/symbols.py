"""Graphs that read symbols: integer codes, which a table beside the graph explains."""

import numpy as np

from ...sequences import Sequences
from .export import Export
from .graph import Tensor
from .layers import add_stack
from .padding import padded, padded_rows
from .steps import Steps

__all__ = ["SymbolExport", "symbol_facts"]


def symbol_facts(table):
    """Return the symbols, and the code of the first; 0 stands for unknown ones."""
    return {"symbols": table.symbols, "first_code": table.n_reserved}


class SymbolExport(Export):
    """Of estimators that read symbols.

    A subclass has ``table`` and ``characters`` (or None) and says by `read_symbols` how
    X becomes codes.
    """

    characters = None

    def inputs(self, ragged):
        """Return codes and lengths and, of words, those of their spellings."""
        inputs = [Tensor("codes", np.int64, ("n_samples", "n_timesteps"))]
        if ragged:
            inputs.append(Tensor("lengths", np.int64, ("n_samples",)))
        if self.characters is not None:
            inputs += [
                Tensor("spelling_of_step", np.int64, ("n_samples", "n_timesteps")),
                Tensor("spellings", np.int64, ("n_spellings", "n_characters")),
                Tensor("spelling_lengths", np.int64, ("n_spellings",)),
            ]
        return inputs

    def read(self, graph, inputs):
        """Return rows, time first, and the `Steps` of sequences."""
        lengths = inputs["lengths"].name if "lengths" in inputs else None
        table = np.asarray(self.network.table, dtype=np.float32)
        rows = _rows_of(graph, table, inputs["codes"].name)
        if self.characters is not None:
            spelled = self._spelled(graph, inputs)
            of_step = graph.transposed(inputs["spelling_of_step"].name, 1, 0)
            rows = graph.joined([rows, graph.op("Gather", spelled, of_step)], axis=2)
        return rows, Steps(graph, rows, lengths)

    def _spelled(self, graph, inputs):
        """Last states of both directions over each spelling."""
        network = self.network
        table = np.asarray(network.character_table, dtype=np.float32)
        rows = _rows_of(graph, table, inputs["spellings"].name)
        steps = Steps(graph, rows, inputs["spelling_lengths"].name)
        config = network.config.of_characters
        _, [last] = add_stack(graph, config, network.character_layers, rows, steps)
        return graph.joined([one["hidden_0"] for one in last], axis=1)

    def read_symbols(self, X):
        """Return codes as `Sequences`, or words as `SpelledSequences`."""
        raise NotImplementedError

    def feeds(self, X, ragged):
        """Return what the graph reads; see `Export`."""
        sequences = self.read_symbols(X)
        if self.characters is None:
            return padded(sequences, ragged, name="codes", as_table=True)
        words, spellings = sequences.words, sequences.spellings
        of_step = Sequences(sequences.spelling_of_step[:, np.newaxis], words.lengths)
        return {
            **padded(words, ragged, name="codes", as_table=True),
            "spelling_of_step": padded_rows(of_step)[:, :, 0],
            "spellings": padded_rows(spellings)[:, :, 0],
            "spelling_lengths": np.asarray(spellings.lengths, dtype=np.int64),
        }

    def facts(self):
        """Return the symbols, and the characters."""
        facts = symbol_facts(self.table)
        if self.characters is not None:
            facts["characters"] = self.characters.symbols
        return facts


def _rows_of(graph, table, codes):
    """Rows of a table, time first."""
    return graph.op("Gather", table, graph.transposed(codes, 1, 0), axis=0)
