"""State dictionaries of PyTorch, which itself is not needed."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from .._typing import Array
from .equivalents import as_plain
from .layout import PYTORCH, exchanged, join_biases, split_biases
from .recurrent_weights import RecurrentWeights, as_floats
from .whole_models import weights_of

__all__ = ["from_torch", "to_torch"]

_KEY = re.compile(
    r"(?P<prefix>.*?)"
    r"(?P<name>weight_ih|weight_hh|weight_hr|bias_ih|bias_hh)"
    r"_l(?P<layer>\d+)(?P<backward>_reverse)?"
)
_CELL_OF_N_GATES = {4: "lstm", 3: "gru_reset_after", 1: "rnn"}


def to_torch(
    model: Any,
    *,
    recurrent: str | None = None,
    head: str = "head",
    embedding: str = "embedding",
) -> dict[str, Array]:
    """Weights as a state dictionary of PyTorch modules.

    For ``nn.LSTM``, ``nn.GRU`` or ``nn.RNN``, with an ``nn.Linear`` and, of symbols, an
    ``nn.Embedding``: ``module.load_state_dict({name: torch.from_numpy(array) ...})``.
    An LSTM with coupled gates becomes a plain one that computes the same.

    Parameters
    ----------
    model : fitted estimator or RecurrentWeights
        Whose weights to write.
        An estimator that `get_weights` reads.
    recurrent : str, default=None
        Name of the recurrent module in the one the dictionary is for; "" for the keys
        of the recurrent module itself. None is "lstm", "gru" or "rnn".
    head : str, default="head"
        Name of the ``nn.Linear``.
    embedding : str, default="embedding"
        Name of the ``nn.Embedding``.

    Returns
    -------
    state_dict : dict of str to ndarray
        The second bias is zero, except where a GRU needs it. A regressor's head gives
        targets in their own units (with ``loss="poisson"``: their logarithms).

    Raises
    ------
    ValueError
        If PyTorch has no such layers: peepholes, a GRU without `reset_after`, layers of
        different sizes, zoneout, learned initial states.

    See Also
    --------
    from_torch : The way back.
    save_safetensors : Writes a state dictionary to a file.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.interchange import to_torch
    >>> X = np.random.RandomState(0).normal(size=(20, 5, 3))
    >>> classifier = LSTMClassifier(hidden_layer_sizes=4, max_iter=2)
    >>> classifier.fit(X, ["a", "b"] * 10)
    LSTMClassifier(hidden_layer_sizes=4, max_iter=2)
    >>> for name, array in to_torch(classifier).items():
    ...     print(name, array.shape)
    lstm.weight_ih_l0 (16, 3)
    lstm.weight_hh_l0 (16, 4)
    lstm.bias_ih_l0 (16,)
    lstm.bias_hh_l0 (16,)
    head.weight (1, 4)
    head.bias (1,)
    """
    weights = as_plain(weights_of(model), "PyTorch", projection=True)
    _check_torch_has(weights)
    kind = weights.cell.split("_")[0]
    prefix = _dotted(kind if recurrent is None else recurrent)
    state = {}
    if weights.embedding is not None:
        state[f"{_dotted(embedding)}weight"] = weights.embedding.copy()
    for i, layer in enumerate(weights.layers):
        for backward, parameters in enumerate(layer):
            place = f"_l{i}{'_reverse' * backward}"
            for name, array in _to_direction(weights.cell, kind, parameters).items():
                state[f"{prefix}{name}{place}"] = array
    for name, array in (weights.head or {}).items():
        state[f"{_dotted(head)}{name}"] = array.copy()
    return state


def from_torch(
    state_dict: Mapping[str, Any],
    *,
    recurrent: str | None = None,
    head: str | None = None,
    embedding: str | None = None,
    activation: str = "tanh",
) -> RecurrentWeights:
    """Weights of a state dictionary of PyTorch.

    Reads an ``nn.LSTM`` (also bidirectional, in layers, or with ``proj_size``),
    ``nn.GRU`` or ``nn.RNN``, an ``nn.Linear`` on top and an ``nn.Embedding`` below.

    Parameters
    ----------
    state_dict : mapping from str to tensor or array
        ``module.state_dict()``, or what `load_safetensors` returns.
    recurrent, head, embedding : str, default=None
        Names of these modules in the one the dictionary is of. If none is given,
        everything in the dictionary must be one of the three; otherwise those named
        are read (and the recurrent one, if it is the only one) and the rest is not. An
        ``nn.Linear`` without bias must be named: it looks like an ``nn.Embedding``.
    activation : {"tanh", "relu"}, default="tanh"
        ``nonlinearity`` of an ``nn.RNN``, which its weights do not tell.

    Returns
    -------
    weights : RecurrentWeights
        With ``pooling=None``: how the module's hidden states became what its head saw
        is not in the dictionary, and is the estimator's `pooling`.

    Raises
    ------
    TypeError
        If it is no mapping, such as a module instead of its ``state_dict()``.
    ValueError
        If the dictionary holds anything else, or arrays do not fit each other.

    See Also
    --------
    to_torch : The way out.
    set_weights : An estimator that predicts with the weights, without training.

    Examples
    --------
    An estimator that starts from trained layers, and is fine-tuned:

    >>> import numpy as np
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.interchange import from_torch
    >>> rng = np.random.RandomState(0)
    >>> state_dict = {  # in practice torch.nn.LSTM(3, 8).state_dict()
    ...     "weight_ih_l0": rng.normal(size=(32, 3)).astype(np.float32),
    ...     "weight_hh_l0": rng.normal(size=(32, 8)).astype(np.float32),
    ...     "bias_ih_l0": np.zeros(32, np.float32),
    ...     "bias_hh_l0": np.zeros(32, np.float32),
    ... }
    >>> weights = from_torch(state_dict)
    >>> weights
    RecurrentWeights(lstm: 3 features -> 8 units)
    >>> X = rng.normal(size=(60, 5, 3))
    >>> y = np.where(X[:, -1, 0] > 0, "up", "down")
    >>> classifier = LSTMClassifier(
    ...     **weights.parameters, weight_init=weights.layers, random_state=0
    ... )
    >>> bool(classifier.fit(X, y).score(X, y) > 0.9)
    True
    """
    if not isinstance(state_dict, Mapping):
        raise TypeError(
            f"state_dict is a {type(state_dict).__name__}, expected a mapping from "
            "names to weights. Of a module pass module.state_dict()."
        )
    names = _modules_of(state_dict, recurrent, head, embedding)
    prefix = names["recurrent"]
    found: dict = {}
    for key, array in state_dict.items():
        match = _KEY.fullmatch(key)
        if match and match["prefix"] == prefix:
            place = int(match["layer"]), bool(match["backward"])
            array = _of_axes(as_floats(array, key), match["name"], key)
            found.setdefault(place, {})[match["name"]] = array
    cell = _cell_of(found, prefix, activation)
    n_layers = 1 + max(layer for layer, _ in found)
    directions = (False, True) if (0, True) in found else (False,)
    layers: list = []
    for layer in range(n_layers):
        layers.append([])
        for backward in directions:
            arrays = found.pop((layer, backward), None)
            name = f"{prefix}..._l{layer}{'_reverse' * backward}"
            layers[-1].append(_from_direction(cell, arrays, name))
    if found:
        raise ValueError(
            f"Layers {sorted(found)} of {prefix or 'the state dictionary'} have a "
            "second direction, but layer 0 has not."
        )
    return RecurrentWeights(
        cell, layers,
        head=_head_of(state_dict, names["head"]),
        embedding=_table_of(state_dict, names["embedding"]),
    )  # fmt: skip


# ---- one direction of one layer ------------------------------------------------------


def _to_direction(cell, kind, parameters):
    bias_ih, bias_hh = split_biases(cell, parameters)
    arrays = {
        "weight_ih": parameters["weight_ih"],
        "weight_hh": parameters["weight_hh"],
        "bias_ih": bias_ih,
        "bias_hh": bias_hh,
    }
    arrays = {
        name: exchanged(array, kind, PYTORCH, inward=False)
        for name, array in arrays.items()
    }
    if "projection" in parameters:
        arrays["weight_hr"] = parameters["projection"].copy()
    return arrays


def _from_direction(cell, arrays, name):
    missing = {"weight_ih", "weight_hh"} - set(arrays or ())
    if missing:
        raise ValueError(f"The state dictionary lacks {sorted(missing)} of {name}.")
    lone = {"bias_ih", "bias_hh"} & arrays.keys()
    if len(lone) == 1:  # with zeros for the other the outputs would be others
        raise ValueError(
            f"The state dictionary has {lone.pop()} of {name}, but not the other bias: "
            "PyTorch's modules have both, or none if made with bias=False."
        )
    kind = cell.split("_")[0]
    n_rows, n_gates = len(arrays["weight_hh"]), len(PYTORCH[kind])
    for key, array in arrays.items():
        if key != "weight_hr" and (len(array) != n_rows or n_rows % n_gates):
            raise ValueError(
                f"{key} of {name} has {len(array)} rows: expected {n_rows}, as "
                f"weight_hh, a multiple of the {n_gates} gate(s)."
            )
    rows = {
        key: exchanged(array, kind, PYTORCH, inward=True)
        for key, array in arrays.items()
        if key != "weight_hr"
    }
    none = np.zeros(n_rows, rows["weight_hh"].dtype)  # a module made with bias=False
    biases = join_biases(cell, rows.pop("bias_ih", none), rows.pop("bias_hh", none))
    projection = {"projection": arrays["weight_hr"]} if "weight_hr" in arrays else {}
    return rows | biases | projection


def _of_axes(array, name, key):
    """Raise unless a weight is a matrix and a bias a vector."""
    n_axes = 1 if name.startswith("bias") else 2
    if array.ndim != n_axes:
        raise ValueError(
            f"{key} has shape {array.shape}: expected {n_axes} "
            f"{'axis' if n_axes == 1 else 'axes'}."
        )
    return array


def _cell_of(found, prefix, activation):
    """Which of PyTorch's modules has weights of such shapes."""
    first = found.get((0, False), {})
    if "weight_hh" not in first:
        raise ValueError(
            f"The state dictionary has no {prefix}weight_hh_l0: expected the weights "
            "of an nn.LSTM, nn.GRU or nn.RNN."
        )
    units = first["weight_hr"] if "weight_hr" in first else first["weight_hh"]
    n_gates = len(first["weight_hh"]) / units.shape[1]
    if n_gates not in _CELL_OF_N_GATES:
        raise ValueError(
            f"{prefix}weight_hh_l0 has shape {first['weight_hh'].shape}: expected 4 "
            "(nn.LSTM), 3 (nn.GRU) or 1 (nn.RNN) times as many rows as hidden units."
        )
    cell = _CELL_OF_N_GATES[n_gates]
    return f"rnn_{activation}" if cell == "rnn" else cell


