"""From a decoder's hidden states and contexts to scores of symbols."""

import numpy as np

from .projection import Projection, whole_rows

__all__ = ["DecoderHead"]


class DecoderHead:
    """``scores = tanh(W h + C context + b) @ symbols.T + biases``.

    The rows of ``symbols`` are weights of its own, or the embedding of the symbols.

    Parameters
    ----------
    hidden_size, context_size : int
        Elements of the decoder's hidden states and of the contexts; 0 without
        attention.
    mix_size : int
        Units of the tanh layer.
    n_symbols : int
    dropout : float
        Rate for what the tanh layer reads and for its outputs.
    dtype : {float32, float64}
    kernels : module
    """

    def __init__(
        self, hidden_size, context_size, mix_size, n_symbols, dropout, dtype, kernels
    ):
        sizes = {"weight_hidden": hidden_size}
        if context_size:
            sizes["weight_context"] = context_size
        self.dropout = dropout
        self.kernels = kernels
        self.mix = Projection("mix", sizes, mix_size, dtype, kernels)
        self.output = Projection(
            "output", {"weight": mix_size}, n_symbols, dtype, kernels
        )

    def pack_forward(self, mix_parameters, output_parameters, workspace):
        """Packed weights of both layers, owned by the workspace."""
        return (
            self.mix.pack_forward(mix_parameters, workspace),
            self.output.pack_forward(output_parameters, workspace),
        )

    def forward(self, inputs, packed, workspaces, n_threads, offsets=None, noise=None):
        """Scores of all rows.

        Parameters
        ----------
        inputs : dict of str to ndarray of shape (n_rows, whole registers)
            Hidden states as "weight_hidden" and contexts as "weight_context".
        packed : tuple
            From `pack_forward`.
        workspaces : mapping from str to Workspace
            "head", and with noise one for each mask.
        n_threads : int
        offsets : ndarray of intp, default=None
            Packed row where each step starts; needed with noise.
        noise : PassNoise, default=None
            Draws dropout; None drops nothing.

        Returns
        -------
        scores : ndarray of shape (n_rows, whole registers)
        trace : tuple
            What `backward` needs.
        """
        workspace = workspaces["head"]
        masks = self._masks(workspaces, noise)
        inputs = {
            name: self._dropped(rows, offsets, masks.get(name), workspaces, n_threads)
            for name, rows in inputs.items()
        }
        mixed = self.mix.forward(inputs, packed[0], workspace, n_threads)
        self.kernels.hyperbolic_tangent(mixed.reshape(-1))
        mask = masks.get("mixed")
        seen = self._dropped(mixed, offsets, mask, workspaces, n_threads)
        scores = self.output.forward({"weight": seen}, packed[1], workspace, n_threads)
        return scores, (inputs, mixed, seen, masks, offsets)

    def _masks(self, workspaces, noise):
        """Of dropout, by the name of what is dropped."""
        if noise is None or self.dropout == 0:
            return {}
        sizes = {**self.mix.input_sizes, "mixed": self.mix.n_outputs}
        return {
            name: noise.output_mask(self.dropout, k, 0, size, workspaces[name])
            for k, (name, size) in enumerate(sizes.items())
        }

    def _dropped(self, rows, offsets, mask, workspaces, n_threads):
        if mask is None:
            return rows
        dropped = np.empty_like(rows)
        self.kernels.scale_rows(rows, offsets, mask, dropped, n_threads)
        return dropped

    def backward(
        self, trace, d_scores, mix_parameters, output_parameters, mix_gradients,
        output_gradients, workspace, n_threads,
    ):  # fmt: skip
        """Fill the gradients of the parameters; return those of the inputs.

        Parameters
        ----------
        trace : tuple
            From `forward`.
        d_scores : ndarray of shape (n_rows, n_symbols)
        mix_parameters, output_parameters : mapping from str to ndarray
        mix_gradients, output_gradients : mapping from str to ndarray
            Overwritten.
        workspace : Workspace
        n_threads : int

        Returns
        -------
        d_inputs : dict of str to ndarray
            By the names of the inputs.
        """
        inputs, mixed, seen, masks, offsets = trace
        d_scores = whole_rows(
            d_scores, self.output.n_outputs, self.kernels, workspace, "d_scores"
        )
        d_mixed = self.output.backward(
            {"weight": seen}, d_scores, output_parameters, output_gradients, workspace,
            n_threads,
        )["weight"]  # fmt: skip
        if "mixed" in masks:
            self.kernels.scale_rows(
                d_mixed, offsets, masks["mixed"], d_mixed, n_threads
            )
        d_mixed *= 1 - np.square(mixed)
        d_inputs = self.mix.backward(
            inputs, d_mixed, mix_parameters, mix_gradients, workspace, n_threads
        )
        for name, rows in d_inputs.items():
            if name in masks:
                self.kernels.scale_rows(rows, offsets, masks[name], rows, n_threads)
        return d_inputs
