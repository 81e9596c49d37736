"""Fixtures shared by all tests."""

import os
from pathlib import Path

import numpy as np
import pytest

from sklstm import _kernels

REPOSITORY = Path(__file__).resolve().parent.parent

# Processes that a test starts import the package under test, not what lies in the
# folder they happen to be started in (the sources, when the package is installed).
os.environ["PYTHONSAFEPATH"] = "1"
os.environ["PYTHONPATH"] = str(Path(_kernels.__file__).resolve().parents[2])

# Several tests run at a time, in workers, which inherit this: a team that waits for its
# next region must not keep the cores from the others.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# Pictures are drawn into memory.
os.environ["MPLBACKEND"] = "agg"


@pytest.fixture(params=[1, 2], ids=["1_thread", "2_threads"])
def n_threads(request):
    """Team sizes every threaded result must agree for."""
    return request.param


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def dtype(request):
    """The two dtypes every kernel is built for."""
    return request.param


@pytest.fixture(params=_kernels.supported_isas())
def isa(request, monkeypatch):
    """Every instruction set of this build and processor, in use during the test."""
    variants = {
        np.dtype(dtype): _kernels.load_variant(dtype, request.param)
        for dtype in ("float32", "float64")
    }
    monkeypatch.setattr(_kernels, "_loaded", variants)
    return request.param


@pytest.fixture
def kernels(isa, dtype):
    """The kernel module of one instruction set and dtype."""
    return _kernels.load_variant(dtype, isa)


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real data sets that are too large for the package.

    Looked for in the environment variable ``SKLSTM_SHARED_DATA``, then in
    ``../shared/data`` beside the repository; the test is skipped when it is in
    neither place.
    """
    named = os.environ.get("SKLSTM_SHARED_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no shared data in {folder}; set SKLSTM_SHARED_DATA to its folder")
    return folder
