"""Keras 3 on JAX: whole fits. Compilation stays outside the clock."""

import jax
import keras

from harness.cases import N_CLASSES, N_EPOCHS
from peers import Contestant

LAYERS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


def describe():
    return {"keras": keras.__version__, "jax": jax.__version__}


def build(case, n_threads):
    """JAX has no option for its threads: the worker is confined to as many cores."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.layers.Input((case.n_timesteps, case.n_features)),
            LAYERS[case.cell](case.hidden_size),
            keras.layers.Dense(N_CLASSES, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    X, y = case.labelled_inputs()
    if case.section == "predict":
        one = X[:1]
        call = lambda: model.predict(one, verbose=0).argmax(axis=1)  # noqa: E731
        return {"keras": Contestant(call)}
    # Weights and optimiser go back to the start before each fit: a fresh model would
    # be compiled again.
    model.optimizer.build(model.trainable_variables)
    state = [*model.variables, *model.optimizer.variables]
    initial = [keras.ops.convert_to_numpy(variable) for variable in state]

    def fit():
        for variable, value in zip(state, initial, strict=True):
            variable.assign(value)
        model.fit(X, y, batch_size=case.batch_size, epochs=N_EPOCHS, verbose=0)

    def accuracy():
        return (model.predict(X, verbose=0).argmax(axis=1) == y).mean()

    return {"keras on jax": Contestant(fit, accuracy)}
