"""Products of rows with weight matrices, beside the recurrent layers and the head."""

import numpy as np

from .memory import round_up
from .weights import ONE_GATE

__all__ = ["Projection", "whole_rows"]


class Projection:
    """``output = sum of inputs[name] @ parameters[name].T, + bias``.

    Parameters
    ----------
    name : str
        Begins the names of its arrays in a workspace.
    input_sizes : mapping from str to int
        Elements of each input, one or two of them, by the name of its weight.
    n_outputs : int
    dtype : {float32, float64}
    kernels : module
    has_bias : bool, default=True

    Attributes
    ----------
    parameter_shapes : dict of str to tuple
    stride : int
        ``n_outputs``, rounded up to whole registers.
    """

    def __init__(self, name, input_sizes, n_outputs, dtype, kernels, *, has_bias=True):
        self.name = name
        self.input_sizes = dict(input_sizes)
        self.n_outputs = n_outputs
        self.dtype = np.dtype(dtype)
        self.kernels = kernels
        self.stride = round_up(n_outputs, kernels.lanes())
        self.parameter_shapes = {
            weight: (n_outputs, size) for weight, size in self.input_sizes.items()
        }
        if has_bias:
            self.parameter_shapes["bias"] = (n_outputs,)

    def _take(self, workspace, name, shape):
        return workspace.take(f"{self.name}_{name}", shape)

    def pack_forward(self, parameters, workspace):
        """Panels by the name of the weight, and the bias registers, for `forward`."""
        panels = {}
        for name, size in self.input_sizes.items():
            panels[name] = self._take(
                workspace, f"panels_{name}", (self.stride * size,)
            )
            self.kernels.pack_gates(
                parameters[name], ONE_GATE, self.n_outputs, 4, 0, size, panels[name]
            )
        bias = None
        if "bias" in self.parameter_shapes:
            bias = self._take(workspace, "bias", (self.stride,))
            self.kernels.pack_bias(
                parameters["bias"], ONE_GATE, self.n_outputs, 0, 1, bias
            )
        return panels, bias

    def forward(self, inputs, packed, workspace, n_threads):
        """The outputs.

        Parameters
        ----------
        inputs : mapping from str to ndarray of shape (n_rows, >= n_inputs)
            By the name of the weight.
        packed : tuple
            From `pack_forward`.
        workspace : Workspace
            Owns the outputs.
        n_threads : int

        Returns
        -------
        output : ndarray of shape (n_rows, stride)
            Zero beyond ``n_outputs``.
        """
        panels, bias = packed
        n_rows = len(next(iter(inputs.values())))
        output = self._take(workspace, "output", (n_rows, self.stride))
        is_first = True
        for name, size in self.input_sizes.items():
            self.kernels.dense(
                inputs[name], 1, size, size, panels[name], bias if is_first else None,
                not is_first, output, n_threads,
            )  # fmt: skip
            is_first = False
        return output

    def backward(
        self, inputs, d_output, parameters, gradients, workspace, n_threads, *,
        wanted=None,
    ):  # fmt: skip
        """Fill the gradients of the parameters; return those of the inputs.

        Parameters
        ----------
        inputs : as in `forward`
        d_output : ndarray of shape (n_rows, stride)
        parameters, gradients : mapping from str to ndarray
        workspace : Workspace
            Owns the result.
        n_threads : int
        wanted : collection of str, default=None
            Inputs whose gradient is wanted; all by default.

        Returns
        -------
        d_inputs : dict of str to ndarray of shape (n_rows, whole registers)
        """
        n_rows, lanes = len(d_output), self.kernels.lanes()
        segments = np.array([[0, 0, n_rows]], dtype=np.intp)
        operands = tuple(
            (inputs[name], segments, gradients[name]) for name in self.input_sizes
        )
        n_columns = sum(self.input_sizes.values())
        size = self.kernels.gradient_scratch_size(self.n_outputs, n_columns)
        self.kernels.weight_gradient(
            d_output.reshape(n_rows, self.stride // lanes, lanes).transpose(1, 0, 2),
            0, ONE_GATE, self.n_outputs, operands, gradients.get("bias"), True, False,
            self._take(workspace, "scratch", (n_threads, size)), n_threads,
        )  # fmt: skip
        return {
            name: self._input_gradient(
                name, d_output, parameters[name], workspace, n_threads
            )
            for name in (self.input_sizes if wanted is None else wanted)
        }

    def _input_gradient(self, name, d_output, weight, workspace, n_threads):
        width = round_up(self.input_sizes[name], self.kernels.lanes())
        panels = self._take(
            workspace, f"backward_panels_{name}", (self.stride * width,)
        )
        self.kernels.pack_columns(weight, ONE_GATE, self.n_outputs, panels)
        d_input = self._take(workspace, f"d_{name}", (len(d_output), width))
        self.kernels.dense(
            d_output, 1, self.stride, self.stride, panels, None, False, d_input,
            n_threads,
        )  # fmt: skip
        return d_input


def whole_rows(rows, size, kernels, workspace, name):
    """Rows of whole registers, zero beyond their size; the same array if it is so.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, >= size)
        What is beyond ``size`` must be zero.
    size : int
    kernels : module
    workspace : Workspace
        Owns a copy.
    name : str
        Of the copy.

    Returns
    -------
    rows : ndarray of shape (n_rows, size rounded up), C-contiguous
    """
    stride = round_up(size, kernels.lanes())
    if rows.shape[1] == stride and rows.flags.c_contiguous:
        return rows
    whole = workspace.zeros(name, (len(rows), stride))
    whole[:, :size] = rows[:, :size]
    return whole
