"""`RecurrentWeights`: what all formats are turned into, and made from."""

from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from ..network import cell_name
from ..network.cells import CELLS
from ..network.given_weights import copy_layers
from ..network.parameters import read_only

__all__ = ["RecurrentWeights", "as_floats"]

# The words that users choose a cell with, by the name of the cell.
_WORDS = ("cell", "reset_after", "coupled_gates", "peephole", "activation")
_NO, _BOTH = (False,), (False, True)
_WORDS_OF_CELL = {
    cell_name(values[0], **dict(zip(_WORDS[1:], values[1:], strict=True))): dict(
        zip(_WORDS, values, strict=True)
    )
    for values in (
        *product(("lstm",), _NO, _BOTH, _BOTH, ("tanh",)),
        *product(("gru",), _BOTH, _NO, _NO, ("tanh",)),
        *product(("rnn",), _NO, _NO, _NO, ("tanh", "relu")),
    )
}


@dataclass(frozen=True, repr=False, eq=False)
class RecurrentWeights:
    """Weights of recurrent layers, and of what stands below and above them.

    All importers make one of these, all exporters take one (or a fitted estimator), so
    that any format becomes any other. Arrays are checked, and copied.

    Parameters
    ----------
    cell : str
        Cell of all layers: "lstm", "lstm_coupled", "lstm_peephole",
        "lstm_coupled_peephole", "gru", "gru_reset_after", "rnn_tanh" or "rnn_relu".
    layers : list of list of mapping
        In the form of an estimator's `layers_`: an entry for each layer, in it a
        mapping from names (`weight_ih`, `weight_hh`, `bias`, ...) to arrays for each
        direction.
    head : mapping, default=None
        `weight` of shape (n_outputs, n_hidden) and `bias` of shape (n_outputs,) of the
        linear layer on top, where n_hidden counts both directions.
    embedding : array of shape (n_symbols, n_features), default=None
        Table that the first layer reads rows of.
    pooling : {"last", "mean", "max"}, default=None
        How hidden states become what the head sees. None if each of them is, or if it
        is not known.

    Attributes
    ----------
    parameters : dict
        What an estimator has to be made with for these weights to fit:
        ``LSTMClassifier(**weights.parameters, weight_init=weights.layers)``.
    n_features : int
        What the first layer reads.
    hidden_layer_sizes : tuple of int
        Units of each layer.
    projection_sizes : tuple of int or None
        Sizes the hidden states are projected to.
    bidirectional : bool
        Whether layers have two directions.
    dtype : dtype
        Of all arrays: float64 if any of them was, otherwise float32.

    Raises
    ------
    ValueError
        If arrays do not fit each other, or are not finite. The message names layer,
        direction, array and the expected shape.
    TypeError
        If something is no array of floats.

    See Also
    --------
    get_weights : Of a fitted estimator.
    set_weights : An estimator that predicts with them.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.interchange import RecurrentWeights
    >>> rng = np.random.RandomState(0)
    >>> layer = {
    ...     "weight_ih": rng.normal(size=(32, 3)),
    ...     "weight_hh": rng.normal(size=(32, 8)),
    ...     "bias": np.zeros(32),
    ... }
    >>> weights = RecurrentWeights("lstm", [[layer]])
    >>> weights
    RecurrentWeights(lstm: 3 features -> 8 units)
    >>> X, y = rng.normal(size=(20, 5, 3)), ["a", "b"] * 10
    >>> classifier = LSTMClassifier(
    ...     **weights.parameters, weight_init=weights.layers, max_iter=5
    ... )
    >>> classifier.fit(X, y).layers_[0][0]["weight_hh"].shape
    (32, 8)
    """

    cell: str
    layers: list
    head: dict | None = None
    embedding: np.ndarray | None = None
    pooling: str | None = None
    dtype: np.dtype = field(init=False)

    def __post_init__(self):
        if self.cell not in CELLS:
            raise ValueError(f"cell must be one of {tuple(CELLS)}, got {self.cell!r}")
        layers = _floats_by_place(self.layers)
        head = {
            name: as_floats(array, f"head[{name!r}]")
            for name, array in (self.head or {}).items()
        }
        embedding = self.embedding
        if embedding is not None:
            embedding = as_floats(embedding, "embedding")
        dtype = _common_dtype(layers, head, embedding)
        checked = _empty_layers(CELLS[self.cell], layers, dtype)
        copy_layers(checked, layers, "layers")
        freeze = object.__setattr__
        freeze(self, "layers", [list(map(read_only, layer)) for layer in checked])
        freeze(self, "dtype", dtype)
        freeze(self, "head", self._checked_head(head) if head else None)
        freeze(self, "embedding", self._checked_embedding(embedding))

    # ---- what the arrays tell ------------------------------------------------------

    @property
    def n_features(self) -> int:
        """What the first layer reads."""
        return self.layers[0][0]["weight_ih"].shape[1]

    @property
    def bidirectional(self) -> bool:
        """Whether layers have two directions."""
        return len(self.layers[0]) == 2

    @property
    def hidden_layer_sizes(self) -> tuple[int, ...]:
        """Units of each layer."""
        n_gates = CELLS[self.cell].n_gates
        return tuple(len(layer[0]["bias"]) // n_gates for layer in self.layers)

    @property
    def projection_sizes(self) -> tuple[int, ...] | None:
        """Sizes the hidden states are projected to, or None."""
        if "projection" not in self.layers[0][0]:
            return None
        return tuple(len(layer[0]["projection"]) for layer in self.layers)

    @property
    def n_hidden(self) -> int:
        """Width of what the head reads: the last layer's hidden state."""
        sizes = self.projection_sizes or self.hidden_layer_sizes
        return sizes[-1] * len(self.layers[-1])

    @property
    def has_initial_states(self) -> bool:
        """Whether states before the first step are among the weights."""
        return "hidden_0" in self.layers[0][0]

    @property
    def parameters(self) -> dict[str, Any]:
        """What an estimator has to be made with for these weights to fit."""
        pooling = {} if self.pooling is None else {"pooling": self.pooling}
        return {
            **_WORDS_OF_CELL[self.cell],
            "hidden_layer_sizes": _one_or_several(self.hidden_layer_sizes),
            "projection_size": _one_or_several(self.projection_sizes),
            "bidirectional": self.bidirectional,
            "learn_initial_state": self.has_initial_states,
            "dtype": self.dtype.name,
            **pooling,
        }

    # ---- checks --------------------------------------------------------------------

    def _checked_head(self, head):
        if set(head) != {"weight", "bias"}:
            raise ValueError(
                f"head has {', '.join(map(str, head))}: expected weight and bias."
            )
        n_outputs = len(head["bias"])
        expected = {"weight": (n_outputs, self.n_hidden), "bias": (n_outputs,)}
        for name, shape in expected.items():
            if head[name].shape != shape:
                raise ValueError(
                    f"head[{name!r}] has shape {head[name].shape}, expected {shape}: "
                    f"the last layer's hidden state has {self.n_hidden} numbers"
                    + (", both directions together." if self.bidirectional else ".")
                )
        return read_only({name: np.array(head[name], self.dtype) for name in expected})

    def _checked_embedding(self, embedding):
        if embedding is None:
            return None
        if embedding.ndim != 2 or embedding.shape[1] != self.n_features:
            raise ValueError(
                f"embedding has shape {embedding.shape}, expected (n_symbols, "
                f"{self.n_features}): the first layer reads {self.n_features} features."
            )
        return read_only({"table": np.array(embedding, self.dtype)})["table"]

    def __repr__(self):
        sizes = " -> ".join(
            f"{units} units" + (f" projected to {size}" if size else "")
            for units, size in zip(
                self.hidden_layer_sizes,
                self.projection_sizes or [None] * len(self.layers),
                strict=True,
            )
        )
        parts = [f"{self.n_features} features", sizes]
        if self.embedding is not None:
            parts.insert(0, f"{len(self.embedding)} symbols")
        if self.head is not None:
            parts.append(f"{len(self.head['bias'])} outputs")
        both = ", bidirectional" if self.bidirectional else ""
        return f"RecurrentWeights({self.cell}{both}: {' -> '.join(parts)})"


def as_floats(array, name):
    """Turn an array or a tensor of floats into a NumPy array of float32 or float64.

    Parameters
    ----------
    array : array-like
        Of NumPy, PyTorch, JAX, Keras, ...; tensors are brought to the CPU.
    name : str
        For the error message.

    Returns
    -------
    array : ndarray

    Raises
    ------
    TypeError
        If it does not hold floats.
    """
    if hasattr(array, "detach"):  # a tensor of PyTorch
        array = array.detach().cpu()
        if str(array.dtype) == "torch.bfloat16":  # which NumPy does not have
            array = array.float()
    array = np.asarray(array)
    if array.dtype.kind != "f" and "float" not in array.dtype.name:
        raise TypeError(
            f"{name} has dtype {array.dtype}: expected floats. Weights that are "
            "quantised to integers must be turned back first."
        )
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64 if array.dtype.itemsize > 4 else np.float32)
    return array


