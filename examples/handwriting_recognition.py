"""
Handwriting recognition from the movement of a pen
==================================================

Several digits are written one after another: one trajectory, in which nobody has marked
where a digit ends. A pen that is lifted does not tell either, since a 4 and a 5 have
two strokes. `LSTMTranscriber` reads the movement and writes the digits down; it
learns from trajectories and digit strings alone (connectionist temporal classification,
Graves et al. 2006; online handwriting: Graves et al. 2009).

::

    python examples/handwriting_recognition.py                # under a minute
    python examples/handwriting_recognition.py --full         # downloads 5 MB

The short version needs no download: ten drawn digits, each time with another slant,
size and wobble. The full version (some minutes) reads drawings of 44 people and is
tested on 14 of them whose hands it has not seen. ``--save folder`` writes the pictures
there instead of showing them. Needs matplotlib (``pip install '.[plot]'``) and, for
``--full``, pooch (``pip install '.[data]'``).
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline

from sklstm import LSTMTranscriber
from sklstm.datasets import fetch_pendigits
from sklstm.sequences import FrameStacker, SequenceScaler

# %%
# Drawings
# --------
# The strokes of each digit, as corners (x, y) that a pen passes on smooth curves.

STROKES = {
    "0": ["5,9 2,8 1,5 2,1 5,0 8,2 9,5 8,8 5,9"],
    "1": ["3,7 5,9 5,5 5,0"],
    "2": ["1,7 3,9 7,9 8,6 5,3 1,0 5,0 9,0"],
    "3": ["2,8 5,9 8,7 4,5 8,4 8,1 5,0 1,1"],
    "4": ["5,9 3,6 1,4 5,4 9,4", "6,7 6,4 6,0"],
    "5": ["3,9 2,5 6,6 8,3 6,0 1,1", "3,9 6,9 8,9"],
    "6": ["7,9 3,6 1,3 3,0 7,0 8,3 5,5 2,3"],
    "7": ["1,9 5,9 9,9 6,5 4,0", "3,5 5,5 8,5"],
    "8": ["8,8 5,9 2,7 5,5 8,2 5,0 2,2 5,5 8,7"],
    "9": ["8,7 5,9 2,7 4,5 8,7 8,4 7,0"],
}


def draw_digit(label, rng):
    """One drawing: points (x, y, whether a stroke begins)."""
    slant, size = rng.normal(0, 0.25), rng.uniform(0.8, 1.2, size=2)
    strokes = []
    for corners in STROKES[label]:
        points = np.array([corner.split(",") for corner in corners.split()], float) / 9
        points += rng.normal(0, 0.06, points.shape)
        length = np.linalg.norm(np.diff(points, axis=0), axis=1).sum()
        n_points = max(4, int(length * rng.uniform(8, 14)))
        stroke = smooth_curve(points, n_points) * size
        stroke[:, 0] += slant * stroke[:, 1]
        begins = np.arange(n_points) == 0
        strokes.append(np.column_stack([stroke, begins]))
    return np.concatenate(strokes)


def smooth_curve(points, n_points):
    """Points on a curve through corners, each corner cut twice (Chaikin 1974)."""
    for _ in range(2):
        a, b = points[:-1], points[1:]
        cut = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], axis=1)
        points = np.concatenate([points[:1], cut.reshape(-1, 2), points[-1:]])
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    way = np.concatenate([[0], np.cumsum(steps)])
    at = np.linspace(0, way[-1], n_points)
    return np.stack([np.interp(at, way, column) for column in points.T], axis=1)


def made_drawings(n_drawings, seed):
    """Drawings by one writer, with their labels."""
    rng = np.random.RandomState(seed)
    labels = rng.choice(list(STROKES), n_drawings)
    drawings = [draw_digit(label, rng) for label in labels]
    return {seed: (drawings, labels.tolist())}


def pendigits():
    """Drawings of 44 people by part and writer; five of the training part validate."""
    data = fetch_pendigits()
    parts = {"train": {}, "valid": {}, "test": {}}
    for given in ("train", "test"):
        drawings, digits = data[f"X_{given}"], data[f"y_{given}"]
        for drawing, digit, writer in zip(
            drawings, digits, data[f"writers_{given}"], strict=True
        ):
            part = "valid" if given == "train" and writer > 25 else given
            of_writer = parts[part].setdefault(writer, ([], []))
            of_writer[0].append(drawing)
            of_writer[1].append(str(digit))
    return parts


# %%
# One trajectory
# --------------
# Drawings of one writer, side by side. A step is the movement of the pen since the step
# before, its height on the line, and whether a stroke begins; each string has a scale
# of its own, and two steps are read at once.


def strings(writers, n_strings, seed):
    """Trajectories of 3 to 6 digits, and what they say."""
    rng, X, y = np.random.RandomState(seed), [], []
    for _ in range(n_strings):
        drawings, labels = writers[rng.choice(list(writers))]
        chosen = rng.choice(len(drawings), rng.randint(3, 7), replace=False)
        X.append(trajectory([drawings[i] for i in chosen], rng))
        y.append("".join(labels[i] for i in chosen))
    return X, y


def trajectory(drawings, rng):
    """Steps of the pen along a line: dx, dy, height, new stroke."""
    end, points = 0.0, []
    height = np.mean([np.ptp(drawing[:, 1]) for drawing in drawings])
    for drawing in drawings:
        x, y, begins = drawing.T / [[height], [height], [1]]
        x = x - x.min() + end + rng.uniform(0.1, 0.5)
        points.append(np.column_stack([x, y - (y.min() + y.max()) / 2, begins]))
        end = x.max()
    points = np.concatenate(points)
    steps = np.diff(points[:, :2], axis=0, prepend=points[:1, :2])
    return np.column_stack([steps, points[:, 1:]])


# %%
# The model
# ---------

SHORT = {"hidden_layer_sizes": 48, "max_iter": 12, "learning_rate_init": 0.01}
FULL = {
    "hidden_layer_sizes": (64, 64),
    "dropout": 0.3,
    "input_noise": 0.1,
    "max_iter": 12,
}


def learn(parts, *, full):
    """Fit a pipeline, whose last step sees the validation part as well; score."""
    model = make_pipeline(
        SequenceScaler(),
        FrameStacker(2),
        LSTMTranscriber(
            early_stopping=True,
            n_iter_no_change=np.inf,
            random_state=0,
            **FULL if full else SHORT,
        ),
    )
    X_val, y_val = parts["valid"]
    prepare = model[:-1].fit(parts["train"][0])
    model[-1].fit(
        prepare.transform(parts["train"][0]),
        parts["train"][1],
        X_val=prepare.transform(X_val),
        y_val=y_val,
    )
    for part, (X, y) in parts.items():
        rate = 100 * (1 - model.score(X, y))
        print(f"label error rate, {part}: {rate:.1f} %")
    return model


# %%
# What was read where
# -------------------
# `align` finds the steps at which the network names each digit. It reads in both
# directions, so that it need not wait for the end. Grey is the pen, red those steps.


def draw_strings(model, X, y, n_strings=8):
    """Some trajectories, with what was read, mistakes first."""
    order = np.argsort(model.predict(X) == np.array(y, dtype=object), kind="stable")
    shown = order[:n_strings]
    figure, axes = plt.subplots(n_strings // 2, 2, figsize=(9, 7), layout="constrained")
    widest = max(np.ptp(np.cumsum(X[i][:, 0])) for i in shown)
    for axis, i in zip(axes.ravel(), shown, strict=True):
        (found,) = model.predict([X[i]])
        (spans,) = model[-1].align(model[:-1].transform([X[i]]), [found])
        points = np.cumsum(X[i][:, :2], axis=0)
        points -= points.min(axis=0)
        stroke = np.cumsum(X[i][:, 3] > 0)
        for number in np.unique(stroke):
            axis.plot(*points[stroke == number].T, color="silver", lw=2)
        top = points[:, 1].max()
        for label, (first, last) in zip(found, 2 * spans, strict=True):
            named = points[first : last + 2]
            axis.plot(*named.T, ".", color="C3", ms=4)
            axis.text(named[:, 0].mean(), top + 0.1, label, color="C3", ha="center")
        right = "" if found == y[i] else f", written: {y[i]}"
        axis.set_title(f"read: {found}{right}", loc="left", fontsize="medium")
        axis.set(aspect="equal", xlim=(-0.1, widest + 0.1), ylim=(-0.1, top + 0.5))
        axis.axis("off")
    return figure


def main():
    """Make strings, learn, score, draw."""
    parser = argparse.ArgumentParser(description="Handwriting recognition")
    parser.add_argument("--full", action="store_true", help="drawings of 44 people")
    parser.add_argument("--save", type=Path, help="folder for the picture")
    arguments = parser.parse_args()
    if arguments.full:
        writers = pendigits()
        sizes = {"train": 4000, "valid": 200, "test": 400}
    else:
        seeds = {"train": 0, "valid": 1, "test": 2}
        writers = {part: made_drawings(1500, seed) for part, seed in seeds.items()}
        sizes = {"train": 500, "valid": 60, "test": 100}
    parts = {
        part: strings(writers[part], size, seed)
        for seed, (part, size) in enumerate(sizes.items())
    }
    model = learn(parts, full=arguments.full)
    figure = draw_strings(model, *parts["test"])
    if arguments.save is None:
        plt.show()
        return
    arguments.save.mkdir(parents=True, exist_ok=True)
    figure.savefig(arguments.save / "handwriting_recognition.png", dpi=100)


if __name__ == "__main__":
    main()
