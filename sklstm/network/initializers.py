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


def _draw(rng, weight_init, init_scale, name, shape, hidden_size):
    """One gate's block of a weight matrix, or another weight of the layer."""
    if weight_init in ("orthogonal", "glorot_uniform"):
        gain = 1.0 if init_scale is None else init_scale
        if name == "peephole":
            return np.zeros(shape)
        if weight_init == "orthogonal" and name != "weight_ih":
            return gain * _orthogonal(rng, *shape)
        return gain * _glorot_uniform(rng, *shape)
    scale = 1.0 / np.sqrt(hidden_size) if init_scale is None else init_scale
    if weight_init == "uniform":
        return rng.uniform(-scale, scale, shape)
    if weight_init == "normal":
        return rng.normal(0.0, scale, shape)
    raise ValueError(f"weight_init must be one of {WEIGHT_INITS}, got {weight_init!r}")


def initialize_layer(
    rng, cell, parameters, *, weight_init, init_scale=None, forget_bias, max_length
):
    """Fill one layer's parameters.

    Parameters
    ----------
    rng : RandomState
    cell : Cell
    parameters : mapping from str to ndarray
        Writable views, filled in place.
    weight_init : {"orthogonal", "glorot_uniform", "uniform", "normal"}
        "orthogonal": orthogonal recurrent weights and projections and Glorot uniform
        input weights, gate by gate; peepholes start at zero, as for "glorot_uniform".
    init_scale : float, default=None
        "uniform": the bound, "normal": the standard deviation of all weights; by
        default 1 / sqrt(hidden_size). The others: a factor, by default 1.
    forget_bias : float or "chrono"
        Bias of an LSTM's forget gate at the start. "chrono" (Tallec and Ollivier 2018)
        spreads it so that units remember from one up to ``max_length`` steps, and
        starts the input gate at its negative. Coupled gates have ``f = 1 - i``: their
        input gate starts at the negative. Other cells have no forget gate and start
        at zero.
    max_length : int or None
        Longest training sequence, for "chrono".
    """
    hidden_size = len(parameters["bias"]) // cell.n_gates
    for name, array in parameters.items():
        if name.startswith("bias") or name.endswith("_0"):
            array[:] = 0
            continue
        # Gate by gate, as each is a matrix of its own.
        n_blocks = cell.n_gates if name.startswith("weight") else 1
        for block in np.split(array, n_blocks):
            block[:] = _draw(
                rng, weight_init, init_scale, name, block.shape, hidden_size
            )
    if cell.has_cell_state:
        _initialize_gate_biases(
            rng, cell, parameters["bias"], hidden_size, forget_bias, max_length
        )


def _initialize_gate_biases(rng, cell, bias, hidden_size, forget_bias, max_length):
    biases = dict(zip(cell.gate_names, np.split(bias, cell.n_gates), strict=True))
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
