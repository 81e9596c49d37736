"""Pictures of attributions and importances: what is drawn where."""

import numpy as np
import pandas as pd
import pytest
from inspection.drawings import legend_of, plt, x_labels
from inspection.explained import (
    fitted_classifier,
    fitted_regressor,
    fitted_symbol_tagger,
    make_sequences,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMForecaster, LSTMRegressor, TimestepTransformer
from sklstm.inspection import (
    AttributionDisplay,
    PermutationImportanceDisplay,
    input_gradients,
    integrated_gradients,
    occlusion,
    permutation_importance,
)


def y_labels(ax):
    return [text.get_text() for text in ax.get_yticklabels()]


def test_a_heat_map_has_a_row_for_each_channel_and_zero_is_white():
    model, X = fitted_classifier(), make_sequences()
    display = AttributionDisplay.from_estimator(model, X, sample=3, target="a")
    expected = integrated_gradients(model, X[[3]], target="a").attributions[0]
    assert_array_equal(display.image_.get_array(), expected.T)
    low, high = display.image_.get_clim()
    assert high == -low == np.abs(expected).max()
    inputs, contributions = display.axes_
    assert_array_equal(inputs.lines[1].get_ydata(), X[3][:, 1])
    assert legend_of(inputs) == ["channel 0", "channel 1"]
    assert contributions.get_xlabel() == "step"
    assert contributions.get_ylabel() == "channel"
    display.plot(show_inputs=False)
    assert len(display.axes_) == 1


@pytest.mark.parametrize(
    "method, arguments, label",
    [
        ("input_gradients", {}, "gradient"),
        ("input_gradients", {"multiply_by_inputs": True}, "gradient times input"),
        ("integrated_gradients", {"baseline": "mean"}, "contribution"),
        ("occlusion", {"window": 2}, "contribution"),
    ],
)
def test_every_method_and_means_of_all_sequences(method, arguments, label):
    model, X = fitted_regressor(), make_sequences()
    explain = {
        "input_gradients": input_gradients,
        "integrated_gradients": integrated_gradients,
        "occlusion": occlusion,
    }[method]
    display = AttributionDisplay.from_estimator(
        model, X, sample=-1, method=method, **arguments
    )
    expected = explain(model, X, **arguments)
    expected = getattr(expected, "attributions", expected)[3]
    assert_allclose(display.image_.get_array(), expected.T, rtol=1e-10)
    assert display.label == label


def test_symbols_stand_below_their_contributions():
    model = fitted_symbol_tagger()
    words = ["the", "dog", "sat", "off"]
    display = AttributionDisplay.from_estimator(
        model, [["cat"], words], sample=1, target="V"
    )
    expected = integrated_gradients(model, [words], target="V", reduce="sum")
    assert_array_equal(display.image_.get_array(), [expected.attributions[0]])
    assert x_labels(display.axes_[-1]) == words
    assert len(display.axes_) == 1


def test_names_of_channels_and_inputs_of_the_last_step_of_a_pipeline():
    rng = np.random.RandomState(0)
    X = [pd.DataFrame(rng.normal(5, 2, size=(4, 2)), columns=["a", "b"])] * 4
    X = [frame + k for k, frame in enumerate(X)]
    plain = LSTMRegressor(max_iter=1, random_state=0).fit(X, range(4))
    for method in ("integrated_gradients", "occlusion"):
        display = AttributionDisplay.from_estimator(plain, X, method=method)
        assert y_labels(display.axes_[1]) == ["a", "b"]
    arrays = np.array([frame.to_numpy() for frame in X])
    pipeline = make_pipeline(TimestepTransformer(StandardScaler()), plain)
    pipeline.fit(arrays, range(4))
    display = AttributionDisplay.from_estimator(pipeline, arrays)
    scaled = pipeline[:-1].transform(arrays)
    assert_allclose(display.axes_[0].lines[0].get_ydata(), scaled[0, :, 0], rtol=1e-6)
    display = AttributionDisplay.from_estimator(pipeline, arrays, method="occlusion")
    assert_array_equal(display.axes_[0].lines[0].get_ydata(), arrays[0, :, 0])


def test_padding_is_not_drawn():
    attributions = np.array([[1.0, 2.0], [3.0, -4.0], [np.nan, np.nan]])
    display = AttributionDisplay(attributions=attributions, inputs=np.ones((3, 2)))
    display.plot()
    assert display.image_.get_array().shape == (2, 2)
    assert len(display.axes_[0].lines[0].get_ydata()) == 2


def test_many_channels_are_drawn_as_an_image():
    display = AttributionDisplay(
        attributions=np.ones((5, 9)), inputs=np.arange(45.0).reshape(5, 9)
    ).plot()
    (image,) = display.axes_[0].images
    assert_array_equal(image.get_array(), np.arange(45.0).reshape(5, 9).T)


def test_wrong_arguments_of_a_picture_are_errors():
    model, X = fitted_regressor(), make_sequences()
    with pytest.raises(ValueError, match="method must be one of"):
        AttributionDisplay.from_estimator(model, X, method="shap")
    forecaster = LSTMForecaster(horizon=1, window=5, max_iter=1)
    with pytest.raises(TypeError, match=r"AttributionDisplay\(attributions="):
        AttributionDisplay.from_estimator(forecaster, np.arange(9.0))
    with pytest.raises(ValueError, match="sample=4 is out of range"):
        AttributionDisplay.from_estimator(model, X, sample=4)
    assert not plt.get_fignums()


# Permutation importance ----


@pytest.fixture(scope="module")
def shuffled():
    model, X = fitted_regressor(), make_sequences((4, 5, 3, 6, 4, 6))
    return model, X, np.arange(6.0)


def test_channels_are_bars(shuffled):
    model, X, y = shuffled
    display = PermutationImportanceDisplay.from_estimator(model, X, y, random_state=0)
    expected = permutation_importance(model, X, y, random_state=0)
    widths = [bar.get_width() for bar in display.artist_]
    assert_array_equal(widths, expected.importances_mean)
    assert y_labels(display.ax_) == ["0", "1"]
    assert display.ax_.get_xlabel() == "decrease of the score"


def test_windows_are_a_line(shuffled):
    model, X, y = shuffled
    how = {"window": 1, "channels": "all", "random_state": 0, "align": "end"}
    display = PermutationImportanceDisplay.from_estimator(model, X, y, **how)
    expected = permutation_importance(model, X, y, **how)
    assert_array_equal(display.artist_.get_ydata(), expected.importances_mean)
    assert x_labels(display.ax_) == ["-6", "-5", "-4", "-3", "-2", "-1"]
    assert display.ax_.get_xlabel() == "steps from the end"


def test_channels_in_windows_are_a_heat_map(shuffled):
    model, X, y = shuffled
    how = {"window": 2, "random_state": 0, "channels": [0, [0, 1]]}
    display = PermutationImportanceDisplay.from_estimator(model, X, y, **how)
    expected = permutation_importance(model, X, y, **how)
    assert_array_equal(display.artist_.get_array(), expected.importances_mean.T)
    assert x_labels(display.ax_) == ["0 to 1", "2 to 3", "4 to 5"]
    assert y_labels(display.ax_) == ["0", "0, 1"]


def test_one_number_is_no_picture(shuffled):
    model, X, y = shuffled
    with pytest.raises(ValueError, match="one number only"):
        PermutationImportanceDisplay.from_estimator(model, X, y, channels="all")
    assert not plt.get_fignums()
