"""The format of saved models: recorded on saving, checked on reading.

The format is a number. It goes up by one whenever a model saved by the new version
would be refused or misread by the one before: a class of the fitted state is moved or
renamed, an attribute changes its meaning, a parameter is added that changes
predictions. `OLDEST_FORMAT` goes up when reading an older one is given up; until then
``__setstate__`` of the class concerned turns the older form into the present one (its
record says which it has). ``tests/persistence/golden`` holds models of every format
that must still load.

A parameter or field with a default that means what was done before needs no new code
for reading: it is missing in an older file, and the class has its default.
"""

from numbers import Integral

from .._version import __version__
from .keyed_pairs import with_pairs, without_pairs

#: Number of the format that this version writes.
FORMAT = 1
OLDEST_FORMAT = 1

# Where in the state of an estimator the record is.
RECORD = "_saved_by"


class SavedBy:
    """The record of format and version; it checks itself when it is read.

    It comes first in the state of an estimator, so that a file of an unknown format is
    refused before anything else in it is looked at: a later version may have things
    inside that this one fails on with an error nobody understands.

    Parameters
    ----------
    format : int
        The format of the saved model.
    version : str
        The version of sklstm that saved it.

    Raises
    ------
    ValueError
        If this version does not read the format. The message names both versions.

    Examples
    --------
    >>> from sklstm.persistence.file_format import SavedBy
    >>> SavedBy(99, "9.0.0")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: This model was saved by sklstm 9.0.0 in format 99, ...
    """

    __slots__ = ("format", "version")

    def __init__(self, format, version):
        check_format(format, version)
        self.format, self.version = format, version

    # pickle and skops build it by calling it, so reading is checking.
    def __reduce__(self):
        return type(self), (self.format, self.version)


class VersionedState:
    """Mixin of estimators: their saved state carries a `SavedBy`.

    To be inherited from before :class:`~sklearn.base.BaseEstimator`.
    """

    def __getstate__(self):
        state = super().__getstate__()
        state = {name: with_pairs(value) for name, value in state.items()}
        return {RECORD: SavedBy(FORMAT, __version__), **state}

    def __setstate__(self, state):
        if not isinstance(state.get(RECORD), SavedBy):
            raise ValueError(
                f"This {type(self).__name__} says nothing about the version of sklstm "
                "that saved it. It was saved by a development version before 0.1.0, "
                "or by a subclass whose __getstate__ leaves out that of its base; this "
                f"is sklstm {__version__}, which cannot tell what is inside. Fit the "
                "model again, and save it anew."
            )
        super().__setstate__(
            {
                name: without_pairs(value)
                for name, value in state.items()
                if name != RECORD
            }
        )


def check_format(format, version):
    """Raise if this version of sklstm cannot read a model.

    Parameters
    ----------
    format : int
        The format of the saved model.
    version : str
        The version of sklstm that saved it.

    Raises
    ------
    ValueError
        If the format is none, too new or too old.
    """
    is_number = isinstance(format, Integral) and not isinstance(format, bool)
    if is_number and OLDEST_FORMAT <= format <= FORMAT:
        return
    reads = f"format {FORMAT}"
    if OLDEST_FORMAT < FORMAT:
        reads = f"formats {OLDEST_FORMAT} to {FORMAT}"
    message = (
        f"This model was saved by sklstm {version} in format {format!r}, but this is "
        f"sklstm {__version__}, which reads {reads}. "
    )
    if not is_number or format < 1:
        message += (
            "No version writes such a format: the file was damaged or altered. Take "
            "another copy of it."
        )
    elif format > FORMAT:
        message += (
            f"Install a version as new as the model's, pip install 'sklstm>={version}',"
            " or fit the model again with this one."
        )
    else:
        message += (
            f"So old a format is no longer read: fit the model again, or use it with "
            f"the version it was made with, pip install 'sklstm=={version}'."
        )
    raise ValueError(message)
