"""Recurrent layers in plain NumPy: the yardstick of the kernel tests.

Nothing here is fast and nothing is clever: one function computes one time step of
one cell, another takes its gradient back, and two drivers walk over the steps of a
ragged batch. The kernels are compared with this file, and this file is compared
with finite differences (``test_reference_cells.py``), so that neither is believed
on its own.

Packed batches: the sequences of a batch are sorted by length, longest first, and
stored time-major, so that the rows alive at step ``t`` are one block and row
``offsets[t] + b`` belongs to step ``t`` of sequence ``b``. The state before step
``t`` of sequence ``b`` is its initial state when ``t == 0``, else its state at row
``offsets[t - 1] + b``. A sequence's final state is the state at its own last step.

Row vectors; ``x`` input, ``h`` hidden state, ``c`` cell state, ``s`` the logistic
function, ``*`` elementwise, prime = previous step::

    lstm             i, f, o = s(W x + U h' + b);  g = tanh(W x + U h' + b)
                     c = f*c' + i*g;               h = o*tanh(c)
    lstm_coupled     the same but for f = 1 - i
    rnn_tanh         h = tanh(W x + U h' + b)
    rnn_relu         h = max(W x + U h' + b, 0)
    gru              r, z = s(W x + U h' + b);     n = tanh(W x + U (r*h') + b)
                     h = (1 - z)*h' + z*n
    gru_reset_after  the same but for              n = tanh(W x + b + r*(U h' + b_hh))
"""

from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np


class Cell(NamedTuple):
    """What the drivers need to know about one kind of cell.

    Attributes
    ----------
    n_gates : int
        Blocks of ``hidden_size`` rows in ``weight_ih``, ``weight_hh`` and ``bias``.
    parameters : tuple of str
        Names of the parameters, in the order of the flat vector.
    states : tuple of str
        Names of the states carried from step to step, ``"hidden"`` first.
    step : callable
        ``step(x, previous, parameters) -> (states, saved)`` for one time step.
    step_backward : callable
        ``step_backward(d_states, saved, parameters)`` gives ``(d_x, d_previous,
        d_parameters)``.
    """

    n_gates: int
    parameters: tuple
    states: tuple
    step: callable
    step_backward: callable


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


def sigmoid(z):
    """Logistic function, without overflow for any finite ``z``."""
    return 0.5 + 0.5 * np.tanh(0.5 * z)


# LSTM ----


def lstm_step(x, previous, parameters):
    """One time step of an LSTM on the rows that are alive."""
    h_prev, c_prev = previous["hidden"], previous["cell"]
    z = x @ parameters["weight_ih"].T + h_prev @ parameters["weight_hh"].T
    z_i, z_f, z_g, z_o = np.split(z + parameters["bias"], 4, axis=1)
    i, f, g, o = sigmoid(z_i), sigmoid(z_f), np.tanh(z_g), sigmoid(z_o)
    c = f * c_prev + i * g
    return {"hidden": o * np.tanh(c), "cell": c}, (x, h_prev, c_prev, i, f, g, o, c)


def lstm_step_backward(d_states, saved, parameters):
    """Gradient of `lstm_step` with respect to all it read."""
    x, h_prev, c_prev, i, f, g, o, c = saved
    d_h = d_states["hidden"]
    d_c = d_states["cell"] + d_h * o * (1 - np.tanh(c) ** 2)
    d_z_i = d_c * g * i * (1 - i)
    d_z_f = d_c * c_prev * f * (1 - f)
    d_z_g = d_c * i * (1 - g**2)
    d_z_o = d_h * np.tanh(c) * o * (1 - o)
    d_z = np.hstack([d_z_i, d_z_f, d_z_g, d_z_o])
    d_previous = {"hidden": d_z @ parameters["weight_hh"], "cell": d_c * f}
    d_parameters = {
        "weight_ih": d_z.T @ x,
        "weight_hh": d_z.T @ h_prev,
        "bias": d_z.sum(axis=0),
    }
    return d_z @ parameters["weight_ih"], d_previous, d_parameters


