"""Arrays for the kernels: aligned, and kept from one batch to the next."""

import numpy as np

__all__ = ["Workspace", "aligned_empty", "round_up"]

ALIGNMENT = 64  # bytes: one cache line, one AVX-512 register


def round_up(size, multiple):
    """The smallest multiple that is at least ``size``."""
    return -(-size // multiple) * multiple


def aligned_empty(shape, dtype):
    """An uninitialised C-contiguous array that starts at a cache line."""
    dtype = np.dtype(dtype)
    n_bytes = int(np.prod(shape)) * dtype.itemsize
    raw = np.empty(n_bytes + ALIGNMENT, dtype=np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + n_bytes].view(dtype).reshape(shape)


class Workspace:
    """Named arrays that grow when a batch needs more and are otherwise used again.

    Contents are undefined. One workspace belongs to one pass at a time.
    """

    def __init__(self, dtype):
        self.dtype = np.dtype(dtype)
        self._buffers = {}

    def take(self, name, shape, dtype=None):
        """An array of the given shape; the same memory for the same name."""
        dtype = self.dtype if dtype is None else np.dtype(dtype)
        size = 1
        for extent in shape:
            size *= int(extent)
        buffer = self._buffers.get(name)
        if buffer is None or buffer.size < size:
            buffer = self._buffers[name] = aligned_empty((size,), dtype)
        return buffer[:size].reshape(shape)

    def zeros(self, name, shape):
        """`take`, filled with zeros."""
        array = self.take(name, shape)
        array.fill(0)
        return array
