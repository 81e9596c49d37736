"""What a training run leaves behind, and a later one goes on from."""

import math
from dataclasses import dataclass, field, replace

import numpy as np
from sklearn.utils import check_random_state


@dataclass
class TrainingState:
    """Result of a training run, and the place from which another can go on.

    All of it is plain values (numbers, strings, lists, dictionaries of NumPy arrays),
    so it pickles with anything, and it is never changed by a run that continues it:
    `train` returns a new one. Copies of an estimator may share a state.

    Attributes
    ----------
    loss_curve : list of float
        Mean loss of every epoch, penalty included; for "lbfgs" of every iteration.
        Over all calls. The rows' losses are those of the weights they met, before the
        update of their batch; the penalty is that of the weights after the epoch.
    validation_loss_curve : list of float
        Validation loss after every epoch that had validation data; without penalty.
    validation_scores : list of float
        Validation score after the same epochs.
    best_loss : float
        Smallest entry of `loss_curve`; infinite if there is none.
    best_validation_score : float or None
        The score of the weights that were kept; None without validation data.
    n_iter : int
        Epochs (iterations of "lbfgs") of the last call.
    n_epochs : int
        Epochs over all calls; an interrupted one does not count.
    n_updates : int
        Updates over all calls.
    stop_reason : str
        Why the last call ended: "max_iter", "tol" (no improvement of the loss, or the
        gradient is small enough), "early_stopping" (none of the validation score),
        "learning_rate" (too small after plateaus), "callback", "interrupted",
        "max_fun" or "line_search" ("lbfgs": budget spent, or no better point found);
        empty while it goes on.
    schedule_position : int
        Epochs done since the learning-rate schedule began.
    schedule_factor : float
        What plateaus have left of the learning rate.
    optimizer : dict or None
        Name, update count and moment vectors; None after "lbfgs", which keeps nothing.
    random_state : dict
        State of the generator that shuffles, as ``RandomState.get_state`` gives it.
    split_seed : int or None
        Seed of the validation split, so that every call sets aside the same samples.
    noise_seed : int or None
        Seed of dropout, zoneout and input noise, of which every update draws its own;
        None without.
    unfinished : dict or None
        What a call that has not ended remembers: what its `Judge` has seen, or all
        that SciPy was told ("lbfgs"). Its arrays are not copied. None between calls.
    """

    loss_curve: list = field(default_factory=list, repr=False)
    validation_loss_curve: list = field(default_factory=list, repr=False)
    validation_scores: list = field(default_factory=list, repr=False)
    best_loss: float = math.inf
    best_validation_score: float | None = None
    n_iter: int = 0
    n_epochs: int = 0
    n_updates: int = 0
    stop_reason: str = ""
    schedule_position: int = 0
    schedule_factor: float = 1.0
    optimizer: dict | None = field(default=None, repr=False)
    random_state: dict = field(default_factory=dict, repr=False)
    split_seed: int | None = None
    noise_seed: int | None = None
    unfinished: dict | None = field(default=None, repr=False)

    @property
    def loss(self):
        """Loss of the last epoch; NaN if there was none."""
        return self.loss_curve[-1] if self.loss_curve else math.nan

    def copy(self):
        """Return a copy that can be written to; the moment vectors are shared."""
        return replace(
            self,
            loss_curve=list(self.loss_curve),
            validation_loss_curve=list(self.validation_loss_curve),
            validation_scores=list(self.validation_scores),
        )

    def as_ended(self):
        """Return a copy as if the call had ended here, sharing nothing that changes."""
        moments = self.optimizer
        if moments is not None:
            moments = {
                name: value.copy() if isinstance(value, np.ndarray) else value
                for name, value in moments.items()
            }
        return replace(self.copy(), optimizer=moments, unfinished=None)

    def record_loss(self, loss):
        """Append the loss of an epoch."""
        self.loss_curve.append(loss)
        self.best_loss = min(self.best_loss, loss)


def restore_generator(state, random_state):
    """Return the generator to draw from.

    Parameters
    ----------
    state : TrainingState or None
        A state to go on from has its own generator.
    random_state : None, int or RandomState
        Otherwise; an instance is drawn from, not copied.

    Returns
    -------
    generator : numpy.random.RandomState
    """
    if state is None:
        return check_random_state(random_state)
    generator = np.random.RandomState()
    generator.set_state(state.random_state)
    return generator


def resume_generator(state, random_state):
    """Return the generator of a first call that was cut short, as it was then.

    Parameters
    ----------
    state : TrainingState
    random_state : None, int or RandomState
        An instance of the user's is set to what it was: he may go on drawing from it.

    Returns
    -------
    generator : numpy.random.RandomState
    """
    is_users = isinstance(random_state, np.random.RandomState)
    if not is_users or random_state is check_random_state(None):
        return restore_generator(state, None)
    random_state.set_state(state.random_state)
    return random_state
