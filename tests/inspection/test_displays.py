"""What all displays have in common."""

import ast
import sys
from pathlib import Path

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
