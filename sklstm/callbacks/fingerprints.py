"""Short names for data: equal for equal data, different for all others."""

import hashlib

import numpy as np

from ..sequences import Sequences
from ..sequences.pairs import SequencePairs
from ..sequences.spellings import SpelledSequences
from ..sequences.streams import Streams

__all__ = ["fingerprint"]

# What the data of a container are; all else is computed from these.
_PARTS = {
    Sequences: ("values", "lengths"),
    SequencePairs: ("sources", "target_codes", "target_lengths"),
    SpelledSequences: ("words", "spellings", "spelling_of_step"),
    Streams: ("sequences",),
}


def fingerprint(*data):
    """Return a digest of data as estimators pass them to training.

    Parameters
    ----------
    *data : ndarray, Sequences and its relatives, int, str, None, or tuples of these

    Returns
    -------
    digest : str
        Of 32 hexadecimal digits.
    """
    digest = hashlib.blake2b(digest_size=16)
    _add(digest, data)
    return digest.hexdigest()


def _add(digest, data):
    if isinstance(data, tuple):
        digest.update(f"tuple of {len(data)};".encode())
        for part in data:
            _add(digest, part)
    elif isinstance(data, np.ndarray):
        digest.update(f"array of {data.dtype.str} {data.shape};".encode())
        digest.update(np.ascontiguousarray(data).reshape(-1).view(np.uint8))
    elif type(data) in _PARTS:
        digest.update(f"{type(data).__name__};".encode())
        _add(digest, tuple(getattr(data, name) for name in _PARTS[type(data)]))
    elif data is None or isinstance(data, int | str):
        digest.update(f"{data!r};".encode())
    else:
        raise TypeError(f"no fingerprint of {type(data).__name__}")
