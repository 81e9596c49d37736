"""Learning rates over time, in scikit-learn's words plus "cosine".

A schedule is asked for the rate at a position (epochs done, with a fraction within an
epoch) and is told when the loss has stopped improving. Its state is the position and
one factor, both plain numbers.
"""

import math

# "adaptive" stops when the rate has fallen below this part of where it started.
SMALLEST_ADAPTIVE_FACTOR = 1e-3


class Schedule:
    """A constant learning rate, and the base of the others.

    Parameters
    ----------
    rate : float
        The rate to start from.
    """

    ends_at_zero = False
    """Whether the rate falls to zero by itself: plateaus before that say little."""

    def __init__(self, rate):
        self.initial_rate = rate
        self.factor = 1.0

    def rate(self, position):
        """Return the learning rate.

        Parameters
        ----------
        position : float
            Epochs done since the schedule began, with the fraction of the present one.
        """
        return self.initial_rate

    def reduce(self):
        """Go on with a smaller rate after a plateau, if that is this schedule's way.

        Returns
        -------
        reduced : bool
            False means that training should stop.
        """
        return False


class InverseScaling(Schedule):
    """``rate / (epoch + 1)**power_t``, constant within an epoch."""

    def __init__(self, rate, power_t):
        super().__init__(rate)
        self.power_t = power_t

    def rate(self, position):
        """Return the learning rate at `position`."""
        return self.initial_rate / (math.floor(position) + 1) ** self.power_t


class Adaptive(Schedule):
    """Divides the rate by five after each plateau."""

    def rate(self, position):
        """Return the learning rate; it depends on plateaus alone."""
        return self.initial_rate * self.factor

    def reduce(self):
        """Divide the rate by five, unless it has become too small to matter."""
        self.factor /= 5
        return self.factor >= SMALLEST_ADAPTIVE_FACTOR


class Cosine(Schedule):
    """Half a cosine wave from the initial rate to zero over `n_epochs`."""

    ends_at_zero = True

    def __init__(self, rate, n_epochs):
        super().__init__(rate)
        self.n_epochs = n_epochs

    def rate(self, position):
        """Return the learning rate; past the last epoch it stays at zero."""
        progress = min(position / self.n_epochs, 1.0)
        return 0.5 * self.initial_rate * (1 + math.cos(math.pi * progress))


def make_schedule(options):
    """Return the schedule that `options` asks for.

    Parameters
    ----------
    options : TrainingOptions

    Returns
    -------
    schedule : Schedule
    """
    rate = options.learning_rate_init
    if options.learning_rate == "invscaling":
        return InverseScaling(rate, options.power_t)
    if options.learning_rate == "adaptive":
        return Adaptive(rate)
    if options.learning_rate == "cosine":
        return Cosine(rate, options.max_iter)
    return Schedule(rate)
