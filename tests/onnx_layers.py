"""Our layers as ONNX graphs of one operator, run by onnxruntime.

How the operators' definitions differ from ours:

- Gates are ordered i, o, f, c (LSTM) and z, r, h (GRU), peepholes i, o, f.
- There are two bias vectors, of the input and of the recurrence. What we keep as one is
  split in halves here, so that neither can be overlooked. In the GRU with
  ``linear_before_reset`` those of h are not added up: the second is our ``bias_hh``.
- The GRU's state is ``(1 - z)*h + z*H``, with z where we have 1 - z: as ``1 - s(a) =
  s(-a)``, the rows of that gate change their sign.
- ``input_forget`` couples the gates, but ONNX does not say which one is computed, and
  the weights of f stay in the shapes. onnxruntime has f = 1 - i, as we do, and ignores
  these weights, peephole included: they are filled with numbers that would show.
"""

from typing import NamedTuple

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

OPSET, IR_VERSION = 14, 8
IGNORED = 2.5


class Operator(NamedTuple):
    """One of our cells in ONNX.

    Attributes
    ----------
    name : str
    gates : tuple of int or None
        Our gate for each of the operator's, None for one that is ignored.
    attributes : dict
    peepholes : tuple of int or None
        Our row of ``peephole`` for each gate i, o and f.
    """

    name: str
    gates: tuple
    attributes: dict = {}
    peepholes: tuple = ()


COUPLED = {"input_forget": 1}
OPERATORS = {
    "lstm": Operator("LSTM", (0, 3, 1, 2)),
    "lstm_peephole": Operator("LSTM", (0, 3, 1, 2), peepholes=(0, 2, 1)),
    "lstm_coupled": Operator("LSTM", (0, 2, None, 1), COUPLED),
    "lstm_coupled_peephole": Operator("LSTM", (0, 2, None, 1), COUPLED, (0, 1, None)),
    "gru": Operator("GRU", (1, 0, 2), {"linear_before_reset": 0}),
    "gru_reset_after": Operator("GRU", (1, 0, 2), {"linear_before_reset": 1}),
    "rnn_tanh": Operator("RNN", (0,)),
    "rnn_relu": Operator("RNN", (0,), {"activations": ["Relu"]}),
}


def reordered(blocks, order):
    """Blocks of rows in the operator's order, one below the other."""
    ignored = np.full_like(blocks[0], IGNORED)
    return np.concatenate([ignored if i is None else blocks[i] for i in order])


def onnx_parameters(cell, parameters):
    """W, R, B and P of one direction."""
    operator = OPERATORS[cell]
    n_gates = sum(gate is not None for gate in operator.gates)

    def by_gate(name):
        array = np.asarray(parameters[name], dtype=np.float32)
        blocks = array.reshape(n_gates, -1, *array.shape[1:]).copy()
        if operator.name == "GRU":
            blocks[1] *= -1
        return blocks

    bias = by_gate("bias") / 2
    bias_hh = bias.copy()
    if "bias_hh" in parameters:
        bias[2] *= 2
        bias_hh[2] = parameters["bias_hh"]
    arrays = {
        "W": reordered(by_gate("weight_ih"), operator.gates),
        "R": reordered(by_gate("weight_hh"), operator.gates),
        "B": np.concatenate(
            [reordered(half, operator.gates) for half in (bias, bias_hh)]
        ),
    }
    if operator.peepholes:
        peephole = np.asarray(parameters["peephole"], dtype=np.float32)
        arrays["P"] = reordered(peephole, operator.peepholes)
    return arrays


def onnx_model(operator, direction, feeds, hidden_size):
    """A graph of one node, with an input for everything in `feeds`."""
    inputs = ["X", "W", "R", "B", "sequence_lens", "initial_h"]
    outputs = {"Y": 4, "Y_h": 3}
    if operator.name == "LSTM":
        inputs += ["initial_c", "P"]
        outputs["Y_c"] = 3
    attributes = dict(operator.attributes)
    if direction == "bidirectional" and "activations" in attributes:
        attributes["activations"] = 2 * attributes["activations"]
    make, element = onnx.helper, onnx.TensorProto
    node = make.make_node(
        operator.name,
        [name if name in feeds else "" for name in inputs],
        list(outputs),
        direction=direction,
        hidden_size=hidden_size,
        **attributes,
    )
    graph = make.make_graph(
        [node],
        "layer",
        [
            make.make_tensor_value_info(
                name,
                element.INT32 if name == "sequence_lens" else element.FLOAT,
                array.shape,
            )
            for name, array in feeds.items()
        ],
        [
            make.make_tensor_value_info(name, element.FLOAT, [None] * n_axes)
            for name, n_axes in outputs.items()
        ],
    )
    model = make.make_model(
        graph, opset_imports=[make.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    onnx.checker.check_model(model)
    return model


def run_onnx(cell, direction, layers, x, lengths, initial=None):
    """Run a layer in onnxruntime, in float32.

    Parameters
    ----------
    cell : str
        A key of `OPERATORS`.
    direction : {"forward", "reverse", "bidirectional"}
    layers : list of dict
        Our parameters of each direction.
    x : ndarray of shape (n_timesteps, n_samples, n_features)
    lengths : ndarray of shape (n_samples,)
    initial : dict of str to ndarray of shape (n_directions, n_samples, hidden_size), \
default=None
        ``hidden`` and, of an LSTM, ``cell``; None has no such inputs.

    Returns
    -------
    hidden : ndarray of shape (n_timesteps, n_directions, n_samples, hidden_size)
        After every step; zero after the end of a sequence.
    final : dict of str to ndarray of shape (n_directions, n_samples, hidden_size)
    """
    converted = [onnx_parameters(cell, parameters) for parameters in layers]
    feeds = {"X": x, "sequence_lens": np.asarray(lengths)}
    feeds |= {name: np.stack([one[name] for one in converted]) for name in converted[0]}
    for name, state in (initial or {}).items():
        feeds[f"initial_{name[0]}"] = state
    feeds = {
        name: array.astype(np.int32 if name == "sequence_lens" else np.float32)
        for name, array in feeds.items()
    }
    hidden_size = layers[0]["weight_hh"].shape[1]
    model = onnx_model(OPERATORS[cell], direction, feeds, hidden_size)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    hidden, *final = session.run(None, feeds)
    return hidden, dict(zip(("hidden", "cell"), final, strict=False))