# ---- modules and their names ---------------------------------------------------------


def _dotted(name):
    """A module's name as the beginning of its keys."""
    return f"{name}." if name else ""


def _modules_of(state_dict, recurrent, head, embedding):
    """Beginnings of the keys of each module; None for one that is not there."""
    matches = (_KEY.fullmatch(key) for key in state_dict)
    prefixes = {match["prefix"] for match in matches if match}
    if recurrent is not None:
        prefix = _dotted(recurrent)
        if prefix not in prefixes:
            raise ValueError(
                f"The state dictionary has no recurrent module {recurrent!r}: found "
                f"{_listed(prefixes)}."
            )
    elif len(prefixes) == 1:
        [prefix] = prefixes
    else:
        raise ValueError(
            f"The state dictionary has {len(prefixes)} recurrent modules, "
            f"{_listed(prefixes)}: name one of them by recurrent=..."
            if prefixes
            else "The state dictionary has no recurrent module: expected keys such as "
            f"'lstm.weight_ih_l0', found {list(state_dict)}."
        )
    names = {"recurrent": prefix, "head": head, "embedding": embedding}
    if recurrent is None and head is None and embedding is None:
        names |= _others_of(state_dict, prefix)
    return names


def _others_of(state_dict, prefix):
    """Names of the head and of the embedding, which all other keys must belong to."""
    others = [
        key
        for key in state_dict
        if not ((match := _KEY.fullmatch(key)) and match["prefix"] == prefix)
    ]
    modules = {key.rpartition(".")[0] for key in others}
    heads = [m for m in modules if f"{_dotted(m)}bias" in state_dict]
    tables = [m for m in modules if m not in heads]
    known = {f"{_dotted(m)}{n}" for m in modules for n in ("weight", "bias")}
    if len(heads) > 1 or len(tables) > 1 or set(others) - known:
        raise ValueError(
            f"The state dictionary has more than a recurrent module, an nn.Linear with "
            f"bias and an nn.Embedding: {others}. Name what is to be read by "
            "recurrent=, head= and embedding=; the rest is left out then."
        )
    return dict(zip(("head", "embedding"), map(_only, (heads, tables)), strict=True))


