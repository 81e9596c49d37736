"""Passes through an encoder-decoder network: all target steps at once, and back."""

import numpy as np

from .attention import pair_batches
from .bridge import last_rows
from .chain import Pass
from .dropout import PassNoise
from .memory import Workspace
from .projection import whole_rows

__all__ = ["SequenceToSequencePass", "Workspaces"]


class Workspaces(dict):
    """Workspaces by name, made when they are asked for first."""

    def __init__(self, dtype):
        super().__init__()
        self._dtype = dtype

    def __missing__(self, name):
        workspace = self[name] = Workspace(self._dtype)
        return workspace

    def of(self, stack):
        """Those of the layers of a stack, by place."""
        return _LayerWorkspaces(self, stack)


class _LayerWorkspaces:
    """Workspaces of a stack's layers."""

    def __init__(self, workspaces, stack):
        self._workspaces, self._stack = workspaces, stack

    def __getitem__(self, place):
        return self._workspaces[self._stack, place]


class SequenceToSequencePass:
    """One pass; keeps what its backward pass needs.

    Parameters
    ----------
    network : SequenceToSequence
    batch : PairedBatch
    packed : dict
        The network's packed weights.
    workspaces : Workspaces
    n_threads : int, default=1
    noise : tuple of (seed, keys), default=None
        What dropout and zoneout draw by, keys in the order of the targets; None in
        inference.
    training : bool, default=False
        Whether `backward` follows.

    Attributes
    ----------
    weights : ndarray of shape (n_rows, longest source) or None
        Where each target step looked.
    """

    def __init__(
        self, network, batch, packed, workspaces, n_threads=1, *, noise=None,
        training=False,
    ):  # fmt: skip
        self.network, self.batch = network, batch
        self._packed, self._workspaces = packed, workspaces
        self._n_threads, self._training = n_threads, training
        self.places = None
        if batch.source is not None:
            self.places = pair_batches(batch.target, batch.source)
        self._noises = self._draw(noise)
        self.weights = None

    def _draw(self, noise):
        """Noise of encoder, decoder and head; each draws of its own."""
        if noise is None:
            return None, None, None
        seed, keys = noise
        of_source = keys
        if self.places is not None:
            of_source = np.empty_like(keys)
            of_source[self.places.memory_place] = keys
        return [
            PassNoise(self.network.kernels, (*seed, part), of_part)
            for part, of_part in enumerate((of_source, keys, keys))
        ]

    def _arrays(self, name, views):
        stack = getattr(self.network, name)
        workspaces = self._workspaces.of(name)
        return stack.arrays(views[name], self._packed[name], workspaces)

    # ---- forward -------------------------------------------------------------------

    def start(self):
        """Read the sources.

        Returns
        -------
        initial : list of dict
            States that the decoder's layers start from, in the order of the targets.
        """
        network = self.network
        self._vectors = self.batch.vectors
        if network.encoder is not None:
            self._read()
        self._initial = network.bridge.forward(
            self._vectors, self._packed["bridge"], self._workspaces["bridge"],
            self._n_threads,
        )  # fmt: skip
        if self.places is None:
            return self._initial
        return _reordered(self._initial, self.places.memory_place)

    def _read(self):
        """Run the encoder: its last states, and all of them for attention."""
        network, source, workspaces = self.network, self.batch.source, self._workspaces
        if network.source_embedding is not None:
            rows = network.source_embedding.forward(
                source.inputs.reshape(-1), network.views["source_embedding"],
                workspaces["source_embedding"],
            )  # fmt: skip
            source = source.with_inputs(rows)
        self._encoder_run = Pass(
            source, self._n_threads, self._training, self._noises[0]
        )
        self._encoder_arrays = self._arrays("encoder", network.views)
        features, self._encoder_trace = network.encoder.forward(
            self._encoder_run, self._encoder_arrays, None
        )
        self.memory = whole_rows(
            features, network.encoder.n_outputs, network.kernels, workspaces["memory"],
            "rows",
        )  # fmt: skip
        self._last = last_rows(source, *network.direction_sizes)
        self._vectors = self.memory[self._last]
        if network.attention is not None:
            self.keys = network.attention.project_memory(
                self.memory, self._packed["attention"], workspaces["attention"],
                self._n_threads,
            )  # fmt: skip

    def forward(self):
        """Scores of all target steps, of shape (n_rows, n_symbols)."""
        network, target, workspaces = self.network, self.batch.target, self._workspaces
        initial = self.start()
        rows = network.embedding.forward(
            target.inputs, network.views["embedding"], workspaces["embedding"]
        )
        self._decoder_run = Pass(
            target.with_inputs(rows), self._n_threads, self._training, self._noises[1]
        )
        self._decoder_arrays = self._arrays("decoder", network.views)
        hidden, self._decoder_trace = network.decoder.forward(
            self._decoder_run, self._decoder_arrays, None, initial
        )
        return self.score(hidden, self.places, target.offsets, self._noises[2])

    def score(self, hidden, places, offsets=None, noise=None):
        """Scores of hidden states that look at the memory as ``places`` say."""
        network, inputs = self.network, {"weight_hidden": hidden}
        if network.attention is not None:
            inputs["weight_context"], self._attention_trace = network.attention.forward(
                hidden, self.memory, self.keys, places, self._packed["attention"],
                self._workspaces["attention"], self._n_threads,
            )  # fmt: skip
            self.weights = self._attention_trace.weights
        scores, self._head_trace = network.head.forward(
            inputs, self._packed["head"], self._workspaces, self._n_threads, offsets,
            noise,
        )  # fmt: skip
        return scores[:, : network.config.n_symbols]

    def kept_layers(self):
        """What a training pass has kept of each layer, before its backward pass.

        Returns
        -------
        kept : dict
            By number and direction, the decoder's after the encoder's: the layer, and
            what `LayerStack.layer_runs` says of it.
        """
        network, kept = self.network, {}
        parts = [(network.n_encoder_layers, network.decoder, self._decoder_trace)]
        if network.encoder is not None:
            parts.append((0, network.encoder, self._encoder_trace))
        for n_before, stack, trace in parts:
            for (number, direction), layer_run in stack.layer_runs(trace).items():
                layer = stack.layers[number, direction]
                kept[n_before + number, direction] = layer, layer_run
        return kept

    # ---- backward ------------------------------------------------------------------

    def backward(self, d_scores, gradients):
        """Fill the gradients of all parameters.

        Parameters
        ----------
        d_scores : ndarray of shape (n_rows, n_symbols)
        gradients : dict
            Views by part and name; overwritten.

        Returns
        -------
        row_gradients : list of RowGradient
            Of the tables that are not among the views.
        """
        self._row_gradients = []
        network, views = self.network, self.network.views
        workspaces, n_threads = self._workspaces, self._n_threads
        d_inputs = network.head.backward(
            self._head_trace, d_scores, views["mix"], views["output"], gradients["mix"],
            gradients["output"], workspaces["head"], n_threads,
        )  # fmt: skip
        d_hidden, d_memory = d_inputs["weight_hidden"], None
        if network.attention is not None:
            of_queries, d_memory = network.attention.backward(
                self._attention_trace, d_inputs["weight_context"], views["attention"],
                gradients["attention"], workspaces["attention"], n_threads,
            )  # fmt: skip
            d_hidden += of_queries
        d_vectors = network.bridge.backward(
            self._vectors, self._initial, self._write_backward(d_hidden, gradients),
            views["bridge"], gradients["bridge"], workspaces["bridge"], n_threads,
        )  # fmt: skip
        if network.encoder is not None:
            self._read_backward(d_vectors, d_memory, gradients)
        return self._row_gradients

    def _write_backward(self, d_hidden, gradients):
        """Through the decoder: gradients of its initial states, sources' order."""
        network, codes = self.network, self.batch.target.inputs
        d_rows = network.embedding.d_rows(len(codes), self._workspaces["embedding"])
        d_states = network.decoder.backward(
            self._decoder_run, self._decoder_trace, d_hidden, self._decoder_arrays,
            gradients["decoder"], d_inputs=d_rows, wants_initial=True,
        )  # fmt: skip
        # A tied table has the gradient of the scores in it already.
        self._embed_backward("embedding", codes, d_rows, gradients, network.config.tied)
        layers = network.decoder.layers.values()
        d_initial = [
            layer.initial_gradient(d_state)
            for layer, d_state in zip(layers, d_states, strict=True)
        ]
        if self.places is None:
            return d_initial
        return _reordered(d_initial, np.argsort(self.places.memory_place))

    def _read_backward(self, d_vectors, d_memory, gradients):
        """Through the encoder."""
        network, source, workspaces = self.network, self.batch.source, self._workspaces
        if d_memory is None:
            d_memory = workspaces["memory"].zeros("d_rows", self.memory.shape)
        d_memory[self._last] += d_vectors[:, : network.encoder.n_outputs]
        d_rows = None
        if network.source_embedding is not None:
            d_rows = network.source_embedding.d_rows(
                source.n_rows, workspaces["source_embedding"]
            )
        network.encoder.backward(
            self._encoder_run, self._encoder_trace, d_memory, self._encoder_arrays,
            gradients["encoder"], d_inputs=d_rows,
        )  # fmt: skip
        if d_rows is not None:
            codes = source.inputs.reshape(-1)
            self._embed_backward("source_embedding", codes, d_rows, gradients)

    def _embed_backward(self, name, codes, d_rows, gradients, accumulate=False):
        embedding = getattr(self.network, name)
        if name in gradients:
            embedding.backward(codes, d_rows, gradients[name], accumulate=accumulate)
            return
        rows = embedding.sums_of_rows(codes, d_rows)
        self._row_gradients.append(self.network.row_gradient(name, *rows))


def _reordered(states, order):
    return [{name: state[order] for name, state in one.items()} for one in states]
