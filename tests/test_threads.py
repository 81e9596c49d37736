"""The number of threads: n_jobs, the environment, small work, forks."""

import multiprocessing
import os
import subprocess
import sys

import joblib
import pytest

from sklstm import _threads
from sklstm._threads import available_threads, effective_n_threads


@pytest.fixture(autouse=True)
def fresh_state(monkeypatch):
    """A process that has not resolved anything yet, on a machine of four cores."""
    for variable in ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(_threads, "_available", None)
    monkeypatch.setattr(_threads, "_team_started", False)
    monkeypatch.setattr(_threads, "_forked_after_team", False)
    monkeypatch.setattr(joblib, "cpu_count", lambda: 4)


@pytest.mark.parametrize(
    "n_jobs, n_threads", [(None, 4), (-1, 4), (-2, 3), (-9, 1), (1, 1), (3, 3), (7, 7)]
)
def test_n_jobs_counts_from_the_cores_of_the_process(n_jobs, n_threads):
    assert effective_n_threads(n_jobs) == n_threads


def test_zero_jobs_is_an_error_that_says_what_to_do():
    with pytest.raises(ValueError, match="Use None for all cores"):
        effective_n_threads(0)


@pytest.mark.parametrize(
    "variables, n_threads",
    [
        ({"OMP_NUM_THREADS": "1"}, 1),
        ({"OMP_NUM_THREADS": "3,2"}, 3),
        ({"OMP_NUM_THREADS": "64"}, 4),
        ({"OMP_THREAD_LIMIT": "2"}, 2),
        ({"OMP_NUM_THREADS": "3", "OMP_THREAD_LIMIT": "2"}, 2),
        ({"OMP_NUM_THREADS": "many"}, 4),
        ({"OMP_NUM_THREADS": "0"}, 4),
        ({"OMP_NUM_THREADS": ""}, 4),
    ],
)
def test_the_environment_of_openmp_is_obeyed(monkeypatch, variables, n_threads):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert effective_n_threads(None) == n_threads


def test_small_work_uses_fewer_threads():
    unit = _threads.MULTIPLY_ADDS_PER_THREAD
    assert effective_n_threads(None, work=0) == 1
    assert effective_n_threads(None, work=unit - 1) == 1
    assert effective_n_threads(None, work=unit) == 2
    assert effective_n_threads(None, work=100 * unit) == 4
    assert effective_n_threads(2, work=100 * unit) == 2


def test_the_environment_is_read_once(monkeypatch):
    assert available_threads() == 4
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert available_threads() == 4


@pytest.mark.parametrize("team, in_child", [(2, 1), (1, 2)])
def test_a_fork_of_a_process_that_ran_a_team_computes_alone(
    monkeypatch, team, in_child
):
    effective_n_threads(team)
    _threads._after_fork_in_child()
    assert effective_n_threads(2) == in_child


def test_a_fork_of_a_fork_still_computes_alone():
    effective_n_threads(2)
    _threads._after_fork_in_child()
    _threads._after_fork_in_child()
    assert effective_n_threads(2) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_the_guard_is_registered_with_the_system():
    effective_n_threads(2)
    context = multiprocessing.get_context("fork")
    with context.Pool(1) as pool:
        assert pool.apply(effective_n_threads, (2,)) == 1
    assert effective_n_threads(2) == 2


def test_a_loky_worker_keeps_to_its_share_of_the_cores():
    # Two workers on the two cores of LOKY_MAX_CPU_COUNT: one thread each.
    code = (
        "from joblib import Parallel, delayed\n"
        "from sklstm._threads import effective_n_threads\n"
        "jobs = Parallel(2, 'loky')(delayed(effective_n_threads)() for _ in range(2))\n"
        "print(jobs)\n"
    )
    environment = {**os.environ, "LOKY_MAX_CPU_COUNT": "2"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        timeout=120,
    )
    assert done.stdout == "[1, 1]\n"
