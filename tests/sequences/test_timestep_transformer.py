"""Any transformer of tables works on the steps of sequences in any layout."""

import pickle

import numpy as np
import pytest
from layout_examples import LAYOUTS, as_rows, padded, ragged_arrays, rows_of
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA, IncrementalPCA
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    QuantileTransformer,
    SplineTransformer,
    StandardScaler,
)
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklstm.sequences import Sequences, TimestepTransformer, check_sequences

# scikit-learn's own checks, which feed 2-D arrays: no failure is expected of any.


@parametrize_with_checks(
    [
        TimestepTransformer(StandardScaler()),
        TimestepTransformer(PCA(1, random_state=0)),
        TimestepTransformer(SimpleImputer()),
        TimestepTransformer(PolynomialFeatures(2)),
        TimestepTransformer(QuantileTransformer(n_quantiles=5)),
        TimestepTransformer(KBinsDiscretizer(encode="ordinal")),
        TimestepTransformer(make_pipeline(SimpleImputer(), MinMaxScaler())),
    ]
)
@pytest.mark.filterwarnings("ignore::UserWarning")  # of bins and quantiles, by design
def test_common_checks_of_scikit_learn(estimator, check):
    check(estimator)


# What reaches the transformer, and what comes back


@pytest.mark.parametrize("layout", LAYOUTS)
def test_fit_sees_the_real_steps_of_every_layout(layout):
    arrays = ragged_arrays()
    lifted = TimestepTransformer(StandardScaler()).fit(LAYOUTS[layout](arrays))
    alone = StandardScaler().fit(as_rows(arrays))
    assert_allclose(lifted.transformer_.mean_, alone.mean_, rtol=1e-14)
    assert_allclose(lifted.transformer_.var_, alone.var_, rtol=1e-14)
    assert lifted.transformer_.n_samples_seen_ == sum(map(len, arrays))
    assert lifted.n_features_in_ == 3


@pytest.mark.parametrize("method", ["transform", "fit_transform"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_is_kept(layout, method):
    arrays = ragged_arrays()
    X = LAYOUTS[layout](arrays)
    lifted = TimestepTransformer(PCA(2, random_state=0))
    X_out = lifted.fit(X).transform(X) if method == "transform" else None
    X_out = lifted.fit_transform(X) if X_out is None else X_out
    expected = PCA(2, random_state=0).fit_transform(as_rows(arrays))
    assert_allclose(rows_of(X_out), expected, atol=1e-12)
    if isinstance(X, Sequences):
        assert isinstance(X_out, Sequences)
        assert_array_equal(X_out.lengths, X.lengths)
    elif isinstance(X, np.ndarray) and X.ndim == 3:
        assert X_out.shape == (*X.shape[:2], 2)
        assert_array_equal(np.isnan(X_out[:, :, 1]), np.isnan(X[:, :, 0]))
    else:
        assert X_out.dtype == object
        assert [x.shape for x in X_out] == [(len(x), 2) for x in arrays]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_inverse_transform(layout):
    X = LAYOUTS[layout](ragged_arrays())
    lifted = TimestepTransformer(StandardScaler()).fit(X)
    X_again = lifted.inverse_transform(lifted.transform(X))
    assert_allclose(rows_of(X_again), rows_of(X), rtol=1e-12)
    if isinstance(X, np.ndarray) and X.ndim == 3:
        assert_allclose(X_again, X, rtol=1e-12)


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - {"nested_lists", "mixed"}))
def test_dtype_is_kept(layout, dtype):
    X = LAYOUTS[layout](ragged_arrays(dtype=dtype))
    lifted = TimestepTransformer(StandardScaler())
    X_out = lifted.fit_transform(X)
    assert rows_of(X_out).dtype == dtype
    assert rows_of(lifted.inverse_transform(X_out)).dtype == dtype
    if isinstance(X_out, np.ndarray) and X_out.ndim == 3:
        assert X_out.dtype == dtype


