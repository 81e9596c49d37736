"""LSTMTagger: what it refuses, and what it says."""

import numpy as np
import pytest
from estimators.tagging_problems import (
    assert_same_answers,
    make_sentences,
    make_tagger,
    make_vectors,
)

from sklstm import LSTMTagger, Sequences

X, Y = make_sentences()
X_VAL, Y_VAL = make_sentences(seed=1)
VECTORS, OF_VECTORS = make_vectors()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": None}, "requires y"),
        ({"y": Y[:-1]}, "X has 40, y has 39"),
        ({"y": [*Y[:3], Y[3][:-1], *Y[4:]]}, r"y\[3\] has \d labels, but X\[3\] has"),
        ({"y": ["O"] * 40}, r"y\[1\] has 1 labels"),
        ({"y": list(range(40))}, r"y\[0\] is 0: expected a label for each"),
        ({"y": "OOO"}, "expected a sequence of labels for each sequence"),
        ({"y": [["O"] * len(y) for y in Y]}, "at least two labels"),
        ({"y": [[0.5] * len(y) for y in Y]}, "no labels"),
        ({"y": [[1, *y[1:]] for y in Y]}, "of one kind"),
        ({"y": [[["O"]] * len(y) for y in Y]}, "of one kind"),
        ({"X": [*X[:7], [], *X[8:]]}, r"X\[7\] is empty"),
        ({"X": [*X[:7], [["a"]], *X[8:]]}, r"X\[7\]\[0\] is \['a'\]"),
        ({"X": "OOO"}, "many sequences"),
        ({"sample_weight": [1.0] * 39}, "39"),
        ({"sample_weight": [-1.0] * 40}, "[Nn]egative"),
        ({"sample_weight": [0.0] * 40}, "one non-zero"),
        ({"sample_weight": [[0.0] * len(y) for y in Y]}, "no step counts"),
        ({"sample_weight": [[1.0] for _ in Y[:-1]]}, "39 entries"),
        ({"sample_weight": [[1.0] * 99 for _ in Y]}, r"sample_weight\[0\] has shape"),
        (
            {"sample_weight": [*([1.0] * len(y) for y in Y[:2]), [np.nan] * len(Y[2]),
                               *([1.0] * len(y) for y in Y[3:])]},
            r"sample_weight\[2\]\[0\] is nan",
        ),
        ({"sample_weight": object()}, "sample_weight is <object"),
        ({"sample_weight": "heavy"}, "sample_weight is 'heavy'"),
        ({"sample_weight": np.array("heavy")}, r"sample_weight is array\('heavy'"),
        ({"sample_weight": ["a"] * 40}, r"sample_weight\[0\] is 'a': expected a"),
        (
            {"sample_weight": [[1.0] * len(y) for y in Y[:-1]] + [object()]},
            r"sample_weight\[39\] is <object",
        ),
        ({"X_val": X_VAL}, "y_val"),
        ({"X_val": X_VAL, "y_val": Y_VAL[::-1]}, r"y_val\[\d+\] has"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_used(change, message):
    data = {"X": X, "y": Y} | change
    tagger = make_tagger(max_iter=1, inputs="symbols")
    with pytest.raises(ValueError, match=message):
        tagger.fit(**data)
    assert not tagger.__sklearn_is_fitted__()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"solver": "lbfgs"}, "symbols need a stochastic solver"),
        ({"output": "crf", "class_weight": "balanced"}, "output='softmax'"),
        ({"inputs": "vectors", "character_size": 3}, "X holds vectors"),
        ({"bptt_steps": 3}, "bidirectional=True"),
        ({"embedding_size": 0}, "embedding_size"),
    ],
)
def test_parameters_that_mean_nothing(parameters, message):
    data = (VECTORS, OF_VECTORS) if "inputs" in parameters else (X, Y)
    with pytest.raises(ValueError, match=message):
        make_tagger(max_iter=1, **parameters).fit(*data)


def test_a_crf_takes_one_weight_a_sequence():
    weights = [np.ones(len(y)) for y in Y]
    weights[4][1] = 2
    with pytest.raises(ValueError, match=r"sample_weight\[4\] has different"):
        make_tagger(output="crf").fit(X, Y, weights)


def test_later_data_must_have_the_same_labels():
    tagger = make_tagger()
    with pytest.raises(ValueError, match="classes must be passed"):
        tagger.partial_fit(X, Y)
    with pytest.raises(ValueError, match="classes is 5: expected a list of all labels"):
        tagger.partial_fit(X, Y, classes=5)
    tagger.partial_fit(X, Y, classes=["O", "B-to", "B-from"])
    before = tagger.predict_proba(X)
    with pytest.raises(ValueError, match=r"y\[2\]\[0\] is 'B-via', which is not"):
        tagger.partial_fit(X, [*Y[:2], ["B-via"] * len(Y[2]), *Y[3:]])
    with pytest.raises(ValueError, match="cannot change"):
        tagger.partial_fit(X, Y, classes=["O", "B-via"])
    assert_same_answers(tagger.predict_proba(X), before)
    with pytest.raises(ValueError, match="output"):
        tagger.set_params(output="crf").partial_fit(X, Y)


def test_characters_are_those_of_strings():
    with pytest.raises(ValueError, match=r"X\[0\]\[1\] is 3: characters"):
        make_tagger(character_size=2).fit([["a", 3]] * 9, [["x", "y"]] * 9)


def test_predictions_need_inputs_like_those_of_fit():
    tagger = make_tagger(max_iter=1).fit(VECTORS, OF_VECTORS)
    with pytest.raises(ValueError, match="feature"):
        tagger.predict([np.zeros((3, 5))])
    assert isinstance(tagger.predict(Sequences.from_list(VECTORS)), np.ndarray)
    with pytest.raises(ValueError, match="not fitted"):
        LSTMTagger().predict(X)
