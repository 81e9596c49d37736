"""Training on long sequences, one update a window; the likelihood of the next step."""

import numpy as np

from ..network.links import cross_entropy
from .candidates import CandidateSampler
from .classification_losses import BinaryCrossEntropy, CrossEntropy
from .minibatches import Minibatches
from .stochastic import StochasticTrainer
from .tallies import MeanTally
from .targets import Targets


class SymbolLikelihood(CrossEntropy):
    """Negative log-likelihood of the next symbol; the score is the log-likelihood.

    Parameters
    ----------
    n_symbols : int
    """

    def make_targets(self, sequences, y, weights=None):
        """Return `StreamTargets`."""
        return StreamTargets(self, sequences, weights)

    def targets_of(self, values):
        """Return rows of codes as `value_and_gradient` wants them."""
        return values.reshape(-1)

    def losses(self, outputs, values):
        """Return the loss of each row, float64."""
        return cross_entropy(outputs, self.targets_of(values))[0]


class FrameLikelihood(BinaryCrossEntropy):
    """Negative log-likelihood of a vector of zeros and ones, summed over the channels.

    Parameters
    ----------
    n_outputs : int
        Channels.
    """

    def make_targets(self, sequences, y, weights=None):
        """Return `StreamTargets`."""
        return StreamTargets(self, sequences, weights)

    def targets_of(self, values):
        """Return rows as `value_and_gradient` wants them."""
        return (1 - 2 * (values != 0)).astype(values.dtype)

    def losses(self, outputs, values):
        """Return the loss of each row, float64."""
        losses, _ = self._terms(outputs, self.targets_of(values))
        return np.add.reduce(losses, axis=1, dtype=np.float64)

    def value_and_gradient(self, outputs, targets, weights, total_weight, n_threads=1):
        """Return the loss of a batch and its gradient; see `Loss`."""
        return super().value_and_gradient(
            outputs, targets, weights, total_weight / self.n_outputs
        )


class StreamTargets(Targets):
    """The next step of every step of `Streams`.

    Losses are means over steps: every step counts the same, times the weight of its
    sequence.

    Parameters
    ----------
    loss : SymbolLikelihood or FrameLikelihood
    streams : Streams
    weights : ndarray of shape (n_samples,) or None, default=None
    """

    def __init__(self, loss, streams, weights=None):
        self.loss = loss
        self._streams = streams
        self._weights = weights

    def initialize(self, network, index):
        """Set the head's bias from the frequencies of what is to be predicted."""
        streams = self._streams
        lengths = np.asarray(streams.sequences.lengths)
        of_samples = np.zeros(len(streams))
        of_samples[index] = 1.0 if self._weights is None else self._weights[index]
        weights = np.repeat(of_samples, lengths)
        weights[streams.sequences.offsets[:-1][lengths > 0]] = 0
        used = weights > 0
        values = streams.values[used]
        if values.shape[1] == 1 and values.dtype.kind == "i":
            values = values.reshape(-1)
        self.loss.initialize_outputs(network, values, weights[used])

    def _prepare(self, dtype, index):
        """Scale the weights to a mean of 1 over the steps of `index`."""
        weights = self._weights
        if weights is not None:
            n_steps = self._streams.lengths[index]
            mean = float((weights[index] * n_steps).sum() / n_steps.sum())
            weights = (weights / mean).astype(dtype)
        self._sample_weights = weights
        self._candidates = None

    def sampler(self, index, n_negatives):
        """Return what draws candidates by the frequencies of the targets."""
        streams, used = self._streams, np.zeros(len(self._streams), dtype=bool)
        used[index] = True
        is_target = np.repeat(used, streams.sequences.lengths)
        lengths = np.asarray(streams.sequences.lengths)
        is_target[streams.sequences.offsets[:-1][lengths > 0]] = False
        counts = np.bincount(
            streams.values[is_target].reshape(-1), minlength=self.loss.n_outputs
        )
        return CandidateSampler(counts, n_negatives)

    def draw(self, sampler, batch, generator):
        """Draw the outputs that the next pass computes, and compare with these."""
        targets = self._streams.values.take(batch.row_source + 1, axis=0)
        self._candidates = sampler.draw(targets.reshape(-1), generator)
        return self._candidates

    def _targets_and_weights(self, batch):
        values = self._streams.values.take(batch.row_source + 1, axis=0)
        weights = self._sample_weights
        if weights is not None:
            starts = np.repeat(batch.offsets[:-1], np.diff(batch.offsets))
            weights = weights[batch.index][np.arange(batch.n_rows) - starts]
        return self.loss.targets_of(values), weights

    def value_and_gradient(self, outputs, batch):
        """Return the loss of a batch, with the gradient for the outputs.

        Parameters
        ----------
        outputs : ndarray of shape (batch.n_rows, n_outputs)
        batch : PackedBatch

        Returns
        -------
        value : float
        d_outputs : ndarray of the shape and dtype of `outputs`
        """
        targets, weights = self._targets_and_weights(batch)
        candidates, self._candidates = self._candidates, None
        if candidates is not None:
            targets = np.searchsorted(candidates.rows, targets)
            # The target itself is in the sum for certain.
            outputs[np.arange(len(targets)), targets] += candidates.log_inclusion[
                targets
            ]
        return self.loss.value_and_gradient(
            outputs, targets, weights, batch.n_rows, self._n_threads
        )

    def measure(self, outputs, batch):
        """Return sums over the rows of a batch: loss, score, weight."""
        targets, weights = self._targets_and_weights(batch)
        total = float(batch.n_rows if weights is None else weights.sum())
        loss, _ = self.loss.value_and_gradient(
            outputs, targets, weights, 1.0, self._n_threads
        )
        return loss, -loss, total

    def tally(self):
        """Return what adds up the batches of a validation."""
        return MeanTally(self)


