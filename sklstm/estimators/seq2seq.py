"""`LSTMSeq2Seq`: a sequence of symbols for each sequence, or for each vector."""

from numbers import Integral
from typing import Any, NoReturn, Self

import numpy as np

from .._sklearn_compat import _fit_context, available_if
from .._threads import effective_n_threads
from .._typing import ArrayLike, InputsLike, LabelSequencesLike, ObjectArray
from ..decoding import beam_search
from ..network.sequence_to_sequence import SequenceToSequence
from ..network.step_decoder import StepDecoder
from ..sequences.packing import pack_batch
from ..training.minibatches import passes_by_length
from ..training.weighted_statistics import weighted_mean
from .architecture import check_unchanged, sequence_to_sequence_config
from .parameters import check_at_defaults, check_values, recurrent_estimator
from .predictor import TargetsMixin, check_is_stochastic, has_partial_fit
from .seq2seq_parameters import Seq2SeqParameters
from .starting_weights import initialize
from .symbol_sources import SourceReader
from .symbol_task import SymbolTask
from .tasks import check_weights

# Steps of sources and targets that go through the network at once in inference.
STEPS_PER_PASS = 2048

# What recurrent layers under a decoder do not have.
_WITHOUT = (
    "projection_size", "learn_initial_state", "bptt_steps", "checkpoint_steps",
)  # fmt: skip


