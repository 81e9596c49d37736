"""Recurrent layers in plain NumPy: the yardstick of the kernel tests.

Nothing here is fast and nothing is clever: one function computes one time step of
one cell, another takes its gradient back; ``reference_layers.py`` walks over the steps
of a ragged batch. The kernels are compared with this file, and this file is compared
with finite differences (``test_reference_cells.py``), so that neither is believed
on its own.

Row vectors; ``x`` input, ``h`` hidden state, ``c`` cell state, ``s`` the logistic
function, ``*`` elementwise, prime = previous step; ``p*c`` only with peepholes::

    lstm             i = s(W x + U h' + p_i*c' + b);  f = s(W x + U h' + p_f*c' + b)
                     g = tanh(W x + U h' + b);        c = f*c' + i*g
                     o = s(W x + U h' + p_o*c + b);   h = o*tanh(c)
    lstm_coupled     the same but for f = 1 - i
    rnn_tanh         h = tanh(W x + U h' + b)
    rnn_relu         h = max(W x + U h' + b, 0)
    gru              r, z = s(W x + U h' + b);     n = tanh(W x + U (r*h') + b)
                     h = (1 - z)*h' + z*n
    gru_reset_after  the same but for              n = tanh(W x + b + r*(U h' + b_hh))

Any LSTM may have a ``projection`` P among its parameters: then h = P (o*tanh(c)). The
h' of a product with U is ``previous["recurrent"]``, that of (1 - z)*h' is
``previous["hidden"]``: ``reference_layers.py`` may mask the one and not the other.
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
        ``step(x, previous, parameters) -> (states, saved)`` for one time step;
        ``previous`` holds the states and, as ``"recurrent"``, what the products with
        ``weight_hh`` see of the hidden state.
    step_backward : callable
        ``step_backward(d_states, saved, parameters)`` gives ``(d_x, d_previous,
        d_parameters)``; what is not read has no entry in ``d_previous``.
    """

    n_gates: int
    parameters: tuple
    states: tuple
    step: callable
    step_backward: callable


def sigmoid(z):
    """Logistic function, without overflow for any finite ``z``."""
    return 0.5 + 0.5 * np.tanh(0.5 * z)


def preactivation(x, recurrent, parameters):
    """What all gates have in common: both products and the bias."""
    z = x @ parameters["weight_ih"].T + recurrent @ parameters["weight_hh"].T
    return z + parameters["bias"]


def preactivation_backward(d_z, x, recurrent, parameters):
    """Gradient of `preactivation`: ``(d_x, d_recurrent, d_parameters)``."""
    d_parameters = {
        "weight_ih": d_z.T @ x,
        "weight_hh": d_z.T @ recurrent,
        "bias": d_z.sum(axis=0),
    }
    return d_z @ parameters["weight_ih"], d_z @ parameters["weight_hh"], d_parameters


# LSTM: with or without a forget gate of its own, peepholes, a projection ----


def lstm_peepholes(parameters, coupled, peephole):
    """The rows of ``peephole`` by the gate they belong to."""
    if not peephole:
        return {}
    return dict(zip("io" if coupled else "ifo", parameters["peephole"], strict=True))


def lstm_step(x, previous, parameters, *, coupled, peephole):
    """One time step of an LSTM on the rows that are alive."""
    recurrent, c_prev = previous["recurrent"], previous["cell"]
    p = lstm_peepholes(parameters, coupled, peephole)

    def seen(gate, state):
        return p[gate] * state if gate in p else 0

    gates = "igo" if coupled else "ifgo"
    z = preactivation(x, recurrent, parameters)
    z = dict(zip(gates, np.split(z, len(gates), axis=1), strict=True))
    i = sigmoid(z["i"] + seen("i", c_prev))
    f = 1 - i if coupled else sigmoid(z["f"] + seen("f", c_prev))
    g = np.tanh(z["g"])
    c = f * c_prev + i * g
    o = sigmoid(z["o"] + seen("o", c))
    m = o * np.tanh(c)
    h = m @ parameters["projection"].T if "projection" in parameters else m
    return {"hidden": h, "cell": c}, (x, recurrent, c_prev, i, f, g, o, c, m)


def lstm_step_backward(d_states, saved, parameters, *, coupled, peephole):
    """Gradient of `lstm_step` with respect to all it read."""
    x, recurrent, c_prev, i, f, g, o, c, m = saved
    d_h = d_states["hidden"]
    d_m = d_h @ parameters["projection"] if "projection" in parameters else d_h
    p = lstm_peepholes(parameters, coupled, peephole)
    d_z = {"o": d_m * np.tanh(c) * o * (1 - o)}
    d_c = d_states["cell"] + d_m * o * (1 - np.tanh(c) ** 2) + p.get("o", 0) * d_z["o"]
    d_i = d_c * (g - c_prev) if coupled else d_c * g
    d_z["i"] = d_i * i * (1 - i)
    d_z["f"] = d_c * c_prev * f * (1 - f)
    d_z["g"] = d_c * i * (1 - g**2)
    d_c_prev = d_c * f + p.get("i", 0) * d_z["i"] + p.get("f", 0) * d_z["f"]
    all_d_z = np.hstack([d_z[gate] for gate in ("igo" if coupled else "ifgo")])
    d_x, d_recurrent, d_parameters = preactivation_backward(
        all_d_z, x, recurrent, parameters
    )
    if peephole:
        state = {"i": c_prev, "f": c_prev, "o": c}
        rows = [(d_z[gate] * state[gate]).sum(axis=0) for gate in p]
        d_parameters["peephole"] = np.stack(rows)
    if "projection" in parameters:
        d_parameters["projection"] = d_h.T @ m
    return d_x, {"recurrent": d_recurrent, "cell": d_c_prev}, d_parameters


