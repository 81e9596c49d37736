"""One recurrent layer in one direction: calls the kernels over a window of time."""

from dataclasses import dataclass

import numpy as np

from .coded_rows import CodedRows
from .dropout import LayerNoise
from .weights import ONE_GATE, LayerWeights

__all__ = ["LayerStates", "RecurrentLayer", "StateGradient"]


@dataclass(slots=True)
class LayerStates:
    """What a forward pass leaves behind.

    Attributes
    ----------
    hidden, cell : ndarray of shape (n_states, output_stride), (n_states, stride)
        States, the initial ones first; ``cell`` is None without a cell state.
    recurrent : ndarray or None
        ``hidden`` times the mask of recurrent dropout; None without one.
    gates, extra : ndarray or None
        What the backward pass needs; gates None after inference. Backward overwrites
        them.
    noise : LayerNoise or None
    """

    hidden: np.ndarray
    recurrent: np.ndarray | None
    cell: np.ndarray | None
    gates: np.ndarray | None
    extra: np.ndarray | None
    noise: LayerNoise | None


@dataclass(slots=True)
class StateGradient:
    """Gradient of a batch's states, where a backward pass stands.

    Backward starts with that of the last states and ends with that of the initial ones;
    between two windows it is the gradient of the states there.

    Attributes
    ----------
    hidden : ndarray of shape (n_samples, output_stride)
        Of the hidden state, so far as it comes through products.
    carry : ndarray of shape (n_samples, stride)
        Of the cell state; for GRUs what bypasses the products to the hidden state.
    zoned : ndarray of shape (n_samples, output_stride) or None
        What zoneout lets bypass the step.
    peephole : ndarray of shape (n_samples, n_peepholes * stride) or None
        Gradient of the peepholes, summed up to here.
    """

    hidden: np.ndarray
    carry: np.ndarray
    zoned: np.ndarray | None
    peephole: np.ndarray | None

    def cut(self, n_samples):
        """Let nothing of the first sequences go further back."""
        for part in (self.hidden, self.carry, self.zoned):
            if part is not None:
                part[:n_samples] = 0


