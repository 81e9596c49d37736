"""
Music, frame by frame
=====================

Small pieces in four voices are made up by rules: a key, a chain of chords, a melody
that walks through their notes. A network learns from the pieces alone what comes next,
in two ways: each frame as a **vector** of 88 keys that sound or not (a piano roll), and
each frame as a **symbol**, the tuple of its keys. It is measured by the likelihood of
unseen pieces, and then plays itself; what it plays is written to a MIDI file.

::

    python examples/music_generation.py               # under a minute on 2 cores
    python examples/music_generation.py --full        # downloads 100 kB

The full version (two minutes) learns from chorales by Bach, as vectors; its score is
that of ``python benchmarks/language_scores.py jsb``. ``--save folder`` writes pictures
and MIDI files there. Needs matplotlib and mido (``pip install '.[plot,midi]'``); the
full version needs pooch (``pip install '.[data]'``).
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import mido
import numpy as np

from sklstm import LSTMLanguageModel
from sklstm.datasets import fetch_jsb_chorales

parser = argparse.ArgumentParser()
parser.add_argument("--full", action="store_true", help="chorales by Bach")
parser.add_argument("--save", type=Path, help="folder for the files")
options = parser.parse_args()

LOWEST = 21  # the MIDI number of the first of 88 keys
STEPS_OF_A_CHORD, N_CHORDS = 4, 16
SCALE = np.array([0, 2, 4, 5, 7, 9, 11])

# Chords by the degree of the scale they stand on, and what may follow with which
# probability: I, ii, IV, V, vi.
DEGREES = [0, 1, 3, 4, 5]
FOLLOWS = np.array(
    [
        [0.0, 0.2, 0.3, 0.3, 0.2],
        [0.0, 0.0, 0.1, 0.8, 0.1],
        [0.3, 0.2, 0.0, 0.5, 0.0],
        [0.6, 0.0, 0.1, 0.0, 0.3],
        [0.0, 0.4, 0.4, 0.2, 0.0],
    ]
)

# %%
# Pieces
# ------


def pitches(tonic, chord, octave):
    """The three notes of a chord from an octave on, upwards."""
    steps = DEGREES[chord] + np.array([0, 2, 4])
    return tonic + SCALE[steps % 7] + 12 * (steps // 7) + 12 * octave


def make_piece(random):
    """A piano roll, and the negative log-likelihood of a frame given the rules."""
    tonic, chord, place = LOWEST + 3 + random.randint(7), 0, random.randint(3)
    frames, nats = [], 0.0
    for k in range(N_CHORDS):
        if k:
            following = random.choice(5, p=FOLLOWS[chord])
            nats -= np.log(FOLLOWS[chord, following])
            chord = following
        for half in range(2):
            if k or half:
                place = (place + random.choice([-1, 0, 1])) % 3
                nats -= np.log(1 / 3)
            melody = np.sort(pitches(tonic, chord, 4) % 12)[place] + 72
            inner = pitches(tonic, chord, 3) % 12 + 60
            bass = pitches(tonic, chord, 2)[0]
            frames += [[bass, *inner, melody]] * (STEPS_OF_A_CHORD // 2)
    roll = np.zeros((len(frames), 88), dtype=np.float32)
    for step, notes in enumerate(frames):
        roll[step, np.array(notes) - LOWEST] = 1
    return roll, nats / (len(frames) - 1)


def as_symbols(roll):
    """A piano roll as a sequence of tuples of keys."""
    return [tuple(np.flatnonzero(frame).tolist()) for frame in roll]


def as_roll(symbols):
    """A sequence of tuples of keys as a piano roll."""
    roll = np.zeros((len(symbols), 88))
    for step, keys in enumerate(symbols):
        roll[step, list(keys)] = 1
    return roll


if options.full:
    parts = fetch_jsb_chorales()
    train = [
        np.roll(piece, shift, axis=1)
        for shift in range(-5, 6)
        for piece in parts["train"]
    ]
    valid, test = parts["valid"], parts["test"]
else:
    random = np.random.RandomState(0)
    made = [make_piece(random) for _ in range(300)]
    pieces = [roll for roll, _ in made]
    train, valid, test = pieces[:220], pieces[220:260], pieces[260:]
    print(f"nats a frame given the rules: {np.mean([n for _, n in made[260:]]):.3f}")

# %%
# Learning
# --------
# Vectors draw each key on its own: they can play a chord that they have never heard,
# but do not know that the keys of a chord go together. Symbols know, and cannot.

how = {
    "hidden_layer_sizes": 200 if options.full else 64,
    "dropout": 0.2 if options.full else 0.0,
    "learning_rate_init": 6e-3 if options.full else 0.01,
    "batch_size": 8,
    "bptt_steps": None,
    "max_iter": 12 if options.full else 40,
    "early_stopping": True,
    "n_iter_no_change": np.inf,
    "mark_ends": False,
    "random_state": 0,
}
vectors = LSTMLanguageModel(**how).fit(train, X_val=valid)
print(f"nats a frame of unseen pieces, vectors: {-vectors.score(test):.3f}")
models = {"vectors": vectors}
if not options.full:
    symbols = LSTMLanguageModel(**how, embedding_size=32).fit(
        [as_symbols(roll) for roll in train], X_val=[as_symbols(roll) for roll in valid]
    )
    score = symbols.score([as_symbols(roll) for roll in test])
    print(f"nats a frame of unseen pieces, symbols: {-score:.3f}")
    models["symbols"] = symbols
frequencies = np.clip(np.concatenate(train).mean(axis=0), 1e-4, 1 - 1e-4)
rest = np.concatenate([roll[1:] for roll in test])
independent = np.where(rest == 1, frequencies, 1 - frequencies)
print(f"  by how often each key sounds: {-np.log(independent).sum(axis=1).mean():.3f}")

# %%
# Playing
# -------
# Both go on from the first two chords of an unseen piece. A lower temperature makes
# vectors agree with themselves.

prime, LENGTH = test[0][: 2 * STEPS_OF_A_CHORD], 56
played = {"an unseen piece": test[0][: len(prime) + LENGTH]}
played["vectors"] = vectors.generate(prime, LENGTH, temperature=0.7, random_state=1)
if not options.full:
    played["symbols"] = as_roll(
        symbols.generate(as_symbols(prime), LENGTH, random_state=1)
    )

known = {frame for roll in train for frame in as_symbols(roll)}
for name, roll in played.items():
    frames = as_symbols(roll[len(prime) :])
    share = np.mean([frame in known for frame in frames])
    print(f"{name}: {share:.0%} of the frames are chords of the training pieces")


def write_midi(roll, path, ticks=240, tempo=120):
    """A piano roll as a MIDI file: keys that sound on are held."""
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo)))
    silence = np.zeros((1, roll.shape[1]))
    changes = np.diff(np.concatenate([silence, roll, silence]), axis=0)
    waited = 0
    for change in changes:
        for key in np.flatnonzero(change):
            kind = "note_on" if change[key] > 0 else "note_off"
            note = int(key) + LOWEST
            track.append(mido.Message(kind, note=note, velocity=64, time=waited))
            waited = 0
        waited += ticks
    song = mido.MidiFile(ticks_per_beat=480)
    song.tracks.append(track)
    song.save(path)
    return song.length


if options.save:
    options.save.mkdir(parents=True, exist_ok=True)
    for name in models:
        path = options.save / f"music_generation_{name}.mid"
        print(f"{path}: {write_midi(played[name], path):.0f} seconds")

# %%
# Pictures
# --------

figure, rows = plt.subplots(
    len(played), 1, figsize=(11, 2.5 * len(played)), layout="constrained", sharex=True
)
for axes, (name, roll) in zip(rows, played.items(), strict=True):
    sounding = np.flatnonzero(np.concatenate(list(played.values())).any(axis=0))
    low, high = sounding.min() - 1, sounding.max() + 2
    axes.imshow(
        roll[:, low:high].T, aspect="auto", origin="lower", cmap="Greys",
        interpolation="nearest",
        extent=(0, len(roll), low + LOWEST - 0.5, high + LOWEST - 0.5),
    )  # fmt: skip
    if name != "an unseen piece":
        axes.axvspan(0, len(prime), color="tab:blue", alpha=0.15, lw=0, label="given")
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False)
    axes.set(ylabel="key (MIDI)", title=name)
rows[-1].set(xlabel="frame")
if options.save:
    figure.savefig(options.save / "music_generation.png", dpi=100)

plt.show()
