"""The CRF against one in PyTorch: loss with gradients, and decoding, in turn.

    python benchmarks/crf.py
    python benchmarks/crf.py --threads 2

PyTorch has no CRF of its own. Its loss here is the usual one: log-sum-exp over a loop
of steps of padded sequences, gradients by autograd; its decoder a maximum over the same
loop, with back pointers, for all sequences at once. Ours gets packed rows, as a network
hands them over. A ratio is the time of PyTorch over ours.
"""

import argparse
import statistics
import time

import numpy as np
import torch

from harness.machine import describe_machine
from harness.tables import markdown
from sklstm._kernels import ISA, kernels_for
from sklstm.network.crf import CRF
from sklstm.network.memory import Workspace
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch

# Sentences, steps (two thirds to four thirds of them where ragged), tags.
CASES = [
    (32, 10, 72, True),
    (32, 10, 72, False),
    (32, 50, 17, True),
    (32, 50, 17, False),
    (32, 50, 9, True),
    (1, 20, 17, False),
    (256, 25, 17, True),
]
ROUNDS = 15
SLICE = 0.1  # seconds of a turn


class OurCRF:
    """Emissions in packed rows."""

    def __init__(self, sequences, codes, parameters, n_threads):
        self.batch = pack_batch(sequences)
        self.codes = codes[self.batch.row_source]
        self.parameters, self.n_threads = parameters, n_threads
        n_tags, dtype = len(parameters["start"]), sequences.values.dtype
        self.crf = CRF(n_tags, dtype, kernels_for(dtype))
        self.gradients = {k: np.empty_like(v) for k, v in parameters.items()}
        self.workspace = Workspace(dtype)

    def train(self):
        """Losses and gradients."""
        losses, _ = self.crf.negative_log_likelihood(
            self.batch.inputs, self.batch, self.codes, None, self.parameters,
            self.gradients, self.workspace, self.n_threads,
        )  # fmt: skip
        return losses.sum()

    def decode(self):
        """Tags of the packed rows."""
        return self.crf.viterbi(
            self.batch.inputs, self.batch, self.parameters, self.n_threads
        )


class TorchCRF:
    """The same emissions, padded."""

    def __init__(self, sequences, codes, parameters):
        parts = np.split(sequences.values, sequences.offsets[1:-1])
        self.lengths = torch.tensor(sequences.lengths)
        self.emissions = torch.nn.utils.rnn.pad_sequence(
            [torch.tensor(part) for part in parts], batch_first=True
        ).requires_grad_()
        self.codes = torch.nn.utils.rnn.pad_sequence(
            [torch.tensor(part) for part in np.split(codes, sequences.offsets[1:-1])],
            batch_first=True,
        )
        self.transitions, self.start, self.end = (
            torch.tensor(parameters[name], requires_grad=True)
            for name in ("transitions", "start", "end")
        )
        self.alive = torch.arange(self.emissions.shape[1]) < self.lengths[:, None]

    def train(self):
        """Losses and gradients."""
        for tensor in (self.emissions, self.transitions, self.start, self.end):
            tensor.grad = None
        path = self.emissions.gather(2, self.codes[:, :, None])[:, :, 0]
        pairs = self.transitions[self.codes[:, :-1], self.codes[:, 1:]]
        score = (path * self.alive).sum(1) + (pairs * self.alive[:, 1:]).sum(1)
        last = self.codes.gather(1, self.lengths[:, None] - 1)[:, 0]
        score = score + self.start[self.codes[:, 0]] + self.end[last]
        alpha = self.start + self.emissions[:, 0]
        for t in range(1, self.emissions.shape[1]):
            inner = torch.logsumexp(alpha[:, :, None] + self.transitions, 1)
            alpha = torch.where(
                self.alive[:, t : t + 1], inner + self.emissions[:, t], alpha
            )
        loss = (torch.logsumexp(alpha + self.end, 1) - score).sum()
        loss.backward()
        return float(loss.detach())

    @torch.no_grad()
    def decode(self):
        """Tags of padded sequences; of no meaning behind their ends."""
        _, n_timesteps, n_tags = self.emissions.shape
        best, stay = self.start + self.emissions[:, 0], torch.arange(n_tags)
        pointers = []
        for t in range(1, n_timesteps):
            alive = self.alive[:, t : t + 1]
            highest, from_tag = (best[:, :, None] + self.transitions).max(1)
            best = torch.where(alive, highest + self.emissions[:, t], best)
            pointers.append(torch.where(alive, from_tag, stay))
        tag = (best + self.end).argmax(1, keepdim=True)
        tags = [tag]
        for pointer in reversed(pointers):
            tag = pointer.gather(1, tag)
            tags.append(tag)
        return torch.cat(tags[::-1], 1)


def turn(function):
    """Mean time of a call in a slice of time, in microseconds."""
    n_calls, began = 0, time.perf_counter()
    while time.perf_counter() - began < SLICE:
        function()
        n_calls += 1
    return 1e6 * (time.perf_counter() - began) / n_calls


def compare(ours, torchs):
    """Median times of two functions that take turns, and the median ratio."""
    rounds = [(turn(ours), turn(torchs)) for _ in range(ROUNDS)]
    times = (statistics.median(times) for times in zip(*rounds, strict=True))
    return *times, statistics.median(theirs / own for own, theirs in rounds)


def make_case(n_samples, n_timesteps, n_tags, ragged, n_threads):
    """Both for the same problem, which they must solve alike."""
    rng = np.random.default_rng(0)
    lengths = np.full(n_samples, n_timesteps)
    if ragged:
        lengths = rng.integers(n_timesteps * 2 // 3, n_timesteps * 4 // 3, n_samples)
    shapes = {"transitions": (n_tags, n_tags), "start": n_tags, "end": n_tags}
    parameters = {k: rng.normal(size=s).astype("f4") for k, s in shapes.items()}
    values = rng.normal(size=(lengths.sum(), n_tags)).astype("f4")
    codes = rng.integers(n_tags, size=len(values))
    sequences = Sequences(values, lengths)
    ours = OurCRF(sequences, codes, parameters, n_threads)
    torchs = TorchCRF(sequences, codes, parameters)
    np.testing.assert_allclose(ours.train(), torchs.train(), rtol=1e-5)
    transitions = torchs.transitions.grad.numpy()
    np.testing.assert_allclose(
        ours.gradients["transitions"], transitions, atol=1e-4 * n_samples
    )
    return ours, torchs


def main():
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    n_threads = parser.parse_args().threads
    torch.set_num_threads(n_threads)
    print(describe_machine(), f"{ISA}, torch {torch.__version__}, {n_threads} threads")
    rows = []
    for case in CASES:
        ours, torchs = make_case(*case, n_threads)
        train = compare(ours.train, torchs.train)
        decode = compare(ours.decode, torchs.decode)
        shape = "{} x {} steps, {} tags".format(*case[:3])
        rows.append(
            [shape + (", ragged" if case[3] else "")]
            + [f"{train[0]:.0f}", f"{train[1]:.0f}", f"{train[2]:.1f}"]
            + [f"{decode[0]:.0f}", f"{decode[1]:.0f}", f"{decode[2]:.1f}"]
        )
    header = ["us", "loss, gradients", "torch", "ratio", "decoding", "torch", "ratio"]
    print(markdown(header, rows))


if __name__ == "__main__":
    main()