def _floats_by_place(layers):
    """The same lists with NumPy arrays in them."""
    if not _is_list(layers) or not all(map(_is_list, layers)):
        raise TypeError(
            "layers must be a list with an entry for each layer, in it a mapping from "
            f"names to arrays for each direction, got {layers!r:.60}"
        )
    return [
        [
            {
                key: as_floats(array, f"layers[{i}][{k}][{key!r}]")
                for key, array in dict(direction).items()
            }
            for k, direction in enumerate(layer)
        ]
        for i, layer in enumerate(layers)
    ]


def _is_list(entries):
    return isinstance(entries, list | tuple) and len(entries) > 0


def _common_dtype(layers, head, embedding):
    arrays = [array for layer in layers for one in layer for array in one.values()]
    arrays += [*head.values(), *([] if embedding is None else [embedding])]
    return np.result_type(np.float32, *arrays)


def _empty_layers(cell, layers, dtype):
    """Zeros of the shapes that follow from the first direction of each layer."""
    n_inputs = np.atleast_1d(layers[0][0].get("weight_ih", 0)).shape[-1]
    empty = []
    for [first, *_] in layers:
        n_rows = len(np.atleast_1d(first.get("weight_hh", 0)))
        hidden_size = max(1, n_rows // cell.n_gates)
        size = 0
        if "projection" in first and cell.has_cell_state:
            size = len(np.atleast_1d(first["projection"]))
        shapes = cell.parameter_shapes(
            n_inputs, hidden_size, size or None, "hidden_0" in layers[0][0]
        )
        empty.append(
            [
                {name: np.zeros(shape, dtype) for name, shape in shapes.items()}
                for _ in layers[0]
            ]
        )
        n_inputs = (size or hidden_size) * len(layers[0])
    return empty


def _one_or_several(sizes):
    """One size by itself, several in a tuple."""
    return sizes[0] if sizes is not None and len(sizes) == 1 else sizes
