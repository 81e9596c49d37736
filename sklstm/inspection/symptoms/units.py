"""Units that never move, and gates that are always open or always closed."""

import numpy as np

from ...network.traces import trace_layer
from ..passes import batches
from .findings import Finding

__all__ = ["findings_on_units", "gate_statistics"]

SATURATED = 0.05  # from either end of what a gate can be
STUCK = 0.95  # share of the steps
MANY = 0.25  # share of the units
STILL = 1e-3  # range of a hidden state that never moves
LARGE_CELL = 20.0  # tanh of it has no gradient any more

DIRECTIONS = ("forward", "backward")
# From the least to the largest value; an RNN's only gate is its hidden state.
RANGES = {
    "input_gate": (0, 1),
    "forget_gate": (0, 1),
    "output_gate": (0, 1),
    "reset_gate": (0, 1),
    "update_gate": (0, 1),
    "candidate": (-1, 1),
}
MEANINGS = {
    ("input_gate", "closed"): "nothing of the input enters these units",
    ("input_gate", "open"): "these units take in every input alike",
    ("forget_gate", "closed"): "these units remember nothing from step to step",
    ("forget_gate", "open"): "these units never forget",
    ("output_gate", "closed"): "these units say nothing",
    ("output_gate", "open"): "these units say all they remember at every step",
    ("reset_gate", "closed"): "candidates of these units ignore the past",
    ("reset_gate", "open"): "candidates of these units always see the past",
    ("update_gate", "closed"): "these units keep their state whatever comes",
    ("update_gate", "open"): "these units remember nothing from step to step",
}
# Gates whose units may well be so: an open forget gate is a long memory.
AS_IT_MAY_BE = {
    ("forget_gate", "open"), ("reset_gate", "open"), ("output_gate", "open"),
}  # fmt: skip
LESS_SATURATION = (
    "Scale the inputs, lower learning_rate_init or init_scale, or raise alpha: weights "
    "and inputs are too large for the gates to move."
)


def gate_statistics(estimator, steps, place):
    """Statistics of gates and states of one layer, by unit, over all steps.

    Parameters
    ----------
    estimator : estimator instance
        Fitted.
    steps : Sequences or the like
        What it reads.
    place : tuple of int
        Number and direction of the layer.

    Returns
    -------
    statistics : dict of str to dict
        For each quantity of `gate_traces` the arrays "minimum" and "maximum", and the
        shares of steps at which it is next to its ends, "closed" and "open", of shape
        (n_units,).
    """
    network, statistics, n_steps = estimator._fitted_network(), {}, 0
    for batch, n_threads in batches(estimator, steps):
        traces = trace_layer(network, place, batch, n_threads)
        n_steps += len(traces["hidden"])
        for name, rows in traces.items():
            low, high = RANGES.get(name, (-1, 1))
            margin = SATURATED * (high - low)
            part = {
                "minimum": rows.min(axis=0),
                "maximum": rows.max(axis=0),
                "closed": (rows < low + margin).sum(axis=0),
                "open": (rows > high - margin).sum(axis=0),
            }
            so_far = statistics.setdefault(name, part)
            if so_far is not part:
                statistics[name] = {
                    "minimum": np.minimum(so_far["minimum"], part["minimum"]),
                    "maximum": np.maximum(so_far["maximum"], part["maximum"]),
                    "closed": so_far["closed"] + part["closed"],
                    "open": so_far["open"] + part["open"],
                }
    for of_gate in statistics.values():
        of_gate["closed"] = of_gate["closed"] / n_steps
        of_gate["open"] = of_gate["open"] / n_steps
    return statistics


