"""The forecaster as an ONNX graph, from values of a series to forecasts in its units.

The network computes in float32, so errors are measured by what it answers: in units of
a window's scale, which is a few for these series.
"""

import numpy as np
import pandas as pd
import pytest
from estimators.forecasting_problems import HOLIDAYS, OTHER, SERIES, STEPS, make
from interchange.onnx_runs import assert_close, exported, facts_of, run, scrambled

from sklstm.interchange import onnx_inputs, to_onnx
from sklstm.sequences.forecasting.representation import REFERENCES

COVARIATES = np.column_stack([HOLIDAYS, 50 + np.cos(STEPS), np.sqrt(STEPS)])


def shaken(forecaster):
    """Answers that are not zero, and no explosions of exponentials."""
    return scrambled(forecaster, scale=0.3)


def forecast(forecaster, **X_and_y):
    return run(to_onnx(forecaster), onnx_inputs(forecaster, **X_and_y))


@pytest.mark.parametrize("scaling", ["window", "series", "all"])
@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("reference", REFERENCES)
def test_every_representation_is_in_the_graph(reference, log, scaling):
    forecaster = shaken(make(
        relative_to=reference, seasonal_period=12, log=log, scaling=scaling, horizon=15
    ).fit(SERIES))  # fmt: skip
    found = forecast(forecaster)["forecast"]
    assert_close(found, [forecaster.predict()])
    later = SERIES[:90] + 3
    found = forecast(forecaster, y=later)["forecast"]
    assert_close(found, [forecaster.predict(y=later)])


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("past", [(), (1,), (0, 1, 2)])
@pytest.mark.parametrize("loss", ["squared_error", "quantile"])
def test_covariates_known_ahead_and_not(past, loss, bidirectional):
    forecaster = shaken(
        make(past_covariates=past, loss=loss, bidirectional=bidirectional).fit(
            SERIES[:140], X=COVARIATES[:140]
        )
    )
    ahead = None if len(past) == 3 else COVARIATES[140:144]
    found = forecast(forecaster, X=ahead)
    assert_close(found["forecast"], [forecaster.predict(X=ahead)])
    if loss == "quantile":
        assert_close(found["quantiles"], [forecaster.predict_quantiles(X=ahead)])


@pytest.mark.parametrize("levels", [(0.1, 0.5, 0.9), (0.05, 0.4, 0.6, 0.7)])
def test_quantiles_are_in_order_and_medians_between_them(levels):
    forecaster = shaken(make(loss="quantile", quantiles=levels).fit(SERIES))
    found = forecast(forecaster)
    assert (np.diff(found["quantiles"], axis=2) >= 0).all()
    raw = forecaster._network.output_bias.reshape(-1, len(levels))
    assert (np.diff(raw, axis=1) < 0).any()  # not in order by themselves
    assert_close(found["quantiles"], [forecaster.predict_quantiles()])
    assert_close(found["forecast"], [forecaster.predict()])
    assert facts_of(to_onnx(forecaster))["quantiles"] == list(levels)


def test_several_series_have_scales_of_their_own():
    y = [SERIES, OTHER[:100]]
    forecaster = shaken(make(scaling="series").fit(y))
    feeds = onnx_inputs(forecaster)
    assert set(feeds) == {"y", "center", "scale"}
    found = run(to_onnx(forecaster), feeds)["forecast"]
    for row, expected in zip(found, forecaster.predict(), strict=True):
        assert_close(row, expected)
    measures = facts_of(to_onnx(forecaster))["measures"]
    assert_close(np.transpose(measures), [feeds["center"], feeds["scale"]])


def test_series_of_a_long_frame_are_known_by_their_ids():
    frame = pd.concat([
        pd.DataFrame({"unique_id": name, "ds": STEPS[:60], "y": values[:60]})
        for name, values in (("north", SERIES), ("south", OTHER))
    ])  # fmt: skip
    forecaster = shaken(make().fit(frame))
    found = forecast(forecaster)["forecast"]
    expected = forecaster.predict()["y"].to_numpy().reshape(2, 4)
    for row, wanted in zip(found, expected, strict=True):
        assert_close(row, wanted)
    assert set(facts_of(to_onnx(forecaster))["measures"]) == {"north", "south"}


def test_one_scale_for_all_is_a_constant_of_the_graph():
    forecaster = shaken(make(scaling="all").fit([SERIES, 2 * SERIES]))
    feeds = onnx_inputs(forecaster)
    assert set(feeds) == {"y"}
    found = run(to_onnx(forecaster), feeds)["forecast"]
    assert_close(found, forecaster.predict())


def test_many_windows_of_a_series_at_once():
    """What `backtest` does."""
    forecaster = shaken(make().fit(SERIES))
    n_steps = facts_of(to_onnx(forecaster))["n_steps"]
    test = forecaster.backtest(SERIES, start=100)
    windows = np.stack([SERIES[origin - n_steps : origin] for origin in test.origins])
    found = run(to_onnx(forecaster), {"y": windows})["forecast"]
    assert_close(found, test.forecasts)


def test_a_scale_that_is_not_the_series_own_is_an_error():
    forecaster = make(scaling="series").fit(SERIES)
    assert len(onnx_inputs(forecaster, y=[2 * SERIES])["y"]) == 1
    with pytest.raises(ValueError, match=r"2 series, but the graph has the scale of"):
        onnx_inputs(forecaster, y=[SERIES, OTHER])


def test_large_numbers_keep_their_digits():
    forecaster = shaken(make(log=False).fit(1e9 + SERIES))
    found = exported(forecaster, None)["forecast"]
    assert_close(found - 1e9, [forecaster.predict() - 1e9])
