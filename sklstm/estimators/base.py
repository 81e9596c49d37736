"""The skeleton of every estimator: fit, go on, compute outputs, keep the state.

An estimator translates: the user's layouts and words in, attributes with a trailing
underscore out. The arithmetic is that of ``training`` and ``network``.
"""

import contextlib
import warnings

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .._sklearn_callbacks import attributes_in_fit
from .._threads import effective_n_threads
from .._typing import Array
from ..network import RecurrentNetwork
from ..persistence import VersionedState
from ..sequences import validate_sequences
from ..sequences.packing import pack_batch
from ..training import TrainingDivergedError, TrainingOptions, train
from .architecture import check_unchanged, network_config
from .parameters import (
    applicable_parameters,
    check_fixed,
    check_parameters_apply,
    fixed_parameters,
)
from .shared_parameters import SharedParameters
from .starting_weights import initialize
from .streaming import StreamingMixin
from .watched import WatchedFits

# Time steps that go through the network at once in inference: bounds its memory, and
# changes no bit of the result.
ROWS_PER_PASS = 65536

# Forward once, backward twice.
_PRODUCTS_OF_A_TRAINING_STEP = 3


class RecurrentEstimator(VersionedState, StreamingMixin, WatchedFits, SharedParameters):
    """Base of all estimators.

    A subclass says what to learn (`_new_task`) and how a sequence becomes one vector
    (`_pooling`), and has public methods that call `_fit` and `_compute`.

    The fitted state is the network (a flat parameter vector and its configuration), the
    task (labels or the scale of y) and the training state (curves, moments, random
    state); all of it plain values and arrays.
    """

    _attribute_docs = {
        "n_features_in_": """int
            Number of channels; for 2-D input the number of columns.""",
        "feature_names_in_": """ndarray of shape (`n_features_in_`,)
            Names of the channels (columns), if the input had names.""",
        "n_outputs_": """int
            Number of outputs of the network's head.""",
        "n_iter_": """int
            Epochs of the last call to `fit` or `partial_fit`.""",
        "loss_": """float
            Loss of the last epoch, penalty included.""",
        "best_loss_": """float
            Smallest loss of an epoch.""",
        "loss_curve_": """list of float
            Loss of every epoch, over all calls that went on from one another.""",
        "validation_loss_curve_": """list of float or None
            Loss on the validation data after every epoch, without the penalty. None if
            there were none.""",
        "validation_scores_": """list of float or None
            Score on the validation data after every epoch.""",
        "best_validation_score_": """float or None
            Score of the weights that were kept.""",
        "stop_reason_": """str
            Why training ended: 'max_iter'; 'tol', when the loss did not fall any more;
            'early_stopping', when the validation score did not rise; 'learning_rate',
            when it was too small; 'callback', when one asked for it; 'interrupted'; for
            'lbfgs' also 'max_fun' and 'line_search'.""",
        "layers_": """list of list of dict
            Read-only views of the recurrent weights: one entry a layer, in it one entry
            a direction, in it the arrays by name (`weight_ih`, `weight_hh`, `bias`,
            ...).""",
    }

    # ---- for subclasses ------------------------------------------------------------

    _words_of: dict[
        str, str
    ] = {}  # names of parameters for fields of the network's configuration

    def _new_task(self, classes=None, *, incremental=False):
        """Return the task of a new fit, or of the first ``partial_fit``."""
        raise NotImplementedError

    def _pooling(self):
        """Return how the network turns a sequence into one vector in training."""
        raise NotImplementedError

    def _task_to_go_on(self):
        """Return the task of a further fit."""
        return self._task

    # ---- fitting -------------------------------------------------------------------

    def _fit(self, X, y, sample_weight, validation, *, shown=None):
        """Fit anew, or go on from the last fit with `warm_start`.

        `validation` is the user's ``(X, y, sample_weight)``, each of which may be None;
        `shown` is what callbacks see instead of X, y and sample_weight.
        """
        tasks = self._tasks(*(shown or (X, y, sample_weight)))
        goes_on = self.warm_start and self.__sklearn_is_fitted__()
        task = self._task_to_go_on() if goes_on else self._new_task()
        return self._fit_task(
            task, X, y, sample_weight, tasks, validation=validation, goes_on=goes_on
        )

    def _partial_fit(self, X, y, sample_weight, classes=None, *, shown=None):
        """Train for one epoch, the first time with a new network."""
        tasks = self._tasks(*(shown or (X, y, sample_weight)), incremental=True)
        if getattr(self, "class_weight", None) == "balanced":
            raise ValueError(
                "class_weight='balanced' is not known to partial_fit, which sees one "
                "piece of the data: give a dict. compute_class_weight('balanced', "
                "classes=classes, y=y) of scikit-learn makes its values from all y."
            )
        goes_on = self.__sklearn_is_fitted__()
        if not goes_on:
            task = self._new_task(classes, incremental=True)
        else:
            task = self._task_to_go_on()
            if classes is not None:
                task.check_classes(classes)
        return self._fit_task(
            task, X, y, sample_weight, tasks, goes_on=goes_on, incremental=True
        )

    def _fit_task(
        self,
        task,
        X,
        y,
        sample_weight,
        tasks,
        *,
        goes_on,
        validation=(None, None, None),
        incremental=False,
    ):
        check_parameters_apply(self)
        if goes_on:
            check_fixed(self, self._fixed)
        with self._restored_on_error():
            sequences = self._read_inputs(X, reset=not goes_on)
            y = (task.encode if goes_on else task.begin)(y, sequences)
            sequences, y = task.paired(sequences, y)
            y, weights = self._weighted(task, y, sample_weight, sequences)
            validation = self._validation_data(task, validation)
            random_state = check_random_state(self.random_state)
            network = self._network_to_train(
                task, sequences, weights, random_state, goes_on
            )
            self._train(
                network,
                task,
                sequences,
                y,
                weights,
                tasks,
                random_state=random_state,
                state=self._state if goes_on else None,
                validation=validation,
                incremental=incremental,
            )
            tasks.end()
        return self

    def _train(self, network, task, sequences, y, weights, tasks, **how):
        """Train the network; keep it, also if training broke off on the way."""
        data = {"X": sequences, "y": y, "sample_weight": weights}
        record = self._record(network, tasks, data, **how)
        options = TrainingOptions.from_parameters(applicable_parameters(self))
        n_threads = self._n_training_threads(network, sequences, options)
        try:
            state = train(
                network,
                sequences,
                y,
                weights,
                loss=task.loss,
                options=options,
                n_threads=n_threads,
                verbose=self.verbose,
                checkpoint=record,
                **self._hooks(tasks, network, task),
                **how,
            )
        except TrainingDivergedError as error:
            self._keep(network, task, error.state)
            raise
        self._keep(network, task, state)
        if state.stop_reason == "interrupted":
            warnings.warn(
                f"{type(self).__name__}.fit was interrupted in epoch "
                f"{state.n_iter + 1}. The model can be used: it has the weights after "
                "the last complete mini-batch.",
                stacklevel=2,
            )

    def _n_training_threads(self, network, sequences, options):
        batch_size = len(sequences)
        if options.solver != "lbfgs":
            batch_size = options.resolve_batch_size(len(sequences))
        n_rows = sequences.offsets[-1] * batch_size // len(sequences)
        work = n_rows * network.n_multiplied * _PRODUCTS_OF_A_TRAINING_STEP
        return effective_n_threads(self.n_jobs, work=work)

    def _read_inputs(self, X, *, reset):
        """Check inputs; return what the network reads."""
        return validate_sequences(self, X, reset=reset, dtype=np.dtype(self.dtype))

    def _weighted(self, task, y, sample_weight, sequences, name="sample_weight"):
        weights = task.weights(
            y,
            sample_weight,
            sequences,
            class_weight=getattr(self, "class_weight", None),
            name=name,
        )
        return task.weighted(y, weights)

    def _validation_data(self, task, validation):
        """Check the user's validation data; return what `train` takes."""
        X, y, sample_weight = validation
        if X is None and y is None and sample_weight is None:
            return None
        if X is None:
            given = "y_val" if y is not None else "sample_weight_val"
            raise ValueError(f"{given} is given without X_val: pass both or neither.")
        if self.solver == "lbfgs":
            raise ValueError(
                "X_val has no effect with solver='lbfgs', which does not stop early. "
                "Leave it out, or choose another solver."
            )
        if y is None and not task.causal:
            raise ValueError("X_val is given without y_val: pass both or neither.")
        sequences = self._read_inputs(X, reset=False)
        y = task.encode(y, sequences, name="y_val")
        sequences, y = task.paired(sequences, y)
        name = "sample_weight_val"
        return sequences, *self._weighted(task, y, sample_weight, sequences, name)

    def _network_to_train(self, task, sequences, weights, random_state, goes_on):
        """Return a new network, or a copy of ours: `predict` may be running on it."""
        config, make = self._network_config(task, sequences)
        if goes_on:
            check_unchanged(config, self._network.config, self._words_of)
            return make(config, self._network.parameters)
        network = make(config)
        initialize(network, self, random_state, _longest(sequences, weights))
        return network

    def _network_config(self, task, sequences):
        """Return a configuration, and what makes a network of it and parameters."""
        config = network_config(
            self,
            n_features=sequences.n_features,
            n_outputs=task.loss.n_outputs,
            pooling=self._pooling() if task.pooled else None,
            causal=task.causal,
        )
        return config, RecurrentNetwork.from_config

    def _keep(self, network, task, state):
        """Set the fitted attributes."""
        vars(self).update(self._fitted_attributes(network, task, state))

    def _fitted_attributes(self, network, task, state):
        return {
            "_network": network,
            "_task": task,
            "_state": state,
            "_fixed": fixed_parameters(self),
            "n_outputs_": network.config.n_outputs,
            "n_iter_": state.n_iter,
            "stop_reason_": state.stop_reason,
            "loss_": state.loss,
            "best_loss_": state.best_loss,
            "loss_curve_": state.loss_curve,
            # None rather than an empty list where there was nothing to validate on.
            "validation_loss_curve_": state.validation_loss_curve or None,
            "validation_scores_": state.validation_scores or None,
            "best_validation_score_": state.best_validation_score,
            **task.fitted_attributes,
        }

    @contextlib.contextmanager
    def _restored_on_error(self):
        """Leave the estimator as it was if the block fails.

        Except where training diverged: the last good weights are kept then.
        """
        before = dict(vars(self))
        try:
            yield
        except TrainingDivergedError:
            raise
        except BaseException:
            before |= attributes_in_fit(self)
            vars(self).clear()
            vars(self).update(before)
            raise

    # ---- computing -----------------------------------------------------------------

    def _compute(self, X, method):
        """Check X and run the fitted network over it; see `_run`."""
        network = self._fitted_network()
        sequences = validate_sequences(self, X, reset=False, dtype=network.dtype)
        return self._run(sequences, method)

    def _read_steps(self, X):
        """Check X; return the steps that the fitted network reads, for inspection."""
        dtype = self._fitted_network().dtype
        return validate_sequences(self, X, reset=False, dtype=dtype)

    def _run(self, sequences, method, **arguments):
        """Run the fitted network over sequences.

        Parameters
        ----------
        sequences : Sequences
            Checked, of the network's dtype.
        method : {"predict", "features"}
            Which of the network's methods.
        **arguments
            For that method.

        Returns
        -------
        result : ndarray of shape (n_samples, width) or (n_total_timesteps, width)
            In the order of `sequences`.
        """
        if sequences.offsets[-1] <= ROWS_PER_PASS:
            return self._run_at_once(sequences, method, arguments)
        passes = _in_passes(sequences)
        parts = [self._run_at_once(part, method, arguments) for part in passes]
        return np.concatenate(parts)

    def _run_at_once(self, sequences, method, arguments):
        network = self._network
        batch = pack_batch(sequences)
        work = batch.n_rows * network.n_multiplied
        n_threads = effective_n_threads(self.n_jobs, work)
        rows = getattr(network, method)(batch, n_threads=n_threads, **arguments)
        if len(batch.index) == 1:
            return np.ascontiguousarray(rows)
        in_order = np.empty(rows.shape, rows.dtype)
        per_step = len(rows) != len(batch.index)
        in_order[batch.row_source if per_step else batch.index] = rows
        return in_order

    def _fitted_network(self):
        try:
            return self._network
        except AttributeError:
            check_is_fitted(self)  # raises scikit-learn's error
            raise

    def __sklearn_is_fitted__(self):
        return "_network" in vars(self)

    @property
    def layers_(self) -> list[list[dict[str, Array]]]:
        """Read-only views of the recurrent weights."""
        return self._fitted_network().layers

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


def _in_passes(sequences):
    """Cut sequences into consecutive parts of about `ROWS_PER_PASS` time steps."""
    whole = sequences.offsets[1:] // ROWS_PER_PASS
    cuts = [0, *(np.flatnonzero(np.diff(whole)) + 1).tolist(), len(sequences)]
    return [sequences[a:b] for a, b in zip(cuts[:-1], cuts[1:], strict=True)]


def _longest(sequences, weights):
    """Length of the longest sequence that counts."""
    lengths = sequences.lengths
    return int(lengths.max() if weights is None else lengths[weights > 0].max())
