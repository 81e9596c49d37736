"""Small fits of every estimator, and what is compared between two of them."""

import numpy as np

from sklstm import (
    LSTMClassifier,
    LSTMForecaster,
    LSTMLanguageModel,
    LSTMRegressor,
    LSTMSeq2Seq,
    LSTMTagger,
    LSTMTranscriber,
    SequenceTransformer,
)

SMALL = {"hidden_layer_sizes": 4, "max_iter": 5, "random_state": 0}
STOPPING = {"early_stopping": True, "validation_fraction": 0.3, "n_iter_no_change": 2}

rng = np.random.RandomState(0)
ARRAYS = [rng.normal(size=(rng.randint(3, 7), 2)) for _ in range(24)]
LABELS = np.array(["down" if x[:, 0].sum() < 0 else "up" for x in ARRAYS])
NUMBERS = np.array([1000 + 5 * x[-1, 0] for x in ARRAYS])
WEIGHTS = rng.randint(0, 3, size=24).astype(float)
WORDS = ["".join(rng.choice(list("abc"), rng.randint(2, 6))) for _ in range(24)]
SENTENCES = [["go", "to", word] for word in WORDS]
TAGS = [["O", "O", "a" if word[0] == "a" else "b"] for word in WORDS]
BEEPS = [np.repeat(np.eye(3)[["abc".index(c) for c in w]], 3, axis=0) for w in WORDS]
ROLL = [(x > 0).astype(float) for x in ARRAYS]
SERIES = np.sin(np.arange(80)) + rng.normal(scale=0.1, size=80)

# Name: estimator class, its parameters, the arguments of `fit`, those by keyword.
FITS = {
    "classifier": (LSTMClassifier, {}, (ARRAYS, LABELS), {}),
    "classifier that stops early": (
        LSTMClassifier,
        STOPPING | {"max_iter": 12, "dropout": 0.3, "learning_rate_init": 0.3},
        (ARRAYS, LABELS, WEIGHTS),
        {},
    ),
    "classifier on plateaus": (
        LSTMClassifier,
        {
            "learning_rate": "adaptive",
            "tol": 0.05,
            "n_iter_no_change": 1,
            "solver": "sgd",
            "max_iter": 9,
        },
        (ARRAYS, LABELS),
        {},
    ),
    "classifier by lbfgs": (
        LSTMClassifier,
        {"solver": "lbfgs", "max_iter": 6},
        (ARRAYS, LABELS, WEIGHTS),
        {},
    ),
    "regressor with validation data": (
        LSTMRegressor,
        {"learning_rate": "cosine", "zoneout": 0.2, "solver": "adamw", "alpha": 0.1},
        (ARRAYS, NUMBERS),
        {"X_val": ARRAYS[:8], "y_val": NUMBERS[:8]},
    ),
    "regressor of its own step": (
        LSTMRegressor,
        {"learning_rate": "invscaling", "solver": "rmsprop", "dtype": "float64"},
        (np.stack([x[:3] for x in ARRAYS]), NUMBERS),
        {},
    ),
    "transformer": (SequenceTransformer, {"input_noise": 0.1}, (ARRAYS,), {}),
    "tagger of words": (
        LSTMTagger,
        {"output": "crf", "character_size": 3, "embedding_size": 5, **STOPPING},
        (SENTENCES, TAGS),
        {},
    ),
    "language model": (
        LSTMLanguageModel,
        {"bptt_steps": 3, "dropout": 0.2, "embedding_size": 4, "n_negatives": 2},
        (WORDS,),
        {},
    ),
    "language model of few texts": (
        LSTMLanguageModel,
        {"bptt_steps": 4, "batch_size": 2, **STOPPING, "max_iter": 8},
        (["".join(WORDS[:12]), "".join(WORDS[12:])],),
        {},
    ),
    "language model of rolls": (LSTMLanguageModel, {}, (ROLL,), {}),
    "seq2seq": (
        LSTMSeq2Seq,
        {"embedding_size": 4, "dropout": 0.2},
        (WORDS, [word[::-1] for word in WORDS]),
        {},
    ),
    "transcriber": (LSTMTranscriber, {}, (BEEPS, WORDS), {}),
    "forecaster": (
        LSTMForecaster,
        {"loss": "quantile", "horizon": 2, "window": 6, **STOPPING, "max_iter": 7},
        (SERIES,),
        {},
    ),
}


def make(name, *callbacks, **parameters):
    """An estimator that is not fitted yet, with callbacks."""
    cls, own, _, _ = FITS[name]
    return cls(**(SMALL | own | parameters)).set_callbacks(*callbacks)


def fit(name, *callbacks, **parameters):
    """The same, fitted."""
    _, _, data, named = FITS[name]
    return make(name, *callbacks, **parameters).fit(*data, **named)


def everything(estimator):
    """All that a fit has left, by name, as arrays and plain values."""
    found = {"parameters": estimator._network.parameters}
    _flatten("state", vars(estimator._state), found)
    for name, value in vars(estimator).items():
        if name.endswith("_") and not name.startswith("_"):
            found[name] = value
    for name in ("center", "scale"):
        if hasattr(estimator._task.loss, name):
            found[f"loss {name}"] = getattr(estimator._task.loss, name)
    if hasattr(estimator, "_path_seed"):
        found["path seed"] = estimator._path_seed
    return found


def _flatten(name, value, found):
    if isinstance(value, dict):
        for key, item in value.items():
            _flatten(f"{name} {key}", item, found)
    else:
        found[name] = value


def assert_same(estimator, other):
    """Not a bit is different between two fitted estimators."""
    found, wanted = everything(estimator), everything(other)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        assert np.asarray(found[name]).tobytes() == np.asarray(value).tobytes(), name


class Quiet:
    """A callback that does nothing, and the base of those that do."""

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        pass


EPOCHS = ("epoch", "iteration")  # names of the tasks


class Broken(Exception):
    """What `BreakBefore` raises."""


class BreakBefore(Quiet):
    """Breaks a fit off before one of its epochs, counted from 0."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_fit_task_begin(self, estimator, context):
        if context.task_name in EPOCHS and context.task_id == self.epoch:
            raise Broken
