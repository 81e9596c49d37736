"""Saving fitted models, and reading them safely and years later.

A fitted model is NumPy arrays and plain values, so it goes through ``pickle``,
``joblib`` and ``cloudpickle`` like any other of scikit-learn. But a pickle can run any
code on the machine that reads it. Files of skops cannot; they are read with the list of
types that `skops_trusted_types` returns::

    import skops.io
    from sklstm.persistence import skops_trusted_types

    skops.io.dump(model, "model.skops")
    model = skops.io.load("model.skops", trusted=skops_trusted_types())

Every saved model carries the number of its format and the version of sklstm that wrote
it. One that this version cannot read is an error that names both versions, whichever
library read the file. Within a format any version reads the files of any other.

file_format.py    the record of format and version, and who checks it
keyed_pairs.py    dictionaries that skops would not store as they are
trusted_types.py  what skops may build on reading a model
"""

from .file_format import FORMAT as FORMAT
from .file_format import VersionedState as VersionedState
from .trusted_types import skops_trusted_types

# The others are for the rooms beside this one.
__all__ = ["skops_trusted_types"]
