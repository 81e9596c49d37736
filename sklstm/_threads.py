"""How many threads a pass may use: the only place that decides.

Within a pass the kernels do what is too small for all of these threads on one.

Kernels get a plain ``int`` and pass it to OpenMP; nothing in the package sets a
process-wide number of threads. Results do not depend on the answer given here
(every sum has one fixed order), so it may follow the machine freely.
"""

import os
from numbers import Integral

import joblib

# Multiplications and additions of a pass from which one more thread pays. Waking a team
# and waiting for it at every barrier costs as much as a core computes in the meantime
# (benchmarks/small_work.py: two threads break even at about 3 million, and on a busy
# machine later).
MULTIPLY_ADDS_PER_THREAD = 4_000_000

# libgomp keeps its worker threads for the next parallel region. They do not survive
# a fork, and a child that asks for a team waits for them forever.
_team_started = False  # this process has run a region of two or more threads
_forked_after_team = False  # ... and this process is a fork of such a process

_available = None  # resolved once: reading the cgroup files takes longer than a predict


def effective_n_threads(n_jobs=None, work=None):
    """Resolve ``n_jobs`` to the number of threads handed to a kernel.

    Parameters
    ----------
    n_jobs : int or None, default=None
        None and -1 mean every core the process may use (see
        :func:`available_threads`), -2 all but one, and so on. A positive number is
        taken at its word, as scikit-learn does for its OpenMP code.
    work : int, default=None
        Size of one pass over the network in multiply-adds (packed rows times
        parameters). Small work gets fewer threads. None means large.

    Returns
    -------
    n_threads : int
        At least 1.

    Raises
    ------
    ValueError
        If ``n_jobs`` is 0.
    TypeError
        If ``n_jobs`` is no int.

    Examples
    --------
    >>> from sklstm._threads import effective_n_threads
    >>> effective_n_threads(1)
    1
    >>> effective_n_threads(2, work=1000)
    1
    """
    global _team_started
    if n_jobs is not None and not isinstance(n_jobs, Integral):
        raise TypeError(f"n_jobs must be an int or None, got {n_jobs!r}.")
    if n_jobs == 0:
        raise ValueError(
            "n_jobs == 0 means no thread at all. Use None for all cores the process "
            "may use, or a positive number of threads."
        )
    if _forked_after_team:
        return 1
    if n_jobs is None or n_jobs < 0:
        n_threads = max(1, available_threads() + 1 + (-1 if n_jobs is None else n_jobs))
    else:
        n_threads = int(n_jobs)
    if work is not None:
        n_threads = min(n_threads, 1 + int(work) // MULTIPLY_ADDS_PER_THREAD)
    if n_threads > 1:
        _team_started = True
    return n_threads


def available_threads():
    """Return the number of threads this process may use.

    It is the smallest of: the cores that affinity and the container's CPU quota
    leave to the process (``joblib.cpu_count``, which also obeys
    ``LOKY_MAX_CPU_COUNT``), ``OMP_NUM_THREADS`` and ``OMP_THREAD_LIMIT``. joblib's
    loky backend tells each worker its share of the cores through ``OMP_NUM_THREADS``.
    The environment is read once a process, as OpenMP itself does.
    """
    global _available
    if _available is None:
        limits = [joblib.cpu_count()]
        for variable in ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT"):
            limit = _read_limit(os.environ.get(variable, ""))
            if limit is not None:
                limits.append(limit)
        _available = max(1, min(limits))
    return _available


def _read_limit(text):
    """First number of an OpenMP variable ("4" or, one a nesting level, "4,2")."""
    first = text.split(",")[0].strip()
    return int(first) if first.isdecimal() and int(first) > 0 else None


def _after_fork_in_child():
    global _forked_after_team
    _forked_after_team = _forked_after_team or _team_started


if hasattr(os, "register_at_fork"):  # absent on Windows, which cannot fork
    os.register_at_fork(after_in_child=_after_fork_in_child)
