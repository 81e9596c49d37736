"""Attention of a decoder's steps to an encoder's, with its projections."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .memory import round_up
from .projection import Projection

__all__ = ["ATTENTIONS", "Attention", "Places", "pair_batches"]

ATTENTIONS = ("dot", "general", "additive")


class Places(NamedTuple):
    """Which packed rows look at which, as the kernels take it.

    Attributes
    ----------
    query_offsets, query_lengths : ndarray of intp
        Of the batch that looks.
    memory_offsets, memory_lengths : ndarray of intp
        Of the batch that is looked at.
    memory_place : ndarray of intp of shape (n_samples,)
        For each sequence that looks, the place of its memory in the other batch.
    """

    query_offsets: np.ndarray
    query_lengths: np.ndarray
    memory_offsets: np.ndarray
    memory_lengths: np.ndarray
    memory_place: np.ndarray


def pair_batches(queries, memory):
    """Places of two packed batches of the same samples, each in its own order.

    Parameters
    ----------
    queries, memory : PackedBatch
        Of the same samples, by the numbers in their ``index``.

    Returns
    -------
    places : Places
    """
    order = np.argsort(memory.index, kind="stable")
    place = order[np.searchsorted(memory.index, queries.index, sorter=order)]
    return Places(
        queries.offsets, queries.lengths, memory.offsets, memory.lengths,
        place.astype(np.intp),
    )  # fmt: skip


@dataclass(slots=True)
class _Trace:
    """What `Attention.backward` needs of a pass."""

    hidden: np.ndarray
    memory: np.ndarray
    queries: np.ndarray
    keys: np.ndarray
    weights: np.ndarray
    places: Places
    score_weight: np.ndarray | None


class Attention:
    """Every step of a decoder looks at all steps of its encoder.

    "dot": the score of two steps is the product of their hidden states, which must be
    of one size. "general" (Luong et al. 2015): a matrix stands between them.
    "additive" (Bahdanau et al. 2015): a layer of tanh units reads both.

    Parameters
    ----------
    kind : {"dot", "general", "additive"}
    query_size, memory_size : int
        Elements of the hidden states of the decoder and of the encoder.
    dtype : {float32, float64}
    kernels : module
    additive_size : int, default=None
        Units of an additive score; by default as many as the queries' elements.

    Attributes
    ----------
    parameter_shapes : dict of str to tuple
        "weight_query"; of additive scores "weight_memory", "bias" and "weight_score"
        as well; none of "dot".
    """

    def __init__(
        self, kind, query_size, memory_size, dtype, kernels, *, additive_size=None
    ):
        if kind not in ATTENTIONS:
            raise ValueError(f"attention must be one of {ATTENTIONS}, got {kind!r}")
        if kind == "dot" and query_size != memory_size:
            raise ValueError(
                f"attention='dot' multiplies hidden states of the decoder, of size "
                f"{query_size}, with those of the encoder, of size {memory_size}; make "
                "the sizes equal (both directions of an encoder count), or use "
                "attention='general'"
            )
        self.kind = kind
        self.query_size = query_size
        self.memory_size = memory_size
        self.dtype = np.dtype(dtype)
        self.kernels = kernels
        self.n_terms = memory_size
        if kind == "additive":
            self.n_terms = additive_size or query_size
        self.parameter_shapes = {}
        self._query = self._memory = None
        make = (self.n_terms, self.dtype, kernels)
        if kind != "dot":
            self._query = Projection(
                "query", {"weight_query": query_size}, *make,
                has_bias=kind == "additive",
            )  # fmt: skip
            self.parameter_shapes |= self._query.parameter_shapes
        if kind == "additive":
            self._memory = Projection(
                "memory", {"weight_memory": memory_size}, *make, has_bias=False
            )
            self.parameter_shapes |= self._memory.parameter_shapes
            self.parameter_shapes["weight_score"] = (self.n_terms,)

    @property
    def memory_stride(self):
        """Width of a row of the memory: whole registers."""
        return round_up(self.memory_size, self.kernels.lanes())

    # ---- passes --------------------------------------------------------------------

    def pack_forward(self, parameters, workspace):
        """Packed weights of the projections, owned by the workspace."""
        packed = {
            projection.name: projection.pack_forward(parameters, workspace)
            for projection in (self._query, self._memory)
            if projection is not None
        }
        if self.kind == "additive":
            stride = round_up(self.n_terms, self.kernels.lanes())
            score_weight = workspace.zeros("score_weight", (stride,))
            score_weight[: self.n_terms] = parameters["weight_score"]
            packed["score_weight"] = score_weight
        return packed

    def project_memory(self, memory, packed, workspace, n_threads=1):
        """What queries are compared with: keys, of all rows of the memory.

        Parameters
        ----------
        memory : ndarray of shape (n_memory_rows, memory_stride)
            Hidden states of the encoder, zero beyond ``memory_size``.
        packed : dict
            From `pack_forward`.
        workspace : Workspace
        n_threads : int, default=1

        Returns
        -------
        keys : ndarray of shape (n_memory_rows, whole registers)
            The memory itself, if it is not projected.
        """
        if self._memory is None:
            return memory
        inputs = {"weight_memory": memory}
        return self._memory.forward(inputs, packed["memory"], workspace, n_threads)

    def forward(self, hidden, memory, keys, places, packed, workspace, n_threads=1):
        """Contexts of all queries.

        Parameters
        ----------
        hidden : ndarray of shape (n_query_rows, whole registers)
            Hidden states of the decoder, zero beyond ``query_size``.
        memory, keys : ndarray of shape (n_memory_rows, whole registers)
            Of the encoder, and from `project_memory`.
        places : Places
        packed : dict
            From `pack_forward`.
        workspace : Workspace
            Owns what is returned.
        n_threads : int, default=1

        Returns
        -------
        context : ndarray of shape (n_query_rows, memory_stride)
        trace : object
            What `backward` needs; its ``weights``, of shape (n_query_rows, longest
            memory), say where each query looked.
        """
        queries = hidden
        if self._query is not None:
            inputs = {"weight_query": hidden}
            queries = self._query.forward(inputs, packed["query"], workspace, n_threads)
        n_steps = max(len(places.memory_offsets) - 1, 1)
        weights = workspace.take("weights", (len(hidden), n_steps))
        context = workspace.take("context", (len(hidden), self.memory_stride))
        score_weight = packed.get("score_weight")
        self.kernels.attention_forward(
            score_weight, queries, keys, memory, *places, weights, context, n_threads
        )
        trace = _Trace(hidden, memory, queries, keys, weights, places, score_weight)
        return context, trace

    def backward(self, trace, d_context, parameters, gradients, workspace, n_threads=1):
        """Fill the gradients of the parameters; return those of both hidden states.

        Parameters
        ----------
        trace : object
            From `forward`. No two queries' sequences may have shared a memory.
        d_context : ndarray of shape (n_query_rows, memory_stride)
        parameters, gradients : mapping from str to ndarray
        workspace : Workspace
            Owns the results.
        n_threads : int, default=1

        Returns
        -------
        d_hidden : ndarray of shape (n_query_rows, whole registers)
        d_memory : ndarray of shape (n_memory_rows, memory_stride)
        """
        is_additive = self.kind == "additive"
        d_queries = workspace.take("d_queries", trace.queries.shape)
        d_memory = d_keys = workspace.take("d_memory", trace.memory.shape)
        d_score_weight = None
        if is_additive:
            d_keys = workspace.take("d_keys", trace.keys.shape)
            shape = (len(trace.places.memory_place), trace.keys.shape[1])
            d_score_weight = workspace.take("d_score_weight", shape)
        self.kernels.attention_backward(
            trace.score_weight, trace.queries, trace.keys, trace.memory, *trace.places,
            trace.weights, d_context, workspace.take("d_scores", trace.weights.shape),
            d_queries, d_keys, d_memory if is_additive else None, d_score_weight,
            n_threads,
        )  # fmt: skip
        how = (parameters, gradients, workspace, n_threads)
        if self._query is not None:
            inputs = {"weight_query": trace.hidden}
            found = self._query.backward(inputs, d_queries, *how)
            d_queries = found["weight_query"]
        if is_additive:
            total = np.add.reduce(d_score_weight, axis=0)
            gradients["weight_score"][:] = total[: self.n_terms]
            inputs = {"weight_memory": trace.memory}
            through_keys = self._memory.backward(inputs, d_keys, *how)
            d_memory += through_keys["weight_memory"]
        return d_queries, d_memory
