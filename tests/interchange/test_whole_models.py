"""Weights of fitted estimators, and estimators that predict with given weights."""

import pickle

import numpy as np
import pytest
from interchange.weight_problems import (
    assert_close,
    assert_same_weights,
    random_weights,
    sequences,
)
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

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
from sklstm.interchange import (
    RecurrentWeights,
    from_torch,
    get_weights,
    set_weights,
    to_torch,
)

X = np.random.RandomState(0).normal(size=(24, 6, 3))
LETTERS = np.array(["b", "c", "a"])[np.arange(24) % 3]
FAST = {"hidden_layer_sizes": 5, "max_iter": 3, "random_state": 0}


def softmax(outputs):
    exponentials = np.exp(outputs)
    return exponentials / exponentials.sum(axis=1, keepdims=True)


# There and back ----


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"cell": "gru", "bidirectional": True, "hidden_layer_sizes": (5, 4)},
        {"cell": "gru", "reset_after": True, "pooling": "mean"},
        {"cell": "rnn", "activation": "relu", "dtype": "float64"},
        {"peephole": True, "coupled_gates": True, "projection_size": 3},
        {"learn_initial_state": True, "pooling": "last"},
    ],
    ids=str,
)
@pytest.mark.parametrize("labels", [LETTERS, LETTERS == "a"], ids=["three", "two"])
def test_a_classifier_set_to_its_weights_is_the_same_to_the_last_bit(
    parameters, labels
):
    model = LSTMClassifier(**FAST | parameters).fit(X, labels)
    weights = get_weights(model)
    copy = set_weights(LSTMClassifier(), weights, classes=model.classes_)
    assert_same_weights(get_weights(copy), weights)
    assert_array_equal(copy.predict_proba(X), model.predict_proba(X))
    assert_array_equal(copy.predict(X), model.predict(X))
    for name in ("cell", "peephole", "reset_after", "pooling", "dtype"):
        assert getattr(copy, name) == getattr(model, name)


@pytest.mark.parametrize("columns", [1, 2])
def test_a_regressor_set_to_its_weights_predicts_the_same(columns):
    y = 100 + X[:, -1, :columns]
    y = y[:, 0] if columns == 1 else y
    model = LSTMRegressor(**FAST, dtype="float64").fit(X, y)
    copy = set_weights(LSTMRegressor(), get_weights(model))
    assert copy.predict(X).shape == y.shape
    assert_close(copy.predict(X), model.predict(X), 1e-13)


@pytest.mark.parametrize("output", ["last", "max", "sequence"])
def test_a_transformer_set_to_weights_gives_the_same_features(output):
    model = SequenceTransformer(**FAST, output=output).fit(X)
    copy = set_weights(SequenceTransformer(output=output), get_weights(model))
    assert_array_equal(copy.transform(X), model.transform(X))


def test_a_transformer_needs_no_head_and_may_read_in_both_directions():
    weights = random_weights("gru", bidirectional=True)
    weights = RecurrentWeights("gru", weights.layers)
    transformer = SequenceTransformer(objective="regression")
    assert set_weights(transformer, weights).transform(X).shape == (24, 10)


def test_a_tagger_set_to_its_weights_labels_the_same():
    y = [list(np.where(x[:, 0] > 0, "up", "down")) for x in X]
    model = LSTMTagger(**FAST).fit(X, y)
    copy = set_weights(LSTMTagger(), get_weights(model), classes=model.classes_)
    for found, expected in zip(
        copy.predict_proba(X), model.predict_proba(X), strict=True
    ):
        assert_array_equal(found, expected)


def test_weights_of_symbols_have_their_table():
    texts = ["abcab", "cabca"] * 6
    model = LSTMLanguageModel(**FAST, embedding_size=4).fit(texts)
    weights = get_weights(model)
    assert weights.embedding.shape == (3 + 3, 4)  # unknown, start and end, and a, b, c
    assert weights.n_features == 4
    assert_same_weights(from_torch(to_torch(model)), weights)
    with pytest.raises(TypeError, match=r"set_weights sets .* got LSTMLanguageModel"):
        set_weights(LSTMLanguageModel(), weights)


SYMBOLS = ["the", "a", None, "dog", "cat"]
TEXTS = [["a", "dog"], ["the", "bird", "a", "cat", "the"], ["dog"]]


@pytest.mark.parametrize("unknown", [None, "fish"], ids=["has_a_row", "reads_the_mean"])
def test_a_tagger_reads_symbols_by_the_rows_of_a_table(unknown):
    """Not in the order of the table: the estimator sorts them."""
    symbols = [unknown if symbol is None else symbol for symbol in SYMBOLS]
    weights = random_weights(
        "gru", bidirectional=True, pooling=None, n_symbols=5, n_outputs=3
    )
    table = weights.embedding
    of_unknown = table[2] if unknown is None else table.mean(axis=0)
    X = [
        np.array(
            [table[symbols.index(w)] if w in symbols else of_unknown for w in text]
        )
        for text in TEXTS
    ]
    classes = ["noun", "article", "other"]
    of_vectors = RecurrentWeights("gru", weights.layers, weights.head)
    expected = set_weights(LSTMTagger(), of_vectors, classes=classes).predict_proba(X)
    tagger = set_weights(
        LSTMTagger(min_count=2), weights, classes=classes, symbols=symbols
    )
    for found, wanted in zip(tagger.predict_proba(TEXTS), expected, strict=True):
        assert_close(found, wanted, 1e-13)
    assert tagger.embedding_size == 3
    tagger.set_params(max_iter=2, warm_start=True)
    tagger.fit(TEXTS, [["noun"] * len(text) for text in TEXTS])
    assert len(tagger.loss_curve_) == 2


