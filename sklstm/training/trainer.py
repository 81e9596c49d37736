"""`train`: the one function that estimators call to fit a network.

**One call, three uses.** `train` decides from its arguments how much is new:

========================  ====================  ===============================
call                      ``state``             what happens
========================  ====================  ===============================
``fit``                   None                  head and standard scale start
                                                from y, moments from zero
``fit`` with warm start   of the last call      weights, scale, moments, counts
                                                and random numbers go on; the
                                                learning-rate schedule and the
                                                patience begin anew
``partial_fit``           of the last call, or  one epoch over the data given;
(``incremental=True``)    None the first time   the schedule goes on too (but
                                                "cosine" stays at its start)
========================  ====================  ===============================

**The state** (`TrainingState`) is plain values: the optimiser's moment vectors and
update count, epochs and updates so far, the schedule's position and factor, the state
of the random generator, the seed of the validation split, and the curves. With the
network's parameter vector and the loss object (`center` and `scale` of y: a few
numbers) it is all that a later call needs, so an estimator stores these three and
nothing else; pickling them in the middle of a series of calls changes no bit of what
follows. A state is never written to by the call that continues it: `train` works on a
copy and returns it.

**Cut short.** While a call goes on, its state also has what the epochs of the call know
of one another (`unfinished`). Whoever saves state and weights after an epoch can go on
from there in another process to the same bits (`checkpoint`).

**Objective.** ``sum(w * l) / sum(w) + alpha / (2 * sum(w)) * |W|^2``, for all solvers
but "adamw" (which decays weights on its own). A sample of weight zero is dropped before
anything else happens: it moves no batch and no random number.

**Reproducible.** All arithmetic here is elementwise or a sum in a fixed order, without
BLAS; results do not depend on `n_threads`.
"""

from dataclasses import replace

import numpy as np

from ..sequences.streams import Streams
from .lbfgs import FullBatchObjective, train_lbfgs
from .repetitions import merge_repetitions
from .reporting import EpochPrinter
from .samples import make_validation, penalty_strength, set_aside, usable_samples
from .state import TrainingState, restore_generator, resume_generator
from .stochastic import StochasticTrainer
from .streams import StreamTrainer
from .watching import EpochWatch


def train(
    network,
    sequences,
    y=None,
    weights=None,
    *,
    loss,
    options,
    random_state=None,
    n_threads=1,
    state=None,
    validation=None,
    incremental=False,
    verbose=False,
    on_epoch_begin=None,
    on_epoch=None,
    checkpoint=None,
):
    """Fit a network to sequences.

    Parameters
    ----------
    network : RecurrentNetwork
        Trained in place; initialised by the caller before the first call. Its head must
        have ``loss.n_outputs`` outputs.
    sequences : Sequences or SequencePairs
        The inputs; pairs have the targets in them.
    y : ndarray of shape (n_samples,) or (n_samples, n_targets), Sequences or None, \
default=None
        The targets, as the loss wants them: class codes, zeros and ones, or numbers;
        or some for each step.
        None trains the network to predict the next step of its inputs; it must then
        have been made with ``pooling=None``.
    weights : ndarray of shape (n_samples,) or None, default=None
        Sample weights, class weights included; None means ones.
    loss : Loss
        Written to by the first call (`state` None), which sets its standard scale.
    options : TrainingOptions
        The choices of the run.
    random_state : None, int or RandomState, default=None
        Shuffles and splits. Without effect when `state` is given, which has its own.
    n_threads : int, default=1
        Team size of the kernels.
    state : TrainingState or None, default=None
        The result of an earlier call to go on from.
    validation : tuple of (sequences, y, weights) or None, default=None
        Evaluated after every epoch. With ``options.early_stopping`` it decides when to
        stop and which weights to keep; without, it is only recorded.
    incremental : bool, default=False
        Train for one epoch and go on with the learning-rate schedule, as `partial_fit`
        does.
    verbose : bool or int, default=False
        Whether to print one line an epoch.
    on_epoch_begin : callable or None, default=None
        Called before every epoch (of "lbfgs": iteration).
    on_epoch : callable or None, default=None
        Called with the state after every epoch; training stops if it returns true. It
        must not change the state.
    checkpoint : object or None, default=None
        Its ``save(network, state)`` is called after every epoch, when it is known
        whether it was the last one. Where an earlier process has saved this very call,
        ``saved`` has its ``parameters`` and its ``state``, which the call takes over to
        go on as if nothing had happened; otherwise it is None.

    Returns
    -------
    state : TrainingState
        Curves, counts, the reason to stop, and what it takes to go on.

    Raises
    ------
    TrainingDivergedError
        If a loss or gradient norm is not finite, before the update. A ``ValueError``;
        its ``state`` attribute holds the state up to then.
    ValueError
        If all sample weights are zero or one is negative, if no sequence is long
        enough, if the validation part would be too small, if `incremental` is used with
        early stopping or "lbfgs", or validation data or dropout are given to "lbfgs".

    Notes
    -----
    A KeyboardInterrupt ends the training as if the current batch had been the last one;
    the weights are usable and ``state.stop_reason`` is "interrupted".

    Examples
    --------
    Learn which of two channels is larger:

    >>> import numpy as np
    >>> from sklstm.network import RecurrentNetwork
    >>> from sklstm.sequences import Sequences
    >>> from sklstm.training import CrossEntropy, TrainingOptions, train
    >>> rng = np.random.RandomState(0)
    >>> X = rng.normal(size=(60, 5, 2)).astype(np.float32)
    >>> y = (X.mean(axis=1)[:, 0] > X.mean(axis=1)[:, 1]).astype(int)
    >>> sequences = Sequences(X.reshape(-1, 2), np.full(60, 5))
    >>> network = RecurrentNetwork(2, 2, hidden_layer_sizes=(8,), pooling="mean")
    >>> network.initialize(rng)
    >>> options = TrainingOptions(max_iter=30)
    >>> state = train(
    ...     network, sequences, y, loss=CrossEntropy(2), options=options,
    ...     random_state=rng,
    ... )
    >>> state.n_iter, state.loss < 0.5 * state.loss_curve[0]
    (30, True)
    """
    _check_call(network, options, validation, incremental)
    index, weights = usable_samples(sequences, y, weights)
    if options.solver == "lbfgs":
        sequences, y, weights = merge_repetitions(sequences, y, weights, index)
        index = np.arange(len(sequences))
    saved = None if checkpoint is None else checkpoint.saved
    is_first_call = state is None
    state, generator = _beginning(state, random_state, saved)
    if saved is None and not incremental:
        state.schedule_position, state.schedule_factor = 0, 1.0

    if incremental and options.learning_rate == "cosine":
        # How much is to come is not known: there is no wave to go along.
        options = replace(options, learning_rate="constant")

    training_index, validation_index = index, None
    if options.early_stopping and validation is None:
        sequences, training_index, validation, validation_index = set_aside(
            sequences, y, weights, index, loss, options, state, generator
        )
    targets = loss.make_targets(sequences, y, weights)
    if network.config.is_noisy and state.noise_seed is None:
        state.noise_seed = int(generator.randint(2**31))
    if is_first_call:
        targets.initialize(network, training_index)
    if saved is not None:
        network.set_parameters(saved.parameters)
    state.random_state = generator.get_state(legacy=False)
    run = _run_lbfgs if options.solver == "lbfgs" else _run_stochastic
    n_epochs = 1 if incremental else options.max_iter
    run(
        network,
        sequences,
        targets,
        training_index,
        options=options,
        state=state,
        n_threads=n_threads,
        penalty_strength=penalty_strength(options, sequences, weights, training_index),
        watch=EpochWatch(
            network,
            state,
            printer=EpochPrinter(state, n_epochs) if verbose else None,
            on_epoch_begin=on_epoch_begin,
            on_epoch=on_epoch,
            checkpoint=checkpoint,
        ),
        generator=generator,
        validation=make_validation(
            validation, validation_index, loss, network.parameters.dtype, n_threads
        ),
        noise_index=index,
        incremental=incremental,
    )
    return state


