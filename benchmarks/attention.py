"""Attention against PyTorch on the CPU: training, and one step of a decoder.

    python benchmarks/attention.py                 every case, one thread
    OMP_NUM_THREADS=2 python benchmarks/attention.py 2

Both sides compute scores, weights and contexts from queries and memory that exist,
and, in the training pass, the gradients of both. PyTorch gets batches of equal lengths,
which it needs no mask for; ours get the same. The last table is one whole step of a
translator's decoder, from symbols to scores. Times are medians of interleaved runs.
"""

import sys
import time

import numpy as np
import torch
from torch import nn

from sklstm._kernels import ISA, kernels_for
from sklstm.network.sequence_to_sequence import SequenceToSequence
from sklstm.network.step_decoder import StepDecoder
from sklstm.sequences import Sequences
from sklstm.sequences.pairs import SequencePairs

# Samples, steps that look, steps that are looked at, elements.
TRAINING = [(64, 12, 12, 384), (32, 30, 30, 128), (16, 100, 400, 256)]
STEPS = [(1, 1, 12, 384), (64, 1, 12, 384), (320, 1, 12, 384), (8, 1, 400, 256)]


class Ours:
    """Our kernels on packed rows."""

    def __init__(self, shape, kind, n_threads):
        n_samples, n_queries, n_memory, size = shape
        self.kernels, self.n_threads = kernels_for(np.float32), n_threads
        rng = np.random.default_rng(0)

        def draw(*shape):
            return rng.normal(size=shape).astype(np.float32) * 0.3

        self.queries = draw(n_queries * n_samples, size)
        self.memory = draw(n_memory * n_samples, size)
        self.projected = self.memory if kind == "dot" else draw(*self.memory.shape)
        self.score_weight = None if kind == "dot" else draw(size)
        self.d_context = draw(n_queries * n_samples, size)
        self.places = (
            np.arange(n_queries + 1, dtype=np.intp) * n_samples,
            np.full(n_samples, n_queries, dtype=np.intp),
            np.arange(n_memory + 1, dtype=np.intp) * n_samples,
            np.full(n_samples, n_memory, dtype=np.intp),
            np.arange(n_samples, dtype=np.intp),
        )
        self.weights = np.empty((len(self.queries), n_memory), dtype=np.float32)
        self.context = np.empty_like(self.queries)
        self.d_scores = np.empty_like(self.weights)
        self.gradients = [np.empty_like(self.queries), np.empty_like(self.memory)]
        self.gradients += [None, None]
        if kind == "additive":
            self.gradients[2:] = np.empty_like(self.memory), draw(n_samples, size)

    def forward(self):
        """Weights and contexts."""
        self.kernels.attention_forward(
            self.score_weight, self.queries, self.projected, self.memory,
            *self.places, self.weights, self.context, self.n_threads,
        )  # fmt: skip

    def train(self):
        """The same and the gradients."""
        self.forward()
        self.kernels.attention_backward(
            self.score_weight, self.queries, self.projected, self.memory,
            *self.places, self.weights, self.d_context, self.d_scores,
            *self.gradients, self.n_threads,
        )  # fmt: skip


class Torch:
    """The same numbers in PyTorch's layout."""

    def __init__(self, ours, shape, kind):
        n_samples, _, _, size = shape

        def by_sample(rows):
            rows = rows.reshape(-1, n_samples, size).transpose(1, 0, 2)
            return torch.tensor(np.ascontiguousarray(rows))

        self.queries = by_sample(ours.queries).requires_grad_()
        self.memory = by_sample(ours.memory).requires_grad_()
        self.additive = kind == "additive"
        if self.additive:
            self.projected = by_sample(ours.projected).requires_grad_()
            self.score_weight = torch.tensor(ours.score_weight, requires_grad=True)
        self.d_context = by_sample(ours.d_context)

    def compute(self):
        """Contexts."""
        if self.additive:
            sums = self.queries[:, :, None] + self.projected[:, None]
            scores = sums.tanh() @ self.score_weight
        else:
            scores = self.queries @ self.memory.transpose(1, 2)
        return scores.softmax(2) @ self.memory

    def forward(self):
        """Contexts without a graph."""
        with torch.inference_mode():
            return self.compute()

    def train(self):
        """Contexts and gradients."""
        for leaf in (self.queries, self.memory):
            leaf.grad = None
        self.compute().backward(self.d_context)


