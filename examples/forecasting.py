"""
Forecasts with intervals
========================

Visits to a shop by the day: a weekly rhythm, growth, days of promotion that are known
ahead, and weather that comes in quiet and in restless spells. A network learns from
three years and forecasts the next four weeks with intervals of 80 %; then it is tried
from every day of a fourth year, without being fitted again.

::

    python examples/forecasting.py            # under a minute on 2 cores

It prints its scores and draws two pictures; ``--save FOLDER`` writes them there. With
the airline passengers of the shared data (``SKLSTM_SHARED_DATA`` names their folder) it
draws a third. The scores on real series are those of

::

    python benchmarks/scores.py etth1         # likewise intervals, one_step
"""

# %%
# The series
# ----------

import argparse
import os
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import TimeSeriesSplit, cross_val_score

from sklstm import LSTMForecaster
from sklstm.inspection import ForecastDisplay

parser = argparse.ArgumentParser()
parser.add_argument("--save", type=Path, help="folder for the pictures")
options = parser.parse_args()

N_DAYS, YEAR, AHEAD = 4 * 365, 365, 28
WEEK = np.array([0.8, 0.85, 0.9, 1.0, 1.3, 1.6, 0.55])


def shop():
    """Visits and promotions, one number a day."""
    random = np.random.RandomState(0)
    days = np.arange(N_DAYS)
    promotion = np.zeros(N_DAYS)
    for start in random.choice(N_DAYS - 4, size=60, replace=False):
        promotion[start : start + random.randint(1, 5)] = 1
    restless = 0.03 + 0.09 * (np.sin(2 * np.pi * days / 200) > 0)
    mood = np.zeros(N_DAYS)
    for day in days[1:]:
        mood[day] = 0.8 * mood[day - 1] + restless[day] * random.normal()
    growth = 300 * np.exp(days / 1500)
    visits = growth * WEEK[days % 7] * np.exp(0.4 * promotion + mood)
    return np.round(visits), promotion[:, np.newaxis]


visits, promotion = shop()
past, test_year = slice(N_DAYS - YEAR), slice(N_DAYS - YEAR, None)

# %%
# Fit and forecast
# ----------------
# The week, the logarithms and what values are taken relative to are found out on the
# training part. The whole series has one scale: with one for each window, a promotion
# in it would be taken for restlessness.

forecaster = LSTMForecaster(
    horizon=AHEAD,
    window=28,
    loss="quantile",
    scaling="series",
    hidden_layer_sizes=32,
    learning_rate_init=0.01,
    random_state=0,
).fit(visits[past], promotion[past])
print(
    f"season of {forecaster.seasonal_period_} days, logarithms: {forecaster.log_}, "
    f"relative to: {forecaster.relative_to_}"
)
known = promotion[test_year][:AHEAD]
median = forecaster.predict(X=known)
interval = forecaster.predict_interval(X=known, coverage=0.8)

# %%
# A year of forecasts
# -------------------
# Four weeks from every day of the last year, with the fitted weights.

first = N_DAYS - YEAR
test = forecaster.backtest(visits, promotion, start=first, quantiles=[0.1, 0.5, 0.9])
lower, middle, upper = np.moveaxis(test.forecasts, -1, 0)
inside = (lower <= test.observed) & (test.observed <= upper)

# The same weekday of the last week that is known.
days_back = 7 * (np.arange(AHEAD) // 7 + 1)
last_week = visits[test.origins[:, np.newaxis] + np.arange(AHEAD) - days_back]


def relative_error(forecasts):
    """Mean absolute error by step, in parts of the mean."""
    return np.abs(forecasts - test.observed).mean(axis=0) / visits[test_year].mean()


network, naive = relative_error(middle), relative_error(last_week)
print(
    f"error of the next day {network[0]:.1%} (last week {naive[0]:.1%}), of four weeks "
    f"{network.mean():.1%} ({naive.mean():.1%})"
)
print(f"days within the intervals of 80 %: {inside.mean():.1%}")

# %%
# Cross-validation
# ----------------
# `TimeSeriesSplit` cuts where the forecasts begin; the score is R^2 over all forecasts
# from within the part that is left out.

scores = cross_val_score(
    LSTMForecaster(horizon=7, window=28, scaling="series", random_state=0),
    visits[past],
    promotion[past],
    cv=TimeSeriesSplit(3),
)
print("R^2 of a week ahead in three folds:", " ".join(f"{s:.2f}" for s in scores))

# %%
# Pictures
# --------

display = ForecastDisplay.from_predictions(
    visits[past],
    median,
    intervals={0.8: interval},
    observed=visits[test_year][:AHEAD],
    times=np.arange(first + AHEAD),
    n_history=56,
    history_kw={"label": "the last eight weeks"},
)
axes = display.ax_
promoted = first + np.flatnonzero(known[:, 0])
axes.vlines(promoted, 0, 60, color="tab:red", lw=4, label="promotion, known ahead")
axes.set(xlabel="day", ylabel="visits", title="Four weeks ahead", ylim=(0, None))
axes.legend(loc="upper left", ncols=2)
axes.margins(x=0.01)
figures = {"weeks": display.figure_}

figure, panels = plt.subplots(1, 3, figsize=(13, 3.8), layout="constrained")
steps = np.arange(1, AHEAD + 1)
panels[0].plot(steps, 100 * naive, color="0.5", label="same weekday of the last week")
panels[0].plot(steps, 100 * network, color="tab:orange", label="network")
panels[0].set(ylabel="mean absolute error, % of the mean", ylim=(0, None))
panels[0].legend(loc="lower right")
panels[1].axhline(80, color="black", lw=0.8, ls=":")
panels[1].plot(steps, 100 * inside.mean(axis=0), color="tab:orange")
panels[1].set(ylabel="days within the interval, %", ylim=(50, 100))
for panel in panels[:2]:
    panel.set(xlabel="days ahead")
panels[2].plot(
    test.origins, (upper / lower)[:, 0], color="tab:orange", label="the next day"
)
panels[2].plot(
    test.origins, (upper / lower)[:, 6], color="tab:red", label="a week ahead"
)
panels[2].set(xlabel="day", ylabel="upper end of the interval / lower end")
panels[2].set_ylim(top=panels[2].get_ylim()[1] + 0.06)
panels[2].legend(loc="upper center", ncols=2)
figure.suptitle("From every day of a year")
figures["backtest"] = figure

# %%
# Airline passengers
# ------------------

shared = os.environ.get("SKLSTM_SHARED_DATA")
if shared and (Path(shared) / "load.py").exists():
    sys.path.insert(0, shared)
    import load

    passengers = load.load_forecast("airline")[1][:, 0]
    model = LSTMForecaster(loss="quantile", random_state=0).fit(passengers[:-36])
    months = model.backtest(passengers, start=len(passengers) - 36)
    error = np.sqrt(np.mean((months.forecasts - months.observed) ** 2))
    print(f"airline passengers one month ahead, untouched defaults: RMSE {error:.1f}")
    display = ForecastDisplay.from_estimator(
        model,
        passengers[:108],
        horizon=36,
        observed=passengers[108:],
        times=1949 + np.arange(144) / 12,
    )
    display.ax_.set(
        ylabel="passengers, thousands", title="Three years ahead, month by month"
    )
    figures["airline"] = display.figure_

if options.save:
    options.save.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(options.save / f"forecasting_{name}.png", dpi=100)

plt.show()
