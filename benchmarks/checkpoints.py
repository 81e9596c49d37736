"""Very long sequences: time and peak memory of a training step with checkpoints.

    python benchmarks/checkpoints.py                    # 100,000 steps, 8 sequences
    python benchmarks/checkpoints.py --timesteps 20000

Each way runs in a process of its own. Memory is the peak above what is there before the
step, when the input is already packed.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np

from harness.tables import markdown
from sklstm.network import RecurrentNetwork
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch

N_SAMPLES, N_FEATURES, HIDDEN_SIZE = 8, 4, 64


def peak_bytes():
    """Largest resident size of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def run(n_timesteps, window_steps, cell, pooling):
    """One training step in this process: seconds of the second, memory, a checksum."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((N_SAMPLES * n_timesteps, N_FEATURES), np.float32)
    batch = pack_batch(Sequences(values, np.full(N_SAMPLES, n_timesteps)))
    network = RecurrentNetwork(
        N_FEATURES, 1, cell=cell, hidden_layer_sizes=(HIDDEN_SIZE,), pooling=pooling
    )
    network.initialize(np.random.RandomState(0))
    gradient = np.empty_like(network.parameters)
    before = peak_bytes()
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        outputs = network.forward(batch, 1, window_steps=window_steps)
        network.backward(np.ones_like(outputs), gradient, 1)
        seconds.append(time.perf_counter() - began)
    return {
        "seconds": min(seconds),
        "bytes": peak_bytes() - before,
        "gradient": gradient.tobytes().hex(),
    }


def main():
    """Run every way in a child process and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--timesteps", type=int, default=100_000)
    parser.add_argument("--cell", default="lstm")
    parser.add_argument("--pooling", default="last")
    parser.add_argument("--run", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run is not None:
        window = options.run or None
        result = run(options.timesteps, window, options.cell, options.pooling)
        print(json.dumps(result))
        return
    results = {}
    for window in (0, 100, 316, 1000, 5000):
        command = [sys.executable, __file__, "--run", str(window)]
        command += ["--timesteps", str(options.timesteps), "--cell", options.cell]
        command += ["--pooling", options.pooling]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            print(f"steps between checkpoints {window}: {done.stderr[-300:]}")
            continue
        results[window] = json.loads(done.stdout)
    plain = results.get(0)
    rows = [
        [
            str(window or "none"),
            f"{found['seconds']:.2f}",
            f"{found['seconds'] / plain['seconds']:.2f}" if plain else "",
            f"{found['bytes'] / 2**20:.0f}",
            "yes" if plain and found["gradient"] == plain["gradient"] else "no",
        ]
        for window, found in results.items()
    ]
    print(f"{options.timesteps} steps x {N_SAMPLES} sequences, {HIDDEN_SIZE} units\n")
    header = ["checkpoint_steps", "s", "ratio", "peak MiB", "same bits"]
    print(markdown(header, rows))


if __name__ == "__main__":
    main()
