"""The error of a training run that leaves the finite numbers."""


class TrainingDivergedError(FloatingPointError, ValueError):
    """A loss or gradient was not finite, and the update was not made.

    It is a ``FloatingPointError`` by nature and a ``ValueError`` by scikit-learn's
    habit, so that either can be caught. The network keeps the weights it had before
    the update that was refused.

    Parameters
    ----------
    message : str
        What happened, where, and what to change.
    epoch : int
        Epoch of the refused update, counted from 1 over all calls.
    batch : int
        Mini-batch of that epoch, counted from 1.
    state : TrainingState or None, default=None
        State up to the last good update, ready to be stored or continued.

    Attributes
    ----------
    epoch, batch, state
        As given.
    """

    def __init__(self, message, *, epoch, batch, state=None):
        super().__init__(message)
        self.epoch = epoch
        self.batch = batch
        self.state = state

    def __reduce__(self):
        # Exceptions pickle by their positional arguments; joblib's workers send them.
        return _rebuild, (str(self), self.epoch, self.batch, self.state)


def _rebuild(message, epoch, batch, state):
    return TrainingDivergedError(message, epoch=epoch, batch=batch, state=state)
