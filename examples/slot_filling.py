"""
Slots of requests
=================

What does "put on zemuri tolaba nofesa kadoini" ask for? A network labels every word:
the first two after "on" name a song, the others an artist. Requests are put together
from patterns and from names made of syllables, half of which do not occur in the
training part: surroundings and letters must tell what they are. Three ways to decide
are compared: word by word (softmax), all labels of a request together (a conditional
random field), and the same with the characters of each word.

::

    python examples/slot_filling.py           # under a minute on 2 cores

It prints its scores and draws a picture; ``--save FOLDER`` writes it there. On the
requests of SNIPS, people's own words, and on the parts of speech of English:

::

    python benchmarks/tagging.py slots        # likewise slots --output crf, upos
"""

# %%
# The requests
# ------------
# Labels are B- for the first word of a slot and I- for the others; O is no slot.

import argparse
import time
from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import cross_val_score

from sklstm import LSTMTagger
from sklstm.metrics import sequence_accuracy, span_f1, span_f1_scorer

parser = argparse.ArgumentParser()
parser.add_argument("--save", type=Path, help="folder for the picture")
options = parser.parse_args()

PATTERNS = [
    "play {song} by {artist}",
    "play {song}",
    "play {artist}",
    "play {artist} {song} in the {room}",
    "add {song} to {list}",
    "add {artist} to {list}",
    "put on {song} {artist}",
    "is there rain in {city} {day}",
    "book a table for {number} in {city} {day}",
    "a table in {city} for {number} please",
    "wake me {day} at {number}",
    "rate {song} {number} points",
]
CLOSED = {
    "day": ["today", "tomorrow", "on monday", "on friday", "next week", "tonight"],
    "number": ["two", "three", "five", "seven", "eight", "ten", "twelve"],
    "room": ["kitchen", "bath room", "living room", "hall"],
    "list": ["quiet evening", "running", "my favourites", "long drive"],
}
# Endings by which a reader of characters may know what is named.
ENDINGS = {"city": ["burg", "ville", "ton"], "artist": ["sen", "ini", "ov"]}
SYLLABLES = list(map("".join, product("bdfgklmnprst", "aeiou")))


def make_names(random):
    """A hundred names of each open kind."""

    def word():
        return "".join(random.choice(SYLLABLES, random.randint(2, 4)))

    def city():
        return word() + random.choice(ENDINGS["city"])

    def artist():
        return f"{word()} {word()}{random.choice(ENDINGS['artist'])}"

    def song():
        return " ".join(word() for _ in range(random.randint(1, 4)))

    makers = {"city": city, "artist": artist, "song": song}
    return {kind: [make() for _ in range(100)] for kind, make in makers.items()}


def make_requests(n_requests, names, random):
    """Words and labels."""
    X, y = [], []
    for pattern in random.choice(PATTERNS, n_requests):
        words, labels = [], []
        for part in pattern.split():
            slot = part.strip("{}")
            value = random.choice(names[slot]).split() if slot != part else [part]
            words += map(str, value)
            if slot == part:
                labels.append("O")
            else:
                labels += [f"B-{slot}", *[f"I-{slot}"] * (len(value) - 1)]
        X.append(words)
        y.append(labels)
    return X, y


random = np.random.RandomState(0)
names = make_names(random)
known = {kind: of_kind[:50] for kind, of_kind in names.items()}
X, y = make_requests(600, CLOSED | known, random)
X_val, y_val = make_requests(200, CLOSED | names, random)
X_test, y_test = make_requests(500, CLOSED | names, random)
seen = {word for words in X for word in words}
share = np.mean([word not in seen for words in X_test for word in words])
print(f"{share:.0%} of the words of the test part are unknown")

# %%
# Three ways to decide
# --------------------
# Words are read as the unknown one now and then in training, rare ones more often
# (`unknown_rate`), and the best epoch of the validation part counts.

MODEL = {
    "hidden_layer_sizes": 48,
    "embedding_size": 32,
    "dropout": 0.3,
    "learning_rate_init": 0.01,
    "max_iter": 15,
    "early_stopping": True,
    "random_state": 0,
}
WAYS = {
    "softmax": {},
    "CRF": {"output": "crf"},
    "CRF, characters": {"output": "crf", "character_size": 16},
}
taggers = {}
print(f"{'':16} slots F1  whole requests  seconds")
for way, parameters in WAYS.items():
    start = time.perf_counter()
    tagger = LSTMTagger(**MODEL, **parameters)
    taggers[way] = tagger.fit(X, y, X_val=X_val, y_val=y_val)
    seconds = time.perf_counter() - start
    predicted = tagger.predict(X_test)
    f1, whole = span_f1(y_test, predicted), sequence_accuracy(y_test, predicted)
    print(f"{way:16} {f1:8.3f}  {whole:14.3f}  {seconds:7.1f}")

# %%
# Ragged labels in cross-validation
# ---------------------------------
# Lists of lists are fine for an integer `cv`, and the score of spans for `scoring`.

model = LSTMTagger(**(MODEL | {"max_iter": 5, "early_stopping": False}))
scores = cross_val_score(model, X, y, cv=3, scoring=span_f1_scorer)
print(f"softmax, cross-validation with few epochs: F1 {np.round(scores, 2)}")

# %%
# How sure are they?
# ------------------
# A request with names never seen. Word by word, labels may contradict each other; a
# field knows that I-song follows B-song and nothing else.

request = ["put", "on", "zemuri", "tolaba", "nofesa", "kadoini"]
labels = ["O", "B-song", "I-song", "B-artist", "I-artist", "B-list", "B-city"]
figure, axes = plt.subplots(1, len(WAYS), figsize=(10, 3.6), sharey=True)
for axis, (way, tagger) in zip(axes, taggers.items(), strict=True):
    [probabilities] = tagger.predict_proba([request])
    columns = [list(tagger.classes_).index(label) for label in labels]
    axis.imshow(probabilities[:, columns].T, cmap="Blues", vmin=0, vmax=1)
    axis.set_title(way)
    axis.set_xticks(range(len(request)), request, rotation=40, ha="right")
    [answer] = tagger.predict([request])
    for step, label in enumerate(answer):
        if label in labels:
            axis.plot(step, labels.index(label), "o", color="tab:orange")
axes[0].set_yticks(range(len(labels)), labels)
figure.suptitle("Probability of each label, and the labels chosen (dots)")
figure.tight_layout()
if options.save:
    figure.savefig(options.save / "slot_filling.png", dpi=120)
plt.show()
