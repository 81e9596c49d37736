"""
Translation with attention
==========================

English sentences of a small grammar and their German translations: genders, cases that
show in articles and adjectives, and verbs that change their place. A network with
attention learns from three thousand pairs and translates sentences it has not seen; the
picture shows where it looks while it writes each word.

::

    python examples/translation.py            # under a minute on 2 cores

It prints its scores and draws a picture; ``--save FOLDER`` writes it there. The figures
on real sentences (multi30k, of the shared data) are those of

::

    python benchmarks/translation.py
"""

# %%
# The sentences
# -------------

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from sklstm import LSTMSeq2Seq
from sklstm.inspection import AttentionDisplay
from sklstm.metrics import bleu, sequence_accuracy

parser = argparse.ArgumentParser()
parser.add_argument("--save", type=Path, help="folder for the picture")
options = parser.parse_args()

NOUNS = {  # with their German genders
    "dog": ("hund", "m"), "cat": ("katze", "f"), "horse": ("pferd", "n"),
    "man": ("mann", "m"), "woman": ("frau", "f"), "child": ("kind", "n"),
    "bird": ("vogel", "m"), "mouse": ("maus", "f"), "sheep": ("schaf", "n"),
    "cook": ("koch", "m"), "duck": ("ente", "f"), "girl": ("mädchen", "n"),
}  # fmt: skip
ADJECTIVES = {
    "small": "klein", "big": "groß", "old": "alt", "young": "jung",
    "quick": "schnell", "tired": "müd", "clever": "klug",
}  # fmt: skip
VERBS = {
    "sees": "sieht", "hears": "hört", "likes": "mag", "finds": "findet",
    "follows": "verfolgt", "wakes": "weckt", "calls": "ruft",
}  # fmt: skip
ARTICLES = {
    "subject": {"m": "der", "f": "die", "n": "das"},
    "object": {"m": "den", "f": "die", "n": "das"},
}
# What comes before, and where the verb goes then.
FRAMES = {
    "": ("", "second"),
    "today": ("heute", "first"),
    "tomorrow": ("morgen", "first"),
    "because": ("weil", "last"),
    "i know that": ("ich weiß dass", "last"),
}


def noun_phrase(random, role):
    """A noun with its article, and an adjective half of the time."""
    noun = random.choice(list(NOUNS))
    german, gender = NOUNS[noun]
    english, said = ["the"], [ARTICLES[role][gender]]
    if random.rand() < 0.5:
        adjective = random.choice(list(ADJECTIVES))
        ending = "en" if role == "object" and gender == "m" else "e"
        english.append(adjective)
        said.append(ADJECTIVES[adjective] + ending)
    return [*english, noun], [*said, german]


def sentence(random):
    """An English sentence and its translation, as lists of words."""
    frame = random.choice(list(FRAMES))
    german_frame, verb_place = FRAMES[frame]
    verb = random.choice(list(VERBS))
    (subject, der), (thing, den) = (
        noun_phrase(random, role) for role in ("subject", "object")
    )
    said = {
        "first": [VERBS[verb], *der, *den],
        "second": [*der, VERBS[verb], *den],
        "last": [*der, *den, VERBS[verb]],
    }[verb_place]
    return [*frame.split(), *subject, verb, *thing], [*german_frame.split(), *said]


random = np.random.RandomState(0)
pairs = {}
while len(pairs) < 3500:
    english, german = sentence(random)
    pairs[tuple(english)] = german
X, y = [list(words) for words in pairs], list(pairs.values())
X_train, X_test, y_train, y_test = X[:3000], X[3000:], y[:3000], y[3000:]

# %%
# Fit and translate
# -----------------
# Greedy search takes the likeliest word at every step; a beam keeps several
# hypotheses. Without attention, the network knows the sentence by one vector.

for attention in ("general", None):
    model = LSTMSeq2Seq(
        hidden_layer_sizes=96,
        embedding_size=48,
        attention=attention,
        dropout=0.1,
        max_iter=12,
        random_state=0,
    ).fit(X_train, y_train)
    name = "with attention" if attention else "without attention"
    for beam_width in (1, 4):
        found = model.set_params(beam_width=beam_width).predict(X_test)
        print(
            f"{name:18} beam of {beam_width}: "
            f"BLEU {bleu(y_test, found):5.1f}, "
            f"{100 * sequence_accuracy(y_test, found):5.1f}% of 500 new sentences right"
        )
    if attention:
        translator = model

# %%
# Where it looks
# --------------
# Each row is a word that is written, and its darkest place what is read for it. "the"
# has no gender: to write der, die or das, the network looks ahead at the noun.

SHOWN = (
    "i know that the clever woman finds the old dog",
    "today the small child hears the tired bird",
)
shown = [sentence.split() for sentence in SHOWN]
figure, axes = plt.subplots(1, 2, figsize=(10, 4.5), layout="constrained")
for k, axis in enumerate(axes):
    display = AttentionDisplay.from_estimator(
        translator, shown, sample=k, ax=axis, colorbar=k == 1
    )
    print(SHOWN[k], "->", " ".join(display.written[:-1]))
if options.save:
    figure.savefig(options.save / "translation_attention.png", dpi=120)
else:
    plt.show()
