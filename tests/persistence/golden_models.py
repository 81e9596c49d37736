"""Small models of every format, as files; and what they answered when they were made.

    python tests/persistence/golden_models.py

makes the files of the present format, in ``golden/format_<number>``. Files that are
there are kept: they stand for the models users have, and must go on loading. Remake
them (after deleting the folder) only while no release has written this format.
"""

import io
import pickle
import sys
import zipfile
from pathlib import Path

import numpy as np
import sklearn

import sklstm
from sklstm.persistence import FORMAT

GOLDEN = Path(__file__).resolve().parent / "golden"


def make(folder):
    """Fit one model of each kind; save it twice, and its answers."""
    import skops.io
    from persistence.model_examples import ONE_OF_EACH, answers, fit

    folder.mkdir(parents=True)
    expected = {}
    for name, example in ONE_OF_EACH.items():
        model, X, y = example()
        expected[name] = answers(fit(model, X, y), X, y)
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(model, protocol=5))
        skops.io.dump(
            model, folder / f"{name}.skops",
            compression=zipfile.ZIP_DEFLATED, compresslevel=9,
        )  # fmt: skip
    np.savez_compressed(folder / "answers.npz", **expected)
    made_by = io.StringIO()
    for module in (sklstm, np, sklearn, skops):
        print(module.__name__, module.__version__, file=made_by)
    (folder / "made_by.txt").write_text(made_by.getvalue(), encoding="utf-8")


def formats():
    """The folders there are, one a format, the oldest first."""
    return sorted(GOLDEN.glob("format_*"), key=lambda path: int(path.name[7:]))


def main():
    """Make the files of the present format."""
    folder = GOLDEN / f"format_{FORMAT}"
    if folder.exists():
        sys.exit(f"{folder} exists already: see the top of this file.")
    make(folder)
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{folder}: {size} bytes")


if __name__ == "__main__":
    sys.path.insert(0, str(GOLDEN.parent.parent))
    main()
