"""A chain: stacked layers of one direction, run through time together.

The layers of a network that reads forward only are one chain; each direction of a
bidirectional layer is a chain of its own, since the next layer needs both.

A long batch is cut into windows of time. Training then keeps the states between windows
only and computes a window again when the backward pass comes to it: the same bits with
less memory (checkpoints), or, if the gradient is cut between windows, truncated
back-propagation through time.
"""

from dataclasses import dataclass

import numpy as np

from .dropout import PassNoise
from .pooling import pool_window, pool_window_backward
from .steps import BatchPlan, make_plan, time_windows

__all__ = ["Chain", "LayerArrays", "Pass"]


@dataclass(slots=True)
class Pass:
    """What all chains of a pass share.

    Attributes
    ----------
    batch : PackedBatch
    n_threads : int
    training : bool
        Whether a backward pass follows.
    noise : PassNoise or None
        None drops nothing and takes zoneout's expectation.
    window_steps : int or None
        Steps between two checkpoints; None keeps everything.
    truncate : bool
        Whether the gradient ends at the windows.
    wants_states : bool
        Whether the last states are wanted, of a network that reads forward only.
    states : list of dict or None
        They, of each layer; see `RecurrentLayer.last_states`.
    on_hidden_gradient : callable or None
        Called by the backward pass, for windows of one step, with a layer's number, the
        window and the whole gradient of the hidden states there.
    """

    batch: object
    n_threads: int
    training: bool = False
    noise: PassNoise | None = None
    window_steps: int | None = None
    truncate: bool = False
    wants_states: bool = False
    states: list | None = None
    on_hidden_gradient: object = None

    @property
    def windows(self):
        """Windows of time."""
        return time_windows(len(self.batch.offsets) - 1, self.window_steps)


@dataclass(slots=True)
class LayerArrays:
    """What a pass has of one layer in one direction.

    Attributes
    ----------
    parameters : mapping from str to ndarray
    packed : PackedLayer
    workspace : Workspace
    """

    parameters: dict
    packed: object
    workspace: object


@dataclass(slots=True)
class _LayerRun:
    """One layer in one window."""

    plan: BatchPlan
    x: np.ndarray
    states: object