class StreamBatches:
    """Makes the windows of an epoch.

    Parameters
    ----------
    streams : Streams
    index : ndarray of int of shape (n_samples,)
        The sequences to train on.
    batch_size : int
        Pieces side by side.
    window_steps : int
    shuffle : bool
        Whether pieces find other companions in every epoch, and windows begin at other
        steps.
    """

    def __init__(self, streams, index, batch_size, window_steps, shuffle):
        self._streams = streams
        self._window_steps, self._shuffle = window_steps, shuffle
        self._pieces = streams.pieces(index, batch_size, window_steps)
        lengths = self._pieces[2]
        groups = np.arange(len(lengths))
        self._groups = Minibatches(lengths, groups, batch_size, shuffle)
        self._n_windows = 0

    def __len__(self):
        return self._n_windows

    def epoch(self, generator):
        """Return the windows of the next epoch, in order.

        Parameters
        ----------
        generator : numpy.random.RandomState

        Returns
        -------
        windows : list of StreamWindow
        """
        windows, steps = [], self._window_steps
        for keys in self._groups.epoch(generator):
            first_steps = steps
            if self._shuffle and self._pieces[2][keys].max() > steps:
                first_steps = int(generator.randint(-(-steps // 2), steps + 1))
            windows += self._streams.windows(self._pieces, keys, steps, first_steps)
        self._n_windows = len(windows)
        return windows


class StreamTrainer(StochasticTrainer):
    """Makes an update a window, and carries the states on from one to the next."""

    def _make_batches(self, index):
        options, lengths = self._options, self._sequences.lengths
        n_negatives = getattr(self._network.config, "n_negatives", 0)
        self._sampler = None
        if n_negatives:
            self._sampler = self._targets.sampler(index, n_negatives)
        steps = options.bptt_steps or max(1, int(lengths[index].max()))
        batch_size = 32 if options.batch_size == "auto" else options.batch_size
        return StreamBatches(self._sequences, index, batch_size, steps, options.shuffle)

    def _forward(self, window, batch, noise):
        network = self._network
        if self._sampler is not None:
            generator = np.random.default_rng(noise["noise_seed"])
            network.candidates = self._targets.draw(self._sampler, batch, generator)
        return network.forward(
            batch, self._n_threads, initial=window.states_of(network.last_states),
            wants_states=True, **noise,
        )  # fmt: skip

    def _close(self):
        super()._close()
        if self._sampler is not None:  # of a pass that broke off before its end
            self._network.candidates = None

    def _noise(self, window, batch, k):
        noise = super()._noise(window, batch, k)
        return noise and noise | {"noise_keys": window.keys}
