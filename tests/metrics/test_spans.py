"""Spans as the conlleval script counts them."""

import random

import pytest

from sklstm.metrics import extract_spans, span_f1, span_report

TAGS = ["O", *(f"{p}-{kind}" for p in "BIES" for kind in ("x", "y", "a-b"))]


@pytest.mark.parametrize(
    "tags, spans",
    [
        ("O O", []),
        ("B-x I-x O", [("x", 0, 2)]),
        ("B-x B-x", [("x", 0, 1), ("x", 1, 2)]),
        ("O I-x I-x", [("x", 1, 3)]),
        ("I-x", [("x", 0, 1)]),
        ("B-x I-y", [("x", 0, 1), ("y", 1, 2)]),
        ("I-x B-x I-x", [("x", 0, 1), ("x", 1, 3)]),
        ("B-x I-x E-x E-x", [("x", 0, 3), ("x", 3, 4)]),
        ("B-x E-x I-x", [("x", 0, 2), ("x", 2, 3)]),
        ("S-x S-x I-x", [("x", 0, 1), ("x", 1, 2), ("x", 2, 3)]),
        ("B-x S-x", [("x", 0, 1), ("x", 1, 2)]),
        ("O E-x", [("x", 1, 2)]),
        ("B-x O I-x", [("x", 0, 1), ("x", 2, 3)]),
        ("B-a-b I-a-b I-a", [("a-b", 0, 2), ("a", 2, 3)]),
        ("B I I", [("", 0, 3)]),
        ("", []),
    ],
)
def test_spans_of_a_sequence(tags, spans):
    assert extract_spans(tags.split()) == spans


def test_report_counts_by_type_and_over_all():
    y_true = [["B-x", "I-x", "O", "B-y"], ["B-x", "O", "S-z"]]
    y_pred = [["B-x", "I-x", "B-y", "I-y"], ["B-x", "O", "O"]]
    report = span_report(y_true, y_pred)
    assert report["all"][3:] == (4, 3, 2)
    assert report["all"][:2] == (2 / 3, 2 / 4)
    assert report["all"].f1 == span_f1(y_true, y_pred) == pytest.approx(4 / 7)
    assert list(report["types"]) == ["x", "y", "z"]
    assert report["types"]["x"] == (1, 1, 1, 2, 2, 2)
    assert report["types"]["y"] == (0, 0, 0, 1, 1, 0)
    assert report["types"]["z"] == (0, 0, 0, 1, 0, 0)


def test_a_span_of_another_sequence_does_not_count():
    assert span_f1([["B-x"], ["O"]], [["O"], ["B-x"]]) == 0


def test_no_spans_score_zero():
    assert span_report([["O"]], [["O"]]) == {"all": (0, 0, 0, 0, 0, 0), "types": {}}


def test_weights_count_as_repetitions():
    y_true = [["B-x", "O"], ["B-x", "B-y"], ["O", "B-y"]]
    y_pred = [["B-x", "O"], ["B-y", "B-y"], ["B-y", "B-y"]]
    repeated = [0, 0, 2, 2, 2]
    weighted = span_report(y_true, y_pred, sample_weight=[2, 0, 3])
    again = span_report([y_true[i] for i in repeated], [y_pred[i] for i in repeated])
    assert weighted["all"] == again["all"]


@pytest.mark.parametrize("tag", ["x", "U-x", "o", "", "b-x", 3, None, "-x"], ids=repr)
def test_what_is_no_tag_is_refused(tag):
    with pytest.raises(ValueError, match=r"y_pred\[1\]\[2\] is .*: expected 'O' or a"):
        span_f1([["O"], ["O"] * 3], [["O"], ["O", "O", tag]])
    with pytest.raises(ValueError, match=r"tags\[0\] is"):
        extract_spans([tag])


def test_scores_are_those_of_seqeval():
    """Its default mode, for whatever tags in whatever order."""
    seqeval = pytest.importorskip("seqeval.metrics")
    draw = random.Random(0)
    for _ in range(300):
        y_true = [
            draw.choices(TAGS, k=draw.randint(1, 8)) for _ in range(draw.randint(1, 5))
        ]
        y_pred = [
            [tag if draw.random() < 0.6 else draw.choice(TAGS) for tag in tags]
            for tags in y_true
        ]
        if not any(extract_spans(tags) for tags in y_pred):
            continue  # seqeval warns
        if not any(extract_spans(tags) for tags in y_true):
            continue
        scores = span_report(y_true, y_pred)["all"]
        assert scores.f1 == seqeval.f1_score(y_true, y_pred)
        assert scores.precision == seqeval.precision_score(y_true, y_pred)
        assert scores.recall == seqeval.recall_score(y_true, y_pred)
