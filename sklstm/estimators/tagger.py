"""`LSTMTagger`: a label for every step of a sequence."""

from typing import Self

import numpy as np

from .._sklearn_compat import _fit_context, available_if
from .._threads import effective_n_threads
from .._typing import (
    ArrayLike,
    InputsLike,
    LabelSequencesLike,
    ObjectArray,
    StepWeightsLike,
)
from ..network import RecurrentNetwork, class_probabilities
from ..network.config import NetworkConfig
from ..network.symbol_network import SymbolNetwork, SymbolNetworkConfig
from ..network.word_network import WordNetwork, WordNetworkConfig
from ..sequences.packing import pack_batch
from ..training.minibatches import passes_by_length
from .architecture import recurrent_choices
from .parameters import (
    check_at_defaults,
    recurrent_estimator,
)
from .predictor import TargetsMixin, has_partial_fit
from .step_inputs import StepReader
from .tagger_parameters import TaggerParameters
from .tagging_task import TaggingTask, check_step_weights

# Standard deviation of a symbol's numbers at the start. Large ones tell rare words
# apart by chance, and a network learns them by heart: SNIPS, F1 of validation 0.90
# with 0.5 and 0.92 with 0.1.
TABLE_SCALE = 0.1

# Parameters that vectors give nothing to do.
OF_SYMBOLS = (
    "embedding_size", "min_count", "lowercase", "character_size",
    "character_embedding_size", "unknown_rate",
)  # fmt: skip

# Steps that go through the network at once in inference.
STEPS_PER_PASS = 16384


@recurrent_estimator
class LSTMTagger(TargetsMixin, TaggerParameters):
    """Recurrent network (LSTM, GRU or RNN) that labels every step of a sequence.

    Recurrent layers read a sequence, by default in both directions, and a linear head
    on their states gives the labels of each step: by a softmax, or by a conditional
    random field over the whole sequence (`output`). For slots, names and parts of
    speech in sentences, for phases of a movement, or beats of a heart.

    Steps are vectors or symbols. Of words, the characters may be read as well
    (`character_size`). Vectors have no embeddings, counts or characters: parameters
    about these are errors then, unless at their defaults.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    {attributes}

    See Also
    --------
    LSTMClassifier : One label for each sequence.
    LSTMTranscriber : Labels in order, whose times are not known.
    sklstm.metrics : Scores of labels, spans and whole sequences, also for `scoring`.

    Notes
    -----
    The loss is ``sum(w * l) / sum(w)`` over all steps, w being the product of sample
    and class weight, and the L2 penalty of the weights; symbols' numbers are not
    penalised. With a conditional random field a sequence's loss is the negative
    log-probability of all its labels, times its weight.

    For scikit-learn this is no classifier (`sklearn.base.is_classifier`): an integer
    `cv` then means `KFold`, and nothing stratifies by ragged labels. Metrics of
    scikit-learn do not know them either; those of `sklstm.metrics` do. Lists of lists
    pass through `cross_val_score` and `GridSearchCV`; an array of dtype object, as
    `predict` returns it, is indexed faster.

    One `random_state` gives the same bits for any number of threads, and a sequence
    gets the same labels alone and in a batch. Symbols of sequences of zero weight are
    known, too.

    References
    ----------
    .. [1] Graves and Schmidhuber, "Framewise phoneme classification with bidirectional
       LSTM and other neural network architectures", Neural Networks 18, 2005.
    .. [2] Lample, Ballesteros, Subramanian, Kawakami and Dyer, "Neural architectures
       for named entity recognition", NAACL 2016.
    .. [3] Kiperwasser and Goldberg, "Simple and accurate dependency parsing using
       bidirectional LSTM feature representations", TACL 4, 2016: `unknown_rate`.

    Examples
    --------
    >>> from sklstm import LSTMTagger
    >>> X = [["flights", "to", "Rome"], ["from", "Paris", "to", "Oslo"]] * 8
    >>> y = [["O", "O", "to"], ["O", "from", "O", "to"]] * 8
    >>> tagger = LSTMTagger(hidden_layer_sizes=16, random_state=0).fit(X, y)
    >>> tagger.predict([["to", "Paris"]])[0].tolist()
    ['O', 'to']
    """

    # ---- fitting -------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: InputsLike, y: LabelSequencesLike,
        sample_weight: StepWeightsLike | None = None, *,
        X_val: InputsLike | None = None, y_val: LabelSequencesLike | None = None,
        sample_weight_val: StepWeightsLike | None = None,
    ) -> Self:  # fmt: skip
        """Fit the network to sequences and the labels of their steps.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences; see `inputs`.
        y : list, array or 1-D object array of sequences of labels
            As many labels for each sequence as it has steps.
        sample_weight : array-like of shape (n_samples,) or sequence of array-like, \
default=None
            A weight for each sequence, or for each of its steps; None means ones.
        X_val, y_val : like X and y, default=None
            Validation data, for `early_stopping`; recorded only without it.
        sample_weight_val : like sample_weight, default=None
            Weights of the validation data.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If the data or a parameter are not valid. The estimator stays as it was.
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    @available_if(has_partial_fit)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: InputsLike,
        y: LabelSequencesLike,
        sample_weight: StepWeightsLike | None = None,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on a piece of the data.

        Known symbols are those of the first call.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences, as for `fit`.
        y : list, array or 1-D object array of sequences of labels
            As many labels for each sequence as it has steps.
        sample_weight : array-like of shape (n_samples,) or sequence of array-like, \
default=None
            A weight for each sequence, or for each of its steps; None means ones.
        classes : array-like of shape (n_classes,), default=None
            All labels that may ever come. Needed in the first call.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        return self._partial_fit(X, y, sample_weight, classes)

    def _new_task(self, classes=None, *, incremental=False):
        name = type(self).__name__
        return TaggingTask(name, self.output, classes, incremental=incremental)

    def _read_inputs(self, X, *, reset):
        if reset:
            self._reader = StepReader(self, X)
        return self._reader.read(self, X, reset=reset)

    def _network_config(self, task, sequences):
        choices = recurrent_choices(self) | {
            "pooling": None,
            "crf": self.output == "crf",
        }
        reader, n_outputs = self._reader, task.loss.n_outputs
        if reader.table is None:
            check_at_defaults(self, OF_SYMBOLS, "is for symbols, but X holds vectors")
            config = NetworkConfig(sequences.n_features, n_outputs, **choices)
            return config, RecurrentNetwork.from_config
        if self.solver == "lbfgs":
            raise ValueError(
                "solver='lbfgs' looks at all data at once, and would move every "
                "symbol's numbers at every step: symbols need a stochastic solver, "
                "such as 'adam'."
            )
        choices |= {
            "n_symbols": len(reader.table),
            "unknown_rate": float(self.unknown_rate),
        }
        size = int(self.embedding_size)
        if reader.characters is None:
            network_class = SymbolNetwork
            config = SymbolNetworkConfig(size, n_outputs, **choices)
        else:
            network_class = WordNetwork
            config = WordNetworkConfig(
                size + 2 * int(self.character_size), n_outputs, **choices,
                n_characters=len(reader.characters),
                character_size=int(self.character_size),
                character_embedding_size=int(self.character_embedding_size),
            )  # fmt: skip

        def make(config, parameters=None):
            network = network_class.from_config(config, parameters)
            network.symbol_counts = reader.counts
            network.table_scale = TABLE_SCALE
            return network

        return config, make

    # ---- prediction ----------------------------------------------------------------

    def predict(self, X: InputsLike) -> ObjectArray:
        """Predict the label of each step.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences, as for `fit`, of any lengths.

        Returns
        -------
        y : ndarray of shape (n_samples,), dtype object
            Arrays of labels, one a step.
        """
        codes, offsets = self._computed(X, "labels")
        return _cut(self._task.labels.classes[codes], offsets)

    def predict_proba(self, X: InputsLike) -> ObjectArray:
        """Predict the probability of each label at each step.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences, as for `fit`, of any lengths.

        Returns
        -------
        probabilities : ndarray of shape (n_samples,), dtype object
            Arrays of shape (n_steps_i, n_classes), in the order of `classes_`, in
            float64. With ``output='crf'`` those given the whole sequence, over all ways
            to label the other steps.
        """
        return _cut(*self._computed(X, "probabilities"))

    def score(
        self,
        X: InputsLike,
        y: LabelSequencesLike,
        sample_weight: StepWeightsLike | None = None,
    ) -> float:
        """Return the token accuracy: the weighted part of the steps labelled right.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences, as for `fit`.
        y : list, array or 1-D object array of sequences of labels
            As many labels for each sequence as it has steps. Those that were not
            learned are wrong.
        sample_weight : array-like of shape (n_samples,) or sequence of array-like, \