# Plain recurrent networks ----


def rnn_step(x, previous, parameters, activation):
    """One time step of a plain recurrent network."""
    recurrent = previous["recurrent"]
    h = activation(preactivation(x, recurrent, parameters))
    return {"hidden": h}, (x, recurrent, h)


def rnn_step_backward(d_states, saved, parameters, derivative):
    """Gradient of `rnn_step`; ``derivative`` takes the activation's value."""
    x, recurrent, h = saved
    d_z = d_states["hidden"] * derivative(h)
    d_x, d_recurrent, d_parameters = preactivation_backward(
        d_z, x, recurrent, parameters
    )
    return d_x, {"recurrent": d_recurrent}, d_parameters


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
    h_prev, recurrent = previous["hidden"], previous["recurrent"]
    w_r, w_z, w_n = np.split(parameters["weight_ih"], 3)
    u_r, u_z, u_n = np.split(parameters["weight_hh"], 3)
    b_r, b_z, b_n = np.split(parameters["bias"], 3)
    r = sigmoid(x @ w_r.T + recurrent @ u_r.T + b_r)
    z = sigmoid(x @ w_z.T + recurrent @ u_z.T + b_z)
    n = np.tanh(x @ w_n.T + (r * recurrent) @ u_n.T + b_n)
    return {"hidden": (1 - z) * h_prev + z * n}, (x, h_prev, recurrent, r, z, n)


def gru_step_backward(d_states, saved, parameters):
    """Gradient of `gru_step` with respect to all it read."""
    x, h_prev, recurrent, r, z, n = saved
    d_h = d_states["hidden"]
    u_r, u_z, u_n = np.split(parameters["weight_hh"], 3)
    d_a_n = d_h * z * (1 - n**2)
    d_reset_hidden = d_a_n @ u_n
    d_a_r = d_reset_hidden * recurrent * r * (1 - r)
    d_a_z = d_h * (n - h_prev) * z * (1 - z)
    d_a = np.hstack([d_a_r, d_a_z, d_a_n])
    d_previous = {
        "hidden": d_h * (1 - z),
        "recurrent": d_reset_hidden * r + d_a_r @ u_r + d_a_z @ u_z,
    }
    d_parameters = {
        "weight_ih": d_a.T @ x,
        "weight_hh": np.vstack(
            [d_a_r.T @ recurrent, d_a_z.T @ recurrent, d_a_n.T @ (r * recurrent)]
        ),
        "bias": d_a.sum(axis=0),
    }
    return d_a @ parameters["weight_ih"], d_previous, d_parameters


# GRU with the reset gate after the product ----


def gru_reset_after_step(x, previous, parameters):
    """One time step of a GRU that resets the recurrent product."""
    h_prev, recurrent = previous["hidden"], previous["recurrent"]
    w_r, w_z, w_n = np.split(parameters["weight_ih"], 3)
    u_r, u_z, u_n = np.split(parameters["weight_hh"], 3)
    b_r, b_z, b_n = np.split(parameters["bias"], 3)
    r = sigmoid(x @ w_r.T + recurrent @ u_r.T + b_r)
    z = sigmoid(x @ w_z.T + recurrent @ u_z.T + b_z)
    recurrent_n = recurrent @ u_n.T + parameters["bias_hh"]
    n = np.tanh(x @ w_n.T + b_n + r * recurrent_n)
    saved = x, h_prev, recurrent, r, z, n, recurrent_n
    return {"hidden": (1 - z) * h_prev + z * n}, saved


def gru_reset_after_step_backward(d_states, saved, parameters):
    """Gradient of `gru_reset_after_step` with respect to all it read."""
    x, h_prev, recurrent, r, z, n, recurrent_n = saved
    d_h = d_states["hidden"]
    d_a_n = d_h * z * (1 - n**2)
    d_recurrent_n = d_a_n * r
    d_a_r = d_a_n * recurrent_n * r * (1 - r)
    d_a_z = d_h * (n - h_prev) * z * (1 - z)
    d_a = np.hstack([d_a_r, d_a_z, d_a_n])
    d_products = np.hstack([d_a_r, d_a_z, d_recurrent_n])
    d_previous = {
        "hidden": d_h * (1 - z),
        "recurrent": d_products @ parameters["weight_hh"],
    }
    d_parameters = {
        "weight_ih": d_a.T @ x,
        "weight_hh": d_products.T @ recurrent,
        "bias": d_a.sum(axis=0),
        "bias_hh": d_recurrent_n.sum(axis=0),
    }
    return d_a @ parameters["weight_ih"], d_previous, d_parameters


def lstm_cell(*, coupled=False, peephole=False):
    """An LSTM with these options."""
    parameters = ("weight_ih", "weight_hh", "bias")
    return Cell(
        3 if coupled else 4,
        (*parameters, "peephole") if peephole else parameters,
        ("hidden", "cell"),
        partial(lstm_step, coupled=coupled, peephole=peephole),
        partial(lstm_step_backward, coupled=coupled, peephole=peephole),
    )


CELLS = {
    "lstm": lstm_cell(),
    "lstm_coupled": lstm_cell(coupled=True),
    "lstm_peephole": lstm_cell(peephole=True),
    "lstm_coupled_peephole": lstm_cell(coupled=True, peephole=True),
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
