"""What one writes in an afternoon: LSTM and GRU in plain NumPy, for scale."""

import numpy as np

from harness.cases import N_GATES
from peers import Contestant


def describe():
    return {"numpy": np.__version__}


def build(case, n_threads):
    """BLAS takes `n_threads` from the environment of the worker."""
    rng = np.random.default_rng(0)
    inputs = np.ascontiguousarray(case.inputs().transpose(1, 0, 2))
    layers = []
    for layer in range(case.n_layers):
        n_in = case.n_features if layer == 0 else case.hidden_size
        n_rows = N_GATES[case.cell] * case.hidden_size
        draw = rng.standard_normal((n_rows, n_in + case.hidden_size + 1))
        draw = (0.1 * draw).astype(np.float32)
        layers.append(np.split(draw, [n_in, n_in + case.hidden_size], axis=1))
    forward, backward = CELLS[case.cell]

    def infer():
        hidden = inputs
        kept = []
        for weight_ih, weight_hh, bias in layers:
            kept.append(forward(hidden, weight_ih, weight_hh, bias[:, 0]))
            hidden = kept[-1][0][1:]
        return kept

    def step():
        kept = infer()
        d_hidden = np.zeros_like(kept[-1][0][1:])
        d_hidden[-1] = 1
        gradients = []
        for i in reversed(range(len(layers))):
            below = inputs if i == 0 else kept[i - 1][0][1:]
            d_hidden, *gradient = backward(
                d_hidden, below, layers[i][0], layers[i][1], *kept[i]
            )
            gradients.append(gradient)
        return gradients

    return {"numpy": Contestant(step if case.section == "training" else infer)}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm_forward(x, weight_ih, weight_hh, bias):
    """Hidden and cell states (n_timesteps + 1 rows, the first zero), and the gates."""
    n_timesteps, n_samples, _ = x.shape
    size = weight_hh.shape[1]
    hidden = np.zeros((n_timesteps + 1, n_samples, size), dtype=x.dtype)
    cell = np.zeros_like(hidden)
    gates = np.empty((n_timesteps, n_samples, 4 * size), dtype=x.dtype)
    for t in range(n_timesteps):
        z = x[t] @ weight_ih.T + hidden[t] @ weight_hh.T + bias
        i, f, g, o = np.split(z, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        cell[t + 1] = f * cell[t] + i * g
        hidden[t + 1] = o * np.tanh(cell[t + 1])
        gates[t] = np.concatenate([i, f, g, o], axis=1)
    return hidden, cell, gates


def lstm_backward(d_hidden, x, weight_ih, weight_hh, hidden, cell, gates):
    """Gradients of the inputs, both weights and the bias."""
    d_gates = np.empty_like(gates)
    d_h, d_c = np.zeros_like(hidden[0]), np.zeros_like(hidden[0])
    for t in reversed(range(len(x))):
        i, f, g, o = np.split(gates[t], 4, axis=1)
        d_h = d_h + d_hidden[t]
        tanh_c = np.tanh(cell[t + 1])
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_gates[t] = np.concatenate(
            [
                d_c * g * i * (1 - i),
                d_c * cell[t] * f * (1 - f),
                d_c * i * (1 - g**2),
                d_h * tanh_c * o * (1 - o),
            ],
            axis=1,
        )
        d_c = d_c * f
        d_h = d_gates[t] @ weight_hh
    rows = d_gates.reshape(-1, d_gates.shape[2])
    return (
        d_gates @ weight_ih,
        rows.T @ x.reshape(len(rows), -1),
        rows.T @ hidden[:-1].reshape(len(rows), -1),
        rows.sum(axis=0),
    )


def gru_forward(x, weight_ih, weight_hh, bias):
    """Hidden states, gates (r, z, n) and the recurrent part of n; reset after."""
    n_timesteps, n_samples, _ = x.shape
    size = weight_hh.shape[1]
    hidden = np.zeros((n_timesteps + 1, n_samples, size), dtype=x.dtype)
    gates = np.empty((n_timesteps, n_samples, 3 * size), dtype=x.dtype)
    recurrent_n = np.empty((n_timesteps, n_samples, size), dtype=x.dtype)
    for t in range(n_timesteps):
        from_input = x[t] @ weight_ih.T + bias
        from_hidden = hidden[t] @ weight_hh.T
        r = sigmoid(from_input[:, :size] + from_hidden[:, :size])
        z = sigmoid(from_input[:, size:-size] + from_hidden[:, size:-size])
        recurrent_n[t] = from_hidden[:, -size:]
        n = np.tanh(from_input[:, -size:] + r * recurrent_n[t])
        hidden[t + 1] = (1 - z) * hidden[t] + z * n
        gates[t] = np.concatenate([r, z, n], axis=1)
    return hidden, gates, recurrent_n


def gru_backward(d_hidden, x, weight_ih, weight_hh, hidden, gates, recurrent_n):
    """Gradients of the inputs, both weights and the bias."""
    size = weight_hh.shape[1]
    d_input = np.empty_like(gates)
    d_recurrent = np.empty_like(gates)
    d_h = np.zeros_like(hidden[0])
    for t in reversed(range(len(x))):
        r, z, n = np.split(gates[t], 3, axis=1)
        d_h = d_h + d_hidden[t]
        d_n = d_h * z * (1 - n**2)
        d_z = d_h * (n - hidden[t]) * z * (1 - z)
        d_r = d_n * recurrent_n[t] * r * (1 - r)
        d_input[t] = np.concatenate([d_r, d_z, d_n], axis=1)
        d_recurrent[t] = d_input[t]
        d_recurrent[t, :, -size:] *= r
        d_h = d_h * (1 - z) + d_recurrent[t] @ weight_hh
    rows = d_input.reshape(-1, 3 * size)
    return (
        d_input @ weight_ih,
        rows.T @ x.reshape(len(rows), -1),
        d_recurrent.reshape(-1, 3 * size).T @ hidden[:-1].reshape(len(rows), -1),
        rows.sum(axis=0),
    )


CELLS = {"lstm": (lstm_forward, lstm_backward), "gru": (gru_forward, gru_backward)}
