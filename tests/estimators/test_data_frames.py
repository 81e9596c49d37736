"""Every estimator takes pandas and polars where it makes sense, and keeps the names."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from persistence.model_examples import ONE_OF_EACH, answers

NAMES = ["left", "right"]


@pytest.fixture(params=["pandas", "polars"])
def library(request):
    return pytest.importorskip(request.param)


def as_frames(library, X):
    """Arrays as frames with names, a 1-D array or a list of strings as a series."""
    if isinstance(X, np.ndarray) or isinstance(X[0], str):
        return library.Series(X)
    if isinstance(X[0], list):
        return [library.Series(x) for x in X]
    return [library.DataFrame(dict(zip(NAMES, x.T, strict=True))) for x in X]


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_frames_and_series_mean_what_arrays_and_lists_do(name, library):
    model, X, y = ONE_OF_EACH[name]()
    expected = answers(model.fit(X) if y is None else model.fit(X, y), X, y)
    X_in = as_frames(library, X)
    y_in = None if y is None else as_frames(library, y)
    again, _, _ = ONE_OF_EACH[name]()
    again.fit(X_in) if y is None else again.fit(X_in, y_in)
    assert_array_equal(answers(again, X_in, y_in), expected)
    if isinstance(X_in, list) and hasattr(X_in[0], "columns"):
        assert again.feature_names_in_.tolist() == NAMES
        swapped = [frame[NAMES[::-1]] for frame in X_in]
        with pytest.raises(ValueError, match="another order"):
            answers(again, swapped, y_in)


@pytest.mark.parametrize("name", ["classifier", "regressor", "transformer"])
def test_a_wide_frame_is_a_table_of_series_of_one_channel(name, library):
    model, _, y = ONE_OF_EACH[name]()
    X = np.random.RandomState(0).normal(size=(12, 5))
    frame = library.DataFrame({f"t{i}": X[:, i] for i in range(5)})
    weights = np.linspace(1, 2, 12)
    expected = answers(model.fit(X, y, sample_weight=weights), X)
    again, _, _ = ONE_OF_EACH[name]()
    again.fit(frame, library.Series(y), sample_weight=library.Series(weights))
    assert_array_equal(answers(again, frame), expected)
    assert again.feature_names_in_.tolist() == list(frame.columns)
    with pytest.raises(ValueError, match="feature names should match"):
        answers(again, frame[[*frame.columns[1:], "t0"]])


def test_targets_may_be_categories_or_a_frame(library):
    model, X, y = ONE_OF_EACH["classifier"]()
    categories = library.Series(y)
    if library.__name__ == "pandas":
        categories = categories.astype("category")
    else:
        categories = categories.cast(library.Categorical)
    expected = answers(model.fit(X, y), X)
    assert_array_equal(answers(model.fit(X, categories), X), expected)
    regressor, X, y = ONE_OF_EACH["regressor"]()
    frame = library.DataFrame({"a": y, "b": -y})
    expected = regressor.fit(X, np.column_stack([y, -y])).predict(X)
    assert_array_equal(regressor.fit(X, frame).predict(X), expected)
