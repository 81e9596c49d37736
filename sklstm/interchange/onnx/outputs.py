"""What estimators answer, from outputs of the network in a graph."""

import numpy as np

__all__ = [
    "class_probabilities",
    "in_units",
    "label_constant",
    "labels_of",
    "logistic",
]


def label_constant(classes, estimator_name):
    """Return labels as a tensor holds them, and their dtype in a graph.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
    estimator_name : str
        For the message.

    Returns
    -------
    labels : ndarray
    dtype : type
        ``np.int64``, ``np.float64``, ``np.bool_`` or ``str``.

    Raises
    ------
    ValueError
        If a label is neither a number nor a string.
    """
    kinds = {"i": np.int64, "u": np.int64, "f": np.float64, "b": np.bool_}
    if classes.dtype.kind in kinds:
        dtype = kinds[classes.dtype.kind]
        return classes.astype(dtype), dtype
    strange = [label for label in classes.tolist() if not isinstance(label, str)]
    if strange:
        raise ValueError(
            f"{estimator_name} has the label {strange[0]!r}: ONNX has numbers and "
            "strings only. Fit on labels that are integers or strings."
        )
    return classes.astype(object), str


def labels_of(graph, scores, classes, axis=-1):
    """Return the label of the largest score; the first one of equals."""
    codes = graph.op("ArgMax", scores, axis=axis, keepdims=0)
    return graph.op("Gather", classes, codes, axis=0)


def class_probabilities(graph, outputs, n_outputs):
    """Return the probabilities of exclusive classes; one output stands for two.

    Parameters
    ----------
    graph : GraphBuilder
    outputs : str
        Of shape (..., n_outputs).
    n_outputs : int
    """
    if n_outputs == 1:
        # Of each of the two, since one minus a small probability is 1.
        pairs = graph.joined([graph.op("Neg", outputs), outputs], axis=-1)
        return logistic(graph, pairs)
    return graph.op("Softmax", outputs, axis=-1)


def logistic(graph, outputs):
    """Return ``1 / (1 + exp(-outputs))``.

    Not by Sigmoid: onnxruntime's is 0 where the logistic function is below 1e-8.
    """
    powers = graph.op("Exp", graph.op("Neg", outputs))
    return graph.op("Reciprocal", graph.op("Add", powers, np.float32(1)))


def in_units(graph, outputs, loss):
    """Return numbers in the units of the targets, in float64 as the estimators do.

    Parameters
    ----------
    graph : GraphBuilder
    outputs : str
        Of shape (n_rows, n_outputs), float32.
    loss : RegressionLoss
        What the network was trained on.
    """
    if loss.link == "log":
        outputs = graph.op("Exp", outputs)
    values = graph.op("Mul", graph.cast(outputs, np.float64), loss.scale)
    return graph.op("Add", values, loss.center)
