"""Versions and machine facts for a bug report."""

import importlib.metadata
import os
import platform
import sys

from ._kernels import (
    ISA,
    built_with_openmp,
    openmp_max_threads,
    supported_isas,
)
from ._threads import available_threads

_PACKAGES = (
    "sklstm",
    "numpy",
    "scipy",
    "scikit-learn",
    "joblib",
    "narwhals",
    "threadpoolctl",
    "Cython",
    "pandas",
)


def show_versions() -> None:
    """Print versions, the instruction set in use and the threads, for a bug report.

    Examples
    --------
    >>> import sklstm
    >>> sklstm.show_versions()  # doctest: +ELLIPSIS
    System
    ...
    """
    for title, facts in (
        ("System", _system()),
        ("Packages", _packages()),
        ("Kernels", _kernels()),
    ):
        print(title)
        for name, value in facts.items():
            print(f"  {name}: {value}")


def _system():
    return {
        "python": sys.version.replace("\n", " "),
        "machine": platform.platform(),
        "processor": platform.machine(),
    }


def _packages():
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def _kernels():
    variables = ("SKLSTM_ISA", "OMP_NUM_THREADS", "OMP_THREAD_LIMIT")
    return {
        "instruction set": f"{ISA} (of {', '.join(supported_isas())})",
        "built with OpenMP": built_with_openmp(),
        "threads of OpenMP": openmp_max_threads(),
        "threads of n_jobs=None": available_threads(),
        **{name: os.environ.get(name, "not set") for name in variables},
    }
