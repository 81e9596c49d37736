"""The examples in the docstrings run, and show what they say."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import sklstm

MODULES = [
    module.name
    for module in pkgutil.walk_packages(sklstm.__path__, "sklstm.")
    if "._kernels." not in module.name
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    if ".interchange.onnx." in name:
        pytest.importorskip("skl2onnx")
    draws = ".displays." in name
    plt = pytest.importorskip("matplotlib.pyplot") if draws else None
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0
    if draws:
        plt.close("all")


@pytest.mark.parametrize("name", sklstm.__all__)
def test_every_public_name_has_an_example(name):
    assert ">>> " in getattr(sklstm, name).__doc__


def test_show_versions_tells_what_a_bug_report_needs(capsys):
    sklstm.show_versions()
    shown = capsys.readouterr().out
    for fact in (
        "python: 3.",
        f"numpy: {np.__version__}",
        "scikit-learn: ",
        "instruction set: ",
        "built with OpenMP: ",
        "threads of n_jobs=None: ",
        "OMP_NUM_THREADS: ",
    ):
        assert fact in shown
