"""Exported graphs in onnxruntime, and their answers beside those of the estimators.

Whether a graph is right is judged by onnxruntime alone: nothing here knows how gates
are ordered or what a node means.
"""

import json

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from sklstm.interchange import onnx_inputs, to_onnx  # noqa: E402

TOLERANCE = 1e-5  # of the largest entry


def run(model, feeds):
    """Outputs of a graph by name."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def exported(estimator, X, **how):
    """Outputs of the graph of an estimator for X, by name."""
    model = to_onnx(estimator, **how)
    onnx.checker.check_model(model, full_check=True)
    ragged = {name: how[name] for name in ("ragged",) if name in how}
    return run(model, onnx_inputs(estimator, X, **ragged))


def facts_of(model):
    """What the metadata say, read from JSON."""
    properties = {one.key: one.value for one in model.metadata_props}
    plain = ("sklstm.version", "sklstm.estimator")
    return {
        name.removeprefix("sklstm."): value if name in plain else json.loads(value)
        for name, value in properties.items()
    }


def assert_close(found, expected):
    """Fail unless numbers agree to `TOLERANCE` of the largest."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    scale = np.abs(expected).max()
    assert scale > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE * scale)


def assert_steps_close(found, expected):
    """The same for one array a sequence; `found` is padded."""
    assert len(found) == len(expected)
    for of_one, wanted in zip(found, expected, strict=True):
        assert_close(of_one[: len(wanted)], wanted)


def companies(X):
    """X as a whole, one sequence of it, and sequences of one step."""
    return [X, X[2:3], [x[:1] for x in X[:4]]]


def scrambled(estimator, scale=0.5, seed=0):
    """A fitted estimator with other parameters, none of which is zero."""
    network = estimator._network
    rng = np.random.default_rng(seed)
    network.set_parameters(scale * rng.normal(size=network.n_parameters))
    return estimator
