"""One step of sequences that arrive step by step, and the state between steps."""

import zlib
from typing import NamedTuple

import numpy as np

__all__ = ["Stepper", "StreamState"]

_POOLINGS = ("last", "mean", "max")  # in the order of the kernels' numbers


class StreamState(NamedTuple):
    """Where some streams are. Immutable, and can be pickled.

    Parameters
    ----------
    values : bytes
        States of all layers, and what pooling has collected.
    n_streams : int
        Sequences that are stepped together.
    n_steps : int
        Steps so far.
    model : int
        Checksum of the model that the state belongs to.

    Examples
    --------
    >>> from sklstm.network.streaming import StreamState
    >>> StreamState(b"1234", 1, 0, 4711)
    StreamState(n_streams=1, n_steps=0)
    """

    values: bytes
    n_streams: int
    n_steps: int
    model: int

    def __repr__(self):
        return f"StreamState(n_streams={self.n_streams}, n_steps={self.n_steps})"


class Stepper:
    """Steps through a network that reads forward only.

    Parameters
    ----------
    layers : list of RecurrentLayer
    arrays : list of LayerArrays
        Of each layer.
    head : tuple of ndarray or None
        Packed panels and biases; None hands out the pooled states.
    n_outputs : int
        Outputs of the head, or size of the pooled states.
    pooling : {"last", "mean", "max"}
    model : int
        Checksum of the network, to know its states by.
    """

    def __init__(self, layers, arrays, head, n_outputs, pooling, model):
        self._model = zlib.crc32(pooling.encode(), model)
        self.dtype = layers[0].dtype
        self.n_features = layers[0].n_inputs
        self._n_outputs = n_outputs
        self._start = [
            _start_of(layer, of_layer.parameters)
            for layer, of_layer in zip(layers, arrays, strict=True)
        ]
        if pooling != "last":
            self._start.append([np.zeros(layers[-1].output_size)])
        descriptions = [
            (
                layer.cell_name, layer.hidden_size, layer.output_size, layer.n_inputs,
                of_layer.packed.panels, of_layer.packed.biases.reshape(-1),
                of_layer.packed.peephole, layer.cell.has_cell_state,
                layer.cell.has_extra or bool(layer.projection_size),
                bool(layer.projection_size), layer.zoneout,
            )
            for layer, of_layer in zip(layers, arrays, strict=True)
        ]  # fmt: skip
        stream = layers[0].kernels.Stream(
            descriptions, head or (), n_outputs if head else 0, _POOLINGS.index(pooling)
        )
        self._kernel_step = stream.step

    def initial_state(self, n_streams=1):
        """The state before the first step.

        Parameters
        ----------
        n_streams : int, default=1

        Returns
        -------
        state : StreamState
        """
        rows = [
            np.tile(np.asarray(start, dtype=self.dtype), (n_streams, 1))
            for starts in self._start
            for start in starts
        ]
        values = b"".join(part.tobytes() for part in rows)
        return StreamState(values, n_streams, 0, self._model)

    def step(self, x, state):
        """Go one step on.

        Parameters
        ----------
        x : ndarray of shape (n_streams, n_features) or, of one stream, (n_features,)
        state : StreamState

        Returns
        -------
        outputs : ndarray of shape (n_streams, n_outputs)
        state : StreamState

        Raises
        ------
        TypeError, ValueError
            If `x` or `state` is not what was expected. The state is still good.
        """
        values, n_streams, n_steps, model = state
        if model != self._model:
            raise ValueError(
                "the state belongs to another model, or to this one before it was "
                "fitted anew. Begin with initial_state."
            )
        outputs = np.empty((n_streams, self._n_outputs), self.dtype)
        try:
            values = self._kernel_step(x, values, n_steps, outputs)
        except (AttributeError, ValueError, TypeError):  # not an array of our dtype
            values = None
        if values is None:
            x = self._checked(x, state)
            values = self._kernel_step(x, state.values, n_steps, outputs)
        if values is None:
            raise ValueError(
                f"the state has {len(state.values)} bytes, which is not what "
                f"{n_streams} stream(s) of this model need. Begin with initial_state."
            )
        # As StreamState(...), which takes three times as long.
        state = tuple.__new__(StreamState, (values, n_streams, n_steps + 1, model))
        return outputs, state

    def _checked(self, x, state):
        """Return x as the kernel takes it, or say what is wrong with it."""
        x = np.asarray(x)
        if x.dtype.kind not in "fiub":
            raise TypeError(f"x must be numbers, got an array of dtype {x.dtype}")
        shape = (state.n_streams, self.n_features)
        if x.shape != shape and not (state.n_streams == 1 and x.shape == shape[1:]):
            raise ValueError(
                f"x has shape {x.shape}, expected one step of {state.n_streams} "
                f"stream(s) with {self.n_features} channel(s): {shape}"
                + (f" or {shape[1:]}." if state.n_streams == 1 else ".")
            )
        with np.errstate(over="ignore"):
            cast = np.ascontiguousarray(x, dtype=self.dtype)
        bad = np.argwhere(~np.isfinite(np.atleast_2d(cast)))
        if len(bad):
            stream, channel = bad[0]
            raise ValueError(
                f"channel {channel} of stream {stream} is "
                f"{np.atleast_2d(x)[stream, channel]} at step {state.n_steps}; values "
                f"must be finite, and not too large for {self.dtype}. The state is "
                "unchanged: impute and step again, or leave the step out."
            )
        return cast


def _start_of(layer, parameters):
    """Initial states of a layer: learned, or zero."""
    zeros = {"hidden_0": np.zeros(layer.output_size)}
    if layer.cell.has_cell_state:
        zeros["cell_0"] = np.zeros(layer.hidden_size)
    return [parameters.get(name, zero) for name, zero in zeros.items()]
