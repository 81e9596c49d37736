"""sklstm: the network on a packed batch, the estimators for whole fits."""

import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning

import sklstm
import sklstm._kernels
from harness.cases import N_EPOCHS
from peers import Contestant
from sklstm.network import RecurrentNetwork, cell_name
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch

warnings.simplefilter("ignore", ConvergenceWarning)


def describe():
    versions = {"sklstm": sklstm.__version__, "scikit-learn": sklearn.__version__}
    isa = getattr(sklstm._kernels, "ISA", None)
    return versions | ({"sklstm's instruction set": isa} if isa else {})


def fma_peak(n_threads):
    """Multiply-add peak of `n_threads` cores in operations a second: the best of 10."""
    loop = sklstm._kernels.kernels_for(np.float32).fma_peak_loop
    n_rounds = 10_000_000
    rates = []
    with ThreadPoolExecutor(n_threads) as pool:  # the loop releases the GIL
        for _ in range(10):
            start = time.perf_counter()
            counts = list(pool.map(loop, [n_rounds] * n_threads))
            rates.append(2 * sum(counts) / (time.perf_counter() - start))
    return max(rates)


def build(case, n_threads):
    builders = {
        "inference": build_inference,
        "training": build_training,
        "ragged": build_ragged,
        "memory": build_ragged,
        "fit": build_fit,
        "predict": build_predict,
    }
    return builders[case.section](case, n_threads)


def build_network(case, dtype=np.float32, reset_after=True):
    """A network of the shape with one output, and the case's batch in packed rows."""
    network = RecurrentNetwork(
        case.n_features,
        1,
        cell=cell_name(case.cell, reset_after=reset_after),
        hidden_layer_sizes=(case.hidden_size,) * case.n_layers,
        dtype=dtype,
    )
    network.initialize(np.random.RandomState(0))
    inputs = case.inputs().astype(dtype)
    values = np.concatenate([x[:n] for x, n in zip(inputs, case.lengths, strict=True)])
    return network, pack_batch(Sequences(values, case.lengths))


def training_step(case, n_threads, **options):
    """Forward and backward pass with freshly packed weights, as after an update."""
    network, batch = build_network(case, **options)
    d_outputs = np.ones((case.n_samples, 1), dtype=network.parameters.dtype)
    gradient = np.empty_like(network.parameters)

    def step():
        network.parameters_changed()
        network.forward(batch, n_threads)
        network.backward(d_outputs, gradient, n_threads)

    return Contestant(step)


def variants(case):
    """Our own variations: what they cost stands beside the peers."""
    found = {"sklstm": {}, "sklstm float64": {"dtype": np.float64}}
    if case.cell == "gru":
        found["sklstm as published"] = {"reset_after": False}
    return found


def build_inference(case, n_threads):
    contestants = {}
    for name, options in variants(case).items():
        network, batch = build_network(case, **options)
        contestants[name] = Contestant(
            lambda network=network, batch=batch: network.predict(batch, n_threads)
        )
    return contestants


def build_training(case, n_threads):
    return {
        name: training_step(case, n_threads, **options)
        for name, options in variants(case).items()
    }


def build_ragged(case, n_threads):
    return {"sklstm": training_step(case, n_threads)}


def classifier(case, n_threads):
    from sklstm import LSTMClassifier  # the network alone does for all other cases

    return LSTMClassifier(
        cell=case.cell,
        hidden_layer_sizes=case.hidden_size,
        reset_after=case.cell == "gru",
        pooling="last",
        learning_rate="constant",
        batch_size=case.batch_size,
        max_iter=N_EPOCHS,
        learning_rate_init=1e-3,
        random_state=0,
        n_jobs=n_threads,
    )


def build_fit(case, n_threads):
    X, y = case.labelled_inputs()
    model = classifier(case, n_threads)
    return {"sklstm": Contestant(lambda: model.fit(X, y), lambda: model.score(X, y))}


def build_predict(case, n_threads):
    X, y = case.labelled_inputs()
    model, one = classifier(case, n_threads).fit(X, y), X[:1]
    return {"sklstm": Contestant(lambda: model.predict(one))}


def save_outputs(case, path, n_threads):
    """Predictions and gradients of a fixed network, for two commits to agree on."""
    network, batch = build_network(case)
    predicted = network.predict(batch, n_threads)
    gradient = np.empty_like(network.parameters)
    outputs = network.forward(batch, n_threads)
    network.backward(np.ones_like(outputs), gradient, n_threads)
    np.savez(path, predicted=predicted, gradient=gradient)