@pytest.mark.parametrize(
    "estimator, symbols, message",
    [
        (LSTMTagger(), None, "table of 5 symbols: expected as many in symbols"),
        (LSTMTagger(), list("abc"), "got 3"),
        (LSTMTagger(), list("abcda"), "must be different"),
        (LSTMTagger(lowercase=True), list("abcDA"), "reads 'd', .* in lower case"),
        (LSTMTagger(character_size=2), list("abcde"), "character_size=2"),
        (LSTMClassifier(), list("abcde"), "LSTMClassifier reads vectors"),
    ],
)
def test_symbols_that_do_not_fit_are_named(estimator, symbols, message):
    weights = random_weights("gru", n_symbols=5)
    before = estimator.get_params()
    with pytest.raises(ValueError, match=message):
        set_weights(estimator, weights, classes=["x", "y"], symbols=symbols)
    assert estimator.get_params() == before
    with pytest.raises(ValueError, match="the weights have none"):
        set_weights(
            LSTMTagger(), random_weights("gru"), classes=["x", "y"], symbols=["a"]
        )


# Classes ----


def test_classes_are_those_of_the_heads_outputs_in_any_order():
    weights, ragged = random_weights("gru", n_outputs=3), sequences()
    classes = ["c", "a", "b"]
    model = set_weights(LSTMClassifier(), weights, classes=classes)
    outputs = set_weights(LSTMRegressor(), weights).predict(ragged)
    assert model.classes_.tolist() == ["a", "b", "c"]
    probabilities = softmax(outputs)
    assert_close(model.predict_proba(ragged), probabilities[:, [1, 2, 0]], 1e-13)
    expected = np.array(classes)[outputs.argmax(axis=1)]
    assert_array_equal(model.predict(ragged), expected)


@pytest.mark.parametrize("classes", [["no", "yes"], ["yes", "no"]])
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_two_classes_have_one_output_or_two(classes, n_outputs):
    weights, ragged = random_weights("lstm", n_outputs=n_outputs), sequences()
    outputs = set_weights(LSTMRegressor(), weights).predict(ragged)
    logits = outputs if n_outputs == 1 else outputs[:, 1] - outputs[:, 0]
    of_second = 1 / (1 + np.exp(-logits))
    model = set_weights(LSTMClassifier(), weights, classes=classes)
    column = model.classes_.tolist().index(classes[1])
    assert_close(model.predict_proba(ragged)[:, column], of_second, 1e-13)


def test_a_tagger_takes_one_output_for_two_classes_too():
    weights, ragged = random_weights("lstm", n_outputs=1, pooling=None), sequences()
    model = set_weights(LSTMTagger(), weights, classes=["yes", "no"])
    states = set_weights(
        SequenceTransformer(objective="regression", output="sequence"), weights
    ).transform(ragged)
    logits = states[1] @ weights.head["weight"][0] + weights.head["bias"]
    expected = 1 / (1 + np.exp(-logits))  # of "no", the second of those given
    assert model.classes_.tolist() == ["no", "yes"]
    assert_close(model.predict_proba(ragged)[1][:, 0], expected, 1e-13)


# Training goes on ----


def test_a_model_set_to_weights_trains_on():
    first = LSTMClassifier(**FAST).fit(X, LETTERS)
    copy = set_weights(
        LSTMClassifier(max_iter=60, warm_start=True, random_state=0),
        get_weights(first),
        classes=first.classes_,
    )
    before = copy.predict_proba(X)
    assert copy.n_iter_ == 0
    assert copy.loss_curve_ == []
    assert np.isnan(copy.loss_)
    copy.fit(X, LETTERS)
    assert not np.array_equal(copy.predict_proba(X), before)
    assert copy.loss_curve_[0] < 1.05 * first.loss_
    assert copy.loss_ < 0.9 * first.loss_
    pieces = set_weights(LSTMClassifier(), get_weights(first), classes=first.classes_)
    assert len(pieces.partial_fit(X, LETTERS).loss_curve_) == 1
    with pytest.raises(ValueError, match="not among the classes"):
        pieces.partial_fit(X, np.where(LETTERS == "a", "d", LETTERS))


