"""One recurrent layer in one direction: packs weights, calls the kernels."""

from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from .._kernels import kernels_for
from .cells import CELLS
from .memory import round_up
from .steps import forward_table, previous_segments, row_blocks

__all__ = ["BatchPlan", "LayerGradients", "LayerStates", "RecurrentLayer"]

# Sequences that run through time together on a thread. Their states and one panel of
# weights should stay in the first caches, and the panels should not be read too often.
MAX_BLOCK_ROWS = 48


class BatchPlan:
    """Step table, segments and blocks of a batch, shared by all layers of a pass.

    Parameters
    ----------
    batch : PackedBatch
    n_threads : int
    keep_states : bool
        Whether the states of all steps are wanted, not only each sequence's last.
    """

    def __init__(self, batch, n_threads, keep_states):
        self.n_samples = batch.n_samples
        self.n_rows = batch.n_rows
        self.n_threads = n_threads
        self.keep_states = keep_states
        self.steps = forward_table(batch.offsets, batch.n_samples, keep_states)
        self.n_alive = int(np.count_nonzero(batch.lengths))
        self.blocks = row_blocks(batch.lengths, n_threads, MAX_BLOCK_ROWS)
        self.n_states = batch.n_samples + (
            batch.n_rows if keep_states else 2 * batch.n_samples
        )
        self._segments = None

    @property
    def previous_segments(self):
        """Where the previous state of each packed row is."""
        if self._segments is None:
            self._segments = previous_segments(self.steps, self.n_samples)
        return self._segments

    @property
    def input_segments(self):
        """The same for the input: packed row r is row r."""
        return np.array([[0, 0, self.n_rows]], dtype=np.intp)


@dataclass
class LayerStates:
    """What a forward pass leaves behind.

    Attributes
    ----------
    hidden, cell : ndarray of shape (n_states, stride)
        States, the initial ones first; ``cell`` is None without a cell state.
    gates, extra : ndarray or None
        What the backward pass needs; None after inference. Backward overwrites gates.
    """

    hidden: np.ndarray
    cell: np.ndarray | None
    gates: np.ndarray | None
    extra: np.ndarray | None


@dataclass
class LayerGradients:
    """Gradients of what entered the layer, padded like it; None where not asked for."""

    x: np.ndarray | None
    hidden_0: np.ndarray | None
    cell_0: np.ndarray | None


