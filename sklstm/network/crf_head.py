"""The head of a tagger whose steps are judged together: emissions, and what joins them.

The parameters of the field are outputs as well, as further rows below those of the
steps: whoever computes the loss finds all it needs in them, and puts the gradient in
the same places.
"""

import numpy as np

from .._kernels import kernels_for
from .crf import CRF
from .head import Head
from .memory import aligned_empty

__all__ = ["CRFHead", "make_crf", "split_outputs"]

_OF_FIELD = ("transitions", "start", "end")


def split_outputs(outputs):
    """Take the outputs of a `CRFHead`, or their gradient, apart.

    Parameters
    ----------
    outputs : ndarray of shape (n_rows + n_tags + 2, n_tags)

    Returns
    -------
    emissions : ndarray of shape (n_rows, n_tags)
    parameters : dict
        ``transitions``, ``start`` and ``end``, as `CRF` names them. All of them views.
    """
    n_tags = outputs.shape[1]
    n_rows = len(outputs) - n_tags - 2
    return outputs[:n_rows], {
        "transitions": outputs[n_rows:-2],
        "start": outputs[-2],
        "end": outputs[-1],
    }


def make_crf(n_tags, dtype):
    """The `CRF` of a number of tags, on the kernels in use."""
    return CRF(n_tags, dtype, kernels_for(np.dtype(dtype)))


class CRFHead(Head):
    """A linear head, and the parameters of a conditional random field.

    Parameters are those of `Head`, for ``n_outputs`` tags; see `CRF`.
    """

    def __init__(self, n_inputs, n_outputs, dtype, kernels):
        super().__init__(n_inputs, n_outputs, dtype, kernels)
        self.parameter_shapes |= {
            "transitions": (n_outputs, n_outputs),
            "start": (n_outputs,),
            "end": (n_outputs,),
        }

    def pack_forward(self, parameters, workspace):
        """Panels and bias registers, and the rows that all batches have."""
        rows = workspace.take("crf_rows", (self.n_outputs + 2, self.n_outputs))
        np.concatenate(
            [np.atleast_2d(parameters[name]) for name in _OF_FIELD], out=rows
        )
        return *super().pack_forward(parameters, workspace), rows

    def forward(self, features, packed, n_threads):
        """Outputs of shape (n_rows + n_outputs + 2, n_outputs), a new array."""
        *packed, rows = packed
        emissions = super().forward(features, packed, n_threads)
        out = aligned_empty((len(emissions) + len(rows), self.stride), self.dtype)
        out = out[:, : self.n_outputs]
        out[: len(emissions)] = emissions
        out[len(emissions) :] = rows
        return out

    def backward(self, features, d_outputs, panels, gradients, workspace, n_threads):
        """Fill the head's gradients; return that of the features, padded like them."""
        d_emissions, d_field = split_outputs(d_outputs)
        for name, gradient in d_field.items():
            gradients[name][:] = gradient
        return super().backward(
            features, d_emissions, panels, gradients, workspace, n_threads
        )

    def feature_gradient(self, d_outputs, panels, workspace, n_threads):
        """The gradient of the features alone, padded like them."""
        d_emissions, _ = split_outputs(d_outputs)
        return super().feature_gradient(d_emissions, panels, workspace, n_threads)
