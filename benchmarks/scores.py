"""Scores on the original test parts of real data sets, channels scaled, mean of seeds.

    python benchmarks/scores.py defaults      # untouched defaults
    python benchmarks/scores.py grid          # one grid, searched on training parts
    python benchmarks/scores.py transformer   # SequenceTransformer, then a linear model
    python benchmarks/scores.py beijing       # PM2.5 one hour ahead
    python benchmarks/scores.py speech        # spoken digits, one speaker left out
    python benchmarks/scores.py etth1         # oil temperature, 24 hours ahead
    python benchmarks/scores.py intervals     # the same, intervals of 80 %
    python benchmarks/scores.py one_step      # airline passengers, sunspots

The data sets other than JapaneseVowels are not part of the package. They are read with
the ``load.py`` of the folder that ``SKLSTM_SHARED_DATA`` names (by default
``../shared/data`` beside the repository).
"""

import argparse
import importlib.util
import os
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    LeaveOneGroupOut,
    PredefinedSplit,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import (
    LSTMClassifier,
    LSTMForecaster,
    LSTMRegressor,
    Sequences,
    SequenceTransformer,
    TimestepTransformer,
)

SETS = (
    "JapaneseVowels",
    "BasicMotions",
    "ItalyPowerDemand",
    "GunPoint",
    "PickupGestureWiimoteZ",
    "IndoorMovement",
    "pendigits",
)

# The documented grid: pooling, cell, directions and how much noise in training.
_CHOICES = {
    "lstmclassifier__hidden_layer_sizes": [64],
    "lstmclassifier__learning_rate_init": [1e-2],
    "lstmclassifier__pooling": ["last", "max"],
    "lstmclassifier__cell": ["lstm", "gru"],
    "lstmclassifier__bidirectional": [False, True],
}
GRID = [
    {**_CHOICES, "lstmclassifier__dropout": [0.0, 0.3]},
    {
        **_CHOICES,
        "lstmclassifier__dropout": [0.3],
        "lstmclassifier__input_dropout": [0.2],
        "lstmclassifier__recurrent_dropout": [0.2],
    },
]


