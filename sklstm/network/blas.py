"""LAPACK and SciPy on one BLAS thread: with several they may round differently."""

from contextlib import contextmanager
from functools import cache
from threading import Lock

from threadpoolctl import ThreadpoolController

__all__ = ["one_blas_thread"]

# Fits in several Python threads overlap: the first one in sets the limit, the last one
# out lifts it. Each for itself would restore what another had set.
_lock = Lock()
_limits: list = []


@cache
def _controller():
    """The libraries loaded by now, NumPy's and SciPy's: finding them takes a while."""
    return ThreadpoolController()


@contextmanager
def one_blas_thread():
    """A context in which BLAS uses one thread."""
    with _lock:
        if not _limits:
            _limits.append(_controller().limit(limits=1, user_api="blas"))
        else:
            _limits.append(None)
    try:
        yield
    finally:
        with _lock:
            if len(_limits) == 1:
                _limits[0].restore_original_limits()
            # The limiter stays first, whoever leaves.
            _limits.pop()
