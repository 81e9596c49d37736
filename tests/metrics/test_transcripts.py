"""Scores of answers whose length is free: label error rate, BLEU."""

import math
import random

import numpy as np
import pytest

from sklstm.metrics import bleu, label_error_rate


def test_errors_are_counted_over_all_labels():
    assert label_error_rate(["kitten", "ab"], ["sitting", "ab"]) == 3 / 8
    assert label_error_rate([["one", 2]], [[2, "one", 2, 2]]) == 1
    assert label_error_rate([[1], [2, 2]], [[2], [2]], sample_weight=[3, 1]) == 4 / 5


def test_without_labels_every_prediction_is_infinitely_wrong():
    assert label_error_rate([[]], [[]]) == 0
    assert label_error_rate([[]], [[1]]) == math.inf
    assert label_error_rate([[], [1]], [[1], [1]]) == 1


# ---- BLEU ----


def words(text):
    return text.split()


def test_a_perfect_translation_has_100_and_a_strange_one_0():
    reference = words("a b c d e")
    assert bleu([reference], [reference]) == 100
    assert bleu([reference], [words("x y z u v")]) == 0
    assert bleu([reference], [[]]) == 0


def test_bleu_by_hand():
    """Precisions 5/6, 3/5, 1/4 and, smoothed, 1/(2*3)."""
    score = bleu([words("the cat sat on the mat")], [words("the cat is on the mat")])
    assert score == pytest.approx(100 * (5 / 6 * 3 / 5 * 1 / 4 * 1 / 6) ** 0.25)


def test_short_translations_are_penalised():
    reference, part = words("a b c d e f g h"), words("a b c d e f")
    assert bleu([reference], [part]) == pytest.approx(100 * math.exp(1 - 8 / 6))
    assert bleu([part], [part]) == 100
    assert bleu([[reference, part]], [part]) == 100
    # Seven words are as near to six as to eight: the shorter reference counts.
    assert bleu([[reference, part]], [reference[:7]]) == 100


def test_an_n_gram_counts_as_often_as_in_one_reference():
    reference, again = words("a b c d e f"), words("a a b c d e f")
    once = bleu([reference], [again])
    assert once < 90
    assert bleu([[reference, reference]], [again]) == once


def test_words_may_be_anything_hashable_and_references_arrays():
    assert bleu([[1, (2, 3), None, "x"]], [[1, (2, 3), None, "x"]]) == 100
    references = [[np.array(["a", "b", "c", "d"]), ["x"]]]
    assert bleu(references, [np.array(["a", "b", "c", "d"])]) == 100
    assert bleu([np.array([["a", "b", "c", "d"]])], [["a", "b", "c", "d"]]) == 100


def test_weights_of_bleu_count_as_repetitions():
    y_true = [words("a b c d e"), words("f g h i j k"), words("l m n o")]
    y_pred = [words("a b c d x"), words("f g x i j k"), words("l m n o")]
    weighted = bleu(y_true, y_pred, sample_weight=[2, 0, 1])
    repeated = [0, 0, 2]
    again = bleu([y_true[i] for i in repeated], [y_pred[i] for i in repeated])
    assert weighted == pytest.approx(again, rel=1e-12)


@pytest.mark.parametrize(
    "y_true, y_pred, message",
    [
        (["a b"], [["a"]], r"y_true\[0\] is 'a b': expected a list of words"),
        ([["a"]], ["a b"], r"y_pred\[0\] is 'a b': expected a list of words; split"),
        ([[["a"], "b"]], [["a"]], r"y_true\[0\] mixes words and references"),
    ],
)
def test_strings_are_not_taken_letter_by_letter(y_true, y_pred, message):
    with pytest.raises(ValueError, match=message):
        bleu(y_true, y_pred)


def test_bleu_is_that_of_sacrebleu():
    sacrebleu = pytest.importorskip("sacrebleu")
    draw = random.Random(0)
    n_positive = 0
    for _ in range(300):
        letters = "abcdef"[: draw.randint(2, 6)]
        n_references = draw.randint(1, 3)
        y_true = [
            [draw.choices(letters, k=draw.randint(1, 9)) for _ in range(n_references)]
            for _ in range(draw.randint(1, 4))
        ]
        y_pred = [
            [w if draw.random() < 0.8 else draw.choice(letters)
             for w in draw.choice(references)][: draw.randint(1, 9)]
            for references in y_true
        ]  # fmt: skip
        expected = sacrebleu.corpus_bleu(
            [" ".join(found) for found in y_pred],
            [list(map(" ".join, column)) for column in zip(*y_true, strict=True)],
            tokenize="none",
            force=True,
        ).score
        assert bleu(y_true, y_pred) == pytest.approx(expected, abs=1e-9)
        n_positive += expected > 0
    assert n_positive > 100
