"""Small fitted models of every kind, and what each answers, as one array of numbers."""

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import (
    LSTMClassifier,
    LSTMForecaster,
    LSTMLanguageModel,
    LSTMRegressor,
    LSTMSeq2Seq,
    LSTMTagger,
    LSTMTranscriber,
    SequenceTransformer,
    TimestepTransformer,
)
from sklstm.sequences import FrameStacker, SequenceScaler

SMALL = {"hidden_layer_sizes": 3, "max_iter": 3, "random_state": 0}
WORDS = {**SMALL, "embedding_size": 2}
TEXTS = ["abcabc", "bcab", "cabca", "abca"] * 3
SENTENCES = [["to", "Rome"], ["from", "Oslo", "to"], ["Oslo"]] * 4
TAGS = [["O", "B"], ["O", "B", "O"], ["B"]] * 4


def vectors(n_samples=12, seed=0):
    """Sequences of 3 to 6 steps of two channels."""
    rng = np.random.RandomState(seed)
    return [rng.normal(size=(rng.randint(3, 7), 2)) for _ in range(n_samples)]


def numbers(n_samples=12, seed=1):
    return np.random.RandomState(seed).uniform(1, 2, size=n_samples)


def labels(n_samples=12):
    return np.array(["a", "b", "c"])[np.arange(n_samples) % 3]


def rolls():
    """Vectors of zeros and ones."""
    return [(x > 0).astype(np.float64) for x in vectors()]


def series():
    steps = np.arange(60)
    return 100 + steps + 10 * np.sin(2 * np.pi * steps / 12)


def given_weights():
    """Weights to start from, as another library would give them."""
    model = LSTMClassifier(**SMALL, cell="lstm").fit(vectors(), labels())
    return [[dict(direction) for direction in layer] for layer in model.layers_]


# One of every class that can be saved: of these, files of every format are kept.
ONE_OF_EACH = {
    "classifier": lambda: (LSTMClassifier(**SMALL), vectors(), labels()),
    "regressor": lambda: (LSTMRegressor(**SMALL), vectors(), numbers()),
    "transformer": lambda: (
        SequenceTransformer(**SMALL, objective="regression"),
        vectors(),
        numbers(),
    ),
    "tagger": lambda: (LSTMTagger(**WORDS), SENTENCES, TAGS),
    "language_model": lambda: (LSTMLanguageModel(**WORDS), TEXTS, None),
    "seq2seq": lambda: (LSTMSeq2Seq(**WORDS), TEXTS, [t[::-1] for t in TEXTS]),
    "transcriber": lambda: (LSTMTranscriber(**SMALL), vectors(), ["a", "b"] * 6),
    "forecaster": lambda: (LSTMForecaster(horizon=4, **SMALL), series(), None),
    "sequence_scaler": lambda: (SequenceScaler(), vectors(), None),
    "frame_stacker": lambda: (FrameStacker(n_frames=3), vectors(), None),
}

