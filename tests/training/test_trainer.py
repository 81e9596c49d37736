"""`train`: what it learns, what it drops, what it keeps, and when it stops."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import accuracy_score, r2_score
from training.problems import (
    Interrupting,
    fit_classes,
    fit_numbers,
    make_classes,
    make_network,
    make_numbers,
    make_sequences,
)

from sklstm.sequences.packing import pack_batch
from sklstm.training import (
    REGRESSION_LOSSES,
    SOLVERS,
    BinaryCrossEntropy,
    CrossEntropy,
    Quantile,
    SquaredError,
    TrainingDivergedError,
)

SEQUENCES = make_sequences()
CLASSES = make_classes(SEQUENCES)
NUMBERS = make_numbers(SEQUENCES)
RATES = {"adam": 0.02, "adamw": 0.02, "rmsprop": 0.01, "sgd": 0.1}


def predict(network, loss, sequences):
    batch = pack_batch(sequences)
    predictions = np.empty((len(sequences), loss.n_outputs))
    predictions[batch.index] = loss.predict(network.predict(batch))
    return predictions


# ---- it learns ---------------------------------------------------------------------


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_solver_learns_classes_of_new_sequences(solver):
    train, test = make_sequences(150, seed=1), make_sequences(150, seed=2)
    loss = CrossEntropy(3)
    rate = {} if solver == "lbfgs" else {"learning_rate_init": RATES[solver]}
    network, state = fit_classes(
        train, make_classes(train), loss=loss, solver=solver, max_iter=40, **rate
    )
    predicted = predict(network, loss, test).argmax(axis=1)
    assert accuracy_score(make_classes(test), predicted) > 0.85
    assert state.loss < 0.4 * state.loss_curve[0]
    assert state.best_loss == min(state.loss_curve)


@pytest.mark.parametrize("center, scale", [(0, 1), (1e6, 1), (100, 1e-4), (-5, 1e7)])
def test_the_unit_of_a_target_does_not_slow_learning(center, scale):
    train, test = make_sequences(150, seed=1), make_sequences(150, seed=2)
    loss = SquaredError(2)
    network, state = fit_numbers(
        train,
        make_numbers(train, center, scale),
        loss=loss,
        max_iter=60,
        learning_rate_init=0.02,
    )
    predicted = predict(network, loss, test)
    assert r2_score(make_numbers(test, center, scale), predicted) > 0.9
    assert state.loss_curve[0] < 0.5  # standard scale: 0.5 is the constant model's


@pytest.mark.parametrize("name", REGRESSION_LOSSES)
def test_every_regression_loss_learns(name):
    train, test = make_sequences(150, seed=1), make_sequences(150, seed=2)
    y, y_test = (np.exp(0.3 * make_numbers(part)[:, 0]) for part in (train, test))
    loss = REGRESSION_LOSSES[name](1)
    network, state = fit_numbers(
        train,
        y,
        network=make_network(1),
        loss=loss,
        max_iter=60,
        learning_rate_init=0.02,
    )
    targets = loss.encode_targets(y_test, np.dtype(float))
    batch = pack_batch(test)
    score = loss.score(network.predict(batch), targets[batch.index])
    assert score > 0.6
    assert state.loss < 0.8 * state.loss_curve[0]


def test_quantiles_are_quantiles():
    rng = np.random.RandomState(0)
    sequences = make_sequences(400, seed=1)
    y = make_numbers(sequences)[:, 0] + rng.normal(size=400)
    loss = Quantile(1, quantile=0.8)
    network, _ = fit_numbers(
        sequences, y, network=make_network(1), loss=loss, max_iter=40
    )
    assert 0.75 < (y <= predict(network, loss, sequences)[:, 0]).mean() < 0.85


def test_binary_and_multilabel_targets():
    sequences = make_sequences(150, seed=1)
    labels = (make_numbers(sequences) > 0).astype(int)
    for y in (labels[:, 0], labels):
        loss = BinaryCrossEntropy(1 if y.ndim == 1 else 2)
        network, _ = fit_classes(
            sequences,
            y,
            network=make_network(loss.n_outputs),
            loss=loss,
            max_iter=40,
            learning_rate_init=0.02,
        )
        predicted = predict(network, loss, sequences) > 0.5
        assert accuracy_score(y, predicted) > 0.85


def test_a_step_ahead_is_learned_from_the_inputs_alone():
    """Sine waves of random phase: the next value follows from the last two."""
    rng = np.random.RandomState(0)
    time = np.arange(30) / 3 + rng.uniform(0, 6, size=(60, 1))
    waves = np.stack([4 + 0.5 * np.sin(time), np.cos(time), -time / 9], axis=2)
    sequences = type(SEQUENCES)(waves.reshape(-1, 3).astype(np.float32), [30] * 60)
    loss = SquaredError(3)
    network, state = fit_classes(
        sequences,
        None,
        network=make_network(3, hidden=(16,), pooling=None),
        loss=loss,
        max_iter=60,
        learning_rate_init=0.01,
    )
    following = waves[:, 1:].reshape(-1, 3)
    assert_allclose(loss.center, following.mean(axis=0), rtol=1e-5, atol=1e-5)
    assert_allclose(loss.scale, following.std(axis=0), rtol=1e-5)
    predicted = predict_steps(network, loss, sequences)
    assert r2_score(following, predicted) > 0.9
    assert state.loss < 0.1 * state.loss_curve[0]


def predict_steps(network, loss, sequences):
    """Predictions for steps 1, 2, ... of equally long sequences, one by one."""
    batch = pack_batch(sequences)
    outputs = loss.predict(network.predict(batch))
    by_step = outputs.reshape(len(batch.offsets) - 1, len(sequences), -1)
    return by_step[:-1].transpose(1, 0, 2).reshape(-1, outputs.shape[1])


# ---- weights -----------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"early_stopping": True, "tol": 0}])
@pytest.mark.parametrize("solver", SOLVERS)
def test_samples_of_zero_weight_leave_no_trace(solver, options):
    if solver == "lbfgs" and options:
        options = {"alpha": 0.5}
    kept = np.sort(np.random.RandomState(1).permutation(40)[:33])
    weights = np.zeros(40)
    weights[kept] = np.linspace(0.5, 2, 33)
    y = CLASSES.copy()
    y[weights == 0] = 0
    with_zeros, one = fit_classes(SEQUENCES, y, weights, solver=solver, **options)
    without, other = fit_classes(
        SEQUENCES[kept], CLASSES[kept], weights[kept], solver=solver, **options
    )
    assert_array_equal(with_zeros.parameters, without.parameters)
    assert one.loss_curve == other.loss_curve
    assert one.validation_scores == other.validation_scores


@pytest.mark.parametrize("next_step", [False, True], ids=["classes", "next_step"])
def test_integer_weights_are_repetitions_for_lbfgs(next_step):
    sequences = make_sequences(min_length=2)
    counts = np.random.RandomState(1).randint(1, 4, size=40)
    repeated = np.repeat(np.arange(40), counts)
    parameters = []
    for index, weights in ((np.arange(40), counts), (repeated, None)):
        part = sequences[index]
        y = None if next_step else make_classes(part)
        network = make_network(pooling=None if next_step else "mean", dtype=np.float64)
        loss = SquaredError(3) if next_step else CrossEntropy(3)
        fit_classes(
            part,
            y,
            weights,
            network=network,
            loss=loss,
            solver="lbfgs",
            alpha=0.3,
            max_iter=15,
        )
        parameters.append(network.parameters)
    assert_allclose(*parameters, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_weights_all_equal_are_no_weights(solver):
    plain, _ = fit_classes(SEQUENCES, CLASSES, solver=solver)
    equal, _ = fit_classes(SEQUENCES, CLASSES, np.full(40, 0.3), solver=solver)
    assert_array_equal(plain.parameters, equal.parameters)


def test_a_heavy_class_is_predicted_more_often():
    rng = np.random.RandomState(0)
    y = rng.randint(2, size=200)  # pure noise: only the weights tell the classes apart
    sequences = make_sequences(200)
    loss = CrossEntropy(3)
    network, _ = fit_classes(sequences, y, np.where(y == 1, 9.0, 1.0), loss=loss)
    assert_allclose(predict(network, loss, sequences)[:, 1].mean(), 0.9, atol=0.05)


def test_the_weight_of_a_batch_is_that_of_its_samples():
    """Light samples in one batch, heavy ones in another: the loss is the mean."""
    weights = np.repeat([0.01, 1.0], 20)
    options = {"shuffle": False, "batch_size": 20, "learning_rate_init": 1e-9}
    _, state = fit_classes(SEQUENCES, CLASSES, weights, max_iter=1, **options)
    network, loss = make_network(), CrossEntropy(3)
    loss.initialize_outputs(network, CLASSES, weights)
    batch = pack_batch(SEQUENCES)
    value = loss.value(
        network.predict(batch).astype(float), CLASSES[batch.index], weights[batch.index]
    )
    assert_allclose(state.loss, value, rtol=1e-5)


@pytest.mark.parametrize(
    "weights, message",
    [
        (np.zeros(40), "weights are all zero"),
        (np.linspace(1, -1, 40), "sample_weight of sample 20 is -0.02"),
    ],
)
def test_weights_that_make_no_sense_are_errors(weights, message):
    with pytest.raises(ValueError, match=message):
        fit_classes(SEQUENCES, CLASSES, weights)


# ---- penalty -----------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["adam", "adamw", "lbfgs"])
def test_the_penalty_shrinks_weights_and_not_biases(solver):
    strong = {"alpha": 6.0 if solver == "adamw" else 100.0, "max_iter": 60}
    norms = {}
    for name, options in (("none", {"alpha": 0.0, "max_iter": 60}), ("strong", strong)):
        network, _ = fit_classes(SEQUENCES, CLASSES, solver=solver, **options)
        weights = network.parameters[network.is_weight]
        biases = network.parameters[~network.is_weight]
        norms[name] = np.linalg.norm(weights), np.linalg.norm(biases)
    weights, biases = np.divide(norms["strong"], norms["none"])
    assert weights < 0.3
    assert biases > 1.5 * weights


def test_the_penalty_is_part_of_the_reported_loss():
    options = {"learning_rate_init": 1e-9, "max_iter": 1}
    network, with_penalty = fit_classes(SEQUENCES, CLASSES, alpha=3.0, **options)
    _, without = fit_classes(SEQUENCES, CLASSES, **options)
    squares = np.square(network.parameters[network.is_weight], dtype=float).sum()
    difference = with_penalty.loss - without.loss
    assert_allclose(difference, 3.0 / (2 * 40) * squares, rtol=1e-5)


# ---- reproducibility ---------------------------------------------------------------


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_number_of_threads_changes_no_bit(solver):
    sequences = make_sequences(200)
    options = {"solver": solver, "alpha": 0.01, "max_iter": 2}
    runs = [
        fit_classes(
            sequences,
            make_classes(sequences),
            network=make_network(hidden=(40,)),
            n_threads=n_threads,
            **options,
        )
        for n_threads in (1, 2)
    ]
    assert_array_equal(runs[0][0].parameters, runs[1][0].parameters)
    assert runs[0][1].loss_curve == runs[1][1].loss_curve


def test_the_seed_decides():
    one, _ = fit_classes(SEQUENCES, CLASSES, random_state=3)
    same, _ = fit_classes(SEQUENCES, CLASSES, random_state=np.random.RandomState(3))
    other, _ = fit_classes(SEQUENCES, CLASSES, random_state=4)
    assert_array_equal(one.parameters, same.parameters)
    assert (one.parameters != other.parameters).any()


def test_without_shuffling_there_is_nothing_random():
    one, _ = fit_classes(SEQUENCES, CLASSES, shuffle=False, random_state=3)
    other, _ = fit_classes(SEQUENCES, CLASSES, shuffle=False, random_state=4)
    assert_array_equal(one.parameters, other.parameters)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_float64_network_is_trained_in_float64(solver):
    sequences = make_sequences(dtype=np.float64)
    network = make_network(dtype=np.float64)
    fit_classes(sequences, CLASSES, network=network, solver=solver)
    assert network.parameters.dtype == np.float64
    rounded = network.parameters.astype(np.float32)
    assert (network.parameters != rounded).mean() > 0.9


def test_lbfgs_computes_in_float64_whatever_the_dtype():
    runs = {}
    for dtype in (np.float32, np.float64):
        sequences = make_sequences().astype(dtype)
        start = make_network(2).astype(dtype)  # equal starting values
        network, state = fit_numbers(
            sequences, NUMBERS, network=start, solver="lbfgs", max_iter=20
        )
        runs[dtype] = state.loss_curve, network.parameters
    assert_allclose(runs[np.float32][0], runs[np.float64][0], rtol=1e-12)
    assert runs[np.float32][1].dtype == np.float32
    assert_allclose(runs[np.float32][1], runs[np.float64][1], rtol=1e-6)


# ---- divergence --------------------------------------------------------------------


class Exploding(Interrupting):
    """A network one of whose passes gives something that is not finite."""

    def __init__(self, network, at, what, value=np.nan):
        super().__init__(network, -1)
        self._at, self._what, self._value = at, what, value
        self.before = None

    def forward(self, batch, n_threads=1, **how):
        outputs = self._network.forward(batch, n_threads, **how)
        self._at -= 1
        if self._at == 0:
            self.before = self._network.parameters.copy()
            self.sample = batch.index[1]
            if self._what == "loss":
                outputs[1] = self._value
        return outputs

    def backward(self, d_outputs, gradient, n_threads=1):
        self._network.backward(d_outputs, gradient, n_threads=n_threads)
        if self._at == 0 and self._what == "gradient norm":
            gradient[3] = self._value


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("what", ["loss", "gradient norm"])
@pytest.mark.parametrize("max_grad_norm", [1.0, None])
def test_divergence_stops_before_the_update(what, value, max_grad_norm):
    network = Exploding(make_network(), at=8, what=what, value=value)
    with pytest.raises(TrainingDivergedError) as caught:
        fit_classes(SEQUENCES, CLASSES, network=network, max_grad_norm=max_grad_norm)
    error = caught.value
    assert isinstance(error, ValueError)
    assert isinstance(error, FloatingPointError)
    assert (error.epoch, error.batch) == (2, 3)
    assert f"the {what} became" in str(error)
    assert "in epoch 2, batch 3 of 5" in str(error)
    assert "learning_rate_init (now 0.003)" in str(error)
    assert f"max_grad_norm (now {'1' if max_grad_norm else 'None'})" in str(error)
    if what == "loss":
        assert f"sample {network.sample}" in str(error)
    assert_array_equal(network.parameters, network.before)
    assert np.isfinite(network.parameters).all()
    assert error.state.n_updates == 7
    assert len(error.state.loss_curve) == 2


def test_a_real_divergence_is_caught():
    """Poisson's exponential link with a rate far too high and no clipping."""
    y = np.exp(make_numbers(SEQUENCES)[:, :1])
    network = make_network(1)
    with pytest.raises(TrainingDivergedError, match="Lower learning_rate_init"):
        fit_numbers(
            SEQUENCES,
            y,
            network=network,
            loss=REGRESSION_LOSSES["poisson"](1),
            solver="sgd",
            learning_rate_init=300.0,
            max_grad_norm=None,
            max_iter=20,
        )
    assert np.isfinite(network.parameters).all()


