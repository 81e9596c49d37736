"""`FrameStacker`: several steps side by side become one."""

from numbers import Integral
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .._sklearn_callbacks import CallbackSupport, FitTasks, with_callbacks
from .._sklearn_compat import _check_feature_names_in
from .._typing import ArrayLike, ObjectArray, SequencesLike
from ..persistence import VersionedState
from .container import Sequences, offsets_of
from .layouts import restore_layout
from .table_output import TableOutputMixin
from .validation import validate_sequences


class FrameStacker(  # type: ignore[call-arg]
    VersionedState,
    TableOutputMixin,
    TransformerMixin,
    CallbackSupport,
    BaseEstimator,
    auto_wrap_output_keys=None,
):
    """Put each few consecutive steps of a sequence side by side as one step.

    Sequences become shorter and their steps wider: a recurrent network then takes as
    many times less time, and remembers as many times further back. Common for speech,
    whose frames overlap.

    Where the steps of a sequence cannot be divided, its last step is repeated.

    Parameters
    ----------
    n_frames : int, default=2
        Steps that become one.

    Attributes
    ----------
    n_features_in_ : int
        Number of channels; of columns for 2-D input.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during `fit`, where there were any.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.sequences import FrameStacker
    >>> FrameStacker().fit_transform([np.arange(5.0)])[0]
    array([[0., 1.],
           [2., 3.],
           [4., 4.]])
    """

    def __init__(self, n_frames: int = 2):
        self.n_frames = n_frames

    @with_callbacks
    def fit(self, X: SequencesLike, y: Any = None) -> Self:
        """Take note of the channels.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences in any layout, see `check_sequences`.
        y : object, default=None
            Ignored.

        Returns
        -------
        self : FrameStacker
        """
        tasks = FitTasks(self, X, y)
        self._check_n_frames()
        validate_sequences(self, X, reset=True, dtype=None)
        tasks.end()
        return self

    def transform(self, X: SequencesLike) -> Any:
        """Stack the steps.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences in any layout, with the channels seen during `fit`.

        Returns
        -------
        X_out : ndarray or Sequences
            In the layout of `X`, with ``n_frames`` times as many channels and as many
            times fewer steps, rounded up; 2-D input gives a 3-D array. The channels of
            the first step come first.
        """
        check_is_fitted(self)
        self._check_n_frames()
        sequences, layout = validate_sequences(
            self, X, reset=False, dtype=None, return_layout=True
        )
        n_frames, lengths = self.n_frames, sequences.lengths
        new_lengths = -(-lengths // n_frames)
        # Step t of a new sequence is made of the steps n_frames * t on, the last one
        # of the sequence at most.
        starts = np.repeat(sequences.offsets[:-1], new_lengths * n_frames)
        last = np.repeat(lengths - 1, new_lengths * n_frames)
        offsets = offsets_of(new_lengths)
        steps = np.arange(offsets[-1] * n_frames)
        steps -= np.repeat(offsets[:-1] * n_frames, new_lengths * n_frames)
        rows = sequences.values[starts + np.minimum(steps, last)]
        values = rows.reshape(offsets[-1], n_frames * sequences.n_features)
        names = None
        if sequences.feature_names is not None:
            names = _stacked_names(sequences.feature_names, n_frames)
        result = Sequences.trusted(values, new_lengths, offsets, names)
        if layout.n_timesteps is not None:
            n_timesteps = -(-layout.n_timesteps // n_frames)
            layout = layout._replace(kind="3d", n_timesteps=n_timesteps)
        return self._as_configured(restore_layout(result, layout), X)

    def get_feature_names_out(
        self, input_features: ArrayLike | None = None
    ) -> ObjectArray:
        """Names of the channels after `transform`.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the input features; those seen in `fit` if None.

        Returns
        -------
        names : ndarray of str
            The names of the channels with the number of the step: "x0_0", "x1_0",
            "x0_1", "x1_1".
        """
        check_is_fitted(self)
        self._check_n_frames()
        names = _check_feature_names_in(self, input_features)
        return _stacked_names(names, self.n_frames)

    def _check_n_frames(self):
        n_frames = self.n_frames
        if not isinstance(n_frames, Integral) or n_frames < 1:
            raise ValueError(
                f"n_frames must be a positive int, got {n_frames!r}: the number of "
                "steps that become one."
            )

    def __sklearn_is_fitted__(self):
        return hasattr(self, "n_features_in_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.requires_fit = True
        return tags


def _stacked_names(names, n_frames):
    stacked = [f"{name}_{k}" for k in range(n_frames) for name in names]
    return np.asarray(stacked, dtype=object)
