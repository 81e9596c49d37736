"""Permutation importance: what is exchanged, and that the numbers are right."""

import numpy as np
import pandas as pd
import pytest
from inspection.explained import (
    fitted_classifier,
    fitted_symbol_tagger,
    fitted_tagger,
    make_sequences,
    planted_model,
    planted_problem,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.inspection import permutation_importance as of_tables
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklstm import LSTMForecaster, TimestepTransformer
from sklstm.inspection import permutation_importance
from sklstm.inspection.permutation import exchanged_rows

RAGGED = (4, 1, 6, 3, 6, 2, 5, 1)


@pytest.mark.parametrize("from_end", [False, True])
def test_every_step_exchanges_its_values_among_those_who_have_it(from_end):
    sequences = make_sequences(RAGGED)
    steps = np.concatenate([np.arange(n) for n in RAGGED])
    if from_end:
        steps = np.concatenate([np.arange(n)[::-1] for n in RAGGED])
    rng = np.random.RandomState(0)
    for _ in range(20):
        permutation = rng.permutation(len(RAGGED))
        sources = exchanged_rows(sequences, permutation, from_end)
        assert_array_equal(steps[sources], steps)
        assert_array_equal(np.sort(sources), np.arange(len(sources)))


@pytest.mark.parametrize("from_end", [False, True])
def test_values_come_from_one_sequence_until_it_ends(from_end):
    sequences = make_sequences(RAGGED)
    samples = np.repeat(np.arange(len(RAGGED)), RAGGED)
    permutation = np.random.RandomState(1).permutation(len(RAGGED))
    donors = samples[exchanged_rows(sequences, permutation, from_end)]
    for i, length in enumerate(RAGGED):
        mine = donors[samples == i]
        donor, expected = permutation[i], []
        for step in range(length):
            while RAGGED[donor] <= step:
                donor = permutation[donor]
            expected.append(donor)
        assert_array_equal(mine, expected[::-1] if from_end else expected)


def test_sequences_of_one_length_get_whole_channels():
    sequences = make_sequences((3, 3, 3))
    sources = exchanged_rows(sequences, np.array([2, 0, 1]))
    assert_array_equal(sources, [6, 7, 8, 0, 1, 2, 3, 4, 5])


def test_of_one_step_the_numbers_are_those_of_tables():
    """And of several repeats, with weights and for any scorer."""
    rng = np.random.RandomState(0)
    table = rng.normal(size=(80, 4))
    y = (table @ [1, 2, 0, -1] + rng.normal(size=80) > 0).astype(int)
    weights = rng.uniform(size=80)
    model = LogisticRegression().fit(table, y)
    as_table = FunctionTransformer(lambda X: X[:, 0])
    pipeline = make_pipeline(as_table, model)
    how = {"n_repeats": 7, "random_state": 3, "sample_weight": weights}
    for scoring in (None, "neg_log_loss", ["accuracy", "roc_auc"]):
        expected = of_tables(model, table, y, scoring=scoring, **how)
        found = permutation_importance(
            pipeline, table[:, np.newaxis], y, scoring=scoring, **how
        )
        if scoring is None or isinstance(scoring, str):
            expected, found = {None: expected}, {None: found}
        for name, one in expected.items():
            for key in ("importances", "importances_mean", "importances_std"):
                assert_array_equal(found[name][key], one[key])


@pytest.fixture(scope="module")
def planted():
    X, y = planted_problem()
    return planted_model().fit(X, y), X[:300], y[:300]


def test_planted_structure_is_found(planted):
    model, X, y = planted
    of_channels = permutation_importance(model, X, y, random_state=0)
    assert of_channels.importances.shape == (3, 5)
    assert of_channels.importances_mean[1] > 1.5
    assert np.abs(of_channels.importances_mean[[0, 2]]).max() < 0.01
    of_windows = permutation_importance(
        model, X, y, window=1, channels="all", random_state=0
    )
    assert of_windows.importances_mean.shape == (6,)
    assert of_windows.importances_mean[[3, 4]].min() > 0.7
    assert np.abs(of_windows.importances_mean[[0, 1, 2, 5]]).max() < 0.02
    both = permutation_importance(model, X, y, window=2, n_repeats=2, random_state=0)
    assert both.windows == [(0, 2), (2, 4), (4, 6)]
    assert both.importances.shape == (3, 3, 2)
    assert both.importances_mean[1:, 1].min() > 0.7
    rest = both.importances_mean.copy()
    rest[1:, 1] = 0
    assert np.abs(rest).max() < 0.02
    assert_allclose(both.importances_std, both.importances.std(axis=2))


def test_a_pipeline_is_shuffled_in_front_and_layouts_agree(planted):
    _, X, y = planted
    X = X * [1, 100, 0.01] + [0, 1000, 0]
    pipeline = make_pipeline(TimestepTransformer(StandardScaler()), planted_model())
    pipeline.set_params(lstmregressor__max_iter=5).fit(X, y)
    how = {"random_state": 0, "window": 3, "n_repeats": 2}
    expected = permutation_importance(pipeline, X, y, **how)
    assert np.unravel_index(expected.importances_mean.argmax(), (2, 3)) == (1, 1)
    found = permutation_importance(pipeline, list(X), y, **how)
    assert_array_equal(found.importances, expected.importances)
    parallel = permutation_importance(pipeline, X, y, n_jobs=2, **how)
    assert_array_equal(parallel.importances, expected.importances)
    seen = []

    def scorer(estimator, X, y):
        seen.append(X)
        return 0.0

    permutation_importance(pipeline, X, y, scoring=scorer, n_repeats=1)
    assert all(one.shape == X.shape for one in seen)
    frames = [pd.DataFrame(x, columns=["a", "b", "c"]) for x in X[:4]]
    seen.clear()
    pipeline.fit(frames, y[:4])
    result = permutation_importance(
        pipeline, frames, y[:4], scoring=scorer, n_repeats=1, channels=["b", ["a", "c"]]
    )
    assert result.channels == [[1], [0, 2]]
    assert [list(one[0].columns) for one in seen[1:]] == [["a", "b", "c"]] * 2
    for k, part in enumerate(["b", ["a", "c"]]):
        rest = [name for name in "abc" if name not in part]
        for before, after in zip(frames, seen[1 + k], strict=True):
            assert before[rest].equals(after[rest])


def test_only_the_window_is_shuffled():
    X, y = make_sequences(RAGGED), np.arange(len(RAGGED))
    seen = []

    def scorer(estimator, X, y):
        seen.append(X)
        return 0.0

    result = permutation_importance(
        fitted_classifier(), X, y, scoring=scorer, n_repeats=1, window=2, channels=[1],
        align="end", random_state=0,
    )  # fmt: skip
    assert result.windows == [(-6, -4), (-4, -2), (-2, 0)]
    from_end = np.concatenate([np.arange(n)[::-1] for n in RAGGED])
    for (first, last), found in zip(result.windows, seen[1:], strict=True):
        changed = (found.values != X.values).any(axis=1)
        inside = (from_end < -first) & (from_end >= -last)
        assert changed.any()
        assert not changed[~inside].any()
        assert_array_equal(found.values[:, 0], X.values[:, 0])
        assert_array_equal(found.lengths, X.lengths)


def test_any_estimator_with_a_score():
    model, X = fitted_tagger(), make_sequences()
    y = [np.array(list("xyz"))[np.arange(n) % 3] for n in X.lengths]
    result = permutation_importance(model, X, y, random_state=0)
    assert result.importances.shape == (2, 5)


def test_what_cannot_be_exchanged_is_an_error():
    model = fitted_classifier()
    with pytest.raises(ValueError, match="There is 1 sequence"):
        permutation_importance(model, make_sequences((4,)), ["a"])
    with pytest.raises(ValueError, match="there is no channel 2"):
        permutation_importance(model, make_sequences(), list("abca"), channels=[2])
    with pytest.raises(TypeError, match="X holds symbols"):
        permutation_importance(fitted_symbol_tagger(), [["the"], ["cat"]], [[0], [1]])
    with pytest.raises(TypeError, match="continues series"):
        permutation_importance(LSTMForecaster(), make_sequences(), [0.0] * 4)


def test_no_repeats_are_an_error():
    X = make_sequences()
    with pytest.raises(ValueError, match="n_repeats == 0, must be >= 1"):
        permutation_importance(fitted_classifier(), X, list("abca"), n_repeats=0)
