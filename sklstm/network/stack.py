"""All recurrent layers: chains, side by side where there are two directions."""

import numpy as np

from .chain import Chain, LayerArrays
from .layer import RecurrentLayer

__all__ = ["LayerStack"]


class LayerStack:
    """All recurrent layers of a network, in levels.

    A level takes rows from the one below and hands rows, or at the top pooled vectors,
    to the one above. Layers that read forward only are one level; of a bidirectional
    network every layer is one, with a chain for each direction.

    Parameters
    ----------
    config : NetworkConfig
    dtype : dtype
    kernels : module

    Attributes
    ----------
    layers : dict of tuple to RecurrentLayer
        By number and direction.
    n_outputs : int
        Width of what leaves the stack.
    """

    def __init__(self, config, dtype, kernels):
        self.config = config
        self.kernels = kernels
        self.layers, n_inputs = {}, config.n_features
        for i, hidden_size in enumerate(config.hidden_layer_sizes):
            sizes = config.projection_sizes
            for direction in config.directions:
                self.layers[i, direction] = RecurrentLayer(
                    config.cell, n_inputs, hidden_size, dtype,
                    projection_size=sizes[i] if sizes else None,
                    learned_start=config.learned_start, zoneout=config.zoneout,
                )  # fmt: skip
            n_inputs = config.output_sizes[i] * len(config.directions)
        self.n_outputs = n_inputs
        self._levels = self._make_levels()

    def _make_levels(self):
        config, numbers = self.config, list(range(len(self.config.hidden_layer_sizes)))
        groups = [[i] for i in numbers] if config.bidirectional else [numbers]
        return [
            [
                Chain(
                    [self.layers[i, direction] for i in group],
                    group,
                    direction == 1,
                    config.dropout,
                    config.recurrent_dropout,
                )
                for direction in config.directions
            ]
            for group in groups
        ]

    def pack_forward(self, parameters, workspaces):
        """Pack the weights of all layers into workspaces, all of them by place."""
        return {
            place: layer.pack_forward(parameters[place], workspaces[place])
            for place, layer in self.layers.items()
        }

    def arrays(self, parameters, packed, workspaces):
        """Arrays of all layers, by place."""
        return {
            place: LayerArrays(parameters[place], packed[place], workspaces[place])
            for place in self.layers
        }

    def forward(self, run, arrays, pooling):
        """Run over a batch.

        Parameters
        ----------
        run : Pass
        arrays : dict of tuple to LayerArrays
        pooling : {"last", "mean", "max"} or None

        Returns
        -------
        features : ndarray of shape (n_samples or n_rows, >= n_outputs)
        traces : list of list
            What `backward` needs.
        """
        x, traces, top = self._inputs(run, arrays), [], len(self._levels) - 1
        for level, chains in enumerate(self._levels):
            results = [
                chain.forward(
                    run, x, _of(chain, arrays), pooling if level == top else None
                )
                for chain in chains
            ]
            traces.append([trace for _, trace in results])
            outputs = [rows for rows, _ in results]
            if level < top:
                x = self._join(run, chains, outputs, arrays)
        features = outputs[0]
        if len(outputs) > 1:
            parts = [
                rows[:, : chain.top.output_size]
                for chain, rows in zip(chains, outputs, strict=True)
            ]
            features = np.concatenate(parts, axis=1)
        return self._dropped(run, features, arrays, "features"), traces

    def backward(self, run, traces, d_features, arrays, gradients):
        """Gradients of all parameters, by place; overwritten."""
        d_features = self._dropped(run, d_features, arrays, "d_features")
        d_outputs = self._split(d_features, arrays)
        for level in range(len(self._levels) - 1, -1, -1):
            d_outputs = self._level_backward(
                run, level, traces[level], d_outputs, arrays, gradients
            )

    def _level_backward(self, run, level, traces, d_outputs, arrays, gradients):
        """Through the chains of a level; the gradients of the level below."""
        below = self._levels[level - 1] if level else []
        part_sizes = [chain.top.output_size for chain in below]
        d_below = [
            _top_workspace(chain, arrays).take(
                "d_level", (run.batch.n_rows, chain.top.output_stride)
            )
            for chain in below
        ]
        for k, chain in enumerate(self._levels[level]):
            of_chain, d_inputs = _of(chain, arrays), ()
            if below:
                bottom = of_chain[0]
                panels = chain.layers[0].pack_input(
                    bottom.parameters, bottom.workspace, part_sizes
                )
                d_inputs = [
                    (part, rows, k > 0)
                    for part, rows in zip(panels, d_below, strict=True)
                ]
            views = [gradients[place] for place in chain.places]
            chain.backward(run, traces[k], d_outputs[k], of_chain, views, d_inputs)
        for chain, rows in zip(below, d_below, strict=True):
            mask = self._mask(run, chain, arrays)
            if mask is not None:
                self.kernels.scale_rows(
                    rows, run.batch.offsets, mask, rows, run.n_threads
                )
        return d_below

    # ---- between levels ------------------------------------------------------------

    def _inputs(self, run, arrays):
        """The network's inputs, some of them dropped in training."""
        rate, x = self.config.input_dropout, run.batch.inputs
        if run.noise is None or rate == 0:
            return x
        workspace = arrays[0, 0].workspace
        mask = run.noise.input_mask(rate, x.shape[1], workspace)
        masked = workspace.take("masked_inputs", x.shape)
        self.kernels.scale_rows(x, run.batch.offsets, mask, masked, run.n_threads)
        return masked

    def _mask(self, run, chain, arrays):
        """Of a chain's outputs on their way to the next level."""
        if run.noise is None:
            return None
        return run.noise.output_mask(
            self.config.dropout, *chain.places[-1], chain.top.output_stride,
            _top_workspace(chain, arrays),
        )  # fmt: skip

    def _join(self, run, chains, outputs, arrays):
        """The directions of a level side by side, as the next level reads them."""
        width = sum(chain.top.output_size for chain in chains)
        workspace = _top_workspace(chains[0], arrays)
        joined = workspace.take("joined", (run.batch.n_rows, width))
        start = 0
        for chain, rows in zip(chains, outputs, strict=True):
            stop = start + chain.top.output_size
            self.kernels.scale_rows(
                rows, run.batch.offsets, self._mask(run, chain, arrays),
                joined[:, start:stop], run.n_threads,
            )  # fmt: skip
            start = stop
        return joined

    def _dropped(self, run, features, arrays, name):
        """What the head sees in training, or the gradient of it."""
        if run.noise is None or self.config.dropout == 0:
            return features
        workspace = arrays[max(arrays)].workspace
        mask = run.noise.output_mask(
            self.config.dropout, max(arrays)[0], 0, self.n_outputs, workspace
        )
        offsets = run.batch.offsets
        if self.config.pooling is not None:
            offsets = np.array([0, len(features)], dtype=np.intp)
        width = min(features.shape[1], mask.shape[1])
        dropped = workspace.take(f"dropped_{name}", (len(features), width))
        self.kernels.scale_rows(features, offsets, mask, dropped, run.n_threads)
        return dropped

    def _split(self, d_features, arrays):
        """The gradient of each direction's part, padded like it."""
        chains = self._levels[-1]
        if len(chains) == 1:
            return [d_features]
        parts, start = [], 0
        for chain in chains:
            stop = start + chain.top.output_size
            shape = (len(d_features), chain.top.output_stride)
            part = _top_workspace(chain, arrays).zeros("d_part", shape)
            part[:, : chain.top.output_size] = d_features[:, start:stop]
            parts.append(part)
            start = stop
        return parts


def _of(chain, arrays):
    return [arrays[place] for place in chain.places]


def _top_workspace(chain, arrays):
    return arrays[chain.places[-1]].workspace
