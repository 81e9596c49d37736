"""The linear head: pooled hidden states -> outputs, on the kernels of the layers."""

import numpy as np

from .memory import aligned_empty, round_up

__all__ = ["Head"]

_ONE_GATE = np.zeros(1, dtype=np.intp)
_ONE_GATE.flags.writeable = False


class Head:
    """``outputs = features @ weight.T + bias``.

    Parameters
    ----------
    n_inputs : int
        Units of the layer below.
    n_outputs : int
    dtype : {float32, float64}
    kernels : module
    """

    def __init__(self, n_inputs, n_outputs, dtype, kernels):
        self.n_inputs = n_inputs
        self.n_outputs = n_outputs
        self.dtype = np.dtype(dtype)
        self.kernels = kernels
        self.stride = round_up(n_outputs, kernels.lanes())
        self.input_stride = round_up(n_inputs, kernels.lanes())
        self.parameter_shapes = {"weight": (n_outputs, n_inputs), "bias": (n_outputs,)}

    def pack_forward(self, parameters, workspace):
        """Panels and bias registers, owned by the workspace."""
        panels = workspace.take("head_panels", (self.stride * self.n_inputs,))
        bias = workspace.take("head_bias", (self.stride,))
        n_out = self.n_outputs
        self.kernels.pack_gates(
            parameters["weight"], _ONE_GATE, n_out, 4, 0, self.n_inputs, panels
        )
        self.kernels.pack_bias(parameters["bias"], _ONE_GATE, n_out, 0, 1, bias)
        return panels, bias

    def pack_backward(self, parameters, workspace):
        """Panels of the product that sends the gradient to the features."""
        panels = workspace.take(
            "head_backward_panels", (self.stride * self.input_stride,)
        )
        self.kernels.pack_columns(
            parameters["weight"], _ONE_GATE, self.n_outputs, panels
        )
        return panels

    def forward(self, features, packed, n_threads):
        """Outputs of shape (n_rows, n_outputs), a new array."""
        panels, bias = packed
        out = aligned_empty((len(features), self.stride), self.dtype)
        self.kernels.dense(
            features,
            1,
            self.n_inputs,
            self.n_inputs,
            panels,
            bias,
            False,
            out,
            n_threads,
        )
        return out[:, : self.n_outputs]

    def backward(self, features, d_outputs, panels, gradients, workspace, n_threads):
        """Fill the head's gradients; return that of the features, padded like them."""
        padded = self._padded(d_outputs, workspace)
        n_rows, lanes = len(features), self.kernels.lanes()
        scratch_size = self.kernels.gradient_scratch_size(self.n_outputs, self.n_inputs)
        segments = np.array([[0, 0, n_rows]], dtype=np.intp)
        self.kernels.weight_gradient(
            padded.reshape(n_rows, self.stride // lanes, lanes).transpose(1, 0, 2),
            0, _ONE_GATE, self.n_outputs,
            ((features, segments, gradients["weight"]),), gradients["bias"],
            True, False, workspace.take("head_scratch", (n_threads, scratch_size)),
            n_threads,
        )  # fmt: skip
        return self._send_down(padded, panels, workspace, n_threads)

    def feature_gradient(self, d_outputs, panels, workspace, n_threads):
        """The gradient of the features alone, padded like them."""
        padded = self._padded(d_outputs, workspace)
        return self._send_down(padded, panels, workspace, n_threads)

    def _padded(self, d_outputs, workspace):
        padded = workspace.zeros("d_outputs", (len(d_outputs), self.stride))
        padded[:, : self.n_outputs] = d_outputs
        return padded

    def _send_down(self, padded, panels, workspace, n_threads):
        d_features = workspace.take("d_features", (len(padded), self.input_stride))
        self.kernels.dense(
            padded,
            1,
            self.stride,
            self.stride,
            panels,
            None,
            False,
            d_features,
            n_threads,
        )
        return d_features
