"""What scikit-learn's checks never feed: 3-D, padded, ragged, Sequences."""

import pickle

import cloudpickle
import joblib
import numpy as np
import pytest
from estimators.problems import (
    LAYOUTS,
    as_layout,
    make_arrays,
    make_estimator,
    make_problem,
    result_of,
    target_for,
)
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags

from sklstm import Sequences
from sklstm.estimators import base

KINDS = ["classifier", "regressor", "transformer"]


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(params=LAYOUTS)
def layout(request):
    return request.param


def fitted(kind, layout, **parameters):
    X, labels, numbers = make_problem(layout)
    y = target_for(kind, labels, numbers)
    return make_estimator(kind, **parameters).fit(X, y), X, y


def test_every_layout_gives_the_same_bits(kind):
    reference, ragged, y = fitted(kind, "ragged")
    for layout in LAYOUTS[1:]:
        X = as_layout(ragged, layout)
        estimator = make_estimator(kind).fit(X, y)
        assert estimator.n_features_in_ == 3
        assert estimator.loss_curve_ == reference.loss_curve_
        for data in (X, ragged):
            assert_array_equal(result_of(estimator, data), result_of(reference, ragged))


def test_a_sequence_alone_gets_what_it_gets_in_company(kind, layout):
    estimator, X, _ = fitted(kind, layout)
    together = result_of(estimator, X)
    assert not np.allclose(together[0], together[1:])
    order = np.random.RandomState(0).permutation(len(X))
    for i in range(10):
        assert_array_equal(result_of(estimator, X[i : i + 1])[0], together[i])
    shuffled = X[order] if hasattr(X, "shape") else [X[i] for i in order]
    assert_array_equal(result_of(estimator, shuffled), together[order])


def test_logarithms_too_do_not_depend_on_company():
    for labels in ("three", "two"):
        X, y, _ = make_problem()
        y = y if labels == "three" else y == "a"
        estimator = make_estimator("classifier").fit(X, y)
        together = estimator.predict_log_proba(X)
        for i in range(len(X)):
            assert_array_equal(
                estimator.predict_log_proba(X[i : i + 1])[0], together[i]
            )


def test_inference_in_passes_changes_no_bit(kind, layout, monkeypatch):
    estimator, X, _ = fitted(kind, layout)
    at_once = result_of(estimator, X)
    for rows in (1, 20, 100):
        monkeypatch.setattr(base, "ROWS_PER_PASS", rows)
        assert_array_equal(result_of(estimator, X), at_once)


def test_states_of_all_steps_in_passes(monkeypatch):
    estimator, X, _ = fitted("transformer", "sequences", output="sequence")
    at_once = estimator.transform(X)
    monkeypatch.setattr(base, "ROWS_PER_PASS", 25)
    assert_array_equal(estimator.transform(X).values, at_once.values)


def test_seeds_decide_and_nothing_else(kind, layout):
    estimator, X, y = fitted(kind, layout)
    np.random.seed(123)
    again = clone(estimator).fit(X, y)
    assert np.random.randint(2**31) == np.random.RandomState(123).randint(2**31)
    assert_array_equal(result_of(again, X), result_of(estimator, X))
    other = clone(estimator).set_params(random_state=1).fit(X, y)
    assert not np.array_equal(result_of(other, X), result_of(estimator, X))
    generators = [
        result_of(clone(estimator).set_params(random_state=state).fit(X, y), X)
        for state in (np.random.RandomState(0), 0)
    ]
    assert_array_equal(*generators)