def loader():
    """The module that reads the shared data sets."""
    root = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("SKLSTM_SHARED_DATA", root / ".." / "shared" / "data"))
    spec = importlib.util.spec_from_file_location("shared_load", folder / "load.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def in_unit_square(points):
    """A drawing moved to the origin and shrunk, as in the set's 8-point version.

    Where on the tablet and how large people write tells nothing about the digit.
    """
    points = np.array(points, dtype=np.float64)
    points[:, :2] -= points[:, :2].min(axis=0)
    points[:, :2] /= max(points[:, :2].max(), 1)
    return points


def load(name):
    """X_train, y_train, X_test, y_test of a classification set."""
    if name == "pendigits":
        drawings, _, _ = loader().load_strokes(name)
        parts = []
        for split in ("train", "test"):
            chosen = [drawing for drawing in drawings if drawing["split"] == split]
            parts.append([in_unit_square(drawing["points"]) for drawing in chosen])
            parts.append(np.array([drawing["label"] for drawing in chosen]))
        return tuple(parts)
    data = loader().load_tsc(name)
    return tuple(data[key] for key in ("X_train", "y_train", "X_test", "y_test"))


def scaled(model):
    """The model behind channels of mean zero and variance one."""
    return make_pipeline(TimestepTransformer(StandardScaler()), model)


def as_sequences(X):
    """One array instead of thousands: cheaper to index and to send to workers."""
    return Sequences.from_list([np.asarray(x, dtype=np.float32) for x in X])


def print_scores(name, scores, seconds, note="", digits=3):
    """One line of the table."""
    mean, *each = (f"{score:.{digits}f}" for score in (np.mean(scores), *scores))
    line = f"| {name} | {mean} | {' '.join(each)} | {seconds:.0f} s | {note} |"
    print(line, flush=True)


def run_defaults(names, seeds, n_jobs):
    """Untouched defaults."""
    for name in names:
        X, y, X_test, y_test = load(name)
        X, X_test, start = as_sequences(X), as_sequences(X_test), time.perf_counter()
        scores = [
            scaled(LSTMClassifier(random_state=seed, n_jobs=n_jobs))
            .fit(X, y)
            .score(X_test, y_test)
            for seed in range(seeds)
        ]
        print_scores(name, scores, time.perf_counter() - start)


# The largest set is searched in a tenth of the epochs, and learned in a quarter.
SEARCH_EPOCHS, LEARN_EPOCHS = {"pendigits": 10}, {"pendigits": 25}

# Cross-validation is repeated with other folds and other seeds where scores are noisy.
REPEATS = {"pendigits": 1, "IndoorMovement": 3}


def folds(name, seed):
    """Folds of the training part, along its groups where it has some.

    IndoorMovement: one of the two environments is left out in turn. pendigits, which is
    large: every third writer is set aside.
    """
    if name == "IndoorMovement":
        environments = loader().load_tsc(name)["group_train"]
        return PredefinedSplit(environments)
    if name == "pendigits":
        drawings, _, _ = loader().load_strokes(name)
        writers = [
            drawing["writer"] for drawing in drawings if drawing["split"] == "train"
        ]
        set_aside = np.isin(writers, np.unique(writers)[::3])
        return PredefinedSplit(np.where(set_aside, 0, -1))
    return StratifiedKFold(3, shuffle=True, random_state=seed)


def choose(name, X, y, n_jobs):
    """The point of the grid with the best accuracy; equal ones, by their log loss."""
    accuracy, log_loss = [], []
    for seed in range(REPEATS.get(name, 2)):
        epochs = SEARCH_EPOCHS.get(name, 100)
        search = GridSearchCV(
            scaled(LSTMClassifier(max_iter=epochs, random_state=seed, n_jobs=1)),
            GRID,
            scoring=["accuracy", "neg_log_loss"],
            cv=folds(name, seed),
            n_jobs=n_jobs,
            refit=False,
            error_score="raise",
        ).fit(X, y)
        accuracy.append(search.cv_results_["mean_test_accuracy"])
        log_loss.append(search.cv_results_["mean_test_neg_log_loss"])
    accuracy = np.mean(accuracy, axis=0).round(6)
    best = np.lexsort((np.mean(log_loss, axis=0), accuracy))[-1]
    return search.cv_results_["params"][best], accuracy[best]


def run_grid(names, seeds, n_jobs):
    """The grid by cross-validation on the training part, then the seeds."""
    for name in names:
        X, y, X_test, y_test = load(name)
        X, X_test, start = as_sequences(X), as_sequences(X_test), time.perf_counter()
        params, validated = choose(name, X, y, n_jobs)
        epochs, scores = LEARN_EPOCHS.get(name, 100), []
        for seed in range(seeds):
            model = scaled(
                LSTMClassifier(max_iter=epochs, random_state=seed, n_jobs=n_jobs)
            )
            model.set_params(**params).fit(X, y)
            scores.append(model.score(X_test, y_test))
        chosen = {key.split("__")[1]: value for key, value in params.items()}
        note = f"{chosen}, cross-validation {validated:.3f}"
        print_scores(name, scores, time.perf_counter() - start, note)


def run_transformer(names, seeds, n_jobs):
    """Features learned without labels, then logistic regression."""
    for name in names:
        X, y, X_test, y_test = load(name)
        start, scores = time.perf_counter(), []
        for seed in range(seeds):
            model = make_pipeline(
                TimestepTransformer(StandardScaler()),
                SequenceTransformer(random_state=seed, output="mean", n_jobs=n_jobs),
                StandardScaler(),
                LogisticRegression(max_iter=2000),
            )
            scores.append(model.fit(X, y).score(X_test, y_test))
        print_scores(name, scores, time.perf_counter() - start, "SequenceTransformer")


def beijing_windows():
    """24 hours of all columns -> PM2.5 in the next; the last year is the test part."""
    columns, values, _ = loader().load_forecast("beijing_pm25")
    values = np.array(values, dtype=np.float64)
    for column in values.T:  # gaps are interpolated
        missing = np.isnan(column)
        column[missing] = np.interp(
            np.flatnonzero(missing), np.flatnonzero(~missing), column[~missing]
        )
    target = list(columns).index("pm2.5")
    windows = np.lib.stride_tricks.sliding_window_view(values, 24, axis=0)[:-1]
    X = np.ascontiguousarray(windows.transpose(0, 2, 1), dtype=np.float32)
    y = values[24:, target]
    n_train = len(values) - 365 * 24 - 24
    return X[:n_train], y[:n_train], X[n_train:], y[n_train:]


def run_beijing(names, seeds, n_jobs):
    """Root mean squared error of PM2.5 one hour ahead.

    Cell, epochs and batches were chosen on the last year of the training part.
    """
    X, y, X_test, y_test = beijing_windows()
    start, scores = time.perf_counter(), []
    for seed in range(seeds):
        model = scaled(
            LSTMRegressor(
                cell="gru", max_iter=5, batch_size=32, random_state=seed, n_jobs=n_jobs
            )
        ).fit(X, y)
        scores.append(np.sqrt(np.mean((model.predict(X_test) - y_test) ** 2)))
    print_scores("Beijing PM2.5", scores, time.perf_counter() - start, "RMSE")


def run_speech(names, seeds, n_jobs):
    """Spoken digits of each speaker in turn, whom the model has never heard."""
    records, _ = loader().load_speech("fsdd")
    X = as_sequences([record["x"] for record in records])
    y = np.array([record["y"] for record in records])
    speakers = np.array([record["speaker"] for record in records])
    start, scores = time.perf_counter(), []
    for seed in range(seeds):
        each = cross_val_score(
            scaled(LSTMClassifier(random_state=seed, n_jobs=n_jobs)),
            X,
            y,
            groups=speakers,
            cv=LeaveOneGroupOut(),
            error_score="raise",
        )
        scores.append(each.mean())
        print_scores(f"seed {seed}, each speaker", each, time.perf_counter() - start)
    print_scores("spoken digits", scores, time.perf_counter() - start)


def etth1():
    """Oil temperature by the hour, scaled by the training part; where parts end."""
    values = loader().load_forecast("ETTh1")[1][:14400, -1]
    return (values - values[:8640].mean()) / values[:8640].std(), 8640, 11520


# The network reads four days, the default for 24 hours. Epochs, rate, batches and
# dropout were chosen on the validation part, which also says whose weights are kept.
ETTH1 = {
    "horizon": 24,
    "max_iter": 12,
    "learning_rate_init": 2e-3,
    "batch_size": 64,
    "dropout": 0.2,
    "early_stopping": True,
    "n_iter_no_change": np.inf,
}


def etth1_models(seeds, n_jobs, **parameters):
    """Yield fitted forecasters."""
    values, train, test = etth1()
    for seed in range(seeds):
        model = LSTMForecaster(**ETTH1, **parameters, random_state=seed, n_jobs=n_jobs)
        yield model.fit(values[:train], y_val=values[train:test])


def run_etth1(names, seeds, n_jobs):
    """Squared and absolute error of 24 hours, from every hour of the test part."""
    values, _, first = etth1()
    start, squared, absolute = time.perf_counter(), [], []
    for model in etth1_models(seeds, n_jobs):
        test = model.backtest(values, start=first)
        squared.append(np.mean((test.forecasts - test.observed) ** 2))
        absolute.append(np.mean(np.abs(test.forecasts - test.observed)))
    note = f"relative to {model.relative_to_}, {model.window_} steps"
    seconds = time.perf_counter() - start
    print_scores("ETTh1, 24 hours, MSE", squared, seconds, note, digits=4)
    print_scores("ETTh1, 24 hours, MAE", absolute, seconds, digits=4)


def run_intervals(names, seeds, n_jobs):
    """Share of the test part's hours within intervals of 80 %, and their width."""
    values, _, first = etth1()
    start, inside, widths = time.perf_counter(), [], []
    for model in etth1_models(seeds, n_jobs, loss="quantile"):
        test = model.backtest(values, start=first, quantiles=[0.1, 0.9])
        lower, upper = np.moveaxis(test.forecasts, -1, 0)
        inside.append(np.mean((lower <= test.observed) & (test.observed <= upper)))
        widths.append(np.mean(upper - lower))
    seconds = time.perf_counter() - start
    print_scores("ETTh1, 24 hours, within 80 %", inside, seconds)
    print_scores("ETTh1, 24 hours, width", widths, seconds)


# How many steps at the end are the test part.
ONE_STEP = {"airline": 36, "sunspots_yearly": 88}


def run_one_step(names, seeds, n_jobs):
    """Root mean squared error one step ahead: untouched defaults."""
    for name in names:
        values = loader().load_forecast(name)[1][:, 0]
        start, scores, first = time.perf_counter(), [], len(values) - ONE_STEP[name]
        for seed in range(seeds):
            model = LSTMForecaster(random_state=seed, n_jobs=n_jobs).fit(values[:first])
            test = model.backtest(values, start=first)
            scores.append(np.sqrt(np.mean((test.forecasts - test.observed) ** 2)))
        note = f"relative to {model.relative_to_}, log {model.log_}"
        print_scores(name, scores, time.perf_counter() - start, note, digits=1)


RUNS = {
    "defaults": (run_defaults, SETS),
    "grid": (
        run_grid,
        ("JapaneseVowels", "BasicMotions", "IndoorMovement", "pendigits"),
    ),
    "transformer": (run_transformer, ("JapaneseVowels",)),
    "beijing": (run_beijing, ()),
    "speech": (run_speech, ()),
    "etth1": (run_etth1, ()),
    "intervals": (run_intervals, ()),
    "one_step": (run_one_step, tuple(ONE_STEP)),
}


def main():
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=RUNS)
    parser.add_argument("--sets", nargs="+", help="names of data sets")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--n-jobs", type=int, default=None)
    arguments = parser.parse_args()
    run, names = RUNS[arguments.what]
    print("| set | mean | seeds | time | |\n| --- | --- | --- | --- | --- |")
    run(arguments.sets or names, arguments.seeds, arguments.n_jobs)


if __name__ == "__main__":
    sys.exit(main())
