"""Recurrent layers in plain NumPy: the yardstick of the kernel tests.

Nothing here is fast and nothing is clever: one function computes one time step of
one cell, another takes its gradient back; ``reference_layers.py`` walks over the steps
of a ragged batch. The kernels are compared with this file, and this file is compared
with finite differences (``test_reference_cells.py``), so that neither is believed
on its own.

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