def findings_on_units(estimator, steps):
    """Look into all layers and directions.

    Parameters
    ----------
    estimator : estimator instance
        Fitted.
    steps : Sequences or the like
        What it reads.

    Returns
    -------
    findings : list of Finding
    statistics : dict of tuple to dict
        By layer and direction; see `gate_statistics`.
    """
    config = estimator._fitted_network().config
    findings, statistics = [], {}
    for layer in range(len(config.hidden_layer_sizes)):
        for direction in config.directions:
            of_layer = gate_statistics(estimator, steps, (layer, direction))
            statistics[layer, DIRECTIONS[direction]] = of_layer
            where = {"layer": layer}
            if config.bidirectional:
                where["direction"] = DIRECTIONS[direction]
            findings += _on_layer(of_layer, where, config.cell)
    return findings, statistics


def _on_layer(statistics, where, cell):
    findings = _on_dead_units(statistics["hidden"], where, cell)
    for gate, of_gate in statistics.items():
        for end in ("closed", "open"):
            if (gate, end) in MEANINGS:
                findings += _on_stuck_gates(gate, end, of_gate[end], where)
    findings += _on_saturation(statistics, where, cell)
    return findings


def _on_dead_units(hidden, where, cell):
    dead = np.flatnonzero(hidden["maximum"] - hidden["minimum"] < STILL)
    if len(dead) == 0:
        return []
    n_units = len(hidden["maximum"])
    advice = "Use fewer units, or a smaller alpha if there are many of them."
    if cell == "rnn_relu":
        advice = (
            "Lower learning_rate_init: a relu unit that is never above 0 has no "
            "gradient and stays so; or use activation='tanh'."
        )
    return [
        Finding(
            "dead units",
            "problem" if len(dead) > MANY * n_units else "hint",
            f"{len(dead)} of {n_units} hidden states have the same value at every step "
            "of every sequence.",
            advice,
            where | {"units": dead.tolist()},
        )
    ]


def _on_stuck_gates(gate, end, share, where):
    stuck = np.flatnonzero(share > STUCK)
    if len(stuck) <= MANY * len(share):
        return []
    advice = LESS_SATURATION
    if gate == "forget_gate" and end == "closed":
        advice = f"Raise forget_bias (1, or 'chrono'). {advice}"
    limit = f"below {SATURATED:g}" if end == "closed" else f"above {1 - SATURATED:g}"
    return [
        Finding(
            f"{gate.replace('_', ' ')}s always {end}",
            "hint" if (gate, end) in AS_IT_MAY_BE else "problem",
            f"In {len(stuck)} of {len(share)} units the gate is {limit} at "
            f"{STUCK:.0%} of the steps or more: {MEANINGS[gate, end]}.",
            advice,
            where | {"gate": gate, "units": stuck.tolist()},
        )
    ]


def _on_saturation(statistics, where, cell):
    """Of what a tanh has made, and of cell states on their way into one."""
    findings = []
    source = "hidden" if cell == "rnn_tanh" else "candidate"
    if source in statistics:
        share = statistics[source]["closed"] + statistics[source]["open"]
        stuck = np.flatnonzero(share > STUCK)
        if len(stuck) > MANY * len(share):
            what = "hidden state" if source == "hidden" else source
            findings.append(
                Finding(
                    f"saturated {what}s",
                    "problem",
                    f"In {len(stuck)} of {len(share)} units it is next to -1 or 1 at "
                    f"{STUCK:.0%} of the steps or more, where tanh has no gradient.",
                    LESS_SATURATION,
                    where | {"gate": source, "units": stuck.tolist()},
                )
            )
    if "cell" in statistics:
        of_cell = statistics["cell"]
        size = np.maximum(-of_cell["minimum"], of_cell["maximum"])
        large = np.flatnonzero(size > LARGE_CELL)
        if len(large) > MANY * len(size):
            findings.append(
                Finding(
                    "cell states that grow",
                    "problem",
                    f"{len(large)} of {len(size)} units have cell states of up to "
                    f"{size.max():.3g}: their tanh is at its end, and what is added "
                    "later is not seen.",
                    "Center the inputs; lower forget_bias, or use coupled_gates=True, "
                    "under which cell states stay between -1 and 1.",
                    where | {"gate": "cell", "units": large.tolist()},
                )
            )
    return findings
