"""Forecasting: long series -> windows for a network, its answers -> forecasts.

series.py              one or several series as users have them, with covariates
long_series.py         the same in a long data frame
times.py               the times of its rows: how they go on, where some are missing
checks.py              what is checked of users' numbers
representation.py      logarithms, differences, scale: how a network sees a series
choice.py              choosing these from the training part
windows.py             what is known at an origin, and what the network reads of it
forecasts.py           block after block: values and quantiles
quantile_functions.py  what lies between some quantiles
"""

from .choice import choose_representation
from .forecasts import Forecasts
from .long_series import LongColumns
from .series import (
    SeriesSet,
    is_long,
    read_ahead,
    read_series,
    read_step_weights,
    restore_forecasts,
)
from .windows import SeriesScales, WindowReader, every_origin

__all__ = [
    "Forecasts",
    "LongColumns",
    "SeriesScales",
    "SeriesSet",
    "WindowReader",
    "choose_representation",
    "every_origin",
    "is_long",
    "read_ahead",
    "read_series",
    "read_step_weights",
    "restore_forecasts",
]
