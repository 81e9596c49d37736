"""Calls as users write them, for the type checker: never run, only read by mypy.

``assert_type`` fails when a signature says something else, an ignored line when its
error is gone.
"""

from typing import Any, assert_type

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklstm import (
    LSTMClassifier,
    LSTMForecaster,
    LSTMLanguageModel,
    LSTMRegressor,
    LSTMTagger,
    LSTMTranscriber,
    Sequences,
)
from sklstm.metrics import label_error_rate, span_f1
from sklstm.sequences import sliding_windows

ragged = [np.zeros((5, 2)), np.zeros((7, 2))]
labels = ["up", "down"]

classifier = LSTMClassifier(hidden_layer_sizes=(32, 16), cell="gru", dropout=0.2)
assert_type(classifier.fit(ragged, labels), LSTMClassifier)
assert_type(classifier.predict_proba(np.zeros((2, 5, 2))), NDArray[Any])
classifier.fit(Sequences.from_list(ragged), labels, X_val=ragged, y_val=labels)
classifier.fit(pd.DataFrame(np.zeros((4, 3))), [0, 1, 0, 1])
LSTMClassifier(dropout="much")  # type: ignore[arg-type]

regressor = LSTMRegressor(loss="quantile", quantile=0.9)
y, state = regressor.fit(ragged, [0.5, 1.5]).step([0.0, 1.0], regressor.initial_state())
assert_type(y, NDArray[Any])
regressor.step([0.0, 1.0])  # type: ignore[call-arg]

tagger = LSTMTagger(output="crf").fit([["fly", "to", "Oslo"]], [["O", "O", "B-city"]])
assert_type(tagger.predict([["fly"]]), NDArray[np.object_])
assert_type(span_f1([["O"]], tagger.predict([["fly"]])), float)

model = LSTMLanguageModel().fit(["to be or not to be"])
assert_type(model.bits_per_character(["to be"]), float)
model.generate("to be ", temperature=0.5, top_k=3)
model.generate("to be ", length="long")  # type: ignore[arg-type]

transcriber = LSTMTranscriber().fit(ragged, ["one", "two"])
assert_type(label_error_rate(["one"], transcriber.predict(ragged[:1])), float)

forecaster = LSTMForecaster(horizon=12).fit(np.arange(100.0))
forecaster.predict(24)
forecaster.predict_interval(coverage=0.9)

windows, targets, groups = sliding_windows(np.arange(100.0), window=10, horizon=2)
assert_type(windows, NDArray[Any])