def test_a_table_is_one_channel():
    X = np.arange(12.0).reshape(3, 4)
    lifted = TimestepTransformer(StandardScaler())
    X_out = lifted.fit_transform(X)
    assert_allclose(X_out, (X - X.mean()) / X.std())
    assert_allclose(lifted.inverse_transform(X_out), X)
    assert lifted.n_features_in_ == 4
    ragged = lifted.transform([np.array([5.5]), np.array([5.5, 0.0])])
    assert [x.shape for x in ragged] == [(1, 1), (2, 1)]
    assert_allclose(ragged[0], 0, atol=1e-12)


def test_a_table_becomes_3d_if_a_channel_becomes_several():
    X = np.arange(6.0).reshape(2, 3)
    lifted = TimestepTransformer(PolynomialFeatures(2, include_bias=False))
    X_out = lifted.fit_transform(X)
    assert_array_equal(X_out, np.stack([X, X**2], axis=2))
    assert list(lifted.get_feature_names_out()) == ["x0", "x0^2"]
    splines = TimestepTransformer(PCA(1)).fit(X)
    assert splines.inverse_transform(splines.transform(X)).shape == X.shape


def test_a_table_comes_back_from_several_features():
    class Doubled(TransformerMixin, BaseEstimator):
        def fit(self, X, y=None):
            self.fitted_ = True
            return self

        def transform(self, X):
            return np.hstack([X, -X])

        def inverse_transform(self, X):
            return X[:, :1]

    X = np.arange(6.0).reshape(2, 3)
    lifted = TimestepTransformer(Doubled())
    X_out = lifted.fit_transform(X)
    assert X_out.shape == (2, 3, 2)
    assert_array_equal(lifted.inverse_transform(X_out), X)


def test_sequences_without_steps_are_kept():
    X = padded(ragged_arrays((3, 2, 4)))
    X[1] = np.nan
    X_out = TimestepTransformer(StandardScaler()).fit_transform(X)
    assert np.isnan(X_out[1]).all()
    assert np.isfinite(X_out[2]).all()
    X = [np.zeros((0, 2)), np.ones((3, 2))]
    X_out = TimestepTransformer(StandardScaler()).fit_transform(X)
    assert [x.shape for x in X_out] == [(0, 2), (3, 2)]


def test_no_steps_at_all_is_an_error():
    lifted = TimestepTransformer(StandardScaler())
    with pytest.raises(ValueError, match="None of the 2 sequences of X has a time"):
        lifted.fit(np.full((2, 3, 1), np.nan))
    lifted.fit(np.ones((2, 3, 1)))
    with pytest.raises(ValueError, match="None of the 1 sequences"):
        lifted.transform([np.zeros((0, 1))])


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - {"nested_lists", "mixed"}))
def test_the_input_is_not_changed(layout):
    arrays = ragged_arrays()
    X = LAYOUTS[layout](arrays)
    before = pickle.dumps(X)
    TimestepTransformer(StandardScaler()).fit_transform(X)
    assert pickle.dumps(X) == before
    for array in arrays:
        array.flags.writeable = False
    TimestepTransformer(MinMaxScaler()).fit_transform(LAYOUTS[layout](arrays))


def test_the_given_transformer_is_cloned():
    scaler = StandardScaler()
    TimestepTransformer(scaler).fit(ragged_arrays())
    assert not hasattr(scaler, "mean_")


def test_sparse_results_become_dense():
    codes = np.array([[[0], [1]], [[2], [1]]])
    X_out = TimestepTransformer(OneHotEncoder()).fit_transform(codes)
    assert isinstance(X_out, np.ndarray)
    assert_array_equal(X_out[1], [[0, 0, 1], [0, 1, 0]])


def test_integers_reach_the_transformer_as_integers():
    codes = [np.array([[3], [1]]), np.array([[3]])]
    lifted = TimestepTransformer(OrdinalEncoder(dtype=np.int64)).fit(codes)
    assert lifted.transformer_.categories_[0].dtype == np.int64
    assert lifted.transform(codes)[0].dtype == np.int64


