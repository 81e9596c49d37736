"""Threads of ours, threads of Python, forks, workers."""

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from estimators.problems import make_arrays, make_estimator, make_problem, result_of
from numpy.testing import assert_array_equal

from sklstm import LSTMClassifier, _threads
from sklstm._kernels import built_with_openmp

KINDS = ["classifier", "regressor", "transformer"]
LONG = make_arrays(n_samples=40)
LONG = [np.tile(array, (20, 1)) for array in LONG]
LABELS = np.arange(40) % 2


@pytest.fixture
def no_work_is_small(monkeypatch):
    """Give two threads their share however small the problem is."""
    monkeypatch.setattr(_threads, "MULTIPLY_ADDS_PER_THREAD", 1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", [{}, {"cell": "gru"}, {"hidden_layer_sizes": (9, 7)}])
def test_threads_change_no_bit(no_work_is_small, kind, how):
    results = []
    for n_jobs in (1, 2, 3):
        estimator = make_estimator(kind, n_jobs=n_jobs, max_iter=3, **how)
        results.append(result_of(estimator.fit(LONG, LABELS), LONG))
    assert_array_equal(results[1], results[0])
    assert_array_equal(results[2], results[0])


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("fresh", [False, True])
def test_eight_python_threads_predict_what_one_does(no_work_is_small, n_jobs, fresh):
    estimator = make_estimator("classifier", n_jobs=n_jobs, hidden_layer_sizes=32)
    estimator.fit(LONG, LABELS)
    pieces = [LONG[i::8] for i in range(8)] * 6
    serial = [estimator.predict_proba(piece) for piece in pieces]
    if fresh:  # the packed weights do not exist yet: all threads make them at once
        estimator._network.parameters_changed()
    with ThreadPoolExecutor(8) as pool:
        concurrent = list(pool.map(estimator.predict_proba, pieces))
    for one, other in zip(serial, concurrent, strict=True):
        assert_array_equal(one, other)


def test_python_threads_fit_their_own_estimators():
    def fit(seed):
        estimator = make_estimator("classifier", random_state=seed)
        return estimator.fit(LONG, LABELS).predict_proba(LONG)

    with ThreadPoolExecutor(4) as pool:
        concurrent = list(pool.map(fit, range(4)))
    for seed in range(4):
        assert_array_equal(concurrent[seed], fit(seed))


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_joblib_workers_predict_what_we_do(backend):
    X, labels, _ = make_problem()
    estimator = make_estimator("classifier").fit(X, labels)
    expected = estimator.predict_proba(X)
    results = joblib.Parallel(2, backend)(
        joblib.delayed(estimator.predict_proba)(X) for _ in range(4)
    )
    for result in results:
        assert_array_equal(result, expected)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("child_fits", [False, True])
def test_a_fork_after_a_threaded_fit_does_not_hang(no_work_is_small, child_fits):
    estimator = make_estimator("classifier", n_jobs=2).fit(LONG, LABELS)
    expected = estimator.predict_proba(LONG)
    context = multiprocessing.get_context("fork")
    with context.Pool(1) as pool:
        method = fit_and_predict if child_fits else predict
        result = pool.apply_async(method, (estimator, LONG, LABELS)).get(timeout=60)
    assert_array_equal(result, expected)
    assert_array_equal(estimator.predict_proba(LONG), expected)


def predict(estimator, X, y):
    return estimator.predict_proba(X)


def fit_and_predict(estimator, X, y):
    return estimator.fit(X, y).predict_proba(X)


@pytest.mark.skipif(not built_with_openmp(), reason="built without OpenMP")
@pytest.mark.parametrize(
    "variables, n_jobs, n_threads",
    [
        ({"OMP_NUM_THREADS": "1"}, None, 1),
        ({"OMP_NUM_THREADS": "2"}, None, 2),
        ({"OMP_NUM_THREADS": "2"}, 1, 1),
        ({"OMP_NUM_THREADS": "1"}, 2, 2),
    ],
)
def test_the_process_starts_as_many_threads_as_it_may(variables, n_jobs, n_threads):
    # Counted from outside NumPy's reach: BLAS threads are off, ours are the rest.
    code = (
        "import os\n"
        "import numpy as np\n"
        "from sklstm import LSTMClassifier\n"
        "X = np.random.RandomState(0).normal(size=(64, 100, 8))\n"
        "before = len(os.listdir('/proc/self/task'))\n"
        f"model = LSTMClassifier(max_iter=1, n_jobs={n_jobs})\n"
        "model.fit(X, np.arange(64) % 2).predict(X)\n"
        "print(1 + len(os.listdir('/proc/self/task')) - before)\n"
    )
    if not os.path.isdir("/proc/self/task"):
        pytest.skip("no list of threads on this system")
    if n_jobs is None and n_threads > joblib.cpu_count():
        pytest.skip("needs two cores")
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", **variables}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        timeout=120,
    )
    assert int(done.stdout) == n_threads


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="no list of threads")
@pytest.mark.skipif(not built_with_openmp(), reason="built without OpenMP")
def test_training_does_not_end_and_start_threads():
    """Teams of different sizes would: each part of a step uses all threads or one."""
    code = (
        "import os\n"
        "import numpy as np\n"
        "from sklstm.network import RecurrentNetwork\n"
        "from sklstm.sequences import Sequences\n"
        "from sklstm.sequences.packing import pack_batch\n"
        "values = np.zeros((96 * 50, 8), dtype=np.float32)\n"
        "batch = pack_batch(Sequences(values, [50] * 96))\n"
        "network = RecurrentNetwork(8, 2, hidden_layer_sizes=(64,), pooling='max')\n"
        "network.initialize(np.random.RandomState(0))\n"
        "gradient = np.empty_like(network.parameters)\n"
        "def step():\n"
        "    d_outputs = np.ones_like(network.forward(batch, n_threads=4))\n"
        "    network.backward(d_outputs, gradient, n_threads=4)\n"
        "    return set(os.listdir('/proc/self/task'))\n"
        "first = step()\n"
        "print(all(step() == first for _ in range(5)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        timeout=120,
    )
    assert done.stdout.strip() == "True"


def test_small_work_uses_one_thread(monkeypatch):
    asked = []
    monkeypatch.setattr(_threads, "_available", 8)
    monkeypatch.setattr(_threads, "_team_started", False)
    one = np.zeros((1, 100, 8))
    estimator = LSTMClassifier(hidden_layer_sizes=32, max_iter=1)
    estimator.fit(np.repeat(one, 4, axis=0), [0, 1, 0, 1])
    network = estimator._network
    predict = type(network).predict

    def watched(self, batch, n_threads):
        asked.append(n_threads)
        return predict(self, batch, n_threads)

    monkeypatch.setattr(type(network), "predict", watched)
    estimator.predict(one)
    estimator.predict(np.repeat(one, 256, axis=0))
    assert asked[0] == 1
    assert asked[1] > 1
