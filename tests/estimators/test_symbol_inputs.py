"""What estimators of symbols read, and what they refuse to take for something else."""

import numpy as np
import pytest
from estimators.tagging_problems import as_object_array
from numpy.testing import assert_array_equal

from sklstm import LSTMLanguageModel, LSTMSeq2Seq, LSTMTagger, LSTMTranscriber

SMALL = {"hidden_layer_sizes": 4, "max_iter": 1, "random_state": 0}
WORDS = [["to", "Rome"], ["from", "Oslo", "please"], ["to", "Oslo"]] * 4
LABELS = [["O", "to"], ["O", "from", "O"], ["O", "to"]] * 4
CODES = [[1, 2], [3, 4, 1], [2, 1]] * 4
ROLLS = [np.eye(3), np.ones((4, 3)), np.zeros((2, 3))] * 4
ROLL_LABELS = [["a", "b", "a"], ["b", "b", "a", "b"], ["a", "a"]] * 4
LIBRARIES = ["pandas", "polars"]

# An estimator and the y that it learns of X.
LEARNERS = {
    "tagger": (LSTMTagger, lambda X: [["ab"[len(x) % 2]] * len(x) for x in X]),
    "language model": (LSTMLanguageModel, lambda X: None),
    "seq2seq": (LSTMSeq2Seq, lambda X: ["ab", "c"] * (len(X) // 2)),
}
each_learner = pytest.mark.parametrize("learner", LEARNERS)
WRITERS = {"seq2seq": LSTMSeq2Seq, "transcriber": LSTMTranscriber}
each_writer = pytest.mark.parametrize("writer", WRITERS)
STEPS = [np.zeros((9, 2)), np.ones((9, 2))]


def fitted(learner, X, **parameters):
    make, y_of = LEARNERS[learner]
    return make(**SMALL, **parameters).fit(X, y_of(X))


def assert_fails_as_it_was(model, call, message):
    """Fail unless the call raises, and leaves all attributes the same objects."""
    before = dict(vars(model))
    with pytest.raises(ValueError, match=message):
        call()
    after = vars(model)
    assert after.keys() == before.keys()
    assert all(after[name] is before[name] for name in before)


# ---- symbols of another kind -------------------------------------------------------


@each_learner
def test_a_string_is_not_read_where_lists_of_words_were_learned(learner):
    model = fitted(learner, WORDS)
    message = r"X\[1\] is a string, .* for example X\[1\]\.split\(\)"
    for method in ("predict", "predict_proba", "score_samples", "predict_n_best"):
        if hasattr(model, method):
            with pytest.raises(ValueError, match=message):
                getattr(model, method)([["to", "Rome"], "to Rome"])
    y = LEARNERS[learner][1](WORDS)
    X = [WORDS[0], "to Rome", *WORDS[2:]]
    for fit in (model.partial_fit, model.fit, model.score):
        assert_fails_as_it_was(model, lambda fit=fit: fit(X, y), message)


def test_a_prime_is_not_read_as_characters_where_words_were_learned():
    model = fitted("language model", WORDS)
    with pytest.raises(ValueError, match="prime is a string, but the model was fitted"):
        model.generate("to Rome")
    assert model.generate(["to", "Rome"], 0) == ["to", "Rome"]


@each_learner
def test_words_are_not_read_where_strings_were_learned(learner):
    model = fitted(learner, ["ab", "abc"] * 6)
    with pytest.raises(ValueError, match=r"X\[0\]\[1\] is 'ab', but .* on strings"):
        model.predict([["a", "ab"], ["c"]])
    assert_array_equal(*(model.predict(X)[0] for X in (["ab"], [["a", "b"]])))


@each_learner
@pytest.mark.parametrize("X", [WORDS, CODES], ids=["words", "codes"])
def test_numbers_are_not_read_where_symbols_were_learned(learner, X):
    model = fitted(learner, X)
    for table in (np.full((2, 3), 0.5), [np.full(3, 0.5)], [[0.5, 1]]):
        with pytest.raises(ValueError, match=r"X\[0\]\[0\] is the number 0.5, but"):
            model.predict(table)


def test_strings_in_lower_case_stay_strings():
    X, y = ["İb", "Bc"] * 6, [["x", "y"]] * 12  # İ has two characters in lower case
    tagger = LSTMTagger(**SMALL, lowercase=True).fit(X, y)
    assert len(tagger.predict(["İbc"])[0]) == 3


@each_writer
def test_targets_are_of_the_kind_learned(writer):
    model = WRITERS[writer](**SMALL).fit(STEPS, [["to", "Rome"], ["from"]])
    with pytest.raises(ValueError, match=r"y\[0\] is a string, but .* on lists"):
        model.score(STEPS, ["to", "from"])
    model = WRITERS[writer](**SMALL).fit(STEPS, ["to", "from"])
    with pytest.raises(ValueError, match=r"y\[1\]\[0\] is 'from', but .* on strings"):
        model.score(STEPS, ["to", ["from"]])
    assert np.isfinite(model.score(STEPS, [["t", "o"], "x"]))


def test_strings_may_be_some_of_given_labels():
    labels = ["sil", "a", "b"]
    model = LSTMTranscriber(**SMALL).partial_fit(STEPS, ["ab", "ba"], classes=labels)
    model.partial_fit(STEPS, ["ab", ["sil", "a"]])
    assert sorted(model.classes_) == sorted(labels)
    with pytest.raises(ValueError, match=r"classes\[1\] is NaN"):
        LSTMTranscriber().partial_fit(STEPS, ["a", "a"], classes=["a", np.nan])


# ---- symbols or vectors ------------------------------------------------------------


def test_one_float_anywhere_means_vectors():
    X, y = [[1, 2.5, 3], [0.5, 1, 2]] * 4, [["a", "b", "a"], ["b", "a", "b"]] * 4
    assert LSTMTagger(**SMALL).fit(X, y)._reader.table is None
    assert fitted("seq2seq", X)._reader.kind == "vectors"
    with pytest.raises(ValueError, match=r"channel 0 of sample 0 is 1.5 at step 1"):
        fitted("language model", [[1, 1.5], [1, 2]])


@each_learner
def test_integers_in_lists_and_in_arrays_are_symbols(learner):
    X = ([np.array(codes) for codes in CODES], as_object_array(CODES), CODES)
    answers = [fitted(learner, x).predict(x[:4]) for x in X]
    for answer in answers[:2]:
        assert list(map(list, map(np.atleast_1d, answer))) == list(
            map(list, map(np.atleast_1d, answers[2]))
        )


@each_learner
def test_a_missing_value_is_no_symbol(learner):
    X = [*WORDS[:2], ["to", np.nan], *WORDS[3:]]
    message = r"X\[2\]\[1\] is NaN, a missing value"
    with pytest.raises(ValueError, match=message):
        fitted(learner, X)
    model = fitted(learner, WORDS)
    with pytest.raises(ValueError, match=message):
        model.predict(X)


@each_writer
def test_a_missing_value_is_no_target(writer):
    with pytest.raises(ValueError, match=r"y\[1\]\[0\] is NaN, a missing value"):
        WRITERS[writer](**SMALL).fit(STEPS, [["a"], [np.nan]])


# ---- parameters that vectors give nothing to do ------------------------------------


@pytest.mark.parametrize(
    "parameters",
    [
        {"embedding_size": 5}, {"min_count": 2}, {"lowercase": True},
        {"character_size": 3}, {"character_embedding_size": 3}, {"unknown_rate": 0.1},
    ],
)  # fmt: skip
def test_a_tagger_of_vectors_has_no_parameters_of_symbols(parameters):
    [(name, value)] = parameters.items()
    tagger = LSTMTagger(**SMALL).fit(ROLLS, ROLL_LABELS)
    default = getattr(tagger, name)
    tagger.set_params(**parameters)
    message = f"{name}={value!r} is for symbols, but X holds vectors.*{default!r}"
    assert_fails_as_it_was(tagger, lambda: tagger.fit(ROLLS, ROLL_LABELS), message)
    message = f"{name}={default!r}.* go on with {name}=|{message}"
    call = lambda: tagger.partial_fit(ROLLS, ROLL_LABELS)  # noqa: E731
    assert_fails_as_it_was(tagger, call, message)
    tagger.predict(ROLLS)


@pytest.mark.parametrize(
    "parameters",
    [
        {"embedding_size": 5}, {"min_count": 2}, {"tie_embedding": True},
        {"n_negatives": 3}, {"mark_ends": True},
    ],
)  # fmt: skip
def test_a_language_model_of_vectors_has_no_parameters_of_symbols(parameters):
    [(name, value)] = parameters.items()
    model = LSTMLanguageModel(**SMALL).set_params(**parameters)
    message = f"{name}={value!r} is for symbols, but X holds vectors"
    assert_fails_as_it_was(model, lambda: model.fit(ROLLS), message)


def test_marks_may_be_said_not_to_be_there():
    assert LSTMLanguageModel(**SMALL, mark_ends=False).fit(ROLLS).symbols_ is None


def test_one_vector_a_sample_has_no_encoder():
    X, y = np.eye(4), ["a", "b", "ab", "ba"]
    model = LSTMSeq2Seq(**SMALL, encoder_layer_sizes=3)
    message = "encoder_layer_sizes=3 has no effect where a sample is one vector"
    assert_fails_as_it_was(model, lambda: model.fit(X, y), message)


# ---- columns of data frames --------------------------------------------------------


@each_learner
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("X", [WORDS, ["ab", "abc"] * 6], ids=["lists", "strings"])
def test_a_column_is_as_good_as_a_list(learner, library, X):
    Series = pytest.importorskip(library).Series
    make, y_of = LEARNERS[learner]
    y = y_of(X)
    model = make(**SMALL).fit(Series(X), y if y is None else Series(y))
    expected = make(**SMALL).fit(X, y)
    assert_array_equal(model._network.parameters, expected._network.parameters)
    for one, other in zip(model.predict(Series(X)), expected.predict(X), strict=True):
        assert_array_equal(one, other)
    assert model.score(Series(X), y) == expected.score(X, y)


@pytest.mark.parametrize("library", LIBRARIES)
def test_labels_in_a_column_are_written_as_they_were_given(library):
    Series = pytest.importorskip(library).Series
    for y in (["ab", "b"], [["a", "b"], ["b"]]):
        model = LSTMTranscriber(**SMALL).fit(STEPS, Series(y))
        assert isinstance(model.predict(STEPS)[0], type(y[0]))


@each_learner
@pytest.mark.parametrize("library", LIBRARIES)
def test_a_data_frame_of_one_column_is_told_to_be_a_column(learner, library):
    DataFrame = pytest.importorskip(library).DataFrame
    message = r"X is a data frame: .* pass the column that holds them: X\['text'\]"
    make, y_of = LEARNERS[learner]
    for X in (WORDS, ["ab", "abc"] * 6):
        frame = DataFrame({"text": X})
        with pytest.raises(ValueError, match=message):
            make(**SMALL).fit(frame, y_of(X))
        with pytest.raises(ValueError, match=message):
            fitted(learner, X).predict(frame)


@each_writer
@pytest.mark.parametrize("library", LIBRARIES)
def test_targets_in_a_data_frame_are_told_to_be_a_column(writer, library):
    DataFrame = pytest.importorskip(library).DataFrame
    with pytest.raises(ValueError, match=r"y is a data frame: .* y\['said'\]"):
        WRITERS[writer](**SMALL).fit(STEPS, DataFrame({"said": ["ab", "c"]}))


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_data_frame_has_a_label_for_each_step(library):
    DataFrame = pytest.importorskip(library).DataFrame
    rng = np.random.RandomState(0)
    X = rng.normal(size=(12, 3))
    y = np.where(X > 0, "up", "down")
    weights = rng.uniform(size=X.shape)
    names = ["a", "b", "c"]
    frame, of_frame, weights_of_frame = (
        DataFrame({name: table[:, k] for k, name in enumerate(names)})
        for table in (X, y, weights)
    )
    tagger = LSTMTagger(**SMALL).fit(frame, of_frame, weights_of_frame)
    expected = LSTMTagger(**SMALL).fit(X, y, weights)
    assert_array_equal(tagger._network.parameters, expected._network.parameters)
    assert tagger.score(frame, of_frame) == expected.score(X, y)
    numbers = DataFrame({"a": [0, 1] * 6, "b": [1, 0] * 6, "c": [1, 1] * 6})
    assert_array_equal(LSTMTagger(**SMALL).fit(frame, numbers).classes_, [0, 1])
    with pytest.raises(ValueError, match=r"y is a data frame of one column.*y\['y'\]"):
        LSTMTagger(**SMALL).fit(frame, DataFrame({"y": list(map(list, y))}))
    one, of_one = DataFrame({"a": X[:, 0]}), DataFrame({"a": y[:, 0]})
    assert len(LSTMTagger(**SMALL).fit(one, of_one).predict(one)[0]) == 1


# ---- errors ------------------------------------------------------------------------


@each_writer
@pytest.mark.parametrize(
    ("y", "message"),
    [
        (5, "y is of type int: expected many sequences of symbols"),
        ("ab", "y is a string: expected many sequences of symbols"),
        ([np.array(3)] * 2, r"y\[0\] is an array of shape \(\): expected a sequence"),
        ([np.zeros((1, 1))] * 2, r"y\[0\] is an array of shape \(1, 1\): expected"),
    ],
)
def test_what_is_no_sequence_of_symbols_is_named(writer, y, message):
    model = WRITERS[writer](**SMALL)
    assert_fails_as_it_was(model, lambda: model.fit(STEPS, y), message)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
@pytest.mark.parametrize("named", [False, True])
def test_a_number_missing_of_one_vector_is_named(bad, named):
    X, y = np.eye(4), ["a", "b", "ab", "ba"]
    wrong = X.copy()
    wrong[2, 1] = bad
    place = "sample 2, feature 1"
    if named:
        pandas = pytest.importorskip("pandas")
        X, wrong = (pandas.DataFrame(x, columns=list("pqrs")) for x in (X, wrong))
        place += r" \('q'\)"
    what = "NaN" if np.isnan(bad) else "infinity or a value too large for .*float32.*"
    message = f"Input X contains {what}: {place}"
    model = LSTMSeq2Seq(**SMALL)
    assert_fails_as_it_was(model, lambda: model.fit(wrong, y), message)
    model.fit(X, y)
    assert_fails_as_it_was(model, lambda: model.predict(wrong), message)


def test_labels_may_be_tuples():
    pairs = {"O": ("O", 0), "to": ("B", 1), "from": ("B", 0)}
    y = [[pairs[label] for label in labels] for labels in LABELS]
    of_names = [[repr(label) for label in labels] for labels in y]
    for how in ({}, {"output": "crf"}, {"class_weight": "balanced"}):
        tagger = LSTMTagger(**SMALL, **how).fit(WORDS, y)
        assert tagger.classes_.tolist() == [("B", 0), ("B", 1), ("O", 0)]
        names = LSTMTagger(**SMALL, **how).fit(WORDS, of_names)
        for found, named in zip(
            tagger.predict(WORDS), names.predict(WORDS), strict=True
        ):
            assert list(map(repr, found)) == named.tolist()
        assert tagger.score(WORDS, y) == names.score(WORDS, of_names)
    tagger = LSTMTagger(**SMALL, class_weight={("B", 0): 2.0}).fit(WORDS, y)
    names = LSTMTagger(**SMALL, class_weight={"('B', 0)": 2.0}).fit(WORDS, of_names)
    assert tagger.loss_ == names.loss_
    with pytest.raises(ValueError, match=r"weights for \[\('B', 7\)\], which are not"):
        LSTMTagger(**SMALL, class_weight={("B", 7): 2.0}).fit(WORDS, y)
    for classes in (list(pairs.values()), as_object_array(list(pairs.values()))):
        tagger = LSTMTagger(**SMALL).partial_fit(WORDS, y, classes=classes)
        tagger.partial_fit(WORDS, y, classes=classes)
        with pytest.raises(ValueError, match="cannot change"):
            tagger.partial_fit(WORDS, y, classes=classes[:2])


def test_a_beginning_is_called_prime():
    endless = LSTMLanguageModel(**SMALL).fit(["abcabc" * 5])
    with pytest.raises(ValueError, match="prime is empty, and this model has no begin"):
        endless.generate("")
    rolls = LSTMLanguageModel(**SMALL).fit(ROLLS)
    for prime in ([0, 1, 0, 1], np.zeros((2, 4)), np.zeros((0, 3)), "ab", 3, [[1], []]):
        with pytest.raises(ValueError, match=r"prime has the shape .* \(n_steps, 3\)"):
            rolls.generate(prime)
    assert rolls.generate([[0, 1, 0], [1, 0, 0]], 0).shape == (2, 3)
