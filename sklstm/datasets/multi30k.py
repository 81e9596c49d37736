"""Multi30k: descriptions of pictures and their translations."""

from os import PathLike
from typing import Any

from sklearn.utils import Bunch

from .checks import check_choice, check_count
from .fetching import GitHubFile, documents_fetching, fetch_files

REPOSITORY = "multi30k/dataset"
COMMIT = "a3d2e0d26b56f3846f66a952536ffed4e401d05a"

PARTS = {"train": "train", "valid": "val", "test": "test_2016_flickr"}

# Language -> checksums of the three parts.
SHA256 = {
    "en": (
        "08925f8e0572bcd5a006702fc5fe20e2d77c6917d4eebd576fc20de6693c2119",
        "46573ce391ae227f1c72f873392436a20ef18e0a6d518098cfbd70b77c8572ec",
        "5b7f32627cf99eced828311b955dae9800bb52bc8b91cf8b6526829e605b29d2",
    ),
    "de": (
        "cb5a23529b65ec2061f1dc446192a9c37382b63cc75f81a0be59d34894b3a505",
        "97232bd273eceb7207f689527386a97e4be2616b18ada47576bdaf96c8ae1f00",
        "c6a33d39d48f9f510de147651316cd9d918e09ad0219df734a2f16b6baccacc4",
    ),
    "fr": (
        "8fa41bb718412bcb7c5dfa58603842810a01543eae86a51279f9886b901266e1",
        "b303e301aa21fe7822a846b2b3fb2d5a1121ec807cd5b1d006fb7b2b5507168a",
        "1463bd5960f9bfe098ec3cd752d3df0c49c84dc646fb518964a29232658cd836",
    ),
    "cs": (
        "7645fb91efa18f94c83d493f740a5d5a941e4b01efa6a124bf2d4af040e133e0",
        "b87ee4917f4a0f9ca6cca03e402026c9f4437dc1bd6a7dadfd2544ecfb6c5501",
        "748c8816de928732365176e5c5d2f9bbabcec9b8d4448fba2d230feb057898a7",
    ),
}

LICENSE = (
    "the repository states none for the sentences; it says of the pictures (which are "
    "not downloaded) that they are for non-commercial research and education"
)

CITATION = (
    "Desmond Elliott, Stella Frank, Khalil Sima'an and Lucia Specia, Multi30K: "
    "Multilingual English-German Image Descriptions, 5th Workshop on Vision and "
    "Language, 2016"
)

DESCR = f"""Multi30k

Descriptions of pictures in English, and their translations, in words of lower case. The
test part is that of 2016. From https://github.com/{REPOSITORY}, folder data/task1/tok
of commit {COMMIT}.

Terms: {LICENSE}.
Cite: {CITATION}.
"""


@documents_fetching
def fetch_multi30k(
    *,
    data_home: str | PathLike[str] | None = None,
    download_if_missing: bool = True,
    n_retries: int = 3,
    delay: float = 1.0,
    source: str = "en",
    target: str = "de",
    max_words: int | None = None,
    return_X_y: bool = False,
    subset: str = "train",
) -> Any:
    """Load Multi30k, downloading it if necessary: how is that said in German?

    ==============   ======================
    Pairs            29,000 + 1,014 + 1,000
    Languages                             4
    ==============   ======================

    Parameters
    ----------
    {fetching}
    source : {"en", "de", "fr", "cs"}, default="en"
        The language to translate from.
    target : {"en", "de", "fr", "cs"}, default="de"
        The language to translate to.
    max_words : int, default=None
        Leave out pairs of which one side has more words. With 12, which is 13,398
        training pairs from English to German, a model trains within minutes.
    return_X_y : bool, default=False
        Return the pair ``(X, y)`` of one part instead of a Bunch with all.
    subset : {"train", "valid", "test"}, default="train"
        The part that ``return_X_y=True`` returns.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        X_train, X_valid, X_test : list of lists of str
            The words of the descriptions.
        y_train, y_valid, y_test : list of lists of str
            Those of their translations.
        DESCR, license, citation : str
            What the data are, on what terms they may be used, whom to name.

    (X, y) : tuple if ``return_X_y=True``
        Descriptions and translations of `subset`.

    Raises
    ------
    {raises}
    ValueError
        If a language or `subset` is not one of those.

    See Also
    --------
    sklstm.LSTMSeq2Seq : Learns to translate.
    sklstm.metrics.bleu : The usual score.

    Examples
    --------
    >>> from sklstm.datasets import fetch_multi30k
    >>> X, y = fetch_multi30k(return_X_y=True, subset="valid")  # doctest: +SKIP
    >>> " ".join(X[1]), " ".join(y[1][:4])  # doctest: +SKIP
    ('a man sleeping in a green room on a couch .', 'ein mann schläft in')
    """
    for name, language in (("source", source), ("target", target)):
        check_choice(name, language, tuple(SHA256))
    check_choice("subset", subset, tuple(PARTS))
    if max_words is not None:
        check_count("max_words", max_words, 1)
    data = Bunch(DESCR=DESCR, license=LICENSE, citation=CITATION)
    for k, part in enumerate(PARTS):
        if return_X_y and part != subset:
            continue
        paths = fetch_files(
            "multi30k",
            [_file(part, k, language) for language in (source, target)],
            data_home=data_home,
            download_if_missing=download_if_missing,
            n_retries=n_retries,
            delay=delay,
        )
        pairs = [
            pair
            for pair in zip(*map(_sentences, paths), strict=True)
            if max_words is None or max(map(len, pair)) <= max_words
        ]
        data[f"X_{part}"], data[f"y_{part}"] = map(list, zip(*pairs, strict=True))
    return (data[f"X_{subset}"], data[f"y_{subset}"]) if return_X_y else data


def _file(part, k, language):
    path = f"data/task1/tok/{PARTS[part]}.lc.norm.tok.{language}"
    return GitHubFile(REPOSITORY, COMMIT, path, SHA256[language][k])


def _sentences(path):
    # Not splitlines(), which also splits where a sentence has an odd kind of blank.
    lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    return [line.split() for line in lines]
