"""Recurrent layers as loops: cells that no operator of ONNX computes.

The equations are those of ``_kernels/cells``, in ONNX's elementary operators. Steps of
padding leave the states as they are.
"""

import numpy as np

from .graph import Tensor

__all__ = ["add_scan_layer"]


def add_scan_layer(graph, layer, rows, steps, starts):
    """Add a layer; see `add_stack`.

    Parameters
    ----------
    graph : GraphBuilder
    layer : Layer
    rows : str
    steps : Steps
    starts : list of dict or None
        Initial states of each direction; None means zero.

    Returns
    -------
    rows : str
    states : list of dict
    """
    parts, states = [], []
    for direction, parameters in enumerate(layer.parameters):
        start = None if starts is None else starts[direction]
        read = steps.backward(rows) if direction == 1 else rows
        hidden, last = _add_direction(graph, layer, parameters, read, steps, start)
        parts.append(steps.backward(hidden) if direction == 1 else hidden)
        states.append(last)
    return graph.joined(parts, axis=2), states


def _add_direction(graph, layer, parameters, rows, steps, start):
    """Run over the rows in the order they stand in."""
    sizes = {"hidden_0": parameters["weight_hh"].shape[1], "cell_0": layer.hidden_size}
    names = layer.state_names
    if start is None:
        start = {name: steps.repeated(np.zeros(sizes[name])) for name in names}
    # The products with the inputs need no loop.
    products = graph.affine(rows, parameters["weight_ih"], parameters["bias"])
    initial = [Tensor(start[name], np.float32, ("n", sizes[name])) for name in names]
    sequences = [Tensor(products, np.float32, ("n", len(parameters["bias"])))]
    if steps.is_ragged:
        sequences.append(Tensor(steps.are_real, np.bool_, ("n", 1)))

    body = graph.body()
    before = {name: body.inner("state", k) for k, name in enumerate(names)}
    after = _STEPS[layer.cell](body, body.inner("step", 0), before, parameters)
    for name in names:
        if layer.zoneout:
            after[name] = _mixed(body, layer.zoneout, before[name], after[name])
        if steps.is_ragged:
            real = body.inner("step", 1)
            after[name] = body.op("Where", real, after[name], before[name])
    handed_out = [Tensor("", np.float32, initial[0].shape, after["hidden_0"])]
    *last, hidden = graph.scan(
        body, initial, sequences, ([after[name] for name in names], handed_out)
    )
    return hidden, dict(zip(names, last, strict=True))


def _mixed(body, zoneout, before, after):
    """What zoneout's state is on average."""
    kept = body.op("Mul", before, np.float32(zoneout))
    return body.op("Add", kept, body.op("Mul", after, np.float32(1 - zoneout)))


# ---- one step of a cell ----------------------------------------------------------


def _gates(body, products, count):
    return body.op("Split", products, n_outputs=count, axis=1, num_outputs=count)


def _lstm(body, products, before, parameters, *, coupled=False):
    hidden, cell = before["hidden_0"], before["cell_0"]
    recurrent = body.affine(hidden, parameters["weight_hh"])
    gates = _gates(body, body.op("Add", products, recurrent), 3 if coupled else 4)
    gates = dict(zip("igo" if coupled else "ifgo", gates, strict=True))
    peephole = {}
    if "peephole" in parameters:
        seeing = "io" if coupled else "ifo"
        rows = np.asarray(parameters["peephole"], dtype=np.float32)
        peephole = dict(zip(seeing, rows, strict=True))

    def opened(gate, state):
        z = gates[gate]
        if gate in peephole:
            z = body.op("Add", z, body.op("Mul", state, peephole[gate]))
        return body.op("Sigmoid", z)

    i = opened("i", cell)
    f = body.op("Sub", np.float32(1), i) if coupled else opened("f", cell)
    written = body.op("Mul", i, body.op("Tanh", gates["g"]))
    cell = body.op("Add", body.op("Mul", f, cell), written)
    hidden = body.op("Mul", opened("o", cell), body.op("Tanh", cell))
    if "projection" in parameters:
        hidden = body.affine(hidden, parameters["projection"])
    return {"hidden_0": hidden, "cell_0": cell}


def _coupled_lstm(body, products, before, parameters):
    return _lstm(body, products, before, parameters, coupled=True)


def _gru(body, products, before, parameters):
    hidden = before["hidden_0"]
    of_r, of_z, of_n = _gates(body, products, 3)
    weight_r, weight_z, weight_n = np.split(np.asarray(parameters["weight_hh"]), 3)

    def opened(z, weight):
        return body.op("Sigmoid", body.op("Add", z, body.affine(hidden, weight)))

    r, z = opened(of_r, weight_r), opened(of_z, weight_z)
    if "bias_hh" in parameters:  # the gate is behind the product
        recurrent = body.affine(hidden, weight_n, parameters["bias_hh"])
        recurrent = body.op("Mul", r, recurrent)
    else:
        recurrent = body.affine(body.op("Mul", r, hidden), weight_n)
    n = body.op("Tanh", body.op("Add", of_n, recurrent))
    step = body.op("Mul", z, body.op("Sub", n, hidden))
    return {"hidden_0": body.op("Add", hidden, step)}


def _rnn(activation):
    def step(body, products, before, parameters):
        recurrent = body.affine(before["hidden_0"], parameters["weight_hh"])
        z = body.op("Add", products, recurrent)
        return {"hidden_0": body.op(activation, z)}

    return step


_STEPS = {
    "lstm": _lstm,
    "lstm_peephole": _lstm,
    "lstm_coupled": _coupled_lstm,
    "lstm_coupled_peephole": _coupled_lstm,
    "gru": _gru,
    "gru_reset_after": _gru,
    "rnn_tanh": _rnn("Tanh"),
    "rnn_relu": _rnn("Relu"),
}
