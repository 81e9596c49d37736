"""
Sentences about pictures
========================

Scikit-learn's handwritten digits, put together to small scenes of one or two digits
in four places, with a sentence that says what is where. A network learns from scenes of
some digits and describes scenes of others. The scene is given in two ways: as one
vector of all pixels, which the decoder starts from, and as a sequence of four patches,
which an encoder reads and at which the decoder looks while it writes.

::

    python examples/captioning.py             # under a minute on 2 cores
    python examples/captioning.py --full      # more scenes and epochs: five minutes

It prints its scores and draws a picture; ``--save FOLDER`` writes it there.
"""

# %%
# The scenes
# ----------

import argparse
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sklstm import LSTMSeq2Seq
from sklstm.inspection import AttentionDisplay
from sklstm.metrics import sequence_accuracy

parser = argparse.ArgumentParser()
parser.add_argument("--full", action="store_true", help="more scenes and epochs")
parser.add_argument("--save", type=Path, help="folder for the picture")
options = parser.parse_args()

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
PLACES = ("top left", "top right", "bottom left", "bottom right")


def make_scenes(images, labels, n_scenes, seed):
    """Pictures of 16 x 16 pixels, and what is to be said about them."""
    random = np.random.RandomState(seed)
    scenes, captions = np.zeros((n_scenes, 16, 16), dtype=np.float32), []
    for scene in scenes:
        n_digits = random.randint(1, 3)
        words = []
        for place in np.sort(random.permutation(4)[:n_digits]):
            digit = random.randint(len(images))
            row, column = divmod(place, 2)
            scene[8 * row : 8 * row + 8, 8 * column : 8 * column + 8] = images[digit]
            words += ["and"] * bool(words)
            words += ["a", NAMES[labels[digit]], "at", "the", *PLACES[place].split()]
        captions.append(words)
    return scenes, captions


def as_patches(scenes):
    """Each scene as a sequence of its four places, 64 pixels each."""
    patches = scenes.reshape(-1, 2, 8, 2, 8).transpose(0, 1, 3, 2, 4)
    return np.ascontiguousarray(patches).reshape(-1, 4, 64)


def as_vectors(scenes):
    """Each scene as one vector of 256 pixels."""
    return scenes.reshape(len(scenes), -1)


digits = load_digits()
parts = train_test_split(
    digits.images / 16, digits.target, test_size=0.25, stratify=digits.target,
    random_state=0,
)  # fmt: skip
images, other_images, labels, other_labels = parts
n_scenes = 12000 if options.full else 4500
X_train, y_train = make_scenes(images, labels, n_scenes, seed=0)
X_test, y_test = make_scenes(other_images, other_labels, 1000, seed=1)

# %%
# Fit and describe
# ----------------
# 2-D input is one vector a sample; 3-D input is a sequence.

for name, layout in (("one vector", as_vectors), ("four patches", as_patches)):
    model = LSTMSeq2Seq(
        hidden_layer_sizes=128,
        embedding_size=32,
        dropout=0.3,
        input_dropout=0.2,
        max_iter=25 if options.full else 20,
        random_state=0,
    )
    start = time.perf_counter()
    model.fit(layout(X_train), y_train)
    seconds = time.perf_counter() - start
    found = model.predict(layout(X_test))
    print(
        f"{name:12}: {100 * sequence_accuracy(y_test, found):.1f}% of 1000 scenes of "
        f"digits never seen described without a mistake; fit in {seconds:.0f} s"
    )

# %%
# What it says, and where it looks
# --------------------------------
# Before it names a digit, it looks at the digit's patch.

scenes = X_test[:3]
figure, axes = plt.subplots(
    2, 3, figsize=(10, 7), layout="constrained", height_ratios=(1, 2)
)
for k, scene in enumerate(scenes):
    axes[0, k].imshow(scene, cmap="Greys")
    axes[0, k].set(xticks=[], yticks=[])
    display = AttentionDisplay.from_estimator(
        model, as_patches(scenes), sample=k, step_labels=PLACES, ax=axes[1, k],
        colorbar=False,
    )  # fmt: skip
    axes[1, k].set(xlabel="", ylabel="")
    print(" ".join(display.written[:-1]))
figure.colorbar(display.im_, ax=axes[1], label="attention")
if options.save:
    figure.savefig(options.save / "captioning_scenes.png", dpi=120)
else:
    plt.show()
