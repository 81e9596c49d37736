"""Arrays for the kernels: aligned, and kept from one batch to the next."""

from math import prod

import numpy as np

__all__ = ["SPARE_STATES", "Spares", "Workspace", "aligned_empty", "round_up"]

# Workspaces of small predictions are kept for the next one: allocating them takes a
# tenth of the time of one short sequence (compare_peers.py --only predict). At most so
# many hidden states in a pass, and so many workspaces for threads that predict at once.
SPARE_STATES = 1 << 16
MAX_SPARES = 8

ALIGNMENT = 64  # bytes: one cache line, one AVX-512 register


def round_up(size, multiple):
    """The smallest multiple that is at least ``size``."""
    return -(-size // multiple) * multiple


def aligned_empty(shape, dtype):
    """An uninitialised C-contiguous array that starts at a cache line."""
    itemsize = np.dtype(dtype).itemsize
    size = prod(shape)
    raw = np.empty(size + ALIGNMENT // itemsize, dtype=dtype)
    start = -raw.__array_interface__["data"][0] % ALIGNMENT // itemsize
    return raw[start : start + size].reshape(shape)


class Workspace:
    """Named arrays that grow when a batch needs more and are otherwise used again.

    Contents are undefined. One workspace belongs to one pass at a time.
    """

    def __init__(self, dtype):
        self.dtype = np.dtype(dtype)
        self._buffers = {}

    def take(self, name, shape, dtype=None):
        """An array of the given shape; the same memory for the same name."""
        size = prod(shape)
        buffer = self._buffers.get(name)
        if buffer is None or buffer.size < size:
            buffer = aligned_empty((size,), self.dtype if dtype is None else dtype)
            self._buffers[name] = buffer
        return buffer[:size].reshape(shape)

    @property
    def sizes(self):
        """Elements of each array, by name."""
        return {name: buffer.size for name, buffer in self._buffers.items()}

    def zeros(self, name, shape):
        """`take`, filled with zeros."""
        array = self.take(name, shape)
        array.fill(0)
        return array


class Spares:
    """Arrays that were used and are free, for any number of threads.

    Each was made for some packed weights; those of earlier weights are dropped.
    """

    def __init__(self):
        self._free = []

    def __len__(self):
        return len(self._free)

    def take(self, packed):
        """Return arrays of these weights that no other thread has, or None."""
        while self._free:
            try:
                owner, arrays = self._free.pop()
            except IndexError:  # another thread was faster
                break
            if owner is packed:
                return arrays
        return None

    def give(self, packed, arrays):
        """Keep arrays for the next who takes some."""
        if len(self._free) < MAX_SPARES:
            self._free.append((packed, arrays))
