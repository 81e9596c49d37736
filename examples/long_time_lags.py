"""
What LSTMs were invented for: answers that lie far back
=======================================================

A tanh network forgets within some ten steps what it has read: its gradient shrinks
on the way back. Long short-term memory was invented against that (Hochreiter and
Schmidhuber 1997; Gers, Schmidhuber and Cummins 2000), and shown on artificial
problems where everything depends on what was read a hundred or a thousand steps ago.
This page poses these problems to four networks of 32 units: an LSTM with "chrono"
forget biases, the LSTM as it is by default, a GRU, and the tanh RNN.

Every network learns from a stream of fresh sequences, none of which comes twice, in
mini-batches of 8 with Adam at a constant rate. Every 500 sequences it is tested on
1000 others; what is counted is the sequences it had seen when it first met the goal.
Hochreiter and Schmidhuber counted the same, with one sequence an update, some 5 to 30
units and a goal of their own (the last 2000 training sequences right), so that orders
of magnitude compare, not digits.

::

    python examples/long_time_lags.py          # reduced: one seed, under a minute
    python examples/long_time_lags.py --full   # as published, 5 seeds, 2 rates

The results of the full version are in docs/guide/long_time_lags.md. ``--only adding``
picks problems by name, ``--save folder`` writes the pictures there instead of showing
them. Needs matplotlib: ``pip install '.[plot]'``.
"""

import argparse
import time
from collections import namedtuple
from contextlib import suppress
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.datasets import (
    make_adding,
    make_copy_memory,
    make_multiplication,
    make_reber,
    make_temporal_order,
    make_two_sequences,
    reber_next_symbols,
)

# %%
# The sequences
# -------------
# In the adding problem two numbers are marked, and the answer is their sum. In the
# temporal order problem the answer is which of X and Y came when, among symbols that
# mean nothing. The embedded Reber grammar ends as it began. In the two-sequence
# problem the first three numbers tell the class and everything else is noise. The
# copy problem asks for all bits, after a long pause.


def draw_sequences():
    """Draw one sequence of each kind."""
    figure, axes = plt.subplots(5, figsize=(8, 9), layout="constrained")
    X, y = make_adding(1, random_state=0)
    numbers, markers = X[0].T
    marked = np.flatnonzero(markers)
    axes[0].plot(numbers, ".", color="silver")
    axes[0].plot(marked, numbers[marked], "o", color="C3")
    axes[0].set(title=f"adding: the marked numbers make {y[0]:.2f}", ylabel="number")
    X, y = make_temporal_order(1, n_relevant=3, random_state=2)
    counts = X[0][:, 2:4].any(axis=1)
    draw_symbols(axes[1], X[0], counts, "EBXYabcd", f"temporal order: class {y[0]}")
    X, y = make_reber(1, min_length=50, random_state=1)
    counts = np.arange(len(X[0])) == 1
    draw_symbols(axes[2], X[0], counts, "BTPSXVE", f"embedded Reber: next is {y[0]}")
    X, y = make_two_sequences(8, random_state=0)
    for label, color in ((0, "silver"), (1, "C3")):
        axes[3].plot(X[np.argmax(y == label)], color=color, lw=1)
    axes[3].set(title="two sequences: class 1 (red) and class 0", ylabel="number")
    X, y = make_copy_memory(1, random_state=0)
    counts = X[0][:, :2].any(axis=1)
    bits = "".join(map(str, y[0]))
    draw_symbols(axes[4], X[0], counts, "01?", f"copy: asked for {bits}")
    axes[4].set(xlabel="time step")
    return figure


def draw_symbols(axis, x, counts, symbols, title):
    """Draw one-hot symbols as dots, red at the steps that count."""
    steps, numbers = np.nonzero(x)
    axis.scatter(steps, numbers, s=12, c=np.where(counts[steps], "C3", "silver"))
    axis.set(title=title, ylabel="symbol", ylim=(len(symbols) - 0.5, -0.5))
    axis.set_yticks(range(len(symbols)), symbols, fontsize="small")


# %%
# The problems and their goals
# ----------------------------
# A goal is a limit of the test error, beside it the published number of sequences for
# a goal like it. The adding problem has two: the usual one today, a mean squared
# error below 0.01, and the published one, no sum wrong by 0.04 of its range.

Goal = namedtuple("Goal", "measure limit words published")
Problem = namedtuple(
    "Problem", "name make goals tolerance rate budget", defaults=[8000]
)


def adding(n_timesteps, published):
    """The adding problem with both goals."""
    goals = (
        Goal("squared error", 0.01, "squared error < 0.01", None),
        Goal("share wrong", 0.0, "all within 0.08", published),
    )
    make = partial(make_adding, n_timesteps=n_timesteps)
    return Problem(f"adding, {n_timesteps} steps", make, goals, 0.08, 0.02)


def labels(name, make, published, rate, **budget):
    """A problem of classification; its goal is that no test sequence is wrong."""
    goals = (Goal("share wrong", 0.0, "all right", published),)
    return Problem(name, make, goals, None, rate, **budget)


