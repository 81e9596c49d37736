"""What holds for every generator: seeds, sizes, forms, messages."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklstm import Sequences, datasets

NAMES = [name for name in datasets.__all__ if name.startswith("make_")]


def make(name, *args, **kwargs):
    return getattr(datasets, name)(*args, **kwargs)


@pytest.mark.parametrize("name", NAMES)
def test_one_seed_gives_the_same_data(name):
    (X, y), (X_again, y_again) = (make(name, 20, random_state=3) for _ in range(2))
    for x, x_again in zip(X, X_again, strict=True):
        assert_array_equal(x, x_again)
    assert_array_equal(y, y_again)


@pytest.mark.parametrize("name", NAMES)
def test_another_seed_gives_other_data(name):
    (X, _), (X_other, _) = (make(name, 20, random_state=seed) for seed in (0, 1))
    assert any(
        not np.array_equal(x, other) for x, other in zip(X, X_other, strict=True)
    )


@pytest.mark.parametrize("name", NAMES)
def test_random_state_object_goes_on_to_fresh_data(name):
    stream = np.random.RandomState(0)
    (X, _), (X_next, _) = (make(name, 20, random_state=stream) for _ in range(2))
    assert any(not np.array_equal(x, other) for x, other in zip(X, X_next, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_default_is_100_sequences_with_one_target_each(name):
    X, y = make(name, random_state=0)
    assert len(X) == len(y) == 100
    assert len(make(name, 7)[0]) == 7


@pytest.mark.parametrize("name", NAMES)
def test_sequences_are_what_the_estimators_take(name):
    X, _ = make(name, 5, random_state=0)
    assert len({x.shape[1] for x in X}) == 1
    assert {x.dtype for x in X} == {np.dtype(np.float64)}
    assert len(Sequences.from_list(list(X))) == 5


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n_samples", [0, -1, 2.0, True, "10", None])
def test_n_samples_that_is_no_count_is_told(name, n_samples):
    with pytest.raises(
        ValueError, match=r"n_samples must be an int of at least 1, got"
    ):
        make(name, n_samples)


@pytest.mark.parametrize(
    "name, arguments, message",
    [
        ("make_adding", {"n_timesteps": 1}, "n_timesteps must be an int of at least 2"),
        ("make_multiplication", {"n_timesteps": 5.5}, "at least 2, got 5.5"),
        ("make_temporal_order", {"n_relevant": 4}, "n_relevant must be 2 or 3, got 4"),
        ("make_temporal_order", {"n_timesteps": 19}, "int of at least 20, got 19"),
        ("make_two_sequences", {"n_timesteps": 0}, "n_timesteps must be an int"),
        ("make_two_sequences", {"n_informative": 0}, "n_informative must be an int"),
        (
            "make_two_sequences",
            {"n_timesteps": 5, "n_informative": 6},
            "n_informative must be at most n_timesteps=5, got 6",
        ),
        ("make_two_sequences", {"informative_noise": -0.1}, "finite number >= 0"),
        ("make_two_sequences", {"informative_noise": np.inf}, "finite number >= 0"),
        ("make_two_sequences", {"informative_noise": np.nan}, "finite number >= 0"),
        ("make_copy_memory", {"n_bits": 0}, "n_bits must be an int of at least 1"),
        ("make_copy_memory", {"lag": -1}, "lag must be an int of at least 0, got -1"),
        ("make_reber", {"target": "last"}, "target must be 'critical' or 'next', got"),
        ("make_reber", {"embedded": 1}, "embedded must be True or False, got 1"),
        ("make_reber", {"min_length": -1}, "min_length must be an int of at least 0"),
        ("make_reber", {"embedded": False}, "'critical' needs embedded=True"),
    ],
)
def test_bad_argument_tells_what_was_expected(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        make(name, 3, **arguments)


def test_numbers_of_numpy_serve_as_arguments():
    X, y = datasets.make_temporal_order(np.int64(3), n_relevant=np.int32(3))
    assert len(X) == 3
    assert len(y[0]) == 3
    assert len(datasets.make_reber(2, embedded=np.True_)[0]) == 2
