"""`TrainingCurveDisplay`: curves of a fit, and its best epoch."""

import numpy as np
import pytest
from inspection.drawings import classifier, legend_of
from inspection.step_by_step import make_sequences
from numpy.testing import assert_array_equal

from sklstm.inspection import (
    TrainingCurveDisplay,
)


def test_a_fit_without_validation_has_one_curve():
    model = classifier().fit(make_sequences(), list("ababab"))
    display = TrainingCurveDisplay.from_estimator(model)
    (ax,) = display.axes_
    assert_array_equal(display.lines_["loss"].get_xdata(), [1, 2, 3, 4])
    assert_array_equal(display.lines_["loss"].get_ydata(), model.loss_curve_)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")
    assert legend_of(ax) == ["training"]
    assert display.best_epoch_ is None
    assert display.figure_ is ax.figure


@pytest.mark.parametrize("kept", [True, False])
def test_the_best_epoch_is_marked_and_called_kept_where_it_was(kept):
    X, y = make_sequences(), list("ababab")
    model = classifier(early_stopping=kept).fit(X, y, X_val=X[:3], y_val=y[:3])
    display = TrainingCurveDisplay.from_estimator(model)
    losses, scores = display.axes_
    assert_array_equal(
        display.lines_["validation_score"].get_ydata(), model.validation_scores_
    )
    assert_array_equal(
        display.lines_["validation_loss"].get_ydata(), model.validation_loss_curve_
    )
    best = display.best_epoch_
    word = "kept" if kept else "best"
    assert legend_of(scores) == [f"{word}: epoch {best}"]
    assert legend_of(losses) == ["training", "validation"]
    dot = losses.lines[-1]
    assert_array_equal(
        dot.get_xydata(), [[best, model.validation_loss_curve_[best - 1]]]
    )
    assert scores.get_ylabel() == "validation score"


def test_the_best_epoch_is_the_one_whose_weights_early_stopping_keeps():
    rng = np.random.RandomState(0)
    X = [rng.normal(size=(5, 2)) for _ in range(40)]
    y = rng.randint(2, size=40)
    others = {"X_val": X[20:], "y_val": y[20:]}
    how = {"early_stopping": True, "n_iter_no_change": 30, "learning_rate": "constant"}
    model = classifier(max_iter=20, learning_rate_init=0.05, **how)
    model.fit(X[:20], y[:20], **others)
    best = TrainingCurveDisplay.from_estimator(model).best_epoch_
    assert 1 < best < model.n_iter_
    assert model.validation_scores_[best - 1] == model.best_validation_score_
    shorter = classifier(max_iter=best, learning_rate_init=0.05, **how)
    shorter.fit(X[:20], y[:20], **others)
    assert_array_equal(shorter.predict_proba(X), model.predict_proba(X))


def test_among_equal_scores_the_lower_loss_is_best_then_the_first():
    display = TrainingCurveDisplay(
        loss_curve=[3, 2, 1, 1],
        validation_loss_curve=[0.5, 0.4, 0.2, 0.2],
        validation_scores=[0.9, 0.8, 0.9, 0.9],
    )
    assert display.best_epoch_ == 3


def test_named_fits_share_the_axes_each_in_its_color():
    X, y = make_sequences(), list("ababab")
    first = classifier().fit(X, y, X_val=X, y_val=y)
    one = TrainingCurveDisplay.from_estimator(first, name="LSTM")
    two = TrainingCurveDisplay.from_estimator(first, name="again", ax=one.axes_)
    assert two.axes_[0] is one.axes_[0]
    assert legend_of(two.axes_[0]) == [
        "LSTM, training", "LSTM, validation", "again, training", "again, validation",
    ]  # fmt: skip
    for display in (one, two):
        colors = {line.get_color() for line in display.lines_.values()}
        assert len(colors) == 1
    assert one.lines_["loss"].get_color() != two.lines_["loss"].get_color()
    assert one.lines_["validation_loss"].get_linestyle() == "--"


def test_lbfgs_counts_iterations_and_keywords_reach_the_lines():
    model = classifier(solver="lbfgs").fit(make_sequences(), list("ababab"))
    display = TrainingCurveDisplay.from_estimator(model, loss_kw={"color": "red"})
    assert display.axes_[0].get_xlabel() == "iteration"
    assert display.lines_["loss"].get_color() == "red"


def test_a_validation_of_some_epochs_only_is_refused_but_for_an_interrupted_one():
    curves = {"loss_curve": [3, 2, 1], "validation_loss_curve": [3, 2]}
    TrainingCurveDisplay(**curves).plot()
    curves["validation_loss_curve"] = [3]
    with pytest.raises(ValueError, match="a loss for 3 epochs, but a validation loss"):
        TrainingCurveDisplay(**curves).plot()
