"""Series with a trend, a season and holidays; forecasters quick enough for tests."""

import numpy as np

from sklstm import LSTMForecaster

STEPS = np.arange(150)
RNG = np.random.RandomState(0)
SEASON = 100 + 0.5 * STEPS + 10 * np.sin(2 * np.pi * STEPS / 12)
SERIES = SEASON + RNG.normal(size=150)
OTHER = 1e4 * (SEASON[::-1] + RNG.normal(size=150))
HOLIDAYS = (RNG.uniform(size=(150, 1)) < 0.2).astype(float)
SMALL = {
    "horizon": 4,
    "window": 10,
    "hidden_layer_sizes": 5,
    "max_iter": 4,
    "random_state": 0,
    "n_jobs": 1,
}
QUANTILES = SMALL | {"loss": "quantile"}


def make(**parameters):
    return LSTMForecaster(**{**SMALL, **parameters})


def mean_absolute(forecast, values):
    return np.abs(forecast - values).mean()
