"""The main process's side of the workers: start them, ask them, take turns."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent

# Idle threads of OpenMP and of ONNX Runtime spin for a while after a call; the next
# contestant starts when they have gone to sleep.
PAUSE = 0.05


class WorkerError(RuntimeError):
    """A worker raised, or died."""


class Worker:
    """One peer in a process of its own.

    Parameters
    ----------
    name : str
        How the tables call it.

    module : str
        Module of the peer, for example "peers.torch_peer".

    n_threads : int
        Threads that it may use.

    environment : dict, default=None
        Variables to set before anything is imported.

    pin : bool, default=False
        Confine the process to `n_threads` cores, for a peer that has no other way
        to limit its threads.
    """

    def __init__(self, name, module, n_threads, environment=None, pin=False):
        self.name = name
        self.n_threads = n_threads
        threads = dict.fromkeys(
            ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
            str(n_threads),
        )
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  (closed with the worker)
        command = [sys.executable, "-m", "harness.worker", module, str(n_threads)]
        self._process = subprocess.Popen(
            command,
            cwd=BENCHMARKS,
            env={**os.environ, **threads, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        if pin and hasattr(os, "sched_setaffinity"):
            cores = sorted(os.sched_getaffinity(0))[-n_threads:]
            os.sched_setaffinity(self._process.pid, cores)

    def ask(self, do, **arguments):
        """Send one request and wait for its result."""
        try:
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise WorkerError(f"{self.name} died:\n{self._last_words()}")
        reply = json.loads(line)
        if "error" in reply:
            raise WorkerError(f"{self.name} failed:\n{reply['error']}")
        return reply["result"]

    def close(self):
        """End the process."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def _last_words(self):
        self._log.seek(0)
        return "".join(self._log.readlines()[-20:])


def measure_in_turn(workers, case, *, rounds, seconds, only=None):
    """Measure every contestant of every worker on one case, in turn.

    Every round gives each contestant a slice of time, forwards in even rounds and
    backwards in odd ones, so that a drift of the machine meets all of them alike.

    Parameters
    ----------
    workers : list of Worker
        The processes; one may hold several contestants, or none for this case.

    case : Case
        What to measure.

    rounds : int
        How often each contestant has its turn.

    seconds : float
        Length of a turn; at least one call is made.

    only : str, default=None
        Leave out contestants of other names.

    Returns
    -------
    results : list of dict
        One a contestant: `worker`, `contestant`, `n_threads`, `seconds` (the median
        over rounds of the median of a round), `rounds` (those medians), `quality`.
    """
    turns = [
        (worker, name)
        for worker in workers
        for name in worker.ask("prepare", case=case.as_message())
        if only is None or name == only
    ]
    # A step is called once before each turn, to find its data and code in the caches
    # again; a fit is long enough to do without.
    discard = 0 if case.section == "fit" else 1
    for worker, name in turns:  # untimed: first calls compile, allocate, start threads
        worker.ask("run", name=name, seconds=0.0, min_calls=1, discard=discard)
    medians = {turn: [] for turn in turns}
    for i in range(rounds):
        for worker, name in turns if i % 2 == 0 else turns[::-1]:
            time.sleep(PAUSE)
            durations = worker.ask(
                "run", name=name, seconds=seconds, min_calls=1, discard=discard
            )
            medians[worker, name].append(statistics.median(durations))
    return [
        {
            "worker": worker.name,
            "contestant": name,
            "n_threads": worker.n_threads,
            "seconds": statistics.median(found),
            "rounds": found,
            "quality": worker.ask("quality", name=name),
        }
        for (worker, name), found in medians.items()
    ]
