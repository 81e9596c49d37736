"""What the variants of the recurrent family cost: a training step of each, in turn.

    python benchmarks/variants.py                  # against our own LSTM, and PyTorch
    python benchmarks/variants.py --only own       # one of the two tables
    python benchmarks/variants.py --threads 2

The first table divides times by the multiply-adds of the products: 1.0 is as fast as
the plain LSTM of the same size, less is slower. The second compares with PyTorch's
layers of the same kind, where it has them; above 1 means that sklstm is faster.
"""

import argparse
import statistics
import sys
import time

import numpy as np

from harness.cases import SHAPES
from harness.machine import describe_machine
from harness.tables import geometric_mean, markdown
from sklstm.network import RecurrentNetwork, cell_name
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch

PAUSE = 0.02  # idle threads spin for a while after a call
OWN_SHAPES = [(32, 100, 16, 128, 1), (32, 100, 8, 32, 1)]

# Words of `cell_name`, and fields of the configuration.
OWN = {
    "LSTM": ({}, {}),
    "peephole": ({"peephole": True}, {}),
    "coupled gates": ({"coupled_gates": True}, {}),
    "coupled, peephole": ({"coupled_gates": True, "peephole": True}, {}),
    "projection to a half": ({}, {"projection_sizes": 0.5}),
    "bidirectional": ({}, {"bidirectional": True}),
    "recurrent dropout": ({}, {"recurrent_dropout": 0.3}),
    "all dropouts": (
        {},
        {"recurrent_dropout": 0.3, "input_dropout": 0.1, "dropout": 0.3},
    ),
    "zoneout": ({}, {"zoneout": 0.1}),
    "learned start": ({}, {"learned_start": True}),
    "GRU": ({"cell": "gru"}, {}),
    "GRU, reset after": ({"cell": "gru", "reset_after": True}, {}),
    "RNN": ({"cell": "rnn"}, {}),
}
AGAINST_TORCH = {
    "bidirectional LSTM": ({}, {"bidirectional": True}, 1),
    "LSTM of two layers": ({}, {}, 2),
    "LSTM projected to a half": ({}, {"projection_sizes": 0.5}, 1),
    "RNN": ({"cell": "rnn"}, {}, 1),
}


def make_network(shape, words, fields):
    """A network with one output for each kind of state that leaves it."""
    _, _, n_features, hidden_size, n_layers = shape
    fields = dict(fields)
    if "projection_sizes" in fields:
        size = int(fields["projection_sizes"] * hidden_size)
        fields["projection_sizes"] = (size,) * n_layers
    network = RecurrentNetwork(
        n_features,
        1,
        cell=cell_name(**{"cell": "lstm"} | words),
        hidden_layer_sizes=(hidden_size,) * n_layers,
        **fields,
    )
    network.initialize(np.random.RandomState(0))
    return network


def multiply_adds(network, n_rows):
    """Of the products of a training step, those of the head left out.

    Forward, back through the recurrence, the weight gradient, and the gradient of the
    input in all layers but the first.
    """
    total = 0
    for i, directions in enumerate(network.layers):
        for views in directions:
            inputs, recurrent = views["weight_ih"].size, views["weight_hh"].size
            total += 2 * inputs + 3 * recurrent + (inputs if i else 0)
            total += 3 * views["projection"].size if "projection" in views else 0
    return n_rows * total


def random_inputs(shape):
    """Inputs of shape (n_samples, n_timesteps, n_features)."""
    return np.random.default_rng(0).standard_normal(shape[:3], dtype=np.float32)


def own_step(shape, words, fields, n_threads):
    """The step, and its multiply-adds."""
    network = make_network(shape, words, fields)
    n_samples, n_timesteps, n_features = shape[:3]
    values = random_inputs(shape).reshape(-1, n_features)
    batch = pack_batch(Sequences(values, np.full(n_samples, n_timesteps)))
    gradient = np.empty_like(network.parameters)
    d_outputs = np.ones((n_samples, 1), dtype=np.float32)

    def step():
        network.parameters_changed()
        network.forward(batch, n_threads)
        network.backward(d_outputs, gradient, n_threads)

    return step, multiply_adds(network, len(values))


