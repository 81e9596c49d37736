"""Prediction while a sequence is still arriving: `initial_state` and `step`."""

from numbers import Integral

from .._typing import Array, ArrayLike
from ..network import StreamState


class StreamingMixin:
    """For estimators with a `_fitted_network` and a `_task`.

    A subclass says what the outputs of a step are to the user (`_of_stream`), and what
    the network hands out (`_stream_pooling`).
    """

    _stream_pooling = None

    def _of_stream(self, outputs):
        """Return the outputs of a step in the user's terms."""
        raise NotImplementedError

    def initial_state(self, n_streams: int = 1) -> StreamState:
        """Begin one or several streams.

        Parameters
        ----------
        n_streams : int, default=1
            Sequences that arrive side by side.

        Returns
        -------
        state : StreamState
            The state before the first step, for `step`. Immutable, and can be pickled.

        Raises
        ------
        ValueError
            If the estimator is bidirectional: its second direction starts at the end.
        """
        if not isinstance(n_streams, Integral) or n_streams < 1:
            raise ValueError(
                f"n_streams must be a positive int, got {n_streams!r}: the number of "
                "sequences that arrive side by side."
            )
        return self._stepper().initial_state(int(n_streams))

    def step(self, x: ArrayLike, state: StreamState) -> tuple[Array, StreamState]:
        """Take in one time step, and predict from the sequence so far.

        The result is that of a prediction on the whole sequence up to here, to the last
        bit, at the cost of one step.

        Parameters
        ----------
        x : array-like of shape (n_streams, n_features) or (n_features,)
            The new time step of each stream; of one stream also without the first axis.
        state : StreamState
            From `initial_state`, or from the `step` before. It is not changed, so one
            can go on from it several times.

        Returns
        -------
        y : ndarray
            Class probabilities of shape (n_streams, n_classes) from a classifier,
            predictions from a regressor, features from a transformer.
        state : StreamState
            The state after the step.

        Raises
        ------
        TypeError, ValueError
            If `x` has another shape or is not finite, or if the state is not one of
            this model. The state stays good.

        Examples
        --------
        >>> import numpy as np
        >>> from sklstm import LSTMRegressor
        >>> X = np.random.RandomState(0).normal(size=(20, 6, 2)).astype("float32")
        >>> model = LSTMRegressor(max_iter=3).fit(X, X[:, :, 0].sum(axis=1))
        >>> state = model.initial_state()
        >>> for x in X[0]:
        ...     y, state = model.step(x, state)
        >>> bool(y == model.predict(X[:1])), state
        (True, StreamState(n_streams=1, n_steps=6))
        """
        if type(state) is not StreamState:
            raise TypeError(
                f"state must come from initial_state or step, got {type(state)}"
            )
        outputs, state = self._stepper().step(x, state)
        return self._of_stream(outputs), state

    def _stepper(self):
        network = self._fitted_network()
        if network.config.bidirectional:
            raise ValueError(
                f"{type(self).__name__}(bidirectional=True) cannot predict step by "
                "step: its second direction starts at the end of the sequence, which "
                "has not arrived. Fit with bidirectional=False."
            )
        return network.stepper(self._stream_pooling)
