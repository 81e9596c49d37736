"""The sizes and parameters of a layer, and its weights packed for the kernels."""

from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from .._kernels import kernels_for
from .cells import CELLS
from .memory import round_up

__all__ = ["ONE_GATE", "LayerWeights", "PackedLayer"]

ONE_GATE = np.zeros(1, dtype=np.intp)
ONE_GATE.flags.writeable = False


@dataclass(slots=True)
class PackedLayer:
    """Weights as the forward phases want them."""

    panels: np.ndarray
    biases: np.ndarray
    peephole: np.ndarray | None
    input_panels: np.ndarray | None = None


class LayerWeights:
    """What a recurrent layer in one direction is made of.

    Parameters
    ----------
    cell : str
        A key of ``CELLS``.
    n_inputs : int
        Features of the input.
    hidden_size : int
        Units.
    dtype : {float32, float64}
    projection_size : int, default=None
        Size of the hidden state, where it is a projection of the units.
    learned_start : bool, default=False
        Whether the initial states are parameters.
    zoneout : float, default=0
        Probability with which a unit keeps its state in training.
    reads_codes : bool, default=False
        Whether inputs are `CodedRows`: their products with the weights are those of
        the distinct rows, made beforehand.
    kernels : module, default=None
        Kernel module; by default that of the dtype for the instruction set in use.
    """

    def __init__(
        self, cell, n_inputs, hidden_size, dtype, *, projection_size=None,
        learned_start=False, zoneout=0.0, reads_codes=False, kernels=None,
    ):  # fmt: skip
        self.cell_name = cell
        self.cell = CELLS[cell]
        self.n_inputs = n_inputs
        self.hidden_size = hidden_size
        self.projection_size = projection_size
        self.output_size = projection_size or hidden_size
        self.zoneout = zoneout
        self.reads_codes = reads_codes
        self.dtype = np.dtype(dtype)
        self.kernels = kernels_for(dtype) if kernels is None else kernels
        self.lanes = self.kernels.lanes()
        self.stride = round_up(hidden_size, self.lanes)
        self.n_blocks = self.stride // self.lanes
        self.output_stride = round_up(self.output_size, self.lanes)
        self.parameter_shapes = self.cell.parameter_shapes(
            n_inputs, hidden_size, projection_size, learned_start
        )
        self._n_panel_inputs = 0 if reads_codes else n_inputs
        n_terms = self._n_panel_inputs + self.output_size
        phases = self.cell.forward_phases
        self._panel_stops = list(
            accumulate(len(phase.hh_gates) * self.stride * n_terms for phase in phases)
        )
        self._bias_stops = list(
            accumulate(phase.block_slots * self.stride for phase in phases)
        )

    def pack_forward(self, parameters, workspace):
        """Panels, biases and peepholes of all forward phases.

        Parameters
        ----------
        parameters : mapping from str to ndarray
            ``weight_ih``, ``weight_hh``, ``bias`` and what the cell has besides.
        workspace : Workspace
            Owns the result.

        Returns
        -------
        packed : PackedLayer
        """
        n_gate_panels = self._panel_stops[-1]
        projected = self.output_stride * self.hidden_size * bool(self.projection_size)
        panels = workspace.take("panels", (n_gate_panels + projected,))
        biases = workspace.take("biases", (self._bias_stops[-1],))
        self._pack_gates(parameters, panels, biases)
        if projected:
            self.kernels.pack_gates(
                parameters["projection"], ONE_GATE, self.output_size, 4, 0,
                self.hidden_size, panels[n_gate_panels:],
            )  # fmt: skip
        peephole = None
        if self.cell.n_peepholes:
            shape = (self.cell.n_peepholes, self.stride)
            peephole = workspace.zeros("peephole", shape)
            peephole[:, : self.hidden_size] = parameters["peephole"]
        packed = PackedLayer(panels, biases.reshape(1, -1), peephole)
        if self.reads_codes:
            packed.input_panels = self._pack_input_table(parameters, workspace)
        return packed

    def _pack_input_table(self, parameters, workspace):
        """Panels of the product of input rows that looks like packed biases."""
        weight_ih = parameters["weight_ih"]
        size = self._bias_stops[-1]
        by_slot = workspace.take("weight_by_slot", (size, self.n_inputs))
        rows = self._rows_by_slot()
        np.take(weight_ih, np.maximum(rows, 0), axis=0, out=by_slot)
        by_slot[rows < 0] = 0
        panels = workspace.take("input_table_panels", (size * self.n_inputs,))
        self.kernels.pack_gates(by_slot, ONE_GATE, size, 4, 0, self.n_inputs, panels)
        return panels

    def _rows_by_slot(self):
        """The row of ``weight_ih`` for each element of the packed biases, or -1."""
        parts = []
        units = np.arange(self.stride).reshape(self.n_blocks, 1, self.lanes)
        for phase in self.cell.forward_phases:
            rows = np.full((self.n_blocks, phase.block_slots, self.lanes), -1)
            gates = np.asarray(phase.ih_gates)[:, np.newaxis]
            of_gates = gates * self.hidden_size + units
            rows[:, : len(gates)] = np.where(units < self.hidden_size, of_gates, -1)
            parts.append(rows.reshape(-1))
        return np.concatenate(parts)

    def _pack_gates(self, parameters, panels, biases):
        n_terms = self._n_panel_inputs + self.output_size
        panel_start = bias_start = 0
        for phase, panel_stop, bias_stop in zip(
            self.cell.forward_phases, self._panel_stops, self._bias_stops, strict=True
        ):
            panel_part = panels[panel_start:panel_stop]
            for name, gates, first_term in (
                ("weight_ih", phase.ih_gates, 0),
                ("weight_hh", phase.hh_gates, self._n_panel_inputs),
            ):
                if name == "weight_ih" and self.reads_codes:
                    continue
                self.kernels.pack_gates(
                    parameters[name], gates, self.hidden_size, phase.blocks_per_panel,
                    first_term, n_terms, panel_part,
                )  # fmt: skip
            for bias in phase.biases:
                self.kernels.pack_bias(
                    parameters[bias.parameter], bias.gates, self.hidden_size,
                    bias.first_slot, phase.block_slots, biases[bias_start:bias_stop],
                )  # fmt: skip
            panel_start, bias_start = panel_stop, bias_stop

    def pack_backward(self, parameters, workspace):
        """Panels of the products through the recurrence, of all backward phases."""
        products = [
            ("weight_hh", gates, self.hidden_size, self.stride * self.output_stride)
            for gates in self.cell.backward_gates
        ]
        if self.projection_size:
            size = self.output_stride * self.stride
            products.append(("projection", ONE_GATE, self.output_size, size))
        n_panels = sum(len(gates) * size for _, gates, _, size in products)
        panels = workspace.take("backward_panels", (n_panels,))
        start = 0
        for name, gates, n_rows, size in products:
            stop = start + len(gates) * size
            self.kernels.pack_columns(
                parameters[name], gates, n_rows, panels[start:stop]
            )
            start = stop
        return panels

    def pack_input(self, parameters, workspace, part_sizes=None):
        """Panels of the products that send the gradient to the layer below.

        Parameters
        ----------
        parameters, workspace : as for `pack_forward`
        part_sizes : sequence of int, default=None
            Columns of the input that go to one place; all by default.

        Returns
        -------
        panels : list of ndarray
            One entry a part.
        """
        n_terms = len(self.cell.input_gates) * self.stride
        packed, start = [], 0
        for part, size in enumerate(part_sizes or (self.n_inputs,)):
            n_columns = round_up(size, self.lanes)
            panels = workspace.take(f"input_panels_{part}", (n_terms * n_columns,))
            self.kernels.pack_columns(
                parameters["weight_ih"][:, start : start + size],
                self.cell.input_gates, self.hidden_size, panels,
            )  # fmt: skip
            packed.append(panels)
            start += size
        return packed
