"""Our cells as ONNX's recurrent operators LSTM, GRU and RNN.

How the operators' definitions differ from ours:

- Gates are ordered i, o, f, c (LSTM) and z, r, h (GRU), peepholes i, o, f.
- There are two bias vectors, of the input and of the recurrence. Ours is that of the
  input; only the GRU with ``linear_before_reset`` has a second one, for h.
- The GRU's state is ``(1 - z)*h + z*H`` with z where we have 1 - z: as ``1 - s(a) =
  s(-a)``, the weights of that gate change their sign.
- Coupled gates need no ``input_forget``, whose meaning ONNX leaves open: by the same
  identity the forget gate is a gate with the weights of the input gate negated, its
  peephole included, and the whole an LSTM that every runtime has.
"""

from typing import NamedTuple

import numpy as np

__all__ = ["OPERATORS", "Operator", "operator_weights"]


class Operator(NamedTuple):
    """One of our cells in ONNX.

    Attributes
    ----------
    name : str
    gates : tuple of str
        Our gate for each of the operator's, "-" before it if its weights are negated.
    order : str
        Our gates in the order of the rows of ``weight_ih``.
    attributes : dict
    peepholes : tuple of str
        As `gates`, of the operator's gates i, o and f.
    seeing : str
        Our gates in the order of the rows of ``peephole``.
    """

    name: str
    gates: tuple
    order: str
    attributes: dict = {}
    peepholes: tuple = ()
    seeing: str = ""


_LSTM = Operator("LSTM", ("i", "o", "f", "g"), "ifgo")
_COUPLED = Operator("LSTM", ("i", "o", "-i", "g"), "igo")
_GRU = Operator("GRU", ("-z", "r", "n"), "rzn")

OPERATORS = {
    "lstm": _LSTM,
    "lstm_peephole": _LSTM._replace(peepholes=("i", "o", "f"), seeing="ifo"),
    "lstm_coupled": _COUPLED,
    "lstm_coupled_peephole": _COUPLED._replace(peepholes=("i", "o", "-i"), seeing="io"),
    "gru": _GRU._replace(attributes={"linear_before_reset": 0}),
    "gru_reset_after": _GRU._replace(attributes={"linear_before_reset": 1}),
    "rnn_tanh": Operator("RNN", ("h",), "h"),
    "rnn_relu": Operator("RNN", ("h",), "h", {"activations": ["Relu"]}),
}


def operator_weights(cell, parameters):
    """Return the inputs W, R, B and P of an operator, for one direction.

    Parameters
    ----------
    cell : str
        A key of `OPERATORS`.
    parameters : mapping from str to ndarray
        Ours. Where there is a ``projection`` Q, the operator computes what it is
        applied to, m: as ``h = Q m``, its R is ``weight_hh @ Q``, of full width. That
        is exact where the pass starts from ``h = 0``.

    Returns
    -------
    weights : dict of str to ndarray of float32
        ``W`` (n_gates * hidden_size, n_inputs), ``R``, ``B`` and, with peepholes, ``P``
        (3 * hidden_size,).
    """
    operator = OPERATORS[cell]
    weight_hh = np.asarray(parameters["weight_hh"])
    if "projection" in parameters:
        # In float64: rounded once.
        weight_hh = weight_hh.astype(np.float64) @ parameters["projection"]
    bias = _by_gate(parameters["bias"], operator.gates, operator.order)
    of_recurrence = np.zeros_like(bias)
    if "bias_hh" in parameters:
        bias_hh = parameters["bias_hh"]
        of_recurrence[len(bias) - len(bias_hh) :] = bias_hh
    weights = {
        "W": _by_gate(parameters["weight_ih"], operator.gates, operator.order),
        "R": _by_gate(weight_hh, operator.gates, operator.order),
        "B": np.concatenate([bias, of_recurrence]),
    }
    if operator.peepholes:
        peephole = np.ravel(parameters["peephole"])
        weights["P"] = _by_gate(peephole, operator.peepholes, operator.seeing)
    return weights


def _by_gate(array, gates, order):
    """Blocks of rows in the operator's order, with its signs."""
    blocks = dict(zip(order, np.split(np.asarray(array), len(order)), strict=True))
    parts = [-blocks[gate[1]] if gate[0] == "-" else blocks[gate] for gate in gates]
    return np.concatenate(parts).astype(np.float32)