class RecurrentLayer(LayerWeights):
    """A recurrent layer in one direction: its passes.

    The parameters are those of `LayerWeights`.
    """

    def forward(
        self, plan, x, packed, workspace, *, training, hidden_0=None, cell_0=None,
        noise=None,
    ):  # fmt: skip
        """Run over a window of a packed batch.

        Parameters
        ----------
        plan : BatchPlan
        x : ndarray of shape (n_rows, n_inputs) or CodedRows
            Packed rows, each contiguous; coded ones if the layer reads codes.
        packed : PackedLayer
            From `pack_forward`.
        workspace : Workspace
        training : bool
            Whether to keep what `backward` needs; the plan must keep states then.
        hidden_0, cell_0 : ndarray of shape ([n_samples,] size), default=None
            Initial states in batch order; zeros by default.
        noise : LayerNoise, default=None
            Dropout and zoneout; None drops nothing and takes zoneout's expectation.

        Returns
        -------
        states : LayerStates
        """
        n_samples = plan.n_samples
        hidden = self._take_states(
            plan, workspace, "hidden", hidden_0, self.output_size, self.output_stride
        )
        recurrent = cell = gates = extra = None
        mask, *draws = _noise_arguments(noise)
        if mask is not None:
            recurrent = workspace.take("recurrent", hidden.shape)
            np.multiply(hidden[:n_samples], mask, out=recurrent[:n_samples])
        if self.cell.has_cell_state:
            cell = self._take_states(
                plan, workspace, "cell", cell_0, self.hidden_size, self.stride
            )
        if training:
            gates = workspace.take(
                "gates",
                (self.n_blocks, plan.n_rows | 1, self.cell.n_slots * self.lanes),
            )
        if self.cell.has_extra or self.projection_size:
            n_rows = plan.n_rows if training else n_samples
            extra = workspace.take("extra", (n_rows, self.stride))
        codes, biases = None, packed.biases
        if isinstance(x, CodedRows):
            codes, biases = x.codes, self._input_table(plan, x, packed, workspace)
            x = x.rows
        self.kernels.layer_forward(
            self.cell_name, self.hidden_size, self.output_size, x, codes,
            packed.panels, biases, packed.peephole, plan.steps, plan.blocks, hidden,
            recurrent, cell, gates, extra, mask, self.zoneout, *draws, plan.n_threads,
        )  # fmt: skip
        return LayerStates(hidden, recurrent, cell, gates, extra, noise)

    def _input_table(self, plan, x, packed, workspace):
        """What tiles start from: biases and the product of each distinct row."""
        table = workspace.take("table", (len(x.rows), packed.biases.shape[1]))
        self.kernels.dense(
            x.rows, 1, self.n_inputs, self.n_inputs, packed.input_panels,
            packed.biases.reshape(-1), False, table, plan.n_threads,
        )  # fmt: skip
        return table

    def _take_states(self, plan, workspace, name, initial, size, stride):
        rows = workspace.take(name, (plan.n_states, stride))
        rows[: plan.n_samples] = 0
        if initial is not None:
            rows[: plan.n_samples, :size] = initial
        return rows

    def last_states(self, plan, states):
        """The state of every sequence after a window.

        Returns
        -------
        states : dict of str to ndarray
            Arguments ``hidden_0`` and ``cell_0`` of the next window's `forward`.
        """
        rows = plan.last_rows
        last = {"hidden_0": states.hidden[rows, : self.output_size]}
        if states.cell is not None:
            last["cell_0"] = states.cell[rows, : self.hidden_size]
        return last

    def zero_gradient(self, n_samples, workspace, d_last=None):
        """Where `backward` starts.

        Parameters
        ----------
        n_samples : int
        workspace : Workspace
        d_last : ndarray of shape (n_samples, output_stride), default=None
            Gradient of each sequence's last hidden state.

        Returns
        -------
        gradient : StateGradient
        """
        output_shape = (n_samples, self.output_stride)
        hidden = workspace.zeros("d_hidden", output_shape)
        if d_last is not None:
            hidden[:] = d_last
        zoned = peephole = None
        if self.zoneout:
            zoned = workspace.zeros("zoned", output_shape)
        if self.cell.n_peepholes:
            shape = (n_samples, self.cell.n_peepholes * self.stride)
            peephole = workspace.zeros("d_peephole", shape)
        carry = workspace.zeros("carry", (n_samples, self.stride))
        return StateGradient(hidden, carry, zoned, peephole)

    def backward(
        self, plan, x, states, panels, packed, workspace, gradients, d_states, *,
        d_output=None, wants_initial=False, accumulate=False,
    ):  # fmt: skip
        """Run back through a window; ``states.gates`` become gradients.

        Parameters
        ----------
        plan, x, states : as in and from `forward`
        panels : ndarray
            From `pack_backward`.
        packed : PackedLayer
            From `pack_forward`.
        workspace : Workspace
        gradients : mapping from str to ndarray or None
            Parameter gradients: of weights and biases overwritten, of the others left
            to `finish_gradients`. None computes none of them.
        d_states : StateGradient
            Carried over the window.
        d_output : ndarray of shape (n_rows, output_stride), default=None
            Gradient of every packed row of the output.
        wants_initial : bool, default=False
            Whether ``d_states.hidden`` is wanted before the window.
        accumulate : bool, default=False
            Whether to add to ``gradients``: of all windows but the first done.
        """
        mask, *draws = _noise_arguments(states.noise)
        d_projected = None
        if self.projection_size:
            shape = (plan.n_rows, self.output_stride)
            d_projected = workspace.take("d_projected", shape)
        self.kernels.layer_backward(
            self.cell_name, self.hidden_size, self.output_size, panels,
            packed.peephole, plan.steps, plan.blocks, states.hidden, states.recurrent,
            states.cell, states.gates, states.extra,
            mask, self.zoneout, *draws, d_output, d_states.hidden,
            wants_initial, d_states.carry, d_states.zoned, d_states.peephole,
            d_projected, plan.n_threads,
        )  # fmt: skip
        if gradients is not None:
            self._weight_gradients(
                plan, x, states, d_projected, workspace, gradients, accumulate
            )

    def _weight_gradients(
        self, plan, x, states, d_projected, workspace, gradients, accumulate
    ):
        hidden = states.hidden if states.recurrent is None else states.recurrent
        coded = isinstance(x, CodedRows)
        sources = {
            "input": (x, plan.input_segments),
            "previous": (hidden, plan.previous_segments),
            "extra": (states.extra, plan.input_segments),
        }
        # The backward pass meets the last step of its direction first.
        how = (not plan.reverse, accumulate, self._scratch(plan, workspace))
        if coded:
            sums = self._sums_by_code(plan, x, states, workspace, accumulate)
        for product in self.cell.weight_gradients:
            d_bias = gradients.get(product.bias)
            if product.bias == "bias_hh":
                d_bias = self._all_gates(gradients["bias_hh"], workspace, accumulate)
            operands = tuple(
                (*sources[source], gradients[parameter])
                for parameter, source in product.products
                if not (coded and source == "input")
            )
            if operands:
                self.kernels.weight_gradient(
                    states.gates[:, : plan.n_rows], product.first_slot, product.gates,
                    self.hidden_size, operands, d_bias, *how, plan.n_threads,
                )  # fmt: skip
            if len(operands) < len(product.products):
                # The sums are those of all windows so far: nothing to add to.
                whole = np.array([[0, 0, len(x.rows)]], dtype=np.intp)
                self.kernels.weight_gradient(
                    sums[:, : len(x.rows)], product.first_slot, product.gates,
                    self.hidden_size, ((x.rows, whole, gradients["weight_ih"]),),
                    None if operands else d_bias, False, False, how[2], plan.n_threads,
                )  # fmt: skip
            if product.bias == "bias_hh":
                rows = d_bias.reshape(self.cell.n_gates, self.hidden_size)
                of_hh = rows[list(self.cell.bias_hh_gates)]
                gradients["bias_hh"][:] = of_hh.ravel()
        if d_projected is not None:
            by_block = d_projected.reshape(
                plan.n_rows, self.output_stride // self.lanes, self.lanes
            )
            operand = (*sources["extra"], gradients["projection"])
            self.kernels.weight_gradient(
                by_block.transpose(1, 0, 2), 0, ONE_GATE, self.output_size,
                (operand,), None, *how, plan.n_threads,
            )  # fmt: skip

    def _sums_by_code(self, plan, x, states, workspace, accumulate):
        """Gradients of the gates, added up over the rows of each code."""
        shape = (self.n_blocks, len(x.rows), states.gates.shape[2])
        sums = workspace.take("gates_by_code", shape)
        order, starts = x.groups()
        self.kernels.sum_gates(
            states.gates, order, starts, not plan.reverse, accumulate, sums,
            plan.n_threads,
        )  # fmt: skip
        x.gate_sums = sums
        return sums

    def _scratch(self, plan, workspace):
        size = self.kernels.gradient_scratch_size(
            self.hidden_size, self.n_inputs + self.output_size
        )
        if self.projection_size:
            projection_size = self.kernels.gradient_scratch_size(
                self.output_size, self.hidden_size
            )
            size = max(size, projection_size)
        return workspace.take("scratch", (plan.n_threads, size))

    def _all_gates(self, bias_hh, workspace, accumulate):
        """``bias_hh`` has rows for some gates: numbered like weight rows here."""
        shape = (self.cell.n_gates, self.hidden_size)
        d_bias = workspace.zeros("d_bias", shape)
        if accumulate:
            d_bias[list(self.cell.bias_hh_gates)] = bias_hh.reshape(
                -1, self.hidden_size
            )
        return d_bias.reshape(-1)

    def input_gradient(self, plan, d_gates, panels, d_x, accumulate=False):
        """Send the gradient to (a part of) the input.

        Parameters
        ----------
        plan : BatchPlan
        d_gates : ndarray
            ``states.gates`` after `backward`.
        panels : ndarray
            An entry of `pack_input`.
        d_x : ndarray of shape (n_rows, stride)
            Overwritten, or added to.
        accumulate : bool, default=False
        """
        width = d_gates.shape[2]
        self.kernels.dense(
            d_gates.reshape(-1, width), self.n_blocks,
            len(self.cell.input_gates) * self.lanes, d_gates.shape[1] * width,
            panels, None, accumulate, d_x, plan.n_threads,
        )  # fmt: skip

    def initial_gradient(self, d_states):
        """Gradients of the initial states, after all windows.

        Returns
        -------
        gradients : dict of str to ndarray
            ``hidden_0`` and, with a cell state, ``cell_0``, of shape (n_samples, size).
        """
        initial = {"hidden_0": self._from_after(d_states)}
        if self.cell.has_cell_state:
            initial["cell_0"] = d_states.carry[:, : self.hidden_size]
        return initial

    def hidden_gradient(self, plan, d_states, d_output=None):
        """The whole gradient of the hidden states at a window's last step.

        Parameters
        ----------
        plan : BatchPlan
        d_states : StateGradient
            Where `backward` stands before the window.
        d_output : ndarray of shape (n_rows, output_stride), default=None
            As for `backward`; of the window's one step.

        Returns
        -------
        gradient : ndarray of shape (n_alive, output_size)
        """
        gradient = self._from_after(d_states)[: plan.n_alive]
        if d_output is not None:
            gradient = gradient + d_output[:, : self.output_size]
        return gradient

    def _from_after(self, d_states):
        """The gradient of hidden states that comes from the steps after them."""
        hidden = d_states.hidden
        if self.cell.carries_hidden:
            hidden = hidden + d_states.carry
        if d_states.zoned is not None:
            hidden = hidden + d_states.zoned
        return hidden[:, : self.output_size]

    def finish_gradients(self, d_states, gradients, starts_learned=True):
        """Fill in what is summed over the sequences: peepholes and learned states.

        Learned states have no part in a pass that began with given ones.
        """
        if d_states.peephole is not None:
            total = np.add.reduce(d_states.peephole, axis=0)
            by_gate = total.reshape(-1, self.stride)
            gradients["peephole"][:] = by_gate[:, : self.hidden_size]
        if "hidden_0" in self.parameter_shapes:
            for name, d_initial in self.initial_gradient(d_states).items():
                gradients[name][:] = (
                    np.add.reduce(d_initial, axis=0) if starts_learned else 0
                )


def _noise_arguments(noise):
    """Mask, seed of zoneout and sample keys as the kernels take them."""
    if noise is None:
        return None, 0, None
    return noise.mask, noise.zoneout_seed, noise.sample_keys
