"""Arrays for the kernels: aligned, and kept from one batch to the next."""

from math import prod

import numpy as np

__all__ = ["Workspace", "aligned_empty", "round_up"]

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
