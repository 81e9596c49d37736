"""Two graphs of a sequence-to-sequence model: a source is read; one step is written."""

from typing import NamedTuple

import numpy as np

from .export import Export
from .graph import Tensor
from .layers import add_stack
from .padding import padded
from .states import initial_states, last_states, state_tensors
from .steps import Steps
from .symbols import symbol_facts

__all__ = ["DecoderExport", "EncoderDecoder", "EncoderExport"]


class EncoderDecoder(NamedTuple):
    """What `to_onnx` makes of `LSTMSeq2Seq`.

    Parameters
    ----------
    encoder : onnx.ModelProto
        Reads sources: states to start from and, for attention, the memory.
    decoder : onnx.ModelProto
        Reads one symbol and the states: log-probabilities of what comes next, and the
        next states.

    See Also
    --------
    to_onnx : Says what both read.
    """

    encoder: object
    decoder: object


class _PartExport(Export):
    """What both parts know of the network."""

    @property
    def decoder_config(self):
        """Of the layers that write."""
        return self.network.decoder.config

    @property
    def n_encoder_layers(self):
        """Layers that read, the first of ``network.layers``."""
        encoder = self.network.encoder
        return 0 if encoder is None else len(encoder.config.hidden_layer_sizes)

    def memory_tensors(self):
        """What the decoder looks at, by the encoder's outputs."""
        attention, axes = self.network.attention, ("n_samples", "n_timesteps")
        if attention is None:
            return []
        tensors = [Tensor("memory", np.float32, (*axes, attention.memory_size))]
        if attention.kind == "additive":
            tensors.append(Tensor("keys", np.float32, (*axes, attention.n_terms)))
        return tensors


class EncoderExport(_PartExport):
    """Of the part that reads sources."""

    def inputs(self, ragged):
        """Return codes or vectors, and the lengths of sequences."""
        kind, axes = self.network.config.source, ("n_samples", "n_timesteps")
        n_features = self.network.config.n_features
        if kind == "vector":
            return [Tensor("X", np.float32, ("n_samples", n_features))]
        source = Tensor("codes", np.int64, axes)
        if kind == "vectors":
            source = Tensor("X", np.float32, (*axes, n_features))
        lengths = [Tensor("lengths", np.int64, ("n_samples",))] if ragged else []
        return [source, *lengths]

    def outputs(self, graph, inputs):
        """Add the nodes; see `Export`."""
        network, memory = self.network, []
        vectors = inputs["X"].name if "X" in inputs else None
        if network.encoder is not None:
            rows, steps = self._read(graph, inputs)
            hidden, states = add_stack(
                graph, network.encoder.config, network.layers[: self.n_encoder_layers],
                rows, steps,
            )  # fmt: skip
            vectors = graph.joined([one["hidden_0"] for one in states[-1]], axis=1)
            memory = self._memory(graph, steps.by_sample(hidden))
        return [*self._bridge(graph, vectors), *memory]

    def _read(self, graph, inputs):
        lengths = inputs["lengths"].name if "lengths" in inputs else None
        if "codes" in inputs:
            table = self.network.views["source_embedding"]["table"]
            codes = graph.transposed(inputs["codes"].name, 1, 0)
            rows = graph.op("Gather", np.asarray(table, np.float32), codes)
        else:
            rows = graph.transposed(inputs["X"].name, 1, 0, 2)
        return rows, Steps(graph, rows, lengths)

    def _memory(self, graph, hidden):
        values = [hidden]
        if self.network.attention is not None:
            weights = self.network.views["attention"]
            if "weight_memory" in weights:
                values.append(graph.affine(hidden, weights["weight_memory"]))
        tensors = self.memory_tensors()
        return [
            tensor._replace(value=value)
            for tensor, value in zip(tensors, values, strict=False)
        ]

    def _bridge(self, graph, vectors):
        """States that the decoder starts from."""
        bridge, states = self.network.views["bridge"], []
        start = 0
        for tensor in state_tensors(self.decoder_config):
            rows = slice(start, start + tensor.shape[1])
            start = rows.stop
            state = graph.affine(vectors, bridge["weight"][rows], bridge["bias"][rows])
            if tensor.name.startswith("hidden"):
                state = graph.op("Tanh", state)
            states.append(tensor._replace(value=state))
        return states

    def feeds(self, X, ragged):
        """Return what the graph reads; see `Export`."""
        sources = self.estimator._read_inputs(X, reset=False)
        kind = self.network.config.source
        if kind == "vector":
            return {"X": np.asarray(sources, dtype=np.float32)}
        symbolic = kind == "symbols"
        name = "codes" if symbolic else "X"
        return padded(sources, ragged, name=name, as_table=symbolic)

    def facts(self):
        """Return the symbols of sources; each source ends with the mark of the end."""
        reader = self.estimator._reader
        if reader.table is None:
            return {}
        return {**symbol_facts(reader.table), "unknown": 0, "end": reader.end}


