"""`TranscriptionDisplay`: labels over time."""

import pytest
from inspection.drawings import legend_of
from inspection.step_by_step import fitted, make_sequences
from numpy.testing import assert_allclose, assert_array_equal

from sklstm import (
    LSTMClassifier,
    LSTMTranscriber,
)
from sklstm.inspection import (
    TranscriptionDisplay,
)


@pytest.fixture(scope="module")
def transcriber():
    X = make_sequences(lengths=(9, 8, 9, 8, 9, 10))
    model = LSTMTranscriber(hidden_layer_sizes=6, max_iter=2, random_state=0)
    return model.fit(X, ["abc", "ab", "cab", "aa", "b", "ca"]), X


def test_a_transcript_is_drawn_with_the_spans_of_its_labels(transcriber):
    model, X = transcriber
    display = TranscriptionDisplay.from_estimator(model, X, ["b", "aba"], sample=1)
    (probabilities,) = model.predict_proba(X[1:2])
    (spans,) = model.align(X[1:2], ["aba"])
    assert list(display.lines_) == [None, "a", "b"]
    for label, line in display.lines_.items():
        column = -1 if label is None else "abc".index(label)
        assert_array_equal(line.get_ydata(), probabilities[:, column])
    assert [text.get_text() for text in display.text_] == ["a", "b", "a"]
    for patch, text, (first, last) in zip(
        display.spans_, display.text_, spans, strict=True
    ):
        assert_allclose(patch.get_extents().width > 0, True)
        assert_allclose(
            [patch.get_x(), patch.get_width()], [first - 0.5, last - first + 1]
        )
        assert_allclose(text.get_position()[0], (first + last) / 2)
        label = text.get_text()
        assert text.get_color() == display.lines_[label].get_color()
    assert legend_of(display.ax_) == ["blank"]


def test_a_transcript_is_the_predicted_one_by_default(transcriber):
    model, X = transcriber
    display = TranscriptionDisplay.from_estimator(model, X, sample=-1)
    assert display.labels == list(model.predict(X)[-1])
    for arguments, message in (
        ({"sample": 6}, "sample=6 is out of range"),
        ({"y": ["x"]}, "x"),
    ):
        with pytest.raises(ValueError, match=message):
            TranscriptionDisplay.from_estimator(model, X, **arguments)
    with pytest.raises(TypeError, match="does not align labels with steps"):
        TranscriptionDisplay.from_estimator(fitted(LSTMClassifier), X)
