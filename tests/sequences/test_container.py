"""`Sequences` behaves like an array of arrays, in one block of memory."""

import pickle

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import GroupKFold, KFold, train_test_split
from sklearn.utils import indexable, resample, shuffle

from sklstm.sequences import Sequences

LENGTHS = (3, 0, 1, 5, 2)


def make_list(lengths=LENGTHS, n_features=2, dtype=np.float64):
    """Arrays whose every number is different."""
    values = np.arange(sum(lengths) * n_features, dtype=dtype).reshape(-1, n_features)
    return np.split(values, np.cumsum(lengths)[:-1])


def make_sequences(**kwargs):
    return Sequences.from_list(make_list(**kwargs), feature_names=["a", "b"])


def assert_same_sequences(sequences, arrays):
    assert len(sequences) == len(arrays)
    assert_array_equal(sequences.lengths, [len(array) for array in arrays])
    assert_array_equal(np.diff(sequences.offsets), sequences.lengths)
    assert sequences.offsets[0] == 0
    assert sequences.offsets[-1] == len(sequences.values)
    assert sequences.values.flags.c_contiguous
    for sequence, array in zip(sequences, arrays, strict=True):
        assert_array_equal(sequence, array, strict=True)


def test_parts_are_what_they_are_documented_to_be():
    sequences = make_sequences()
    assert sequences.values.shape == (11, 2)
    assert_array_equal(sequences.offsets, [0, 3, 3, 4, 9, 11])
    assert sequences.offsets.dtype == np.intp
    assert sequences.n_features == 2
    assert sequences.dtype == np.float64
    assert sequences.shape == (5,)
    assert len(sequences) == 5
    assert_same_sequences(sequences, make_list())
    assert all(map(np.array_equal, sequences.to_list(), make_list()))


@pytest.mark.parametrize("read_only", [False, True])
def test_values_are_kept_without_copying(read_only):
    values = np.arange(12.0).reshape(6, 2)
    values.flags.writeable = not read_only
    sequences = Sequences(values, [4, 2])
    assert sequences.values is values
    assert np.shares_memory(sequences[1], values)
    assert sequences.astype(np.float64) is sequences
    assert Sequences(np.asfortranarray(values), [6]).values.flags.c_contiguous


def test_a_memory_map_stays_one(tmp_path):
    on_disk = np.memmap(tmp_path / "values", np.float32, "w+", shape=(100, 3))
    on_disk[:] = np.arange(300).reshape(100, 3)
    sequences = Sequences(on_disk, [60, 40])
    assert np.shares_memory(sequences.values, on_disk)
    assert np.shares_memory(sequences[1:].values, on_disk)


def test_a_3d_array_is_taken_without_copying():
    X = np.arange(24.0).reshape(2, 3, 4)
    sequences = Sequences.from_array(X, feature_names=list("abcd"))
    assert np.shares_memory(sequences.values, X)
    assert_same_sequences(sequences, list(X))
    assert_same_sequences(Sequences.from_array(X.transpose(0, 2, 1)), [x.T for x in X])


def test_some_channels_of_a_3d_array_become_contiguous():
    """Such a slice can be reshaped without copying, but is not contiguous."""
    X = np.arange(24.0).reshape(2, 3, 4)[:, :, 1:3]
    assert_same_sequences(Sequences.from_array(X), list(X))


@pytest.mark.parametrize("shape", [(0, 3, 2), (4, 0, 2), (4, 3, 0)])
def test_empty_3d_arrays_keep_their_counts(shape):
    sequences = Sequences.from_array(np.zeros(shape))
    assert len(sequences) == shape[0]
    assert_array_equal(sequences.lengths, np.full(shape[0], shape[1]))
    assert sequences.n_features == shape[2]


def test_a_list_may_hold_1d_arrays_of_one_feature():
    arrays = [np.array([1, 2, 3]), np.array([[4], [5]])]
    sequences = Sequences.from_list(arrays)
    assert_same_sequences(sequences, [np.array([[1], [2], [3]]), arrays[1]])


