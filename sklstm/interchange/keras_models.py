"""What a Keras model is made of, asked of its layers: Keras itself is not imported."""

__all__ = ["read_model"]

_RECURRENT = ("LSTM", "GRU", "SimpleRNN")
_ORDER = ("Embedding", "recurrent", "pooling", "Dense")
# In prediction they hand on what they get. (Masking leaves out padding, as we do.)
_WITHOUT_EFFECT = (
    "InputLayer", "Masking", "Dropout", "SpatialDropout1D", "GaussianDropout",
    "GaussianNoise", "ActivityRegularization",
)  # fmt: skip
_POOLINGS = {"GlobalAveragePooling1D": "mean", "GlobalMaxPooling1D": "max"}
_LINKS = ("linear", "softmax", "sigmoid")


def read_model(model):
    """Arrays of a model in our order, and what they do not tell.

    Parameters
    ----------
    model : Keras model
        A sequence of layers.

    Returns
    -------
    arrays : list of array
        Embedding, recurrent layers, head.
    words : dict
        `bidirectional`, `activation` and `reset_after` of the recurrent layers.
    pooling : {"last", "mean", "max"} or None

    Raises
    ------
    ValueError
        If there is a layer that we do not have, or one in an unusual place.
    """
    parts = {part: [] for part in _ORDER}
    last = 0
    for layer in model.layers:
        layer, kind = _unwrapped(layer)
        if kind in _WITHOUT_EFFECT:
            continue
        part = _part_of(kind)
        if part not in _ORDER:
            raise ValueError(
                f"{layer.name} is a {kind}, for which there is no layer here. Read the "
                "weights of the others by themselves: from_keras([layer.get_weights() "
                "for layer in ...])."
            )
        place = _ORDER.index(part)
        if place < last or (parts[part] and part != "recurrent"):
            raise ValueError(
                f"{layer.name}, a {kind}, stands where there is no place for it: "
                "expected an Embedding, recurrent layers, global pooling, and one "
                "Dense layer, in this order, and none but the recurrent ones twice."
            )
        parts[part].append(layer)
        last = place
    return _arrays_and_words(parts)


def _arrays_and_words(parts):
    if not parts["recurrent"]:
        raise ValueError(f"The model has no layer of {', '.join(_RECURRENT)}.")
    words = [_words_of(layer) for layer in parts["recurrent"]]
    if any(word != words[0] for word in words):
        raise ValueError(
            "The recurrent layers are not of one kind: an estimator has one cell for "
            f"all of them, in both directions or not. Found {words}."
        )
    for layer in parts["Dense"]:
        link = layer.get_config()["activation"]
        if link not in _LINKS:
            raise ValueError(
                f"{layer.name} has activation={link!r}: a head is linear, under "
                "softmax or sigmoid at most."
            )
    arrays = [
        array
        for part in ("Embedding", "recurrent", "Dense")
        for layer in parts[part]
        for array in layer.get_weights()
    ]
    last = _inner(parts["recurrent"][-1]).get_config()
    pooling = None if last["return_sequences"] else "last"
    for layer in parts["pooling"]:
        pooling = _POOLINGS[type(layer).__name__]
    return arrays, words[0], pooling


def _unwrapped(layer):
    """A layer, and its kind; what is applied to every step stands for itself."""
    if type(layer).__name__ == "TimeDistributed":
        layer = layer.layer
    inner = _inner(layer)
    return layer, type(inner).__name__


def _inner(layer):
    """The recurrent layer in a `Bidirectional`."""
    is_wrapped = type(layer).__name__ == "Bidirectional"
    return layer.forward_layer if is_wrapped else layer


def _part_of(kind):
    if kind in _RECURRENT:
        return "recurrent"
    return "pooling" if kind in _POOLINGS else kind


def _words_of(layer):
    """What the weights of a recurrent layer do not tell, once it is one we have."""
    inner = _inner(layer)
    config = inner.get_config()
    bidirectional = inner is not layer
    kind, activation = type(inner).__name__, config["activation"]
    wanted = {"go_backwards": False}
    if kind != "SimpleRNN":
        wanted |= {"activation": "tanh", "recurrent_activation": "sigmoid"}
    elif activation not in ("tanh", "relu"):
        wanted["activation"] = "tanh"
    found = {name: config[name] for name in wanted}
    if bidirectional:
        wanted["merge_mode"] = "concat"
        found["merge_mode"] = layer.get_config()["merge_mode"]
    for name, value in wanted.items():
        if found[name] != value:
            raise ValueError(
                f"{layer.name} has {name}={found[name]!r}, and computes something that "
                f"no layer here does: expected {value!r}."
            )
    return {
        "bidirectional": bidirectional,
        "activation": activation,
        "reset_after": config.get("reset_after", True),
    }
