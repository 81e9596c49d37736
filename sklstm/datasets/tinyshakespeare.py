"""Tiny Shakespeare: the plays as one text, for language models of characters."""

from os import PathLike
from typing import Any

from sklearn.utils import Bunch

from .fetching import GitHubFile, documents_fetching, fetch_files

FILES = [
    GitHubFile(
        "karpathy/char-rnn",
        "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e",
        "data/tinyshakespeare/input.txt",
        "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    )
]

LICENSE = (
    "MIT, as stated by the repository; Shakespeare's words are in the public domain"
)

CITATION = (
    "Andrej Karpathy, char-rnn (2015), https://github.com/karpathy/char-rnn; used in "
    "The Unreasonable Effectiveness of Recurrent Neural Networks, "
    "https://karpathy.github.io/2015/05/21/rnn-effectiveness/"
)

DESCR = f"""Tiny Shakespeare

Parts of Shakespeare's plays end to end: 1,115,394 characters, 65 of them different.
From {FILES[0].url}, unchanged.

Licence: {LICENSE}.
Cite: {CITATION}.
"""


@documents_fetching
def fetch_tinyshakespeare(
    *,
    data_home: str | PathLike[str] | None = None,
    download_if_missing: bool = True,
    n_retries: int = 3,
    delay: float = 1.0,
) -> Any:
    """Load the Tiny Shakespeare text, downloading it if necessary: what comes next?

    =============   =========
    Characters      1,115,394
    Different              65
    =============   =========

    Parameters
    ----------
    {fetching}

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        text : str
            All of it.
        train, valid, test : str
            The first 90 %, the next 5 % and the last 5 % of the characters.
        DESCR, license, citation : str
            What the data are, on what terms they may be used, whom to name.

    Raises
    ------
    {raises}

    See Also
    --------
    sklstm.LSTMLanguageModel : Learns to write such texts.

    Examples
    --------
    >>> from sklstm.datasets import fetch_tinyshakespeare
    >>> data = fetch_tinyshakespeare()  # doctest: +SKIP
    >>> data.text[:14]  # doctest: +SKIP
    'First Citizen:'
    """
    (path,) = fetch_files(
        "tinyshakespeare",
        FILES,
        data_home=data_home,
        download_if_missing=download_if_missing,
        n_retries=n_retries,
        delay=delay,
    )
    text = path.read_bytes().decode("utf-8")
    first, second = int(0.9 * len(text)), int(0.95 * len(text))
    return Bunch(
        text=text,
        train=text[:first],
        valid=text[first:second],
        test=text[second:],
        DESCR=DESCR,
        license=LICENSE,
        citation=CITATION,
    )
