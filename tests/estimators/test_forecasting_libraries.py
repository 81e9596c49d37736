"""`LSTMRegressor` inside the forecasting libraries that reduce series to windows."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklstm import LSTMRegressor

# Other projects' deprecations are not ours to fix.
pytestmark = pytest.mark.filterwarnings("ignore")

STEPS = np.arange(144)
SERIES = 50 + 10 * np.sin(2 * np.pi * STEPS / 12)
REGRESSOR = {"hidden_layer_sizes": 16, "max_iter": 60, "random_state": 0, "n_jobs": 1}


def test_reduction_of_sktime():
    compose = pytest.importorskip("sktime.forecasting.compose")
    forecaster = compose.make_reduction(
        LSTMRegressor(**REGRESSOR), window_length=12, strategy="recursive"
    )
    forecast = forecaster.fit(SERIES[:132]).predict(fh=np.arange(1, 13))
    assert_allclose(np.ravel(forecast), SERIES[132:], atol=2)


def test_direct_reduction_of_sktime():
    compose = pytest.importorskip("sktime.forecasting.compose")
    forecaster = compose.make_reduction(
        LSTMRegressor(**REGRESSOR), window_length=12, strategy="multioutput"
    )
    forecast = forecaster.fit(SERIES[:132], fh=np.arange(1, 13)).predict()
    assert_allclose(np.ravel(forecast), SERIES[132:], atol=2)


def test_recursive_forecaster_of_skforecast():
    recursive = pytest.importorskip("skforecast.recursive")
    pd = pytest.importorskip("pandas")
    y = pd.Series(SERIES[:132], index=pd.RangeIndex(132))
    forecaster = recursive.ForecasterRecursive(LSTMRegressor(**REGRESSOR), lags=12)
    forecaster.fit(y=y)
    assert_allclose(forecaster.predict(steps=12), SERIES[132:], atol=2)
