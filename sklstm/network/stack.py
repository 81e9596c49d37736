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
    drops_outputs : bool, default=True
        Whether dropout applies to what leaves the stack, as it does between layers.

    Attributes
    ----------
    layers : dict of tuple to RecurrentLayer
        By number and direction.
    n_outputs : int
        Width of what leaves the stack.
    """

    def __init__(self, config, dtype, kernels, drops_outputs=True):
        self.config = config
        self.drops_outputs = drops_outputs
        self.kernels = kernels
        self.layers, n_inputs = {}, config.n_features
        for i, hidden_size in enumerate(config.hidden_layer_sizes):
            sizes = config.projection_sizes
            for direction in config.directions:
                self.layers[i, direction] = RecurrentLayer(
                    config.cell, n_inputs, hidden_size, dtype,
                    projection_size=sizes[i] if sizes else None,
                    learned_start=config.learned_start, zoneout=config.zoneout,
                    reads_codes=config.reads_codes and i == 0,
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

    def forward(self, run, arrays, pooling, initial=None):
        """Run over a batch.

        Parameters
        ----------
        run : Pass
        arrays : dict of tuple to LayerArrays
        pooling : {"last", "mean", "max"} or None
        initial : list of dict, default=None
            Initial states of each layer, see `Chain.forward`; not for two directions.

        Returns
        -------
        features : ndarray of shape (n_samples or n_rows, >= n_outputs)
        traces : list of list
            What `backward` needs.
        """
        x, traces, top = self._inputs(run, arrays), [], len(self._levels) - 1
        mask = self._input_mask(run, arrays)
        for level, chains in enumerate(self._levels):
            results = [
                chain.forward(
                    run,
                    x,
                    _of(chain, arrays),
                    pooling if level == top else None,
                    mask,
                    initial,
                )
                for chain in chains
            ]
            mask = None
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

    def backward(
        self, run, traces, d_features, arrays, gradients, *, d_inputs=None,
        wants_initial=False,
    ):  # fmt: skip
        """Gradients of all parameters, by place, and of the inputs; overwritten.

        Parameters
        ----------
        run, traces, arrays : as in and from `forward`
        d_features : ndarray of the shape of the features
        gradients : dict of tuple to mapping
            Empty if those of the parameters are not wanted.
        d_inputs : ndarray of shape (n_rows, whole registers), default=None
            Where the gradient of the inputs goes.
        wants_initial : bool, default=False
            Whether that of given initial states is wanted.

        Returns
        -------
        d_states : list of StateGradient
            Of each layer, if there is one direction.
        """
        d_features = self._dropped(run, d_features, arrays, "d_features")
        d_outputs = self._split(d_features, arrays)
        for level in range(len(self._levels) - 1, -1, -1):
            d_outputs, d_states = self._level_backward(
                run, level, traces[level], d_outputs, arrays, gradients, d_inputs,
                wants_initial,
            )  # fmt: skip
        mask = None if d_inputs is None else self._input_mask(run, arrays)
        if mask is not None:
            self.kernels.scale_rows(
                d_inputs, run.batch.offsets, mask, d_inputs, run.n_threads
            )
        return d_states

    def _level_backward(
        self, run, level, traces, d_outputs, arrays, gradients, d_network_inputs,
        wants_initial,
    ):  # fmt: skip
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
            of_chain, d_inputs, targets = _of(chain, arrays), (), d_below
            if not below and d_network_inputs is not None:
                targets = [d_network_inputs]
            if targets:
                bottom = of_chain[0]
                panels = chain.layers[0].pack_input(
                    bottom.parameters, bottom.workspace, part_sizes or None
                )
                d_inputs = [
                    (part, rows, k > 0)
                    for part, rows in zip(panels, targets, strict=True)
                ]
            views = [gradients.get(place) for place in chain.places]
            d_states = chain.backward(
                run, traces[k], d_outputs[k], of_chain, views, d_inputs,
                wants_initial=wants_initial,
            )  # fmt: skip
        for chain, rows in zip(below, d_below, strict=True):
            mask = self._mask(run, chain, arrays)
            if mask is not None:
                self.kernels.scale_rows(
                    rows, run.batch.offsets, mask, rows, run.n_threads
                )
        return d_below, d_states

    def layer_runs(self, traces):
        """What a training pass without windows has kept of each layer.

        Parameters
        ----------
        traces : from `forward`

        Returns
        -------
        layer_runs : dict
            By number and direction: ``plan``, input ``x`` and ``states`` of the layer.
        """
        return {
            place: layer_run
            for chains, of_level in zip(self._levels, traces, strict=True)
            for chain, trace in zip(chains, of_level, strict=True)
            for place, layer_run in zip(chain.places, trace[3], strict=True)
        }

    # ---- between levels ------------------------------------------------------------

    def _inputs(self, run, arrays):
        """The network's inputs, in training with their noise."""
        if run.noise is None:
            return run.batch.inputs
        return run.noise.noisy_inputs(
            self.config.input_noise, run.batch, arrays[0, 0].workspace, run.n_threads
        )

    def _input_mask(self, run, arrays):
        """Of the network's inputs."""
        if run.noise is None:
            return None
        width, workspace = self.config.n_features, arrays[0, 0].workspace
        return run.noise.input_mask(self.config.input_dropout, width, workspace)

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
        if run.noise is None or self.config.dropout == 0 or not self.drops_outputs:
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