class RecurrentLayer:
    """A recurrent layer in one direction.

    Parameters
    ----------
    cell : str
        A key of ``CELLS``.
    n_inputs : int
        Features of the input.
    hidden_size : int
        Units.
    dtype : {float32, float64}
    kernels : module, default=None
        Kernel module; by default that of the dtype for the instruction set in use.
    """

    def __init__(self, cell, n_inputs, hidden_size, dtype, kernels=None):
        self.cell_name = cell
        self.cell = CELLS[cell]
        self.n_inputs = n_inputs
        self.hidden_size = hidden_size
        self.dtype = np.dtype(dtype)
        self.kernels = kernels_for(dtype) if kernels is None else kernels
        self.lanes = self.kernels.lanes()
        self.stride = round_up(hidden_size, self.lanes)
        self.n_blocks = self.stride // self.lanes
        self.input_stride = round_up(n_inputs, self.lanes)
        self.parameter_shapes = self.cell.parameter_shapes(n_inputs, hidden_size)
        n_terms = n_inputs + hidden_size
        phases = self.cell.forward_phases
        self._panel_stops = list(
            accumulate(len(phase.hh_gates) * self.stride * n_terms for phase in phases)
        )
        self._bias_stops = list(
            accumulate(phase.block_slots * self.stride for phase in phases)
        )

    def pack_forward(self, parameters, workspace):
        """Panels and biases of all forward phases.

        Parameters
        ----------
        parameters : mapping from str to ndarray
            ``weight_ih``, ``weight_hh``, ``bias`` and what the cell has besides.
        workspace : Workspace
            Owns the result.

        Returns
        -------
        packed : tuple of two ndarrays
        """
        n_terms = self.n_inputs + self.hidden_size
        panels = workspace.take("panels", (self._panel_stops[-1],))
        biases = workspace.take("biases", (self._bias_stops[-1],))
        panel_start = bias_start = 0
        for phase, panel_stop, bias_stop in zip(
            self.cell.forward_phases, self._panel_stops, self._bias_stops, strict=True
        ):
            panel_part = panels[panel_start:panel_stop]
            for name, gates, first_term in (
                ("weight_ih", phase.ih_gates, 0),
                ("weight_hh", phase.hh_gates, self.n_inputs),
            ):
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
        return panels, biases

    def pack_backward(self, parameters, workspace):
        """Panels of the products through the recurrence, of all backward phases."""
        sizes = [len(gates) * self.stride**2 for gates in self.cell.backward_gates]
        panels = workspace.take("backward_panels", (sum(sizes),))
        start = 0
        for gates, size in zip(self.cell.backward_gates, sizes, strict=True):
            part = panels[start : start + size]
            self.kernels.pack_columns(
                parameters["weight_hh"], gates, self.hidden_size, part
            )
            start += size
        return panels

    def pack_input(self, parameters, workspace):
        """Panels of the product that sends the gradient to the layer below."""
        n_terms = len(self.cell.input_gates) * self.stride
        panels = workspace.take("input_panels", (n_terms * self.input_stride,))
        self.kernels.pack_columns(
            parameters["weight_ih"], self.cell.input_gates, self.hidden_size, panels
        )
        return panels

    def forward(
        self, plan, x, packed, workspace, *, training, hidden_0=None, cell_0=None
    ):
        """Run over a packed batch.

        Parameters
        ----------
        plan : BatchPlan
        x : ndarray of shape (n_rows, n_inputs)
            Packed rows, each contiguous.
        packed : tuple
            From `pack_forward`.
        workspace : Workspace
        training : bool
            Whether to keep what `backward` needs; the plan must keep states then.
        hidden_0, cell_0 : ndarray of shape (n_samples, hidden_size), default=None
            Initial states in batch order; zeros by default.

        Returns
        -------
        states : LayerStates
        """
        hidden = self._take_states(plan, workspace, "hidden", hidden_0)
        cell = gates = extra = None
        if self.cell.has_cell_state:
            cell = self._take_states(plan, workspace, "cell", cell_0)
        if training:
            gates = workspace.take(
                "gates",
                (self.n_blocks, plan.n_rows | 1, self.cell.n_slots * self.lanes),
            )
        if self.cell.has_extra:
            n_rows = plan.n_rows if training else plan.n_samples
            extra = workspace.take("extra", (n_rows, self.stride))
        panels, biases = packed
        self.kernels.layer_forward(
            self.cell_name, self.hidden_size, x, panels, biases, plan.steps,
            plan.blocks,
            hidden, cell, gates, extra, plan.n_threads,
        )  # fmt: skip
        return LayerStates(hidden, cell, gates, extra)

    def backward(
        self, plan, x, states, panels, workspace, gradients, *, input_panels=None,
        d_output=None, d_last=None, d_cell_last=None, initial=False,
    ):  # fmt: skip
        """Run back through time; ``states.gates`` become gradients.

        Parameters
        ----------
        plan, x, states : as in and from `forward`
        panels : ndarray
            From `pack_backward`.
        workspace : Workspace
        gradients : mapping from str to ndarray
            Parameter gradients, overwritten.
        input_panels : ndarray, default=None
            From `pack_input`, when the gradient of ``x`` is wanted.
        d_output : ndarray of shape (n_rows, stride), default=None
            Gradient of every packed row of the output.
        d_last : ndarray of shape (n_samples, stride), default=None
            Gradient of each sequence's last hidden state.
        d_cell_last : ndarray of shape (n_samples, stride), default=None
            Gradient of each sequence's last cell state.
        initial : bool, default=False
            Whether the gradients of the initial states are wanted.

        Returns
        -------
        gradients : LayerGradients
        """
        shape = (plan.n_samples, self.stride)
        carry = workspace.zeros("carry", shape)
        if d_cell_last is not None:
            carry[:] = d_cell_last
        d_hidden_0 = workspace.zeros("d_hidden_0", shape) if initial else None
        if initial and d_last is not None:
            # A sequence without steps ends in its initial state.
            d_hidden_0[plan.n_alive :] = d_last[plan.n_alive :]
        self.kernels.layer_backward(
            self.cell_name, self.hidden_size, panels, plan.steps, plan.blocks,
            states.hidden,
            states.cell, states.gates, d_output, d_last, carry, d_hidden_0,
            plan.n_threads,
        )  # fmt: skip
        self._weight_gradients(plan, x, states, workspace, gradients)
        d_x = None
        if input_panels is not None:
            d_x = self._input_gradient(plan, states.gates, input_panels, workspace)
        d_cell_0 = carry if initial and self.cell.has_cell_state else None
        return LayerGradients(d_x, d_hidden_0, d_cell_0)

    def _take_states(self, plan, workspace, name, initial):
        rows = workspace.take(name, (plan.n_states, self.stride))
        rows[: plan.n_samples] = 0
        if initial is not None:
            rows[: plan.n_samples, : self.hidden_size] = initial
        return rows

    def _weight_gradients(self, plan, x, states, workspace, gradients):
        sources = {
            "input": (x, plan.input_segments),
            "previous": (states.hidden, plan.previous_segments),
            "extra": (states.extra, plan.input_segments),
        }
        scratch_size = self.kernels.gradient_scratch_size(
            self.hidden_size, self.n_inputs + self.hidden_size
        )
        scratch = workspace.take("scratch", (plan.n_threads, scratch_size))
        for product in self.cell.weight_gradients:
            # bias_hh has rows for some of the gates: numbered like weight rows here.
            d_bias = bias_gradient = gradients.get(product.bias)
            if product.bias == "bias_hh":
                d_bias = workspace.take(
                    "d_bias", (self.cell.n_gates * self.hidden_size,)
                )
            operands = tuple(
                (*sources[source], gradients[parameter])
                for parameter, source in product.products
            )
            self.kernels.weight_gradient(
                states.gates[:, : plan.n_rows], product.first_slot, product.gates,
                self.hidden_size, operands, d_bias, scratch, plan.n_threads,
            )  # fmt: skip
            if product.bias == "bias_hh":
                rows = d_bias.reshape(self.cell.n_gates, self.hidden_size)
                bias_gradient[:] = rows[list(self.cell.bias_hh_gates)].ravel()

    def _input_gradient(self, plan, d_gates, panels, workspace):
        d_x = workspace.take("d_x", (plan.n_rows, self.input_stride))
        n_slots_width = d_gates.shape[2]
        self.kernels.dense(
            d_gates.reshape(-1, n_slots_width), self.n_blocks,
            len(self.cell.input_gates) * self.lanes, d_gates.shape[1] * n_slots_width,
            panels, None, d_x, plan.n_threads,
        )  # fmt: skip
        return d_x
