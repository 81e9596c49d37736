"""Buffers that show a kernel's missteps: poisoned inside, canaries on both sides."""

import numpy as np

CANARY = -98765.25
FRAME = 64  # elements on each side: the four longest registers of a tile


class Framed:
    """An array between two rows of canaries.

    Parameters
    ----------
    shape : int or tuple of int
        Shape of the array.
    dtype : dtype
        Floating type of the array.
    fill : float, default=nan
        What the array holds at first. NaN shows every element that was read before
        it was written, or never written.

    Attributes
    ----------
    array : ndarray of the given shape, C-contiguous
    """

    def __init__(self, shape, dtype, fill=np.nan):
        size = int(np.prod(shape))
        self._buffer = np.full(size + 2 * FRAME, CANARY, dtype=dtype)
        self.array = self._buffer[FRAME : FRAME + size].reshape(shape)
        self.array[...] = fill

    def assert_frame_untouched(self):
        """Fail if anything was written before or behind the array."""
        size = self.array.size
        for name, frame in [
            ("before", self._buffer[:FRAME]),
            ("behind", self._buffer[FRAME + size :]),
        ]:
            spoiled = np.flatnonzero(~(frame == CANARY))
            assert not spoiled.size, (
                f"written {name} an array of shape {self.array.shape}: "
                f"elements {spoiled[:8]} of the frame"
            )


def read_only(array):
    """A copy that raises when it is written to."""
    copy = np.array(array, order="C")
    copy.flags.writeable = False
    return copy
