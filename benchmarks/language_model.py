"""Training steps of a character model against the same model in PyTorch, in turn.

    python benchmarks/language_model.py
    python benchmarks/language_model.py --threads 2

Embedding, LSTM and a softmax over the characters; windows of 32 pieces by 100 steps
with the states carried on, gradient clipping and Adam. A step is all of it: forward
pass, loss, backward pass, clipping, update; ours packs the batch and its weights
besides. A ratio is the time of PyTorch over ours.
"""

import argparse
import statistics
import time

import numpy as np
import torch
from torch import nn

from harness.machine import describe_machine
from harness.tables import markdown
from sklstm import LSTMLanguageModel
from sklstm._kernels import ISA
from sklstm.training.stochastic import StochasticTrainer

# Characters, embedding, hidden units of each layer, dropout between and after them.
CASES = [(65, 128, (128,), 0.0), (65, 128, (256, 256), 0.3), (65, 64, (64,), 0.0)]
BATCH, STEPS = 32, 100
ROUNDS, STEPS_OF_A_TURN = 7, 10


class TorchModel(nn.Module):
    """Embedding, recurrent layers, linear layer."""

    def __init__(self, n_symbols, embedding, sizes, dropout):
        super().__init__()
        self.table = nn.Embedding(n_symbols, embedding)
        between = dropout if len(sizes) > 1 else 0.0
        self.layers = nn.LSTM(
            embedding, sizes[0], len(sizes), batch_first=True, dropout=between
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(sizes[-1], n_symbols)

    def forward(self, codes, states):
        """Outputs of all steps, and the last states."""
        hidden, states = self.layers(self.table(codes), states)
        return self.head(self.dropout(hidden)), states


class TorchSteps:
    """Steps on random characters."""

    def __init__(self, case):
        self.model = TorchModel(*case)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=2e-3)
        self.codes = torch.randint(0, case[0], (BATCH, STEPS + 1))
        self.states = None

    def step(self):
        """One update."""
        outputs, states = self.model(self.codes[:, :-1], self.states)
        self.states = tuple(state.detach() for state in states)
        self.optimizer.zero_grad()
        targets = self.codes[:, 1:].flatten()
        nn.functional.cross_entropy(outputs.flatten(0, 1), targets).backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()

    def turn(self):
        """Times of some steps."""
        return [timed(self.step) for _ in range(STEPS_OF_A_TURN)]


def timed(function, *arguments):
    """Seconds of a call."""
    began = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - began


class OurSteps:
    """The updates of an epoch of `fit`, each with a clock around it."""

    def __init__(self, case, n_threads):
        n_symbols, embedding, sizes, dropout = case
        rng = np.random.default_rng(0)
        codes = rng.integers(33, 33 + n_symbols, BATCH * STEPS * STEPS_OF_A_TURN + 1)
        self.text = "".join(map(chr, codes))
        self.model = LSTMLanguageModel(
            hidden_layer_sizes=sizes, embedding_size=embedding, dropout=dropout,
            batch_size=BATCH, bptt_steps=STEPS, max_iter=1, shuffle=False,
            random_state=0, n_jobs=n_threads,
        )  # fmt: skip

    def turn(self):
        """Times of the steps of an epoch."""
        times, update = [], StochasticTrainer._update

        def clocked(*arguments):
            began = time.perf_counter()
            result = update(*arguments)
            times.append(time.perf_counter() - began)
            return result

        StochasticTrainer._update = clocked
        try:
            self.model.fit([self.text])
        finally:
            StochasticTrainer._update = update
        return times


def compare(case, n_threads):
    """Median times of a step in milliseconds, and the median ratio of the rounds."""
    ours, torchs = OurSteps(case, n_threads), TorchSteps(case)
    ours.turn(), torchs.turn()
    rounds = []
    for _ in range(ROUNDS):
        rounds.append([1e3 * statistics.median(one.turn()) for one in (ours, torchs)])
    times = (statistics.median(times) for times in zip(*rounds, strict=True))
    return *times, statistics.median(theirs / own for own, theirs in rounds)


def main():
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    n_threads = parser.parse_args().threads
    torch.set_num_threads(n_threads)
    print(describe_machine(), f"{ISA}, torch {torch.__version__}, {n_threads} threads")
    rows = []
    for case in CASES:
        own, theirs, ratio = compare(case, n_threads)
        shape = f"embedding {case[1]}, LSTM {'+'.join(map(str, case[2]))}, {case[0]}"
        steps = [f"{1e3 / time:.1f}" for time in (own, theirs)]
        rows.append([shape, f"{own:.1f}", f"{theirs:.1f}", *steps, f"{ratio:.2f}"])
    header = ["model", "ms", "torch", "steps a second", "torch", "ratio"]
    print(markdown(header, rows))


if __name__ == "__main__":
    main()
