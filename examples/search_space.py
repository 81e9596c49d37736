"""
A search space odyssey, in small
================================

Greff et al. (LSTM: A Search Space Odyssey, 2017) compared variants of the LSTM by
random search: every variant with many draws of its learning rate, its width and its
noise, then the scores side by side. Here the same is one ``RandomizedSearchCV``, whose
list of dictionaries is the list of variants.

::

    python examples/search_space.py           # two small sets, under a minute
    python examples/search_space.py --full    # larger sets, four times the draws

It prints a table of the best trial of each variant and draws a picture for each set.
``--save FOLDER`` also writes the pictures there. With ``--full``, BasicMotions is the
third set where ``SKLSTM_SHARED_DATA`` names a folder that has it.
"""

# %%
# The variants
# ------------
# What is drawn anew in each trial is the same for all of them: the learning rate and
# the width on logarithmic scales, and two kinds of noise.

import argparse
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.ticker import PercentFormatter
from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.model_selection import RandomizedSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMClassifier, TimestepTransformer
from sklstm.datasets import load_japanese_vowels

parser = argparse.ArgumentParser()
parser.add_argument("--full", action="store_true", help="larger sets, more draws")
parser.add_argument("--save", type=Path, help="folder for the pictures")
options = parser.parse_args()

PLAIN = {
    "cell": "lstm",
    "bidirectional": False,
    "peephole": False,
    "coupled_gates": False,
    "forget_bias": 1.0,
    "projection_size": None,
    "reset_after": False,
}
VARIANTS = {
    "LSTM": {},
    "LSTM, both directions": {"bidirectional": True},
    "LSTM, peepholes": {"peephole": True},
    "LSTM, coupled gates": {"coupled_gates": True},
    "LSTM, peepholes, coupled gates": {"peephole": True, "coupled_gates": True},
    "LSTM, forget bias 0": {"forget_bias": 0.0},
    "LSTM, projected to 8": {"projection_size": 8},
    "GRU": {"cell": "gru"},
    "GRU, both directions": {"cell": "gru", "bidirectional": True},
    "GRU, reset after": {"cell": "gru", "reset_after": True},
    "tanh RNN": {"cell": "rnn"},
    "tanh RNN, both directions": {"cell": "rnn", "bidirectional": True},
}
DRAWN = {
    "lstm__learning_rate_init": loguniform(3e-3, 1e-1),
    "lstm__hidden_layer_sizes": np.unique(np.geomspace(9, 48, 30).astype(int)).tolist(),
    "lstm__input_dropout": [0.0, 0.1, 0.2],
    "lstm__dropout": [0.0, 0.25, 0.5],
}


def fixed(variant):
    """The parameters that make a variant, all of them written out."""
    return {f"lstm__{key}": value for key, value in (PLAIN | VARIANTS[variant]).items()}


# One dictionary for each variant; a list of one value is not a choice. The search
# draws a dictionary first, with equal chances, then the values in it.
SPACE = [
    {key: [value] for key, value in fixed(variant).items()} | DRAWN
    for variant in VARIANTS
]

# %%
# Two sets
# --------
# Utterances of nine speakers, each of its own length, and written digits that are read
# row by row, eight steps of eight pixels.


def speakers():
    """Japanese vowels: 270 sequences of 7 to 29 steps, 12 channels, 9 classes."""
    data = load_japanese_vowels()
    return data.X_train, data.y_train


def digits():
    """Digits of scikit-learn: 8 steps, 8 channels, 10 classes."""
    data = load_digits()
    chosen = slice(None) if options.full else slice(0, 300)
    return list(data.images[chosen]), data.target[chosen]


def motions():
    """BasicMotions: 40 sequences of 100 steps, 6 channels, 4 classes."""
    folder = Path(os.environ["SKLSTM_SHARED_DATA"])
    data = np.load(folder / "tsc" / "BasicMotions.npz")
    ends = np.cumsum(data["len_train"])[:-1]
    return np.split(data["X_train"].astype(float), ends), data["y_train"]


sets = {"speakers": speakers, "digits": digits}
if options.full and "SKLSTM_SHARED_DATA" in os.environ:
    sets["motions"] = motions


# %%
# The search
# ----------


