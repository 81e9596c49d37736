"""The encoder-decoder network: a source is read, a sequence of symbols is written.

    source symbols -> rows -> encoder layers ----+---- memory ------------+
                                                 |                        |
                                              bridge                  attention
                                                 |                        |
    target symbols -> rows -> decoder layers, from its states -> tanh layer -> scores

Without an encoder, the bridge starts from the source vectors themselves. Every part is
a module of its own; here they are put together around one flat vector.
"""

import numpy as np

from .._kernels import kernels_for
from .attention import Attention
from .bridge import Bridge
from .decoder_head import DecoderHead
from .embedding import Embedding
from .initializers import initialize_layer, initialize_output
from .parameters import FlatParameters, ParameterLayout
from .sequence_to_sequence_config import SequenceToSequenceConfig
from .sequence_to_sequence_passes import SequenceToSequencePass, Workspaces
from .stack import LayerStack

__all__ = ["SequenceToSequence"]

# Standard deviation of the rows of symbols at the start.
EMBEDDING_SCALE = 0.1

_TABLE, _SOURCE_TABLE = ("embedding", "table"), ("source_embedding", "table")


class SequenceToSequence(FlatParameters):
    """Recurrent layers that read, and recurrent layers that write.

    Parameters
    ----------
    n_features, n_symbols : int
    **choices
        Further fields of `SequenceToSequenceConfig`.

    Attributes
    ----------
    config : SequenceToSequenceConfig
    dtype : dtype
    parameters : ndarray of shape (n_parameters,)
        The flat vector. After writing into it call `parameters_changed`.
    n_parameters : int
    is_weight : ndarray of bool of shape (n_parameters,)
        False for biases.
    views : dict
        Views of the flat vector by part, then by name.
    kernels : module
    """

    def __init__(self, n_features, n_symbols, **choices):
        self.config = SequenceToSequenceConfig(n_features, n_symbols, **choices)
        self._build()

    # ---- structure -----------------------------------------------------------------

    def _build(self, parameters=None):
        config = self.config
        self.dtype = np.dtype(config.dtype)
        self.kernels = kernels_for(self.dtype)
        make = (self.dtype, self.kernels)
        self.encoder = self.source_embedding = self.attention = None
        n_read, context_size = config.n_features, 0
        if config.encoder is not None:
            self.encoder = LayerStack(config.encoder, *make, drops_outputs=False)
            n_read = self.encoder.n_outputs
        if config.source == "symbols":
            self.source_embedding = Embedding(
                config.n_features, config.source_embedding_size, *make
            )
        self.embedding = Embedding(config.n_symbols, config.embedding_size, *make)
        self.decoder = LayerStack(config.decoder, *make, drops_outputs=False)
        hidden_size = self.decoder.n_outputs
        if config.attention is not None:
            context_size = n_read
            self.attention = Attention(config.attention, hidden_size, n_read, *make)
        self.bridge = Bridge(n_read, list(self.decoder.layers.values()), *make)
        self.head = DecoderHead(
            hidden_size, context_size, config.embedding_size, config.n_symbols,
            config.dropout, *make,
        )  # fmt: skip
        self._parameter_layout = ParameterLayout(self._shapes())
        self.n_parameters = self._parameter_layout.n_parameters
        if parameters is None:
            parameters = np.zeros(self.n_parameters, dtype=self.dtype)
        self.parameters = parameters
        self.is_weight = self._parameter_layout.is_weight()
        self._workspaces = self._pass = None
        self._bind()

    def _shapes(self):
        """Shapes by part and name, in the order of the flat vector: tables last."""
        parts = {}
        for name, stack in (("encoder", self.encoder), ("decoder", self.decoder)):
            if stack is not None:
                for place, layer in stack.layers.items():
                    parts[name, *place] = layer.parameter_shapes
        parts["bridge",] = self.bridge.parameter_shapes
        if self.attention is not None:
            parts["attention",] = self.attention.parameter_shapes
        parts["mix",] = self.head.mix.parameter_shapes
        output = dict(self.head.output.parameter_shapes)
        if self.config.tied:
            del output["weight"]
        parts["output",] = output
        parts["embedding",] = self.embedding.parameter_shapes
        if self.source_embedding is not None:
            parts["source_embedding",] = self.source_embedding.parameter_shapes
        return {
            (*part, name): shape
            for part, shapes in parts.items()
            for name, shape in shapes.items()
        }

    def _parts(self, flat):
        """Views of a flat vector: by part, then by name."""
        parts = {"attention": {}}
        for (*part, name), view in self._parameter_layout.views(flat).items():
            key = part[0] if len(part) == 1 else (part[0], tuple(part[1:]))
            parts.setdefault(key, {})[name] = view
        for stack in ("encoder", "decoder"):
            parts[stack] = {
                key[1]: views for key, views in parts.items() if key[0] == stack
            }
        if self.config.tied:
            parts["output"]["weight"] = parts["embedding"]["table"]
        return parts

    def _bind(self):
        """Views of the flat vector, and no packed panels yet."""
        self.views = self._parts(self.parameters)
        self._gradient_views = (None, None)
        self._packed = None

    @property
    def n_dense(self):
        """Number of parameters that have a gradient in every pass."""
        start_of = self._parameter_layout.start_of
        if not self.config.tied:  # otherwise the table is the weights of the scores
            return start_of(_TABLE)
        if self.source_embedding is None:
            return self.n_parameters
        return start_of(_SOURCE_TABLE)

    @property
    def n_multiplied(self):
        """Number of parameters that a row is multiplied by: those of no table."""
        return self.n_dense

    def row_gradient(self, part, rows, values):
        """Gradient of rows of the table of "embedding" or "source_embedding"."""
        return self._parameter_layout.row_gradient((part, "table"), rows, values)

    @property
    def n_encoder_layers(self):
        """How many of `layers` read; those after them write."""
        return 0 if self.encoder is None else len(self.config.encoder_layer_sizes)

    @property
    def direction_sizes(self):
        """Elements of each of the encoder's directions, side by side in its rows."""
        top = self.encoder.layers[max(self.encoder.layers)]
        return (top.output_size,) * len(self.encoder.config.directions)

    def _views_of_layers(self):
        """The layers of the encoder, then those of the decoder."""
        return [
            [self.views[name][i, direction] for direction in stack.config.directions]
            for stack, name in ((self.encoder, "encoder"), (self.decoder, "decoder"))
            if stack is not None
            for i in range(len(stack.config.hidden_layer_sizes))
        ]

    @property
    def output_bias(self):
        """Writable view of the biases of the scores."""
        return self.views["output"]["bias"]

    # ---- parameters ----------------------------------------------------------------

    def initialize(
        self, rng, *, weight_init="orthogonal", init_scale=None, forget_bias=1.0,
        max_length=None,
    ):  # fmt: skip
        """Draw starting values; see `RecurrentNetwork.initialize`."""
        self.make_writable()
        views = self.views
        for name in ("source_embedding", "embedding"):
            if name in views:
                table = views[name]["table"]
                table[:] = rng.normal(0.0, EMBEDDING_SCALE, table.shape)
        for name, stack in (("encoder", self.encoder), ("decoder", self.decoder)):
            for place, layer in stack.layers.items() if stack is not None else ():
                initialize_layer(
                    rng, layer.cell, views[name][place], weight_init=weight_init,
                    init_scale=init_scale, forget_bias=forget_bias,
                    max_length=max_length,
                )  # fmt: skip
        for name in ("bridge", "attention", "mix", "output"):
            for key, array in views[name].items():
                if key == "bias":
                    array[:] = 0
                elif not (name == "output" and self.config.tied):
                    matrix = array.reshape(-1, array.shape[-1])
                    initialize_output(rng, matrix, np.empty(len(matrix)))
        self.parameters_changed()

    # ---- training passes -----------------------------------------------------------

    def forward(
        self, batch, n_threads=1, *, noise_seed=(0,), noise_keys=None,
        window_steps=None, truncate=False,
    ):  # fmt: skip
        """Scores of every target step; keeps what `backward` needs.

        Parameters
        ----------
        batch : PairedBatch
        n_threads : int, default=1
        noise_seed : tuple of int, default=(0,)
            Another one for every update.
        noise_keys : ndarray of int of shape (n_samples,), default=None
            What each sample draws by, in the order of the targets.
        window_steps, truncate
            Not supported: must be None and False.

        Returns
        -------
        scores : ndarray of shape (n_rows, n_symbols)
        """
        if window_steps is not None or truncate:
            raise ValueError("encoder-decoder networks keep all steps: no windows")
        if self._workspaces is None:
            self._workspaces = Workspaces(self.dtype)
        noise = None
        if self.config.is_noisy:
            keys = batch.index if noise_keys is None else noise_keys
            noise = noise_seed, np.asarray(keys)
        self._pass = SequenceToSequencePass(
            self, batch, self._pack_forward(self._workspaces), self._workspaces,
            n_threads, noise=noise, training=True,
        )  # fmt: skip
        return self._pass.forward()

    def backward(self, d_scores, gradient, n_threads=1):
        """The gradient of the flat vector, after `forward`.

        That of a table that a batch sees some rows of is left in ``row_gradients``,
        unless there is a place for it.

        Parameters
        ----------
        d_scores : ndarray of shape (n_rows, n_symbols)
        gradient : ndarray of shape (n_dense,) or (n_parameters,)
            Overwritten.
        n_threads : int, default=1
            Without effect: that of `forward` counts.
        """
        run, self._pass = self._pass, None
        if self._gradient_views[0] is not gradient:
            self._gradient_views = (gradient, self._parts(gradient))
        self.row_gradients = run.backward(d_scores, self._gradient_views[1])

    # ---- inference -----------------------------------------------------------------

    def predict(self, batch, n_threads=1):
        """Scores of every target step given those before it.

        Safe to call from several threads at once.

        Parameters
        ----------
        batch : PairedBatch
        n_threads : int, default=1

        Returns
        -------
        scores : ndarray of shape (n_rows, n_symbols)
            A sample's do not depend on the others in the batch, to the last bit.
        """
        return self._inference(batch, n_threads).forward()

    def attention_weights(self, batch, n_threads=1):
        """Where every target step looks.

        Parameters
        ----------
        batch : PairedBatch
        n_threads : int, default=1

        Returns
        -------
        weights : ndarray of shape (n_rows, longest source)
            Zero beyond a sample's source.
        """
        run = self._inference(batch, n_threads)
        run.forward()
        return run.weights

    def _inference(self, batch, n_threads):
        workspaces = Workspaces(self.dtype)
        return SequenceToSequencePass(self, batch, self.packed(), workspaces, n_threads)

    # ---- packed weights ------------------------------------------------------------

    def packed(self):
        """Packed weights of all parts, kept until the parameters change."""
        packed = self._packed
        if packed is None:
            packed = self._packed = self._pack_forward(Workspaces(self.dtype))
        return packed

    def _pack_forward(self, workspaces):
        views = self.views
        packed = {
            "bridge": self.bridge.projection.pack_forward(
                views["bridge"], workspaces["bridge"]
            ),
            "head": self.head.pack_forward(
                views["mix"], views["output"], workspaces["head"]
            ),
        }
        for name, stack in (("encoder", self.encoder), ("decoder", self.decoder)):
            if stack is not None:
                packed[name] = stack.pack_forward(views[name], workspaces.of(name))
        if self.attention is not None:
            packed["attention"] = self.attention.pack_forward(
                views["attention"], workspaces["attention"]
            )
        return packed

    # ---- persistence ---------------------------------------------------------------

    def __setstate__(self, state):
        self.config = SequenceToSequenceConfig(**state["config"])
        self._build(state["parameters"])
