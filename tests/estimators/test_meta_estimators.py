"""Sequences in scikit-learn's own tools: search, pipelines, ensembles, routing."""

import numpy as np
import pytest
import sklearn
from estimators.problems import as_layout, make_arrays, make_estimator
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    GroupKFold,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
    train_test_split,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import SequenceTransformer, TimestepTransformer

WELL = {"max_iter": 20, "pooling": "mean"}


def problem(layout, n_samples=60):
    arrays = make_arrays(n_samples, equal_lengths=layout == "3d")
    drift = np.array([array[:, 0].mean() for array in arrays])
    labels = np.where(drift > 0, "up", "down")
    return as_layout(arrays, layout), labels, 100 + 5 * drift


@pytest.fixture(params=["3d", "ragged", "sequences"])
def layout(request):
    return request.param


def test_cross_validation(layout):
    X, labels, numbers = problem(layout)
    classifier = make_estimator("classifier", **WELL)
    scores = cross_validate(classifier, X, labels, cv=3, error_score="raise")
    assert scores["test_score"].mean() > 0.8
    scoring = ["roc_auc", "neg_log_loss"]
    scores = cross_validate(classifier, X, labels, scoring=scoring, error_score="raise")
    assert scores["test_roc_auc"].mean() > 0.85
    regressor = make_estimator("regressor", **WELL)
    predicted = cross_val_predict(regressor, X, numbers)
    assert np.corrcoef(predicted, numbers)[0, 1] > 0.8
    groups = np.arange(len(labels)) // 4
    learning_curve(
        classifier,
        X,
        labels,
        groups=groups,
        cv=GroupKFold(3),
        error_score="raise",
    )


def test_grid_search_in_two_processes(layout):
    X, labels, _ = problem(layout)
    sizes = {"hidden_layer_sizes": [4, (5, 4)]}
    grid = [
        sizes | {"cell": ["lstm"], "coupled_gates": [False, True]},
        {"cell": ["lstm"], "peephole": [True], "projection_size": [None, 3]},
        {"cell": ["gru"], "reset_after": [False, True], "bidirectional": [True]},
        sizes | {"cell": ["rnn"], "activation": ["tanh", "relu"]},
        {"recurrent_dropout": [0.2], "zoneout": [0.0, 0.1]},
    ]
    search = GridSearchCV(
        make_estimator("classifier", **WELL), grid, n_jobs=2, cv=3, error_score="raise"
    )
    search.fit(X, labels)
    assert search.best_score_ > 0.8
    assert search.predict(X).shape == labels.shape
    alone = search.best_estimator_.set_params(n_jobs=1).fit(X, labels)
    assert_array_equal(search.predict_proba(X), alone.predict_proba(X))


def test_a_search_over_a_pipeline(layout):
    X, labels, _ = problem(layout)
    pipeline = Pipeline(
        [
            ("scale", TimestepTransformer(StandardScaler())),
            ("network", make_estimator("classifier", **WELL)),
        ]
    )
    search = RandomizedSearchCV(
        pipeline,
        {"network__learning_rate_init": [0.01, 0.03], "network__pooling": ["mean"]},
        n_iter=2,
        cv=2,
        error_score="raise",
    )
    assert search.fit(X, labels).score(X, labels) > 0.8


def test_diverging_candidates_are_scored_as_failures():
    X, _, numbers = problem("ragged")
    wild = make_estimator("regressor", solver="sgd", max_grad_norm=None, **WELL)
    grid = {"learning_rate_init": [1e-3, 1e30]}
    search = GridSearchCV(wild, grid, cv=2, error_score=-1e9)
    with pytest.warns(match="2 fits failed out of a total of 4"):
        search.fit(X, numbers)
    assert search.best_params_ == {"learning_rate_init": 1e-3}


def test_voting_and_stacking(layout):
    X, labels, numbers = problem(layout)
    classifiers = [
        (cell, make_estimator("classifier", cell=cell, **WELL))
        for cell in ("lstm", "gru")
    ]
    for voting in ("soft", "hard"):
        vote = VotingClassifier(classifiers, voting=voting).fit(X, labels)
        assert vote.score(X, labels) > 0.8
    stack = StackingClassifier(classifiers, LogisticRegression(), cv=2).fit(X, labels)
    assert stack.score(X, labels) > 0.8
    regressors = [
        (cell, make_estimator("regressor", cell=cell, **WELL))
        for cell in ("lstm", "gru")
    ]
    assert VotingRegressor(regressors).fit(X, numbers).score(X, numbers) > 0.7
    stack = StackingRegressor(regressors, Ridge(), cv=2).fit(X, numbers)
    assert stack.score(X, numbers) > 0.7


