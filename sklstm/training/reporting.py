"""The line that ``verbose`` prints after an epoch."""


class EpochPrinter:
    """Prints one line an epoch.

    Parameters
    ----------
    state : TrainingState
        Tells the epoch's number.
    n_epochs : int
        Largest number of epochs of this call.
    """

    def __init__(self, state, n_epochs):
        self._state = state
        self._n_epochs = n_epochs

    def __call__(
        self,
        *,
        loss,
        gradient_norm,
        seconds,
        validation_loss=None,
        score=None,
        learning_rate=None,
    ):
        """Print the figures of the epoch that has just ended.

        Parameters
        ----------
        loss : float
            Mean training loss.
        gradient_norm : float
            Mean norm of the gradient before clipping.
        seconds : float
            Time of the epoch, validation included.
        validation_loss, score : float or None, default=None
            Without validation data left out.
        learning_rate : float or None, default=None
            At the beginning of the epoch.
        """
        parts = [f"epoch {self._state.n_iter:>3}/{self._n_epochs}", f"loss {loss:.5f}"]
        if validation_loss is not None:
            parts.append(f"validation loss {validation_loss:.5f}, score {score:.4f}")
        parts.append(f"gradient norm {gradient_norm:.3g}")
        if learning_rate is not None:
            parts.append(f"learning rate {learning_rate:.3g}")
        parts.append(f"{seconds:.2f} s")
        print("  ".join(parts))
