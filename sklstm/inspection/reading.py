"""What the layers of a fitted estimator read, and the way back from it to the user."""

import numpy as np

from ..estimators.forecaster import LSTMForecaster
from ..sequences.container import Sequences, as_object_array
from ..sequences.layouts import InputLayout, read_layout, restore_layout
from .baselines import baseline_rows
from .passes import batches

__all__ = ["Reading", "rows_of_step"]


class Reading:
    """The rows that the layers read of the user's sequences.

    Parameters
    ----------
    estimator : estimator instance
        Fitted, of this library.
    X : array, data frame, list or Sequences
        As for its `predict` or `transform`.

    Attributes
    ----------
    steps : Sequences
        As the estimator reads them: vectors, or codes of symbols.
    rows : Sequences
        Of the network's dtype: the vectors, or the embeddings of the symbols.
    is_symbolic : bool
        Whether `X` holds symbols.
    """

    def __init__(self, estimator, X):
        self._estimator = estimator
        self._network = estimator._fitted_network()
        self.steps = estimator._read_steps(X)
        self.is_symbolic = self.steps.values.dtype.kind in "iu"
        self.rows = self._embedded() if self.is_symbolic else self.steps
        self._layout = InputLayout("ragged")
        if not self.is_symbolic and not isinstance(estimator, LSTMForecaster):
            self._layout = read_layout(X, dtype=self._network.dtype)[1]

    def _embedded(self):
        values = np.empty(
            (len(self.steps.values), self._network.config.n_features),
            self._network.dtype,
        )
        for batch, n_threads in batches(self._estimator, self.steps):
            rows = self._network.rows_read(batch, n_threads)
            values[batch.row_source] = rows
        return self.with_values(values)

    def with_values(self, values):
        """Sequences of the same lengths of other rows, of any dtype and width."""
        return Sequences.trusted(values, self.steps.lengths, self.steps.offsets)

    def baseline(self, baseline):
        """The baseline of every row; see `baseline_rows`."""
        return baseline_rows(
            baseline, self.rows, self._read, is_table=self._layout.kind == "2d"
        )

    def _read(self, X):
        if self.is_symbolic:
            raise ValueError(
                "The baseline of symbols is one of their embeddings: a number, or "
                f"{self.rows.n_features} numbers."
            )
        return self._estimator._read_steps(X)

    def values(self, response):
        """A response to what is read, without gradients.

        Parameters
        ----------
        response : Response or the like

        Returns
        -------
        values : ndarray of shape (n_samples,), float64
        """
        values = np.empty(len(self.steps))
        for batch, n_threads in batches(self._estimator, self.steps):
            if response.pooling == "outputs":
                outputs = self._network.predict(batch, n_threads)
            else:
                output = response.pooling or "sequence"
                outputs = self._network.features(batch, output, n_threads)
            values[batch.index] = response.value_and_derivative(outputs, batch)[0]
        return values

    def gradients(self, rows, response):
        """A response to rows of the same lengths, and its gradients.

        Parameters
        ----------
        rows : Sequences
            Of the network's dtype.
        response : Response or the like

        Returns
        -------
        values : ndarray of shape (n_samples,), float64
        d_rows : ndarray of shape (n_total_timesteps, n_features)
        """
        values = np.empty(len(rows))
        d_rows = np.empty(rows.values.shape, self._network.dtype)
        for batch, n_threads in batches(self._estimator, rows):

            def derivative(outputs, batch=batch):
                of_batch, d_outputs = response.value_and_derivative(outputs, batch)
                values[batch.index] = of_batch
                return d_outputs

            d_rows[batch.row_source] = self._network.input_gradients(
                batch, derivative, n_threads, pooling=response.pooling,
                window_steps=self._estimator.checkpoint_steps,
            )  # fmt: skip
        return values, d_rows

    def in_layout(self, values):
        """Give rows, or single numbers of the steps, the form of the user's `X`.

        Parameters
        ----------
        values : ndarray of shape (n_total_timesteps[, n_features])

        Returns
        -------
        restored : ndarray or Sequences
            See `restore_layout`; of single numbers one axis less.
        """
        if values.ndim == 2:
            return restore_layout(self.with_values(values), self._layout)
        restored = restore_layout(self.with_values(values[:, np.newaxis]), self._layout)
        if self._layout.kind == "3d":
            return restored[:, :, 0]
        if self._layout.kind == "ragged":
            return as_object_array([of_sample[:, 0] for of_sample in restored])
        return restored


def rows_of_step(batch, step):
    """The packed row of a step of each sequence, counted from the end if negative."""
    steps = step + (batch.lengths if step < 0 else 0)
    return np.asarray(batch.offsets)[steps] + np.arange(batch.n_samples)
