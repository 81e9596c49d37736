"""ETTh1: load and oil temperature of an electricity transformer, every hour."""

import csv
from os import PathLike
from typing import Any

import numpy as np
from sklearn.utils import Bunch

from .fetching import GitHubFile, documents_fetching, fetch_files

FILES = [
    GitHubFile(
        "zhouhaoyi/ETDataset",
        "1d16c8f4f943005d613b5bc962e9eeb06058cf07",
        "ETT-small/ETTh1.csv",
        "f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066",
    )
]

TARGET = "OT"

# The rows of the protocol of Zhou et al.: 12, 4 and 4 months of 30 days.
PARTS = {
    "train": slice(0, 8640),
    "valid": slice(8640, 11520),
    "test": slice(11520, 14400),
}

LICENSE = (
    "CC BY-ND 4.0 (https://creativecommons.org/licenses/by-nd/4.0/legalcode): the file "
    "may be passed on unchanged, with the authors' names"
)

CITATION = (
    "Haoyi Zhou, Shanghang Zhang, Jieqi Peng, Shuai Zhang, Jianxin Li, Hui Xiong and "
    "Wancai Zhang, Informer: Beyond Efficient Transformer for Long Sequence "
    "Time-Series Forecasting, AAAI 2021, pages 11106-11115"
)

DESCR = f"""ETTh1, electricity transformer temperature

A transformer in a province of China, hourly from July 2016 on: the oil temperature
(OT), and six loads: high, middle and low useful load (HUFL, MUFL, LUFL) and useless
load (HULL, MULL, LULL). From {FILES[0].url}, unchanged.

Licence: {LICENSE}.
Cite: {CITATION}.
"""


@documents_fetching
def fetch_etth1(
    *,
    data_home: str | PathLike[str] | None = None,
    download_if_missing: bool = True,
    n_retries: int = 3,
    delay: float = 1.0,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Any:
    """Load the ETTh1 series, downloading them if necessary: how hot will the oil get?

    =================   ========================
    Steps                         17,420, hourly
    Target                  oil temperature (OT)
    Covariates                           6 loads
    =================   ========================

    Parameters
    ----------
    {fetching}
    return_X_y : bool, default=False
        Return the covariates and the target instead of a Bunch.
    as_frame : bool, default=False
        Whether the series are a pandas data frame (and a series) with a column "date".

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of shape (17420, 6), float64, or data frame
            The loads.
        target : ndarray of shape (17420,), float64, or series
            The oil temperature.
        dates : ndarray of shape (17420,), datetime64[s]
            The hours.
        frame : data frame or None
            With `as_frame`, all columns in the order of the file.
        feature_names, target_names : list of str
            The names of the columns of `data` and of the target.
        parts : dict of slice
            The rows of "train", "valid" and "test" as the authors use them: 12, 4 and
            4 months of 30 days.
        DESCR, license, citation : str
            What the data are, on what terms they may be used, whom to name.

    (data, target) : tuple if ``return_X_y=True``

    Raises
    ------
    {raises}

    See Also
    --------
    sklstm.LSTMForecaster : Takes ``fit(target, data)``.

    Examples
    --------
    >>> from sklstm.datasets import fetch_etth1
    >>> data = fetch_etth1()  # doctest: +SKIP
    >>> train = data.parts["train"]  # doctest: +SKIP
    >>> data.target[train].shape  # doctest: +SKIP
    (8640,)
    """
    (path,) = fetch_files(
        "etth1",
        FILES,
        data_home=data_home,
        download_if_missing=download_if_missing,
        n_retries=n_retries,
        delay=delay,
    )
    names, dates, values = _read(path)
    frame = None
    target = values[:, names.index(TARGET)]
    loads = [i for i, name in enumerate(names) if name != TARGET]
    data, feature_names = values[:, loads], [names[i] for i in loads]
    if as_frame:
        frame = _as_frame(names, dates, values)
        data, target = frame[["date", *feature_names]], frame[TARGET]
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        dates=dates,
        frame=frame,
        feature_names=feature_names,
        target_names=[TARGET],
        parts=dict(PARTS),
        DESCR=DESCR,
        license=LICENSE,
        citation=CITATION,
    )


def _read(path):
    """Names of the columns, dates and values."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    dates = np.array([row[0] for row in rows], dtype="datetime64[s]")
    values = np.array([row[1:] for row in rows], dtype=np.float64)
    return header[1:], dates, values


def _as_frame(names, dates, values):
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            "as_frame=True needs pandas: pip install pandas, or leave it out and use "
            "the arrays."
        ) from error
    frame = pandas.DataFrame(values, columns=names)
    frame.insert(0, "date", dates)
    return frame
