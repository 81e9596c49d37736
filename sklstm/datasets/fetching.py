"""Files of public data sets: downloaded once, checked, kept in a folder.

Each file is named by the commit of the repository it is in and by its SHA-256, so that
everyone gets the same bytes, now and later, or an error.
"""

import hashlib
import inspect
import os
import shutil
import time
from os import PathLike
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

# Where files of public GitHub repositories are downloaded from.
RAW_FILES = "https://raw.githubusercontent.com"

TIMEOUT = 30  # seconds without a byte

_PARAMETERS = """\
data_home : str or path-like, default=None
    Folder of downloaded data; None means that of :func:`get_data_home`.
download_if_missing : bool, default=True
    Whether to download what is not there yet. If False, that is an error.
n_retries : int, default=3
    How many times more to try when a download fails.
delay : float, default=1.0
    Seconds to wait between attempts."""

_RAISES = """\
ImportError
    If something must be downloaded and pooch is not installed.
OSError
    If a file is missing and must not or cannot be downloaded, or is not the
    expected one. The message says where to get it and where to put it."""


class GitHubFile(NamedTuple):
    """A file of a public GitHub repository, as it was at some commit."""

    repository: str
    """``owner/name``."""

    commit: str
    """The full name of the commit (40 digits)."""

    path: str
    """Where the file is in the repository."""

    sha256: str
    """Checksum of the file."""

    @property
    def url(self):
        """Where it can be downloaded."""
        return f"{RAW_FILES}/{self.repository}/{self.commit}/{quote(self.path)}"


def get_data_home(data_home: str | PathLike[str] | None = None) -> str:
    """Return the folder of downloaded data sets, and make it if there is none.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder. None means the one that the environment variable ``SKLSTM_DATA``
        names or, if it is not set, ``sklstm_data`` in the user's home.

    Returns
    -------
    data_home : str
        The full path of the folder.

    See Also
    --------
    clear_data_home : Delete it.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklstm.datasets import get_data_home
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     home = get_data_home(os.path.join(folder, "data"))
    ...     print(os.path.isdir(home))
    True
    """
    folder = _data_home(data_home)
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


def clear_data_home(data_home: str | PathLike[str] | None = None) -> None:
    """Delete the folder of downloaded data sets with all that is in it.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder, as for :func:`get_data_home`.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklstm.datasets import clear_data_home, get_data_home
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     home = get_data_home(os.path.join(folder, "data"))
    ...     clear_data_home(home)
    ...     print(os.path.exists(home))
    False
    """
    folder = _data_home(data_home)
    if folder.is_dir():
        shutil.rmtree(folder)


def documents_fetching(function):
    """Fill the shared entries into the docstring of a function that fetches data.

    ``{fetching}`` becomes the entries of the shared parameters, ``{raises}`` those of
    the errors.

    Parameters
    ----------
    function : callable

    Returns
    -------
    function : callable
        The same one.
    """
    if function.__doc__ is not None:  # python -OO drops docstrings
        # Python 3.13 takes the indentation away, those before it do not.
        text = inspect.cleandoc(function.__doc__)
        for mark, entries in (("{fetching}", _PARAMETERS), ("{raises}", _RAISES)):
            text = text.replace(mark, entries)
        function.__doc__ = text
    return function


@documents_fetching
def fetch_files(
    folder, files, *, data_home=None, download_if_missing=True, n_retries=3, delay=1.0
):
    """Return the paths of the files of a data set; download those that are missing.

    Parameters
    ----------
    folder : str
        Name of the data set, and of its folder below `data_home`.
    files : list of GitHubFile
        What it consists of.
    {fetching}

    Returns
    -------
    paths : list of Path
        In the order of `files`.

    Raises
    ------
    {raises}
    """
    folder = _data_home(data_home) / folder
    paths = [folder / file.path for file in files]
    for path, file in zip(paths, files, strict=True):
        problem = _problem_with(path, file.sha256)
        if problem and not download_if_missing:
            raise OSError(
                f"{path} {problem}, and download_if_missing=False. "
                + _by_hand(path, file)
            )
        if problem:
            _download(path, file, n_retries, delay)
    return paths


def _data_home(data_home):
    named = data_home or os.environ.get("SKLSTM_DATA") or Path("~") / "sklstm_data"
    return Path(named).expanduser().absolute()


def _problem_with(path, sha256):
    """What is wrong with a file, or None."""
    if not path.is_file():
        return "is not there"
    with path.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != sha256:
        return f"is not the expected file (its SHA-256 is {found})"
    return None


def _download(path, file, n_retries, delay):
    try:
        import pooch
    except ImportError as error:
        raise ImportError(
            "Downloading data needs pooch: pip install 'sklstm[data]'. "
            + _by_hand(path, file)
        ) from error
    for attempt in range(n_retries + 1):
        if attempt:
            time.sleep(delay)
        try:
            # Into a temporary file first: nothing half or wrong ever has the name.
            pooch.retrieve(
                file.url,
                f"sha256:{file.sha256}",
                fname=path.name,
                path=path.parent,
                downloader=pooch.HTTPDownloader(timeout=TIMEOUT),
            )
            return
        except (OSError, ValueError) as error:  # those of requests are OSErrors
            failure = error
    raise OSError(
        f"{path.name} could not be downloaded in {n_retries + 1} attempts. "
        f"{_by_hand(path, file)} What went wrong: {failure}"
    ) from failure


def _by_hand(path, file):
    return (
        f"Without network here, download {file.url} (SHA-256 {file.sha256}) elsewhere "
        f"and put it there as {path}; data_home= or the environment variable "
        "SKLSTM_DATA name another folder."
    )