# LSTM with coupled gates ----


def lstm_coupled_step(x, previous, parameters):
    """One time step of an LSTM that forgets what it overwrites."""
    h_prev, c_prev = previous["hidden"], previous["cell"]
    z = x @ parameters["weight_ih"].T + h_prev @ parameters["weight_hh"].T
    z_i, z_g, z_o = np.split(z + parameters["bias"], 3, axis=1)
    i, g, o = sigmoid(z_i), np.tanh(z_g), sigmoid(z_o)
    c = (1 - i) * c_prev + i * g
    return {"hidden": o * np.tanh(c), "cell": c}, (x, h_prev, c_prev, i, g, o, c)


def lstm_coupled_step_backward(d_states, saved, parameters):
    """Gradient of `lstm_coupled_step` with respect to all it read."""
    x, h_prev, c_prev, i, g, o, c = saved
    d_h = d_states["hidden"]
    d_c = d_states["cell"] + d_h * o * (1 - np.tanh(c) ** 2)
    d_z_i = d_c * (g - c_prev) * i * (1 - i)
    d_z_g = d_c * i * (1 - g**2)
    d_z_o = d_h * np.tanh(c) * o * (1 - o)
    d_z = np.hstack([d_z_i, d_z_g, d_z_o])
    d_previous = {"hidden": d_z @ parameters["weight_hh"], "cell": d_c * (1 - i)}
    d_parameters = {
        "weight_ih": d_z.T @ x,
        "weight_hh": d_z.T @ h_prev,
        "bias": d_z.sum(axis=0),
    }
    return d_z @ parameters["weight_ih"], d_previous, d_parameters


# Plain recurrent networks ----


def rnn_step(x, previous, parameters, activation):
    """One time step of a plain recurrent network."""
    h_prev = previous["hidden"]
    z = x @ parameters["weight_ih"].T + h_prev @ parameters["weight_hh"].T
    h = activation(z + parameters["bias"])
    return {"hidden": h}, (x, h_prev, h)


def rnn_step_backward(d_states, saved, parameters, derivative):
    """Gradient of `rnn_step`; ``derivative`` takes the activation's value."""
    x, h_prev, h = saved
    d_z = d_states["hidden"] * derivative(h)
    d_parameters = {
        "weight_ih": d_z.T @ x,
        "weight_hh": d_z.T @ h_prev,
        "bias": d_z.sum(axis=0),
    }
    d_previous = {"hidden": d_z @ parameters["weight_hh"]}
    return d_z @ parameters["weight_ih"], d_previous, d_parameters


def relu(z):
    """The positive part."""
    return np.maximum(z, 0)


def tanh_derivative(h):
    """Derivative of tanh, from its value."""
    return 1 - h**2


def relu_derivative(h):
    """Derivative of the positive part, from its value; NaN stays NaN."""
    return np.where(np.isnan(h), h, h > 0)


# GRU as first published ----


def gru_step(x, previous, parameters):
    """One time step of a GRU that resets the hidden state before the product."""
    h_prev = previous["hidden"]
    w_r, w_z, w_n = np.split(parameters["weight_ih"], 3)
    u_r, u_z, u_n = np.split(parameters["weight_hh"], 3)
    b_r, b_z, b_n = np.split(parameters["bias"], 3)
    r = sigmoid(x @ w_r.T + h_prev @ u_r.T + b_r)
    z = sigmoid(x @ w_z.T + h_prev @ u_z.T + b_z)
    n = np.tanh(x @ w_n.T + (r * h_prev) @ u_n.T + b_n)
    return {"hidden": (1 - z) * h_prev + z * n}, (x, h_prev, r, z, n)


