"""The cells of `reference_cells` over ragged batches: forward, and the gradient back.

Packed batches: the sequences of a batch are sorted by length, longest first, and
stored time-major, so that the rows alive at step ``t`` are one block and row
``offsets[t] + b`` belongs to step ``t`` of sequence ``b``. The state before step
``t`` of sequence ``b`` is its initial state when ``t == 0``, else its state at row
``offsets[t - 1] + b``. A sequence's final state is the state at its own last step.

Options of a pass, all of them off by default::

    reverse         bool; every sequence is run from its own last step, where it has its
                    initial state, to step 0, where it has its final state
    recurrent_mask  (n_samples, recurrent_size); the products with ``weight_hh`` see
                    mask*h' in place of h', (1 - z)*h' of a GRU sees h'
    zoneout         {"hidden": (n_rows, recurrent_size), "cell": (n_rows, hidden_size)},
                    by the row of the step: its states are k*previous + (1 - k)*new;
                    within the step the new ones are seen; none for a state left out

The recurrent size is the hidden size or, with a projection, that of the projection.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from reference_cells import CELLS


class Trace(NamedTuple):
    """What a forward pass leaves behind.

    Attributes
    ----------
    hidden : ndarray of shape (n_rows, recurrent_size)
        The hidden state after every step, in packed rows.
    final : dict of str to ndarray of shape (n_samples, size of the state)
        Every state after the last step each sequence takes.
    saved : list
        One entry a step, in the order of the pass: what ``step_backward`` needs.
    lengths, reverse, recurrent_mask, zoneout
        What the pass was run with.
    """

    hidden: np.ndarray
    final: dict
    saved: list
    lengths: np.ndarray
    reverse: bool
    recurrent_mask: np.ndarray
    zoneout: dict


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


def parameter_shapes(cell, n_features, hidden_size, projection_size=None):
    """Shapes of the parameters of one layer, in their order."""
    n_gates, names, states, *_ = CELLS[cell]
    recurrent_size = hidden_size
    if projection_size is not None:
        if "cell" not in states:
            raise ValueError(f"only an LSTM has a projection, not {cell}")
        names, recurrent_size = (*names, "projection"), projection_size
    shapes = {
        "weight_ih": (n_gates * hidden_size, n_features),
        "weight_hh": (n_gates * hidden_size, recurrent_size),
        "bias": (n_gates * hidden_size,),
        "bias_hh": (hidden_size,),
        "peephole": (n_gates - 1, hidden_size),  # every gate but g
        "projection": (recurrent_size, hidden_size),
    }
    return {name: shapes[name] for name in names}


def walk(lengths, reverse):
    """The packed rows of every step and the sequences alive, in the order of a pass."""
    bounds = list(pairwise(packed_offsets(lengths)))
    steps = [(slice(start, stop), slice(0, stop - start)) for start, stop in bounds]
    return steps[::-1] if reverse else steps


def state_sizes(cell, parameters):
    """Number of columns of every state; the hidden state may be a projection."""
    n_gate_rows, recurrent_size = parameters["weight_hh"].shape
    sizes = {"hidden": recurrent_size, "cell": n_gate_rows // CELLS[cell].n_gates}
    return {name: sizes[name] for name in CELLS[cell].states}


def mix(zoneout, name, rows, previous, new):
    """A state after a step: some of the previous one, the rest new."""
    if name not in zoneout:
        return new
    k = zoneout[name][rows]
    return k * previous + (1 - k) * new


def mix_backward(zoneout, name, rows, d_state):
    """Gradient of `mix` with respect to ``previous`` and ``new``."""
    if name not in zoneout:
        return 0, d_state
    k = zoneout[name][rows]
    return k * d_state, (1 - k) * d_state


def forward(
    cell,
    x,
    parameters,
    initial,
    lengths,
    *,
    reverse=False,
    recurrent_mask=None,
    zoneout=None,
):
    """Run one layer over a ragged packed batch.

    Parameters
    ----------
    cell : str
        A key of `CELLS`.
    x : ndarray of shape (n_rows, n_features)
        Packed input rows.
    parameters : dict of str to ndarray
        In the shapes of `parameter_shapes`.
    initial : dict of str to ndarray of shape (n_samples, size of the state)
        The states before each sequence's first step, in batch order.
    lengths : array-like of shape (n_samples,)
        Lengths in batch order, longest first.
    reverse, recurrent_mask, zoneout
        The options at the top of this file.

    Returns
    -------
    trace : Trace
    """
    mask = np.ones_like(initial["hidden"]) if recurrent_mask is None else recurrent_mask
    zoneout = zoneout or {}
    running = {name: initial[name].copy() for name in CELLS[cell].states}
    hidden = np.empty((int(np.sum(lengths)), running["hidden"].shape[1]))
    saved = []
    for rows, alive in walk(lengths, reverse):
        previous = {name: state[alive].copy() for name, state in running.items()}
        read = {**previous, "recurrent": mask[alive] * previous["hidden"]}
        new, saved_step = CELLS[cell].step(x[rows], read, parameters)
        for name in running:
            running[name][alive] = mix(zoneout, name, rows, previous[name], new[name])
        hidden[rows] = running["hidden"][alive]
        saved.append(saved_step)
    return Trace(hidden, running, saved, np.asarray(lengths), reverse, mask, zoneout)


def backward(cell, trace, parameters, d_hidden, d_final):
    """Gradients of a loss with respect to every argument of `forward`.

    Parameters
    ----------
    cell : str
        A key of `CELLS`.
    trace : Trace
        What `forward` returned; it knows the options `forward` was given.
    parameters : dict of str to ndarray
        The parameters `forward` was given.
    d_hidden : ndarray of shape (n_rows, recurrent_size)
        Gradient of the loss with respect to the hidden state after every step, as
        far as it does not pass through other steps.
    d_final : dict of str to ndarray of shape (n_samples, size of the state)
        The same for the final states.

    Returns
    -------
    gradients : dict of str to ndarray
        ``x``, every parameter, and ``<state>_0`` for every initial state.
    """
    gradients = {name: np.zeros_like(value) for name, value in parameters.items()}
    gradients["x"] = np.empty((len(d_hidden), parameters["weight_ih"].shape[1]))
    running = {name: d_final[name].copy() for name in CELLS[cell].states}
    steps = zip(walk(trace.lengths, trace.reverse), trace.saved, strict=True)
    for (rows, alive), saved in reversed(list(steps)):
        d_kept, d_new = {}, {}
        for name, d_state in running.items():
            d_step = d_state[alive] + (d_hidden[rows] if name == "hidden" else 0)
            d_kept[name], d_new[name] = mix_backward(trace.zoneout, name, rows, d_step)
        d_x, d_read, d_parameters = CELLS[cell].step_backward(d_new, saved, parameters)
        gradients["x"][rows] = d_x
        for name in running:
            running[name][alive] = d_kept[name] + d_read.get(name, 0)
        running["hidden"][alive] += trace.recurrent_mask[alive] * d_read["recurrent"]
        for name, d_parameter in d_parameters.items():
            gradients[name] += d_parameter
    gradients.update({f"{name}_0": d_state for name, d_state in running.items()})
    return gradients


def random_problem(
    cell, *, lengths, n_features, hidden_size, projection_size=None, seed=0, scale=0.6
):
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
    projection_size : int, default=None
        Columns of the hidden state of an LSTM with a ``projection``.
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
    x = rng.normal(size=(n_rows, n_features))
    shapes = parameter_shapes(cell, n_features, hidden_size, projection_size)
    parameters = {name: scale * rng.normal(size=shapes[name]) for name in shapes}
    sizes = state_sizes(cell, parameters)
    states = {name: (n_samples, size) for name, size in sizes.items()}
    return {
        "x": x,
        "parameters": parameters,
        "initial": {name: scale * rng.normal(size=states[name]) for name in states},
        "d_hidden": rng.normal(size=(n_rows, sizes["hidden"])),
        "d_final": {name: rng.normal(size=states[name]) for name in states},
    }


def random_options(problem, names, *, binary=False, seed=1):
    """Random values of some of the options of `forward`.

    Parameters
    ----------
    problem : dict
        From `random_problem`.
    names : collection of str
        Some of "reverse", "recurrent_mask", "zoneout".
    binary : bool, default=False
        Numbers of 0 and 1 or 0 and 2 as in training, in place of any numbers.
    seed : int, default=1
        Seed of the draws.

    Returns
    -------
    options : dict
        Keyword arguments of `forward`.
    """
    rng = np.random.default_rng(seed)
    initial = problem["initial"]
    mask = rng.uniform(0.4, 1.6, size=initial["hidden"].shape)
    zoneout = {
        name: rng.uniform(0.1, 0.9, size=(len(problem["x"]), state.shape[1]))
        for name, state in initial.items()
    }
    if binary:
        mask = 2 * np.round(mask / 2)
        zoneout = {name: np.round(k) for name, k in zoneout.items()}
    options = {"reverse": True, "recurrent_mask": mask, "zoneout": zoneout}
    return {name: options[name] for name in names}


def arguments_of(problem):
    """Every array a backward pass has a gradient for, by name."""
    initial = {f"{name}_0": value for name, value in problem["initial"].items()}
    return {"x": problem["x"], **problem["parameters"], **initial}
