"""What all displays have in common."""

import ast
import sys
from pathlib import Path

import numpy as np
import pytest
from inspection.drawings import plt
from inspection.step_by_step import make_sequences
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from sklstm import (
    LSTMClassifier,
    LSTMForecaster,
    LSTMSeq2Seq,
    inspection,
)
from sklstm.inspection import (
    AttentionDisplay,
    ForecastDisplay,
    GateActivityDisplay,
    GradientFlowDisplay,
    TrainingCurveDisplay,
    TranscriptionDisplay,
)
from sklstm.inspection.displays.figures import PALETTE


@pytest.mark.parametrize(
    "display, arguments",
    [
        (TrainingCurveDisplay, ()),
        (GateActivityDisplay, (make_sequences(),)),
        (GradientFlowDisplay, (make_sequences(),)),
        (AttentionDisplay, (make_sequences(),)),
        (TranscriptionDisplay, (make_sequences(),)),
        (ForecastDisplay, ()),
    ],
)
def test_others_and_unfitted_estimators_are_refused(display, arguments):
    with pytest.raises(TypeError, match="expected an estimator of sklstm"):
        display.from_estimator(LogisticRegression(), *arguments)
    for unfitted in (LSTMClassifier(), LSTMForecaster(), LSTMSeq2Seq()):
        with pytest.raises(NotFittedError):
            display.from_estimator(unfitted, *arguments)
    assert not plt.get_fignums()


def test_colours_are_the_palette_unless_the_user_has_chosen_others():
    display = GradientFlowDisplay(norms=[[1.0, 0.5]])
    assert display.plot().line_.get_color() == PALETTE[0]
    _, ax = plt.subplots()
    assert display.plot(ax=ax).line_.get_color() == PALETTE[0]
    assert display.plot(ax=ax).line_.get_color() == PALETTE[1]
    with plt.rc_context({"axes.prop_cycle": plt.cycler(color=["red", "lime"])}):
        assert display.plot().line_.get_color() == "red"


def test_labels_that_do_not_fit_side_by_side_are_turned():
    words = ["a", "few", "short", "words"]
    display = AttentionDisplay(weights=np.eye(4), read=words, written=words).plot()
    assert [text.get_rotation() for text in display.ax_.get_xticklabels()] == [0] * 4
    words = ["these words", "are much", "too long", "for that"]
    display = AttentionDisplay(weights=np.eye(4), read=words, written=words)
    turned = display.plot(xticks_rotation=45).ax_.get_xticklabels()
    assert [text.get_rotation() for text in turned] == [45] * 4
    upright = display.ax_.get_yticklabels()
    assert [text.get_rotation() for text in upright] == [0] * 4
    many = list(map(str, range(150)))
    display = AttentionDisplay(weights=np.eye(150), read=many, written=many).plot()
    assert [text.get_text() for text in display.ax_.get_xticklabels()] == many[::3]


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"plot needs matplotlib: .*'sklstm\[plot\]'"):
        GradientFlowDisplay(norms=[[1.0, 0.5]]).plot()


@pytest.mark.parametrize(
    "path", sorted(Path(inspection.__file__).parent.rglob("*.py")), ids=lambda p: p.name
)
def test_matplotlib_is_imported_when_something_is_drawn(path):
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        assert "matplotlib" not in ast.unparse(statement) or not isinstance(
            statement, ast.Import | ast.ImportFrom
        )
