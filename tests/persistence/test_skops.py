"""Every model goes through skops with the documented list of types, to the bit."""

import importlib
import io
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from persistence.model_examples import (
    EXAMPLES,
    SMALL,
    answers,
    fit,
    labels,
    numbers,
    series,
    vectors,
)
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMClassifier, LSTMForecaster, LSTMRegressor, TimestepTransformer
from sklstm.callbacks import Checkpoint
from sklstm.metrics import span_f1_scorer
from sklstm.persistence import skops_trusted_types
from sklstm.sequences import Sequences

skops_io = pytest.importorskip("skops.io")


def through_skops(thing):
    file = io.BytesIO()
    skops_io.dump(thing, file)
    return skops_io.load(file, trusted=skops_trusted_types())


def params_of(model):
    """All parameters, generators by what they draw next."""
    params = {k: v for k, v in model.get_params().items() if not hasattr(v, "fit")}
    if isinstance(params.get("random_state"), np.random.RandomState):
        params["random_state"] = params["random_state"].get_state()[1].tolist()
    params.pop("steps", None)
    if not isinstance(params.get("weight_init", ""), str):
        params["weight_init"] = str(params["weight_init"])
    return params


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_fitted_model_answers_the_same_after_skops(name):
    model, X, y = EXAMPLES[name]()
    fit(model, X, y)
    loaded = through_skops(model)
    assert_array_equal(answers(loaded, X, y), answers(model, X, y))
    if hasattr(model, "partial_fit") and not model.early_stopping:
        for one in (model, loaded):
            one.partial_fit(X) if y is None else one.partial_fit(X, y)
        assert_array_equal(answers(loaded, X, y), answers(model, X, y))


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_unfitted_model_fits_the_same_after_skops(name):
    model, X, y = EXAMPLES[name]()
    again = through_skops(model)
    assert params_of(again) == params_of(model)
    assert_array_equal(answers(fit(again, X, y), X, y), answers(fit(model, X, y), X, y))


@pytest.mark.parametrize("how", [{}, {"scoring": "neg_log_loss", "cv": KFold(3)}])
def test_a_grid_search_answers_the_same_after_skops(how):
    pipeline = make_pipeline(
        TimestepTransformer(StandardScaler()), LSTMClassifier(**SMALL)
    )
    grid = {"lstmclassifier__hidden_layer_sizes": [2, (3, 2)]}
    X, y = vectors(), labels()
    search = GridSearchCV(pipeline, grid, **{"cv": 2, **how}).fit(X, y)
    loaded = through_skops(search)
    assert loaded.best_params_ == search.best_params_
    assert_array_equal(loaded.predict_proba(X), search.predict_proba(X))
    assert_array_equal(
        loaded.cv_results_["mean_test_score"], search.cv_results_["mean_test_score"]
    )
    assert_array_equal(clone(loaded).fit(X, y).predict(X), search.predict(X))


def test_a_search_by_a_score_of_ours_goes_through_skops():
    model, X, y = EXAMPLES["tagger"]()
    grid = {"hidden_layer_sizes": [2, 3]}
    search = GridSearchCV(model, grid, cv=2, scoring=span_f1_scorer).fit(X, y)
    assert through_skops(search).score(X, y) == search.score(X, y)


@pytest.mark.parametrize(
    "class_weight",
    [
        {False: 1.0, True: 5.0},
        {np.False_: 1.0, np.True_: 5.0},
        {0: 1.0, 1: 5.0},
        {"no": 1.0, "yes": 5.0},
        {("no", 1): 1.0, ("yes", 2.5): 5.0},
        [{0: 1.0, 1: 2.0}, {False: 1.0, True: 5.0}],
        None,
        "balanced",
    ],
    ids=str,
)
def test_class_weights_keep_their_keys(class_weight):
    model = LSTMClassifier(class_weight=class_weight)
    for loaded in (through_skops(model), pickle.loads(pickle.dumps(model))):
        assert loaded.class_weight == class_weight
        assert type(loaded.class_weight) is type(class_weight)
    assert model.class_weight is class_weight


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_forecaster_of_a_long_frame_goes_through_skops(library):
    frames = pytest.importorskip(library)
    days = np.arange("2024-01-01", "2024-03-01", dtype="datetime64[D]")
    frame = frames.DataFrame(
        {
            "unique_id": ["a"] * 60 + ["b"] * 60,
            "ds": np.tile(days, 2).astype("datetime64[ns]"),
            "y": np.concatenate([series(), series()[::-1]]),
        }
    )
    model = LSTMForecaster(horizon=4, **SMALL).fit(frame)
    forecasts, again = model.predict(), through_skops(model).predict()
    assert type(again) is type(forecasts)
    assert again.equals(forecasts)


def test_names_of_features_go_through_skops():
    pandas = pytest.importorskip("pandas")
    X = [pandas.DataFrame(x, columns=["left", "right"]) for x in vectors()]
    loaded = through_skops(LSTMRegressor(**SMALL).fit(X, numbers()))
    assert loaded.feature_names_in_.tolist() == ["left", "right"]
    with pytest.raises(ValueError, match="another order"):
        loaded.predict([x[["right", "left"]] for x in X])


def test_sequences_go_through_skops():
    X = Sequences.from_list(vectors(), feature_names=["left", "right"])
    loaded = through_skops(X[2:5])
    assert_array_equal(loaded.values, X[2:5].values)
    assert_array_equal(loaded.offsets, X[2:5].offsets)
    assert loaded.feature_names.tolist() == ["left", "right"]


def test_the_state_of_a_stream_goes_through_skops():
    X = vectors()
    model = LSTMClassifier(**SMALL).fit(X, labels())
    _, state = model.step(X[0][0], model.initial_state())
    _, later = model.step(X[0][1], state)
    _, again = through_skops(model).step(X[0][1], through_skops(state))
    assert again == later


def test_skops_refuses_a_model_without_the_list():
    file = io.BytesIO()
    skops_io.dump(LSTMClassifier(), file)
    with pytest.raises(TypeError, match="sklstm"):
        skops_io.load(file)


def test_callbacks_are_not_trusted_and_can_be_taken_off(tmp_path):
    X, y = vectors(), labels()
    model = LSTMClassifier(**SMALL).set_callbacks(Checkpoint(tmp_path / "point"))
    data = skops_io.dumps(model.fit(X, y))
    with pytest.raises(TypeError, match="Checkpoint"):
        skops_io.loads(data, trusted=skops_trusted_types())
    loaded = through_skops(model.set_callbacks())
    assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_every_trusted_type_is_one_of_ours_that_some_model_holds():
    things = [Sequences.from_list(vectors())]
    things += [fit(*EXAMPLES[name]()) for name in EXAMPLES]
    model = LSTMClassifier(**SMALL).fit(vectors(), labels())
    things.append(model.initial_state())
    found = {
        name
        for thing in things
        for name in skops_io.get_untrusted_types(data=skops_io.dumps(thing))
    }
    found = {name for name in found if name.startswith("sklstm.")}
    ours = {name for name in skops_trusted_types() if name.startswith("sklstm.")}
    of_frames = {"sklstm.sequences.forecasting.long_series.LongColumns"}
    of_scores = {name for name in ours if name.startswith("sklstm.metrics.")}
    assert found | of_frames | of_scores == ours
    for name in skops_trusted_types():
        module, _, own_name = name.rpartition(".")
        assert callable(getattr(importlib.import_module(module), own_name))


def test_the_list_of_trusted_types_can_be_extended_by_its_reader():
    skops_trusted_types().append("somewhere.Else")
    assert "somewhere.Else" not in skops_trusted_types()
