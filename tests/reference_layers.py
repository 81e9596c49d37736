"""The cells of `reference_cells` over ragged batches: forward, and the gradient back.

Packed batches: the sequences of a batch are sorted by length, longest first, and
stored time-major, so that the rows alive at step ``t`` are one block and row
``offsets[t] + b`` belongs to step ``t`` of sequence ``b``. The state before step
``t`` of sequence ``b`` is its initial state when ``t == 0``, else its state at row
``offsets[t - 1] + b``. A sequence's final state is the state at its own last step.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from reference_cells import CELLS


class Trace(NamedTuple):
    """What a forward pass leaves behind.

    Attributes
    ----------
    hidden : ndarray of shape (n_rows, hidden_size)
        The hidden state after every step, in packed rows.
    final : dict of str to ndarray of shape (n_samples, hidden_size)
        Every state at each sequence's own last step.
    saved : list
        One entry a step: what ``step_backward`` needs.
    lengths : ndarray of shape (n_samples,)
        The lengths the pass was run with.
    """

    hidden: np.ndarray
    final: dict
    saved: list
    lengths: np.ndarray


def packed_offsets(lengths):
    """First packed row of every step.

    Parameters
    ----------
    lengths : array-like of shape (n_samples,)
        Lengths in batch order, longest first.

    Returns
    -------
    offsets : ndarray of shape (n_timesteps + 1,)
        ``offsets[t]`` is the row of step ``t`` of the first sequence,
        ``offsets[-1]`` the number of rows.

    Raises
    ------
    ValueError
        If a sequence is longer than the one before it.
    """
    lengths = np.asarray(lengths, dtype=np.intp)
    if np.any(np.diff(lengths) > 0):
        raise ValueError(f"a batch is sorted longest first, got lengths {lengths}")
    n_timesteps = lengths[0] if len(lengths) else 0
    n_alive = [np.count_nonzero(lengths > t) for t in range(n_timesteps)]
    return np.concatenate([[0], np.cumsum(n_alive)]).astype(np.intp)


def forward(cell, x, parameters, initial, lengths):
    """Run one layer over a ragged packed batch.

    Parameters
    ----------
    cell : str
        A key of `CELLS`.
    x : ndarray of shape (n_rows, n_features)
        Packed input rows.
    parameters : dict of str to ndarray
        ``weight_ih (n_gates*hidden, n_features)``, ``weight_hh (n_gates*hidden,
        hidden)``, ``bias (n_gates*hidden,)`` and, where the cell has it, ``bias_hh
        (hidden,)``.
    initial : dict of str to ndarray of shape (n_samples, hidden_size)
        The states before the first step, in batch order.
    lengths : array-like of shape (n_samples,)
        Lengths in batch order, longest first.

    Returns
    -------
    trace : Trace
    """
    offsets = packed_offsets(lengths)
    running = {name: initial[name].copy() for name in CELLS[cell].states}
    hidden = np.empty((offsets[-1], running["hidden"].shape[1]))
    saved = []
    for start, stop in pairwise(offsets):
        alive = slice(0, stop - start)
        previous = {name: state[alive].copy() for name, state in running.items()}
        states, saved_step = CELLS[cell].step(x[start:stop], previous, parameters)
        for name, state in states.items():
            running[name][alive] = state
        hidden[start:stop] = states["hidden"]
        saved.append(saved_step)
    return Trace(hidden, running, saved, np.asarray(lengths))


def backward(cell, trace, parameters, d_hidden, d_final):
    """Gradients of a loss with respect to every argument of `forward`.

    Parameters
    ----------
    cell : str
        A key of `CELLS`.
    trace : Trace
        What `forward` returned.
    parameters : dict of str to ndarray
        The parameters `forward` was given.
    d_hidden : ndarray of shape (n_rows, hidden_size)
        Gradient of the loss with respect to the hidden state after every step, as
        far as it does not pass through later steps.
    d_final : dict of str to ndarray of shape (n_samples, hidden_size)
        The same for the final states.

    Returns
    -------
    gradients : dict of str to ndarray
        ``x``, every parameter, and ``<state>_0`` for every initial state.
    """
    offsets = packed_offsets(trace.lengths)
    n_features = parameters["weight_ih"].shape[1]
    gradients = {name: np.zeros_like(value) for name, value in parameters.items()}
    gradients["x"] = np.empty((offsets[-1], n_features))
    running = {name: d_final[name].copy() for name in CELLS[cell].states}
    for t in reversed(range(len(offsets) - 1)):
        start, stop = offsets[t], offsets[t + 1]
        alive = slice(0, stop - start)
        d_states = {name: state[alive].copy() for name, state in running.items()}
        d_states["hidden"] += d_hidden[start:stop]
        d_x, d_previous, d_parameters = CELLS[cell].step_backward(
            d_states, trace.saved[t], parameters
        )
        gradients["x"][start:stop] = d_x
        for name, d_state in d_previous.items():
            running[name][alive] = d_state
        for name, d_parameter in d_parameters.items():
            gradients[name] += d_parameter
    gradients.update({f"{name}_0": d_state for name, d_state in running.items()})
    return gradients


def random_problem(cell, *, lengths, n_features, hidden_size, seed=0, scale=0.6):
    """Random arguments and upstream gradients for `forward` and `backward`.

    Nothing is zero, nothing is one and nothing is symmetric, so that a swapped or a
    forgotten term shows.

    Parameters
    ----------
    cell : str
        A key of `CELLS`.
    lengths : sequence of int
        Lengths in batch order, longest first.
    n_features, hidden_size : int
        Sizes of one layer.
    seed : int, default=0
        Seed of the draws.
    scale : float, default=0.6
        Standard deviation of weights, biases and states.

    Returns
    -------
    problem : dict of str to ndarray or dict
        ``x``, ``parameters``, ``initial``, ``d_hidden``, ``d_final``, float64.
    """
    rng = np.random.default_rng(seed)
    n_rows, n_samples = int(packed_offsets(lengths)[-1]), len(lengths)
    n_gates = CELLS[cell].n_gates
    shapes = {
        "weight_ih": (n_gates * hidden_size, n_features),
        "weight_hh": (n_gates * hidden_size, hidden_size),
        "bias": (n_gates * hidden_size,),
        "bias_hh": (hidden_size,),
    }
    states = CELLS[cell].states
    return {
        "x": rng.normal(size=(n_rows, n_features)),
        "parameters": {
            name: scale * rng.normal(size=shapes[name])
            for name in CELLS[cell].parameters
        },
        "initial": {
            name: scale * rng.normal(size=(n_samples, hidden_size)) for name in states
        },
        "d_hidden": rng.normal(size=(n_rows, hidden_size)),
        "d_final": {name: rng.normal(size=(n_samples, hidden_size)) for name in states},
    }


def arguments_of(problem):
    """Every array a backward pass has a gradient for, by name."""
    initial = {f"{name}_0": value for name, value in problem["initial"].items()}
    return {"x": problem["x"], **problem["parameters"], **initial}
