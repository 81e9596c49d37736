"""`SequenceScaler`: each sequence on a scale of its own."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .._sklearn_callbacks import CallbackSupport, FitTasks, with_callbacks
from .._typing import SequencesLike
from ..persistence import VersionedState
from .container import Sequences
from .layouts import restore_layout
from .table_output import TableOutputMixin
from .validation import validate_sequences


class SequenceScaler(  # type: ignore[call-arg]
    VersionedState,
    TableOutputMixin,
    OneToOneFeatureMixin,
    TransformerMixin,
    CallbackSupport,
    BaseEstimator,
    auto_wrap_output_keys=None,
):
    """Give every sequence mean 0 and standard deviation 1 in each of its channels.

    What differs from recording to recording goes: the loudness and the colour of a
    microphone and a voice, the place and the size of a drawing. Nothing is learned
    from other sequences; for one scale for all of them see `TimestepTransformer`.

    Parameters
    ----------
    with_std : bool, default=True
        Whether to divide by the standard deviation. A channel that is constant in a
        sequence is not divided.

    Attributes
    ----------
    n_features_in_ : int
        Number of channels; of columns for 2-D input.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during `fit`, where there were any.

    See Also
    --------
    TimestepTransformer : Scalers that are fitted on the steps of all sequences.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.sequences import SequenceScaler
    >>> quiet, loud = np.array([[1.0], [3.0]]), np.array([[10.0], [30.0], [50.0]])
    >>> for x in SequenceScaler().fit_transform([quiet, loud]):
    ...     print(x.ravel())
    [-1.  1.]
    [-1.22474487  0.          1.22474487]
    """

    def __init__(self, *, with_std: bool = True):
        self.with_std = with_std

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
        self : SequenceScaler
        """
        tasks = FitTasks(self, X, y)
        validate_sequences(self, X, reset=True, dtype=(np.float64, np.float32))
        tasks.end()
        return self

    def transform(self, X: SequencesLike) -> Any:
        """Scale each sequence by itself.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences in any layout, with the channels seen during `fit`.

        Returns
        -------
        X_out : ndarray or Sequences
            In the layout of `X`, in float64, or in float32 if `X` is.
        """
        check_is_fitted(self)
        sequences, layout = validate_sequences(
            self, X, reset=False, dtype=(np.float64, np.float32), return_layout=True
        )
        values = np.empty_like(sequences.values)
        start = 0
        for steps in sequences:
            values[start : start + len(steps)] = self._scaled(steps)
            start += len(steps)
        result = Sequences.trusted(
            values, sequences.lengths, sequences.offsets, sequences.feature_names
        )
        return self._as_configured(restore_layout(result, layout), X)

    def _scaled(self, steps):
        centred = steps - steps.mean(axis=0, dtype=np.float64)
        if not self.with_std:
            return centred
        deviation = np.sqrt(np.square(centred).mean(axis=0))
        # What is left of a constant after its mean is rounding.
        tiny = 10 * np.finfo(steps.dtype).eps * np.abs(steps).max(axis=0)
        return centred / np.where(deviation > tiny, deviation, 1.0)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "n_features_in_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.requires_fit = True
        return tags