def test_a_transformer_that_drops_rows_is_refused():
    halve = FunctionTransformer(lambda X: X[::2])
    with pytest.raises(ValueError, match=r"FunctionTransformer returned 7 rows for 14"):
        TimestepTransformer(halve).fit_transform(ragged_arrays())


def test_a_transformer_without_fit_transform():
    class Centre(BaseEstimator):
        def fit(self, X, y=None):
            self.mean_ = X.mean(axis=0)
            return self

        def transform(self, X):
            return X - self.mean_

    arrays = ragged_arrays()
    X_out = TimestepTransformer(Centre()).fit_transform(arrays)
    assert_allclose(as_rows(list(X_out)).mean(axis=0), 0, atol=1e-12)


def test_a_1d_result_is_one_feature():
    total = FunctionTransformer(lambda X: X.sum(axis=1))
    X_out = TimestepTransformer(total).fit_transform(ragged_arrays())
    assert [x.shape for x in X_out] == [(4, 1), (2, 1), (5, 1), (3, 1)]


# Missing values


def test_imputers_see_inner_nan():
    arrays = ragged_arrays()
    arrays[2][1, 2] = np.nan
    X_out = TimestepTransformer(SimpleImputer()).fit_transform(padded(arrays))
    assert X_out[2, 1, 2] == pytest.approx(np.nanmean(as_rows(arrays)[:, 2]))
    assert np.isnan(X_out[1, 2:]).all()  # padding stays
    assert not np.isnan(X_out[1, :2]).any()


def test_inner_nan_is_refused_where_the_transformer_cannot_take_it():
    arrays = ragged_arrays()
    arrays[2][1, 2] = np.nan
    with pytest.raises(
        ValueError, match=r"NaN: sample 2, time step 1, channel 2.*Time"
    ):
        TimestepTransformer(PCA(2)).fit(arrays)
    assert not get_tags(TimestepTransformer(PCA(2))).input_tags.allow_nan
    assert get_tags(TimestepTransformer(SimpleImputer())).input_tags.allow_nan


def test_infinity_is_refused():
    arrays = ragged_arrays()
    arrays[0][1, 0] = np.inf
    with pytest.raises(ValueError, match=r"infinity.*sample 0, time step 1, channel 0"):
        TimestepTransformer(StandardScaler()).fit(arrays)


# Fitting in parts, features, names


def test_partial_fit_goes_on():
    first, second = ragged_arrays(seed=1), ragged_arrays(seed=2)
    lifted = TimestepTransformer(StandardScaler())
    lifted.partial_fit(first).partial_fit(second, sample_weight=np.ones(4))
    whole = StandardScaler().fit(as_rows(first + second))
    assert_allclose(lifted.transformer_.mean_, whole.mean_, rtol=1e-12)
    with pytest.raises(ValueError, match="X has 2 features, but TimestepTransformer"):
        lifted.partial_fit(ragged_arrays(n_features=2))
    lifted.fit(ragged_arrays(n_features=2))
    assert lifted.n_features_in_ == 2


def test_methods_are_those_of_the_transformer():
    lifted = TimestepTransformer(Normalizer())
    for method in ("partial_fit", "inverse_transform"):
        assert not hasattr(lifted, method)
        assert hasattr(TimestepTransformer(IncrementalPCA()), method)
    assert not hasattr(
        TimestepTransformer(FunctionTransformer()), "get_feature_names_out"
    )


def test_other_channels_are_refused():
    lifted = TimestepTransformer(StandardScaler()).fit(np.ones((5, 7, 3)))
    with pytest.raises(ValueError, match=r"X has 7 features.*axes look swapped"):
        lifted.transform(np.ones((5, 3, 7)))


def test_transform_before_fit():
    with pytest.raises(NotFittedError):
        TimestepTransformer(StandardScaler()).transform(ragged_arrays())


