"""SNIPS: requests to a voice assistant, with the words that fill its slots."""

from os import PathLike
from typing import Any

import numpy as np
from sklearn.utils import Bunch

from .checks import check_choice
from .fetching import GitHubFile, documents_fetching, fetch_files

REPOSITORY = "MiuLab/SlotGated-SLU"
COMMIT = "61f0307c729b1fad479ef1de94aa5ac5dee601b0"

# Part and file -> checksum.
SHA256 = {
    "train": {
        "seq.in": "04ad1e3f2121d83c6478f9a4b17d2dbdc21d06d6127f73cb7af835ed733f9855",
        "seq.out": "fd5f2121d8055827e5d6b3d3bac30f3d7e94e82a5d437751960cbdd9e1b4f6d3",
        "label": "bfd7df6cf9dd76c5da5d8b61bc85f90386197bdd3d7510c1d324c051537b962f",
    },
    "valid": {
        "seq.in": "64e0f6d8ad8aab3a3828164d7d53731a0993d3ca1aed437ceaca6d3d568d410e",
        "seq.out": "712e6d34feb8d52d208b820a5f8bae6e6ff990f08374507dfde22de389088319",
        "label": "9c1dd041216f647bcfca838aaf1a48eb5781e4404256d31ff07cd38a5436c52f",
    },
    "test": {
        "seq.in": "c1e341173fcea2951a8ca371956a6f81c76de87b9583c62eb87edd6158fa3a7c",
        "seq.out": "58c07c9097d5e1f78889765c2a535a160f6455b90b3142055c8051847afcca47",
        "label": "37a26da3ad079bb41c42c85a3a8f827eb47efec4c5917ce5d08f4b2736e4f830",
    },
}

FILES = {
    part: [
        GitHubFile(REPOSITORY, COMMIT, f"data/snips/{part}/{name}", sha256)
        for name, sha256 in of_part.items()
    ]
    for part, of_part in SHA256.items()
}

LICENSE = (
    "CC0 1.0 for the requests (https://github.com/sonos/nlu-benchmark); the repository "
    "of this division into words and parts states no licence of its own"
)

CITATION = (
    "Alice Coucke et al., Snips Voice Platform: an embedded Spoken Language "
    "Understanding system for private-by-design voice interfaces, arXiv 1805.10190; in "
    "the division of Chih-Wen Goo et al., Slot-Gated Modeling for Joint Slot Filling "
    "and Intent Prediction, NAACL 2018"
)

DESCR = f"""SNIPS

14,484 requests to a voice assistant, in words of lower case. Each word has a tag: B-
begins and I- continues a slot (72 different tags), O is outside. Each request is one of
7 intents. From https://github.com/{REPOSITORY}, folder data/snips of commit {COMMIT}.

Licence: {LICENSE}.
Cite: {CITATION}.
"""


@documents_fetching
def fetch_snips(
    *,
    data_home: str | PathLike[str] | None = None,
    download_if_missing: bool = True,
    n_retries: int = 3,
    delay: float = 1.0,
    return_X_y: bool = False,
    subset: str = "train",
) -> Any:
    """Load the SNIPS requests, downloading them if necessary: which words fill slots?

    =========   ====================
    Requests      13,084 + 700 + 700
    Slot tags                     72
    Intents                        7
    =========   ====================

    Parameters
    ----------
    {fetching}
    return_X_y : bool, default=False
        Return the pair ``(X, y)`` of one part instead of a Bunch with all.
    subset : {"train", "valid", "test"}, default="train"
        The part that ``return_X_y=True`` returns.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        X_train, X_valid, X_test : list of lists of str
            The words of each request.
        y_train, y_valid, y_test : list of lists of str
            The tags of its words.
        intents_train, intents_valid, intents_test : ndarray of str
            What each request is for: labels for a classifier.
        DESCR, license, citation : str
            What the data are, on what terms they may be used, whom to name.

    (X, y) : tuple if ``return_X_y=True``
        Words and tags of `subset`.

    Raises
    ------
    {raises}
    ValueError
        If `subset` is not one of the three.

    See Also
    --------
    sklstm.LSTMTagger : Learns tags of words.
    sklstm.metrics.span_f1 : The usual score.

    Examples
    --------
    >>> from sklstm.datasets import fetch_snips
    >>> data = fetch_snips()  # doctest: +SKIP
    >>> data.X_valid[1][:4], data.y_valid[1][:4]  # doctest: +SKIP
    (['add', 'the', 'album', 'to'], ['O', 'O', 'B-music_item', 'O'])
    """
    check_choice("subset", subset, tuple(FILES))
    data = Bunch(DESCR=DESCR, license=LICENSE, citation=CITATION)
    for part, files in FILES.items():
        if return_X_y and part != subset:
            continue
        paths = fetch_files(
            "snips",
            files,
            data_home=data_home,
            download_if_missing=download_if_missing,
            n_retries=n_retries,
            delay=delay,
        )
        words, tags, intents = map(_lines, paths)
        data[f"X_{part}"] = [line.split() for line in words]
        data[f"y_{part}"] = [line.split() for line in tags]
        data[f"intents_{part}"] = np.array([line.strip() for line in intents])
    return (data[f"X_{subset}"], data[f"y_{subset}"]) if return_X_y else data


def _lines(path):
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