MULTIPLICATION_GOALS = (
    Goal("share wrong", 0.055, "94.5% within 0.04", 482_000),
    Goal("share wrong", 0.005, "99.5% within 0.04", 1_273_000),
)
ORDER_OF_3 = partial(make_temporal_order, n_relevant=3)
TWO_NOISY = partial(make_two_sequences, informative_noise=0.2)
TWO_LONG = partial(make_two_sequences, n_timesteps=1000)
REBER_NEXT = partial(make_reber, target="next")
REBER_LONG = partial(make_reber, min_length=50)
COPY_SHORT = partial(make_copy_memory, n_bits=5, lag=50)

BOTH = [
    adding(100, 74_000),
    Problem("multiplication", make_multiplication, MULTIPLICATION_GOALS, 0.04, 0.02),
    labels("temporal order, 3 symbols", ORDER_OF_3, 571_100, 0.02),
    labels("two sequences, 100 steps", make_two_sequences, 27_380, 0.005),
    labels("Reber, last of 50 symbols", REBER_LONG, None, 0.005),
]
REDUCED = [*BOTH, labels("copy, 5 bits, lag 50", COPY_SHORT, None, 0.02, budget=15_000)]
FULL = [
    *BOTH,
    adding(400, None),
    adding(500, 209_000),
    adding(1000, 853_000),
    labels("temporal order, 2 symbols", make_temporal_order, 31_390, 0.02),
    labels("two sequences, all noisy", TWO_NOISY, 41_740, 0.005),
    labels("two sequences, 1000 steps", TWO_LONG, 446_850, 0.005),
    labels("Reber, every next symbol", REBER_NEXT, 8_440, 0.02),
    labels("copy, 10 bits, lag 100", make_copy_memory, None, 0.02, budget=100_000),
]

MODELS = {
    "LSTM, chrono": {"cell": "lstm", "forget_bias": "chrono"},
    "LSTM, forget bias 1": {"cell": "lstm", "forget_bias": 1.0},
    "GRU": {"cell": "gru"},
    "tanh RNN": {"cell": "rnn"},
}

# %%
# Learning from a stream
# ----------------------

Run = namedtuple("Run", "problem model rate seed reached seen errors seconds")


def learn(problem, model, rate, seed, budget):
    """Learn fresh sequences until all goals are met or the budget is used up."""
    began = time.perf_counter()
    stream, size = np.random.RandomState(seed), 500
    X_test, y_test = problem.make(1000, random_state=10_000)
    regression = problem.tolerance is not None
    estimator = (LSTMRegressor if regression else LSTMClassifier)(
        **MODELS[model],
        hidden_layer_sizes=32,
        pooling="last",
        learning_rate_init=rate,
        batch_size=8,
        alpha=0.0,
        random_state=seed,
        n_jobs=1,
    )
    first = {} if regression or y_test.ndim > 1 else {"classes": np.unique(y_test)}
    if getattr(problem.make, "keywords", {}).get("target") == "next":
        y_test = allowed_symbols(X_test, first["classes"])
    seen, reached, errors = [], {}, []
    while len(reached) < len(problem.goals) and len(seen) * size < budget:
        X, y = problem.make(size, random_state=stream)
        # An update whose gradient overflows is refused; the stream goes on.
        with suppress(FloatingPointError):
            estimator.partial_fit(X, y, **({} if seen else first))
        seen.append((len(seen) + 1) * size)
        errors.append(test_errors(problem, estimator, X_test, y_test))
        for goal in problem.goals:
            if errors[-1][goal.measure] <= goal.limit:
                reached.setdefault(goal, seen[-1])
    seconds = time.perf_counter() - began
    return Run(problem, model, rate, seed, reached, seen, errors, seconds)


def allowed_symbols(X, symbols):
    """Which of the symbols the grammar allows after each beginning: a table of bool."""
    return np.array([[s in reber_next_symbols(x) for s in symbols] for x in X])


def test_errors(problem, estimator, X, y):
    """The share of sequences with a wrong answer; the squared error of numbers."""
    if y.dtype == bool:
        # Wrong: a forbidden symbol is as probable as an allowed one.
        probability = estimator.predict_proba(X)
        least_allowed = np.where(y, probability, np.inf).min(axis=1)
        wrong = least_allowed <= np.where(y, -np.inf, probability).max(axis=1)
        return {"share wrong": wrong.mean()}
    predicted = estimator.predict(X)
    if problem.tolerance is not None:
        off = np.abs(predicted - y)
        wrong = (off > problem.tolerance).mean()
        return {"squared error": (off**2).mean(), "share wrong": wrong}
    wrong = predicted != y
    return {"share wrong": (wrong if wrong.ndim == 1 else wrong.any(axis=1)).mean()}


def best_rate(runs):
    """The runs of the rate that met the last goal most often, and then soonest."""

    def merit(rate):
        ours = [run for run in runs if run.rate == rate]
        met = [goal for run in ours for goal in run.reached.values()]
        return len(met), -np.mean(met or [0])

    rate = max({run.rate for run in runs}, key=merit)
    return [run for run in runs if run.rate == rate]


