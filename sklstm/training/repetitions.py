"""Equal samples merged into one with their weights' sum, in an order of their own.

A recurrent network's loss has many minima, and the search for one is chaotic: after a
hundred iterations, a difference in the last bit of one sum has become visible. That
repeated samples and integer weights, or the same samples in another order, lead to the
same model is therefore not a matter of tolerances: the numbers that the search sees
must be the same to the last bit. They are, once equal samples are one sample.
"""

import hashlib

import numpy as np

from ..sequences import Sequences


def merge_repetitions(sequences, y, weights, index):
    """Merge equal samples.

    Parameters
    ----------
    sequences : Sequences
    y : ndarray of shape (n_samples,) or (n_samples, n_targets), Sequences or None
        Samples are equal if their steps and their targets are.
    weights : ndarray of shape (n_samples,) or None
        None means ones.
    index : ndarray of int of shape (n_used,)
        The samples to look at.

    Returns
    -------
    sequences : Sequences
        One sample of each kind, in an order that depends on their contents alone.
    y : ndarray of shape (n_distinct,) or (n_distinct, n_targets), Sequences or None
        Their targets.
    weights : ndarray of shape (n_distinct,), float64
        The sum of the weights of all equals.
    """
    digests = b"".join(_digest(sequences, y, i) for i in index)
    digests = np.frombuffer(digests, dtype=">u8").reshape(len(index), 2)
    _, first, kind = np.unique(digests, axis=0, return_index=True, return_inverse=True)
    used = None if weights is None else weights[index]
    merged = np.bincount(kind.ravel(), weights=used).astype(np.float64)
    kept = index[first]
    if y is not None:
        y = y[kept] if isinstance(y, Sequences) else np.asarray(y)[kept]
    return sequences[kept], y, merged


def _digest(sequences, y, sample):
    """16 bytes that differ between samples that differ."""
    steps = sequences.values[sequences.offsets[sample] : sequences.offsets[sample + 1]]
    digest = hashlib.blake2b(np.ascontiguousarray(steps), digest_size=16)
    if y is not None:
        digest.update(np.ascontiguousarray(y[sample]))
    return digest.digest()
