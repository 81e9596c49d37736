"""Digits written with a pen on a tablet, as the points the pen went through."""

from os import PathLike
from typing import Any

import numpy as np
from sklearn.utils import Bunch

from .checks import check_choice
from .fetching import GitHubFile, documents_fetching, fetch_files

REPOSITORY = "kleinplw/HMM-Pendigits"
COMMIT = "a50dacab2860f6e10389f59d63253354bbc48c3e"

FILES = {
    part: GitHubFile(REPOSITORY, COMMIT, f"data/pendigits-orig.{ending}", sha256)
    for part, ending, sha256 in (
        (
            "train",
            "tra",
            "a66225d68d7d68591e62944df1ad33b3f5aa608e2df2505844b41f5568a80da4",
        ),
        (
            "test",
            "tes",
            "ddb1c19e277a56c7ffe682cc024d6ab73696f9adcc1643ef9ed5aa753007e081",
        ),
    )
}

LICENSE = (
    "the data are from the UCI Machine Learning Repository "
    "(https://archive.ics.uci.edu/dataset/81), whose page states their terms; the "
    "repository of this copy states none of its own"
)

CITATION = (
    "Fevzi Alimoglu and Ethem Alpaydin, Methods of Combining Multiple Classifiers "
    "Based on Different Representations for Pen-based Handwritten Digit Recognition, "
    "TAINN 1996"
)

DESCR = f"""Pen-based recognition of handwritten digits, original recordings

10,992 digits by 44 people, who wrote with a pen on a tablet that told its place at
regular times. Those who wrote the test part wrote nothing of the training part. From
https://github.com/{REPOSITORY}, folder data of commit {COMMIT}.

Terms: {LICENSE}.
Cite: {CITATION}.
"""


@documents_fetching
def fetch_pendigits(
    *,
    data_home: str | PathLike[str] | None = None,
    download_if_missing: bool = True,
    n_retries: int = 3,
    delay: float = 1.0,
    return_X_y: bool = False,
    subset: str = "train",
) -> Any:
    """Load the pen digits, downloading them if necessary: which digit was written?

    =========   =============
    Digits      7,494 + 3,498
    Classes                10
    Writers           30 + 14
    Points              9-231
    =========   =============

    Parameters
    ----------
    {fetching}
    return_X_y : bool, default=False
        Return the pair ``(X, y)`` of one part instead of a Bunch with both.
    subset : {"train", "test"}, default="train"
        The part that ``return_X_y=True`` returns.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        X_train, X_test : list of arrays of shape (n_points_i, 3), float32
            Each digit's points, in the units of the tablet, y upwards; the third
            column is 1 where the pen was put down.
        y_train, y_test : ndarray of int
            The digits.
        writers_train, writers_test : ndarray of int
            Who wrote them: ``groups`` for cross-validation. The numbers of both parts
            begin anew.
        feature_names : list of str
            "x", "y" and "stroke_start".
        DESCR, license, citation : str
            What the data are, on what terms they may be used, whom to name.

    (X, y) : tuple if ``return_X_y=True``
        Points and digits of `subset`.

    Raises
    ------
    {raises}
    ValueError
        If `subset` is not one of the two.

    Examples
    --------
    >>> from sklstm.datasets import fetch_pendigits
    >>> data = fetch_pendigits()  # doctest: +SKIP
    >>> len(data.X_train), data.X_train[0].shape, data.y_train[0]  # doctest: +SKIP
    (7494, (78, 3), 8)
    """
    check_choice("subset", subset, tuple(FILES))
    data = Bunch(
        feature_names=["x", "y", "stroke_start"],
        DESCR=DESCR,
        license=LICENSE,
        citation=CITATION,
    )
    for part, file in FILES.items():
        if return_X_y and part != subset:
            continue
        (path,) = fetch_files(
            "pendigits",
            [file],
            data_home=data_home,
            download_if_missing=download_if_missing,
            n_retries=n_retries,
            delay=delay,
        )
        data[f"X_{part}"], digits, writers = _read_unipen(path)
        data[f"y_{part}"] = np.array(digits)
        data[f"writers_{part}"] = np.array(writers)
    return (data[f"X_{subset}"], data[f"y_{subset}"]) if return_X_y else data


def _read_unipen(path):
    """Points, digits and writers of a file in the format UNIPEN.

    A digit begins with a line ``.SEGMENT``; in the comment after it are the digit, the
    number of the writer and one of the digit. Points stand between ``.PEN_DOWN`` and
    ``.PEN_UP``.
    """
    drawings, digits, writers, stroke_start = [], [], [], 0
    for line in path.read_text(encoding="ascii").splitlines():
        word, *others = line.split() or [""]
        if word == ".SEGMENT":
            drawings.append([])
        elif word == ".COMMENT":
            digits.append(int(others[0]))
            writers.append(int(others[1]))
        elif word == ".PEN_DOWN":
            stroke_start = 1
        elif word and not word.startswith("."):
            drawings[-1].append((float(word), float(others[0]), stroke_start))
            stroke_start = 0
    return [np.array(points, dtype=np.float32) for points in drawings], digits, writers