# The decoder of benchmarks/translation.py: units, elements of a symbol, symbols, steps
# that are looked at.
HIDDEN, SIZE, N_SYMBOLS, N_MEMORY = 384, 256, 4400, 12


class OurDecoder:
    """One step of our decoder for some hypotheses."""

    def __init__(self, n_rows, n_threads):
        network = SequenceToSequence(
            100, N_SYMBOLS, encoder_layer_sizes=(HIDDEN // 2,),
            decoder_layer_sizes=(HIDDEN,), source_embedding_size=SIZE,
            embedding_size=SIZE,
        )  # fmt: skip
        network.initialize(np.random.RandomState(0))
        sources = Sequences(
            np.ones((n_rows * N_MEMORY, 1), dtype=np.intp), [N_MEMORY] * n_rows
        )
        none = np.zeros(n_rows, dtype=np.intp)
        pairs = SequencePairs(sources, none[:0], none, start=1, end=2)
        self.decoder = StepDecoder(network, pairs.pack(), n_threads)
        self.symbols = np.full(n_rows, 5)

    def step(self):
        """Scores of the next symbols."""
        return self.decoder.step(self.symbols, self.decoder.state)


class TorchDecoder:
    """The same step of PyTorch's modules."""

    def __init__(self, n_rows):
        self.table = nn.Embedding(N_SYMBOLS, SIZE)
        self.recurrent = nn.LSTM(SIZE, HIDDEN, batch_first=True)
        self.attention = nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.mix = nn.Linear(2 * HIDDEN, SIZE)
        self.output = nn.Linear(SIZE, N_SYMBOLS)
        self.memory = torch.rand(n_rows, N_MEMORY, HIDDEN)
        self.state = (torch.rand(1, n_rows, HIDDEN), torch.rand(1, n_rows, HIDDEN))
        self.symbols = torch.full((n_rows, 1), 5)

    def step(self):
        """Scores of the next symbols."""
        with torch.inference_mode():
            hidden, state = self.recurrent(self.table(self.symbols), self.state)
            scores = self.attention(hidden) @ self.memory.transpose(1, 2)
            context = scores.softmax(2) @ self.memory
            mixed = self.mix(torch.cat([hidden, context], 2)).tanh()
            return self.output(mixed), state


def seconds(functions, n_rounds):
    """Median time of each function, called in turn."""
    times = [[] for _ in functions]
    for _ in range(n_rounds + 2):
        for function, of_function in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            of_function.append(time.perf_counter() - start)
    return [float(np.median(of_function[2:])) for of_function in times]


def main():
    """Print the table."""
    n_threads = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    torch.set_num_threads(n_threads)
    print(f"PyTorch {torch.__version__}, {ISA}, {n_threads} thread(s), float32")
    print(f"{'kind':9}{'pass':10}{'shape':22}{'ours':>10}{'PyTorch':>10}{'ratio':>7}")
    for kind in ("dot", "additive"):
        for name, shapes in (("train", TRAINING), ("step", STEPS)):
            for shape in shapes:
                ours = Ours(shape, kind, n_threads)
                peer = Torch(ours, shape, kind)
                method = "train" if name == "train" else "forward"
                pair = [getattr(ours, method), getattr(peer, method)]
                n_rounds = 30 if name == "train" else 300
                mine, other = seconds(pair, n_rounds)
                print(
                    f"{kind:9}{name:10}{shape!s:22}{mine * 1e6:8.0f}us"
                    f"{other * 1e6:8.0f}us{other / mine:7.2f}"
                )
    for n_rows in (1, 16, 64, 320):
        ours, peer = OurDecoder(n_rows, n_threads), TorchDecoder(n_rows)
        mine, other = seconds([ours.step, peer.step], 100)
        print(
            f"{'decoder':9}{'step':10}{n_rows:<22}{mine * 1e6:8.0f}us"
            f"{other * 1e6:8.0f}us{other / mine:7.2f}"
        )


if __name__ == "__main__":
    main()
