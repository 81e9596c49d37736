"""Starting values of weights and biases.

All of them draw in float64 and in a fixed order, so that one random state gives the
same start (up to rounding) in every dtype.
"""

import numpy as np

from .blas import one_blas_thread

__all__ = ["FORGET_BIASES", "WEIGHT_INITS", "initialize_layer", "initialize_output"]

WEIGHT_INITS = ("orthogonal", "glorot_uniform", "uniform", "normal")
FORGET_BIASES = ("chrono",)


def _orthogonal(rng, n_rows, n_columns):
    """A matrix with orthonormal rows or columns (Saxe et al. 2014)."""
    size = max(n_rows, n_columns), min(n_rows, n_columns)
    # LAPACK may round apart for another number of threads: one seed, one start.
    with one_blas_thread():
        q, r = np.linalg.qr(rng.standard_normal(size))
    q *= np.where(np.diag(r) < 0, -1.0, 1.0)
    return q if n_rows >= n_columns else q.T


def _glorot_uniform(rng, n_rows, n_columns):
    """Uniform with variance 2 / (n_rows + n_columns) (Glorot and Bengio 2010)."""
    bound = np.sqrt(6.0 / (n_rows + n_columns))
    return rng.uniform(-bound, bound, (n_rows, n_columns))


def _draw_gate(rng, weight_init, name, n_rows, n_columns, hidden_size):
    """One gate's block of a weight matrix."""
    if weight_init == "orthogonal" and name == "weight_hh":
        return _orthogonal(rng, n_rows, n_columns)
    if weight_init in ("orthogonal", "glorot_uniform"):
        return _glorot_uniform(rng, n_rows, n_columns)
    bound = 1.0 / np.sqrt(hidden_size)
    if weight_init == "uniform":
        return rng.uniform(-bound, bound, (n_rows, n_columns))
    if weight_init == "normal":
        return rng.normal(0.0, bound, (n_rows, n_columns))
    raise ValueError(f"weight_init must be one of {WEIGHT_INITS}, got {weight_init!r}")


def initialize_layer(rng, cell, parameters, *, weight_init, forget_bias, max_length):
    """Fill one layer's parameters.

    Parameters
    ----------
    rng : RandomState
    cell : Cell
    parameters : mapping from str to ndarray
        Writable views, filled in place.
    weight_init : {"orthogonal", "glorot_uniform", "uniform", "normal"}
        "orthogonal": orthogonal recurrent and Glorot uniform input weights, gate by
        gate. "uniform", "normal": with bound or standard deviation 1 /
        sqrt(hidden_size).
    forget_bias : float or "chrono"
        Bias of an LSTM's forget gate at the start. "chrono" (Tallec and Ollivier 2018)
        spreads it so that units remember from one up to ``max_length`` steps, and
        starts the input gate at its negative. Coupled gates have ``f = 1 - i``: their
        input gate starts at the negative. Other cells have no forget gate and start
        at zero.
    max_length : int or None
        Longest training sequence, for "chrono".
    """
    hidden_size = parameters["weight_hh"].shape[1]
    for name in ("weight_ih", "weight_hh"):
        for gate in np.split(parameters[name], cell.n_gates):
            gate[:] = _draw_gate(rng, weight_init, name, *gate.shape, hidden_size)
    for name in parameters:
        if name.startswith("bias"):
            parameters[name][:] = 0
    if not cell.has_cell_state:
        return
    biases = dict(
        zip(cell.gate_names, np.split(parameters["bias"], cell.n_gates), strict=True)
    )
    if forget_bias == "chrono":
        spread = np.log(rng.uniform(1.0, max(max_length - 1.0, 1.0), hidden_size))
        biases["i"][:] = -spread
        if "f" in biases:
            biases["f"][:] = spread
    elif "f" in biases:
        biases["f"][:] = forget_bias
    else:
        biases["i"][:] = -forget_bias


def initialize_output(rng, weight, bias):
    """Glorot uniform weights and zero biases for the head."""
    weight[:] = _glorot_uniform(rng, *weight.shape)
    bias[:] = 0
