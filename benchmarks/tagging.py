"""Labels for words: slots of SNIPS, parts of speech of UD English EWT.

    python benchmarks/tagging.py slots               # a softmax for each word
    python benchmarks/tagging.py slots --output crf  # all words of a sentence together
    python benchmarks/tagging.py upos                # words and their characters

Two directions of 128 units over rows of 100 for the words, as the models that
`shared/peers` has in PyTorch. Settings were chosen on the validation part, which also
chooses the epoch (by token accuracy); the test part is scored once a seed. ``--small``
takes under a minute: every fourth sentence, 64 units. The data are those of the folder
that ``SKLSTM_SHARED_DATA`` names (by default ``../shared/data`` beside the repository).
"""

import argparse
import importlib.util
import os
import time
from pathlib import Path

import numpy as np

from sklstm import LSTMTagger
from sklstm.metrics import span_f1, token_accuracy

# Name of the set, kind of label, what is measured, and parameters.
TASKS = {
    "slots": ("snips", "slots", span_f1, {"max_iter": 12}),
    "upos": (
        "ud_english_ewt",
        "upos",
        token_accuracy,
        {"max_iter": 10, "character_size": 50, "lowercase": True},
    ),
}
MODEL = {
    "hidden_layer_sizes": 128,
    "embedding_size": 100,
    "input_dropout": 0.2,
    "dropout": 0.5,
    "learning_rate_init": 6e-3,
    "early_stopping": True,
    "n_iter_no_change": np.inf,
}
CHOSEN = {("slots", "softmax"): {"max_grad_norm": 5.0}}
SMALL = {"hidden_layer_sizes": 64, "max_iter": 6, "learning_rate_init": 1e-2}
SMALL_CHARACTERS = {"character_size": 25}


def load_parts(task):
    """Sentences and labels of the three parts."""
    name, kind, *_ = TASKS[task]
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SKLSTM_SHARED_DATA", beside))
    spec = importlib.util.spec_from_file_location("shared_load", folder / "load.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {
        part: tuple([one[key] for one in sentences] for key in ("tokens", kind))
        for part, sentences in module.load_tagging(name).items()
    }


def run(task, parts, *, small=False, **parameters):
    """Fit on the training part; return the model and the seconds it took."""
    chosen = CHOSEN.get((task, parameters.get("output", "softmax")), {})
    parameters = MODEL | TASKS[task][3] | chosen | parameters
    X, y = parts["train"]
    if small:
        parameters |= SMALL
        if "character_size" in parameters:
            parameters |= SMALL_CHARACTERS
        X, y = X[::4], y[::4]
    model = LSTMTagger(**parameters)
    start = time.perf_counter()
    model.fit(X, y, X_val=parts["valid"][0], y_val=parts["valid"][1])
    return model, time.perf_counter() - start


def main():
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--output", choices=("softmax", "crf"), default="softmax")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--n-jobs", type=int, default=None)
    options = parser.parse_args()
    parts, metric = load_parts(options.task), TASKS[options.task][2]
    scores = []
    for seed in range(options.seeds):
        model, seconds = run(
            options.task, parts, small=options.small, output=options.output,
            random_state=seed, n_jobs=options.n_jobs,
        )  # fmt: skip
        found = []
        for part in ("valid", "test"):
            X, y = parts[part]
            predicted = model.predict(X)
            found += [metric(y, predicted), token_accuracy(y, predicted)]
        scores.append(found)
        best = int(np.argmax(model.validation_scores_)) + 1
        print(
            f"seed {seed}: {metric.__name__} (and accuracy) of validation "
            f"{found[0]:.4f} ({found[1]:.4f}), of test {found[2]:.4f} "
            f"({found[3]:.4f}); {seconds:.0f} s, epoch {best} of {model.n_iter_}",
            flush=True,
        )
    mean = np.mean(scores, axis=0)
    print(f"mean: {mean[0]:.4f} ({mean[1]:.4f}), {mean[2]:.4f} ({mean[3]:.4f})")


if __name__ == "__main__":
    main()
