"""Where does a second thread begin to pay? Passes of growing size, 1 and 2 threads.

The answer is `MULTIPLY_ADDS_PER_THREAD` in ``sklstm/_threads.py``. Run it on a machine
with two free cores: beside other programs, threads wait for each other.

    python benchmarks/small_work.py
"""

import time

import numpy as np

from sklstm.network import RecurrentNetwork
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch

SHAPES = [
    # n_samples, n_timesteps, n_features, hidden_size
    (8, 10, 8, 16),
    (1, 100, 8, 32),
    (8, 20, 8, 32),
    (16, 20, 8, 32),
    (32, 20, 8, 32),
    (8, 30, 8, 64),
    (32, 10, 8, 64),
    (32, 25, 8, 64),
    (32, 100, 8, 32),
    (32, 100, 8, 64),
]
# Forward once, backward twice.
PRODUCTS_OF_A_STEP = 3


def best_time(function, n_calls, repeats=15):
    """Shortest mean time of a call, in microseconds."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        for _ in range(n_calls):
            function()
        times.append((time.perf_counter() - began) / n_calls)
    return 1e6 * min(times)


def make_passes(n_samples, n_timesteps, n_features, hidden_size):
    """Return the multiply-adds of a pass, and inference and training by threads."""
    rng = np.random.RandomState(0)
    network = RecurrentNetwork(n_features, 3, hidden_layer_sizes=(hidden_size,))
    network.initialize(rng)
    values = rng.normal(size=(n_samples * n_timesteps, n_features)).astype(np.float32)
    batch = pack_batch(Sequences(values, np.full(n_samples, n_timesteps)))
    gradient = np.empty_like(network.parameters)
    d_outputs = rng.normal(size=(n_samples, 3)).astype(np.float32)

    def predict(n_threads):
        network.predict(batch, n_threads=n_threads)

    def step(n_threads):
        network.forward(batch, n_threads=n_threads)
        network.backward(d_outputs, gradient, n_threads=n_threads)

    work = len(values) * network.n_parameters
    return {"predict": (work, predict), "step": (PRODUCTS_OF_A_STEP * work, step)}


def main():
    """Print one line a pass, the smallest first."""
    passes = [
        (work, name, shape, run)
        for shape in SHAPES
        for name, (work, run) in make_passes(*shape).items()
    ]
    print(f"{'multiply-adds':>13} {'pass':>8}  1 thread  2 threads  ratio  shape")
    for work, name, shape, run in sorted(passes, key=lambda entry: entry[0]):
        n_calls = max(3, min(200, int(1e8 // work)))
        one, two = (best_time(lambda n=n, run=run: run(n), n_calls) for n in (1, 2))
        print(
            f"{work / 1e6:>11.2f} M {name:>8} {one:>6.0f} us {two:>7.0f} us "
            f"{one / two:>6.2f}  {shape}"
        )


if __name__ == "__main__":
    main()
