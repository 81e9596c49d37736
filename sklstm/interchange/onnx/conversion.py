"""`to_onnx` and what is fed to the graphs it makes."""

from typing import Any

import numpy as np
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils.validation import check_is_fitted

from ..._typing import Array
from ...estimators import LSTMForecaster, LSTMSeq2Seq
from .graph import GraphBuilder, Tensor, checked_opset, import_onnx
from .registry import CLASSES, export_of
from .seq2seq import DecoderExport, EncoderDecoder, EncoderExport
from .sklearn_models import pipeline_model

__all__ = ["onnx_inputs", "to_onnx"]


def to_onnx(model: Any, *, ragged: bool = True, opset: int = 21) -> Any:
    """Convert a fitted estimator or pipeline to ONNX.

    The graph needs nothing of sklstm, scikit-learn or Python: any runtime of ONNX
    computes it, with any number of samples and of time steps.

    Parameters
    ----------
    model : estimator or Pipeline
        Fitted: an estimator or a transformer of sequences of sklstm, a pipeline with
        these and whatever skl2onnx converts, or a search over one of them, whose best
        estimator is taken.
    ragged : bool, default=True
        Whether the graph takes the lengths of the sequences. With False, all steps
        of an input count, and samples that are passed together have one length; some
        small runtimes need it.
    opset : int, default=21
        Version of the operators, 18 to 21.

    Returns
    -------
    model : onnx.ModelProto or EncoderDecoder
        Checked by ``onnx.checker``. Of `LSTMSeq2Seq` two models, ``encoder`` and
        ``decoder``.

    Raises
    ------
    ImportError
        If onnx, or skl2onnx for a pipeline, is not installed:
        ``pip install 'sklstm[onnx]'``.
    NotFittedError
        If the model is not fitted.
    TypeError
        If the model is none that becomes a graph.
    ValueError
        If `opset` is another one, or labels are neither numbers nor strings.

    See Also
    --------
    pad : Ragged sequences as the graphs read them.
    onnx_inputs : Everything a graph reads, by name.

    Notes
    -----
    **Input.** ``X`` is float32 of shape (n_samples, n_timesteps, n_features), after a
    fit on tables (n_samples, n_timesteps); sequences that are shorter than the longest
    are filled up with anything, such as zeros, and ``lengths``, int64 of shape
    (n_samples,), says how long they are. `pad` makes both. Symbols are ``codes``,
    int64 of shape (n_samples, n_timesteps); the metadata of the model list them: the
    symbol ``symbols[k]`` has the code ``first_code + k``, symbols that are not there
    have 0. Words whose characters are read have, beside their codes,
    ``spelling_of_step``, for each the row of ``spellings``, the codes of characters
    (``characters[k]`` has 1 + k), and ``spelling_lengths``.

    **Output**, by estimator:

    - `LSTMClassifier`: ``label`` and ``probabilities``, in the order of `classes_`.
    - `LSTMRegressor`: ``variable``, in the units of the targets.
    - `SequenceTransformer` and the transformers of `sklstm.sequences`: ``variable``
      and, of sequences, ``variable_lengths``.
    - `LSTMTagger`: ``label`` and ``probabilities`` of every step, with a conditional
      random field the best path and its marginals. What stands behind the end of a
      sequence means nothing, here and below.
    - `LSTMLanguageModel`: ``probabilities`` of what follows, as `predict_proba`;
      ``log_probabilities`` after every step, of all codes (of vectors: of a one in
      each channel); and ``next_hidden_0``, ``next_cell_0``, ..., to be fed as
      ``hidden_0``, ``cell_0``, ... with what follows. At the beginning these are zero,
      or ``first_states`` of the metadata. If ``mark_ends`` is true there, a beginning
      has the code ``start`` before its symbols.
    - `LSTMSeq2Seq`: the encoder reads sources (of symbols: with the code ``end`` behind
      each) and hands out ``hidden_0``, ... and, with attention, ``memory`` and perhaps
      ``keys``. The decoder takes these and a ``symbol``, the first time ``start``, and
      hands out ``log_probabilities`` of the next one, ``next_hidden_0``, ... and the
      weights of the ``attention``. Codes in ``never_written`` are to be passed over;
      ``end`` ends an answer.
    - `LSTMTranscriber`: ``log_probabilities`` of every step, the blank last; ``codes``,
      the labels of the best path (``decoder="greedy"``) by their place in ``classes``,
      filled up with -1; and ``n_labels``.
    - `LSTMForecaster`: ``forecast`` and, where quantiles were learned, ``quantiles``,
      of the next ``horizon`` steps (to go farther, take what is forecast for what
      happened). It reads ``y``, the last ``n_steps`` values of
      each series; ``center`` and ``scale`` of each, unless all have the same; ``X``,
      the covariates of the last steps; and ``X_ahead``, those known ahead of the steps
      to forecast. All of them are of float64, in the units of the series.

    **Precision.** Networks compute in float32, also those fitted with
    ``dtype="float64"``, whose weights are rounded. Runtimes agree with `predict` to
    about 1e-5 of the largest output. Inputs of a pipeline that float32 cannot tell
    apart before they are scaled can be read in float64: by skl2onnx, with
    ``DoubleTensorType``; see `register_converters`.

    **Operators.** Layers are the operators LSTM, GRU and RNN of version 14, which all
    runtimes have, coupled gates and projections among them. Zoneout, projections that
    start from given or learned states, and conditional random fields are loops (Scan).

    The properties of a model, ``model.metadata_props``, are its version, the name of
    the estimator, and in JSON what else is needed to use it, with the prefix
    ``sklstm.``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.interchange import pad, to_onnx
    >>> X = [np.ones((3, 2)), np.zeros((5, 2)), np.ones((4, 2)), np.zeros((1, 2))]
    >>> classifier = LSTMClassifier(hidden_layer_sizes=4, max_iter=20, random_state=0)
    >>> model = to_onnx(classifier.fit(X, ["one", "zero", "one", "zero"]))
    >>> [one.name for one in model.graph.output]
    ['label', 'probabilities']

    Anywhere else, with the file of ``model.SerializeToString()``:

    >>> import onnxruntime  # doctest: +SKIP
    >>> session = onnxruntime.InferenceSession("model.onnx")  # doctest: +SKIP
    >>> array, lengths = pad(X)
    >>> session.run(["label"], {"X": array, "lengths": lengths})  # doctest: +SKIP
    [array(['one', 'zero', 'one', 'zero'], dtype=object)]
    """
    import_onnx()
    opset = checked_opset(opset)
    model = _best(model)
    if isinstance(model, LSTMSeq2Seq):
        check_is_fitted(model)
        parts = EncoderExport(model), DecoderExport(model)
        return EncoderDecoder(*(_graph(part, ragged, opset) for part in parts))
    if isinstance(model, Pipeline):
        return _pipeline(model, ragged, opset)
    return _graph(_export(model), ragged, opset)