def gru_step_backward(d_states, saved, parameters):
    """Gradient of `gru_step` with respect to all it read."""
    x, h_prev, r, z, n = saved
    d_h = d_states["hidden"]
    u_r, u_z, u_n = np.split(parameters["weight_hh"], 3)
    d_a_n = d_h * z * (1 - n**2)
    d_reset_hidden = d_a_n @ u_n
    d_a_r = d_reset_hidden * h_prev * r * (1 - r)
    d_a_z = d_h * (n - h_prev) * z * (1 - z)
    d_a = np.hstack([d_a_r, d_a_z, d_a_n])
    d_h_prev = d_h * (1 - z) + d_reset_hidden * r + d_a_r @ u_r + d_a_z @ u_z
    d_parameters = {
        "weight_ih": d_a.T @ x,
        "weight_hh": np.vstack(
            [d_a_r.T @ h_prev, d_a_z.T @ h_prev, d_a_n.T @ (r * h_prev)]
        ),
        "bias": d_a.sum(axis=0),
    }
    return d_a @ parameters["weight_ih"], {"hidden": d_h_prev}, d_parameters


# GRU with the reset gate after the product ----


def gru_reset_after_step(x, previous, parameters):
    """One time step of a GRU that resets the recurrent product."""
    h_prev = previous["hidden"]
    w_r, w_z, w_n = np.split(parameters["weight_ih"], 3)
    u_r, u_z, u_n = np.split(parameters["weight_hh"], 3)
    b_r, b_z, b_n = np.split(parameters["bias"], 3)
    r = sigmoid(x @ w_r.T + h_prev @ u_r.T + b_r)
    z = sigmoid(x @ w_z.T + h_prev @ u_z.T + b_z)
    recurrent_n = h_prev @ u_n.T + parameters["bias_hh"]
    n = np.tanh(x @ w_n.T + b_n + r * recurrent_n)
    return {"hidden": (1 - z) * h_prev + z * n}, (x, h_prev, r, z, n, recurrent_n)


def gru_reset_after_step_backward(d_states, saved, parameters):
    """Gradient of `gru_reset_after_step` with respect to all it read."""
    x, h_prev, r, z, n, recurrent_n = saved
    d_h = d_states["hidden"]
    d_a_n = d_h * z * (1 - n**2)
    d_recurrent_n = d_a_n * r
    d_a_r = d_a_n * recurrent_n * r * (1 - r)
    d_a_z = d_h * (n - h_prev) * z * (1 - z)
    d_a = np.hstack([d_a_r, d_a_z, d_a_n])
    d_recurrent = np.hstack([d_a_r, d_a_z, d_recurrent_n])
    d_h_prev = d_h * (1 - z) + d_recurrent @ parameters["weight_hh"]
    d_parameters = {
        "weight_ih": d_a.T @ x,
        "weight_hh": d_recurrent.T @ h_prev,
        "bias": d_a.sum(axis=0),
        "bias_hh": d_recurrent_n.sum(axis=0),
    }
    return d_a @ parameters["weight_ih"], {"hidden": d_h_prev}, d_parameters


CELLS = {
    "lstm": Cell(
        4,
        ("weight_ih", "weight_hh", "bias"),
        ("hidden", "cell"),
        lstm_step,
        lstm_step_backward,
    ),
    "lstm_coupled": Cell(
        3,
        ("weight_ih", "weight_hh", "bias"),
        ("hidden", "cell"),
        lstm_coupled_step,
        lstm_coupled_step_backward,
    ),
    "rnn_tanh": Cell(
        1,
        ("weight_ih", "weight_hh", "bias"),
        ("hidden",),
        partial(rnn_step, activation=np.tanh),
        partial(rnn_step_backward, derivative=tanh_derivative),
    ),
    "rnn_relu": Cell(
        1,
        ("weight_ih", "weight_hh", "bias"),
        ("hidden",),
        partial(rnn_step, activation=relu),
        partial(rnn_step_backward, derivative=relu_derivative),
    ),
    "gru": Cell(
        3,
        ("weight_ih", "weight_hh", "bias"),
        ("hidden",),
        gru_step,
        gru_step_backward,
    ),
    "gru_reset_after": Cell(
        3,
        ("weight_ih", "weight_hh", "bias", "bias_hh"),
        ("hidden",),
        gru_reset_after_step,
        gru_reset_after_step_backward,
    ),
}


# Ragged batches ----


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
