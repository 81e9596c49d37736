"""Attention between two packed batches: random problems, and NumPy's answers."""

import numpy as np
from framed_arrays import Framed, read_only

# Steps of each sample that asks, and of each that is looked at, in the order of their
# batches: descending. The sample asking third looks at nothing.
QUERY_LENGTHS = (7, 5, 5, 3, 2, 1)
MEMORY_LENGTHS = (20, 9, 6, 5, 1, 0)
MEMORY_PLACE = (3, 0, 5, 4, 1, 2)


def packed_offsets(lengths):
    """Packed row where each step starts; lengths descend."""
    lengths = np.asarray(lengths, dtype=np.intp)
    n_alive = [(lengths > t).sum() for t in range(max(lengths, default=0))]
    return np.concatenate([[0], np.cumsum(n_alive)]).astype(np.intp)


class AttentionProblem:
    """Queries, keys and values of packed samples.

    Parameters
    ----------
    kernels : module
    dtype : dtype
    additive : bool
    shared : bool
        Whether the keys are the values.
    sizes : tuple of int, default=(7, 5)
        Real elements of a query and of a value; the rest of their rows is zero.
    query_lengths, memory_lengths, place : sequence of int
    seed : int, default=0
    """

    def __init__(
        self, kernels, dtype, additive, shared, sizes=(7, 5),
        query_lengths=QUERY_LENGTHS, memory_lengths=MEMORY_LENGTHS,
        place=MEMORY_PLACE, seed=0,
    ):  # fmt: skip
        self.kernels, self.dtype = kernels, np.dtype(dtype)
        self.query_lengths = np.array(query_lengths, dtype=np.intp)
        self.memory_lengths = np.array(memory_lengths, dtype=np.intp)
        self.place = np.array(place, dtype=np.intp)
        self.query_offsets = packed_offsets(query_lengths)
        self.memory_offsets = packed_offsets(memory_lengths)
        rng = np.random.default_rng(seed)
        n_terms, n_values = sizes if not shared else (sizes[0], sizes[0])
        n_queries, n_memory = self.query_offsets[-1], self.memory_offsets[-1]
        self.queries = self._padded(rng, n_queries, n_terms)
        self.keys = self._padded(rng, n_memory, n_terms)
        self.values = self.keys if shared else self._padded(rng, n_memory, n_values)
        self.d_context = self._padded(rng, n_queries, n_values)
        self.score_weight = self._padded(rng, 1, n_terms)[0] if additive else None
        self.shared = shared

    def _padded(self, rng, n_rows, size):
        lanes = self.kernels.lanes()
        rows = np.zeros((n_rows, -(-size // lanes) * lanes), dtype=self.dtype)
        rows[:, :size] = rng.normal(size=(n_rows, size))
        return rows

    def _places(self):
        lengths = self.query_offsets, self.query_lengths
        return (*lengths, self.memory_offsets, self.memory_lengths, self.place)

    @property
    def weight_width(self):
        """A little more than the longest memory has steps."""
        return int(self.memory_lengths.max(initial=0)) + 2

    def forward(self, n_threads=1):
        """Weights and contexts, by the kernel."""
        n_queries = len(self.queries)
        weights = Framed((n_queries, self.weight_width), self.dtype)
        context = Framed((n_queries, self.values.shape[1]), self.dtype)
        keys = read_only(self.keys)
        self.kernels.attention_forward(
            self.score_weight, read_only(self.queries), keys,
            keys if self.shared else read_only(self.values), *self._places(),
            weights.array, context.array, n_threads,
        )  # fmt: skip
        weights.assert_frame_untouched()
        context.assert_frame_untouched()
        return weights.array, context.array

    def backward(self, n_threads=1):
        """Gradients by name, by the kernel, for the loss sum(context * d_context)."""
        weights, _ = self.forward(n_threads)
        like = {"queries": self.queries, "keys": self.keys}
        if not self.shared:
            like["values"] = self.values
        if self.score_weight is not None:
            shape = (len(self.place), len(self.score_weight))
            like["score_weight"] = np.empty(shape)
        found = {name: Framed(array.shape, self.dtype) for name, array in like.items()}
        d_scores = Framed(weights.shape, self.dtype)
        self.kernels.attention_backward(
            self.score_weight, self.queries, self.keys, self.values, *self._places(),
            read_only(weights), read_only(self.d_context), d_scores.array,
            *(
                found[name].array if name in found else None
                for name in ("queries", "keys", "values", "score_weight")
            ),
            n_threads,
        )  # fmt: skip
        for framed in (d_scores, *found.values()):
            framed.assert_frame_untouched()
        return {name: framed.array for name, framed in found.items()}

    def rows(self, sample):
        """Packed rows of a sample's queries and of the memory it looks at."""
        place = self.place[sample]
        queries = self.query_offsets[: self.query_lengths[sample]] + sample
        return queries, self.memory_offsets[: self.memory_lengths[place]] + place

    def reference(self):
        """Weights and contexts sample by sample, in plain NumPy."""
        weights = np.zeros((len(self.queries), self.weight_width))
        context = np.zeros((len(self.queries), self.values.shape[1]))
        for sample in range(len(self.place)):
            of_queries, of_memory = self.rows(sample)
            if not len(of_memory):
                continue
            keys, values = self.keys[of_memory], self.values[of_memory]
            for row in of_queries:
                scores = keys @ self.queries[row]
                if self.score_weight is not None:
                    scores = np.tanh(keys + self.queries[row]) @ self.score_weight
                exponentials = np.exp(scores - scores.max())
                weights[row, : len(scores)] = exponentials / exponentials.sum()
                context[row] = weights[row, : len(scores)] @ values
        return weights, context

    def loss(self):
        """What `backward` differentiates."""
        return (self.forward()[1] * self.d_context).sum()
