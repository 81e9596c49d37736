"""What is random in a training pass: dropout masks, zoneout, noise of the inputs.

Every number depends on a seed, on its place in the network and on the number of the
sample among those that count, never on threads or on the companions in a batch.
"""

from dataclasses import dataclass

import numpy as np

from .memory import round_up

__all__ = ["LayerNoise", "PassNoise"]

# Places that draw, each for every layer and direction. Numbers of steps are drawn by
# another formula, from the place of the input.
_INPUT, _RECURRENT, _ZONEOUT, _OUTPUT = range(4)
_PLACES = 4
# The noise of the inputs belongs to no layer, and has a number none of them has.
_INPUT_NOISE = (1 << 32) - 1
_STEPS = _INPUT

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MASK_64 = (1 << 64) - 1


@dataclass(frozen=True)
class LayerNoise:
    """Of one layer in one direction.

    Attributes
    ----------
    mask : ndarray of shape (n_samples, output_stride) or None
        Recurrent dropout: what the hidden states are multiplied with on their way into
        the products.
    zoneout_seed : int
    sample_keys : ndarray of uint32 of shape (n_samples,)
        Which zoneout draws from.
    """

    mask: np.ndarray | None
    zoneout_seed: int
    sample_keys: np.ndarray


class PassNoise:
    """Draws for one training pass.

    Parameters
    ----------
    kernels : module
    seed : tuple of int
        Of the pass; another one for every update.
    keys : ndarray of int of shape (n_samples,)
        What each sequence of the batch draws by.
    """

    def __init__(self, kernels, seed, keys):
        self._kernels = kernels
        self._seed = seed
        self._sample_keys = np.asarray(keys).astype(np.uint32)

    def input_mask(self, rate, width, workspace):
        """Mask of the network's inputs, or None for a rate of 0."""
        return self._mask(_INPUT, 0, 0, rate, width, workspace, "input_mask")

    def noisy_inputs(self, deviation, batch, workspace, n_threads):
        """Inputs of a batch with Gaussian noise; as they are for a deviation of 0."""
        if deviation == 0:
            return batch.inputs
        noisy = workspace.take("noisy_inputs", batch.inputs.shape)
        self._kernels.add_noise(
            _mixed(*self._seed, _INPUT_NOISE), self._sample_keys, batch.offsets,
            deviation, batch.inputs, noisy, n_threads,
        )  # fmt: skip
        return noisy

    def output_mask(self, rate, layer, direction, width, workspace):
        """Mask of a layer's outputs, or None for a rate of 0."""
        return self._mask(
            _OUTPUT, layer, direction, rate, width, workspace, "output_mask"
        )

    def of_steps(self, offsets):
        """A number between 0 and 1 for each row of a packed batch.

        Parameters
        ----------
        offsets : ndarray of intp of shape (n_timesteps + 1,)

        Returns
        -------
        numbers : ndarray of float64 of shape (n_rows,)
            Each depends on the seed, the key of its sequence and the step alone.
        """
        n_alive = np.diff(offsets)
        step = np.repeat(np.arange(len(n_alive), dtype=np.uint64), n_alive)
        row = np.arange(offsets[-1]) - np.repeat(offsets[:-1], n_alive)
        key = self._sample_keys[row].astype(np.uint64)
        seed = np.uint64(self._place_seed(_STEPS, 0, 0))
        mixed = _spread(_spread(_spread(seed) ^ key) ^ step)
        return (mixed >> np.uint64(11)) * 2.0**-53

    def of_layer(self, recurrent_rate, layer, direction, width, workspace):
        """What a layer draws itself.

        Returns
        -------
        noise : LayerNoise
        """
        mask = self._mask(
            _RECURRENT, layer, direction, recurrent_rate, width, workspace, "mask"
        )
        seed = self._place_seed(_ZONEOUT, layer, direction)
        return LayerNoise(mask, seed, self._sample_keys)

    def _mask(self, place, layer, direction, rate, width, workspace, name):
        if rate == 0:
            return None
        width = round_up(width, self._kernels.lanes())
        mask = workspace.take(name, (len(self._sample_keys), width))
        seed = self._place_seed(place, layer, direction)
        self._kernels.draw_mask(seed, self._sample_keys, rate, mask)
        return mask

    def _place_seed(self, place, layer, direction):
        number = place + _PLACES * (2 * layer + direction)
        return _mixed(*self._seed, number)


def _mixed(*numbers):
    """32 bits that depend on all of some numbers."""
    mixed = 0
    for number in numbers:
        mixed = ((mixed ^ number) * 0xBF58476D1CE4E5B9 + 1) & _MASK_64
        mixed ^= mixed >> 29
    return mixed >> 32


def _spread(numbers):
    """Numbers of 64 bits that differ in half of them if their arguments differ.

    The last steps of SplitMix64 (Steele, Lea and Flood 2014), after an increment.
    """
    with np.errstate(over="ignore"):
        mixed = numbers + _GOLDEN
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))