def torch_step(torch, shape, words, fields):
    """The same in PyTorch: layers, and the gradient of the last states."""
    _, _, n_features, hidden_size, n_layers = shape
    kind = torch.nn.RNN if words.get("cell") == "rnn" else torch.nn.LSTM
    options = {"bidirectional": fields.get("bidirectional", False)}
    if "projection_sizes" in fields:
        options["proj_size"] = int(fields["projection_sizes"] * hidden_size)
    layers = kind(n_features, hidden_size, n_layers, **options)
    inputs = torch.from_numpy(random_inputs(shape)).transpose(0, 1).contiguous()

    def step():
        layers.zero_grad(set_to_none=True)
        _, state = layers(inputs)
        last = state if kind is torch.nn.RNN else state[0]
        last[-1 - options["bidirectional"] :].sum().backward()

    return step


def measure_in_turn(steps, rounds, seconds):
    """Median time of each step, in seconds."""
    times = {name: [] for name in steps}
    n_calls = {}
    for name, step in steps.items():
        step()
        began = time.perf_counter()
        step()
        n_calls[name] = max(1, int(seconds / (time.perf_counter() - began)))
    for i in range(rounds):
        for name in list(steps)[:: 1 if i % 2 == 0 else -1]:
            time.sleep(PAUSE)
            steps[name]()
            began = time.perf_counter()
            for _ in range(n_calls[name]):
                steps[name]()
            times[name].append((time.perf_counter() - began) / n_calls[name])
    return {name: statistics.median(found) for name, found in times.items()}


def compare_own(options):
    """Print our variants against our plain LSTM."""
    table = {name: [name] for name in OWN}
    for shape in OWN_SHAPES:
        steps, work = {}, {}
        for name, (words, fields) in OWN.items():
            steps[name], work[name] = own_step(shape, words, fields, options.threads)
        times = measure_in_turn(steps, options.rounds, options.seconds)
        rate = {name: work[name] / times[name] for name in OWN}
        for name, row in table.items():
            relative = rate[name] / rate["LSTM"]
            row += [f"{times[name] * 1e3:.2f}", f"{relative:.2f}"]
    header = ["variant"]
    for shape in OWN_SHAPES:
        header += [f"{shape[:4]}, ms", "speed"]
    print(f"\n### Training step per multiply-add, {options.threads} thread(s)\n")
    print(markdown(header, list(table.values())))


def compare_torch(options):
    """Print our variants against PyTorch's."""
    import torch

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    print(f"\n### Training step, PyTorch's time over ours, {options.threads} thread(s)")
    print(f"\ntorch {torch.__version__}\n")
    shapes = [shape for shape in SHAPES if shape[4] == 1]
    rows = []
    for name, (words, fields, n_layers) in AGAINST_TORCH.items():
        ratios = []
        for shape in shapes:
            shape = (*shape[:4], n_layers)
            steps = {
                "sklstm": own_step(shape, words, fields, options.threads)[0],
                "torch": torch_step(torch, shape, words, fields),
            }
            times = measure_in_turn(steps, options.rounds, options.seconds)
            ratios.append(times["torch"] / times["sklstm"])
            print(f"measured: {name} {shape}", file=sys.stderr)
        cells = [f"{ratio:.2f}" for ratio in ratios]
        rows.append([name, *cells, f"{geometric_mean(ratios):.2f}"])
    header = ["", *(str(shape[:4]) for shape in shapes), "geometric mean"]
    print(markdown(header, rows))


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=["own", "torch"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.1, help="length of a turn")
    options = parser.parse_args()
    machine = describe_machine()
    print(f"{machine['processor']}, {machine['cores']} cores, {machine['system']}")
    if options.only != "torch":
        compare_own(options)
    if options.only != "own":
        compare_torch(options)


if __name__ == "__main__":
    main()
