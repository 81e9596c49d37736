"""From what an encoder has read to where a decoder starts."""

import numpy as np

from .projection import Projection

__all__ = ["Bridge", "last_rows"]


def last_rows(batch, n_forward, n_backward=0):
    """Where each direction's last states stand among packed rows, as an index.

    Parameters
    ----------
    batch : PackedBatch
        No sequence without steps.
    n_forward, n_backward : int
        Elements of each direction, side by side in a row.

    Returns
    -------
    rows : ndarray of intp of shape (n_samples, n_forward + n_backward)
    columns : ndarray of intp of shape (n_forward + n_backward,)
    """
    sample = np.arange(batch.n_samples, dtype=np.intp)
    rows = np.empty((len(sample), n_forward + n_backward), dtype=np.intp)
    rows[:, :n_forward] = (batch.offsets[batch.lengths - 1] + sample)[:, np.newaxis]
    rows[:, n_forward:] = sample[:, np.newaxis]
    return rows, np.arange(n_forward + n_backward)


class Bridge:
    """Initial states of every layer of a decoder: affine in a vector; tanh for hidden.

    ``hidden_0 = tanh(W x + b)``, ``cell_0 = V x + c``, for every layer.

    Parameters
    ----------
    n_inputs : int
        Elements of the vector.
    layers : sequence of RecurrentLayer
        Of the decoder.
    dtype : {float32, float64}
    kernels : module
    """

    def __init__(self, n_inputs, layers, dtype, kernels):
        self.kernels = kernels
        self._parts, start = [], 0
        for i, layer in enumerate(layers):
            sizes = {"hidden_0": layer.output_size}
            if layer.cell.has_cell_state:
                sizes["cell_0"] = layer.hidden_size
            for name, size in sizes.items():
                self._parts.append((i, name, slice(start, start + size)))
                start += size
        self.n_layers = len(layers)
        self.projection = Projection(
            "bridge", {"weight": n_inputs}, start, dtype, kernels
        )
        self.parameter_shapes = self.projection.parameter_shapes

    def forward(self, vectors, packed, workspace, n_threads):
        """Initial states.

        Parameters
        ----------
        vectors : ndarray of shape (n_samples, >= n_inputs)
        packed : tuple
            From ``projection.pack_forward``.
        workspace : Workspace
        n_threads : int

        Returns
        -------
        initial : list of dict
            ``hidden_0`` and ``cell_0`` of each layer, of shape (n_samples, size).
        """
        output = self.projection.forward(
            {"weight": vectors}, packed, workspace, n_threads
        )
        initial = [{} for _ in range(self.n_layers)]
        for i, name, columns in self._parts:
            state = output[:, columns].copy()
            if name == "hidden_0":
                self.kernels.hyperbolic_tangent(state.reshape(-1))
            initial[i][name] = state
        return initial

    def backward(
        self, vectors, initial, d_initial, parameters, gradients, workspace, n_threads
    ):
        """Fill the gradients of the parameters; return that of the vectors.

        Parameters
        ----------
        vectors, initial : as in and from `forward`
        d_initial : list of dict
            Gradients, by the same names.
        parameters, gradients : mapping from str to ndarray
        workspace : Workspace
        n_threads : int

        Returns
        -------
        d_vectors : ndarray of shape (n_samples, whole registers)
        """
        d_output = workspace.zeros("d_bridge", (len(vectors), self.projection.stride))
        for i, name, columns in self._parts:
            d_output[:, columns] = d_initial[i][name]
            if name == "hidden_0":
                d_output[:, columns] *= 1 - np.square(initial[i][name])
        found = self.projection.backward(
            {"weight": vectors}, d_output, parameters, gradients, workspace, n_threads
        )
        return found["weight"]
