"""What every estimator's graph has in common: inputs, layers, description."""

import json

import numpy as np
from sklearn.utils import get_tags

from ..._version import __version__
from ...sequences import validate_sequences
from .graph import Tensor
from .layers import add_stack
from .padding import padded
from .steps import Steps

__all__ = ["Export", "VectorExport", "add_features", "steps_out", "with_channels"]


def add_features(graph, network, rows, steps, pooling, initial=None):
    """Add the recurrent layers of a network, and its pooling.

    Parameters
    ----------
    graph : GraphBuilder
    network : RecurrentNetwork
    rows : str
        What the layers read, (n_timesteps, n_samples, width).
    steps : Steps
    pooling : {"last", "mean", "max"} or None
    initial : list of dict, default=None
        See `add_stack`.

    Returns
    -------
    features : str
        Of shape (n_samples, width); (n_timesteps, n_samples, width) without pooling.
    states : list of list of dict
        See `add_stack`.
    """
    hidden, states = add_stack(
        graph, network.config, network.layers, rows, steps, initial
    )
    if pooling is None:
        return hidden, states
    if pooling == "last":
        last = [of_direction["hidden_0"] for of_direction in states[-1]]
        return graph.joined(last, axis=1), states
    return steps.pooled(hidden, pooling), states


def steps_out(rows, dtype, n_features, lengths):
    """Return sequences as outputs of a graph, with their lengths if they have some.

    Parameters
    ----------
    rows : str
        Of shape (n_samples, n_timesteps, n_features).
    dtype : dtype-like
    n_features : int
    lengths : Tensor or None
        What the lengths are in the graph, by its name.

    Returns
    -------
    outputs : list of Tensor
    """
    shape = ("n_samples", "n_timesteps", n_features)
    outputs = [Tensor("variable", dtype, shape, rows)]
    if lengths is not None:
        outputs.append(
            Tensor("variable_lengths", np.int64, ("n_samples",), lengths.name)
        )
    return outputs


class Export:
    """How an estimator becomes a graph.

    A subclass says what goes in (`inputs`, `feeds`) and what comes out (`outputs`).

    Parameters
    ----------
    estimator : estimator instance
        Fitted.
    """

    def __init__(self, estimator):
        self.estimator = estimator
        self.network = getattr(estimator, "_network", None)

    @property
    def estimator_name(self):
        """For names and messages."""
        return type(self.estimator).__name__

    def inputs(self, ragged):
        """Return the graph's inputs, a list of `Tensor`."""
        raise NotImplementedError

    def outputs(self, graph, inputs):
        """Add the nodes.

        Parameters
        ----------
        graph : GraphBuilder
        inputs : dict of str to Tensor
            Whatever is given of `inputs`; "lengths" only if sequences are ragged.

        Returns
        -------
        outputs : list of Tensor
        """
        raise NotImplementedError

    def feeds(self, X, ragged):
        """Return what the graph reads for X, a dict of arrays."""
        raise NotImplementedError

    def facts(self):
        """Return what else is to be known to use the graph, by name."""
        return {}

    def metadata(self):
        """Return the properties of the model: strings, but for its name in JSON."""
        facts = {name: _as_json(fact) for name, fact in self.facts().items()}
        return {
            "sklstm.version": __version__,
            "sklstm.estimator": self.estimator_name,
            **{f"sklstm.{name}": fact for name, fact in facts.items()},
        }


class VectorExport(Export):
    """Of estimators that read sequences of vectors."""

    def inputs(self, ragged):
        """Return the sequences and, if they are ragged, their lengths."""
        shape = ("n_samples", "n_timesteps")
        if not self.estimator._input_is_2d:
            shape = (*shape, self.estimator._n_channels)
        lengths = [Tensor("lengths", np.int64, ("n_samples",))] if ragged else []
        return [Tensor("X", np.float32, shape), *lengths]

    def read(self, graph, inputs):
        """Return rows, time first, and the `Steps` of sequences."""
        x, lengths = with_channels(graph, inputs["X"]), inputs.get("lengths")
        rows = x.name
        if x.dtype != np.float32:
            rows = graph.cast(rows, np.float32)
        rows = graph.transposed(rows, 1, 0, 2)
        return rows, Steps(graph, rows, None if lengths is None else lengths.name)

    def feeds(self, X, ragged):
        """Return the padded sequences and, if they are ragged, their lengths."""
        sequences = validate_sequences(
            self.estimator, X, reset=False, dtype=np.dtype(np.float32),
            allow_nan=get_tags(self.estimator).input_tags.allow_nan,
        )  # fmt: skip
        return padded(sequences, ragged, as_table=self.estimator._input_is_2d)

    def network_outputs(self, graph, inputs, pooling):
        """Return the outputs of the network's head, and the `Steps`."""
        rows, steps = self.read(graph, inputs)
        features, _ = add_features(graph, self.network, rows, steps, pooling)
        head = self.network.head
        return graph.affine(features, head["weight"], head["bias"]), steps


def with_channels(graph, x):
    """Return an input of sequences with an axis for the channels."""
    if len(x.shape) == 3:
        return x
    name = graph.op("Unsqueeze", x.name, [2])
    return x._replace(name=name, shape=(*x.shape, 1))


def _as_json(fact):
    """A fact in JSON; as it prints itself where JSON has nothing for it."""
    return json.dumps(fact, default=_plain, ensure_ascii=False)


def _plain(thing):
    if isinstance(thing, np.generic | np.ndarray):
        return thing.tolist()
    return repr(thing)
