"""Sequences that a language model makes up."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklstm import LSTMLanguageModel

FAST = {
    "hidden_layer_sizes": 12,
    "learning_rate_init": 0.02,
    "batch_size": 4,
    "random_state": 0,
}
TEXTS = ["abcd", "abce", "bd", "abcd", "bcabcd", "e"] * 5


def make_rolls(n_samples=6, seed=0):
    rng = np.random.default_rng(seed)
    return [(rng.uniform(size=(12, 3)) < 0.4).astype(float) for _ in range(n_samples)]


@pytest.fixture(scope="module")
def ended():
    """A model of texts with ends."""
    return LSTMLanguageModel(**FAST, max_iter=20).fit(TEXTS)


@pytest.fixture(scope="module")
def endless():
    """A model of one long text."""
    rng = np.random.default_rng(0)
    text = "".join(rng.choice(["abc", "ad", "e"], 300))
    return LSTMLanguageModel(**FAST, max_iter=10).fit([text])


@pytest.fixture(scope="module")
def rolls():
    """A model of vectors."""
    return LSTMLanguageModel(**FAST, max_iter=10).fit(make_rolls())


def likeliest(model, prime, length):
    """Step by step, each time from the beginning; None at the end."""
    text = prime
    for _ in range(length):
        text += model.predict([text])[0]
    return text


def test_no_temperature_takes_the_likeliest_step_after_step(endless):
    text = endless.generate("ab", 25, temperature=0)
    assert text == likeliest(endless, "ab", 25)


def test_one_seed_makes_one_text(endless):
    texts = [endless.generate("a", 40, random_state=seed) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert all(len(text) == 41 and text[0] == "a" for text in texts)


def test_what_is_drawn_has_the_probabilities_of_what_follows(endless):
    drawn = endless.generate("abc", 1, n_samples=4000, random_state=0)
    found = [np.mean([text[-1] == c for text in drawn]) for c in endless.symbols_]
    assert_allclose(found, endless.predict_proba(["abc"])[0], atol=0.03)


def test_the_second_symbol_follows_from_the_first(endless):
    """States of several samples are kept apart while texts are drawn together."""
    drawn = endless.generate("c", 2, n_samples=6000, random_state=0)
    for first in "ae":
        after = [text[2] for text in drawn if text[1] == first]
        found = [np.mean([c == symbol for c in after]) for symbol in endless.symbols_]
        expected = endless.predict_proba(["c" + first])[0]
        assert_allclose(found, expected, atol=0.05)


def test_texts_end_where_the_end_comes(ended):
    texts = ended.generate(length=30, n_samples=300, random_state=0)
    lengths = np.array([len(text) for text in texts])
    assert lengths.min() < 4 < lengths.max()
    assert (lengths <= 30).all()
    starts = [np.mean([text[:1] == c for text in texts]) for c in "ab"]
    assert_allclose(starts, ended.predict_proba([""])[0, :2], atol=0.1)
    # The probability of a whole text: what it takes to begin, go on and end so.
    for text in ("abcd", "e"):
        found = np.mean([one == text for one in texts])
        assert_allclose(found, np.exp(ended.score_samples([text])[0]), atol=0.08)


def test_texts_without_ends_have_the_length_asked_for(endless):
    texts = endless.generate("a", 50, n_samples=20, random_state=0)
    assert {len(text) for text in texts} == {51}
    assert all(set(text) <= set(endless.symbols_) for text in texts)


def test_no_prime_begins_as_sequences_begin(ended, endless):
    assert ended.generate(length=9, random_state=3) == ended.generate(
        "", 9, random_state=3
    )
    firsts = [endless.generate(length=0, random_state=seed) for seed in range(300)]
    found = [np.mean([text == c for text in firsts]) for c in endless.symbols_]
    assert_allclose(found, endless._task.frequencies[3:], atol=0.08)


def test_the_likeliest_few_only(endless):
    most = endless.predict_proba(["ab"])[0].argsort()[::-1]
    for top_k in (1, 2):
        drawn = endless.generate("ab", 1, n_samples=500, top_k=top_k, random_state=0)
        allowed = {endless.symbols_[k] for k in most[:top_k]}
        assert {text[-1] for text in drawn} <= allowed
    drawn = endless.generate("ab", 1, n_samples=100, top_p=1e-6, random_state=0)
    assert {text[-1] for text in drawn} == {endless.symbols_[most[0]]}


def test_temperature_flattens(endless):
    def share(temperature):
        drawn = endless.generate(
            "ab", 1, n_samples=2000, temperature=temperature, random_state=0
        )
        best = endless.predict(["ab"])[0]
        return np.mean([text[-1] == best for text in drawn])

    assert share(0.3) > share(1.0) > share(3.0) > share(100.0)
    assert_allclose(share(1e4), 1 / len(endless.symbols_), atol=0.05)


def test_the_kind_of_sequence_stays(ended):
    assert isinstance(ended.generate("ab", 3, random_state=0), str)
    assert ended.generate(["a", "b"], 3, random_state=0) == ended.generate(
        "ab", 3, random_state=0
    )
    numbers = LSTMLanguageModel(**FAST, max_iter=1).fit([[1, 2, 3], [2, 3, 1]])
    text = numbers.generate((1, 2), 3, random_state=0)
    assert isinstance(text, list)
    assert text[:2] == [1, 2]
    assert isinstance(numbers.generate(n_samples=2, random_state=0), list)
    assert ended.generate("az?", 2, random_state=0).startswith("az?")


def test_no_length_returns_the_prime(ended, rolls):
    assert ended.generate("ab", 0) == "ab"
    assert_array_equal(rolls.generate(np.eye(3), 0), np.eye(3))


def test_vectors_follow_from_vectors(rolls):
    prime = make_rolls()[2]
    drawn = rolls.generate(prime, 1, n_samples=3000, random_state=0)
    assert drawn[0].shape == (13, 3)
    assert_array_equal(drawn[5][:12], prime)
    found = np.mean([frames[-1] for frames in drawn], axis=0)
    assert_allclose(found, rolls.predict_proba([prime])[0], atol=0.04)
    steady = rolls.generate(prime, 7, temperature=0)
    frames = prime
    for _ in range(7):
        frames = np.concatenate([frames, rolls.predict([frames])])
    assert_array_equal(steady, frames)
    assert set(np.unique(rolls.generate(None, 20, random_state=0))) <= {0.0, 1.0}
    assert_array_equal(rolls.generate(None, 3)[0], np.zeros(3))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"length": -1}, "length must be an int of at least 0"),
        ({"length": 2.5}, "length must be an int"),
        ({"n_samples": 0}, "n_samples must be an int of at least 1"),
        ({"temperature": -1}, "temperature must be 0 or positive"),
        ({"temperature": np.inf}, "and finite"),
        ({"temperature": np.nan}, "temperature must be"),
        ({"temperature": "hot"}, "temperature must be"),
        ({"top_k": 0}, "top_k must be an int of at least 1"),
        ({"top_p": 0}, r"top_p must be in \(0, 1\]"),
        ({"top_p": 1.5}, "top_p must be"),
        ({"prime": 3}, "prime is 3"),
    ],
)
def test_what_is_wrong_is_said(ended, how, message):
    with pytest.raises(ValueError, match=message):
        ended.generate(**how)


def test_what_does_not_apply_is_said(endless, rolls):
    with pytest.raises(ValueError, match="give it a symbol to begin with"):
        endless.generate("", 3)
    with pytest.raises(ValueError, match="give it a symbol to begin with"):
        endless.predict_proba([""])
    for how in ({"top_k": 2}, {"top_p": 0.5}):
        with pytest.raises(ValueError, match="channel of a vector on its own"):
            rolls.generate(None, 3, **how)
    with pytest.raises(ValueError, match="is 7 at step 0"):
        rolls.generate(np.full((1, 3), 7), 3)
