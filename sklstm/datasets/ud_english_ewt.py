"""Universal Dependencies, English Web Treebank: words and their parts of speech."""

from os import PathLike
from typing import Any

from sklearn.utils import Bunch

from .checks import check_choice
from .fetching import GitHubFile, documents_fetching, fetch_files

REPOSITORY = "UniversalDependencies/UD_English-EWT"
COMMIT = "15d613d8447b3478787d4c278730a1e48a945efb"

FILES = {
    part: GitHubFile(REPOSITORY, COMMIT, f"en_ewt-ud-{name}.conllu", sha256)
    for part, name, sha256 in (
        (
            "train",
            "train",
            "3fb78e2b55482c8ee00caa653af436c88c9e5bc9a73ce26e4ae3ddc79d2b7e7b",
        ),
        (
            "valid",
            "dev",
            "531a54ff90d6ab12201c5a50c3e78e6ddac4de69abc4bce5d275d3cd29efe2b6",
        ),
        (
            "test",
            "test",
            "e266e515a0a7547657ed3d90d9ba46487d6bd251f27ad4269d4e8a427c8555cd",
        ),
    )
}

# Columns of the format CoNLL-U.
FORM = 1
COLUMNS = {"upos": 3, "xpos": 4}

LICENSE = "CC BY-SA 4.0 (https://creativecommons.org/licenses/by-sa/4.0/legalcode)"

CITATION = (
    "Natalia Silveira, Timothy Dozat, Marie-Catherine de Marneffe, Samuel Bowman, "
    "Miriam Connor, John Bauer and Christopher D. Manning, A Gold Standard Dependency "
    "Corpus for English, LREC 2014"
)

DESCR = f"""UD English EWT

Sentences of weblogs, newsgroups, emails, reviews and answers on the web. Each word has
one of 17 universal parts of speech (upos) and one of some 50 of the Penn Treebank's
(xpos). From https://github.com/{REPOSITORY}, commit {COMMIT}.

Licence: {LICENSE}.
Cite: {CITATION}.
"""


@documents_fetching
def fetch_ud_english_ewt(
    *,
    data_home: str | PathLike[str] | None = None,
    download_if_missing: bool = True,
    n_retries: int = 3,
    delay: float = 1.0,
    tags: str = "upos",
    return_X_y: bool = False,
    subset: str = "train",
) -> Any:
    """Load the English Web Treebank, downloading it if necessary: noun or verb?

    ====================   ======================
    Sentences              12,544 + 2,001 + 2,077
    Universal parts                            17
    Treebank's parts                           49
    ====================   ======================

    Parameters
    ----------
    {fetching}
    tags : {"upos", "xpos"}, default="upos"
        The parts of speech to learn: the universal ones, or the Penn Treebank's.
    return_X_y : bool, default=False
        Return the pair ``(X, y)`` of one part instead of a Bunch with all.
    subset : {"train", "valid", "test"}, default="train"
        The part that ``return_X_y=True`` returns.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        X_train, X_valid, X_test : list of lists of str
            The words of each sentence.
        y_train, y_valid, y_test : list of lists of str
            Their parts of speech.
        DESCR, license, citation : str
            What the data are, on what terms they may be used, whom to name.

    (X, y) : tuple if ``return_X_y=True``
        Words and parts of speech of `subset`.

    Raises
    ------
    {raises}
    ValueError
        If `subset` or `tags` is not one of those.

    See Also
    --------
    sklstm.LSTMTagger : Learns tags of words, and can read their characters.

    Examples
    --------
    >>> from sklstm.datasets import fetch_ud_english_ewt
    >>> X, y = fetch_ud_english_ewt(return_X_y=True)  # doctest: +SKIP
    >>> X[0][:5], y[0][:5]  # doctest: +SKIP
    (['Al', '-', 'Zaman', ':', 'American'], ['PROPN', 'PUNCT', 'PROPN', 'PUNCT', 'ADJ'])
    """
    check_choice("subset", subset, tuple(FILES))
    check_choice("tags", tags, tuple(COLUMNS))
    data = Bunch(DESCR=DESCR, license=LICENSE, citation=CITATION)
    for part, file in FILES.items():
        if return_X_y and part != subset:
            continue
        (path,) = fetch_files(
            "ud_english_ewt",
            [file],
            data_home=data_home,
            download_if_missing=download_if_missing,
            n_retries=n_retries,
            delay=delay,
        )
        sentences = list(_read_conllu(path))
        for key, column in (("X", FORM), ("y", COLUMNS[tags])):
            data[f"{key}_{part}"] = [
                [fields[column] for fields in sentence] for sentence in sentences
            ]
    return (data[f"X_{subset}"], data[f"y_{subset}"]) if return_X_y else data


def _read_conllu(path):
    """Yield the fields of the words of each sentence.

    Left out are lines of several words as one ("1-2", for "don't") and of words that
    are not said ("8.1"): their fields say nothing of words in the text.
    """
    sentence = []
    with path.open(encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if not line and sentence:
                yield sentence
                sentence = []
            elif line and not line.startswith("#"):
                fields = line.split("\t")
                if fields[0].isdigit():
                    sentence.append(fields)
    if sentence:
        yield sentence
