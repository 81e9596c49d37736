"""The choices of a training run, and which solver each of them belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

STOCHASTIC_SOLVERS = ("adam", "adamw", "rmsprop", "sgd")
SOLVERS = (*STOCHASTIC_SOLVERS, "lbfgs")
LEARNING_RATES = ("constant", "invscaling", "adaptive", "cosine")

# Options that only some solvers read. Elsewhere a value other than the default is an
# error: a setting that silently does nothing costs its user an afternoon.
_SOLVERS_OF = {
    "learning_rate": STOCHASTIC_SOLVERS,
    "learning_rate_init": STOCHASTIC_SOLVERS,
    "power_t": STOCHASTIC_SOLVERS,
    "batch_size": STOCHASTIC_SOLVERS,
    "shuffle": STOCHASTIC_SOLVERS,
    "early_stopping": STOCHASTIC_SOLVERS,
    "max_grad_norm": STOCHASTIC_SOLVERS,
    "bptt_steps": STOCHASTIC_SOLVERS,
    "momentum": ("sgd",),
    "nesterovs_momentum": ("sgd",),
    "beta_1": ("adam", "adamw"),
    "beta_2": ("adam", "adamw"),
    "epsilon": ("adam", "adamw", "rmsprop"),
    "max_fun": ("lbfgs",),
}


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """Everything about a training run that is not data.

    The names are scikit-learn's (`MLPClassifier`) where it has one.

    Parameters
    ----------
    solver : {"adam", "adamw", "rmsprop", "sgd", "lbfgs"}, default="adam"
        How the weights are updated.
    learning_rate : {"constant", "invscaling", "adaptive", "cosine"}, \
default="constant"
        "invscaling": ``learning_rate_init / epoch**power_t``, epochs counted from 1.
        "adaptive": divided by 5 whenever `n_iter_no_change` epochs bring no
        improvement. "cosine": half a cosine wave down to zero over `max_iter` epochs.
    learning_rate_init : float, default=3e-3
        The learning rate to start from.
    power_t : float, default=0.5
        Exponent of "invscaling".
    batch_size : int or "auto", default="auto"
        Largest number of sequences in a mini-batch; the batches of an epoch differ by
        one sequence at most. "auto" is 32, and less when that would leave fewer than
        eight batches in an epoch, but not less than 8.
    max_iter : int, default=100
        Epochs; for "lbfgs" iterations.
    tol : float, default=1e-4
        An epoch has improved if the loss fell, or the validation score rose, by more
        than this. A plateau of the training loss ends a "cosine" schedule, whose low
        rates are still to come, only below this loss. For "lbfgs", the largest entry of
        the gradient at which to stop.
    n_iter_no_change : int, default=10
        Epochs without improvement after which training stops (see `tol` for "cosine"),
        or "adaptive" goes on
        with a smaller rate.
    early_stopping : bool, default=False
        Judge improvement on validation data, and keep the best weights.
    validation_fraction : float, default=0.1
        Part of the training data set aside by `early_stopping`, when no validation data
        are given.
    shuffle : bool, default=True
        Whether to make new batches in every epoch.
    alpha : float, default=0.0
        L2 penalty: ``alpha / (2 * sum(weights)) * sum(W**2)`` over all weights but
        biases is added to the loss. For "adamw" the decoupled weight decay instead:
        each step subtracts ``learning_rate * alpha * W``.
    max_grad_norm : float or None, default=1.0
        Longer gradients are scaled down to this norm.
    bptt_steps : int or None, default=None
        Steps after which the gradient is cut; states are carried on.
    checkpoint_steps : int or None, default=None
        Steps between two states that are kept; the others are computed again.
    momentum : float, default=0.9
        Of "sgd".
    nesterovs_momentum : bool, default=True
        Of "sgd".
    beta_1, beta_2 : float, default=0.9 and 0.999
        Of "adam" and "adamw".
    epsilon : float, default=1e-8
        Of "adam", "adamw" and "rmsprop".
    max_fun : int, default=15000
        Largest number of loss evaluations of "lbfgs".

    Raises
    ------
    ValueError
        If an option that the solver does not read is not at its default, or the name
        of a solver or schedule is unknown.

    Examples
    --------
    >>> from sklstm.training import TrainingOptions
    >>> options = TrainingOptions(solver="sgd", momentum=0.95, max_iter=20)
    >>> options.resolve_batch_size(1000)
    32
    >>> TrainingOptions(momentum=0.95)
    Traceback (most recent call last):
        ...
    ValueError: momentum=0.95 has no effect with solver='adam': only solver='sgd' \
reads it; leave it at its default 0.9 or change the solver
    """

    solver: str = "adam"
    learning_rate: str = "constant"
    learning_rate_init: float = 3e-3
    power_t: float = 0.5
    batch_size: int | str = "auto"
    max_iter: int = 100
    tol: float = 1e-4
    n_iter_no_change: int = 10
    early_stopping: bool = False
    validation_fraction: float = 0.1
    shuffle: bool = True
    alpha: float = 0.0
    max_grad_norm: float | None = 1.0
    bptt_steps: int | None = None
    checkpoint_steps: int | None = None
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    max_fun: int = 15000

    def __post_init__(self):
        for name, choices in (("solver", SOLVERS), ("learning_rate", LEARNING_RATES)):
            if getattr(self, name) not in choices:
                raise ValueError(
                    f"{name}={getattr(self, name)!r} is unknown;"
                    f" choose one of {', '.join(map(repr, choices))}"
                )
        for field in fields(self):
            readers = _SOLVERS_OF.get(field.name, SOLVERS)
            value = getattr(self, field.name)
            if self.solver not in readers and value != field.default:
                named = " or ".join(f"solver={reader!r}" for reader in readers)
                raise ValueError(
                    f"{field.name}={value!r} has no effect with"
                    f" solver={self.solver!r}: only {named} reads it; leave it at its"
                    f" default {field.default!r} or change the solver"
                )

    @classmethod
    def from_parameters(cls, parameters: Mapping):
        """Make options from those of an estimator's parameters that are options.

        Parameters
        ----------
        parameters : mapping of str to object
            As ``estimator.get_params(deep=False)`` returns them; names that are not
            options are left out.

        Returns
        -------
        options : TrainingOptions
        """
        names = {field.name for field in fields(cls)}
        return cls(**{name: parameters[name] for name in names & set(parameters)})

    @property
    def windows(self):
        """Arguments of the network's training pass: where time is cut, and how."""
        truncate = self.bptt_steps is not None
        steps = self.bptt_steps if truncate else self.checkpoint_steps
        return {"window_steps": steps, "truncate": truncate}

    def resolve_batch_size(self, n_samples):
        """Return the largest number of sequences in a batch.

        Parameters
        ----------
        n_samples : int
            Number of training sequences.

        Returns
        -------
        batch_size : int
            From 1 to `n_samples`.
        """
        if self.batch_size != "auto":
            return min(self.batch_size, n_samples)
        # 32 rows fill the kernels' tiles with room to spare; small data need the
        # number of updates more than they need speed.
        return min(n_samples, 32, max(8, -(-n_samples // 8)))