def search(X, y):
    """All trials of all variants."""
    model = Pipeline(
        [
            ("scale", TimestepTransformer(StandardScaler())),
            (
                "lstm",
                LSTMClassifier(max_iter=50 if options.full else 20, random_state=0),
            ),
        ]
    )
    return RandomizedSearchCV(
        model,
        SPACE,
        n_iter=(24 if options.full else 7) * len(VARIANTS),
        cv=StratifiedKFold(3, shuffle=True, random_state=0),
        random_state=27,  # one that draws each variant five to nine times
        n_jobs=2,
        refit=False,
        error_score="raise",
    ).fit(X, y)


def by_variant(results):
    """Numbers of the trials of each variant, the variant with the best median first."""
    scores, trials = results["mean_test_score"], {}
    for variant in VARIANTS:
        wanted = fixed(variant).items()
        trials[variant] = [
            number
            for number, params in enumerate(results["params"])
            if all(params[key] == value for key, value in wanted)
        ]
    return dict(
        sorted(
            trials.items(), key=lambda item: np.median(scores[item[1]]), reverse=True
        )
    )


# %%
# The table
# ---------


def print_table(results, trials):
    """The best trial of each variant, and what was drawn for it."""
    print(
        f"{'variant':31} trials  median    best    rate  units  input dropout  dropout"
    )
    for variant, numbers in trials.items():
        scores = results["mean_test_score"][numbers]
        best = results["params"][numbers[np.argmax(scores)]]
        rate, units, *noise = (best[key] for key in DRAWN)
        print(
            f"{variant:31} {len(numbers):6d}  {np.median(scores):.4f}"
            f"  {scores.max():.4f}  {rate:.4f}  {units:5d}"
            f"  {noise[0]:13.2f}  {noise[1]:7.2f}"
        )


# %%
# The picture
# -----------
# A point is a trial, its colour the learning rate; the bar is the median of a variant,
# and the best variant is on top. Look at the colours first: most of the spread within a
# variant is the learning rate's doing, as Greff et al. found, and the variants' best
# trials lie closer together than the trials of one variant.


def draw(title, results, trials, n_samples):
    """One row of points for each variant."""
    errors = np.maximum(1 - results["mean_test_score"], 0.5 / n_samples)
    rates = np.array(
        [params["lstm__learning_rate_init"] for params in results["params"]]
    )
    figure, axes = plt.subplots(figsize=(9, 5), layout="constrained")
    jitter = np.random.RandomState(0).uniform(-0.18, 0.18, len(errors))
    for row, numbers in enumerate(trials.values()):
        points = axes.scatter(
            errors[numbers],
            row + jitter[numbers],
            c=rates[numbers],
            norm=LogNorm(3e-3, 1e-1),
            cmap="viridis",
            edgecolors="black",
            linewidths=0.4,
            s=36,
            zorder=3,
        )
        median = np.median(errors[numbers])
        axes.plot([median, median], [row - 0.36, row + 0.36], color="crimson", lw=2.5)
    axes.set_yticks(range(len(trials)), trials)
    axes.invert_yaxis()
    axes.set_xscale("log")
    ticks = [0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.9]
    low, high = errors.min() / 1.15, min(errors.max() * 1.15, 1)
    axes.set_xticks([tick for tick in ticks if low < tick < high])
    axes.set_xlim(low, high)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.minorticks_off()
    axes.grid(axis="x", color="0.85")
    axes.set_xlabel("error in cross-validation (red bar: median of the variant)")
    axes.set_title(title)
    bar = figure.colorbar(points, label="learning rate")
    bar.set_ticks([0.003, 0.01, 0.03, 0.1], labels=["0.003", "0.01", "0.03", "0.1"])
    bar.minorticks_off()
    return figure


# %%
# One set after the other.

for name, load in sets.items():
    X, y = load()
    results = search(X, y).cv_results_
    trials = by_variant(results)
    print(f"\n{name}: {len(X)} sequences, {len(results['params'])} trials")
    print_table(results, trials)
    figure = draw(f"Variants of recurrent networks: {name}", results, trials, len(X))
    if options.save:
        figure.savefig(options.save / f"search_space_{name}.png", dpi=120)

plt.show()
