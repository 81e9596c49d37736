"""The network: stacked recurrent layers, pooling, a linear head; one flat vector."""

import numpy as np

from .._kernels import kernels_for
from .head import Head
from .initializers import initialize_layer, initialize_output
from .layer import BatchPlan, RecurrentLayer
from .memory import Workspace
from .parameters import ParameterLayout
from .pooling import POOLINGS, pool, pool_backward

__all__ = ["RecurrentNetwork"]

# Workspaces of small predictions are kept for the next one: allocating them takes a
# tenth of the time of one short sequence (compare_peers.py --only predict). At most so
# many hidden states in a pass, and so many workspaces for threads that predict at once.
SPARE_STATES = 1 << 16
MAX_SPARES = 8

_FORWARD_DIRECTION = 0  # the only one so far: layers are lists of directions


class RecurrentNetwork:
    """Recurrent layers under a linear head.

    Parameters
    ----------
    n_features : int
        Features of a time step.
    n_outputs : int
        Outputs of the head.
    cell : str, default="lstm"
        A key of ``CELLS``; `cell_name` makes it of the words of the estimators.
    hidden_layer_sizes : tuple of int, default=(64,)
        Units of each layer, from the input to the head.
    pooling : {"last", "mean", "max"} or None, default="last"
        How a sequence becomes one vector; None gives one output for every step.
    dtype : {float32, float64}, default=float32

    Attributes
    ----------
    parameters : ndarray of shape (n_parameters,)
        The flat vector. After writing into it call `parameters_changed`.
    n_parameters : int
    is_weight : ndarray of bool of shape (n_parameters,)
        False for biases.
    workspaces : list of Workspace or None
        Memory of the training pass, one for each layer and one for the head; None
        before the first.
    kernels : module
        The kernels of the dtype, for the instruction set in use.
    """

    def __init__(
        self, n_features, n_outputs, *, cell="lstm", hidden_layer_sizes=(64,),
        pooling="last", dtype=np.float32,
    ):  # fmt: skip
        if pooling is not None and pooling not in POOLINGS:
            raise ValueError(
                f"pooling must be one of {POOLINGS} or None, got {pooling!r}"
            )
        self.n_features = n_features
        self.n_outputs = n_outputs
        self.cell = cell
        self.hidden_layer_sizes = tuple(hidden_layer_sizes)
        self.pooling = pooling
        self.dtype = np.dtype(dtype)
        self._build()

    # ---- structure -----------------------------------------------------------------

    def _make_layers(self):
        sizes = (self.n_features, *self.hidden_layer_sizes)
        return [
            RecurrentLayer(self.cell, n_inputs, hidden_size, self.dtype)
            for n_inputs, hidden_size in zip(sizes[:-1], sizes[1:], strict=True)
        ]

    def _layout(self):
        self.kernels = kernels_for(self.dtype)
        self._layers = self._make_layers()
        top = self.hidden_layer_sizes[-1]
        self._head = Head(top, self.n_outputs, self.dtype, self.kernels)
        shapes = {
            ("layer", i, _FORWARD_DIRECTION, name): shape
            for i, layer in enumerate(self._layers)
            for name, shape in layer.parameter_shapes.items()
        }
        shapes |= {
            ("head", name): shape for name, shape in self._head.parameter_shapes.items()
        }
        return ParameterLayout(shapes)

    def _build(self, parameters=None):
        self._parameter_layout = self._layout()
        if parameters is None:
            parameters = np.zeros(self.n_parameters, dtype=self.dtype)
        self.parameters = parameters
        self.is_weight = self._parameter_layout.is_weight()
        self.workspaces = None
        self._spare_workspaces = []
        self._pass = None
        self._gradient_views = (None, None)
        self._bind()

    def _bind(self):
        """Views of the flat vector, and no packed panels yet."""
        views = self._parameter_layout.views(self.parameters)
        self._layer_parameters = self._by_layer(views)
        self._head_parameters = self._of_head(views)
        self._packed = None

    def _by_layer(self, views):
        return [
            {
                name: views["layer", i, _FORWARD_DIRECTION, name]
                for name in layer.parameter_shapes
            }
            for i, layer in enumerate(self._layers)
        ]

    def _of_head(self, views):
        return {name: views["head", name] for name in self._head.parameter_shapes}

    @property
    def n_parameters(self):
        """Length of the flat vector."""
        return self._parameter_layout.n_parameters

    @property
    def layers(self):
        """Read-only views: a list of layers, each a list of directions, each a dict."""
        views = [[_read_only(parameters)] for parameters in self._layer_parameters]
        return views

    @property
    def head(self):
        """Read-only views of the head's weight and bias."""
        return _read_only(self._head_parameters)

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
        self, rng, *, weight_init="orthogonal", forget_bias=1.0, max_length=None
    ):
        """Draw starting values.

        Parameters
        ----------
        rng : RandomState
        weight_init : {"orthogonal", "glorot_uniform", "uniform", "normal"}, \
default="orthogonal"
        forget_bias : float or "chrono", default=1.0
        max_length : int, default=None
            Longest training sequence, for "chrono".
        """
        self.make_writable()
        for layer, parameters in zip(self._layers, self._layer_parameters, strict=True):
            initialize_layer(
                rng, layer.cell, parameters,
                weight_init=weight_init, forget_bias=forget_bias, max_length=max_length,
            )  # fmt: skip
        initialize_output(rng, self.output_weight, self.output_bias)
        self.parameters_changed()

    def astype(self, dtype):
        """A copy that computes in another dtype."""
        copy = RecurrentNetwork(**(self._config() | {"dtype": dtype}))
        copy.set_parameters(self.parameters)
        return copy

    # ---- passes --------------------------------------------------------------------

    def forward(self, batch, n_threads=1):
        """Outputs of a training pass; keeps what `backward` needs.

        Parameters
        ----------
        batch : PackedBatch
        n_threads : int, default=1

        Returns
        -------
        outputs : ndarray of shape (n_samples, n_outputs)
            In batch order; (n_rows, n_outputs) without pooling.
        """
        if self.workspaces is None:
            self.workspaces = self._make_workspaces()
        plan = BatchPlan(batch, n_threads, keep_states=True)
        packed_layers, packed_head = self._pack_forward(self.workspaces)
        inputs, states = [], []
        x = batch.inputs
        for layer, packed, workspace in zip(
            self._layers, packed_layers, self.workspaces, strict=False
        ):
            inputs.append(x)
            states.append(layer.forward(plan, x, packed, workspace, training=True))
            x = states[-1].hidden[plan.n_samples :, : layer.hidden_size]
        features = pool(
            self.pooling,
            self._layers[-1],
            plan,
            batch,
            states[-1],
            self.workspaces[-1],
            True,
        )
        self._pass = (batch, plan, inputs, states, features)
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
        """
        batch, plan, inputs, states, features = self._pass
        self._pass = None
        if self._gradient_views[0] is not gradient:
            self._gradient_views = (gradient, self._parameter_layout.views(gradient))
        views = self._gradient_views[1]
        workspace = self.workspaces[-1]
        d_features = self._head.backward(
            features, d_outputs,
            self._head.pack_backward(self._head_parameters, workspace),
            self._of_head(views), workspace, n_threads,
        )  # fmt: skip
        upstream = pool_backward(
            self.pooling, self._layers[-1], plan, batch, d_features, workspace
        )
        gradients = self._by_layer(views)
        for i in range(len(self._layers) - 1, -1, -1):
            layer, parameters, workspace = (
                self._layers[i], self._layer_parameters[i], self.workspaces[i],
            )  # fmt: skip
            result = layer.backward(
                plan, inputs[i], states[i], layer.pack_backward(parameters, workspace),
                workspace,
                gradients[i],
                input_panels=layer.pack_input(parameters, workspace) if i else None,
                **upstream,
            )  # fmt: skip
            upstream = {"d_output": result.x}

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
        spare = batch.n_rows * sum(self.hidden_layer_sizes) <= SPARE_STATES
        workspaces = self._borrow_workspaces() if spare else self._make_workspaces()
        features = self._features(batch, self.pooling, n_threads, workspaces)
        outputs = self._head.forward(features, self._packed_forward()[1], n_threads)
        if spare and len(self._spare_workspaces) < MAX_SPARES:
            self._spare_workspaces.append(workspaces)
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
        features : ndarray of shape (n_samples, hidden_size)
            In batch order; (n_rows, hidden_size) for "sequence".
        """
        pooling = None if output == "sequence" else output
        workspaces = self._make_workspaces()
        features = self._features(batch, pooling, n_threads, workspaces)
        return features[:, : self._layers[-1].hidden_size]

    def _features(self, batch, pooling, n_threads, workspaces):
        """Of the top layer; may lie in its workspace."""
        packed_layers, _ = self._packed_forward()
        x, top = batch.inputs, len(self._layers) - 1
        for i, (layer, packed, workspace) in enumerate(
            zip(self._layers, packed_layers, workspaces, strict=False)
        ):
            keep_states = i < top or pooling != "last"
            plan = BatchPlan(batch, n_threads, keep_states)
            states = layer.forward(plan, x, packed, workspace, training=False)
            x = states.hidden[plan.n_samples :, : layer.hidden_size]
        return pool(pooling, layer, plan, batch, states, workspace)

    def _make_workspaces(self):
        """One for each layer and one for the head."""
        return [Workspace(self.dtype) for _ in range(len(self._layers) + 1)]

    def _borrow_workspaces(self):
        """Spare ones that no other thread has, or new ones."""
        try:
            return self._spare_workspaces.pop()
        except IndexError:
            return self._make_workspaces()

    def _packed_forward(self):
        """Packed weights of all layers and of the head, replaced in one assignment."""
        packed = self._packed
        if packed is None:
            packed = self._packed = self._pack_forward(self._make_workspaces())
        return packed

    def _pack_forward(self, workspaces):
        """Pack into the given workspaces: one a layer and one for the head."""
        layers = [
            layer.pack_forward(parameters, workspace)
            for layer, parameters, workspace in zip(
                self._layers, self._layer_parameters, workspaces, strict=False
            )
        ]
        return layers, self._head.pack_forward(self._head_parameters, workspaces[-1])

    # ---- persistence ---------------------------------------------------------------

    def _config(self):
        return {
            "n_features": self.n_features,
            "n_outputs": self.n_outputs,
            "cell": self.cell,
            "hidden_layer_sizes": self.hidden_layer_sizes,
            "pooling": self.pooling,
            "dtype": self.dtype.name,
        }

    def __getstate__(self):
        return {"config": self._config(), "parameters": self.parameters}

    def __setstate__(self, state):
        config = state["config"]
        for name, value in config.items():
            setattr(self, name, value)
        self.dtype = np.dtype(config["dtype"])
        self._build(state["parameters"])


def _read_only(parameters):
    views = {name: array.view() for name, array in parameters.items()}
    for view in views.values():
        view.flags.writeable = False
    return views
