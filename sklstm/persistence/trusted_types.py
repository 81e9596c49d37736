"""The types inside our saved models that skops does not know by itself."""

import inspect

# By the part of the package they are in. A type is entered by hand, after a look at
# what building one does; tests find those that are missing, or here for nothing.
_TYPES = {
    # The estimators, and what they have learned of the user's words.
    "estimators": [
        "classifier.LSTMClassifier",
        "forecaster.LSTMForecaster",
        "forecasting.ForecastTask",
        "labels.Labels",
        "language_model.LSTMLanguageModel",
        "language_task.LanguageTask",
        "regressor.LSTMRegressor",
        "seq2seq.LSTMSeq2Seq",
        "step_inputs.StepReader",
        "symbol_sources.SourceReader",
        "symbol_task.SymbolTask",
        "tagger.LSTMTagger",
        "tagging_task.TaggingTask",
        "tasks.ClassificationTask",
        "tasks.NextStepTask",
        "tasks.RegressionTask",
        "transcriber.LSTMTranscriber",
        "transcription_task.TranscriptionTask",
        "transformer.SequenceTransformer",
    ],
    # A configuration and the flat vector of parameters; the state of a stream.
    "network": [
        "network.RecurrentNetwork",
        "sequence_to_sequence.SequenceToSequence",
        "streaming.StreamState",
        "symbol_network.SymbolNetwork",
        "word_network.WordNetwork",
    ],
    # Scores that a search was asked to compare by.
    "metrics": [
        "accuracy.sequence_accuracy",
        "accuracy.token_accuracy",
        "bleu.bleu",
        "error_rate.label_error_rate",
        "spans.span_f1",
    ],
    # The record of format and version; dictionaries as pairs.
    "persistence": ["file_format.SavedBy", "keyed_pairs.KeyedPairs"],
    # Transformers; sequences, symbols and series, and how they are read.
    "sequences": [
        "container.Sequences",
        "forecasting.long_series.LongColumns",
        "forecasting.representation.Representation",
        "forecasting.series.SeriesSet",
        "forecasting.windows.SeriesScales",
        "forecasting.windows.WindowReader",
        "frame_stacker.FrameStacker",
        "sequence_scaler.SequenceScaler",
        "symbol_table.SymbolTable",
        "timestep_transformer.TimestepTransformer",
    ],
    # Losses, and what training goes on from.
    "training": [
        "classification_losses.BinaryCrossEntropy",
        "classification_losses.CrossEntropy",
        "ctc.CTCLoss",
        "regression_losses.AbsoluteError",
        "regression_losses.Huber",
        "regression_losses.Poisson",
        "regression_losses.Quantile",
        "regression_losses.Quantiles",
        "regression_losses.SquaredError",
        "state.TrainingState",
        "steps_ahead.StepsAhead",
        "streams.FrameLikelihood",
        "streams.SymbolLikelihood",
        "symbol_targets.SymbolCrossEntropy",
        "tagging.PathLikelihood",
        "tagging.StepCrossEntropy",
    ],
}


# What scikit-learn's searches keep beside the best model.
_SCORERS = [
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.metrics._scorer._Scorer",
]


def skops_trusted_types() -> list[str]:
    """Return the types to pass to ``skops.io.load`` as `trusted`.

    skops builds only objects of types it knows to be harmless: NumPy's, SciPy's, most
    of scikit-learn's. These are the others that models of sklstm are made of, searches
    (`GridSearchCV`) and pipelines included:

    - the estimators and transformers of sklstm and the objects their fitted state
      consists of. Each is built by setting attributes to arrays, numbers, strings and
      containers of them; none runs code of the file, opens files or talks to a network;
    - the scores of `sklstm.metrics`;
    - of scikit-learn, what a search keeps: the splitters of ``model_selection``, and
      the scorers and metrics that ``scoring=`` has names for.

    Returns
    -------
    types : list of str
        Full names, sorted. A new list at each call: types of your own (a transformer
        inside a pipeline, say) can be appended.

    Notes
    -----
    Not covered, and refused until you look at it and trust it, too: functions and
    classes of your own or of other libraries, the distributions of a
    `RandomizedSearchCV`, symbols (of a tagger or a language model) that are neither
    strings nor numbers nor tuples of them, and callbacks, which would act (write files,
    for example) when the model is fitted again: take them off before saving, with
    ``model.set_callbacks()``. ``skops.io.get_untrusted_types`` lists what a file holds.

    Examples
    --------
    >>> from sklstm.persistence import skops_trusted_types
    >>> trusted = skops_trusted_types()
    >>> "sklstm.estimators.classifier.LSTMClassifier" in trusted
    True
    >>> "sklearn.model_selection._split.GroupKFold" in trusted
    True
    """
    ours = [f"sklstm.{part}.{name}" for part, names in _TYPES.items() for name in names]
    return sorted({*ours, *_SCORERS, *_splitters_and_metrics()})


def _splitters_and_metrics():
    """Full names of scikit-learn's splitters, and of the metrics it knows by name."""
    # Here, as most who import sklstm never ask.
    from sklearn import model_selection
    from sklearn.metrics import get_scorer, get_scorer_names

    splitters = [
        thing
        for thing in vars(model_selection).values()
        if inspect.isclass(thing) and hasattr(thing, "split")
    ]
    metrics = [get_scorer(name)._score_func for name in get_scorer_names()]
    return {f"{thing.__module__}.{thing.__qualname__}" for thing in splitters + metrics}