def report(runs):
    """Print what the runs of one problem and one model came to."""
    problem, model, rate = runs[0][:3]
    seconds = np.median([run.seconds for run in runs])
    for goal in problem.goals:
        reached = [run.reached.get(goal) for run in runs]
        least = min(error[goal.measure] for run in runs for error in run.errors)
        if any(reached):
            result = " ".join(f"{n:,}" if n else "-" for n in reached)
        else:
            result = f"none in {runs[0].seen[-1]:,} sequences; least error {least:.3g}"
        published = f"{goal.published:,}" if goal.published else ""
        print(
            f"| {problem.name} | {goal.words} | {published} | {model} | {rate:g} "
            f"| {result} | {seconds:.1f} |",
            flush=True,
        )


def run_all(problems, *, full):
    """Run and report every model on every problem; return the runs worth drawing."""
    print(
        "| problem | goal | published | network | rate | met, seed by seed | seconds |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    kept = []
    for problem in problems:
        budget = problem.budget if not full else max(30_000, problem.budget)
        for model in MODELS:
            runs = [
                learn(problem, model, rate, seed, budget)
                for rate in ((0.005, 0.02) if full else (problem.rate,))
                for seed in range(5 if full else 1)
            ]
            runs = best_rate(runs)
            report(runs)
            kept += runs
    return kept


# %%
# Pictures
# --------


def problems_of(runs):
    """The problems in the order in which they were run."""
    return list(dict.fromkeys(run.problem for run in runs))


def draw_curves(runs):
    """Draw the test error of every run over the sequences it had seen."""
    problems = problems_of(runs)
    n_rows = -(-len(problems) // 3)
    figure, axes = plt.subplots(
        n_rows, 3, figsize=(11, 2.8 * n_rows + 0.4), layout="constrained", squeeze=False
    )
    for axis in axes.flat[len(problems) :]:
        axis.set_axis_off()
    for problem, axis in zip(problems, axes.flat, strict=False):
        goal = problem.goals[0]
        for run in (run for run in runs if run.problem == problem):
            errors = [error[goal.measure] for error in run.errors]
            color = f"C{list(MODELS).index(run.model)}"
            axis.plot(run.seen, errors, color=color, lw=1.2)
            if goal in run.reached:
                n = run.reached[goal]
                axis.plot(n, errors[run.seen.index(n)], "o", color=color, ms=6)
        axis.axhline(goal.limit, color="black", lw=0.8, ls=":")
        axis.set(title=problem.name, xlabel="sequences seen", ylabel=goal.measure)
        axis.locator_params(axis="x", nbins=5)
    handles = [plt.Line2D([], [], color=f"C{k}") for k in range(len(MODELS))]
    handles.append(plt.Line2D([], [], color="black", lw=0.8, ls=":"))
    names = [*MODELS, "goal (dot: first met)"]
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure


def draw_counts(runs):
    """Draw the sequences until each goal was met, beside the published numbers."""
    rows = [(problem, goal) for problem in problems_of(runs) for goal in problem.goals]
    figure, axis = plt.subplots(
        figsize=(9, 1.2 + 0.5 * len(rows)), layout="constrained"
    )
    for row, (problem, goal) in enumerate(rows):
        if goal.published:
            axis.plot(goal.published, row, "kD", mfc="none")
        for k, model in enumerate(MODELS):
            for run in runs:
                if (run.problem, run.model) == (problem, model):
                    met = goal in run.reached
                    x = run.reached[goal] if met else run.seen[-1]
                    fill = f"C{k}" if met else "none"
                    y = row + 0.18 * (k - 1.5)
                    axis.plot(x, y, "os^v"[k], color=f"C{k}", mfc=fill, ms=6)
        if row % 2:
            axis.axhspan(row - 0.5, row + 0.5, color="whitesmoke", zorder=0)
    axis.set_yticks(range(len(rows)), [f"{p.name}: {goal.words}" for p, goal in rows])
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set(xscale="log", xlabel="sequences until the goal was met (hollow: not met)")
    axis.grid(axis="x", alpha=0.4)
    handles = [
        plt.Line2D([], [], color=f"C{k}", marker="os^v"[k], ls="")
        for k in range(len(MODELS))
    ]
    handles.append(plt.Line2D([], [], color="k", marker="D", mfc="none", ls=""))
    names = [*MODELS, "published (1997)"]
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure


# %%
# The results
# -----------

parser = argparse.ArgumentParser(description="Problems with long time lags.")
parser.add_argument("--full", action="store_true", help="published sizes, 5 seeds")
parser.add_argument("--only", nargs="*", default=[""], help="how their names begin")
parser.add_argument("--save", type=Path, help="folder to write the pictures to")
arguments = parser.parse_args()

chosen = [
    problem
    for problem in (FULL if arguments.full else REDUCED)
    if problem.name.startswith(tuple(arguments.only))
]
runs = run_all(chosen, full=arguments.full)
figures = {
    "sequences": draw_sequences(),
    "curves": draw_curves(runs),
    "counts": draw_counts(runs),
}
if arguments.save:
    arguments.save.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(arguments.save / f"long_time_lags_{name}.png", dpi=100)
else:
    plt.show()
