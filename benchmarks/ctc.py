"""Connectionist temporal classification: loss with its gradient, and what a step costs.

    python benchmarks/ctc.py [--threads 1 2]

Times the kernel (softmax, loss and gradient at the outputs) against PyTorch's
``log_softmax`` and ``ctc_loss`` forward and backward, on ragged batches of float32 and
float64: medians of turns, in turn, in one process for each number of threads. PyTorch
gets padded arrays that are ready; ours reads packed rows.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time

import numpy as np

from harness.machine import describe_machine
from harness.tables import markdown

# n_samples, n_timesteps of the longest, n_classes, n_labels of the longest
SHAPES = [
    (1, 150, 11, 6),
    (16, 100, 11, 6),
    (32, 150, 11, 6),
    (32, 300, 30, 40),
    (16, 400, 80, 100),
    (64, 50, 1000, 10),
]
ROUNDS = 15


def make_batch(shape, dtype):
    """Outputs in packed order, lengths and labels."""
    n_samples, n_steps, n_classes, n_labels = shape
    rng = np.random.default_rng(0)
    shortest = max(n_steps // 2, min(n_steps, 2 * n_labels))
    lengths = -np.sort(-rng.integers(shortest, n_steps + 1, size=n_samples))
    lengths[0] = n_steps
    n_alive = [(lengths > t).sum() for t in range(n_steps)]
    offsets = np.cumsum([0, *n_alive]).astype(np.intp)
    outputs = rng.normal(size=(offsets[-1], n_classes)).astype(dtype)
    counts = rng.integers(max(1, n_labels // 2), n_labels + 1, size=n_samples)
    counts = counts.astype(np.intp)
    labels = rng.integers(0, n_classes - 1, size=counts.sum()).astype(np.intp)
    return outputs, offsets, lengths, labels, counts


def our_step(outputs, offsets, lengths, labels, counts, n_threads):
    """The kernel, its workspace made once as in training."""
    from sklstm._kernels import kernels_for

    kernels = kernels_for(outputs.dtype)
    n_samples = len(lengths)
    samples, factors = np.arange(n_samples), np.ones(n_samples, outputs.dtype)
    losses = np.empty(n_samples)
    sizes = [
        kernels.ctc_workspace_size(int(n), int(m), True)
        for n, m in zip(lengths, counts, strict=True)
    ]
    places = np.cumsum([0, *sizes]).astype(np.intp)
    workspace = np.empty(places[-1], outputs.dtype)

    def step():
        d_outputs = np.empty_like(outputs)
        kernels.ctc_loss(
            outputs, offsets[:-1], samples, lengths, labels, counts.cumsum() - counts,
            counts, factors, workspace, places[:-1], losses, d_outputs, n_threads,
        )  # fmt: skip
        return losses

    return step


def torch_step(outputs, offsets, lengths, labels, counts, n_threads):
    """Softmax, loss, and the gradient at the outputs."""
    import torch

    torch.set_num_threads(n_threads)
    padded = np.zeros((lengths[0], len(lengths), outputs.shape[1]), outputs.dtype)
    for t in range(lengths[0]):
        rows = outputs[offsets[t] : offsets[t + 1]]
        padded[t, : len(rows)] = rows
    padded = torch.tensor(padded, requires_grad=True)
    blank = outputs.shape[1] - 1
    targets = [torch.tensor(a) for a in (labels, lengths, counts)]

    def step():
        padded.grad = None
        losses = torch.nn.functional.ctc_loss(
            padded.log_softmax(2), *targets, blank=blank, reduction="none"
        )
        losses.sum().backward()
        return losses.detach().numpy()

    return step


def seconds(step):
    """Time of one call, over at least a hundredth of a second."""
    n_calls, began = 0, time.perf_counter()
    while n_calls == 0 or time.perf_counter() - began < 0.01:
        step()
        n_calls += 1
    return (time.perf_counter() - began) / n_calls


def measure(n_threads):
    """Print a table for one number of threads."""
    rows = []
    for shape in SHAPES:
        for dtype in (np.float32, np.float64):
            batch = make_batch(shape, dtype)
            ours, theirs = our_step(*batch, n_threads), torch_step(*batch, n_threads)
            np.testing.assert_allclose(ours(), theirs(), rtol=1e-5)
            turns = [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS)]
            mine, others = (
                statistics.median(times) for times in zip(*turns, strict=True)
            )
            rows.append(
                [
                    ", ".join(map(str, shape)), np.dtype(dtype).name,
                    f"{1e3 * mine:.3g}", f"{1e3 * others:.3g}", f"{others / mine:.2f}",
                ]
            )  # fmt: skip
    print(f"\n### {n_threads} thread{'s' * (n_threads > 1)}\n")
    print(markdown(["shape", "dtype", "sklstm ms", "torch ms", "ratio"], rows))


def main():
    """One process for each number of threads."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        measure(arguments.threads[0])
        return
    print(", ".join(map(str, describe_machine().values())))
    print("\nA shape is n_samples, n_timesteps, n_classes, n_labels.", flush=True)
    for n_threads in arguments.threads:
        subprocess.run(
            [sys.executable, __file__, "--here", "--threads", str(n_threads)],
            check=True,
            env={**os.environ, "OMP_NUM_THREADS": str(n_threads)},
        )


if __name__ == "__main__":
    main()
