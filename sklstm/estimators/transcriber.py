"""`LSTMTranscriber`: labels in order for each sequence, their times unknown."""

from numbers import Integral
from typing import Self

import numpy as np

from .._sklearn_compat import Interval, StrOptions, _fit_context, available_if
from .._threads import effective_n_threads
from .._typing import ArrayLike, LabelSequencesLike, ObjectArray, SequencesLike
from ..decoding import align, best_path, edit_distance, prefix_beam_search
from ..network import class_log_probabilities, class_probabilities
from ..sequences import validate_sequences
from ..sequences.container import Sequences, as_object_array
from .base import RecurrentEstimator
from .parameters import check_values, parameter, recurrent_estimator
from .predictor import TargetsMixin, has_partial_fit
from .tasks import check_weights
from .transcription_task import TranscriptionTask, check_fit


@recurrent_estimator
class LSTMTranscriber(TargetsMixin, RecurrentEstimator):
    """Recurrent network (LSTM, GRU or RNN) that writes down what a sequence says.

    Learns from sequences and their labels in order, such as recordings and what was
    said, or pen strokes and what was written, without knowing when each label comes:
    connectionist temporal classification [1]_. At every step the network gives the
    probabilities of all labels and of a blank, "no label here"; the probability of a
    label sequence is the sum over all ways to spread it over the steps.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    {attributes}

    See Also
    --------
    LSTMSeq2Seq : Sequences of symbols that are not in the order of the input.
    sklstm.sequences.SequenceScaler : Recordings, each on a scale of its own.
    sklstm.sequences.FrameStacker : Fewer and wider steps.

    Notes
    -----
    The loss is ``-log p(labels | sequence)``, divided by the mean number of labels: it
    is per label, as the error rate is.

    A sequence needs a step for each label, and one more between equal neighbours; `fit`
    says which sequence has too few.

    Scikit-learn's own metrics and splitters look at y as a column of labels. Lists and
    object arrays of label sequences pass through `cross_val_score`, `GridSearchCV` and
    `KFold`; what stratifies by y, or computes a metric from it, does not.

    References
    ----------
    .. [1] Graves, Fernandez, Gomez and Schmidhuber, "Connectionist temporal
       classification: labelling unsegmented sequence data with recurrent neural
       networks", ICML 2006.

    Examples
    --------
    Beeps of three pitches, of any length, with pauses of any length between them:

    >>> import numpy as np
    >>> from sklstm import LSTMTranscriber
    >>> rng = np.random.RandomState(0)
    >>> y = ["".join(rng.choice(list("abc"), rng.randint(1, 4))) for _ in range(200)]
    >>> def play(labels):
    ...     parts = [np.zeros((rng.randint(1, 4), 3))]
    ...     for label in labels:
    ...         beep = np.eye(3)["abc".index(label)]
    ...         parts += [np.tile(beep, (rng.randint(1, 6), 1))]
    ...         parts += [np.zeros((rng.randint(1, 4), 3))]
    ...     return np.concatenate(parts)
    >>> X = [play(labels) for labels in y]
    >>> model = LSTMTranscriber(
    ...     hidden_layer_sizes=16, batch_size=8, max_iter=40, random_state=0
    ... )
    >>> model.fit(X, y).predict([play("abba"), play("cc")])
    array(['abba', 'cc'], dtype=object)
    """

    decoder: str = parameter(
        default="greedy",
        constraints=[StrOptions({"greedy", "beam"})],
        doc="""{'greedy', 'beam'}
        How `predict` finds the labels: from the likeliest class of every step, or by a
        search that adds up the ways to spread the labels over the steps.
        """,
    )
    beam_width: int = parameter(
        default=10,
        constraints=[Interval(Integral, 1, None, closed="left")],
        doc="""int
        Beginnings that the search keeps at every step.
        """,
        only={"decoder": ("beam",)},
    )
    bidirectional: bool = parameter(
        default=True,
        constraints=["boolean"],
        doc="""bool
        Whether each layer reads the sequences in both directions, with weights of its
        own for each. The second direction starts at each sequence's own last step.
        """,
    )

    # ---- fitting -------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: SequencesLike,
        y: LabelSequencesLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: SequencesLike | None = None,
        y_val: LabelSequencesLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Fit the network to sequences and their labels.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences: an array (n_samples, n_timesteps, n_features), where steps at the
            end that are NaN in all channels are padding; a list or 1-D object array of
            arrays (n_timesteps_i, n_features); :class:`~sklstm.Sequences`; or, for
            series of one channel, an array or data frame (n_samples, n_timesteps).
        y : list or 1-D object array of label sequences
            For each sequence its labels in order: a string (of characters), a list or
            1-D array of hashables. May be empty.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the sequences; None means ones. A weight of zero is the same as
            leaving the sequence out, but for its labels, which are known.
        X_val : array, data frame, list or Sequences, default=None
            Validation sequences. With `early_stopping` they decide when to stop,
            otherwise their loss and score are only recorded.
        y_val : list or 1-D object array of label sequences, default=None
            Labels of the validation sequences.
        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the validation sequences.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If the data or a parameter are not valid, or a sequence has too few steps
            for its labels. The estimator stays as it was.
        TrainingDivergedError
            If the loss or a gradient is not finite (a ValueError, and a
            FloatingPointError). The estimator keeps the last good weights.
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    @available_if(has_partial_fit)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: SequencesLike,
        y: LabelSequencesLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on a piece of the data.

        Goes on from the previous call of `fit` or `partial_fit`.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences, as for `fit`.
        y : list or 1-D object array of label sequences
            Labels, as for `fit`.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the sequences; None means ones.
        classes : iterable of hashable, default=None
            All labels that may ever come. Needed in the first call.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If y has a label that is not among the classes, or the data are not valid;
            the estimator stays as it was.
        """
        return self._partial_fit(X, y, sample_weight, classes)

    def _new_task(self, classes=None, *, incremental=False):
        return TranscriptionTask(type(self).__name__, classes, incremental=incremental)

    # ---- prediction ----------------------------------------------------------------

    def predict(self, X: SequencesLike) -> ObjectArray:
        """Write down the labels of each sequence.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences, as for `fit`, of any lengths.

        Returns
        -------
        y : ndarray of shape (n_samples,), dtype object
            Label sequences in the form that `fit` was given: strings, arrays or lists.
        """
        check_values(self, "decoder", "beam_width")
        codes = self._codes(*self._outputs(X))
        return self._task.decode(codes)

    def _outputs(self, X):
        """Sequences, and the outputs of all their steps."""
        dtype = self._fitted_network().dtype
        sequences = validate_sequences(self, X, reset=False, dtype=dtype)
        return sequences, self._run(sequences, "predict")

    def _codes(self, sequences, outputs):
        """Labels found in outputs."""
        if self.decoder == "greedy":
            return best_path(outputs, sequences.lengths)
        logarithms = class_log_probabilities(outputs)
        work = logarithms.size * self.beam_width
        n_threads = effective_n_threads(self.n_jobs, work)
        return prefix_beam_search(
            logarithms, sequences.lengths, self.beam_width, n_threads
        )[0]

    def predict_proba(self, X: SequencesLike) -> ObjectArray:
        """Predict the probabilities of the labels at every step.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences, as for `fit`, of any lengths.

        Returns
        -------
        probabilities : ndarray of shape (n_samples,), dtype object
            For each sequence an array (n_timesteps_i, n_classes + 1), in the order of
            `classes_`; the last column is the blank, no label.
        """
        sequences, outputs = self._outputs(X)
        return _cut(class_probabilities(outputs), sequences)

    def align(self, X: SequencesLike, y: LabelSequencesLike) -> ObjectArray:
        """Find the steps of given labels: when was each of them said?

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences, as for `fit`.
        y : list or 1-D object array of label sequences
            The labels of each sequence, such as the true ones, or those of `predict`.

        Returns
        -------
        spans : ndarray of shape (n_samples,), dtype object
            For each sequence an array (n_labels_i, 2): the first and the last step of
            each label, on the likeliest way to spread the labels over the steps. A
            network tends to name a label at few of the steps it lasts.

        Raises
        ------
        ValueError
            If a sequence has too few steps for its labels, or a label is not known.
        """
        sequences, outputs = self._outputs(X)
        labels = self._task.encode(y, sequences)
        check_fit(labels, sequences)
        spans, _ = align(
            class_log_probabilities(outputs),
            sequences.lengths,
            [codes.ravel() for codes in labels],
        )
        return as_object_array(spans)

    def score(
        self,
        X: SequencesLike,
        y: LabelSequencesLike,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Return 1 less the label error rate.

        The error rate is the number of insertions, deletions and replacements of labels
        that make the predictions right, over the number of true labels. A score is
        below zero if there are more mistakes than labels.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences, as for `fit`.
        y : list or 1-D object array of label sequences
            True labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the sequences; each label has its sequence's.

        Returns
        -------
        score : float
        """
        check_values(self, "decoder", "beam_width")
        sequences, outputs = self._outputs(X)
        wanted = self._task.codes_of(y, sequences)
        weights = check_weights(sample_weight, sequences)
        distances = edit_distance(self._codes(sequences, outputs), wanted)
        n_labels = np.array([len(codes) for codes in wanted])
        n_wrong = np.add.reduce(distances * weights)
        total = np.add.reduce(n_labels * weights)
        if total == 0:  # nothing to be said: right, or not
            return float(n_wrong == 0)
        return float(1 - n_wrong / total)

    def _of_stream(self, outputs):
        return class_probabilities(outputs)


def _cut(rows, sequences):
    """Rows of all steps as one array a sequence."""
    return as_object_array(
        list(Sequences.trusted(rows, sequences.lengths, sequences.offsets))
    )
