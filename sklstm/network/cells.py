"""The cells as data: parameters, and how the kernels want them packed.

The equations are in ``sklstm/_kernels/cells``, one file a cell; a new cell is a file
there and an entry here. Gates are numbered in PyTorch's order (LSTM: i, f, g, o; GRU:
r, z, n). *Slots* are the registers a kernel keeps side by side for a block of units.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["CELLS", "Cell", "cell_name"]


def cell_name(
    cell, *, reset_after=False, coupled_gates=False, peephole=False, activation="tanh"
):
    """The key of `CELLS` for the words that users choose a cell with.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn"}
    reset_after : bool, default=False
        Of a GRU.
    coupled_gates, peephole : bool, default=False
        Of an LSTM.
    activation : {"tanh", "relu"}, default="tanh"
        Of an RNN.

    Returns
    -------
    name : str
    """
    if cell == "rnn":
        return f"rnn_{activation}"
    if cell == "gru":
        return "gru_reset_after" if reset_after else "gru"
    coupled = "_coupled" if coupled_gates else ""
    return f"lstm{coupled}{'_peephole' if peephole else ''}"


def _gates(*gates):
    """Gate or slot numbers as the kernels take them."""
    array = np.array(gates, dtype=np.intp)
    array.flags.writeable = False
    return array


@dataclass(frozen=True)
class Bias:
    """A bias vector's place among the slots a forward tile starts from."""

    parameter: str
    gates: np.ndarray
    first_slot: int = 0


@dataclass(frozen=True)
class ForwardPhase:
    """One product of the forward step: ``weight_ih @ x + weight_hh @ hidden``."""

    ih_gates: np.ndarray
    hh_gates: np.ndarray
    blocks_per_panel: int
    block_slots: int
    biases: tuple[Bias, ...]


@dataclass(frozen=True)
class WeightGradient:
    """One pass over ``d_gates``: some slots of them against one or two matrices.

    The slots are adjacent, one for each of ``gates``, whose weight rows they belong to.
    ``products`` pairs parameters with "input", "previous" (hidden states) or "extra".
    """

    products: tuple[tuple[str, str], ...]
    first_slot: int
    gates: np.ndarray
    bias: str | None = None


@dataclass(frozen=True)
class Cell:
    """What the network has to know about a cell.

    Attributes
    ----------
    gate_names : tuple of str
        Gates in the order of the rows of ``weight_ih``.
    n_slots : int
        Registers kept for a block of units: width of the gates buffer.
    has_cell_state, has_extra : bool
        Whether the cell keeps a cell state; whether it keeps rows of its own beside it.
        Those with a cell state can be projected.
    carries_hidden : bool
        Whether a part of the gradient of the hidden state bypasses the products.
    n_peepholes : int
        Gates that see the cell state; 0 for none.
    bias_hh_gates : tuple of int
        Gates whose recurrent part has a bias of its own, ``bias_hh``.
    forward_phases : tuple of ForwardPhase
    backward_gates : tuple of ndarray
        For each backward phase, the gates whose rows of ``weight_hh`` it multiplies
        with.
    weight_gradients : tuple of WeightGradient
    input_gates : ndarray
        Gates through which the gradient reaches the input; theirs are the first slots.
    """

    gate_names: tuple[str, ...]
    n_slots: int
    has_cell_state: bool
    has_extra: bool
    carries_hidden: bool
    n_peepholes: int
    bias_hh_gates: tuple[int, ...]
    forward_phases: tuple[ForwardPhase, ...]
    backward_gates: tuple[np.ndarray, ...]
    weight_gradients: tuple[WeightGradient, ...]
    input_gates: np.ndarray

    @property
    def n_gates(self):
        """Gates: ``weight_ih`` has n_gates * hidden_size rows."""
        return len(self.gate_names)

    def parameter_shapes(
        self, n_inputs, hidden_size, projection_size=None, learned_start=False
    ):
        """Shapes of the parameters of one layer in one direction, in their order.

        Parameters
        ----------
        n_inputs, hidden_size : int
        projection_size : int, default=None
            Size of the projected hidden state; None does not project.
        learned_start : bool, default=False
            Whether the initial states are parameters.

        Returns
        -------
        shapes : dict of str to tuple
        """
        n_rows = self.n_gates * hidden_size
        output_size = projection_size or hidden_size
        shapes = {
            "weight_ih": (n_rows, n_inputs),
            "weight_hh": (n_rows, output_size),
            "bias": (n_rows,),
        }
        if self.bias_hh_gates:
            shapes["bias_hh"] = (len(self.bias_hh_gates) * hidden_size,)
        if self.n_peepholes:
            shapes["peephole"] = (self.n_peepholes, hidden_size)
        if projection_size:
            shapes["projection"] = (projection_size, hidden_size)
        if learned_start:
            shapes["hidden_0"] = (output_size,)
            if self.has_cell_state:
                shapes["cell_0"] = (hidden_size,)
        return shapes


