"""`LSTMLanguageModel`: the probability of sequences, and new ones."""

import math
from collections.abc import Hashable, Sequence
from typing import Any, Self

import numpy as np
from sklearn.utils import check_random_state

from .._sklearn_compat import _fit_context, available_if
from .._threads import effective_n_threads
from .._typing import Array, ArrayLike, InputsLike, RandomState
from ..network.links import logistic, softmax
from ..network.symbol_network import SymbolNetwork, SymbolNetworkConfig
from .architecture import check_tied, recurrent_choices
from .generating import Generator
from .language_model_parameters import LanguageModelParameters
from .language_task import LanguageTask
from .parameters import check_at_defaults, recurrent_estimator
from .predictor import check_is_stochastic, has_partial_fit
from .tasks import check_weights

# Parameters that vectors give nothing to do.
OF_SYMBOLS = ("embedding_size", "min_count", "tie_embedding", "n_negatives")


@recurrent_estimator
class LSTMLanguageModel(LanguageModelParameters):
    """Recurrent network that predicts the next step of a sequence.

    Reads sequences of symbols (characters, words, notes, any hashables) or of vectors
    of zeros and ones (piano rolls), and learns the probability of each step given all
    those before it. Scores sequences, and generates new ones.

    Long texts are read side by side in pieces, one update every `bptt_steps`; states
    are carried on from window to window.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    symbols_ : list or None
        Symbols that are known; None for vectors.
    {attributes}

    See Also
    --------
    LSTMSeq2Seq : Sequences of symbols that depend on something.

    Notes
    -----
    Symbols that were not in the training data count as one unknown symbol. Vectors
    have no table of symbols: parameters about it are errors then, unless at their
    defaults.

    Probabilities are those of all symbols that can come: the known ones, the unknown
    one and, with `mark_ends`, the end.

    Without `X_val`, `early_stopping` sets `validation_fraction` of the sequences aside.
    Where that is less than two of them, it is the last part of each.

    References
    ----------
    .. [1] Mikolov et al., "Recurrent neural network based language model", Interspeech
       2010.
    .. [2] Boulanger-Lewandowski, Bengio and Vincent, "Modeling temporal dependencies in
       high-dimensional sequences", ICML 2012.

    Examples
    --------
    >>> from sklstm import LSTMLanguageModel
    >>> X = ["abcabcabc", "bcabca", "cabcabcab", "abcabc"] * 10
    >>> model = LSTMLanguageModel(hidden_layer_sizes=16, max_iter=30, random_state=0)
    >>> model.fit(X).predict(["ab", "bcab"])
    array(['c', 'c'], dtype=object)
    >>> model.generate("ca", length=4, temperature=0)
    'cabcab'
    """

    # ---- fitting -------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: InputsLike,
        y: object = None,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: InputsLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Fit the network to sequences.

        Parameters
        ----------
        X : list or 1-D object array of sequences of symbols, or sequences of vectors
            Strings are sequences of characters; lists and 1-D arrays, also of
            integers, are sequences of symbols unless a float is among them. Vectors as
            for the other estimators: a 3-D array, a list of 2-D arrays, or `Sequences`.
        y : None, default=None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the sequences' steps; None means ones.
        X_val : like X, default=None
            Validation data, for `early_stopping`; recorded only without it.
        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the validation sequences.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If the data or a parameter are not valid. The estimator stays as it was.
        """
        return self._fit(X, None, sample_weight, (X_val, None, sample_weight_val))

    @available_if(has_partial_fit)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: InputsLike,
        y: object = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on a piece of the data.

        The symbols are those of the first call; later ones are unknown.

        Parameters
        ----------
        X : list or 1-D object array of sequences of symbols, or sequences of vectors
            Sequences, as for `fit`.
        y : None, default=None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the sequences' steps; None means ones.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        return self._partial_fit(X, None, sample_weight)

    def _new_task(self, classes=None, *, incremental=False):
        return LanguageTask(
            type(self).__name__, min_count=self.min_count, mark_ends=self.mark_ends
        )

    def _fit_task(self, task, X, y, sample_weight, tasks, **how):
        check_is_stochastic(self)
        if self.bidirectional:
            raise ValueError(
                f"{type(self).__name__} predicts the next step, which a second "
                "direction has already seen: set bidirectional=False."
            )
        check_at_defaults(
            self, ["checkpoint_steps"],
            "has no effect here: a window of bptt_steps is all that is kept",
        )  # fmt: skip
        self._reading = task
        try:
            return super()._fit_task(task, X, y, sample_weight, tasks, **how)
        finally:
            vars(self).pop("_reading", None)

    def _read_inputs(self, X, *, reset):
        task = getattr(self, "_reading", None) or self._task
        return task.read(self, X, reset=reset)

    def _network_config(self, task, sequences):
        if task.table is None:
            names = [*OF_SYMBOLS, "mark_ends"] if self.mark_ends else OF_SYMBOLS
            check_at_defaults(self, names, "is for symbols, but X holds vectors")
            return super()._network_config(task, sequences)
        n_symbols = len(task.table)
        choices = recurrent_choices(self)
        if self.tie_embedding:
            check_tied(self, choices)
        config = SymbolNetworkConfig(
            int(self.embedding_size), n_symbols, pooling=None, n_symbols=n_symbols,
            tied=bool(self.tie_embedding), n_negatives=int(self.n_negatives or 0),
            **choices,
        )  # fmt: skip
        return config, SymbolNetwork.from_config

    def _n_training_threads(self, network, sequences, options):
        n_pieces = 32 if options.batch_size == "auto" else options.batch_size
        n_rows = min(n_pieces * (options.bptt_steps or 100), sequences.offsets[-1])
        return effective_n_threads(self.n_jobs, work=3 * n_rows * network.n_multiplied)

    # ---- scores --------------------------------------------------------------------

    def score_samples(self, X: InputsLike) -> Array:
        """Return the log-likelihood of each sequence.

        Parameters
        ----------
        X : list or 1-D object array of sequences of symbols, or sequences of vectors
            Sequences, as for `fit`.

        Returns
        -------
        log_likelihoods : ndarray of shape (n_samples,)
            Sums over the steps that are predicted, natural logarithms.
        """
        return self._log_likelihoods(X)[0]

    def score(
        self,
        X: InputsLike,
        y: object = None,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Return the mean log-likelihood of a step.

        Parameters
        ----------
        X : list or 1-D object array of sequences of symbols, or sequences of vectors
            Sequences, as for `fit`.
        y : None, default=None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the sequences' steps.

        Returns
        -------
        score : float
            Natural logarithm; of vectors, summed over the channels.
        """
        totals, streams = self._log_likelihoods(X)
        weights = np.ones(len(totals))
        if sample_weight is not None:
            weights = check_weights(sample_weight, streams)
        n_steps = float((streams.lengths * weights).sum())
        if n_steps == 0:
            raise ValueError(
                "No sequence of X with a positive sample_weight has a step to predict."
            )
        return float((totals * weights).sum()) / n_steps

    def perplexity(
        self,
        X: InputsLike,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Return the perplexity, ``exp(-score(X))``.

        Parameters
        ----------
        X : list or 1-D object array of sequences of symbols, or sequences of vectors
            Sequences, as for `fit`.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the sequences' steps.

        Returns
        -------
        perplexity : float
            Infinite where it is too large for a float.
        """
        with np.errstate(over="ignore"):
            return float(np.exp(-self.score(X, sample_weight=sample_weight)))

    def bits_per_character(
        self,
        X: InputsLike,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Return the mean number of bits a step takes, ``-score(X) / log(2)``.

        Parameters
        ----------
        X : list or 1-D object array of sequences of symbols, or sequences of vectors
            Sequences, as for `fit`.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the sequences' steps.

        Returns
        -------
        bits : float
        """
        return -self.score(X, sample_weight=sample_weight) / math.log(2)

    def _log_likelihoods(self, X):
        """Log-likelihoods of all sequences, and the `Streams` of them."""
        network = self._fitted_network()
        streams = self._read_inputs(X, reset=False)
        self._task.encode(None, streams)
        n_rows = min(int(streams.offsets[-1]), 8192)
        n_threads = effective_n_threads(self.n_jobs, n_rows * network.n_multiplied)
        return self._task.log_likelihoods(network, streams, n_threads), streams

    # ---- predictions ---------------------------------------------------------------

    def predict_proba(self, X: InputsLike) -> Array:
        """Predict what follows each sequence.

        Parameters
        ----------
        X : list or 1-D object array of sequences of symbols, or sequences of vectors
            Sequences, as for `fit`.
            Beginnings of sequences.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_symbols)
            Of the symbols in the order of `symbols_`, given that one of them follows;
            of vectors the probability of a one in each channel.
        """
        outputs = self._generator().outputs_after(X)
        if self._task.table is None:
            return logistic(outputs.astype(np.float64))
        return softmax(outputs[:, self._task.n_reserved :].astype(np.float64))

    def predict(self, X: InputsLike) -> Array:
        """Predict the likeliest next step of each sequence.

        Parameters
        ----------
        X : list or 1-D object array of sequences of symbols, or sequences of vectors
            Sequences, as for `fit`.
            Beginnings of sequences.

        Returns
        -------
        y : ndarray of shape (n_samples,), dtype object, or (n_samples, n_channels)
            Symbols, or vectors of zeros and ones.
        """
        probabilities = self.predict_proba(X)
        if self._task.table is None:
            return (probabilities > 0.5).astype(probabilities.dtype)
        symbols = np.empty(len(probabilities), dtype=object)
        symbols[:] = [self.symbols_[k] for k in probabilities.argmax(axis=1)]
        return symbols

    def generate(
        self, prime: Sequence[Hashable] | ArrayLike | None = None, length: int = 100, *,
        n_samples: int | None = None, temperature: float = 1.0,
        top_k: int | None = None, top_p: float | None = None,
        random_state: RandomState = None,
    ) -> Any:  # fmt: skip
        """Generate a sequence, or several.

        Parameters
        ----------
        prime : sequence of symbols or array of vectors, default=None
            What it begins with. None begins as sequences begin; where these have no
            marks, with a symbol drawn by its frequency, or a vector of zeros.
        length : int, default=100
            Most steps after the prime; fewer if the end comes.
        n_samples : int, default=None
            Sequences to draw; None returns one by itself.
        temperature : float, default=1.0
            Below 1 likely symbols become likelier; 0 takes the likeliest.
        top_k : int, default=None
            Draw from the so many likeliest symbols only.
        top_p : float, default=None
            Draw from the fewest likeliest symbols that have this probability together.
        random_state : int, RandomState instance or None, default=None
            What is drawn; an int draws the same on every call.

        Returns
        -------
        sequence : str, list or ndarray of shape (n_steps, n_channels)
            The prime and what follows, a string if the training data were strings;
            with `n_samples` a list of these.

        Raises
        ------
        ValueError
            If a number is out of its range.
        """
        generated = self._generator().generate(
            prime, length, 1 if n_samples is None else n_samples,
            check_random_state(random_state),
            temperature=temperature, top_k=top_k, top_p=top_p,
        )  # fmt: skip
        return generated[0] if n_samples is None else generated

    def _read_steps(self, X):
        self._fitted_network()
        streams = self._read_inputs(X, reset=False)
        # Nothing is read after the mark of the end; without marks all steps are.
        return streams.without_last() if self._task.mark_ends else streams.sequences

    def _generator(self):
        return Generator(self._fitted_network(), self._task, self)

    def _stepper(self):
        raise AttributeError(
            f"{type(self).__name__} has no steps of its own: use predict_proba on a "
            "beginning, or generate."
        )
