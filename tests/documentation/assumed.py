"""What some pages take for granted: the data and models that their code speaks of.

Pages of the user guide run as they are. The pages of tasks show how a call looks like,
with the reader's own data; here are tiny ones of that kind.
"""

_WORDS = """
english = [["a", "dog", "sleeps"], ["a", "cat", "eats"], ["the", "dog", "eats"]] * 4
german = [["ein", "hund", "schläft"], ["eine", "katze", "isst"],
          ["der", "hund", "isst"]] * 4
english_test, german_test = english[:2], german[:2]
"""
_SLOTS = """
sentences = [["fly", "to", "oslo"], ["play", "some", "jazz"], ["to", "rome", "now"]] * 4
slots = [["O", "O", "B-city"], ["O", "O", "B-music"], ["O", "B-city", "O"]] * 4
"""
_RECORDINGS = """
import numpy as np
rng = np.random.RandomState(0)
X = [rng.normal(size=(rng.randint(30, 40), 4)) for _ in range(8)]
y = ["ab", "ba", "a", "b", "aab", "ba", "ab", "b"]
X_test, y_test = X[:3], y[:3]
"""
_SERIES = """
import numpy as np
import pandas as pd
from sklearn.model_selection import TimeSeriesSplit, cross_val_score
rng = np.random.RandomState(0)
longer_y = np.sin(np.arange(320) / 4) + rng.normal(scale=0.1, size=320)
y = longer_y[:300]
"""
_COVARIATES = """
X = pd.DataFrame({"visitors": rng.normal(size=300), "holiday": np.arange(300) % 7})
X_ahead = X[:7]
"""
_FASTER = "forecaster.set_params(max_iter=1, hidden_layer_sizes=8)"
_TEXT = """
from sklearn.model_selection import cross_val_score
text = "to be, or not to be: that is the question. " * 30
other_text = "to be that, or to question it"
"""
_LONGER_TEXT = """
from functools import partial
LSTMLanguageModel = partial(LSTMLanguageModel, hidden_layer_sizes=4, max_iter=1)
text *= 20
"""
_STREAM = """
import numpy as np
from sklstm import LSTMRegressor
X = np.random.RandomState(0).normal(size=(10, 5, 2))
model = LSTMRegressor(max_iter=2).fit(X, X[:, 0, 0])
steps = np.zeros((4, 3, 2))
"""
_TAGGER = (
    _SLOTS
    + """
from sklstm import LSTMTagger
tagger = LSTMTagger(hidden_layer_sizes=4, embedding_size=4, max_iter=2)
X, y = sentences, slots
"""
)

# By page: what comes before its first block, its second, ...
ASSUMED = {
    "guide/architectures.md": [_STREAM],
    "tasks/tagging.md": [_SLOTS],
    "tasks/translation.md": [_WORDS],
    "tasks/transcription.md": [_RECORDINGS],
    "tasks/forecasting.md": [_SERIES, _COVARIATES, _FASTER],
    "tasks/language_models.md": [_TEXT, _LONGER_TEXT],
    "tasks/sequence_scores.md": ["import numpy as np\n" + _TAGGER],
}

# What code on a page imports that need not be installed.
NEEDED = {
    "guide/callbacks.md": ["sklstm.callbacks"],
    "guide/explanations.md": ["sklstm.inspection", "matplotlib"],
    "guide/persistence.md": [
        "sklstm.interchange", "skops", "skl2onnx", "onnxruntime",
    ],
    "guide/weights.md": ["sklstm.interchange"],
    "tutorial.md": ["sklstm.interchange", "skl2onnx", "onnxruntime"],
}  # fmt: skip
