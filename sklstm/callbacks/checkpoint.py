"""`Checkpoint`: a fit that was killed goes on, to the same bits."""

import hashlib
import json
import os
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import Any

from .fit_record import FitRecord

__all__ = ["Checkpoint", "checkpoint_of"]


class Checkpoint:
    """Callback that saves a fit on its way, so that it can go on after a break.

    The file holds the weights, the moments of the optimiser, the position in the
    learning-rate schedule, the random state, the curves, and what early stopping
    remembers, its best weights included. When `fit` is called again, by the same script
    after the process was killed, it goes on from the file and ends with the same
    weights, bit for bit, as if it had never been interrupted. At most the epochs since
    the last save are trained twice.

    The file is used only by a fit of the same estimator with equal parameters (other
    than `n_jobs` and `verbose`) on equal data, by the same version; for others there is
    an error that says what differs. It stays after the fit, so that a script that is
    run again finds its fits done; delete it to fit anew.

    Parameters
    ----------
    path : str or path-like
        A file, if it ends in ".npz": for one fit. Otherwise a folder, which is made if
        it is not there, for any number of fits, also at the same time, each with a file
        of its own: for a search or a cross-validation, whose fits all share the
        callback. Needs an int as `random_state`, by which fits of equal data are told
        apart.
    every_epochs : int, default=None
        Save after every so many epochs, and after the last one. None with no
        `every_minutes` means 1.
    every_minutes : float, default=None
        Save at the end of the first epoch that ends so many minutes after the last
        save, and after the last one. With `every_epochs`, whatever is first.

    See Also
    --------
    sklearn.callback.ProgressBar : Shows how far a fit is.

    Notes
    -----
    A file is written beside the old one and put in its place when it is complete and on
    the disk: a process that is killed while writing leaves the old one. It holds
    numbers and text, and nothing is executed in reading it.

    "The same bits" holds for the same instruction set; there is a warning if a fit goes
    on with another one. What callbacks have noted before the break is not in the file,
    nor are X and y. A file of solver 'lbfgs' holds the gradient of every evaluation so
    far, by which SciPy finds its way again: it grows. (Which iteration is the last is
    not known there: it is saved if it is time to.) `partial_fit` cannot be saved.

    Set it on the estimator that trains, not on a search or pipeline around it.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.callbacks import Checkpoint
    >>> rng = np.random.RandomState(0)
    >>> X = rng.normal(size=(60, 10, 2))
    >>> y = (X[:, -3:, 0].sum(axis=1) > 0).astype(int)
    >>> folder = tempfile.TemporaryDirectory()
    >>> checkpoint = Checkpoint(folder.name + "/classifier.npz", every_epochs=10)
    >>> classifier = LSTMClassifier(hidden_layer_sizes=8, max_iter=20, random_state=0)
    >>> classifier = classifier.set_callbacks(checkpoint).fit(X, y)
    >>> checkpoint  # doctest: +ELLIPSIS
    Checkpoint('...classifier.npz', every_epochs=10)
    >>> folder.cleanup()
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        every_epochs: int | None = None,
        every_minutes: float | None = None,
    ) -> None:
        for name, value, kind in (
            ("every_epochs", every_epochs, Integral),
            ("every_minutes", every_minutes, Real),
        ):
            is_valid = isinstance(value, kind) and not isinstance(value, bool)
            if value is not None and not (is_valid and value > 0):
                raise ValueError(
                    f"{name} must be a positive number or None, got {value!r}."
                )
        self.path = os.fspath(path)
        self.every_epochs = every_epochs
        self.every_minutes = every_minutes

    def __repr__(self):
        parts = [repr(self.path)]
        for name in ("every_epochs", "every_minutes"):
            if getattr(self, name) is not None:
                parts.append(f"{name}={getattr(self, name)!r}")
        return f"{type(self).__name__}({', '.join(parts)})"

    # ---- scikit-learn's protocol: nothing, training calls a `FitRecord` ------------

    def setup(self, estimator: Any, context: Any) -> None:
        """Raise if the estimator has no training that could be saved."""
        if not getattr(estimator, "_can_be_saved_in_fit", False):
            raise TypeError(
                f"Checkpoint was set on {type(estimator).__name__}, which has no "
                "training of its own. Set it on the estimator inside: "
                "LSTMClassifier(...).set_callbacks(Checkpoint(...))."
            )

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Do nothing."""

    def on_fit_task_end(self, estimator: Any, context: Any) -> None:
        """Do nothing."""

    # ---- for estimators ------------------------------------------------------------

    def open(
        self,
        identity: dict[str, Any],
        *,
        seeded: bool,
        drawn: dict[str, Any],
        kernels: str,
    ) -> FitRecord:
        """Return the record of one fit.

        Parameters
        ----------
        identity : dict
            What `identity_of` returned.
        seeded : bool
            Whether the fit is determined by the identity, random numbers included.
        drawn : dict
            Numbers that the estimator has drawn before training.
        kernels : str
            Which kernels compute.

        Returns
        -------
        record : FitRecord

        Raises
        ------
        ValueError
            If the file cannot be read, or belongs to another fit.
        """
        path = Path(self.path)
        if path.suffix != ".npz":
            if not path.is_dir() and (path.exists() or path.suffix):
                raise ValueError(
                    f"Checkpoint({self.path!r}) is no folder: end the path in '.npz' "
                    "for a file, or give a folder (make it, if it is to have a dot in "
                    "its name)."
                )
            if not seeded:
                raise ValueError(
                    f"Checkpoint({self.path!r}) is a folder, where fits are told apart "
                    "by data and parameters: give an int as random_state. (A path that "
                    "ends in '.npz' is one file, for one fit with any random_state.)"
                )
            text = json.dumps(identity, sort_keys=True)
            digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
            path = path / f"{identity['estimator']}-{digest}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        return FitRecord(self, path, identity, drawn, kernels)


def checkpoint_of(estimator):
    """Return the `Checkpoint` among an estimator's callbacks, or None.

    Parameters
    ----------
    estimator : CallbackSupport

    Returns
    -------
    checkpoint : Checkpoint or None
    """
    found = [one for one in estimator._callbacks if isinstance(one, Checkpoint)]
    if len(found) > 1:
        raise ValueError(
            f"{type(estimator).__name__} has {len(found)} checkpoints: set one."
        )
    return found[0] if found else None