def _beginning(state, random_state, saved):
    """Return the state that the call starts from, to be written to, and what draws."""
    if saved is None:
        generator = restore_generator(state, random_state)
        return TrainingState() if state is None else state.copy(), generator
    if state is None:
        return saved.state, resume_generator(saved.state, random_state)
    return saved.state, restore_generator(saved.state, None)


def _run_stochastic(
    network,
    sequences,
    targets,
    index,
    *,
    options,
    state,
    n_threads,
    penalty_strength,
    watch,
    generator,
    validation,
    noise_index,
    incremental,
):
    # A validation target far out of range, or an exploding batch, shows as infinity or
    # NaN, which is looked for and reported in words; NumPy's warnings would only be
    # noise before it.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        targets.prepare(network.parameters.dtype, index, n_threads)
        make = StreamTrainer if isinstance(sequences, Streams) else StochasticTrainer
        trainer = make(
            network,
            sequences,
            targets,
            index,
            options=options,
            state=state,
            generator=generator,
            penalty_strength=penalty_strength,
            n_threads=n_threads,
            noise_index=noise_index,
        )
        trainer.run(
            1 if incremental else options.max_iter,
            watch,
            validation=validation,
            keep_best=options.early_stopping,
            judges=not incremental,
        )


def _run_lbfgs(
    network,
    sequences,
    targets,
    index,
    *,
    options,
    state,
    n_threads,
    penalty_strength,
    watch,
    **_of_stochastic_solvers,
):
    targets.prepare(np.dtype(np.float64), index, n_threads)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        objective = FullBatchObjective(
            network.astype(np.float64),
            sequences,
            targets,
            index,
            penalty_strength=penalty_strength,
            windows=options.windows,
            n_threads=n_threads,
        )
        train_lbfgs(
            network,
            objective,
            options=options,
            state=state,
            watch=watch,
        )


def _check_call(network, options, validation, incremental):
    if network.config.is_noisy and options.solver == "lbfgs":
        raise ValueError(
            "dropout, zoneout and input noise need a stochastic solver, but"
            " solver='lbfgs' needs the same loss at every call; set them to 0, or use"
            " solver='adam'"
        )
    if incremental and options.solver == "lbfgs":
        raise ValueError(
            "partial_fit needs a stochastic solver, but solver='lbfgs' looks at all"
            " data at once; use solver='adam', or fit"
        )
    if validation is not None and options.solver == "lbfgs":
        raise ValueError(
            "validation data have no effect with solver='lbfgs', which neither stops"
            " nor chooses weights by them; leave them out, or use solver='adam'"
        )
    if incremental and options.early_stopping and validation is None:
        raise ValueError(
            "partial_fit does not support early_stopping=True: it sees one piece of the"
            " data at a time; turn early_stopping off and decide yourself when to stop"
        )
