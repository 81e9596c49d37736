"""The network: recurrent layers, pooling, a linear head; one flat vector."""

import zlib

import numpy as np

from .._kernels import kernels_for
from .chain import Pass
from .config import NetworkConfig
from .crf_head import CRFHead
from .dropout import PassNoise
from .head import Head
from .initializers import initialize_layer, initialize_output
from .input_gradients import InputGradients
from .memory import SPARE_STATES, Spares, Workspace
from .parameters import FlatParameters, ParameterLayout, read_only
from .stack import LayerStack
from .streaming import Stepper

__all__ = ["RecurrentNetwork"]


class RecurrentNetwork(InputGradients, FlatParameters):
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

    _config_class = NetworkConfig

    def __init__(self, n_features, n_outputs, **choices):
        self.config = self._config_class(n_features, n_outputs, **choices)
        self._build()

    # ---- structure -----------------------------------------------------------------

    def _build(self, parameters=None):
        self.dtype = np.dtype(self.config.dtype)
        self.kernels = kernels_for(self.dtype)
        self._stack = LayerStack(self.config, self.dtype, self.kernels)
        self._head = self._head_class(
            self._stack.n_outputs, self.config.n_outputs, self.dtype, self.kernels
        )
        self._parameter_layout = self._layout()
        if parameters is None:
            parameters = np.zeros(self.n_parameters, dtype=self.dtype)
        self.parameters = parameters
        self.is_weight = self._parameter_layout.is_weight()
        self.workspaces = None
        self._spares = Spares()
        self._steppers = (None, {})
        self._pass = self.last_states = None
        self._gradient_views = (None,)
        self._bind()

    @property
    def _head_class(self):
        return CRFHead if self.config.crf else Head

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

    def _views_of_layers(self):
        directions = self.config.directions
        return [
            [self._layer_parameters[i, direction] for direction in directions]
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

    # ---- training passes -----------------------------------------------------------

    def forward(
        self, batch, n_threads=1, *, noise_seed=(0,), noise_keys=None,
        window_steps=None, truncate=False, initial=None, wants_states=False,
    ):  # fmt: skip
        """Outputs of a training pass; keeps what `backward` needs.

        Parameters
        ----------
        batch : PackedBatch
        n_threads : int, default=1
        noise_seed : tuple of int, default=(0,)
            Of all that is random; another one for every update.
        noise_keys : ndarray of int of shape (n_samples,), default=None
            What each sequence draws by; the numbers of the samples by default.
        window_steps : int, default=None
            Steps of a window. Only the states between windows are kept, and `backward`
            computes each window again. None keeps everything.
        truncate : bool, default=False
            Whether the gradient ends at the windows. Not for bidirectional networks.
        initial : list of dict, default=None
            States of the layers to start from, as `last_states` has them; no gradient
            goes into them. By default what is learned, or zero.
        wants_states : bool, default=False
            Whether to keep the last states in ``last_states``. Not for bidirectional
            networks.

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
            keys = batch.index if noise_keys is None else noise_keys
            noise = PassNoise(self.kernels, noise_seed, keys)
        batch = self._disturbed(batch, noise)
        read = self._read(batch, n_threads, self.workspaces)
        run = Pass(read, n_threads, True, noise, window_steps, truncate, wants_states)
        features, traces = self._stack.forward(
            run, arrays, self.config.pooling, initial
        )
        self.last_states = run.states
        self._pass = (batch, run, traces, features, arrays)
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
        batch, run, traces, features, arrays = self._pass
        self._pass = None
        if self._gradient_views[0] is not gradient:
            views = self._parameter_layout.views(gradient)
            self._gradient_views = (
                gradient,
                views,
                self._by_layer(views),
                self._of_head(views),
            )
        _, views, layer_gradients, head_gradients = self._gradient_views
        workspace = self.workspaces["head"]
        d_features = self._head.backward(
            features, d_outputs,
            self._head.pack_backward(self._head_parameters, workspace),
            head_gradients, workspace, n_threads,
        )  # fmt: skip
        d_inputs = self._d_inputs(batch)
        self._stack.backward(
            run, traces, d_features, arrays, layer_gradients, d_inputs=d_inputs
        )
        self._read_backward(batch, d_inputs, views)

    # ---- what a subclass reads -----------------------------------------------------

    def _disturbed(self, batch, noise):
        """Return the batch as it is read in a training pass with noise (or None)."""
        return batch

    def _read(self, batch, n_threads, workspaces=None):
        """Return the batch as the layers see it."""
        return batch

    def _d_inputs(self, batch):
        """Return where the gradient of the layers' inputs goes, if it is wanted."""
        return None

    def _read_backward(self, batch, d_inputs, gradients):
        """Fill in the gradients of what makes the layers' inputs."""

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
        return self.run(batch, n_threads)[0]

    def run(self, batch, n_threads=1, initial=None, *, wants_states=False):
        """`predict` from given states, and the states where it ends.

        Parameters
        ----------
        batch : PackedBatch
        n_threads : int, default=1
        initial : list of dict, default=None
            States of the layers to start from, in batch order.
        wants_states : bool, default=False
            Not for bidirectional networks.

        Returns
        -------
        outputs : ndarray of shape (n_samples, n_outputs) or (n_rows, n_outputs)
        states : list of dict or None
            ``hidden_0`` and ``cell_0`` of each layer, of shape (n_samples, size).
        """
        config = self.config
        packed = self._packed_forward()
        is_small = batch.n_rows * config.n_units <= SPARE_STATES
        arrays = self._spares.take(packed) if is_small else None
        if arrays is None:
            arrays = self._new_arrays(packed)
        read = self._read(batch, n_threads)
        run = Pass(read, n_threads, wants_states=wants_states)
        features, _ = self._stack.forward(run, arrays, config.pooling, initial)
        outputs = self._head.forward(features, packed[1], n_threads)
        if is_small:
            self._spares.give(packed, arrays)
        return outputs, run.states

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
        run = Pass(self._read(batch, n_threads), n_threads)
        features, _ = self._stack.forward(run, arrays, pooling)
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
            self._steppers = packed, steppers = (packed, {})
        if pooling not in steppers:
            steppers[pooling] = self._new_stepper(packed, pooling)
        return steppers[pooling]

    def _new_stepper(self, packed, pooling):
        arrays = self._new_arrays(packed)
        config = repr(self.config).encode()
        return Stepper(
            list(self._stack.layers.values()), list(arrays.values()),
            None if pooling else packed[1],
            self.n_features_out if pooling else self.config.n_outputs,
            pooling or self.config.pooling or "last",
            zlib.crc32(self.parameters.tobytes(), zlib.crc32(config)),
        )  # fmt: skip

    @property
    def n_features_out(self):
        """Width of what the head sees."""
        return self._stack.n_outputs

    def _make_workspaces(self):
        """One for each layer and direction, by place, and one for the head."""
        places = (*self._stack.layers, "head")
        return {place: Workspace(self.dtype) for place in places}

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

    def __setstate__(self, state):
        self.config = self._config_class(**state["config"])
        self._build(state["parameters"])
