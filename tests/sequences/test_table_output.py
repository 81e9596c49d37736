"""``set_output`` of transformers of sequences: a frame for each, with names."""

import numpy as np
import pytest
from layout_examples import ragged_arrays
from numpy.testing import assert_array_equal
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMClassifier, SequenceTransformer, TimestepTransformer
from sklstm.sequences import FrameStacker, SequenceScaler

SMALL = {"hidden_layer_sizes": 2, "max_iter": 2, "random_state": 0}
NAMES = ["left", "right", "up"]
ARRAYS = ragged_arrays()

TRANSFORMERS = {
    "timesteps": (lambda: TimestepTransformer(StandardScaler()), NAMES),
    "fewer channels": (lambda: TimestepTransformer(PCA(2)), ["pca0", "pca1"]),
    "own scale": (SequenceScaler, NAMES),
    "stacked": (FrameStacker, [f"{name}_{k}" for k in (0, 1) for name in NAMES]),
    "states": (
        lambda: SequenceTransformer(**SMALL, objective="next_step", output="sequence"),
        ["sequencetransformer0", "sequencetransformer1"],
    ),
}


@pytest.fixture(params=["pandas", "polars"])
def library(request):
    return pytest.importorskip(request.param)


@pytest.fixture
def frames(library):
    return [library.DataFrame(dict(zip(NAMES, x.T, strict=True))) for x in ARRAYS]


@pytest.mark.parametrize("name", TRANSFORMERS)
@pytest.mark.parametrize("given", ["frames", "arrays"])
def test_each_sequence_comes_as_a_frame_with_names(name, given, library, frames):
    make, names = TRANSFORMERS[name]
    plain = make().fit_transform(frames)
    X_out = make().set_output(transform=library.__name__).fit_transform(frames)
    assert X_out.dtype == object
    assert X_out.shape == (4,)
    for frame, array in zip(X_out, plain, strict=True):
        assert isinstance(frame, library.DataFrame)
        assert list(frame.columns) == names
        assert_array_equal(frame.to_numpy(), array)


def test_the_index_of_a_frame_stays_where_the_steps_do():
    pandas = pytest.importorskip("pandas")
    days = pandas.date_range("2024-01-01", periods=5)
    frames = [pandas.DataFrame(x, index=days[: len(x)], columns=NAMES) for x in ARRAYS]
    scaler = TimestepTransformer(StandardScaler()).set_output(transform="pandas")
    for before, after in zip(frames, scaler.fit_transform(frames), strict=True):
        assert after.index.equals(before.index)
    stacker = FrameStacker().set_output(transform="pandas")
    for frame in stacker.fit_transform(frames):
        assert frame.index.tolist() == list(range(len(frame)))


def test_a_pipeline_keeps_the_names_up_to_the_network(library, frames):
    pipeline = make_pipeline(
        TimestepTransformer(StandardScaler()),
        FrameStacker(),
        LSTMClassifier(**SMALL),
    )
    y = [0, 1, 0, 1]
    expected = pipeline.fit(ARRAYS, y).predict_proba(ARRAYS)
    pipeline[:-1].set_output(transform=library.__name__)
    assert_array_equal(pipeline.fit(frames, y).predict_proba(frames), expected)
    assert pipeline[-1].feature_names_in_.tolist() == TRANSFORMERS["stacked"][1]
    assert pipeline[:-1].get_feature_names_out().tolist() == TRANSFORMERS["stacked"][1]
    swapped = [frame[NAMES[::-1]] for frame in frames]
    with pytest.raises(ValueError, match="another order"):
        pipeline.predict(swapped)


def test_frames_are_transformed_back_to_arrays_as_scikit_learn_does(library, frames):
    scaler = TimestepTransformer(StandardScaler())
    scaler.set_output(transform=library.__name__)
    back = scaler.inverse_transform(scaler.fit_transform(frames))
    for one, array in zip(back, ARRAYS, strict=True):
        np.testing.assert_allclose(one, array, rtol=1e-12)


def test_after_a_fit_on_a_table_sequences_of_one_channel_stay_arrays():
    pytest.importorskip("pandas")
    table = np.arange(12.0).reshape(3, 4)
    scaler = TimestepTransformer(StandardScaler()).set_output(transform="pandas")
    scaler.fit(table)  # the names are those of the four columns
    X_out = scaler.transform([np.ones((2, 1)), np.ones((3, 1))])
    assert all(isinstance(x, np.ndarray) for x in X_out)
