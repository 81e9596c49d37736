"""Networks that read words: a row for each word, and its characters.

    words ------> rows of a table --------------------+
                                                      +--> layers --> head
    characters -> rows of a table -> two directions --+

The characters of each distinct word of a batch are read once.
"""

from dataclasses import dataclass

import numpy as np

from .chain import Pass
from .config import NetworkConfig
from .embedding import Embedding, sum_rows
from .initializers import initialize_layer
from .memory import Workspace, round_up
from .parameters import ParameterLayout, read_only
from .stack import LayerStack
from .symbol_network import SymbolNetwork, SymbolNetworkConfig

__all__ = ["WordNetwork", "WordNetworkConfig"]

_WORDS = ("symbols", "table")
_CHARACTERS = ("characters", "table")


@dataclass(frozen=True)
class WordNetworkConfig(SymbolNetworkConfig):
    """Structure of a network that reads words.

    Parameters
    ----------
    n_features : int
        Numbers that stand for a word: those of the table and two states of the reader
        of characters.
    n_characters : int, default=2
        Characters there are.
    character_embedding_size : int, default=32
        Numbers that stand for a character.
    character_size : int, default=25
        Hidden units of each direction in which characters are read.

    Other parameters are those of `SymbolNetworkConfig`.
    """

    n_characters: int = 2
    character_embedding_size: int = 32
    character_size: int = 25

    @property
    def reads_codes(self):
        """Whether the first layer reads codes: it reads characters beside them."""
        return False

    @property
    def table_size(self):
        """Numbers of a word in the table."""
        return self.n_features - 2 * self.character_size

    @property
    def of_characters(self):
        """The layer that reads characters."""
        return NetworkConfig(
            self.character_embedding_size, 1, cell=self.cell, bidirectional=True,
            hidden_layer_sizes=(self.character_size,), dtype=self.dtype,
        )  # fmt: skip


class WordNetwork(SymbolNetwork):
    """A recurrent network that reads words and their characters.

    Batches are `SpelledBatch`, or have the same attributes.
    """

    _config_class = WordNetworkConfig

    def _layout(self):
        config, make = self.config, (self.dtype, self.kernels)
        self._character_embedding = Embedding(
            config.n_characters, config.character_embedding_size, *make
        )
        self._reader = LayerStack(config.of_characters, *make, drops_outputs=False)
        shapes = super()._layout().shapes
        of_words = shapes.pop(_WORDS)
        for place, layer in self._reader.layers.items():
            for name, shape in layer.parameter_shapes.items():
                shapes["characters", *place, name] = shape
        shapes[_CHARACTERS] = self._character_embedding.parameter_shapes["table"]
        return ParameterLayout(shapes | {_WORDS: of_words})

    def _bind(self):
        super()._bind()
        views = self._parameter_layout.views(self.parameters)
        self._character_table = {"table": views[_CHARACTERS]}
        self._reader_parameters = self._of_reader(views)
        self._packed_reader = None

    def _of_reader(self, views):
        return {
            place: {
                name: views["characters", *place, name]
                for name in layer.parameter_shapes
            }
            for place, layer in self._reader.layers.items()
        }

    def parameters_changed(self):
        """Forget the packed copies of the parameters."""
        super().parameters_changed()
        self._packed_reader = None

    def initialize(self, rng, **how):
        """Draw starting values; see `RecurrentNetwork.initialize`."""
        super().initialize(rng, **how)
        table = self._character_table["table"]
        table[:] = rng.normal(0.0, self.table_scale, table.shape)
        for place, layer in self._reader.layers.items():
            initialize_layer(rng, layer.cell, self._reader_parameters[place], **how)
        self.parameters_changed()

    @property
    def character_table(self):
        """Read-only view of the rows of the characters, (n_characters, size)."""
        return read_only(self._character_table)["table"]

    @property
    def character_layers(self):
        """Read-only views of the layer that reads characters, as `layers`."""
        return [[read_only(self._reader_parameters[0, k]) for k in (0, 1)]]

    # ---- passes --------------------------------------------------------------------

    def _make_workspaces(self):
        workspaces = super()._make_workspaces() | {"words": Workspace(self.dtype)}
        return workspaces | {
            ("characters", *place): Workspace(self.dtype)
            for place in self._reader.layers
        }

    def _read(self, batch, n_threads, workspaces=None):
        training = workspaces is not None
        if not training:
            workspaces = self._make_workspaces()
        words = super()._read(batch, n_threads, workspaces).inputs
        spelled = self._spelled(batch.spellings, n_threads, workspaces, training)
        parts = words, spelled[batch.spelling_of_row]
        shape = (batch.n_rows, self.config.n_features)
        rows = workspaces["words"].take("words", shape)
        return batch.with_inputs(np.concatenate(parts, axis=1, out=rows))

    def _spelled(self, spellings, n_threads, workspaces, training):
        """Last states of both directions over each spelling."""
        rows = self._character_embedding.forward(
            spellings.inputs.reshape(-1), self._character_table, workspaces["words"]
        )
        of_reader = {
            place: workspaces["characters", *place] for place in self._reader.layers
        }
        packed = self._pack_reader(of_reader, training)
        arrays = self._reader.arrays(self._reader_parameters, packed, of_reader)
        run = Pass(spellings.with_inputs(rows), n_threads, training)
        features, traces = self._reader.forward(run, arrays, "last")
        if training:
            self._reader_pass = run, traces, arrays
        return features

    def _pack_reader(self, workspaces, training):
        """Packed weights of the reader; in inference kept until they change."""
        if training:
            return self._reader.pack_forward(self._reader_parameters, workspaces)
        packed = self._packed_reader
        if packed is None:
            own = {place: Workspace(self.dtype) for place in self._reader.layers}
            packed = self._reader.pack_forward(self._reader_parameters, own)
            self._packed_reader = packed
        return packed

    def _d_inputs(self, batch):
        width = round_up(self.config.n_features, self.kernels.lanes())
        return self.workspaces["words"].take("d_words", (batch.n_rows, width))

    def _read_backward(self, batch, d_inputs, gradients):
        super()._read_backward(batch, d_inputs, gradients)
        config, workspace = self.config, self.workspaces["words"]
        run, traces, arrays = self._reader_pass
        self._reader_pass = None
        of_spelling = d_inputs[:, config.table_size : config.n_features]
        _, sums = sum_rows(batch.spelling_of_row, of_spelling)
        d_characters = self._character_embedding.d_rows(run.batch.n_rows, workspace)
        self._reader.backward(
            run, traces, sums, arrays, self._of_reader(gradients), d_inputs=d_characters
        )
        self._character_embedding.backward(
            batch.spellings.inputs.reshape(-1), d_characters,
            {"table": gradients[_CHARACTERS]},
        )  # fmt: skip
