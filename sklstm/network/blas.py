"""LAPACK and SciPy on one BLAS thread: with several they may round differently."""

from functools import cache

from threadpoolctl import ThreadpoolController

__all__ = ["one_blas_thread"]


@cache
def _controller():
    """The libraries loaded by now, NumPy's and SciPy's: finding them takes a while."""
    return ThreadpoolController()


def one_blas_thread():
    """A context in which BLAS uses one thread."""
    return _controller().limit(limits=1, user_api="blas")
