"""
Inside a network
================

Two numbers in a sequence of fifty are marked; their sum is asked for at the end (the
adding problem of Hochreiter and Schmidhuber, 1997). A plain recurrent network does not
learn it, an LSTM and a GRU do. Three pictures show why, and how: curves of training,
how far back in time the gradient reaches, and what the gates do while the LSTM reads.

::

    python examples/inside_a_network.py            # under a minute on 2 cores

It prints the scores and draws the pictures; ``--save FOLDER`` writes them there. Needs
matplotlib: ``pip install '.[plot]'``.
"""

# %%
# The problem
# -----------

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from sklstm import LSTMRegressor
from sklstm.datasets import make_adding
from sklstm.inspection import (
    GateActivityDisplay,
    GradientFlowDisplay,
    TrainingCurveDisplay,
    gate_traces,
)

parser = argparse.ArgumentParser()
parser.add_argument("--save", type=Path, help="folder for the pictures")
options = parser.parse_args()

X, y = make_adding(n_samples=3000, n_timesteps=50, random_state=0)
X_test, y_test = make_adding(n_samples=500, n_timesteps=50, random_state=1)

# %%
# Training
# --------
# The same training for three cells, but for the learning rate: that of the LSTM would
# throw the plain network about. Before it, each is kept as it is after one update.

CELLS = {
    "RNN": {"cell": "rnn", "learning_rate_init": 0.002},
    "GRU": {"cell": "gru"},
    "LSTM": {"cell": "lstm"},
}
SHARED = {
    "hidden_layer_sizes": 12,
    "pooling": "last",
    "learning_rate_init": 0.02,
    "batch_size": 16,
    "max_iter": 8,
    "random_state": 0,
}
untrained, trained = {}, {}
for name, choices in CELLS.items():
    model = LSTMRegressor(**SHARED | choices)
    untrained[name] = LSTMRegressor(**SHARED | choices).partial_fit(X[:16], y[:16])
    trained[name] = model.fit(X, y, X_val=X_test, y_val=y_test)
    print(f"{name}: R^2 of {model.score(X_test, y_test):.3f} on new sequences")

axes = None
for name, model in trained.items():
    display = TrainingCurveDisplay.from_estimator(model, name=name, ax=axes)
    axes = display.axes_
axes[0].set_yscale("log")
axes[1].set_ylabel("R^2")
figures = {"training": display.figure_}

# %%
# How far back the gradient reaches
# ---------------------------------
# The norm of the gradient of the output with respect to the hidden state so many steps
# before: where it vanishes, a mark cannot be learned from. At first each cell loses
# some of it at every step. The gated ones learn to keep it; the plain one does not.

figure, panels = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
for axis, title, models in zip(
    panels, ("after one update", "trained"), (untrained, trained), strict=True
):
    for name, model in models.items():
        GradientFlowDisplay.from_estimator(model, X_test[:50], name=name, ax=axis)
    axis.set_title(title)
figures["gradients"] = figure

# %%
# What the LSTM does
# ------------------
# The input is the random numbers, and the marks. At a mark many units change their
# state; between marks they hold it.

display = GateActivityDisplay.from_estimator(
    trained["LSTM"], X_test, sample=2, quantities=["input_gate", "forget_gate", "cell"]
)
figures["gates"] = display.figure_

traces = gate_traces(trained["LSTM"], X_test)
at_mark = X_test[:, :, 1] == 1
steps = np.stack([np.abs(np.diff(cell, axis=0)).mean(axis=1) for cell in traces.cell])
change_at, change_between = steps[at_mark[:, 1:]].mean(), steps[~at_mark[:, 1:]].mean()
print(f"change of a cell state at marks {change_at:.2f}, between {change_between:.2f}")

if options.save:
    options.save.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(options.save / f"inside_a_network_{name}.png", dpi=100)

plt.show()