# Every cell, loss, kind of target and kind of symbol: what else a state can hold.
VARIANTS = {
    "two classes, weighted": lambda: (
        LSTMClassifier(**SMALL, class_weight={False: 1.0, True: 2.0}),
        vectors(),
        numbers() > 1.5,
    ),
    "labels by column": lambda: (
        LSTMClassifier(**SMALL),
        vectors(),
        np.tile([[0, 1, 1], [1, 0, 1]], (6, 1)),
    ),
    "everything in the layers": lambda: (
        LSTMClassifier(
            hidden_layer_sizes=(4, 3),
            projection_size=(3, 2),
            max_iter=3,
            bidirectional=True,
            peephole=True,
            coupled_gates=True,
            learn_initial_state=True,
            dropout=0.1,
            recurrent_dropout=0.1,
            input_dropout=0.1,
            early_stopping=True,
            validation_fraction=0.25,
            random_state=np.random.RandomState(0),
        ),
        vectors(),
        labels(),
    ),
    "gru": lambda: (
        LSTMRegressor(**SMALL, cell="gru", reset_after=True, solver="sgd"),
        vectors(),
        numbers(),
    ),
    "rnn of several numbers": lambda: (
        LSTMRegressor(**SMALL, cell="rnn", activation="relu", solver="rmsprop"),
        vectors(),
        np.column_stack([numbers(), numbers(seed=2)]),
    ),
    "lbfgs in float64": lambda: (
        LSTMRegressor(**SMALL, solver="lbfgs", dtype="float64"),
        vectors(),
        numbers(),
    ),
    **{
        f"regressor of {loss}": lambda loss=loss: (
            LSTMRegressor(**SMALL, loss=loss),
            vectors(),
            numbers(),
        )
        for loss in ("absolute_error", "huber", "poisson", "quantile")
    },
    "next step": lambda: (
        SequenceTransformer(**SMALL, objective="next_step"),
        vectors(),
        None,
    ),
    "tagger with a CRF": lambda: (LSTMTagger(**WORDS, output="crf"), SENTENCES, TAGS),
    "tagger of characters": lambda: (
        LSTMTagger(**WORDS, character_size=2, character_embedding_size=2),
        SENTENCES,
        TAGS,
    ),
    "tagger of vectors": lambda: (
        LSTMTagger(**SMALL),
        vectors(),
        [[("odd", "even")[t % 2] for t in range(len(x))] for x in vectors()],
    ),
    "tags that are pairs": lambda: (
        LSTMTagger(**WORDS),
        SENTENCES,
        [[(tag, len(tag)) for tag in tags] for tags in TAGS],
    ),
    "language of pairs": lambda: (
        LSTMLanguageModel(**WORDS),
        [[(1, 2), (2, 3)], [(2, 3), (1, 2), (1, 2)]] * 4,
        None,
    ),
    "language of numbers": lambda: (
        LSTMLanguageModel(**WORDS, n_negatives=1),
        [[1, 2, 3], [2, 3, 1, 1]] * 4,
        None,
    ),
    "music": lambda: (LSTMLanguageModel(**SMALL), rolls(), None),
    "captions": lambda: (
        LSTMSeq2Seq(**WORDS),
        np.random.RandomState(0).normal(size=(12, 4)),
        ["ab", "b"] * 6,
    ),
    "forecaster of quantiles, direct": lambda: (
        LSTMForecaster(horizon=4, **SMALL, loss="quantile", strategy="direct"),
        series(),
        None,
    ),
    "forecaster with a covariate": lambda: (
        LSTMForecaster(horizon=4, window=8, **SMALL, strategy="direct"),
        series(),
        np.arange(60.0)[:, np.newaxis],
    ),
    "forecaster of two series": lambda: (
        LSTMForecaster(horizon=4, **SMALL, relative_to="season", seasonal_period=12),
        np.column_stack([series(), series()[::-1]]),
        None,
    ),
    "from given weights": lambda: (
        LSTMClassifier(**{**SMALL, "weight_init": given_weights()}),
        vectors(),
        labels(),
    ),
    "pipeline": lambda: (
        make_pipeline(
            TimestepTransformer(StandardScaler()),
            SequenceScaler(),
            FrameStacker(),
            LSTMClassifier(**SMALL),
        ),
        vectors(),
        labels(),
    ),
}

EXAMPLES = ONE_OF_EACH | VARIANTS


def fit(model, X, y):
    """Fit; language models, forecasters and some transformers have no y."""
    return model.fit(X) if y is None else model.fit(X, y)


def answers(model, X, y=None):
    """All a fitted model says about X, as one flat array of numbers."""
    if isinstance(model, LSTMForecaster):
        result = [model.predict(4, None if y is None else y[-4:] + 4)]
    elif isinstance(model, LSTMLanguageModel):
        result = [model.score_samples(X)]
    elif isinstance(model, LSTMSeq2Seq):
        result = [[model.score(X, y)]]
        if model._network.attention is None:
            found = model.predict_n_best(X, 2)
            result += [[score] for of_sample in found for _, score in of_sample]
        else:  # not what a search finds: how it searches may change
            result += list(model.attention_weights(X, y))
    elif hasattr(model, "predict_proba"):
        result = model.predict_proba(X)
    else:
        result = getattr(model, "predict", getattr(model, "transform", None))(X)
    return np.concatenate([np.ravel(part) for part in result])