def test_layers_from_torch_are_fine_tuned_under_a_new_head():
    """A torch module that has learned to keep a number serves a classifier."""
    torch = pytest.importorskip("torch")
    rng = np.random.RandomState(0)
    X_many = rng.normal(size=(300, 8, 2))
    X_many[:, :, 1] = np.arange(8) == rng.randint(0, 6, size=(300, 1))
    kept = (X_many[:, :, 0] * X_many[:, :, 1]).sum(axis=1)
    teacher = LSTMRegressor(hidden_layer_sizes=16, max_iter=40, random_state=0)
    module = torch.nn.ModuleDict({"lstm": torch.nn.LSTM(2, 16)})
    arrays = to_torch(teacher.fit(X_many, kept))
    module.load_state_dict(
        {name: torch.tensor(a) for name, a in arrays.items() if "lstm" in name}
    )
    weights = from_torch(module.state_dict())
    assert weights.head is None
    tuned = LSTMClassifier(
        **weights.parameters, weight_init=weights.layers, pooling="last", max_iter=10,
        random_state=0,
    )  # fmt: skip
    fresh = clone(tuned).set_params(weight_init="orthogonal")
    labels = np.where(kept > 0, "positive", "negative")
    for model in (tuned, fresh):
        model.fit(X_many[:30], labels[:30])
    assert tuned.score(X_many[100:], labels[100:]) > 0.85
    assert fresh.score(X_many[100:], labels[100:]) < 0.75
    scores = cross_val_score(tuned, X_many[:60], labels[:60], cv=2)
    assert scores.min() > 0.8


def test_a_model_set_to_weights_pickles_streams_and_reads_any_length():
    weights = random_weights("lstm", n_outputs=3)
    model = set_weights(LSTMClassifier(pooling="last"), weights, classes=[0, 1, 2])
    again = pickle.loads(pickle.dumps(model))
    ragged = sequences()
    assert_array_equal(again.predict_proba(ragged), model.predict_proba(ragged))
    state = model.initial_state()
    for row in ragged[0]:
        answer, state = model.step(row, state)
    assert_array_equal(answer, model.predict_proba(ragged[:1]))
    assert model.n_features_in_ == 3
    with pytest.raises(ValueError, match="expecting 3 features"):
        model.predict([np.ones((4, 2))])


# What does not fit ----


@pytest.mark.parametrize(
    "estimator, words, message",
    [
        (LSTMClassifier(), {}, "classes must be given: what the 2 output"),
        (LSTMTagger(), {}, "classes must be given"),
        (LSTMRegressor(), {"classes": [0, 1]}, "a regressor has none"),
        (LSTMClassifier(), {"classes": list("abc")}, "2 outputs, but there are 3"),
        (LSTMClassifier(), {"classes": ["a", "a"]}, "two different labels"),
        (LSTMClassifier(), {"classes": ["a"]}, "two different labels"),
        (LSTMRegressor(loss="cubic"), {}, "The 'loss' parameter"),
        (LSTMRegressor(zoneout=0.1), {}, "zoneout=0.1 mixes states"),
        (LSTMRegressor(forget_bias=0.0), {}, "forget_bias=0.0 has no effect"),
        (SequenceTransformer(), {}, "bidirectional=True does not go with"),
    ],
)
def test_what_does_not_fit_is_named_and_changes_nothing(estimator, words, message):
    before = estimator.get_params()
    weights = random_weights("gru", bidirectional=True)
    with pytest.raises((ValueError, TypeError), match=message):
        set_weights(estimator, weights, **words)
    assert estimator.get_params() == before
    assert not estimator.__sklearn_is_fitted__()


def test_a_head_is_needed_to_predict():
    weights = RecurrentWeights("gru", random_weights("gru").layers)
    with pytest.raises(ValueError, match=r"weight_init=weights\.layers, and fit"):
        set_weights(LSTMRegressor(), weights)


def test_a_fitted_estimator_stays_as_it_was_if_weights_do_not_fit():
    model = LSTMClassifier(**FAST).fit(X, LETTERS)
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match="2 outputs"):
        set_weights(model, random_weights("gru"), classes=list("abc"))
    assert_array_equal(model.predict_proba(X), before)


def test_other_estimators_are_named():
    series = np.sin(np.arange(120) / 3)
    for model in (
        LSTMForecaster(**FAST).fit(series),
        LSTMSeq2Seq(**FAST).fit(["ab"] * 4, ["ba"] * 4),
    ):
        with pytest.raises(TypeError, match=f"got {type(model).__name__}.*layers_"):
            get_weights(model)
    with pytest.raises(TypeError, match="got LSTMTranscriber"):
        set_weights(LSTMTranscriber(), random_weights("gru"))


def test_what_is_more_than_layers_and_a_head_is_named():
    words = [["aa", "b"], ["b", "aa"]] * 4
    tags = [["x", "y"], ["y", "x"]] * 4
    for parameters, message in (
        ({"output": "crf"}, "output='crf'"),
        ({"character_size": 2}, "character_size"),
        ({"zoneout": 0.2}, r"zoneout=0\.2"),
    ):
        model = LSTMTagger(**FAST, **parameters).fit(words, tags)
        with pytest.raises(ValueError, match=message):
            get_weights(model)


def test_an_estimator_that_is_not_fitted_is_named():
    with pytest.raises(ValueError, match="not fitted"):
        get_weights(LSTMClassifier())
