"""scikit-learn's callback protocol, spoken in this file only.

The protocol (``sklearn.callback``, since scikit-learn 1.9) is experimental. When a
release changes it, this file is the one to mend. What it says: a fit is a tree of
tasks; every task tells the callbacks of the estimator when it begins and when it ends,
with the data it works on and, if a callback asks for it, a copy of the estimator as it
is then; a callback that returns true ends the loop that the task belongs to.

Where an estimator has no callbacks nothing of this happens.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from sklearn.callback import CallbackSupportMixin

if TYPE_CHECKING:  # an untyped decorator would hide the types of what it decorates
    _Function = TypeVar("_Function", bound=Callable[..., Any])

    def with_callbacks(fit: _Function) -> _Function: ...

else:
    from sklearn.callback import with_callbacks

__all__ = ["CallbackSupport", "FitTasks", "attributes_in_fit", "with_callbacks"]

# What the protocol keeps on an estimator from the first task to the tear-down, which
# `_fit_context` (or `with_callbacks`) sees to.
_IN_FIT = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")


class CallbackSupport(CallbackSupportMixin):
    """For estimators that tell callbacks of their fits, by `FitTasks`.

    To be inherited before ``BaseEstimator``; the fitting methods need ``_fit_context``
    or ``with_callbacks``.
    """

    @property
    def _callbacks(self):
        return getattr(self, "_skl_callbacks", [])


def attributes_in_fit(estimator):
    """Return what the protocol keeps on an estimator during a fit, by name.

    Whoever puts the attributes of an estimator back to what they were has to spare
    these: without them no callback is torn down.
    """
    present = vars(estimator)
    return {name: present[name] for name in _IN_FIT if name in present}


class FitTasks:
    """The tasks of one fit: the whole, and one for each epoch.

    Parameters
    ----------
    estimator : CallbackSupport
    X, y : object
        What callbacks see of the data.
    sample_weight : object, default=None
        Callbacks see it as metadata.
    task_name : str, default="fit"
    epoch_name : str, default="epoch"
    n_epochs : int, default=0
        The largest number of epochs. 0 means that there are none: a fit in one go.
    """

    def __init__(
        self,
        estimator,
        X,
        y=None,
        sample_weight=None,
        *,
        task_name="fit",
        epoch_name="epoch",
        n_epochs=0,
    ):
        self._estimator = estimator
        self._whole = self._epoch = None
        if not estimator._callbacks:
            return
        # `ScoringMonitor` passes all metadata on to its scorer, so that validation
        # data cannot be among them.
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._data = {"X": X, "y": y, "metadata": metadata}
        self._epoch_name = epoch_name
        self._whole = estimator._init_callback_context(
            task_name=task_name, max_subtasks=n_epochs
        )
        self._whole.call_on_fit_task_begin(estimator=estimator, **self._data)

    @property
    def are_watched(self):
        """Whether there are callbacks to tell."""
        return self._whole is not None

    def epoch_begins(self):
        """Tell that an epoch begins."""
        self._epoch = self._whole.subcontext(task_name=self._epoch_name)
        self._epoch.call_on_fit_task_begin(estimator=self._estimator, **self._data)

    def epoch_ended(self, fitted_attributes):
        """Tell that it has ended.

        Parameters
        ----------
        fitted_attributes : callable
            Returns the attributes of the estimator if it stopped now, by name; called
            only if somebody wants them. They must not change later.

        Returns
        -------
        stop : bool
            Whether a callback wants to stop.
        """
        epoch, self._epoch = self._epoch, None
        return epoch.call_on_fit_task_end(
            estimator=self._estimator,
            reconstruction_attributes=fitted_attributes,
            **self._data,
        )

    def skip(self, n_epochs):
        """Tell of epochs that an earlier process has trained, without their data."""
        if self.are_watched:
            for _ in range(n_epochs):
                self._epoch = self._whole.subcontext(task_name=self._epoch_name)
                self._epoch.call_on_fit_task_begin(estimator=self._estimator)
                self._close_epoch()

    def end(self):
        """Tell that all is done, and the estimator fitted."""
        if self.are_watched:
            self._close_epoch()
            self._whole.call_on_fit_task_end(
                estimator=self._estimator, reconstruction_attributes={}, **self._data
            )

    def _close_epoch(self):
        """End an epoch that has nothing to show: skipped, or broken off."""
        if self._epoch is not None:
            self._epoch.call_on_fit_task_end(estimator=self._estimator)
            self._epoch = None
