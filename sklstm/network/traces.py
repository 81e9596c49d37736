"""What happens inside a network: gates, states and their gradients at every step.

For inspection. The passes are those of training without noise, so that what is read
off is what the kernels compute, to the last bit; a network is left as it was.
"""

import numpy as np

from .chain import Pass
from .sequence_to_sequence import SequenceToSequence
from .sequence_to_sequence_passes import SequenceToSequencePass, Workspaces

__all__ = ["batch_of_layer", "hidden_gradients", "trace_layer"]

# What a cell calls by a letter. The one gate of an RNN is its hidden state.
GATE_WORDS = {
    "i": "input_gate",
    "f": "forget_gate",
    "g": "candidate",
    "o": "output_gate",
    "r": "reset_gate",
    "z": "update_gate",
    "n": "candidate",
}


def trace_layer(network, place, batch, n_threads=1):
    """Gates and states of one layer over a batch.

    Parameters
    ----------
    network : RecurrentNetwork or SequenceToSequence
    place : tuple of int
        Number and direction of the layer, as in ``network.layers``.
    batch : PackedBatch or PairedBatch
    n_threads : int, default=1

    Returns
    -------
    traces : dict of str to ndarray of shape (n_rows, size)
        Packed rows by name: gates in the order of the equations, then ``cell`` (with a
        cell state) and ``hidden``. They are those of `batch_of_layer`.
    """
    keep = _keep_pairs if isinstance(network, SequenceToSequence) else _keep
    layer, layer_run = keep(network, batch, n_threads)[place]
    return _traces_of(layer, layer_run.plan, layer_run.states)


def batch_of_layer(network, number, batch):
    """The batch whose rows a layer runs over: of pairs, the sources or the targets.

    Parameters
    ----------
    network : RecurrentNetwork or SequenceToSequence
    number : int
        Of the layer.
    batch : PackedBatch or PairedBatch

    Returns
    -------
    batch : PackedBatch
    """
    if not isinstance(network, SequenceToSequence):
        return batch
    return batch.source if number < network.n_encoder_layers else batch.target


def _keep(network, batch, n_threads):
    """All layers and what a pass keeps of them, by place."""
    arrays = network._new_arrays(network._packed_forward())
    run = Pass(network._read(batch, n_threads), n_threads, training=True)
    _, traces = network._stack.forward(run, arrays, network.config.pooling)
    return {
        place: (network._stack.layers[place], layer_run)
        for place, layer_run in network._stack.layer_runs(traces).items()
    }


def _keep_pairs(network, batch, n_threads):
    """The same of encoder and decoder."""
    run = SequenceToSequencePass(
        network, batch, network.packed(), Workspaces(network.dtype), n_threads,
        training=True,
    )  # fmt: skip
    run.forward()
    return run.kept_layers()


def _traces_of(layer, plan, states):
    """Gates and states of one layer."""
    cell, traces = layer.cell, {}
    by_slot = states.gates[:, : plan.n_rows].reshape(
        layer.n_blocks, plan.n_rows, cell.n_slots, layer.lanes
    )
    # The gates that see the input have the first slots, whatever their rows of weights.
    slot_of = {cell.gate_names[gate]: k for k, gate in enumerate(cell.input_gates)}
    for gate in cell.gate_names:
        if gate in GATE_WORDS:
            values = by_slot[:, :, slot_of[gate]].transpose(1, 0, 2)
            values = values.reshape(plan.n_rows, layer.stride)
            traces[GATE_WORDS[gate]] = values[:, : layer.hidden_size].copy()
            if gate == "i" and "f" not in slot_of:  # coupled
                traces["forget_gate"] = 1 - traces["input_gate"]
    rows = slice(plan.n_samples, None)  # after the initial states
    if states.cell is not None:
        traces["cell"] = states.cell[rows, : layer.hidden_size].copy()
    traces["hidden"] = states.hidden[rows, : layer.output_size].copy()
    return traces


def hidden_gradients(network, batch, d_features, n_threads=1):
    """Gradients of the hidden states of all layers, at every step.

    Parameters
    ----------
    network : RecurrentNetwork
        Reads forward only.
    batch : PackedBatch
    d_features : ndarray of shape (n_samples or n_rows, n_features_out)
        Gradient of what the head sees, in batch order or in packed rows.
    n_threads : int, default=1

    Returns
    -------
    gradients : list of ndarray of shape (n_rows, output_size)
        Of each layer, in packed rows: all that comes from the step itself and from
        those after it.
    """
    stack, config = network._stack, network.config
    arrays = network._new_arrays(network._packed_forward())
    gradients = [
        np.empty((batch.n_rows, size), network.dtype) for size in config.output_sizes
    ]
    offsets = batch.offsets

    def keep(number, window, gradient):
        first, last = window
        gradients[number][offsets[first] : offsets[last]] = gradient

    # Windows of one step: the gradient is handed from each step to the one before.
    run = Pass(
        network._read(batch, n_threads), n_threads, training=True, window_steps=1,
        on_hidden_gradient=keep,
    )  # fmt: skip
    features, kept = stack.forward(run, arrays, config.pooling)
    padded = np.zeros((len(d_features), features.shape[1]), network.dtype)
    padded[:, : network.n_features_out] = d_features
    of_parameters = np.empty(network.n_parameters, network.dtype)
    views = network._by_layer(network._parameter_layout.views(of_parameters))
    stack.backward(run, kept, padded, arrays, views)
    return gradients
