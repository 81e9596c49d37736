"""The Japanese Vowels set: short utterances of nine speakers."""

from importlib.resources import files
from typing import Any

import numpy as np
from sklearn.utils import Bunch

SUBSETS = ("train", "test", "all")


def load_japanese_vowels(*, return_X_y: bool = False, subset: str = "train") -> Any:
    """Load the Japanese Vowels data: who is speaking?

    Nine men say the two vowels /ae/. Each utterance is a sequence of 7 to 29 steps
    of 12 linear prediction (LPC) cepstrum coefficients; the task is to tell the
    speaker. The division into a training and a test part is the original one: the
    test part was recorded on other occasions.

    =================   ==============================
    Classes                                          9
    Utterances                    270 train + 370 test
    Training part                       30 per speaker
    Features                                  12, real
    Time steps                                    7-29
    =================   ==============================

    Parameters
    ----------
    return_X_y : bool, default=False
        Return the pair ``(X, y)`` of one part instead of a Bunch with both.

    subset : {"train", "test", "all"}, default="train"
        The part that ``return_X_y=True`` returns; "all" is the training part
        followed by the test part. The Bunch always holds both parts.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        X_train : list of 270 arrays of shape (n_timesteps_i, 12), float32
            The utterances of the training part, in their original order.
        y_train : ndarray of shape (270,), int64
            Their speakers, 0 to 8: positions in `target_names`.
        X_test : list of 370 arrays of shape (n_timesteps_i, 12), float32
            The utterances of the test part, in their original order.
        y_test : ndarray of shape (370,), int64
            Their speakers.
        feature_names : list of 12 str
            The names of the columns.
        target_names : ndarray of shape (9,), str
            The original labels of the speakers, "1" to "9".
        DESCR : str
            Where the data comes from, and its licence.

    (X, y) : tuple if ``return_X_y=True``
        The list of utterances and the array of speakers of `subset`.

    Raises
    ------
    ValueError
        If `subset` is not one of the three.

    Notes
    -----
    The data set is "Japanese Vowels" by Mineichi Kudo, Jun Toyama and Masaru
    Shimbo, UCI Machine Learning Repository, https://doi.org/10.24432/C5NS47,
    licensed under Creative Commons Attribution 4.0 International (CC BY 4.0,
    https://creativecommons.org/licenses/by/4.0/legalcode). It was repacked into one
    array of 32-bit numbers; rounded to the six decimals of the original files,
    every number is the original one. Kudo, Toyama and Shimbo describe it in
    "Multidimensional curve classification using passing-through regions", Pattern
    Recognition Letters 20 (1999), pages 1103-1111.

    Examples
    --------
    >>> from sklstm.datasets import load_japanese_vowels
    >>> data = load_japanese_vowels()
    >>> len(data.X_train), len(data.X_test)
    (270, 370)
    >>> data.X_train[0].shape
    (20, 12)
    >>> X, y = load_japanese_vowels(return_X_y=True, subset="all")
    >>> len(X), y.shape
    (640, (640,))
    """
    if subset not in SUBSETS:
        raise ValueError(
            f"subset={subset!r} is not a part of the Japanese Vowels data; "
            "expected 'train', 'test' or 'all'."
        )
    X, y, n_train = _read()
    if return_X_y:
        part = {
            "train": slice(n_train),
            "test": slice(n_train, None),
            "all": slice(None),
        }[subset]
        return X[part], y[part]
    return Bunch(
        X_train=X[:n_train],
        y_train=y[:n_train],
        X_test=X[n_train:],
        y_test=y[n_train:],
        feature_names=[f"lpc_cepstrum_{i}" for i in range(1, 13)],
        target_names=np.array([str(speaker) for speaker in range(1, 10)]),
        DESCR=_folder().joinpath("LICENSE-JapaneseVowels.txt").read_text("utf-8"),
    )


def _folder():
    """The folder of the data files, wherever the package is installed."""
    return files("sklstm.datasets") / "data"


def _read():
    """Both parts end to end: list of utterances, speakers, size of the first part."""
    with (
        _folder().joinpath("japanese_vowels.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as archive,
    ):
        values, lengths = archive["values"], archive["lengths"]
        speakers, n_train = archive["speakers"], int(archive["n_train"])
    utterances = np.split(values, np.cumsum(lengths)[:-1])
    return utterances, speakers.astype(np.int64), n_train
