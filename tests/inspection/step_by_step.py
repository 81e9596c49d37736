"""Small fitted networks, and the same step by step with the reference cells."""

import numpy as np
from reference_cells import CELLS

LENGTHS = (3, 7, 1, 4, 7, 2)

# Each option of each cell, alone and with others.
ARCHITECTURES = {
    "lstm": {},
    "peephole": {"peephole": True},
    "coupled": {"coupled_gates": True},
    "coupled peephole": {"coupled_gates": True, "peephole": True},
    "projection": {"projection_size": 3},
    "deep": {"hidden_layer_sizes": (17, 5)},
    "deep projection": {"hidden_layer_sizes": (9, 6), "projection_size": (4, 5)},
    "learned start": {"learn_initial_state": True, "hidden_layer_sizes": (6, 5)},
    "gru": {"cell": "gru", "hidden_layer_sizes": (6, 5)},
    "gru reset after": {"cell": "gru", "reset_after": True},
    "rnn": {"cell": "rnn", "hidden_layer_sizes": (6, 5)},
    "rnn relu": {"cell": "rnn", "activation": "relu"},
}
GATES = {
    "lstm": ("input_gate", "forget_gate", "candidate", "output_gate"),
    "gru": ("reset_gate", "update_gate", "candidate"),
    "rnn": (),
}


def make_sequences(n_features=3, seed=1, lengths=LENGTHS):
    rng = np.random.RandomState(seed)
    return [rng.normal(size=(length, n_features)) for length in lengths]


def fitted(estimator_class, y="ababab", **parameters):
    """An estimator with random weights, none of them small, in float64 by default."""
    parameters = {"hidden_layer_sizes": 6, "dtype": "float64"} | parameters
    parameters |= {"max_iter": 1, "random_state": 0, "batch_size": 6}
    if hasattr(estimator_class, "pooling"):
        parameters = {"pooling": "last"} | parameters
    X = make_sequences()
    estimator = estimator_class(**parameters).fit(X, y if y is None else list(y))
    network = estimator._network
    rng = np.random.RandomState(3)
    network.set_parameters(0.5 * rng.normal(size=network.n_parameters))
    return estimator


def layer_inputs(estimator, sequence, layer):
    """What a layer reads of a sequence."""
    network = estimator._network
    rows = np.asarray(sequence, dtype=float)
    for directions in network.layers[:layer]:
        rows = np.hstack(
            [
                run_layer(network.config, views, rows, bool(number))["hidden"]
                for number, views in enumerate(directions)
            ]
        )
    return rows


def run_layer(config, views, rows, reverse=False, nudge=None):
    """Gates and states of one layer and direction at every step of a sequence.

    `nudge` is ``(step, vector)``: added to the hidden state after that step.
    """
    parameters = {name: np.asarray(view, dtype=float) for name, view in views.items()}
    kind, step = config.cell.split("_")[0], CELLS[config.cell].step
    output_size = parameters["weight_hh"].shape[1]
    sizes = {"hidden": output_size, "cell": len(parameters["bias"])}
    sizes["cell"] //= CELLS[config.cell].n_gates
    state = {
        name: np.zeros((1, sizes[name])) + parameters.pop(f"{name}_0", 0)
        for name in CELLS[config.cell].states
    }
    traces = {name: [None] * len(rows) for name in (*GATES[kind], *sorted(state))}
    order = range(len(rows))[::-1] if reverse else range(len(rows))
    for t in order:
        read = {**state, "recurrent": state["hidden"]}
        new, saved = step(rows[t : t + 1], read, parameters)
        state = {
            name: config.zoneout * state[name] + (1 - config.zoneout) * new[name]
            for name in state
        }
        if nudge is not None and nudge[0] == t:
            state["hidden"] = state["hidden"] + nudge[1]
        for gate, values in zip(GATES[kind], saved[3:], strict=False):
            traces[gate][t] = values[0]
        for name, values in state.items():
            traces[name][t] = values[0]
    return {name: np.array(values) for name, values in traces.items()}
