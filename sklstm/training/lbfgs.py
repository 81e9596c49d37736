"""The "lbfgs" solver: SciPy's L-BFGS-B on all data at once, in float64."""

import math
import time

import numpy as np
from scipy.optimize import minimize

from ..network.blas import one_blas_thread
from ..sequences.packing import pack_batch
from .errors import TrainingDivergedError
from .gradients import L2Penalty
from .minibatches import passes_by_length


class _Stop(Exception):
    """Raised through SciPy when a hook asks to stop."""


class FullBatchObjective:
    """Loss and gradient of all data as a function of a float64 parameter vector.

    The data go through the network in passes of limited size and fixed order. Nothing
    is drawn at random and a weighted sample counts like its repetitions, so integer
    weights and repeated samples give the same function up to rounding.

    Parameters
    ----------
    network : RecurrentNetwork
        Of float64; its parameters are overwritten.
    sequences : Sequences
    targets : SequenceTargets or NextStepTargets
        Prepared for float64.
    index : ndarray of int of shape (n_samples,)
        The samples to train on.
    penalty_strength : float
        ``alpha`` over the sum of the weights.
    n_threads : int
    windows : dict, default=None
        ``options.windows``; None keeps all states.
    """

    def __init__(
        self,
        network,
        sequences,
        targets,
        index,
        *,
        penalty_strength,
        n_threads,
        windows=None,
    ):
        self._network = network
        self._targets = targets
        self._n_samples = len(index)
        self._windows = windows or {}
        self._n_threads = n_threads
        in_float64 = sequences.astype(np.float64)
        lengths = np.asarray(sequences.lengths)
        self._batches = [
            pack_batch(in_float64, part) for part in passes_by_length(lengths, index)
        ]
        self._gradient = np.empty(network.n_parameters)
        self._penalty = L2Penalty(
            network.parameters, self._gradient, network.is_weight, penalty_strength
        )
        self.value = math.nan  # of the last evaluation
        self.gradient_norm = math.nan

    def __call__(self, parameters):
        """Return value and gradient, as `scipy.optimize.minimize` wants them.

        Raises
        ------
        TrainingDivergedError
            If one of them is not finite.
        """
        network = self._network
        network.set_parameters(parameters)
        value = self._penalty.value()
        gradient = np.zeros(network.n_parameters)
        for batch in self._batches:
            part = batch.n_samples / self._n_samples
            outputs = network.forward(batch, self._n_threads, **self._windows)
            loss, d_outputs = self._targets.value_and_gradient(outputs, batch)
            d_outputs *= part
            network.backward(d_outputs, self._gradient, n_threads=self._n_threads)
            gradient += self._gradient
            value += part * loss
        self._gradient[:] = gradient
        self._penalty.add_gradient()
        self.value = value
        self.gradient_norm = math.sqrt(float(np.add.reduce(self._gradient**2)))
        if not math.isfinite(value + self.gradient_norm):
            raise TrainingDivergedError(
                f"the loss became {value} and the gradient norm {self.gradient_norm}"
                " in solver='lbfgs'; the weights are those of the last iteration."
                " Scale the channels, raise alpha, or use solver='adam'",
                epoch=0,
                batch=1,
            )
        return value, self._gradient.copy()


def train_lbfgs(
    network,
    objective,
    *,
    options,
    state,
    watch,
):
    """Minimise an objective and put the result into the network.

    Parameters
    ----------
    network : RecurrentNetwork
        Of any dtype: where to start from, and where the result goes.
    objective : FullBatchObjective
        On a float64 copy of the network.
    options : TrainingOptions
        Reads ``max_iter``, ``max_fun`` and ``tol``.
    state : TrainingState
        Written to.
    watch : EpochWatch
        Told of every iteration.

    Raises
    ------
    TrainingDivergedError
        With the state up to the last iteration.
    """
    if state.unfinished is None:
        state.n_iter, state.stop_reason = 0, ""
    state.optimizer = None
    iterations = _Iterations(network, objective, state, watch)
    limits = {"maxiter": options.max_iter, "maxfun": options.max_fun}
    try:
        # With several BLAS threads SciPy's own vector sums would change their order.
        with one_blas_thread():
            result = minimize(
                iterations.evaluate,
                iterations.start,
                jac=True,
                method="L-BFGS-B",
                callback=iterations.ended,
                options={**limits, "gtol": options.tol},
            )
        iterations.latest = result.x
        state.stop_reason = _stop_reason(result, options)
    except _Stop:
        state.stop_reason = "callback"
    except KeyboardInterrupt:
        state.stop_reason = "interrupted"
    except TrainingDivergedError as error:
        error.epoch = state.n_epochs + 1
        error.state = state
        raise
    finally:
        state.unfinished = None
        network.set_parameters(iterations.latest)


class _Iterations:
    """What SciPy calls, and the iterations made of it.

    SciPy's memory cannot be saved, but it follows from the starting point and what the
    objective has returned. These are remembered if the call is to be saved: a call
    that goes on tells SciPy the same again, which then is where it was.

    Parameters
    ----------
    network, objective, state, watch
        See `train_lbfgs`.

    Attributes
    ----------
    start, latest : ndarray of float64 of shape (n_parameters,)
        Where to start from, and the point after the last iteration.
    """

    def __init__(self, network, objective, state, watch):
        self._network, self._objective = network, objective
        self._state, self._watch = state, watch
        self._n_known = self._n_asked = 0
        self._n_old, self._n_ended = state.n_iter, 0
        if state.unfinished is not None:
            self._n_known = len(state.unfinished["values"])
        elif watch.saves:
            state.unfinished = {
                "start": network.parameters.astype(np.float64),
                "values": [],
                "gradients": [],
            }
        self._known = state.unfinished
        self._is_between = True
        self._began = time.perf_counter()
        self.start = self.latest = (
            network.parameters.astype(np.float64)
            if self._known is None
            else self._known["start"]
        )

    def evaluate(self, parameters):
        """Return value and gradient."""
        known = self._known
        self._n_asked += 1
        if self._n_asked <= self._n_known:
            gradient = known["gradients"][self._n_asked - 1].copy()
            return known["values"][self._n_asked - 1], gradient
        # SciPy tells the end of an iteration only: the next one, if there is one,
        # begins with an evaluation.
        if self._is_between:
            self._is_between = False
            self._watch.epoch_begins()
        value, gradient = self._objective(parameters)
        if known is not None:
            known["values"].append(value)
            known["gradients"].append(gradient.copy())
        return value, gradient

    def ended(self, parameters):
        """Take note of an iteration."""
        state, objective = self._state, self._objective
        self.latest = parameters.copy()
        self._n_ended += 1
        if self._n_ended > self._n_old:
            self._is_between = True
            state.n_iter += 1
            state.n_epochs += 1
            state.n_updates += 1
            state.record_loss(objective.value)
            if self._watch.needs_weights:
                self._network.set_parameters(self.latest)
            now = time.perf_counter()
            seconds, self._began = now - self._began, now
            self._watch.epoch_ended(
                loss=objective.value,
                gradient_norm=objective.gradient_norm,
                seconds=seconds,
            )
        # Also where an earlier process was stopped and did not come to the end.
        if state.stop_reason and self._n_ended == state.n_iter:
            raise _Stop


def _stop_reason(result, options):
    if result.status == 0:
        return "tol"
    if result.status == 1:
        return "max_iter" if result.nit >= options.max_iter else "max_fun"
    return "line_search"
