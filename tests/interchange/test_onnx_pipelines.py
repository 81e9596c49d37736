"""Whole pipelines as ONNX graphs, by skl2onnx."""

import numpy as np
import pandas as pd
import pytest
from estimators.problems import make_estimator, make_problem
from estimators.tagging_problems import make_sentences, make_tagger, make_vectors
from estimators.transcription_problems import make_problem as make_beeps
from interchange.onnx_runs import (
    assert_close,
    assert_steps_close,
    companies,
    exported,
    facts_of,
    onnx,
    run,
)
from numpy.testing import assert_array_equal
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    PolynomialFeatures,
    StandardScaler,
)

from sklstm import LSTMClassifier, LSTMTranscriber, TimestepTransformer
from sklstm.datasets import load_japanese_vowels
from sklstm.interchange import onnx_inputs, pad, register_converters, to_onnx
from sklstm.sequences import FrameStacker, SequenceScaler

skl2onnx = pytest.importorskip("skl2onnx")

from skl2onnx.common.data_types import (  # noqa: E402
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
)


def shifted_problem():
    """Channels that need scaling."""
    X, labels, numbers = make_problem()
    return [x * [3, 0.1, 20] + [5, -1, 80] for x in X], labels, numbers


WRAPPED = [
    StandardScaler(),
    MinMaxScaler(),
    PCA(2, random_state=0),
    PolynomialFeatures(2),
    make_pipeline(SimpleImputer(), StandardScaler(), PCA(3, random_state=0)),
]


@pytest.mark.parametrize("kind", ["classifier", "regressor", "transformer"])
@pytest.mark.parametrize("wrapped", WRAPPED, ids=str)
def test_lifted_transformers_before_a_network(wrapped, kind):
    X, labels, numbers = shifted_problem()
    estimator = make_estimator(kind)
    pipeline = make_pipeline(TimestepTransformer(wrapped), estimator)
    pipeline.fit(X, numbers if kind == "regressor" else labels)
    for some in companies(X):
        found = exported(pipeline, some)
        if kind == "classifier":
            assert_close(found["probabilities"], pipeline.predict_proba(some))
            assert_array_equal(found["label"], pipeline.predict(some))
        elif kind == "regressor":
            assert_close(found["variable"][:, 0], pipeline.predict(some))
        else:
            assert_close(found["variable"], pipeline.transform(some))


def test_the_graph_says_what_the_last_step_is():
    X, labels, _ = shifted_problem()
    pipeline = make_pipeline(
        TimestepTransformer(StandardScaler()), make_estimator("classifier")
    ).fit(X, labels)
    model = to_onnx(pipeline, opset=19)
    assert facts_of(model)["classes"] == ["a", "b", "c"]
    versions = {one.domain: one.version for one in model.opset_import}
    assert versions[""] == 19
    onnx.checker.check_model(model, full_check=True)


def test_speakers_are_told_apart_by_the_graph():
    """Real sequences of many lengths: as good as the pipeline, sample by sample."""
    X, y = load_japanese_vowels(subset="train", return_X_y=True)
    X_test, y_test = load_japanese_vowels(subset="test", return_X_y=True)
    pipeline = make_pipeline(
        TimestepTransformer(StandardScaler()),
        LSTMClassifier(hidden_layer_sizes=24, max_iter=25, random_state=0),
    ).fit(X, y)
    found = exported(pipeline, X_test)
    assert_close(found["probabilities"], pipeline.predict_proba(X_test))
    assert np.mean(found["label"] == y_test) > 0.9


@pytest.mark.parametrize("output", ["last", "max"])
def test_a_network_between_other_models(output):
    X, labels, _ = shifted_problem()
    pipeline = make_pipeline(
        TimestepTransformer(StandardScaler()),
        make_estimator("transformer", output=output, zoneout=0.1),
        "passthrough",
        StandardScaler(),
        LogisticRegression(),
    ).fit(X, labels)
    for some in companies(X):
        found = exported(pipeline, some)
        assert_close(found["probabilities"], pipeline.predict_proba(some))
        assert_array_equal(found["label"], pipeline.predict(some))


def test_columns_that_are_chosen_by_number():
    X, labels, _ = shifted_problem()
    chosen = make_column_transformer(
        (StandardScaler(), [0, 2]), remainder="passthrough"
    )
    pipeline = make_pipeline(TimestepTransformer(chosen), make_estimator("classifier"))
    pipeline.fit(X, labels)
    assert_close(exported(pipeline, X)["probabilities"], pipeline.predict_proba(X))


def test_gaps_are_filled_in_the_graph():
    X, labels, _ = shifted_problem()
    for x in X[::3]:
        x[1, 0] = np.nan
    pipeline = make_pipeline(
        TimestepTransformer(SimpleImputer()),
        TimestepTransformer(StandardScaler()),
        make_estimator("classifier"),
    ).fit(X, labels)
    assert_close(exported(pipeline, X)["probabilities"], pipeline.predict_proba(X))


