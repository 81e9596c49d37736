"""
Who is speaking?
================

Nine men say the vowels /ae/; an utterance is 7 to 29 steps of 12 coefficients. The
sequences keep their own lengths: nothing is padded or cut. A network is tuned by
cross-validation, tested, saved and loaded again, and asked while somebody still speaks.

::

    python examples/quickstart.py             # under a minute on 2 cores

It prints its scores. With matplotlib (``pip install '.[plot]'``) it draws a picture,
too; ``--save FOLDER`` writes it there.
"""

# %%
# Real speech, and a pipeline
# ---------------------------
# `TimestepTransformer` applies any transformer of scikit-learn to the time steps.

import argparse
import tempfile
from importlib.util import find_spec
from pathlib import Path

import joblib
import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMClassifier, TimestepTransformer
from sklstm.datasets import load_japanese_vowels

parser = argparse.ArgumentParser()
parser.add_argument("--save", type=Path, help="folder for the picture")
options = parser.parse_args()

data = load_japanese_vowels()
print(f"{len(data.X_train)} utterances to learn from, {len(data.X_test)} to test on")

model = Pipeline(
    [
        ("scale", TimestepTransformer(StandardScaler())),
        ("lstm", LSTMClassifier(random_state=0)),
    ]
)

# %%
# A search
# --------
# As with any other estimator; the folds are fitted on both cores.

grid = {"lstm__pooling": ["last", "max"], "lstm__cell": ["lstm", "gru"]}
search = GridSearchCV(model, grid, cv=3, n_jobs=2, error_score="raise")
search.fit(data.X_train, data.y_train)
print(f"best of the grid: {search.best_params_}")
print(f"accuracy in cross-validation: {search.best_score_:.3f}")
print(f"accuracy on the test part: {search.score(data.X_test, data.y_test):.3f}")

# %%
# Saved and loaded
# ----------------

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "speakers.joblib"
    joblib.dump(search.best_estimator_, path)
    print(f"saved: {path.stat().st_size / 1e3:.0f} kB")
    loaded = joblib.load(path)
expected = search.predict_proba(data.X_test)
if not np.array_equal(loaded.predict_proba(data.X_test), expected):
    raise SystemExit("the loaded model predicts something else")
print("loaded again: the same probabilities, to the last bit")

# %%
# While somebody speaks
# ---------------------
# `step` takes one step of a sequence and says what `predict_proba` would say of all
# that has been heard so far, in some microseconds.

utterance = max(data.X_test, key=len)
state = loaded["lstm"].initial_state()
so_far = []
scaled = loaded["scale"].transform([utterance])[0]
for x in scaled:
    probabilities, state = loaded["lstm"].step(x[np.newaxis], state)
    so_far.append(probabilities[0])
so_far = np.array(so_far)
sure = int(np.argmax(so_far.max(axis=1) > 0.95))
print(f"sure of speaker {so_far[sure].argmax() + 1} after {sure + 1} of {len(so_far)}")

# %%
# The picture shows the longest utterance of the test part.

if find_spec("matplotlib"):
    import matplotlib.pyplot as plt

    figure, (above, below) = plt.subplots(
        2, figsize=(8, 5), sharex=True, layout="constrained", height_ratios=(2, 3)
    )
    above.imshow(scaled.T, aspect="auto", cmap="RdBu_r", vmin=-3, vmax=3)
    above.set(ylabel="coefficient", title="What is heard, step by step")
    above.set_yticks(range(0, 12, 3))
    below.plot(so_far, lw=2, label=[f"{1 + k}" for k in range(so_far.shape[1])])
    below.set(xlabel="step", ylabel="probability", title="Who the network thinks it is")
    below.legend(title="speaker", loc="center right", ncols=3, frameon=False)
    if options.save:
        options.save.mkdir(parents=True, exist_ok=True)
        figure.savefig(options.save / "quickstart.png", dpi=120)
    plt.show()
