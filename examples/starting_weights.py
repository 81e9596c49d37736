"""
Starting weights and the spread over seeds
==========================================

Two runs that differ in nothing but ``random_state`` end with different networks. How
different depends on how the first weights are drawn. Here an LSTM is trained with
``weight_init="uniform"`` and bounds (``init_scale``) from 0.01 to 1, and with the
default, ``"orthogonal"``, six seeds each.

::

    python examples/starting_weights.py       # under a minute on 2 cores

It prints a table and draws a picture; ``--save FOLDER`` also writes the picture there.
"""

# %%
# Two tasks
# ---------
# Nine speakers of real speech; and a made one that is all memory: the class of a
# sequence is shown at its first step, then come fifty steps of noise.

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from joblib import Parallel, delayed
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMClassifier, TimestepTransformer
from sklstm.datasets import load_japanese_vowels

parser = argparse.ArgumentParser()
parser.add_argument("--save", type=Path, help="folder for the picture")
options = parser.parse_args()

SEEDS = range(6)
STARTS = {
    f"uniform, ±{scale:g}": {"weight_init": "uniform", "init_scale": scale}
    for scale in (0.01, 0.03, 0.1, 0.3, 1.0)
} | {"orthogonal": {"weight_init": "orthogonal"}}


def speakers():
    """Japanese vowels, the original parts."""
    data = load_japanese_vowels()
    return data.X_train, data.y_train, data.X_test, data.y_test


def first_of_fifty():
    """Four classes, told by the first step of fifty."""
    random = np.random.RandomState(0)
    y = random.randint(4, size=600)
    X = random.normal(scale=0.3, size=(600, 50, 4))
    X[np.arange(600), 0, y] += 2
    return X[:300], y[:300], X[300:], y[300:]


# %%
# One network for each start and seed
# -----------------------------------


def score(data, start, seed):
    """Accuracy on the test part."""
    X, y, X_test, y_test = data
    model = make_pipeline(
        TimestepTransformer(StandardScaler()),
        LSTMClassifier(
            hidden_layer_sizes=32, max_iter=30, random_state=seed, n_jobs=1, **start
        ),
    )
    return model.fit(X, y).score(X_test, y_test)


def all_scores(data):
    """A row of accuracies over the seeds for each start."""
    tasks = [delayed(score)(data, start, s) for start in STARTS.values() for s in SEEDS]
    return np.reshape(Parallel(n_jobs=2)(tasks), (len(STARTS), len(SEEDS)))


# %%
# The spread
# ----------
# From 0.01 to 0.3 the scale hardly matters: whatever the weights are, the forget gates'
# bias of one lets gradients through from the first step. With a bound of 1 many gates
# start saturated: the mean falls, the spread over seeds grows, and some runs do badly.


def draw(axes, title, scores):
    """A point for each seed, a bar for the mean."""
    jitter = np.linspace(-0.2, 0.2, scores.shape[1])
    for row, values in enumerate(scores):
        axes.scatter(values, row + jitter, s=30, color="steelblue", zorder=3)
        mean = values.mean()
        axes.plot([mean, mean], [row - 0.35, row + 0.35], color="crimson", lw=2.5)
    axes.set_yticks(range(len(STARTS)), STARTS)
    axes.set_xlabel("accuracy on the test part (red bar: mean)")
    axes.set_title(title)
    axes.grid(axis="x", color="0.85")


figure, panels = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
for axes, load in zip(panels, (speakers, first_of_fifty), strict=True):
    scores = all_scores(load())
    title = load.__name__.replace("_", " ")
    draw(axes, title, scores)
    print(f"\n{title:20}   mean  spread  least")
    for start, values in zip(STARTS, scores, strict=True):
        print(f"{start:20} {values.mean():.4f}  {values.std():.4f} {values.min():.4f}")
panels[0].set_ylabel("first weights")
panels[0].invert_yaxis()
if options.save:
    figure.savefig(options.save / "starting_weights.png", dpi=120)

plt.show()