def onnx_inputs(
    model: Any, X: Any = None, *, y: Any = None, ragged: bool = True
) -> dict[str, Array]:
    """Return what the graph of an estimator or pipeline reads.

    Parameters
    ----------
    model : estimator or Pipeline
        What was passed to :func:`to_onnx`.
    X : array, data frame, list or Sequences, default=None
        As for `predict`. Of `LSTMSeq2Seq`, what the encoder reads.
    y : array, list or data frame, default=None
        Of `LSTMForecaster`, series to go on from, as for its `predict`; X are the
        covariates then.
    ragged : bool, default=True
        As it was for :func:`to_onnx`.

    Returns
    -------
    inputs : dict of str to ndarray
        For the ``run`` of a session.

    Raises
    ------
    ValueError
        If X is not valid, or has lengths of its own though ``ragged=False``.

    See Also
    --------
    pad : The same for sequences of vectors, without an estimator.

    Examples
    --------
    >>> from sklstm import LSTMTagger
    >>> from sklstm.interchange import onnx_inputs
    >>> X, y = [["a", "b", "c"], ["b", "a"]], [[0, 1, 1], [1, 0]]
    >>> tagger = LSTMTagger(hidden_layer_sizes=4, max_iter=1).fit(X, y)
    >>> for name, array in onnx_inputs(tagger, X).items():
    ...     print(name, array.tolist())
    codes [[1, 2, 3], [2, 1, 0]]
    lengths [3, 2]
    """
    first = _first_step(_best(model))
    if isinstance(first, LSTMSeq2Seq):
        return EncoderExport(first).feeds(X, ragged)
    export = export_of(first)
    if export is None:
        return {"X": np.asarray(X, dtype=np.float32)}
    if isinstance(first, LSTMForecaster):
        return export.feeds(X, ragged, y)
    if y is not None:
        raise TypeError(
            f"y is what LSTMForecaster goes on from; {type(first).__name__} reads X."
        )
    return export.feeds(X, ragged)


def _graph(export, ragged, opset):
    """The graph of one estimator."""
    graph, inputs = GraphBuilder(opset), export.inputs(ragged)
    outputs = export.outputs(graph, {tensor.name: tensor for tensor in inputs})
    name = export.estimator_name
    return graph.model(name, inputs, outputs, metadata=export.metadata())


def _pipeline(pipeline, ragged, opset):
    """The graph of a pipeline, with the properties of its last step."""
    check_is_fitted(pipeline)
    last, export = pipeline.steps[-1][1], export_of(_first_step(pipeline))
    if isinstance(last, LSTMSeq2Seq):
        raise TypeError(
            "LSTMSeq2Seq becomes two graphs, so a pipeline that ends with it becomes "
            "none: convert its steps one by one, to_onnx(pipeline[:-1]) and "
            "to_onnx(pipeline[-1])."
        )
    if export is None:
        inputs = [Tensor("X", np.float32, ("n", _first_step(pipeline).n_features_in_))]
    else:
        inputs = export.inputs(ragged)
    model = pipeline_model(pipeline, inputs, opset)
    export = export_of(last)
    if export is not None:
        import_onnx().helper.set_model_props(model, export.metadata())
    import_onnx().checker.check_model(model, full_check=True)
    return model


def _export(model):
    export = export_of(model)
    if export is None:
        names = ", ".join([*(one.__name__ for one in CLASSES), "LSTMSeq2Seq"])
        raise TypeError(
            f"{type(model).__name__} is none of what becomes a graph: {names}, or a "
            "Pipeline with these. Others are converted by skl2onnx itself; see "
            "register_converters for those that have estimators of sklstm in them."
        )
    return export


def _best(model):
    """The best estimator of a search; anything else as it is."""
    while hasattr(model, "best_estimator_"):
        model = model.best_estimator_
    return model


def _first_step(model):
    """What X of a pipeline reaches first; of an estimator, itself."""
    while isinstance(model, Pipeline | FeatureUnion):
        steps = model.steps if isinstance(model, Pipeline) else model.transformer_list
        model = next(
            step for _, step in steps if step not in (None, "drop", "passthrough")
        )
    return model
