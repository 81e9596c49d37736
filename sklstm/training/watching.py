"""Who is told of every epoch: the screen, the caller's hooks, the checkpoint."""


class EpochWatch:
    """Told by the epoch loops; tells the others, in this order.

    Parameters
    ----------
    network : RecurrentNetwork
    state : TrainingState
    printer : EpochPrinter or None, default=None
    on_epoch_begin, on_epoch : callable or None, default=None
        See `train`.
    checkpoint : object or None, default=None
        See `train`.
    """

    def __init__(
        self,
        network,
        state,
        *,
        printer=None,
        on_epoch_begin=None,
        on_epoch=None,
        checkpoint=None,
    ):
        self._network, self._state = network, state
        self._printer = printer
        self._on_epoch_begin, self._on_epoch = on_epoch_begin, on_epoch
        self._checkpoint = checkpoint

    @property
    def needs_weights(self):
        """Whether anybody looks at the network between epochs."""
        return self._on_epoch is not None or self._checkpoint is not None

    @property
    def saves(self):
        """Whether the call is saved on its way."""
        return self._checkpoint is not None

    def epoch_begins(self):
        """Tell that an epoch (of "lbfgs": an iteration) begins."""
        if self._on_epoch_begin is not None:
            self._on_epoch_begin()

    def epoch_ended(self, reason=None, **figures):
        """Tell that it has ended.

        Parameters
        ----------
        reason : str or None, default=None
            Why it is the last one, as far as the loop knows.
        **figures
            What `EpochPrinter` prints.

        Returns
        -------
        reason : str or None
            The same, or "callback" if a hook wants to stop.
        """
        state = self._state
        if self._printer is not None:
            self._printer(**figures)
        state.stop_reason = reason or ""
        if self._on_epoch is not None and self._on_epoch(state):
            state.stop_reason = reason = "callback"
        if self._checkpoint is not None:
            self._checkpoint.save(self._network, state)
        return reason
