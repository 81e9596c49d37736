"""Training: losses, optimisers, schedules, mini-batches, the epoch loop.

`train` is the way in; its module says how a run goes on where another ended.

::

    train (trainer) ── what is new, what goes on
      ├─ targets ── losses: y, or the inputs one step later, and the loss of a batch
      ├─ steps_ahead: the same where each of the last steps has a target
      ├─ samples: which count, which are set aside to judge
      ├─ stochastic ── minibatches, gradients (penalty, clipping), optimizers, schedules
      │    └─ judging: what epochs know of one another ── early_stopping: patience, best
      ├─ lbfgs: all data at once, in float64
      └─ watching: who is told of every epoch ── reporting
    options: the user's choices      state: what is carried on      errors

Nothing here loops over time, knows a layout of the user's, or does arithmetic on the
network's hidden states: that is the kernels', `sklstm.sequences`' and
`sklstm.network`'s part.
"""

from .classification_losses import BinaryCrossEntropy, CrossEntropy
from .errors import TrainingDivergedError
from .options import LEARNING_RATES, SOLVERS, STOCHASTIC_SOLVERS, TrainingOptions
from .regression_losses import (
    REGRESSION_LOSSES,
    AbsoluteError,
    Huber,
    Poisson,
    Quantile,
    Quantiles,
    SquaredError,
)
from .state import TrainingState
from .steps_ahead import StepsAhead
from .trainer import train

__all__ = [
    "LEARNING_RATES",
    "REGRESSION_LOSSES",
    "SOLVERS",
    "STOCHASTIC_SOLVERS",
    "AbsoluteError",
    "BinaryCrossEntropy",
    "CrossEntropy",
    "Huber",
    "Poisson",
    "Quantile",
    "Quantiles",
    "SquaredError",
    "StepsAhead",
    "TrainingDivergedError",
    "TrainingOptions",
    "TrainingState",
    "train",
]