def _only(names):
    return names[0] if names else None


def _listed(prefixes):
    return ", ".join(repr(prefix.removesuffix(".")) for prefix in sorted(prefixes))


def _head_of(state_dict, name):
    if name is None:
        return None
    weight = _array_of(state_dict, name, "weight")
    bias = np.zeros(len(weight), weight.dtype)  # a module made with bias=False
    if f"{_dotted(name)}bias" in state_dict:
        bias = _array_of(state_dict, name, "bias")
    return {"weight": weight, "bias": bias}


def _table_of(state_dict, name):
    return None if name is None else _array_of(state_dict, name, "weight")


def _array_of(state_dict, module, name):
    key = f"{_dotted(module)}{name}"
    if key not in state_dict:
        raise ValueError(
            f"The state dictionary has no {key!r}: its keys are {list(state_dict)}."
        )
    return as_floats(state_dict[key], key)


def _check_torch_has(weights):
    if weights.cell == "gru":
        raise ValueError(
            "PyTorch's GRU applies the reset gate after the product, and no weights of "
            "it equal one that applies it before: fit with reset_after=True."
        )
    for what, sizes in (
        ("hidden_layer_sizes", weights.hidden_layer_sizes),
        ("projection_size", weights.projection_sizes or ()),
    ):
        if len(set(sizes)) > 1:
            raise ValueError(
                f"PyTorch's layers have one size, but {what} is {sizes}. Export each "
                "layer by itself: RecurrentWeights(cell, [layer]) takes one."
            )
