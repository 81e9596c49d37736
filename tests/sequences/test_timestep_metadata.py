"""Weights and targets of sequences become those of their steps."""

import numpy as np
import pytest
from layout_examples import LAYOUTS, as_rows, ragged_arrays, rows_of
from numpy.testing import assert_allclose
from sklearn import config_context
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    StandardScaler,
)
from sklearn.utils import get_tags

from sklstm.sequences import Sequences, TimestepTransformer


@pytest.mark.parametrize("layout", LAYOUTS)
def test_weights_are_repeated_for_each_step(layout):
    arrays = ragged_arrays()
    weights = np.array([2, 0, 1, 3])
    X = LAYOUTS[layout](arrays)
    weighted = TimestepTransformer(StandardScaler()).fit(X, sample_weight=weights)
    repeated = [
        array for array, n in zip(arrays, weights, strict=True) for _ in range(n)
    ]
    alone = StandardScaler().fit(as_rows(repeated))
    assert_allclose(weighted.transformer_.mean_, alone.mean_, rtol=1e-12)
    assert_allclose(weighted.transformer_.var_, alone.var_, rtol=1e-12)
    X_out = TimestepTransformer(StandardScaler()).fit_transform(
        X, sample_weight=weights
    )
    assert_allclose(rows_of(X_out), alone.transform(as_rows(arrays)), rtol=1e-9)
    one = TimestepTransformer(StandardScaler()).fit(X, sample_weight=1.0)
    assert_allclose(one.transformer_.mean_, as_rows(arrays).mean(axis=0), rtol=1e-12)


@pytest.mark.parametrize(
    "weights, message",
    [
        (np.ones(3), "X has 4 sequences, sample_weight has 3"),
        (np.ones(14), "sample_weight has 14.*time steps of all sequences"),
        (np.ones((4, 2)), "Sample weights must be 1D array or scalar"),
    ],
)
def test_weights_that_do_not_fit(weights, message):
    with pytest.raises(ValueError, match=message):
        TimestepTransformer(StandardScaler()).fit(
            ragged_arrays(), sample_weight=weights
        )


def test_a_transformer_that_takes_no_weights():
    with pytest.raises(ValueError, match="PCA does not take weights"):
        TimestepTransformer(PCA(1)).fit(ragged_arrays(), sample_weight=np.ones(4))


def test_weights_are_routed():
    arrays = ragged_arrays()
    weights = np.array([2.0, 0, 1, 3])
    expected = TimestepTransformer(StandardScaler()).fit(arrays, sample_weight=weights)
    with config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        inner = make_pipeline(SimpleImputer(), scaler)
        for wrapped in (scaler, inner):
            pipeline = make_pipeline(
                TimestepTransformer(wrapped), FunctionTransformer()
            )
            pipeline.fit(arrays, sample_weight=weights)
            fitted = pipeline[0].transformer_
            fitted = fitted if wrapped is scaler else fitted[-1]
            assert_allclose(fitted.mean_, expected.transformer_.mean_, rtol=1e-12)
            pipeline[0].fit(arrays, sample_weight=weights)
        ignoring = StandardScaler().set_fit_request(sample_weight=False)
        with pytest.raises(TypeError, match="unexpected argument"):
            TimestepTransformer(ignoring).fit(arrays, sample_weight=weights)


def test_targets_of_sequences_are_repeated():
    arrays = ragged_arrays()
    y = np.array(["a", "b", "b", "a"])
    lifted = TimestepTransformer(SelectKBest(k=1))
    X_out = lifted.fit_transform(arrays, y)
    of_steps = np.repeat(y, [4, 2, 5, 3])
    alone = SelectKBest(k=1).fit(as_rows(arrays), of_steps)
    assert_allclose(lifted.transformer_.scores_, alone.scores_)
    assert X_out[0].shape == (4, 1)


@pytest.mark.parametrize("form", ["list", "object_array", "sequences"])
def test_targets_of_steps_are_handed_on(form):
    arrays = ragged_arrays()
    y = [np.arange(len(array)) % 2 for array in arrays]
    if form == "object_array":
        y = np.array(y, dtype=object)
    elif form == "sequences":
        y = Sequences.from_list(y)
    lifted = TimestepTransformer(LinearDiscriminantAnalysis())
    lifted.fit(arrays, y)
    of_steps = np.ravel(np.concatenate(list(y)))
    alone = LinearDiscriminantAnalysis().fit(as_rows(arrays), of_steps)
    assert_allclose(lifted.transformer_.coef_, alone.coef_)


def test_targets_of_another_length():
    with pytest.raises(ValueError, match="X has 4 sequences, y has 3 entries"):
        TimestepTransformer(StandardScaler()).fit(ragged_arrays(), [0, 1, 0])


def test_targets_of_another_kind_only_matter_to_those_who_need_them():
    transcripts = [[1, 2], [3], [1], [2, 2, 1]]
    TimestepTransformer(StandardScaler()).fit(ragged_arrays(), transcripts)
    lifted = TimestepTransformer(LinearDiscriminantAnalysis())
    assert get_tags(lifted).target_tags.required
    with pytest.raises(ValueError, match="LinearDiscriminantAnalysis needs y, which"):
        lifted.fit(ragged_arrays(), transcripts)


def test_several_targets_as_nested_lists():
    y = [[0, 1], [1, 0], [1, 1], [0, 0]]
    TimestepTransformer(StandardScaler()).fit(ragged_arrays((4, 3, 5, 3)), y)