default=None
            A weight for each sequence, or for each of its steps; None means ones.

        Returns
        -------
        score : float
        """
        network = self._fitted_network()
        sequences = self._read_inputs(X, reset=False)
        codes = self._task.codes_of(y, sequences)
        weights = check_step_weights(sample_weight, sequences)
        right = self._of_steps(network, sequences, "labels") == codes
        return float(weights[right].sum() / weights.sum())

    def _read_steps(self, X):
        self._fitted_network()
        return self._read_inputs(X, reset=False)

    def _computed(self, X, what):
        """What the task says about each step, and where each sequence starts."""
        network = self._fitted_network()
        sequences = self._read_inputs(X, reset=False)
        return self._of_steps(network, sequences, what), sequences.offsets

    def _of_steps(self, network, sequences, what):
        answer, of_steps = getattr(self._task.loss, what), None
        everything = np.arange(len(sequences), dtype=np.intp)
        for index in passes_by_length(sequences.lengths, everything, STEPS_PER_PASS):
            batch = pack_batch(sequences, index)
            n_threads = effective_n_threads(
                self.n_jobs, batch.n_rows * network.n_multiplied
            )
            rows = answer(network.predict(batch, n_threads), batch, n_threads)
            if of_steps is None:
                n_steps = len(sequences.values)
                of_steps = np.empty((n_steps, *rows.shape[1:]), rows.dtype)
            of_steps[batch.row_source] = rows
        return of_steps

    # ---- step by step --------------------------------------------------------------

    def _of_stream(self, outputs):
        return class_probabilities(outputs)

    def _stepper(self):
        network = self._fitted_network()
        if network.config.crf:
            raise ValueError(
                "output='crf' judges all labels of a sequence together, so there is "
                "nothing to say before its end. Fit with output='softmax'."
            )
        if self._reader.table is not None:
            raise ValueError(
                "only vectors can be read step by step, not symbols: call predict with "
                "the sequence so far."
            )
        return super()._stepper()


def _cut(of_steps, offsets):
    """One array for each sequence, in a 1-D array."""
    parts = np.empty(len(offsets) - 1, dtype=object)
    for k, (start, stop) in enumerate(zip(offsets[:-1], offsets[1:], strict=True)):
        parts[k] = of_steps[start:stop].copy()
    return parts
