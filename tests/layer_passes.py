"""Runs one layer of the package on the problems of `reference_cells`."""

from types import SimpleNamespace

import numpy as np
from framed_arrays import Framed, read_only
from reference_cells import CELLS
from reference_layers import backward, forward, packed_offsets

from sklstm.network.layer import BatchPlan, RecurrentLayer
from sklstm.network.memory import Workspace
from sklstm.network.steps import last_rows


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
):
    """Run a layer forward and, unless told otherwise, backward.

    Parameters
    ----------
    cell : str
        A key of `reference_cells.CELLS`.
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

    Returns
    -------
    result : Pass
    """
    x, parameters = problem["x"], problem["parameters"]
    hidden_size = parameters["weight_hh"].shape[1]
    batch = packed(lengths)
    layer = RecurrentLayer(cell, x.shape[1], hidden_size, x.dtype)
    plan = BatchPlan(batch, n_threads, training)
    if blocks is not None:
        plan.blocks = np.asarray(blocks, dtype=np.intp)
    workspace = workspace or PoisonedWorkspace(x.dtype)
    initial = {f"{name}_0": value for name, value in problem["initial"].items()}
    states = layer.forward(
        plan,
        x,
        layer.pack_forward(parameters, workspace),
        workspace,
        training=training,
        **initial,
    )
    rows = last_rows(batch.offsets, batch.lengths, batch.n_samples, training)
    final = {
        name: getattr(states, name)[rows, :hidden_size].copy()
        for name in CELLS[cell].states
    }
    result = Pass(hidden=None, final=final, gradients=None)
    if training:
        result.hidden = states.hidden[batch.n_samples :, :hidden_size].copy()
    if gradients and training:
        result.gradients = _layer_backward(layer, plan, problem, states, workspace)
    if isinstance(workspace, PoisonedWorkspace):
        workspace.assert_frames_untouched()
    return result


def _layer_backward(layer, plan, problem, states, workspace):
    """Gradients with respect to every argument, in the shapes of the arguments."""
    x, parameters = problem["x"], problem["parameters"]

    def padded(array):
        framed = Framed((len(array), layer.stride), x.dtype, fill=0)
        framed.array[:, : layer.hidden_size] = array
        return framed.array

    found = {name: Framed(value.shape, x.dtype) for name, value in parameters.items()}
    d_final = {name: padded(value) for name, value in problem["d_final"].items()}
    entered = layer.backward(
        plan,
        x,
        states,
        layer.pack_backward(parameters, workspace),
        workspace,
        {name: framed.array for name, framed in found.items()},
        input_panels=layer.pack_input(parameters, workspace),
        d_output=padded(problem["d_hidden"]),
        d_last=d_final["hidden"],
        d_cell_last=d_final.get("cell"),
        initial=True,
    )
    for framed in found.values():
        framed.assert_frame_untouched()
    gradients = {name: framed.array for name, framed in found.items()}
    gradients["x"] = entered.x[:, : layer.n_inputs].copy()
    gradients["hidden_0"] = entered.hidden_0[:, : layer.hidden_size].copy()
    if entered.cell_0 is not None:
        gradients["cell_0"] = entered.cell_0[:, : layer.hidden_size].copy()
    return gradients


def reference_pass(cell, problem, lengths):
    """The same by the reference, in float64."""
    problem = cast(problem, np.float64)
    arguments = problem["x"], problem["parameters"], problem["initial"], lengths
    trace = forward(cell, *arguments)
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