@pytest.mark.parametrize(
    "wrapped, why",
    [
        (make_column_transformer((StandardScaler(), ["a", "b"])), "column name 'a'"),
        (FunctionTransformer(np.tanh), "FunctionTransformer is not supported"),
    ],
    ids=["names", "function"],
)
def test_what_skl2onnx_does_not_convert_is_an_error(wrapped, why):
    X, labels, _ = make_problem()
    frames = [pd.DataFrame(x, columns=list("abc")) for x in X]
    pipeline = make_pipeline(TimestepTransformer(wrapped), make_estimator("classifier"))
    pipeline.fit(frames, labels)
    with pytest.raises(ValueError, match=f"does not convert.*{why}.*by number"):
        to_onnx(pipeline)


def test_columns_that_skl2onnx_leaves_out_are_an_error():
    X, *_ = make_problem()
    X[0][0, 1] = np.nan
    transformer = TimestepTransformer(SimpleImputer(add_indicator=True)).fit(X)
    with pytest.raises(ValueError, match=r"add_indicator=True of the SimpleImputer"):
        to_onnx(transformer)


def test_networks_side_by_side():
    X, labels, _ = shifted_problem()
    features = make_union(
        make_pipeline(
            TimestepTransformer(StandardScaler()), make_estimator("transformer")
        ),
        make_estimator("transformer", output="max", cell="gru"),
    )
    pipeline = make_pipeline(features, LogisticRegression()).fit(X, labels)
    for some in companies(X):
        found = exported(pipeline, some)
        assert_close(found["probabilities"], pipeline.predict_proba(some))


def test_one_network_feeds_another():
    X, labels, _ = shifted_problem()
    pipeline = make_pipeline(
        SequenceScaler(),
        FrameStacker(2),
        make_estimator("transformer", output="sequence"),
        TimestepTransformer(StandardScaler()),
        make_estimator("classifier", bidirectional=True, pooling="mean"),
    ).fit(X, labels)
    for some in companies(X):
        found = exported(pipeline, some)
        assert_close(found["probabilities"], pipeline.predict_proba(some))


@pytest.mark.parametrize("n_frames", [1, 2, 3, 4, 20])
def test_frames_are_stacked_in_the_graph(n_frames):
    X, *_ = shifted_problem()
    stacker = FrameStacker(n_frames).fit(X)
    for some in companies(X):
        found, expected = exported(stacker, some), stacker.transform(some)
        assert_steps_close(found["variable"], expected)
        assert found["variable_lengths"].tolist() == [len(x) for x in expected]
    equal = [x[:3] for x in X]
    found = exported(stacker, equal, ragged=False)["variable"]
    assert_steps_close(found, stacker.transform(equal))


@pytest.mark.parametrize("with_std", [False, True])
def test_sequences_are_scaled_in_the_graph(with_std):
    X, *_ = shifted_problem()
    nearly_constant = [7.3, np.nextafter(np.float32(7.3), np.float32(8))]
    X = [
        np.column_stack([x, np.resize(nearly_constant, len(x))]).astype(np.float32)
        for x in X
    ]
    scaler = SequenceScaler(with_std=with_std).fit(X)
    for some in (X, X[2:3]):
        found = exported(scaler, some)["variable"]
        for of_one, expected in zip(found, scaler.transform(some), strict=True):
            of_one = of_one[: len(expected)]
            np.testing.assert_allclose(of_one, expected, rtol=0, atol=3e-5)


def test_transcriber_behind_stacked_frames():
    X, y = make_beeps()
    pipeline = make_pipeline(
        SequenceScaler(),
        FrameStacker(2),
        LSTMTranscriber(hidden_layer_sizes=6, max_iter=2, random_state=0),
    )
    kept = [k for k, word in enumerate(y) if len(word) < 2]
    X, y = [X[k] for k in kept], [y[k] for k in kept]
    pipeline.fit(X, y)
    found = exported(pipeline, X)["log_probabilities"]
    assert_steps_close(np.exp(found), pipeline.predict_proba(X))


def test_tagger_behind_a_scaler():
    X, y = make_vectors()
    pipeline = make_pipeline(
        TimestepTransformer(StandardScaler()), make_tagger(output="crf")
    ).fit(X, y)
    found = exported(pipeline, X)
    assert_steps_close(found["probabilities"], pipeline.predict_proba(X))


@pytest.mark.parametrize("character_size", [None, 4])
def test_symbols_are_codes_in_a_pipeline_too(character_size):
    X, y = make_sentences()
    pipeline = make_pipeline(make_tagger(character_size=character_size)).fit(X, y)
    for some in (X, X[:1]):
        found = exported(pipeline, some)
        assert_steps_close(found["probabilities"], pipeline.predict_proba(some))