@pytest.mark.parametrize(
    "dtypes, wanted, expected",
    [
        (("f4", "f4"), None, "f4"),
        (("f4", "f8"), None, "f8"),
        (("i4", "f4"), np.float32, "f4"),
        (("f4", "f4"), (np.float64, np.float32), "f4"),
        (("i8", "i8"), (np.float64, np.float32), "f8"),
        (("O", "f4"), None, "f8"),
    ],
)
def test_dtype_of_a_list(dtypes, wanted, expected):
    arrays = [np.ones((2, 3), dtype) for dtype in dtypes]
    assert Sequences.from_list(arrays, dtype=wanted).dtype == expected


@pytest.mark.parametrize(
    "key",
    [
        slice(None),
        slice(1, 4),
        slice(4, 1),
        slice(None, None, 2),
        slice(None, None, -1),
        slice(-2, None),
        slice(2, 2),
        [0, 3, 4],
        [4, 0, 0, -1, 1],
        [2, 3, 4],
        [],
        np.array([], dtype=np.intp),
        np.array([True, False, False, True, True]),
        [False] * 5,
        np.array([3, 1], dtype=np.uint8),
    ],
    ids=str,
)
def test_indexing_equals_that_of_an_object_array(key):
    arrays = np.empty(5, dtype=object)
    arrays[:] = make_list()
    is_empty_list = isinstance(key, list) and not key  # which NumPy takes for floats
    index = np.array([], dtype=np.intp) if is_empty_list else key
    chosen = make_sequences()[key]
    assert_same_sequences(chosen, list(arrays[index]))
    assert list(chosen.feature_names) == ["a", "b"]
    # A tuple with an ellipsis is how scikit-learn indexes arrays.
    assert_same_sequences(make_sequences()[key, ...], list(arrays[index]))


@pytest.mark.parametrize("i", [0, 1, 4, -1, -5, np.int64(3), np.uint8(2)])
def test_an_integer_gives_a_view_of_one_sequence(i):
    sequences = make_sequences()
    assert_array_equal(sequences[i], make_list()[i], strict=True)
    assert sequences[i].base is not None


def test_random_indexing_matches_a_list():
    rng = np.random.RandomState(0)
    for _ in range(50):
        lengths = rng.randint(0, 6, size=rng.randint(1, 9))
        arrays = make_list(tuple(lengths))
        key = rng.randint(-len(arrays), len(arrays), size=rng.randint(0, 12))
        chosen = Sequences.from_list(arrays)[key]
        assert_same_sequences(chosen, [arrays[i] for i in key])


def test_a_contiguous_choice_is_a_view():
    sequences = make_sequences()
    for key in (slice(1, 4), [2, 3], np.array([False, True, True, False, False])):
        assert np.shares_memory(sequences[key].values, sequences.values), key
    assert not np.shares_memory(sequences[[0, 3]].values, sequences.values)


