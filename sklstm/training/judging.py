"""What is remembered from epoch to epoch: is it worth going on, which was the best?"""

from .early_stopping import BestWeights, Patience


class Judge:
    """Looks at every epoch of a call and says whether there is a reason to stop.

    All that a call knows of its earlier epochs, besides the `TrainingState`, is here,
    as plain values (`get_state`): a call that was cut short goes on from them.

    Parameters
    ----------
    options : TrainingOptions
    schedule : Schedule
        Told of plateaus, if it wants to know of them.
    loss : Loss
    validation : Validation or None, default=None
        Evaluated after every epoch.
    keep_best : bool, default=False
        Judge epochs by validation, and end with the best weights.
    n_threads : int, default=1
    """

    def __init__(
        self, options, schedule, loss, validation=None, *, keep_best=False, n_threads=1
    ):
        self._adaptive = options.learning_rate == "adaptive"
        self._schedule = schedule
        self._lower_bound = loss.lower_bound
        self._validation = validation
        self._n_threads = n_threads
        self._patience = Patience(options.tol, options.n_iter_no_change)
        self._best = BestWeights() if keep_best else None

    def begin(self, network, state):
        """Look at the weights that a further call starts from: they may stay the best.

        Parameters
        ----------
        network : RecurrentNetwork
        state : TrainingState
        """
        if self._best is not None and state.n_epochs > 0:
            evaluated = self._validation.evaluate(network, self._n_threads)
            self._best.offer(network, *evaluated)

    def see(self, network, state, loss):
        """Look at the network after an epoch.

        Parameters
        ----------
        network : RecurrentNetwork
        state : TrainingState
            Gets the validation figures.
        loss : float
            Of the epoch.

        Returns
        -------
        figures : dict
            ``validation_loss`` and ``score``; empty without validation data.
        """
        best = self._best
        if self._validation is None:
            self._patience.see_loss(loss)
            return {}
        validation_loss, score = self._validation.evaluate(network, self._n_threads)
        state.validation_loss_curve.append(validation_loss)
        state.validation_scores.append(score)
        if best is None:
            self._patience.see_loss(loss)
            state.best_validation_score = max(state.validation_scores)
        else:
            best.offer(network, validation_loss, score)
            self._patience.see_validation(validation_loss, score)
            state.best_validation_score = best.score
        return {"validation_loss": validation_loss, "score": score}

    def reason_to_stop(self):
        """Return why training should end, or None; call it once an epoch."""
        patience, schedule = self._patience, self._schedule
        if not patience.is_over:
            return None
        if (
            schedule.ends_at_zero
            and self._best is None
            and patience.may_improve(self._lower_bound)
        ):
            return None  # a plateau at a high rate: the low ones are still to come
        if self._adaptive:
            patience.restart()
            return None if schedule.reduce() else "learning_rate"
        return "tol" if self._best is None else "early_stopping"

    def finish(self, network):
        """Put the best weights back, if they were to be kept."""
        if self._best is not None:
            self._best.restore(network)

    def get_state(self):
        """Return what was seen as plain values; the best weights are not copied."""
        best = None if self._best is None else self._best.get_state()
        return {"patience": self._patience.get_state(), "best": best}

    def set_state(self, state):
        """Go on from what `get_state` returned."""
        self._patience.set_state(state["patience"])
        if self._best is not None:
            self._best.set_state(state["best"])
