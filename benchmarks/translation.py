"""Translation of multi30k (short sentences, English to German): BLEU and seconds.

    python benchmarks/translation.py                 # with attention
    python benchmarks/translation.py --no-attention  # the same without
    python benchmarks/translation.py --small         # under a minute

The model that `shared/peers` has in PyTorch: two directions of 192 units, a decoder of
384, rows of 256 for the symbols, which the output shares. The epoch is chosen by the
token accuracy of the validation part, the width of the beam and its length penalty by
its BLEU; the test part is scored with that choice, and greedily. The data are
those of the folder that ``SKLSTM_SHARED_DATA`` names (by default ``../shared/data``
beside the repository).
"""

import argparse
import importlib.util
import os
import time
from pathlib import Path

import numpy as np

from sklstm import LSTMSeq2Seq
from sklstm.metrics import bleu

BEAMS = [(1, 1.0), (5, 0.6), (5, 1.0), (10, 1.0)]


def load_sentences():
    """Source and target sentences, split into words, of the three parts."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SKLSTM_SHARED_DATA", beside))
    spec = importlib.util.spec_from_file_location("shared_load", folder / "load.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {
        part: tuple(
            [sentence.split() for sentence in side] for side in zip(*pairs, strict=True)
        )
        for part, pairs in module.load_translation("multi30k_en_de_short").items()
    }


def make_model(*, attention="general", small=False, seed=0, n_jobs=None):
    """The model of the full run, or one for a minute."""
    return LSTMSeq2Seq(
        hidden_layer_sizes=192 if small else 384,
        embedding_size=128 if small else 256,
        attention=attention,
        dropout=0.2 if small else 0.4,
        label_smoothing=0.1,
        min_count=2,
        learning_rate_init=4e-3 if small else 2e-3,
        batch_size=64,
        max_iter=4 if small else 18,
        early_stopping=not small,
        n_iter_no_change=np.inf,
        random_state=seed,
        n_jobs=n_jobs,
    )


def main():
    """Fit, choose on the validation part, score the test part once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--no-attention", action="store_true")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--n-jobs", type=int)
    options = parser.parse_args()
    parts = load_sentences()
    model = make_model(
        attention=None if options.no_attention else "general", small=options.small,
        seed=options.seed, n_jobs=options.n_jobs,
    ).set_params(verbose=True)  # fmt: skip
    validation = (
        {}
        if options.small
        else dict(zip(("X_val", "y_val"), parts["valid"], strict=True))
    )
    start = time.perf_counter()
    model.fit(*parts["train"], **validation)
    print(f"fit: {time.perf_counter() - start:.0f} s, {model.n_iter_} epochs")

    def score_of(part, width, penalty):
        X, y = parts[part]
        model.set_params(beam_width=width, length_penalty=penalty)
        return bleu(y, model.predict(X))

    of_beams = {}
    for beam in BEAMS:
        start = time.perf_counter()
        of_beams[beam] = score_of("valid", *beam)
        seconds = time.perf_counter() - start
        print(f"valid, beam {beam}: BLEU {of_beams[beam]:.2f} in {seconds:.1f} s")
    best = max(of_beams, key=of_beams.get)
    print(f"test, greedy: BLEU {score_of('test', 1, 1.0):.2f}")
    print(f"test, beam {best}: BLEU {score_of('test', *best):.2f}")


if __name__ == "__main__":
    main()
