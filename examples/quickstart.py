"""Who is speaking? Tune an LSTM on real speech, save it, load it again.

Nine men say the vowels /ae/; an utterance is 7 to 29 steps of 12 coefficients. The
sequences keep their own lengths: nothing is padded or cut.

    python examples/quickstart.py
"""

import tempfile
from pathlib import Path

import joblib
import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMClassifier, TimestepTransformer
from sklstm.datasets import load_japanese_vowels


def main():
    """Load, search, test, save, load."""
    data = load_japanese_vowels()
    print(
        f"{len(data.X_train)} utterances to learn from, {len(data.X_test)} to test on"
    )

    model = Pipeline(
        [
            ("scale", TimestepTransformer(StandardScaler())),
            ("lstm", LSTMClassifier(random_state=0)),
        ]
    )
    grid = {"lstm__pooling": ["last", "max"], "lstm__cell": ["lstm", "gru"]}
    search = GridSearchCV(model, grid, cv=3, n_jobs=2, error_score="raise")
    search.fit(data.X_train, data.y_train)
    print(f"best of the grid: {search.best_params_}")
    print(f"accuracy in cross-validation: {search.best_score_:.3f}")
    print(f"accuracy on the test part: {search.score(data.X_test, data.y_test):.3f}")

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speakers.joblib"
        joblib.dump(search.best_estimator_, path)
        print(f"saved: {path.stat().st_size / 1e3:.0f} kB")
        loaded = joblib.load(path)
    expected = search.predict_proba(data.X_test)
    if not np.array_equal(loaded.predict_proba(data.X_test), expected):
        raise SystemExit("the loaded model predicts something else")
    print("loaded again: the same probabilities, to the last bit")


# Worker processes of joblib import this file: only the first process runs main.
if __name__ == "__main__":
    main()