def test_a_diverging_lbfgs_keeps_finite_weights():
    network = make_network()
    exploding = type(SEQUENCES)(
        np.full_like(SEQUENCES.values, 3e38).astype(np.float64) * 1e100,
        SEQUENCES.lengths,
    )
    exploding.values[::2] *= -1
    network.output_weight[:] = np.inf
    network.parameters_changed()
    start = network.parameters.copy()
    with pytest.raises(TrainingDivergedError, match="solver='lbfgs'"):
        fit_classes(exploding, CLASSES, network=network, solver="lbfgs")
    hidden = network.parameters.size - network.output_weight.size - 3
    assert_array_equal(network.parameters[:hidden], start[:hidden])


def test_the_error_survives_a_trip_to_a_worker():
    import pickle

    error = TrainingDivergedError("a message", epoch=2, batch=3)
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.epoch, copy.batch) == ("a message", 2, 3)


# ---- misuse ------------------------------------------------------------------------


def test_next_step_needs_two_steps():
    short = make_sequences()[np.flatnonzero(np.asarray(SEQUENCES.lengths) == 1)]
    with pytest.raises(ValueError, match="at least 2 steps"):
        fit_classes(
            short, None, network=make_network(pooling=None), loss=SquaredError(3)
        )


def test_lbfgs_has_no_use_for_validation_data():
    with pytest.raises(ValueError, match="no effect with solver='lbfgs'"):
        fit_classes(
            SEQUENCES, CLASSES, solver="lbfgs", validation=(SEQUENCES, CLASSES, None)
        )