@recurrent_estimator
class LSTMSeq2Seq(TargetsMixin, Seq2SeqParameters):
    """Recurrent encoder and decoder: sequences to sequences of symbols.

    An encoder reads the source step by step; a decoder, which starts from its last
    states, writes symbols one by one, each from the ones before, and may look at all
    states of the encoder at every step (attention). For translation, transliteration,
    spelling, or captions: where the source is one vector a sample, the decoder starts
    from an affine map of it.

    Trained on the cross-entropy of each symbol given the true ones before (teacher
    forcing); predicts by greedy or beam search.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    symbols_ : list
        Symbols that can be written.
    {attributes}

    See Also
    --------
    LSTMClassifier : One label for each sequence.

    Notes
    -----
    Scikit-learn's own metrics and splitters look at y as a column of labels. Lists of
    lists pass through `cross_val_score`, `GridSearchCV` and `KFold`; what stratifies by
    y, or computes a metric from it, does not. An array of dtype object, as `predict`
    returns it, is indexed faster than a list. The default score knows nothing of
    `beam_width` and `length_penalty`: search for them with a scorer of
    `sklstm.metrics`. `bleu_scorer` is for lists of words; of strings it makes NaN.

    Dropout is that of the other estimators, with one mask a sequence; it applies to
    the embedded symbols, between layers, to what the layer above the decoder reads
    and to its outputs.

    References
    ----------
    .. [1] Sutskever, Vinyals and Le, "Sequence to sequence learning with neural
       networks", NIPS 2014.
    .. [2] Luong, Pham and Manning, "Effective approaches to attention-based neural
       machine translation", EMNLP 2015.
    .. [3] Bahdanau, Cho and Bengio, "Neural machine translation by jointly learning to
       align and translate", ICLR 2015.

    Examples
    --------
    Learn to spell backwards:

    >>> import numpy as np
    >>> from sklstm import LSTMSeq2Seq
    >>> rng = np.random.RandomState(0)
    >>> X = ["".join(rng.choice(list("abc"), rng.randint(1, 5))) for _ in range(300)]
    >>> y = [word[::-1] for word in X]
    >>> model = LSTMSeq2Seq(hidden_layer_sizes=32, max_iter=40, random_state=0)
    >>> model.fit(X, y).predict(["abc", "cca"])
    array(['cba', 'acc'], dtype=object)
    """

    # ---- fitting -------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: InputsLike, y: LabelSequencesLike,
        sample_weight: ArrayLike | None = None, *, X_val: InputsLike | None = None,
        y_val: LabelSequencesLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:  # fmt: skip
        """Fit the network to pairs of sources and targets.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sources; see `source`.
        y : list or 1-D object array of sequences of symbols
            Targets: strings, or lists of hashables.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the pairs; None means ones.
        X_val, y_val : like X and y, default=None
            Validation data, for `early_stopping`; recorded only without it.
        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the validation pairs.

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
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on a piece of the data.

        The symbols are those of the first call; later ones are unknown.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sources, as for `fit`.
        y : list or 1-D object array of sequences of symbols
            Targets: strings, or lists of hashables.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the pairs; None means ones.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        return self._partial_fit(X, y, sample_weight)

    def _new_task(self, classes=None, *, incremental=False):
        return SymbolTask(
            type(self).__name__, label_smoothing=self.label_smoothing,
            min_count=self.min_count,
        )  # fmt: skip

    def _task_to_go_on(self):
        return self._task.with_label_smoothing(self.label_smoothing)

    def _fit_task(self, task, X, y, sample_weight, tasks, **how):
        why = f"has no meaning for {type(self).__name__}"
        check_at_defaults(self, _WITHOUT, why)
        check_is_stochastic(self)
        return super()._fit_task(task, X, y, sample_weight, tasks, **how)

    def _read_inputs(self, X, *, reset):
        if reset:
            self._reader = SourceReader(self, X, self.source, self.min_count)
        return self._reader.read(self, X, reset=reset)

    def _network_to_train(self, task, pairs, weights, random_state, goes_on):
        n_features = self._reader.n_features or pairs.values.shape[1]
        config = sequence_to_sequence_config(
            self, n_features=n_features, n_symbols=task.loss.n_outputs,
            source=self._reader.kind,
        )  # fmt: skip
        if goes_on:
            check_unchanged(config, self._network.config, self._words_of)
            return SequenceToSequence.from_config(config, self._network.parameters)
        network = SequenceToSequence.from_config(config)
        initialize(network, self, random_state, int(pairs.lengths.max()))
        return network

    # ---- prediction ----------------------------------------------------------------

    def predict(self, X: InputsLike) -> ObjectArray:
        """Write the likeliest sequence for each source.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sources, as for `fit`.

        Returns
        -------
        y : ndarray of shape (n_samples,), dtype object
            Lists of symbols; strings if the targets were strings.
        """
        found = self._search(X, 1)
        return _object_array(self._task.table.decode(best.symbols) for [best] in found)

    def predict_n_best(
        self, X: InputsLike, n_best: int | None = None
    ) -> list[list[tuple[Any, float]]]:
        """Write several sequences for each source, the best first.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sources, as for `fit`.
        n_best : int, default=None
            How many; None means `beam_width`. A wider beam is used where it is needed.

        Returns
        -------
        found : ndarray of shape (n_samples,), dtype object
            Lists of pairs ``(sequence, score)``, at most `n_best` of them, none twice.
            A score is the log-probability, that of the end included, divided by the
            penalty of the length.

        Raises
        ------
        ValueError
            If `n_best`, or a parameter that was set after `fit`, is out of its range.
        """
        if n_best is not None and not (isinstance(n_best, Integral) and n_best >= 1):
            raise ValueError(
                f"n_best must be None or an int of at least 1, got {n_best!r}: how many"
                " sequences to write for each source."
            )
        found = self._search(X, n_best)
        decode = self._task.table.decode
        return _object_array(
            [(decode(one.symbols), one.score) for one in of_sample]
            for of_sample in found
        )

    def _search(self, X, n_best):
        """The best hypotheses of each sample; as many as the beam is wide if None."""
        network, task = self._fitted_network(), self._task
        check_values(self, "beam_width", "length_penalty", "max_length")
        n_best = self.beam_width if n_best is None else n_best
        beam_width = max(self.beam_width, n_best)
        pairs = task.without_targets(self._read_inputs(X, reset=False))
        limit = self.max_length or 2 * task.longest
        found = [None] * len(pairs)
        everything = np.arange(len(pairs), dtype=np.intp)
        for index in passes_by_length(pairs.lengths, everything, STEPS_PER_PASS):
            batch = pack_batch(pairs, index)
            n_threads = self._n_threads(len(index) * beam_width)
            decoder = StepDecoder(network, batch, n_threads)
            results = beam_search(
                decoder.step, decoder.state, np.full(len(index), task.start),
                end=task.end, max_length=limit + 1, beam_width=beam_width,
                length_penalty=self.length_penalty, n_best=n_best,
                forbidden=task.forbidden, must_end=True, n_threads=n_threads,
            )  # fmt: skip
            for sample, hypotheses in zip(batch.index, results, strict=True):
                found[sample] = hypotheses
        return found

    def _n_threads(self, n_rows):
        return effective_n_threads(self.n_jobs, n_rows * self._network.n_multiplied)

    def attention_weights(
        self,
        X: InputsLike,
        y: LabelSequencesLike | None = None,
    ) -> ObjectArray:
        """Where the decoder looks while it writes.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sources, as for `fit`.
        y : list or 1-D object array of sequences of symbols, default=None
            What it writes; None means its predictions.

        Returns
        -------
        weights : ndarray of shape (n_samples,), dtype object
            For each sample an array of shape (n_symbols + 1, n_steps): one row for
            each symbol and one for the end, which add up to 1 over the source's
            steps. A source of symbols has a step more, its end.
        """
        network = self._fitted_network()
        if network.attention is None:
            raise ValueError(
                f"this {type(self).__name__} has no attention: fit with attention="
                "'general', on sequences"
            )
        y = self.predict(X) if y is None else y
        pairs = self._pairs(X, y)
        weights = [None] * len(pairs)
        for batch in self._passes(pairs):
            n_threads = self._n_threads(batch.n_rows)
            rows = network.attention_weights(batch, n_threads)
            n_steps = np.asarray(pairs.sources.lengths)[batch.index]
            for place, sample in enumerate(batch.index):
                of_sample = batch.offsets[: batch.lengths[place]] + place
                weights[sample] = rows[of_sample, : n_steps[place]]
        return _object_array(weights)

    def score(
        self,
        X: InputsLike,
        y: LabelSequencesLike,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Return the token accuracy: symbols predicted right, given those before.

        The end of a sequence counts as a symbol; an unknown symbol, which is never
        written, is always wrong. The search has no part in it: to compare values of
        `beam_width`, `length_penalty` or `max_length`, pass a scorer of
        `sklstm.metrics`, which looks at whole predictions.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sources, as for `fit`.
        y : list or 1-D object array of sequences of symbols
            Targets: strings, or lists of hashables.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the sequences; each symbol has its sequence's.

        Returns
        -------
        score : float
        """
        network = self._fitted_network()
        pairs = self._pairs(X, y)
        weights = check_weights(sample_weight, pairs)
        n_right = np.zeros(len(pairs))
        for batch in self._passes(pairs):
            scores = network.predict(batch, self._n_threads(batch.n_rows))
            targets = pairs.target_codes[batch.row_source]
            is_right = self._task.loss.hits(scores, targets)
            starts = np.repeat(batch.offsets[:-1], np.diff(batch.offsets))
            sample = batch.index[np.arange(batch.n_rows) - starts]
            np.add.at(n_right, sample, is_right)
        n_symbols = pairs.target_lengths
        accuracies = (n_right / n_symbols)[:, np.newaxis]
        return float(weighted_mean(accuracies, weights * n_symbols)[0])

    def _pairs(self, X, y):
        sources = self._read_inputs(X, reset=False)
        return self._task.paired(sources, self._task.encode(y, sources))[0]

    def _passes(self, pairs):
        everything = np.arange(len(pairs), dtype=np.intp)
        for index in passes_by_length(pairs.lengths, everything, STEPS_PER_PASS):
            yield pack_batch(pairs, index)

    def _read_steps(self, X):
        raise ValueError(
            f"{type(self).__name__} is two networks, one that reads and one that "
            "writes: attention_weights (drawn by AttentionDisplay) says which steps "
            "of its source matter for which symbol."
        )

    # ---- what is not there ---------------------------------------------------------

    @property
    def initial_state(self) -> NoReturn:
        """Not available: a source is read as a whole."""
        raise AttributeError("LSTMSeq2Seq reads a source as a whole: it has no steps")

    @property
    def step(self) -> NoReturn:
        """Not available: a source is read as a whole."""
        raise AttributeError("LSTMSeq2Seq reads a source as a whole: it has no steps")


def _object_array(items):
    """A 1-D array of lists or strings, whatever their lengths."""
    items = list(items)
    array = np.empty(len(items), dtype=object)
    for k, item in enumerate(items):
        array[k] = item
    return array
