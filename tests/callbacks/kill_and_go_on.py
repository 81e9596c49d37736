"""Kills fits at random moments and lets them go on; run by `test_kill_and_go_on`.

This process never computes: it starts one child after the other (copies of itself, so
that nothing has to be imported again), kills it, starts another one in its place, and
compares what that leaves with what a child left that was never killed.

    python kill_and_go_on.py FOLDER N_KILLS SEED

Prints, as JSON, how many fits went on from a file, how many were killed while one was
being written, and the names of those that ended otherwise than they should have.
"""

import hashlib
import json
import os
import pickle
import signal
import sys
import time
from pathlib import Path

import numpy as np
from callbacks.fits import everything, fit

from sklstm.callbacks import Checkpoint

# Long enough to be killed on the way; everything that has to be remembered is in them.
LONG = {
    "classifier that stops early": {
        "max_iter": 20,
        "n_iter_no_change": 20,
        "learning_rate_init": 0.02,
        "hidden_layer_sizes": (40, 30),
    },
    "language model": {"max_iter": 15, "hidden_layer_sizes": 30},
    "classifier by lbfgs": {"max_iter": 20, "tol": 0.0, "hidden_layer_sizes": 12},
    "regressor with validation data": {"max_iter": 20, "random_state": None},
}


def digest(estimator):
    """A short name of all that a fit has left."""
    found = {name: np.asarray(v).tobytes() for name, v in everything(estimator).items()}
    return hashlib.blake2b(pickle.dumps(sorted(found.items()))).hexdigest()


def child(name, global_seed, result, *callbacks):
    """Start a child that fits and writes down the digest; return its number."""
    number = os.fork()
    if number == 0:
        status = 1
        try:
            np.random.seed(global_seed)  # which is what `random_state=None` draws from
            text = digest(fit(name, *callbacks, **LONG[name]))
            result.write_text(text)
            status = 0
        finally:
            os._exit(status)
    return number


def ended(number):
    """Wait for a child; return its exit status, negative if it was killed."""
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def main(folder, n_kills, seed):
    folder, rng = Path(folder), np.random.RandomState(seed)
    wanted, seconds = {}, {}
    for name in LONG:
        for timed in (False, True):  # the first one warms up
            began, result = time.perf_counter(), folder / f"{name}.whole"
            saved = folder / f"{name}.timed.npz"
            saved.unlink(missing_ok=True)
            callbacks = [Checkpoint(saved)] if timed else []
            assert ended(child(name, 0, result, *callbacks)) == 0
            seconds[name] = time.perf_counter() - began
            assert wanted.setdefault(name, result.read_text()) == result.read_text()
    counts = {"killed": 0, "gone_on": 0, "while_writing": 0, "different": []}
    for k in range(n_kills):
        name = list(LONG)[k % len(LONG)]
        path, result = folder / f"{k}.npz", folder / f"{k}.result"
        number = child(name, 0, result, Checkpoint(path))
        time.sleep(rng.uniform(0, seconds[name]))
        os.kill(number, signal.SIGKILL)
        counts["killed"] += ended(number) == -signal.SIGKILL
        counts["gone_on"] += path.exists()
        counts["while_writing"] += bool(list(folder.glob(f"{k}.npz.*.tmp")))
        result.unlink(missing_ok=True)
        # Where a file is left it has the random state, whatever the new process's is.
        ok = ended(child(name, int(path.exists()), result, Checkpoint(path))) == 0
        if not ok or result.read_text() != wanted[name]:
            counts["different"].append(f"{k}: {name}")
    print(json.dumps(counts))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
