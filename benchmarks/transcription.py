"""Labels without times: strings of spoken digits, and of digits written by pen.

    python benchmarks/transcription.py speech       # connected digits, 4 + 2 speakers
    python benchmarks/transcription.py handwriting  # strings of pen digits

Label error rates, one line a seed. The validation part (of handwriting: five writers of
the training part) chooses the epoch; the settings were chosen on it as well. Data are
read with the ``load.py`` of the folder that ``SKLSTM_SHARED_DATA`` names (by default
``../shared/data`` beside the repository).
"""

import argparse
import importlib.util
import os
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.pipeline import make_pipeline

from sklstm import LSTMTranscriber
from sklstm.sequences import FrameStacker, SequenceScaler

SPEECH = {
    "hidden_layer_sizes": (128, 128),
    "dropout": 0.4,
    "input_noise": 0.3,
    "learning_rate_init": 3e-3,
    "batch_size": 16,
    "max_iter": 30,
}
HANDWRITING = {
    "hidden_layer_sizes": (64, 64),
    "dropout": 0.3,
    "input_noise": 0.1,
    "max_iter": 12,
}
# Writers of the training part whose strings choose the epoch.
VALIDATION_WRITERS = range(26, 31)


def loader():
    """The module that reads the shared data sets."""
    root = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("SKLSTM_SHARED_DATA", root / ".." / "shared" / "data"))
    spec = importlib.util.spec_from_file_location("shared_load", folder / "load.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def spoken_digits():
    """Parts of the connected digits: pairs of features and labels."""
    parts = loader().load_connected("fsdd_connected")
    return {name: (X, y) for name, (X, y) in parts.items()}


def written_digits(n_train=4000, n_test=400, seed=0):
    """Parts of strings of 3 to 6 pen digits of one writer: trajectories and labels."""
    drawings, _, _ = loader().load_strokes("pendigits")
    parts = {"train": [], "valid": [], "test": []}
    for drawing in drawings:
        held_out = drawing["writer"] in VALIDATION_WRITERS
        part = "valid" if held_out and drawing["split"] == "train" else drawing["split"]
        parts[part].append(drawing)
    rng = np.random.RandomState(seed)
    sizes = {"train": n_train, "valid": n_test // 2, "test": n_test}
    return {part: strings_of(parts[part], sizes[part], rng) for part in parts}


def strings_of(drawings, n_strings, rng):
    """Drawings of one writer, one after another on a line, as one trajectory."""
    writers = np.array([drawing["writer"] for drawing in drawings])
    X, y = [], []
    for _ in range(n_strings):
        own = np.flatnonzero(writers == rng.choice(np.unique(writers)))
        chosen = rng.choice(own, rng.randint(3, 7), replace=False)
        X.append(trajectory([drawings[i]["points"] for i in chosen], rng))
        y.append("".join(str(drawings[i]["label"]) for i in chosen))
    return X, y


def trajectory(characters, rng):
    """Steps of the pen along a line of characters: dx, dy, height, new stroke."""
    end, points = 0.0, []
    height = np.mean([np.ptp(points[:, 1]) for points in characters])
    for of_one in characters:
        x, y, new_stroke = of_one.T / [[height], [height], [1]]
        start = end + rng.uniform(0.1, 0.5) - x.min()
        middle = (y.min() + y.max()) / 2
        points.append(np.stack([x + start, y - middle, new_stroke], axis=1))
        end = points[-1][:, 0].max()
    points = np.concatenate(points)
    steps = np.diff(points[:, :2], axis=0, prepend=points[:1, :2])
    return np.column_stack([steps, points[:, 1:]])


def prepared(parts):
    """Each sequence on its own scale, two steps side by side."""
    prepare = make_pipeline(SequenceScaler(), FrameStacker(2))
    return {name: (prepare.fit_transform(X), y) for name, (X, y) in parts.items()}


def fit(parts, parameters):
    """A model whose epoch the validation part chooses."""
    model = LSTMTranscriber(early_stopping=True, n_iter_no_change=np.inf, **parameters)
    X_val, y_val = parts["valid"]
    return model.fit(*parts["train"], X_val=X_val, y_val=y_val)


def print_line(name, parts, model, seconds):
    """Label error rates by part, greedy and with a beam."""
    best = int(np.argmax(model.validation_scores_)) + 1
    rates = []
    for decoder in ("greedy", "beam"):
        model.set_params(decoder=decoder)
        rates.append(
            " ".join(
                f"{part} {100 * (1 - model.score(*parts[part])):.2f}"
                for part in parts
                if part != "train"
            )
        )
    print(f"| {name} | {' | '.join(rates)} | {best} | {seconds:.0f} s |", flush=True)


def main():
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["speech", "handwriting"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--n-jobs", type=int, default=None)
    arguments = parser.parse_args()
    speech = arguments.what == "speech"
    parts = prepared(spoken_digits() if speech else written_digits())
    chosen = SPEECH if speech else HANDWRITING
    print("| seed | % wrong, greedy | beam of 10 | epoch | time |")
    print("| --- | --- | --- | --- | --- |", flush=True)
    for seed in range(arguments.seeds):
        start = time.perf_counter()
        parameters = chosen | {"random_state": seed, "n_jobs": arguments.n_jobs}
        model = fit(parts, parameters)
        print_line(seed, parts, model, time.perf_counter() - start)


if __name__ == "__main__":
    sys.exit(main())
