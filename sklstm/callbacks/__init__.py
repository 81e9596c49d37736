"""Callbacks: progress, scores and checkpoints while an estimator is fitted.

Every estimator that trains takes scikit-learn's callbacks (``sklearn.callback``, since
scikit-learn 1.9, experimental) by ``set_callbacks``. A fit is one task with a subtask
for each epoch (of "lbfgs": iteration); ``partial_fit`` has one epoch.

- :class:`sklearn.callback.ProgressBar` goes on the outermost estimator, such as a
  search or a pipeline; its ``max_propagation_depth`` says how deep it looks.
- :class:`sklearn.callback.ScoringMonitor` scores the training data after every epoch.
  (Name its scores, or give a dictionary of scorers: in scikit-learn 1.9.1 None, and
  functions that return one number, fail.)
  With ``scoring=recorded_scores`` it keeps the loss and the validation figures that
  training has computed anyway; both also inside a pipeline and a search.
- :class:`Checkpoint` lets a fit that was killed go on to the same bits.
- One's own: a class with the methods of :class:`sklearn.callback.FitCallback`. Its
  ``on_fit_task_end`` gets, if it names it, ``fitted_estimator``: a fitted copy with
  the weights after that epoch (also with `early_stopping`, which puts the best ones
  back at the end), whose ``loss_curve_``, ``validation_scores_`` and ``stop_reason_``
  tell how training stands. If it returns true, training stops. Epochs that an earlier
  process has trained, see `Checkpoint`, come first and without data.

Callbacks see X and y as they were passed to ``fit``. Where there is no y, because the
targets are later steps of the same sequences, it is X once more. Validation data are
not passed on: `ScoringMonitor` would hand them to its scorer.

Clones of an estimator share its callbacks, and a pickle contains them;
``set_callbacks()`` takes them off, which skops needs, that knows no callbacks.
"""

from .checkpoint import Checkpoint
from .scores import recorded_scores

__all__ = ["Checkpoint", "recorded_scores"]