@pytest.mark.parametrize(
    "key, message",
    [
        (5, "there is no sequence 5 among 5"),
        (-6, "there is no sequence -6 among 5"),
        ([0, 7], "there is no sequence 7 among 5"),
        (np.array([True]), "a boolean index of 1 entries for 5 sequences"),
        ([0.5], "indexed by an integer, a slice, or a 1-D array"),
        (np.zeros((1, 1), int), "indexed by an integer, a slice, or a 1-D array"),
    ],
)
def test_a_wrong_index_is_an_index_error(key, message):
    with pytest.raises(IndexError, match=message):
        make_sequences()[key]


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: Sequences(np.zeros(3), [3]), ValueError, r"2-D.*Got shape \(3,\)"),
        (lambda: Sequences(np.zeros((2, 3, 4)), [6]), ValueError, "from_array"),
        (lambda: Sequences(np.zeros((5, 2)), [3, 3]), ValueError, "add up to 6.*5 row"),
        (lambda: Sequences(np.zeros((5, 2)), [0, 3, 5]), ValueError, "numpy.diff"),
        (lambda: Sequences(np.zeros((5, 2)), [6, -1]), ValueError, r"lengths\[1\] is"),
        (lambda: Sequences(np.zeros((5, 2)), [2.5, 2.5]), ValueError, "1-D.*integers"),
        (lambda: Sequences(np.zeros((5, 2)), [[5]]), ValueError, "1-D.*integers"),
        (lambda: Sequences(np.array([["a"]]), [1]), TypeError, "real numbers.*<U1"),
        (lambda: Sequences(np.ones((1, 1), complex), [1]), TypeError, "complex128"),
        (
            lambda: Sequences(np.zeros((5, 2)), [5], feature_names=["a"]),
            ValueError,
            r"shape \(1,\), expected \(2,\)",
        ),
        (
            lambda: Sequences(np.zeros((5, 2)), [5], feature_names=["a", 1]),
            TypeError,
            "must be strings",
        ),
        (lambda: Sequences.from_array(np.zeros((5, 2))), ValueError, "3-D.*5, 2"),
        (lambda: Sequences.from_array(np.zeros((1, 1, 1), "M8[D]")), TypeError, "real"),
        (lambda: Sequences.from_list([]), ValueError, "Found 0 sequences"),
    ],
)
def test_wrong_parts_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_astype_converts_values_only():
    sequences = make_sequences()
    converted = sequences.astype(np.float32)
    assert converted.dtype == np.float32
    assert_same_sequences(converted, make_list(dtype=np.float32))
    assert list(converted.feature_names) == ["a", "b"]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(protocol):
    sequences = make_sequences(dtype=np.float32)
    again = pickle.loads(pickle.dumps(sequences, protocol))
    assert_same_sequences(again, make_list(dtype=np.float32))
    assert list(again.feature_names) == ["a", "b"]


def test_joblib_keeps_a_memory_map(tmp_path):
    """What worker processes get: one file mapped by all of them."""
    joblib.dump(make_sequences(), tmp_path / "sequences")
    again = joblib.load(tmp_path / "sequences", mmap_mode="r")
    assert_same_sequences(again, make_list())
    assert isinstance(again.values.base, np.memmap)
    assert not again.values.flags.writeable
    assert_same_sequences(again[[4, 0]], [make_list()[4], make_list()[0]])


def test_scikit_learns_splitters_and_utilities():
    sequences, arrays = make_sequences(), make_list()
    y, groups = np.arange(5), np.array([0, 1, 0, 1, 2])
    (checked,) = indexable(sequences)
    assert checked is sequences
    train, test, _, y_test = train_test_split(sequences, y, random_state=0)
    assert isinstance(train, Sequences)
    assert_same_sequences(test, [arrays[i] for i in y_test])
    folds = [*KFold(2).split(sequences), *GroupKFold(3).split(sequences, y, groups)]
    for index in (index for fold in folds for index in fold):
        assert_same_sequences(sequences[index], [arrays[i] for i in index])
    shuffled, order = shuffle(sequences, y, random_state=1)
    assert_same_sequences(shuffled, [arrays[i] for i in order])
    drawn, order = resample(sequences, y, random_state=1, n_samples=7)
    assert_same_sequences(drawn, [arrays[i] for i in order])


def test_as_an_array_it_holds_one_array_a_sequence():
    as_array = np.asarray(Sequences.from_array(np.ones((2, 3, 1))))
    assert as_array.shape == (2,)
    assert as_array.dtype == object
    assert as_array[1].shape == (3, 1)


def test_as_an_array_of_numbers_it_says_what_to_do():
    with pytest.raises(ValueError, match=r"TimestepTransformer.*values.*to_panel"):
        np.asarray(make_sequences(), dtype=np.float64)


@pytest.mark.parametrize(
    "lengths, n_features, text",
    [
        ((3, 5), 2, "Sequences(2 sequences of 3 to 5 time steps, 2 features, float64)"),
        ((4, 4), 1, "Sequences(2 sequences of 4 time steps, 1 feature, float64)"),
        ((1,), 3, "Sequences(1 sequence of 1 time step, 3 features, float64)"),
    ],
)
def test_repr(lengths, n_features, text):
    assert repr(Sequences.from_list(make_list(lengths, n_features))) == text


def test_repr_of_none():
    text = "Sequences(0 sequences, 2 features, float64)"
    assert repr(make_sequences()[[]]) == text
