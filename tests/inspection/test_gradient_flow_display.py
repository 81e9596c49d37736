"""`GradientFlowDisplay` draws what `hidden_gradient_norms` gives."""

import numpy as np
import pytest
from inspection.drawings import classifier, legend_of
from inspection.step_by_step import fitted, make_sequences
from numpy.testing import assert_allclose, assert_array_equal

from sklstm import (
    LSTMClassifier,
)
from sklstm.inspection import (
    GradientFlowDisplay,
    hidden_gradient_norms,
)


def test_gradient_flow_draws_the_mean_relative_to_lag_zero():
    model = fitted(LSTMClassifier, y="abcabc")
    X = make_sequences(lengths=(5, 5, 5, 5, 5, 9))
    norms = hidden_gradient_norms(model, X)
    display = GradientFlowDisplay.from_estimator(model, X)
    mean = np.mean(norms[:, :5], axis=0)  # one sequence of six is longer
    assert_allclose(display.line_.get_ydata(), mean / mean[0])
    assert_array_equal(display.line_.get_xdata(), np.arange(5))
    assert display.ax_.get_yscale() == "log"
    assert display.ax_.get_ylabel() == "gradient norm, relative to lag 0"
    assert legend_of(display.ax_) == ["LSTM"]
    corners = display.band_.get_paths()[0].vertices
    low, high = np.quantile(norms[:, :5], [0.1, 0.9], axis=0) / mean[0]
    assert_allclose([corners[:, 1].min(), corners[:, 1].max()], [low.min(), high.max()])
    display.plot(relative=False, band=False)
    assert_allclose(display.line_.get_ydata(), mean)
    assert display.ax_.get_ylabel() == "gradient norm"
    assert display.band_ is None


def test_several_networks_are_compared_on_one_axes():
    X, ax = make_sequences(lengths=(6,) * 6), None
    for cell in ("lstm", "gru", "rnn"):
        model = fitted(LSTMClassifier, cell=cell)
        ax = GradientFlowDisplay.from_estimator(model, X, ax=ax).ax_
    GradientFlowDisplay.from_estimator(model, X, ax=ax, name="again")
    assert legend_of(ax) == ["LSTM", "GRU", "RNN", "again"]
    assert len({line.get_color() for line in ax.lines}) == 4


def test_gradients_that_are_zero_have_no_place_on_a_log_scale():
    display = GradientFlowDisplay(norms=[[1.0, 0.5, 0.0], [1.0, 0.5, 0.0]]).plot()
    assert_array_equal(display.line_.get_ydata(), [1, 0.5, np.nan])
    assert display.ax_.get_legend() is None
    with pytest.raises(ValueError, match="at lag 0 is zero"):
        GradientFlowDisplay(norms=[[0.0, 1.0]]).plot()


def test_a_bidirectional_network_has_no_gradient_flow():
    model = classifier(bidirectional=True).fit(make_sequences(), list("ababab"))
    with pytest.raises(ValueError, match="no time lag to show"):
        GradientFlowDisplay.from_estimator(model, make_sequences())