_IH = ("weight_ih", "input")
_HH = ("weight_hh", "previous")


def _one_phase_cell(gate_names, blocks_per_panel=1, *, has_cell_state, n_peepholes=0):
    """A cell whose gates all read the same input and the same hidden state."""
    gates = _gates(*range(len(gate_names)))
    return Cell(
        gate_names=gate_names,
        n_slots=len(gate_names),
        has_cell_state=has_cell_state,
        has_extra=False,
        carries_hidden=False,
        n_peepholes=n_peepholes,
        bias_hh_gates=(),
        forward_phases=(
            ForwardPhase(
                gates, gates, blocks_per_panel, len(gates), (Bias("bias", gates),)
            ),
        ),
        backward_gates=(gates,),
        weight_gradients=(WeightGradient((_IH, _HH), 0, gates, "bias"),),
        input_gates=gates,
    )


CELLS = {
    "lstm": _one_phase_cell(("i", "f", "g", "o"), has_cell_state=True),
    "lstm_coupled": _one_phase_cell(("i", "g", "o"), has_cell_state=True),
    "lstm_peephole": _one_phase_cell(
        ("i", "f", "g", "o"), has_cell_state=True, n_peepholes=3
    ),
    "lstm_coupled_peephole": _one_phase_cell(
        ("i", "g", "o"), has_cell_state=True, n_peepholes=2
    ),
    "rnn_tanh": _one_phase_cell(("h",), 4, has_cell_state=False),
    "rnn_relu": _one_phase_cell(("h",), 4, has_cell_state=False),
    "gru": Cell(
        gate_names=("r", "z", "n"),
        n_slots=3,
        has_cell_state=False,
        has_extra=True,
        carries_hidden=True,
        n_peepholes=0,
        bias_hh_gates=(),
        forward_phases=(
            ForwardPhase(
                _gates(0, 1), _gates(0, 1), 2, 2, (Bias("bias", _gates(0, 1)),)
            ),
            ForwardPhase(_gates(2), _gates(2), 4, 1, (Bias("bias", _gates(2)),)),
        ),
        backward_gates=(_gates(0, 1), _gates(2)),
        weight_gradients=(
            WeightGradient((_IH,), 0, _gates(0, 1, 2), "bias"),
            WeightGradient((_HH,), 0, _gates(0, 1)),
            WeightGradient((("weight_hh", "extra"),), 2, _gates(2)),
        ),
        input_gates=_gates(0, 1, 2),
    ),
    "gru_reset_after": Cell(
        gate_names=("r", "z", "n"),
        n_slots=4,
        has_cell_state=False,
        has_extra=False,
        carries_hidden=True,
        n_peepholes=0,
        bias_hh_gates=(2,),
        forward_phases=(
            ForwardPhase(
                _gates(2, 0, 1),
                _gates(0, 1, 2),
                1,
                4,
                (Bias("bias", _gates(2, 0, 1)), Bias("bias_hh", _gates(0), 3)),
            ),
        ),
        backward_gates=(_gates(0, 1, 2),),
        weight_gradients=(
            WeightGradient((_IH,), 0, _gates(2, 0, 1), "bias"),
            WeightGradient((_HH,), 1, _gates(0, 1, 2), "bias_hh"),
        ),
        input_gates=_gates(2, 0, 1),
    ),
}