class Chain:
    """Layers of one direction.

    Parameters
    ----------
    layers : list of RecurrentLayer
    numbers : list of int
        Which layers of the network they are.
    reverse : bool
        Whether they run from each sequence's last step to its first.
    dropout, recurrent_dropout : float
        Rates between the layers, and of the recurrent connections.
    """

    def __init__(self, layers, numbers, reverse, dropout, recurrent_dropout):
        self.layers = layers
        self.numbers = numbers
        self.reverse = reverse
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.direction = int(reverse)

    @property
    def top(self):
        """The layer whose states leave the chain."""
        return self.layers[-1]

    @property
    def places(self):
        """Number and direction of each layer."""
        return [(number, self.direction) for number in self.numbers]

    def forward(self, run, x, arrays, pooling, input_mask=None, initial=None):
        """Run over a batch.

        Parameters
        ----------
        run : Pass
        x : ndarray of shape (n_rows, n_inputs)
        arrays : list of LayerArrays
        pooling : {"last", "mean", "max"} or None
            What becomes of the top layer's hidden states.
        input_mask : ndarray of shape (n_samples, >= n_inputs), default=None
            What the rows of each sequence are multiplied with.
        initial : list of dict, default=None
            ``hidden_0`` and ``cell_0`` of each layer, of shape (n_samples, size); by
            default what is learned, or zero.

        Returns
        -------
        outputs : ndarray of shape (n_samples or n_rows, output_stride)
            Pooled vectors, or all rows without pooling.
        trace : tuple or None
            What `backward` needs.
        """
        windows = self._in_order(run.windows)
        keeps_all = run.training and len(windows) == 1
        noises = [(None, input_mask), *self._noises(run, arrays)]
        states = initial
        if initial is None:
            states = [_learned_start(of_layer.parameters) for of_layer in arrays]
        checkpoints, outputs = [], None
        for k, window in enumerate(windows):
            checkpoints.append(states)
            layer_runs = self._run_window(
                run, window, x, arrays, states, noises, pooling, keeps_all
            )
            if len(windows) > 1 or run.wants_states:
                states = [
                    layer.last_states(layer_run.plan, layer_run.states)
                    for layer, layer_run in zip(self.layers, layer_runs, strict=True)
                ]
            place = (k == 0, k == len(windows) - 1)
            workspace = arrays[-1].workspace
            outputs = self._collect(
                run, layer_runs[-1], workspace, outputs, pooling, place
            )
        if pooling == "last" and len(windows) > 1:
            shape = (run.batch.n_samples, self.top.output_stride)
            outputs = workspace.zeros("last", shape)
            outputs[:, : self.top.output_size] = states[-1]["hidden_0"]
        if run.wants_states:
            run.states = states
        if not run.training:
            return outputs, None
        kept = layer_runs if keeps_all else None
        return outputs, (x, checkpoints, noises, kept, pooling, initial is None)

    def backward(
        self, run, trace, d_outputs, arrays, gradients, d_inputs=(), *,
        wants_initial=False,
    ):  # fmt: skip
        """Gradients of the parameters, and of the rows that entered.

        Parameters
        ----------
        run, trace, arrays : as in and from `forward`
        d_outputs : ndarray of the shape of the outputs
        gradients : list of mapping or None
            Of each layer; overwritten. None where they are not wanted.
        d_inputs : sequence of tuple of (panels, d_rows, accumulate), default=()
            Where the gradient of (each part of) the input goes.
        wants_initial : bool, default=False
            Whether the gradients of given initial states are wanted.

        Returns
        -------
        d_states : list of StateGradient
            Of each layer, see `RecurrentLayer.initial_gradient`.
        """
        x, checkpoints, noises, kept, pooling, starts_learned = trace
        windows = self._in_order(run.windows)
        d_states = self._zero_gradients(run, arrays, d_outputs, pooling)
        panels = self._backward_panels(arrays)
        is_first = True
        for k in range(len(windows) - 1, -1, -1):
            if run.truncate and not _has_gradient(run, windows, k, pooling):
                continue
            layer_runs = kept or self._run_window(
                run, windows[k], x, arrays, checkpoints[k], noises, pooling, True
            )
            d_rows = self._d_rows(run, layer_runs[-1].plan, d_outputs, arrays, pooling)
            for i in range(len(self.layers) - 1, -1, -1):
                layer, layer_run, of_layer = self.layers[i], layer_runs[i], arrays[i]
                first = wants_initial or "hidden_0" in (gradients[i] or ())
                if run.on_hidden_gradient is not None:
                    whole = layer.hidden_gradient(layer_run.plan, d_states[i], d_rows)
                    run.on_hidden_gradient(self.numbers[i], windows[k], whole)
                layer.backward(
                    layer_run.plan, layer_run.x, layer_run.states, panels[i][0],
                    of_layer.packed, of_layer.workspace, gradients[i], d_states[i],
                    d_output=d_rows, accumulate=not is_first,
                    wants_initial=first if k == 0 else not run.truncate,
                )  # fmt: skip
                if i:
                    d_rows = self._send_down(
                        run, i, layer_runs, panels[i][1], arrays, noises
                    )
                if run.truncate and k:
                    d_states[i].cut(layer_run.plan.n_alive)
            self._send_out(layer_runs[0], d_inputs, is_last=k == 0)
            is_first = False
        for layer, d_state, views in zip(self.layers, d_states, gradients, strict=True):
            if views is not None:
                layer.finish_gradients(d_state, views, starts_learned)
        return d_states

    def _zero_gradients(self, run, arrays, d_outputs, pooling):
        """Of the last states: zero, but where the top layer's are the output."""
        gradients = []
        for layer, of_layer in zip(self.layers, arrays, strict=True):
            is_output = layer is self.top and pooling == "last"
            d_last = d_outputs if is_output else None
            gradients.append(
                layer.zero_gradient(run.batch.n_samples, of_layer.workspace, d_last)
            )
        return gradients

    def _backward_panels(self, arrays):
        """Of the recurrence, and of the way down within the chain."""
        panels = []
        for i, (layer, of_layer) in enumerate(zip(self.layers, arrays, strict=True)):
            source = of_layer.parameters, of_layer.workspace
            down = layer.pack_input(*source)[0] if i else None
            panels.append((layer.pack_backward(*source), down))
        return panels

    # ---- one window ----------------------------------------------------------------

    def _run_window(
        self, run, window, x, arrays, initial, noises, pooling, keeps_gates
    ):
        """Forward through all layers; with what backward needs or without."""
        top = len(self.layers) - 1
        keep_states = keeps_gates or top > 0 or pooling != "last"
        plan = self._plan(run, window, keep_states)
        rows = x[plan.rows]
        if noises[0][1] is not None:
            rows = _masked(
                rows, noises[0][1], plan, self.top.kernels, arrays[0].workspace,
                "masked_inputs",
            )  # fmt: skip
        layer_runs = []
        for i, (layer, of_layer) in enumerate(zip(self.layers, arrays, strict=True)):
            if i == top and top > 0 and not keeps_gates and pooling == "last":
                plan = self._plan(run, window, keep_states=False)
            noise, mask = noises[i + 1]
            states = layer.forward(
                plan, rows, of_layer.packed, of_layer.workspace,
                training=keeps_gates, noise=noise, **initial[i],
            )  # fmt: skip
            layer_runs.append(_LayerRun(plan, rows, states))
            if i < top:
                rows = states.hidden[plan.n_samples :, : layer.output_size]
                if mask is not None:
                    rows = _masked(
                        rows, mask, plan, layer.kernels, of_layer.workspace, "masked"
                    )
        return layer_runs

    def _plan(self, run, window, keep_states):
        return make_plan(
            run.batch, run.n_threads, keep_states, reverse=self.reverse, window=window
        )

    def _collect(self, run, layer_run, workspace, outputs, pooling, place):
        """Take what leaves the chain from the top layer's states in a window."""
        plan, hidden = layer_run.plan, layer_run.states.hidden
        if pooling == "last":
            # Of several windows the states are carried, so one is enough to do here.
            return hidden[plan.last_rows] if place == (True, True) else None
        rows = hidden[plan.n_samples :]
        if pooling is not None:
            return pool_window(
                pooling, self.top, plan, run.batch, rows, workspace, place,
                run.training,
            )  # fmt: skip
        if place == (True, True):
            return rows
        if outputs is None:
            shape = (run.batch.n_rows, self.top.output_stride)
            outputs = workspace.take("all_rows", shape)
        outputs[plan.rows] = rows
        return outputs

    def _d_rows(self, run, plan, d_outputs, arrays, pooling):
        """The gradient of the top layer's rows in a window, if it has one there."""
        if pooling == "last":
            return None
        if pooling is None:
            return d_outputs[plan.rows]
        return pool_window_backward(
            pooling, self.top, plan, run.batch, d_outputs, arrays[-1].workspace
        )

    def _send_down(self, run, i, layer_runs, panels, arrays, noises):
        """The gradient of layer i's input, which is the output of the layer below."""
        plan, states = layer_runs[i].plan, layer_runs[i].states
        layer, mask = self.layers[i - 1], noises[i][1]
        d_x = arrays[i].workspace.take("d_x", (plan.n_rows, layer.output_stride))
        self.layers[i].input_gradient(plan, states.gates, panels, d_x)
        if mask is not None:
            layer.kernels.scale_rows(d_x, plan.offsets, mask, d_x, run.n_threads)
        return d_x

    def _send_out(self, layer_run, d_inputs, *, is_last):
        """The gradient of the parts of the chain's input."""
        plan, gates = layer_run.plan, layer_run.states.gates
        rows, x = plan.rows, layer_run.x
        sums = getattr(x, "gate_sums", None)
        if sums is not None:  # of distinct rows, over all windows
            if not is_last:
                return
            gates, rows = sums, slice(None)
        for panels, d_rows, accumulate in d_inputs:
            self.layers[0].input_gradient(plan, gates, panels, d_rows[rows], accumulate)

    # ---- small parts ---------------------------------------------------------------

    def _in_order(self, windows):
        return windows[::-1] if self.reverse else windows

    def _noises(self, run, arrays):
        """What each layer draws itself, and the mask of its output."""
        if run.noise is None:
            return [(None, None)] * len(self.layers)
        noises = []
        for layer, place, of_layer in zip(
            self.layers, self.places, arrays, strict=True
        ):
            where = (*place, layer.output_stride, of_layer.workspace)
            noise = run.noise.of_layer(self.recurrent_dropout, *where)
            mask = None
            if layer is not self.top:
                mask = run.noise.output_mask(self.dropout, *where)
            noises.append((noise, mask))
        return noises


def _learned_start(parameters):
    return {
        name: parameters[name] for name in ("hidden_0", "cell_0") if name in parameters
    }


def _has_gradient(run, windows, k, pooling):
    """Whether a window has one, when none comes from the windows after it."""
    if pooling != "last":
        return True
    first, last = windows[k]
    lengths = run.batch.lengths
    return k == 0 or bool(((lengths > first) & (lengths <= last)).any())


def _masked(rows, mask, plan, kernels, workspace, name):
    """Inputs, or a layer's output on its way to the next one."""
    masked = workspace.take(name, rows.shape)
    kernels.scale_rows(rows, plan.offsets, mask, masked, plan.n_threads)
    return masked
