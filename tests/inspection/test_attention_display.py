"""`AttentionDisplay`: where a decoder looks."""

import numpy as np
import pytest
from inspection.drawings import x_labels
from inspection.step_by_step import fitted, make_sequences
from numpy.testing import assert_allclose

from sklstm import (
    LSTMClassifier,
    LSTMSeq2Seq,
)
from sklstm.inspection import (
    AttentionDisplay,
)


@pytest.fixture(scope="module")
def translator():
    X = [["good", "morning"], ["good", "night"], ["hello"]] * 4
    y = [["guten", "Morgen"], ["gute", "Nacht"], ["hallo"]] * 4
    model = LSTMSeq2Seq(hidden_layer_sizes=8, max_iter=3, random_state=0)
    return model.fit(X, y)


def test_attention_has_a_row_for_each_symbol_written(translator):
    X, y = [["good", "night"], ["hello"]], [["gute", "Nacht"], ["hallo", "du"]]
    display = AttentionDisplay.from_estimator(translator, X, y, sample=1)
    weights = translator.attention_weights(X, y)[1]
    assert_allclose(display.im_.get_array(), weights)
    assert display.im_.get_clim() == (0, 1)
    assert x_labels(display.ax_) == ["hello", "(end)"]
    labels = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert labels == ["hallo", "du", "(end)"]
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("read", "written")
    assert display.figure_.axes[1].get_ylabel() == "attention"
    assert display.text_ is None


def test_attention_is_of_the_prediction_by_default_and_may_show_numbers(translator):
    display = AttentionDisplay.from_estimator(
        translator, [["good", "night"]], include_values=True, colorbar=False
    )
    [predicted] = translator.predict([["good", "night"]])
    assert display.written == [*predicted, "(end)"]
    assert len(display.figure_.axes) == 1
    shown = [[text.get_text() for text in row] for row in display.text_]
    expected = [[f"{100 * weight:.0f}" for weight in row] for row in display.weights]
    assert shown == expected


def test_steps_of_vectors_are_numbered_or_named():
    X, y = np.random.RandomState(0).normal(size=(6, 4, 2)), ["ab", "b"] * 3
    model = LSTMSeq2Seq(hidden_layer_sizes=4, max_iter=1, random_state=0).fit(X, y)
    display = AttentionDisplay.from_estimator(model, X, y)
    assert display.read is None
    names = ["north", "east", "south", "west"]
    display = AttentionDisplay.from_estimator(model, X, y, step_labels=names)
    assert x_labels(display.ax_) == names
    with pytest.raises(ValueError, match=r"2 entries, but the source has 4 step\(s\)"):
        AttentionDisplay.from_estimator(model, X, y, step_labels=["a", "b"])


def test_who_has_no_attention_is_told_so(translator):
    with pytest.raises(TypeError, match="LSTMClassifier has no attention"):
        AttentionDisplay.from_estimator(fitted(LSTMClassifier), make_sequences())
    model = LSTMSeq2Seq(hidden_layer_sizes=4, max_iter=1, attention=None)
    model.fit(["ab", "c"], ["b", "d"])
    with pytest.raises(ValueError, match="has no attention"):
        AttentionDisplay.from_estimator(model, ["ab"])
    with pytest.raises(ValueError, match="sample=1 is out of range"):
        AttentionDisplay.from_estimator(translator, [["good"]], sample=1)