def test_input_is_left_alone(kind, layout):
    X, labels, numbers = make_problem(layout)
    arrays = [X.values] if layout == "sequences" else list(X)
    copies = [array.copy() for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    estimator = make_estimator(kind).fit(X, target_for(kind, labels, numbers))
    result_of(estimator, X)
    for array, copy in zip(arrays, copies, strict=True):
        assert_array_equal(array, copy)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_any_dtype_of_numbers_is_read(kind, dtype):
    X, labels, numbers = make_problem("3d")
    X = (4 * X).astype(dtype)
    y = target_for(kind, labels, numbers)
    estimator = make_estimator(kind).fit(X, y)
    same = make_estimator(kind).fit(X.astype(np.float32), y)
    assert_array_equal(result_of(estimator, X), result_of(same, X))


def test_pickle_then_partial_fit(kind, layout):
    estimator, X, y = fitted(kind, layout)
    for dump, load in ((pickle.dumps, pickle.loads), (cloudpickle.dumps, pickle.loads)):
        copy = load(dump(estimator))
        assert_array_equal(result_of(copy, X), result_of(estimator, X))
        copy.partial_fit(X, y)
        on = pickle.loads(pickle.dumps(estimator)).partial_fit(X, y)
        assert_array_equal(result_of(copy, X), result_of(on, X))
        assert not np.array_equal(result_of(copy, X), result_of(estimator, X))


def test_joblib_with_a_memory_map_then_partial_fit(kind, layout, tmp_path):
    estimator, X, y = fitted(kind, layout, hidden_layer_sizes=40)
    joblib.dump(estimator, tmp_path / "model.joblib")
    mapped = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    assert not mapped._network.parameters.flags.writeable
    assert_array_equal(result_of(mapped, X), result_of(estimator, X))
    mapped.partial_fit(X, y)
    expected = pickle.loads(pickle.dumps(estimator)).partial_fit(X, y)
    assert_array_equal(result_of(mapped, X), result_of(expected, X))
    assert mapped.set_params(warm_start=True, max_iter=1).fit(X, y).n_iter_ == 1


def test_the_state_is_small_and_plain(kind):
    estimator, X, _ = fitted(kind, "ragged", hidden_layer_sizes=32)
    n_bytes = estimator._network.parameters.nbytes
    before = len(pickle.dumps(estimator))
    result_of(estimator, X)  # makes caches, which are not part of the state
    assert len(pickle.dumps(estimator)) == before
    assert before < 3.5 * n_bytes + 8000  # parameters and the two moments of Adam


def test_memory_mapped_sequences(kind, tmp_path):
    estimator, X, y = fitted(kind, "sequences")
    np.save(tmp_path / "values.npy", X.values)
    values = np.load(tmp_path / "values.npy", mmap_mode="r")
    mapped = Sequences(values, X.lengths)
    assert_array_equal(
        result_of(make_estimator(kind).fit(mapped, y), mapped), result_of(estimator, X)
    )


def test_not_fitted_is_said(kind):
    X, _, _ = make_problem()
    estimator = make_estimator(kind)
    methods = ["predict", "predict_proba", "predict_log_proba", "transform"]
    for method in methods:
        if hasattr(estimator, method):
            with pytest.raises(NotFittedError, match="not fitted yet"):
                getattr(estimator, method)(X)
    with pytest.raises(NotFittedError):
        _ = estimator.layers_
    if kind == "transformer":
        with pytest.raises(NotFittedError):
            estimator.get_feature_names_out()


def test_other_channels_are_an_error(kind, layout):
    estimator, _, _ = fitted(kind, layout)
    arrays = make_arrays(n_features=2, equal_lengths=layout == "3d")
    with pytest.raises(ValueError, match=r"X has 2 features, but .* is expecting 3"):
        result_of(estimator, as_layout(arrays, layout))


def test_swapped_axes_are_suspected(kind):
    estimator, X, _ = fitted(kind, "3d")
    with pytest.raises(ValueError, match="axes look swapped"):
        result_of(estimator, X.transpose(0, 2, 1))


@pytest.mark.parametrize(
    "bad, message",
    [
        (np.nan, "Input X contains NaN: sample 4, time step 1, channel 2"),
        (np.inf, "Input X contains infinity.*sample 4, time step 1, channel 2"),
    ],
)
def test_numbers_that_are_none_are_named(kind, layout, bad, message):
    estimator, _, y = fitted(kind, layout)
    arrays = make_arrays(equal_lengths=layout == "3d")
    arrays[4][1, 2] = bad
    broken = as_layout(arrays, layout)
    with pytest.raises(ValueError, match=message):
        result_of(estimator, broken)
    with pytest.raises(ValueError, match=message):
        make_estimator(kind).fit(broken, y)


def test_an_empty_sequence_is_an_error(kind):
    X, labels, numbers = make_problem()
    X[3] = X[3][:0]
    with pytest.raises(ValueError, match="Sample 3 has 0 time steps"):
        make_estimator(kind).fit(X, target_for(kind, labels, numbers))


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_a_fit_on_series_of_one_channel_takes_them_in_any_layout(kind):
    rng = np.random.RandomState(0)
    series = rng.normal(size=(30, 8))
    y = np.arange(30) % 2
    estimator = make_estimator(kind).fit(series, y)
    assert estimator.n_features_in_ == 8
    expected = result_of(estimator, series)
    assert_array_equal(result_of(estimator, series[:, :, np.newaxis]), expected)
    assert_array_equal(result_of(estimator, list(series)), expected)
    assert result_of(estimator, [series[0], series[0][:3]]).shape[0] == 2
    with pytest.raises(ValueError, match=r"X has 7 features, but .* is expecting 8"):
        result_of(estimator, series[:, :7])


def test_names_of_channels_are_kept_and_compared(kind):
    pandas = pytest.importorskip("pandas")
    arrays = make_arrays()
    X, labels, numbers = make_problem()
    frames = [pandas.DataFrame(array, columns=["x", "y", "z"]) for array in arrays]
    y = target_for(kind, labels, numbers)
    estimator = make_estimator(kind).fit(frames, y)
    assert_array_equal(estimator.feature_names_in_, ["x", "y", "z"])
    plain = make_estimator(kind).fit(X, y)
    assert_array_equal(result_of(estimator, frames), result_of(plain, X))
    swapped = [frame[["y", "x", "z"]] for frame in frames]
    with pytest.raises(ValueError, match="another order"):
        result_of(estimator, swapped)


def test_tags(kind):
    tags = get_tags(make_estimator(kind))
    assert tags.input_tags.three_d_array
    assert tags.input_tags.two_d_array
    assert not tags.input_tags.allow_nan
    assert not tags.input_tags.sparse
    assert not tags.non_deterministic
    if kind == "classifier":
        assert tags.classifier_tags.multi_label
    if kind == "regressor":
        assert tags.target_tags.multi_output
    if kind == "transformer":
        assert tags.transformer_tags.preserves_dtype == ["float32"]
        needs_y = make_estimator(kind, objective="regression", dtype="float64")
        assert get_tags(needs_y).target_tags.required
        assert get_tags(needs_y).transformer_tags.preserves_dtype == ["float64"]
    assert tags.target_tags.required == (kind != "transformer")


def test_skops_loads_what_it_saved(kind, layout):
    skops_io = pytest.importorskip("skops.io")
    estimator, X, y = fitted(kind, layout)
    data = skops_io.dumps(estimator)
    unknown = skops_io.get_untrusted_types(data=data)
    assert all(name.startswith("sklstm.") for name in unknown)
    loaded = skops_io.loads(data, trusted=unknown)
    assert_array_equal(result_of(loaded, X), result_of(estimator, X))
    loaded.partial_fit(X, y)
