"""
Speech recognition without alignments
=====================================

A recording and what was said in it, in order: that is all there is to learn from.
Nobody has marked when each word begins and ends. Connectionist temporal classification
sums over all ways to spread the labels over the time steps (Graves et al. 2006), so
that `LSTMTranscriber` learns from such pairs, and finds the times by itself.

::

    python examples/speech_recognition.py                     # under a minute
    SKLSTM_SHARED_DATA=folder python examples/speech_recognition.py --full

The short version needs no download: nine men say vowels, one after another, and the
model writes down who speaks. The full version (two minutes) transcribes strings of
spoken digits, ``speech/fsdd_connected.npz`` in the named folder, also of two speakers
whom it has never heard. ``--save folder`` writes the pictures there instead of showing
them. Needs matplotlib: ``pip install '.[plot]'``.
"""

import argparse
import importlib.util
import os
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMTranscriber, TimestepTransformer
from sklstm.datasets import load_japanese_vowels
from sklstm.inspection import TrainingCurveDisplay, TranscriptionDisplay
from sklstm.sequences import FrameStacker, SequenceScaler

# %%
# Recordings
# ----------
# Two to five utterances of the vowels /ae/, each of another man, with pauses between
# them, are one recording of 12 coefficients a step. The label of a man is a letter, so
# what was recorded is a string. Test recordings are made of other utterances.


def connected_vowels(n_train=800, n_test=100):
    """Recordings with their labels, by part."""
    data, rng = load_japanese_vowels(), np.random.RandomState(0)
    quiet = np.concatenate(list(data.X_train)).min(axis=0)
    parts = {}
    for part, n_recordings in (("train", n_train), ("valid", 60), ("test", n_test)):
        of_test = part == "test"
        utterances = data.X_test if of_test else data.X_train
        speakers = np.asarray(data.y_test if of_test else data.y_train)
        keep = slice(None) if of_test else slice(part == "valid", None, 2)
        chosen = np.arange(len(speakers))[keep]
        parts[part] = [], []
        for _ in range(n_recordings):
            said = rng.choice(chosen, rng.randint(2, 6))
            pieces = []
            for i in said:
                pieces += [pause(quiet, rng), np.asarray(utterances[i])]
            parts[part][0].append(np.concatenate([*pieces, pause(quiet, rng)]))
            names = sorted(set(speakers.tolist()))
            letters = ["ABCDEFGHI"[names.index(speakers[i])] for i in said]
            parts[part][1].append("".join(letters))
    return parts


def pause(quiet, rng):
    """Some steps in which nobody speaks."""
    n_steps = rng.randint(2, 8)
    return quiet + 0.1 * rng.normal(size=(n_steps, len(quiet)))


def spoken_digits():
    """Strings of digits from the shared data, by part."""
    folder = os.environ.get("SKLSTM_SHARED_DATA")
    if not folder:
        sys.exit("--full reads the folder that SKLSTM_SHARED_DATA names")
    spec = importlib.util.spec_from_file_location("load", Path(folder) / "load.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    parts = module.load_connected("fsdd_connected")
    return {
        part: (X, ["".join(map(str, labels)) for labels in y])
        for part, (X, y) in parts.items()
    }


# %%
# The model
# ---------
# What was said is the same in every voice: each recording of digits gets a scale of its
# own, and two frames, ten milliseconds apart, are one step. Who speaks is in the voice:
# the vowels have one scale for all. Noise on the inputs keeps a network from learning
# recordings by heart. The validation part chooses the epoch.

SHORT = {
    "hidden_layer_sizes": 64,
    "dropout": 0.3,
    "input_noise": 0.5,
    "max_iter": 20,
}
FULL = {
    "hidden_layer_sizes": (128, 128),
    "dropout": 0.4,
    "input_noise": 0.3,
    "learning_rate_init": 3e-3,
    "max_iter": 30,
}


def learn(parts, *, full):
    """Prepare, fit, score; return the model and the prepared parts."""
    if full:
        prepare = make_pipeline(SequenceScaler(), FrameStacker(2))
    else:
        prepare = TimestepTransformer(StandardScaler())
    prepare.fit(parts["train"][0])
    parts = {part: (prepare.transform(X), y) for part, (X, y) in parts.items()}
    model = LSTMTranscriber(
        early_stopping=True,
        n_iter_no_change=np.inf,
        batch_size=16,
        random_state=0,
        **FULL if full else SHORT,
    )
    X_val, y_val = parts["valid"]
    model.fit(*parts["train"], X_val=X_val, y_val=y_val)
    for part in parts:
        rate = 100 * (1 - model.score(*parts[part]))
        print(f"label error rate, {part.replace('_', ' ')}: {rate:.1f} %")
    return model, parts


# %%
# When was it said?
# -----------------
# `align` spreads the labels over the steps in the likeliest way. The network names a
# label at few of the steps it lasts, and leaves the others to the blank.


def draw_alignment(model, X, y):
    """A recording, the probabilities of its labels, and where each was found."""
    longest = int(np.argmax([len(labels) for labels in y]))
    x, (found,) = np.asarray(X[longest]), model.predict([X[longest]])
    figure, (above, below) = plt.subplots(
        2, figsize=(9, 5), sharex=True, layout="constrained"
    )
    limit = np.quantile(np.abs(x), 0.98)
    above.imshow(x.T, aspect="auto", cmap="RdBu_r", vmin=-limit, vmax=limit)
    above.set(title=f"said: {y[longest]}    written: {found}", ylabel="coefficient")
    display = TranscriptionDisplay.from_estimator(model, X, y, sample=longest, ax=below)
    for (first, last), text in zip(display.spans, display.text_, strict=True):
        above.axvspan(first - 0.5, last + 0.5, color=text.get_color(), alpha=0.4, lw=0)
    return figure


def draw_training(model):
    """Loss and score of every epoch."""
    display = TrainingCurveDisplay.from_estimator(model)
    losses, scores = display.axes_
    losses.set(yscale="log", ylabel="loss per label")
    scores.set_ylabel("1 - label error rate")
    return display.figure_


def main():
    """Load, learn, score, draw."""
    parser = argparse.ArgumentParser(description="Speech recognition")
    parser.add_argument("--full", action="store_true", help="strings of spoken digits")
    parser.add_argument("--save", type=Path, help="folder for the pictures")
    arguments = parser.parse_args()
    parts = spoken_digits() if arguments.full else connected_vowels()
    model, parts = learn(parts, full=arguments.full)
    figures = {
        "alignment": draw_alignment(model, *parts["test"]),
        "training": draw_training(model),
    }
    if arguments.save is None:
        plt.show()
        return
    arguments.save.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(arguments.save / f"speech_recognition_{name}.png", dpi=100)


if __name__ == "__main__":
    main()
