"""The epoch loop of the stochastic solvers."""

import math
import time

import numpy as np

from ..sequences.packing import pack_batch
from .errors import TrainingDivergedError
from .gradients import L2Penalty, NormClipper
from .judging import Judge
from .minibatches import Minibatches
from .optimizers import make_optimizer
from .schedules import make_schedule


class StochasticTrainer:
    """Runs epochs of mini-batch updates on one network.

    Everything that a step needs is made here, once: the gradient vector, the moments
    and their scratch. A step allocates arrays of the size of the outputs only.

    Parameters
    ----------
    network : RecurrentNetwork
        Trained in place.
    sequences : Sequences
    targets : SequenceTargets or NextStepTargets
        Prepared, of the same sequences.
    index : ndarray of int of shape (n_samples,)
        The samples to train on.
    options : TrainingOptions
    state : TrainingState
        Written to.
    generator : numpy.random.RandomState
        Shuffles.
    penalty_strength : float
        ``alpha`` over the sum of the weights; 0 for none.
    n_threads : int
    noise_index : ndarray of int of shape (n_usable,)
        All samples that count, in ascending order: dropout is drawn by their place
        here, so that a sample of weight zero moves nothing.
    """

    def __init__(
        self,
        network,
        sequences,
        targets,
        index,
        *,
        options,
        state,
        generator,
        penalty_strength,
        n_threads,
        noise_index,
    ):
        self._noise_index = noise_index
        self._network = network
        self._sequences = sequences
        self._targets = targets
        self._options = options
        self._state = state
        self._generator = generator
        self._n_threads = n_threads
        self._batches = self._make_batches(index)
        parameters = network.parameters
        self._gradient = np.empty_like(parameters[: network.n_dense])
        self._clipper = NormClipper(self._gradient, options.max_grad_norm)
        self._penalty = None
        if penalty_strength > 0:
            self._penalty = L2Penalty(
                parameters, self._gradient, network.is_weight, penalty_strength
            )
        self._optimizer = make_optimizer(
            options, parameters, self._gradient, network.is_weight, state.optimizer
        )
        self._schedule = make_schedule(options)
        self._schedule.factor = state.schedule_factor

    def _make_batches(self, index):
        """Return what makes the batches of every epoch."""
        options = self._options
        batch_size = options.resolve_batch_size(len(index))
        lengths = np.asarray(self._sequences.lengths)
        return Minibatches(lengths, index, batch_size, options.shuffle)

    def run(self, n_epochs, watch, *, validation=None, keep_best=False, judges=True):
        """Train for some epochs, or until there is a reason to stop.

        A call whose state is `unfinished` goes on where that one was cut short.

        Parameters
        ----------
        n_epochs : int
            The largest number of epochs.
        watch : EpochWatch
        validation : Validation or None, default=None
            Evaluated after every epoch.
        keep_best : bool, default=False
            Judge epochs by validation, and end with the best weights.
        judges : bool, default=True
            Whether a lack of improvement may end the training.

        Raises
        ------
        TrainingDivergedError
            With the state up to the last good update.
        """
        state, network = self._state, self._network
        judge = Judge(
            self._options, self._schedule, self._targets.loss, validation,
            keep_best=keep_best, n_threads=self._n_threads,
        )  # fmt: skip
        if state.unfinished is None:
            state.n_iter, state.stop_reason = 0, ""
            judge.begin(network, state)
        else:
            judge.set_state(state.unfinished)
        try:
            while not state.stop_reason:
                watch.epoch_begins()
                figures = self._train_and_judge(judge)
                reason = judge.reason_to_stop() if judges else None
                if state.n_iter == n_epochs:
                    reason = reason or "max_iter"
                self._write_state(judge.get_state())
                watch.epoch_ended(reason, **figures)
        except KeyboardInterrupt:
            state.stop_reason = "interrupted"
            network.parameters_changed()
        except TrainingDivergedError as error:
            self._close()
            error.state = state
            raise
        judge.finish(network)
        self._close()

    def _write_state(self, unfinished=None):
        """Write what goes on from epoch to epoch, or from call to call, into it."""
        state = self._state
        state.optimizer = self._optimizer.get_state()
        state.schedule_factor = self._schedule.factor
        state.unfinished = unfinished

    def _close(self):
        """Leave nothing behind but the state."""
        self._write_state()

    def _train_and_judge(self, judge):
        """Train one epoch; return its figures."""
        state = self._state
        began = time.perf_counter()
        learning_rate = self._schedule.rate(state.schedule_position)
        loss, gradient_norm = self._epoch()
        state.n_iter += 1
        state.n_epochs += 1
        state.schedule_position += 1
        figures = judge.see(self._network, state, loss)
        return figures | {
            "loss": loss,
            "gradient_norm": gradient_norm,
            "learning_rate": learning_rate,
            "seconds": time.perf_counter() - began,
        }

    def _epoch(self):
        """Run through all batches; return the mean loss and the mean gradient norm."""
        state, schedule = self._state, self._schedule
        batches = self._batches.epoch(self._generator)
        # Where an interrupted epoch left off, the next one draws new batches.
        state.random_state = self._generator.get_state(legacy=False)
        total_loss = total_norm = 0.0
        n_samples = n_batches = 0
        try:
            for k, index in enumerate(batches):
                rate = schedule.rate(state.schedule_position + k / len(batches))
                value, norm = self._update(index, rate, k)
                total_loss += value * len(index)
                total_norm += norm
                n_samples += len(index)
                n_batches = k + 1
        finally:
            state.n_updates += n_batches
            self._optimizer.flush_tiny_moments()
            if n_batches:
                penalty = 0.0 if self._penalty is None else self._penalty.value()
                state.record_loss(total_loss / n_samples + penalty)
        return state.loss, total_norm / n_batches

    def _update(self, index, learning_rate, k):
        """Make one update; return the batch's loss and gradient norm."""
        network, gradient = self._network, self._gradient
        batch = pack_batch(self._sequences, index)
        outputs = self._forward(index, batch, self._noise(index, batch, k))
        value, d_outputs = self._targets.value_and_gradient(outputs, batch)
        if not math.isfinite(value):
            raise self._diverged("loss", value, k, batch, outputs)
        network.backward(d_outputs, gradient, n_threads=self._n_threads)
        if self._penalty is not None:
            self._penalty.add_gradient()
        norm = self._clipper.clip(network.row_gradients)
        if not math.isfinite(norm):
            raise self._diverged("gradient norm", norm, k, batch, outputs)
        self._optimizer.step(learning_rate, network.row_gradients)
        network.parameters_changed()
        return value, norm

    def _forward(self, index, batch, noise):
        """Return the outputs of a training pass."""
        return self._network.forward(
            batch, self._n_threads, **noise, **self._options.windows
        )

    def _noise(self, index, batch, k):
        """What dropout, zoneout and noise draw by in the k-th update of the epoch."""
        if not self._network.config.is_noisy:
            return {}
        return {
            "noise_seed": (self._state.noise_seed, self._state.n_updates + k),
            "noise_keys": np.searchsorted(self._noise_index, batch.index),
        }

    def _diverged(self, what, value, k, batch, outputs):
        """Return the error for a batch whose loss or gradient is not finite."""
        options = self._options
        epoch = self._state.n_epochs + 1
        culprit = ""
        bad_rows = ~np.isfinite(outputs).all(axis=1)
        if bad_rows.any() and len(outputs) == batch.n_samples:
            sample = batch.index[int(np.argmax(bad_rows))]
            culprit = f", first in the output of sample {sample}"
        largest = float(np.abs(batch.inputs).max())
        clip = options.max_grad_norm
        clip_advice = (
            "set max_grad_norm (now None), for instance to 1.0"
            if clip is None
            else f"lower max_grad_norm (now {clip:g})"
        )
        return TrainingDivergedError(
            f"the {what} became {value} in epoch {epoch}, batch {k + 1} of"
            f" {len(self._batches)}{culprit}; training stopped before that update and"
            " the weights are the last good ones. Lower learning_rate_init (now"
            f" {options.learning_rate_init:g}), {clip_advice}, or scale the channels"
            f" (the largest absolute input of this batch is {largest:.3g})",
            epoch=epoch,
            batch=k + 1,
        )
