"""`TimestepTransformer` and data frames: in, and out by `set_output`."""

import numpy as np
import pytest
from layout_examples import ragged_arrays
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    StandardScaler,
)

from sklstm.sequences import Sequences, TimestepTransformer


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_reach_the_transformer_as_a_frame(library):
    frames = pytest.importorskip(library)
    X = [
        frames.DataFrame({"speed": [1.0, 3.0], "gear": ["low", "high"]}),
        frames.DataFrame({"speed": [5.0], "gear": ["low"]}),
    ]
    by_name = ColumnTransformer(
        [
            ("scale", StandardScaler(with_std=False), ["speed"]),
            ("encode", OneHotEncoder(), ["gear"]),
        ]
    )
    lifted = TimestepTransformer(by_name).fit(X)
    X_out = lifted.transform(X)
    assert [x.tolist() for x in X_out] == [[[-2, 0, 1], [0, 1, 0]], [[2, 0, 1]]]
    assert list(lifted.feature_names_in_) == ["speed", "gear"]
    names = ["scale__speed", "encode__gear_high", "encode__gear_low"]
    assert list(lifted.get_feature_names_out()) == names
    with pytest.raises(ValueError, match=r"Sequence 1 has the columns \['speed'\]"):
        lifted.transform([X[0], X[1][["speed"]]])
    with pytest.raises(ValueError, match="X has 1 features, but TimestepTransformer"):
        lifted.transform([x[["speed"]] for x in X])


def test_nan_in_frames_names_sample_and_step():
    pandas = pytest.importorskip("pandas")
    X = [pandas.DataFrame({"a": [1.0, 2.0], "b": [1.0, 2.0]}) for _ in range(3)]
    X[2].loc[1, "b"] = np.nan
    with pytest.raises(ValueError, match=r"sample 2, time step 1, channel 1 \('b'\)"):
        TimestepTransformer(PCA(1)).fit(X)
    filled = TimestepTransformer(SimpleImputer()).fit_transform(X)
    assert filled[2][1, 1] == pytest.approx(7 / 5)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_set_output_frames_tables_and_leaves_sequences(library):
    frames = pytest.importorskip(library)
    arrays = ragged_arrays((3, 3))
    table = np.stack([array[:, 0] for array in arrays])
    lifted = TimestepTransformer(StandardScaler()).set_output(transform=library)
    X_out = clone(lifted).fit_transform(table)
    assert isinstance(X_out, frames.DataFrame)
    assert list(X_out.columns) == ["x0", "x1", "x2"]
    assert isinstance(lifted.fit_transform(np.stack(arrays)), np.ndarray)
    assert isinstance(lifted.fit_transform(Sequences.from_list(arrays)), Sequences)
    pipeline = make_pipeline(lifted, FunctionTransformer())
    pipeline.set_output(transform=library)
    lifted.set_output(transform="default")
    assert isinstance(lifted.fit_transform(table), np.ndarray)
    with config_context(transform_output=library):
        fresh = TimestepTransformer(StandardScaler())
        assert isinstance(fresh.fit_transform(table), frames.DataFrame)
        assert fresh.fit_transform(arrays).dtype == object
        assert isinstance(fresh.fit_transform(np.stack(arrays)), np.ndarray)


def test_set_output_keeps_the_index_of_a_frame():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, 5.0]}, index=["u", "v"])
    lifted = TimestepTransformer(StandardScaler()).set_output(transform="pandas")
    X_out = lifted.fit_transform(frame)
    assert X_out.index.tolist() == ["u", "v"]
    assert X_out.columns.tolist() == ["a", "b"]