@pytest.mark.parametrize("ensemble", [True, False])
def test_calibration_and_thresholds(layout, ensemble):
    X, labels, _ = problem(layout)
    network = make_estimator("classifier", **WELL)
    calibrated = CalibratedClassifierCV(network, cv=2, ensemble=ensemble)
    probabilities = calibrated.fit(X, labels).predict_proba(X)
    assert_allclose(probabilities.sum(axis=1), 1)
    assert calibrated.score(X, labels) > 0.8
    fixed = FixedThresholdClassifier(network, threshold=0.99, pos_label="up")
    assert (fixed.fit(X, labels).predict(X) == "up").mean() < (labels == "up").mean()
    tuned = TunedThresholdClassifierCV(network, cv=2).fit(X, labels)
    assert tuned.score(X, labels) > 0.8


def test_transformed_and_multiple_targets(layout):
    X, _, numbers = problem(layout)
    network = make_estimator("regressor", **WELL)
    logarithm = TransformedTargetRegressor(network, func=np.log, inverse_func=np.exp)
    assert logarithm.fit(X, numbers).score(X, numbers) > 0.7
    both = np.stack([numbers, -numbers], axis=1)
    several = MultiOutputRegressor(network).fit(X, both)
    assert several.predict(X).shape == both.shape


def test_a_union_of_networks_gives_named_columns(layout):
    pandas = pytest.importorskip("pandas")
    X, labels, _ = problem(layout)
    union = FeatureUnion(
        [
            ("plain", make_estimator("transformer")),
            ("most", make_estimator("transformer", output="max", cell="gru")),
        ]
    )
    features = union.set_output(transform="pandas").fit_transform(X)
    assert isinstance(features, pandas.DataFrame)
    assert list(features.columns[[0, 11]]) == [
        "plain__sequencetransformer0",
        "most__sequencetransformer5",
    ]
    pipeline = make_pipeline(union, StandardScaler(), LogisticRegression())
    assert pipeline.fit(X, labels).score(X, labels) > 0.8


def test_global_pandas_output_leaves_sequences_alone():
    pytest.importorskip("pandas")
    X, labels, _ = problem("ragged")
    pipeline = make_pipeline(
        TimestepTransformer(StandardScaler()),
        make_estimator("transformer", output="sequence"),
        make_estimator("classifier"),
    )
    with sklearn.config_context(transform_output="pandas"):
        configured = pipeline.fit(X, labels).predict_proba(X)
    assert_array_equal(pipeline.fit(X, labels).predict_proba(X), configured)
    pipeline[:-1].set_output(transform="pandas")
    assert_array_equal(pipeline.fit(X, labels).predict_proba(X), configured)


def test_metadata_is_routed_to_every_argument():
    X, labels, _ = problem("ragged")
    weights = np.random.RandomState(0).uniform(size=len(X))
    network = make_estimator("classifier")
    with sklearn.config_context(enable_metadata_routing=True):
        requests = network.set_fit_request(
            sample_weight=True, X_val=True, y_val=True, sample_weight_val=True
        ).set_score_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(
            TimestepTransformer(scaler),
            requests,
            transform_input=["X_val"],
        )
        how = {"sample_weight": weights, "X_val": X[:20], "y_val": labels[:20]}
        pipeline.fit(X, labels, **how)
        scores = cross_validate(
            requests,
            X,
            labels,
            params={"sample_weight": weights},
            error_score="raise",
            cv=2,
        )
    scaler = TimestepTransformer(StandardScaler()).fit(X)
    by_hand = make_estimator("classifier").fit(
        scaler.transform(X),
        labels,
        weights,
        X_val=scaler.transform(X[:20]),
        y_val=labels[:20],
    )
    assert pipeline[-1].validation_loss_curve_ == by_hand.validation_loss_curve_
    assert_array_equal(
        pipeline.predict_proba(X), by_hand.predict_proba(scaler.transform(X))
    )
    assert len(scores["test_score"]) == 2


def test_partial_fit_asks_for_classes_and_weights():
    with sklearn.config_context(enable_metadata_routing=True):
        network = make_estimator("classifier")
        requests = network.get_metadata_routing().partial_fit.requests
        assert requests == {"classes": None, "sample_weight": None}
        requests = network.get_metadata_routing().fit.requests
        names = {"sample_weight", "X_val", "y_val", "sample_weight_val"}
        assert set(requests) == names


@pytest.mark.parametrize("objective", ["next_step", "classification"])
def test_a_transformer_in_a_cross_validated_pipeline(layout, objective):
    X, labels, _ = problem(layout)
    transformer = SequenceTransformer(
        objective=objective, hidden_layer_sizes=8, random_state=0, output="mean"
    )
    pipeline = make_pipeline(transformer, StandardScaler(), LogisticRegression())
    scores = cross_validate(pipeline, X, labels, cv=2, error_score="raise")
    assert scores["test_score"].mean() > 0.7


def test_train_test_split_keeps_the_layout(layout):
    X, labels, _ = problem(layout)
    X_train, X_test, y_train, y_test = train_test_split(
        X, labels, stratify=labels, random_state=0
    )
    assert type(X_train) is type(X)
    network = make_estimator("classifier", **WELL).fit(X_train, y_train)
    assert network.score(X_test, y_test) > 0.7
