"""
Text, character by character
============================

A network reads the help texts that come with Python, one character after the other, and
learns how likely each next one is. It is measured by the bits that a character of
unseen text takes, shows where a text surprises it, and writes texts of its own.

::

    python examples/text_generation.py                # under a minute on 2 cores
    python examples/text_generation.py --full         # downloads a megabyte

The full version (about ten minutes) reads Shakespeare with two layers of 256 units; its
score is that of ``python benchmarks/language_scores.py characters``. ``--save folder``
writes the picture there. Needs matplotlib (``pip install '.[plot]'``) and, for
``--full``, pooch (``pip install '.[data]'``).
"""

import argparse
import math
from collections import Counter
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from sklstm import LSTMLanguageModel
from sklstm.datasets import fetch_tinyshakespeare

parser = argparse.ArgumentParser()
parser.add_argument("--full", action="store_true", help="Shakespeare, two layers")
parser.add_argument("--save", type=Path, help="folder for the picture")
options = parser.parse_args()

# %%
# The text
# --------
# Some hundred topics of Python's ``help()``. Lines are unwrapped, so that there is less
# to learn about them. Every tenth topic is for validation, every tenth for the test.


def topics():
    """Help texts, without tables and most of the code."""
    from pydoc_data.topics import topics as texts

    chosen = []
    for name in sorted(texts):
        paragraphs = texts[name].split("\n\n")
        prose = [
            " ".join(p.split()) for p in paragraphs if not p.startswith(("   ", "+"))
        ]
        text = "\n".join(p for p in prose if len(p) > 60 and p.isascii())
        if len(text) > 200:
            chosen.append(text)
    return chosen


if options.full:
    plays = fetch_tinyshakespeare()
    train, valid, test = [plays.train], [plays.valid], [plays.test]
    sizes, embedding, dropout, n_epochs, prime = (256, 256), 128, 0.3, 22, "ROMEO:"
else:
    texts = topics()
    valid, test = texts[3::10], texts[8::10]
    train = [one for k, one in enumerate(texts) if k % 10 not in (3, 8)]
    sizes, embedding, dropout, n_epochs, prime = 128, 48, 0.0, 16, "The "
n_characters = sum(map(len, train))
n_different = len(set("".join(train)))
print(f"{len(train)} texts of {n_characters} characters, {n_different} different")

# %%
# Learning
# --------
# Texts are read side by side, one update every 100 characters; the network's states are
# carried on, so that it knows more than those. The validation texts say when to stop.

model = LSTMLanguageModel(
    hidden_layer_sizes=sizes,
    embedding_size=embedding,
    dropout=dropout,
    learning_rate_init=3e-3 if options.full else 8e-3,
    batch_size=64 if options.full else 32,
    bptt_steps=100,
    max_iter=n_epochs,
    early_stopping=True,
    n_iter_no_change=math.inf,
    mark_ends=False,
    random_state=0,
    verbose=options.full,
).fit(train, X_val=valid)


def context_bits(train, test, order):
    """Bits of a character by counts after the last few, mixed with shorter ones."""
    counts = [{} for _ in range(order + 1)]
    for text in train:
        for k, character in enumerate(text):
            for n in range(min(order, k) + 1):
                after = counts[n].setdefault(text[k - n : k], Counter())
                after[character] += 1
    total = n_predicted = 0
    for text in test:
        for k in range(1, len(text)):
            p = 1 / 256
            for n in range(min(order, k) + 1):
                after = counts[n].get(text[k - n : k])
                if after is None:
                    break
                n_seen, n_kinds = after.total(), len(after)
                p = (after[text[k]] + n_kinds * p) / (n_seen + n_kinds)  # Witten-Bell
            total, n_predicted = total - math.log2(p), n_predicted + 1
    return total / n_predicted


bits = model.bits_per_character(test)
print(f"bits a character on unseen text: {bits:.2f}")
baselines = {n: context_bits(train, test, n) for n in (0, 2, 4)}
for n, value in baselines.items():
    print(f"  counted after the last {n} characters: {value:.2f}")

# %%
# Writing
# -------
# A low temperature takes few risks and repeats itself, a high one makes up words.

for temperature in (0.4, 0.8, 1.2):
    text = model.generate(prime, 220, temperature=temperature, random_state=3)
    print(f"\n--- temperature {temperature}\n{text}")
text = model.generate(prime, 220, top_p=0.9, random_state=3)
print(f"\n--- the likeliest characters that have 90 % together\n{text}")

# %%
# What surprises it
# -----------------
# The bits of each character of an unseen passage: differences of the log-likelihoods of
# its beginnings. They go where something is to be decided, at the beginnings of words.


def surprise(passage):
    """Bits of each character but the first."""
    beginnings = [passage[: k + 1] for k in range(len(passage))]
    return np.diff(-model.score_samples(beginnings)) / math.log(2)


WIDTH, N_LINES = 60, 6
passage = max(test, key=len)[: WIDTH * N_LINES + 1].replace("\n", " ")
of_each = surprise(passage)
is_first = np.array([before == " " for before in passage[:-1]])
is_letter = np.array([c.isalpha() for c in passage[1:]])
print(
    f"\nin the passage of the picture: first letters of words "
    f"{of_each[is_first & is_letter].mean():.2f} bits, "
    f"others {of_each[~is_first & is_letter].mean():.2f}"
)

figure, (left, right) = plt.subplots(
    1, 2, figsize=(13, 3.6), layout="constrained", width_ratios=(2.6, 1)
)
grid = of_each.reshape(N_LINES, WIDTH)
image = left.imshow(grid, cmap="YlOrRd", vmin=0, vmax=8, aspect="auto")
for k, character in enumerate(passage[1:]):
    line, column = divmod(k, WIDTH)
    dark = of_each[k] > 5.5
    left.text(
        column, line, character, ha="center", va="center", family="monospace",
        fontsize=9, color="white" if dark else "black",
    )  # fmt: skip
left.set(xticks=[], yticks=[], title="Bits of each character of an unseen passage")
figure.colorbar(image, ax=left, label="bits", extend="max", pad=0.01)
curve = -np.array(model.validation_scores_) / math.log(2)
right.plot(np.arange(1, len(curve) + 1), curve, color="tab:blue", label="network")
for (n, value), shade in zip(baselines.items(), ("0.75", "0.55", "0.3"), strict=True):
    label = f"counts, last {n} characters" if n else "frequencies"
    right.axhline(value, color=shade, ls=":", label=label)
right.set(
    xlabel="epoch",
    ylabel="bits a character",
    title="Learning (validation)",
    ylim=(0, 5.2),
)
right.legend(fontsize=8)

if options.save:
    options.save.mkdir(parents=True, exist_ok=True)
    figure.savefig(options.save / "text_generation.png", dpi=100)

plt.show()
