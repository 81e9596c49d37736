"""Runs one layer of the package on the problems of `reference_cells`."""

from types import SimpleNamespace

import numpy as np
import reference_cells
from framed_arrays import Framed, read_only
from reference_layers import backward, forward, packed_offsets

from sklstm.network import cells
from sklstm.network.dropout import LayerNoise
from sklstm.network.layer import RecurrentLayer
from sklstm.network.memory import Workspace, round_up
from sklstm.network.steps import BatchPlan

# The cells of the package as the reference describes them: none may lack a reference.
CELLS = {cell: reference_cells.CELLS[cell] for cell in cells.CELLS}


ZONEOUT_SEED = 41


class PoisonedWorkspace(Workspace):
    """Hands out arrays of NaN between canaries."""

    def __init__(self, dtype):
        super().__init__(dtype)
        self.taken = []

    def take(self, name, shape, dtype=None):
        framed = Framed(tuple(shape), self.dtype if dtype is None else dtype)
        self.taken.append(framed)
        return framed.array

    def assert_frames_untouched(self):
        for framed in self.taken:
            framed.assert_frame_untouched()


class Pass(SimpleNamespace):
    """Results of one pass, under the names the reference uses.

    Attributes
    ----------
    hidden : ndarray of shape (n_rows, hidden_size)
    final : dict of str to ndarray of shape (n_samples, hidden_size)
    gradients : dict of str to ndarray, or None after a forward pass only
    """

    def everything(self):
        """All arrays by name."""
        final = {f"final {name}": value for name, value in self.final.items()}
        gradients = {f"d_{name}": value for name, value in self.gradients.items()}
        return {"hidden": self.hidden, **final, **gradients}


def packed(lengths):
    """What a layer has to know about a batch."""
    offsets = packed_offsets(lengths)
    return SimpleNamespace(
        lengths=np.asarray(lengths, dtype=np.intp),
        offsets=offsets,
        n_samples=len(lengths),
        n_rows=int(offsets[-1]),
    )


def cast(problem, dtype):
    """A problem in another dtype, its arrays read-only."""
    return {
        key: {name: read_only(array.astype(dtype)) for name, array in value.items()}
        if isinstance(value, dict)
        else read_only(value.astype(dtype))
        for key, value in problem.items()
    }


def layer_pass(
    cell,
    problem,
    lengths,
    *,
    n_threads=1,
    workspace=None,
    training=True,
    gradients=True,
    blocks=None,
    reverse=False,
    recurrent_mask=None,
    zoneout=0.0,
    draws=True,
):
    """Run a layer forward and, unless told otherwise, backward.

    Parameters
    ----------
    cell : str
        A key of `CELLS`.
    problem : dict
        From `random_problem`; its dtype is the dtype of the pass.
    lengths : sequence of int
        Lengths in batch order, longest first.
    n_threads : int, default=1
    workspace : Workspace, default=None
        Poisoned by default.
    training : bool, default=True
        False: the inference form, which keeps the last states only; ``hidden`` is None.
    gradients : bool, default=True
        False: forward only.
    blocks : sequence of int, default=None
        Boundaries of blocks of sequences, in place of the layer's own.
    reverse : bool, default=False
    recurrent_mask : ndarray of shape (n_samples, output_size), default=None
    zoneout : float, default=0
        Rate.
    draws : bool, default=True
        False: no mask, and zoneout's expectation.

    Returns
    -------
    result : Pass
    """
    x, parameters = problem["x"], problem["parameters"]
    batch = packed(lengths)
    layer = make_layer(cell, parameters, zoneout)
    plan = BatchPlan(batch, n_threads, training, reverse=reverse)
    if blocks is not None:
        plan.blocks = np.asarray(blocks, dtype=np.intp)
    workspace = workspace or PoisonedWorkspace(x.dtype)
    initial = {f"{name}_0": value for name, value in problem["initial"].items()}
    noise = None
    if draws and (zoneout or recurrent_mask is not None):
        mask = None
        if recurrent_mask is not None:
            mask = padded(recurrent_mask, layer.output_stride, x.dtype)
        keys = problem.get("sample_keys", sample_keys(batch.n_samples))
        noise = LayerNoise(mask, ZONEOUT_SEED, keys)
    packed_layer = layer.pack_forward(parameters, workspace)
    states = layer.forward(
        plan, x, packed_layer, workspace, training=training, noise=noise, **initial
    )
    sizes = {"hidden": layer.output_size, "cell": layer.hidden_size}
    final = {
        name: getattr(states, name)[plan.last_rows, : sizes[name]].copy()
        for name in CELLS[cell].states
    }
    result = Pass(hidden=None, final=final, gradients=None)
    if training:
        result.hidden = states.hidden[batch.n_samples :, : layer.output_size].copy()
    if gradients and training:
        result.gradients = _layer_backward(
            layer, plan, problem, states, packed_layer, workspace
        )
    if isinstance(workspace, PoisonedWorkspace):
        workspace.assert_frames_untouched()
    return result