def test_tables_of_univariate_series():
    rng = np.random.RandomState(0)
    X, y = 5 + rng.normal(size=(40, 8)), rng.randint(0, 3, size=40)
    pipeline = make_pipeline(StandardScaler(), make_estimator("classifier")).fit(X, y)
    assert set(onnx_inputs(pipeline, X)) == {"X"}
    for some in (X, X[:1]):
        found = exported(pipeline, some)
        assert_close(found["probabilities"], pipeline.predict_proba(some))
    pipeline = make_pipeline(
        TimestepTransformer(StandardScaler()), make_estimator("classifier")
    ).fit(X, y)
    assert_close(exported(pipeline, X)["probabilities"], pipeline.predict_proba(X))


def test_a_search_over_a_pipeline():
    X, labels, _ = shifted_problem()
    pipeline = Pipeline([
        ("scale", TimestepTransformer(StandardScaler())),
        ("net", make_estimator("classifier")),
    ])  # fmt: skip
    search = GridSearchCV(pipeline, {"scale": [None, "passthrough"]}, cv=2)
    search.fit(X, labels)
    assert_close(exported(search, X)["probabilities"], search.predict_proba(X))


def test_graphs_without_lengths():
    X, labels, _ = make_problem("3d")
    pipeline = make_pipeline(
        TimestepTransformer(StandardScaler()), make_estimator("classifier")
    ).fit(X, labels)
    model = to_onnx(pipeline, ragged=False)
    assert [one.name for one in model.graph.input] == ["X"]
    found = run(model, {"X": X.astype(np.float32)})
    assert_close(found["probabilities"], pipeline.predict_proba(X))


# With skl2onnx itself ----


def test_registered_converters_serve_skl2onnx():
    X, labels, _ = shifted_problem()
    pipeline = make_pipeline(
        TimestepTransformer(StandardScaler()), make_estimator("classifier")
    ).fit(X, labels)
    register_converters()
    register_converters()  # again does no harm
    array, lengths = pad(X)
    for kind, dtype in [(FloatTensorType, np.float32), (DoubleTensorType, np.float64)]:
        model = skl2onnx.convert_sklearn(
            pipeline,
            initial_types=[
                ("X", kind([None, None, 3])),
                ("lengths", Int64TensorType([None])),
            ],
            target_opset=21,
        )
        found = run(model, {"X": array.astype(dtype), "lengths": lengths})
        label, probabilities = found.values()  # dictionaries, as skl2onnx has them
        assert_array_equal(label, pipeline.predict(X))
        rows = [[of_one[name] for name in "abc"] for of_one in probabilities]
        assert_close(rows, pipeline.predict_proba(X))
    model = skl2onnx.to_onnx(
        pipeline,
        initial_types=[("X", FloatTensorType([None, None, 3]))],
        target_opset=18,
        options={id(pipeline[-1]): {"zipmap": False}},
    )
    equal = [x[:3] for x in X]
    found = run(model, {"X": pad(equal)[0]})
    assert_close(found["probabilities"], pipeline.predict_proba(equal))


def test_numbers_too_close_for_float32_come_through_in_float64():
    X, _, numbers = make_problem()
    X = [1e6 + x for x in X]
    pipeline = make_pipeline(
        TimestepTransformer(StandardScaler()), make_estimator("regressor")
    ).fit(X, numbers)
    register_converters()
    model = skl2onnx.convert_sklearn(
        pipeline,
        initial_types=[
            ("X", DoubleTensorType([None, None, 3])),
            ("lengths", Int64TensorType([None])),
        ],
        target_opset=21,
    )
    array, lengths = pad([x - 1e6 for x in X])
    feeds = {"X": array.astype(np.float64) + 1e6, "lengths": lengths}
    X = [x[:n] for x, n in zip(feeds["X"], lengths, strict=True)]
    assert_close(run(model, feeds)["variable"][:, 0], pipeline.predict(X))


def test_a_model_beside_a_network_is_converted_by_skl2onnx():
    X, _, numbers = shifted_problem()
    pipeline = make_pipeline(make_estimator("transformer"), Ridge()).fit(X, numbers)
    assert_close(exported(pipeline, X)["variable"][:, 0], pipeline.predict(X))


def test_too_many_inputs_are_an_error():
    X, labels, _ = make_problem()
    classifier = make_estimator("classifier").fit(X, labels)
    register_converters()
    names = [("lengths", Int64TensorType([None])), ("more", Int64TensorType([None]))]
    with pytest.raises(ValueError, match=r"reads \['X', 'lengths'\], but is given 3"):
        skl2onnx.convert_sklearn(
            classifier,
            initial_types=[("X", FloatTensorType([None, None, 3])), *names],
        )


def test_missing_skl2onnx_says_what_to_install(monkeypatch):
    import sys

    X, labels, _ = shifted_problem()
    pipeline = make_pipeline(
        TimestepTransformer(StandardScaler()), make_estimator("classifier")
    ).fit(X, labels)
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'sklstm\[onnx\]'"):
        to_onnx(pipeline)
    to_onnx(pipeline[-1])  # needs onnx only
