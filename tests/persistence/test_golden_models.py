"""Model files that are in the hands of users go on loading, and answer the same."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose
from persistence.golden_models import formats, make
from persistence.model_examples import ONE_OF_EACH, answers

from sklstm.persistence import FORMAT, skops_trusted_types
from sklstm.persistence.file_format import OLDEST_FORMAT

FORMATS = [folder.name for folder in formats()]

# Another instruction set rounds float32 in another place; nothing else may differ.
TOLERANCE = {"rtol": 1e-5, "atol": 1e-6}


def load(path):
    if path.suffix == ".skops":
        skops_io = pytest.importorskip("skops.io")
        return skops_io.load(path, trusted=skops_trusted_types())
    try:
        return pickle.loads(path.read_bytes())
    except ModuleNotFoundError as error:
        if error.name.startswith("numpy."):
            pytest.skip("pickled by NumPy 2, which this older NumPy does not read")
        raise


def test_there_are_files_of_every_format_that_is_read():
    assert [f"format_{n}" for n in range(OLDEST_FORMAT, FORMAT + 1)] == FORMATS


@pytest.mark.parametrize("name", ONE_OF_EACH)
@pytest.mark.parametrize("suffix", [".pkl", ".skops"])
@pytest.mark.parametrize("folder", formats(), ids=FORMATS)
def test_a_saved_model_answers_as_it_did(folder, suffix, name):
    model = load(folder / (name + suffix))
    _, X, y = ONE_OF_EACH[name]()
    with np.load(folder / "answers.npz", allow_pickle=False) as expected:
        assert_allclose(answers(model, X, y), expected[name], **TOLERANCE)
    if hasattr(model, "partial_fit"):  # goes on from what was saved with it
        model.partial_fit(X) if y is None else model.partial_fit(X, y)
        assert model.loss_curve_[-1] < 1.02 * model.loss_curve_[0]


@pytest.mark.parametrize("folder", formats(), ids=FORMATS)
def test_the_files_are_small(folder):
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert max(sizes.values()) < 20_000, sizes


def test_the_script_makes_files_that_load(tmp_path):
    pytest.importorskip("skops.io")
    make(tmp_path / "made")
    for name in ONE_OF_EACH:
        for suffix in (".pkl", ".skops"):
            assert type(load(tmp_path / "made" / (name + suffix)))
