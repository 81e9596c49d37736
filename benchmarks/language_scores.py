"""Likelihoods of texts and of music on the original test parts, mean of seeds.

    python benchmarks/language_scores.py jsb           # chorales, nats a frame
    python benchmarks/language_scores.py piano         # piano pieces, nats a frame
    python benchmarks/language_scores.py characters    # Shakespeare, bits a character
    python benchmarks/language_scores.py small         # likewise, a small network
    python benchmarks/language_scores.py words         # Brown corpus, perplexity

Settings and epochs were chosen on the validation parts, which also say whose weights
are kept. The data are those of ``scores.py``.
"""

import argparse
import sys
import time

import numpy as np
from scores import loader, print_scores

from sklstm import LSTMLanguageModel

COMMON = {"early_stopping": True, "n_iter_no_change": np.inf}

JSB = {
    "hidden_layer_sizes": 200,
    "dropout": 0.2,
    "batch_size": 8,
    "bptt_steps": None,  # whole chorales
    "learning_rate_init": 6e-3,
    "max_iter": 12,
}
PIANO = {
    "hidden_layer_sizes": 256,
    "dropout": 0.3,
    "batch_size": 16,
    "bptt_steps": 128,
    "learning_rate_init": 4e-3,
    "max_iter": 7,
}
CHARACTERS = {
    "hidden_layer_sizes": (256, 256),
    "embedding_size": 128,
    "dropout": 0.3,
    "batch_size": 64,
    "bptt_steps": 100,
    "learning_rate_init": 3e-3,
    "max_iter": 22,
}
SMALL = {
    "hidden_layer_sizes": 128,
    "embedding_size": 128,
    "batch_size": 32,
    "bptt_steps": 100,
    "learning_rate_init": 3e-3,
    "max_iter": 20,
}
WORDS = {
    "hidden_layer_sizes": 256,
    "embedding_size": 256,
    "tie_embedding": True,
    "n_negatives": 1000,
    "min_count": 4,  # as the floors of the data set: the others are one unknown word
    "input_dropout": 0.2,
    "dropout": 0.5,
    "batch_size": 32,
    "bptt_steps": 35,
    "learning_rate_init": 3e-3,
    "max_iter": 10,
}


def rolls(name, part):
    """Piano rolls of a part, one array a piece."""
    return [roll.astype(np.float32) for roll in loader().load_music(name)[part]]


def transposed(pieces, n_keys=5):
    """The pieces in all keys up to so many lower and higher."""
    shifts = range(-n_keys, n_keys + 1)
    return [np.roll(piece, shift, axis=1) for shift in shifts for piece in pieces]


def chorales():
    """Training part in eleven keys, validation part, test part."""
    parts = (rolls("jsb_chorales", part) for part in ("train", "valid", "test"))
    train, valid, test = parts
    return transposed(train), valid, test


def piano_pieces():
    """Training part in five keys, validation part, test part."""
    parts = (rolls("piano_midi", part) for part in ("train", "valid", "test"))
    train, valid, test = parts
    return transposed(train, 2), valid, test


def shakespeare():
    """The first 90 % of the text, the next 5 %, and the last 5 %."""
    text = loader().load_text("tinyshakespeare")
    a, b = int(0.9 * len(text)), int(0.95 * len(text))
    return [text[:a]], [text[a:b]], [text[b:]]


def brown():
    """Each part as one long sequence of words, ends of sentences among them."""
    parts = loader().load_words("brown")
    return tuple([parts[part]] for part in ("train", "valid", "test"))


def nats(model, X):
    """Negative log-likelihood of a step."""
    return -model.score(X)


def bits(model, X):
    """The same, as characters are measured."""
    return model.bits_per_character(X)


def perplexity(model, X):
    """Of the known words and the unknown one."""
    return model.perplexity(X)


RUNS = {
    "jsb": (chorales, JSB, nats),
    "piano": (piano_pieces, PIANO, nats),
    "characters": (shakespeare, CHARACTERS, bits),
    "small": (shakespeare, SMALL, bits),
    "words": (brown, WORDS, perplexity),
}


def run(name, seeds, n_jobs, verbose):
    """Train once a seed; print the test scores."""
    data, parameters, measure = RUNS[name]
    train, valid, test = data()
    scores, validated, start = [], [], time.perf_counter()
    for seed in range(seeds):
        model = LSTMLanguageModel(
            **COMMON, **parameters, random_state=seed, n_jobs=n_jobs, verbose=verbose
        ).fit(train, X_val=valid)
        scores.append(measure(model, test))
        validated.append(measure(model, valid))
    note = "validation " + " ".join(f"{score:.3f}" for score in validated)
    print_scores(name, scores, time.perf_counter() - start, note)


def main():
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=RUNS)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--n-jobs", type=int, default=None)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    print("| set | mean | seeds | time | |\n| --- | --- | --- | --- | --- |")
    run(arguments.what, arguments.seeds, arguments.n_jobs, arguments.verbose)


if __name__ == "__main__":
    sys.exit(main())
