"""The bundled speech set: its facts, its precision, its licence."""

from importlib.resources import files

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from sklstm.datasets import load_japanese_vowels

# Utterances per speaker as the description of the original files counts them.
TEST_COUNTS = [31, 35, 88, 44, 29, 24, 40, 50, 29]


def test_parts_have_the_published_sizes():
    data = load_japanese_vowels()
    assert len(data.X_train) == len(data.y_train) == 270
    assert len(data.X_test) == len(data.y_test) == 370
    assert_array_equal(np.bincount(data.y_train), [30] * 9)
    assert_array_equal(np.bincount(data.y_test), TEST_COUNTS)


def test_utterances_are_float32_of_7_to_29_steps():
    X, _ = load_japanese_vowels(return_X_y=True, subset="all")
    assert {x.dtype for x in X} == {np.dtype(np.float32)}
    assert {x.shape[1] for x in X} == {12}
    lengths = [len(x) for x in X]
    assert (min(lengths), max(lengths)) == (7, 29)
    assert all(np.isfinite(x).all() for x in X)


def test_first_step_is_that_of_the_original_files():
    data = load_japanese_vowels()
    first = [f"{value:.6f}" for value in data.X_train[0][0][:3]]
    assert first == ["1.860936", "-0.207383", "0.261557"]


def test_values_round_to_the_printed_six_decimals(shared_data):
    X, y = load_japanese_vowels(return_X_y=True, subset="all")
    with np.load(shared_data / "tsc" / "JapaneseVowels.npz") as original:
        printed = np.concatenate([original["X_train"], original["X_test"]])
        lengths = np.concatenate([original["len_train"], original["len_test"]])
        speakers = np.concatenate([original["y_train"], original["y_test"]])
    stored = np.concatenate(X).astype(np.float64)
    assert_array_equal(stored.round(6), printed)
    assert_array_equal([len(x) for x in X], lengths)
    assert_array_equal(y, speakers)


@pytest.mark.parametrize(("subset", "n"), [("train", 270), ("test", 370), ("all", 640)])
def test_return_X_y_gives_the_subset(subset, n):
    X, y = load_japanese_vowels(return_X_y=True, subset=subset)
    assert len(X) == len(y) == n


def test_subsets_are_the_parts_of_the_bunch():
    data = load_japanese_vowels()
    X, y = load_japanese_vowels(return_X_y=True, subset="test")
    assert_array_equal(np.concatenate(X), np.concatenate(data.X_test))
    assert_array_equal(y, data.y_test)


def test_unknown_subset_names_the_known_ones():
    with pytest.raises(ValueError, match=r"subset='validation'.*'train', 'test'"):
        load_japanese_vowels(subset="validation")


def test_each_call_returns_arrays_of_its_own():
    X, y = load_japanese_vowels(return_X_y=True)
    kept = X[0].copy()
    X[0][:] = 0
    y[:] = 0
    X, y = load_japanese_vowels(return_X_y=True)
    assert_array_equal(X[0], kept)
    assert y.max() == 8


def test_licence_and_attribution_ship_with_the_data():
    text = files("sklstm.datasets").joinpath("data/LICENSE-JapaneseVowels.txt")
    for words in ("Kudo", "CC BY 4.0", "10.24432/C5NS47", "Changes made"):
        assert words in text.read_text("utf-8")
        assert words in load_japanese_vowels().DESCR
    assert "CC BY 4.0" in load_japanese_vowels.__doc__


def test_list_goes_through_cross_validation():
    X, y = load_japanese_vowels(return_X_y=True)
    means = FunctionTransformer(lambda X: np.array([x.mean(axis=0) for x in X]))
    model = make_pipeline(means, DecisionTreeClassifier(random_state=0))
    scores = cross_validate(model, X, y, cv=StratifiedKFold(3), error_score="raise")[
        "test_score"
    ]
    # One speaker in nine is 0.11; a tree on the mean coefficients finds most.
    assert scores.mean() > 0.6