def make_layer(cell, parameters, zoneout=0.0):
    """A layer for given parameters."""
    projection = parameters.get("projection")
    n_rows, n_inputs = parameters["weight_ih"].shape
    return RecurrentLayer(
        cell,
        n_inputs,
        n_rows // CELLS[cell].n_gates,
        parameters["weight_ih"].dtype,
        projection_size=None if projection is None else len(projection),
        zoneout=zoneout,
    )


def padded(array, stride, dtype):
    """An array with its rows filled up with zeros, between canaries."""
    framed = Framed((len(array), stride), dtype, fill=0)
    framed.array[:, : array.shape[1]] = array
    return framed.array


def sample_keys(n_samples):
    """Numbers of the samples that dropout draws for."""
    return (7 * np.arange(n_samples) + 3).astype(np.uint32)


def drawn_zoneout(kernels, rate, problem, lengths, dtype):
    """The units that keep their state, as the options of the reference.

    Each number depends on seed, sample, position in the sequence and unit alone.
    """
    offsets = packed_offsets(lengths)
    keys = problem.get("sample_keys", sample_keys(len(lengths)))
    kept = {}
    for part, (name, state) in enumerate(problem["initial"].items()):
        size = state.shape[1]
        n_drawn = -(-size // kernels.lanes()) * kernels.lanes()
        numbers = np.empty(n_drawn, dtype=dtype)
        kept[name] = np.empty((offsets[-1], size))
        for b, length in enumerate(lengths):
            for t in range(length):
                kernels.random_numbers(
                    ZONEOUT_SEED, keys[b], t, part, round(rate * 65536), numbers
                )
                kept[name][offsets[t] + b] = numbers[:size]
    return kept


def _layer_backward(layer, plan, problem, states, packed_layer, workspace):
    """Gradients with respect to every argument, in the shapes of the arguments."""
    x, parameters = problem["x"], problem["parameters"]
    found = {name: Framed(value.shape, x.dtype) for name, value in parameters.items()}
    views = {name: framed.array for name, framed in found.items()}
    d_final = problem["d_final"]
    d_last = padded(d_final["hidden"], layer.output_stride, x.dtype)
    d_states = layer.zero_gradient(plan.n_samples, workspace, d_last)
    if "cell" in d_final:
        d_states.carry[:, : layer.hidden_size] = d_final["cell"]
    layer.backward(
        plan,
        x,
        states,
        layer.pack_backward(parameters, workspace),
        packed_layer,
        workspace,
        views,
        d_states,
        d_output=padded(problem["d_hidden"], layer.output_stride, x.dtype),
        wants_initial=True,
    )
    layer.finish_gradients(d_states, views)
    for framed in found.values():
        framed.assert_frame_untouched()
    gradients = dict(views)
    (input_panels,) = layer.pack_input(parameters, workspace)
    d_x = Framed((plan.n_rows, round_up(layer.n_inputs, layer.lanes)), x.dtype)
    layer.input_gradient(plan, states.gates, input_panels, d_x.array)
    d_x.assert_frame_untouched()
    gradients["x"] = d_x.array[:, : layer.n_inputs].copy()
    for name, d_initial in layer.initial_gradient(d_states).items():
        gradients[name] = d_initial.copy()
    return gradients


def reference_pass(cell, problem, lengths, **options):
    """The same by the reference, in float64; `options` are those of its `forward`."""
    problem = cast(problem, np.float64)
    arguments = problem["x"], problem["parameters"], problem["initial"], lengths
    trace = forward(cell, *arguments, **options)
    gradients = backward(
        cell, trace, problem["parameters"], problem["d_hidden"], problem["d_final"]
    )
    return Pass(hidden=trace.hidden, final=trace.final, gradients=gradients)


def assert_passes_close(result, expected, tolerance, label=""):
    """Every array agrees to `tolerance` times its largest entry (at least one)."""
    found, wanted = result.everything(), expected.everything()
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        assert found[name].shape == array.shape, f"{label} {name}"
        if array.size == 0:
            continue
        error = np.abs(found[name] - array).max()
        allowed = tolerance * max(1.0, np.abs(array).max())
        assert error <= allowed, f"{label} {name}: error {error:.3g} > {allowed:.3g}"


def assert_passes_equal(result, expected, label=""):
    """Every array agrees to the last bit, NaN with NaN."""
    found, wanted = result.everything(), expected.everything()
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        np.testing.assert_array_equal(found[name], array, err_msg=f"{label} {name}")