@pytest.mark.parametrize("transformer", [None, StandardScaler, LogisticRegression()])
def test_what_is_no_transformer(transformer):
    with pytest.raises(TypeError, match="must be an instance of a scikit-learn"):
        TimestepTransformer(transformer).fit(ragged_arrays())


def test_feature_names_of_channels():
    X = Sequences.from_list(ragged_arrays(), feature_names=["x", "y", "z"])
    lifted = TimestepTransformer(StandardScaler()).fit(X)
    assert list(lifted.feature_names_in_) == ["x", "y", "z"]
    assert list(lifted.get_feature_names_out()) == ["x", "y", "z"]
    assert list(lifted.transform(X).feature_names) == ["x", "y", "z"]
    with pytest.raises(ValueError, match="input_features is not equal"):
        lifted.get_feature_names_out(["a", "b", "c"])
    reduced = TimestepTransformer(PCA(2)).fit_transform(X)
    assert list(reduced.feature_names) == ["pca0", "pca1"]
    selected = TimestepTransformer(VarianceThreshold()).fit(X.to_list())
    assert list(selected.get_feature_names_out()) == ["x0", "x1", "x2"]
    assert list(selected.get_feature_names_out(["a", "b", "c"])) == ["a", "b", "c"]


def test_feature_names_of_a_table():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(ragged_arrays()[0], columns=["t0", "t1", "t2"])
    scaled = TimestepTransformer(StandardScaler()).fit(frame)
    assert list(scaled.get_feature_names_out()) == ["t0", "t1", "t2"]
    reduced = TimestepTransformer(PCA(1)).fit(frame)
    assert list(reduced.get_feature_names_out()) == ["pca0_t0", "pca0_t1", "pca0_t2"]


# In scikit-learn's company


class MeanOverTime(TransformerMixin, BaseEstimator):
    """A stand-in for a network: one vector a sequence."""

    def fit(self, X, y=None):
        self.n_seen_ = len(X)
        return self

    def transform(self, X):
        sequences, _ = check_sequences(X, dtype=np.float64)
        return np.array([sequence.mean(axis=0) for sequence in sequences])


@pytest.mark.parametrize("layout", ["list", "object_array", "padded_3d", "sequences"])
def test_pipelines_searches_and_cross_validation(layout):
    rng = np.random.RandomState(0)
    arrays = ragged_arrays(tuple(rng.randint(2, 6, size=40)))
    y = np.arange(40) % 2
    for array, label in zip(arrays, y, strict=True):
        array += 3 * label
    X = LAYOUTS[layout](arrays)
    pipeline = make_pipeline(
        TimestepTransformer(StandardScaler()), MeanOverTime(), LogisticRegression()
    )
    grid = {"timesteptransformer__transformer__with_std": [True, False]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(X, y)
    assert search.best_score_ > 0.9
    assert np.mean(cross_val_predict(pipeline, X, y, cv=2) == y) > 0.9
    assert len(pickle.loads(pickle.dumps(search.best_estimator_)).predict(X)) == 40


def test_ragged_results_can_be_collected_by_cross_val_predict():
    arrays = ragged_arrays((3, 3, 4, 4))

    class Scaled(TimestepTransformer):
        def predict(self, X):
            return self.transform(X)

    X_out = cross_val_predict(Scaled(StandardScaler()), arrays, cv=2)
    assert [x.shape for x in X_out] == [(3, 3), (3, 3), (4, 3), (4, 3)]


def test_sparse_tables_are_refused():
    with pytest.raises(TypeError, match="Sparse data"):
        TimestepTransformer(StandardScaler(with_mean=False)).fit(csr_array(np.eye(3)))


def test_splines_of_a_channel():
    X = TimestepTransformer(SplineTransformer(n_knots=3, degree=2)).fit_transform(
        padded(ragged_arrays((5, 3), 1))
    )
    assert X.shape == (2, 5, 4)
    assert_allclose(X[0].sum(axis=1), 1)
    assert np.isnan(X[1, 3:]).all()
