"""Every model goes through joblib, read-only memory maps included, and cloudpickle."""

import pickle
import subprocess
import sys

import cloudpickle
import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from persistence.model_examples import EXAMPLES, answers, fit


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_memory_mapped_model_answers_the_same_and_trains_on(name, tmp_path):
    model, X, y = EXAMPLES[name]()
    joblib.dump(fit(model, X, y), tmp_path / "model.joblib")
    mapped = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    assert_array_equal(answers(mapped, X, y), answers(model, X, y))
    if hasattr(model, "partial_fit") and not model.early_stopping:
        assert not mapped._network.parameters.flags.writeable
        for one in (model, mapped):
            one.partial_fit(X) if y is None else one.partial_fit(X, y)
        assert_array_equal(answers(mapped, X, y), answers(model, X, y))


@pytest.mark.parametrize("name", EXAMPLES)
def test_cloudpickle_and_every_protocol_of_pickle_give_the_same(name):
    model, X, y = EXAMPLES[name]()
    expected = answers(fit(model, X, y), X, y)
    files = [cloudpickle.dumps(model)]
    files += [pickle.dumps(model, protocol) for protocol in (2, 4, 5)]
    for file in files:
        assert_array_equal(answers(pickle.loads(file), X, y), expected)


def test_a_model_answers_the_same_in_another_process(tmp_path):
    model, X, y = EXAMPLES["classifier"]()
    (tmp_path / "model.pkl").write_bytes(pickle.dumps((fit(model, X, y), X)))
    code = (
        "import pickle, sys; import numpy as np\n"
        "model, X = pickle.load(open('model.pkl', 'rb'))\n"
        "np.save('proba.npy', model.predict_proba(X))\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert_array_equal(np.load(tmp_path / "proba.npy"), model.predict_proba(X))