class DecoderExport(_PartExport):
    """Of one step of the part that writes."""

    def inputs(self, ragged):
        """Return the last symbol, the states, and what is looked at."""
        memory = self.memory_tensors()
        lengths = []
        if memory and ragged:
            lengths = [Tensor("lengths", np.int64, ("n_samples",))]
        return [
            Tensor("symbol", np.int64, ("n_samples",)),
            *state_tensors(self.decoder_config), *memory, *lengths,
        ]  # fmt: skip

    def outputs(self, graph, inputs):
        """Add the nodes; see `Export`."""
        network, views = self.network, self.network.views
        table = np.asarray(views["embedding"]["table"], np.float32)
        rows = graph.op("Gather", table, inputs["symbol"].name)
        rows = graph.op("Unsqueeze", rows, [0])  # one step
        _, states = add_stack(
            graph, self.decoder_config, network.layers[self.n_encoder_layers :], rows,
            Steps(graph, rows, None), initial_states(self.decoder_config, inputs),
        )  # fmt: skip
        hidden, mix, attention = states[-1][0]["hidden_0"], views["mix"], []
        mixed = graph.affine(hidden, mix["weight_hidden"], mix["bias"])
        if network.attention is not None:
            weights, context = self._look(graph, inputs, hidden)
            seen = graph.affine(context, mix["weight_context"])
            mixed = graph.op("Add", mixed, seen)
            shape = ("n_samples", "n_timesteps")
            attention = [Tensor("attention", np.float32, shape, weights)]
        mixed = graph.op("Tanh", mixed)
        output = views["output"]
        scores = graph.affine(mixed, output["weight"], output["bias"])
        logarithms = graph.op("LogSoftmax", scores, axis=1)
        shape = ("n_samples", network.config.n_symbols)
        return [
            Tensor("log_probabilities", np.float32, shape, logarithms),
            *last_states(self.decoder_config, states), *attention,
        ]  # fmt: skip

    def _look(self, graph, inputs, hidden):
        """Attention weights (n_samples, n_timesteps), and the context."""
        views, memory = self.network.views["attention"], inputs["memory"].name
        query = hidden
        if "weight_query" in views:
            query = graph.affine(hidden, views["weight_query"], views.get("bias"))
        query = graph.op("Unsqueeze", query, [1])
        if "keys" in inputs:
            terms = graph.op("Tanh", graph.op("Add", inputs["keys"].name, query))
            scores = graph.affine(terms, views["weight_score"][np.newaxis])
        else:
            scores = graph.op("MatMul", memory, graph.transposed(query, 0, 2, 1))
        scores = graph.op("Squeeze", scores, [2])
        if "lengths" in inputs:
            by_time = graph.transposed(memory, 1, 0, 2)
            steps = Steps(graph, by_time, inputs["lengths"].name)
            real = graph.op("Squeeze", steps.are_real, [2])
            real = graph.transposed(real, 1, 0)
            scores = graph.op("Where", real, scores, np.finfo(np.float32).min)
        weights = graph.op("Softmax", scores, axis=1)
        context = graph.op("MatMul", graph.op("Unsqueeze", weights, [1]), memory)
        return weights, graph.op("Squeeze", context, [1])

    def facts(self):
        """Return the symbols, the marks, and how long an answer may be."""
        task = self.estimator._task
        return {
            **symbol_facts(task.table), "unknown": 0, "start": task.start,
            "end": task.end, "never_written": task.forbidden,
            "max_length": self.estimator.max_length or 2 * task.longest,
        }  # fmt: skip
