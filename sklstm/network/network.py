"""The network: recurrent layers, pooling, a linear head; one flat vector."""

from dataclasses import replace

import numpy as np

from .._kernels import kernels_for
from .chain import Pass
from .config import NetworkConfig
from .dropout import PassNoise
from .head import Head
from .initializers import initialize_layer, initialize_output
from .memory import Workspace
from .parameters import ParameterLayout, read_only
from .stack import LayerStack
from .streaming import Stepper

__all__ = ["RecurrentNetwork"]

# Workspaces of small predictions are kept for the next one: allocating them takes a
# tenth of the time of one short sequence (compare_peers.py --only predict). At most so
# many hidden states in a pass, and so many workspaces for threads that predict at once.
SPARE_STATES = 1 << 16
MAX_SPARES = 8


class RecurrentNetwork:
    """Recurrent layers under a linear head.

    Parameters
    ----------
    n_features, n_outputs : int
        Features of a time step, and outputs of the head.
    **choices
        Further fields of `NetworkConfig`.

    Attributes
    ----------
    config : NetworkConfig
    dtype : dtype
    parameters : ndarray of shape (n_parameters,)
        The flat vector. After writing into it call `parameters_changed`.
    n_parameters : int
    is_weight : ndarray of bool of shape (n_parameters,)
        False for biases and initial states.
    workspaces : dict of Workspace or None
        Memory of the training pass: one for each layer, by number and direction, and
        one for the "head"; None before the first.
    kernels : module
        The kernels of the dtype, for the instruction set in use.
    """

    def __init__(self, n_features, n_outputs, **choices):
        self.config = NetworkConfig(n_features, n_outputs, **choices)
        self._build()

    @classmethod
    def from_config(cls, config, parameters=None):
        """A network of a given configuration.

        Parameters
        ----------
        config : NetworkConfig
        parameters : ndarray of shape (n_parameters,), default=None
            Copied; zeros by default.

        Returns
        -------
        network : RecurrentNetwork
        """
        network = cls.__new__(cls)
        network.config = config
        network._build()
        if parameters is not None:
            network.set_parameters(parameters)
        return network

    # ---- structure -----------------------------------------------------------------

    def _build(self, parameters=None):
        self.dtype = np.dtype(self.config.dtype)
        self.kernels = kernels_for(self.dtype)
        self._stack = LayerStack(self.config, self.dtype, self.kernels)
        self._head = Head(
            self._stack.n_outputs, self.config.n_outputs, self.dtype, self.kernels
        )
        self._parameter_layout = self._layout()
        if parameters is None:
            parameters = np.zeros(self.n_parameters, dtype=self.dtype)
        self.parameters = parameters
        self.is_weight = self._parameter_layout.is_weight()
        self.workspaces = None
        self._spares = []
        self._steppers = (None, {})
        self._pass = None
        self._gradient_views = (None, None)
        self._bind()

    def _layout(self):
        shapes = {
            ("layer", *place, name): shape
            for place, layer in self._stack.layers.items()
            for name, shape in layer.parameter_shapes.items()
        }
        shapes |= {
            ("head", name): shape for name, shape in self._head.parameter_shapes.items()
        }
        return ParameterLayout(shapes)

    def _bind(self):
        """Views of the flat vector, and no packed panels yet."""
        views = self._parameter_layout.views(self.parameters)
        self._layer_parameters = self._by_layer(views)
        self._head_parameters = self._of_head(views)
        self._packed = None

    def _by_layer(self, views):
        return {
            place: {
                name: views["layer", *place, name] for name in layer.parameter_shapes
            }
            for place, layer in self._stack.layers.items()
        }

    def _of_head(self, views):
        return {name: views["head", name] for name in self._head.parameter_shapes}

    @property
    def n_parameters(self):
        """Length of the flat vector."""
        return self._parameter_layout.n_parameters

    @property
    def layers(self):
        """Read-only views: a list of layers, each a list of directions, each a dict."""
        return [
            [
                read_only(self._layer_parameters[i, direction])
                for direction in self.config.directions
            ]
            for i in range(len(self.config.hidden_layer_sizes))
        ]

    @property
    def head(self):
        """Read-only views of the head's weight and bias."""
        return read_only(self._head_parameters)

    @property
    def output_weight(self):
        """Writable view of the head's weight, of shape (n_outputs, n_pooled)."""
        return self._head_parameters["weight"]

    @property
    def output_bias(self):
        """Writable view of the head's bias, of shape (n_outputs,)."""
        return self._head_parameters["bias"]

    # ---- parameters ----------------------------------------------------------------

    def parameters_changed(self):
        """Forget the packed copies of the parameters."""
        self._packed = None

    def set_parameters(self, parameters):
        """Copy a flat vector in, whether or not the present one can be written to."""
        if self.parameters.flags.writeable:
            self.parameters[:] = parameters
            self.parameters_changed()
        else:
            self.parameters = np.array(parameters, dtype=self.dtype)
            self._bind()

    def make_writable(self):
        """Own the parameters, in case they came from a read-only memory map."""
        if not self.parameters.flags.writeable:
            self.set_parameters(self.parameters)

    def initialize(
        self, rng, *, weight_init="orthogonal", init_scale=None, forget_bias=1.0,
        max_length=None,
    ):  # fmt: skip
        """Draw starting values.

        Parameters
        ----------
        rng : RandomState
        weight_init : {"orthogonal", "glorot_uniform", "uniform", "normal"}, \
default="orthogonal"
        init_scale : float, default=None
            See `initialize_layer`.
        forget_bias : float or "chrono", default=1.0
        max_length : int, default=None
            Longest training sequence, for "chrono".
        """
        self.make_writable()
        for place, layer in self._stack.layers.items():
            initialize_layer(
                rng, layer.cell, self._layer_parameters[place], weight_init=weight_init,
                init_scale=init_scale, forget_bias=forget_bias, max_length=max_length,
            )  # fmt: skip
        initialize_output(rng, self.output_weight, self.output_bias)
        self.parameters_changed()

    def astype(self, dtype):
        """A copy that computes in another dtype."""
        config = replace(self.config, dtype=np.dtype(dtype).name)
        return RecurrentNetwork.from_config(config, self.parameters)

    # ---- training passes -----------------------------------------------------------

    def forward(
        self, batch, n_threads=1, *, noise_seed=(0,), window_steps=None, truncate=False
    ):
        """Outputs of a training pass; keeps what `backward` needs.

        Parameters
        ----------
        batch : PackedBatch
        n_threads : int, default=1
        noise_seed : tuple of int, default=(0,)
            Of dropout and zoneout; another one for every update.
        window_steps : int, default=None
            Steps of a window. Only the states between windows are kept, and `backward`
            computes each window again. None keeps everything.
        truncate : bool, default=False
            Whether the gradient ends at the windows. Not for bidirectional networks.

        Returns
        -------
        outputs : ndarray of shape (n_samples, n_outputs)
            In batch order; (n_rows, n_outputs) without pooling.
        """
        if self.workspaces is None:
            self.workspaces = self._make_workspaces()
        packed_layers, packed_head = self._pack_forward(self.workspaces)
        arrays = self._arrays(packed_layers, self.workspaces)
        noise = None
        if self.config.is_noisy:
            noise = PassNoise(self.kernels, noise_seed, batch.index)
        run = Pass(batch, n_threads, True, noise, window_steps, truncate)
        features, traces = self._stack.forward(run, arrays, self.config.pooling)
        self._pass = (run, traces, features, arrays)
        return self._head.forward(features, packed_head, n_threads)

    def backward(self, d_outputs, gradient, n_threads=1):
        """The gradient of the flat vector, after `forward`.

        Parameters
        ----------
        d_outputs : ndarray of the outputs' shape
            Gradient of the loss with respect to the outputs.
        gradient : ndarray of shape (n_parameters,)
            Overwritten.
        n_threads : int, default=1
            Of the head; the layers use those of `forward`.
        """
        run, traces, features, arrays = self._pass
        self._pass = None
        if self._gradient_views[0] is not gradient:
            views = self._parameter_layout.views(gradient)
            self._gradient_views = (
                gradient,
                self._by_layer(views),
                self._of_head(views),
            )
        _, layer_gradients, head_gradients = self._gradient_views
        workspace = self.workspaces["head"]
        d_features = self._head.backward(
            features, d_outputs,
            self._head.pack_backward(self._head_parameters, workspace),
            head_gradients, workspace, n_threads,
        )  # fmt: skip
        self._stack.backward(run, traces, d_features, arrays, layer_gradients)

    # ---- inference -----------------------------------------------------------------

    def predict(self, batch, n_threads=1):
        """Outputs in inference; safe to call from several threads at once.

        Parameters
        ----------
        batch : PackedBatch
        n_threads : int, default=1

        Returns
        -------
        outputs : ndarray of shape (n_samples, n_outputs)
            In batch order; (n_rows, n_outputs) without pooling. A sequence's outputs do
            not depend on the others in the batch, to the last bit.
        """
        config = self.config
        packed = self._packed_forward()
        spare = batch.n_rows * sum(config.hidden_layer_sizes) <= SPARE_STATES
        arrays = self._borrow(packed) if spare else self._new_arrays(packed)
        features, _ = self._stack.forward(
            Pass(batch, n_threads), arrays, config.pooling
        )
        outputs = self._head.forward(features, packed[1], n_threads)
        if spare and len(self._spares) < MAX_SPARES:
            self._spares.append((packed, arrays))
        return outputs

    def features(self, batch, output="last", n_threads=1):
        """Hidden states of the top layer, without the head.

        Parameters
        ----------
        batch : PackedBatch
        output : {"last", "mean", "max", "sequence"}, default="last"
        n_threads : int, default=1

        Returns
        -------
        features : ndarray of shape (n_samples, n_features_out)
            In batch order; (n_rows, n_features_out) for "sequence".
        """
        pooling = None if output == "sequence" else output
        arrays = self._new_arrays(self._packed_forward())
        features, _ = self._stack.forward(Pass(batch, n_threads), arrays, pooling)
        return features[:, : self.n_features_out]

    def stepper(self, pooling=None):
        """The network step by step; kept until the parameters change.

        Parameters
        ----------
        pooling : {"last", "mean", "max"}, default=None
            Hand out pooled hidden states instead of outputs.

        Returns
        -------
        stepper : Stepper
        """
        packed = self._packed or self._packed_forward()
        owner, steppers = self._steppers
        if owner is not packed:
            steppers = {}
            self._steppers = (packed, steppers)
        if pooling not in steppers:
            steppers[pooling] = self._new_stepper(packed, pooling)
        return steppers[pooling]

    def _new_stepper(self, packed, pooling):
        arrays = self._new_arrays(packed)
        return Stepper(
            self.kernels, self.dtype, list(self._stack.layers.values()),
            list(arrays.values()), None if pooling else packed[1],
            self.n_features_out if pooling else self.config.n_outputs,
            pooling or self.config.pooling or "last",
        )  # fmt: skip

    @property
    def n_features_out(self):
        """Width of what the head sees."""
        return self._stack.n_outputs

    def _make_workspaces(self):
        """One for each layer and direction, by place, and one for the head."""
        places = (*self._stack.layers, "head")
        return {place: Workspace(self.dtype) for place in places}

    def _borrow(self, packed):
        """Spare arrays that no other thread has, or new ones."""
        while self._spares:
            try:
                owner, arrays = self._spares.pop()
            except IndexError:
                break
            if owner is packed:  # and not of earlier parameters
                return arrays
        return self._new_arrays(packed)

    def _new_arrays(self, packed):
        return self._arrays(packed[0], self._make_workspaces())

    def _packed_forward(self):
        """Packed weights of all layers and of the head, replaced in one assignment."""
        packed = self._packed
        if packed is None:
            packed = self._packed = self._pack_forward(self._make_workspaces())
        return packed

    def _pack_forward(self, workspaces):
        """Pack the weights of the layers and of the head into workspaces."""
        layers = self._stack.pack_forward(self._layer_parameters, workspaces)
        head = self._head.pack_forward(self._head_parameters, workspaces["head"])
        return layers, head

    def _arrays(self, packed_layers, workspaces):
        return self._stack.arrays(self._layer_parameters, packed_layers, workspaces)

    # ---- persistence ---------------------------------------------------------------

    def __getstate__(self):
        return {"config": self.config.as_dict(), "parameters": self.parameters}

    def __setstate__(self, state):
        self.config = NetworkConfig(**state["config"])
        self._build(state["parameters"])
